//! Asks the kernel about a set-up: packets drawn for it, and packets that were looked for because they matter.

use anyhow::Result;
use bridgewalk_model::{firewall::Backend, snapshot::Namespace};

use super::{
    bed::Bed,
    judge::{KernelsWord, counted, judge},
    observe::Observer,
    random::Random,
    seek::Seeker,
    seen::{Case, SeenFlow},
    tally::Tally,
};

/// How often a flow that seems to be predicted wrongly is sent again: a busy machine's trace comes late, or is lost.
const AGAIN: usize = 3;
/// How many packets of a hundred are searched for; the others are drawn.
const LOOKED_FOR: usize = 70;

/// Sends this many packets through the first end's rules, which are `namespace`'s; `text` mentions what is worth sending.
///
/// A flow that was not observed as predicted is sent again with more time; `Tally::asked_again` counts it.
pub fn ask(
    bed: &mut Bed,
    name: &str,
    namespace: Namespace,
    text: &str,
    packets: u64,
    random: &mut Random,
    tally: &mut Tally,
) -> Result<Case> {
    let layout = bed.layout();
    let mut seeker = Seeker::new(&namespace, &layout, text);
    let kernel = KernelsWord::new(&namespace);
    let mut flows: Vec<SeenFlow> = Vec::new();
    let mut probes = Vec::new();
    let (mut sent, mut tries) = (0, 0);
    while sent < packets && tries < packets * 10 {
        tries += 1;
        let sought = if random.chance(LOOKED_FOR) { seeker.seek(random) } else { None };
        let Some(probe) = sought.or_else(|| seeker.any(random)) else { continue };
        let flow = Observer::new(bed).flow(&namespace, &probe)?;
        // What the rules never saw tells nothing.
        if flow.packets.iter().all(|packet| packet.hooks.is_empty()) {
            continue;
        }
        sent += flow.packets.len() as u64;
        seeker.was_hit(&kernel.hits(&flow));
        flows.push(flow);
        probes.push(probe);
    }
    let mut case = Case { name: name.to_owned(), namespace, flows, counted: Vec::new() };
    for _ in 0..AGAIN {
        let doubtful = judge(&case, None, &mut Tally::default());
        if doubtful.is_empty() {
            break;
        }
        for found in doubtful {
            let number = found.at.0;
            if let Some(probe) = probes.get(number) {
                tally.asked_again += 1;
                case.flows[number] = Observer::patient(bed).flow(&case.namespace, probe)?;
            }
        }
    }
    if case.namespace.firewall.iter().any(|ruleset| ruleset.backend == Backend::Legacy) {
        case.counted = counted(&bed.read()?);
    }
    Ok(case)
}
