//! What is remembered from one run to the next.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use bridgewalk_collector::AgentChoice;
use bridgewalk_diagram::{ThemeName, View};
use serde::{Deserialize, Serialize};

use super::known_host::{KnownHost, moved, pairs};
use crate::words::Language;

/// The key in eframe's storage.
const STORAGE_KEY: &str = "bridgewalk";
/// So many files of settings that could not be read are kept.
const MAX_ASIDE: u32 = 100;

/// The file in which eframe keeps what it stores.
pub(super) fn file() -> Option<PathBuf> {
    Some(eframe::storage_dir(super::APP_ID)?.join("app.ron"))
}

/// Moves settings that cannot be read out of the way, before others are written over them: where they are now. None: there
/// is nothing to move.
///
/// # Errors
/// They cannot be read at all, or cannot be moved.
pub(super) fn keep_aside(file: &Path) -> io::Result<Option<PathBuf>> {
    let stored = match fs::read(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        stored => stored?,
    };
    if is_readable(&stored) {
        return Ok(None);
    }
    for number in 1..=MAX_ASIDE {
        let aside = file.with_extension(format!("ron.unreadable-{number}"));
        if !aside.try_exists()? {
            fs::rename(file, &aside)?;
            return Ok(Some(aside));
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// Whether eframe will find what it stored, and we what we did.
fn is_readable(stored: &[u8]) -> bool {
    let text = std::str::from_utf8(stored).ok();
    let values = text.and_then(|text| ron::de::from_str::<BTreeMap<String, String>>(text).ok());
    let is_ours = |text: &String| serde_json::from_str::<Settings>(text).is_ok();
    values.is_some_and(|values| values.get(STORAGE_KEY).is_none_or(is_ours))
}

/// Preferences, and how hosts were shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Settings {
    /// Which colours.
    pub theme: ThemeChoice,
    /// Which language; none: the system's.
    pub language: Option<Language>,
    /// How large.
    pub text_size: TextSize,
    /// Nothing moves by itself.
    pub is_motion_reduced: bool,
    /// The list on the left.
    pub shows_outline: bool,
    /// The facts on the right.
    pub shows_inspector: bool,
    /// The findings below.
    pub shows_findings: bool,
    /// How hosts are shown.
    shown: Vec<Shown>,
    /// Who reads each host's kernel, where that was to be remembered.
    read_by: Vec<ReadBy>,
    /// The same of programs that knew a host by its name, until one of that name is shown.
    views: BTreeMap<String, View>,
    agents: BTreeMap<String, RememberedAgent>,
}

/// How hosts are shown together: where a thing was put depends on what is beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Shown {
    hosts: Vec<KnownHost>,
    view: View,
}

/// Who reads a host's kernel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct ReadBy {
    host: KnownHost,
    agent: RememberedAgent,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: ThemeChoice::default(),
            language: None,
            text_size: TextSize::default(),
            is_motion_reduced: false,
            shows_outline: true,
            shows_inspector: true,
            shows_findings: false,
            shown: Vec::new(),
            read_by: Vec::new(),
            views: BTreeMap::new(),
            agents: BTreeMap::new(),
        }
    }
}

/// Which colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ThemeChoice {
    /// As the desktop has it.
    #[default]
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// How large everything is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum TextSize {
    /// A small screen.
    Small,
    /// A desk.
    #[default]
    Normal,
    /// A large screen, a small room.
    Large,
    /// A projector: the back row reads it.
    Projector,
    /// A projector in a long room.
    Hall,
}

impl TextSize {
    /// From small to large.
    pub(super) const ALL: [Self; 5] = [Self::Small, Self::Normal, Self::Large, Self::Projector, Self::Hall];

    /// What everything is scaled by.
    pub(super) const fn factor(self) -> f32 {
        match self {
            Self::Small => 0.85,
            Self::Normal => 1.0,
            Self::Large => 1.3,
            Self::Projector => 1.75,
            Self::Hall => 2.3,
        }
    }

    /// Its name in the Fluent files.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Small => "text-size-small",
            Self::Normal => "text-size-normal",
            Self::Large => "text-size-large",
            Self::Projector => "text-size-projector",
            Self::Hall => "text-size-hall",
        }
    }

    /// The next one up or down, if there is one.
    pub(super) fn step(self, up: bool) -> Self {
        let index = Self::ALL.iter().position(|size| *size == self).unwrap_or(1);
        let index = if up { index + 1 } else { index.saturating_sub(1) };
        Self::ALL.get(index).copied().unwrap_or(self)
    }
}

