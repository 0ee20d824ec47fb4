//! Whose a helper container is.

use std::fs;

/// A process, so that it is never mistaken for a later one with the same PID: its PID, its start time in clock ticks
/// since boot (field 22 of `/proc/PID/stat`), and the boot. Written `PID.START.BOOT`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Owner(String);

impl Owner {
    /// This process. A second helper container of the same process is another's: `count` tells them apart.
    pub(super) fn this(count: u32) -> Self {
        let pid = std::process::id();
        Self(format!("{pid}.{}.{}.{count}", start_time(pid).unwrap_or(0), boot()))
    }

    /// As a label has it.
    pub(super) fn parse(label: &str) -> Option<Self> {
        let is_plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '-');
        let is_one = label.len() <= 100 && label.split('.').count() == 4 && label.chars().all(is_plain);
        is_one.then(|| Self(label.to_owned()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether that process is seen to run. Of another boot or machine none is.
    pub(super) fn is_alive(&self) -> bool {
        let mut parts = self.0.split('.');
        let pid = parts.next().and_then(|pid| pid.parse().ok());
        let started = parts.next().and_then(|time| time.parse().ok());
        parts.next() == Some(&boot()) && pid.and_then(start_time) == started && started.is_some()
    }
}

fn start_time(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may hold anything.
    stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()
}

fn boot() -> String {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    id.chars().filter(char::is_ascii_hexdigit).take(12).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_lives_and_another_does_not() {
        let this = Owner::this(0);
        assert!(this.is_alive());
        assert_eq!(Owner::parse(this.as_str()), Some(this.clone()));
        let pid = std::process::id();
        assert!(!Owner(this.0.replacen(&pid.to_string(), "1", 1)).is_alive() || pid == 1);
        for wrong in ["", "1.2.3", "1.2.3.4.5", "1 .2.3.4", "a/b.1.2.3"] {
            assert_eq!(Owner::parse(wrong), None);
        }
    }
}
