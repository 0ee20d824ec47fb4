//! Keeps the pixels of a picture that stands still.
//!
//! A machine without a GPU paints each pixel by hand, and most of them more than once: a screenful of boxes takes it
//! longer than a frame may take. While only a packet moves, the picture below it is therefore copied, not painted: from
//! the screen into OpenGL's memory in one frame, and back in the frames that follow.

#![allow(unsafe_code, reason = "OpenGL has no safe interface")]

use std::sync::{Arc, Mutex, PoisonError};

use eframe::{
    egui_glow::{CallbackFn, Painter},
    glow::{self, HasContext},
};
use egui::{PaintCallbackInfo, Rect, Shape, epaint::PaintCallback};

use super::paint::Shown;

/// A place in OpenGL's memory for the pixels of the picture.
#[derive(Default)]
pub(super) struct Still {
    /// What was painted in the frame before.
    last: Option<Shown>,
    copy: Arc<Mutex<Copied>>,
}

#[derive(Default)]
struct Copied {
    /// What it shows; nothing, until it has been copied.
    shown: Option<Shown>,
    buffer: Option<Buffer>,
}

#[derive(Clone, Copy)]
struct Buffer {
    frame: glow::Framebuffer,
    store: glow::Renderbuffer,
    size: [u32; 2],
}

/// What has to be done with the picture in a frame.
pub(super) enum Step {
    /// To paint it.
    Paint,
    /// To paint it, and this upon it: that keeps its pixels.
    Keep(Shape),
    /// To paint this in its stead: its pixels.
    Show(Shape),
}

impl Still {
    /// For the picture as it is `shown` in this frame, within `canvas`.
    pub(super) fn step(&mut self, shown: Shown, canvas: Rect) -> Step {
        let is_same = self.last.replace(shown) == Some(shown);
        let is_kept = self.copy.lock().unwrap_or_else(PoisonError::into_inner).shown == Some(shown);
        if is_kept {
            Step::Show(self.callback(canvas, |copied, info, painter| copied.put_back(info, painter)))
        } else if is_same {
            Step::Keep(self.callback(canvas, move |copied, info, painter| copied.take(shown, info, painter)))
        } else {
            Step::Paint
        }
    }

    fn callback(
        &self,
        canvas: Rect,
        run: impl Fn(&mut Copied, &PaintCallbackInfo, &Painter) + Send + Sync + 'static,
    ) -> Shape {
        let copy = Arc::clone(&self.copy);
        let callback = CallbackFn::new(move |info, painter| {
            run(&mut copy.lock().unwrap_or_else(PoisonError::into_inner), &info, painter);
        });
        Shape::Callback(PaintCallback { rect: canvas, callback: Arc::new(callback) })
    }
}

impl Copied {
    /// From the screen.
    fn take(&mut self, shown: Shown, info: &PaintCallbackInfo, painter: &Painter) {
        let gl = painter.gl();
        self.shown = None;
        if gl.version().major < 3 {
            return;
        }
        // SAFETY: egui paints with the context current; what it has bound is bound again.
        unsafe {
            let screen = gl.get_parameter_framebuffer(glow::DRAW_FRAMEBUFFER_BINDING);
            if self.buffer.is_none_or(|buffer| buffer.size != info.screen_size_px) {
                self.free(gl);
                self.buffer = Buffer::new(gl, info.screen_size_px);
                gl.bind_framebuffer(glow::FRAMEBUFFER, screen);
            }
            if let Some(buffer) = self.buffer {
                copy(gl, screen, Some(buffer.frame), info);
                gl.bind_framebuffer(glow::FRAMEBUFFER, screen);
                self.shown = Some(shown);
            }
        }
    }

    /// To the screen.
    fn put_back(&self, info: &PaintCallbackInfo, painter: &Painter) {
        let gl = painter.gl();
        let Some(buffer) = self.buffer else { return };
        // SAFETY: as above.
        unsafe {
            let screen = gl.get_parameter_framebuffer(glow::DRAW_FRAMEBUFFER_BINDING);
            copy(gl, Some(buffer.frame), screen, info);
            gl.bind_framebuffer(glow::FRAMEBUFFER, screen);
        }
    }

    /// # Safety
    /// The context must be current.
    unsafe fn free(&mut self, gl: &glow::Context) {
        if let Some(buffer) = self.buffer.take() {
            // SAFETY: both are ours.
            unsafe {
                gl.delete_framebuffer(buffer.frame);
                gl.delete_renderbuffer(buffer.store);
            }
        }
    }
}

impl Buffer {
    /// # Safety
    /// The context must be current.
    unsafe fn new(gl: &glow::Context, size: [u32; 2]) -> Option<Self> {
        let (width, height) = (i32::try_from(size[0]).ok()?, i32::try_from(size[1]).ok()?);
        // SAFETY: only what is made here is touched.
        unsafe {
            let (frame, store) = (gl.create_framebuffer().ok()?, gl.create_renderbuffer().ok()?);
            gl.bind_renderbuffer(glow::RENDERBUFFER, Some(store));
            gl.renderbuffer_storage(glow::RENDERBUFFER, glow::RGBA8, width, height);
            gl.bind_renderbuffer(glow::RENDERBUFFER, None);
            gl.bind_framebuffer(glow::FRAMEBUFFER, Some(frame));
            gl.framebuffer_renderbuffer(glow::FRAMEBUFFER, glow::COLOR_ATTACHMENT0, glow::RENDERBUFFER, Some(store));
            let is_complete = gl.check_framebuffer_status(glow::FRAMEBUFFER) == glow::FRAMEBUFFER_COMPLETE;
            is_complete.then_some(Self { frame, store, size })
        }
    }
}

/// Copies what is within the picture's part of the screen.
///
/// # Safety
/// The context must be current, and both framebuffers its own and of the screen's size.
unsafe fn copy(
    gl: &glow::Context,
    from: Option<glow::Framebuffer>,
    to: Option<glow::Framebuffer>,
    info: &PaintCallbackInfo,
) {
    let part = info.clip_rect_in_pixels();
    let (left, bottom) = (part.left_px, part.from_bottom_px);
    let (right, top) = (left + part.width_px, bottom + part.height_px);
    // SAFETY: as the caller promises.
    unsafe {
        // Within the scissors a software renderer would paint pixel by pixel.
        gl.disable(glow::SCISSOR_TEST);
        gl.bind_framebuffer(glow::READ_FRAMEBUFFER, from);
        gl.bind_framebuffer(glow::DRAW_FRAMEBUFFER, to);
        gl.blit_framebuffer(left, bottom, right, top, left, bottom, right, top, glow::COLOR_BUFFER_BIT, glow::NEAREST);
    }
}
