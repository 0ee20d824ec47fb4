//! Each on a thread of its own, which is confined and thrown away.

use std::{
    ffi::CString,
    fs, io,
    net::{TcpStream, UdpSocket},
    process::Command,
    thread,
};

use super::*;

/// What a confined thread makes of `try_it`.
fn confined<T: Send + 'static>(leave: Leave, try_it: impl FnOnce() -> T + Send + 'static) -> T {
    let run = move || {
        confine(leave).unwrap();
        try_it()
    };
    thread::spawn(run).join().unwrap()
}

#[allow(unsafe_code, reason = "calls that no safe wrapper would make")]
fn call(number: libc::c_long, arguments: [usize; 5]) -> Option<i32> {
    let [a, b, c, d, e] = arguments;
    // SAFETY: none of these calls reaches the kernel's own code: that is what is tested. Null would be refused there.
    let answer = unsafe { libc::syscall(number, a, b, c, d, e) };
    (answer < 0).then(|| io::Error::last_os_error().raw_os_error()).flatten()
}

#[test]
fn what_is_refused() {
    let path = CString::new("/tmp/bridgewalk-is-confined").unwrap();
    let calls = [
        ("execve", libc::SYS_execve),
        ("execveat", libc::SYS_execveat),
        ("ptrace", libc::SYS_ptrace),
        ("process_vm_readv", libc::SYS_process_vm_readv),
        ("process_vm_writev", libc::SYS_process_vm_writev),
        ("pidfd_getfd", libc::SYS_pidfd_getfd),
        ("mount", libc::SYS_mount),
        ("umount2", libc::SYS_umount2),
        ("move_mount", libc::SYS_move_mount),
        ("bpf", libc::SYS_bpf),
        ("perf_event_open", libc::SYS_perf_event_open),
        ("io_uring_setup", libc::SYS_io_uring_setup),
        ("open_by_handle_at", libc::SYS_open_by_handle_at),
        ("unshare", libc::SYS_unshare),
        ("chroot", libc::SYS_chroot),
        ("kill", libc::SYS_kill),
        ("setuid", libc::SYS_setuid),
        ("capset", libc::SYS_capset),
        ("seccomp", libc::SYS_seccomp),
        ("unlinkat", libc::SYS_unlinkat),
        ("renameat2", libc::SYS_renameat2),
        ("linkat", libc::SYS_linkat),
        ("symlinkat", libc::SYS_symlinkat),
        ("mkdirat", libc::SYS_mkdirat),
        ("mknodat", libc::SYS_mknodat),
        ("fchmodat", libc::SYS_fchmodat),
        ("fchownat", libc::SYS_fchownat),
        ("truncate", libc::SYS_truncate),
        ("setxattr", libc::SYS_setxattr),
        ("utimensat", libc::SYS_utimensat),
        ("finit_module", libc::SYS_finit_module),
        ("kexec_load", libc::SYS_kexec_load),
        ("reboot", libc::SYS_reboot),
        ("add_key", libc::SYS_add_key),
        ("userfaultfd", libc::SYS_userfaultfd),
    ];
    confined(Leave::MayProve, move || {
        for (name, number) in calls {
            assert_eq!(call(number, [0; 5]), Some(libc::EPERM), "{name}");
            assert!(!syscall_names().contains(&name), "{name}");
        }
        let at = path.as_ptr() as usize;
        let here = libc::AT_FDCWD as usize;
        let write = [
            libc::O_WRONLY,
            libc::O_RDWR,
            libc::O_RDONLY | libc::O_CREAT,
            libc::O_RDONLY | libc::O_TRUNC,
            libc::O_TMPFILE,
            libc::O_RDONLY | libc::O_APPEND,
        ];
        for flags in write {
            assert_eq!(call(libc::SYS_openat, [here, at, flags as usize, 0o600, 0]), Some(libc::EPERM), "{flags:#o}");
            #[cfg(target_arch = "x86_64")]
            assert_eq!(call(libc::SYS_open, [at, flags as usize, 0o600, 0, 0]), Some(libc::EPERM), "{flags:#o}");
        }
        // Its flags cannot be seen, so it is not there, whatever they are.
        assert_eq!(call(libc::SYS_openat2, [here, at, 0, 24, 0]), Some(libc::ENOSYS));
        assert_eq!(call(libc::SYS_clone3, [0; 5]), Some(libc::ENOSYS));
        // A process, and a namespace.
        assert_eq!(call(libc::SYS_clone, [libc::SIGCHLD as usize, 0, 0, 0, 0]), Some(libc::EPERM));
        let with_namespace = (libc::CLONE_VM | libc::CLONE_THREAD | libc::CLONE_NEWUSER) as usize;
        assert_eq!(call(libc::SYS_clone, [with_namespace, 0, 0, 0, 0]), Some(libc::EPERM));
        assert_eq!(call(libc::SYS_setns, [0, libc::CLONE_NEWNS as usize, 0, 0, 0]), Some(libc::EPERM));
        assert_eq!(call(libc::SYS_setns, [0, 0, 0, 0, 0]), Some(libc::EPERM));
        let executable = (libc::PROT_READ | libc::PROT_EXEC) as usize;
        assert_eq!(call(libc::SYS_mprotect, [0, 4096, executable, 0, 0]), Some(libc::EPERM));
        assert_eq!(call(libc::SYS_socket, [libc::AF_PACKET as usize, 2, 0, 0, 0]), Some(libc::EPERM));
        assert_eq!(call(libc::SYS_ioctl, [0, libc::TIOCSTI as usize, 0, 0, 0]), Some(libc::EPERM));

        let refused = |error: io::Error| error.raw_os_error() == Some(libc::EPERM);
        assert!(fs::write("/tmp/bridgewalk-is-confined", "x").is_err_and(refused));
        assert!(Command::new("/bin/true").status().is_err());
    });
    assert!(!std::path::Path::new("/tmp/bridgewalk-is-confined").exists());
}

