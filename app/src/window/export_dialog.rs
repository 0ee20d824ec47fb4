//! What is exported, and how: chosen beside a picture that is always what the file will hold.

use std::{io, sync::Arc};

use bridgewalk_diagram::{Detail, ThemeName, View, draw, legible};
use bridgewalk_model::{Snapshot, anonymise::anonymise};
use egui::{ComboBox, Id, Modal, Rect, Role, Sense, Ui, WidgetInfo, vec2};

use super::{
    camera::Camera,
    command::{Action, Command},
    context::Context,
    dialogs::SCALE,
    indexed_scene::IndexedScene,
    paint::{self, Picture},
    theme,
    worker::Worker,
};
use crate::{
    picture::{self, Format, Request, Size},
    words::Words,
};

/// What can be asked for, and its name; the first has a text of its own.
const SIZES: [(&str, Option<Size>); 4] = [
    ("", None),
    ("16:9", Some(Size::Aspect(16.0 / 9.0))),
    ("4:3", Some(Size::Aspect(4.0 / 3.0))),
    ("A4", Some(Size::Paper(297.0, 210.0))),
];
const DETAILS: [(Detail, &str); 3] = [
    (Detail::Concept, "action-concept"),
    (Detail::Plumbing, "action-plumbing"),
    (Detail::Everything, "action-everything"),
];
const THEMES: [(ThemeName, &str); 4] = [
    (ThemeName::Light, "export-theme-light"),
    (ThemeName::Dark, "export-theme-dark"),
    (ThemeName::Projector, "export-theme-projector"),
    (ThemeName::Print, "export-theme-print"),
];

/// The dialog.
pub(super) struct ExportDialog {
    is_open: bool,
    format: Format,
    detail: Detail,
    theme: ThemeName,
    size: usize,
    is_transparent: bool,
    is_anonymous: bool,
    /// What was seen when it was opened: while one chooses, nothing else changes.
    snapshot: Option<Arc<Snapshot>>,
    /// Draws what was last ordered of it.
    worker: Worker<Order, Preview>,
    ordered: Option<Order>,
    /// Until what was ordered is drawn, what was drawn before.
    preview: Option<Preview>,
    picture: Picture,
}

/// What a preview is drawn from.
#[derive(Clone)]
struct Order {
    snapshot: Arc<Snapshot>,
    view: View,
    is_anonymous: bool,
    words: Words,
    /// Where it is shown.
    canvas: egui::Vec2,
}

struct Preview {
    of: Order,
    title: String,
    scene: Result<Arc<IndexedScene>, String>,
    /// The same as it is shown, with words that can be read.
    shown: Option<Arc<IndexedScene>>,
}

impl Order {
    fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.snapshot, &other.snapshot)
            && self.view == other.view
            && self.is_anonymous == other.is_anonymous
            && self.words == other.words
            && self.canvas == other.canvas
    }

    fn draw(self) -> Preview {
        let of = self.clone();
        let Self { snapshot, view, is_anonymous, words, canvas } = self;
        let (shown, view) = if is_anonymous {
            // Ids differ once names do: what was hidden or put somewhere by hand is not known by them.
            let own = View { detail: view.detail, theme: view.theme, aspect: view.aspect, ..View::default() };
            match anonymise(&snapshot) {
                Ok(shown) => (Arc::new(shown), own),
                Err(error) => return Preview { of, title: String::new(), scene: Err(error.to_string()), shown: None },
            }
        } else {
            (snapshot, view)
        };
        let scene = draw(&shown, &view, None, &words).scene;
        let title = picture::title(&shown, words);
        let zoom = Camera::fit(scene.bounds, Rect::from_min_size(egui::Pos2::ZERO, canvas)).zoom;
        let shown = legible(&scene, zoom, &words).map(|shown| Arc::new(IndexedScene::of(Arc::new(shown))));
        let scene = Arc::new(IndexedScene::of(Arc::new(scene)));
        Preview { of, title, shown: Some(shown.unwrap_or_else(|| Arc::clone(&scene))), scene: Ok(scene) }
    }
}

