//! Where `-o` leads, and what a recording leaves when it ends otherwise than it should.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test runs the program, and fails where a helper does"
)]

use std::{
    fs,
    io::Read,
    os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

fn program(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bridgewalk"));
    command.args(arguments).current_dir(folder).env_clear().env("HOME", folder).env("LANG", "C.UTF-8");
    command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").stdin(Stdio::null());
    command
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn sh(folder: &Path, script: &str) -> bool {
    Command::new("sh").args(["-c", script]).current_dir(folder).status().unwrap().success()
}

fn signal(child: &Child, signal: &str) {
    assert!(Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap().success());
}

/// The only file in `folder` that is a recording in the making, once something is in it.
fn in_the_making(folder: &Path) -> PathBuf {
    let begun = Instant::now();
    loop {
        let found = names(folder).into_iter().find(|name| name.ends_with(".part")).map(|name| folder.join(name));
        if let Some(path) = found.filter(|path| fs::metadata(path).is_ok_and(|found| found.len() > 100)) {
            return path;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "nothing was written: {:?}", names(folder));
        thread::sleep(Duration::from_millis(50));
    }
}

/// The recording's namespaces, and what was said beside them.
fn read(folder: &Path, name: &str) -> (Value, String) {
    let output = program(folder, &["namespaces", "--from", name, "--json"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{name}: {said}");
    (serde_json::from_slice(&output.stdout).unwrap(), said)
}

#[test]
fn a_picture_goes_where_it_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let export = |target: &str| {
        let output = program(folder.path(), &["export", "--demo", "--format", "mmd", "-o", target]).output().unwrap();
        assert!(output.status.success(), "{target}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    for standard in ["-", "/dev/stdout"] {
        assert!(export(standard).starts_with(b"flowchart"), "{standard}");
    }
    assert!(names(folder.path()).is_empty(), "{:?}", names(folder.path()));

    assert!(sh(folder.path(), "mkfifo pipe"));
    let pipe = folder.path().join("pipe");
    let reader = thread::spawn({
        let pipe = pipe.clone();
        move || fs::read(pipe).unwrap()
    });
    assert!(export("pipe").is_empty());
    assert!(reader.join().unwrap().starts_with(b"flowchart"));
    assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());

    fs::create_dir(folder.path().join("far")).unwrap();
    fs::write(folder.path().join("far/a.mmd"), "before").unwrap();
    fs::set_permissions(folder.path().join("far/a.mmd"), fs::Permissions::from_mode(0o604)).unwrap();
    symlink("far/a.mmd", folder.path().join("link")).unwrap();
    export("link");
    assert!(fs::symlink_metadata(folder.path().join("link")).unwrap().is_symlink());
    let written = fs::metadata(folder.path().join("far/a.mmd")).unwrap();
    assert_eq!(written.mode() & 0o777, 0o604);
    assert!(fs::read(folder.path().join("far/a.mmd")).unwrap().starts_with(b"flowchart"));

    // Of our own, never the machine's.
    if sh(folder.path(), "mknod null c 1 3 2>/dev/null") {
        export("null");
        assert!(fs::metadata(folder.path().join("null")).unwrap().file_type().is_char_device());
    }
}

#[test]
fn a_terminal_is_no_place_for_a_picture() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!("{} export --demo --format png -o -", env!("CARGO_BIN_EXE_bridgewalk"));
    let output =
        Command::new("script").args(["-qec", &script, "/dev/null"]).current_dir(folder.path()).output().unwrap();
    let shown = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(2), "{shown}");
    assert!(shown.contains("pipe") && shown.lines().count() == 1, "{shown}");
}

#[test]
fn a_full_disk_leaves_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_bridgewalk");
    // In mounts of its own; without the right to have them there is nothing to test.
    let script = format!(
        "mount -t tmpfs -o size=32k tmpfs . 2>/dev/null || exit 0
         cd \"$PWD\"; echo before > a.svg; ln a.svg b.svg; echo alone > c.svg
         for file in a.svg c.svg; do '{program}' export --demo --detail everything -o $file && exit 1; done
         test \"$(cat a.svg b.svg c.svg)\" = \"$(printf 'before\\nbefore\\nalone')\" && test \"$(ls | wc -l)\" = 3"
    );
    let output = Command::new("unshare").args(["-m", "sh", "-c", &script]).current_dir(folder.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() || said.contains("unshare"), "{said}");
}

