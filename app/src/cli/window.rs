//! No subcommand: the window, on what was chosen.

use std::{path::Path, sync::Arc};

use bridgewalk_analysis::walk::{Question, Walker, proof};
use bridgewalk_collector::{AgentChoice, CollectorError, Command, observe_and_prove};
use bridgewalk_model::{Observation, proof::ProofFailure};

use super::{Failure, arguments::Common};
use crate::{
    source::{self, Choice, Demo, LiveChoice, Source, SourceError, Update},
    window::{self, Feed, Opener, Origin, Proven, Wake, WindowOptions},
    words::Words,
};

/// Opens the window, until it is closed.
///
/// # Errors
/// There is no display, the source cannot be opened, or the window cannot.
pub(super) fn open(common: &Common, words: Words) -> Result<(), Failure> {
    if !has_display(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty())) {
        return Err(Failure::environment(words.text("cli-error-no-display")));
    }
    let choice = super::choice(common, words)?;
    let failed = |error: SourceError| Failure::input(words.source_error(&error));
    // Whoever named an engine or an agent wants this host, whatever can be seen of it.
    let is_named = !common.host.is_empty() || !common.context.is_empty() || common.agent.is_some();
    let feed = match &choice {
        Choice::Live(live) if !is_named => match source::engine_failure(live) {
            None => feed(&choice),
            Some(error) => {
                let because = words.collector_error(&error);
                super::notes::say(&words.format("cli-demo-instead", &[("detail", because.clone().into())]));
                demo(Demo::default(), Some(because))
            }
        },
        Choice::Demo(which) => demo(*which, None),
        choice => feed(choice),
    }
    .map_err(failed)?;
    let live = match choice {
        Choice::Live(_) | Choice::Several(_) => choice,
        Choice::Recordings(_) | Choice::Demo(_) => Choice::Live(LiveChoice::default()),
    };
    let options = WindowOptions { language: words.language(), ..WindowOptions::default() };
    window::run(Box::new(feed), Arc::new(Door { live, words }), options).map_err(|error| {
        Failure::environment(words.format("cli-error-window", &[("detail", error.to_string().into())]))
    })
}

/// Whether there is a display server to ask; only the environment can tell.
fn has_display(is_set: impl Fn(&str) -> bool) -> bool {
    ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"].into_iter().any(is_set)
}

/// A source as the window takes it.
struct SourceFeed {
    source: Source,
    origin: Origin,
}

fn feed(choice: &Choice) -> Result<SourceFeed, SourceError> {
    let origin = match choice {
        Choice::Live(_) | Choice::Several(_) => Origin::Live,
        Choice::Recordings(paths) => {
            let names: Vec<_> = paths.iter().map(|path| file_name(path)).collect();
            Origin::Recording(names.join(", "))
        }
        Choice::Demo(demo) => Origin::Bundled { demo: *demo, because: None },
    };
    Ok(SourceFeed { source: Source::open(choice)?, origin })
}

fn demo(demo: Demo, because: Option<String>) -> Result<SourceFeed, SourceError> {
    Ok(SourceFeed { source: Source::open(&Choice::Demo(demo))?, origin: Origin::Bundled { demo, because } })
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

impl Feed for SourceFeed {
    fn origin(&self) -> Origin {
        self.origin.clone()
    }

    fn wake_with(&mut self, wake: Wake) {
        self.source.wake_with(wake);
    }

    fn take(&mut self) -> Option<Update> {
        self.source.take()
    }

    fn command(&self, host: usize, command: Command) -> bool {
        self.source.command(host, command)
    }

    fn observations(&self) -> Vec<Vec<Observation>> {
        self.source.observations()
    }
}

/// The window's door to files and hosts.
struct Door {
    /// The live host, or several of which one at least is live.
    live: Choice,
    words: Words,
}

impl Opener for Door {
    fn open(&self, path: &Path) -> Result<Box<dyn Feed>, String> {
        self.said(feed(&Choice::Recordings(vec![path.to_owned()])))
    }

    fn bundled(&self, which: Demo) -> Result<Box<dyn Feed>, String> {
        self.said(demo(which, None))
    }

    fn live(&self) -> Result<Box<dyn Feed>, String> {
        self.said(feed(&self.live))
    }

    fn prove(&self, agent: AgentChoice, question: &Question) -> Result<Proven, String> {
        let live = match &self.live {
            Choice::Live(live) => LiveChoice { agent, ..live.clone() },
            _ => return Err(self.words.text("proof-one-host")),
        };
        let failed = |error: CollectorError| self.words.collector_error(&error);
        let mut followed = None;
        let proved = observe_and_prove(
            live.config(true),
            |_, _| {},
            |observed| {
                let walk = Walker::new(&observed.snapshot).walk(question);
                let order = proof::order(&observed.snapshot, &walk);
                let is_ordered = order.as_ref().ok().cloned();
                followed = Some((Arc::clone(&observed.snapshot), walk, order));
                is_ordered
            },
        )
        .map_err(failed)?;
        let Some((snapshot, walk, order)) = followed else {
            return Err(self.words.proof_failure(&ProofFailure::NoAgent));
        };
        order.map_err(|why| self.words.unprovable(why))?;
        let proof = proved.proof.unwrap_or(Err(ProofFailure::NoAgent)).map_err(|why| self.words.proof_failure(&why))?;
        let comparison = proof::compare(&snapshot, &walk, &proof);
        Ok(Proven { snapshot, comparison, answer: proof.answer })
    }

    fn save(&self, path: &Path, hosts: &[Vec<Observation>]) -> Result<(), String> {
        source::save(path, hosts).map_err(|error| format!("{}: {error}", path.display()))
    }
}

impl Door {
    fn said(&self, opened: Result<SourceFeed, SourceError>) -> Result<Box<dyn Feed>, String> {
        match opened {
            Ok(feed) => Ok(Box::new(feed)),
            Err(error) => Err(self.words.source_error(&error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_display_is_x11_or_wayland() {
        assert!(has_display(|name| name == "DISPLAY"));
        assert!(has_display(|name| name == "WAYLAND_DISPLAY"));
        assert!(!has_display(|name| name == "HOME"));
    }
}
