//! Where a walk leads in the picture: through boxes, along the lines between them.

use bridgewalk_analysis::walk::{Action, Evidence, Hop};
use bridgewalk_diagram::scene::{Point, Rect, Scene, Target};
use bridgewalk_model::{EntityId, Snapshot};

/// Two ends this near to each other, in scene units, are one.
const NEAR: f32 = 10.0;

/// Each hop's way through a scene. A hop of which the picture shows nothing stays where the one before ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Course {
    hops: Vec<Vec<Point>>,
}

impl Course {
    /// The way of `hops` through `scene`.
    pub(super) fn of<'a>(hops: impl IntoIterator<Item = &'a Hop>, snapshot: &Snapshot, scene: &Scene) -> Self {
        let mut pen = Pen { scene, at: None, last: None, met: Vec::new() };
        let hops = hops.into_iter().map(|hop| pen.hop(hop, snapshot)).collect();
        Self { hops }
    }

    /// Where the packet is at `position`, in hops.
    pub(super) fn at(&self, position: f32) -> Option<Point> {
        let hop = position.ceil().max(0.0) as usize;
        let way = self.hops.get(hop)?;
        along(way, 1.0 - (hop as f32 - position))
    }

    /// The way from the start of the hop `first` to the end of the hop `last`.
    pub(super) fn stretch(&self, first: usize, last: usize) -> Vec<Point> {
        let mut points: Vec<Point> = Vec::new();
        for point in self.hops.iter().take(last + 1).skip(first).flatten() {
            if points.last() != Some(point) {
                points.push(*point);
            }
        }
        points
    }
}

/// What a hop lights up: what the packet meets, and the translation that is done to it, before what it leaves by.
pub(super) fn lights(hop: &Hop, snapshot: &Snapshot) -> Vec<EntityId> {
    let mut lights = hop.lights.clone();
    if hop.action != Action::Translated {
        return lights;
    }
    let rules = || {
        hop.evidence.iter().filter_map(|evidence| match evidence {
            Evidence::Rule { rule, .. } => Some(rule),
            _ => None,
        })
    };
    let mappings = snapshot.hosts.iter().flat_map(|host| &host.nat);
    let ids = mappings.filter(|nat| rules().any(|rule| nat.rule.as_ref() == Some(rule))).map(|nat| nat.id.clone());
    let at = lights.len() - usize::from(hop.out_interface.is_some() && !lights.is_empty());
    for id in ids {
        if !lights.contains(&id) {
            lights.insert(at, id);
        }
    }
    lights
}

/// What an id is drawn as: itself, or what stands for it where it is not drawn.
pub(super) fn stand_ins(snapshot: &Snapshot, light: &EntityId) -> Vec<EntityId> {
    let mut ids = vec![light.clone()];
    if let Some((_, namespace, interface)) = snapshot.interface(light) {
        ids.extend(interface.network.clone());
        if !namespace.is_host {
            ids.extend(namespace.containers.first().cloned());
            ids.push(namespace.id.clone());
        }
    } else if let Some((host, namespace)) = snapshot.namespace(light) {
        ids.extend(namespace.containers.first().cloned());
        if namespace.is_host {
            ids.push(host.id.clone());
        }
    } else if let Some((_, container)) = snapshot.container(light) {
        ids.extend(container.namespace.clone());
    }
    ids
}

/// Draws the way, box by box.
struct Pen<'a> {
    scene: &'a Scene,
    /// Where it is.
    at: Option<Point>,
    /// The box or line it is on.
    last: Option<&'a Target>,
    /// What was met so far, in order.
    met: Vec<EntityId>,
}

