//! Sysctls that decide about forwarding. `/proc/sys/net` shows the namespace of the thread that reads it.

use std::os::fd::{AsFd, OwnedFd};

use bridgewalk_model::kernel::Sysctl;
use rustix::fs::{CWD, Mode, OFlags};

use super::links::Device;

/// What the whole namespace obeys, by folder below `/proc/sys/net`.
const FILES: [(&str, &[&str]); 4] = [
    ("bridge", &["bridge-nf-call-arptables", "bridge-nf-call-ip6tables", "bridge-nf-call-iptables"]),
    (
        "ipv4",
        &[
            "conf/all/accept_local",
            "conf/all/forwarding",
            "conf/all/proxy_arp",
            "conf/all/route_localnet",
            "conf/all/rp_filter",
            "conf/all/src_valid_mark",
            "conf/default/accept_local",
            "conf/default/forwarding",
            "conf/default/proxy_arp",
            "conf/default/route_localnet",
            "conf/default/rp_filter",
            "ip_forward",
            "vs/conntrack",
        ],
    ),
    ("ipv6", &["conf/all/disable_ipv6", "conf/all/forwarding", "conf/default/disable_ipv6", "conf/default/forwarding"]),
    ("netfilter", &["nf_conntrack_max"]),
];

/// The sysctls of the calling thread's namespace, by path; what the kernel does not have is left out.
pub(crate) fn read(devices: &[Device]) -> Vec<Sysctl> {
    let mut sysctls = Vec::new();
    for (folder, files) in FILES {
        // The kernel keeps the folders of all namespaces in one list, and goes through it each time it is asked for one.
        let Ok(entry) = open(CWD, &format!("/proc/sys/net/{folder}"), OFlags::PATH) else { continue };
        for file in files {
            let value = open(&entry, file, OFlags::RDONLY).ok().and_then(|file| value(&file));
            sysctls.extend(value.map(|value| Sysctl { path: format!("net/{folder}/{file}"), value }));
        }
    }
    sysctls.extend(devices.iter().flat_map(|device| device.conf.sysctls(&device.link.name)));
    sysctls.sort_by(|a, b| a.path.cmp(&b.path));
    sysctls
}

fn open(folder: impl AsFd, path: &str, flags: OFlags) -> rustix::io::Result<OwnedFd> {
    rustix::fs::openat(folder, path, flags | OFlags::CLOEXEC, Mode::empty())
}

/// A number, at once: these files are read by the hundred, and `std` would ask for their size first.
fn value(file: &OwnedFd) -> Option<String> {
    let mut content = [0; 64];
    let len = rustix::io::read(file, &mut content).ok()?;
    Some(std::str::from_utf8(content.get(..len)?).ok()?.trim().to_owned())
}
