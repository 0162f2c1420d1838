//! The runs of one side, from files and folders. Cost class: once a process.

use std::collections::BTreeMap;
use std::path::Path;

use crate::app::report::matrix::CellRun;
use crate::app::report::model::{Report, Status};
use crate::app::report::outcome::{Outcome, RunOf};
use crate::app::report::stored;

/// One side of a comparison.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    /// What people call it: files and folders as given, of more than two the first and the last.
    pub source: String,
    /// Its runs.
    pub runs: Vec<Run>,
}

/// One run.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// The axes' values of its cell, by flag.
    pub cell: BTreeMap<String, String>,
    /// Where it is from, for messages.
    pub place: String,
    /// What it found.
    pub report: Report,
}

impl Group {
    /// Reads a side: a file, a folder, or several of these with commas between them.
    ///
    /// # Errors
    /// All that is wrong, a sentence each.
    pub fn read(source: &str) -> Result<Self, Vec<String>> {
        let whole = Path::new(source).exists() || !source.contains(',');
        let parts: Vec<&str> = if whole { vec![source] } else { source.split(',').collect() };
        let (mut runs, mut problems) = (Vec::new(), Vec::new());
        for part in parts.iter().filter(|part| !part.is_empty()) {
            match stored::read(Path::new(part)) {
                Ok(results) => runs.extend(results.into_iter().flat_map(|one| one.runs)),
                Err(found) => problems.extend(found),
            }
        }
        if runs.is_empty() && problems.is_empty() {
            problems.push(format!("\"{source}\": expected files or folders of results"));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let run =
            |one: stored::StoredRun| Run { cell: one.cell, place: one.place, report: one.report };
        let source = match &parts[..] {
            [first, _, .., last] => format!("{first} … {last}"),
            _ => source.to_owned(),
        };
        Ok(Self { source, runs: runs.into_iter().map(run).collect() })
    }

    /// The runs of a result.
    #[must_use]
    pub fn of(outcome: &Outcome) -> Self {
        let run = |one: &RunOf<'_>| Run {
            cell: one.place.map(|(cell, _)| cell.clone()).unwrap_or_default(),
            place: format!("run {}", one.number),
            report: one.report.clone(),
        };
        Self { source: "this run".to_owned(), runs: outcome.runs().iter().map(run).collect() }
    }

    /// What was just measured.
    #[must_use]
    pub fn measured(runs: &[CellRun]) -> Self {
        let run = |(at, one): (usize, &CellRun)| Run {
            cell: one.values.clone(),
            place: format!("run {}", at + 1),
            report: one.report.clone(),
        };
        Self { source: "this run".to_owned(), runs: runs.iter().enumerate().map(run).collect() }
    }

    /// Its cells, in order of their values.
    pub(super) fn cells(&self) -> BTreeMap<&BTreeMap<String, String>, Vec<&Run>> {
        let mut cells: BTreeMap<_, Vec<&Run>> = BTreeMap::new();
        for run in &self.runs {
            cells.entry(&run.cell).or_default().push(run);
        }
        cells
    }

    /// The runs that are no measurement, a sentence each.
    pub(super) fn unmeasured(&self) -> Vec<String> {
        self.runs.iter().filter_map(unmeasured).collect()
    }
}

/// Why a run is no measurement, with its place.
pub(super) fn unmeasured(run: &Run) -> Option<String> {
    let place = &run.place;
    if let Some(why) = &run.report.partial {
        return Some(format!("{place} is a part of a run: {why}"));
    }
    let validity = &run.report.validity;
    if !matches!(validity.status, Status::Invalid | Status::Overloaded) {
        return None;
    }
    let reason = validity.reasons.iter().find(|reason| reason.status == validity.status);
    let why = reason.map_or_else(String::new, |reason| format!(": {}", reason.text));
    Some(format!("{place} is {}{why}", validity.status.shout().to_lowercase()))
}
