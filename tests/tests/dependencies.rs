//! Every dependency is used: what a manifest lists and no source names is found here, as `cargo machete` would, which a
//! checking machine would first have to build.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What cargo reads in the manifests of a workspace.
fn metadata(manifest: &Path) -> Result<Value> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--no-deps", "--offline", "--format-version=1", "--manifest-path"]).arg(manifest);
    let output = cargo.output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Every word in the code below a path, comments left out.
fn words(path: &Path, found: &mut BTreeSet<String>) -> Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            words(&entry?.path(), found)?;
        }
    } else if path.extension().is_some_and(|extension| extension == "rs") && path.exists() {
        for line in fs::read_to_string(path)?.lines() {
            let code = line.split("//").next().unwrap_or_default();
            found.extend(code.split(|it: char| !(it.is_alphanumeric() || it == '_')).map(str::to_owned));
        }
    }
    Ok(())
}

/// What the package lists and does not name, as `package: kind name`.
fn unused(package: &Value) -> Result<Vec<String>> {
    let name = package["name"].as_str().context("a package without a name")?;
    let manifest = Path::new(package["manifest_path"].as_str().context("no manifest")?);
    let folder = manifest.parent().context("no folder")?;
    let targets = package["targets"].as_array().context("no targets")?;
    let mut named: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for target in targets {
        let source = Path::new(target["src_path"].as_str().context("no source")?);
        let is_build = target["kind"][0] == "custom-build";
        let is_test =
            target["kind"].as_array().into_iter().flatten().any(|it| it == "test" || it == "example" || it == "bench");
        // The file alone, or all beside it.
        let whole = if is_build { source } else { source.parent().context("no folder")? };
        let mut found = BTreeSet::new();
        words(whole, &mut found)?;
        // What the code proper names, its own tests may name as well, but not the other way round.
        let kinds: &[&str] = if is_build {
            &["build"]
        } else if is_test {
            &["dev"]
        } else {
            &["normal", "dev"]
        };
        for kind in kinds {
            named.entry(kind).or_default().extend(found.iter().cloned());
        }
    }
    ensure!(folder.exists() && !named.is_empty(), "{name} has no sources");
    let mut unused = Vec::new();
    for dependency in package["dependencies"].as_array().context("no dependencies")? {
        let kind = dependency["kind"].as_str().unwrap_or("normal");
        let called = dependency["rename"].as_str().or(dependency["name"].as_str()).context("a nameless dependency")?;
        let is_named = named.get(kind).is_some_and(|words| words.contains(&called.replace('-', "_")));
        let is_listed_twice = kind == "dev"
            && package["dependencies"].as_array().into_iter().flatten().any(|other| {
                other["kind"].is_null()
                    && other["name"] == dependency["name"]
                    && other["features"] == dependency["features"]
            });
        if !is_named || is_listed_twice {
            unused.push(format!("{name}: {kind} {called}"));
        }
    }
    Ok(unused)
}

#[test]
fn every_dependency_is_used() -> Result<()> {
    let mut found = Vec::new();
    for manifest in ["Cargo.toml", "fuzz/Cargo.toml"] {
        for package in metadata(&root().join(manifest))?["packages"].as_array().context("no packages")? {
            found.extend(unused(package)?);
        }
    }
    ensure!(found.is_empty(), "listed and never used: {found:#?}");
    Ok(())
}

/// What the workspace offers its packages, some package takes.
#[test]
fn every_shared_dependency_is_taken() -> Result<()> {
    let manifest = fs::read_to_string(root().join("Cargo.toml"))?;
    let shared = manifest.split("[workspace.dependencies]").nth(1).context("no shared dependencies")?;
    let shared = shared.lines().take_while(|line| !line.starts_with('['));
    let offered: BTreeSet<&str> = shared.filter_map(|line| Some(line.split_once(" =")?.0)).collect();
    let metadata = metadata(&root().join("Cargo.toml"))?;
    let packages = metadata["packages"].as_array().context("no packages")?;
    let taken: BTreeSet<&str> = packages
        .iter()
        .filter_map(|package| package["dependencies"].as_array())
        .flatten()
        .filter_map(|dependency| dependency["name"].as_str())
        .collect();
    let left: Vec<_> = offered.difference(&taken).collect();
    ensure!(offered.len() > 10 && left.is_empty(), "offered and never taken: {left:?}");
    Ok(())
}
