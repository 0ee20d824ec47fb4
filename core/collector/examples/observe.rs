//! Observes a host once, or follows it, and prints what was said: for trying things out by hand.

use std::time::{Duration, Instant};

use bridgewalk_collector::{AgentChoice, Collector, CollectorConfig, EngineChoice, Update, helper, observe_once};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|argument| argument == helper::SWEEP_ARGUMENT) {
        helper::sweep(arguments.into_iter().skip(1));
        return;
    }
    let agent = match arguments.first().map(String::as_str) {
        Some("container") => AgentChoice::Container,
        Some("sudo") => AgentChoice::Sudo,
        Some("none") => AgentChoice::None,
        _ => AgentChoice::InProcess,
    };
    let host = arguments.get(2).cloned();
    let config = CollectorConfig { engine: EngineChoice { host, context: None }, agent, watch: false };
    let began = Instant::now();
    if arguments.get(1).is_some_and(|argument| argument == "watch") {
        let collector = Collector::start(CollectorConfig { watch: true, ..config }, Box::new(|| {}));
        let Ok(collector) = collector else { return println!("{collector:?}") };
        while let Some(update) = collector.recv_timeout(Duration::from_secs(60)) {
            match update {
                Update::Observed { observations, snapshot } => {
                    println!("{:?} observed {} at {}", began.elapsed(), observations.len(), snapshot.at_ms);
                    for observation in observations.iter().take(12) {
                        println!("    {}", format!("{:?}", observation.fact).chars().take(160).collect::<String>());
                    }
                }
                other => println!("{:?} {other:?}", began.elapsed()),
            }
        }
        return;
    }
    match observe_once(config, |_, _| {}) {
        Err(error) => println!("error: {error}"),
        Ok(observed) => {
            println!("{:?} {:?}", began.elapsed(), observed.status);
            for observation in &observed.observations {
                println!("{}", serde_json::to_string(observation).unwrap_or_default());
            }
        }
    }
}
