//! The program under test, run as its users run it.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{
    host::{DockerHost, PROGRAMS, User},
    process::{self, Ran, SOON},
};

/// Where the program lies in every host.
pub fn path() -> String {
    format!("{PROGRAMS}/bridgewalk")
}

impl DockerHost {
    /// `bridgewalk ARGS…` as the host's root, or as somebody else.
    pub fn bridgewalk_command(&self, user: Option<User>, args: &[&str]) -> Command {
        let program = path();
        let argv: Vec<&str> = [program.as_str()].into_iter().chain(args.iter().copied()).collect();
        let mut command = match user {
            Some(user) => self.command_as(user, &argv),
            None => self.command(&argv),
        };
        command.env("LANG", "C.UTF-8").env("LC_ALL", "C.UTF-8");
        command
    }

    /// Runs `bridgewalk ARGS…` as the host's root.
    pub fn bridgewalk(&self, args: &[&str]) -> Result<Ran> {
        process::run(self.bridgewalk_command(None, args), &[], SOON)
    }

    /// Runs `bridgewalk ARGS… --json` and gives the list under `key`.
    pub fn bridgewalk_list(&self, user: Option<User>, args: &[&str], key: &str) -> Result<Vec<Value>> {
        let args: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
        let ran = process::run(self.bridgewalk_command(user, &args), &[], SOON)?;
        let text = ran.ok(&format!("bridgewalk {}", args.join(" ")))?;
        let mut value: Value = serde_json::from_str(&text).with_context(|| format!("no JSON: {text}"))?;
        ensure!(value["schema_version"].is_u64(), "no schema_version: {text}");
        match value[key].take() {
            Value::Array(list) => Ok(list),
            other => anyhow::bail!("{key} is {other}"),
        }
    }
}
