//! Faults that would be easy to swallow, and what whoever looks sees of each.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod fake_engine;

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use bridgewalk_collector::{AgentChoice, Collector, CollectorConfig, EngineChoice, Update};
use bridgewalk_model::{Fact, SourceKind};
use fake_engine::FakeEngine;
use serde_json::json;

const SOON: Duration = Duration::from_secs(10);

/// An event that makes no sense may have told of anything: that is said, as a limit or as a connection that was lost and
/// read again.
#[test]
fn an_event_that_makes_no_sense_is_said() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/answers/docker-26.1.json");
    for nonsense in [json!({"Type": 7, "Action": "start"}), json!("no object"), json!([1])] {
        let engine = FakeEngine::start(serde_json::from_slice(&fs::read(&path).unwrap()).unwrap());
        let choice = EngineChoice { host: Some(engine.host()), context: None };
        let config =
            CollectorConfig { engine: choice, agent: AgentChoice::None, watch: true, ..CollectorConfig::default() };
        let collector = Collector::start(config, Box::new(|| {})).unwrap();
        wait_for(&collector, |fact| matches!(fact, Fact::Containers(_)));
        engine.event(&nonsense);
        wait_for(&collector, |fact| match fact {
            Fact::EngineLost { .. } => true,
            Fact::Limits { limits, .. } => {
                let is_of_engine = |source| matches!(source, SourceKind::Engine | SourceKind::EngineEvents);
                limits.iter().any(|limit| is_of_engine(limit.source))
            }
            _ => false,
        });
    }
}

fn wait_for(collector: &Collector, is_it: impl Fn(&Fact) -> bool) {
    let until = Instant::now() + SOON;
    while let Some(update) = collector.recv_timeout(until.saturating_duration_since(Instant::now())) {
        if let Update::Observed { observations, .. } = update
            && observations.iter().any(|observation| is_it(&observation.fact))
        {
            return;
        }
    }
    panic!("it was never said");
}
