//! What is known of the machine itself.

use std::fs;

use bridgewalk_model::HostFacts;

use crate::machine_id;

/// From `uname(2)`, `/proc` and `/etc/os-release`.
pub(crate) fn read() -> HostFacts {
    let system = rustix::system::uname();
    let text = |text: &std::ffi::CStr| text.to_string_lossy().into_owned();
    HostFacts {
        hostname: text(system.nodename()),
        kernel_release: text(system.release()),
        architecture: text(system.machine()),
        boot_id: fs::read_to_string("/proc/sys/kernel/random/boot_id").ok().map(|id| id.trim().to_owned()),
        machine_id: machine_id::read(),
        operating_system: fs::read_to_string("/etc/os-release").ok().and_then(|release| pretty_name(&release)),
    }
}

fn pretty_name(release: &str) -> Option<String> {
    let value = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    Some(value.trim().trim_matches(['"', '\'']).to_owned())
}
