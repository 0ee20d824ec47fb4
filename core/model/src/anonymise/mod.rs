//! A snapshot that may be shown to anybody: names, addresses and MAC addresses replaced, the same one everywhere by the
//! same other one, so that what is wired to what stays as it was.
//!
//! What is only text, such as rules, processes and sysctls, is left out. Addresses come from the ranges set aside for
//! documentation; addresses of one subnet stay in one subnet.

mod addresses;
mod names;
mod observations;

pub use observations::Anonymiser;

use crate::Snapshot;

/// Replaces everything in `snapshot` that tells where it was made. The same snapshot gives the same result.
///
/// # Errors
/// If the snapshot cannot be written as JSON and read back, which would be a mistake in this program.
pub fn anonymise(snapshot: &Snapshot) -> Result<Snapshot, serde_json::Error> {
    let renamed = names::renamed(snapshot);
    let mut document = serde_json::to_value(&renamed)?;
    addresses::replace(&mut document);
    names::replace_ids(&mut document);
    serde_json::from_value(document)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    fn strings(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::String(text) => {
                found.insert(text.clone());
            }
            Value::Array(list) => list.iter().for_each(|value| strings(value, found)),
            Value::Object(map) => map.values().for_each(|value| strings(value, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn telling(text: &str) -> bool {
        let is_net = text.parse::<ipnet::IpNet>().is_ok_and(|net| net.prefix_len() > 0);
        let is_address = text.parse::<std::net::IpAddr>().is_ok();
        let own = ["127.", "::1", "::", "fe80::", "0.0.0.0", "255.255.255.255", "ff0", "224.", "169.254."];
        (is_net || is_address) && !own.iter().any(|own| text.starts_with(own))
    }

    /// What the owner has named.
    fn names(snapshot: &Snapshot) -> BTreeSet<String> {
        let host = &snapshot.hosts[0];
        let containers = host.containers.iter().flat_map(|container| {
            [container.name.to_string(), container.image.to_string(), container.container_id.clone()]
        });
        let common = ["bridge", "host", "none", "ingress", "docker_gwbridge"];
        let networks = host.networks.iter().map(|network| network.name.to_string());
        let networks = networks.filter(|name| !common.contains(&name.as_str()));
        containers.chain(networks).chain([host.name.to_string()]).collect()
    }

    #[test]
    fn nothing_of_the_original_is_left() {
        let bytes = include_bytes!("../../../../assets/recordings/demo.bwrec");
        let snapshot = crate::recording::Recording::read(&bytes[..]).unwrap().last_snapshot();
        let anonymous = anonymise(&snapshot).unwrap();
        assert_eq!(anonymise(&snapshot).unwrap(), anonymous, "the same again");
        let (mut before, mut after) = (BTreeSet::new(), BTreeSet::new());
        strings(&serde_json::to_value(&snapshot).unwrap(), &mut before);
        strings(&serde_json::to_value(&anonymous).unwrap(), &mut after);
        let mut secret: BTreeSet<String> = before.into_iter().filter(|text| telling(text)).collect();
        assert!(names(&snapshot).is_disjoint(&names(&anonymous)), "{:?}", names(&anonymous));
        // A short name, `local` or `proxy`, is a word of ours too where it stands for no container.
        secret.extend(names(&snapshot).into_iter().filter(|name| name.len() > 8));
        for text in &after {
            for secret in &secret {
                let is_left = if telling(secret) { text == secret } else { text.contains(secret.as_str()) };
                assert!(!is_left, "`{secret}` is still in `{text}`");
            }
        }
        let shape = |snapshot: &Snapshot| {
            let host = &snapshot.hosts[0];
            (host.containers.len(), host.networks.len(), host.namespaces.len(), host.veths.len(), host.nat.len())
        };
        assert_eq!(shape(&snapshot), shape(&anonymous));
        for network in &anonymous.hosts[0].networks {
            for pool in &network.pools {
                assert!(pool.gateway.is_none_or(|gateway| pool.subnet.contains(&gateway)), "{pool:?}");
                let inside = |address: Option<ipnet::IpNet>| {
                    address.is_none_or(|address| {
                        address.addr().is_ipv4() != pool.subnet.addr().is_ipv4()
                            || pool.subnet.contains(&address.addr())
                    })
                };
                assert!(network.members.iter().all(|member| inside(member.ipv4)), "{network:?}");
            }
        }
    }
}
