//! IPVS (`/proc/net/ip_vs`), which `/proc/thread-self/net` shows of the reading thread's namespace.

use std::{
    fs, io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::Path,
};

use bridgewalk_model::{
    AddressPort,
    kernel::{Ipvs, RealServer, VirtualServer},
};

const FILE: &str = "/proc/thread-self/net/ip_vs";

/// Whether the kernel has IPVS.
pub(super) fn is_in_kernel() -> bool {
    Path::new(FILE).exists()
}

/// The virtual servers of the calling thread's namespace.
pub(super) fn read() -> io::Result<Ipvs> {
    fs::read_to_string(FILE).map(|text| parse(&text))
}

/// Three lines of headings, then `TCP C0A80001:0050 rr` or `FWM 00000101 rr`, each followed by its
/// `  -> 0A000004:0050 Masq 1 0 0`.
pub(super) fn parse(text: &str) -> Ipvs {
    let mut ipvs = Ipvs::default();
    for line in text.lines().skip(3) {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        if let ["->", address, forwarding, weight, ..] = fields[..] {
            let (Some(service), Some(address)) = (ipvs.services.last_mut(), address_port(address)) else { continue };
            service.servers.push(RealServer {
                address,
                forwarding: forwarding_of(forwarding),
                weight: weight.parse().unwrap_or(0),
            });
        } else if let [kind, at, scheduler, ..] = fields[..] {
            let mark = if kind == "FWM" { u32::from_str_radix(at, 16).ok() } else { None };
            ipvs.services.push(VirtualServer {
                mark,
                transport: kind.to_ascii_lowercase().parse().ok(),
                address: if kind == "FWM" { None } else { address_port(at) },
                scheduler: scheduler.to_owned(),
                servers: Vec::new(),
            });
        }
    }
    ipvs
}

/// `0A000004:0050`, or `[2001:0db8:…]:0050`: the port is hexadecimal in both.
fn address_port(text: &str) -> Option<AddressPort> {
    let (address, port) = text.rsplit_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let address = if address.starts_with('[') {
        format!("{address}:0").parse::<SocketAddr>().ok()?.ip()
    } else {
        IpAddr::V4(Ipv4Addr::from(u32::from_str_radix(address, 16).ok()?))
    };
    Some(AddressPort { address, port })
}

fn forwarding_of(word: &str) -> String {
    match word {
        "Masq" => "masquerade".to_owned(),
        "Route" => "direct_route".to_owned(),
        "Tunnel" => "tunnel".to_owned(),
        "Local" => "local".to_owned(),
        other => other.to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_marks_addresses_and_servers() {
        let ipvs = parse(
            "IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n\
             \x20 -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n\
             FWM  00000101 rr \n  -> 0A000004:0000      Masq    1      0          0         \n\
             TCP  C0000201:0050 wrr \n  -> 0A000005:1F90      Tunnel  3      0          0\n",
        );
        assert_eq!(ipvs.services.len(), 2);
        assert_eq!(ipvs.services[0].mark, Some(257));
        assert_eq!(ipvs.services[0].servers[0].address.address.to_string(), "10.0.0.4");
        assert_eq!(ipvs.services[0].servers[0].forwarding, "masquerade");
        assert_eq!(ipvs.services[1].address.map(|address| address.port), Some(80));
        assert_eq!((ipvs.services[1].servers[0].address.port, ipvs.services[1].servers[0].weight), (8080, 3));
    }
}
