//! Who cannot read everything: no agent, an agent that cannot serve, an engine that is stopped, people without rights. Each
//! command gives the answer of root, who reads everything, or says that it is unknown; none takes what it did not read
//! for what is not there. One host for all of it.

use std::{collections::BTreeSet, process::Command};

use anyhow::{Context, Result, ensure};
use bridgewalk_tests::{
    host::{DockerHost, User},
    process::{self, Ran, SOON},
    program,
    rootfs::one_engine,
    scenario,
};
use serde_json::Value;

const LISTS: [&str; 5] = ["veths", "ports", "networks", "namespaces", "findings"];
/// What nobody may say who has not read what it rests on.
const CLAIMS: [&str; 8] = [
    "No veth pairs",
    "No container ports",
    "No networks",
    "No namespaces",
    "No findings",
    "Nothing is open",
    "has no IPv4 address",
    "is not running",
];

const VIEWS: [&str; 11] =
    ["host", "project", "port-mapping", "bridge", "nat", "dns", "overlay", "ingress", "namespace", "walk", "plugins"];
/// The same in a picture.
const DENIALS: [&str; 5] =
    ["nothing", "no Docker networks are seen", "Nothing of this kind is here.", "no masquerading", "no way out"];

/// Somebody's way to run the program.
struct Way<'h> {
    host: &'h DockerHost,
    name: &'static str,
    user: Option<User>,
    agent: &'static [&'static str],
}

impl Way<'_> {
    fn command(&self, args: &[&str]) -> Command {
        self.host.bridgewalk_command(self.user, &[args, self.agent].concat())
    }

    fn run(&self, args: &[&str]) -> Result<Ran> {
        process::run(self.command(args), &[], SOON)
    }

    fn json(&self, args: &[&str]) -> Result<Value> {
        let text = self.run(&[args, &["--json"]].concat())?.ok(&format!("{}: {args:?}", self.name))?;
        serde_json::from_str(&text).with_context(|| format!("{}: {args:?}: {text}", self.name))
    }

    /// Every command, as a table and as JSON: nothing is claimed that root does not claim as well.
    fn is_honest(&self, root: &Way<'_>) -> Result<()> {
        let walk = ["walk", "outside", "host:8080"];
        let tables = LISTS.iter().map(|list| vec![*list]).chain([vec!["reach"], walk.to_vec()]);
        for args in tables {
            let (ours, theirs) = (self.run(&args)?, root.run(&args)?);
            let what = format!("{}: {args:?}", self.name);
            ensure!(ours.status.success(), "{what}: {}", ours.stderr);
            let is_whole = self.json(&args)?["complete"] == true;
            let says = ours.stdout.contains("Unknown: not everything was read")
                || ours.stdout.contains("Not everything was read");
            ensure!(says != is_whole, "{what}: {}", ours.stdout);
            for claim in CLAIMS {
                let is_claimed = ours.stdout.contains(claim) && !theirs.stdout.contains(claim);
                ensure!(!is_claimed, "{what} says `{claim}`: {}", ours.stdout);
            }
        }
        let rows = |way: &Way<'_>, list: &'static str| -> Result<Vec<Value>> {
            Ok(way.json(&[list])?[list].as_array().cloned().unwrap_or_default())
        };
        for port in rows(self, "ports")? {
            let same = |it: &&Value| {
                it["container"] == port["container"]
                    && it["container_port"] == port["container_port"]
                    && it["protocol"] == port["protocol"]
            };
            let theirs = rows(root, "ports")?;
            let theirs = theirs.iter().find(same).context("a port that root does not have")?;
            let is_so = port["agrees"].is_null() || port["agrees"] == theirs["agrees"];
            ensure!(is_so, "{}: {port}", self.name);
        }
        let findings = |way: &Way<'_>| -> Result<BTreeSet<String>> {
            Ok(rows(way, "findings")?.iter().map(|one| format!("{} {}", one["finding"], one["subject"])).collect())
        };
        let (ours, theirs) = (findings(self)?, findings(root)?);
        ensure!(ours.is_subset(&theirs), "{}: {ours:?} but {theirs:?}", self.name);
        for args in [walk, ["walk", "host", "web:80"], ["walk", "web", "outside:443"]] {
            let (ours, theirs) = (self.json(&args), root.json(&args)?);
            // A name that only the engine knows is no name without it; that is said, too.
            let Ok(ours) = ours else { continue };
            let is_so = ours["verdict"] == "undecided" || ours["verdict"] == theirs["verdict"];
            ensure!(is_so, "{}: {args:?}: {} but {}", self.name, ours["verdict"], theirs["verdict"]);
        }
        for door in self.json(&["reach"])?["open"].as_array().into_iter().flatten() {
            let theirs = root.json(&["reach"])?;
            let mut theirs = theirs["open"].as_array().into_iter().flatten();
            let is_same = |it: &Value| it["port"] == door["port"] && it["verdict"] == door["verdict"];
            ensure!(door["verdict"] == "undecided" || theirs.any(is_same), "{}: {door}", self.name);
        }
        Ok(())
    }

    /// The texts of every view, from a recording made this way: the same observations for each. However short,
    /// it does not end before everything was read.
    fn pictures(&self) -> Result<Vec<Vec<String>>> {
        let folder = format!("/tmp/views-{}", self.name.replace(' ', "-"));
        let is_mine = self.user.map_or("root", |user| user.name);
        self.host.shell(&format!("install -d -o {is_mine} {folder}"))?;
        let recording = format!("{folder}/a.bwrec");
        let recorded = self.run(&["record", "-o", &recording, "--seconds", "1"])?;
        ensure!(recorded.status.success() && !recorded.stderr.contains("ended before"), "{}: {recorded:?}", self.name);
        VIEWS
            .iter()
            .map(|view| {
                let path = format!("{folder}/{view}.svg");
                let walk: &[&str] = if *view == "walk" { &["--walk", "outside", "host:8080"] } else { &[] };
                let args = [&["export", "--view", view, "-o", &path, "--from", &recording], walk].concat();
                let drawn = process::run(self.host.bridgewalk_command(self.user, &args), &[], SOON)?;
                ensure!(drawn.status.success(), "{}, {view}: {}", self.name, drawn.stderr);
                Ok(texts(&self.host.shell(&format!("cat {path}"))?))
            })
            .collect()
    }

    /// Each view is root's, or says what was not seen, and denies nothing that root does not deny.
    fn draws_honestly(&self, roots: &[Vec<String>]) -> Result<()> {
        for ((view, ours), roots) in VIEWS.iter().zip(self.pictures()?).zip(roots) {
            let says = ours.iter().any(|text| text == "Not seen");
            ensure!(says || ours == *roots, "{}: the view {view} does not say what is not seen: {ours:?}", self.name);
            for denial in DENIALS {
                let count = |texts: &[String]| texts.iter().filter(|text| *text == denial).count();
                ensure!(count(&ours) <= count(roots), "{}: the view {view} says `{denial}`: {ours:?}", self.name);
            }
        }
        Ok(())
    }
}

