//! How much memory something takes.
//!
//! Bytes from outside are bounded by what they become, not by how many they are: five bytes of JSON (`{"":0},`) can
//! become hundreds. [`json_elements`] is asked before a decoder builds anything, [`weight`] of what was built and is
//! to be kept.

use serde::{
    Serialize, Serializer,
    ser::{
        SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple, SerializeTupleStruct,
        SerializeTupleVariant,
    },
};

/// What an allocation costs beside what is in it.
const ALLOCATION_BYTES: usize = 16;
/// A number, a flag, a field without anything in it.
const PLAIN_BYTES: usize = 8;
/// The place of a text, a list or a map in what holds it.
const PLACE_BYTES: usize = 24;

/// How many values, members and items a text of JSON holds at most: what a decoder may have to buffer of it, at some
/// tens of bytes each. The text need not be valid.
pub fn json_elements(json: &[u8]) -> usize {
    let mut elements = 1;
    let mut in_text = false;
    let mut is_escaped = false;
    for byte in json {
        if in_text {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = true,
                b'"' => in_text = false,
                _ => {}
            }
        } else {
            match byte {
                b'"' => in_text = true,
                b',' | b':' | b'[' | b'{' => elements += 1,
                _ => {}
            }
        }
    }
    elements
}

/// About how many bytes of memory a value takes, with all that it owns. Never less than half of it.
pub fn weight(value: &impl Serialize) -> usize {
    let mut scale = Scale(0);
    // It cannot fail: nothing below returns an error but a value that refuses to be serialised, and then that much of
    // it was counted.
    let _ = value.serialize(&mut scale);
    scale.0
}

/// Counts what a value would be written as.
struct Scale(usize);

/// A value that refuses to be serialised.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Unweighable(String);

impl serde::ser::Error for Unweighable {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

type Counted = Result<(), Unweighable>;

impl Scale {
    const fn add(&mut self, bytes: usize) -> Counted {
        self.0 += bytes;
        Ok(())
    }

    const fn owned(&mut self, bytes: usize) -> Counted {
        self.add(PLACE_BYTES + ALLOCATION_BYTES + bytes.next_multiple_of(8))
    }
}

macro_rules! plain {
    ($($name:ident: $of:ty),*) => {
        $(fn $name(self, _: $of) -> Counted { self.add(PLAIN_BYTES) })*
    };
}

impl<'s> Serializer for &'s mut Scale {
    type Ok = ();
    type Error = Unweighable;
    type SerializeSeq = &'s mut Scale;
    type SerializeTuple = &'s mut Scale;
    type SerializeTupleStruct = &'s mut Scale;
    type SerializeTupleVariant = &'s mut Scale;
    type SerializeMap = &'s mut Scale;
    type SerializeStruct = &'s mut Scale;
    type SerializeStructVariant = &'s mut Scale;

    plain! {
        serialize_bool: bool, serialize_char: char, serialize_f32: f32, serialize_f64: f64, serialize_i8: i8,
        serialize_i16: i16, serialize_i32: i32, serialize_i64: i64, serialize_u16: u16,
        serialize_u32: u32, serialize_u64: u64, serialize_unit_struct: &'static str
    }

    /// Of an address there are four or sixteen.
    fn serialize_u8(self, _: u8) -> Counted {
        self.add(1)
    }

    /// Addresses are kept as numbers.
    fn is_human_readable(&self) -> bool {
        false
    }

    fn serialize_str(self, text: &str) -> Counted {
        self.owned(text.len())
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Counted {
        self.owned(bytes.len())
    }

    fn serialize_none(self) -> Counted {
        // What could be there has its place.
        self.add(PLACE_BYTES)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Counted {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Counted {
        self.add(PLAIN_BYTES)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Counted {
        self.add(PLAIN_BYTES)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Counted {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        value: &T,
    ) -> Counted {
        self.add(PLAIN_BYTES)?;
        value.serialize(self)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self, Unweighable> {
        self.owned(0)?;
        Ok(self)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self, Unweighable> {
        Ok(self)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, Unweighable> {
        Ok(self)
    }

    fn serialize_tuple_variant(self, _: &'static str, _: u32, _: &'static str, _: usize) -> Result<Self, Unweighable> {
        self.add(PLAIN_BYTES)?;
        Ok(self)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self, Unweighable> {
        self.owned(0)?;
        Ok(self)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Unweighable> {
        self.add(PLAIN_BYTES)?;
        Ok(self)
    }

    fn serialize_struct_variant(self, _: &'static str, _: u32, _: &'static str, _: usize) -> Result<Self, Unweighable> {
        self.add(PLAIN_BYTES)?;
        Ok(self)
    }
}

macro_rules! parts {
    ($($of:ident: $name:ident),*) => {
        $(impl $of for &mut Scale {
            type Ok = ();
            type Error = Unweighable;

            fn $name<T: Serialize + ?Sized>(&mut self, value: &T) -> Counted {
                value.serialize(&mut **self)
            }

            fn end(self) -> Counted {
                Ok(())
            }
        })*
    };
}

parts! {
    SerializeSeq: serialize_element, SerializeTuple: serialize_element, SerializeTupleStruct: serialize_field,
    SerializeTupleVariant: serialize_field
}

macro_rules! fields {
    ($($of:ident),*) => {
        $(impl $of for &mut Scale {
            type Ok = ();
            type Error = Unweighable;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, _: &'static str, value: &T) -> Counted {
                value.serialize(&mut **self)
            }

            fn end(self) -> Counted {
                Ok(())
            }
        })*
    };
}

fields! { SerializeStruct, SerializeStructVariant }

impl SerializeMap for &mut Scale {
    type Ok = ();
    type Error = Unweighable;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Counted {
        key.serialize(&mut **self)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Counted {
        value.serialize(&mut **self)
    }

    fn end(self) -> Counted {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn counts_what_json_becomes_and_not_what_stands_in_texts() {
        assert_eq!(json_elements(b"0"), 1);
        assert_eq!(json_elements(br#"{"a":[1,2,{}]}"#), 7);
        assert_eq!(json_elements(br#"["\",:[{","\\"]"#), 3);
        assert_eq!(json_elements(&br#"{"":0},"#.repeat(1000)), 3001);
    }

    #[test]
    fn weighs_about_what_a_value_takes() {
        let texts = vec!["x".to_owned(); 1000];
        assert!((40_000..60_000).contains(&weight(&texts)), "{}", weight(&texts));
        let map: BTreeMap<String, String> = (0..1000).map(|n| (n.to_string(), String::new())).collect();
        assert!((60_000..120_000).contains(&weight(&map)), "{}", weight(&map));
        let long = "x".repeat(1 << 20);
        assert!((1 << 20..(1 << 20) + 100).contains(&weight(&long)));
    }
}
