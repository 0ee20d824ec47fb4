//! The command line: arguments in, tables or documents out.
//!
//! [`arguments`] are parsed first and resolved here second; each subcommand is a file of its own. What goes wrong is a
//! [`Failure`]: one line on stderr, never more.

mod arguments;
mod closing;
mod destination;
mod doctor;
mod document;
mod export;
mod failure;
mod findings;
mod gate;
mod help;
mod hops;
mod json;
mod listing;
mod log;
mod namespaces;
mod networks;
mod notes;
mod output;
mod packaging;
mod ports;
mod proof;
mod reach;
mod record;
mod select;
mod stop;
mod table;
mod veths;
mod walk;
mod watch;
mod window;
mod wires;

use std::{ffi::OsString, process::ExitCode, sync::Arc};

use bridgewalk_collector::{AgentChoice, EngineChoice, helper};
use bridgewalk_model::{EntityId, Snapshot, Text, snapshot::Host};

use self::{
    arguments::{Agent, Arguments, Command, Common},
    help::Parsed,
    output::Output,
};
use crate::{
    source::{self, Choice, Demo, HostChoice, LiveChoice},
    words::Words,
};

use self::failure::Failure;

/// Runs the program with its arguments, the program's name first.
pub fn run(arguments: &[OsString]) -> ExitCode {
    // The collector starts this program again, so that somebody outlives a killed one and takes its helper container away.
    if arguments.get(1).is_some_and(|argument| argument == helper::KEEPER_ARGUMENT) {
        return helper::keep();
    }
    notes::take_panics();
    let words = Words::new(help::language(arguments));
    match obey(arguments, words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if let Some(line) = failure.line {
                notes::say(&line);
            }
            ExitCode::from(failure.status)
        }
    }
}

fn obey(arguments: &[OsString], words: Words) -> Result<(), Failure> {
    let arguments = match help::parse(arguments, words)? {
        Parsed::Text(text) => {
            let mut output = Output::standard(words);
            output.text(&text)?;
            return output.finish();
        }
        Parsed::Arguments(arguments) => *arguments,
    };
    let Arguments { command, common, .. } = arguments;
    log::start(common.verbose, words)?;
    let Some(command) = command else { return window::open(&common, words) };
    let mut output = Output::standard(words);
    perform(&command, &common, words, &mut output)?;
    output.finish()
}

fn perform(command: &Command, common: &Common, words: Words, output: &mut Output) -> Result<(), Failure> {
    let choice = match command {
        Command::Export(export) if common.demo => Choice::Demo(export.view.demo()),
        _ => choice(common, words)?,
    };
    let snapshot = || observe(&choice, words);
    let json = common.json;
    match command {
        Command::Veths => listing::write::<veths::Veth>(&*snapshot()?, json, words, output),
        Command::Ports => listing::write::<ports::Port>(&*snapshot()?, json, words, output),
        Command::Networks => listing::write::<networks::Network>(&*snapshot()?, json, words, output),
        Command::Namespaces => listing::write::<namespaces::Namespace>(&*snapshot()?, json, words, output),
        Command::Findings => listing::write::<findings::Finding>(&*snapshot()?, json, words, output),
        Command::Wires(asked) => wires::run(asked, &*snapshot()?, json, words, output),
        Command::Walk(asked) if asked.prove => walk::prove(asked, &choice, json, words, output),
        Command::Walk(asked) => walk::run(asked, &snapshot, json, words, output),
        Command::Reach => reach::write(&*snapshot()?, json, words, output),
        Command::Snapshot => output.document(&*snapshot()?),
        Command::Watch => watch::run(&choice, json, words, output),
        Command::Export(export) => export::run(export, &snapshot, words),
        Command::Man => packaging::man(output),
        Command::Completions(completions) => packaging::completions(completions.shell, output),
        Command::Record(record) => record::run(record, &choice, words),
        Command::Doctor => doctor::write(&choice, json, words, output),
    }
}

/// The snapshot of what was chosen; a recording that ends early is said.
fn observe(choice: &Choice, words: Words) -> Result<Arc<Snapshot>, Failure> {
    let opened = source::observe_once(choice).map_err(|error| Failure::input(words.source_error(&error)))?;
    for path in opened.cut_off {
        notes::say(&words.format("recording-cut-off", &[("path", path.display().to_string().into())]));
    }
    Ok(opened.snapshot)
}

/// Where the snapshot comes from: named engines, then contexts, then recordings; nothing is named: the live host.
///
/// # Errors
/// An agent is to read what is not live.
fn choice(common: &Common, words: Words) -> Result<Choice, Failure> {
    if common.demo {
        return Ok(Choice::Demo(Demo::default()));
    }
    let by_host = common.host.iter().map(|host| EngineChoice { host: Some(host.clone()), context: None });
    let by_context = common.context.iter().map(|context| EngineChoice { host: None, context: Some(context.clone()) });
    let mut live: Vec<LiveChoice> = by_host.chain(by_context).map(|engine| live(engine, common.agent)).collect();
    if !common.from.is_empty() && live.is_empty() {
        if common.agent.is_some() {
            let arguments = [("argument", "--agent".into()), ("other", "--from".into())];
            return Err(Failure::input(words.format("cli-error-conflict", &arguments)));
        }
        return Ok(Choice::Recordings(common.from.clone()));
    }
    if live.len() + common.from.len() < 2 {
        let only = live.pop().unwrap_or_else(|| self::live(EngineChoice::default(), common.agent));
        return Ok(Choice::Live(only));
    }
    let recordings = common.from.iter().cloned().map(HostChoice::Recording);
    Ok(Choice::Several(live.into_iter().map(HostChoice::Live).chain(recordings).collect()))
}

fn live(engine: EngineChoice, agent: Option<Agent>) -> LiveChoice {
    let agent_is_named = agent.is_some_and(|agent| agent != Agent::Auto);
    let agent = match agent.unwrap_or_default() {
        Agent::Auto | Agent::InProcess => AgentChoice::InProcess,
        Agent::Sudo => AgentChoice::Sudo,
        Agent::Pkexec => AgentChoice::Pkexec,
        Agent::Container => AgentChoice::Container,
        Agent::ContainerBase => AgentChoice::ContainerBase,
        Agent::None => AgentChoice::None,
    };
    LiveChoice { engine, agent, agent_is_named }
}

fn container_names(host: &Host, ids: &[EntityId]) -> Vec<Text> {
    ids.iter().filter_map(|id| host.container(id)).map(|container| container.name.clone()).collect()
}

/// The host's name; by it rows are told apart.
fn host_label(host: &Host) -> Text {
    host.name.clone()
}
