//! Files that are written. What is there is not lost before what comes is whole: it is written beside and renamed, with the
//! mode, the owner and the attributes of what was there. What cannot be replaced so is written in place: a device or a
//! pipe at once, a file that has several names or lies in a folder that may not be written when all is there and its room
//! is kept. A link is followed; what it leads to is written.

mod like;

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, IsTerminal, Read, Seek, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use rustix::fs::{FallocateFlags, OFlags};
use tempfile::NamedTempFile;

/// How much of the name the temporary file's name repeats, in bytes: a name has at most 255 bytes.
const MAX_STEM_BYTES: usize = 200;
/// The most symbolic links that are followed, as in the kernel.
const MAX_LINKS: usize = 40;

/// Who may read a file that was not there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// Whoever the process's mask lets.
    Usual,
    /// Its owner alone.
    Owner,
}

/// A file being written. Dropped before [`commit`](Self::commit), it leaves nothing behind, and what was there as it was.
#[derive(Debug)]
pub struct NewFile {
    to: To,
}

#[derive(Debug)]
enum To {
    /// Straight to where it goes.
    Through(File),
    /// To a file beside, then to its place.
    Beside { temporary: NamedTempFile, place: PathBuf, existing: Option<File> },
}

impl NewFile {
    /// Begins to write the file `target`, whose readers are `readers` where it is not there yet. A pipe is waited for until
    /// somebody reads it.
    ///
    /// # Errors
    /// The folder is not there or may not be written, what is there may not be written, or is a folder; a link that the
    /// kernel would not follow.
    pub fn create(target: &Path, readers: Readers) -> io::Result<Self> {
        let found = match fs::metadata(target) {
            Ok(found) => Some(found),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let Some(found) = found else {
            let place = end_of_links(target)?;
            let temporary = beside(&place, readers)?;
            return Ok(Self { to: To::Beside { temporary, place, existing: None } });
        };
        if found.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        // Opened by the kernel, by whose rules links are followed here, and not created.
        let mut options = OpenOptions::new();
        options.write(true).custom_flags(OFlags::NOCTTY.bits() as i32);
        let existing = options.open(target)?;
        let place = fs::canonicalize(target).ok().filter(|place| is_at(place, &existing));
        match place {
            // Not a device, a pipe, or what only an open file leads to.
            Some(place) if existing.metadata()?.is_file() => {
                let temporary = match beside(&place, Readers::Owner) {
                    Err(error) if is_no_folder_of_ours(&error) => private()?,
                    made => made?,
                };
                Ok(Self { to: To::Beside { temporary, place, existing: Some(existing) } })
            }
            _ => {
                if existing.metadata()?.is_file() {
                    existing.set_len(0)?;
                }
                Ok(Self::into_open(existing))
            }
        }
    }

    /// Begins to write into what is open already, such as the standard output.
    pub const fn into_open(file: File) -> Self {
        Self { to: To::Through(file) }
    }

    /// Whether what is written goes to a terminal.
    pub fn is_terminal(&self) -> bool {
        matches!(&self.to, To::Through(file) if file.is_terminal())
    }

    /// Ends the file: gives it its place, in place of what was there.
    ///
    /// # Errors
    /// What was written does not reach the disk, or the place cannot be taken. What was there is there still, unless the
    /// disk itself failed while a file was written in place.
    pub fn commit(self) -> io::Result<()> {
        let (temporary, place, existing) = match self.to {
            To::Through(mut file) => return file.flush(),
            To::Beside { temporary, place, existing } => (temporary, place, existing),
        };
        temporary.as_file().sync_all()?;
        let Some(existing) = existing else { return temporary.persist(&place).map(drop).map_err(|error| error.error) };
        // What has other names would lose them; what cannot be made like it would be another's, or read by others.
        if existing.metadata()?.nlink() > 1
            || !is_beside(&temporary, &place)
            || like::make(temporary.as_file(), &existing).is_err()
        {
            return overwrite(existing, temporary.reopen()?);
        }
        match temporary.persist(&place) {
            Ok(_) => Ok(()),
            // The name is a mount of its own, or not ours to take.
            Err(error) if is_no_folder_of_ours(&error.error) || error.error.kind() == io::ErrorKind::ResourceBusy => {
                overwrite(existing, error.file.reopen()?)
            }
            Err(error) => Err(error.error),
        }
    }

    /// Keeps what was written, though it is not whole, and says where: in its place, if nothing is there yet, else beside.
    ///
    /// # Errors
    /// It cannot be kept.
    pub fn keep(self) -> io::Result<Option<PathBuf>> {
        match self.to {
            To::Through(_) => Ok(None),
            To::Beside { temporary, place, existing: None } => match temporary.persist_noclobber(&place) {
                Ok(_) => Ok(Some(place)),
                Err(error) => error.file.keep().map(|(_, path)| Some(path)).map_err(|error| error.error),
            },
            To::Beside { temporary, .. } => temporary.keep().map(|(_, path)| Some(path)).map_err(|error| error.error),
        }
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.to {
            To::Through(file) => file.write(bytes),
            // Its own way adds the path to an error, which is said anyway.
            To::Beside { temporary, .. } => temporary.as_file_mut().write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.to {
            To::Through(file) => file.flush(),
            To::Beside { temporary, .. } => temporary.as_file_mut().flush(),
        }
    }
}

/// Writes `bytes` as the file `target`, whole or not at all.
///
/// # Errors
/// As [`NewFile::create`] and [`NewFile::commit`].
pub fn write(target: &Path, readers: Readers, bytes: &[u8]) -> io::Result<()> {
    let mut file = NewFile::create(target, readers)?;
    file.write_all(bytes)?;
    file.commit()
}

/// A file beside `place` whose name nobody has: `today.bwrec.k3J9sQ.part`.
fn beside(place: &Path, readers: Readers) -> io::Result<NamedTempFile> {
    let Some(name) = place.file_name() else { return Err(io::ErrorKind::IsADirectory.into()) };
    let mut stem = name.to_string_lossy().into_owned();
    let end = (0..=MAX_STEM_BYTES.min(stem.len())).rev().find(|end| stem.is_char_boundary(*end)).unwrap_or(0);
    stem.truncate(end);
    stem.push('.');
    let mode = match readers {
        Readers::Usual => 0o666,
        Readers::Owner => 0o600,
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(&stem).suffix(".part").rand_bytes(6).permissions(Permissions::from_mode(mode));
    builder.tempfile_in(folder(place))
}

/// A file elsewhere, for what will be written in place.
fn private() -> io::Result<NamedTempFile> {
    tempfile::Builder::new().prefix("bridgewalk.").suffix(".part").tempfile()
}

fn folder(place: &Path) -> &Path {
    place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn is_beside(temporary: &NamedTempFile, place: &Path) -> bool {
    temporary.path().parent() == Some(folder(place))
}

fn is_no_folder_of_ours(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::CrossesDevices
    )
}

/// Whether `file` is what bears this name: not what a link in `/proc` leads to, nor what somebody has put there since.
fn is_at(place: &Path, file: &File) -> bool {
    let same = |at: &fs::Metadata, open: &fs::Metadata| (at.dev(), at.ino()) == (open.dev(), open.ino());
    matches!((fs::symlink_metadata(place), file.metadata()), (Ok(at), Ok(open)) if same(&at, &open))
}

/// Where links that lead to nothing yet end.
fn end_of_links(target: &Path) -> io::Result<PathBuf> {
    let mut place = target.to_owned();
    for _ in 0..MAX_LINKS {
        let link = match fs::symlink_metadata(&place) {
            Ok(found) if found.is_symlink() => found,
            Ok(_) => return Ok(place),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(place),
            Err(error) => return Err(error),
        };
        // The kernel's own rule (fs.protected_symlinks): in a folder that all may write, another's link is a trap.
        let around = fs::metadata(folder(&place))?;
        let is_open_to_all = around.mode() & 0o1002 == 0o1002;
        if is_open_to_all && link.uid() != rustix::process::geteuid().as_raw() && link.uid() != around.uid() {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        place = folder(&place).join(fs::read_link(&place)?);
    }
    Err(rustix::io::Errno::LOOP.into())
}

/// Puts what is in `from` into `existing`. Its room is kept before anything is touched: a full disk changes nothing.
fn overwrite(mut existing: File, mut from: File) -> io::Result<()> {
    let length = from.metadata()?.len();
    if length > 0 {
        match rustix::fs::fallocate(&existing, FallocateFlags::KEEP_SIZE, 0, length) {
            // Not every file system can.
            Ok(()) | Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => {}
            Err(error) => return Err(error.into()),
        }
    }
    io::copy(&mut Read::by_ref(&mut from), &mut existing)?;
    let end = existing.stream_position()?;
    existing.set_len(end)?;
    existing.sync_all()
}

#[cfg(test)]
mod tests;
