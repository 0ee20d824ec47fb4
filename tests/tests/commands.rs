//! What the command line says of a host, line by line against what iproute2, iptables and the docker client say.
//!
//! One host for each engine, with one of every wiring ([`scenario::everything`]).

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use bridgewalk_tests::{
    host::{DockerHost, PROGRAMS},
    oracle::Oracle,
    rootfs::{Engine, engines},
    scenario,
};
use serde_json::Value;

/// A network namespace of the host, found without the code under test.
struct Place<'a> {
    oracle: Oracle<'a>,
    inode: u64,
    containers: BTreeSet<String>,
    links: Vec<Value>,
    addresses: Vec<Value>,
}

impl<'a> Place<'a> {
    fn new(oracle: Oracle<'a>) -> Result<Self> {
        let list = |value: Value| value.as_array().cloned().unwrap_or_default();
        Ok(Self {
            inode: oracle.inode()?,
            containers: BTreeSet::new(),
            links: list(oracle.links()?),
            addresses: list(oracle.addresses()?),
            oracle,
        })
    }

    fn link(&self, if_index: u64) -> Option<&Value> {
        self.links.iter().find(|link| link["ifindex"] == if_index)
    }

    fn addresses_of(&self, if_index: u64) -> BTreeSet<String> {
        self.addresses
            .iter()
            .filter(|link| link["ifindex"] == if_index)
            .flat_map(|link| link["addr_info"].as_array().into_iter().flatten())
            .map(|address| format!("{}/{}", text(&address["local"]), address["prefixlen"]))
            .collect()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A list of words, or of things with a name.
fn set(value: &Value) -> BTreeSet<String> {
    let word = |item: &Value| item.as_str().map_or_else(|| text(&item["name"]), str::to_owned);
    value.as_array().into_iter().flatten().map(word).collect()
}

/// The addresses of a row of `namespaces`.
fn addresses(row: &Value) -> BTreeSet<String> {
    row["addresses"].as_array().into_iter().flatten().map(|one| text(&one["address"])).collect()
}

/// All namespaces of the host: its own, each container's once, and those that files of Docker keep.
fn places(host: &DockerHost) -> Result<Vec<Place<'_>>> {
    let mut places = vec![Place::new(host.oracle())?];
    for container in host.containers()? {
        if container["State"]["Pid"].as_u64().unwrap_or(0) == 0 {
            continue;
        }
        let name = text(&container["Name"]).trim_start_matches('/').to_owned();
        let oracle = host.oracle_in(&name)?;
        let inode = oracle.inode()?;
        match places.iter_mut().find(|place| place.inode == inode) {
            Some(place) => {
                place.containers.insert(name);
            }
            None => {
                let mut place = Place::new(oracle)?;
                place.containers.insert(name);
                places.push(place);
            }
        }
    }
    for file in host.shell("ls /run/docker/netns")?.split_whitespace() {
        let oracle = host.oracle_at(&format!("/run/docker/netns/{file}"));
        // Files that keep no namespace any more are left behind by some engines.
        let Ok(inode) = oracle.inode() else { continue };
        if !places.iter().any(|place| place.inode == inode) {
            places.push(Place::new(oracle)?);
        }
    }
    Ok(places)
}

/// One pair: host's interface, index, bridge, container's interface, index, MAC, addresses, containers.
type Row = (String, u64, String, String, u64, String, BTreeSet<String>, BTreeSet<String>);

#[test]
fn every_command_agrees_with_the_usual_tools() -> Result<()> {
    for engine in engines() {
        let host = DockerHost::start(engine, "earth")?;
        scenario::everything(&host)?;
        let places = places(&host)?;
        veths(&host, &places).with_context(|| format!("veths on {engine}"))?;
        ports(&host).with_context(|| format!("ports on {engine}"))?;
        networks(&host).with_context(|| format!("networks on {engine}"))?;
        namespaces(&host, &places).with_context(|| format!("namespaces on {engine}"))?;
        no_false_alarm(&host, engine).with_context(|| format!("findings on {engine}"))?;
        several(&host).with_context(|| format!("several hosts on {engine}"))?;
    }
    Ok(())
}

fn veths(host: &DockerHost, places: &[Place<'_>]) -> Result<()> {
    let networks = host.networks()?;
    let containers = host.containers()?;
    let network_of = |mac: &str| -> String {
        let by_network = networks.iter().find(|network| {
            network["Containers"].as_object().into_iter().flatten().any(|(_, end)| end["MacAddress"] == mac)
        });
        let by_container = containers.iter().find_map(|container| {
            container["NetworkSettings"]["Networks"]
                .as_object()?
                .iter()
                .find(|(_, end)| end["MacAddress"] == mac)
                .map(|(name, _)| name.clone())
        });
        by_network.map(|network| text(&network["Name"])).or(by_container).unwrap_or_default()
    };

    let mut expected: BTreeMap<String, Row> = BTreeMap::new();
    for place in places.iter().filter(|place| !place.containers.is_empty() || place.links.len() > 1) {
        for link in place.links.iter().filter(|link| link["linkinfo"]["info_kind"] == "veth") {
            let inner = link["ifindex"].as_u64().unwrap_or(0);
            let outer = place.oracle.veth_peer(&text(&link["ifname"]))?;
            // The bridge's side: a port of a bridge whose other end is this one.
            let near = places.iter().filter(|other| other.inode != place.inode).find_map(|other| {
                let end = other.link(u64::from(outer))?;
                (end["link_index"] == inner && end["master"].is_string() && link["master"].is_null()).then_some(end)
            });
            let Some(near) = near else { continue };
            let mac = text(&link["address"]);
            expected.insert(
                format!("{} {inner}", text(&near["ifname"])),
                (
                    text(&near["ifname"]),
                    near["ifindex"].as_u64().unwrap_or(0),
                    text(&near["master"]),
                    text(&link["ifname"]),
                    inner,
                    mac,
                    place.addresses_of(inner),
                    place.containers.clone(),
                ),
            );
        }
    }
    ensure!(expected.len() > 15, "the oracle found only {} pairs", expected.len());

    let list = host.bridgewalk_list(None, &["veths"], "veths")?;
    let mut said = BTreeMap::new();
    for row in &list {
        let network = text(&row["network"]);
        let mac = text(&row["mac_address"]);
        if !set(&row["containers"]).is_empty() {
            assert_eq!(network, network_of(&mac), "the network of {row}");
        }
        said.insert(
            format!("{} {}", text(&row["host_interface"]), row["container_if_index"]),
            (
                text(&row["host_interface"]),
                row["host_if_index"].as_u64().unwrap_or(0),
                text(&row["bridge"]),
                text(&row["container_interface"]),
                row["container_if_index"].as_u64().unwrap_or(0),
                mac,
                set(&row["addresses"]),
                set(&row["containers"]),
            ),
        );
    }
    assert_eq!(said, expected);
    assert_eq!(list.len(), expected.len());
    wires(host, &expected.into_values().collect::<Vec<_>>())
}

/// Two containers on one bridge, and one of them and the outside, as the kernel's own tables wire them.
fn wires(host: &DockerHost, pairs: &[Row]) -> Result<()> {
    let count = |row: &&Row| pairs.iter().filter(|other| other.7 == row.7).count();
    let single: Vec<&Row> = pairs.iter().filter(|row| row.7.len() == 1 && count(row) == 1).collect();
    let neighbours = |row: &&&Row| single.iter().filter(|other| other.2 == row.2).count() > 1;
    let one = single.iter().find(neighbours).context("no two containers on one bridge")?;
    let other = single.iter().find(|row| row.2 == one.2 && row.7 != one.7).context("no other container there")?;
    let name = |row: &Row| row.7.first().cloned().unwrap_or_default();
    let devices = |from: &str, to: &str| -> Result<Vec<String>> {
        let way = host.bridgewalk_list(None, &["wires", from, to], "wires")?;
        let is_device = |piece: &&Value| matches!(piece["kind"].as_str(), Some("interface" | "bridge"));
        Ok(way.iter().filter(is_device).map(|piece| text(&piece["name"])).collect())
    };
    let expected = [&one.3, &one.0, &one.2, &other.0, &other.3];
    assert_eq!(devices(&name(one), &name(other))?.iter().collect::<Vec<_>>(), expected);
    let out = devices(&name(one), "outside")?;
    assert_eq!(out.iter().take(3).collect::<Vec<_>>(), [&one.3, &one.0, &one.2]);
    let uplink = host.shell("ip -o route show default | sed 's/.* dev \\([^ ]*\\).*/\\1/' | head -n 1")?;
    assert_eq!(out.last().map(String::as_str), Some(uplink.trim()));
    Ok(())
}

fn ports(host: &DockerHost) -> Result<()> {
    let rules: Vec<(&str, String)> =
        vec![("ip", host.oracle().tool(&["iptables-save"])?), ("ip6", host.oracle().tool(&["ip6tables-save"])?)];
    let proxies = host.ok(&["ps", "-e", "-ww", "-o", "pid=,args="])?;

    let mut expected = BTreeMap::new();
    for container in host.containers()? {
        let name = text(&container["Name"]).trim_start_matches('/').to_owned();
        let exposed: BTreeSet<String> = container["Config"]["ExposedPorts"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(port, _)| port.clone())
            .collect();
        let published = container["NetworkSettings"]["Ports"].as_object().cloned().unwrap_or_default();
        let addresses: Vec<String> = container["NetworkSettings"]["Networks"]
            .as_object()
            .into_iter()
            .flatten()
            .flat_map(|(_, end)| [text(&end["IPAddress"]), text(&end["GlobalIPv6Address"])])
            .filter(|address| !address.is_empty())
            .collect();
        let keys: BTreeSet<String> = exposed.iter().cloned().chain(published.keys().cloned()).collect();
        for key in keys {
            let (port, protocol) = key.split_once('/').context("a port without a protocol")?;
            let bindings: BTreeSet<(String, u64)> = published
                .get(&key)
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .map(|binding| (text(&binding["HostIp"]), text(&binding["HostPort"]).parse().unwrap_or(0)))
                .collect();
            let targets: Vec<String> = addresses
                .iter()
                .map(|a| if a.contains(':') { format!("[{a}]:{port}") } else { format!("{a}:{port}") })
                .collect();
            let mut lines = BTreeSet::new();
            for (family, text) in &rules {
                let mut table = "";
                for line in text.lines() {
                    if let Some(name) = line.strip_prefix('*') {
                        table = name;
                    }
                    let aims = targets.iter().any(|target| line.ends_with(&format!("--to-destination {target}")));
                    if table == "nat" && aims && line.contains(&format!("-p {protocol} ")) {
                        lines.insert(((*family).to_owned(), line.to_owned()));
                    }
                }
            }
            let pids: BTreeSet<u64> = proxies
                .lines()
                .filter(|line| line.contains("docker-proxy") && line.contains(&format!("-proto {protocol} ")))
                .filter(|line| {
                    addresses.iter().any(|a| line.contains(&format!("-container-ip {a} -container-port {port}")))
                })
                .filter_map(|line| line.split_whitespace().next()?.parse().ok())
                .collect();
            expected.insert((name.clone(), key.clone()), (exposed.contains(&key), bindings, lines, pids));
        }
    }
    ensure!(expected.len() >= 9, "the oracle found only {} ports", expected.len());

    let mut said = BTreeMap::new();
    for row in host.bridgewalk_list(None, &["ports"], "ports")? {
        let key = format!("{}/{}", row["container_port"], text(&row["protocol"]));
        let bindings = row["published"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|binding| (text(&binding["host_ip"]), binding["host_port"].as_u64().unwrap_or(0)))
            .collect::<BTreeSet<_>>();
        let lines = row["rules"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|rule| rule["table"] == "nat" && text(&rule["text"]).contains("DNAT"))
            .map(|rule| (text(&rule["family"]), text(&rule["text"])))
            .collect::<BTreeSet<_>>();
        let want =
            expected.get(&(text(&row["container"]), key.clone())).with_context(|| format!("unexpected {row}"))?;
        match row["proxy_pid"].as_u64() {
            Some(pid) => ensure!(want.3.contains(&pid), "{row}: the proxies are {:?}", want.3),
            None => ensure!(want.3.is_empty(), "{row}: the proxies are {:?}", want.3),
        }
        assert_eq!(row["agrees"], true, "{row}");
        said.insert(
            (text(&row["container"]), key),
            (row["exposed"].as_bool().context("exposed")?, bindings, lines, want.3.clone()),
        );
    }
    assert_eq!(said, expected);
    Ok(())
}

fn networks(host: &DockerHost) -> Result<()> {
    let links = host.oracle().links()?;
    let bridges: BTreeSet<String> = links
        .as_array()
        .into_iter()
        .flatten()
        .filter(|link| link["linkinfo"]["info_kind"] == "bridge")
        .map(|link| text(&link["ifname"]))
        .collect();
    let mut expected = BTreeMap::new();
    for network in host.networks()? {
        let name = text(&network["Name"]);
        let driver = text(&network["Driver"]);
        let pools = network["IPAM"]["Config"].as_array().cloned().unwrap_or_default();
        let bridge = text(&network["Options"]["com.docker.network.bridge.name"]);
        let bridge = match (driver.as_str(), bridge.is_empty()) {
            ("bridge", true) => format!("br-{}", &text(&network["Id"])[..12]),
            ("bridge", false) => bridge,
            // An overlay's bridge is in a namespace of its own, always by this name.
            ("overlay", _) => "br0".to_owned(),
            _ => String::new(),
        };
        ensure!(driver != "bridge" || bridges.contains(&bridge), "{bridge} of {name} in {bridges:?}");
        let mut gateways: BTreeSet<String> =
            pools.iter().map(|pool| text(&pool["Gateway"])).filter(|a| !a.is_empty()).collect();
        if gateways.is_empty() && driver == "bridge" {
            // Before 28 the engine does not always say which it took: the bridge has it.
            let shown = host.shell(&format!("ip -o -4 address show dev {bridge} scope global"))?;
            gateways.extend(shown.split_whitespace().nth(3).and_then(|net| net.split('/').next()).map(str::to_owned));
        }
        let members: BTreeSet<String> =
            network["Containers"].as_object().into_iter().flatten().map(|(_, end)| text(&end["Name"])).collect();
        expected.insert(
            name,
            (
                driver,
                text(&network["Scope"]),
                pools.iter().map(|pool| text(&pool["Subnet"])).collect::<BTreeSet<_>>(),
                gateways,
                bridge,
                network["Internal"].as_bool().unwrap_or(false),
                network["EnableIPv6"].as_bool().unwrap_or(false),
                network["Attachable"].as_bool().unwrap_or(false),
                members,
            ),
        );
    }
    let said: BTreeMap<_, _> = host
        .bridgewalk_list(None, &["networks"], "networks")?
        .iter()
        .map(|row| {
            (
                text(&row["name"]),
                (
                    text(&row["driver"]),
                    text(&row["scope"]),
                    set(&row["subnets"]),
                    set(&row["gateways"]),
                    text(&row["bridge"]),
                    row["internal"] == true,
                    row["ipv6"] == true,
                    row["attachable"] == true,
                    set(&row["containers"]),
                ),
            )
        })
        .collect();
    assert_eq!(said, expected);
    Ok(())
}

/// What is in a namespace: containers, interfaces, addresses.
type Inside = (BTreeSet<String>, BTreeSet<String>, BTreeSet<String>);

fn namespaces(host: &DockerHost, places: &[Place<'_>]) -> Result<()> {
    let expected: BTreeMap<u64, Inside> = places
        .iter()
        .map(|place| {
            let interfaces = place.links.iter().map(|link| text(&link["ifname"])).collect();
            let addresses =
                place.links.iter().flat_map(|link| place.addresses_of(link["ifindex"].as_u64().unwrap_or(0))).collect();
            (place.inode, (place.containers.clone(), interfaces, addresses))
        })
        .collect();
    let list = host.bridgewalk_list(None, &["namespaces"], "namespaces")?;
    let said: BTreeMap<u64, _> = list
        .iter()
        .map(|row| {
            (row["inode"].as_u64().unwrap_or(0), (set(&row["containers"]), set(&row["interfaces"]), addresses(row)))
        })
        .collect();
    assert_eq!(said, expected);
    assert_eq!(list.len(), places.len(), "each namespace once");
    Ok(())
}

/// Docker and the kernel agree on a host where nobody meddled: no finding may claim otherwise. The bed's kernel has
/// no IPVS, and that is said.
fn no_false_alarm(host: &DockerHost, engine: Engine) -> Result<()> {
    let findings = host.bridgewalk_list(None, &["findings"], "findings")?;
    let alarms: Vec<&Value> = findings
        .iter()
        .filter(|finding| finding["severity"] != "info" && finding["severity"] != "note")
        .filter(|finding| !finding.to_string().contains("ipvs"))
        .collect();
    ensure!(alarms.is_empty(), "{engine}: {alarms:#?}");

    // And what is really amiss is found.
    host.shell("iptables -t nat -S DOCKER | grep -e '--dport 8080 ' | sed 's/^-A/-D/' | xargs iptables -t nat")?;
    let list = host.bridgewalk_list(None, &["ports"], "ports")?;
    let web = list.iter().find(|row| row["container"] == "web" && row["container_port"] == 80).context("web's port")?;
    ensure!(web["agrees"] == false, "a rule was taken away: {web}");
    let findings = host.bridgewalk_list(None, &["findings"], "findings")?;
    ensure!(findings.iter().any(|finding| finding.to_string().contains("8080")), "{findings:#?}");
    Ok(())
}

/// One engine by two addresses, recorded together: two hosts, live and in the recording. Nothing tells them apart, so they are
/// numbered.
fn several(host: &DockerHost) -> Result<()> {
    let record = "bridgewalk record -o /tmp/two.bwrec --seconds 1 --host '' --host unix:///run/docker.sock";
    host.shell(&format!("{PROGRAMS}/{record} 2>&1"))?;
    let names = |options: &[&str]| -> Result<BTreeSet<(String, String)>> {
        let rows = host.bridgewalk_list(None, &[&["networks"], options].concat(), "networks")?;
        Ok(rows.iter().map(|row| (text(&row["host"]), text(&row["name"]))).collect())
    };
    let live = names(&["--host", "", "--host", "unix:///run/docker.sock"])?;
    let hosts: BTreeSet<&str> = live.iter().map(|(host, _)| host.as_str()).collect();
    assert_eq!(hosts, BTreeSet::from(["earth", "earth#2"]));
    assert_eq!(names(&["--from", "/tmp/two.bwrec"])?, live);
    let beside = names(&["--host", "", "--from", "/tmp/two.bwrec"])?;
    let hosts: BTreeSet<&str> = beside.iter().map(|(host, _)| host.as_str()).collect();
    assert_eq!(hosts, BTreeSet::from(["earth", "earth#2", "earth#3"]));
    Ok(())
}
