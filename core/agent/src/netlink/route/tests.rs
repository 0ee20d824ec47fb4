//! Against a kernel that says what it is told to say.

use std::{
    os::fd::{FromRawFd, IntoRawFd, OwnedFd},
    thread::{self, JoinHandle},
};

use netlink_packet_core::{NLM_F_MULTIPART, NLMSG_DONE, NLMSG_ERROR};
use netlink_packet_route::link::{LinkAttribute, LinkMessage};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socketpair};

use super::*;
use crate::netlink::attributes::Body;

/// A message of an answer, and how far it is from being one to the request.
struct Said(u16, u16, Vec<u8>, u32);

fn link(index: u32, attributes: &[(u16, &[u8])]) -> Said {
    let mut header = [0; 16];
    header[4..8].copy_from_slice(&index.to_ne_bytes());
    let body = attributes.iter().fold(Body::new(&header), |body, (kind, value)| body.with(*kind, value));
    Said(libc::RTM_NEWLINK, NLM_F_MULTIPART, body.0, 0)
}

fn named(index: u32, name: &[u8]) -> Said {
    link(index, &[(libc::IFLA_IFNAME, name), (libc::IFLA_MTU, &1500_u32.to_ne_bytes())])
}

fn with_flags(Said(kind, flags, body, off): Said, more: u16) -> Said {
    Said(kind, flags | more, body, off)
}

fn done(code: i32) -> Said {
    Said(NLMSG_DONE, NLM_F_MULTIPART, code.to_ne_bytes().to_vec(), 0)
}

/// A connection to a kernel that answers the first request with the first list of datagrams, and so on.
fn kernel(answers: Vec<Vec<Vec<Said>>>) -> (Route, JoinHandle<usize>) {
    let (ours, theirs) =
        socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).expect("a pair");
    let kernel = thread::spawn(move || {
        let mut asked = 0;
        for datagrams in answers {
            let mut request = vec![0; 4096];
            let (len, _) = recv(&theirs, &mut request[..], RecvFlags::empty()).expect("a request");
            if len == 0 {
                break;
            }
            asked += 1;
            let sequence = u32_at(&request, 8).expect("a header");
            for datagram in datagrams {
                let bytes: Vec<u8> = datagram.iter().flat_map(|said| message(said, sequence)).collect();
                send(&theirs, &bytes, SendFlags::empty()).expect("an answer");
            }
        }
        asked
    });
    (route(ours), kernel)
}

fn message(Said(kind, flags, body, off): &Said, sequence: u32) -> Vec<u8> {
    let mut bytes = u32::try_from(HEADER_LEN + body.len()).expect("a length").to_ne_bytes().to_vec();
    bytes.extend_from_slice(&kind.to_ne_bytes());
    bytes.extend_from_slice(&flags.to_ne_bytes());
    bytes.extend_from_slice(&(sequence + off).to_ne_bytes());
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(body);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

#[allow(unsafe_code, reason = "netlink-sys takes no descriptor otherwise")]
fn route(socket: OwnedFd) -> Route {
    let mut kernel = Kernel::new(NETLINK_ROUTE).expect("a socket");
    // SAFETY: the descriptor is open, and nobody else's.
    kernel.wire.socket = unsafe { Socket::from_raw_fd(socket.into_raw_fd()) };
    let (connection, handle, _) = rtnetlink::from_socket(kernel);
    Route { connection, handle }
}

/// The names and MTUs of the links.
fn links(route: &mut Route) -> io::Result<Vec<(String, u32)>> {
    route.dump(
        |handle| handle.link().get().execute(),
        |message: LinkMessage| {
            let name = message.attributes.iter().find_map(|it| match it {
                LinkAttribute::IfName(name) => Some(name.clone()),
                _ => None,
            });
            let mtu = message.attributes.iter().find_map(|it| match it {
                LinkAttribute::Mtu(mtu) => Some(*mtu),
                _ => None,
            });
            Some((name?, mtu.unwrap_or(0)))
        },
    )
}

#[test]
fn a_list_that_changed_while_it_was_read_is_read_again() {
    let interrupted = || vec![vec![with_flags(named(1, b"old\0"), NLM_F_DUMP_INTR), named(2, b"b\0")], vec![done(0)]];
    let (mut route, kernel_) =
        kernel(vec![interrupted(), interrupted(), vec![vec![named(1, b"new\0")], vec![named(2, b"b\0"), done(0)]]]);
    let read = links(&mut route).expect("links");
    assert_eq!(read, [("new".to_owned(), 1500), ("b".to_owned(), 1500)]);
    drop(route);
    assert_eq!(kernel_.join().expect("the kernel"), 3);

    // Also where only the end says so, and not for ever.
    let at_end = || vec![vec![named(1, b"a\0"), with_flags(done(0), NLM_F_DUMP_INTR)]];
    let (mut route, kernel_) = kernel((0..20).map(|_| at_end()).collect());
    assert_eq!(links(&mut route).expect_err("never the same").kind(), io::ErrorKind::Interrupted);
    drop(route);
    assert!(kernel_.join().expect("the kernel") < 20);
}

#[test]
fn what_the_kernel_refuses_is_an_error_also_at_the_end() {
    let refused = Said(NLMSG_ERROR, 0, (-libc::EOPNOTSUPP).to_ne_bytes().to_vec(), 0);
    let (mut route, _kernel) = kernel(vec![
        vec![vec![done(-libc::EACCES)]],
        vec![vec![named(1, b"a\0")], vec![done(-libc::EPERM)]],
        vec![vec![refused]],
        vec![vec![named(1, b"a\0"), done(0)]],
    ]);
    for code in [libc::EACCES, libc::EPERM, libc::EOPNOTSUPP] {
        assert_eq!(links(&mut route).expect_err("refused").raw_os_error(), Some(code));
    }
    assert_eq!(links(&mut route).expect("links").len(), 1);
}

#[test]
fn what_is_new_or_odd_costs_itself_alone() {
    let unknown = link(2, &[(libc::IFLA_IFNAME, b"b\0"), (0x3ff0, &[9; 7]), (libc::IFLA_MTU, &9_u32.to_ne_bytes())]);
    let odd = link(3, &[(libc::IFLA_MTU, &[1, 2, 3]), (libc::IFLA_IFNAME, b"c\0")]);
    let cut = Said(libc::RTM_NEWLINK, NLM_F_MULTIPART, vec![0; 6], 0);
    let of_another = Said(libc::RTM_NEWLINK, NLM_F_MULTIPART, named(9, b"z\0").2, 7);
    let (mut route, _kernel) = kernel(vec![vec![
        vec![named(1, b"a\0"), unknown, odd, cut],
        vec![of_another, named(4, b"d\xff\0")],
        vec![named(5, b"e\0"), done(0)],
    ]]);
    let names = ["a", "b", "c", "d\u{fffd}", "e"].map(str::to_owned);
    let mtus = [1500, 9, 0, 1500, 1500];
    assert_eq!(links(&mut route).expect("links"), names.into_iter().zip(mtus).collect::<Vec<_>>());
}
