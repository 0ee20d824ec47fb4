//! The test bed: real Docker hosts on one machine, with nothing of the machine's own Docker touched.
//!
//! A [`host::DockerHost`] is a set of Linux namespaces with a root file system and a Docker daemon of its own,
//! on a [`link::Link`] that stands for the world outside.
//!
//! Everything needs root, Linux and the packages that `tests/run.sh` installs.

pub mod cgroup;
pub mod host;
pub mod image;
pub mod link;
pub mod process;
pub mod rootfs;
