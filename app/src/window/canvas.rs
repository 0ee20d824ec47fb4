//! The picture: pan, zoom, point, choose, arrange.
//!
//! The scene is painted as it is; only what the camera, the pointer and the keyboard are on is marked on top of it. Every
//! thing that can be pointed at is also a node for the keyboard and for screen readers, in the scene's reading order.

use std::sync::Arc;

use bridgewalk_diagram::{
    Scope,
    scene::{self, Point, Target},
};
use bridgewalk_model::EntityId;
use egui::{
    Align2, CursorIcon, EventFilter, FontId, Id, Key, PointerButton, Pos2, Rect, Response, Role, Sense, Shape, Stroke,
    StrokeKind, Ui, Vec2, accesskit, pos2, vec2,
};

use super::{
    camera::Camera,
    command::{Action, Command},
    context::Context,
    indexed_scene::IndexedScene,
    paint::Picture,
    reader::Reader,
    still::{Step, Still},
    subject,
    walk::Mark,
};

/// So near a line, in points, it is meant.
const LINE_REACH: f32 = 6.0;
/// Points moved by an arrow key.
const PAN_STEP: f32 = 60.0;
/// What plus and minus do.
const ZOOM_STEP: f32 = 1.25;
/// How long after the last zoom the camera rests, in seconds.
const SETTLE_S: f64 = 0.12;

/// The canvas's own state: where the camera is and what the pointer holds.
#[derive(Default)]
pub(super) struct Canvas {
    camera: Camera,
    /// What is painted of the scene.
    picture: Picture,
    /// When the zoom last changed, by egui's clock.
    zoomed_at_s: f64,
    /// The camera of each scope that was left.
    kept: Vec<(Scope, Camera, Look)>,
    shown: Option<(Scope, Arc<IndexedScene>)>,
    held: Option<Held>,
    hovered: Option<EntityId>,
    /// What the keyboard should be on in the next frame.
    wants_focus: Option<EntityId>,
    reveal: Option<EntityId>,
    look: Look,
    is_look_due: bool,
    size: Vec2,
}

/// Where the camera is, whatever comes and however large the window becomes.
#[derive(Clone, Copy, Default, PartialEq)]
enum Look {
    /// It sees all.
    #[default]
    All,
    /// Where somebody moved it.
    Own,
}

/// A node under the pointer on its way.
struct Held {
    entity: EntityId,
    corner: Point,
    moved: Vec2,
}

impl Canvas {
    /// Sees all of it.
    pub(super) fn fit(&mut self) {
        self.look = Look::All;
        self.is_look_due = true;
    }

    /// Brings a thing into sight, as soon as it is drawn.
    pub(super) fn reveal(&mut self, entity: EntityId) {
        self.reveal = Some(entity);
    }

    /// Whether `id` is the picture's or that of a thing in it.
    pub(super) fn has_node(&self, id: Id) -> bool {
        self.shown.as_ref().is_some_and(|(_, drawn)| drawn.place_of(id).is_some())
    }

    /// Closer (above 0) or further away.
    pub(super) fn zoom_by(&mut self, steps: f32, now_s: f64) {
        let canvas = Rect::from_min_size(Pos2::ZERO, self.size);
        self.camera.zoom_at(canvas, canvas.center(), ZOOM_STEP.powf(steps));
        self.look = Look::Own;
        self.zoomed_at_s = now_s;
    }

