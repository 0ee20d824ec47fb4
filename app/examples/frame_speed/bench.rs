//! The window run frame by frame, with a clock.

#![allow(clippy::disallowed_macros, reason = "nobody reads a part of it")]
#![allow(dead_code, reason = "the benchmark uses a part, and the test another")]

use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use bridgewalk_analysis::walk::Question;
use bridgewalk_app::{
    source::{Demo, Update},
    window::{Feed, MainWindow, Opener, Origin, Proven, Wake, WindowOptions, keep_freed_memory},
    words::{Language, Words},
};
use bridgewalk_collector::{AgentChoice, Command};
use bridgewalk_diagram::{View, draw, scene::Shape};
use bridgewalk_model::{Observation, Snapshot};
use egui::{Color32, Context, Event, Key, Modifiers, Rect, Ui, pos2, vec2};

use super::{
    frame::{Frame, report},
    gl::Screen,
    support,
};

const SIZE: [u32; 2] = [1920, 1080];
const FRAMES: usize = 320;
/// Painted before anything is measured.
const WARM_FRAMES: usize = 120;

/// What is painted on top of a frame, and which step of its way it is at.
type Above = Option<(fn(&Ui, usize), usize)>;

pub(crate) struct Bench {
    ctx: Context,
    window: MainWindow,
    snapshot: Arc<Snapshot>,
    news: Arc<Mutex<Vec<Update>>>,
    screen: Option<Screen>,
    size: [u32; 2],
    time_s: f64,
}

impl Bench {
    /// A window on a host of `count` containers, drawn; painted on `screen`, if there is one.
    pub(crate) fn open(count: usize, screen: Option<Screen>) -> Self {
        keep_freed_memory();
        let ctx = Context::default();
        let snapshot = Arc::new(support::many(count));
        let news = Arc::new(Mutex::new(vec![Update::Complete, seen(&snapshot)]));
        let feed = Box::new(Told(Arc::clone(&news)));
        let options = WindowOptions { language: Language::En, is_forgetful: true };
        let mut window = MainWindow::new(&ctx, None, feed, Arc::new(NoOpener), options).expect("threads");
        if screen.is_some() {
            window.paint_by_opengl();
        }
        let mut bench = Self { ctx, window, snapshot, news, screen, size: SIZE, time_s: 0.0 };
        bench.settle();
        bench
    }

    pub(crate) fn press(&mut self, modifiers: Modifiers, key: Key) {
        let event = |pressed| Event::Key { key, physical_key: None, pressed, repeat: false, modifiers };
        self.frame(vec![event(true)], None);
        self.frame(vec![event(false)], None);
    }

    /// Another size of the window; no larger than the screen.
    pub(crate) fn resize(&mut self, size: [u32; 2]) {
        self.size = size;
    }

    /// A frame's pixels, on a screen, with `above` painted on top.
    pub(crate) fn pixels(&mut self, above: Above) -> Vec<u8> {
        self.frame(Vec::new(), above);
        self.screen.as_ref().map(|screen| screen.pixels(self.size)).unwrap_or_default()
    }

    /// How many triangles a frame with these events has.
    pub(crate) fn triangles(&mut self, events: Vec<Event>) -> usize {
        self.frame(events, None).triangles
    }

    /// How many boxes the picture has: all are in view where all of it is.
    pub(crate) fn boxes_in_view(&self) -> usize {
        let drawing = draw(&self.snapshot, &View::default(), None, &Words::new(Language::En));
        drawing.scene.items.iter().filter(|item| matches!(item.shape, Shape::Box { fill: Some(_), .. })).count()
    }

    /// Measures frames with these events each, and `above` painted on top.
    pub(crate) fn measure(&mut self, name: &str, events: impl Fn(usize) -> Vec<Event>, above: Option<fn(&Ui, usize)>) {
        let mut frames: Vec<Frame> = Vec::with_capacity(FRAMES);
        for step in 0..WARM_FRAMES + FRAMES {
            let frame = self.frame(events(step), above.map(|above| (above, step)));
            if step >= WARM_FRAMES {
                frames.push(frame);
            }
        }
        report(name, &frames);
    }

