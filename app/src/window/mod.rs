//! The window.
//!
//! Seen and shown are apart. A [`Feed`] hands on snapshots; a draftsman draws them on a thread of its own; the panels,
//! a file each, read a context by reference and send commands, which are run at one point of the frame. Nothing is
//! painted unless something has changed.

mod access;
mod camera;
mod canvas;
mod command;
mod command_palette;
mod context;
mod dialogs;
mod draftsman;
mod export_dialog;
mod feed;
mod filter_bar;
mod findings;
mod history;
mod icon;
mod index;
mod indexed_scene;
mod inspector;
mod known_host;
mod main_window;
mod memory;
mod node_menu;
mod outline;
mod paint;
mod question;
mod reach;
mod reader;
mod search;
mod settings;
mod stack;
mod status_bar;
mod still;
mod subject;
mod theme;
mod top_bar;
mod trail;
mod walk;
mod wire;
mod worker;

use std::{path::PathBuf, sync::Arc};

use bridgewalk_collector::{
    AgentProgram,
    helper::{Tier, helper_container_plan},
};
use egui::ViewportBuilder;

pub use feed::{Feed, Opener, Origin, Proven, Wake};
pub use main_window::MainWindow;
pub use memory::keep_freed_memory;

use crate::words::{Language, Words};

/// The application's id: of desktop file, metainfo, icon and window alike.
pub const APP_ID: &str = "io.github.bridgewalk.Bridgewalk";

/// The icon, as the window manager wants it.
const ICON_PNG: &[u8] = include_bytes!("../../../assets/icons/bridgewalk-256.png");

/// How the window begins.
#[derive(Clone, Copy, Debug, Default)]
pub struct WindowOptions {
    /// The language, unless another one was chosen in the window before.
    pub language: Language,
    /// Forget what was stored, and store nothing: for tests and pictures.
    pub is_forgetful: bool,
}

/// Settings of an earlier run that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnreadableSettings {
    /// They are there now.
    KeptAside(PathBuf),
    /// They are where they were, and nothing is stored in their place.
    InTheWay {
        /// The file.
        path: PathBuf,
        /// What the system answered.
        detail: String,
    },
}

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
pub enum WindowError {
    /// No display, no OpenGL, or no thread for drawing.
    #[error("{0}")]
    NotOpened(String),
}

/// Opens the window on `feed` and stays until it is closed.
///
/// # Errors
/// If there is no display, or it can paint nothing.
pub fn run(feed: Box<dyn Feed>, opener: Arc<dyn Opener>, options: WindowOptions) -> Result<(), WindowError> {
    keep_freed_memory();
    let file = settings::file().filter(|_| !options.is_forgetful);
    let kept = file.and_then(|file| match settings::keep_aside(&file) {
        Ok(aside) => aside.map(UnreadableSettings::KeptAside),
        Err(error) => Some(UnreadableSettings::InTheWay { path: file, detail: error.to_string() }),
    });
    // What cannot be moved is not written over either.
    let is_forgetful = options.is_forgetful || matches!(kept, Some(UnreadableSettings::InTheWay { .. }));
    let options = WindowOptions { is_forgetful, ..options };
    let mut viewport = ViewportBuilder::default()
        .with_app_id(APP_ID)
        .with_title("Bridgewalk")
        .with_inner_size([1440.0, 900.0])
        .with_min_inner_size([720.0, 480.0]);
    if let Ok(icon) = eframe::icon_data::from_png_bytes(ICON_PNG) {
        viewport = viewport.with_icon(icon);
    }
    let native = eframe::NativeOptions {
        viewport,
        persist_window: !options.is_forgetful,
        // For gradients, of which there are none; without a GPU it costs at every pixel.
        dithering: false,
        ..eframe::NativeOptions::default()
    };
    eframe::run_native(
        APP_ID,
        native,
        Box::new(move |creation| {
            let storage = creation.storage.filter(|_| !options.is_forgetful);
            let mut window = MainWindow::new(&creation.egui_ctx, storage, feed, opener, options)?;
            if let Some(kept) = &kept {
                window.say_unreadable(kept);
            }
            if creation.gl.is_some() {
                window.paint_by_opengl();
            }
            Ok(Box::new(window))
        }),
    )
    .map_err(|error| WindowError::NotOpened(reason(&error.to_string())))
}

/// What a toolkit's error says, without where in its sources it says so.
fn reason(message: &str) -> String {
    let place = message.rsplit_once(".rs:").and_then(|(_, rest)| rest.split_once(": "));
    place.map_or(message, |(_, reason)| reason).to_owned()
}

/// Whether something stands before everything else and has the keyboard.
fn is_modal_open(ctx: &egui::Context) -> bool {
    ctx.memory(|memory| memory.top_modal_layer().is_some())
}

/// What a helper container may do, exactly: from the very plan that it is made with.
fn helper_plan(tier: Tier, words: Words) -> Vec<String> {
    let plan = helper_container_plan(tier);
    let mut lines = vec![
        words.text("plan-image"),
        words.agent_program(&AgentProgram::find()),
        words.format("plan-capabilities", &[("capabilities", plan.capabilities.join(", ").into())]),
    ];
    if !plan.given_up.is_empty() {
        lines.push(words.format("plan-given-up", &[("capabilities", plan.given_up.join(", ").into())]));
    }
    let said = [
        (plan.host_network && plan.host_processes, "plan-host"),
        (plan.read_only, "plan-read-only"),
        (plan.no_new_privileges, "plan-no-new-privileges"),
        (plan.own_seccomp_profile, "plan-seccomp"),
        (plan.unconfined, "plan-unconfined"),
    ];
    lines.extend(said.into_iter().filter(|(is_so, _)| *is_so).map(|(_, key)| words.text(key)));
    lines.push(
        words.format(
            "plan-bounds",
            &[("memory", (plan.memory_bytes >> 20).into()), ("processes", plan.pids_limit.into())],
        ),
    );
    lines.push(words.text("plan-reads"));
    lines.push(words.format("plan-removed", &[("label", plan.label.into())]));
    lines
}
