//! Reading what a type refuses: field by field.
//!
//! Bollard's types are made of one version of the API. Another engine, or a newer one, may say something that they refuse,
//! and then nothing is decoded at all. So what is refused is taken out, and the rest decoded again. This is the way of
//! failure alone: an answer as documented is decoded once.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, DeserializeSeed, IgnoredAny, SeqAccess, Visitor},
};
use serde_json::{Value, value::RawValue};
use serde_path_to_error::{Path, Segment};

/// What is longer is not read field by field: that takes a hundred times its length.
const MAX_REPAIRED_BYTES: usize = 4 << 20;
/// So many fields of one thing may be refused; when more are, it is something else.
const MAX_REFUSED: usize = 32;
/// The most of a field's path that is shown.
const MAX_PATH_CHARS: usize = 100;

/// What was decoded, and the first thing that had to be left out; the error is what is wrong with all of it. What the
/// engine said stands in neither: it may be a secret.
type Decoded<T> = Result<(T, Option<String>), String>;

/// Decodes one thing.
pub(crate) fn one<T: DeserializeOwned>(json: &[u8]) -> Decoded<T> {
    match serde_json::from_slice(json) {
        Ok(is) => Ok((is, None)),
        Err(error) if error.is_data() => repaired(json),
        Err(error) => Err(error.to_string()),
    }
}

/// Decodes the first `max_count` items of a list, and whether there are more. An item that is refused as a whole is left
/// out.
pub(crate) fn list<T: DeserializeOwned>(json: &[u8], max_count: usize) -> Decoded<(Vec<T>, bool)> {
    match first::<T>(json, max_count) {
        Ok(list) => return Ok((list, None)),
        Err(error) if error.is_data() => {}
        Err(error) => return Err(error.to_string()),
    }
    let (items, has_more) = match first::<&RawValue>(json, max_count) {
        Ok(items) => items,
        Err(error) if error.is_data() => return Err("it is no list".to_owned()),
        Err(error) => return Err(error.to_string()),
    };
    let mut odd = None;
    let mut list = Vec::with_capacity(items.len());
    for item in items {
        match one(item.get().as_bytes()) {
            Ok((is, its)) => {
                list.push(is);
                odd = odd.or(its);
            }
            Err(its) => odd = odd.or(Some(its)),
        }
    }
    Ok(((list, has_more), odd))
}

fn first<'de, T: Deserialize<'de>>(json: &'de [u8], max_count: usize) -> serde_json::Result<(Vec<T>, bool)> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let list = First { max_count, of: PhantomData }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(list)
}

/// The first items of a list, and whether there are more: nothing is built of those.
struct First<T> {
    max_count: usize,
    of: PhantomData<fn() -> T>,
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for First<T> {
    type Value = (Vec<T>, bool);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for First<T> {
    type Value = (Vec<T>, bool);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while list.len() < self.max_count {
            match items.next_element()? {
                Some(item) => list.push(item),
                None => return Ok((list, false)),
            }
        }
        let mut has_more = false;
        while items.next_element::<IgnoredAny>()?.is_some() {
            has_more = true;
        }
        Ok((list, has_more))
    }
}

fn repaired<T: DeserializeOwned>(json: &[u8]) -> Decoded<T> {
    if json.len() > MAX_REPAIRED_BYTES {
        return Err("it is not as documented, and too long to be read field by field".to_owned());
    }
    let mut value: Value = serde_json::from_slice(json).map_err(|error| error.to_string())?;
    let mut first = None;
    for _ in 0..=MAX_REFUSED {
        match serde_path_to_error::deserialize::<_, T>(&value) {
            Ok(is) => return Ok((is, first)),
            Err(refused) => {
                let is_missing = refused.inner().to_string().starts_with("missing field");
                let path = refused.path().clone();
                let kind = take_out(&mut value, &path).ok_or_else(|| whole(&value))?;
                first.get_or_insert_with(|| {
                    let path: String = path.to_string().chars().take(MAX_PATH_CHARS).collect();
                    // The names of fields are ours.
                    if is_missing { format!("`{path}`: {}", refused.inner()) } else { format!("`{path}` is {kind}") }
                });
            }
        }
    }
    Err(first.unwrap_or_default())
}

/// What is said of something that is refused as a whole.
fn whole(value: &Value) -> String {
    format!("it is {}", kind_of(value))
}

/// Takes out what is at a path; what it was. None: that is all there is.
fn take_out(value: &mut Value, path: &Path) -> Option<&'static str> {
    let mut steps = path.iter().filter(|step| matches!(step, Segment::Map { .. } | Segment::Seq { .. })).peekable();
    let mut holder = value;
    while let Some(step) = steps.next() {
        let is_last = steps.peek().is_none();
        match (step, holder) {
            (Segment::Map { key }, Value::Object(map)) if is_last => return map.remove(key).as_ref().map(kind_of),
            (Segment::Seq { index }, Value::Array(list)) if is_last && *index < list.len() => {
                return Some(kind_of(&list.remove(*index)));
            }
            (Segment::Map { key }, Value::Object(map)) => holder = map.get_mut(key)?,
            (Segment::Seq { index }, Value::Array(list)) => holder = list.get_mut(*index)?,
            _ => return None,
        }
    }
    None
}

/// What something is, where that is not what is documented.
const fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null, which is not expected there",
        Value::Bool(_) => "yes or no, which is not expected there",
        Value::Number(_) => "a number that is not expected there",
        Value::String(_) => "a text that is not expected there",
        Value::Array(_) => "a list that is not expected there",
        Value::Object(_) => "a map that is not expected there",
    }
}

#[cfg(test)]
mod tests {
    use bollard::models::{ContainerInspectResponse, Plugin};

    use super::*;

    #[test]
    fn each_field_that_is_refused_is_left_out_and_named() {
        let json = br#"{"Id":"a","Name":7,"HostConfig":{"Dns":{},"NetworkMode":"bridge"},
            "NetworkSettings":{"Networks":{"x":{"Gateway":"1.2.3.4","IPPrefixLen":"hunter2"},"y":[]}}}"#;
        let (is, odd) = one::<ContainerInspectResponse>(json).unwrap();
        assert_eq!((is.id.as_deref(), is.name), (Some("a"), None));
        assert_eq!(is.host_config.unwrap().network_mode.as_deref(), Some("bridge"));
        let networks = is.network_settings.unwrap().networks.unwrap();
        assert_eq!(networks.len(), 1);
        assert_eq!(networks["x"].gateway.as_deref(), Some("1.2.3.4"));
        let odd = odd.unwrap();
        assert!(odd.starts_with('`') && !odd.contains("hunter2"), "{odd}");
    }

    #[test]
    fn what_is_refused_as_a_whole_is_said_without_its_words() {
        for json in [&br#""hunter2""#[..], b"[]", b"null", b"7"] {
            let said = one::<ContainerInspectResponse>(json).unwrap_err();
            assert!(said.starts_with("it is") && !said.contains("hunter2"), "{said}");
        }
        let odd = r#"{"Id":"a","Config":{"Cmd":[{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}]}}"#;
        assert!(one::<ContainerInspectResponse>(odd.as_bytes()).is_err());
        // A plugin must have a name.
        let (list, odd) = list::<Plugin>(br#"[{"Id":"a"}]"#, 9).unwrap();
        assert!(list.0.is_empty() && odd.is_some());
    }
}