/// What a picture says, sorted.
fn texts(svg: &str) -> Vec<String> {
    let all = svg.split("<text").skip(1).filter_map(|it| it.split_once('>')?.1.split_once('<'));
    let mut texts: Vec<String> = all.map(|(text, _)| text.trim().to_owned()).collect();
    texts.sort();
    texts
}

fn pictures_say_what_is_not_seen(host: &DockerHost) -> Result<()> {
    let way = |name, user, agent| Way { host, name, user, agent };
    let roots = way("root", None, &[]).pictures()?;
    ensure!(roots.iter().all(|texts| !texts.is_empty()), "an empty picture: {roots:?}");
    ensure!(!roots.iter().flatten().any(|text| text == "Not seen"), "root does not see everything: {roots:?}");
    let ways: [(&'static str, Option<User>, &'static [&'static str]); 6] = [
        ("root without an agent", None, &["--agent", "none"]),
        ("member", Some(User::MEMBER), &["--agent", "in-process"]),
        ("member with base", Some(User::MEMBER), &["--agent", "container-base"]),
        ("member with container", Some(User::MEMBER), &["--agent", "container"]),
        ("admin with sudo", Some(User::ADMIN), &["--agent", "sudo"]),
        ("somebody", Some(User::PLAIN), &["--agent", "in-process"]),
    ];
    for (name, user, agent) in ways {
        way(name, user, agent).draws_honestly(&roots)?;
    }
    Ok(())
}

#[test]
fn nobody_takes_what_was_not_read_for_what_is_not_there() -> Result<()> {
    for engine in one_engine() {
        let host = DockerHost::start(engine, "earth")?;
        scenario::run(&host, "web", &["-p", "8080:80"], &scenario::HTTP)?;
        scenario::run(&host, "quiet", &[], &scenario::SLEEP)?;
        scenario::settled(&host)?;
        let way = |name, user, agent| Way { host: &host, name, user, agent };
        let root = way("root", None, &[]);
        ensure!(root.json(&["findings"])?["complete"] == true, "{engine}: {}", root.json(&["findings"])?);

        way("without an agent", None, &["--agent", "none"]).is_honest(&root).with_context(|| engine.to_string())?;
        for (name, user) in [("a member of the docker group", User::MEMBER), ("somebody", User::PLAIN)] {
            way(name, Some(user), &[]).is_honest(&root).with_context(|| engine.to_string())?;
        }
        pictures_say_what_is_not_seen(&host).with_context(|| engine.to_string())?;
        named_agents_serve_or_fail(&host).with_context(|| engine.to_string())?;
        the_doctor_tries_or_says_not(&host).with_context(|| engine.to_string())?;

        host.stop_daemon(false)?;
        let without = way("without an engine", None, &[]);
        for (list, claim) in [("findings", "agree"), ("networks", "No networks"), ("ports", "No container ports")] {
            let text = without.run(&[list])?.ok(list)?;
            ensure!(
                text.contains("Unknown: not everything was read") || text.contains("Not everything was read"),
                "{list}: {text}"
            );
            ensure!(!text.contains(claim), "{list}: {text}");
            ensure!(without.json(&[list])?["complete"] == false, "{list}");
        }
    }
    Ok(())
}

/// An agent that was asked for by its name and cannot serve ends every command: status 2, one line, nothing on stdout.
fn named_agents_serve_or_fail(host: &DockerHost) -> Result<()> {
    // Lets the agent say this much, and ends.
    host.shell(
        "mkdir -p /opt/cut && printf '#!/bin/sh\\nwhile [ \"$1\" != -- ]; do shift; done; shift\\n\"$@\" | dd bs=1 count=3000 2>/dev/null\\n' \
         > /opt/cut/sudo && chmod 755 /opt/cut/sudo && mkdir -p /opt/empty",
    )?;
    type Case = (&'static str, Option<User>, &'static str, &'static [(&'static str, &'static str)], &'static str);
    let cases: [Case; 6] = [
        ("not there", None, "sudo", &[("BRIDGEWALK_AGENT", "/nowhere/agent")], "/nowhere/agent"),
        ("not static", None, "container", &[("BRIDGEWALK_AGENT", "/bin/ls")], "/bin/ls"),
        ("a password is wanted", Some(User::PLAIN), "sudo", &[], "sudo"),
        ("no pkexec", None, "pkexec", &[], "pkexec"),
        ("no sudo", None, "sudo", &[("PATH", "/opt/empty")], "sudo"),
        ("cut off while it reads", None, "sudo", &[("PATH", "/opt/cut:/usr/bin:/bin")], "agent"),
    ];
    for (name, user, agent, variables, named) in cases {
        let commands: [&[&str]; 9] = [
            &["veths"],
            &["ports", "--json"],
            &["networks"],
            &["findings"],
            &["reach", "--json"],
            &["walk", "outside", "host:8080"],
            &["snapshot"],
            &["watch"],
            &["record", "-o", "/tmp/never.bwrec", "--seconds", "30"],
        ];
        for args in commands {
            let args = [args, &["--agent", agent]].concat();
            let program = program::path();
            let set: Vec<String> = variables.iter().map(|(key, value)| format!("{key}={value}")).collect();
            let argv: Vec<&str> = ["/usr/bin/env"]
                .into_iter()
                .chain(set.iter().map(String::as_str))
                .chain([program.as_str()])
                .chain(args.iter().copied())
                .collect();
            let command = user.map_or_else(|| host.command(&argv), |user| host.command_as(user, &argv));
            let ran = process::run(command, &[], SOON)?;
            let what = format!("{name}: {args:?}: {}{}", ran.stdout, ran.stderr);
            ensure!(ran.status.code() == Some(2), "{what}");
            ensure!(ran.stdout.is_empty() && ran.stderr.lines().count() == 1, "{what}");
            ensure!(ran.stderr.contains(named), "{what}");
        }
    }
    // With sudo's leave it serves: not the names that the engine gives, for the admin is in no docker group.
    let ran = process::run(host.bridgewalk_command(Some(User::ADMIN), &["veths", "--agent", "sudo"]), &[], SOON)?;
    ensure!(ran.ok("admin")?.contains("docker0"), "admin's sudo");
    Ok(())
}

fn the_doctor_tries_or_says_not(host: &DockerHost) -> Result<()> {
    let can = |user: Option<User>, agent: &str, source: &str| -> Result<Value> {
        let checks = host.bridgewalk_list(user, &["doctor", "--agent", agent], "sources")?;
        let check = checks.into_iter().find(|check| check["source"] == source).context("no such source")?;
        ensure!(check["can_run"] != false || check["reasons"].as_array().is_some_and(|it| !it.is_empty()), "{check}");
        Ok(check["can_run"].clone())
    };
    for source in ["agent", "links", "nf_tables"] {
        ensure!(can(None, "pkexec", source)? == false, "pkexec is not there: {source}");
        ensure!(can(Some(User::ADMIN), "sudo", source)? == true, "sudo asks nobody: {source}");
        ensure!(can(Some(User::PLAIN), "sudo", source)? == false, "sudo asks, and there is nobody: {source}");
        ensure!(can(None, "container", source)?.is_null(), "a container is not tried: {source}");
        ensure!(can(None, "none", source)? == false, "nobody is asked: {source}");
    }
    let table = host.bridgewalk(&["doctor", "--agent", "container"])?.ok("doctor")?;
    ensure!(table.contains("not tried"), "{table}");
    Ok(())
}
