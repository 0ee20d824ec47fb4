//! The docker client's contexts: `contexts/meta/<sha256 of the name>/meta.json` and `contexts/tls/<the same>/docker/`.

use std::{fs, io, path::Path};

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Address, EndpointError, Tls};

/// Such files are a few hundred bytes long; one that is longer than this is none.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// The folder's name for a context: the SHA-256 of its name in hexadecimal digits.
pub(super) fn digest(name: &str) -> String {
    Sha256::digest(name.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `currentContext` of `config.json`, if there is one.
pub(super) fn current(directory: &Path) -> Result<Option<String>, EndpointError> {
    let config = read_json(&directory.join("config.json"))?;
    Ok(config
        .as_ref()
        .and_then(|config| config.get("currentContext"))
        .and_then(Value::as_str)
        .filter(|name| !name.is_empty())
        .map(str::to_owned))
}

/// A context's engine.
pub(super) fn read(directory: &Path, name: &str) -> Result<(Address, Option<Tls>), EndpointError> {
    let contexts = directory.join("contexts");
    let path = contexts.join("meta").join(digest(name)).join("meta.json");
    let meta = read_json(&path)?.ok_or_else(|| EndpointError::NoContext { name: name.to_owned() })?;
    let damaged = |detail: &str| EndpointError::Damaged { path: path.clone(), detail: detail.to_owned() };
    let docker = meta.pointer("/Endpoints/docker").ok_or_else(|| damaged("it has no endpoint `docker`"))?;
    let host = match docker.get("Host").and_then(Value::as_str) {
        Some(host) if !host.is_empty() => host,
        _ => Address::DEFAULT,
    };
    let (address, wants_tls) = Address::parse(host)?;
    let skip_verify = docker.get("SkipTLSVerify").and_then(Value::as_bool).unwrap_or_default();
    let files = Tls::in_directory(Some(&contexts.join("tls").join(digest(name)).join("docker")));
    let has_tls = wants_tls || skip_verify || files != Tls::default();
    let tls = (has_tls && matches!(address, Address::Tcp { .. })).then_some(Tls { skip_verify, ..files });
    Ok((address.with_default_port(tls.is_some()), tls))
}

/// A JSON file; none if there is no such file.
fn read_json(path: &Path) -> Result<Option<Value>, EndpointError> {
    let unreadable = |error: &io::Error| EndpointError::Unreadable { path: path.to_owned(), detail: error.to_string() };
    match fs::metadata(path) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(unreadable(&error)),
        Ok(metadata) if metadata.len() > MAX_FILE_BYTES => {
            return Err(EndpointError::Damaged {
                path: path.to_owned(),
                detail: format!("it is longer than {MAX_FILE_BYTES} bytes"),
            });
        }
        Ok(_) => {}
    }
    let bytes = fs::read(path).map_err(|error| unreadable(&error))?;
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|error| EndpointError::Damaged { path: path.to_owned(), detail: error.to_string() })
}
