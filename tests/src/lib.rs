//! The test bed: real Docker hosts on one machine, with nothing of the machine's own Docker touched.
//!
//! A [`host::DockerHost`] is a set of Linux namespaces with a root file system and a Docker daemon of its own,
//! on a [`link::Link`] that stands for the world outside. What a test needs to know independently of the code
//! under test it asks the [`oracle`]; what it needs to stand on the host it takes from [`scenario`].
//!
//! ```no_run
//! use bridgewalk_tests::{host::DockerHost, rootfs::engines, scenario};
//! # fn main() -> anyhow::Result<()> {
//! for engine in engines() {
//!     let host = DockerHost::start(engine, "earth")?;
//!     scenario::everything(&host)?;
//!     let table = host.ok(&["/opt/bridgewalk/bridgewalk", "veths", "--json"])?;
//!     let links = host.oracle_in("web")?.links()?;
//! #   let _ = (table, links);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Everything needs root, Linux and the packages that `tests/run.sh` installs.

pub mod cgroup;
pub mod compare;
pub mod demo;
pub mod desk;
pub mod differential;
pub mod host;
pub mod image;
pub mod link;
pub mod oracle;
pub mod probe;
pub mod process;
pub mod program;
pub mod rootfs;
pub mod scenario;
pub mod spaces;
