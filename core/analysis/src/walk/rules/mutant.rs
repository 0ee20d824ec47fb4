//! Wrong evaluators, to prove that the comparison with the kernel would catch them.

/// One way of being wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutant {
    /// `!=` and `!` count for nothing.
    IgnoresNot,
    /// Base chains run from the highest priority to the lowest.
    ReversesPriorities,
    /// nat chains see every packet.
    TranslatesTwice,
    /// `accept` ends all base chains.
    AcceptEndsAll,
    /// `return` ends the base chain.
    ReturnEndsBase,
    /// A range's last value does not belong to it.
    CutsRanges,
    /// A drop policy is not seen.
    ForgetsPolicies,
    /// `goto` comes back.
    GotoComesBack,
}

impl Mutant {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::IgnoresNot,
        Self::ReversesPriorities,
        Self::TranslatesTwice,
        Self::AcceptEndsAll,
        Self::ReturnEndsBase,
        Self::CutsRanges,
        Self::ForgetsPolicies,
        Self::GotoComesBack,
    ];
}
