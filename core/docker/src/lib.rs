//! How a Docker engine is reached and asked.
//!
//! [`endpoint`] decides which engine is meant, as the docker client does. [`Client`] asks it through bollard: bollard
//! makes the requests, its types are the answers, and its stream is that of the events. What bollard does not promise is
//! kept below and above it: connections over a Unix socket, TCP, TLS and ssh that notice a dead link, answers of bounded
//! length and weight, time limits, the API's version, and odd fields that cost themselves alone.

mod answer;
mod client;
mod dial;
pub mod endpoint;
mod error;
mod events;
mod meter;
mod repair;
mod tls;
mod transport;
mod words;

/// The typed requests and answers.
pub use bollard;

pub use answer::{Answer, Body};
pub use client::{ANSWER_TIMEOUT, Client};
pub use dial::Peer;
pub use endpoint::{EndpointError, EngineChoice};
pub use error::EngineError;
pub use events::Events;
pub use words::LastWords;
