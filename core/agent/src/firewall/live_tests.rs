//! Rules loaded by the usual tools into a namespace of the test's own thread, and read back by them and by us.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

use bridgewalk_model::firewall::{Family, Ruleset, Syntax, summarise};

use super::read_rulesets;

/// Runs `test` on a thread that has a network namespace to itself; it goes with the thread.
pub(super) fn in_new_namespace<T: Send + 'static>(test: impl FnOnce() -> T + Send + 'static) -> T {
    thread::spawn(move || {
        #[allow(unsafe_code, reason = "unshare(2) concerns this thread alone")]
        // SAFETY: no memory is involved.
        let code = unsafe { libc::unshare(libc::CLONE_NEWNET) };
        assert_eq!(code, 0, "this test needs root");
        test()
    })
    .join()
    .unwrap()
}

pub(super) fn run(program: &str, args: &[&str], input: &str) -> String {
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

pub(super) fn data(extension: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/rulesets");
    let mut files: Vec<PathBuf> = (std::fs::read_dir(folder).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    files.sort();
    files
}

/// Rules as `iptables-save` prints them: `*table`, then its rules.
fn saved(text: &str) -> Vec<String> {
    let mut table = "";
    let mut lines = Vec::new();
    for line in text.lines() {
        match line.strip_prefix('*') {
            Some(name) => table = name,
            None if line.starts_with("-A ") => lines.push(format!("{table} {line}")),
            None => {}
        }
    }
    lines.sort_by_key(|line| chain(line));
    lines
}

/// Chains come in another order, the rules of one in the same.
fn chain(line: &str) -> String {
    line.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

fn ours(rulesets: &[Ruleset], family: Family, syntax: Syntax) -> Vec<String> {
    let mut lines: Vec<String> = rulesets
        .iter()
        .flat_map(|ruleset| &ruleset.tables)
        .filter(|table| table.family == family && table.syntax == syntax)
        .flat_map(|table| {
            let rules = table.chains.iter().flat_map(|chain| &chain.rules);
            rules.map(|rule| format!("{} {}", table.name, rule.text))
        })
        .collect();
    lines.sort_by_key(|line| chain(line));
    lines
}

/// A line of nft's with its counter's numbers taken away.
fn without_counts(line: &str) -> String {
    let mut words = line.split_whitespace().peekable();
    let mut kept = Vec::new();
    while let Some(word) = words.next() {
        kept.push(word);
        if word == "counter" && words.peek() == Some(&"packets") {
            words.nth(3);
        }
    }
    kept.join(" ")
}

fn check(restore: &'static str, save: &'static str, family: Family) {
    for file in data(if family == Family::Ip6 { "rules6" } else { "rules" }) {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let rules = std::fs::read_to_string(&file).unwrap();
        let (theirs, ours) = in_new_namespace(move || {
            if rules.contains("docker-ext-bridges-v4") {
                run("ipset", &["create", "docker-ext-bridges-v4", "hash:net"], "");
            }
            run(restore, &[], &rules);
            let theirs = saved(&run(save, &[], ""));
            let reading = read_rulesets();
            assert!(reading.failures.is_empty(), "{:?}", reading.failures);
            (theirs, ours(&reading.rulesets, family, Syntax::Iptables))
        });
        assert!(!theirs.is_empty(), "{name}");
        let missing: Vec<_> = theirs.iter().filter(|line| !ours.contains(line)).collect();
        let odd: Vec<_> = ours.iter().filter(|line| !theirs.contains(line)).collect();
        eprintln!("{name}, {restore}: {} of {} lines agree", theirs.len() - missing.len(), theirs.len());
        assert!(ours == theirs, "{name}, {restore}: missing {missing:#?}, ours {odd:#?}");
    }
}

#[test]
fn iptables_over_nf_tables_reads_as_iptables_save_prints() {
    check("iptables-nft-restore", "iptables-nft-save", Family::Ip);
    check("ip6tables-nft-restore", "ip6tables-nft-save", Family::Ip6);
}

#[test]
fn legacy_iptables_reads_as_iptables_save_prints() {
    check("iptables-legacy-restore", "iptables-legacy-save", Family::Ip);
    check("ip6tables-legacy-restore", "ip6tables-legacy-save", Family::Ip6);
}

#[test]
fn native_rules_read_as_nft_prints() {
    let (mut same, mut all) = (0, 0);
    for file in data("nft") {
        let rules = std::fs::read_to_string(&file).unwrap();
        let (theirs, ours) = in_new_namespace(move || {
            run("nft", &["-f", "-"], &rules);
            let theirs = run("nft", &["list", "ruleset"], "");
            let reading = read_rulesets();
            assert!(reading.failures.is_empty(), "{:?}", reading.failures);
            let ours: Vec<String> = (reading.rulesets.iter().flat_map(|set| &set.tables))
                .flat_map(|table| &table.chains)
                .flat_map(|chain| &chain.rules)
                .map(|rule| rule.text.clone())
                .collect();
            (theirs, ours)
        });
        for line in ours {
            all += 1;
            // An interface asked for by its number has a name that only its namespace knows.
            let line = line.replace("iif 1 ", "iif \"lo\" ");
            let found = theirs.lines().any(|other| without_counts(other) == line);
            same += usize::from(found);
            if !found {
                eprintln!("{}: {line}", file.file_name().unwrap().to_string_lossy());
            }
        }
    }
    assert!(all > 50, "{all} rules");
    assert_eq!(same, all, "rules that nft prints alike, of all");
}

/// What the rules do, a line for each thing, in the fewest words.
fn summaries(rulesets: &[Ruleset]) -> String {
    let mut text = String::new();
    for table in rulesets.iter().flat_map(|ruleset| &ruleset.tables) {
        for chain in &table.chains {
            for rule in &chain.rules {
                for summary in summarise(table, chain, rule) {
                    let mut value = serde_json::to_value(summary).unwrap();
                    value
                        .as_object_mut()
                        .unwrap()
                        .retain(|_, value| !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty()));
                    text += &format!("{} {} {}: {value}\n", table.name, chain.name, rule.position);
                }
            }
        }
    }
    text
}

fn summaries_of(program: &'static str, args: &'static [&str], file: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/rulesets");
    let rules = std::fs::read_to_string(folder.join(file)).unwrap();
    in_new_namespace(move || {
        run(program, args, &rules);
        summaries(&read_rulesets().rulesets)
    })
}

#[test]
fn summaries_say_what_rules_do() {
    insta::assert_snapshot!("docker_29_nftables", summaries_of("nft", &["-f", "-"], "docker-29-nftables-portmap.nft"));
    insta::assert_snapshot!("everyday_nftables", summaries_of("nft", &["-f", "-"], "everyday.nft"));
    let over_nft = summaries_of("iptables-nft-restore", &[], "docker-29-iptables-portmap.rules");
    insta::assert_snapshot!("docker_29_iptables", over_nft);
    insta::assert_snapshot!("everyday_iptables", summaries_of("iptables-nft-restore", &[], "everyday.rules"));
}

#[test]
fn both_backends_summarise_alike() {
    for file in ["docker-29-iptables-portmap.rules", "docker-29-iptables-portmap-routed.rules"] {
        let sorted = |program| {
            let mut lines: Vec<String> = summaries_of(program, &[], file).lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        let (over_nft, legacy) = (sorted("iptables-nft-restore"), sorted("iptables-legacy-restore"));
        let differing: Vec<_> = over_nft.iter().zip(&legacy).filter(|(a, b)| a != b).collect();
        assert!(over_nft.len() == legacy.len() && differing.is_empty(), "{file}: {differing:#?}");
    }
}

#[test]
fn a_long_set_is_cut_and_its_last_interval_has_its_end() {
    in_new_namespace(|| {
        let blocked: Vec<String> =
            (0..30_000_u32).map(|number| format!("10.{}.{}.0/25", number >> 8, number & 255)).collect();
        let rules = format!(
            "table ip t {{\nset blocked {{\ntype ipv4_addr; flags interval\nelements = {{ {} }}\n}}\n}}\n",
            blocked.join(", ")
        );
        run("nft", &["-f", "-"], &rules);
        let read = read_rulesets();
        let set = &read.rulesets[0].tables[0].sets[0];
        assert!(set.is_cut(), "{} elements", set.elements.len());
        let last = set.elements.last().unwrap();
        assert_eq!(last.key_end.as_deref(), Some(&[last.key[0], last.key[1], last.key[2], 127][..]), "{last:?}");
    });
}
