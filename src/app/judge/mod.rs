//! Pass or fail: results held against bounds and against each other. Cost class: once a process.
//!
//! Everything is made from results as files hold them, so that what was judged once can be judged
//! again. The statistics are `stats`'; this room knows what figures are called, which of them may
//! be compared, and how a judgement is written down.

pub mod compare;
pub mod expression;
mod facts;
pub mod figures;
pub mod gates;
pub mod group;
pub mod junit;
mod lexer;
pub mod markdown;
pub mod metric;
pub mod shown;
#[cfg(test)]
mod side_tests;
#[cfg(test)]
mod tests;
pub mod text;
pub mod verdicts;

use crate::app::report::exit::Exit;
use crate::app::report::model::{ComparisonModel, OutcomeModel};

/// How a process ends that was asked to compare.
#[must_use]
pub const fn exit_of(comparison: &ComparisonModel, fail_on_inconclusive: bool) -> Exit {
    match comparison.outcome {
        _ if !comparison.unmeasured.is_empty() => Exit::NotAMeasurement,
        OutcomeModel::Worse => Exit::Worse,
        OutcomeModel::Inconclusive if fail_on_inconclusive => Exit::Inconclusive,
        _ => Exit::Passed,
    }
}
