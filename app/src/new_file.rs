//! A file that is whole or not there: written beside its name, then renamed.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// A file being written. Dropped before [`commit`](Self::commit), it leaves nothing behind.
#[derive(Debug)]
pub struct NewFile {
    file: Option<File>,
    temporary: PathBuf,
    target: PathBuf,
}

impl NewFile {
    /// Begins a file that will bear the name `target`.
    ///
    /// # Errors
    /// The folder is not there or may not be written, or `target` is a folder.
    pub fn create(target: &Path) -> io::Result<Self> {
        let Some(name) = target.file_name() else { return Err(io::ErrorKind::IsADirectory.into()) };
        if target.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let mut temporary_name = std::ffi::OsString::from(".");
        temporary_name.push(name);
        temporary_name.push(format!(".{}.tmp", std::process::id()));
        let temporary = target.with_file_name(temporary_name);
        let file = OpenOptions::new().write(true).create_new(true).open(&temporary)?;
        Ok(Self { file: Some(file), temporary, target: target.to_owned() })
    }

    /// Gives the file its name, in place of any that bore it.
    ///
    /// # Errors
    /// What was written does not reach the disk, or the name cannot be taken.
    pub fn commit(mut self) -> io::Result<()> {
        if let Some(file) = self.file.take() {
            file.sync_all()?;
        }
        fs::rename(&self.temporary, &self.target)
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.as_mut().map_or_else(|| Err(io::ErrorKind::BrokenPipe.into()), |file| file.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), File::flush)
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        // After a commit it is not there any more, which is what is wanted.
        let _ = fs::remove_file(&self.temporary);
    }
}

/// Writes `bytes` as the file `target`, whole or not at all.
///
/// # Errors
/// As [`NewFile::create`] and [`NewFile::commit`].
pub fn write(target: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = NewFile::create(target)?;
    file.write_all(bytes)?;
    file.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_whole_or_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.svg");
        {
            let mut file = NewFile::create(&target).unwrap();
            file.write_all(b"half").unwrap();
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        write(&target, b"whole").unwrap();
        write(&target, b"whole again").unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"whole again");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn says_at_once_that_it_cannot_be() {
        let folder = tempfile::tempdir().unwrap();
        assert!(NewFile::create(folder.path()).is_err());
        assert!(NewFile::create(&folder.path().join("none/a.svg")).is_err());
    }
}
