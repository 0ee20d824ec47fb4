//! Rules as their own tools print them.

mod field;
mod iptables;
mod limit;
mod nft;
mod xt;

use super::{
    Family, Syntax, Table,
    clause::{Clause, Field},
};

/// Writes the text of every rule of a table, from its expressions.
pub fn write_text(table: &mut Table) {
    let texts: Vec<Vec<String>> = table
        .chains
        .iter()
        .map(|chain| {
            let text = |rule| match table.syntax {
                Syntax::Iptables => iptables::text(table, chain, rule),
                Syntax::Nft => nft::text(table, rule),
            };
            chain.rules.iter().map(text).collect()
        })
        .collect();
    for (chain, texts) in table.chains.iter_mut().zip(texts) {
        for (rule, text) in chain.rules.iter_mut().zip(texts) {
            rule.text = text;
        }
    }
}

/// A match as `iptables-save` prints it, without the space before it.
pub(super) fn xt_match_text(found: &super::XtMatch) -> String {
    xt::match_text(found).trim_start().to_owned()
}

/// A question in nft's words, where the packet's protocol is known or not.
pub(super) fn question(table: &Table, clause: &Clause<'_>, protocol: Option<u8>) -> String {
    nft::question(table, clause, protocol)
}

/// That a field has a value, in nft's words.
pub(super) fn equality(family: Family, field: &Field, bytes: &[u8]) -> String {
    nft::equality(family, field, bytes)
}
