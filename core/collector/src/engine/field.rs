//! One field of an answer.
//!
//! Between API 1.41 and 1.5x fields came, went, and changed between `null`, `""` and absent; no typed view fits all of
//! them. So an answer is walked field by field, by the names Docker documents, and what is not there is not told.

use std::{cell::RefCell, collections::BTreeMap, str::FromStr};

use serde_json::Value;

/// A place in an answer, whether something is there or not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field<'a> {
    value: Option<&'a Value>,
    name: &'a str,
    notes: &'a Notes,
}

/// What in an answer is of another type than Docker documents. `null` and absent are no other type: they are nothing.
#[derive(Debug, Default)]
pub(super) struct Notes(RefCell<Option<String>>);

impl Notes {
    /// The first that was met.
    pub(super) fn first(self) -> Option<String> {
        self.0.into_inner()
    }
}

impl<'a> Field<'a> {
    pub(super) const fn of(value: &'a Value, notes: &'a Notes) -> Self {
        Self { value: Some(value), name: "", notes }
    }

    /// The field at a path such as `Config.Labels`. For names that hold no dot.
    pub(super) fn get(self, path: &'static str) -> Self {
        path.split('.').fold(self, |field, name| {
            let value = field.map().and_then(|map| map.get(name));
            Self { value, name, notes: field.notes }
        })
    }

    pub(super) fn text(self) -> String {
        self.some_text().unwrap_or_default()
    }

    /// The text, if there is one that is not empty.
    pub(super) fn some_text(self) -> Option<String> {
        self.plain_text().filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// Whether a text is there: for what was one once and is a map now.
    pub(super) fn is_text(self) -> bool {
        self.value.is_some_and(Value::is_string)
    }

    /// The text read as something else, if it is one.
    pub(super) fn parsed<T: FromStr>(self) -> Option<T> {
        self.plain_text().and_then(|text| text.parse().ok())
    }

    pub(super) fn flag(self) -> bool {
        self.some_flag().unwrap_or_default()
    }

    pub(super) fn some_flag(self) -> Option<bool> {
        self.typed("yes or no", Value::as_bool)
    }

    pub(super) fn number<T: TryFrom<i64>>(self) -> Option<T> {
        self.typed("a number", Value::as_number)?.as_i64().and_then(|number| number.try_into().ok())
    }

    /// The elements of a list.
    pub(super) fn items(self) -> impl Iterator<Item = Self> {
        let items = self.typed("a list", Value::as_array).into_iter().flatten();
        items.map(move |value| Self { value: Some(value), ..self })
    }

    /// The members of a map.
    pub(super) fn members(self) -> impl Iterator<Item = (&'a str, Self)> {
        let members = self.map().into_iter().flatten();
        members.map(move |(name, value)| (name.as_str(), Self { value: Some(value), name, notes: self.notes }))
    }

    /// The texts of a list.
    pub(super) fn texts(self) -> Vec<String> {
        self.items().filter_map(Self::some_text).collect()
    }

    /// A map of texts.
    pub(super) fn text_map(self) -> BTreeMap<String, String> {
        self.members().map(|(name, value)| (name.to_owned(), value.text())).collect()
    }

    /// Nothing is there where something must be.
    pub(super) fn require(self) -> Self {
        if self.value.is_none_or(Value::is_null) {
            self.note(|| format!("{} is missing", self.shown_name()));
        }
        self
    }

    /// Something is there that cannot be meant.
    pub(super) fn refuse(self) {
        self.note(|| format!("{} makes no sense", self.shown_name()));
    }

    fn plain_text(self) -> Option<&'a str> {
        self.typed("a text", Value::as_str)
    }

    fn map(self) -> Option<&'a serde_json::Map<String, Value>> {
        self.typed("a map", Value::as_object)
    }

    fn typed<T>(self, expected: &str, read: impl FnOnce(&'a Value) -> Option<T>) -> Option<T> {
        let value = self.value.filter(|value| !value.is_null())?;
        let typed = read(value);
        if typed.is_none() {
            self.note(|| format!("{} is {}, where {expected} was expected", self.shown_name(), kind_of(value)));
        }
        typed
    }

    fn note(self, what: impl FnOnce() -> String) {
        let mut first = self.notes.0.borrow_mut();
        if first.is_none() {
            *first = Some(what());
        }
    }

    fn shown_name(self) -> String {
        if self.name.is_empty() {
            return "it".to_owned();
        }
        format!("`{}`", self.name.chars().take(60).collect::<String>())
    }
}

const fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "yes or no",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_absent_or_null_is_not_told_and_what_is_of_another_type_is_noted() {
        let answer = json!({"a": {"b": null, "c": 7, "d": "", "e": ["x", null]}});
        let notes = Notes::default();
        let field = Field::of(&answer, &notes);
        assert_eq!(field.get("a.c").number::<u32>(), Some(7));
        assert_eq!(field.get("a.b.z").text(), "");
        assert_eq!(field.get("a.d").some_text(), None);
        assert_eq!(field.get("a.e").texts(), ["x"]);
        assert_eq!(field.get("nothing").items().count() + field.get("a.b").members().count(), 0);
        assert_eq!(notes.first(), None);

        let said = |look: fn(Field<'_>)| {
            let notes = Notes::default();
            look(Field::of(&answer, &notes));
            notes.first().unwrap()
        };
        assert_eq!(
            said(|field| {
                let _ = field.get("a.c").some_text();
            }),
            "`c` is a number, where a text was expected"
        );
        assert_eq!(
            said(|field| {
                let _ = field.get("a.e").members().count();
            }),
            "`e` is a list, where a map was expected"
        );
        assert_eq!(
            said(|field| {
                let _ = field.get("a.e.x").text();
            }),
            "`e` is a list, where a map was expected"
        );
        assert_eq!(
            said(|field| {
                let _ = field.items().count();
            }),
            "it is a map, where a list was expected"
        );
        assert_eq!(
            said(|field| {
                let _ = field.get("a.b").require();
            }),
            "`b` is missing"
        );
    }
}
