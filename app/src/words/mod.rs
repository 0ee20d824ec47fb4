//! Every text a user reads.
//!
//! The texts are in the Fluent files below `assets/locales`, one folder a language, built into the program. Packages
//! below this one speak in typed messages; the files beside this one put those in words. A [`Words`] is a language and
//! nothing else, so switching it at run time is making another.

mod agent;
mod connection;
mod evidence;
mod failures;
mod findings;
mod language;
mod limits;
mod proof;
mod rule;
mod typed;
mod walk;

use std::{borrow::Cow, sync::LazyLock};

use fluent_bundle::{FluentArgs, FluentResource, concurrent::FluentBundle};

pub use evidence::evidence_text;
pub(crate) use findings::name;
pub use fluent_bundle::FluentValue;
pub use language::Language;
pub use limits::LimitLine;
pub use typed::container_port;

type Bundle = FluentBundle<FluentResource>;

/// The Fluent files of a language: each file's name with its text.
type Files = &'static [(&'static str, &'static str)];

macro_rules! files {
    ($folder:literal) => {
        &[
            ("common.ftl", include_str!(concat!("../../../assets/locales/", $folder, "/common.ftl"))),
            ("model.ftl", include_str!(concat!("../../../assets/locales/", $folder, "/model.ftl"))),
            ("diagram.ftl", include_str!(concat!("../../../assets/locales/", $folder, "/diagram.ftl"))),
            ("walk.ftl", include_str!(concat!("../../../assets/locales/", $folder, "/walk.ftl"))),
            ("proof.ftl", include_str!(concat!("../../../assets/locales/", $folder, "/proof.ftl"))),
            ("cli.ftl", include_str!(concat!("../../../assets/locales/", $folder, "/cli.ftl"))),
            ("window.ftl", include_str!(concat!("../../../assets/locales/", $folder, "/window.ftl"))),
        ]
    };
}

const ENGLISH: Files = files!("en");
const FRENCH: Files = files!("fr");

static ENGLISH_BUNDLE: LazyLock<Bundle> = LazyLock::new(|| bundle(Language::En));
static FRENCH_BUNDLE: LazyLock<Bundle> = LazyLock::new(|| bundle(Language::Fr));

/// The texts of one language. Small: pass it by value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Words {
    language: Language,
}

impl Words {
    /// The texts in `language`.
    pub const fn new(language: Language) -> Self {
        Self { language }
    }

    /// The language of the texts.
    pub const fn language(self) -> Language {
        self.language
    }

    /// The text `key`, without arguments. A key that is in no file comes back as itself; a test sees to it that there
    /// is none.
    pub fn text(self, key: &str) -> String {
        self.format(key, &[])
    }

    /// The text `key` with `arguments`, each a name and a value: `words.format("link-vlan", &[("id", 3.into())])`.
    pub fn format(self, key: &str, arguments: &[(&'static str, FluentValue<'_>)]) -> String {
        let arguments: FluentArgs<'_> = arguments.iter().cloned().collect();
        say(self.bundle(), key, &arguments)
            .or_else(|| say(&ENGLISH_BUNDLE, key, &arguments))
            .map_or_else(|| key.to_owned(), Cow::into_owned)
    }

    /// Whether `key` is in the files of this very language.
    pub fn has(self, key: &str) -> bool {
        self.bundle().get_message(key).is_some_and(|message| message.value().is_some())
    }

    fn bundle(self) -> &'static Bundle {
        match self.language {
            Language::En => &ENGLISH_BUNDLE,
            Language::Fr => &FRENCH_BUNDLE,
        }
    }
}

fn say<'a>(bundle: &'a Bundle, key: &str, arguments: &'a FluentArgs<'_>) -> Option<Cow<'a, str>> {
    let pattern = bundle.get_message(key)?.value()?;
    // Errors are missing arguments; the text then shows the argument's name, which a person can still read.
    Some(bundle.format_pattern(pattern, Some(arguments), &mut Vec::new()))
}

fn bundle(language: Language) -> Bundle {
    let mut bundle = FluentBundle::new_concurrent(vec![language.identifier()]);
    // Isolation marks are invisible characters that terminals and exported files show as rubbish.
    bundle.set_use_isolating(false);
    for (_, text) in language.files() {
        // A file with a mistake still gives what could be read of it; a test sees to it that there is none.
        let resource = FluentResource::try_new((*text).to_owned()).unwrap_or_else(|(resource, _)| resource);
        bundle.add_resource_overriding(resource);
    }
    bundle
}

#[cfg(test)]
mod tests;
