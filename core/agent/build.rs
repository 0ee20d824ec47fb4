//! Names this build by its sources, so that a program and an agent that were not made of the same ones notice.

use std::{
    env, fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

/// What the agent is made of, from its own folder; other people's packages by the lock file.
const SOURCES: [&str; 6] =
    ["src", "Cargo.toml", "../model/src", "../model/Cargo.toml", "../../Cargo.toml", "../../Cargo.lock"];

fn main() -> io::Result<()> {
    let mut out = io::stdout();
    let mut files = Vec::new();
    for source in SOURCES {
        writeln!(out, "cargo:rerun-if-changed={source}")?;
        list(Path::new(source), &mut files)?;
    }
    files.sort();
    let mut hash = FNV_OFFSET;
    for file in &files {
        // Where the package lies alone there is no lock file.
        let bytes = match fs::read(file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            bytes => bytes?,
        };
        for part in [file.as_os_str().as_encoded_bytes(), &(bytes.len() as u64).to_le_bytes(), &bytes] {
            hash = part.iter().fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(FNV_PRIME));
        }
    }
    let version = env::var("CARGO_PKG_VERSION").unwrap_or_default();
    writeln!(out, "cargo:rustc-env=BRIDGEWALK_BUILD={version}+{hash:016x}")
}

/// FNV-1a, 64 bits: it tells builds apart and protects from nobody.
const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0100_0000_01b3;

/// All files at or below `path`.
fn list(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        list(&entry?.path(), files)?;
    }
    Ok(())
}
