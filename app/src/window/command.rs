//! Everything that can be done, in one table.
//!
//! Panels read the [`Context`](super::context::Context) and send commands; the window runs them at one point of the
//! frame. An [`Action`] is a command that a person can give without pointing at anything: its name, tooltip, shortcut and
//! place in the palette stand here and nowhere else.

use std::{path::PathBuf, sync::Arc};

use bridgewalk_analysis::walk::Question;
use bridgewalk_collector::AgentChoice;
use bridgewalk_diagram::{
    Filter,
    scene::{Point, Scene},
};
use bridgewalk_model::EntityId;
use egui::{Key, KeyboardShortcut, Modifiers};

use super::{
    settings::{TextSize, ThemeChoice},
    walk::{Inquiry, Slot},
};
use crate::{picture::Request, source::Demo, views::ViewName, words::Language};

/// One thing to do.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Command {
    /// From the table.
    Do(Action),
    /// Choose a thing, or nothing.
    Select(Option<EntityId>),
    /// Choose a thing and bring it into sight.
    Reveal(EntityId),
    /// Go into the namespace of a thing.
    Enter(EntityId),
    /// Go back until this many steps of the way in are left.
    LeaveTo(usize),
    /// Show only what matches.
    SetFilter(Filter),
    /// Show it again.
    Unhide(EntityId),
    /// Draw a network or project as one line, or whole again.
    ToggleCollapsed(EntityId),
    /// Put a thing's corner there.
    Arrange(EntityId, Point),
    /// Speak this language.
    SetLanguage(Language),
    /// Use these colours.
    SetTheme(ThemeChoice),
    /// Write this large.
    SetTextSize(TextSize),
    /// Read the kernel this way; and do so again for this host without asking.
    UseAgent(usize, AgentChoice, bool),
    /// Make a thing an end of a packet's walk.
    Walk(Slot, EntityId),
    /// Follow this packet.
    Ask(Inquiry),
    /// Send this packet, and see what the kernel does with it.
    Prove(Question),
    /// Copy a text.
    Copy(String),
    /// Write a picture, as asked for.
    Export(Arc<Scene>, Box<Request>),
    /// Copy a picture's pixels.
    CopyPicture(Arc<Scene>),
    /// The same as SVG, as text.
    CopySvg(Arc<Scene>),
    /// Show a recording.
    Open(PathBuf),
    /// Show a bundled recording.
    OpenBundled(Demo),
    /// Show a view.
    Show(ViewName),
}

/// A row of the table. The texts are `action-<id>` and `action-<id>-tip` in the Fluent files.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    /// What it does.
    pub action: Action,
    /// Its name in the Fluent files.
    pub key: &'static str,
    /// Its tooltip there.
    pub tip: &'static str,
    /// The keys for it.
    pub shortcut: Option<KeyboardShortcut>,
    /// Further keys, not shown.
    pub other: Option<KeyboardShortcut>,
}

const fn keys(modifiers: Modifiers, key: Key) -> Option<KeyboardShortcut> {
    Some(KeyboardShortcut::new(modifiers, key))
}

const CTRL: Modifiers = Modifiers::COMMAND;
const CTRL_SHIFT: Modifiers = Modifiers { shift: true, ..Modifiers::COMMAND };
const BARE: Modifiers = Modifiers::NONE;

