//! Changes, as they come.

use std::{
    fs,
    time::{Duration, Instant},
};

use crate::bench::{Named, Talk, own};

#[test]
fn a_change_in_a_namespace_is_told_at_once() {
    let space = Named::new();
    let inode = space.inode();
    let mut talk = Talk::watch();
    let mut worst = Duration::ZERO;
    for number in 0..5 {
        let name = format!("d{number}");
        space.run(&format!("ip link add {name} type bridge"));
        let took = talk.wait_for(&name, |talk| talk.links(inode).iter().any(|link| link.name == name));
        worst = worst.max(took);
        space.run(&format!("ip addr add 192.0.2.{}/32 dev {name}", number + 1));
        talk.wait_for("its address", |talk| talk.addresses(inode).len() > number);
        space.run(&format!("ip link del {name}"));
        talk.wait_for("its end", |talk| talk.links(inode).iter().all(|link| link.name != name));
        space.run(&format!("ip link add keep{number} type bridge"));
        space.run(&format!("ip addr add 198.51.100.{}/32 dev keep{number}", number + 1));
        talk.wait_for("what stays", |talk| talk.addresses(inode).len() > number);
    }
    assert!(worst < Duration::from_millis(500), "{worst:?}");
}

#[test]
fn namespaces_come_and_go_and_leave_nothing_behind() {
    let mut talk = Talk::watch();
    let count = |folder: &str| fs::read_dir(folder).expect(folder).count();
    let threads = count("/proc/self/task");
    for _ in 0..10 {
        let space = Named::new();
        let inode = space.inode();
        talk.wait_for("the namespace", |talk| talk.sightings().iter().any(|sighting| sighting.inode == inode));
        talk.wait_for("its links", |talk| !talk.links(inode).is_empty());
        drop(space);
        talk.wait_for("its end", |talk| talk.sightings().iter().all(|sighting| sighting.inode != inode));
    }
    assert!(count("/proc/self/task") <= threads + 8, "threads of other tests aside, none are left behind");
    assert!(talk.sightings().iter().any(|sighting| sighting.inode == own()));
}

#[test]
fn a_process_that_alone_keeps_a_namespace_is_missed_when_it_ends() {
    let mut child = std::process::Command::new("unshare").args(["-n", "sleep", "1"]).spawn().expect("unshare");
    let pid = child.id();
    std::thread::sleep(Duration::from_millis(200));
    let mut talk = Talk::watch();
    assert!(talk.sightings().iter().any(|sighting| sighting.pid == Some(pid)));
    let start = Instant::now();
    talk.wait_for("its end", |talk| talk.sightings().iter().all(|sighting| sighting.pid != Some(pid)));
    assert!(start.elapsed() < Duration::from_secs(3));
    child.wait().expect("child");
}

#[test]
fn many_namespaces_are_read_and_let_go_of() {
    let spaces: Vec<Named> = (0..50).map(|_| Named::new()).collect();
    for space in &spaces {
        space.run("ip link set lo up");
    }
    let descriptors = || fs::read_dir("/proc/self/fd").expect("descriptors").count();
    let before = descriptors();
    let start = Instant::now();
    let talk = Talk::observe();
    let took = start.elapsed();
    println!("{} namespaces in {took:?}", talk.sightings().len());
    for space in &spaces {
        let inode = space.inode();
        assert!(talk.links(inode).iter().any(|link| link.name == "lo" && link.is_up));
        assert!(!talk.addresses(inode).is_empty());
    }
    assert!(took < Duration::from_secs(5), "{took:?}");
    drop(talk);
    let end = Instant::now() + Duration::from_secs(5);
    while descriptors() > before + 8 && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(descriptors() <= before + 50, "descriptors of other tests aside, none are left open");
}
