//! nf_tables' registers, bit by bit known or not.
//!
//! A rule loads bytes, masks them and compares. Not all bytes of a packet that is only thought of are known (its length,
//! its identification), so each bit carries whether it is.

use bridgewalk_model::firewall::{Comparison, Register};

use super::Truth;

/// The kernel's registers, the verdict's included (`struct nft_regs`), in bytes.
const LEN: usize = 96;
/// The longest value that an element or comparison may have (`NFT_DATA_VALUE_MAXLEN`).
const MAX_VALUE: usize = 64;

/// All registers of one rule.
#[derive(Clone)]
pub(super) struct Registers {
    value: [u8; LEN],
    /// Of each bit of `value`, whether it is known; what is not known is 0.
    known: [u8; LEN],
}

/// A value of some bytes, each bit of it known or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field<'a> {
    pub(super) value: &'a [u8],
    pub(super) known: &'a [u8],
}

impl Registers {
    /// Nothing is loaded, so nothing is known.
    pub(super) const fn new() -> Self {
        Self { value: [0; LEN], known: [0; LEN] }
    }

    /// Loads known bytes; the rest of the last 4-byte register becomes zero, as the kernel pads it.
    pub(super) fn load(&mut self, to: Register, bytes: &[u8]) {
        self.pad(to, bytes.len());
        self.put(to, bytes, None);
    }

    /// Loads bytes of which some bits are known.
    pub(super) fn load_partly(&mut self, to: Register, bytes: &[u8], known: &[u8]) {
        self.pad(to, bytes.len());
        self.put(to, bytes, Some(known));
    }

    /// Loads something that is not known.
    pub(super) fn forget(&mut self, to: Register, len: usize) {
        let start = start(to);
        let end = start.saturating_add(len.min(MAX_VALUE).next_multiple_of(4)).min(LEN);
        self.value[start..end].fill(0);
        self.known[start..end].fill(0);
    }

    /// What is in `len` bytes from a register on.
    pub(super) fn field(&self, from: Register, len: usize) -> Field<'_> {
        let start = start(from);
        let end = start.saturating_add(len).min(LEN);
        Field { value: &self.value[start..end], known: &self.known[start..end] }
    }

    /// The bytes, if all of them are known.
    pub(super) fn bytes(&self, from: Register, len: usize) -> Option<&[u8]> {
        let field = self.field(from, len);
        (field.value.len() == len && field.known.iter().all(|known| *known == 0xff)).then_some(field.value)
    }

    /// `(from & mask) ^ xor`: what the mask takes away is known to be zero.
    pub(super) fn mask_xor(&mut self, from: Register, to: Register, mask: &[u8], xor: &[u8]) {
        let (mut value, mut known) = ([0; MAX_VALUE], [0; MAX_VALUE]);
        let len = mask.len().min(MAX_VALUE);
        let field = self.field(from, len);
        for (at, mask) in mask.iter().enumerate().take(field.value.len()) {
            known[at] = field.known[at] | !mask;
            value[at] = ((field.value[at] & mask) ^ xor.get(at).copied().unwrap_or(0)) & known[at];
        }
        self.put(to, &value[..len], Some(&known[..len]));
    }

    /// A shift of one number in the machine's order, as the kernel shifts 4-byte words from the first on.
    pub(super) fn shift(&mut self, from: Register, to: Register, len: usize, bits: u32, is_left: bool) {
        let Some(bytes) = self.bytes(from, len).filter(|bytes| bytes.len() % 4 == 0 && bits < 32 && bits > 0) else {
            return self.forget(to, len);
        };
        let words = bytes.chunks_exact(4).map(|word| word.try_into().map_or(0, u32::from_ne_bytes));
        let words: Vec<u32> = words.collect();
        let mut shifted = vec![0; words.len()];
        let mut carry = 0;
        if is_left {
            for at in (0..words.len()).rev() {
                shifted[at] = words[at] << bits | carry;
                carry = words[at] >> (32 - bits);
            }
        } else {
            for at in 0..words.len() {
                shifted[at] = carry | words[at] >> bits;
                carry = words[at] << (32 - bits);
            }
        }
        let bytes: Vec<u8> = shifted.iter().flat_map(|word| word.to_ne_bytes()).collect();
        self.put(to, &bytes, None);
    }

    /// Turns the bytes of each number around; both directions are the same on the machines that we read.
    pub(super) fn swap(&mut self, from: Register, to: Register, len: usize, size: usize) {
        if !matches!(size, 2 | 4 | 8) || len > MAX_VALUE {
            return self.forget(to, len);
        }
        let (mut value, mut known) = ([0; MAX_VALUE], [0; MAX_VALUE]);
        let field = self.field(from, len);
        for at in 0..field.value.len() {
            let other = at / size * size + (size - 1 - at % size);
            if let (Some(byte), Some(bits)) = (field.value.get(other), field.known.get(other)) {
                (value[at], known[at]) = (*byte, *bits);
            }
        }
        self.put(to, &value[..len], Some(&known[..len]));
    }

    fn pad(&mut self, to: Register, len: usize) {
        let start = start(to);
        let end = start.saturating_add(len.next_multiple_of(4)).min(LEN);
        self.value[start..end].fill(0);
        self.known[start..end].fill(0xff);
    }

    fn put(&mut self, to: Register, bytes: &[u8], known: Option<&[u8]>) {
        let start = start(to);
        for (at, byte) in bytes.iter().enumerate() {
            let Some(place) = self.value.get_mut(start + at) else { return };
            let bits = known.map_or(0xff, |known| known.get(at).copied().unwrap_or(0));
            *place = byte & bits;
            self.known[start + at] = bits;
        }
    }
}

