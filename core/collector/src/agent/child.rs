//! The agent as a child of sudo or pkexec.
//!
//! Sudo asks on the terminal this program has, or through `SUDO_ASKPASS` where it has none; pkexec through the
//! desktop's agent.

use std::{io::IsTerminal, process::Stdio, time::Duration};

use bridgewalk_agent::{AgentLink, Leave, MAY_PROVE};
use bridgewalk_docker::LastWords;
use tokio::process::Command;

use super::{AgentError, AgentProgram, link};
use crate::AgentChoice;

/// How long a child may take to end after its input has.
const END_TIMEOUT: Duration = Duration::from_secs(2);

/// A child process with the end of its standard error.
pub(crate) struct Child {
    process: tokio::process::Child,
    words: LastWords,
}

/// Whether a person may be asked for a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asking {
    /// Where there is somebody to ask.
    Allowed,
    /// Nobody: who would have to be asked refuses.
    Forbidden,
}

/// Whether sudo has somebody to ask: on a terminal, or by `SUDO_ASKPASS`.
pub(crate) fn can_ask() -> bool {
    has_askpass() || std::io::stderr().is_terminal()
}

fn has_askpass() -> bool {
    std::env::var_os("SUDO_ASKPASS").is_some_and(|program| !program.is_empty())
}

pub(super) fn start(choice: AgentChoice, leave: Leave, asking: Asking) -> Result<(Child, AgentLink), AgentError> {
    let program = AgentProgram::find().file()?;
    let mut command = if choice == AgentChoice::Pkexec {
        Command::new("pkexec")
    } else {
        let mut command = Command::new("sudo");
        if asking == Asking::Forbidden || !can_ask() {
            command.arg("-n");
        } else if has_askpass() {
            command.arg("-A");
        }
        command.arg("--");
        command
    };
    command.arg(&program);
    if leave == Leave::MayProve {
        command.arg(MAY_PROVE);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let name = choice.name();
    let failed = |detail: String| AgentError::Start { program: name.to_owned(), detail };
    let mut process = command.spawn().map_err(|error| failed(error.to_string()))?;
    let (Some(input), Some(output), Some(errors)) =
        (process.stdin.take(), process.stdout.take(), process.stderr.take())
    else {
        return Err(failed("it has no standard streams".to_owned()));
    };
    let words = LastWords::default();
    drop(words.follow(errors));
    Ok((Child { process, words }, link(output, input)))
}

impl Child {
    pub(super) fn last_words(&self) -> String {
        self.words.line()
    }

    /// Its input has ended, so it ends; if not, its parent is killed, and with that its input is gone for good.
    pub(super) async fn end(mut self) {
        if tokio::time::timeout(END_TIMEOUT, self.process.wait()).await.is_err() {
            let _ = self.process.start_kill();
        }
    }
}
