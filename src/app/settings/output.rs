//! What is written where. Cost class: once a process.

use std::path::PathBuf;

use super::problems::Problems;
use crate::app::cli::args::{LogWord, OutputFormat, RunArgs};
use crate::app::cli::form_args::FormArgs;
use crate::host::driver::LogLevel;

/// What is written where.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Output {
    /// The result as JSON.
    pub json: Option<JsonTarget>,
    /// Forms that were asked for one by one, each with its file.
    pub files: Vec<(Form, PathBuf)>,
    /// The folder below which a result gets a folder with everything.
    pub out: Option<PathBuf>,
    /// What stdout gets.
    pub format: OutputFormat,
    /// The least important line that is logged.
    pub log: LogLevel,
    /// kafka-producer-perf-test's words were used: its lines are printed as well.
    pub perf_test: bool,
    /// Whether metrics are printed under Kafka's names.
    pub print_metrics: bool,
}

/// A form that a flag of its own asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// One page.
    Html,
    /// An interval log of HdrHistogram.
    Hlog,
    /// A percentile file of HdrHistogram.
    Hgrm,
    /// Comma-separated values.
    Csv,
    /// Markdown.
    Markdown,
    /// JUnit's XML.
    Junit,
    /// Bencher's Metric Format.
    Bmf,
    /// github-action-benchmark's list.
    GithubBenchmark,
}

impl Form {
    /// Its flag, without dashes.
    #[must_use]
    pub const fn flag(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Hlog => "hlog",
            Self::Hgrm => "hgrm",
            Self::Csv => "csv",
            Self::Markdown => "markdown",
            Self::Junit => "junit",
            Self::Bmf => "bmf",
            Self::GithubBenchmark => "github-benchmark",
        }
    }
}

/// Where JSON goes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum JsonTarget {
    /// Standard output, in place of the summary.
    Stdout,
    /// A file, written whole or not at all.
    File(PathBuf),
}

/// Reads the flags of a command line that means `runs` runs.
pub(super) fn read(args: &RunArgs, runs: usize, problems: &mut Problems) -> Output {
    let output = &args.output;
    let log = match (output.verbose, output.log_level.unwrap_or_default()) {
        (0, LogWord::Error) => LogLevel::Error,
        (0, LogWord::Warn) => LogLevel::Warn,
        (0, LogWord::Info) | (1, _) => LogLevel::Info,
        _ => LogLevel::Debug,
    };
    Output {
        log,
        perf_test: super::speaks_perf_test(args),
        print_metrics: output.print_metrics,
        ..Output::of(&output.forms, runs, problems)
    }
}

impl Output {
    /// The forms that flags ask for, of `runs` runs.
    #[must_use]
    pub fn of(forms: &FormArgs, runs: usize, problems: &mut Problems) -> Self {
        if let Some(path) = forms.hgrm.as_ref().filter(|_| runs > 1) {
            let expected =
                "expected a single run, since the form holds one distribution; use --out";
            problems.flag("hgrm", path, expected);
        }
        let json = forms.json.as_deref().map(|path| match path {
            "-" => JsonTarget::Stdout,
            path => JsonTarget::File(path.into()),
        });
        Self {
            json,
            files: files(forms),
            out: forms.out.as_ref().map(PathBuf::from),
            format: forms.output_format.unwrap_or_default(),
            log: LogLevel::Warn,
            perf_test: false,
            print_metrics: false,
        }
    }
}

/// The forms that flags ask for one by one.
fn files(forms: &FormArgs) -> Vec<(Form, PathBuf)> {
    let asked = [
        (Form::Html, &forms.html),
        (Form::Hlog, &forms.hlog),
        (Form::Hgrm, &forms.hgrm),
        (Form::Csv, &forms.csv),
        (Form::Markdown, &forms.markdown),
        (Form::Junit, &forms.verdict.junit),
        (Form::Bmf, &forms.verdict.bmf),
        (Form::GithubBenchmark, &forms.verdict.github_benchmark),
    ];
    let asked = asked.into_iter().filter_map(|(form, path)| Some((form, path.as_ref()?.into())));
    asked.collect()
}