impl<'a> Pen<'a> {
    fn hop(&mut self, hop: &Hop, snapshot: &Snapshot) -> Vec<Point> {
        let mut way: Vec<Point> = self.at.into_iter().collect();
        let scene = self.scene;
        let drawn = |light: &EntityId| {
            let mut ids = stand_ins(snapshot, light).into_iter();
            ids.find(|id| scene.targets.iter().any(|target| target.entity == *id))
        };
        let mut ids: Vec<EntityId> = lights(hop, snapshot).iter().filter_map(drawn).collect();
        ids.dedup();
        // Several hops at one place, between the same interfaces, are no way to and fro.
        let known = (0..=ids.len()).rev().find(|count| leads_here(&self.met, &ids[..*count])).unwrap_or(0);
        for id in ids.split_off(known) {
            // A cable's end and the cable are one thing, drawn as two: the line says where it leads.
            let targets = || scene.targets.iter().filter(|target| target.entity == id);
            let Some(target) = targets().find(|target| !target.line.is_empty()).or_else(|| self.nearest(targets()))
            else {
                continue;
            };
            if target.line.is_empty() {
                self.enter(target, &mut way);
            } else {
                self.follow(&target.line, &mut way);
            }
            self.last = Some(target);
            // A translation is something that the path leads through, between the same interfaces.
            if hop.action != Action::Translated || hop.lights.contains(&id) {
                self.met.push(id);
            }
        }
        way
    }