macro_rules! actions {
    ($($(#[$doc:meta])* $action:ident $id:literal $shortcut:expr, $other:expr;)*) => {
        /// What needs no argument.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(super) enum Action {
            $($(#[$doc])* $action,)*
        }

        /// The table, in the order in which the palette offers them: a row for each action.
        pub(super) const TABLE: &[Entry] = &[$(Entry {
            action: Action::$action,
            key: concat!("action-", $id),
            tip: concat!("action-", $id, "-tip"),
            shortcut: $shortcut,
            other: $other,
        },)*];
    };
}

actions! {
    /// Open the palette.
    Palette "palette" keys(CTRL, Key::K), keys(BARE, Key::Slash);
    /// Choose a view.
    Views "views" keys(BARE, Key::V), None;
    /// See everything.
    Fit "fit" keys(BARE, Key::F), keys(BARE, Key::Home);
    /// Closer.
    ZoomIn "zoom-in" keys(BARE, Key::Plus), keys(BARE, Key::Equals);
    /// Further away.
    ZoomOut "zoom-out" keys(BARE, Key::Minus), None;
    /// Into the chosen thing's namespace.
    Enter "enter" keys(BARE, Key::Enter), None;
    /// Back out of it; or choose nothing.
    Leave "leave" keys(BARE, Key::Escape), None;
    /// Least detail.
    Concept "concept" keys(BARE, Key::Num1), None;
    /// The usual detail.
    Plumbing "plumbing" keys(BARE, Key::Num2), None;
    /// All detail.
    Everything "everything" keys(BARE, Key::Num3), None;
    /// Undo the last change of the view.
    Undo "undo" keys(CTRL, Key::Z), None;
    /// Do it again.
    Redo "redo" keys(CTRL_SHIFT, Key::Z), keys(CTRL, Key::Y);
    /// Leave the chosen thing out.
    Hide "hide" keys(BARE, Key::H), keys(BARE, Key::Delete);
    /// Show all that was left out.
    ShowAll "show-all" keys(Modifiers::SHIFT, Key::H), None;
    /// Draw the chosen network or project as one line, or whole again.
    Collapse "collapse" keys(BARE, Key::C), None;
    /// Forget what was placed by hand.
    TidyUp "tidy-up" keys(BARE, Key::T), None;
    /// Choose what is shown.
    Filter "filter" keys(CTRL, Key::F), None;
    /// Follow a packet, or no more.
    Walk "walk" keys(BARE, Key::W), None;
    /// Who reaches whom.
    Reach "reach" keys(BARE, Key::M), None;
    /// Show the wire between the chosen thing and another, or no more.
    Wires "wires" keys(BARE, Key::X), None;
    /// Open a recording.
    OpenRecording "open" keys(CTRL, Key::O), None;
    /// Save what was observed.
    SaveRecording "save" keys(CTRL, Key::S), None;
    /// Choose what is exported, and how.
    Export "export" keys(BARE, Key::E), None;
    /// Write the picture as SVG.
    ExportSvg "export-svg" keys(CTRL, Key::E), None;
    /// Write the picture as PNG.
    ExportPng "export-png" keys(CTRL_SHIFT, Key::E), None;
    /// The live host instead of a recording.
    GoLive "go-live" None, None;
    /// Read everything again.
    Refresh "refresh" keys(BARE, Key::F5), None;
    /// Ask again who should read the kernel.
    AskForAgent "ask-for-agent" None, None;
    /// Leave off waiting for the first observation.
    CancelProgress "cancel-progress" None, None;
    /// Light to dark, dark to light.
    Theme "theme" keys(BARE, Key::D), None;
    /// The other language.
    Language "language" keys(BARE, Key::L), None;
    /// Larger text.
    TextLarger "text-larger" keys(CTRL, Key::Plus), keys(CTRL, Key::Equals);
    /// Smaller text.
    TextSmaller "text-smaller" keys(CTRL, Key::Minus), None;
    /// Less motion, or all of it.
    ReduceMotion "reduce-motion" None, None;
    /// The list on the left.
    Outline "outline" keys(CTRL, Key::Num1), None;
    /// The facts on the right.
    Inspector "inspector" keys(CTRL, Key::Num2), None;
    /// The findings below.
    Findings "findings" keys(CTRL, Key::Num3), None;
}

impl Action {
    /// Its row.
    pub(super) fn entry(self) -> &'static Entry {
        // Both are made of the same list.
        &TABLE[self as usize]
    }
}

/// The actions whose keys were pressed. `is_typing`: a text field has the focus, and keys without Ctrl are its own;
/// `is_enter_free`: no button has the focus, whose key Enter is.
pub(super) fn pressed(ctx: &egui::Context, is_typing: bool, is_enter_free: bool) -> Vec<Action> {
    // More modifiers first, or Ctrl+Z would swallow Ctrl+Shift+Z.
    let mut shortcuts: Vec<(KeyboardShortcut, Action)> = TABLE
        .iter()
        .flat_map(|entry| [entry.shortcut, entry.other].into_iter().flatten().map(|keys| (keys, entry.action)))
        .filter(|(keys, _)| !is_typing || keys.modifiers.command)
        .filter(|(keys, _)| is_enter_free || keys.logical_key != Key::Enter)
        .collect();
    shortcuts
        .sort_by_key(|(keys, _)| std::cmp::Reverse(u8::from(keys.modifiers.shift) + u8::from(keys.modifiers.command)));
    ctx.input_mut(|input| {
        shortcuts.iter().filter(|(keys, _)| input.consume_shortcut(keys)).map(|(_, action)| *action).collect()
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::words::Words;

    #[test]
    fn every_action_has_its_row_and_its_words() {
        let mut seen = HashSet::new();
        for entry in TABLE {
            assert_eq!(entry.action.entry().key, entry.key);
            assert!(seen.insert(entry.key), "{} is there twice", entry.key);
            for language in Language::ALL {
                let words = Words::new(language);
                assert!(words.has(entry.key), "{} in {}", entry.key, language.code());
                assert!(words.has(entry.tip), "{} in {}", entry.tip, language.code());
            }
        }
    }

    #[test]
    fn no_keys_mean_two_things() {
        let mut seen = HashSet::new();
        for keys in TABLE.iter().flat_map(|entry| [entry.shortcut, entry.other].into_iter().flatten()) {
            assert!(seen.insert((keys.modifiers, keys.logical_key)), "{keys:?}");
        }
    }
}
