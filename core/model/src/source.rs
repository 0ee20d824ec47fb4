//! Where a fact comes from, and how to see it without us.

use serde::{Deserialize, Serialize};

/// What a value was read from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Source {
    /// A netlink message and its attribute, as named in the kernel's headers: `RTM_NEWLINK`, `IFLA_MTU`.
    Netlink {
        /// The message type.
        message: String,
        /// The attribute or header field.
        attribute: String,
    },
    /// A file below `/proc` or `/sys`, read in the namespace named by the command.
    File {
        /// The file's path.
        path: String,
    },
    /// A field of an answer of Docker's API.
    Docker {
        /// The request, such as `GET /containers/{id}/json`.
        request: String,
        /// The field's path in the answer, such as `NetworkSettings.Networks`.
        field: String,
    },
    /// An option read with `getsockopt(2)`, such as `IPT_SO_GET_ENTRIES`.
    SocketOption {
        /// The option's name.
        option: String,
    },
    /// Computed here from other facts.
    Derived {
        /// From which, in the field's own terms.
        from: String,
    },
}

/// A value of a thing, as the inspector shows it: what it is, where it was read, what shows the same in a terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sourced {
    /// The fact's key, such as `mtu`: the window finds its name in the Fluent files as `fact-mtu`.
    pub key: String,
    /// The value as text.
    pub value: String,
    /// Where it was read.
    pub source: Source,
    /// A command for a terminal on that host that shows the same, quoted for a POSIX shell.
    pub command: Option<String>,
}