    /// Measures the frames from the news of a change until it is drawn and all is still, so many times.
    pub(crate) fn measure_changes(&mut self, name: &str, count: usize) {
        let mut frames = Vec::new();
        for _ in 0..count {
            self.news.lock().expect("nobody panics").push(seen(&Arc::new(Snapshot::clone(&self.snapshot))));
            frames.extend(self.settle());
        }
        report(name, &frames);
    }

    /// Runs frames until all is drawn.
    pub(crate) fn settle(&mut self) -> Vec<Frame> {
        let (begin_s, mut frames) = (self.time_s, Vec::new());
        while !(self.time_s > begin_s + 0.2 && self.window.is_settled()) {
            frames.push(self.frame(Vec::new(), None));
            std::thread::sleep(Duration::from_millis(5));
        }
        frames
    }

    fn frame(&mut self, events: Vec<Event>, above: Above) -> Frame {
        self.time_s += 1.0 / 60.0;
        let mut all = vec![Event::PointerMoved(pos2(1100.0, 520.0))];
        all.extend(events);
        let input = egui::RawInput {
            screen_rect: Some(Rect::from_min_size(pos2(0.0, 0.0), vec2(self.size[0] as f32, self.size[1] as f32))),
            time: Some(self.time_s),
            events: all,
            ..egui::RawInput::default()
        };
        let begin = Instant::now();
        let window = &mut self.window;
        let mut output = self.ctx.run_ui(input, |ui| {
            window.advance(ui.ctx());
            window.show_in(ui);
            if let Some((above, step)) = above {
                above(ui, step);
            }
        });
        let build = begin.elapsed();
        let begin = Instant::now();
        let primitives = self.ctx.tessellate(std::mem::take(&mut output.shapes), 1.0);
        let tessellate = begin.elapsed();
        let triangles = primitives.iter().map(|primitive| match &primitive.primitive {
            egui::epaint::Primitive::Mesh(mesh) => mesh.indices.len() / 3,
            egui::epaint::Primitive::Callback(_) => 0,
        });
        let triangles = triangles.sum();
        let begin = Instant::now();
        if let Some(screen) = &mut self.screen {
            let ground = self.window.ground(&self.ctx.global_style().visuals).to_normalized_gamma_f32();
            screen.paint(self.size, ground, &primitives, &mut output.textures_delta);
        }
        output.textures_delta.clear();
        Frame { build, tessellate, paint: begin.elapsed(), triangles }
    }
}

/// Something that moves over the picture, as a walk's packet does.
pub(crate) fn packet(ui: &Ui, step: usize) {
    let along = (step % 200) as f32 * 4.0;
    let body = Rect::from_center_size(pos2(500.0 + along, 500.0), vec2(22.0, 15.0));
    ui.painter().rect_filled(body, 3.0, Color32::from_rgb(20, 90, 200));
}

fn seen(snapshot: &Arc<Snapshot>) -> Update {
    Update::Observed { observations: Vec::new(), snapshot: Arc::clone(snapshot) }
}

/// A source that says what it is told, the last first.
struct Told(Arc<Mutex<Vec<Update>>>);

impl Feed for Told {
    fn origin(&self) -> Origin {
        Origin::Live
    }

    fn wake_with(&mut self, wake: Wake) {
        wake();
    }

    fn take(&mut self) -> Option<Update> {
        self.0.lock().expect("nobody panics").pop()
    }

    fn command(&self, _host: usize, _command: Command) -> bool {
        true
    }

    fn observations(&self) -> Vec<Vec<Observation>> {
        Vec::new()
    }
}

struct NoOpener;

impl Opener for NoOpener {
    fn open(&self, _path: &Path) -> Result<Box<dyn Feed>, String> {
        Err("a benchmark".into())
    }

    fn bundled(&self, _demo: Demo) -> Result<Box<dyn Feed>, String> {
        Err("a benchmark".into())
    }

    fn live(&self) -> Result<Box<dyn Feed>, String> {
        Err("a benchmark".into())
    }

    fn save(&self, _path: &Path, _hosts: &[Vec<Observation>]) -> Result<(), String> {
        Err("a benchmark".into())
    }

    fn prove(&self, _agent: AgentChoice, _question: &Question) -> Result<Proven, String> {
        Err("a benchmark".into())
    }
}
