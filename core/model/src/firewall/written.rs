//! What earlier programs wrote of rules into recordings, and what it is today.

use serde::{Deserialize, Deserializer, de::Error};

use super::XtTarget;

/// A target, as it is written today or as format 1 has it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    /// CT, CHECKSUM and TRACE were one kind, with their text.
    Harmless { target: Harmless, text: String },
    /// As it is.
    Today(Box<XtTarget>),
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Harmless {
    Harmless,
}

/// Reads a target.
pub(super) fn target<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Box<XtTarget>, D::Error> {
    match Written::deserialize(deserializer)? {
        Written::Today(target) => Ok(target),
        Written::Harmless { target: Harmless::Harmless, text } => harmless(&text)
            .map(Box::new)
            .ok_or_else(|| D::Error::custom(format_args!("{text:?} is no target of format 1"))),
    }
}

/// What was told apart by its text alone.
fn harmless(text: &str) -> Option<XtTarget> {
    let mut words = text.split(' ');
    match words.next()? {
        "CHECKSUM" => return Some(XtTarget::Checksum),
        "TRACE" => return Some(XtTarget::Trace),
        "CT" => {}
        _ => return None,
    }
    let (mut helper, mut zone) = (None, 0);
    while let Some(option) = words.next() {
        match option {
            "--helper" => helper = words.next().map(str::to_owned),
            "--zone" => zone = words.next()?.parse().ok()?,
            _ => return None,
        }
    }
    Some(XtTarget::Ct { helper, zone })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::firewall::Expression;

    #[test]
    fn what_format_1_told_by_text_is_typed() {
        let read = |text: &str| {
            let written = format!(r#"{{"step":"xt_target","target":"harmless","text":"{text}"}}"#);
            serde_json::from_str::<Expression>(&written).map_err(|error| error.to_string())
        };
        let ct = |helper: Option<&str>, zone| XtTarget::Ct { helper: helper.map(str::to_owned), zone };
        for (text, target) in [
            ("CT", ct(None, 0)),
            ("CT --zone 7", ct(None, 7)),
            ("CT --helper ftp --zone 7", ct(Some("ftp"), 7)),
            ("CHECKSUM --checksum-fill", XtTarget::Checksum),
            ("TRACE", XtTarget::Trace),
        ] {
            assert_eq!(read(text), Ok(Expression::XtTarget(Box::new(target))), "{text}");
        }
        assert!(read("CTX").is_err());
    }

    #[test]
    fn what_is_written_today_is_read_again() {
        for target in [
            XtTarget::Ct { helper: None, zone: 7 },
            XtTarget::Trace,
            XtTarget::Mark { value: 1, mask: 2 },
            XtTarget::TcpMss { mss: None },
        ] {
            let step = Expression::XtTarget(Box::new(target));
            let text = serde_json::to_string(&step).unwrap();
            assert_eq!(serde_json::from_str::<Expression>(&text).unwrap(), step, "{text}");
        }
    }
}
