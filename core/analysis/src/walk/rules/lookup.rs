//! Sets and maps: what they hold for a key, as far as the key and the set are known.

use bridgewalk_model::firewall::{Set, SetElement};

use super::{Truth, registers::Field};

/// `NFT_SET_INTERVAL`.
const INTERVAL: u32 = 4;
/// `NFT_SET_EVAL`: rules put elements in and take them out.
const DYNAMIC: u32 = 0x20;

/// What a set says of a key.
#[derive(Debug)]
pub(super) enum Found<'a> {
    /// This element has it.
    Element(&'a SetElement),
    /// None has it.
    Nothing,
    /// One of these, or none, might have it.
    Perhaps(Vec<&'a SetElement>),
}

/// Asks a set or map.
pub(super) fn find<'a>(set: &'a Set, key: Field<'_>) -> Found<'a> {
    let is_open = set.flags & DYNAMIC != 0 || set.is_cut();
    let is_known = key.known.iter().all(|known| *known == 0xff) && key.value.len() >= set.key_len as usize;
    let is_plain = set.field_lens.len() < 2;
    if is_known && is_plain && !is_open {
        return quick(set, key.value).or_else(|| catch_all(set)).map_or(Found::Nothing, Found::Element);
    }
    let mut perhaps = Vec::new();
    for element in set.elements.iter().filter(|element| !element.is_catch_all) {
        match has(set, element, key) {
            Truth::Yes if is_open => perhaps.push(element),
            Truth::Yes if perhaps.is_empty() => return Found::Element(element),
            Truth::Yes | Truth::Unknown => perhaps.push(element),
            Truth::No => {}
        }
    }
    if !perhaps.is_empty() || is_open {
        perhaps.extend(catch_all(set));
        return Found::Perhaps(perhaps);
    }
    catch_all(set).map_or(Found::Nothing, Found::Element)
}

fn catch_all(set: &Set) -> Option<&SetElement> {
    // Its key is empty, so it is sorted first.
    set.elements.first().filter(|element| element.is_catch_all)
}

/// Elements are sorted by their keys, and do not overlap.
fn quick<'a>(set: &'a Set, key: &[u8]) -> Option<&'a SetElement> {
    let key = key.get(..set.key_len as usize)?;
    let after = set.elements.partition_point(|element| element.key.as_slice() <= key);
    let element = set.elements.get(after.checked_sub(1)?)?;
    let is_in = match &element.key_end {
        Some(end) if set.flags & INTERVAL != 0 => key <= end.as_slice(),
        _ => element.key == key,
    };
    (is_in && !element.is_catch_all).then_some(element)
}

/// Whether an element has a key; a concatenation's fields are asked one by one.
fn has(set: &Set, element: &SetElement, key: Field<'_>) -> Truth {
    let Some(end) = element.key_end.as_ref().filter(|_| set.flags & INTERVAL != 0) else {
        return key.equals(&element.key);
    };
    if set.field_lens.len() < 2 {
        return key.is_within(&element.key, end);
    }
    let (mut at, mut truth) = (0, Truth::Yes);
    for len in &set.field_lens {
        let len = *len as usize;
        let span = |bytes: &[u8]| bytes.get(at..at + len).map(<[u8]>::to_vec).unwrap_or_default();
        truth = truth.and(key.part(at, len).is_within(&span(&element.key), &span(end)));
        at += len.next_multiple_of(4);
    }
    truth
}
