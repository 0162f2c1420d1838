//! Results as rows of comma-separated values, for spreadsheets and plots. Cost class: once a
//! process.
//!
//! The second by second of a run, or the runs of a matrix, a line each. Units stand in the names; a
//! figure that isn't known is an empty cell.

use crate::app::report::model::{IntervalModel, MatrixReport, Report};
use crate::app::report::outcome::{Outcome, RunOf};

/// The seconds of a run, the runs of a matrix.
#[must_use]
pub fn csv(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Run(report) => intervals(report),
        Outcome::Matrix(matrix) => runs(matrix, &outcome.runs()),
    }
}

/// A run second by second. Latencies are those of the records that were due in the second, rates
/// those of the acks that came in it.
#[must_use]
pub fn intervals(report: &Report) -> String {
    let mut text = String::from(INTERVALS);
    for interval in &report.intervals {
        text.push_str(&row(&seconds(interval)));
    }
    text
}

fn seconds(interval: &IntervalModel) -> Vec<String> {
    let span = |nanos: Option<u64>| nanos.map(millis).unwrap_or_default();
    vec![
        decimal(interval.start, 9),
        decimal(interval.length, 9),
        interval.due.to_string(),
        interval.acked.to_string(),
        interval.errors.to_string(),
        span(interval.p50),
        span(interval.p99),
        span(interval.max),
        span(interval.lag_p99),
        interval.backlog.to_string(),
        interval.cpu.map(|cores| format!("{cores:.4}")).unwrap_or_default(),
        interval.leader_changes.to_string(),
    ]
}

/// A line a run, in the order in which they ran.
fn runs(matrix: &MatrixReport, runs: &[RunOf<'_>]) -> String {
    let flags: Vec<&str> = matrix.matrix.axes.iter().map(|axis| &*axis.flag).collect();
    let mut header = vec!["run".to_owned()];
    header.extend(flags.iter().map(|flag| (*flag).to_owned()));
    header.extend(RUN.iter().map(|name| (*name).to_owned()));
    let mut text = row(&header);
    for run in runs {
        let mut cells = vec![run.number.to_string()];
        let cell = run.place.map(|(cell, _)| cell);
        let value = |flag: &&str| cell.and_then(|cell| cell.get(*flag)).cloned();
        cells.extend(flags.iter().map(|flag| value(flag).unwrap_or_default()));
        cells.push(run.place.map_or(0, |(_, repetition)| repetition).to_string());
        cells.extend(figures(run.report));
        text.push_str(&row(&cells));
    }
    text
}

fn figures(report: &Report) -> Vec<String> {
    let family = report.latency.response.as_ref().or(report.latency.service.as_ref());
    let paced = report.latency.response.is_some();
    let span = |of: fn(&crate::app::report::model::Distribution) -> u64| {
        family.map(|family| millis(of(family))).unwrap_or_default()
    };
    let (records, megabytes) = report.throughput.headline();
    let cost = report.client.cpu_ns_per_record;
    vec![
        report.validity.status.shout().to_lowercase(),
        format!("{records:.1}"),
        format!("{megabytes:.3}"),
        if paced { "response" } else { "service" }.to_owned(),
        family.map_or_else(String::new, |family| family.kind.clone()),
        span(|family| family.p50),
        span(|family| family.p90),
        span(|family| family.p99),
        span(|family| family.p999),
        span(|family| family.p9999),
        span(|family| family.max),
        family.map_or_else(String::new, |family| format!("{:.6}", family.mean / 1e6)),
        cost.map_or_else(String::new, |cost| format!("{cost:.1}")),
        report.records.failed.to_string(),
        report.records.indeterminate.to_string(),
        report.retries.to_string(),
        report.started_at.clone(),
        report.run_id.clone(),
    ]
}

/// Nanoseconds as milliseconds, exactly.
fn millis(nanos: u64) -> String {
    decimal(nanos, 6)
}

/// A whole number as a decimal fraction with `digits` behind the point, without zeros at its end.
fn decimal(value: u64, digits: u32) -> String {
    let unit = 10_u64.pow(digits);
    let width = usize::try_from(digits).expect("a digit count");
    let text = format!("{}.{:0width$}", value / unit, value % unit);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// One line; a cell that could be taken for several is quoted, and one that a spreadsheet would
/// take for a formula has an apostrophe before it, which makes it text there.
fn row(cells: &[String]) -> String {
    let cells = cells.iter().map(|cell| {
        let mark = if is_formula(cell) { "'" } else { "" };
        let plain = mark.is_empty() && !cell.contains(['"', ',', '\n', '\r']);
        if plain { cell.clone() } else { format!("\"{mark}{}\"", cell.replace('"', "\"\"")) }
    });
    cells.collect::<Vec<_>>().join(",") + "\n"
}

/// Quotes don't keep a spreadsheet from calculating. A number is one whatever its sign.
fn is_formula(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && cell.parse::<f64>().is_err()
}

const INTERVALS: &str = "start_s,length_s,due,acked,errors,p50_ms,p99_ms,max_ms,lag_p99_ms,\
                         backlog,cpu_cores,leader_changes\n";
const RUN: [&str; 19] = [
    "repetition",
    "verdict",
    "records_per_second",
    "mb_s",
    "family",
    "kind",
    "p50_ms",
    "p90_ms",
    "p99_ms",
    "p999_ms",
    "p9999_ms",
    "max_ms",
    "mean_ms",
    "cpu_ns_per_record",
    "failed",
    "indeterminate",
    "retries",
    "started_at",
    "run_id",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::report::sample;

    #[test]
    fn seconds_have_a_row_each() {
        let mut report = sample::report();
        report.intervals[1].p50 = None;
        let text = intervals(&report);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 31);
        assert_eq!(lines[1], "0,1,200000,199000,0,5.41,12.3,52.7,0.262,1000,0.0400,0");
        assert_eq!(lines[2], "1,1,200000,200000,0,,12.3,52.7,0.262,1000,0.0400,0");
    }

    #[test]
    fn runs_have_a_row_each_with_their_cell() {
        let text = csv(&sample::matrix());
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("run,acks,linger-ms,repetition,verdict,records_per_second"));
        assert!(
            lines[2].starts_with("2,1,5,0,valid,199998.0,20.000,response,acked,5.41,7.02,"),
            "{text}"
        );
        let columns = |line: &&str| line.split(',').count();
        assert!(lines.iter().all(|line| columns(line) == columns(&lines[0])), "{text}");
        assert_eq!(lines.len(), 4);
    }

    #[test]
    fn no_cell_is_a_formula() {
        let cells = ["=1+1", "@a", "-a", "+a\"b", "-1", "+0.5", "a=b", ""].map(str::to_owned);
        assert_eq!(row(&cells), "\"'=1+1\",\"'@a\",\"'-a\",\"'+a\"\"b\",-1,+0.5,a=b,\n");
    }

    #[test]
    fn cells_that_hold_commas_stay_one_cell() {
        assert_eq!(
            row(&["a,b".into(), "say \"x\"".into(), "c".into()]),
            "\"a,b\",\"say \"\"x\"\"\",c\n"
        );
        assert_eq!([decimal(1_500_000, 6), decimal(40, 6)], ["1.5", "0.00004"]);
    }
}
