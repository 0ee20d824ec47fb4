//! Whose a process is: which container's, and whether it is a docker-proxy of the daemon.
//!
//! A process's name and arguments are its owner's choice, and so is its control group where one was delegated. Its user
//! and its ancestors are not: each process of a container descends from the shim that started it (a shim adopts what
//! loses its parent), and a shim runs as root, or as the daemon's user. Where shims descend from each other, as with a
//! Docker inside a container, the outermost counts: nobody inside a container gets out from below its shim.

use std::collections::{HashMap, HashSet};

use bridgewalk_model::kernel::{DockerProxy, Process};

use super::processes::{Folder, Seen, arguments};
use crate::protocol::Hints;

/// A tree of processes is not deeper; PIDs may have been reused meanwhile, so that there are circles.
const MAX_DEPTH: usize = 64;

/// Says of each process which container it belongs to, and keeps the command lines of docker-proxies.
pub(super) fn attribute(seen: &mut [Seen], hints: &Hints) {
    let mut family = Family::of(seen, hints);
    let mut found: Vec<(usize, Option<String>, Vec<String>)> = Vec::new();
    for (at, one) in seen.iter().enumerate() {
        let process = &one.process;
        let container_id = family.container_of(process).map(|id| family.nested(process, id));
        let command_line = if process.command == DockerProxy::COMMAND && family.is_daemons(process) {
            DockerProxy::parse(&arguments(process.pid)).map(|proxy| proxy.command_line()).unwrap_or_default()
        } else {
            Vec::new()
        };
        if container_id.is_some() || !command_line.is_empty() {
            found.push((at, container_id, command_line));
        }
    }
    for (at, container_id, command_line) in found {
        if let Some(one) = seen.get_mut(at) {
            one.process.container_id = container_id;
            one.process.arguments = command_line;
        }
    }
}

/// The processes as parents and children.
struct Family<'a> {
    by_pid: HashMap<u32, &'a Process>,
    /// The container of each shim that is believed.
    shims: HashMap<u32, String>,
    /// All containers that have a shim or a first process by the engine's word.
    known: HashSet<String>,
    /// First processes of containers by the engine's word.
    hinted: HashMap<u32, &'a str>,
    daemon_pid: Option<u32>,
    daemon_uid: u32,
    /// What was found of each process's ancestors.
    containers: HashMap<u32, Option<String>>,
}

impl<'a> Family<'a> {
    fn of(seen: &'a [Seen], hints: &'a Hints) -> Self {
        let by_pid: HashMap<u32, &Process> = seen.iter().map(|seen| (seen.process.pid, &seen.process)).collect();
        let daemon = hints.daemon_pid.and_then(|pid| by_pid.get(&pid));
        let daemon_uid = daemon.and_then(|daemon| daemon.uid).unwrap_or(0);
        let shims: HashMap<u32, String> = by_pid
            .values()
            .filter(|process| process.command.starts_with("containerd-shim"))
            .filter(|process| is_only(process, &[0, daemon_uid]))
            .filter_map(|process| Some((process.pid, container_of_shim(process.pid)?)))
            .collect();
        let hinted: HashMap<u32, &str> = hints.container_pids.iter().map(|(pid, id)| (*pid, id.as_str())).collect();
        let known = shims.values().cloned().chain(hinted.values().map(|id| (*id).to_owned())).collect();
        Self { by_pid, shims, known, hinted, daemon_pid: hints.daemon_pid, daemon_uid, containers: HashMap::new() }
    }

    /// The container of the outermost shim that a process descends from; else of the first process, by the engine's word,
    /// that it is or descends from.
    fn container_of(&mut self, process: &Process) -> Option<String> {
        let mut line: Vec<&Process> = Vec::new();
        let mut next = self.by_pid.get(&process.pid).copied();
        let mut container: Option<String> = None;
        while let Some(one) = next.filter(|_| line.len() < MAX_DEPTH) {
            if let Some(known) = self.containers.get(&one.pid) {
                container.clone_from(known);
                break;
            }
            line.push(one);
            next = self.by_pid.get(&one.parent_pid).copied();
        }
        // From the oldest down.
        for one in line.into_iter().rev() {
            container = container
                .or_else(|| self.shims.get(&one.parent_pid).cloned())
                .or_else(|| self.hinted.get(&one.pid).map(|id| (*id).to_owned()));
            self.containers.insert(one.pid, container.clone());
        }
        container
    }

