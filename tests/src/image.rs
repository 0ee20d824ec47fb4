//! The one image of the bed, `bb:1`.
//!
//! A test host reaches no registry, so its image is imported from a file that lies in its root file system
//! (`rootfs_finish.sh` makes it): Debian's static busybox, and perl, which `udp-echo` is written in.

use std::time::Duration;

use anyhow::Result;

use crate::{host::DockerHost, process};

/// The image's name. Its entry point is busybox: `docker run bb:1 httpd -f -p 80 -h /www`.
pub const NAME: &str = "bb:1";

/// What the web server of the image says.
pub const GREETING: &str = "hello from the test bed";

/// Imports it; every host that is started with Docker has it already.
pub fn import(host: &DockerHost) -> Result<()> {
    let command = host.command(&[
        "docker",
        "import",
        "--change",
        "ENTRYPOINT [\"/bin/busybox\"]",
        "/var/lib/bridgewalk/bb.tar",
        NAME,
    ]);
    process::ok(command, Duration::from_secs(120))?;
    Ok(())
}
