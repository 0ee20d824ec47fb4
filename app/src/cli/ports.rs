//! `ports`: what is exposed and what is published, and what does it.

use bridgewalk_analysis::{Agreement, Published, Reach, ports};
use bridgewalk_model::{
    Answer, Snapshot, Text,
    firewall::{Family, RuleRef},
    kernel::Transport,
    snapshot::Host,
};
use serde::Serialize;

use super::{
    listing::{Listing, Row},
    table::{Cell, cell, list},
};

/// A container's port.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Port {
    /// The host that it is on.
    pub host: Text,
    /// The container.
    pub container: Text,
    /// The port inside.
    pub container_port: u16,
    /// Its protocol.
    pub protocol: Transport,
    /// EXPOSE: documentation only.
    pub exposed: bool,
    /// Where it is published.
    pub published: Vec<Published>,
    /// From where it can be reached.
    pub reach: Reach,
    /// The rules that lead to it.
    pub rules: Vec<Rule>,
    /// The first docker-proxy that leads to it.
    pub proxy_pid: Option<u32>,
    /// All of them: one for IPv4 and one for IPv6.
    pub proxy_pids: Vec<u32>,
    /// Whether Docker's intent and the host's state agree; none: unknown.
    pub agrees: Agreement,
    /// How they do not, or why that is unknown.
    pub because: Option<Because>,
}

/// How intent and state differ, or why that is unknown.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Because {
    /// They differ.
    Disagreement(bridgewalk_analysis::Disagreement),
    /// Unknown.
    Doubt(bridgewalk_analysis::Doubt),
}

/// A rule, as people look for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Rule {
    /// The table's family.
    pub family: Family,
    /// The table.
    pub table: String,
    /// The chain.
    pub chain: String,
    /// The rule's text.
    pub text: String,
}

impl From<RuleRef> for Rule {
    fn from(rule: RuleRef) -> Self {
        Self { family: rule.family, table: rule.table, chain: rule.chain, text: rule.text }
    }
}

fn port(host: &Host, port: bridgewalk_analysis::Port) -> Port {
    let because = match &port.agrees {
        Agreement::Agrees => None,
        Agreement::Disagrees(disagreement) => Some(Because::Disagreement(disagreement.clone())),
        Agreement::Unknown(doubt) => Some(Because::Doubt(*doubt)),
    };
    Port {
        host: super::host_label(host),
        container: port.container_name,
        container_port: port.port.port,
        protocol: port.port.transport,
        exposed: port.exposed,
        published: port.published,
        reach: port.reach,
        rules: port.rules.into_iter().map(Rule::from).collect(),
        proxy_pid: port.proxy_pids.first().copied(),
        proxy_pids: port.proxy_pids,
        agrees: port.agrees,
        because,
    }
}

impl Row for Port {
    const NAME: &'static str = "ports";
    const COLUMNS: &'static [&'static str] = &[
        "column-host",
        "column-container",
        "column-port",
        "column-exposed",
        "column-published",
        "column-reach",
        "column-rules",
        "column-proxy-pid",
        "column-agrees",
    ];
    const ANSWER: Answer = Answer::Ports;

    fn rows(snapshot: &Snapshot) -> Vec<Self> {
        snapshot.hosts.iter().flat_map(|host| ports(host).into_iter().map(move |each| port(host, each))).collect()
    }

    fn cells(&self, listing: &Listing<'_>) -> Vec<Cell> {
        let words = listing.words;
        let agrees = match (&self.agrees, &self.because) {
            (Agreement::Agrees, _) => words.text("yes"),
            (_, Some(Because::Disagreement(disagreement))) => words.disagreement(disagreement),
            (_, Some(Because::Doubt(doubt))) => words.doubt(*doubt),
            (_, None) => words.text("unknown"),
        };
        vec![
            cell(&self.host),
            cell(&self.container),
            cell(&crate::words::container_port(self.container_port, self.protocol)),
            cell(&words.text(if self.exposed { "yes" } else { "no" })),
            list(self.published.iter().map(|published| words.published(published))),
            cell(&words.reach(self.reach)),
            list(self.rules.iter().map(|rule| format!("{} {} {}", rule.family, rule.table, rule.chain))),
            list(&self.proxy_pids),
            cell(&agrees),
        ]
    }
}
