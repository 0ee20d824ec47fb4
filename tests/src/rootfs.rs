//! The engines' root file systems: Debian suites, each with the Docker it ships.
//!
//! Three generations of Docker are had without a download page or a registry, as packages of three Debian
//! suites. A root file system takes a minute or two to make, so it is made once per machine and kept under
//! `${BRIDGEWALK_CACHE:-$HOME/.cache/bridgewalk-tests}`; hosts only ever see it as the lower layer of an
//! overlay. Its name holds a digest of the recipe, so a changed recipe makes a new one.

use std::{
    env, fmt, fs,
    fs::File,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, bail};

use crate::process;

/// A Docker engine of the bed, by version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Engine {
    /// Docker 20.10, from Debian 12.
    Docker20_10,
    /// Docker 26.1, from Debian 13.
    Docker26_1,
    /// Docker 28.5, from Debian's moving suite: what is there today may be newer.
    Docker28_5,
}

impl Engine {
    /// The Debian suite it comes from.
    pub fn suite(self) -> &'static str {
        match self {
            Self::Docker20_10 => "bookworm",
            Self::Docker26_1 => "trixie",
            Self::Docker28_5 => "sid",
        }
    }

    /// What its version starts with; of a moving suite, what it started with when this was written.
    pub fn version(self) -> &'static str {
        match self {
            Self::Docker20_10 => "20.10",
            Self::Docker26_1 => "26.1",
            Self::Docker28_5 => "28.5",
        }
    }

    /// The engine of a version such as `26.1`.
    pub fn of_version(version: &str) -> Option<Self> {
        [Self::Docker20_10, Self::Docker26_1, Self::Docker28_5].into_iter().find(|engine| engine.version() == version)
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Docker {}", self.version())
    }
}

/// The engines that live tests run on: the two from stable suites always, the one from the moving suite in the
/// full run (`tests/run.sh --full`, which sets `BRIDGEWALK_FULL=1`).
pub fn engines() -> Vec<Engine> {
    let mut engines = vec![Engine::Docker20_10, Engine::Docker26_1];
    if env::var_os("BRIDGEWALK_FULL").is_some_and(|value| value == "1") {
        engines.push(Engine::Docker28_5);
    }
    engines
}

/// The engines for tests that are about the program more than about the engine: one, and all of them in the full run.
pub fn one_engine() -> Vec<Engine> {
    match engines() {
        all if all.contains(&Engine::Docker28_5) => all,
        _ => vec![Engine::Docker26_1],
    }
}

const PACKAGES: &str = "docker.io,iproute2,iptables,nftables,ca-certificates,netbase,bridge-utils,conntrack,\
                        ipset,busybox-static,procps,ethtool,tini,sudo";
const FINISH: &str = include_str!("rootfs_finish.sh");
const MAKING_LIMIT: Duration = Duration::from_secs(15 * 60);

/// Where the bed keeps what it makes once per machine.
pub fn cache() -> Result<PathBuf> {
    let directory = match env::var_os("BRIDGEWALK_CACHE") {
        Some(directory) => PathBuf::from(directory),
        None => {
            let home = env::var_os("HOME").context("neither BRIDGEWALK_CACHE nor HOME is set")?;
            Path::new(&home).join(".cache/bridgewalk-tests")
        }
    };
    fs::create_dir_all(&directory).with_context(|| format!("cannot make {}", directory.display()))?;
    Ok(directory)
}

/// The engine's root file system, made first if this machine has none yet. Never write to it.
pub fn prepare(engine: Engine) -> Result<PathBuf> {
    let cache = cache()?;
    let packages = packages(engine);
    let recipe = digest(&[&packages, FINISH]);
    let ready = cache.join(format!("{}-{recipe:08x}", engine.suite()));
    if ready.exists() {
        return Ok(ready);
    }
    // Tests run as processes of their own, and the first of each may come here at the same time.
    let lock = File::create(cache.join(format!("{}.lock", engine.suite())))?;
    lock.lock()?;
    if ready.exists() {
        return Ok(ready);
    }
    let making = cache.join(format!("making-{}", engine.suite()));
    let mut outcome = make(engine, &packages, &making);
    if let Err(error) = &outcome {
        // A mirror may fail for a moment; what is wrong with the recipe fails twice.
        eprintln!("bed: {error:#}; once more");
        outcome = make(engine, &packages, &making);
    }
    outcome.with_context(|| format!("cannot make the root file system of {engine}"))?;
    fs::rename(&making, &ready)?;
    Ok(ready)
}

fn make(engine: Engine, packages: &str, directory: &Path) -> Result<()> {
    if directory.exists() {
        fs::remove_dir_all(directory)?;
    }
    let mut debootstrap = Command::new("debootstrap");
    debootstrap
        .arg("--variant=minbase")
        .arg(format!("--include={packages}"))
        .arg(engine.suite())
        .arg(directory)
        .args(env::var_os("BRIDGEWALK_MIRROR"));
    let made = process::ok(debootstrap, MAKING_LIMIT);
    if let Err(error) = made {
        let log = fs::read_to_string(directory.join("debootstrap/debootstrap.log")).unwrap_or_default();
        bail!("{error:#}\n{}", process::tail(&log, 20));
    }
    let mut finish = Command::new("chroot");
    finish.arg(directory).arg("/bin/sh");
    process::run(finish, FINISH.as_bytes(), MAKING_LIMIT)?.ok("rootfs_finish.sh")?;
    Ok(())
}

fn packages(engine: Engine) -> String {
    match engine {
        // There the client is part of docker.io.
        Engine::Docker20_10 => PACKAGES.to_owned(),
        Engine::Docker26_1 | Engine::Docker28_5 => format!("{PACKAGES},docker-cli"),
    }
}

/// FNV-1a: a name for a recipe, nothing more.
pub(crate) fn digest(texts: &[&str]) -> u32 {
    texts
        .iter()
        .flat_map(|text| text.bytes().chain([0]))
        .fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
