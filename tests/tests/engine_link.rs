//! An engine that comes and goes, and a link that dies without a word: both are said, and followed.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    process::Command,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, ensure};
use bridgewalk_model::{Fact, recording::Recording};
use bridgewalk_tests::{
    host::{DockerHost, PROGRAMS},
    image,
    process::{self, Running, SOON},
    rootfs::one_engine,
};

/// Within this a dead link is said.
const NOTICED_MS: u64 = 30_000;

fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

/// Lines as they come.
fn lines(running: &mut Running) -> Result<Arc<Mutex<String>>> {
    let output = running.child.stdout.take().context("no output")?;
    let text = Arc::new(Mutex::new(String::new()));
    let for_thread = Arc::clone(&text);
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if let Ok(mut text) = for_thread.lock() {
                text.push_str(&line);
                text.push('\n');
            }
        }
    });
    Ok(text)
}

/// Ends programs in order, as Ctrl+C does.
fn interrupt(host: &DockerHost, running: &mut Running) -> Result<()> {
    host.shell("pkill -INT -o -x bridgewalk")?;
    let status = running.wait(SOON).context("it goes on after SIGINT")?;
    ensure!(status.success(), "{status}");
    Ok(())
}

#[test]
fn a_named_engine_is_followed_through_a_restart_and_a_dead_link_is_noticed() -> Result<()> {
    for engine in one_engine() {
        let host = DockerHost::builder(engine, "earth")
            .daemon_option("--host=unix:///run/docker.sock")
            .daemon_option("--host=tcp://0.0.0.0:2375")
            .start()?;
        followed_through_a_restart(&host)?;
        a_dead_link_is_noticed(&host)?;
    }
    Ok(())
}

fn followed_through_a_restart(host: &DockerHost) -> Result<()> {
    let named = ["--host", "unix:///run/docker.sock"];
    let mut cut_off =
        Running::start(host.bridgewalk_command(None, &[&["record", "-o", "/tmp/lost.bwrec"], &named[..]].concat()))?;
    let mut watch = Running::start(host.bridgewalk_command(None, &[&["watch"], &named[..]].concat()))?;
    let changes = lines(&mut watch)?;
    host.docker(&["run", "-d", "--stop-timeout", "1", "--name", "before", image::NAME, "sleep", "600"])?;
    let is_said = |name: &str| changes.lock().is_ok_and(|text| text.contains(name));
    let seen = |name: &str| process::until(&format!("watch says {name}"), SOON, || Ok(is_said(name).then_some(())));
    // What is there at the beginning is no change, and when the beginning is over is not said: so it comes again.
    process::until("watch says before", SOON, || {
        host.docker(&["restart", "before"])?;
        thread::sleep(Duration::from_secs(1));
        Ok(is_said("before").then_some(()))
    })?;
    let mut record =
        Running::start(host.bridgewalk_command(None, &[&["record", "-o", "/tmp/restart.bwrec"], &named[..]].concat()))?;
    thread::sleep(Duration::from_secs(2));
    host.stop_daemon(false)?;
    // What was said last is as last seen: a line of its own, beside the change.
    seen("What Docker said of earth is as last seen")?;
    ensure!(!is_said("lost → reached"), "it is back already");
    // The recorder that began first ends while Docker is stopped.
    host.shell("pkill -INT -f '[l]ost.bwrec'")?;
    let status = cut_off.wait(SOON).context("the recorder goes on after SIGINT")?;
    ensure!(status.success(), "{status}");
    ensure!(watch.child.try_wait()?.is_none(), "watch ended with the engine");
    ensure!(record.child.try_wait()?.is_none(), "record ended with the engine");
    host.start_daemon()?;
    host.docker(&["run", "-d", "--stop-timeout", "1", "--name", "after", image::NAME, "sleep", "600"])?;
    seen("after")?;
    seen("lost → reached")?;
    thread::sleep(Duration::from_secs(1));
    interrupt(host, &mut watch)?;
    interrupt(host, &mut record)?;
    let recording = Recording::read(File::open(host.path_in_host("/tmp/restart.bwrec"))?)?;
    let is_lost = |fact: &Fact| matches!(fact, Fact::EngineLost { .. });
    ensure!(recording.hosts.iter().flatten().any(|observation| is_lost(&observation.fact)), "the loss is not recorded");
    let text = serde_json::to_string(&recording.hosts)?;
    ensure!(text.contains("\"after\""), "what came after the restart is not recorded");
    let said_of = |recording: &str| -> Result<[String; 3]> {
        let ask = |args: &[&str]| -> Result<String> {
            let args = [args, &["--from", recording]].concat();
            process::run(host.bridgewalk_command(None, &args), &[], SOON)?.ok(&args.join(" "))
        };
        Ok([ask(&["ports"])?, ask(&["ports", "--json"])?, ask(&["export", "--format", "mermaid", "-o", "-"])?])
    };
    for (recording, is_stale) in [("/tmp/lost.bwrec", true), ("/tmp/restart.bwrec", false)] {
        let [table, json, picture] = said_of(recording)?;
        ensure!(table.contains("is as last seen, at") == is_stale, "{recording}: {table}");
        ensure!(json.contains("\"since_ms\"") == is_stale, "{recording}: {json}");
        ensure!(picture.contains("as last seen") == is_stale, "{recording}: {picture}");
    }
    Ok(())
}

fn a_dead_link_is_noticed(host: &DockerHost) -> Result<()> {
    // From the outside world, over TCP.
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("link.bwrec");
    let program = host.path_in_host(PROGRAMS).join("bridgewalk");
    let address = format!("tcp://{}:2375", host.address());
    let record = |argv: &[&str]| -> Command { host.link().command(argv) };
    let (program, path) = (program.display().to_string(), path.display().to_string());
    let mut running =
        Running::start(record(&[&program, "record", "-o", &path, "--host", &address, "--agent", "none"]))?;
    thread::sleep(Duration::from_secs(3));
    ensure!(running.child.try_wait()?.is_none(), "record over TCP ended at once");
    let down_ms = now_ms();
    // Packets are dropped, and nobody is told.
    host.shell("iptables -w -I INPUT -i eth0 -j DROP && iptables -w -I OUTPUT -o eth0 -j DROP")?;
    thread::sleep(Duration::from_millis(NOTICED_MS + 2000));
    let up_ms = now_ms();
    host.shell("iptables -w -D INPUT -i eth0 -j DROP && iptables -w -D OUTPUT -o eth0 -j DROP")?;
    // The next try may be half a minute away.
    thread::sleep(Duration::from_secs(36));
    process::ok(kill("INT", running.child.id()), SOON)?;
    let status = running.wait(SOON).context("it goes on after SIGINT")?;
    ensure!(status.success(), "{status}");
    let recording = Recording::read(File::open(&path)?)?;
    let lost =
        recording.hosts.iter().flatten().find(|it| matches!(it.fact, Fact::EngineLost { .. })).context("no loss")?;
    ensure!((down_ms..=down_ms + NOTICED_MS).contains(&lost.at_ms), "noticed after {} ms", lost.at_ms - down_ms);
    let is_back = recording.hosts.iter().flatten().any(|it| it.at_ms > up_ms && matches!(it.fact, Fact::Containers(_)));
    ensure!(is_back, "never reconnected");
    Ok(())
}

fn kill(signal: &str, pid: u32) -> Command {
    let mut command = Command::new("kill");
    command.args(["-s", signal, &pid.to_string()]);
    command
}
