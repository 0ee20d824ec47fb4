//! Sysctls that decide about forwarding. `/proc/sys/net` shows the namespace of the thread that reads it.

use bridgewalk_model::kernel::Sysctl;

use rustix::fs::{Mode, OFlags};

use super::links::Device;

/// What the whole namespace obeys, below `/proc/sys/net`.
const FILES: [&str; 19] = [
    "bridge/bridge-nf-call-arptables",
    "bridge/bridge-nf-call-ip6tables",
    "bridge/bridge-nf-call-iptables",
    "ipv4/conf/all/accept_local",
    "ipv4/conf/all/forwarding",
    "ipv4/conf/all/proxy_arp",
    "ipv4/conf/all/route_localnet",
    "ipv4/conf/all/rp_filter",
    "ipv4/conf/default/accept_local",
    "ipv4/conf/default/forwarding",
    "ipv4/conf/default/proxy_arp",
    "ipv4/conf/default/route_localnet",
    "ipv4/conf/default/rp_filter",
    "ipv4/ip_forward",
    "ipv6/conf/all/disable_ipv6",
    "ipv6/conf/all/forwarding",
    "ipv6/conf/default/disable_ipv6",
    "ipv6/conf/default/forwarding",
    "netfilter/nf_conntrack_max",
];

/// The sysctls of the calling thread's namespace, by path; what the kernel does not have is left out.
pub(crate) fn read(devices: &[Device]) -> Vec<Sysctl> {
    let mut sysctls: Vec<Sysctl> =
        FILES.iter().filter_map(|file| Some(Sysctl { path: format!("net/{file}"), value: value(file)? })).collect();
    sysctls.extend(devices.iter().flat_map(|device| device.conf.sysctls(&device.link.name)));
    sysctls.sort_by(|a, b| a.path.cmp(&b.path));
    sysctls
}

/// A number, at once: these files are read by the hundred, and a `File` would ask for their size first.
fn value(file: &str) -> Option<String> {
    let file =
        rustix::fs::open(format!("/proc/sys/net/{file}"), OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).ok()?;
    let mut content = [0; 64];
    let len = rustix::io::read(&file, &mut content).ok()?;
    Some(std::str::from_utf8(content.get(..len)?).ok()?.trim().to_owned())
}
