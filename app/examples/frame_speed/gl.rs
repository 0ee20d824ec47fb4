//! A screen of 1920 by 1080 in memory, painted as the window's is: by OpenGL through glow.

#![allow(unsafe_code, reason = "OpenGL has no safe interface")]

use std::{ffi::CString, num::NonZeroU32, sync::Arc};

use eframe::{
    egui_glow,
    glow::{self, HasContext},
};
use glutin::{
    api::egl::{context::PossiblyCurrentContext, device::Device, display::Display, surface::Surface},
    config::{ConfigSurfaceTypes, ConfigTemplateBuilder, GlConfig},
    context::ContextAttributesBuilder,
    display::GlDisplay,
    prelude::NotCurrentGlContext,
    surface::{PbufferSurface, SurfaceAttributesBuilder},
};

pub(crate) struct Screen {
    painter: egui_glow::Painter,
    gl: Arc<glow::Context>,
    // Everything above lives in it.
    _current: (PossiblyCurrentContext, Surface<PbufferSurface>),
}

impl Screen {
    /// None where there is no OpenGL.
    pub(crate) fn open() -> Option<Self> {
        let (context, surface, display) = Device::query_devices().ok()?.find_map(|device| current(&device))?;
        // SAFETY: the context is current on this thread, and stays so for the life of `Screen`.
        let gl = unsafe {
            glow::Context::from_loader_function(|name| {
                CString::new(name).map_or(std::ptr::null(), |name| display.get_proc_address(&name))
            })
        };
        let gl = Arc::new(gl);
        let painter = egui_glow::Painter::new(Arc::clone(&gl), "", None, false).ok()?;
        Some(Self { painter, gl, _current: (context, surface) })
    }

    #[allow(dead_code, reason = "the benchmark does not look at them")]
    pub(crate) fn pixels(&self, [width, height]: [u32; 2]) -> Vec<u8> {
        let mut pixels = vec![0; width as usize * height as usize * 4];
        // SAFETY: the context is current, and the room is that of so many pixels.
        unsafe {
            let (width, height) = (width as i32, height as i32);
            let room = glow::PixelPackData::Slice(Some(&mut pixels));
            self.gl.read_pixels(0, 0, width, height, glow::RGBA, glow::UNSIGNED_BYTE, room);
        }
        pixels
    }

    #[allow(dead_code, reason = "the test does not say it")]
    pub(crate) fn renderer(&self) -> String {
        // SAFETY: the context is current.
        unsafe { self.gl.get_parameter_string(glow::RENDERER) }
    }

    /// Paints a frame and waits until it is painted.
    pub(crate) fn paint(
        &mut self,
        size: [u32; 2],
        ground: [f32; 4],
        primitives: &[egui::ClippedPrimitive],
        textures: &mut egui::TexturesDelta,
    ) {
        self.painter.clear(size, ground);
        self.painter.paint_and_update_textures(size, 1.0, primitives, textures);
        // SAFETY: the context is current.
        unsafe { self.gl.finish() };
    }
}

fn current(device: &Device) -> Option<(PossiblyCurrentContext, Surface<PbufferSurface>, Display)> {
    let (width, height) = (NonZeroU32::new(1920)?, NonZeroU32::new(1080)?);
    let template =
        ConfigTemplateBuilder::new().with_surface_type(ConfigSurfaceTypes::PBUFFER).with_alpha_size(8).build();
    // SAFETY: the device was just found, and no window's handle is given anywhere.
    unsafe {
        let display = Display::with_device(device, None).ok()?;
        let config = display.find_configs(template).ok()?.find(|config| config.num_samples() == 0)?;
        let context = display.create_context(&config, &ContextAttributesBuilder::new().build(None)).ok()?;
        let attributes = SurfaceAttributesBuilder::<PbufferSurface>::new().build(width, height);
        let surface = display.create_pbuffer_surface(&config, &attributes).ok()?;
        Some((context.make_current(&surface).ok()?, surface, display))
    }
}
