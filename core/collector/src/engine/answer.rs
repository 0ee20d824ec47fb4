//! Decoding an answer, within bounds.
//!
//! What an answer becomes in memory is bounded while it is decoded, not by its length: `{"":0},` are seven bytes and
//! become six hundred. A list is read item by item, and only what is taken of an item is kept.

use std::{cell::Cell, fmt};

use bridgewalk_model::weight;
use serde::{
    Deserializer, Serialize,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};

use super::{
    error::EngineError,
    field::{Field, Notes},
};

/// The most that one answer, or one item of a list, may take in memory while it is decoded.
const MAX_VALUE_BYTES: usize = 48 << 20;
/// The most memory that all that is taken of one list may take.
pub(super) const MAX_LIST_BYTES: usize = 64 << 20;
/// A map with its first members (a node of a B-tree).
const MAP_BYTES: usize = 640;
/// A further member.
const MEMBER_BYTES: usize = 112;
/// An item of a list, or a text beside its letters.
const ITEM_BYTES: usize = 48;
/// What serde says where [`Bounded`] refuses; the words are nobody's.
const TOO_MUCH: &str = "\u{0}too much";

/// What was read, and what in it was not as documented.
#[derive(Debug, Default)]
pub(crate) struct Read<T> {
    pub(crate) is: T,
    pub(crate) odd: Option<EngineError>,
}

impl<T> Read<T> {
    pub(crate) fn map<U>(self, make: impl FnOnce(T) -> U) -> Read<U> {
        Read { is: make(self.is), odd: self.odd }
    }
}

/// Decodes an answer, and takes of it what `read` takes.
pub(super) fn decode<T>(request: &str, json: &[u8], read: impl FnOnce(Field<'_>) -> T) -> Result<Read<T>, EngineError> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let budget = Cell::new(MAX_VALUE_BYTES);
    let value = Bounded(&budget).deserialize(&mut deserializer).map_err(|error| wrong(request, &error))?;
    deserializer.end().map_err(|error| wrong(request, &error))?;
    let notes = Notes::default();
    let is = read(Field::of(&value, &notes));
    Ok(Read { is, odd: odd(request, notes) })
}

/// Decodes an answer that is a list, and takes of each item what `read` takes; none: there is nothing to take. What is
/// beyond `max_count` items or [`MAX_LIST_BYTES`] is passed over, and noted.
pub(super) fn decode_list<T: Serialize>(
    request: &str,
    json: &[u8],
    max_count: usize,
    read: impl FnMut(Field<'_>) -> Option<T>,
) -> Result<Read<Vec<T>>, EngineError> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let notes = Notes::default();
    let list = List { max_count, read, notes: &notes };
    let (is, end) = list.deserialize(&mut deserializer).map_err(|error| wrong(request, &error))?;
    deserializer.end().map_err(|error| wrong(request, &error))?;
    let request = request.to_owned();
    let odd = match end {
        End::Whole => odd(&request, notes),
        End::TooMany => Some(EngineError::TooMany { request, max_count }),
        End::TooMuch => Some(EngineError::TooMuch { request, max_bytes: MAX_LIST_BYTES }),
    };
    Ok(Read { is, odd })
}

fn odd(request: &str, notes: Notes) -> Option<EngineError> {
    notes.first().map(|detail| EngineError::Undecodable { request: request.to_owned(), detail })
}

fn wrong(request: &str, error: &serde_json::Error) -> EngineError {
    let (request, detail) = (request.to_owned(), error.to_string());
    if detail.starts_with(TOO_MUCH) {
        return EngineError::TooMuch { request, max_bytes: MAX_VALUE_BYTES };
    }
    EngineError::Undecodable { request, detail: detail.chars().take(200).collect() }
}

/// Builds a value, as long as there is memory left for it.
struct Bounded<'b>(&'b Cell<usize>);

