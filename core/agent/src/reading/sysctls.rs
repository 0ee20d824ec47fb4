//! Sysctls that decide about forwarding. `/proc/sys/net` shows the namespace of the thread that reads it.

use std::fs;

use bridgewalk_model::kernel::Sysctl;

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
    let mut sysctls: Vec<Sysctl> = FILES
        .iter()
        .filter_map(|file| {
            let value = fs::read_to_string(format!("/proc/sys/net/{file}")).ok()?;
            Some(Sysctl { path: format!("net/{file}"), value: value.trim().to_owned() })
        })
        .collect();
    sysctls.extend(devices.iter().flat_map(|device| device.conf.sysctls(&device.link.name)));
    sysctls.sort_by(|a, b| a.path.cmp(&b.path));
    sysctls
}
