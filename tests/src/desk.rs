//! What lies over an engine's root file system on the machine of somebody who builds the program: a C linker, and the
//! libraries that a window needs. Made once, as the root file systems are.

use std::{fs, fs::File, path::PathBuf, process::Command, time::Duration};

use anyhow::Result;

use crate::{
    process,
    rootfs::{self, Engine},
};

/// The linker that the README asks for, and what every desktop has.
const PACKAGES: &str = "gcc libc6-dev libgl1 libegl1 libgl1-mesa-dri libx11-6 libx11-xcb1 libxcursor1 libxi6 \
                        libxrandr2 libxkbcommon0 libxkbcommon-x11-0";

/// usage: LOWER UPPER MOUNTPOINT PACKAGES, in a mount namespace of its own
const MAKE: &str = r#"
mount -t overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" desk "$3"
mount -t proc proc "$3/proc"
mount --bind /etc/resolv.conf "$3/etc/resolv.conf"
export DEBIAN_FRONTEND=noninteractive
chroot "$3" apt-get -qq -o Acquire::Retries=3 update
chroot "$3" apt-get -qq -o Acquire::Retries=3 install -y --no-install-recommends $4
chroot "$3" apt-get clean
rm -rf "$3/var/lib/apt/lists"
"#;

/// The layer for this engine's root file system, made first if this machine has none yet. Never write to it.
pub fn prepare(engine: Engine) -> Result<PathBuf> {
    let (lower, cache) = (rootfs::prepare(engine)?, rootfs::cache()?);
    let ready = cache.join(format!("desk-{}-{:08x}", engine.suite(), rootfs::digest(&[PACKAGES, MAKE])));
    let upper = ready.join("upper");
    if ready.exists() {
        return Ok(upper);
    }
    let lock = File::create(cache.join("desk.lock"))?;
    lock.lock()?;
    if ready.exists() {
        return Ok(upper);
    }
    let making = cache.join("making-desk");
    if making.exists() {
        fs::remove_dir_all(&making)?;
    }
    for folder in ["upper", "work", "root"] {
        fs::create_dir_all(making.join(folder))?;
    }
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-euc", MAKE, "sh"]).arg(&lower).arg(&making).arg(making.join("root")).arg(PACKAGES);
    process::ok(command, Duration::from_secs(10 * 60))?;
    fs::rename(&making, &ready)?;
    Ok(upper)
}
