//! The decoders of traces, packets' headers and conntrack, for [`crate::fuzz`].

use std::net::{IpAddr, Ipv4Addr};

use bridgewalk_model::{
    NamespaceInode,
    proof::{ProbeProtocol, ProofOrder, SecondFlow},
};

use super::{connection, header, passages::Passages, trace};
use crate::fuzz::{Target, messages};

pub(crate) const TARGETS: &[Target] = &[
    ("trace", |bytes| {
        let mut passages = Passages::new(&order(), 40_000, 7);
        messages(bytes, |message| {
            if let Some(message) = trace::decode(message.body) {
                passages.take(message);
            }
        });
    }),
    ("header", |bytes| {
        let (network, transport) = bytes.split_at(bytes.len().min(20));
        let _ = header::read(network, transport);
        let _ = header::read(bytes, bytes);
    }),
    ("conntrack", |bytes| {
        messages(bytes, |message| {
            let _ = connection::decode(message.body);
        });
    }),
];

/// What is looked for.
pub(crate) fn order() -> ProofOrder {
    let destination = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2));
    ProofOrder {
        from: NamespaceInode(1),
        protocol: ProbeProtocol::Tcp,
        destination,
        port: 80,
        source_port: Some(40_000),
        wait_ms: 900,
        namespaces: vec![NamespaceInode(1), NamespaceInode(2)],
        second_flows: vec![SecondFlow { protocol: ProbeProtocol::Tcp, destination, port: 80 }],
    }
}

/// Messages as the kernel writes them, by hand: a packet into a base chain, a jump, a rule, the policy.
#[cfg(test)]
pub(crate) fn collect(keep: &mut dyn FnMut(&str, Vec<u8>)) {
    use crate::{
        fuzz::raw,
        netlink::{Message, attributes::Body},
    };

    let ip = [69, 0, 0, 60, 0, 1, 64, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
    let tcp = [156, 64, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 160, 2, 250, 240, 0, 0, 0, 0];
    let verdict = |code: i32| Body::default().with(1, &code.to_be_bytes());
    let begin = |chain: &[u8], code: i32| {
        let head = Body::new(&[2, 0, 0, 10]).with(4, &3_u32.to_be_bytes()).with(6, &77_u32.to_be_bytes());
        let named = head.with(2, chain).with(1, b"filter\0").with(3, &5_u64.to_be_bytes());
        named.with(0x8005, &verdict(code).with(2, b"DOCKER\0").0)
    };
    let packet = begin(b"FORWARD\0", -3).with(10, &2_u32.to_be_bytes()).with(12, &3_u32.to_be_bytes());
    let packet =
        packet.with(8, &ip).with(9, &tcp).with(18, &9_u32.to_be_bytes()).with(19, &[0]).with(21, &8_u32.to_be_bytes());
    let policy = Body::new(&[2, 0, 0, 10]).with(4, &1_u32.to_be_bytes()).with(6, &77_u32.to_be_bytes());
    let policy = policy.with(2, b"FORWARD\0").with(1, b"filter\0").with(16, &1_u32.to_be_bytes());
    let message = |body: &[u8]| raw(Message { kind: (10 << 8) | 17, flags: 0, sequence: 0, body });
    let all = [&packet, &begin(b"DOCKER\0", 1), &policy].map(|body| message(&body.0)).concat();
    keep("trace", all);
    keep("header", [&ip[..], &tcp].concat());
    let mut six = [0; 40];
    (six[0], six[6], six[7]) = (0x60, 58, 64);
    keep("header", [&six[..], &[128, 0, 0, 0, 1, 2, 0, 1]].concat());
    let ends = Body::default().with(1, &[6]).with(2, &[156, 64]).with(3, &[0, 80]);
    let addresses = Body::default().with(1, &[10, 0, 0, 1]).with(2, &[10, 0, 0, 2]);
    let tuple = Body::default().with(0x8001, &addresses.0).with(0x8002, &ends.0);
    let flow = Body::new(&[2, 0, 0, 0]).with(0x8001, &tuple.0).with(0x8002, &tuple.0).with(3, &[0, 0, 1, 8]);
    keep("conntrack", message(&flow.with(12, &[1, 2, 3, 4]).0));
}
