//! Taking away what is ours.

use std::time::{Duration, Instant};

use bridgewalk_docker::bollard::{
    Docker,
    query_parameters::{RemoveContainerOptionsBuilder, RemoveImageOptionsBuilder},
};

use super::{LABEL, token::Token};
use crate::engine::{Engine, Item};

/// How long removing may take: an engine that removes a container of its own accord needs a moment.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How long an engine that never answered whether it made something is watched: it may still make it.
const DOUBT: Duration = Duration::from_secs(5);

/// Removes the container and the image of a token, until there is nothing left; false if something may be. `is_certain`:
/// every request to make something was answered.
pub(super) async fn clear(engine: &Engine, token: &Token, is_certain: bool) -> bool {
    let label = format!("{LABEL}={token}");
    let began = Instant::now();
    let docker = engine.client().docker();
    loop {
        if let Ok(found) = engine.labelled(&label).await {
            let containers = found.containers.iter().filter(|item| item.names.contains(&token.container()));
            let images: Vec<Removal<'_>> = found.images.iter().filter_map(|item| removal(item, token)).collect();
            let mut is_clear = images.is_empty();
            for container in containers {
                is_clear = false;
                remove_container(docker, &container.id).await;
            }
            for image in images {
                remove_image(docker, image).await;
            }
            if is_clear && (is_certain || began.elapsed() > DOUBT) {
                return true;
            }
        }
        if began.elapsed() > TIMEOUT {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// What of an image is to be removed.
#[derive(Debug, PartialEq, Eq)]
enum Removal<'a> {
    /// All of it.
    Image(&'a str),
    /// Our name of it: somebody gave it another.
    Name(String),
}

/// None: none of its names is ours.
fn removal<'a>(image: &'a Item, token: &Token) -> Option<Removal<'a>> {
    let own = token.image();
    // An image without any name is listed as having none, or this one.
    let mut others = image.names.iter().filter(|name| **name != own && *name != "<none>:<none>");
    match others.next() {
        None => Some(Removal::Image(&image.id)),
        Some(_) => image.names.contains(&own).then_some(Removal::Name(own)),
    }
}

async fn remove_container(docker: &Docker, id: &str) {
    let options = RemoveContainerOptionsBuilder::new().force(true).build();
    // It may be going already: the list tells when it is gone.
    let _ = docker.remove_container(id, Some(options)).await;
}

async fn remove_image(docker: &Docker, image: Removal<'_>) {
    // Without force: what is in use stays, and is tried again.
    let options = RemoveImageOptionsBuilder::new().build();
    let _ = match image {
        Removal::Image(id) => docker.remove_image(id, Some(options), None).await,
        Removal::Name(name) => docker.remove_image(&name, Some(options), None).await,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_that_somebody_named_is_theirs() {
        let token = Token::new().unwrap();
        let image = |names: &[&str]| Item {
            id: "sha256:1".to_owned(),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
        };
        let own = token.image();
        for ours in [&[][..], &["<none>:<none>"], &[&own]] {
            assert_eq!(removal(&image(ours), &token), Some(Removal::Image("sha256:1")));
        }
        assert_eq!(removal(&image(&[&own, "mine:1"]), &token), Some(Removal::Name(own)));
        assert_eq!(removal(&image(&["mine:1"]), &token), None);
    }
}
