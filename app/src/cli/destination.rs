//! Where `-o` leads: a file, or the standard output.

use std::{
    fs::File,
    io::{self, ErrorKind, Write},
    os::fd::AsFd,
    path::Path,
};

use super::Failure;
use crate::{
    new_file::{NewFile, Readers},
    words::Words,
};

/// What `-o` calls the standard output. By its other names it would be opened again and written from the start.
const STANDARD: [&str; 4] = ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];

/// Begins to write `target`; `-` is the standard output.
///
/// # Errors
/// It cannot be written, or it is a terminal, which is no place for what we write.
pub(super) fn create(target: &Path, readers: Readers, words: Words) -> Result<NewFile, Failure> {
    let is_standard = target.to_str().is_some_and(|target| STANDARD.contains(&target));
    let created = if is_standard { standard() } else { NewFile::create(target, readers) };
    let file = created.map_err(|error| cannot(target, &error, words))?;
    if file.is_terminal() {
        return Err(Failure::input(words.text("cli-error-terminal")));
    }
    Ok(file)
}

/// Writes `bytes`, whole or not at all.
///
/// # Errors
/// As [`create`]; or its reader has gone.
pub(super) fn write(target: &Path, readers: Readers, bytes: &[u8], words: Words) -> Result<(), Failure> {
    let mut file = create(target, readers, words)?;
    file.write_all(bytes).and_then(|()| file.commit()).map_err(|error| cannot(target, &error, words))
}

/// Why `target` cannot be written.
pub(super) fn cannot(target: &Path, error: &io::Error, words: Words) -> Failure {
    if error.kind() == ErrorKind::BrokenPipe {
        return Failure::reader_gone();
    }
    let arguments = [("path", target.display().to_string().into()), ("detail", error.to_string().into())];
    Failure::input(words.format("cli-error-write", &arguments))
}

fn standard() -> io::Result<NewFile> {
    Ok(NewFile::into_open(File::from(io::stdout().as_fd().try_clone_to_owned()?)))
}
