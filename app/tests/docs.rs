//! The documentation keeps to the program: its commands are accepted, its links lead somewhere.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test runs the program, and fails where a helper does"
)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The pages that a reader meets.
fn pages() -> Vec<(PathBuf, String)> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let mut paths: Vec<PathBuf> = [root.to_owned(), root.join("docs")]
        .iter()
        .flat_map(|folder| fs::read_dir(folder).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

/// The command lines in a page's code blocks, without prompt, comment and pipe. Those with placeholders are left out.
fn commands(page: &str) -> Vec<Vec<&str>> {
    let blocks = page.split("```").skip(1).step_by(2);
    blocks
        .flat_map(str::lines)
        .filter_map(|line| line.strip_prefix("$ ").unwrap_or(line).strip_prefix("bridgewalk"))
        .filter(|rest| (rest.is_empty() || rest.starts_with(' ')) && !rest.contains('['))
        .map(|rest| rest.split(['#', '|']).next().unwrap_or_default().split_whitespace().collect())
        .collect()
}

#[test]
fn every_command_in_the_documentation_is_accepted() {
    let mut count = 0;
    for (path, page) in pages() {
        for command in commands(&page) {
            // Help is printed where everything before it is understood.
            let output = Command::new(env!("CARGO_BIN_EXE_bridgewalk")).args(&command).arg("--help").output().unwrap();
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{}: bridgewalk {}: {stderr}", path.display(), command.join(" "));
            count += 1;
        }
    }
    assert!(count > 20, "only {count} commands were found");
}

#[test]
fn every_link_in_the_documentation_leads_to_a_file() {
    for (path, page) in pages() {
        for (index, _) in page.match_indices("](") {
            let target = page[index + 2..].split([')', '#']).next().unwrap_or_default();
            if target.is_empty() || target.starts_with("http") {
                continue;
            }
            assert!(path.parent().unwrap().join(target).exists(), "{}: {target}", path.display());
        }
    }
}

#[test]
fn the_index_has_every_page() {
    let pages = pages();
    let index = pages.iter().find(|(path, _)| path.ends_with("docs/README.md")).map(|(_, page)| page).unwrap();
    for (path, _) in pages.iter().filter(|(path, _)| path.parent().is_some_and(|folder| folder.ends_with("docs"))) {
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(name == "README.md" || index.contains(&format!("({name})")), "{name}");
    }
}
