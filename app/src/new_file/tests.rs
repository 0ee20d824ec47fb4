use std::{
    os::unix::fs::{FileTypeExt, chown, symlink},
    thread,
};

use rustix::fs::{CWD, FileType, Mode, XattrFlags, makedev, mkfifoat, mknodat};

use super::*;

fn put(target: &Path, bytes: &[u8]) -> io::Result<()> {
    write(target, Readers::Usual, bytes)
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[test]
fn is_whole_or_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a.svg");
    {
        let mut file = NewFile::create(&target, Readers::Usual).unwrap();
        file.write_all(b"half").unwrap();
    }
    assert_eq!(names(folder.path()), [""; 0]);
    put(&target, b"whole").unwrap();
    {
        let mut file = NewFile::create(&target, Readers::Usual).unwrap();
        file.write_all(b"half").unwrap();
    }
    assert_eq!(fs::read(&target).unwrap(), b"whole");
    put(&target, b"new").unwrap();
    assert_eq!(fs::read(&target).unwrap(), b"new");
    assert_eq!(names(folder.path()), ["a.svg"]);
}

#[test]
fn says_at_once_that_it_cannot_be() {
    let folder = tempfile::tempdir().unwrap();
    assert!(NewFile::create(folder.path(), Readers::Usual).is_err());
    assert!(NewFile::create(&folder.path().join("none/a.svg"), Readers::Usual).is_err());
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    symlink(&one, &two).unwrap();
    symlink(&two, &one).unwrap();
    assert!(NewFile::create(&one, Readers::Usual).is_err(), "links in a circle");
}

#[test]
fn a_pipe_and_a_device_stay_what_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    mkfifoat(CWD, &pipe, Mode::RUSR | Mode::WUSR).unwrap();
    let reader = {
        let pipe = pipe.clone();
        thread::spawn(move || fs::read(pipe).unwrap())
    };
    put(&pipe, b"through the pipe").unwrap();
    assert_eq!(reader.join().unwrap(), b"through the pipe");
    assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
    // A device of our own: what this test is about destroyed the machine's.
    let null = folder.path().join("null");
    if is_root() && mknodat(CWD, &null, FileType::CharacterDevice, Mode::from_raw_mode(0o666), makedev(1, 3)).is_ok() {
        put(&null, b"into nothing").unwrap();
        assert!(fs::metadata(&null).unwrap().file_type().is_char_device());
        symlink("null", folder.path().join("link")).unwrap();
        put(&folder.path().join("link"), b"into nothing").unwrap();
        assert!(fs::metadata(&null).unwrap().file_type().is_char_device());
    }
}

#[test]
fn what_a_link_leads_to_is_written() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("far")).unwrap();
    let (file, link) = (folder.path().join("far/a.svg"), folder.path().join("link"));
    symlink("far/a.svg", &link).unwrap();
    for bytes in [&b"made"[..], b"replaced"] {
        put(&link, bytes).unwrap();
        assert_eq!(fs::read(&file).unwrap(), bytes);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }
    assert_eq!(
        (names(folder.path()), names(&folder.path().join("far"))),
        (vec!["far".into(), "link".into()], vec!["a.svg".into()])
    );
}

#[test]
fn a_strangers_link_in_a_folder_of_all_is_not_followed() {
    if !is_root() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o1777)).unwrap();
    let (target, link) = (folder.path().join("not-there"), folder.path().join("link"));
    symlink(&target, &link).unwrap();
    std::os::unix::fs::lchown(&link, Some(4_711), None).unwrap();
    assert!(put(&link, b"into a trap").is_err());
    assert!(!target.exists());
}

#[test]
fn mode_owner_and_attributes_stay() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a.svg");
    fs::write(&target, "before").unwrap();
    fs::set_permissions(&target, Permissions::from_mode(0o640)).unwrap();
    if is_root() {
        chown(&target, Some(4_711), Some(4_712)).unwrap();
    }
    let has_attribute = rustix::fs::setxattr(&target, "user.colour", b"blue", XattrFlags::empty()).is_ok();
    let before = fs::metadata(&target).unwrap();
    put(&target, b"after").unwrap();
    let after = fs::metadata(&target).unwrap();
    assert_eq!((after.mode(), after.uid(), after.gid()), (before.mode(), before.uid(), before.gid()));
    assert_eq!(fs::read(&target).unwrap(), b"after");
    if has_attribute {
        let mut value = [0; 16];
        let length = rustix::fs::getxattr(&target, "user.colour", &mut value).unwrap();
        assert_eq!(&value[..length], b"blue");
    }
}

#[test]
fn a_new_file_has_the_readers_that_are_meant() {
    let folder = tempfile::tempdir().unwrap();
    let (usual, own) = (folder.path().join("a.svg"), folder.path().join("a.bwrec"));
    put(&usual, b"").unwrap();
    write(&own, Readers::Owner, b"").unwrap();
    File::create(folder.path().join("by-mask")).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!(mode(&usual), mode(&folder.path().join("by-mask")));
    assert_eq!(mode(&own), 0o600);
}

#[test]
fn all_names_of_a_file_stay_its_names() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one.svg"), folder.path().join("two.svg"));
    fs::write(&one, "something longer than what comes").unwrap();
    fs::hard_link(&one, &two).unwrap();
    put(&one, b"after").unwrap();
    assert_eq!(fs::read(&two).unwrap(), b"after");
    assert_eq!(fs::metadata(&two).unwrap().nlink(), 2);
    assert_eq!(names(folder.path()), ["one.svg", "two.svg"]);
}

#[test]
fn no_left_over_and_no_long_name_stops_it() {
    let folder = tempfile::tempdir().unwrap();
    let long = folder.path().join(format!("{}é.svg", "n".repeat(240)));
    put(&long, b"long").unwrap();
    assert_eq!(fs::read(&long).unwrap(), b"long");
    let target = folder.path().join("a.svg");
    for left_over in [format!(".a.svg.{}.tmp", std::process::id()), "a.svg.part".to_owned()] {
        fs::write(folder.path().join(left_over), "left over").unwrap();
    }
    put(&target, b"whole").unwrap();
    assert_eq!(fs::read(folder.path().join("a.svg.part")).unwrap(), b"left over");
}

#[test]
fn what_is_kept_takes_nothings_place() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a.bwrec");
    let keep = || {
        let mut file = NewFile::create(&target, Readers::Owner).unwrap();
        file.write_all(b"half").unwrap();
        file.keep().unwrap().unwrap()
    };
    assert_eq!(keep(), target);
    let beside = keep();
    assert_ne!(beside, target);
    assert!(beside.file_name().unwrap().to_str().unwrap().starts_with("a.bwrec."), "{beside:?}");
    assert_eq!(fs::read(beside).unwrap(), b"half");
}

#[test]
fn a_full_device_is_said() {
    assert_eq!(put(Path::new("/dev/full"), b"too much").unwrap_err().kind(), io::ErrorKind::StorageFull);
}
