//! docker-proxy's command line.

use std::net::IpAddr;

use crate::kernel::{Process, Transport};

/// What one docker-proxy does.
pub(super) struct Proxy {
    pub(super) transport: Transport,
    pub(super) host_ip: IpAddr,
    pub(super) host_port: u16,
    pub(super) container_ip: IpAddr,
    pub(super) container_port: u16,
}

/// Reads `-proto tcp -host-ip 0.0.0.0 -host-port 8080 -container-ip 172.17.0.2 -container-port 80`, in Go's notations
/// (one or two dashes, a value apart or after `=`); none for any other process.
pub(super) fn parse(process: &Process) -> Option<Proxy> {
    let (program, arguments) = process.arguments.split_first()?;
    if program.rsplit('/').next() != Some("docker-proxy") {
        return None;
    }
    let value = |name: &str| {
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let Some(flag) = argument.strip_prefix('-') else { continue };
            let flag = flag.strip_prefix('-').unwrap_or(flag);
            match flag.split_once('=') {
                Some((found, value)) if found == name => return Some(value),
                None if flag == name => return rest.next().map(String::as_str),
                _ => {}
            }
        }
        None
    };
    Some(Proxy {
        transport: value("proto")?.parse().ok()?,
        host_ip: value("host-ip")?.parse::<IpAddr>().ok()?.to_canonical(),
        host_port: value("host-port")?.parse().ok()?,
        container_ip: value("container-ip")?.parse::<IpAddr>().ok()?.to_canonical(),
        container_port: value("container-port")?.parse().ok()?,
    })
}
