//! Texts and summaries of rules that no kernel would hold: a recording may come from anywhere.

use bridgewalk_model::firewall::{
    Chain, Comparison, Data, Expression, Family, Register, Rule, Set, SetElement, Syntax, Table, Verdict, summarise,
    write_text,
};
use proptest::{collection::vec, prelude::*};

fn register() -> impl Strategy<Value = Register> + Clone {
    prop_oneof![Just(16_u32), Just(20), Just(32), Just(48), any::<u32>()].prop_map(Register)
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..20)
}

fn word(words: &'static [&'static str]) -> impl Strategy<Value = String> {
    proptest::sample::select(words).prop_map(str::to_owned)
}

fn len() -> impl Strategy<Value = u32> {
    prop_oneof![Just(1_u32), Just(2), Just(4), Just(8), Just(16), any::<u32>()]
}

fn verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![Just(Verdict::Accept), Just(Verdict::Jump("c".to_owned())), Just(Verdict::Goto("none".to_owned()))]
}

fn load() -> impl Strategy<Value = Expression> {
    let base = word(&["network", "transport", "link_layer", "?"]);
    let key = word(&["iifname", "l4proto", "nfproto", "mark", "?"]);
    prop_oneof![
        (base, prop_oneof![0_u32..30, any::<u32>()], len(), register())
            .prop_map(|(base, offset, len, to)| Expression::Payload { base, offset, len, to }),
        (key, register()).prop_map(|(key, to)| Expression::Meta { key, to }),
        register().prop_map(|to| Expression::Ct { key: "state".to_owned(), direction: None, to }),
        (register(), bytes()).prop_map(|(to, value)| Expression::Immediate { to, value }),
        (register(), register(), len(), word(&["mask_xor", "left_shift"]), bytes(), bytes())
            .prop_map(|(from, to, len, op, mask, xor)| Expression::Bitwise { from, to, len, op, mask, xor }),
    ]
}

fn question() -> impl Strategy<Value = Expression> {
    use Comparison::{Equal, GreaterOrEqual, LessOrEqual, NotEqual};
    let op = proptest::sample::select(&[Equal, NotEqual, GreaterOrEqual, LessOrEqual][..]);
    prop_oneof![
        (register(), op, bytes()).prop_map(|(from, op, value)| Expression::Compare { from, op, value }),
        (register(), bytes(), bytes(), any::<bool>()).prop_map(|(from, first, last, is_inverted)| Expression::Range {
            from,
            is_inverted,
            first,
            last
        }),
        (register(), proptest::option::of(register()), any::<bool>(), any::<bool>()).prop_map(
            |(from, to, is_verdict_map, is_inverted)| Expression::Lookup {
                from,
                set: "__set0".to_owned(),
                to,
                is_verdict_map,
                is_inverted
            }
        ),
    ]
}

fn deed() -> impl Strategy<Value = Expression> {
    prop_oneof![
        (any::<bool>(), register(), register(), any::<u32>()).prop_map(|(is_destination, address, port, flags)| {
            Expression::Nat {
                is_destination,
                family: "ip6".to_owned(),
                address_from: Some(address),
                address_to: Some(port),
                port_from: Some(port),
                port_to: None,
                flags,
            }
        }),
        verdict().prop_map(|verdict| Expression::Verdict { verdict }),
        (word(&["limit", "xt_match limit", "xt_target X"]), bytes(), any::<bool>())
            .prop_map(|(name, bytes, is_match)| Expression::Unknown { name, revision: 0, bytes, is_match }),
    ]
}

fn element() -> impl Strategy<Value = SetElement> {
    let data = prop_oneof![bytes().prop_map(Data::Value), verdict().prop_map(Data::Verdict)];
    (bytes(), proptest::option::of(bytes()), proptest::option::of(data), any::<bool>())
        .prop_map(|(key, key_end, data, is_catch_all)| SetElement { key, key_end, data, is_catch_all })
}

proptest! {
    #[test]
    fn any_rule_has_a_text_and_a_summary(
        expressions in vec(prop_oneof![load(), question(), deed()], 0..12),
        elements in vec(element(), 0..4),
        key_len in any::<u32>(),
        field_lens in vec(any::<u32>(), 0..3),
        family in proptest::sample::select(&[Family::Ip, Family::Ip6, Family::Inet][..]),
        syntax in proptest::sample::select(&[Syntax::Nft, Syntax::Iptables][..]),
    ) {
        let rule = Rule { handle: None, position: 1, text: String::new(), comment: None, counter: None, expressions };
        let set = Set {
            name: "__set0".to_owned(), flags: 0, key_type: 0, key_len, data_type: None, field_lens, elements,
        };
        let mut table = Table {
            family,
            name: "t".to_owned(),
            handle: None,
            is_dormant: false,
            syntax,
            chains: vec![Chain { name: "c".to_owned(), handle: None, base: None, rules: vec![rule] }],
            sets: vec![set],
            objects: Vec::new(),
        };
        write_text(&mut table);
        let chain = &table.chains[0];
        prop_assert!(syntax == Syntax::Nft || chain.rules[0].text.starts_with("-A c"));
        prop_assert!(summarise(&table, chain, &chain.rules[0]).len() <= 64_usize.pow(3));
    }
}
