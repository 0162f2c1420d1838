//! The command line. Cost class: once a process.

pub mod args;
mod broker;
mod calibrate;
mod compare;
mod doctor;
mod explain;
pub mod form_args;
mod generate;
pub mod generate_args;
pub mod judge_args;
mod profiles;
mod publish;
mod report;
mod run;
mod say;
mod schedule;
mod sim;
pub mod tool_args;
mod words;

use std::ffi::OsString;

use self::args::{Cli, Command, RunArgs};
use self::say::complain;
use self::words::Words;
use super::report::exit::Exit;
use super::settings;
use crate::host::shell::clock;

/// Carries out a command line, the program's name first, and says how the process ends.
#[must_use]
pub fn main(words: Vec<OsString>) -> Exit {
    let begun = clock::now();
    let command: Vec<String> =
        words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let cli = match words::read(words) {
        Words::Flags(cli) => *cli,
        Words::Question(answer) => {
            // Help and version come as errors; where they go to is clap's matter.
            drop(answer.print());
            return Exit::Passed;
        }
        Words::Wrong { mut complaints, rest } => {
            complaints.extend(rest.as_deref().map_or_else(Vec::new, problems));
            complaints.iter().for_each(|complaint| complain(complaint));
            return Exit::BadInput;
        }
    };
    match cli.command {
        None => run::run(&cli.run, command, begun),
        Some(Command::Run(args)) => run::run(&args, command, begun),
        Some(Command::Calibrate(args)) => calibrate::run(&args, &command),
        Some(Command::Explain(args)) => explain::run(*args),
        Some(Command::Compare(args)) => compare::run(&args, &command),
        Some(Command::Doctor(args)) => doctor::run(&args),
        Some(Command::Report(args)) => report::run(&args),
        Some(Command::Schedule(args)) => schedule::run(&args),
        Some(Command::Generate(args)) => generate::run(&args),
        Some(Command::Profiles(args)) => profiles::run(&args),
        Some(Command::Broker(args)) => broker::run(&args),
        Some(Command::Sim(args)) => sim::run(&args),
    }
}

/// What is wrong with the values of flags that exist, beside some that don't.
fn problems(cli: &Cli) -> Vec<String> {
    let variable = |name: &str| std::env::var(name).ok();
    let of_run = |args: &RunArgs| {
        settings::build(args, &variable).map_or_else(|found| found.lines().to_vec(), |_| Vec::new())
    };
    match &cli.command {
        None => of_run(&cli.run),
        Some(Command::Run(args)) => of_run(args),
        Some(Command::Calibrate(args)) => calibrate::problems(args),
        Some(Command::Explain(args)) => explain::problems(args),
        Some(Command::Compare(args)) => compare::problems(args),
        Some(Command::Doctor(args)) => doctor::problems(args),
        Some(Command::Report(args)) => report::problems(args),
        Some(Command::Schedule(args)) => schedule::problems(args),
        Some(Command::Generate(args)) => generate::problems(args),
        Some(Command::Profiles(args)) => profiles::problems(args),
        Some(Command::Broker(args)) => broker::problems(args),
        Some(Command::Sim(args)) => sim::problems(args),
    }
}
