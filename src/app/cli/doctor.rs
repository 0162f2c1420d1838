//! `kprod-bench doctor`: what would stand in a run's way. Cost class: once a process.
//! Sends no load.

use std::io::IsTerminal as _;

use super::args::{OutputFormat, RunArgs};
use super::say::{complain, print, refuse};
use crate::app::report::doctor::{json_of, page};
use crate::app::report::exit::Exit;
use crate::app::report::paint::Paint;
use crate::app::settings::{self, Problems, Settings};
use crate::host::driver::doctor::{Check, Finding, examine};

/// Looks at the cluster and topic of every cell: 0 when a run can begin, else 3.
#[must_use]
pub(super) fn run(args: &RunArgs) -> Exit {
    let settings = match read(args) {
        Ok(settings) => settings,
        Err(problems) => return refuse(&problems),
    };
    let mut checks: Vec<Check> = Vec::new();
    for cell in &settings.cells {
        match examine(&cell.plan) {
            // What is so for several cells is said once.
            Ok(found) => found.into_iter().for_each(|check| {
                if !checks.contains(&check) {
                    checks.push(check);
                }
            }),
            Err(error) => {
                complain(&error.to_string());
                return Exit::from(&error);
            }
        }
        if checks.iter().any(|check| check.name == "connection" && check.finding == Finding::Fault)
        {
            break;
        }
    }
    let fault = checks.iter().any(|check| check.finding == Finding::Fault);
    let exit = if fault { Exit::Unusable } else { Exit::Passed };
    let paint = Paint::for_stream(
        std::io::stdout().is_terminal(),
        std::env::var("NO_COLOR").ok().as_deref(),
    );
    match settings.output.format {
        OutputFormat::Text => print(&page(&checks, paint)),
        OutputFormat::Json => print(&json_of(&checks, exit)),
        OutputFormat::Quiet => {}
    }
    exit
}

/// What is wrong with these flags.
pub(super) fn problems(args: &RunArgs) -> Vec<String> {
    read(args).map_or_else(|found| found.lines().to_vec(), |_| Vec::new())
}

fn read(args: &RunArgs) -> Result<Settings, Problems> {
    let settings = settings::build_unjudged(args, &|name: &str| std::env::var(name).ok())?;
    let mut problems = Problems::default();
    if settings.embedded_unasked {
        problems.add(
            "doctor needs a cluster: give --bootstrap-server, or --embedded to look at the \
             embedded brokers on purpose"
                .to_owned(),
        );
    }
    if problems.is_empty() { Ok(settings) } else { Err(problems) }
}
