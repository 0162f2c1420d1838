//! The forms in which results are written, as flags, and the command that makes them of stored
//! results. Cost class: once a process.

use clap::Args;
use serde::{Deserialize, Serialize};

use super::args::OutputFormat;
use super::judge_args::VerdictArgs;

/// Which forms of a result are written where.
#[derive(Args, Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[command(next_help_heading = "Output")]
pub struct FormArgs {
    /// Write the whole result as JSON; -: to stdout in place of the text
    #[arg(long, value_name = "FILE")]
    pub json: Option<String>,
    /// Write everything there is of the result into a new folder below this one
    #[arg(long, value_name = "DIR")]
    pub out: Option<String>,
    /// Write the report as one page that fetches nothing
    #[arg(long, value_name = "FILE")]
    pub html: Option<String>,
    /// Write latencies as an interval log of HdrHistogram, for its tools
    #[arg(long, value_name = "FILE")]
    pub hlog: Option<String>,
    /// Write the latencies' percentiles as HdrHistogram does, for its plotters; of a single run
    #[arg(long, value_name = "FILE")]
    pub hgrm: Option<String>,
    /// Write the seconds of the run as comma-separated values; of a matrix, its runs
    #[arg(long, value_name = "FILE")]
    pub csv: Option<String>,
    /// Write the summary as Markdown, such as for a CI job
    #[arg(long, value_name = "FILE")]
    pub markdown: Option<String>,
    /// What was judged.
    #[command(flatten)]
    #[serde(flatten)]
    pub verdict: VerdictArgs,
    /// What stdout gets [default: text]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub output_format: Option<OutputFormat>,
}

/// Stored results, to be shown again.
#[derive(Args, Clone, Debug, Default, Eq, PartialEq)]
pub struct ReportArgs {
    /// What --json or --out wrote, or folders of it; several become a table with a row for each
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<String>,
    /// The forms.
    #[command(flatten)]
    pub forms: FormArgs,
}