impl Bounded<'_> {
    fn spend<E: Error>(&self, bytes: usize) -> Result<(), E> {
        let left = self.0.get().checked_sub(bytes).ok_or_else(|| E::custom(TOO_MUCH))?;
        self.0.set(left);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Bounded<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Bounded<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        self.spend(ITEM_BYTES + text.len())?;
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Bounded(self.0))? {
            self.spend(ITEM_BYTES)?;
            list.push(item);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        self.spend(MAP_BYTES)?;
        while let Some(name) = members.next_key::<String>()? {
            self.spend(MEMBER_BYTES + name.len())?;
            map.insert(name, members.next_value_seed(Bounded(self.0))?);
        }
        Ok(map.into())
    }
}

/// How the reading of a list ended.
enum End {
    Whole,
    TooMany,
    TooMuch,
}

/// Reads a list item by item.
struct List<'n, R> {
    max_count: usize,
    read: R,
    notes: &'n Notes,
}

impl<'de, T: Serialize, R: FnMut(Field<'_>) -> Option<T>> DeserializeSeed<'de> for List<'_, R> {
    type Value = (Vec<T>, End);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T: Serialize, R: FnMut(Field<'_>) -> Option<T>> Visitor<'de> for List<'_, R> {
    type Value = (Vec<T>, End);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        let (mut count, mut kept_bytes) = (0, 0);
        while let Some(item) = items.next_element_seed(Bounded(&Cell::new(MAX_VALUE_BYTES)))? {
            count += 1;
            let taken = (self.read)(Field::of(&item, self.notes));
            kept_bytes += taken.as_ref().map_or(0, |taken| weight(taken));
            let end = match () {
                () if count > self.max_count => End::TooMany,
                () if kept_bytes > MAX_LIST_BYTES => End::TooMuch,
                () => {
                    list.extend(taken);
                    continue;
                }
            };
            while items.next_element::<IgnoredAny>()?.is_some() {}
            return Ok((list, end));
        }
        Ok((list, End::Whole))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(json: &[u8], max_count: usize) -> Result<Read<Vec<String>>, EngineError> {
        decode_list("GET /x", json, max_count, |item| item.get("Id").require().some_text())
    }

    #[test]
    fn a_list_is_a_list_and_its_items_are_maps() {
        assert_eq!(ids(br#"[{"Id":"a"},{"Id":"b","x":[1.5,-1,true,null]}]"#, 9).unwrap().is, ["a", "b"]);
        for nonsense in [&b"null"[..], br#"{"Id":"a"}"#, b"7", br#""[]""#, b"[", b"", b"[] []"] {
            assert!(matches!(ids(nonsense, 9), Err(EngineError::Undecodable { .. })));
        }
        for odd in [&br#"[{"Id":"a"},null]"#[..], br#"[{"Id":"a"},["b"]]"#, br#"[{"Id":"a"},{"Id":7}]"#] {
            let read = ids(odd, 9).unwrap();
            assert_eq!(read.is, ["a"]);
            assert!(matches!(read.odd, Some(EngineError::Undecodable { .. })), "{:?}", read.odd);
        }
        let read = ids(br#"[{"Id":"a"},{"Id":"b"},{"Id":"c"}]"#, 2).unwrap();
        assert_eq!(read.is, ["a", "b"]);
        assert!(matches!(read.odd, Some(EngineError::TooMany { max_count: 2, .. })));
    }

    #[test]
    fn an_item_that_would_become_too_much_is_refused() {
        let item = |count: usize| format!("[{{\"a\":[{}0]}}]", "{\"\":0},".repeat(count));
        assert!(ids(item(1000).as_bytes(), 9).is_ok());
        assert!(matches!(ids(item(1 << 20).as_bytes(), 9), Err(EngineError::TooMuch { .. })));
        let deep = "[".repeat(10_000);
        assert!(matches!(ids(deep.as_bytes(), 9), Err(EngineError::Undecodable { .. })));
    }
}
