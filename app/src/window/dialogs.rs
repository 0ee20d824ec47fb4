//! Asks for files and writes them, on a thread of its own: a dialog of the desktop blocks whoever opens it.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, TryRecvError, sync_channel},
    },
    thread,
};

use bridgewalk_diagram::{export, scene::Scene};
use bridgewalk_model::Observation;

use egui::ColorImage;

use super::feed::{Feed, Opener};
use crate::{
    new_file::{self, Readers},
    picture::{self, Request},
    source::Demo,
    words::Words,
};

/// Pixels for each scene unit, of files and of the clipboard.
pub(super) const SCALE: f32 = 2.0;

/// What is wanted.
pub(super) enum Errand {
    /// Ask for a recording and open it.
    AskAndOpen {
        /// The dialog's title.
        title: String,
    },
    /// Open this one.
    Open(PathBuf),
    /// Open a bundled one.
    OpenBundled(Demo),
    /// Watch the live host.
    GoLive,
    /// Ask for a place and write what was observed there.
    SaveRecording {
        /// The dialog's title.
        title: String,
        /// What, of each host.
        hosts: Vec<Vec<Observation>>,
    },
    /// Ask for a place and write the picture there, as asked for.
    Export {
        /// The dialog's title.
        title: String,
        /// Which.
        scene: Arc<Scene>,
        /// How.
        request: Request,
        /// In which language.
        words: Words,
    },
    /// Ask for a place and write the picture there.
    ExportSvg {
        /// The dialog's title.
        title: String,
        /// Which.
        scene: Arc<Scene>,
    },
    /// The same as pixels, two for each scene unit.
    ExportPng {
        /// The dialog's title.
        title: String,
        /// Which.
        scene: Arc<Scene>,
    },
    /// Make pixels for the clipboard, two for each scene unit.
    CopyPicture(Arc<Scene>),
    /// Make SVG for the clipboard.
    CopySvg(Arc<Scene>),
}

/// How it ended.
pub(super) enum Outcome {
    /// Another source is to be shown.
    Opened(Box<dyn Feed>),
    /// A file was written.
    Written(PathBuf),
    /// These pixels are for the clipboard.
    Picture(ColorImage),
    /// This text is.
    Text(String),
    /// Nobody chose a file.
    Declined,
    /// It failed, in one line.
    Failed(String),
}

/// One errand at a time.
#[derive(Default)]
pub(super) struct Dialogs {
    under_way: Option<Receiver<Outcome>>,
}

impl Dialogs {
    /// Whether an errand is under way.
    pub(super) const fn is_busy(&self) -> bool {
        self.under_way.is_some()
    }

    /// Sends somebody on `errand`; while one is under way, another is not begun. `wake` is called at the end.
    pub(super) fn send(&mut self, errand: Errand, opener: Arc<dyn Opener>, wake: impl FnOnce() + Send + 'static) {
        if self.is_busy() {
            return;
        }
        let (sender, receiver): (SyncSender<Outcome>, _) = sync_channel(1);
        let work = move || {
            // Nobody listens any more when the window is closed.
            let _ = sender.send(run(errand, &*opener));
            wake();
        };
        self.under_way = Some(receiver);
        if let Err(error) = thread::Builder::new().name("dialogs".into()).spawn(work) {
            let (sender, receiver) = sync_channel(1);
            let _ = sender.send(Outcome::Failed(error.to_string()));
            self.under_way = Some(receiver);
        }
    }

    /// How the errand ended, once it has.
    pub(super) fn take(&mut self) -> Option<Outcome> {
        let outcome = match self.under_way.as_ref()?.try_recv() {
            Ok(outcome) => Some(outcome),
            Err(TryRecvError::Empty) => return None,
            Err(TryRecvError::Disconnected) => Some(Outcome::Declined),
        };
        self.under_way = None;
        outcome
    }
}

fn run(errand: Errand, opener: &dyn Opener) -> Outcome {
    match errand {
        Errand::AskAndOpen { title } => {
            let dialog = rfd::FileDialog::new().set_title(title).add_filter("Bridgewalk", &["bwrec"]);
            dialog.pick_file().map_or(Outcome::Declined, |path| opened(opener.open(&path)))
        }
        Errand::Open(path) => opened(opener.open(&path)),
        Errand::OpenBundled(demo) => opened(opener.bundled(demo)),
        Errand::GoLive => opened(opener.live()),
        Errand::SaveRecording { title, hosts } => ask_and_write(title, "bwrec", |path| opener.save(path, &hosts)),
        Errand::Export { title, scene, request, words } => ask_and_write(title, request.format.ending(), |path| {
            let bytes = picture::file(&scene, &request, words).map_err(|error| error.to_string())?;
            write(path, &bytes)
        }),
        Errand::ExportSvg { title, scene } => {
            ask_and_write(title, "svg", |path| write(path, export::svg(&scene).as_bytes()))
        }
        Errand::ExportPng { title, scene } => ask_and_write(title, "png", |path| {
            let bytes = export::png(&scene, SCALE, false).map_err(|error| error.to_string())?;
            write(path, &bytes)
        }),
        Errand::CopyPicture(scene) => export::pixels(&scene, SCALE, false).map_or_else(
            |error| Outcome::Failed(error.to_string()),
            |pixels| {
                let size = [pixels.width as usize, pixels.height as usize];
                Outcome::Picture(ColorImage::from_rgba_unmultiplied(size, &pixels.rgba))
            },
        ),
        Errand::CopySvg(scene) => Outcome::Text(export::svg(&scene)),
    }
}

fn opened(feed: Result<Box<dyn Feed>, String>) -> Outcome {
    feed.map_or_else(Outcome::Failed, Outcome::Opened)
}

fn ask_and_write(title: String, ending: &str, writing: impl FnOnce(&Path) -> Result<(), String>) -> Outcome {
    let dialog = rfd::FileDialog::new()
        .set_title(title)
        .add_filter(ending.to_uppercase(), &[ending])
        .set_file_name(format!("bridgewalk.{ending}"));
    let Some(path) = dialog.save_file() else { return Outcome::Declined };
    writing(&path).map_or_else(Outcome::Failed, |()| Outcome::Written(path))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    new_file::write(path, Readers::Usual, bytes).map_err(|error| format!("{}: {error}", path.display()))
}
