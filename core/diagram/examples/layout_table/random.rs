//! Python's `random`, as far as `generate.py` needs it: the same seed gives the same numbers.

const SIZE: usize = 624;
const SHIFT: usize = 397;

/// The Mersenne Twister.
pub(crate) struct Random {
    state: [u32; SIZE],
    next: usize,
}

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        let mut state = [0_u32; SIZE];
        state[0] = 19_650_218;
        for index in 1..SIZE {
            state[index] = mix(state[index - 1]).wrapping_mul(1_812_433_253).wrapping_add(index as u32);
        }
        let (low, high) = (seed as u32, (seed >> 32) as u32);
        let key = if high == 0 { vec![low] } else { vec![low, high] };
        let (mut index, mut at) = (1, 0);
        let wrap = |state: &mut [u32; SIZE], index: &mut usize| {
            *index += 1;
            if *index >= SIZE {
                state[0] = state[SIZE - 1];
                *index = 1;
            }
        };
        for _ in 0..SIZE {
            state[index] = (state[index] ^ mix(state[index - 1]).wrapping_mul(1_664_525))
                .wrapping_add(key[at])
                .wrapping_add(at as u32);
            wrap(&mut state, &mut index);
            at = (at + 1) % key.len();
        }
        for _ in 1..SIZE {
            state[index] =
                (state[index] ^ mix(state[index - 1]).wrapping_mul(1_566_083_941)).wrapping_sub(index as u32);
            wrap(&mut state, &mut index);
        }
        state[0] = 0x8000_0000;
        Self { state, next: SIZE }
    }

    fn bits(&mut self) -> u32 {
        if self.next == SIZE {
            for index in 0..SIZE {
                let y = (self.state[index] & 0x8000_0000) | (self.state[(index + 1) % SIZE] & 0x7fff_ffff);
                let odd = if y & 1 == 1 { 0x9908_b0df } else { 0 };
                self.state[index] = self.state[(index + SHIFT) % SIZE] ^ (y >> 1) ^ odd;
            }
            self.next = 0;
        }
        let mut y = self.state[self.next];
        self.next += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    /// From 0 to below 1.
    pub(crate) fn fraction(&mut self) -> f64 {
        let (high, low) = (self.bits() >> 5, self.bits() >> 6);
        (f64::from(high) * 67_108_864.0 + f64::from(low)) / 9_007_199_254_740_992.0
    }

    /// From 0 to below `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        let bits = usize::BITS - limit.leading_zeros();
        loop {
            let value = (self.bits() >> (32 - bits)) as usize;
            if value < limit {
                return value;
            }
        }
    }

    pub(crate) fn shuffle<T>(&mut self, list: &mut [T]) {
        for index in (1..list.len()).rev() {
            list.swap(index, self.below(index + 1));
        }
    }

    /// A place in `weights`, the heavier the likelier.
    pub(crate) fn choice(&mut self, weights: &[f64]) -> usize {
        let mut sum = 0.0;
        let sums: Vec<f64> = weights
            .iter()
            .map(|weight| {
                sum += weight;
                sum
            })
            .collect();
        let at = self.fraction() * sum;
        sums.partition_point(|sum| *sum <= at).min(weights.len() - 1)
    }

    pub(crate) fn log_normal(&mut self, mean: f64, deviation: f64) -> f64 {
        let magic = 4.0 * (-0.5_f64).exp() / 2.0_f64.sqrt();
        loop {
            let first = self.fraction();
            let second = 1.0 - self.fraction();
            let normal = magic * (first - 0.5) / second;
            if normal * normal / 4.0 <= -second.ln() {
                return (mean + normal * deviation).exp();
            }
        }
    }
}

const fn mix(before: u32) -> u32 {
    before ^ (before >> 30)
}
