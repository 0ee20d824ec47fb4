//! Bringing the helper container up and taking it away.

use std::{collections::HashMap, sync::Arc};

use bridgewalk_agent::AgentLink;
use bridgewalk_docker::{
    ANSWER_TIMEOUT, LastWords,
    bollard::{
        container::LogOutput,
        models::{ContainerCreateBody, HostConfig, HostConfigLogConfig},
        query_parameters::{AttachContainerOptionsBuilder, CreateContainerOptionsBuilder},
    },
};
use futures_util::StreamExt;
use tokio::io::AsyncWriteExt;

use super::{
    LABEL,
    clear::clear,
    image,
    keeper::Keeper,
    plan::{HelperPlan, Tier, helper_container_plan},
    seccomp,
    token::Token,
};
use crate::{
    agent::{AgentError, link},
    engine::{Confinement, Engine},
};

/// What waits between the engine's stream and the frames' reader.
const PIPE_BYTES: usize = 256 << 10;

/// The helper container, running.
pub(crate) struct Container {
    engine: Arc<Engine>,
    token: Token,
    words: LastWords,
    /// Its first process, as the host numbers it.
    pid: Option<u32>,
    keeper: Keeper,
}

impl Container {
    /// Has a keeper make the container, attaches to it and starts it.
    pub(crate) async fn start(engine: &Arc<Engine>, tier: Tier) -> Result<(Self, AgentLink), AgentError> {
        let unnamed = |error: std::io::Error| AgentError::Start {
            program: "bridgewalk".to_owned(),
            detail: format!("/dev/urandom: {error}"),
        };
        let token = Token::new().map_err(unnamed)?;
        // Before it is made, so that there is no moment in which it is shown.
        engine.expect_own(token.container());
        let made = Keeper::start(engine.endpoint(), &token, tier).await;
        engine.remember_own(&token.container(), made.as_ref().ok().map(|(_, id)| id.clone()));
        let (keeper, id) = made?;
        let words = LastWords::default();
        let mut container = Self { engine: Arc::clone(engine), token, words, pid: None, keeper };
        match container.run(&id).await {
            Ok(link) => Ok((container, link)),
            Err(error) => {
                container.remove().await;
                Err(error)
            }
        }
    }

    async fn run(&mut self, id: &str) -> Result<AgentLink, AgentError> {
        let engine = &Arc::clone(&self.engine);
        let client = engine.client();
        let options = AttachContainerOptionsBuilder::new().stdin(true).stdout(true).stderr(true).stream(true).build();
        let attached = match client.docker().attach_container(id, Some(options)).await {
            Ok(attached) => attached,
            Err(error) => return Err(AgentError::Helper(client.error(&error).await)),
        };
        if let Err(error) = client.docker().start_container(id, None).await {
            return Err(AgentError::Helper(client.error(&error).await));
        }
        self.pid = engine.container_pid(id).await.map_err(AgentError::Helper)?;

        let (reader, mut writer) = tokio::io::duplex(PIPE_BYTES);
        let words = self.words.clone();
        let mut output = attached.output;
        tokio::spawn(async move {
            while let Some(Ok(piece)) = output.next().await {
                match piece {
                    LogOutput::StdOut { message } => {
                        if writer.write_all(&message).await.is_err() {
                            return;
                        }
                    }
                    LogOutput::StdErr { message } | LogOutput::Console { message } => words.push(&message),
                    LogOutput::StdIn { .. } => {}
                }
            }
        });
        Ok(link(reader, attached.input))
    }

    /// The process that must be left out of what it tells.
    pub(crate) const fn pid(&self) -> Option<u32> {
        self.pid
    }

    pub(crate) fn last_words(&self) -> String {
        self.words.line()
    }

    /// Takes container and image away.
    pub(crate) async fn remove(self) {
        if !self.keeper.end().await {
            // It was killed, or lost its connection. If this fails as well, it is on record.
            clear(&self.engine, &self.token, true).await;
        }
    }
}

/// Makes the container of a token, of the image of that token; its id.
pub(super) async fn create(engine: &Engine, token: &Token, tier: Tier) -> Result<String, AgentError> {
    let plan = helper_container_plan(tier);
    let confinement = engine.confinement().await.map_err(AgentError::Helper)?;
    let options = CreateContainerOptionsBuilder::new().name(&token.container()).build();
    let body = body(&plan, token.image(), &token.to_string(), confinement);
    let made = engine
        .client()
        .ask(ANSWER_TIMEOUT, |docker| async move { docker.create_container(Some(options), body).await })
        .await
        .map_err(AgentError::Helper)?;
    Ok(made.read().map_err(AgentError::Helper)?.is.id)
}

/// What the engine is asked for.
fn body(plan: &HelperPlan, image: String, owner: &str, confinement: Confinement) -> ContainerCreateBody {
    let mut security = vec!["no-new-privileges".to_owned()];
    if plan.own_seccomp_profile && confinement.has_seccomp {
        security.push(format!("seccomp={}", seccomp::profile()));
    }
    if plan.unconfined {
        security.extend(confinement.lifted_by);
    }
    ContainerCreateBody {
        image: Some(image),
        user: Some("0:0".to_owned()),
        entrypoint: Some(vec![format!("/{}", image::PROGRAM)]),
        cmd: Some(plan.arguments.iter().map(|argument| (*argument).to_owned()).collect()),
        labels: Some(HashMap::from([(LABEL.to_owned(), owner.to_owned())])),
        attach_stdin: Some(true),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        open_stdin: Some(true),
        stdin_once: Some(true),
        tty: Some(false),
        host_config: Some(HostConfig {
            network_mode: Some("host".to_owned()),
            pid_mode: Some("host".to_owned()),
            userns_mode: Some("host".to_owned()),
            readonly_rootfs: Some(true),
            cap_drop: Some(vec!["ALL".to_owned()]),
            cap_add: Some(plan.capabilities.iter().chain(plan.given_up).map(|name| (*name).to_owned()).collect()),
            security_opt: Some(security),
            pids_limit: Some(plan.pids_limit),
            memory: Some(plan.memory_bytes),
            memory_swap: Some(plan.memory_bytes),
            log_config: Some(HostConfigLogConfig { typ: Some("none".to_owned()), config: None }),
            auto_remove: Some(true),
            ..HostConfig::default()
        }),
        ..ContainerCreateBody::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_for_nothing_beyond_the_plan() {
        let plan = helper_container_plan(Tier::Base);
        let lifted_by = vec!["apparmor=unconfined".to_owned()];
        let confinement = Confinement { has_seccomp: true, lifted_by };
        let body = body(&plan, "x:1".to_owned(), "1.2.3.4", confinement);
        let host = body.host_config.unwrap();
        assert_eq!(host.cap_add.unwrap(), ["NET_ADMIN"]);
        assert_eq!(host.cap_drop.unwrap(), ["ALL"]);
        let seccomp = format!("seccomp={}", seccomp::profile());
        assert_eq!(host.security_opt.unwrap(), ["no-new-privileges".to_owned(), seccomp]);
        assert_eq!((host.memory, host.memory_swap), (Some(plan.memory_bytes), Some(plan.memory_bytes)));
        assert_eq!((host.binds, host.mounts, host.privileged), (None, None, None));
        assert_eq!(host.readonly_rootfs, Some(true));
    }
}
