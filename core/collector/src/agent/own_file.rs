//! A file that root is to execute, written where no other user can put another one in its place.
//!
//! It lies in a folder that is this user's alone, below folders that only this user and root may write to: the runtime
//! folder (`XDG_RUNTIME_DIR`), else the cache. It is read and compared each time, and replaced as a whole. What this user
//! does to its own file in between is its own affair, as is what it types into sudo.

use std::{
    env, fs,
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// Writes the file if it is not there already; its path, or why it can lie nowhere.
pub(super) fn written(name: &str, bytes: &[u8]) -> Result<PathBuf, String> {
    let places = places();
    let mut complaints = Vec::new();
    for place in &places {
        match put(place, name, bytes) {
            Ok(path) => return Ok(path),
            Err(error) => complaints.push(format!("{}: {error}", place.display())),
        }
    }
    if complaints.is_empty() {
        complaints.push("neither XDG_RUNTIME_DIR nor HOME is set".to_owned());
    }
    Err(format!("its program cannot be written ({})", complaints.join("; ")))
}

/// Where it may lie, the best first: what is in the runtime folder is gone with the session.
fn places() -> Vec<PathBuf> {
    let folder = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = folder("XDG_CACHE_HOME").or_else(|| folder("HOME").map(|home| home.join(".cache")));
    [folder("XDG_RUNTIME_DIR"), cache].into_iter().flatten().map(|folder| folder.join("bridgewalk")).collect()
}

fn put(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
    let above = folder.ancestors().skip(1).find(|above| above.exists()).unwrap_or(folder);
    check(&above.canonicalize()?)?;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let folder = folder.canonicalize()?;
    check(&folder)?;
    // A filesystem from which nothing may be executed, as a hardened runtime folder is.
    if rustix::fs::statvfs(&folder)?.f_flag.contains(rustix::fs::StatVfsMountFlags::NOEXEC) {
        return Err(io::Error::other("nothing may be executed there"));
    }
    let path = folder.join(name);
    let is_there = fs::symlink_metadata(&path).is_ok_and(|file| file.is_file() && file.mode() & 0o7777 == MODE)
        && fs::read(&path).is_ok_and(|there| there == bytes);
    if !is_there {
        let mut file = tempfile::NamedTempFile::new_in(&folder)?;
        file.write_all(bytes)?;
        file.as_file().set_permissions(fs::Permissions::from_mode(MODE))?;
        file.persist(&path)?;
    }
    Ok(path)
}

/// Executed by root, read again by us.
const MODE: u32 = 0o500;

/// Whether nobody but this user and root can change what `folder` holds or stands for.
fn check(folder: &Path) -> io::Result<()> {
    let own = rustix::process::geteuid().as_raw();
    for (depth, part) in folder.ancestors().enumerate() {
        let found = fs::symlink_metadata(part)?;
        let is_ours = found.uid() == own || (depth > 0 && found.uid() == 0);
        // In a folder with the sticky bit others may write, but not rename what is not theirs.
        let is_closed = found.mode() & 0o022 == 0 || (depth > 0 && found.mode() & 0o1000 != 0);
        if !is_ours || !is_closed {
            return Err(io::Error::other(format!("others may write to {}", part.display())));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of this user's, below one that everybody may write to.
    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    #[test]
    fn it_is_this_users_alone_and_is_put_right_again() {
        let folder = folder();
        let place = folder.path().join("bridgewalk");
        let path = put(&place, "agent", b"one").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, MODE);
        assert_eq!(fs::metadata(&place).unwrap().mode() & 0o7777, 0o700);
        let inode = fs::metadata(&path).unwrap().ino();
        assert_eq!(put(&place, "agent", b"one").unwrap(), path);
        assert_eq!(fs::metadata(&path).unwrap().ino(), inode, "written twice");

        // Another version, a changed mode, a link in its place.
        assert_eq!(fs::read(put(&place, "agent", b"two").unwrap()).unwrap(), b"two");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).unwrap();
        put(&place, "agent", b"two").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, MODE);
        let other = folder.path().join("other");
        fs::copy(&path, &other).unwrap();
        fs::rename(&path, folder.path().join("away")).unwrap();
        std::os::unix::fs::symlink(&other, &path).unwrap();
        put(&place, "agent", b"two").unwrap();
        assert!(fs::symlink_metadata(&path).unwrap().is_file());
    }

    #[test]
    fn a_folder_to_which_others_may_write_is_refused() {
        let folder = folder();
        let open = folder.path().join("open");
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
        let error = put(&open.join("bridgewalk"), "agent", b"one").unwrap_err();
        assert!(error.to_string().contains("others may write"), "{error}");
        // Also where a link leads there.
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&open, &link).unwrap();
        assert!(put(&link.join("bridgewalk"), "agent", b"one").is_err());
        // The folder itself, with or without the sticky bit.
        let shared = folder.path().join("bridgewalk");
        fs::create_dir(&shared).unwrap();
        fs::set_permissions(&shared, fs::Permissions::from_mode(0o1777)).unwrap();
        assert!(put(&shared, "agent", b"one").is_err());
    }
}
