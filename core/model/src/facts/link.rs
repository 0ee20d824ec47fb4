//! The facts of a link (`--link`, Compose's `links:`).

use super::{Facts, command, derived, docker, file, nat::print_chain};
use crate::{
    Sourced, Text,
    snapshot::{Host, Link, Network},
};

pub(super) fn facts(host: &Host, link: &Link<'_>) -> Vec<Sourced> {
    let mut facts = Facts::default();
    let by_hosts_file = link.network.is_none_or(Network::is_default_bridge);
    let field = if by_hosts_file { "HostConfig.Links" } else { "NetworkSettings.Networks" };
    let source = docker("GET /containers/{id}/json", field);
    let format = format!("{{{{json .{field}}}}}");
    let inspect = command(&["docker", "inspect", "--format", &format, &link.from.container_id]);
    facts.add("kind", "--link (obsolete)", &source, Some(&inspect));
    facts.add("link-from", &link.from.name, &source, Some(&inspect));
    facts.add("link-target", link.target.map_or(link.target_name, |target| &target.name), &source, Some(&inspect));
    for alias in &link.aliases {
        facts.add("link-alias", alias, &source, Some(&inspect));
    }
    let both = derived("the networks that both are on");
    facts.add_some("network", link.network.map(|network| &network.name), &both, None);
    lines_and_rules(&mut facts, host, link);
    facts.list
}

/// What Docker has done for a link: lines in the `hosts` file, and rules.
pub(super) fn lines_and_rules(facts: &mut Facts, host: &Host, link: &Link<'_>) {
    for (pid, line) in host.hosts_lines(link) {
        let path = format!("/proc/{pid}/root/etc/hosts");
        let read = command(&["sudo", "cat", &path]);
        facts.add("hosts-line", line, &file(path), Some(&read));
    }
    for rule in host.link_rules(link) {
        let (source, show) = print_chain(host, &rule);
        let place = format!("{} {} {} {}", rule.family, Text::new(&rule.table), Text::new(&rule.chain), rule.position);
        facts.add("link-rule", format!("{place}: {}", Text::new(&rule.text)), &source, show.as_ref());
    }
}