impl ExportDialog {
    /// One that is closed. `wake` is called whenever a preview is drawn.
    ///
    /// # Errors
    /// If the system has no thread to give.
    pub(super) fn new(wake: impl Fn() + Send + 'static) -> io::Result<Self> {
        Ok(Self {
            is_open: false,
            format: Format::Svg,
            detail: Detail::Plumbing,
            theme: ThemeName::Light,
            size: 0,
            is_transparent: false,
            is_anonymous: false,
            snapshot: None,
            worker: Worker::start("preview", wake, Order::draw)?,
            ordered: None,
            preview: None,
            picture: Picture::default(),
        })
    }

    /// Opens it.
    pub(super) fn open(&mut self) {
        self.is_open = true;
    }

    fn close(&mut self) {
        self.is_open = false;
        (self.snapshot, self.ordered, self.preview, self.picture) = (None, None, None, Picture::default());
    }

    /// Whether the preview is of what is chosen.
    pub(super) const fn is_settled(&self) -> bool {
        self.worker.is_idle()
    }

    /// Whether a drawing has failed, by a fault of ours, since this was last asked.
    pub(super) const fn has_failed(&mut self) -> bool {
        self.worker.has_failed()
    }

    /// Shows it, where it is open.
    pub(super) fn ui(&mut self, ui: &Ui, ctx: &Context<'_>) {
        // Also what nobody waits for any more.
        let drawn = self.worker.take();
        if !self.is_open {
            return;
        }
        self.preview = drawn.or(self.preview.take());
        let modal = Modal::new(Id::unique("export")).show(ui.ctx(), |ui| self.content(ui, ctx));
        if modal.should_close() {
            self.close();
        }
    }

    fn content(&mut self, ui: &mut Ui, ctx: &Context<'_>) {
        let words = ctx.words;
        let screen = ui.ctx().content_rect().size();
        let picture = vec2((screen.x * 0.5).clamp(240.0, 900.0), (screen.y * 0.6).clamp(180.0, 620.0));
        ui.heading(words.text(Action::Export.entry().key));
        ui.add_space(6.0);
        ui.horizontal_top(|ui| {
            ui.vertical(|ui| {
                ui.set_width(220.0);
                self.choices(ui, ctx);
            });
            self.renew(ctx, picture);
            self.show_preview(ui, ctx, picture);
        });
        ui.add_space(8.0);
        self.buttons(ui, ctx);
    }

