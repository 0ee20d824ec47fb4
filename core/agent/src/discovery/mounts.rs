//! Names of namespaces: mounts of the type `nsfs` (`/proc/PID/mountinfo`).

use bridgewalk_model::NamespaceInode;

/// The network namespaces mounted in the view of a process: inode and path.
pub(crate) fn namespaces(mountinfo: &str) -> Vec<(NamespaceInode, String)> {
    mountinfo.lines().filter_map(namespace).collect()
}

/// `36 35 0:4 net:[4026532412] /run/docker/netns/1a2b rw shared:1 - nsfs nsfs rw`.
fn namespace(line: &str) -> Option<(NamespaceInode, String)> {
    let (mount, filesystem) = line.split_once(" - ")?;
    if filesystem.split_ascii_whitespace().next()? != "nsfs" {
        return None;
    }
    let mut fields = mount.split(' ');
    let root = fields.nth(3)?;
    let path = fields.next()?;
    let inode = root.strip_prefix("net:[")?.strip_suffix(']')?.parse().ok()?;
    Some((NamespaceInode(inode), unescape(path)))
}

/// Spaces and the like are written as three octal digits.
fn unescape(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let octal = (*first == b'\\')
            .then(|| tail.get(..3).and_then(|digits| std::str::from_utf8(digits).ok()))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match octal {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[3..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_nsfs_mounts_of_networks_only() {
        let mountinfo = "\
24 30 0:22 / /proc rw - proc proc rw
99 30 0:4 net:[4026532412] /run/docker/netns/1a2b rw shared:1 - nsfs nsfs rw
98 30 0:4 mnt:[4026532413] /run/snapd/ns/x.mnt rw - nsfs nsfs rw
97 30 0:4 net:[4026532414] /run/netns/with\\040space rw - nsfs nsfs rw
broken";
        assert_eq!(
            namespaces(mountinfo),
            [
                (NamespaceInode(4_026_532_412), "/run/docker/netns/1a2b".to_owned()),
                (NamespaceInode(4_026_532_414), "/run/netns/with space".to_owned()),
            ]
        );
    }
}
