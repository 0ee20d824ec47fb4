//! What this process may do.

use std::fs;

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
}
