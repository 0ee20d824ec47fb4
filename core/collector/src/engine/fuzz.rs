//! The decoders of the engine's answers, for `fuzz/` at the repository's root.

use bridgewalk_docker::{
    Body,
    bollard::models::{
        ContainerInspectResponse, ContainerSummary, EventMessage, ImageSummary, Network, NetworkInspect, Node, Plugin,
        Service, SystemInfo, SystemVersion, Task,
    },
};
use serde::de::DeserializeOwned;

use super::{container, event, facts, network, swarm};

/// An answer, read as everything that is asked of an engine.
pub fn engine_answers(bytes: &[u8]) {
    one::<ContainerInspectResponse>(bytes).map(container::container);
    one::<NetworkInspect>(bytes).map(network::network);
    one::<SystemVersion>(bytes);
    one::<SystemInfo>(bytes).map(|reported| facts::facts(reported, &one(bytes).unwrap_or_default()));
    one::<EventMessage>(bytes).and_then(event::event);
    items::<ContainerSummary>(bytes);
    items::<ImageSummary>(bytes);
    items::<Network>(bytes);
    for plugin in items::<Plugin>(bytes) {
        facts::managed(&plugin);
    }
    items::<Service>(bytes).into_iter().map(swarm::service).for_each(drop);
    items::<Node>(bytes).into_iter().map(swarm::node).for_each(drop);
    let mut addresses = items::<swarm::TaskAddresses>(bytes).into_iter();
    items::<Task>(bytes).into_iter().map(|task| swarm::task(task, addresses.next())).for_each(drop);
}

fn one<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    Body::<T>::of(bytes).read().ok().map(|answer| answer.is)
}

fn items<T: DeserializeOwned>(bytes: &[u8]) -> Vec<T> {
    Body::<Vec<T>>::of(bytes).items(1000).map(|answer| answer.is).unwrap_or_default()
}