    fn nearest(&self, targets: impl Iterator<Item = &'a Target>) -> Option<&'a Target> {
        let at = self.at;
        targets.min_by(|a, b| {
            let far = |target: &Target| at.map_or(0.0, |at| apart(at, clamp(target.rect, at)));
            far(a).total_cmp(&far(b))
        })
    }

    fn go(&mut self, to: Point, way: &mut Vec<Point>) {
        if way.last() != Some(&to) {
            way.push(to);
        }
        self.at = Some(to);
    }

    /// Goes into a box, along a line of the picture if one leads there, else straight on and round a corner.
    fn enter(&mut self, target: &Target, way: &mut Vec<Point>) {
        let Some(at) = self.at else {
            self.go(target.rect.center(), way);
            return;
        };
        if let Some(last) = self.last.filter(|last| last.line.is_empty())
            && let Some(points) = edge_between(self.scene, last, target)
        {
            self.follow(&points, way);
        }
        let at = self.at.unwrap_or(at);
        let goal = inside(target.rect, at);
        // Out of a tall box to the side, out of a wide one up or down.
        let is_tall = self.last.is_some_and(|last| last.line.is_empty() && last.rect.height > last.rect.width);
        let corner = if is_tall { Point { x: at.x, y: goal.y } } else { Point { x: goal.x, y: at.y } };
        self.go(corner, way);
        self.go(goal, way);
    }

    /// Goes along a line, from its nearer end.
    fn follow(&mut self, line: &[Point], way: &mut Vec<Point>) {
        let (Some(first), Some(last)) = (line.first(), line.last()) else { return };
        let is_backwards = self.at.is_some_and(|at| apart(at, *last) < apart(at, *first));
        let start = if is_backwards { *last } else { *first };
        if let Some(at) = self.at {
            // Within the box it stands on: first to the line's height, then out.
            self.go(Point { x: at.x, y: start.y }, way);
        }
        if is_backwards {
            line.iter().rev().for_each(|point| self.go(*point, way));
        } else {
            line.iter().for_each(|point| self.go(*point, way));
        }
    }
}

/// Whether `ids` were met in this order and nothing since: perhaps with things between them that a hop at the same place
/// does not name, as a rule names the two interfaces and not the bridge.
fn leads_here(met: &[EntityId], ids: &[EntityId]) -> bool {
    let tail = &met[met.len().saturating_sub(2 * ids.len())..];
    let mut before = tail.iter();
    ids.last().is_none_or(|last| met.last() == Some(last)) && ids.iter().all(|id| before.any(|one| one == id))
}

/// The line of the picture that leads from one box to another.
fn edge_between(scene: &Scene, from: &Target, to: &Target) -> Option<Vec<Point>> {
    let (from, to) = (grown(from.rect), grown(to.rect));
    scene.edges.iter().find_map(|edge| {
        let (first, last) = (*edge.points.first()?, *edge.points.last()?);
        let leads = (from.contains(first) && to.contains(last)) || (from.contains(last) && to.contains(first));
        leads.then(|| edge.points.clone())
    })
}

fn grown(rect: Rect) -> Rect {
    Rect { x: rect.x - NEAR, y: rect.y - NEAR, width: rect.width + 2.0 * NEAR, height: rect.height + 2.0 * NEAR }
}

/// Where one stands in a box when one comes from `at`: in the middle of its narrow side, and no further than needed along
/// the other.
fn inside(rect: Rect, at: Point) -> Point {
    let middle = rect.center();
    let held = clamp(rect, at);
    if rect.height > rect.width { Point { x: middle.x, y: held.y } } else { middle }
}

fn clamp(rect: Rect, at: Point) -> Point {
    let margin = |length: f32| (length / 2.0).min(12.0);
    Point {
        x: at.x.clamp(rect.x + margin(rect.width), rect.right() - margin(rect.width)),
        y: at.y.clamp(rect.y + margin(rect.height), rect.bottom() - margin(rect.height)),
    }
}

fn apart(a: Point, b: Point) -> f32 {
    (a.x - b.x).hypot(a.y - b.y)
}

/// The point at `share` of a way's length.
fn along(way: &[Point], share: f32) -> Option<Point> {
    let length: f32 = way.windows(2).map(|ends| apart(ends[0], ends[1])).sum();
    // Slow at both ends: the eye follows better.
    let share = share.clamp(0.0, 1.0);
    let mut left = length * share * share * (3.0 - 2.0 * share);
    for ends in way.windows(2) {
        let step = apart(ends[0], ends[1]);
        if left <= step && step > 0.0 {
            let share = left / step;
            let (a, b) = (ends[0], ends[1]);
            return Some(Point { x: a.x + (b.x - a.x) * share, y: a.y + (b.y - a.y) * share });
        }
        left -= step;
    }
    way.last().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(x: f32, y: f32) -> Point {
        Point { x, y }
    }

    #[test]
    fn a_way_is_walked_from_end_to_end() {
        let way = [point(0.0, 0.0), point(10.0, 0.0), point(10.0, 30.0)];
        assert_eq!(along(&way, 0.0), Some(way[0]));
        assert_eq!(along(&way, 1.0), Some(way[2]));
        assert_eq!(along(&way, 0.5), Some(point(10.0, 10.0)));
        assert_eq!(along(&way[..1], 0.5), Some(way[0]));
        assert_eq!(along(&[], 0.5), None);
    }

    #[test]
    fn a_rule_between_two_ports_is_no_way_back() {
        let id = |name: &str| EntityId::host(name);
        let met = ["cable", "port", "bridge", "other"].map(id);
        assert!(leads_here(&met, &["port", "other"].map(id)));
        assert!(leads_here(&met, &["bridge", "other"].map(id)) && leads_here(&met, &[]));
        assert!(!leads_here(&met, &["other", "port"].map(id)));
        assert!(!leads_here(&met, &["port", "bridge"].map(id)));
    }

    #[test]
    fn a_position_is_a_hop_and_a_share_of_it() {
        let course = Course {
            hops: vec![
                vec![point(0.0, 0.0)],
                vec![point(0.0, 0.0), point(10.0, 0.0)],
                vec![point(10.0, 0.0), point(10.0, 10.0)],
            ],
        };
        assert_eq!(course.at(0.0), Some(point(0.0, 0.0)));
        assert_eq!(course.at(0.5), Some(point(5.0, 0.0)));
        assert_eq!(course.at(2.0), Some(point(10.0, 10.0)));
        assert_eq!(course.at(3.0), None);
        assert_eq!(course.stretch(0, 1), [point(0.0, 0.0), point(10.0, 0.0)]);
        assert_eq!(course.stretch(2, 9), [point(10.0, 0.0), point(10.0, 10.0)]);
    }
}
