//! The part of a result that says pass or fail: gates, and two groups of runs held against each
//! other. Cost class: once a process.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ExitModel, Tool};

/// What `compare` writes: a result of its own kind, told by its field `comparison`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ComparisonReport {
    /// As of a run's result.
    pub schema_version: String,
    /// The program that compared.
    pub tool: Tool,
    /// The command line, word by word.
    pub command: Vec<String>,
    /// What came of it.
    pub comparison: ComparisonModel,
    /// How the process ended.
    pub exit: ExitModel,
}

/// A bound that a run had to keep.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct GateModel {
    /// As given with `--assert` or `--slo`.
    pub expr: String,
    /// The first metric's value, in the unit of its field; null where the run has none.
    pub value: Option<f64>,
    /// Whether it holds.
    pub pass: bool,
    /// What was seen, in words; empty where the writer kept none.
    #[serde(default)]
    pub text: String,
    /// Of every metric in it, by name.
    #[serde(default)]
    pub values: BTreeMap<String, Option<f64>>,
}

/// Two groups of runs and how they differ.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ComparisonModel {
    /// The worst of the gated metrics, or inconclusive for the sake of `reasons`.
    pub outcome: OutcomeModel,
    /// Why the whole is inconclusive whatever the metrics say, what was left out or counts once,
    /// and what stands on both sides: a sentence each.
    pub reasons: Vec<String>,
    /// Runs that are no measurement, a sentence each: with these the figures prove nothing.
    pub unmeasured: Vec<String>,
    /// The chance of any false alarm, over all gated metrics together.
    pub alpha: f64,
    /// Changes within this factor (0.05: 1.05 either way) don't count.
    pub min_effect: f64,
    /// What is held against.
    pub baseline: SideModel,
    /// What is judged.
    pub candidate: SideModel,
    /// What isn't the same on both sides.
    pub differences: Vec<DifferenceModel>,
    /// The figures, by cell; one without axes.
    pub cells: Vec<CellComparisonModel>,
}

/// One of two groups.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct SideModel {
    /// Files and folders as given; `this run` for what was just measured.
    pub source: String,
    /// How many runs.
    pub runs: u64,
    /// Their ids.
    pub run_ids: Vec<String>,
}

/// Something that isn't the same on both sides, or not within one.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct DifferenceModel {
    /// producer, tool, workload, cluster or host.
    pub area: String,
    /// A Kafka key, or the name of what differs.
    pub key: String,
    /// Its values, several joined by ` | `.
    pub baseline: String,
    /// The same of the candidate.
    pub candidate: String,
    /// Whether it is meant to differ: producer and tool always, others with `--vary`.
    pub meant: bool,
}

/// One cell of both sides.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct CellComparisonModel {
    /// The axes' values, by flag; empty where there is one cell.
    pub cell: BTreeMap<String, String>,
    /// The gated metrics first.
    pub metrics: Vec<MetricComparisonModel>,
}

/// One metric of both sides.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct MetricComparisonModel {
    /// As in `--assert`: `response.p99`.
    pub name: String,
    /// Whether it decides; others are for information and stand outside of `alpha`.
    pub gated: bool,
    /// Of the values: ns, s, records/s, MB/s, bytes, share, count or ns/record.
    pub unit: String,
    /// `lower` or `higher`: what is better.
    pub better: String,
    /// Of each run.
    pub baseline: Vec<f64>,
    /// Of each run.
    pub candidate: Vec<f64>,
    /// Of the runs.
    pub baseline_median: Option<f64>,
    /// Of the runs.
    pub candidate_median: Option<f64>,
    /// Hodges and Lehmann's estimate of candidate ÷ baseline, less 1: 0.1 is a tenth more.
    pub change: Option<f64>,
    /// No lower change is compatible with the runs; null where so few exclude none.
    pub change_low: Option<f64>,
    /// No higher one is.
    pub change_high: Option<f64>,
    /// The chance that the change lies beyond one of these limits, for each of the two.
    pub level: f64,
    /// Exact one-sided Mann–Whitney, towards worse.
    pub p: f64,
    /// After Holm over the gated metrics: to be compared with `alpha`.
    pub p_adjusted: f64,
    /// The least p that so many runs can give.
    pub smallest_p: f64,
    /// What is said of it.
    pub outcome: OutcomeModel,
    /// Why it is inconclusive; of one that is the same, how much worse it may be all the same,
    /// where that is beyond twice the floor.
    pub reason: Option<String>,
}

/// What is said of a metric, and of the whole.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OutcomeModel {
    /// Proved to be better by more than the floor.
    Better,
    /// The estimate lies within the floor, which alone doesn't show that nothing changed.
    Same,
    /// Neither, or not comparable.
    Inconclusive,
    /// Proved to be worse by more than the floor.
    Worse,
}

impl OutcomeModel {
    /// The word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Same => "same",
            Self::Inconclusive => "inconclusive",
            Self::Worse => "worse",
        }
    }
}
