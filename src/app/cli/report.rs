//! `kprod-bench report`: stored results in every form. Cost class: once a process. Contacts nobody.

use std::io::IsTerminal as _;
use std::path::Path;

use super::form_args::ReportArgs;
use super::publish::{Texts, prepare, publish};
use super::say::{columns, refuse, warn};
use crate::app::report::exit::Exit;
use crate::app::report::outcome::Outcome;
use crate::app::report::paint::Paint;
use crate::app::report::stored::{self, passed_over};
use crate::app::settings::{Output, Places, Problems};

/// Shows what the files hold.
#[must_use]
pub(super) fn run(args: &ReportArgs) -> Exit {
    let (outcome, output) = match read(args) {
        Ok(read) => read,
        Err(problems) => return refuse(&problems),
    };
    args.files.iter().flat_map(|file| passed_over(Path::new(file))).for_each(|it| warn(&it));
    if let Err(exit) = prepare(&output) {
        return exit;
    }
    let paint = Paint::for_stream(
        std::io::stdout().is_terminal(),
        std::env::var("NO_COLOR").ok().as_deref(),
    );
    let texts = Texts { page: outcome.text(paint, columns()), quiet: String::new() };
    publish(&output, &outcome, &texts)
}

/// What is wrong with these words.
pub(super) fn problems(args: &ReportArgs) -> Vec<String> {
    read(args).map_or_else(|found| found.lines().to_vec(), |_| Vec::new())
}

fn read(args: &ReportArgs) -> Result<(Outcome, Output), Problems> {
    let mut problems = Problems::default();
    let mut results = Vec::new();
    for file in &args.files {
        match stored::read(Path::new(file)) {
            Ok(found) => results.extend(found),
            Err(found) => found.into_iter().for_each(|problem| problems.add(problem)),
        }
    }
    let runs: usize = results.iter().map(|result| result.runs.len()).sum();
    let output = Output::of(&args.forms, runs, &mut problems);
    let mut places = Places::default();
    args.files.iter().for_each(|file| places.reads_file("report", file));
    places.writes_forms(&output);
    places.check(&mut problems);
    match Outcome::joined(results) {
        Some(outcome) if problems.is_empty() => Ok((outcome, output)),
        _ => Err(problems),
    }
}
