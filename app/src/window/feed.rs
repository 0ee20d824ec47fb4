//! Where the window's snapshots come from: a live host or a recording, and the window cannot tell them apart.

use std::{path::Path, sync::Arc};

use bridgewalk_analysis::walk::{Question, proof::Comparison};
use bridgewalk_collector::{AgentChoice, Command};
use bridgewalk_model::{Observation, Snapshot, proof::Answer};

use crate::source::{Demo, Update};

/// What is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A host as it is now.
    Live,
    /// A recording, by its file's name.
    Recording(String),
    /// A bundled recording; with the reason, if it was not asked for.
    Bundled {
        /// Which.
        demo: Demo,
        /// Why the live host is not shown, in one line.
        because: Option<String>,
    },
}

/// Wakes the window: something new can be taken.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// A source of snapshots.
pub trait Feed: Send {
    /// What it is.
    fn origin(&self) -> Origin;

    /// To be called whenever [`Self::take`] has something.
    fn wake_with(&mut self, wake: Wake);

    /// The next thing it has to say, without waiting.
    fn take(&mut self) -> Option<Update>;

    /// Tells the collector of the `host`-th host something; a recording takes no notice. False: it was not taken, as too
    /// much is waiting.
    fn command(&self, host: usize, command: Command) -> bool;

    /// Everything observed so far, of each host, for saving.
    fn observations(&self) -> Vec<Vec<Observation>>;
}

/// A walk that was proved: what was predicted beside what the kernel did.
#[derive(Clone, Debug)]
pub struct Proven {
    /// What was seen of the host just before.
    pub snapshot: Arc<Snapshot>,
    /// Both, side by side.
    pub comparison: Comparison,
    /// What came back to the sender.
    pub answer: Answer,
}

/// Opens feeds and writes recordings: the window's door to files and hosts. Called on a thread of its own.
pub trait Opener: Send + Sync {
    /// Opens a recording. The error is one line.
    ///
    /// # Errors
    /// If the file cannot be read or holds no recording that we understand.
    fn open(&self, path: &Path) -> Result<Box<dyn Feed>, String>;

    /// Opens a bundled recording.
    ///
    /// # Errors
    /// If it is damaged.
    fn bundled(&self, demo: Demo) -> Result<Box<dyn Feed>, String>;

    /// Begins to watch the live host.
    ///
    /// # Errors
    /// If there is none.
    fn live(&self) -> Result<Box<dyn Feed>, String>;

    /// Writes a recording of these hosts.
    ///
    /// # Errors
    /// If the file cannot be written.
    fn save(&self, path: &Path, hosts: &[Vec<Observation>]) -> Result<(), String>;

    /// Follows a packet on the live host as it is now, has `agent` send it, and compares. Asked for by a person who was
    /// told what it does. The error is one line.
    ///
    /// # Errors
    /// If it cannot be sent.
    fn prove(&self, agent: AgentChoice, question: &Question) -> Result<Proven, String>;
}