#[test]
fn what_goes_on() {
    confined(Leave::ReadOnly, || {
        assert!(!fs::read("/proc/self/status").unwrap().is_empty());
        let flags = rustix::fs::OFlags::PATH | rustix::fs::OFlags::CLOEXEC;
        assert!(rustix::fs::open("/proc/self", flags, rustix::fs::Mode::empty()).is_ok());
        assert!(fs::read_dir("/proc").unwrap().count() > 1);
        // Threads of it are confined as well.
        let inner = thread::Builder::new().name("inner".to_owned()).spawn(|| fs::File::create("/tmp/never"));
        assert!(inner.unwrap().join().unwrap().is_err());
        assert!(UdpSocket::bind("127.0.0.1:0").is_ok());
        assert!(TcpStream::connect("127.0.0.1:9").is_err_and(|error| error.raw_os_error() == Some(libc::EPERM)));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build().unwrap();
        runtime.block_on(async { tokio::time::sleep(std::time::Duration::from_millis(1)).await });
    });
    confined(Leave::MayProve, || {
        let answer = TcpStream::connect("127.0.0.1:9").unwrap_err();
        assert_eq!(answer.raw_os_error(), Some(libc::ECONNREFUSED));
    });
}

#[test]
fn root_becomes_nobody_with_four_capabilities() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    for (leave, expected) in [(Leave::ReadOnly, "0000000000281004"), (Leave::MayProve, "0000000000283004")] {
        let status = confined(leave, || fs::read_to_string("/proc/thread-self/status").unwrap());
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
        };
        for (name, value) in [
            ("Uid:", "65534 65534 65534 65534"),
            ("Gid:", "65534 65534 65534 65534"),
            ("Groups:", ""),
            ("CapInh:", "0000000000000000"),
            ("CapPrm:", expected),
            ("CapEff:", expected),
            ("CapBnd:", "0000000000000000"),
            ("CapAmb:", "0000000000000000"),
            ("NoNewPrivs:", "1"),
            ("Seccomp:", "2"),
        ] {
            assert_eq!(field(name), value, "{name}");
        }
    }
}
