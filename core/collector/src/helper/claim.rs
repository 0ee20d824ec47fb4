//! What was made and may be left behind, on record.
//!
//! Before anything is made on an engine, a file in `$XDG_STATE_HOME/bridgewalk/helpers` (else in
//! `~/.local/state/bridgewalk/helpers`) names the token and the engine. Whoever made it holds a lock on the file while it
//! lives, and removes the file when all is taken away. A file that nobody holds is of one that was killed together with
//! everything else: what bears its token is ours, and nothing else is, whatever its label says.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use bridgewalk_docker::endpoint::Environment;
use rustix::fs::{FlockOperation, flock};

use super::token::Token;

/// An address is a few dozen characters.
const MAX_ADDRESS_BYTES: u64 = 4 << 10;
/// More were never left behind.
const MAX_CLAIMS: usize = 100;

/// One token's file, locked.
pub(super) struct Claim {
    pub(super) token: Token,
    /// On which engine.
    pub(super) address: String,
    path: PathBuf,
    _locked: File,
}

impl Claim {
    /// Puts a token on record.
    pub(super) fn make(token: &Token, address: &str, environment: &Environment) -> io::Result<Self> {
        let folder = folder(environment).ok_or(io::ErrorKind::NotFound)?;
        DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        // Under its name it is locked from the first moment.
        let making = folder.join(format!(".{token}"));
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&making)?;
        flock(&file, FlockOperation::NonBlockingLockExclusive)?;
        file.write_all(address.as_bytes())?;
        let path = folder.join(token.to_string());
        fs::rename(&making, &path)?;
        Ok(Self { token: token.clone(), address: address.to_owned(), path, _locked: file })
    }

    /// Those that nobody holds.
    pub(super) fn orphans(environment: &Environment) -> Vec<Self> {
        let Some(entries) = folder(environment).and_then(|folder| fs::read_dir(folder).ok()) else { return Vec::new() };
        entries.flatten().filter_map(|entry| Self::orphan(&entry.path())).take(MAX_CLAIMS).collect()
    }

    fn orphan(path: &Path) -> Option<Self> {
        let token = Token::parse(path.file_name()?.to_str()?)?;
        let file = File::open(path).ok()?;
        flock(&file, FlockOperation::NonBlockingLockExclusive).ok()?;
        let mut address = String::new();
        (&file).take(MAX_ADDRESS_BYTES).read_to_string(&mut address).ok()?;
        Some(Self { token, address, path: path.to_owned(), _locked: file })
    }

    /// Nothing is left of it.
    #[expect(clippy::disallowed_methods, reason = "a file of our own, which this process has locked")]
    pub(super) fn release(self) {
        // If it stays, the next start looks once more, and finds nothing.
        let _ = fs::remove_file(&self.path);
    }
}

fn folder(environment: &Environment) -> Option<PathBuf> {
    let state = environment.get("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let state = state.or_else(|| environment.get("HOME").map(|home| PathBuf::from(home).join(".local/state")));
    state.map(|state| state.join("bridgewalk/helpers"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_no_orphan_and_what_is_released_is_gone() {
        let home = tempfile::tempdir().unwrap();
        let environment = Environment::of([("HOME", home.path().to_str().unwrap())]);
        assert!(Claim::orphans(&environment).is_empty());
        let token = Token::new().unwrap();
        let claim = Claim::make(&token, "unix:///x.sock", &environment).unwrap();
        assert!(Claim::orphans(&environment).is_empty());
        // As the death of its process does.
        drop(claim);
        let mut orphans = Claim::orphans(&environment);
        assert_eq!((orphans.len(), &orphans[0].token, orphans[0].address.as_str()), (1, &token, "unix:///x.sock"));
        orphans.pop().unwrap().release();
        assert!(Claim::orphans(&environment).is_empty());
    }
}
