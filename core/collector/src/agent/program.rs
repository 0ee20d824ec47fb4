//! Where the agent's program lies.
//!
//! `BRIDGEWALK_AGENT` if it is set; else beside this program (`bridgewalk-agent-static`, `bridgewalk-agent`), where a
//! static build for this machine puts it, or where the Debian package has it. It is a file of its own and not a part of
//! the program, so that what is started as root or put into a container can be looked at.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use super::AgentError;

const PLACES: [&str; 7] = [
    "bridgewalk-agent-static",
    "bridgewalk-agent",
    "../x86_64-unknown-linux-gnu/release/bridgewalk-agent",
    "../aarch64-unknown-linux-gnu/release/bridgewalk-agent",
    "../x86_64-unknown-linux-musl/release/bridgewalk-agent",
    "../lib/bridgewalk/bridgewalk-agent",
    "../libexec/bridgewalk/bridgewalk-agent",
];

/// The program to start on this machine.
pub(crate) fn find() -> Result<PathBuf, AgentError> {
    let candidates = candidates();
    candidates.iter().find(|path| path.is_file()).cloned().ok_or_else(|| none_of(&candidates))
}

/// The program that can run without anything beside it.
pub(crate) fn find_static() -> Result<PathBuf, AgentError> {
    let candidates = candidates();
    let mut found: Vec<&PathBuf> = candidates.iter().filter(|path| path.is_file()).collect();
    if found.is_empty() {
        return Err(none_of(&candidates));
    }
    match found.iter().find(|path| is_static(path)) {
        Some(path) => Ok((*path).clone()),
        None => Err(AgentError::NotStatic { path: found.swap_remove(0).clone() }),
    }
}

fn candidates() -> Vec<PathBuf> {
    if let Some(path) = std::env::var_os("BRIDGEWALK_AGENT").filter(|path| !path.is_empty()) {
        return vec![path.into()];
    }
    let program = std::env::current_exe().ok();
    let folder = program.as_deref().and_then(Path::parent);
    // Tests lie one folder deeper than the programs they test.
    let folder = folder.filter(|folder| !folder.ends_with("deps")).or_else(|| folder.and_then(Path::parent));
    folder.map(|folder| PLACES.iter().map(|place| folder.join(place)).collect()).unwrap_or_default()
}

fn none_of(candidates: &[PathBuf]) -> AgentError {
    let looked_for = candidates.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
    AgentError::NoProgram { looked_for }
}

/// Whether it is an ELF program without an interpreter (`PT_INTERP`), that is, without a dynamic linker.
fn is_static(path: &Path) -> bool {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(64 << 10).read_to_end(&mut bytes));
    read.is_ok() && has_no_interpreter(&bytes).unwrap_or(false)
}

/// Reads the program headers of a 64-bit little-endian ELF file; none if it is no such file.
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
    }
}
