//! What is unknown, and what was assumed instead.

use std::net::IpAddr;

use bridgewalk_model::{AddressPort, EntityId, SourceKind, Text, firewall::RuleRef};
use serde::Serialize;

/// Something that a walk would need to know.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Unknown {
    /// A match that depends on what a snapshot does not hold.
    Match {
        /// The rule.
        rule: RuleRef,
        /// What it asks: `limit`, `hashlimit`, a set that was not read.
        asks: String,
        /// Whether this way goes on as if it matched.
        taken_as: bool,
    },
    /// A rule hands the packet to a program, which may do anything with it.
    Queue {
        /// The rule.
        rule: RuleRef,
    },
    /// A section of a namespace was not read.
    NotRead {
        /// The namespace.
        namespace: EntityId,
        /// What was not read.
        source: SourceKind,
    },
    /// A setting was not read.
    Setting {
        /// The namespace.
        namespace: EntityId,
        /// The setting's path below `/proc/sys`.
        path: String,
    },
    /// The end of a cable or tunnel is not observed.
    OtherEnd {
        /// This end.
        interface: EntityId,
    },
    /// By which of several interfaces a packet comes in whose sender is not observed.
    Entry {
        /// The one that this way takes.
        interface: EntityId,
    },
    /// Beyond the observed hosts.
    Beyond {
        /// The address it goes to there.
        address: IpAddr,
    },
    /// A name that a server elsewhere is asked for.
    Name {
        /// The name.
        name: Text,
        /// The server, if it is known.
        server: Option<Text>,
    },
    /// Which of several ways of one route is taken.
    Path {
        /// The namespace.
        namespace: EntityId,
    },
    /// Which of several real servers is taken.
    Server {
        /// The one that this way takes.
        taken: AddressPort,
    },
    /// It took more steps or branches than are followed.
    TooLong,
}
