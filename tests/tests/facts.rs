//! A new kind of fact cannot vanish: each match over kinds names all of them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};

/// The bodies of all `match` expressions, as text.
fn matches(source: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (start, _) in source.match_indices("match ") {
        let Some(open) = source[start..].find('{').map(|at| start + at) else { continue };
        let mut depth = 0_usize;
        for (at, character) in source[open..].char_indices() {
            match character {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                found.push(&source[open + 1..open + at]);
                break;
            }
        }
    }
    found
}

/// Whether one of the arms is of a kind of fact, and another of all that are not named.
fn is_open(body: &str) -> bool {
    let Some(indent) =
        body.lines().find(|line| !line.trim().is_empty()).map(|line| line.len() - line.trim_start().len())
    else {
        return false;
    };
    let arms = || body.lines().filter(|line| line.len() - line.trim_start().len() == indent).map(str::trim_start);
    let is_any = |arm: &str| {
        let pattern = arm.split_once(" => ").map_or("", |(pattern, _)| pattern);
        pattern == "_" || (!pattern.is_empty() && pattern.chars().all(|it| it.is_ascii_lowercase() || it == '_'))
    };
    arms().any(|arm| arm.starts_with("Fact::") || arm.starts_with("| Fact::")) && arms().any(is_any)
}

fn sources(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            sources(&path, files)?;
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

#[test]
fn no_match_over_facts_ends_in_all_others() -> Result<()> {
    let open = "match fact {\n    Fact::Links(_) => 1,\n    _ => 2,\n}";
    ensure!(matches(open).into_iter().any(is_open), "the search finds nothing");
    ensure!(matches(&open.replace("_ =>", "section =>")).into_iter().any(is_open));
    ensure!(!matches(&open.replace("_ =>", "Fact::Fdb(_) =>")).into_iter().any(is_open));

    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    for package in ["app", "core/model", "core/agent", "core/collector", "core/analysis", "core/diagram"] {
        sources(&root.join(package).join("src"), &mut files)?;
    }
    let mut count = 0;
    for file in files {
        let text = fs::read_to_string(&file)?;
        // What stands in tests may ask for one kind alone.
        let source = text.split("\n#[cfg(test)]").next().unwrap_or_default();
        for body in matches(source) {
            count += usize::from(body.contains("Fact::"));
            ensure!(!is_open(body), "{}: a match over facts is open: {body}", file.display());
        }
    }
    ensure!(count >= 4, "the search finds {count} matches");
    Ok(())
}