/// An agent's choice as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RememberedAgent {
    /// A helper container that sees everything.
    Container,
    /// A helper container that sees the host's rules.
    ContainerBase,
    /// A child of pkexec.
    Pkexec,
    /// Nobody with more privilege: do not ask.
    Without,
}

impl RememberedAgent {
    /// What is worth remembering of a choice. A child of sudo is not: it needs a terminal.
    pub(super) const fn of(choice: AgentChoice) -> Option<Self> {
        match choice {
            AgentChoice::Container => Some(Self::Container),
            AgentChoice::ContainerBase => Some(Self::ContainerBase),
            AgentChoice::Pkexec => Some(Self::Pkexec),
            AgentChoice::InProcess | AgentChoice::None => Some(Self::Without),
            AgentChoice::Sudo => None,
        }
    }

    /// The choice to make again; none: nothing changes.
    pub(super) const fn choice(self) -> Option<AgentChoice> {
        match self {
            Self::Container => Some(AgentChoice::Container),
            Self::ContainerBase => Some(AgentChoice::ContainerBase),
            Self::Pkexec => Some(AgentChoice::Pkexec),
            Self::Without => None,
        }
    }
}

impl Settings {
    /// What was stored; what cannot be read is as if it had never been set.
    pub(super) fn load(storage: Option<&dyn eframe::Storage>) -> Self {
        storage
            .and_then(|storage| storage.get_string(STORAGE_KEY))
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default()
    }

    /// Hands it to `storage`.
    pub(super) fn save(&self, storage: &mut dyn eframe::Storage) {
        if let Ok(text) = serde_json::to_string(self) {
            storage.set_string(STORAGE_KEY, text);
        }
    }

    /// How these hosts were shown the last time.
    pub(super) fn view(&mut self, hosts: &[KnownHost]) -> Option<View> {
        let likely = self.shown.iter().filter_map(|shown| Some((pairs(&shown.hosts, hosts)?, &shown.view)));
        if let Some(((_, pairs), view)) = likely.max_by_key(|((likeness, _), _)| *likeness) {
            return Some(moved(view, &pairs));
        }
        let [host] = hosts else { return None };
        self.views.remove(&host.name)
    }

    /// Remembers how they are shown.
    pub(super) fn keep_view(&mut self, hosts: Vec<KnownHost>, view: View) {
        let of_these =
            self.shown.iter().enumerate().filter_map(|(at, shown)| Some((pairs(&shown.hosts, &hosts)?.0, at)));
        let before = of_these.max_by_key(|(likeness, _)| *likeness).map(|(_, at)| at);
        match before.and_then(|at| self.shown.get_mut(at)) {
            Some(shown) => *shown = Shown { hosts, view },
            None => self.shown.push(Shown { hosts, view }),
        }
    }

    /// Who is to read this host's kernel, if that was to be remembered.
    pub(super) fn agent(&self, host: &KnownHost) -> Option<RememberedAgent> {
        let likely = self.read_by.iter().filter_map(|it| Some((it.host.likeness(host)?, it.agent)));
        let known = likely.max_by_key(|(likeness, _)| *likeness).map(|(_, agent)| agent);
        known.or_else(|| self.agents.get(&host.name).copied())
    }

    /// Remembers who does.
    pub(super) fn keep_agent(&mut self, host: KnownHost, agent: RememberedAgent) {
        self.agents.remove(&host.name);
        self.read_by.retain(|it| it.host.likeness(&host).is_none());
        self.read_by.push(ReadBy { host, agent });
    }

    /// The colours to use now, `system` being the desktop's.
    pub(super) fn theme_name(&self, system: Option<egui::Theme>) -> ThemeName {
        match (self.theme, system) {
            (ThemeChoice::Light, _) | (ThemeChoice::System, None | Some(egui::Theme::Light)) => ThemeName::Light,
            (ThemeChoice::Dark, _) | (ThemeChoice::System, Some(egui::Theme::Dark)) => ThemeName::Dark,
        }
    }

    /// The language to speak now.
    pub(super) fn spoken(&self, asked: Language) -> Language {
        self.language.unwrap_or(asked)
    }
}

