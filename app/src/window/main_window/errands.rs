//! What the window sends away for, a file or another source, and what comes of it.

use std::sync::Arc;

use bridgewalk_diagram::View;

use super::MainWindow;
use crate::window::{
    Feed,
    canvas::Canvas,
    command::{Action, Command},
    context::{Drawn, Seen},
    dialogs::{Errand, Outcome},
    question::Question,
};

impl MainWindow {
    pub(super) fn send_for(&mut self, ctx: &egui::Context, action: Action) {
        let title = self.words().text(action.entry().key);
        let scene = self.drawn.scene.as_ref().map(|drawn| Arc::clone(&drawn.scene));
        let errand = match (action, scene) {
            (Action::OpenRecording, _) => Errand::AskAndOpen { title },
            (Action::SaveRecording, _) => Errand::SaveRecording { title, hosts: self.feed.observations() },
            (Action::GoLive, _) => Errand::GoLive,
            (Action::ExportSvg, Some(scene)) => Errand::ExportSvg { title, scene },
            (Action::ExportPng, Some(scene)) => Errand::ExportPng { title, scene },
            _ => return,
        };
        self.send(ctx, errand);
    }

    pub(super) fn send(&mut self, ctx: &egui::Context, errand: Errand) {
        let waker = ctx.clone();
        // Whatever dialog is open, one can copy.
        let is_copy = matches!(errand, Errand::CopyPicture(_) | Errand::CopySvg(_));
        let dialogs = if is_copy { &mut self.clipboard } else { &mut self.dialogs };
        dialogs.send(errand, Arc::clone(&self.opener), move || waker.request_repaint());
    }

    pub(super) fn take_outcome(&mut self, ctx: &egui::Context) {
        for outcome in [self.dialogs.take(), self.clipboard.take()].into_iter().flatten() {
            match outcome {
                Outcome::Opened(feed) => self.show(ctx, feed),
                Outcome::Written(path) => {
                    let path = path.display().to_string();
                    self.say(ctx, self.words().format("window-written", &[("path", path.into())]));
                }
                Outcome::Picture(image) => {
                    ctx.copy_image(image);
                    self.say(ctx, self.words().text("window-copied"));
                }
                Outcome::Text(text) => self.run(ctx, Command::Copy(text)),
                Outcome::Failed(why) => self.say(ctx, why),
                Outcome::Declined => {}
            }
        }
    }

    /// Another source in place of this one.
    fn show(&mut self, ctx: &egui::Context, feed: Box<dyn Feed>) {
        self.store_view();
        self.origin = feed.origin();
        self.feed = feed;
        self.seen = Seen::default();
        self.drawn = Drawn::default();
        self.trail.clear();
        self.selection = None;
        self.walk.clear();
        self.hosts.clear();
        self.view =
            View { scope: self.base.clone(), theme: self.view.theme, detail: self.view.detail, ..View::default() };
        self.history.clear();
        self.question = Question::default();
        self.canvas = Canvas::default();
        if let Some(still) = &mut self.still {
            still.forget_picture();
        }
        self.is_fresh_wanted = true;
        self.listen(ctx);
    }
}
