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

use std::sync::Arc;

use bollard::{API_DEFAULT_VERSION, BollardRequest, Docker};

use crate::engine::{Engine, EngineError};

/// Until the engine has made, started or removed something.
const ANSWER_TIMEOUT_S: u64 = 30;

/// Bollard's typed requests over the engine's own connections.
fn docker(engine: &Engine) -> Result<Docker, EngineError> {
    let transport = Arc::clone(engine.transport());
    let version = engine.api_version();
    let send = move |mut request: BollardRequest| {
        let transport = Arc::clone(&transport);
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let versioned = format!("/v{version}{path}").parse();
        async move {
            *request.uri_mut() = versioned.map_err(|_| failed("the request has no path"))?;
            transport.send(request).await.map_err(|error| failed(&error.to_string()))
        }
    };
    Docker::connect_with_custom_transport(send, Some("http://docker"), ANSWER_TIMEOUT_S, API_DEFAULT_VERSION)
        .map_err(|error| self::error(engine, "(connection)", &error))
}

fn failed(detail: &str) -> bollard::errors::Error {
    std::io::Error::other(detail.to_owned()).into()
}

/// Bollard's error as ours.
fn error(engine: &Engine, request: &str, error: &bollard::errors::Error) -> EngineError {
    match error {
        bollard::errors::Error::DockerResponseServerError { status_code, message } => EngineError::Refused {
            request: request.to_owned(),
            status: *status_code,
            message: message.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(300).collect(),
        },
        other => EngineError::Unreachable {
            address: engine.transport().endpoint().address.to_string(),
            detail: format!("{request}: {other}"),
        },
    }
}
