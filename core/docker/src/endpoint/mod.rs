//! Which engine is meant, decided as the docker client decides it.
//!
//! `--host`, then `--context`, then `DOCKER_HOST`, then `DOCKER_CONTEXT`, then `currentContext` of `config.json`, then
//! the default socket. Everything outside (variables, home) comes in an [`Environment`], so that a test can be anybody.

mod address;
mod context;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

pub use address::Address;

/// The context that stands for "no context": the host option, `DOCKER_HOST` or the default socket.
const DEFAULT_CONTEXT: &str = "default";

/// Which engine, as the docker client has it.
#[derive(Clone, Debug, Default)]
pub struct EngineChoice {
    /// `--host`, before `DOCKER_HOST`.
    pub host: Option<String>,
    /// `--context`, before `DOCKER_CONTEXT` and the configuration's current one.
    pub context: Option<String>,
}

/// What the docker client would look at: variables and the home directory.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
}

/// The engine that is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Where it listens.
    pub address: Address,
    /// How the connection is secured; none: it is not.
    pub tls: Option<Tls>,
    /// Who chose it.
    pub origin: Origin,
}

/// What secures a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// Whom to trust (`ca.pem`); none: whom the system trusts.
    pub authority: Option<PathBuf>,
    /// Who we are (`cert.pem` and `key.pem`).
    pub identity: Option<(PathBuf, PathBuf)>,
    /// The engine's certificate is not checked (`DOCKER_TLS` alone, a context's `SkipTLSVerify`).
    pub skip_verify: bool,
}

/// Who chose an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// `--host`.
    HostOption,
    /// `--context`, with its name.
    ContextOption(String),
    /// `DOCKER_HOST`.
    HostVariable,
    /// `DOCKER_CONTEXT`, with its value.
    ContextVariable(String),
    /// `currentContext` of `config.json`.
    CurrentContext(String),
    /// Nobody: the default socket.
    Default,
}

impl Origin {
    /// Whether this run asked for exactly this engine: then not reaching it is an error, else only a limit.
    pub const fn is_explicit(&self) -> bool {
        !matches!(self, Self::Default | Self::CurrentContext(_))
    }
}

/// The choice of the engine makes no sense. Each is one line that names the thing and what helps.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// No such context.
    #[error("there is no Docker context `{name}`: `docker context ls` lists them")]
    NoContext {
        /// Its name.
        name: String,
    },
    /// A context's or the client's file cannot be understood.
    #[error("{path} is damaged ({detail}): repair it or make it anew with the docker client", path = path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// A file may not be read.
    #[error("{path} cannot be read: {detail}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system answered.
        detail: String,
    },
    /// Not an address of an engine.
    #[error("`{address}` is no address of an engine ({detail}): use unix:///path, tcp://host:port or ssh://user@host")]
    Address {
        /// What was given.
        address: String,
        /// What is wrong with it.
        detail: String,
    },
}

impl Environment {
    /// That of this process.
    pub fn of_process() -> Self {
        Self { variables: std::env::vars().collect() }
    }

    /// Of these variables alone.
    pub fn of<K: Into<String>, V: Into<String>>(variables: impl IntoIterator<Item = (K, V)>) -> Self {
        Self { variables: variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect() }
    }

    /// A variable that is set and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// `$DOCKER_CONFIG`, else `~/.docker`.
    fn config_directory(&self) -> Option<PathBuf> {
        self.get("DOCKER_CONFIG")
            .map(PathBuf::from)
            .or_else(|| self.get("HOME").map(|home| PathBuf::from(home).join(".docker")))
    }
}

