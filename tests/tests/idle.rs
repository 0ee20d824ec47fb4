//! A host at rest costs nothing: no frame is painted, and hardly any processor time goes into watching it.
//!
//! Seen from outside: a thread that never runs paints nothing, and the kernel counts how often each thread ran. It is
//! measured for ten seconds, in the full run for the promised minute. The kernel itself still has something to say of a
//! host that has just been made (it lets neighbours go after a minute), and what changes is shown: so there are several
//! tries for a time in which nothing happens.

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use bridgewalk_tests::{
    host::{DockerHost, User},
    process::{self, Running, SOON},
    rootfs::Engine,
    scenario,
};

/// A display of this test's own.
const DISPLAY: &str = ":88";
/// Addresses that are tried, and the like.
const SETTLING: Duration = Duration::from_secs(180);
/// Times in one of which nothing may happen.
const TRIES: u32 = 4;
/// How long nothing must have happened before it is measured.
const QUIET: Duration = Duration::from_secs(8);

/// A process of a host: how often its first thread ran, and the processor time of all its threads.
#[derive(Clone, Copy, Debug)]
struct Activity {
    switches: u64,
    cpu_ms: u64,
}

fn activity(pid: u32) -> Result<Activity> {
    let status = fs::read_to_string(format!("/proc/{pid}/task/{pid}/status"))?;
    let count = |name: &str| -> Result<u64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).context("no count")?;
        Ok(line.trim().parse()?)
    };
    let switches = count("voluntary_ctxt_switches:")? + count("nonvoluntary_ctxt_switches:")?;
    Ok(Activity { switches, cpu_ms: cpu_ms(pid)? })
}

/// `utime` and `stime` of `/proc/PID/stat`, in hundredths of a second.
fn cpu_ms(pid: u32) -> Result<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let fields: Vec<&str> = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
    let ticks = |index: usize| -> Result<u64> { Ok(fields.get(index).context("a short stat")?.parse()?) };
    Ok((ticks(11)? + ticks(12)?) * 10)
}

/// The processes of this name in the host's PID namespace or one below it, as this machine counts.
fn processes(host: &DockerHost, name: &str) -> Result<Vec<u32>> {
    let network = fs::read_link(format!("/proc/{}/ns/net", host.pid()))?;
    let is_meant = |folder: &Path| {
        fs::read_to_string(folder.join("comm")).is_ok_and(|comm| comm.trim_end() == name)
            && fs::read_link(folder.join("ns/net")).is_ok_and(|link| link == network)
    };
    let entries = fs::read_dir("/proc")?.flatten();
    Ok(entries
        .filter(|entry| is_meant(&entry.path()))
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect())
}

/// Waits until `look` has given the same for [`QUIET`].
fn until_quiet<T: PartialEq>(mut look: impl FnMut() -> Result<T>) -> Result<()> {
    let end = Instant::now() + SETTLING;
    let (mut last, mut since) = (look()?, Instant::now());
    while since.elapsed() < QUIET {
        ensure!(Instant::now() < end, "it does not come to rest");
        std::thread::sleep(Duration::from_millis(200));
        let now = look()?;
        if now != last {
            (last, since) = (now, Instant::now());
        }
    }
    Ok(())
}

#[test]
fn speed_at_rest_nothing_is_painted() -> Result<()> {
    let seconds = if std::env::var_os("BRIDGEWALK_FULL").is_some() { 60 } else { 10 };
    let host = DockerHost::start(Engine::Docker26_1, "earth")?;
    host.docker(&["network", "create", "front"])?;
    scenario::crowd(&host, 50, "crowd", "front")?;

    let folder = tempfile::tempdir()?;
    let _display = Running::start({
        let mut command = Command::new("Xvfb");
        command.args([DISPLAY, "-screen", "0", "1280x800x24", "-nolisten", "tcp", "-noreset"]);
        command
    })?;
    process::until("the display is there", SOON, || {
        let mut command = Command::new("xdotool");
        command.arg("getdisplaygeometry").env("DISPLAY", DISPLAY);
        Ok(process::ok(command, SOON).ok())
    })?;
    let program = std::env::current_exe()?;
    let program = program.parent().and_then(Path::parent).context("no folder")?.join("bridgewalk");
    let mut command = host.outer_command(&[&program.to_string_lossy()]);
    let home = folder.path();
    command.env("DISPLAY", DISPLAY).env("HOME", home).env("XDG_DATA_HOME", home).env("XDG_CONFIG_HOME", home);
    command.env("LIBGL_ALWAYS_SOFTWARE", "1").env("LANG", "C.UTF-8").env_remove("WAYLAND_DISPLAY");
    let _window = Running::start(command)?;
    let window = process::until("the window runs", SOON, || Ok(processes(&host, "bridgewalk")?.first().copied()))?;
    process::until("it has painted", SOON, || Ok((activity(window)?.switches > 100).then_some(())))?;

    until_quiet(|| Ok(activity(window)?.switches))?;
    at_rest("window", seconds, || activity(window))
}

/// Whether in one of several times nothing ran, and hardly anything was used.
fn at_rest(what: &str, seconds: u64, mut look: impl FnMut() -> Result<Activity>) -> Result<()> {
    for _ in 0..TRIES {
        let before = look()?;
        std::thread::sleep(Duration::from_secs(seconds));
        let after = look()?;
        let (ran, cpu_ms) = (after.switches - before.switches, after.cpu_ms - before.cpu_ms);
        println!("{what}, {seconds} s: its first thread ran {ran} times; {cpu_ms} ms of processor time");
        if ran == 0 && cpu_ms < 200 {
            return Ok(());
        }
    }
    bail!("{what}: it never rested for {seconds} s")
}

#[test]
fn speed_at_rest_the_helper_container_sleeps() -> Result<()> {
    let seconds = if std::env::var_os("BRIDGEWALK_FULL").is_some() { 60 } else { 10 };
    let host = DockerHost::start(Engine::Docker26_1, "earth")?;
    host.docker(&["network", "create", "front"])?;
    scenario::crowd(&host, 50, "crowd", "front")?;
    let _watch = Running::start(host.bridgewalk_command(Some(User::MEMBER), &["watch", "--agent", "container"]))?;
    let helper = process::until("the helper runs", SOON, || {
        let all = processes(&host, "bridgewalk-agen")?;
        Ok(all.first().copied())
    })?;
    let watch = process::until("the program runs", SOON, || Ok(processes(&host, "bridgewalk")?.first().copied()))?;
    process::until("it has observed", SOON, || Ok((cpu_ms(helper)? > 20).then_some(())))?;
    until_quiet(|| Ok((cpu_ms(helper)?, cpu_ms(watch)?)))?;
    at_rest("watch with its helper container", seconds, || {
        let (helper, watch) = (activity(helper)?, activity(watch)?);
        Ok(Activity { switches: helper.switches + watch.switches, cpu_ms: helper.cpu_ms + watch.cpu_ms })
    })
}
