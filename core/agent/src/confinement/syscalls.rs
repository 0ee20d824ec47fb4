//! The system calls of a confined agent.
//!
//! All others are refused with `EPERM`: no `execve`, `ptrace`, `mount`, `bpf`, `open_by_handle_at`, nothing that makes,
//! changes or removes a file, and no process is started.

use std::collections::BTreeMap;

use libc::c_long;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen as Len, SeccompCmpOp as Op, SeccompCondition as Condition,
    SeccompFilter, SeccompRule,
};

use crate::Leave;

type Rules = BTreeMap<i64, Vec<SeccompRule>>;
type Result<T> = std::result::Result<T, seccompiler::BackendError>;

/// Calls that may be made with any argument: what they do is bound by the descriptors and memory they are given.
const ANY: &[(&str, c_long)] = &[
    // What is open.
    ("read", libc::SYS_read),
    ("readv", libc::SYS_readv),
    ("write", libc::SYS_write),
    ("writev", libc::SYS_writev),
    ("close", libc::SYS_close),
    ("lseek", libc::SYS_lseek),
    ("fstat", libc::SYS_fstat),
    ("fstatfs", libc::SYS_fstatfs),
    ("getdents64", libc::SYS_getdents64),
    // What is there.
    ("newfstatat", libc::SYS_newfstatat),
    ("statx", libc::SYS_statx),
    ("statfs", libc::SYS_statfs),
    ("readlinkat", libc::SYS_readlinkat),
    ("uname", libc::SYS_uname),
    ("pidfd_open", libc::SYS_pidfd_open),
    // Sockets that are open.
    ("bind", libc::SYS_bind),
    ("connect", libc::SYS_connect),
    ("getsockname", libc::SYS_getsockname),
    ("getpeername", libc::SYS_getpeername),
    ("sendto", libc::SYS_sendto),
    ("sendmsg", libc::SYS_sendmsg),
    ("recvfrom", libc::SYS_recvfrom),
    ("recvmsg", libc::SYS_recvmsg),
    ("getsockopt", libc::SYS_getsockopt),
    ("setsockopt", libc::SYS_setsockopt),
    ("shutdown", libc::SYS_shutdown),
    // Waiting.
    ("epoll_create1", libc::SYS_epoll_create1),
    ("epoll_ctl", libc::SYS_epoll_ctl),
    ("epoll_pwait", libc::SYS_epoll_pwait),
    ("eventfd2", libc::SYS_eventfd2),
    ("ppoll", libc::SYS_ppoll),
    ("futex", libc::SYS_futex),
    ("clock_gettime", libc::SYS_clock_gettime),
    ("clock_nanosleep", libc::SYS_clock_nanosleep),
    ("nanosleep", libc::SYS_nanosleep),
    ("sched_yield", libc::SYS_sched_yield),
    ("restart_syscall", libc::SYS_restart_syscall),
    // Threads and memory of its own.
    ("set_robust_list", libc::SYS_set_robust_list),
    ("rseq", libc::SYS_rseq),
    ("sched_getaffinity", libc::SYS_sched_getaffinity),
    ("gettid", libc::SYS_gettid),
    ("getpid", libc::SYS_getpid),
    ("getuid", libc::SYS_getuid),
    ("geteuid", libc::SYS_geteuid),
    ("getgid", libc::SYS_getgid),
    ("getegid", libc::SYS_getegid),
    ("munmap", libc::SYS_munmap),
    ("mremap", libc::SYS_mremap),
    ("madvise", libc::SYS_madvise),
    ("brk", libc::SYS_brk),
    ("sigaltstack", libc::SYS_sigaltstack),
    ("rt_sigaction", libc::SYS_rt_sigaction),
    ("rt_sigprocmask", libc::SYS_rt_sigprocmask),
    ("rt_sigreturn", libc::SYS_rt_sigreturn),
    ("getrandom", libc::SYS_getrandom),
    ("exit", libc::SYS_exit),
    ("exit_group", libc::SYS_exit_group),
    #[cfg(target_arch = "x86_64")]
    ("poll", libc::SYS_poll),
    #[cfg(target_arch = "x86_64")]
    ("epoll_wait", libc::SYS_epoll_wait),
    #[cfg(target_arch = "x86_64")]
    ("readlink", libc::SYS_readlink),
];

/// Calls that say `ENOSYS`: their arguments lie in memory, where a filter cannot see them, and whoever hears that a kernel
/// has them not takes an older one that it can see.
const UNKNOWN: &[(&str, c_long)] = &[("openat2", libc::SYS_openat2), ("clone3", libc::SYS_clone3)];

