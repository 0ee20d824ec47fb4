//! What this process may do.

use std::{fs, sync::OnceLock};

use bridgewalk_model::{LimitReason, NotReadBecause};

/// The effective user and the capabilities that matter here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Privilege {
    /// `geteuid(2)`.
    pub uid: u32,
    /// By name, of `CapEff` in `/proc/self/status`.
    pub capabilities: Vec<String>,
}

/// Bits of `linux/capability.h`.
const CAPABILITIES: [(u32, &str); 6] = [
    (2, "CAP_DAC_READ_SEARCH"),
    (11, "CAP_NET_BROADCAST"),
    (12, "CAP_NET_ADMIN"),
    (13, "CAP_NET_RAW"),
    (19, "CAP_SYS_PTRACE"),
    (21, "CAP_SYS_ADMIN"),
];

/// This process's.
pub fn own_privilege() -> Privilege {
    let status = fs::read_to_string("/proc/thread-self/status").unwrap_or_default();
    Privilege { uid: rustix::process::geteuid().as_raw(), capabilities: capabilities(&status) }
}

/// Why the kernel refused to let this process look at `what`: for want of `capability`; or, where it has that, since `what`
/// belongs to others: no agent that is started from here is let in.
pub(crate) fn refused(capability: &str, what: impl FnOnce() -> String) -> LimitReason {
    static OWN: OnceLock<Vec<String>> = OnceLock::new();
    let own = OWN.get_or_init(|| own_privilege().capabilities);
    refused_with(own, capability, what)
}

fn refused_with(own: &[String], capability: &str, what: impl FnOnce() -> String) -> LimitReason {
    if own.iter().any(|name| name == capability) {
        LimitReason::NotRead { what: what(), because: NotReadBecause::Closed }
    } else {
        LimitReason::Privilege { missing: capability.to_owned() }
    }
}

fn capabilities(status: &str) -> Vec<String> {
    let effective = status
        .lines()
        .find_map(|line| line.strip_prefix("CapEff:"))
        .and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok())
        .unwrap_or(0);
    CAPABILITIES.iter().filter(|(bit, _)| effective & (1 << bit) != 0).map(|(_, name)| (*name).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_bits() {
        assert_eq!(capabilities("Name:\tx\nCapEff:\t0000000000201000\n"), ["CAP_NET_ADMIN", "CAP_SYS_ADMIN"]);
        assert!(capabilities("CapEff:\tzz").is_empty());
    }

    #[test]
    fn what_is_refused_in_spite_of_the_capability_is_named_and_asks_for_none() {
        let own = ["CAP_SYS_ADMIN".to_owned()];
        let refused = |capability| refused_with(&own, capability, || "net:[1] (PID 1)".to_owned());
        assert_eq!(refused("CAP_SYS_PTRACE"), LimitReason::Privilege { missing: "CAP_SYS_PTRACE".to_owned() });
        let closed = refused("CAP_SYS_ADMIN");
        assert_eq!(
            closed,
            LimitReason::NotRead { what: "net:[1] (PID 1)".to_owned(), because: NotReadBecause::Closed }
        );
        assert_eq!(crate::reading::remedy(&closed), bridgewalk_model::Remedy::None);
    }
}
