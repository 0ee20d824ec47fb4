//! What a firewall rule does, in words: by its conditions and its action, not by the name of its chain.

use bridgewalk_model::{
    Snapshot,
    firewall::{Action, Negatable, PortRange, RuleRef, RuleSummary, summarise},
};

use super::Words;

/// A rule with a map has one summary per element; more than this many are counted, not described.
const SUMMARIES_MAX: usize = 2;

impl Words {
    /// What the rule does, to follow "a rule": `silently drops whatever comes in by docker0`. A rule that the snapshot does
    /// not hold any more is told by its text.
    pub fn rule_does(self, snapshot: &Snapshot, rule: &RuleRef) -> String {
        let summaries = summaries(snapshot, rule);
        match &*summaries {
            [] => self.format("rule-text", &[("text", rule.text.as_str().into())]),
            some if some.len() <= SUMMARIES_MAX => {
                some.iter().map(|summary| self.summary(summary)).collect::<Vec<_>>().join("; ")
            }
            many => self.format("rule-map", &[("count", many.len().into())]),
        }
    }

    fn summary(self, rule: &RuleSummary) -> String {
        let what = self.condition(rule);
        let what = || what.clone().into();
        match &rule.action {
            Action::Continue => self.format("rule-continues", &[("what", what())]),
            Action::Accept => self.format("rule-accepts", &[("what", what())]),
            Action::Drop => self.format("rule-drops", &[("what", what())]),
            Action::Reject => self.format("rule-rejects", &[("what", what())]),
            Action::Return => self.format("rule-returns", &[("what", what())]),
            Action::Jump { .. } => self.format("rule-jumps", &[("what", what())]),
            Action::DestinationNat { address, port } => {
                let to = match (address, port) {
                    (Some(address), Some(port)) if address.is_ipv6() => format!("[{address}]:{}", ports(*port)),
                    (Some(address), Some(port)) => format!("{address}:{}", ports(*port)),
                    (Some(address), None) => address.to_string(),
                    (None, port) => port.map_or_else(String::new, |port| format!(":{}", ports(port))),
                };
                self.format("rule-sends-to", &[("what", what()), ("to", to.into())])
            }
            Action::SourceNat { address: Some(address) } => {
                self.format("rule-sends-as", &[("what", what()), ("address", address.to_string().into())])
            }
            Action::SourceNat { address: None } | Action::Masquerade => {
                self.format("rule-masquerades", &[("what", what())])
            }
            Action::Redirect { port: Some(port) } => {
                self.format("rule-redirects-port", &[("what", what()), ("port", ports(*port).into())])
            }
            Action::Redirect { port: None } => self.format("rule-redirects", &[("what", what())]),
            Action::Unknown { name } => {
                self.format("rule-unknown", &[("what", what()), ("name", name.as_str().into())])
            }
        }
    }

    /// What a rule asks: `whatever is TCP, goes to port 80`.
    fn condition(self, rule: &RuleSummary) -> String {
        let mut asked = Vec::new();
        let mut say = |key: &'static str, not: bool, value: String| {
            let key = if not { format!("rule-if-not-{key}") } else { format!("rule-if-{key}") };
            asked.push(self.format(&key, &[("value", value.into())]));
        };
        if let Some(protocol) = &rule.protocol {
            say("protocol", protocol.not, protocol_name(protocol.value));
        }
        each(&rule.sources, |not, value| say("source", not, value), ToString::to_string);
        each(&rule.destinations, |not, value| say("destination", not, value), ToString::to_string);
        if let Some(is_local) = rule.destination_is_local {
            say("local", !is_local, String::new());
        }
        each(&rule.source_ports, |not, value| say("source-port", not, value), |range| ports(*range));
        each(&rule.destination_ports, |not, value| say("port", not, value), |range| ports(*range));
        if let Some(interface) = &rule.in_interface {
            say("in", interface.not, interface.value.clone());
        }
        if let Some(interface) = &rule.out_interface {
            say("out", interface.not, interface.value.clone());
        }
        each(&rule.states, |not, value| say("state", not, value), Clone::clone);
        for other in rule.others.iter().chain(&rule.undecoded) {
            say("other", false, other.clone());
        }
        if asked.is_empty() {
            return self.text("rule-everything");
        }
        self.format("rule-whatever", &[("conditions", asked.join(", ").into())])
    }
}

