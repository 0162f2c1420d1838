//! Everything that was judged, as cases that passed or not: what JUnit and Markdown are made from.
//! Cost class: once a process.

use super::compare::cell_name;
use super::group::{Group, unmeasured};
use super::shown::{between, chance, change, median};
use crate::app::report::model::{
    CellComparisonModel, ComparisonModel, MetricComparisonModel, OutcomeModel,
};

/// One thing that was judged.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Case {
    /// What it is about: `gate`, `comparison` or `measurement`.
    pub kind: &'static str,
    /// The expression, or the metric; with its run or cell where there are several.
    pub name: String,
    /// What came of it.
    pub verdict: Verdict,
    /// The figures in words.
    pub text: String,
}

/// What came of a case.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// It holds.
    Passed,
    /// It doesn't.
    Failed,
    /// Nothing was proved.
    Open,
    /// The run is no measurement, so that nothing can be proved.
    Unmeasured,
}

impl Verdict {
    /// In a word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "FAILED",
            Self::Open => "inconclusive",
            Self::Unmeasured => "not a measurement",
        }
    }
}

/// Runs with their gates, and how they compare.
#[must_use]
pub fn cases(measured: Option<&Group>, comparison: Option<&ComparisonModel>) -> Vec<Case> {
    let mut cases = Vec::new();
    if let Some(group) = measured {
        of_runs(group, &mut cases);
    }
    if let Some(comparison) = comparison {
        of_comparison(comparison, measured.is_none(), &mut cases);
    }
    cases
}

fn of_runs(group: &Group, cases: &mut Vec<Case>) {
    let single = group.runs.len() == 1;
    for run in &group.runs {
        let place = match single {
            true => String::new(),
            false if run.cell.is_empty() => format!("{}: ", run.place),
            false => format!("{}, {}: ", run.place, cell_name(&run.cell)),
        };
        let why = unmeasured(run);
        let validity = &run.report.validity;
        cases.push(Case {
            kind: "measurement",
            name: format!("{place}is a measurement"),
            verdict: if why.is_some() { Verdict::Unmeasured } else { Verdict::Passed },
            text: why.unwrap_or_else(|| validity.status.shout().to_lowercase()),
        });
        for gate in &run.report.gates {
            cases.push(Case {
                kind: "gate",
                name: format!("{place}{}", gate.expr),
                verdict: if gate.pass { Verdict::Passed } else { Verdict::Failed },
                text: gate.text.clone(),
            });
        }
    }
}

/// `alone`: nobody else says which runs are no measurement.
fn of_comparison(comparison: &ComparisonModel, alone: bool, cases: &mut Vec<Case>) {
    for text in comparison.unmeasured.iter().filter(|text| alone || text.starts_with("A:")) {
        cases.push(Case {
            kind: "measurement",
            name: "every run is a measurement".to_owned(),
            verdict: Verdict::Unmeasured,
            text: text.clone(),
        });
    }
    // What makes the whole inconclusive takes the proof from every metric.
    let unlike = comparison.differences.iter().any(|one| !one.meant);
    for cell in &comparison.cells {
        for metric in cell.metrics.iter().filter(|metric| metric.gated) {
            cases.push(of_metric(comparison, cell, metric, unlike));
        }
    }
}

fn of_metric(
    comparison: &ComparisonModel,
    cell: &CellComparisonModel,
    metric: &MetricComparisonModel,
    unlike: bool,
) -> Case {
    let place = match comparison.cells.len() {
        1 => String::new(),
        _ => format!(" ({})", cell_name(&cell.cell)),
    };
    let verdict = match metric.outcome {
        _ if unlike => Verdict::Open,
        OutcomeModel::Better | OutcomeModel::Same => Verdict::Passed,
        OutcomeModel::Inconclusive => Verdict::Open,
        OutcomeModel::Worse => Verdict::Failed,
    };
    let reason = match (unlike, &metric.reason) {
        (true, _) => comparison.reasons.last().cloned(),
        (false, reason) => reason.clone(),
    };
    let reason = reason.map_or_else(String::new, |reason| format!("; {reason}"));
    Case {
        kind: "comparison",
        name: format!("{} no worse than {}{place}", metric.name, comparison.baseline.source),
        verdict,
        text: format!(
            "{} → {}, {} ({}), p {}: {}{reason}",
            median(metric, metric.baseline_median),
            median(metric, metric.candidate_median),
            change(metric.change),
            between(metric),
            chance(metric.p_adjusted),
            metric.outcome.name(),
        ),
    }
}
