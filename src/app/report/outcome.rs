//! What a result file holds: one run, or several as one. Cost class: once a process.
//!
//! Every form (text, JSON, tables, logs, pages) is made from an [`Outcome`], so that one that was
//! stored can be shown again in any of them.

use std::collections::BTreeMap;

use super::exit::Exit;
use super::matrix::{Asked, CellRun, join};
use super::model::{AxisModel, ComparisonModel, MatrixReport, MatrixRun, Report, SCHEMA_VERSION};
use super::output::json;
use super::paint::Paint;
use super::stored::Stored;
use super::table::table;
use super::table_notes::fixed;
use super::text::{heading, summary_in};
use crate::app::judge::text::judged;

/// The result of a command line.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Of one run.
    Run(Box<Report>),
    /// Of a matrix, or of a run that was repeated.
    Matrix(Box<MatrixReport>),
}

/// One run of an outcome, and its place in it.
#[derive(Clone, Copy, Debug)]
pub struct RunOf<'a> {
    /// From 1, in the order in which they ran.
    pub number: usize,
    /// Its cell, by flag, and which of the cell's runs it is, from 0; `None` for a single run.
    pub place: Option<(&'a BTreeMap<String, String>, u32)>,
    /// What it found.
    pub report: &'a Report,
}

impl Outcome {
    /// Stored results as one: a single one as it is; several as a table with a row for each of
    /// their cells, told apart by their files. `None` of none.
    #[must_use]
    pub fn joined(mut results: Vec<Stored>) -> Option<Self> {
        if results.len() < 2 {
            return results.pop().map(Self::from);
        }
        let mut cells: Vec<BTreeMap<String, String>> = Vec::new();
        let mut axes: Vec<AxisModel> = Vec::new();
        let mut runs = Vec::new();
        for result in results {
            for run in result.runs {
                let mut values = run.cell;
                values.insert(RESULT.to_owned(), result.place.clone());
                for (flag, value) in &values {
                    note(&mut axes, flag, value);
                }
                let known = cells.iter().position(|cell| *cell == values);
                let cell = known.unwrap_or_else(|| {
                    cells.push(values.clone());
                    cells.len() - 1
                });
                runs.push(CellRun { cell, values, repetition: run.repetition, report: run.report });
            }
        }
        axes.sort_by_key(|axis| axis.flag != RESULT);
        let of_cell = |cell: usize| runs.iter().filter(|run| run.cell == cell).count();
        let repeat = (0..cells.len()).map(of_cell).max().unwrap_or(1);
        let repeat = u32::try_from(repeat).unwrap_or(u32::MAX);
        let asked = Asked { axes, repeat, runs: runs.len() as u64 };
        Some(Self::Matrix(join(asked, runs, Exit::Passed).into()))
    }

    /// The runs, in the order in which they ran.
    #[must_use]
    pub fn runs(&self) -> Vec<RunOf<'_>> {
        match self {
            Self::Run(report) => vec![RunOf { number: 1, place: None, report }],
            Self::Matrix(matrix) => {
                let runs = matrix.runs.iter().enumerate();
                runs.map(|(at, run)| RunOf {
                    number: at + 1,
                    place: Some((&run.cell, run.repetition)),
                    report: &run.report,
                })
                .collect()
            }
        }
    }

    /// The first run, which says what all have in common; `None` of a matrix without runs.
    #[must_use]
    pub fn first(&self) -> Option<&Report> {
        match self {
            Self::Run(report) => Some(report),
            Self::Matrix(matrix) => matrix.runs.first().map(|run| &run.report),
        }
    }

    /// How it compares with a baseline, where there is one.
    #[must_use]
    pub const fn comparison(&self) -> Option<&ComparisonModel> {
        match self {
            Self::Run(report) => report.comparison.as_ref(),
            Self::Matrix(matrix) => matrix.comparison.as_ref(),
        }
    }

    /// As text for people, for a terminal of so many columns; tables are as wide as they are.
    #[must_use]
    pub fn text(&self, paint: Paint, columns: usize) -> String {
        match self {
            Self::Run(report) => {
                format!("{}{}", summary_in(report, paint, columns), judged(self, paint))
            }
            Self::Matrix(matrix) => {
                let heading = self.first().map(|first| heading(first, paint)).unwrap_or_default();
                let (fixed, table) = (fixed(&matrix.matrix), table(&matrix.matrix, paint));
                format!("{heading}{fixed}\n{table}{}", judged(self, paint))
            }
        }
    }

    /// As JSON, whole.
    #[must_use]
    pub fn json(&self) -> String {
        match self {
            Self::Run(report) => json(report),
            Self::Matrix(matrix) => json(matrix),
        }
    }
}

/// Keeps an axis' value, once.
fn note(axes: &mut Vec<AxisModel>, flag: &str, value: &str) {
    let at = axes.iter().position(|axis| axis.flag == flag).unwrap_or_else(|| {
        axes.push(AxisModel { flag: flag.to_owned(), values: Vec::new() });
        axes.len() - 1
    });
    if axes[at].values.iter().all(|known| known != value) {
        axes[at].values.push(value.to_owned());
    }
}

/// The axis that tells results of several files apart.
const RESULT: &str = "result";

/// What was stored, as one result again.
impl From<Stored> for Outcome {
    fn from(stored: Stored) -> Self {
        let Stored { matrix, runs, comparison, exit, .. } = stored;
        let mut runs = runs.into_iter().map(|run| MatrixRun {
            cell: run.cell,
            repetition: run.repetition,
            report: run.report,
        });
        let Some(matrix) = matrix else {
            let only = runs.next().expect("a result without a matrix is one run");
            return Self::Run(only.report.into());
        };
        let schema_version = SCHEMA_VERSION.to_owned();
        let runs = runs.collect();
        Self::Matrix(MatrixReport { schema_version, matrix, runs, comparison, exit }.into())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{sample, stored};
    use super::*;

    #[test]
    fn what_was_stored_is_shown_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.json");
        for outcome in [sample::outcome(), sample::matrix()] {
            std::fs::write(&path, outcome.json()).unwrap();
            let mut stored = stored::read(&path).unwrap();
            let again = Outcome::from(stored.remove(0));
            assert_eq!(again, outcome);
            assert_eq!(again.text(Paint::Off, 100), outcome.text(Paint::Off, 100));
        }
        assert_eq!(sample::matrix().runs().len(), 3);
    }

    #[test]
    fn several_results_are_a_table_told_apart_by_their_files() {
        let folder = tempfile::tempdir().unwrap();
        let mut results = Vec::new();
        for (name, outcome) in [("a.json", sample::outcome()), ("b.json", sample::matrix())] {
            let path = folder.path().join(name);
            std::fs::write(&path, outcome.json()).unwrap();
            results.extend(stored::read(&path).unwrap());
        }
        let Some(Outcome::Matrix(joined)) = Outcome::joined(results) else { panic!() };
        assert_eq!(joined.matrix.axes[0].flag, RESULT);
        let cells: Vec<_> = joined.matrix.summary.iter().map(|row| row.cell.clone()).collect();
        assert_eq!(cells.len(), 4);
        assert!(cells[0][RESULT].ends_with("a.json") && !cells[0].contains_key("acks"));
        assert!(cells[3][RESULT].ends_with("b.json") && cells[3]["acks"] == "all");
        assert_eq!(Outcome::joined(Vec::new()), None);
    }
}
