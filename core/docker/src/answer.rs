//! An answer, and what was read of it.

use std::marker::PhantomData;

use serde::de::DeserializeOwned;

use crate::{error::EngineError, repair, transport::Whole};

/// The most memory that an answer about one thing may become.
const MAX_THING_BYTES: usize = 64 << 20;
/// The most memory that a list may become: less than that for one of 10,000 containers.
const MAX_LIST_BYTES: usize = 256 << 20;
/// The most that a map becomes: the largest of bollard's types of which an item of a list may hold a list.
const MAP_BYTES: usize = 1024;
/// The most that a text, a number or a member of a map becomes, beside its letters.
const ITEM_BYTES: usize = 96;

/// What was read, and what in it was not as documented.
#[derive(Debug, Default)]
pub struct Answer<T> {
    /// What was read.
    pub is: T,
    /// The first thing that had to be left out.
    pub odd: Option<EngineError>,
}

impl<T> Answer<T> {
    /// Makes something else of what was read.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Answer<U> {
        Answer { is: make(self.is), odd: self.odd }
    }
}

/// The answer to a request that bollard answers with `R`, not decoded yet.
pub struct Body<R> {
    whole: Whole,
    of: PhantomData<fn() -> R>,
}

impl<R> Body<R> {
    pub(crate) const fn new(whole: Whole) -> Self {
        Self { whole, of: PhantomData }
    }

    /// The newest API that the engine knows, if it says so with its answer.
    pub fn api_version(&self) -> Option<&str> {
        self.whole.api_version.as_deref()
    }

    /// Decodes what `R` lacks. A field that `T` refuses is left out.
    ///
    /// # Errors
    /// It is something else altogether, or too much.
    pub fn beside<T: DeserializeOwned>(&self) -> Result<Answer<T>, EngineError> {
        self.decoded(MAX_THING_BYTES, repair::one)
    }

    /// Decodes what the items of `R`, a list, lack. An item or field that `T` refuses is left out, and so is what comes
    /// after `max_count` items.
    ///
    /// # Errors
    /// It is no list, or too much.
    pub fn items_beside<T: DeserializeOwned>(&self, max_count: usize) -> Result<Answer<Vec<T>>, EngineError> {
        let Answer { is: (list, has_more), odd } =
            self.decoded(MAX_LIST_BYTES, |json| repair::list(json, max_count))?;
        let too_many = has_more.then(|| EngineError::TooMany { request: self.whole.request.clone(), max_count });
        Ok(Answer { is: list, odd: too_many.or(odd) })
    }

    /// That the answer makes no sense.
    pub fn undecodable(&self, detail: impl Into<String>) -> EngineError {
        EngineError::Undecodable { request: self.whole.request.clone(), detail: detail.into() }
    }

    fn decoded<T>(
        &self,
        max_bytes: usize,
        decode: impl FnOnce(&[u8]) -> Result<(T, Option<String>), String>,
    ) -> Result<Answer<T>, EngineError> {
        if weight_bytes(&self.whole.json) > max_bytes {
            return Err(EngineError::TooMuch { request: self.whole.request.clone(), max_bytes });
        }
        let (is, odd) = decode(&self.whole.json).map_err(|detail| self.undecodable(detail))?;
        Ok(Answer { is, odd: odd.map(|detail| self.undecodable(detail)) })
    }
}

impl<R: DeserializeOwned> Body<R> {
    /// Decodes it. A field that `R` refuses is left out.
    ///
    /// # Errors
    /// It is something else altogether, or too much.
    pub fn read(&self) -> Result<Answer<R>, EngineError> {
        self.beside()
    }
}

impl<T: DeserializeOwned> Body<Vec<T>> {
    /// Decodes a list. An item or field that `T` refuses is left out, and so is what comes after `max_count` items.
    ///
    /// # Errors
    /// It is no list, or too much.
    pub fn items(&self, max_count: usize) -> Result<Answer<Vec<T>>, EngineError> {
        self.items_beside(max_count)
    }
}

/// The most that JSON can become in memory: `{},` are three bytes and may become a thousand. Each value but the first
/// comes after one of three characters; those within texts are counted as well, and do no harm.
fn weight_bytes(json: &[u8]) -> usize {
    let weights = json.iter().map(|byte| match byte {
        b'{' => MAP_BYTES,
        b'[' | b',' => ITEM_BYTES,
        _ => 0,
    });
    json.len() + weights.sum::<usize>()
}

