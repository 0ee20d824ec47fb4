//! Sets of packets, as products of what each field may be.

/// How many values of one field are distinguished.
pub const MAX_VALUES: usize = 256;
/// What is told apart of a packet: its fields, and questions that are not looked into.
pub const FIELDS: usize = 24;
/// A set in more pieces than this does not shrink any more.
const MAX_PIECES: usize = 1_500;

/// Some of a field's values, by their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Values([u64; MAX_VALUES / 64]);

impl Values {
    /// All values.
    pub const ALL: Self = Self([u64::MAX; MAX_VALUES / 64]);
    /// None.
    pub const NONE: Self = Self([0; MAX_VALUES / 64]);

    /// Those whose number holds.
    pub fn of(holds: impl Fn(usize) -> bool) -> Self {
        let mut values = Self::NONE;
        for number in (0..MAX_VALUES).filter(|number| holds(*number)) {
            values.0[number / 64] |= 1 << (number % 64);
        }
        values
    }

    /// Those of both.
    pub fn and(self, other: Self) -> Self {
        Self(std::array::from_fn(|word| self.0[word] & other.0[word]))
    }

    /// Those of either.
    pub fn or(self, other: Self) -> Self {
        Self(std::array::from_fn(|word| self.0[word] | other.0[word]))
    }

    /// The others.
    pub fn others(self) -> Self {
        Self(self.0.map(|word| !word))
    }

    /// The others if `not`.
    pub fn inverted(self, not: bool) -> Self {
        if not { self.others() } else { self }
    }

    /// Whether it is none.
    pub fn is_empty(self) -> bool {
        self == Self::NONE
    }
}

/// Packets whose every field has one of some values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product(pub [Values; FIELDS]);

impl Product {
    /// All packets.
    pub const ALL: Self = Self([Values::ALL; FIELDS]);

    /// Those of them that have one of these values too.
    pub fn with(mut self, field: usize, values: Values) -> Self {
        self.0[field] = self.0[field].and(values);
        self
    }

    /// The same with these values of a field, whatever it had.
    pub fn replaced(mut self, field: usize, values: Values) -> Self {
        self.0[field] = values;
        self
    }

    /// Those of both.
    pub fn and(&self, other: &Self) -> Option<Self> {
        let both = Self(std::array::from_fn(|field| self.0[field].and(other.0[field])));
        (!both.is_empty()).then_some(both)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.iter().any(|values| values.is_empty())
    }

    /// Those that are not of the other, in pieces.
    fn without(self, other: &Self, pieces: &mut Vec<Self>) {
        if self.and(other).is_none() {
            pieces.push(self);
            return;
        }
        let mut rest = self;
        for field in 0..FIELDS {
            let outside = rest.0[field].and(other.0[field].others());
            if !outside.is_empty() {
                let mut piece = rest.clone();
                piece.0[field] = outside;
                pieces.push(piece);
                rest.0[field] = rest.0[field].and(other.0[field]);
            }
        }
    }
}

/// Any set of packets: at least those that are meant.
#[derive(Clone, Debug, Default)]
pub struct Space(pub Vec<Product>);

impl Space {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those of a product.
    pub fn and(&self, other: &Product) -> Self {
        Self(self.0.iter().filter_map(|piece| piece.and(other)).collect())
    }

    /// Those of both.
    pub fn both(&self, other: &Self) -> Self {
        let mut both = Self::default();
        for piece in &other.0 {
            both.add(self.and(piece));
        }
        both
    }

    /// Takes those of a product away, unless it is in too many pieces.
    pub fn remove(&mut self, other: &Product) {
        if self.0.len() > MAX_PIECES {
            return;
        }
        let mut pieces = Vec::with_capacity(self.0.len());
        for piece in std::mem::take(&mut self.0) {
            piece.without(other, &mut pieces);
        }
        self.0 = pieces;
    }

    /// Adds others.
    pub fn add(&mut self, other: Self) {
        self.0.extend(other.0.into_iter().filter(|piece| !self.0.contains(piece)).collect::<Vec<_>>());
        // What is everything but for little is taken for everything.
        if self.0.len() > MAX_PIECES {
            let widest = self.0.iter().skip(1).fold(self.0[0].clone(), |wide, piece| {
                Product(std::array::from_fn(|field| wide.0[field].or(piece.0[field])))
            });
            self.0 = vec![widest];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_away_is_gone_and_nothing_else() {
        let some = |field, first: usize, last: usize| {
            Product::ALL.with(field, Values::of(|number| (first..=last).contains(&number)))
        };
        let mut space = Space(vec![Product::ALL]);
        let taken = some(0, 3, 9).with(2, Values::of(|number| number == 1));
        space.remove(&taken);
        assert!(space.and(&taken).is_empty());
        assert!(!space.and(&some(0, 3, 3)).is_empty());
        assert!(!space.and(&some(0, 3, 9).with(2, Values::of(|number| number == 2))).is_empty());
        space.remove(&some(0, 0, 2));
        space.remove(&some(0, 10, MAX_VALUES));
        space.remove(&some(2, 2, MAX_VALUES));
        assert!(!space.is_empty(), "the field's first value is left");
        space.remove(&some(2, 0, 0));
        assert!(space.is_empty());
    }
}
