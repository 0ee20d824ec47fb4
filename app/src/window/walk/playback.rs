//! How far along a walk the packet is, and how it goes on.
//!
//! A hop is shown; the packet moves to its end and waits there. Playing shows the next one after a rest, stepping at once.

/// How long the packet takes for a hop, and how long it rests after it, in seconds at speed 1.
const HOP_S: f32 = 0.8;
const REST_S: f32 = 0.7;
/// The longest step of the clock that is believed: an idle window's clock stood still.
const STEP_MAX_S: f32 = 0.1;

/// The speeds that are offered.
pub(super) const SPEEDS: [f32; 4] = [0.5, 1.0, 2.0, 4.0];

/// Where the packet is.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Playback {
    /// How many hops there are.
    count: usize,
    /// The hop that is shown.
    hop: usize,
    /// Where the packet is, in hops: at 2.0 it has reached the end of the hop numbered 2, from 0.
    position: f32,
    /// Whether it goes on by itself.
    is_playing: bool,
    /// How long it has rested, in seconds.
    rested_s: f32,
    /// What the clock is multiplied by.
    pub speed: f32,
}

/// What a playback wants of the window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Wish {
    /// To be painted again at once: the packet moves.
    Now,
    /// To be painted again after this many seconds.
    After(f32),
    /// Nothing.
    Nothing,
}

impl Default for Playback {
    fn default() -> Self {
        Self { count: 0, hop: 0, position: 0.0, is_playing: false, rested_s: 0.0, speed: 1.0 }
    }
}

impl Playback {
    /// Starts again, on a walk of `count` hops.
    pub(super) fn begin(&mut self, count: usize) {
        *self = Self { count, speed: self.speed, ..Self::default() };
    }

    /// Goes on, on a walk that has changed and now has `count` hops.
    pub(super) fn resume(&mut self, count: usize) {
        self.count = count;
        self.hop = self.hop.min(count.saturating_sub(1));
        self.position = self.position.min(self.hop as f32);
    }

    /// The hop that is shown.
    pub(super) const fn hop(&self) -> usize {
        self.hop
    }

    /// Where the packet is, in hops.
    pub(super) const fn position(&self) -> f32 {
        self.position
    }

    /// Whether it goes on by itself.
    pub(super) const fn is_playing(&self) -> bool {
        self.is_playing
    }

    /// Whether the last hop is shown.
    pub(super) const fn is_at_end(&self) -> bool {
        self.hop + 1 >= self.count
    }

    /// Plays, or pauses. At the end it plays from the start.
    pub(super) fn toggle(&mut self) {
        if !self.is_playing && self.is_at_end() {
            (self.hop, self.position) = (0, 0.0);
        }
        self.is_playing = !self.is_playing && self.count > 1;
        self.rested_s = 0.0;
    }

    /// One hop on; whatever was under way is over.
    pub(super) fn forward(&mut self) {
        self.go_to(self.hop + 1);
    }

    /// One hop back.
    pub(super) fn back(&mut self) {
        self.go_to(self.hop.saturating_sub(1));
    }

    /// Shows a hop. The packet moves there over its neighbours alone; from further away it is there at once.
    pub(super) fn go_to(&mut self, hop: usize) {
        self.is_playing = false;
        let before = self.hop;
        self.hop = hop.min(self.count.saturating_sub(1));
        self.position = if before.abs_diff(self.hop) == 1 { before as f32 } else { self.hop as f32 };
    }

    /// Lets `elapsed_s` pass. `is_still`: nothing may move; the packet jumps.
    pub(super) fn advance(&mut self, elapsed_s: f32, is_still: bool) -> Wish {
        let elapsed_s = elapsed_s.min(STEP_MAX_S) * self.speed;
        let goal = self.hop as f32;
        if is_still {
            self.position = goal;
        }
        if self.position != goal {
            let step = elapsed_s / HOP_S;
            let left = goal - self.position;
            self.position = if left.abs() <= step { goal } else { self.position + step.copysign(left) };
            self.rested_s = 0.0;
            return Wish::Now;
        }
        if !self.is_playing {
            return Wish::Nothing;
        }
        if self.is_at_end() {
            self.is_playing = false;
            return Wish::Now;
        }
        self.rested_s += elapsed_s;
        let rest_s = if is_still { REST_S + HOP_S } else { REST_S };
        if self.rested_s < rest_s {
            // In steps that are believed.
            return Wish::After(((rest_s - self.rested_s) / self.speed).min(STEP_MAX_S));
        }
        self.hop += 1;
        self.rested_s = 0.0;
        Wish::Now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(count: usize) -> Playback {
        let mut playback = Playback::default();
        playback.begin(count);
        playback
    }

    fn settle(playback: &mut Playback, is_still: bool) {
        for _ in 0..1_000 {
            if playback.advance(0.05, is_still) == Wish::Nothing {
                return;
            }
        }
        panic!("it never came to rest: {playback:?}");
    }

    #[test]
    fn it_plays_to_the_end_and_rests_there() {
        let mut playback = of(4);
        playback.toggle();
        settle(&mut playback, false);
        assert_eq!((playback.hop(), playback.position(), playback.is_playing()), (3, 3.0, false));
        playback.toggle();
        assert_eq!((playback.hop(), playback.is_playing()), (0, true));
    }

    #[test]
    fn it_steps_back_the_way_it_came() {
        let mut playback = of(3);
        playback.forward();
        settle(&mut playback, false);
        playback.forward();
        assert_eq!(playback.advance(0.05, false), Wish::Now);
        playback.back();
        assert_eq!(playback.hop(), 1);
        settle(&mut playback, false);
        assert_eq!(playback.position(), 1.0);
        playback.back();
        playback.back();
        settle(&mut playback, false);
        assert_eq!((playback.hop(), playback.position()), (0, 0.0));
    }

    #[test]
    fn without_motion_it_jumps() {
        let mut playback = of(3);
        playback.forward();
        assert_eq!(playback.advance(0.0, true), Wish::Nothing);
        assert_eq!(playback.position(), 1.0);
        playback.toggle();
        settle(&mut playback, true);
        assert_eq!(playback.hop(), 2);
    }

    #[test]
    fn nothing_is_painted_for_a_packet_that_stands() {
        assert_eq!(of(5).advance(0.05, false), Wish::Nothing);
        assert_eq!(of(0).advance(0.05, false), Wish::Nothing);
        let mut nothing = of(0);
        nothing.toggle();
        nothing.forward();
        nothing.back();
        assert_eq!((nothing.hop(), nothing.is_playing()), (0, false));
    }

    #[test]
    fn a_shorter_walk_is_resumed_within_it() {
        let mut playback = of(6);
        playback.go_to(5);
        playback.resume(3);
        assert_eq!((playback.hop(), playback.position()), (2, 2.0));
    }
}