#[test]
fn a_lost_connection_ends_a_recording_well() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = program(folder.path(), &["record", "-o", "a.bwrec"]).stderr(Stdio::null()).spawn().unwrap();
    in_the_making(folder.path());
    signal(&child, "HUP");
    assert!(child.wait().unwrap().success());
    assert_eq!(names(folder.path()), ["a.bwrec"]);
    assert_eq!(fs::metadata(folder.path().join("a.bwrec")).unwrap().mode() & 0o777, 0o600);
    let (document, said) = read(folder.path(), "a.bwrec");
    assert_eq!(document["namespaces"][0]["kind"], "host");
    assert!(!said.contains("a.bwrec"), "{said}");

    // Unless somebody wanted it to go on.
    let mut child = program(folder.path(), &["record", "-o", "b.bwrec", "--seconds", "600"])
        .stderr(Stdio::null())
        .spawn_ignoring_hangups();
    in_the_making(folder.path());
    signal(&child, "HUP");
    thread::sleep(Duration::from_millis(300));
    assert!(child.try_wait().unwrap().is_none(), "nohup was not heard");
    signal(&child, "TERM");
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_killed_recorder_leaves_what_it_had() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = program(folder.path(), &["record", "-o", "a.bwrec"]).stderr(Stdio::null()).spawn().unwrap();
    let part = in_the_making(folder.path());
    signal(&child, "KILL");
    child.wait().unwrap();
    let name = part.file_name().unwrap().to_str().unwrap().to_owned();
    assert!(name.starts_with("a.bwrec."), "{name}");
    assert_eq!(fs::metadata(&part).unwrap().mode() & 0o777, 0o600);
    let (document, said) = read(folder.path(), &name);
    assert_eq!(document["namespaces"][0]["kind"], "host");
    assert!(said.contains(&name), "{said}");
}

#[test]
fn a_recording_into_a_full_disk_is_kept_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_bridgewalk");
    // Somebody fills the disk, and things go on happening.
    let script = format!(
        "said=$(mktemp); mount -t tmpfs -o size=4m tmpfs . 2>/dev/null || exit 0
         cd \"$PWD\"
         '{program}' record -o a.bwrec --seconds 60 2>$said & recorder=$!
         for n in $(seq 200); do test -s a.bwrec.*.part && break; sleep 0.1; done
         dd if=/dev/zero of=filling bs=4k 2>/dev/null
         for i in $(seq 300); do
           kill -0 $recorder && ip link add d$i type bridge && ip link set d$i up && sleep 0.05
         done 2>/dev/null
         wait $recorder; code=$?
         test $code = 1 && test -f a.bwrec && grep -q a.bwrec $said && test $(grep -vc 'not seen' $said) = 1 ||
           {{ echo $code; cat $said; ls -l; exit 1; }}
         rm $said
         '{program}' namespaces --from a.bwrec 2>&1"
    );
    let output =
        Command::new("unshare").args(["-m", "-n", "sh", "-c", &script]).current_dir(folder.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() || said.contains("unshare"), "{said} {told}");
}

#[test]
fn an_anonymous_recording_has_no_name_of_the_host() {
    let folder = tempfile::tempdir().unwrap();
    let output =
        program(folder.path(), &["record", "--anonymise", "-o", "a.bwrec", "--seconds", "1"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut text = String::new();
    let file = fs::File::open(folder.path().join("a.bwrec")).unwrap();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    let own = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let header: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(header["host"], "host-1");
    assert!(own.trim().len() < 5 || !text.contains(own.trim()), "{own}");
    let (document, _) = read(folder.path(), "a.bwrec");
    assert_eq!(document["namespaces"][0]["kind"], "host");
}

/// As `nohup` starts a program.
trait IgnoringHangups {
    fn spawn_ignoring_hangups(&mut self) -> Child;
}

impl IgnoringHangups for Command {
    fn spawn_ignoring_hangups(&mut self) -> Child {
        let words: Vec<_> = std::iter::once(self.get_program()).chain(self.get_args()).map(ToOwned::to_owned).collect();
        let folder = self.get_current_dir().unwrap().to_owned();
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' HUP; exec \"$@\"", "sh"]).args(words).current_dir(&folder);
        command.env_clear().env("HOME", &folder).env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }
}
