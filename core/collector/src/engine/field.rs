//! One field of an answer.
//!
//! Between API 1.41 and 1.5x fields came, went, and changed between `null`, `""` and absent; no typed view fits all of
//! them. So an answer is walked field by field, by the names Docker documents, and what is not there is not told.

use std::{collections::BTreeMap, str::FromStr};

use serde_json::Value;

/// A place in an answer, whether something is there or not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field<'a>(Option<&'a Value>);

impl<'a> Field<'a> {
    pub(super) const fn of(value: &'a Value) -> Self {
        Self(Some(value))
    }

    /// The field at a path such as `Config.Labels`. For names that hold no dot.
    pub(super) fn get(self, path: &str) -> Self {
        Self(path.split('.').fold(self.0, |value, name| value?.get(name)))
    }

    pub(super) fn text(self) -> String {
        self.some_text().unwrap_or_default()
    }

    /// The text, if there is one that is not empty.
    pub(super) fn some_text(self) -> Option<String> {
        self.0.and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// The text read as something else, if it is one.
    pub(super) fn parsed<T: FromStr>(self) -> Option<T> {
        self.0.and_then(Value::as_str).and_then(|text| text.parse().ok())
    }

    pub(super) fn flag(self) -> bool {
        self.some_flag().unwrap_or_default()
    }

    pub(super) fn some_flag(self) -> Option<bool> {
        self.0.and_then(Value::as_bool)
    }

    pub(super) fn number<T: TryFrom<i64>>(self) -> Option<T> {
        self.0.and_then(Value::as_i64).and_then(|number| number.try_into().ok())
    }

    /// The elements of a list.
    pub(super) fn items(self) -> impl Iterator<Item = Self> {
        self.0.and_then(Value::as_array).into_iter().flatten().map(Self::of)
    }

    /// The members of a map.
    pub(super) fn members(self) -> impl Iterator<Item = (&'a str, Self)> {
        self.0.and_then(Value::as_object).into_iter().flatten().map(|(name, value)| (name.as_str(), Self::of(value)))
    }

    /// The texts of a list.
    pub(super) fn texts(self) -> Vec<String> {
        self.items().filter_map(Self::some_text).collect()
    }

    /// A map of texts.
    pub(super) fn text_map(self) -> BTreeMap<String, String> {
        self.members().map(|(name, value)| (name.to_owned(), value.text())).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_absent_null_or_of_another_type_is_not_told() {
        let answer = json!({"a": {"b": null, "c": 7, "d": "", "e": ["x", null, 3]}});
        let field = Field::of(&answer);
        assert_eq!(field.get("a.c").number::<u32>(), Some(7));
        assert_eq!(field.get("a.c").some_text(), None);
        assert_eq!(field.get("a.b.z").text(), "");
        assert_eq!(field.get("a.d").some_text(), None);
        assert_eq!(field.get("a.e").texts(), ["x"]);
        assert_eq!(field.get("nothing").items().count() + field.get("a.b").members().count(), 0);
    }
}
