//! What a result file holds: one run, or several as one. Cost class: once a process.
//!
//! Every form (text, JSON, tables, logs, pages) is made from an [`Outcome`], so that one that was
//! stored can be shown again in any of them.

use std::collections::BTreeMap;

use super::model::{MatrixReport, MatrixRun, Report, SCHEMA_VERSION};
use super::output::json;
use super::paint::Paint;
use super::stored::Stored;
use super::table::table;
use super::table_notes::fixed;
use super::text::{heading, summary};

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

    /// As text for people.
    #[must_use]
    pub fn text(&self, paint: Paint) -> String {
        match self {
            Self::Run(report) => summary(report, paint),
            Self::Matrix(matrix) => {
                let heading = self.first().map(|first| heading(first, paint)).unwrap_or_default();
                let (fixed, table) = (fixed(&matrix.matrix), table(&matrix.matrix, paint));
                format!("{heading}{fixed}\n{table}")
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

/// What was stored, as one result again.
impl From<Stored> for Outcome {
    fn from(stored: Stored) -> Self {
        let Stored { matrix, runs, exit, .. } = stored;
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
        Self::Matrix(MatrixReport { schema_version, matrix, runs: runs.collect(), exit }.into())
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
            assert_eq!(again.text(Paint::Off), outcome.text(Paint::Off));
        }
        assert_eq!(sample::matrix().runs().len(), 3);
    }
}
