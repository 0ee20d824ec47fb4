//! The ways to an engine and to the kernel that people have: TCP with certificates, ssh, contexts, sudo. Whichever is
//! taken, the host that is seen is the same.

use anyhow::{Context, Result, ensure};
use bridgewalk_tests::{
    compare::{at_rest, first_difference},
    host::{DockerHost, User},
    process::{self, SOON},
    rootfs::Engine,
    scenario::{self, HTTP, run},
};
use serde_json::Value;

/// Somebody who may use sudo and Docker.
const ADMIN: User = User { groups: &["docker"], ..User::ADMIN };

/// An authority, the engine's certificate and a client's, in the folders and by the names that the docker client has.
const CERTIFICATES: &str = "mkdir /etc/docker/tls /root/.docker && cd /etc/docker/tls
sign() { openssl req -newkey rsa:2048 -nodes -keyout $1-key.pem -out $1.csr -subj /CN=$1 2>/dev/null
  openssl x509 -req -in $1.csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 2 -out $1-cert.pem -extfile $1.ext 2>/dev/null; }
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca-key.pem -out ca.pem -days 2 -subj /CN=authority 2>/dev/null
echo 'subjectAltName = DNS:localhost, IP:127.0.0.1' >server.ext; sign server
echo 'extendedKeyUsage = clientAuth' >client.ext; sign client
cp ca.pem client-cert.pem client-key.pem /root/.docker/
mv /root/.docker/client-cert.pem /root/.docker/cert.pem; mv /root/.docker/client-key.pem /root/.docker/key.pem";

/// No ssh is in the root file systems: this one is of the same use, and only where it is asked as the docker client
/// would ask.
const SSH: &str = r#"cat >/usr/local/bin/ssh <<'END'
#!/bin/sh
case "$*" in
"-T -o ConnectTimeout=20 -o ServerAliveInterval=8 -o ServerAliveCountMax=2 -l admin -p 2222 -- earth docker system dial-stdio") exec docker system dial-stdio ;;
esac
echo "ssh: $*" >&2
exit 255
END
chmod 755 /usr/local/bin/ssh"#;

struct Way {
    name: &'static str,
    user: Option<User>,
    args: &'static [&'static str],
    variables: &'static [(&'static str, &'static str)],
}

const WAYS: [Way; 5] = [
    Way { name: "sudo", user: Some(ADMIN), args: &["--agent", "sudo"], variables: &[] },
    Way {
        name: "certificates",
        user: None,
        args: &["--host", "tcp://127.0.0.1:2376"],
        variables: &[("DOCKER_TLS_VERIFY", "1")],
    },
    Way {
        name: "DOCKER_HOST, and certificates elsewhere",
        user: None,
        args: &[],
        variables: &[
            ("DOCKER_HOST", "tcp://localhost:2376"),
            ("DOCKER_TLS_VERIFY", "1"),
            ("DOCKER_CERT_PATH", "/root/.docker"),
            ("HOME", "/tmp"),
        ],
    },
    Way { name: "a context", user: None, args: &["--context", "secured"], variables: &[] },
    Way { name: "DOCKER_CONTEXT", user: None, args: &[], variables: &[("DOCKER_CONTEXT", "secured")] },
];

fn snapshot(host: &DockerHost, way: &Way) -> Result<Value> {
    let args: Vec<&str> = ["snapshot", "--json"].iter().chain(way.args).copied().collect();
    let mut command = host.bridgewalk_command(way.user, &args);
    command.envs(way.variables.iter().copied());
    let ran = process::run(command, &[], SOON)?;
    let mut value: Value = serde_json::from_str(&ran.ok("bridgewalk snapshot")?)?;
    at_rest(&mut value);
    // How the engine is reached is the one thing that differs.
    if let Some(engine) = value.pointer_mut("/hosts/0/engine/address") {
        *engine = Value::Null;
    }
    Ok(value)
}

#[test]
fn every_way_leads_to_the_same_host() -> Result<()> {
    let host = DockerHost::start(Engine::Docker26_1, "earth")?;
    host.shell(CERTIFICATES)?;
    host.shell(SSH)?;
    host.set_daemon_options(&[
        "--host=unix:///run/docker.sock",
        "--host=tcp://127.0.0.1:2376",
        "--tlsverify",
        "--tlscacert=/etc/docker/tls/ca.pem",
        "--tlscert=/etc/docker/tls/server-cert.pem",
        "--tlskey=/etc/docker/tls/server-key.pem",
    ]);
    host.restart_daemon()?;
    let files = "ca=/root/.docker/ca.pem,cert=/root/.docker/cert.pem,key=/root/.docker/key.pem";
    host.docker(&["context", "create", "secured", "--docker", &format!("host=tcp://127.0.0.1:2376,{files}")])?;
    host.docker(&["network", "create", "front"])?;
    run(&host, "web", &["--publish", "8080:80"], &HTTP)?;
    run(&host, "shop", &["--network", "front"], &HTTP)?;
    scenario::settled(&host)?;

    let usual = Way { name: "the socket", user: None, args: &[], variables: &[] };
    let seen = snapshot(&host, &usual)?;
    for way in &WAYS {
        let other = snapshot(&host, way).with_context(|| way.name)?;
        if let Some(difference) = first_difference(&seen, &other) {
            anyhow::bail!("by {} another host is seen, at {difference}", way.name);
        }
    }

    // Over ssh an engine is taken for one elsewhere: it tells what Docker knows, and no kernel is asked.
    let ssh = Way { name: "ssh", user: None, args: &["--host", "ssh://admin@earth:2222"], variables: &[] };
    let far = snapshot(&host, &ssh).context(ssh.name)?;
    for (list, key) in [("networks", "name"), ("containers", "name"), ("containers", "state")] {
        let of = |snapshot: &Value| -> Vec<Value> {
            let all = snapshot["hosts"][0][list].as_array();
            all.into_iter().flatten().map(|one| one[key].clone()).collect()
        };
        ensure!(of(&far) == of(&seen) && of(&far).len() >= 2, "over ssh {list} are {:?}", of(&far));
    }
    ensure!(far["hosts"][0]["veths"] == Value::Array(Vec::new()), "cables of another kernel: {far}");

    // Whom the engine does not know, it does not talk to; the program says so in a line.
    for (variables, args) in [
        (&[("DOCKER_TLS_VERIFY", "1"), ("DOCKER_CERT_PATH", "/tmp")], ["--host", "tcp://127.0.0.1:2376"]),
        (&[("DOCKER_TLS_VERIFY", ""), ("DOCKER_CERT_PATH", "")], ["--host", "tcp://127.0.0.1:2376"]),
        (&[("DOCKER_TLS_VERIFY", ""), ("DOCKER_CERT_PATH", "")], ["--host", "ssh://nobody@earth"]),
    ] {
        let mut command = host.bridgewalk_command(None, &[&["veths"][..], &args].concat());
        command.envs(variables.iter().copied());
        let ran = process::run(command, &[], SOON)?;
        ensure!(ran.status.code() == Some(2), "{args:?}: {ran:?}");
        ensure!(ran.stderr.trim_end().lines().count() == 1 && ran.stdout.is_empty(), "{args:?}: {ran:?}");
    }
    Ok(())
}
