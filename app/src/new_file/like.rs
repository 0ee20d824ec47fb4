//! What a file that comes in another's place takes over from it: owner, group, extended attributes (lists of access
//! rights among them) and mode.

use std::{
    collections::BTreeMap,
    fs::{File, Permissions},
    io,
    os::unix::fs::{MetadataExt, PermissionsExt, fchown},
};

use rustix::{
    fs::{XattrFlags, fgetxattr, flistxattr, fremovexattr, fsetxattr},
    io::Errno,
};

/// The most that a name's attribute, and the list of them, may hold (`XATTR_SIZE_MAX`).
const MAX_ATTRIBUTE_BYTES: usize = 64 << 10;

/// Makes `file` like `other`.
///
/// # Errors
/// Something that `other` has cannot be given to `file`.
pub(super) fn make(file: &File, other: &File) -> io::Result<()> {
    let (own, wanted) = (file.metadata()?, other.metadata()?);
    if (own.uid(), own.gid()) != (wanted.uid(), wanted.gid()) {
        fchown(file, Some(wanted.uid()), Some(wanted.gid()))?;
    }
    let (own, wanted_attributes) = (attributes(file)?, attributes(other)?);
    for (name, value) in &wanted_attributes {
        if own.get(name) != Some(value) {
            fsetxattr(file, name.as_slice(), value, XattrFlags::empty())?;
        }
    }
    for name in own.keys().filter(|name| !wanted_attributes.contains_key(*name)) {
        fremovexattr(file, name.as_slice())?;
    }
    // Last: a change of owner takes bits away, and rights of a list are among the mode's.
    file.set_permissions(Permissions::from_mode(wanted.mode() & 0o7777))
}

fn attributes(file: &File) -> io::Result<BTreeMap<Vec<u8>, Vec<u8>>> {
    let mut list = vec![0; MAX_ATTRIBUTE_BYTES];
    let length = match flistxattr(file, list.as_mut_slice()) {
        Ok(length) => length,
        // This file system has none.
        Err(Errno::OPNOTSUPP) => 0,
        Err(error) => return Err(error.into()),
    };
    list.truncate(length);
    let mut found = BTreeMap::new();
    let mut value = vec![0; MAX_ATTRIBUTE_BYTES];
    for name in list.split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        let length = fgetxattr(file, name, value.as_mut_slice())?;
        found.insert(name.to_vec(), value.get(..length).unwrap_or_default().to_vec());
    }
    Ok(found)
}
