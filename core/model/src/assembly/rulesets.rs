//! Rules as they may be shown. Whoever has a namespace of their own, a container with `CAP_NET_ADMIN` too, gives tables,
//! chains and sets any name; rules refer to these, so that a name is made harmless wherever it stands.

use super::state::reveal_in;
use crate::firewall::{Data, Expression, Rule, Ruleset, Table, Verdict, XtMatch, XtTarget};

/// The rules with every text in them harmless.
pub(super) fn shown_ruleset(ruleset: &Ruleset) -> Ruleset {
    let mut ruleset = ruleset.clone();
    ruleset.tables.iter_mut().for_each(show_table);
    ruleset
}

fn show_table(table: &mut Table) {
    reveal_in(&mut table.name);
    table.objects.iter_mut().for_each(reveal_in);
    for set in &mut table.sets {
        reveal_in(&mut set.name);
        for element in &mut set.elements {
            if let Some(Data::Verdict(verdict)) = &mut element.data {
                show_verdict(verdict);
            }
        }
    }
    for chain in &mut table.chains {
        reveal_in(&mut chain.name);
        chain.rules.iter_mut().for_each(show_rule);
    }
}

fn show_rule(rule: &mut Rule) {
    reveal_in(&mut rule.text);
    if let Some(comment) = &mut rule.comment {
        reveal_in(comment);
    }
    for expression in &mut rule.expressions {
        match expression {
            Expression::Verdict { verdict } => show_verdict(verdict),
            Expression::Lookup { set, .. } => reveal_in(set),
            Expression::Log { text } => reveal_in(text),
            Expression::Xt(extension) => {
                if let XtMatch::IpSet { set, .. } = extension.as_mut() {
                    reveal_in(&mut set.value);
                }
            }
            Expression::XtTarget(extension) => {
                if let XtTarget::Ct { helper: Some(helper), .. } = extension.as_mut() {
                    reveal_in(helper);
                }
            }
            _ => {}
        }
    }
}

fn show_verdict(verdict: &mut Verdict) {
    if let Verdict::Jump(chain) | Verdict::Goto(chain) = verdict {
        reveal_in(chain);
    }
}