    /// The container within `outer` that its control group names, if it does and no other container that is known has that
    /// name: whoever rules a container may name what is below it.
    fn nested(&self, process: &Process, outer: String) -> String {
        let Some(cgroup) = Folder::of(process.pid).and_then(|folder| folder.text("cgroup")) else { return outer };
        match container_of_cgroup(&cgroup) {
            Some(inner) if inner != outer && !self.known.contains(&inner) => inner,
            _ => outer,
        }
    }

    /// Whether the daemon started a process: it is its child (without root, a helper of the daemon's stands between), and
    /// runs as the daemon's user.
    fn is_daemons(&self, process: &Process) -> bool {
        let mut one = process;
        for _ in 0..2 {
            let Some(parent) = self.by_pid.get(&one.parent_pid) else { return false };
            if !is_only(one, &[self.daemon_uid]) {
                return false;
            }
            let is_daemon = match self.daemon_pid {
                Some(pid) => parent.pid == pid,
                // Nobody said which is the daemon. One in a container is none of this host's.
                None => {
                    parent.command == "dockerd"
                        && is_only(parent, &[0])
                        && self.containers.get(&parent.pid).is_none_or(Option::is_none)
                }
            };
            if is_daemon {
                return true;
            }
            one = parent;
        }
        false
    }
}

/// Whether a process runs as one of `uids` in every respect. A setuid program that somebody calls by another name has
/// that somebody's real user.
fn is_only(process: &Process, uids: &[u32]) -> bool {
    // Cheap, and enough to refuse nearly all.
    if !process.uid.is_some_and(|uid| uids.contains(&uid)) {
        return false;
    }
    let status = Folder::of(process.pid).and_then(|folder| folder.text("status")).unwrap_or_default();
    let Some(line) = status.lines().find_map(|line| line.strip_prefix("Uid:")) else { return false };
    let mut all = line.split_ascii_whitespace().map(str::parse::<u32>).peekable();
    all.peek().is_some() && all.all(|uid| uid.is_ok_and(|uid| Some(uid) == process.uid))
}

/// `containerd-shim-runc-v2 -namespace moby -id <container id> …`.
fn container_of_shim(pid: u32) -> Option<String> {
    let arguments = arguments(pid);
    let at = arguments.iter().position(|argument| argument == "-id")?;
    arguments.get(at + 1).filter(|id| is_container_id(id)).cloned()
}

/// Docker's container id in `/proc/PID/cgroup`: `docker-<id>.scope` with systemd, else `<parent>/<id>`; version 1 and 2.
fn container_of_cgroup(cgroup: &str) -> Option<String> {
    cgroup.lines().find_map(|line| {
        let path = line.splitn(3, ':').nth(2)?;
        path.rsplit('/').find_map(|part| {
            let id = part.strip_prefix("docker-").and_then(|part| part.strip_suffix(".scope")).unwrap_or(part);
            is_container_id(id).then(|| id.to_owned())
        })
    })
}

fn is_container_id(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_container_in_cgroups_of_both_versions() {
        let id = "0123456789abcdef".repeat(4);
        for cgroup in [
            format!("0::/system.slice/docker-{id}.scope\n"),
            format!("9:name=systemd:/docker/{id}\n8:pids:/docker/{id}\n"),
            format!("0::/docker/{id}/init\n"),
            format!("1:cpu:/\n0::/my.slice/docker-{id}.scope\n"),
        ] {
            assert_eq!(container_of_cgroup(&cgroup), Some(id.clone()), "{cgroup}");
        }
        assert_eq!(container_of_cgroup("0::/user.slice/session-1.scope\n"), None);
    }
}
