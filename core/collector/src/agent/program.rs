//! The agent's program: built with this program, linked statically and embedded in it (`build.rs`).
//!
//! So it is always there, it is never of another version, and it runs in a container that has nothing but it. It is
//! written out only where it must be a file, for sudo and pkexec; a package may have it as a file already, at the path
//! that its polkit action names. `BRIDGEWALK_AGENT` names another one. Whichever it is, it is used only if it was made of
//! the same sources ([`BUILD`]): both sides look at that first.

use std::{
    borrow::Cow,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use bridgewalk_agent::protocol::BUILD;
use sha2::{Digest, Sha256};

use super::{AgentError, own_file};

static EMBEDDED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/bridgewalk-agent"));

/// An agent is a few megabytes.
const MAX_BYTES: u64 = 64 << 20;

/// Where a package has it, from this program's folder.
const INSTALLED: [&str; 2] = ["../libexec/bridgewalk/bridgewalk-agent", "../lib/bridgewalk/bridgewalk-agent"];

/// The agent's program that is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentProgram {
    /// By `BRIDGEWALK_AGENT`.
    Named(PathBuf),
    /// By a package, for sudo and pkexec; the helper container is given what is embedded.
    Installed(PathBuf),
    /// In this program.
    Embedded,
}

impl AgentProgram {
    /// The one of this process.
    pub fn find() -> Self {
        if let Some(path) = std::env::var_os("BRIDGEWALK_AGENT").filter(|path| !path.is_empty()) {
            let path = PathBuf::from(path);
            return Self::Named(std::path::absolute(&path).unwrap_or(path));
        }
        let program = std::env::current_exe().ok();
        let folder = program.as_deref().and_then(Path::parent);
        let installed =
            folder.and_then(|folder| INSTALLED.iter().map(|place| folder.join(place)).find(|at| at.is_file()));
        installed.map_or(Self::Embedded, Self::Installed)
    }

    /// The file to start as root.
    ///
    /// # Errors
    /// It is not there, or cannot be written anywhere.
    pub(crate) fn file(&self) -> Result<PathBuf, AgentError> {
        match self {
            Self::Named(path) if !path.is_file() => Err(AgentError::NoProgram { path: path.clone() }),
            Self::Named(path) | Self::Installed(path) => Ok(path.clone()),
            Self::Embedded => own_file::written("bridgewalk-agent", EMBEDDED)
                .map_err(|detail| AgentError::Start { program: "bridgewalk-agent".to_owned(), detail }),
        }
    }

    /// The program that can run without anything beside it.
    ///
    /// # Errors
    /// It is not there, cannot be read, or is not static.
    pub(crate) fn bytes(&self) -> Result<Cow<'static, [u8]>, AgentError> {
        let Self::Named(path) = self else { return Ok(Cow::Borrowed(EMBEDDED)) };
        if !path.is_file() {
            return Err(AgentError::NoProgram { path: path.clone() });
        }
        let unreadable = |detail: String| AgentError::Start { program: path.display().to_string(), detail };
        let mut bytes = Vec::new();
        let read = File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes));
        read.map_err(|error| unreadable(error.to_string()))?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(unreadable(format!("it is longer than {MAX_BYTES} bytes")));
        }
        // What is no program of this machine's kind may be one of the engine's.
        if has_no_interpreter(&bytes) == Some(false) {
            return Err(AgentError::NotStatic { path: path.clone() });
        }
        Ok(Cow::Owned(bytes))
    }
}

/// The version and the sources' digest of the agent that is embedded, and its SHA-256 in hexadecimal digits, as
/// `sha256sum` prints it of the file that sudo and pkexec start and of the one in the helper's image.
pub fn embedded_agent() -> (&'static str, &'static str) {
    static SHA256: LazyLock<String> =
        LazyLock::new(|| Sha256::digest(EMBEDDED).iter().map(|byte| format!("{byte:02x}")).collect());
    (BUILD, &SHA256)
}

/// Whether an ELF program has no interpreter (`PT_INTERP`), that is, no dynamic linker: reads the program headers of a
/// 64-bit little-endian ELF file; none if it is no such file.
fn has_no_interpreter(bytes: &[u8]) -> Option<bool> {
    const PT_INTERP: u32 = 3;
    if bytes.get(..6)? != b"\x7fELF\x02\x01" {
        return None;
    }
    let word = |at: usize| bytes.get(at..at + 2).map(|half| u16::from_le_bytes([half[0], half[1]]));
    let start = usize::try_from(u64::from_le_bytes(bytes.get(32..40)?.try_into().ok()?)).ok()?;
    let (size, count) = (usize::from(word(54)?), usize::from(word(56)?));
    (0..count)
        .map(|index| {
            let at = start.checked_add(index * size)?;
            let kind = u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?);
            Some(kind != PT_INTERP)
        })
        .try_fold(true, |so_far, here| Some(so_far && here?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_with_a_dynamic_linker_is_not_static() {
        let this = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        assert_eq!(has_no_interpreter(&this[..64 << 10]), Some(false));
        assert_eq!(has_no_interpreter(b"#!/bin/sh\n"), None);
        assert_eq!(has_no_interpreter(&this[..70]), None);
        let dynamic = AgentProgram::Named(std::env::current_exe().unwrap());
        assert!(matches!(dynamic.bytes(), Err(AgentError::NotStatic { .. })));
    }

    #[test]
    fn what_is_embedded_is_static_and_made_of_the_same_sources() {
        assert_eq!(has_no_interpreter(EMBEDDED), Some(true));
        let program = AgentProgram::Embedded.file().unwrap();
        let ran = std::process::Command::new(&program).arg("--version").output().unwrap();
        let said = String::from_utf8(ran.stdout).unwrap();
        assert!(said.contains(BUILD), "{said} is not {BUILD}");
        assert_eq!(std::fs::read(program).unwrap(), EMBEDDED);
    }

    #[test]
    fn a_named_program_must_be_there() {
        let nowhere = AgentProgram::Named("/nowhere/agent".into());
        assert!(matches!(nowhere.file(), Err(AgentError::NoProgram { .. })));
        assert!(matches!(nowhere.bytes(), Err(AgentError::NoProgram { .. })));
    }
}
