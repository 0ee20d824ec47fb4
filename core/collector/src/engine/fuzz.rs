//! The decoders of the engine's answers, for `fuzz/` at the repository's root.

use serde_json::Value;

use super::{container, event, facts, field::Field, network, swarm};

/// An answer, read as everything that is asked of an engine.
pub fn engine_answers(bytes: &[u8]) {
    let Ok(answer) = serde_json::from_slice::<Value>(bytes) else { return };
    let field = Field::of(&answer);
    let _ = container::container(field);
    let _ = network::network(field);
    let _ = facts::facts(field, field, field);
    for item in field.items().chain([field]) {
        let _ = swarm::service(item);
        let _ = swarm::task(item);
        let _ = swarm::node(item);
    }
    let _ = event::event(&answer);
}
