//! The decoders of the engine's answers, for `fuzz/` at the repository's root.

use super::{answer, container, event, facts, network, swarm};

/// An answer, read as everything that is asked of an engine.
pub fn engine_answers(bytes: &[u8]) {
    let _ = answer::decode("GET /", bytes, |field| {
        let _ = container::container(field);
        let _ = network::network(field);
        let _ = facts::facts(field);
        let _ = facts::managed(field);
        let _ = event::event(field);
    });
    let _ = answer::decode_list("GET /", bytes, 1000, |item| {
        let _ = facts::managed(item);
        let _ = (swarm::service(item), swarm::task(item), swarm::node(item));
        Some(item.get("Id").text())
    });
}
