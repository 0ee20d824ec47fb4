//! Which language.

use unic_langid::LanguageIdentifier;

use super::{ENGLISH, FRENCH, Files};

/// A language that the program speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, clap::ValueEnum, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// French.
    Fr,
}

impl Language {
    /// Every language, in the order in which they are offered.
    pub const ALL: [Self; 2] = [Self::En, Self::Fr];

    /// The language of the user's locale (`LC_ALL`, `LC_CTYPE`, `LANG`), English where we do not speak it.
    pub fn of_system() -> Self {
        sys_locale::get_locale().map_or(Self::En, |locale| Self::of_locale(&locale))
    }

    /// The language of a locale such as `fr_CA.UTF-8` or `fr-FR`.
    pub fn of_locale(locale: &str) -> Self {
        let tag = locale.split(['_', '-', '.', '@']).next().unwrap_or_default();
        if tag.eq_ignore_ascii_case("fr") { Self::Fr } else { Self::En }
    }

    /// Its code: `en`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Fr => "fr",
        }
    }

    /// Its name in itself, by which a reader finds it whatever the program speaks now.
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::Fr => "Français",
        }
    }

    pub(super) const fn files(self) -> Files {
        match self {
            Self::En => ENGLISH,
            Self::Fr => FRENCH,
        }
    }

    /// For Fluent's plural rules.
    pub(super) fn identifier(self) -> LanguageIdentifier {
        self.code().parse().unwrap_or_default()
    }
}