impl Endpoint {
    /// Decides, as the docker client would in this environment.
    pub fn resolve(choice: &EngineChoice, environment: &Environment) -> Result<Self, EndpointError> {
        let directory = environment.config_directory();
        let origin = if choice.host.is_some() {
            Origin::HostOption
        } else if let Some(name) = &choice.context {
            Origin::ContextOption(name.clone())
        } else if environment.get("DOCKER_HOST").is_some() {
            Origin::HostVariable
        } else if let Some(name) = environment.get("DOCKER_CONTEXT") {
            Origin::ContextVariable(name.to_owned())
        } else if let Some(name) = directory.as_deref().map(context::current).transpose()?.flatten() {
            Origin::CurrentContext(name)
        } else {
            Origin::Default
        };
        match &origin {
            Origin::ContextOption(name) | Origin::ContextVariable(name) | Origin::CurrentContext(name)
                if name != DEFAULT_CONTEXT =>
            {
                let directory = directory.ok_or_else(|| EndpointError::NoContext { name: name.clone() })?;
                let (address, tls) = context::read(&directory, name)?;
                Ok(Self { address, tls, origin })
            }
            _ => {
                let host = choice.host.as_deref().or_else(|| environment.get("DOCKER_HOST"));
                let (address, wants_tls) = Address::parse(host.unwrap_or(Address::DEFAULT))?;
                let verify = environment.get("DOCKER_TLS_VERIFY").is_some();
                let has_tls = wants_tls || verify || environment.get("DOCKER_TLS").is_some();
                let tls = (has_tls && matches!(address, Address::Tcp { .. })).then(|| {
                    let certificates = environment.get("DOCKER_CERT_PATH").map(PathBuf::from).or(directory);
                    Tls { skip_verify: !verify && !wants_tls, ..Tls::in_directory(certificates.as_deref()) }
                });
                let address = address.with_default_port(tls.is_some());
                Ok(Self { address, tls, origin })
            }
        }
    }
}

