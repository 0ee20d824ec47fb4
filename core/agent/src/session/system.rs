//! What a session asks of the system: the time, a pause, events, room for descriptors.

use std::{
    io,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use crate::watching::{Event, Watch};

/// Milliseconds since 1970-01-01 UTC.
pub(super) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Until then; for ever if there is no such time.
pub(super) async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

/// What is heard; for ever nothing where nobody listens.
pub(super) async fn hear(watch: &mut Option<Watch>) -> io::Result<Vec<Event>> {
    match watch {
        Some(watch) => watch.hear().await,
        None => std::future::pending().await,
    }
}

/// Hundreds of namespaces need more descriptors than the 1,024 that are usual; as many as may be had without asking.
pub(crate) fn raise_descriptor_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_some() && limit.current != limit.maximum {
        let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    }
}
