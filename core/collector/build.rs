//! Builds the agent's program, linked statically, to be embedded: `src/agent/program.rs` has why.
//!
//! A cargo of its own builds it, in a folder of its own beside the outer cargo's output, so that neither waits for the
//! other and a second build does nothing. It is given none of the outer build's flags and wrappers: an agent under
//! coverage or a sanitizer would not be static.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// What makes another agent, from this package's folder.
const SOURCES: [&str; 8] = [
    "build.rs",
    "../agent/src",
    "../agent/Cargo.toml",
    "../agent/build.rs",
    "../model/src",
    "../model/Cargo.toml",
    "../../Cargo.toml",
    "../../Cargo.lock",
];

const PROGRAM: &str = "bridgewalk-agent";

fn main() -> Result<(), String> {
    for source in SOURCES {
        println!("cargo:rerun-if-changed={source}");
    }
    let out = PathBuf::from(variable("OUT_DIR")?);
    let embedded = out.join(PROGRAM);
    // Clippy links nothing, and has an output folder of its own; a fuzzed decoder starts no agent.
    let is_clippy = env::var_os("RUSTC_WORKSPACE_WRAPPER")
        .is_some_and(|wrapper| Path::new(&wrapper).file_stem().is_some_and(|name| name == "clippy-driver"));
    if is_clippy || env::var_os("CARGO_CFG_FUZZING").is_some() {
        return fs::File::create(&embedded).map(drop).map_err(|error| format!("{}: {error}", embedded.display()));
    }
    // OUT_DIR is PROFILE/build/PACKAGE/out.
    let folder = out.ancestors().nth(3).ok_or("OUT_DIR is not where cargo puts it")?.join("agent");
    let target = variable("TARGET")?;
    let built = build(&target, &folder).or_else(|error| {
        // Some distributions have no static C library, but Rust brings musl's.
        let musl = target.replace("-gnu", "-musl");
        if musl != target && is_installed(&musl) { build(&musl, &folder) } else { Err(error) }
    });
    match built {
        Ok(program) => {
            fs::copy(&program, &embedded).map(drop).map_err(|error| format!("{}: {error}", program.display()))
        }
        Err(error) => {
            for line in error.lines() {
                eprintln!("{line}");
            }
            println!("cargo::error={}", remedy(&error, &target));
            Ok(())
        }
    }
}

/// Builds it for a target; where it lies, or what cargo complained about.
fn build(target: &str, folder: &Path) -> Result<PathBuf, String> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let is_release = variable("PROFILE")? == "release";
    cargo.args(["build", "--locked", "--package", PROGRAM, "--bin", PROGRAM, "--target", target, "--target-dir"]);
    cargo.arg(folder).current_dir(Path::new(&variable("CARGO_MANIFEST_DIR")?).join("../.."));
    if is_release {
        cargo.arg("--release");
    }
    for (name, _) in env::vars_os() {
        if is_of_this_build(&name) {
            cargo.env_remove(name);
        }
    }
    // An explicit target keeps the flags off build scripts.
    cargo.env("CARGO_ENCODED_RUSTFLAGS", "-Ctarget-feature=+crt-static");
    // Nobody debugs what is embedded, and it is loaded into the engine each time a helper is started. Nor is it measured:
    // a change of the agent or the model must not hold up the next check for long.
    cargo.env("CARGO_PROFILE_DEV_DEBUG", "false").env("CARGO_PROFILE_DEV_STRIP", "symbols");
    cargo.env("CARGO_PROFILE_RELEASE_STRIP", "symbols");
    for package in [PROGRAM, "bridgewalk-model"] {
        cargo.arg("--config").arg(format!("profile.dev.package.{package}.opt-level=0"));
    }
    let ran = cargo.stdin(Stdio::null()).output().map_err(|error| format!("cargo cannot be started: {error}"))?;
    if !ran.status.success() {
        return Err(String::from_utf8_lossy(&ran.stderr).into_owned());
    }
    Ok(folder.join(target).join(if is_release { "release" } else { "debug" }).join(PROGRAM))
}

/// Whether a variable tells of the outer build and would be taken for the inner one's.
fn is_of_this_build(name: &OsString) -> bool {
    let name = name.to_string_lossy();
    let begins = ["CARGO_CFG_", "CARGO_FEATURE_", "CARGO_PKG_", "CARGO_MANIFEST_", "DEP_"];
    let is = [
        "CARGO_BUILD_BUILD_DIR",
        "CARGO_BUILD_RUSTFLAGS",
        "CARGO_BUILD_TARGET",
        "CARGO_BUILD_TARGET_DIR",
        "CARGO_TARGET_DIR",
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTC_WRAPPER",
        "RUSTFLAGS",
    ];
    begins.iter().any(|begin| name.starts_with(begin)) || is.contains(&&*name)
}

/// Whether the standard library for a target is there.
fn is_installed(target: &str) -> bool {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let ran = Command::new(rustc).args(["--print", "target-libdir", "--target", target]).output();
    ran.is_ok_and(|ran| ran.status.success() && Path::new(String::from_utf8_lossy(&ran.stdout).trim()).is_dir())
}

/// One line that says what helps.
fn remedy(complaint: &str, target: &str) -> String {
    let lacks_libc =
        ["cannot find -lc", "unable to find library -lc", "cannot find -lgcc_eh", "have you installed the static"];
    if lacks_libc.iter().any(|words| complaint.contains(words)) {
        let musl = target.replace("-gnu", "-musl");
        format!(
            "the agent is linked statically, and the C library to link is missing: install it (Debian, Ubuntu: \
             libc6-dev; Fedora, RHEL: glibc-static; openSUSE: glibc-devel-static), or run `rustup target add {musl}`"
        )
    } else {
        format!("the agent cannot be built for {target}: see above")
    }
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|_| format!("{name} is not set: cargo sets it"))
}