#[cfg(test)]
mod tests {
    use bridgewalk_diagram::{Detail, scene::Point};
    use bridgewalk_model::EntityId;

    use super::*;
    use crate::window::known_host::known;

    #[test]
    fn what_is_stored_comes_back_and_less_is_enough() {
        let mut settings = Settings { text_size: TextSize::Projector, ..Settings::default() };
        settings.keep_view(Vec::new(), View::default());
        let text = serde_json::to_string(&settings).unwrap();
        assert_eq!(serde_json::from_str::<Settings>(&text).unwrap(), settings);
        assert_eq!(serde_json::from_str::<Settings>("{}").unwrap(), Settings::default());
    }

    /// Two machines called alike, copied one from the other.
    #[test]
    fn arrangements_follow_the_machine() {
        let arranged = |id: &str, x: f32| {
            let mut view = View::default();
            view.arrangement.insert(EntityId::host(id).container("c"), Point { x, y: 0.0 });
            view
        };
        let mut settings = Settings::default();
        settings.keep_view(vec![known("m", "E", "debian")], arranged("debian", 1.0));
        assert_eq!(settings.view(&[known("m", "F", "debian")]), None, "its clone");
        assert_eq!(settings.view(&[known("n", "E", "debian")]), None, "its clone with an id of its own");
        settings.keep_view(vec![known("m", "F", "debian")], arranged("debian", 2.0));
        settings.keep_view(vec![known("m", "E", "debian#E"), known("m", "F", "debian#F")], arranged("debian#F", 3.0));

        let settings: Settings = serde_json::from_str(&serde_json::to_string(&settings).unwrap()).unwrap();
        let view = |hosts: &[KnownHost]| settings.clone().view(hosts);
        assert_eq!(view(&[known("m", "E", "debian")]), Some(arranged("debian", 1.0)));
        assert_eq!(view(&[known("m", "F", "renamed")]), Some(arranged("renamed", 2.0)));
        let turned = [known("m", "F", "debian#F"), known("m", "E", "debian#E")];
        assert_eq!(view(&turned), Some(arranged("debian#F", 3.0)), "in the other order");
    }

    #[test]
    fn what_was_remembered_by_name_is_taken_over_once() {
        let text = r#"{"views": {"debian": {"detail": "concept"}}, "agents": {"debian": "without"}}"#;
        let mut settings: Settings = serde_json::from_str(text).unwrap();
        let [one, other] = [known("m", "E", "debian"), known("n", "F", "debian")];
        assert_eq!(settings.agent(&one), Some(RememberedAgent::Without));
        assert_eq!(settings.view(std::slice::from_ref(&one)).map(|view| view.detail), Some(Detail::Concept));
        assert_eq!(settings.view(&[other]), None);
    }

    #[test]
    fn what_cannot_be_read_is_kept_aside_and_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("app.ron");
        assert_eq!(keep_aside(&file).unwrap(), None, "there are none");
        let good = ron::ser::to_string(&BTreeMap::from([
            (STORAGE_KEY, serde_json::to_string(&Settings::default()).unwrap()),
            ("window", "anything".to_owned()),
        ]))
        .unwrap();
        fs::write(&file, &good).unwrap();
        assert_eq!(keep_aside(&file).unwrap(), None);
        assert_eq!(fs::read_to_string(&file).unwrap(), good);
        let ours =
            ron::ser::to_string(&BTreeMap::from([(STORAGE_KEY, "{\"theme\": \"of a later version\"}")])).unwrap();
        for (number, corrupt) in (1..).zip([&b"{\"half a fi"[..], b"\xff\xfe", ours.as_bytes()]) {
            fs::write(&file, corrupt).unwrap();
            let aside = keep_aside(&file).unwrap().unwrap();
            assert_eq!(aside, folder.path().join(format!("app.ron.unreadable-{number}")));
            assert_eq!(fs::read(&aside).unwrap(), corrupt);
            assert!(!file.exists());
        }
    }

    #[test]
    fn text_sizes_end_at_both_ends() {
        assert_eq!(TextSize::Hall.step(true), TextSize::Hall);
        assert_eq!(TextSize::Small.step(false), TextSize::Small);
        assert_eq!(TextSize::Normal.step(true), TextSize::Large);
    }
}