/// Calls that may be made with some arguments only.
fn some(leave: Leave) -> Result<Vec<(&'static str, c_long, Vec<SeccompRule>)>> {
    // A thread: no process, and no namespace.
    let namespaces = libc::CLONE_NEWCGROUP
        | libc::CLONE_NEWIPC
        | libc::CLONE_NEWNET
        | libc::CLONE_NEWNS
        | libc::CLONE_NEWPID
        | libc::CLONE_NEWUSER
        | libc::CLONE_NEWUTS;
    let thread = libc::CLONE_VM | libc::CLONE_THREAD;
    let clone = masked(0, namespaces | thread, thread)?;
    // For reading alone. `O_TMPFILE` holds `O_DIRECTORY`, which may be.
    let writing =
        libc::O_ACCMODE | libc::O_CREAT | libc::O_TRUNC | libc::O_APPEND | (libc::O_TMPFILE & !libc::O_DIRECTORY);
    let openat = masked(2, writing, libc::O_RDONLY)?;
    let data = |argument| masked(argument, libc::PROT_EXEC, 0);
    let descriptor_flags = [libc::F_GETFD, libc::F_SETFD, libc::F_GETFL, libc::F_SETFL, libc::F_DUPFD_CLOEXEC]
        .map(|command| is(1, command));
    let mut sockets = vec![is(0, libc::AF_NETLINK)?, is(0, libc::AF_UNIX)?];
    for family in [libc::AF_INET, libc::AF_INET6] {
        sockets.push(match leave {
            // Its options read legacy iptables. The type's own bits are four.
            Leave::ReadOnly => both(equals(0, family)?, condition(1, Op::MaskedEq(0xf), libc::SOCK_DGRAM)?)?,
            Leave::MayProve => is(0, family)?,
        });
    }
    // Own limits may be read.
    let limits = both(equals(0, 0)?, Condition::new(2, Len::Qword, Op::Eq, 0)?)?;
    Ok(vec![
        ("openat", libc::SYS_openat, vec![openat]),
        // Where a machine has it, libraries use it for paths from the root.
        #[cfg(target_arch = "x86_64")]
        ("open", libc::SYS_open, vec![masked(1, writing, libc::O_RDONLY)?]),
        ("clone", libc::SYS_clone, vec![clone]),
        ("mmap", libc::SYS_mmap, vec![data(2)?]),
        ("mprotect", libc::SYS_mprotect, vec![data(2)?]),
        ("setns", libc::SYS_setns, vec![is(1, libc::CLONE_NEWNET)?]),
        ("socket", libc::SYS_socket, sockets),
        ("socketpair", libc::SYS_socketpair, vec![is(0, libc::AF_UNIX)?]),
        ("fcntl", libc::SYS_fcntl, descriptor_flags.into_iter().collect::<Result<_>>()?),
        ("ioctl", libc::SYS_ioctl, vec![masked(1, -1, truncated(libc::FIONBIO))?]),
        ("prctl", libc::SYS_prctl, vec![is(0, libc::PR_SET_NAME)?]),
        ("prlimit64", libc::SYS_prlimit64, vec![limits]),
    ])
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "a request of ioctl has 32 bits; its type differs between C libraries"
)]
const fn truncated(request: libc::Ioctl) -> i32 {
    request as i32
}

fn condition(argument: u8, op: Op, value: i32) -> Result<Condition> {
    Condition::new(argument, Len::Dword, op, u64::from(value.cast_unsigned()))
}

fn equals(argument: u8, value: i32) -> Result<Condition> {
    condition(argument, Op::Eq, value)
}

fn is(argument: u8, value: i32) -> Result<SeccompRule> {
    SeccompRule::new(vec![equals(argument, value)?])
}

fn masked(argument: u8, mask: i32, value: i32) -> Result<SeccompRule> {
    SeccompRule::new(vec![condition(argument, Op::MaskedEq(u64::from(mask.cast_unsigned())), value)?])
}

fn both(one: Condition, other: Condition) -> Result<SeccompRule> {
    SeccompRule::new(vec![one, other])
}

/// The names of all calls that a confined agent may make, with some arguments at least.
pub fn names() -> Vec<&'static str> {
    let some = some(Leave::MayProve).unwrap_or_default();
    ANY.iter().map(|(name, _)| *name).chain(some.into_iter().map(|(name, ..)| name)).collect()
}

/// Confines the calling thread. Capabilities must be given up before.
pub(super) fn confine(leave: Leave) -> std::result::Result<(), String> {
    let (unknown, allowed) = programs(leave).map_err(|error| error.to_string())?;
    // Each call is judged by both, and the stricter word holds.
    for program in [&unknown, &allowed] {
        seccompiler::apply_filter(program).map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn programs(leave: Leave) -> Result<(BpfProgram, BpfProgram)> {
    let unknown: Rules = UNKNOWN.iter().map(|(_, number)| (*number, Vec::new())).collect();
    let mut allowed = unknown.clone();
    allowed.extend(ANY.iter().map(|(_, number)| (*number, Vec::new())));
    allowed.extend(some(leave)?.into_iter().map(|(_, number, rules)| (number, rules)));
    let program = |rules, otherwise, then| -> Result<BpfProgram> {
        SeccompFilter::new(rules, otherwise, then, std::env::consts::ARCH.try_into()?)?.try_into()
    };
    let refused = |errno: i32| SeccompAction::Errno(errno.cast_unsigned());
    Ok((
        program(unknown, SeccompAction::Allow, refused(libc::ENOSYS))?,
        program(allowed, refused(libc::EPERM), SeccompAction::Allow)?,
    ))
}
