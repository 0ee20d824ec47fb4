//! Sets and maps with their elements.

use std::{collections::HashMap, io};

use bridgewalk_model::firewall::{Set, SetElement};

use super::{
    expression,
    nftables::{HEADER_LEN, Place, be32, parts},
};
use crate::netlink::{
    Message, Netlink,
    attributes::{Attributes, Body, text},
};

const GET_SET: u16 = (10 << 8) | 10;
const GET_ELEMENT: u16 = (10 << 8) | 13;
const FLAG_INTERVAL: u32 = 4;
const ELEMENT_INTERVAL_END: u32 = 1;
const ELEMENT_CATCH_ALL: u32 = 2;

/// One element as the kernel lists it: key, last key, flags, data.
pub(super) type Raw = (Vec<u8>, Option<Vec<u8>>, u32, Option<bridgewalk_model::firewall::Data>);

/// All sets, by table.
pub(super) fn read(netlink: &mut Netlink) -> io::Result<HashMap<Place, Vec<Set>>> {
    let found = netlink.dump(GET_SET, &Body::new(&[0; HEADER_LEN]), set)?;
    let mut sets: HashMap<Place, Vec<Set>> = HashMap::new();
    for (place, mut set) in found {
        let body = Body::new(&[place.0, 0, 0, 0]).with(1, &terminated(&place.1)).with(2, &terminated(&set.name));
        let raw = netlink.dump(GET_ELEMENT, &body, |message| Some(elements(message)))?;
        // Joined before it is cut, or an interval might lose its end.
        set.elements = ordered(raw.into_iter().flatten().collect(), set.flags);
        set.elements.truncate(Set::MAX_ELEMENTS);
        sets.entry(place).or_default().push(set);
    }
    Ok(sets)
}

/// A set or map, its elements apart.
pub(super) fn set(message: Message<'_>) -> Option<(Place, Set)> {
    let (family, attributes) = parts(message);
    let set = Set {
        name: text(attributes.find(2)?),
        flags: be32(attributes, 3).unwrap_or(0),
        key_type: be32(attributes, 4).unwrap_or(0),
        key_len: be32(attributes, 5).unwrap_or(0),
        data_type: be32(attributes, 6),
        field_lens: (attributes.nested(9).nested(2).into_iter())
            .filter_map(|(_, field)| be32(Attributes(field), 1))
            .collect(),
        elements: Vec::new(),
    };
    Some(((family, text(attributes.find(1)?)), set))
}

/// The elements in one message.
pub(super) fn elements(message: Message<'_>) -> Vec<Raw> {
    let list = parts(message).1.nested(3).into_iter();
    list.map(|(_, element)| element_of(Attributes(element))).collect()
}

/// A set's elements in order, intervals joined.
pub(super) fn ordered(mut raw: Vec<Raw>, flags: u32) -> Vec<SetElement> {
    // The kernel lists them as they are hashed, which tells nothing.
    raw.sort_by(|a, b| a.0.cmp(&b.0));
    if flags & FLAG_INTERVAL != 0 { joined(raw) } else { raw.into_iter().map(single).collect() }
}

fn terminated(name: &str) -> Vec<u8> {
    [name.as_bytes(), b"\0"].concat()
}

fn element_of(attributes: Attributes<'_>) -> Raw {
    let key = |kind| attributes.nested(kind).find(1).map(<[u8]>::to_vec);
    let data = attributes.find(2).and_then(|data| expression::data(Attributes(data)));
    (key(1).unwrap_or_default(), key(10), be32(attributes, 3).unwrap_or(0), data)
}

fn single((key, key_end, flags, data): Raw) -> SetElement {
    SetElement { key, key_end, data, is_catch_all: flags & ELEMENT_CATCH_ALL != 0 }
}

/// Intervals are listed as a start and, apart from it, an end that is no more in it; in any order.
fn joined(mut raw: Vec<Raw>) -> Vec<SetElement> {
    if raw.iter().any(|(_, key_end, ..)| key_end.is_some()) {
        return raw.into_iter().map(single).collect();
    }
    // At the same key an interval's end comes before the next one's start.
    raw.sort_by(|a, b| a.0.cmp(&b.0).then((b.2 & ELEMENT_INTERVAL_END).cmp(&(a.2 & ELEMENT_INTERVAL_END))));
    let mut elements: Vec<SetElement> = Vec::new();
    let mut open = false;
    for raw in raw {
        if raw.2 & ELEMENT_INTERVAL_END != 0 {
            if let Some(last) = elements.last_mut().filter(|_| open) {
                last.key_end = Some(before(raw.0));
            }
            open = false;
        } else {
            open = raw.2 & ELEMENT_CATCH_ALL == 0;
            elements.push(single(raw));
        }
    }
    // An interval up to the highest key has no end of its own.
    if let Some(last) = elements.last_mut().filter(|_| open) {
        last.key_end = Some(vec![0xff; last.key.len()]);
    }
    elements
}

/// The key just below this one.
fn before(mut key: Vec<u8>) -> Vec<u8> {
    for byte in key.iter_mut().rev() {
        let (less, borrowed) = byte.overflowing_sub(1);
        *byte = less;
        if !borrowed {
            break;
        }
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_joined_in_any_order() {
        let raw = |key: u8, flags| (vec![10, key], None, flags, None);
        let elements = joined(vec![raw(9, 1), raw(2, 0), raw(20, 0), raw(5, 1), raw(5, 0)]);
        let spans: Vec<_> = elements.iter().map(|e| (e.key[1], e.key_end.clone())).collect();
        assert_eq!(spans, [(2, Some(vec![10, 4])), (5, Some(vec![10, 8])), (20, Some(vec![255, 255]))]);
    }
}
