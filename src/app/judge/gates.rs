//! What a run must pass: bounds on each run, and a baseline for all of them. Cost class: once a
//! process.

use super::compare::{Question, compare};
use super::exit_of;
use super::expression::Rule;
use super::group::Group;
use crate::app::report::exit::Exit;
use crate::app::report::matrix::CellRun;
use crate::app::report::model::{ComparisonModel, Report};

/// What makes runs pass or fail.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gates {
    /// Bounds that every run must keep.
    pub rules: Vec<Rule>,
    /// What the runs are held against.
    pub baseline: Option<Baseline>,
}

/// Stored results, and by what runs are held against them.
#[derive(Clone, Debug, PartialEq)]
pub struct Baseline {
    /// The results.
    pub group: Group,
    /// Metrics, level, floor, and what is meant to differ.
    pub question: Question,
    /// Whether to fail when nothing is proved.
    pub fail_on_inconclusive: bool,
}

impl Gates {
    /// Whether there is anything to pass.
    #[must_use]
    pub const fn are_asked_for(&self) -> bool {
        !self.rules.is_empty() || self.baseline.is_some()
    }

    /// Holds a run against the bounds and notes what came of it.
    #[must_use]
    pub fn hold(&self, report: &mut Report) -> Exit {
        report.gates = self.rules.iter().map(|rule| rule.judge(report)).collect();
        match report.gates.iter().all(|gate| gate.pass) {
            true => Exit::Passed,
            false => Exit::GateFailed,
        }
    }

    /// Holds all runs against the baseline; `None` without one.
    ///
    /// # Errors
    /// Why they can't be compared at all, a sentence each.
    pub fn compare(
        &self,
        runs: &[CellRun],
    ) -> Result<Option<(ComparisonModel, Exit)>, Vec<String>> {
        let Some(baseline) = &self.baseline else { return Ok(None) };
        let measured = Group::measured(runs);
        let found = compare(&baseline.group, &measured, &baseline.question)?;
        let exit = exit_of(&found, baseline.fail_on_inconclusive);
        Ok(Some((found, exit)))
    }
}
