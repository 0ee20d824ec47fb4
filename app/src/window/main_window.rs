//! The window as a whole: what it knows, and the one place where commands are run.

mod errands;
mod panels;
mod ways;

use std::{cell::RefCell, collections::BTreeSet, sync::Arc};

use bridgewalk_analysis::walk::{self as packet, End};
use bridgewalk_collector::{AgentChoice, Command as CollectorCommand};
use bridgewalk_diagram::{Detail, Filter, Scope, ThemeName, View};
use bridgewalk_model::EntityId;
use egui::Ui;

use super::{
    Feed, Opener, Origin, UnreadableSettings, WindowError, WindowOptions,
    canvas::Canvas,
    command::{self, Action, Command},
    command_palette::CommandPalette,
    context::{Drawn, Seen},
    dialogs::{Dialogs, Errand},
    draftsman::Draftsman,
    export_dialog::ExportDialog,
    filter_bar::FilterBar,
    history::History,
    indexed_scene::IndexedScene,
    inspector::Inspector,
    known_host::{KnownHost, moved, pairs},
    outline::Outline,
    paint,
    question::Question,
    reach::ReachPanel,
    reader::Reader,
    settings::{RememberedAgent, Settings, ThemeChoice},
    stack::Stack,
    still::Still,
    theme,
    walk::WalkPanel,
    wire::Wire,
};
use crate::{
    source::Update,
    words::{Language, Words},
};

/// The most updates that are taken in one frame; more wait for the next.
const UPDATES_A_FRAME_MAX: usize = 64;

/// The window.
pub struct MainWindow {
    feed: Box<dyn Feed>,
    opener: Arc<dyn Opener>,
    origin: Origin,
    asked_language: Language,
    is_forgetful: bool,

    seen: Seen,
    drawn: Drawn,
    settings: Settings,
    view: View,
    history: History,
    /// The view in which one stands, or to which one comes back out of what was entered: the whole or a chart.
    base: Scope,
    /// Things that were entered, outermost first.
    trail: Vec<EntityId>,
    selection: Option<EntityId>,
    wire: Wire,
    /// The hosts whose view this is; none: they are not known yet.
    hosts: Vec<KnownHost>,

    draftsman: Draftsman,
    dialogs: Dialogs,
    /// What is on its way to the clipboard, whatever dialog is open.
    clipboard: Dialogs,
    is_stale: bool,
    is_fresh_wanted: bool,
    notice: Option<(String, f64)>,

    /// Pixels that are kept, where OpenGL can keep them.
    still: Option<Still>,
    canvas: Canvas,
    reader: Reader,
    outline: Outline,
    inspector: Inspector,
    stack: Stack,
    palette: CommandPalette,
    filter_bar: FilterBar,
    question: Question,
    export: ExportDialog,
    walk: WalkPanel,
    reach: ReachPanel,
}

impl MainWindow {
    /// A window on `feed`, with what `storage` remembers.
    ///
    /// # Errors
    /// If the system has no thread for the draftsman.
    pub fn new(
        ctx: &egui::Context,
        storage: Option<&dyn eframe::Storage>,
        feed: Box<dyn Feed>,
        opener: Arc<dyn Opener>,
        options: WindowOptions,
    ) -> Result<Self, WindowError> {
        theme::install(ctx);
        let waker = ctx.clone();
        let draftsman = Draftsman::start(move || waker.request_repaint())
            .map_err(|error| WindowError::NotOpened(error.to_string()))?;
        let waker = ctx.clone();
        let walk = WalkPanel::new(&move || {
            let waker = waker.clone();
            Box::new(move || waker.request_repaint())
        })
        .map_err(|error| WindowError::NotOpened(error.to_string()))?;
        let waker = ctx.clone();
        let reach = ReachPanel::new(move || waker.request_repaint())
            .map_err(|error| WindowError::NotOpened(error.to_string()))?;
        let waker = ctx.clone();
        let inspector = Inspector::new(move || waker.request_repaint())
            .map_err(|error| WindowError::NotOpened(error.to_string()))?;
        let waker = ctx.clone();
        let export = ExportDialog::new(move || waker.request_repaint())
            .map_err(|error| WindowError::NotOpened(error.to_string()))?;
        let waker = ctx.clone();
        let reader = Reader::start(move || waker.request_repaint())
            .map_err(|error| WindowError::NotOpened(error.to_string()))?;
        let mut window = Self {
            origin: feed.origin(),
            feed,
            opener,
            asked_language: options.language,
            is_forgetful: options.is_forgetful,
            seen: Seen::default(),
            drawn: Drawn::default(),
            settings: Settings::load(storage),
            view: View::default(),
            history: History::default(),
            base: Scope::Whole,
            trail: Vec::new(),
            selection: None,
            wire: Wire::default(),
            hosts: Vec::new(),
            draftsman,
            dialogs: Dialogs::default(),
            clipboard: Dialogs::default(),
            is_stale: false,
            is_fresh_wanted: false,
            notice: None,
            still: None,
            canvas: Canvas::default(),
            reader,
            outline: Outline::default(),
            inspector,
            stack: Stack::default(),
            palette: CommandPalette::default(),
            filter_bar: FilterBar::default(),
            question: Question::default(),
            export,
            walk,
            reach,
        };
        window.listen(ctx);
        Ok(window)
    }

