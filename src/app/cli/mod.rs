//! The command line. Cost class: once a process.

pub mod args;
mod broker;
mod run;

use std::ffi::OsString;

use clap::Parser;

use self::args::{Cli, Command};
use super::report::exit::Exit;

/// Carries out a command line, the program's name first, and says how the process ends.
#[must_use]
pub fn main(words: Vec<OsString>) -> Exit {
    let command: Vec<String> =
        words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let cli = match Cli::try_parse_from(words) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version come as errors too; where they go to is clap's matter.
            drop(error.print());
            return if error.use_stderr() { Exit::BadInput } else { Exit::Passed };
        }
    };
    match cli.command {
        None => run::run(&cli.run, command),
        Some(Command::Run(args)) => run::run(&args, command),
        Some(Command::Broker(args)) => broker::run(&args),
    }
}