/// A body for whoever tries the decoders.
#[cfg(any(test, fuzzing))]
impl<R> Body<R> {
    /// As if an engine had answered this.
    pub fn of(json: &[u8]) -> Self {
        Self::new(Whole::of(json))
    }
}

#[cfg(test)]
mod tests {
    use bollard::models::{self, ContainerSummary};

    use super::*;

    fn ids(json: &str) -> Result<Answer<Vec<String>>, EngineError> {
        let answer = Body::<Vec<ContainerSummary>>::of(json.as_bytes()).items(9)?;
        Ok(answer.map(|list| list.into_iter().filter_map(|item| item.id).collect()))
    }

    #[test]
    fn a_list_is_a_list_and_what_is_refused_costs_itself() {
        assert_eq!(ids(r#"[{"Id":"a"},{"Id":"b","New":[1.5,-1,true,null]}]"#).unwrap().is, ["a", "b"]);
        for nonsense in ["null", r#"{"Id":"a"}"#, "7", r#""[]""#, "[", "", "[] []"] {
            assert!(matches!(ids(nonsense), Err(EngineError::Undecodable { .. })), "{nonsense}");
        }
        for (odd, kept) in [
            (r#"[{"Id":"a"},null]"#, &["a"][..]),
            (r#"[{"Id":"a"},["b"]]"#, &["a"]),
            (r#"[{"Id":"a"},{"Id":7}]"#, &["a"]),
            (r#"[{"Id":"a"},{"Id":"b","State":"thinking"}]"#, &["a", "b"]),
            (r#"[{"Id":"a","Ports":[{"PrivatePort":1},{"PrivatePort":"x"}]},{"Id":"b","Names":{}}]"#, &["a", "b"]),
        ] {
            let answer = ids(odd).unwrap();
            assert_eq!(answer.is, kept, "{odd}");
            assert!(matches!(answer.odd, Some(EngineError::Undecodable { .. })), "{odd}");
        }
    }

    #[test]
    fn an_answer_that_could_become_too_much_is_refused() {
        let answer = |count: usize| format!("[{{\"Id\":\"a\",\"Mounts\":[{}{{}}]}}]", "{},".repeat(count));
        assert!(ids(&answer(1000)).is_ok());
        assert!(matches!(ids(&answer(1 << 20)), Err(EngineError::TooMuch { .. })));
        assert!(matches!(ids(&"[".repeat(10_000)), Err(EngineError::Undecodable { .. })));
    }

    #[test]
    fn what_comes_after_too_many_is_passed_over_and_said() {
        let list = format!("[{}{{\"Id\":\"x\"}}]", "{\"Id\":\"a\"},".repeat(9));
        let answer = ids(&list).unwrap();
        assert_eq!(answer.is.len(), 9);
        assert!(matches!(answer.odd, Some(EngineError::TooMany { max_count: 9, .. })));
    }

    #[test]
    fn no_map_becomes_more_than_is_counted_for_it() {
        let key_bytes = size_of::<String>();
        for bytes in [
            size_of::<models::DeviceRequest>(),
            size_of::<models::EndpointPortConfig>(),
            size_of::<models::EndpointResource>() + key_bytes,
            size_of::<models::EndpointSettings>() + key_bytes,
            size_of::<models::IpamConfig>(),
            size_of::<models::Mount>(),
            size_of::<models::MountPoint>(),
            size_of::<models::NetworkAttachmentConfig>(),
            size_of::<models::PluginDevice>(),
            size_of::<models::PluginMount>(),
            size_of::<models::PortSummary>(),
            size_of::<models::Runtime>() + key_bytes,
            size_of::<models::TaskSpecContainerSpecConfigs>(),
            size_of::<models::TaskSpecContainerSpecSecrets>(),
        ] {
            assert!(bytes <= MAP_BYTES, "{bytes}");
        }
        // These are items of the list itself, of which there are at most so many.
        for bytes in [
            size_of::<ContainerSummary>(),
            size_of::<models::ImageSummary>(),
            size_of::<models::Network>(),
            size_of::<models::Node>(),
            size_of::<models::Plugin>(),
            size_of::<models::Service>(),
            size_of::<models::Task>(),
        ] {
            assert!(bytes <= 8 << 10, "{bytes}");
        }
    }
}