    /// Paints and listens. `reader` makes words legible; `still`: where its pixels are kept; `walk`: a packet on its way.
    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        ctx: &Context<'_>,
        reader: &mut Reader,
        still: Option<&mut Still>,
        walk: Option<&Mark>,
    ) {
        let area = ui.available_rect_before_wrap();
        let id = ui.scope_id().with("canvas");
        let response = ui.interact(area, id, Sense::click_and_drag());
        ui.advance_cursor_after_rect(area);
        let is_read = ctx_node(ui, id, ctx);
        let Some(source) = &ctx.drawn.scene else {
            let text =
                if ctx.seen.is_complete { ctx.words.text("window-drawing") } else { ctx.words.text("window-looking") };
            note(ui, area, &text, ctx);
            return;
        };
        let rests = self.rests(ui);
        let drawn = reader.read(source, &ctx.drawn.scope, self.camera.zoom, rests, ctx.words);
        self.follow(ui, area, ctx, &drawn);
        if drawn.scene.items.is_empty() {
            self.picture.leave();
            note(ui, area, &ctx.words.text("window-nothing-shown"), ctx);
            return;
        }
        self.listen(ui, area, &response, &drawn, ctx);
        if let Some(walk) = walk.filter(|walk| walk.is_followed) {
            self.bring_into_sight(area, walk.around());
        }

        let painter = ui.painter_at(area);
        let (shown, picture) = self.picture.paint(&painter, area, &drawn, self.camera, rests);
        match still.map_or(Step::Paint, |still| still.picture(ui, shown, area)) {
            Step::Paint => drop(painter.add(picture)),
            Step::Keep(keep) => painter.extend([picture, keep]),
            Step::Show(kept) => drop(painter.add(kept)),
        }
        self.targets(ui, area, &drawn, ctx, is_read);
        self.marks(&painter, area, &drawn, ctx);
        if let Some(walk) = walk {
            walk.paint(&painter, ctx.colors, |point| self.camera.to_screen(area, point));
        }
    }

    /// Takes note of another scene, another part, another size.
    fn follow(&mut self, ui: &Ui, area: Rect, ctx: &Context<'_>, drawn: &Arc<IndexedScene>) {
        let scene = &drawn.scene;
        let scope = &ctx.drawn.scope;
        let is_other_part = self.shown.as_ref().is_none_or(|(shown, _)| shown != scope);
        let was_empty = self.shown.as_ref().is_none_or(|(_, shown)| shown.scene.items.is_empty());
        if is_other_part {
            if let Some((left, _)) = self.shown.take() {
                self.kept.retain(|(scope, ..)| *scope != left);
                self.kept.push((left, self.camera, self.look));
            }
            match self.kept.iter().find(|(kept, ..)| kept == scope) {
                Some((_, camera, look)) => (self.camera, self.look) = (*camera, *look),
                None => self.look = Look::All,
            }
        }
        let is_resized = self.size != area.size();
        let has_grown = self.shown.as_ref().is_some_and(|(_, shown)| shown.scene.bounds != scene.bounds);
        let is_due = std::mem::take(&mut self.is_look_due) || is_resized || was_empty || has_grown || is_other_part;
        self.size = area.size();
        self.shown = Some((scope.clone(), Arc::clone(drawn)));
        if is_due && !scene.items.is_empty() {
            let before = self.camera;
            match self.look {
                Look::All => self.camera = Camera::fit(scene.bounds, area),
                Look::Own => {}
            }
            // While somebody pulls at the window, the camera does not rest.
            if is_resized && self.camera.zoom != before.zoom {
                self.zoomed_at_s = ui.input(|input| input.time);
            }
        }
        if let Some(entity) = &self.reveal
            && let Some(target) = drawn.targets_of(entity).next()
        {
            self.bring_into_sight(area, target.rect);
            self.reveal = None;
        }
    }

    /// Moves the camera as little as needed; not at all from where it sees all, unless this is out of its sight.
    fn bring_into_sight(&mut self, area: Rect, rect: scene::Rect) {
        if self.look != Look::Own && area.contains_rect(self.camera.rect_to_screen(area, rect)) {
            return;
        }
        let before = self.camera;
        self.camera.reveal(area, rect);
        if self.camera != before {
            self.look = Look::Own;
        }
    }

    fn listen(&mut self, ui: &Ui, area: Rect, response: &Response, drawn: &IndexedScene, ctx: &Context<'_>) {
        let pointer = ui.input(|input| input.pointer.hover_pos()).filter(|at| area.contains(*at) && response.hovered());
        self.hovered = pointer.and_then(|at| self.hit(drawn, area, at)).map(|target| target.entity.clone());

        if response.hovered() {
            let (scroll, zoom) = ui.input(|input| (input.smooth_scroll_delta(), input.zoom_delta()));
            if zoom != 1.0 {
                self.camera.zoom_at(area, pointer.unwrap_or(area.center()), zoom);
                self.zoomed_at_s = ui.input(|input| input.time);
                self.look = Look::Own;
            } else if scroll != Vec2::ZERO {
                self.camera.pan(scroll);
                self.look = Look::Own;
            }
        }
        self.drag(ui, area, response, drawn, ctx);
        if response.double_clicked() {
            if let Some(entity) = self.hovered.clone() {
                ctx.send(Command::Enter(entity));
            } else {
                ctx.act(Action::Fit);
            }
        } else if response.clicked() {
            self.wants_focus.clone_from(&self.hovered);
            ctx.send(Command::Select(self.hovered.clone()));
        } else if response.secondary_clicked() && self.hovered.is_some() {
            ctx.send(Command::Select(self.hovered.clone()));
        }
        response.context_menu(|ui| super::node_menu::ui(ui, ctx));
        if self.hovered.is_some() && self.held.is_none() {
            ui.ctx().set_cursor_icon(CursorIcon::PointingHand);
        }
        self.arrows(ui, ctx);
    }

    /// Drags a movable thing, or else the camera.
    fn drag(&mut self, ui: &Ui, area: Rect, response: &Response, drawn: &IndexedScene, ctx: &Context<'_>) {
        if response.drag_started_by(PointerButton::Primary) {
            // Nothing moves away under the pointer.
            self.look = Look::Own;
            let from = ui.input(|input| input.pointer.press_origin());
            self.held =
                from.and_then(|at| self.hit_where(drawn, area, at, |target| target.is_movable)).map(|target| Held {
                    entity: target.entity.clone(),
                    corner: Point { x: target.rect.x, y: target.rect.y },
                    moved: Vec2::ZERO,
                });
        }
        if response.dragged() {
            match &mut self.held {
                Some(held) => held.moved += response.drag_delta() / self.camera.zoom,
                None => self.camera.pan(response.drag_delta()),
            }
            ui.ctx().set_cursor_icon(CursorIcon::Grabbing);
        }
        if response.drag_stopped()
            && let Some(held) = self.held.take()
        {
            let corner = Point { x: held.corner.x + held.moved.x, y: held.corner.y + held.moved.y };
            ctx.send(Command::Arrange(held.entity, corner));
        }
    }

    /// Arrow keys: along the reading order while something is chosen, else (or with Shift) they move the camera.
    fn arrows(&mut self, ui: &Ui, ctx: &Context<'_>) {
        if ui.ctx().text_edit_focused() || super::is_modal_open(ui.ctx()) {
            return;
        }
        let focused_elsewhere = ui.memory(egui::Memory::focused).is_some() && ctx.selection.is_none();
        if focused_elsewhere {
            return;
        }
        let is_eye = ctx.selection.is_none() || ui.input(|input| input.modifiers.shift);
        if !is_eye {
            return;
        }
        let delta = ui.input(|input| {
            let key = |key| f32::from(u8::from(input.key_pressed(key)));
            vec2(key(Key::ArrowLeft) - key(Key::ArrowRight), key(Key::ArrowUp) - key(Key::ArrowDown))
        });
        if delta != Vec2::ZERO {
            self.camera.pan(delta * PAN_STEP);
            self.look = Look::Own;
        }
    }

    /// Whether no zoom is under way; wakes when it has ended.
    fn rests(&self, ui: &Ui) -> bool {
        let rested_s = ui.input(|input| input.time) - self.zoomed_at_s;
        if rested_s < SETTLE_S && self.zoomed_at_s > 0.0 {
            ui.ctx().request_repaint_after(std::time::Duration::from_secs_f64(SETTLE_S - rested_s));
            return false;
        }
        true
    }

    /// Once everything else is painted: paints again if that was the undoing of what is painted here.
    pub(super) fn check(&self, ui: &Ui) {
        if self.picture.is_outdated(ui.painter()) {
            ui.ctx().request_repaint();
        }
    }

    fn hit<'a>(&self, drawn: &'a IndexedScene, area: Rect, at: Pos2) -> Option<&'a Target> {
        self.hit_where(drawn, area, at, |_| true)
    }

    /// What is under `at`: the deepest box, or a line nearby.
    fn hit_where<'a>(
        &self,
        drawn: &'a IndexedScene,
        area: Rect,
        at: Pos2,
        is_wanted: impl Fn(&Target) -> bool,
    ) -> Option<&'a Target> {
        let point = self.camera.to_scene(area, at);
        let reach = LINE_REACH / self.camera.zoom;
        let around = scene::Rect { x: point.x - reach, y: point.y - reach, width: 2.0 * reach, height: 2.0 * reach };
        let targets = drawn.targets.seen(around, f32::MAX);
        targets
            .filter_map(|place| drawn.scene.targets.get(place))
            .filter(|target| !target.is_folded && is_wanted(target))
            .filter(|target| match &*target.line {
                [] => target.rect.contains(point),
                line => line.windows(2).any(|ends| distance(point, ends[0], ends[1]) <= reach),
            })
            .max_by_key(|target| target.depth)
    }

    /// A node for each thing, for keyboard and screen reader. `is_read`: by a screen reader, which wants all of them;
    /// the keyboard needs those in sight, and those before and after the one that it is on.
    fn targets(&mut self, ui: &Ui, area: Rect, drawn: &IndexedScene, ctx: &Context<'_>, is_read: bool) {
        let scene = &drawn.scene;
        let focused = ui.memory(egui::Memory::focused);
        let mut wanted = self.wants_focus.take();
        let is_arrow = !ui.input(|input| input.modifiers.any());
        let mut places: Vec<usize> = if is_read {
            (0..scene.targets.len()).collect()
        } else {
            drawn.targets.seen(self.camera.seen(area), self.camera.zoom).collect()
        };
        if !is_read {
            let on = focused.and_then(|focused| drawn.place_of(focused));
            let next = wanted.as_ref().and_then(|wanted| drawn.places_of(wanted).first().copied());
            for place in [on, next].into_iter().flatten() {
                places.extend(place.saturating_sub(1)..(place + 2).min(scene.targets.len()));
            }
            places.sort_unstable();
            places.dedup();
            places.retain(|place| scene.targets.get(*place).is_some_and(|target| !target.is_folded));
        }
        for index in places {
            let Some((target, id)) = scene.targets.get(index).zip(drawn.nodes.get(index).copied()) else { return };
            let rect = self.camera.rect_to_screen(area, target.rect);
            let response = ui.interact(rect.intersect(area.expand(1.0)), id, Sense::focusable_noninteractive());
            let is_selected = ctx.selection == Some(&target.entity);
            ui.ctx().accesskit_node_builder(id, |node| {
                node.set_role(Role::Button);
                node.set_label(target.name.as_str());
                node.set_selected(is_selected);
                node.add_action(accesskit::Action::Click);
            });
            if ui.input(|input| input.has_accesskit_action_request(id, accesskit::Action::Click)) {
                ctx.send(Command::Select(Some(target.entity.clone())));
            }
            if wanted.as_ref() == Some(&target.entity) {
                response.request_focus();
                wanted = None;
            }
            if focused != Some(id) {
                continue;
            }
            ui.memory_mut(|memory| {
                let filter = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
                memory.set_focus_lock_filter(id, filter);
            });
            if response.gained_focus() && !is_selected {
                ctx.send(Command::Select(Some(target.entity.clone())));
                self.reveal = Some(target.entity.clone());
            }
            let step = ui.input(|input| {
                let pressed = |keys: [Key; 2]| keys.iter().any(|key| input.key_pressed(*key));
                match (pressed([Key::ArrowRight, Key::ArrowDown]), pressed([Key::ArrowLeft, Key::ArrowUp])) {
                    (true, false) => 1,
                    (false, true) => scene.targets.len() - 1,
                    _ => 0,
                }
            });
            if step > 0 && is_arrow {
                let count = scene.targets.len();
                let ahead = (1..count).map(|times| &scene.targets[(index + step * times) % count]);
                self.wants_focus = ahead.filter(|target| !target.is_folded).map(|next| next.entity.clone()).next();
                ui.ctx().request_repaint();
            }
        }
    }

    /// A frame around a box, or along a line.
    fn frame(&self, painter: &egui::Painter, area: Rect, target: &Target, stroke: Stroke) {
        if target.line.is_empty() {
            let rect = self.camera.rect_to_screen(area, target.rect).expand(3.0);
            painter.rect_stroke(rect, 8.0, stroke, StrokeKind::Outside);
        } else {
            let points = target.line.iter().map(|point| self.camera.to_screen(area, *point)).collect();
            painter.add(Shape::line(points, Stroke::new(stroke.width + 2.0, stroke.color)));
        }
    }

    /// What the camera, the pointer and the keyboard are on, and what that is wired to.
    fn marks(&self, painter: &egui::Painter, area: Rect, drawn: &IndexedScene, ctx: &Context<'_>) {
        let mark = |entity: &EntityId, stroke: Stroke| {
            drawn.targets_of(entity).for_each(|target| self.frame(painter, area, target, stroke));
        };
        if let Some(hovered) = &self.hovered
            && ctx.selection != Some(hovered)
        {
            mark(hovered, Stroke::new(1.5, ctx.colors.outline));
        }
        // A walk lights up its own way.
        if ctx.view.emphasis.is_empty() {
            let stroke = Stroke::new(1.5, ctx.colors.accent.gamma_multiply(0.75));
            for lit in ctx.wire.lit().iter().filter(|lit| ctx.selection != Some(*lit)) {
                for target in drawn.targets_of(lit) {
                    // An interface is a line of words on its box: a frame would run through those beside it.
                    if target.line.is_empty() && subject::kind_of(lit) == "if" && !target.is_movable {
                        let rect = self.camera.rect_to_screen(area, target.rect);
                        painter.rect_filled(rect, 4.0, ctx.colors.accent.gamma_multiply(0.22));
                    } else {
                        self.frame(painter, area, target, stroke);
                    }
                }
            }
        }
        if let Some(selected) = ctx.selection {
            mark(selected, Stroke::new(2.5, ctx.colors.accent));
        }
        if let Some(held) = &self.held
            && let Some(target) = drawn.targets_of(&held.entity).next()
        {
            let rect = self.camera.rect_to_screen(area, target.rect).translate(held.moved * self.camera.zoom);
            painter.rect(
                rect,
                8.0,
                ctx.colors.accent_fill.gamma_multiply(0.7),
                Stroke::new(2.0, ctx.colors.accent),
                StrokeKind::Middle,
            );
        }
    }
}

/// Whether anybody reads it.
fn ctx_node(ui: &Ui, id: Id, ctx: &Context<'_>) -> bool {
    let node = ui.ctx().accesskit_node_builder(id, |node| {
        node.set_role(Role::Canvas);
        node.set_label(ctx.words.text("window-picture"));
    });
    node.is_some()
}

fn note(ui: &Ui, area: Rect, text: &str, ctx: &Context<'_>) {
    ui.painter().text(area.center(), Align2::CENTER_CENTER, text, FontId::proportional(16.0), ctx.colors.soft);
}

/// From `point` to the stretch between two others.
fn distance(point: Point, from: Point, to: Point) -> f32 {
    let (from, to, point) = (pos2(from.x, from.y), pos2(to.x, to.y), pos2(point.x, point.y));
    let along = to - from;
    let share =
        if along.length_sq() > 0.0 { ((point - from).dot(along) / along.length_sq()).clamp(0.0, 1.0) } else { 0.0 };
    (point - (from + along * share)).length()
}
