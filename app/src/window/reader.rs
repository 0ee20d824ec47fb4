//! Has every picture drawn so that its words can be read from where the eye is, off the window's thread.
//!
//! A picture is made for a step of zooms, not for each zoom: within a step it is the same picture, larger or smaller.

use std::{io, sync::Arc};

use bridgewalk_diagram::{Scope, legible};

use super::{indexed_scene::IndexedScene, worker::Worker};
use crate::words::Words;

/// So many steps halve the size.
const STEPS: f32 = 4.0;
/// While a zoom goes on, the picture of so many steps away will do.
const NEAR_STEPS: u32 = 3;

/// What is to be made legible.
#[derive(Clone)]
struct Order {
    source: Arc<IndexedScene>,
    scope: Scope,
    step: u32,
    words: Words,
}

struct Made {
    of: Order,
    scene: Arc<IndexedScene>,
}

/// The thread that does it, and what it has last done.
pub(super) struct Reader {
    worker: Worker<Order, Made>,
    ordered: Option<Order>,
    made: Option<Made>,
}

impl Order {
    fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.source, &other.source) && self.step == other.step && self.words == other.words
    }
}

impl Reader {
    /// Hires one. `wake` is called whenever a picture is ready.
    ///
    /// # Errors
    /// If the system has no thread to give.
    pub(super) fn start(wake: impl Fn() + Send + 'static) -> io::Result<Self> {
        // What the window has left is freed here: of a large host that takes longer than a frame may take.
        let mut lent: Vec<Arc<IndexedScene>> = Vec::new();
        let work = move |order: Order| {
            lent.retain(|scene| Arc::strong_count(scene) > 1);
            let scene = legible(&order.source.scene, zoom_of(order.step), &order.words)
                .map_or_else(|| Arc::clone(&order.source), |scene| Arc::new(IndexedScene::of(Arc::new(scene))));
            lent.push(Arc::clone(&scene));
            Made { of: order, scene }
        };
        Ok(Self { worker: Worker::start("reader", wake, work)?, ordered: None, made: None })
    }

    /// Whether everything that was ordered is made and taken.
    pub(super) const fn is_idle(&self) -> bool {
        self.worker.is_idle()
    }

    /// Whether a picture has failed, by a fault of ours, since this was last asked.
    pub(super) const fn has_failed(&mut self) -> bool {
        self.worker.has_failed()
    }

    /// The picture of `source` for this zoom. Until it is made, the last one of the same part of the host.
    pub(super) fn read(
        &mut self,
        source: &Arc<IndexedScene>,
        scope: &Scope,
        zoom: f32,
        rests: bool,
        words: Words,
    ) -> Arc<IndexedScene> {
        self.made = self.worker.take().or(self.made.take());
        let is_source = |made: &&Made| Arc::ptr_eq(&made.of.source, source) && made.of.words == words;
        let last = self.made.as_ref().filter(is_source);
        let mut step = step_of(zoom);
        if let Some(made) = last.filter(|made| !rests && made.of.step.abs_diff(step) < NEAR_STEPS) {
            step = made.of.step;
        }
        if step == 0 {
            return Arc::clone(source);
        }
        let order = Order { source: Arc::clone(source), scope: scope.clone(), step, words };
        if let Some(made) = last.filter(|made| made.of.is_same(&order)) {
            return Arc::clone(&made.scene);
        }
        if !self.ordered.as_ref().is_some_and(|ordered| ordered.is_same(&order) && !self.worker.is_idle()) {
            self.ordered = Some(order.clone());
            self.worker.order(order);
        }
        let meanwhile = self.made.as_ref().filter(|made| made.of.scope == *scope && made.of.words == words);
        meanwhile.map_or_else(|| Arc::clone(source), |made| Arc::clone(&made.scene))
    }
}

/// The step to which a zoom belongs; at 0 every word can be read as it is.
fn step_of(zoom: f32) -> u32 {
    (-zoom.log2() * STEPS - 0.001).ceil().max(0.0) as u32
}

/// The smallest zoom of a step.
fn zoom_of(step: u32) -> f32 {
    (-(step as f32) / STEPS).exp2()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_s_words_can_be_read_at_its_smallest_zoom() {
        for zoom in [0.02, 0.1, 0.33, 0.5, 0.71, 0.99] {
            let step = step_of(zoom);
            assert!(step > 0 && zoom_of(step) <= zoom * 1.001 && zoom_of(step - 1) > zoom * 0.999, "{zoom} {step}");
        }
        assert_eq!((step_of(1.0), step_of(3.0)), (0, 0));
    }
}
