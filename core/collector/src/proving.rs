//! Proofs that were asked for, and who waits for them.

use std::{collections::HashMap, sync::mpsc as std_mpsc, time::Duration};

use bridgewalk_agent::protocol::Request;
use bridgewalk_model::proof::{Proof, ProofFailure, ProofOrder};
use tokio::sync::mpsc::{self, error::TrySendError};

use crate::{Collector, CollectorConfig, CollectorError, Observed};

/// Longer than any proof takes, on a busy machine too.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// What came of an order.
pub type ProofResult = Result<Proof, ProofFailure>;

/// A proof under way.
#[derive(Debug)]
pub struct PendingProof {
    answer: std_mpsc::Receiver<ProofResult>,
}

impl PendingProof {
    /// One whose answer is sent by somebody, once.
    pub(crate) fn new() -> (Self, Waiter) {
        let (sender, answer) = std_mpsc::sync_channel(1);
        (Self { answer }, Waiter(sender))
    }

    /// Waits for it, ten seconds at most.
    ///
    /// # Errors
    /// Nothing was sent, or nobody told.
    pub fn wait(self) -> ProofResult {
        match self.answer.recv_timeout(ANSWER_TIMEOUT) {
            Ok(result) => result,
            Err(std_mpsc::RecvTimeoutError::Timeout) => Err(no_answer("it took too long")),
            Err(std_mpsc::RecvTimeoutError::Disconnected) => Err(no_answer("the collector has ended")),
        }
    }
}

/// Who waits for one answer.
#[derive(Debug)]
pub(crate) struct Waiter(std_mpsc::SyncSender<ProofResult>);

impl Waiter {
    pub(crate) fn tell(self, result: ProofResult) {
        // Who does not wait any more need not be told.
        let _ = self.0.try_send(result);
    }
}

/// What was asked and not answered yet.
#[derive(Debug, Default)]
pub(crate) struct Proofs {
    next: u32,
    waiting: HashMap<u32, Waiter>,
}

impl Proofs {
    /// Hands an order to an agent.
    pub(crate) fn ask(&mut self, order: ProofOrder, waiter: Waiter, requests: &mpsc::Sender<Request>) {
        self.next = self.next.wrapping_add(1);
        match requests.try_send(Request::Prove { number: self.next, order }) {
            Ok(()) => {
                self.waiting.insert(self.next, waiter);
            }
            Err(TrySendError::Full(_)) => waiter.tell(Err(ProofFailure::Busy)),
            Err(TrySendError::Closed(_)) => waiter.tell(Err(no_answer("the agent has ended"))),
        }
    }

    /// The agent answered; an answer that nobody waits for is dropped.
    pub(crate) fn answered(&mut self, number: u32, proof: Option<Proof>, failure: Option<ProofFailure>) {
        if let Some(waiter) = self.waiting.remove(&number) {
            let failed = || failure.unwrap_or_else(|| no_answer("it said nothing of it"));
            waiter.tell(proof.ok_or_else(failed));
        }
    }

    /// The agent is gone.
    pub(crate) fn give_up(&mut self) {
        for (_, waiter) in self.waiting.drain() {
            waiter.tell(Err(no_answer("the agent has ended")));
        }
    }
}

fn no_answer(detail: &str) -> ProofFailure {
    ProofFailure::NoAnswer { detail: detail.to_owned() }
}

/// A host, observed once, and what came of a packet sent there.
#[derive(Debug)]
pub struct Proved {
    /// As [`observe_once`](crate::observe_once) has it.
    pub observed: Observed,
    /// None: `order` did not want one.
    pub proof: Option<ProofResult>,
}

/// Observes a host as [`observe_once`](crate::observe_once) does, asks `order` what to send there, if anything, and has
/// the same agent send it and tell.
///
/// # Errors
/// As [`observe_once`](crate::observe_once).
pub fn observe_and_prove(
    config: CollectorConfig,
    progress: impl FnMut(u32, u32),
    order: impl FnOnce(&Observed) -> Option<ProofOrder>,
) -> Result<Proved, CollectorError> {
    // An agent that does not watch lets go of the namespaces.
    let config = CollectorConfig { watch: true, may_prove: true, ..config };
    let collector = Collector::start(config, Box::new(|| {}))?;
    let observed = collector.until_complete(progress)?;
    let proof = order(&observed).map(|order| collector.prove(order).wait());
    Ok(Proved { observed, proof })
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use bridgewalk_model::{NamespaceInode, proof::ProbeProtocol};

    use super::*;

    fn order() -> ProofOrder {
        ProofOrder {
            from: NamespaceInode(1),
            protocol: ProbeProtocol::Udp,
            destination: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 9,
            source_port: None,
            wait_ms: 1,
            namespaces: Vec::new(),
            second_flows: Vec::new(),
        }
    }

    #[test]
    fn each_order_gets_its_own_answer_and_none_waits_for_an_agent_that_is_gone() {
        let (requests, mut asked) = mpsc::channel(2);
        let mut proofs = Proofs::default();
        let [(first, a), (second, b), (third, c)] = std::array::from_fn(|_| PendingProof::new());
        for waiter in [a, b, c] {
            proofs.ask(order(), waiter, &requests);
        }
        assert_eq!(third.wait(), Err(ProofFailure::Busy));
        let Ok(Request::Prove { number, .. }) = asked.try_recv() else { panic!("nothing asked") };
        proofs.answered(number, None, Some(ProofFailure::NotAllowed));
        proofs.answered(number + 7, None, None);
        assert_eq!(first.wait(), Err(ProofFailure::NotAllowed));
        proofs.give_up();
        assert!(matches!(second.wait(), Err(ProofFailure::NoAnswer { .. })));
    }
}
