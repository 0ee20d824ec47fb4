//! The helper container's own seccomp profile.
//!
//! Docker's usual profile allows some 350 calls, and more to a container with CAP_SYS_ADMIN: `mount`, `bpf`, `setns`
//! everywhere. Ours allows what a confined agent may call, and what bringing one up takes: the container runtime is
//! under the profile for its last steps, and the agent confines itself with its first.

use bridgewalk_agent::confinement::syscall_names;

/// For the runtime's last steps (Go's own, and `execve`), and for a program's first.
const STARTING: [&str; 56] = [
    "access",
    "arch_prctl",
    "capget",
    "capset",
    "chdir",
    "close_range",
    "dup",
    "dup2",
    "dup3",
    "epoll_create",
    "epoll_ctl_old",
    "epoll_pwait2",
    "epoll_wait",
    "execve",
    "faccessat",
    "faccessat2",
    "fchdir",
    "fstatat64",
    "getcwd",
    "getdents",
    "getgroups",
    "getpgrp",
    "getppid",
    "getresgid",
    "getresuid",
    "getrlimit",
    "getsid",
    "gettimeofday",
    "lstat",
    "membarrier",
    "mincore",
    "open",
    "openat2",
    "pipe",
    "pipe2",
    "poll",
    "pread64",
    "pselect6",
    "pwrite64",
    "readlink",
    "rt_sigpending",
    "rt_sigtimedwait",
    "sched_getparam",
    "seccomp",
    "set_tid_address",
    "setgid",
    "setgroups",
    "setitimer",
    "setresgid",
    "setresuid",
    "setrlimit",
    "setuid",
    "stat",
    "tgkill",
    "timer_create",
    "timer_settime",
];

/// `ENOSYS`: with it a C library makes threads by `clone`.
const ENOSYS: u32 = 38;

/// In Docker's format. What is not named is refused with `EPERM`.
pub(super) fn profile() -> String {
    let mut names: Vec<&str> = syscall_names().into_iter().chain(STARTING).collect();
    names.sort_unstable();
    names.dedup();
    serde_json::json!({
        "defaultAction": "SCMP_ACT_ERRNO",
        "syscalls": [
            { "names": names, "action": "SCMP_ACT_ALLOW" },
            { "names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": ENOSYS },
        ],
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_gets_out_is_allowed() {
        let profile: serde_json::Value = serde_json::from_str(&profile()).unwrap();
        let allowed = profile["syscalls"][0]["names"].as_array().unwrap();
        for name in ["read", "openat", "setns", "execve", "capset"] {
            assert!(allowed.iter().any(|it| it == name), "{name}");
        }
        for name in [
            "mount",
            "umount2",
            "pivot_root",
            "chroot",
            "bpf",
            "ptrace",
            "process_vm_readv",
            "open_by_handle_at",
            "unshare",
            "perf_event_open",
            "init_module",
            "finit_module",
            "kexec_load",
            "io_uring_setup",
            "keyctl",
            "pidfd_getfd",
            "unlinkat",
            "renameat2",
            "mknodat",
            "fchmodat",
            "fchownat",
            "kill",
            "reboot",
            "syslog",
        ] {
            assert!(!allowed.iter().any(|it| it == name), "{name}");
        }
    }
}
