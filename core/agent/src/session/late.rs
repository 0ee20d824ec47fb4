//! What a session does about readers that the kernel keeps: what they were at is said not to be read, the rest goes on.

use std::{sync::Arc, time::Instant};

use bridgewalk_model::{Limit, LimitReason, NamespaceInode, NotReadBecause, SourceKind};

use super::{Full, Gone, Session};
use crate::reading::{
    Part, Parts,
    readers::{LateTask, Task},
    remedy,
};

impl Session {
    /// Gives up what is overdue.
    pub(super) async fn give_up(&mut self) -> Result<(), Gone> {
        for late in self.readers.give_up(Instant::now()) {
            match late.task {
                LateTask::Read(namespace) => {
                    self.busy.remove(&namespace);
                    if self.places.iter().any(|place| place.inode == namespace) {
                        self.is_stuck(namespace);
                    }
                }
                // Once more: the one file is left out.
                LateTask::Find if late.is_replaced => {
                    self.readers.ask(Task::Find { hints: Arc::clone(&self.hints), before: self.places.clone() });
                }
                LateTask::Find => {
                    self.is_finding = false;
                    self.find_limits = vec![timed_out(SourceKind::Namespaces, None, "/proc".to_owned())];
                    if std::mem::take(&mut self.full_is_due) {
                        self.full = Some(Full::default());
                    }
                    let limits = self.limits();
                    self.tell(vec![limits]).await?;
                }
                LateTask::FindSocketOwners => {
                    self.is_finding_owners = false;
                    self.owners_missing =
                        Some(LimitReason::NotRead { what: "/proc/*/fd".to_owned(), because: NotReadBecause::TimedOut });
                }
                LateTask::LookInside if late.is_replaced => self.look_inside(),
                LateTask::LookInside => self.cannot_look_inside(),
            }
        }
        Ok(())
    }

    /// A thread that was given up is back.
    pub(super) fn is_back(&mut self, task: LateTask) {
        let LateTask::Read(namespace) = task else { return };
        if !self.pending.is_suspended(namespace) {
            return;
        }
        self.pending.resume(namespace);
        if !self.places.iter().any(|place| place.inode == namespace) {
            return;
        }
        self.pending.mark(namespace, Parts::ALL, Instant::now());
        if self.watch.is_some() {
            self.to_subscribe.insert(namespace);
        }
    }

    /// Says that nothing of a namespace is read while a reader is stuck in it.
    pub(super) fn is_stuck(&mut self, namespace: NamespaceInode) {
        self.pending.suspend(namespace);
        let what = format!("net:[{}]", namespace.0);
        let limit = |part: Part| (part, timed_out(part.source(), Some(namespace), what.clone()));
        self.memory.limits_of(namespace, Parts::ALL, Part::ALL.into_iter().map(limit).collect());
        if let Some(full) = &mut self.full {
            full.open.remove(&(namespace, false));
            full.open.remove(&(namespace, true));
        }
    }

    /// Looks into the containers; into none while as many readers are kept as may be.
    pub(super) fn look_inside(&mut self) {
        if self.readers.is_exhausted() {
            self.cannot_look_inside();
            return;
        }
        self.is_looking_inside = true;
        let processes = self.processes.iter().filter(|process| process.container_id.is_some()).cloned().collect();
        self.readers.ask(Task::LookInside { processes });
    }

    fn cannot_look_inside(&mut self) {
        self.is_looking_inside = false;
        let processes = self.processes.iter().filter(|process| process.container_id.is_some());
        let limit = |namespace, pid| timed_out(SourceKind::NameFiles, namespace, format!("/proc/{pid}/root"));
        self.memory.name_file_limits = processes.map(|process| limit(process.namespace, process.pid)).collect();
    }
}

fn timed_out(source: SourceKind, namespace: Option<NamespaceInode>, what: String) -> Limit {
    let reason = LimitReason::NotRead { what, because: NotReadBecause::TimedOut };
    Limit { source, namespace, remedy: remedy(&reason), reason }
}

#[cfg(test)]
mod tests {
    use std::{
        os::unix::fs::MetadataExt,
        process::{Child, Command},
        sync::atomic::Ordering,
        time::{Duration, Instant},
    };

    use bridgewalk_model::{Fact, LimitReason, NamespaceInode, NotReadBecause};

    use crate::{
        AgentLink, Leave,
        protocol::{BUILD, Hints, Message, PROTOCOL_VERSION, Request},
        reading::readers::SLOW_NAMESPACE,
        start_in_process,
    };

    struct Process(Child);

    impl Drop for Process {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    fn next(link: &mut AgentLink, until: Instant) -> Message {
        loop {
            match link.messages.try_recv() {
                Ok(message) => return message,
                Err(_) => assert!(Instant::now() < until, "nothing more is said"),
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// One namespace keeps its reader: it is said not to be read, the others are, and once it lets go it is read as well.
    #[test]
    fn a_namespace_that_keeps_its_reader_costs_itself_alone() {
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let child = Process(Command::new("unshare").args(["-n", "sleep", "100"]).spawn().unwrap());
        let inode =
            |pid: &str| std::fs::metadata(format!("/proc/{pid}/ns/net")).map(|it| NamespaceInode(it.ino())).unwrap();
        let own = inode("self");
        let until = Instant::now() + Duration::from_secs(5);
        let slow = loop {
            let it = inode(&child.0.id().to_string());
            if it != own {
                break it;
            }
            assert!(Instant::now() < until);
        };
        SLOW_NAMESPACE.store(slow.0, Ordering::Relaxed);

        let mut link = start_in_process(Leave::ReadOnly);
        let program_version = BUILD.to_owned();
        link.requests.blocking_send(Request::Hello { protocol_version: PROTOCOL_VERSION, program_version }).unwrap();
        link.requests.blocking_send(Request::Watch { hints: Hints::default() }).unwrap();
        let mut facts = Vec::new();
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            match next(&mut link, until) {
                Message::Observations { of } => facts.extend(of.into_iter().map(|it| it.fact)),
                Message::Done => break,
                _ => {}
            }
        }
        let has_links = |facts: &[Fact], of| {
            facts.iter().any(|fact| matches!(fact, Fact::Links(section) if section.namespace == of))
        };
        let is_said = |facts: &[Fact]| {
            let limits = facts.iter().rev().find_map(|fact| match fact {
                Fact::Limits { limits, .. } => Some(limits),
                _ => None,
            });
            let what = format!("net:[{}]", slow.0);
            let reason = LimitReason::NotRead { what, because: NotReadBecause::TimedOut };
            limits.unwrap().iter().any(|limit| limit.reason == reason && limit.namespace == Some(slow))
        };
        assert!(has_links(&facts, own) && !has_links(&facts, slow));
        assert!(is_said(&facts), "{facts:?}");

        SLOW_NAMESPACE.store(0, Ordering::Relaxed);
        let until = Instant::now() + Duration::from_secs(30);
        while !has_links(&facts, slow) || is_said(&facts) {
            if let Message::Observations { of } = next(&mut link, until) {
                facts.extend(of.into_iter().map(|it| it.fact));
            }
        }
    }
}