    /// Whether everything that was seen is drawn: what a test waits for.
    pub fn is_settled(&self) -> bool {
        !self.is_stale
            && self.draftsman.is_idle()
            && self.reader.is_idle()
            && !self.dialogs.is_busy()
            && !self.clipboard.is_busy()
            && self.walk.is_settled()
            && self.reach.is_settled()
            && self.inspector.reachers.is_settled()
            && self.export.is_settled()
    }

    /// Allows what only OpenGL can do. Whoever calls this paints by glow.
    pub fn paint_by_opengl(&mut self) {
        self.still = Some(Still::default());
    }

    /// What the screen is cleared with: the picture's ground, which no panel fills again.
    pub fn ground(&self, visuals: &egui::Visuals) -> egui::Color32 {
        self.drawn.scene.as_ref().map_or(visuals.panel_fill, |drawn| paint::color(drawn.scene.background))
    }

    fn listen(&mut self, ctx: &egui::Context) {
        let ctx = ctx.clone();
        self.feed.wake_with(Arc::new(move || ctx.request_repaint()));
    }

    fn words(&self) -> Words {
        Words::new(self.settings.spoken(self.asked_language))
    }

    /// Takes what the source has to say.
    fn take_updates(&mut self, ctx: &egui::Context) {
        for _ in 0..UPDATES_A_FRAME_MAX {
            let Some(update) = self.feed.take() else { return };
            match update {
                Update::Observed { snapshot, .. } => {
                    self.seen.snapshot = snapshot;
                    self.is_stale = true;
                    self.welcome();
                }
                Update::Progress { done, total } => {
                    self.seen.progress = (done < total).then_some((done, total));
                }
                Update::Complete => {
                    self.seen.is_complete = true;
                    self.seen.progress = None;
                    self.welcome();
                }
                Update::Status(status) => self.seen.status = status,
            }
        }
        ctx.request_repaint();
    }

    /// Shows hosts as they were shown the last time, as soon as it is certain which they are.
    fn welcome(&mut self) {
        let hosts = KnownHost::all(&self.seen.snapshot);
        let is_certain = self.seen.is_complete || hosts.iter().all(KnownHost::is_certain);
        if hosts.is_empty() || hosts == self.hosts || !is_certain {
            return;
        }
        if let Some((_, pairs)) = pairs(&self.hosts, &hosts) {
            // More is known of the same hosts, or they are called otherwise.
            self.view = moved(&self.view, &pairs);
            self.hosts = hosts;
            return;
        }
        self.store_view();
        if let Some(view) = self.settings.view(&hosts) {
            self.view = View { scope: self.base.clone(), theme: self.view.theme, ..view };
        }
        if self.origin == Origin::Live {
            for (at, host) in hosts.iter().enumerate() {
                if let Some(choice) = self.settings.agent(host).and_then(RememberedAgent::choice) {
                    self.tell(at, CollectorCommand::UseAgent(choice));
                }
            }
        }
        self.hosts = hosts;
        self.history.clear();
    }

    fn store_view(&mut self) {
        if !self.hosts.is_empty() {
            let view =
                View { scope: Scope::Whole, filter: Filter::default(), emphasis: BTreeSet::new(), ..self.view.clone() };
            self.settings.keep_view(self.hosts.clone(), view);
        }
    }