impl Tls {
    /// The files `ca.pem`, `cert.pem`, `key.pem` of a directory, as far as they are there.
    fn in_directory(directory: Option<&Path>) -> Self {
        let file = |name: &str| directory.map(|path| path.join(name)).filter(|path| path.exists());
        Self { authority: file("ca.pem"), identity: file("cert.pem").zip(file("key.pem")), skip_verify: false }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn choice(host: Option<&str>, context: Option<&str>) -> EngineChoice {
        EngineChoice { host: host.map(str::to_owned), context: context.map(str::to_owned) }
    }

    fn add_context(directory: &Path, name: &str, meta: &str) -> PathBuf {
        let folder = directory.join("contexts/meta").join(context::digest(name));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("meta.json");
        put(&path, meta);
        path
    }

    fn put(path: &Path, text: &str) {
        fs::File::create(path).and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes())).unwrap();
    }

    fn environment(directory: &Path, more: &[(&str, &str)]) -> Environment {
        let mut variables = vec![("DOCKER_CONFIG", directory.to_str().unwrap())];
        variables.extend_from_slice(more);
        Environment::of(variables)
    }

    #[test]
    fn options_come_before_variables_and_variables_before_the_configuration() {
        let folder = tempfile::tempdir().unwrap();
        put(&folder.path().join("config.json"), r#"{"currentContext":"lab","auths":{}}"#);
        for (name, host) in [("lab", "unix:///lab.sock"), ("far", "tcp://far:2375"), ("other", "unix:///other.sock")] {
            add_context(
                folder.path(),
                name,
                &format!(r#"{{"Name":"{name}","Metadata":{{}},"Endpoints":{{"docker":{{"Host":"{host}"}}}}}}"#),
            );
        }
        let all = [("DOCKER_HOST", "unix:///env.sock"), ("DOCKER_CONTEXT", "other")];
        let resolve = |choice: &EngineChoice, more: &[(&str, &str)]| {
            Endpoint::resolve(choice, &environment(folder.path(), more))
                .map(|endpoint| (endpoint.address.to_string(), endpoint.origin))
                .unwrap()
        };
        assert_eq!(
            resolve(&choice(Some("unix:///opt.sock"), Some("far")), &all),
            ("unix:///opt.sock".into(), Origin::HostOption)
        );
        assert_eq!(
            resolve(&choice(None, Some("far")), &all),
            ("tcp://far:2375".into(), Origin::ContextOption("far".into()))
        );
        assert_eq!(resolve(&choice(None, None), &all), ("unix:///env.sock".into(), Origin::HostVariable));
        assert_eq!(
            resolve(&choice(None, None), &all[1..]),
            ("unix:///other.sock".into(), Origin::ContextVariable("other".into()))
        );
        assert_eq!(
            resolve(&choice(None, None), &[]),
            ("unix:///lab.sock".into(), Origin::CurrentContext("lab".into()))
        );
        assert_eq!(
            resolve(&choice(None, Some("default")), &all),
            ("unix:///env.sock".into(), Origin::ContextOption("default".into()))
        );
    }

    #[test]
    fn without_anything_it_is_the_default_socket() {
        let folder = tempfile::tempdir().unwrap();
        let endpoint = Endpoint::resolve(&choice(None, None), &environment(folder.path(), &[])).unwrap();
        assert_eq!(endpoint.address, Address::Unix("/var/run/docker.sock".into()));
        assert!(!endpoint.origin.is_explicit());
        assert_eq!(endpoint.tls, None);
    }

    #[test]
    fn certificates_come_from_the_variables_or_the_context() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["ca.pem", "cert.pem", "key.pem"] {
            put(&folder.path().join(name), "");
        }
        let variables = [("DOCKER_HOST", "tcp://far"), ("DOCKER_TLS_VERIFY", "1")];
        let endpoint = Endpoint::resolve(&choice(None, None), &environment(folder.path(), &variables)).unwrap();
        assert_eq!(endpoint.address.to_string(), "tcp://far:2376");
        let tls = endpoint.tls.unwrap();
        assert_eq!(tls.authority, Some(folder.path().join("ca.pem")));
        assert!(tls.identity.is_some() && !tls.skip_verify);

        add_context(
            folder.path(),
            "tls",
            r#"{"Name":"tls","Endpoints":{"docker":{"Host":"tcp://far:1","SkipTLSVerify":true}}}"#,
        );
        let certificates = folder.path().join("contexts/tls").join(context::digest("tls")).join("docker");
        fs::create_dir_all(&certificates).unwrap();
        put(&certificates.join("ca.pem"), "");
        let endpoint = Endpoint::resolve(&choice(None, Some("tls")), &environment(folder.path(), &[])).unwrap();
        let tls = endpoint.tls.unwrap();
        assert_eq!(tls.authority, Some(certificates.join("ca.pem")));
        assert!(tls.identity.is_none() && tls.skip_verify);
    }

    #[test]
    fn errors_are_one_line_and_name_the_thing() {
        let folder = tempfile::tempdir().unwrap();
        let environment = environment(folder.path(), &[]);
        let missing = Endpoint::resolve(&choice(None, Some("nope")), &environment).unwrap_err();
        assert_eq!(missing, EndpointError::NoContext { name: "nope".into() });
        let path = add_context(folder.path(), "bad", "{\"Name\": \"bad\", ");
        let damaged = Endpoint::resolve(&choice(None, Some("bad")), &environment).unwrap_err();
        assert!(matches!(&damaged, EndpointError::Damaged { path: at, .. } if *at == path), "{damaged}");
        add_context(folder.path(), "swarm", r#"{"Name":"swarm","Endpoints":{}}"#);
        let no_docker = Endpoint::resolve(&choice(None, Some("swarm")), &environment).unwrap_err();
        put(&folder.path().join("config.json"), "[");
        let config = Endpoint::resolve(&choice(None, None), &environment).unwrap_err();
        for error in [missing, damaged, no_docker, config] {
            assert_eq!(error.to_string().lines().count(), 1, "{error}");
        }
    }
}
