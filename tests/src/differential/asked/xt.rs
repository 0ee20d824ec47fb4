//! What xtables' header and extensions ask.

use bridgewalk_model::firewall::{IpHeader, Negatable, PortRange, XtMatch};

use super::{Asked, Field, KINDS, Question, Reader, STATES, kind, span};

impl Reader<'_> {
    pub(super) fn header(self, header: &IpHeader, asked: &mut Asked) {
        for (field, net) in [(Field::Source, header.source), (Field::Destination, header.destination)] {
            if let Some(net) = net {
                asked.questions.push(Question { field, spans: vec![span(net.value)], not: net.not });
            }
        }
        for (field, device) in [(Field::In, &header.in_interface), (Field::Out, &header.out_interface)] {
            if let Some(device) = device {
                let name = match device.value.strip_suffix('+') {
                    Some(start) => start.as_bytes().to_vec(),
                    None => [device.value.as_bytes(), &[0]].concat(),
                };
                asked.questions.push(Question { field, spans: self.devices(&name), not: device.not });
            }
        }
        if let Some(protocol) = header.protocol {
            asked.questions.push(Question::one(Field::Protocol, protocol.value.into(), protocol.not));
        }
        let is_more = header.source_mask.is_some() || header.destination_mask.is_some() || header.fragment.is_some();
        asked.is_all &= !is_more;
    }

    pub(super) fn extension(self, found: &XtMatch, asked: &mut Asked) {
        let mut ports = |field, ports: &Option<Negatable<PortRange>>| {
            if let Some(ports) = ports {
                let span = (ports.value.first.into(), ports.value.last.into());
                asked.questions.push(Question { field, spans: vec![span], not: ports.not });
            }
        };
        let other = || Question::other(format!("{found:?}"), false);
        match found {
            XtMatch::Tcp { source_ports, destination_ports, flags, option } => {
                ports(Field::SourcePort, source_ports);
                ports(Field::DestinationPort, destination_ports);
                if flags.is_some() || option.is_some() {
                    asked.questions.push(Question::other(format!("{flags:?} {option:?}"), false));
                }
            }
            XtMatch::Udp { source_ports, destination_ports } | XtMatch::Sctp { source_ports, destination_ports } => {
                ports(Field::SourcePort, source_ports);
                ports(Field::DestinationPort, destination_ports);
            }
            XtMatch::Multiport { side, ports } if side == "destination" || side == "source" => {
                let field = if side == "source" { Field::SourcePort } else { Field::DestinationPort };
                let spans = ports.value.iter().map(|range| (range.first.into(), range.last.into())).collect();
                asked.questions.push(Question { field, spans, not: ports.not });
            }
            XtMatch::Conntrack { states: Some(states), .. } => {
                let is_state = |name: &String| STATES.iter().any(|(known, _)| known == name);
                let spans = STATES
                    .iter()
                    .filter(|(name, _)| states.value.iter().any(|asked| asked == name))
                    .map(|(_, bit)| (*bit, *bit))
                    .collect();
                // SNAT and DNAT are no states of their own.
                if states.value.iter().all(is_state) {
                    asked.questions.push(Question { field: Field::State, spans, not: states.not });
                } else {
                    asked.is_all = false;
                }
                asked.is_all &= found.states_alone().is_some();
            }
            XtMatch::Conntrack { .. } | XtMatch::Mark { .. } | XtMatch::Connmark { .. } => asked.is_all = false,
            XtMatch::AddressType { source: None, destination: Some(kinds), limit_in: false, limit_out: false }
                if kinds
                    .value
                    .iter()
                    .all(|asked| kind(asked).is_some_and(|kind| !self.is_ipv6 || kind == KINDS[1].1)) =>
            {
                let spans = kinds.value.iter().filter_map(|asked| kind(asked)).map(|kind| (kind.into(), kind.into()));
                asked.questions.push(Question { field: Field::Kind, spans: spans.collect(), not: kinds.not });
            }
            XtMatch::Comment { .. } => {}
            _ => asked.questions.push(other()),
        }
    }
}
