//! What the agent's program gives up before it reads a byte: user, capabilities, system calls.
//!
//! It is started by root and stays until its input ends, so it keeps nothing that it does not read with: four
//! capabilities at most, and calls that open for reading, ask the kernel and enter a network namespace. Within another
//! program (in-process) nothing is given up: that program's threads are not ours.
//!
//! Landlock is left out on purpose. A thread under Landlock may not look at `/proc/PID/ns` and `/proc/PID/root` of a
//! process outside, which is what the agent is for; and what it would add is refused already: seccomp sees each flag with
//! which `openat` opens, and refuses `openat2`, whose flags it could not see.

mod syscalls;

use std::io;

use rustix::{
    process::{DumpableBehavior, Gid, Uid, set_dumpable_behavior},
    thread::{
        CapabilitySet, CapabilitySets, capabilities, clear_ambient_capability_set, remove_capability_from_bounding_set,
        set_capabilities, set_keep_capabilities, set_no_new_privs, set_thread_groups, set_thread_res_gid,
        set_thread_res_uid,
    },
};

use crate::{Leave, session::raise_descriptor_limit};
pub use syscalls::names as syscall_names;

/// `nobody`, and `nogroup`.
const NOBODY: u32 = 65_534;

/// What cannot be given up.
#[derive(Debug, thiserror::Error)]
pub enum ConfinementError {
    /// A capability or the user.
    #[error("cannot give up {what}: {error}")]
    Privilege {
        /// Which.
        what: &'static str,
        /// What the kernel answered.
        error: io::Error,
    },
    /// Calls.
    #[error("cannot confine itself to the system calls it needs (seccomp): {detail}")]
    Syscalls {
        /// What the kernel, or the filter's compiler, answered.
        detail: String,
    },
}

/// The capabilities that an agent keeps, of those it has.
pub const fn kept_capabilities(leave: Leave) -> CapabilitySet {
    let reading = CapabilitySet::NET_ADMIN
        .union(CapabilitySet::SYS_ADMIN)
        .union(CapabilitySet::SYS_PTRACE)
        .union(CapabilitySet::DAC_READ_SEARCH);
    match leave {
        Leave::ReadOnly => reading,
        // For an echo request.
        Leave::MayProve => reading.union(CapabilitySet::NET_RAW),
    }
}

/// Confines the calling thread, and every thread that it starts from now on, for good. To be called while it is the only
/// one.
///
/// # Errors
/// Whatever could not be given up: then the program must not go on.
pub fn confine(leave: Leave) -> Result<(), ConfinementError> {
    let failed = |what| move |error: rustix::io::Errno| ConfinementError::Privilege { what, error: error.into() };
    raise_descriptor_limit();
    let permitted = capabilities(None).map_err(failed("capabilities"))?.permitted;
    let kept = permitted & kept_capabilities(leave);
    clear_ambient_capability_set().map_err(failed("ambient capabilities"))?;
    if permitted.contains(CapabilitySet::SETPCAP) {
        empty_bounding_set().map_err(failed("the capability bounding set"))?;
    }
    if may_change_user(permitted) {
        // A user namespace may have no other user. `Hello` says who it is.
        let _ = become_nobody();
    }
    let sets = CapabilitySets { effective: kept, permitted: kept, inheritable: CapabilitySet::empty() };
    set_capabilities(None, sets).map_err(failed("capabilities"))?;
    // Whoever is the same user may neither trace it nor read its memory.
    set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(failed("dumps"))?;
    set_no_new_privs(true).map_err(failed("new privileges"))?;
    syscalls::confine(leave).map_err(|detail| ConfinementError::Syscalls { detail })
}

/// Root is a user to whom many files belong, which it may read and write without any capability. With
/// CAP_DAC_READ_SEARCH another user reads the same; without, only root reads the names of legacy iptables' tables.
fn may_change_user(permitted: CapabilitySet) -> bool {
    let needed = CapabilitySet::SETUID | CapabilitySet::SETGID | CapabilitySet::DAC_READ_SEARCH;
    rustix::process::geteuid().is_root() && permitted.contains(needed)
}

fn become_nobody() -> rustix::io::Result<()> {
    set_keep_capabilities(true)?;
    set_thread_groups(&[])?;
    let (uid, gid) = (Uid::from_raw(NOBODY), Gid::from_raw(NOBODY));
    set_thread_res_gid(gid, gid, gid)?;
    set_thread_res_uid(uid, uid, uid)
}

/// Every capability that the kernel has: it says `EINVAL` after the last.
fn empty_bounding_set() -> rustix::io::Result<()> {
    for bit in 0..u64::BITS {
        match remove_capability_from_bounding_set(CapabilitySet::from_bits_retain(1 << bit)) {
            Ok(()) => {}
            Err(rustix::io::Errno::INVAL) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
