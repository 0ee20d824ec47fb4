//! Documents as text. A text that is shown otherwise than its source has it stands twice: the field has what is shown, and
//! a field with `_raw` after the same name what the source said. In a list or a pair of texts each stands in its place.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, SeqAccess, Visitor},
    ser::{SerializeMap, SerializeSeq},
};
use serde_json::Number;

use super::gate;

/// Writes `document`; indented, or on one line.
///
/// # Errors
/// It is no JSON: a map whose keys are no texts.
pub(super) fn render(document: &impl Serialize, is_pretty: bool) -> serde_json::Result<String> {
    let text = written(document, is_pretty)?;
    // As the model's `Text` writes one that is altered; in hardly any document there is one.
    if !text.contains(r#""shown":"#) {
        return Ok(gate::json(text));
    }
    let apart = serde_json::from_str::<Json>(&text)?.apart();
    drop(text);
    Ok(gate::json(written(&apart, is_pretty)?))
}

fn written(document: &impl Serialize, is_pretty: bool) -> serde_json::Result<String> {
    if is_pretty { serde_json::to_string_pretty(document) } else { serde_json::to_string(document) }
}

/// A document, its fields in their order.
enum Json {
    Null,
    Bool(bool),
    Number(Number),
    String(String),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl Json {
    /// The document with each altered text's two sides in two fields.
    fn apart(self) -> Self {
        let Self::Object(fields) = self else {
            return match self {
                Self::List(list) => Self::List(list.into_iter().map(Self::apart).collect()),
                other => other,
            };
        };
        let mut out = Vec::with_capacity(fields.len());
        for (name, value) in fields {
            if value.is_altered() {
                let (shown, raw) = value.sides();
                out.push((name.clone(), shown));
                out.push((format!("{name}_raw"), raw));
            } else {
                out.push((name, value.apart()));
            }
        }
        Self::Object(out)
    }

    /// Both sides of an altered text. A map of the engine's has its keys in their order, so it cannot look like one.
    fn both(&self) -> Option<(&str, &str)> {
        let Self::Object(fields) = self else { return None };
        match fields.as_slice() {
            [(first, Self::String(shown)), (second, Self::String(raw))] if first == "shown" && second == "raw" => {
                Some((shown, raw))
            }
            _ => None,
        }
    }

    /// Whether it is an altered text, or a list (of lists) of texts with one among them.
    fn is_altered(&self) -> bool {
        match self {
            Self::List(list) => list.iter().any(Self::is_altered),
            other => other.both().is_some(),
        }
    }

    /// What is shown, and what the source said.
    fn sides(&self) -> (Self, Self) {
        match self {
            Self::List(list) => {
                let (shown, raw) = list.iter().map(Self::sides).unzip();
                (Self::List(shown), Self::List(raw))
            }
            Self::String(text) => (Self::String(text.clone()), Self::String(text.clone())),
            other => other.both().map_or((Self::Null, Self::Null), |(shown, raw)| {
                (Self::String(shown.to_owned()), Self::String(raw.to_owned()))
            }),
        }
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(number) => number.serialize(serializer),
            Self::String(text) => serializer.serialize_str(text),
            Self::List(list) => {
                let mut out = serializer.serialize_seq(Some(list.len()))?;
                list.iter().try_for_each(|value| out.serialize_element(value))?;
                out.end()
            }
            Self::Object(fields) => {
                let mut out = serializer.serialize_map(Some(fields.len()))?;
                fields.iter().try_for_each(|(name, value)| out.serialize_entry(name, value))?;
                out.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Number::from_f64(value).map_or(Json::Null, Json::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::String(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
        let mut out = Vec::new();
        while let Some(value) = list.next_element()? {
            out.push(value);
        }
        Ok(Json::List(out))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Json, A::Error> {
        let mut out = Vec::new();
        while let Some(field) = fields.next_entry()? {
            out.push(field);
        }
        Ok(Json::Object(out))
    }
}

#[cfg(test)]
mod tests {
    use bridgewalk_model::Text;

    use super::*;

    #[derive(Serialize)]
    struct Row {
        name: Text,
        of: Option<Text>,
        all: Vec<Text>,
        pairs: Vec<(Text, Text)>,
        count: i64,
        share: f64,
    }

    fn row(name: &str) -> Row {
        let text = Text::new(name);
        Row {
            name: text.clone(),
            of: Some(text.clone()),
            all: vec![Text::new("b"), text.clone()],
            pairs: vec![(text, Text::new("c"))],
            count: -3,
            share: 0.5,
        }
    }

    #[test]
    fn a_plain_document_is_as_it_was() {
        assert_eq!(
            render(&row("a"), false).unwrap(),
            r#"{"name":"a","of":"a","all":["b","a"],"pairs":[["a","c"]],"count":-3,"share":0.5}"#
        );
    }

    #[test]
    fn an_altered_text_stands_twice() {
        assert_eq!(
            render(&[row("a\u{9b}")], false).unwrap(),
            concat!(
                r#"[{"name":"a\\u{9b}","name_raw":"a\u009b","of":"a\\u{9b}","of_raw":"a\u009b","#,
                r#""all":["b","a\\u{9b}"],"all_raw":["b","a\u009b"],"#,
                r#""pairs":[["a\\u{9b}","c"]],"pairs_raw":[["a\u009b","c"]],"count":-3,"share":0.5}]"#
            )
        );
    }

    #[test]
    fn what_an_engine_calls_its_options_is_no_altered_text() {
        let options = std::collections::BTreeMap::from([("shown", "a"), ("raw", "b")]);
        assert_eq!(render(&options, false).unwrap(), r#"{"raw":"b","shown":"a"}"#);
    }
}
