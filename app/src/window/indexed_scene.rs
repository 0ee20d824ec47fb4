//! A scene, and what is looked up in it in every frame: found once, by whoever draws it, and not by the window's thread.

use std::{collections::HashMap, sync::Arc};

use bridgewalk_diagram::scene::{Scene, Target};
use bridgewalk_model::EntityId;
use egui::Id;

use super::index::Index;

/// A scene with its indices.
#[derive(Debug)]
pub(super) struct IndexedScene {
    /// The picture.
    pub scene: Arc<Scene>,
    /// Where what is painted is.
    pub shapes: Index,
    /// Where what can be pointed at is.
    pub targets: Index,
    /// The id of each target's node.
    pub nodes: Vec<Id>,
    /// The place of each node's target.
    places: HashMap<Id, usize>,
    /// The places of each thing's targets: it may be drawn more than once.
    targets_of: HashMap<EntityId, Vec<usize>>,
}

impl IndexedScene {
    /// Looks through `scene`.
    pub(super) fn of(scene: Arc<Scene>) -> Self {
        let mut targets_of: HashMap<EntityId, Vec<usize>> = HashMap::with_capacity(scene.targets.len());
        let mut nodes = Vec::with_capacity(scene.targets.len());
        for (place, target) in scene.targets.iter().enumerate() {
            let same = targets_of.entry(target.entity.clone()).or_default();
            // Each time that it is drawn is a node of its own.
            nodes.push(Id::unique(("canvas-node", target.entity.as_str(), same.len())));
            same.push(place);
        }
        Self {
            shapes: Index::of_shapes(scene.items.iter().map(|item| &item.shape)),
            targets: Index::of_targets(&scene.targets),
            places: nodes.iter().copied().enumerate().map(|(place, id)| (id, place)).collect(),
            nodes,
            targets_of,
            scene,
        }
    }

    /// The place of the target whose node has this id.
    pub(super) fn place_of(&self, node: Id) -> Option<usize> {
        self.places.get(&node).copied()
    }

    /// The places of a thing's targets, in reading order.
    pub(super) fn places_of(&self, entity: &EntityId) -> &[usize] {
        self.targets_of.get(entity).map_or(&[], Vec::as_slice)
    }

    /// A thing's targets, in reading order.
    pub(super) fn targets_of<'a>(&'a self, entity: &EntityId) -> impl Iterator<Item = &'a Target> + use<'a> {
        self.places_of(entity).iter().filter_map(|place| self.scene.targets.get(*place))
    }
}
