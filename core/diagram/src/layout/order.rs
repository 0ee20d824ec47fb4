//! The order of blocks: networks that share containers stand close to each other.

use std::collections::BTreeMap;

/// How often the blocks are gone over one by one.
const MAX_ROUNDS: usize = 4;
/// How far a block is moved at once.
const MAX_STEPS: usize = 40;

/// Reorders `0..count` so that the ends of each of `shared` (two blocks that share a member) come close: each block goes
/// to the mean place of its neighbours, a few times. Blocks that share nothing keep their order.
pub fn by_shared_members(count: usize, shared: &[(usize, usize)]) -> Vec<usize> {
    let mut neighbours = vec![Vec::new(); count];
    for &(a, b) in shared {
        if a != b && a < count && b < count {
            neighbours[a].push(b);
            neighbours[b].push(a);
        }
    }
    // A hub says nothing about who belongs beside whom.
    let hub_degree = (count / 3).max(8);
    let mut distinct: Vec<usize> = Vec::with_capacity(count);
    for list in &neighbours {
        let mut list = list.clone();
        list.sort_unstable();
        list.dedup();
        distinct.push(list.len());
    }
    let shared: Vec<(usize, usize)> = shared
        .iter()
        .copied()
        .filter(|(a, b)| *a < count && *b < count && distinct[*a].max(distinct[*b]) < hub_degree)
        .collect();
    let shared = shared.as_slice();
    let mut order: Vec<usize> = (0..count).collect();
    let mut best = (length(&order, shared), order.clone());
    for _ in 0..24 {
        let mut place = vec![0.0_f32; count];
        for (position, &block) in order.iter().enumerate() {
            place[block] = position as f32;
        }
        let wanted: Vec<f32> = (0..count)
            .map(|block| {
                let near: Vec<f32> = neighbours[block]
                    .iter()
                    .filter(|other| distinct[**other] < hub_degree)
                    .map(|&other| place[other])
                    .collect();
                if near.is_empty() {
                    place[block]
                } else {
                    0.5 * place[block] + 0.5 * near.iter().sum::<f32>() / near.len() as f32
                }
            })
            .collect();
        order.sort_by(|a, b| wanted[*a].total_cmp(&wanted[*b]).then(a.cmp(b)));
        let length = length(&order, shared);
        if length < best.0 {
            best = (length, order.clone());
        }
    }
    closer(best.1, shared)
}

/// Moves single blocks to where their lines are shortest, while that helps.
fn closer(mut order: Vec<usize>, shared: &[(usize, usize)]) -> Vec<usize> {
    let count = order.len();
    let mut weights: BTreeMap<(usize, usize), isize> = BTreeMap::new();
    for &(a, b) in shared.iter().filter(|(a, b)| a != b && *a < count && *b < count) {
        *weights.entry((a, b)).or_default() += 1;
        *weights.entry((b, a)).or_default() += 1;
    }
    let mut near: Vec<Vec<(usize, isize)>> = vec![Vec::new(); count];
    for ((a, b), weight) in weights {
        near[a].push((b, weight));
    }
    let mut place = vec![0; count];
    for _ in 0..MAX_ROUNDS {
        let mut has_moved = false;
        for block in 0..count {
            for (position, &block) in order.iter().enumerate() {
                place[block] = position;
            }
            let from = place[block];
            let mut best = (0, from);
            for is_rightward in [false, true] {
                let mut change = 0;
                let mut at = from;
                // One step further each time: the block changes places with its neighbour there.
                while if is_rightward { at + 1 < count } else { at > 0 } && at.abs_diff(from) < MAX_STEPS {
                    let next = if is_rightward { at + 1 } else { at - 1 };
                    let other = order[next];
                    for &(friend, weight) in &near[block] {
                        if friend != other {
                            let is_ahead = if is_rightward { place[friend] > at } else { place[friend] < at };
                            change += if is_ahead { -weight } else { weight };
                        }
                    }
                    // The neighbour goes one step the other way; those passed before are one step off already.
                    for &(friend, weight) in &near[other] {
                        if friend != block {
                            let is_towards = if is_rightward { place[friend] < next } else { place[friend] > next };
                            change += if is_towards { -weight } else { weight };
                        }
                    }
                    at = next;
                    if change < best.0 {
                        best = (change, at);
                    }
                }
            }
            if best.1 != from {
                order.remove(from);
                order.insert(best.1, block);
                has_moved = true;
            }
        }
        if !has_moved {
            break;
        }
    }
    order
}

fn length(order: &[usize], shared: &[(usize, usize)]) -> usize {
    let mut place = vec![0; order.len()];
    for (position, &block) in order.iter().enumerate() {
        place[block] = position;
    }
    shared.iter().map(|&(a, b)| place[a].abs_diff(place[b])).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_is_unravelled_and_the_rest_is_left_alone() {
        assert_eq!(by_shared_members(3, &[]), [0, 1, 2]);
        let shared = [(0, 3), (3, 1), (1, 4)];
        let order = by_shared_members(5, &shared);
        assert!(length(&order, &shared) < length(&[0, 1, 2, 3, 4], &shared), "{order:?}");
    }
}
