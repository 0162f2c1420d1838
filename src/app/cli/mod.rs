//! The command line. Cost class: once a process.

pub mod args;
mod broker;
mod run;

use std::ffi::OsString;
use std::io::Write as _;

use clap::error::{ContextKind, ContextValue};
use clap::{Arg, CommandFactory as _, FromArgMatches as _};

use self::args::{Cli, Command};
use super::report::exit::Exit;

/// Carries out a command line, the program's name first, and says how the process ends.
#[must_use]
pub fn main(words: Vec<OsString>) -> Exit {
    let command: Vec<String> =
        words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let cli = match parse(words) {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => {
            drop(writeln!(std::io::stderr().lock(), "{}", one_line(&error)));
            return Exit::BadInput;
        }
        Err(help) => {
            // Help and version come as errors too; where they go to is clap's matter.
            drop(help.print());
            return Exit::Passed;
        }
    };
    match cli.command {
        None => run::run(&cli.run, command),
        Some(Command::Run(args)) => run::run(&args, command),
        Some(Command::Broker(args)) => broker::run(&args),
    }
}

/// Words to flags. Every flag takes a negative number for its value: `settings` says what is wrong
/// with it, where clap would take it for a flag.
fn parse(words: Vec<OsString>) -> Result<Cli, clap::Error> {
    let taking = |arg: Arg| {
        if arg.get_action().takes_values() { arg.allow_negative_numbers(true) } else { arg }
    };
    let command =
        Cli::command().mut_args(taking).mut_subcommands(|command| command.mut_args(taking));
    Cli::from_arg_matches(&command.try_get_matches_from(words)?)
}

/// clap's message without its usage page: what is wrong, what to try.
fn one_line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let mut parts: Vec<String> = text
        .split("\n\n")
        .flat_map(|paragraph| paragraph.split("\n  tip: "))
        .map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "))
        .map(|part| part.strip_prefix("tip: ").unwrap_or(&part).to_owned())
        .filter(|part| !part.is_empty() && !DROPPED.iter().any(|start| part.starts_with(start)))
        .collect();
    let is_value = |word: &str| {
        word.strip_prefix('-').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(word)) if is_value(word) => {
            parts.push("a value that begins with '-' is written as --flag=VALUE".to_owned());
        }
        _ => parts.push("see --help".to_owned()),
    }
    parts.join("; ")
}

/// How the parts of clap's message begin that don't help here: there are no free words to write
/// after `--`.
const DROPPED: [&str; 3] = ["Usage:", "For more information", "to pass '"];
