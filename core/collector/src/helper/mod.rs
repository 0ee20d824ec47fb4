//! The helper container: the agent in a container of its own, for who may talk to Docker and is not root.
//!
//! This is the only thing here that ever changes a host. An image is made of the agent's static program and nothing
//! else, a container is run from it, and both are made and taken away by a [`keep`]er process that outlives us by a
//! moment, however we end; by the next one if that was killed as well. The container itself ends with its standard
//! input, that is, with us. What is ours is known by a random token that was on record before it was made. The label
//! only helps to find it: what bears the label alone is somebody else's, and is shown and left alone.

mod claim;
mod clear;
mod container;
mod image;
mod keeper;
mod plan;
mod seccomp;
mod token;

pub use keeper::{KEEPER_ARGUMENT, keep};
pub use plan::{HelperPlan, Tier, helper_container_plan};

pub(crate) use container::Container;

/// The label of our images and containers; its value is their token.
pub const LABEL: &str = "org.bridgewalk.agent";

/// The repository of our images.
const REPOSITORY: &str = "bridgewalk-agent";
