//! Real connection attempts, many at once, from any network namespace: what a walk's verdicts are checked against.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddrV4},
    time::Duration,
};

use anyhow::{Context, Result};

use crate::{
    process,
    spaces::{Space, Spaces},
};

/// What became of a TCP connection attempt to a web server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// It came about, and there was an answer.
    Answered,
    /// It came about, and nothing was said.
    Open,
    /// It came about and was closed at once: whoever accepted it could not go on.
    Closed,
    /// A reset.
    Refused,
    /// The kernel said that there is no way.
    Unreachable,
    /// Nothing came back.
    Silent,
}

/// Connects from its first argument (`-`: the kernel chooses) to all from the third on at once, asks each for a page and
/// says what came of it within as many seconds as the second says. Where nobody listens on a port of the loopback that is also the one that the kernel chose to
/// send from, a socket connects to itself: that is no answer.
const SCRIPT: &str = r#"
sub name { my $e = shift; $e == 111 ? 'refused' : $e == 104 ? 'closed' : $e == 110 ? 'silent' : 'unreachable' }
my ($source, $seconds) = (shift, shift);
my %open;
for my $to (@ARGV) {
  my ($address, $port) = split /:/, $to;
  socket(my $socket, 2, 1, 6) or die $!;
  fcntl($socket, 4, 2048);
  if ($source ne '-') { bind($socket, pack('Sna4x8', 2, 0, pack('C4', split /\./, $source))) or die $! }
  my $done = connect($socket, pack('Sna4x8', 2, $port, pack('C4', split /\./, $address)));
  if (!$done && $! + 0 != 115) { print "$to ", name($! + 0), "\n"; next }
  $open{fileno $socket} = [$socket, $to, 0];
}
my $end = time + $seconds;
while (%open && time < $end) {
  my ($read, $write) = ('', '');
  for (values %open) { if ($_->[2]) { vec($read, fileno $_->[0], 1) = 1 } else { vec($write, fileno $_->[0], 1) = 1 } }
  select($read, $write, undef, 0.2);
  for my $number (keys %open) {
    my ($socket, $to, $asked) = @{$open{$number}};
    if (!$asked && vec($write, $number, 1)) {
      my $error = unpack('i', getsockopt($socket, 1, 4));
      if ($error) { print "$to ", name($error), "\n"; delete $open{$number} }
      elsif (getsockname($socket) eq getpeername($socket)) { print "$to refused\n"; delete $open{$number} }
      else { syswrite($socket, "GET / HTTP/1.0\r\n\r\n"); $open{$number}[2] = 1 }
    } elsif ($asked && vec($read, $number, 1)) {
      my $length = sysread($socket, my $data, 10);
      print "$to ", defined $length ? ($length ? 'answered' : 'closed') : name($! + 0), "\n";
      delete $open{$number};
    }
  }
}
print "$_->[1] ", $_->[2] ? 'open' : 'silent', "\n" for values %open;
"#;

/// Tries to connect from the network namespace of a process of this machine, for six seconds: more than ARP takes to give
/// up.
pub fn connect_from(outer_pid: u32, to: &[SocketAddrV4]) -> Result<BTreeMap<SocketAddrV4, Outcome>> {
    connect_as(outer_pid, None, to, 6)
}

/// The same from an address that the namespace has, and for so many seconds.
pub fn connect_as(
    outer_pid: u32,
    source: Option<Ipv4Addr>,
    to: &[SocketAddrV4],
    seconds: u32,
) -> Result<BTreeMap<SocketAddrV4, Outcome>> {
    let spaces = Spaces::open(outer_pid, &[Space::Network])?;
    let mut command = spaces.enter(&[Space::Network]);
    command.args(["--", "perl", "-e", SCRIPT]);
    command.arg(source.map_or_else(|| "-".to_owned(), |source| source.to_string())).arg(seconds.to_string());
    command.args(to.iter().map(ToString::to_string));
    let text = process::ok(command, Duration::from_secs(60))?;
    text.lines()
        .map(|line| {
            let (to, outcome) = line.split_once(' ').with_context(|| format!("the prober said {line}"))?;
            let outcome = match outcome {
                "answered" => Outcome::Answered,
                "open" => Outcome::Open,
                "closed" => Outcome::Closed,
                "refused" => Outcome::Refused,
                "unreachable" => Outcome::Unreachable,
                "silent" => Outcome::Silent,
                _ => anyhow::bail!("the prober said {line}"),
            };
            Ok((to.parse()?, outcome))
        })
        .collect()
}
