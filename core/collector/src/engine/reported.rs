//! Texts and wide numbers of an answer, read as what they stand for. An empty value is `null`, `""` or absent, depending on
//! Docker's version.

use std::str::FromStr;

/// A text that is not empty.
pub(super) fn some(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// A text read as something else, if it is one.
pub(super) fn parsed<T: FromStr>(text: Option<&str>) -> Option<T> {
    text?.parse().ok()
}

/// A number that fits.
pub(super) fn number<T: TryFrom<i64>>(number: Option<i64>) -> Option<T> {
    number?.try_into().ok()
}
