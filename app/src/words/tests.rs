//! Both languages say the same things, and everything the program asks for is there.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use super::*;

/// Each message of a Fluent file with the variables in it.
fn messages(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut messages: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut key = String::new();
    for line in text.lines() {
        if let Some((name, _)) = line.split_once(" =").filter(|_| line.starts_with(|c: char| c.is_ascii_lowercase())) {
            key = name.to_owned();
            assert!(messages.insert(key.clone(), BTreeSet::new()).is_none(), "{key} is there twice");
        }
        for rest in line.split('$').skip(1) {
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "-_".contains(c))).unwrap_or(rest.len());
            messages.get_mut(&key).unwrap().insert(rest[..end].to_owned());
        }
    }
    messages
}

#[test]
fn the_files_have_no_mistakes() {
    for language in Language::ALL {
        for (name, text) in language.files() {
            let mistakes = FluentResource::try_new((*text).to_owned()).err().map(|(_, errors)| errors);
            assert!(mistakes.is_none(), "{}/{name}: {mistakes:?}", language.code());
        }
    }
}

#[test]
fn no_key_is_in_two_files() {
    let mut seen = BTreeSet::new();
    for (name, text) in Language::En.files() {
        for key in messages(text).into_keys() {
            assert!(seen.insert(key.clone()), "{key} of {name} is in another file too");
        }
    }
}

#[test]
fn the_languages_have_the_same_keys_and_variables() {
    for ((name, english), (_, french)) in ENGLISH.iter().zip(FRENCH) {
        let (english, french) = (messages(english), messages(french));
        let missing: Vec<_> = english.keys().filter(|key| !french.contains_key(*key)).collect();
        let surplus: Vec<_> = french.keys().filter(|key| !english.contains_key(*key)).collect();
        assert!(
            missing.is_empty() && surplus.is_empty(),
            "{name}: French lacks {missing:?}, English lacks {surplus:?}"
        );
        for (key, variables) in &english {
            assert_eq!(variables, &french[key], "the variables of {key} in {name}");
        }
    }
}

#[test]
fn french_has_its_own_typography() {
    for (name, text) in Language::Fr.files() {
        for line in text.lines() {
            assert!(!line.contains('\''), "{name} has a straight apostrophe: {line}");
            // Code such as `a :b` has no space after the mark.
            let breaks = [" : ", " ; ", " ! ", " ? "].iter().any(|mark| line.contains(mark))
                || [" :", " ;", " !", " ?"].iter().any(|mark| line.ends_with(mark));
            assert!(!breaks, "{name} has a space where a line may break: {line}");
        }
    }
}

#[test]
fn texts_use_the_fields_terms() {
    for (name, text) in Language::En.files() {
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let words = line.split_once(" = ").map_or(line, |(_, words)| words);
            for term in ["foretold", "anew", "is no command", "cannot be told", "without a word", "no way on"] {
                assert!(!words.contains(term), "{name} says `{term}`: {line}");
            }
        }
    }
}

#[test]
fn typed_messages_have_their_texts() {
    for language in Language::ALL {
        let of_pictures = bridgewalk_diagram::Word::ALL.iter().map(|word| word.key());
        let of_facts = bridgewalk_model::facts::FACT_KEYS.iter().map(|key| format!("fact-{key}"));
        let of_findings = bridgewalk_analysis::FINDING_KEYS.iter().map(|key| format!("finding-{key}"));
        let of_changes = bridgewalk_model::change::SUBJECTS.iter().map(|subject| format!("subject-{subject}"));
        let keys = typed::KEYS
            .iter()
            .copied()
            .chain(of_pictures)
            .map(str::to_owned)
            .chain(of_facts)
            .chain(of_changes)
            .chain(of_findings);
        let missing: Vec<_> = keys.filter(|key| !Words::new(language).has(key)).collect();
        assert!(missing.is_empty(), "{}: {missing:?}", language.code());
    }
}

/// The keys that the program's sources ask for by a literal.
fn keys_in(folder: &Path, keys: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            keys_in(&path, keys);
        } else if path.extension().is_some_and(|ending| ending == "rs") && !path.ends_with("words/tests.rs") {
            let source = std::fs::read_to_string(&path).unwrap();
            for (index, _) in source.match_indices("words").chain(source.match_indices("self")) {
                let rest = &source[index..];
                let call = [".text(", ".format("].iter().find_map(|call| {
                    let start = rest.find(call).filter(|start| *start <= 12)?;
                    rest[start + call.len()..].trim_start().strip_prefix('"')
                });
                let key = call.and_then(|rest| rest.split_once('"')).map(|(key, _)| key);
                if let Some(key) = key.filter(|key| key.starts_with(|c: char| c.is_ascii_lowercase())) {
                    keys.insert(key.to_owned());
                }
            }
        }
    }
}

#[test]
fn every_key_that_the_sources_ask_for_is_there() {
    let mut keys = BTreeSet::new();
    keys_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut keys);
    assert!(keys.contains("link-veth"), "the search found nothing: {keys:?}");
    let missing: Vec<_> = keys.iter().filter(|key| !Words::new(Language::En).has(key)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_locale_gives_its_language() {
    for (locale, language) in [
        ("fr_CA.UTF-8", Language::Fr),
        ("fr-FR", Language::Fr),
        ("FR", Language::Fr),
        ("fro", Language::En),
        ("en_GB", Language::En),
        ("C.UTF-8", Language::En),
        ("de", Language::En),
        ("", Language::En),
    ] {
        assert_eq!(Language::of_locale(locale), language, "{locale}");
    }
}

#[test]
fn texts_carry_no_isolation_marks() {
    let text = Words::new(Language::Fr).format("limit-stale", &[("path", "/run/netns/blue".into())]);
    assert!(text.contains("/run/netns/blue"));
    assert!(!text.contains(['\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}']), "{text:?}");
}
