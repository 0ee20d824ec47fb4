//! What a namespace is read in: parts that the kernel lists on their own.

use bridgewalk_model::SourceKind;

/// One part of a namespace's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Part {
    /// Interfaces.
    Links,
    /// Addresses.
    Addresses,
    /// Routes of all tables.
    Routes,
    /// Routing policy rules.
    RoutingRules,
    /// ARP and NDP.
    Neighbours,
    /// Forwarding databases.
    Fdb,
    /// VLANs of bridges' ports.
    BridgeVlans,
    /// Sysctls.
    Sysctls,
    /// Rules.
    Firewall,
    /// Virtual servers.
    Ipvs,
    /// Sockets.
    Sockets,
}

impl Part {
    /// All, in the order in which they are read.
    pub(crate) const ALL: [Self; 11] = [
        Self::Links,
        Self::Addresses,
        Self::Routes,
        Self::RoutingRules,
        Self::Neighbours,
        Self::Fdb,
        Self::BridgeVlans,
        Self::Sysctls,
        Self::Firewall,
        Self::Ipvs,
        Self::Sockets,
    ];

    /// Under which source its limits are told.
    pub(crate) const fn source(self) -> SourceKind {
        match self {
            Self::Links | Self::Addresses | Self::Routes | Self::RoutingRules | Self::Neighbours => SourceKind::Links,
            Self::Fdb | Self::BridgeVlans => SourceKind::Fdb,
            Self::Sysctls => SourceKind::Sysctls,
            Self::Firewall => SourceKind::NfTables,
            Self::Ipvs => SourceKind::Ipvs,
            Self::Sockets => SourceKind::Sockets,
        }
    }
}

/// A set of parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parts(u16);

impl Parts {
    /// None.
    pub(crate) const NONE: Self = Self(0);

    /// Every part but sockets, which wait until their processes are known.
    pub(crate) const ALL_BUT_SOCKETS: Self = Self((1 << Part::Sockets as u16) - 1);

    /// Every part.
    pub(crate) const ALL: Self = Self(Self::ALL_BUT_SOCKETS.0 | 1 << Part::Sockets as u16);

    /// These.
    pub(crate) const fn of(parts: &[Part]) -> Self {
        let mut bits = 0;
        let mut at = 0;
        while at < parts.len() {
            bits |= 1 << parts[at] as u16;
            at += 1;
        }
        Self(bits)
    }

    /// Whether `part` is among them.
    pub(crate) const fn has(self, part: Part) -> bool {
        self.0 & (1 << part as u16) != 0
    }

    /// Whether there is none.
    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Both.
    #[must_use]
    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}