/// Says the values that are asked for, and those that must not be, each in one go.
fn each<T>(values: &[Negatable<T>], mut say: impl FnMut(bool, String), shown: impl Fn(&T) -> String) {
    for not in [false, true] {
        let shown: Vec<String> = values.iter().filter(|it| it.not == not).map(|it| shown(&it.value)).collect();
        if !shown.is_empty() {
            say(not, shown.join(", "));
        }
    }
}

fn ports(range: PortRange) -> String {
    if range.first == range.last { range.first.to_string() } else { format!("{}-{}", range.first, range.last) }
}

/// IP's protocol numbers by the names that people use.
fn protocol_name(number: u8) -> String {
    match number {
        1 => "ICMP".to_owned(),
        6 => "TCP".to_owned(),
        17 => "UDP".to_owned(),
        50 => "ESP".to_owned(),
        58 => "ICMPv6".to_owned(),
        132 => "SCTP".to_owned(),
        other => other.to_string(),
    }
}

fn summaries(snapshot: &Snapshot, rule: &RuleRef) -> Vec<RuleSummary> {
    let Some((_, namespace)) = snapshot.namespace(&rule.namespace) else { return Vec::new() };
    let tables = namespace
        .firewall
        .iter()
        .filter(|ruleset| ruleset.backend == rule.backend)
        .flat_map(|ruleset| &ruleset.tables)
        .filter(|table| table.family == rule.family && table.name == rule.table);
    for table in tables {
        if let Some(chain) = table.chain(&rule.chain)
            && let Some(found) = chain.rules.iter().find(|it| it.position == rule.position)
        {
            return summarise(table, chain, found);
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use bridgewalk_model::{firewall::Hook, kernel::Transport};

    use super::*;
    use crate::words::Language;

    fn rule() -> RuleSummary {
        RuleSummary {
            hooks: vec![Hook::Forward],
            sources: vec![Negatable::is_not("10.0.0.0/8".parse().unwrap())],
            destinations: vec![Negatable::is("172.18.0.2/32".parse().unwrap())],
            destination_is_local: Some(false),
            in_interface: Some(Negatable::is_not("br-shop".to_owned())),
            out_interface: Some(Negatable::is("br-shop".to_owned())),
            protocol: Some(Negatable::is(Transport::Tcp.number())),
            destination_ports: vec![Negatable::is(PortRange::one(80))],
            states: vec![Negatable::is("NEW".to_owned())],
            action: Action::Drop,
            ..RuleSummary::default()
        }
    }

    #[test]
    fn a_rule_is_told_by_what_it_does() {
        let said = Words::new(Language::En).summary(&rule());
        assert_eq!(
            said,
            "silently drops whatever is TCP, does not come from 10.0.0.0/8, goes to 172.18.0.2/32, goes to no address of \
             this machine, goes to port 80, does not come in by br-shop, leaves by br-shop, belongs to a connection that \
             is NEW"
        );
        let said = Words::new(Language::En).summary(&RuleSummary { action: Action::Accept, ..RuleSummary::default() });
        assert_eq!(said, "lets through everything");
    }

    #[test]
    fn every_condition_has_its_words() {
        let ways = ["protocol", "source", "destination", "local", "source-port", "port", "in", "out", "state"];
        for language in Language::ALL {
            let words = Words::new(language);
            let missing = |key: &String| !words.has(key);
            let keys = ways.iter().flat_map(|way| [format!("rule-if-{way}"), format!("rule-if-not-{way}")]);
            let missing: Vec<String> = keys.filter(missing).collect();
            assert!(missing.is_empty(), "{}: {missing:?}", language.code());
        }
    }
}
