//! `--link`, and Compose's `links:`: obsolete, and still used.
//!
//! On the default bridge Docker writes the alias into the linking container's `hosts` file and, where containers may not
//! reach each other (`icc=false`), adds rules for the target's exposed ports. On a network of one's own it is another name
//! in the embedded DNS, for the linking container alone.

use super::{Container, Host, Network};
use crate::{
    EntityId, Text,
    firewall::{Action, Negatable, RuleRef, RuleSummary, summarise},
};

/// One container's link to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Link<'a> {
    /// Stable: the linking container's, and the target as it is written.
    pub id: EntityId,
    /// Who may use the aliases.
    pub from: &'a Container,
    /// The target as it is written: a name, or the beginning of an id.
    pub target_name: &'a Text,
    /// The target; none: it is gone.
    pub target: Option<&'a Container>,
    /// Its names for the linking container.
    pub aliases: Vec<&'a Text>,
    /// The network on which both are; none: there is none any more.
    pub network: Option<&'a Network>,
}

impl Network {
    /// Whether it is the one that containers join without being asked: it has no embedded DNS.
    pub fn is_default_bridge(&self) -> bool {
        let option = self.options.iter().find(|(name, _)| name.raw() == "com.docker.network.bridge.default_bridge");
        option.map_or(self.name.raw() == "bridge", |(_, value)| value.raw() == "true")
    }
}

impl Host {
    /// A container's links, one for each target.
    pub fn links<'a>(&'a self, container: &'a Container) -> Vec<Link<'a>> {
        let mut links: Vec<Link<'a>> = Vec::new();
        for (target_name, alias) in &container.links {
            let target = self.containers.iter().find(|one| one.name == *target_name).or_else(|| {
                let is_meant = |one: &&Container| one.container_id.starts_with(target_name.raw());
                self.containers.iter().find(is_meant).filter(|_| target_name.raw().len() >= 12)
            });
            let is_same = |known: &Link<'_>| match (known.target, target) {
                (Some(known), Some(target)) => known.id == target.id,
                (None, None) => known.target_name == target_name,
                _ => false,
            };
            if let Some(known) = links.iter_mut().find(|known| is_same(known)) {
                if !known.aliases.contains(&alias) {
                    known.aliases.push(alias);
                }
                continue;
            }
            let shared = container.attachments.iter().filter(|own| {
                target.is_some_and(|target| target.attachments.iter().any(|end| end.network == own.network))
            });
            links.push(Link {
                id: container.id.child("link", target_name.raw()),
                from: container,
                target_name,
                target,
                aliases: vec![alias],
                network: shared.filter_map(|end| self.network(&end.network)).next(),
            });
        }
        links
    }

    /// All links, by the linking container's name.
    pub fn all_links(&self) -> impl Iterator<Item = Link<'_>> {
        self.containers.iter().filter(|container| !container.links.is_empty()).flat_map(|one| self.links(one))
    }

    /// The link with this id.
    pub fn link(&self, id: &EntityId) -> Option<Link<'_>> {
        let from = self.containers.iter().find(|container| id.is_within(&container.id))?;
        self.links(from).into_iter().find(|link| link.id == *id)
    }

    /// The lines of the linking container's `hosts` file that have one of the aliases: address and names; with the PID of
    /// the process whose root was looked at.
    pub fn hosts_lines(&self, link: &Link<'_>) -> Vec<(u32, String)> {
        let home = link.from.namespace.as_ref().and_then(|id| self.namespace(id));
        let resolvers = home.into_iter().flat_map(|home| &home.resolvers);
        let own = resolvers.filter(|resolver| resolver.container.as_ref() == Some(&link.from.id));
        own.flat_map(|resolver| resolver.hosts.iter().map(move |line| (resolver.pid, line)))
            .filter(|(_, (_, names))| names.iter().any(|name| link.aliases.contains(&name)))
            .map(|(pid, (address, names))| {
                let names: Vec<&str> = names.iter().map(Text::as_str).collect();
                (pid, format!("{address} {}", names.join(" ")))
            })
            .collect()
    }

    /// The rules in Docker's own chain that let the two reach each other, in either direction.
    pub fn link_rules(&self, link: &Link<'_>) -> Vec<RuleRef> {
        let (Some(own), Some(target), Some(network)) = (self.own_namespace(), link.target, link.network) else {
            return Vec::new();
        };
        let on = |container: &Container| {
            let end = container.attachments.iter().find(|end| end.network == network.id);
            end.and_then(|end| end.ipv4).map(|net| net.addr())
        };
        let (Some(from), Some(to)) = (on(link.from), on(target)) else { return Vec::new() };
        let is = |list: &[Negatable<ipnet::IpNet>], address| {
            matches!(list, [only] if !only.not && only.value.addr() == address
                && only.value.prefix_len() == only.value.max_prefix_len())
        };
        let is_between = |summary: &RuleSummary| {
            summary.action == Action::Accept
                && ((is(&summary.sources, from) && is(&summary.destinations, to))
                    || (is(&summary.sources, to) && is(&summary.destinations, from)))
        };
        let mut rules = Vec::new();
        for ruleset in own.firewall.iter() {
            for table in &ruleset.tables {
                for chain in table.chains.iter().filter(|chain| chain.name == "DOCKER") {
                    let found = chain.rules.iter().filter(|rule| summarise(table, chain, rule).iter().any(is_between));
                    rules.extend(found.map(|rule| RuleRef {
                        namespace: own.id.clone(),
                        backend: ruleset.backend,
                        family: table.family,
                        table: table.name.clone(),
                        chain: chain.name.clone(),
                        position: rule.position,
                        text: rule.text.clone(),
                    }));
                }
            }
        }
        rules
    }
}