    /// Orders a drawing if something has changed; takes the newest.
    fn draw(&mut self) {
        self.wire.follow(&self.seen.snapshot, self.selection.as_ref());
        self.walk.advance(&self.seen.snapshot);
        self.reach.advance(&self.seen.snapshot);
        self.inspector.reachers.advance(&self.seen.snapshot, self.selection.as_ref());
        if self.view.emphasis != *self.walk.emphasis() {
            self.view.emphasis.clone_from(self.walk.emphasis());
            self.is_stale = true;
        }
        if std::mem::take(&mut self.is_stale) {
            self.leave_what_is_gone();
            let is_fresh = std::mem::take(&mut self.is_fresh_wanted);
            self.draftsman.order(Arc::clone(&self.seen.snapshot), self.view.clone(), self.words(), is_fresh);
        }
        if let Some(sheet) = self.draftsman.take() {
            self.drawn =
                Drawn { scene: Some(sheet.scene), scope: sheet.scope, findings: sheet.findings, rows: sheet.rows };
        }
        // Each is asked, for each forgets that it was.
        let failures = [
            self.draftsman.has_failed(),
            self.reader.has_failed(),
            self.walk.has_failed(),
            self.reach.has_failed(),
            self.inspector.reachers.has_failed(),
            self.export.has_failed(),
        ];
        if failures.contains(&true) {
            self.notice = Some((self.words().text("window-fault"), 0.0));
        }
    }

    fn apply_settings(&mut self, ctx: &egui::Context) {
        let theme = self.settings.theme_name(ctx.system_theme());
        if self.view.theme != theme {
            self.view.theme = theme;
            self.is_stale = true;
        }
        let wanted = if theme == ThemeName::Dark { egui::Theme::Dark } else { egui::Theme::Light };
        if ctx.theme() != wanted {
            ctx.set_theme(wanted);
        }
        let factor = self.settings.text_size.factor();
        if (ctx.zoom_factor() - factor).abs() > f32::EPSILON {
            ctx.set_zoom_factor(factor);
        }
        let animation_time = if self.settings.is_motion_reduced { 0.0 } else { 0.1 };
        if (ctx.global_style().animation_time - animation_time).abs() > f32::EPSILON {
            ctx.all_styles_mut(|style| {
                style.animation_time = animation_time;
                style.scroll_animation = if animation_time == 0.0 {
                    egui::style::ScrollAnimation::none()
                } else {
                    egui::style::ScrollAnimation::default()
                };
            });
        }
    }

    /// The keys, before any panel sees them.
    fn keys(&mut self, ctx: &egui::Context, commands: &RefCell<Vec<Command>>) {
        if super::is_modal_open(ctx) {
            return;
        }
        let is_typing = ctx.text_edit_focused();
        // Enter belongs to a focused button; on the picture, or nowhere, it opens.
        let is_enter_free = ctx.memory(egui::Memory::focused).is_none_or(|id| self.canvas.has_node(id));
        let is_live = self.origin == Origin::Live;
        self.walk.keys(ctx, is_typing, is_enter_free, is_live);
        for action in command::pressed(ctx, is_typing, is_enter_free) {
            commands.borrow_mut().push(Command::Do(action));
        }
    }