    fn choices(&mut self, ui: &mut Ui, ctx: &Context<'_>) {
        let words = ctx.words;
        let choice = |ui: &mut Ui, key: &str, shown: String, list: &mut dyn FnMut(&mut Ui)| {
            let label = ui.label(words.text(key));
            let combo = ComboBox::from_id_salt(key).width(200.0).selected_text(shown).show_ui(ui, |ui| list(ui));
            combo.response.labelled_by(label.id);
            ui.add_space(4.0);
        };
        let name = |format: Format| format!(".{}", format.ending());
        choice(ui, "export-format", name(self.format), &mut |ui| {
            for format in Format::ALL {
                ui.selectable_value(&mut self.format, format, name(format));
            }
        });
        let key = |list: &[(Detail, &'static str)], wanted: Detail| {
            list.iter().find(|(detail, _)| *detail == wanted).map_or("", |(_, key)| *key)
        };
        choice(ui, "export-detail", words.text(key(&DETAILS, self.detail)), &mut |ui| {
            for (detail, key) in DETAILS {
                ui.selectable_value(&mut self.detail, detail, words.text(key));
            }
        });
        let shown = THEMES.iter().find(|(theme, _)| *theme == self.theme).map_or("", |(_, key)| *key);
        choice(ui, "export-theme", words.text(shown), &mut |ui| {
            for (theme, key) in THEMES {
                ui.selectable_value(&mut self.theme, theme, words.text(key));
            }
        });
        let size_name = |index: usize| {
            let name = SIZES[index].0;
            if name.is_empty() { words.text("export-size-own") } else { name.to_owned() }
        };
        choice(ui, "export-size", size_name(self.size), &mut |ui| {
            for index in 0..SIZES.len() {
                ui.selectable_value(&mut self.size, index, size_name(index));
            }
        });
        ui.add_enabled_ui(self.format.may_be_transparent(), |ui| {
            theme::checkbox(ui, ctx.colors, &mut self.is_transparent, &words.text("export-transparent"));
        });
        theme::checkbox(ui, ctx.colors, &mut self.is_anonymous, &words.text("export-anonymise"));
    }

    /// Has what changed drawn again.
    fn renew(&mut self, ctx: &Context<'_>, canvas: egui::Vec2) {
        let aspect = SIZES[self.size].1.map(Size::aspect);
        let order = Order {
            snapshot: Arc::clone(self.snapshot.get_or_insert_with(|| Arc::clone(&ctx.seen.snapshot))),
            view: View { detail: self.detail, theme: self.theme, aspect, ..ctx.view.clone() },
            is_anonymous: self.is_anonymous,
            words: ctx.words,
            canvas,
        };
        if !self.ordered.as_ref().is_some_and(|ordered| ordered.is_same(&order)) {
            self.ordered = Some(order.clone());
            self.worker.order(order);
        }
    }

    fn show_preview(&mut self, ui: &mut Ui, ctx: &Context<'_>, size: egui::Vec2) {
        let (response, painter) = ui.allocate_painter(size, Sense::hover());
        let name = ctx.words.text("export-preview");
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &name));
        match self
            .preview
            .as_ref()
            .map(|preview| preview.scene.as_ref().map(|drawn| preview.shown.as_ref().unwrap_or(drawn)))
        {
            Some(Ok(drawn)) => {
                let canvas: Rect = response.rect;
                painter.rect_filled(canvas, 4.0, paint::color(drawn.scene.background));
                let camera = Camera::fit(drawn.scene.bounds, canvas);
                let painter = painter.with_clip_rect(canvas);
                let (_, picture) = self.picture.paint(&painter, canvas, drawn, camera, true);
                painter.add(picture);
            }
            Some(Err(error)) => {
                ui.label(ctx.words.format("export-nothing", &[("detail", error.clone().into())]));
            }
            None => {}
        }
    }

    fn buttons(&mut self, ui: &mut Ui, ctx: &Context<'_>) {
        let words = ctx.words;
        let is_wanted = |preview: &&Preview| self.ordered.as_ref().is_some_and(|ordered| ordered.is_same(&preview.of));
        let preview = self.preview.as_ref().filter(is_wanted);
        let scene = preview.and_then(|preview| preview.scene.as_ref().ok()).map(|drawn| Arc::clone(&drawn.scene));
        ui.horizontal(|ui| {
            let button =
                |ui: &mut Ui, key: &str| ui.add_enabled(scene.is_some(), egui::Button::new(words.text(key))).clicked();
            let (saves, copies_picture, copies_svg) =
                (button(ui, "export-save"), button(ui, "export-copy-picture"), button(ui, "export-copy-svg"));
            if let Some(scene) = &scene {
                if saves {
                    ctx.send(Command::Export(Arc::clone(scene), Box::new(self.request())));
                }
                if copies_picture {
                    ctx.send(Command::CopyPicture(Arc::clone(scene)));
                }
                if copies_svg {
                    ctx.send(Command::CopySvg(Arc::clone(scene)));
                }
            }
            if ui.button(words.text("export-close")).clicked() {
                self.close();
            }
        });
    }

    fn request(&self) -> Request {
        Request {
            format: self.format,
            scale: SCALE,
            is_transparent: self.is_transparent && self.format.may_be_transparent(),
            size: SIZES[self.size].1,
            title: self.preview.as_ref().map(|preview| preview.title.clone()).unwrap_or_default(),
        }
    }
}
