//! `kprod-bench compare`: two sets of stored results. Cost class: once a process.

use std::io::IsTerminal as _;
use std::path::Path;

use super::args::{CompareArgs, OutputFormat};
use super::say::{complain, print, refuse};
use crate::app::judge::compare::compare;
use crate::app::judge::exit_of;
use crate::app::judge::group::Group;
use crate::app::judge::text::page;
use crate::app::report::assemble::tool;
use crate::app::report::exit::Exit;
use crate::app::report::model::{ComparisonModel, ComparisonReport, SCHEMA_VERSION};
use crate::app::report::output::{json, write_whole};
use crate::app::report::paint::Paint;
use crate::app::settings::{self, Problems};

/// Compares what the flags name.
#[must_use]
pub(super) fn run(args: &CompareArgs, command: Vec<String>) -> Exit {
    let comparison = match judged(args) {
        Ok(comparison) => comparison,
        Err(problems) => return refuse(&problems),
    };
    let exit = exit_of(&comparison, args.terms.fail_on_inconclusive);
    show(args, command, comparison, exit)
}

/// What is wrong with the flags' values.
pub(super) fn problems(args: &CompareArgs) -> Vec<String> {
    let mut problems = Problems::default();
    let _ = settings::question(&args.terms, &mut problems);
    problems.lines().to_vec()
}

fn judged(args: &CompareArgs) -> Result<ComparisonModel, Problems> {
    let mut problems = Problems::default();
    let question = settings::question(&args.terms, &mut problems);
    let mut side = |source: &str| {
        let group = Group::read(source);
        group.map_err(|found| found.into_iter().for_each(|one| problems.add(one))).ok()
    };
    let (base, new) = (side(&args.baseline), side(&args.candidate));
    let (Some(base), Some(new), true) = (base, new, problems.is_empty()) else {
        return Err(problems);
    };
    compare(&base, &new, &question).map_err(|found| {
        found.into_iter().for_each(|one| problems.add(one));
        problems
    })
}

/// Writes the comparison to where it was asked for.
fn show(args: &CompareArgs, command: Vec<String>, comparison: ComparisonModel, exit: Exit) -> Exit {
    let paint = Paint::for_stream(
        std::io::stdout().is_terminal(),
        std::env::var("NO_COLOR").ok().as_deref(),
    );
    let text = page(&comparison, paint);
    let machine = json(&ComparisonReport {
        schema_version: SCHEMA_VERSION.to_owned(),
        tool: tool(),
        command,
        comparison,
        exit: exit.model(),
    });
    let format = args.output_format.unwrap_or_default();
    let to_stdout = format == OutputFormat::Json || args.json.as_deref() == Some("-");
    print(match format {
        _ if to_stdout => &machine,
        OutputFormat::Quiet => "",
        _ => &text,
    });
    let file = args.json.as_deref().filter(|path| *path != "-");
    match file.map(|path| (path, write_whole(Path::new(path), &machine))) {
        Some((path, Err(error))) => {
            complain(&format!("--json = \"{path}\": {error}"));
            exit.max(Exit::Internal)
        }
        _ => exit,
    }
}