    fn run(&mut self, ctx: &egui::Context, command: Command) {
        match command {
            Command::Do(action) => self.act(ctx, action),
            Command::Select(entity) => {
                if let Some(entity) = &entity {
                    self.walk.pick(&self.seen.snapshot, entity);
                }
                self.selection = entity;
            }
            Command::Prove(question) => {
                let agent = self.agent(self.sending_host(&question));
                self.walk.prove(Arc::clone(&self.opener), agent, question);
            }
            Command::Ask(inquiry) => self.walk.ask(inquiry),
            Command::Walk(slot, entity) => self.walk.put(slot, &self.seen.snapshot, &entity),
            Command::Reveal(entity) => {
                self.walk.pick(&self.seen.snapshot, &entity);
                let is_drawn = |drawn: &Arc<IndexedScene>| !drawn.places_of(&entity).is_empty();
                if self.view.scope != Scope::Whole && !self.drawn.scene.as_ref().is_some_and(is_drawn) {
                    self.stand_in(Scope::Whole);
                }
                self.canvas.reveal(entity.clone());
                self.selection = Some(entity);
            }
            Command::Enter(entity) => self.enter(entity),
            Command::LeaveTo(steps) => self.leave_to(steps),
            Command::SetFilter(filter) => self.change(Some("filter"), |view| view.filter = filter),
            Command::Unhide(entity) => self.change(None, |view| {
                view.hidden.remove(&entity);
            }),
            Command::ToggleCollapsed(entity) => self.change(None, |view| {
                if !view.collapsed.remove(&entity) {
                    view.collapsed.insert(entity);
                }
            }),
            Command::Arrange(entity, corner) => self.change(None, |view| {
                view.arrangement.insert(entity, corner);
            }),
            Command::SetLanguage(language) => {
                self.settings.language = Some(language);
                self.is_stale = true;
            }
            Command::SetTheme(choice) => self.settings.theme = choice,
            Command::SetTextSize(size) => self.settings.text_size = size,
            Command::UseAgent(at, choice, is_remembered) => {
                self.question.close(at);
                self.tell(at, CollectorCommand::UseAgent(choice));
                if let (true, Some(host), Some(agent)) =
                    (is_remembered, self.hosts.get(at), RememberedAgent::of(choice))
                {
                    self.settings.keep_agent(host.clone(), agent);
                }
            }
            Command::Copy(text) => {
                ctx.copy_text(text);
                self.say(ctx, self.words().text("window-copied"));
            }
            Command::Export(scene, request) => {
                let (title, words) = (self.words().text(Action::Export.entry().key), self.words());
                self.send(ctx, Errand::Export { title, scene, request: *request, words });
            }
            Command::CopyPicture(scene) => self.send(ctx, Errand::CopyPicture(scene)),
            Command::CopySvg(scene) => self.send(ctx, Errand::CopySvg(scene)),
            Command::Open(path) => self.send(ctx, Errand::Open(path)),
            Command::OpenBundled(demo) => self.send(ctx, Errand::OpenBundled(demo)),
            Command::Show(name) => self.show_view(name),
        }
    }

    /// The host from which a packet is sent.
    fn sending_host(&self, question: &packet::Question) -> usize {
        let (End::Host { id } | End::Namespace { id, .. }) = &question.from else { return 0 };
        let hosts = &self.seen.snapshot.hosts;
        hosts.iter().position(|host| host.id == *id || id.is_within(&host.id)).unwrap_or(0)
    }

    /// Who reads a host's kernel now.
    fn agent(&self, host: usize) -> AgentChoice {
        const ALL: [AgentChoice; 5] = [
            AgentChoice::Sudo,
            AgentChoice::Pkexec,
            AgentChoice::Container,
            AgentChoice::ContainerBase,
            AgentChoice::InProcess,
        ];
        let status = self.seen.status.get(host).and_then(|status| status.agent.as_ref());
        let name = status.and_then(|agent| agent.as_ref().ok()).map(|agent| agent.choice);
        ALL.into_iter().find(|choice| Some(choice.name()) == name).unwrap_or_default()
    }

    /// Changes the view, undoably.
    fn change(&mut self, kind: Option<&'static str>, change: impl FnOnce(&mut View)) {
        let before = self.view.clone();
        change(&mut self.view);
        if self.view != before {
            self.history.remember(&before, kind);
            self.is_stale = true;
        }
    }

