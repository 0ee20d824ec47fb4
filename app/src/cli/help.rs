//! The help in the user's language, and mistakes in the arguments on one line.
//!
//! clap speaks English; it is handed our texts for everything it may print, and of its errors only the typed part is
//! used.

use bridgewalk_collector::AgentProgram;
use clap::{
    Arg, CommandFactory, FromArgMatches,
    error::{ContextKind, ContextValue, ErrorKind},
};

use super::{
    Failure,
    arguments::{Arguments, Command as Wanted},
};
use crate::words::{Language, Words};

/// The language that the arguments or else the environment ask for, before the arguments are parsed: what is wrong
/// with them must be said in it.
pub(super) fn language(arguments: &[std::ffi::OsString]) -> Language {
    let mut arguments = arguments.iter().filter_map(|argument| argument.to_str());
    while let Some(argument) = arguments.next() {
        let code = if argument == "--lang" { arguments.next() } else { argument.strip_prefix("--lang=") };
        let known = code.and_then(|code| Language::ALL.into_iter().find(|language| language.code() == code));
        if let Some(language) = known {
            return language;
        }
    }
    Language::of_system()
}

/// The command line with all its texts.
pub(super) fn command(words: Words) -> clap::Command {
    let command = Arguments::command();
    // Flattened arguments are the root's; built, every subcommand would have a copy of them in English.
    let names: Vec<_> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    let mut command = localised(command, words, "").about(words.text("app-summary"));
    command = command.after_help(words.text("cli-help-after"));
    for name in names {
        command = command.mut_subcommand(&name, |sub| {
            let about = words.text(&format!("cli-about-{name}"));
            localised(sub, words, &name).about(about)
        });
    }
    command
}

fn localised(command: clap::Command, words: Words, name: &str) -> clap::Command {
    command
        .subcommand_help_heading(words.text("cli-heading-commands"))
        .help_template(format!(
            "{{about}}\n\n{} {{usage}}\n\n{{all-args}}{{after-help}}",
            words.text("cli-heading-usage")
        ))
        .mut_args(|arg| {
            let id = arg.get_id().as_str().to_owned();
            let own = format!("cli-help-{name}-{id}");
            let key = if words.has(&own) { own } else { format!("cli-help-{id}") };
            let heading = heading(&arg);
            let arg = arg.help(words.text(&key)).help_heading(words.text(heading));
            // Values and defaults are in the help itself, in the reader's language.
            if arg.get_action().takes_values() { arg.hide_possible_values(true).hide_default_value(true) } else { arg }
        })
}

fn heading(arg: &Arg) -> &'static str {
    match arg.get_id().as_str() {
        "host" | "context" | "agent" | "from" | "demo" => "cli-heading-source",
        _ if arg.is_positional() => "cli-heading-arguments",
        _ => "cli-heading-options",
    }
}

/// What came of the arguments.
#[derive(Debug)]
pub(super) enum Parsed {
    /// Something to do.
    Arguments(Box<Arguments>),
    /// The help or the version, to be printed.
    Text(String),
}

/// Parses `arguments`, the program's name first.
///
/// # Errors
/// One line that names the argument and what would be right.
pub(super) fn parse(arguments: &[std::ffi::OsString], words: Words) -> Result<Parsed, Failure> {
    let parsed = command(words).try_get_matches_from(arguments).and_then(|found| Arguments::from_arg_matches(&found));
    match parsed {
        Ok(arguments) => Ok(Parsed::Arguments(Box::new(arguments))),
        Err(error) if error.kind() == ErrorKind::DisplayHelp => Ok(Parsed::Text(error.render().to_string())),
        Err(error) if error.kind() == ErrorKind::DisplayVersion => {
            Ok(Parsed::Text(format!("{}{}\n", error.render(), words.agent_program(&AgentProgram::find()))))
        }
        Err(error) => Err(Failure::input(mistake(&error, words))),
    }
}

/// What is wrong with the arguments, on one line.
fn mistake(error: &clap::Error, words: Words) -> String {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let argument = context(ContextKind::InvalidArg);
    match error.kind() {
        ErrorKind::UnknownArgument => words.format("cli-error-unknown-argument", &[("argument", argument.into())]),
        ErrorKind::InvalidSubcommand => {
            let name = context(ContextKind::InvalidSubcommand);
            words.format("cli-error-unknown-command", &[("name", name.into()), ("known", known_commands().into())])
        }
        ErrorKind::MissingRequiredArgument => {
            words.format("cli-error-missing-argument", &[("argument", argument.into())])
        }
        ErrorKind::ArgumentConflict => {
            let other = context(ContextKind::PriorArg);
            words.format("cli-error-conflict", &[("argument", argument.into()), ("other", other.into())])
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let (value, known) = (context(ContextKind::InvalidValue), context(ContextKind::ValidValue));
            let arguments =
                [("argument", argument.into()), ("value", value.clone().into()), ("known", known.clone().into())];
            let key = match (value.is_empty(), known.is_empty()) {
                (true, _) => "cli-error-no-value",
                (false, true) => "cli-error-value",
                (false, false) => "cli-error-value-known",
            };
            words.format(key, &arguments)
        }
        _ => words.format("cli-error-arguments", &[("detail", error.kind().to_string().into())]),
    }
}

fn known_commands() -> String {
    let command = <Wanted as clap::Subcommand>::augment_subcommands(clap::Command::new("bridgewalk"));
    let names: Vec<_> =
        command.get_subcommands().filter(|sub| !sub.is_hide_set()).map(clap::Command::get_name).collect();
    names.join(", ")
}
