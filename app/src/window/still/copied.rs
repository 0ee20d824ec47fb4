//! Pixels in OpenGL's memory, and their way there and back.
//!
//! Mesa's software renderer copies row by row, without looking at pixels, where both pictures have the same order of
//! bytes and of rows: a tenth of the time. Its screens are blue first and begin above; so does the copy.

#![allow(unsafe_code, reason = "OpenGL has no safe interface")]

use std::collections::HashMap;

use eframe::{
    egui_glow::Painter,
    glow::{self, HasContext},
};
use egui::PaintCallbackInfo;

/// A copy of the screen, or of some parts of it.
#[derive(Default)]
pub(super) struct Copied {
    /// In which state it holds each part.
    parts: HashMap<&'static str, u64>,
    buffer: Option<Buffer>,
}

#[derive(Clone, Copy)]
struct Buffer {
    frame: glow::Framebuffer,
    store: glow::Texture,
    size: [u32; 2],
}

impl Copied {
    /// Whether it holds this state of this part.
    pub(super) fn holds(&self, part: &str, state: u64) -> bool {
        self.parts.get(part) == Some(&state)
    }

    /// From the screen: a part in this state.
    pub(super) fn take(&mut self, part: &'static str, state: u64, info: &PaintCallbackInfo, painter: &Painter) {
        let gl = painter.gl();
        self.parts.remove(part);
        if gl.version().major < 3 {
            return;
        }
        // SAFETY: egui paints with the context current; what it has bound is bound again.
        unsafe {
            let screen = gl.get_parameter_framebuffer(glow::DRAW_FRAMEBUFFER_BINDING);
            if self.buffer.is_none_or(|buffer| buffer.size != info.screen_size_px) {
                self.free(gl);
                self.parts.clear();
                self.buffer = Buffer::new(gl, info.screen_size_px);
                gl.bind_framebuffer(glow::FRAMEBUFFER, screen);
            }
            if let Some(buffer) = self.buffer {
                copy(gl, (screen, on_screen(info)), (Some(buffer.frame), upside_down(info)));
                gl.bind_framebuffer(glow::FRAMEBUFFER, screen);
                self.parts.insert(part, state);
            }
        }
    }

    /// To the screen.
    pub(super) fn put_back(&self, info: &PaintCallbackInfo, painter: &Painter) {
        let gl = painter.gl();
        let Some(buffer) = self.buffer else { return };
        // SAFETY: as above.
        unsafe {
            let screen = gl.get_parameter_framebuffer(glow::DRAW_FRAMEBUFFER_BINDING);
            copy(gl, (Some(buffer.frame), upside_down(info)), (screen, on_screen(info)));
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
                gl.delete_texture(buffer.store);
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
            let (frame, store) = (gl.create_framebuffer().ok()?, gl.create_texture().ok()?);
            // OpenGL ES knows no order but its own.
            let order = if gl.version().is_embedded { glow::RGBA } else { glow::BGRA };
            let (inside, nothing) = (glow::RGBA.cast_signed(), glow::PixelUnpackData::Slice(None));
            gl.bind_texture(glow::TEXTURE_2D, Some(store));
            gl.tex_image_2d(glow::TEXTURE_2D, 0, inside, width, height, 0, order, glow::UNSIGNED_BYTE, nothing);
            gl.bind_texture(glow::TEXTURE_2D, None);
            gl.bind_framebuffer(glow::FRAMEBUFFER, Some(frame));
            let (place, kind) = (glow::COLOR_ATTACHMENT0, glow::TEXTURE_2D);
            gl.framebuffer_texture_2d(glow::FRAMEBUFFER, place, kind, Some(store), 0);
            let is_complete = gl.check_framebuffer_status(glow::FRAMEBUFFER) == glow::FRAMEBUFFER_COMPLETE;
            is_complete.then_some(Self { frame, store, size })
        }
    }
}

/// Left, first row, right, last row of the picture's part of the screen.
type Part = [i32; 4];

/// As OpenGL counts rows: from below.
fn on_screen(info: &PaintCallbackInfo) -> Part {
    let part = info.clip_rect_in_pixels();
    [part.left_px, part.from_bottom_px, part.left_px + part.width_px, part.from_bottom_px + part.height_px]
}

/// The same, from above.
fn upside_down(info: &PaintCallbackInfo) -> Part {
    let [left, bottom, right, top] = on_screen(info);
    let height = info.screen_size_px[1].cast_signed();
    [left, height - bottom, right, height - top]
}

/// Copies a part of one framebuffer into a part of another.
///
/// # Safety
/// The context must be current, and both framebuffers its own, of the same size.
unsafe fn copy(
    gl: &glow::Context,
    (from, source): (Option<glow::Framebuffer>, Part),
    (to, target): (Option<glow::Framebuffer>, Part),
) {
    let ([a, b, c, d], [e, f, g, h]) = (source, target);
    // SAFETY: as the caller promises.
    unsafe {
        // Within the scissors a software renderer would paint pixel by pixel.
        gl.disable(glow::SCISSOR_TEST);
        gl.bind_framebuffer(glow::READ_FRAMEBUFFER, from);
        gl.bind_framebuffer(glow::DRAW_FRAMEBUFFER, to);
        gl.blit_framebuffer(a, b, c, d, e, f, g, h, glow::COLOR_BUFFER_BIT, glow::NEAREST);
    }
}
