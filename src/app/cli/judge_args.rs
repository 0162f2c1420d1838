//! What results are judged by, as flags, and the command that compares stored ones. Cost class:
//! once a process.

use clap::Args;
use serde::{Deserialize, Serialize};

use super::args::OutputFormat;

/// What makes the run a failure.
#[derive(Args, Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[command(next_help_heading = "Judgement")]
pub struct JudgementArgs {
    /// How delivery is proved: offsets (end offsets around the run), sequence (every record is read
    /// back) or none [default: offsets]
    #[arg(long, value_name = "MODE")]
    pub verify: Option<String>,
    /// Exit 5 when the run is no measurement: invalid or overloaded
    #[arg(long)]
    pub strict: bool,
    /// A bound that every run must keep, such as 'response.p99 < 20ms and error_rate < 0.1%', or
    /// exit 10; repeatable
    #[arg(long, value_name = "EXPRESSION")]
    pub assert: Vec<String>,
    /// Another word for --assert
    #[arg(long, value_name = "EXPRESSION")]
    pub slo: Vec<String>,
    /// Results to hold these runs against, or exit 11: a file, a folder, or several with commas;
    /// --repeat 7 here and there
    #[arg(long, value_name = "FILE|DIR")]
    pub baseline: Option<String>,
    /// By what.
    #[command(flatten)]
    #[serde(flatten)]
    pub terms: TermsArgs,
    /// Calibrate first: measure what this client can do at most (5 s), and call a run that comes
    /// within 1.5 times of it suspect
    #[arg(long, conflicts_with = "calibration")]
    pub calibrate: bool,
    /// The same with what `kprod-bench calibrate --json` wrote for this configuration
    #[arg(long, value_name = "FILE")]
    pub calibration: Option<String>,
    /// A label kept in the result; repeatable
    #[arg(long, value_name = "KEY=VALUE")]
    pub label: Vec<String>,
}

/// What two sets of results are held against each other by.
#[derive(Args, Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct TermsArgs {
    /// A metric that decides, such as response.p99 or acked_rps; repeatable [default: response.p50
    /// and response.p99; acked_rps without a rate]
    #[arg(long, value_name = "METRIC")]
    pub metric: Vec<String>,
    /// Changes within this don't count [default: 5%]
    #[arg(long, value_name = "SHARE")]
    pub min_effect: Option<String>,
    /// The chance of a false alarm, over all metrics that decide [default: 0.01]
    #[arg(long, value_name = "P")]
    pub alpha: Option<String>,
    /// A key of workload, cluster or host that is meant to differ, or all of an area: host,
    /// cluster.id, workload.rate; repeatable
    #[arg(long, value_name = "KEY")]
    pub vary: Vec<String>,
    /// Exit 12 when the comparison is inconclusive
    #[arg(long)]
    pub fail_on_inconclusive: bool,
}

/// A judgement in the forms of others.
#[derive(Args, Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct VerdictArgs {
    /// Write what was judged as JUnit's XML, for CI servers
    #[arg(long, value_name = "FILE")]
    pub junit: Option<String>,
    /// Write the figures in Bencher's Metric Format
    #[arg(long, value_name = "FILE")]
    pub bmf: Option<String>,
    /// Write the figures for github-action-benchmark (its tool customSmallerIsBetter)
    #[arg(long, value_name = "FILE")]
    pub github_benchmark: Option<String>,
}

/// Two sets of results.
#[derive(Args, Clone, Debug, Default, Eq, PartialEq)]
pub struct CompareArgs {
    /// What is held against: a result (--json FILE), a folder of results, or several with commas
    #[arg(value_name = "A")]
    pub baseline: String,
    /// What is judged: the same
    #[arg(value_name = "B")]
    pub candidate: String,
    /// By what.
    #[command(flatten)]
    pub terms: TermsArgs,
    /// Write the comparison as JSON; -: to stdout in place of the text
    #[arg(long, value_name = "FILE")]
    pub json: Option<String>,
    /// Write it as Markdown, such as for a CI job's summary
    #[arg(long, value_name = "FILE")]
    pub markdown: Option<String>,
    /// Write it as one page that fetches nothing, with every run in it
    #[arg(long, value_name = "FILE")]
    pub html: Option<String>,
    /// And in these forms.
    #[command(flatten)]
    pub verdict: VerdictArgs,
    /// What stdout gets [default: text]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub output_format: Option<OutputFormat>,
}
