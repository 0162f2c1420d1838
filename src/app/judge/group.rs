//! The runs of one side, from files and folders. Cost class: once a process.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::app::report::exit::Exit;
use crate::app::report::figures::{plural, thousands};
use crate::app::report::matrix::CellRun;
use crate::app::report::model::{LogModel, Report, Status};
use crate::app::report::outcome::{Outcome, RunOf};
use crate::app::report::stored;

/// One side of a comparison.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    /// What people call it: files and folders as given, of more than two the first and the last.
    pub source: String,
    /// Its runs, each once.
    pub runs: Vec<Run>,
    /// What was found about them when they were read, a sentence each.
    pub remarks: Vec<String>,
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
    /// Reads a side: a file, a folder, or several of these with commas between them. A run that
    /// stands in several of them is one run, and its first file's holds.
    ///
    /// # Errors
    /// All that is wrong, a sentence each.
    pub fn read(source: &str) -> Result<Self, Vec<String>> {
        let parts = stored::parts(source);
        let (mut runs, mut problems) = (Vec::new(), Vec::new());
        for part in &parts {
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
        let (runs, remarks) = once_each(runs.into_iter().map(run).collect());
        Ok(Self { source, runs, remarks })
    }

    /// The runs of a result.
    #[must_use]
    pub fn of(outcome: &Outcome) -> Self {
        let run = |one: &RunOf<'_>| Run {
            cell: one.place.map(|(cell, _)| cell.clone()).unwrap_or_default(),
            place: format!("run {}", one.number),
            report: one.report.clone(),
        };
        let runs = outcome.runs().iter().map(run).collect();
        Self { source: "this run".to_owned(), runs, remarks: Vec::new() }
    }

    /// What was just measured.
    #[must_use]
    pub fn measured(runs: &[CellRun]) -> Self {
        let run = |(at, one): (usize, &CellRun)| Run {
            cell: one.values.clone(),
            place: format!("run {}", at + 1),
            report: one.report.clone(),
        };
        let runs = runs.iter().enumerate().map(run).collect();
        Self { source: "this run".to_owned(), runs, remarks: Vec::new() }
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

/// Every run once: a copy of a result is no repetition, and would make chance look like proof.
/// What has no id is nobody's copy.
fn once_each(runs: Vec<Run>) -> (Vec<Run>, Vec<String>) {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let is_new = |run: &Run| {
        let id = &run.report.run_id;
        let known = places.entry(id.clone()).or_default();
        known.push(run.place.clone());
        id.is_empty() || known.len() == 1
    };
    let kept = runs.into_iter().filter(is_new).collect();
    let copied = places.iter().filter(|(id, places)| !id.is_empty() && places.len() > 1);
    let said = copied.map(|(id, places)| {
        let (count, files) = (places.len(), places.join(", "));
        format!("run {id} stands in {count} files and counts once: {files}")
    });
    (kept, shortened(said.collect(), "runs that stand in several files and count once"))
}

/// The runs that are on both sides, a sentence each: held against itself a run is the same.
pub(super) fn on_both_sides(base: &Group, new: &Group) -> Vec<String> {
    let ids = |group: &Group| -> BTreeSet<String> {
        let ids = group.runs.iter().map(|run| run.report.run_id.clone());
        ids.filter(|id| !id.is_empty()).collect()
    };
    let both: Vec<String> = ids(base).intersection(&ids(new)).cloned().collect();
    let said = both.iter().map(|id| format!("the same run stands on both sides: {id}"));
    shortened(said.collect(), "runs that stand on both sides")
}

/// The first few of many sentences, and how many more `what` there are.
fn shortened(mut said: Vec<String>, what: &str) -> Vec<String> {
    if said.len() > MOST_SAID {
        let more = said.len() - MOST_SAID;
        said.truncate(MOST_SAID);
        said.push(format!("and {more} more {what}"));
    }
    said
}

/// Why a run is no measurement, with its place: it was cut short, its figures say nothing, or they
/// are those of the records that got through.
pub(super) fn unmeasured(run: &Run) -> Option<String> {
    let place = &run.place;
    match (no_measurement(&run.report), shortfall(&run.report)) {
        (None, None) => None,
        (Some(why), None) => Some(format!("{place} is {why}")),
        (None, Some(figures)) => Some(format!("{place} didn't deliver all: {figures}")),
        (Some(why), Some(figures)) => Some(format!("{place} is {why}; {figures}")),
    }
}

/// What the run itself says: a part, invalid or overloaded.
fn no_measurement(report: &Report) -> Option<String> {
    if let Some(why) = &report.partial {
        return Some(format!("a part of a run: {why}"));
    }
    let validity = &report.validity;
    if !matches!(validity.status, Status::Invalid | Status::Overloaded) {
        return None;
    }
    let reason = validity.reasons.iter().find(|reason| reason.status == validity.status);
    let why = reason.map_or_else(String::new, |reason| format!(": {}", reason.text));
    Some(format!("{}{why}", validity.status.shout().to_lowercase()))
}

/// The records that did not get through as promised, by what became of them. Times are of those
/// that did, which are fast for the others' sake.
fn shortfall(report: &Report) -> Option<String> {
    let records = &report.records;
    let log = report.verification.as_ref().map(|proof| &proof.log);
    let found = |of: fn(&LogModel) -> Option<u64>| log.and_then(of).unwrap_or(0);
    let lost = found(|log| Some(log.lost));
    let delivered = records.failed + records.indeterminate + records.unsent + lost == 0;
    let broken = report.exit.code == Exit::Records.code();
    if delivered && !broken {
        return None;
    }
    // Copies and moved records are no shortfall of a producer that never promised otherwise.
    let promised = |count: u64| if broken { count } else { 0 };
    let counts = [
        (records.failed, "failed"),
        (records.indeterminate, "of unknown fate"),
        (records.unsent, "unsent"),
        (lost, "lost"),
        (promised(found(|log| log.corrupted)), "corrupted"),
        (promised(found(|log| log.duplicated)), "duplicated"),
        (promised(found(|log| log.reordered).max(records.reordered)), "reordered"),
    ];
    let said = counts.iter().filter(|(count, _)| *count > 0);
    let said: Vec<String> =
        said.map(|(count, what)| format!("{} {what}", thousands(*count))).collect();
    let due = plural(records.due, "record");
    if said.is_empty() {
        return Some(format!("it ended with exit code 4 ({})", Exit::Records.name()));
    }
    Some(format!("of {due} {}", said.join(", ")))
}

/// Of sentences that say the same of several runs.
const MOST_SAID: usize = 3;