/// A register's place; one that no kernel has is the last.
fn start(register: Register) -> usize {
    usize::try_from(register.0).map_or(LEN, |start| start.min(LEN))
}

impl Field<'_> {
    /// Whether it equals these bytes.
    pub(super) fn equals(self, bytes: &[u8]) -> Truth {
        if self.value.len() < bytes.len() {
            return Truth::Unknown;
        }
        let mut is_known = true;
        for (at, byte) in bytes.iter().enumerate() {
            if (self.value[at] ^ byte) & self.known[at] != 0 {
                return Truth::No;
            }
            is_known &= self.known[at] == 0xff;
        }
        if is_known { Truth::Yes } else { Truth::Unknown }
    }

    /// How it compares with these bytes, as `memcmp` does; none if it cannot be told.
    pub(super) fn order(self, bytes: &[u8]) -> Option<std::cmp::Ordering> {
        for (at, byte) in bytes.iter().enumerate() {
            if *self.known.get(at)? != 0xff {
                return None;
            }
            match self.value[at].cmp(byte) {
                std::cmp::Ordering::Equal => {}
                other => return Some(other),
            }
        }
        Some(std::cmp::Ordering::Equal)
    }

    /// `cmp`.
    pub(super) fn compares(self, op: Comparison, bytes: &[u8]) -> Truth {
        match op {
            Comparison::Equal => self.equals(bytes),
            Comparison::NotEqual => self.equals(bytes).not(),
            Comparison::Less => self.order(bytes).map_or(Truth::Unknown, |order| order.is_lt().into()),
            Comparison::LessOrEqual => self.order(bytes).map_or(Truth::Unknown, |order| order.is_le().into()),
            Comparison::Greater => self.order(bytes).map_or(Truth::Unknown, |order| order.is_gt().into()),
            Comparison::GreaterOrEqual => self.order(bytes).map_or(Truth::Unknown, |order| order.is_ge().into()),
        }
    }

    /// Whether it is from `first` to `last`, both included.
    pub(super) fn is_within(self, first: &[u8], last: &[u8]) -> Truth {
        self.compares(Comparison::GreaterOrEqual, first).and(self.compares(Comparison::LessOrEqual, last))
    }

    /// A part of it.
    pub(super) fn part(self, at: usize, len: usize) -> Self {
        let (from, to) = (at.min(self.value.len()), at.saturating_add(len).min(self.value.len()));
        Self { value: &self.value[from..to], known: &self.known[from..to] }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_mask_makes_known_what_it_takes_away() {
        let mut registers = Registers::new();
        let register = Register(16);
        registers.load_partly(register, &[0x45, 0], &[0xff, 0]);
        assert_eq!(registers.field(register, 2).equals(&[0x45, 7]), Truth::Unknown);
        assert_eq!(registers.field(register, 2).equals(&[0x46, 7]), Truth::No);
        registers.mask_xor(register, register, &[0xff, 0], &[0, 3]);
        assert_eq!(registers.field(register, 2).equals(&[0x45, 3]), Truth::Yes);
    }

    #[test]
    fn a_number_is_turned_around() {
        let mut registers = Registers::new();
        registers.load(Register(16), &[1, 2, 3, 4]);
        registers.swap(Register(16), Register(20), 4, 4);
        assert_eq!(registers.bytes(Register(20), 4), Some(&[4, 3, 2, 1][..]));
    }

    proptest! {
        #[test]
        fn no_register_is_out_of_reach(to in any::<u32>(), len in 0_usize..200, size in 0_usize..10, bits in any::<u32>(), bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let mut registers = Registers::new();
            registers.load(Register(to), &bytes);
            registers.load_partly(Register(to), &bytes, &[1]);
            registers.mask_xor(Register(to), Register(to / 2), &bytes, &bytes);
            registers.shift(Register(to), Register(to), len, bits, true);
            registers.swap(Register(to), Register(to), len, size);
            registers.forget(Register(to), len);
            let _ = registers.field(Register(to), len).equals(&bytes);
            let _ = registers.field(Register(to), len).part(len, len).order(&bytes);
        }

        #[test]
        fn what_is_known_decides_as_if_all_were(value in any::<[u8; 4]>(), known in any::<[u8; 4]>(), other in any::<[u8; 4]>(), first in any::<[u8; 4]>()) {
            use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
            let (mut certain, mut partly) = (Registers::new(), Registers::new());
            let register = Register(16);
            certain.load(register, &value);
            partly.load_partly(register, &value, &known);
            for op in [Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual] {
                let (sure, maybe) = (certain.field(register, 4).compares(op, &other), partly.field(register, 4).compares(op, &other));
                prop_assert!(sure != Truth::Unknown && (maybe == sure || maybe == Truth::Unknown));
            }
            let within = partly.field(register, 4).is_within(&first, &other);
            prop_assert!(within == Truth::Unknown || within == certain.field(register, 4).is_within(&first, &other));
        }
    }
}