    fn act(&mut self, ctx: &egui::Context, action: Action) {
        match action {
            Action::Palette => self.palette.open(),
            Action::Views => self.palette.open_views(),
            Action::Export => self.export.open(),
            Action::Fit => self.canvas.fit(),
            Action::ZoomIn => self.canvas.zoom_by(1.0, ctx.input(|input| input.time)),
            Action::ZoomOut => self.canvas.zoom_by(-1.0, ctx.input(|input| input.time)),
            Action::Undo => {
                self.history.undo(&mut self.view);
                self.is_stale = true;
            }
            Action::Redo => {
                self.history.redo(&mut self.view);
                self.is_stale = true;
            }
            Action::Enter => {
                if let Some(entity) = self.selection.clone() {
                    self.enter(entity);
                }
            }
            Action::Leave => self.leave(),
            Action::Hide => {
                if let Some(entity) = self.selection.take() {
                    self.change(None, |view| {
                        view.hidden.insert(entity);
                    });
                }
            }
            Action::ShowAll => self.change(None, |view| view.hidden.clear()),
            Action::Collapse => {
                if let Some(entity) = self.selection.clone() {
                    self.run(ctx, Command::ToggleCollapsed(entity));
                }
            }
            Action::TidyUp => {
                self.change(None, |view| view.arrangement.clear());
                self.is_fresh_wanted = true;
                self.is_stale = true;
                self.canvas.fit();
            }
            Action::Concept => self.change(None, |view| view.detail = Detail::Concept),
            Action::Plumbing => self.change(None, |view| view.detail = Detail::Plumbing),
            Action::Everything => self.change(None, |view| view.detail = Detail::Everything),
            Action::Filter => self.filter_bar.toggle(),
            Action::Reach => self.reach.toggle(),
            Action::Wires => self.wire.toggle(self.selection.as_ref()),
            Action::Walk => self.walk.toggle(&self.seen.snapshot, self.selection.as_ref()),
            Action::Theme => {
                self.settings.theme =
                    if self.view.theme == ThemeName::Dark { ThemeChoice::Light } else { ThemeChoice::Dark };
            }
            Action::Language => {
                let spoken = self.words().language();
                let at = Language::ALL.iter().position(|language| *language == spoken).unwrap_or(0);
                self.run(ctx, Command::SetLanguage(Language::ALL[(at + 1) % Language::ALL.len()]));
            }
            Action::TextLarger => self.settings.text_size = self.settings.text_size.step(true),
            Action::TextSmaller => self.settings.text_size = self.settings.text_size.step(false),
            Action::ReduceMotion => self.settings.is_motion_reduced ^= true,
            Action::Outline => self.settings.shows_outline ^= true,
            Action::Inspector => self.settings.shows_inspector ^= true,
            Action::Findings => self.settings.shows_findings ^= true,
            Action::Refresh => {
                for host in 0..self.seen.snapshot.hosts.len().max(1) {
                    self.tell(host, CollectorCommand::Refresh);
                }
            }
            Action::AskForAgent => self.question.ask_again(),
            Action::CancelProgress => {
                self.seen.progress = None;
                self.seen.is_complete = true;
            }
            Action::OpenRecording | Action::SaveRecording | Action::ExportSvg | Action::ExportPng | Action::GoLive => {
                self.send_for(ctx, action);
            }
        }
    }

    /// Tells a host's collector something; if it does not take it, that is said.
    fn tell(&mut self, host: usize, command: CollectorCommand) {
        if !self.feed.command(host, command) {
            self.notice = Some((self.words().text("window-busy"), 0.0));
        }
    }

    /// Says what became of settings that cannot be read.
    pub fn say_unreadable(&mut self, settings: &UnreadableSettings) {
        tracing::warn!(?settings, "the settings cannot be read");
        let words = self.words();
        let text = match settings {
            UnreadableSettings::KeptAside(path) => {
                words.format("window-settings-aside", &[("path", path.display().to_string().into())])
            }
            UnreadableSettings::InTheWay { path, detail } => {
                let path = path.display().to_string();
                words.format("window-settings-in-the-way", &[("path", path.into()), ("detail", detail.as_str().into())])
            }
        };
        self.notice = Some((text, 0.0));
    }

    fn say(&mut self, ctx: &egui::Context, text: String) {
        self.notice = Some((text, ctx.input(|input| input.time)));
    }
}

impl MainWindow {
    /// Takes in what is new. Paints nothing.
    pub fn advance(&mut self, ctx: &egui::Context) {
        self.take_updates(ctx);
        self.take_outcome(ctx);
        self.apply_settings(ctx);
        self.draw();
    }

    /// Paints, listens, and runs what was asked for.
    pub fn show_in(&mut self, ui: &mut Ui) {
        let ctx = ui.ctx().clone();
        let commands = RefCell::new(Vec::new());
        self.keys(&ctx, &commands);
        self.panels(ui, &commands);
        for file in ctx.input(|input| input.raw.dropped_files.clone()) {
            commands.borrow_mut().push(Command::Open(file.path().to_owned()));
        }
        let commands = commands.into_inner();
        // Whatever was done shows in the next frame, not at the next move of the mouse.
        if !commands.is_empty() {
            ctx.request_repaint();
        }
        for command in commands {
            self.run(&ctx, command);
        }
    }
}

impl eframe::App for MainWindow {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        self.advance(ctx);
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        self.show_in(ui);
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        if !self.is_forgetful {
            self.store_view();
            self.settings.save(storage);
        }
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        self.ground(visuals).to_normalized_gamma_f32()
    }

    fn persist_egui_memory(&self) -> bool {
        !self.is_forgetful
    }
}
