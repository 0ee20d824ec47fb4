//! What is said of the work under way: enough to follow it, and nothing secret.

#![allow(clippy::unwrap_used, reason = "tests")]

mod fake_engine;

use std::{
    fs, io,
    path::Path,
    sync::{Arc, Mutex},
};

use bridgewalk_collector::{AgentChoice, CollectorConfig, EngineChoice, observe_once};
use fake_engine::FakeEngine;
use tracing_subscriber::fmt::MakeWriter;

#[derive(Clone, Default)]
struct Said(Arc<Mutex<Vec<u8>>>);

impl<'a> MakeWriter<'a> for Said {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl io::Write for Said {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The recorded answers hold secrets where secrets are: each has `SECRET` in it.
#[test]
fn the_log_tells_what_is_done_and_no_secret() {
    let said = Said::default();
    let lines = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(said.clone());
    tracing::subscriber::set_global_default(lines.with_ansi(false).finish()).unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/answers/docker-26.1.json");
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains("SECRET"));
    let engine = FakeEngine::start(serde_json::from_str(&text).unwrap());
    let choice = EngineChoice { host: Some(engine.host()), context: None };
    let config = CollectorConfig { engine: choice, agent: AgentChoice::None, ..CollectorConfig::default() };
    observe_once(config, |_, _| {}).unwrap();
    let said = String::from_utf8(said.0.lock().unwrap().clone()).unwrap();
    for step in ["the engine answers", "the engine listed everything", "assembled", "there is no agent"] {
        assert!(said.contains(step), "{step}: {said}");
    }
    assert!(!said.contains("SECRET"), "{said}");
}
