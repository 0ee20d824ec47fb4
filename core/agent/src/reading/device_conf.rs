//! Sysctls of devices. `IFLA_AF_SPEC` carries what `/proc/sys/net/{ipv4,ipv6}/conf/IF/` would tell file by file: on a
//! host with a hundred veths one dump instead of a thousand files.

use bridgewalk_model::kernel::Sysctl;
use netlink_packet_route::link::{AfSpecInet, AfSpecInet6, AfSpecUnspec};

/// A device's settings: the file's name and its value.
#[derive(Clone, Debug, Default)]
pub(crate) struct DeviceConf {
    ipv4: Vec<(&'static str, i32)>,
    ipv6: Vec<(&'static str, i32)>,
}

impl DeviceConf {
    /// From `IFLA_AF_SPEC`.
    pub(crate) fn decode(spec: &[AfSpecUnspec]) -> Self {
        let mut found = Self::default();
        for family in spec {
            match family {
                AfSpecUnspec::Inet(parts) => {
                    for part in parts {
                        if let AfSpecInet::DevConf(conf) = part {
                            found.ipv4 = vec![
                                ("accept_local", conf.accept_local),
                                ("forwarding", conf.forwarding),
                                ("proxy_arp", conf.proxy_arp),
                                ("route_localnet", conf.route_localnet),
                                ("rp_filter", conf.rp_filter),
                                ("src_valid_mark", conf.src_vmark),
                            ];
                        }
                    }
                }
                AfSpecUnspec::Inet6(parts) => {
                    for part in parts {
                        if let AfSpecInet6::DevConf(conf) = part {
                            found.ipv6 = vec![("disable_ipv6", conf.disable_ipv6), ("forwarding", conf.forwarding)];
                        }
                    }
                }
                _ => {}
            }
        }
        found
    }

    /// As sysctls of the device `name`.
    pub(crate) fn sysctls(&self, name: &str) -> Vec<Sysctl> {
        let named = |family: &'static str, values: &[(&'static str, i32)]| {
            values
                .iter()
                .map(|(key, value)| Sysctl {
                    path: format!("net/{family}/conf/{name}/{key}"),
                    value: value.to_string(),
                })
                .collect::<Vec<_>>()
        };
        let mut sysctls = named("ipv4", &self.ipv4);
        sysctls.extend(named("ipv6", &self.ipv6));
        sysctls
    }
}
