//! docker-proxy's command line.

use std::net::IpAddr;

use super::Transport;

/// What one docker-proxy does: all that is kept of its command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DockerProxy {
    /// `-proto`.
    pub transport: Transport,
    /// `-host-ip`: it listens here.
    pub host_ip: IpAddr,
    /// `-host-port`.
    pub host_port: u16,
    /// `-container-ip`: it connects to this.
    pub container_ip: IpAddr,
    /// `-container-port`.
    pub container_port: u16,
}

impl DockerProxy {
    /// The name of the program, and of its process (`/proc/PID/comm`).
    pub const COMMAND: &str = "docker-proxy";

    /// Reads `-proto tcp -host-ip 0.0.0.0 -host-port 8080 -container-ip 172.17.0.2 -container-port 80`, in Go's
    /// notations (one or two dashes, a value apart or after `=`); none for any other program.
    pub fn parse(command_line: &[String]) -> Option<Self> {
        let (program, arguments) = command_line.split_first()?;
        if program.rsplit('/').next() != Some(Self::COMMAND) {
            return None;
        }
        let value = |name: &str| {
            let mut rest = arguments.iter();
            while let Some(argument) = rest.next() {
                let Some(flag) = argument.strip_prefix('-') else { continue };
                let flag = flag.strip_prefix('-').unwrap_or(flag);
                match flag.split_once('=') {
                    Some((found, value)) if found == name => return Some(value),
                    None if flag == name => return rest.next().map(String::as_str),
                    _ => {}
                }
            }
            None
        };
        Some(Self {
            transport: value("proto")?.parse().ok()?,
            host_ip: value("host-ip")?.parse::<IpAddr>().ok()?.to_canonical(),
            host_port: value("host-port")?.parse().ok()?,
            container_ip: value("container-ip")?.parse::<IpAddr>().ok()?.to_canonical(),
            container_port: value("container-port")?.parse().ok()?,
        })
    }

    /// The command line again, without anything else that was on it: others' arguments may hold secrets.
    pub fn command_line(&self) -> Vec<String> {
        let Self { transport, host_ip, host_port, container_ip, container_port } = self;
        vec![
            Self::COMMAND.to_owned(),
            "-proto".to_owned(),
            transport.to_string(),
            "-host-ip".to_owned(),
            host_ip.to_string(),
            "-host-port".to_owned(),
            host_port.to_string(),
            "-container-ip".to_owned(),
            container_ip.to_string(),
            "-container-port".to_owned(),
            container_port.to_string(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn only_what_is_known_of_a_command_line_is_kept() {
        let line = "/usr/bin/docker-proxy --proto=tcp -host-ip :: -password secret -host-port 8080 --container-ip fd00::2 \
                    -container-port 80 -use-listen-fd";
        let proxy = DockerProxy::parse(&words(line)).unwrap();
        let kept = proxy.command_line();
        assert!(!kept.iter().any(|word| word.contains("secret") || word.contains("password")), "{kept:?}");
        assert_eq!(DockerProxy::parse(&kept), Some(proxy));
        assert_eq!(DockerProxy::parse(&words("/usr/bin/other -proto tcp")), None);
        assert_eq!(DockerProxy::parse(&words("docker-proxy -proto tcp -host-ip not-one")), None);
    }
}
