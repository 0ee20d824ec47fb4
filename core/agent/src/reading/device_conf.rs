//! Sysctls of devices. `IFLA_AF_SPEC` carries what `/proc/sys/net/{ipv4,ipv6}/conf/IF/` would tell file by file: on a
//! host with a hundred veths one dump instead of a thousand files.

use bridgewalk_model::kernel::Sysctl;

use crate::netlink::attributes::{Attributes, i32_at};

const AF_INET: u16 = 2;
const AF_INET6: u16 = 10;
const IFLA_INET_CONF: u16 = 1;
const IFLA_INET6_CONF: u16 = 2;

/// `IPV4_DEVCONF_*` (`linux/ip.h`), which count from 1.
const IPV4: [(usize, &str); 5] =
    [(23, "accept_local"), (1, "forwarding"), (3, "proxy_arp"), (26, "route_localnet"), (8, "rp_filter")];
/// `DEVCONF_*` (`linux/ipv6.h`), which count from 0.
const IPV6: [(usize, &str); 2] = [(26, "disable_ipv6"), (0, "forwarding")];

/// A device's settings: the file's name and its value.
#[derive(Clone, Debug, Default)]
pub(crate) struct DeviceConf {
    ipv4: Vec<(&'static str, i32)>,
    ipv6: Vec<(&'static str, i32)>,
}

impl DeviceConf {
    /// From `IFLA_AF_SPEC`.
    pub(crate) fn decode(spec: Attributes<'_>) -> Self {
        let ipv4 = spec.nested(AF_INET).find(IFLA_INET_CONF).unwrap_or_default();
        let ipv6 = spec.nested(AF_INET6).find(IFLA_INET6_CONF).unwrap_or_default();
        Self {
            ipv4: IPV4.iter().filter_map(|(index, name)| Some((*name, i32_at(ipv4, 4 * (index - 1))?))).collect(),
            ipv6: IPV6.iter().filter_map(|(index, name)| Some((*name, i32_at(ipv6, 4 * index)?))).collect(),
        }
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
