//! Several runs as one result: a row per cell, and all runs behind it. Cost class: once a process.

use std::collections::BTreeMap;

use super::exit::Exit;
use super::model::{
    AxisModel, MatrixModel, MatrixReport, MatrixRun, Report, SCHEMA_VERSION, SummaryRow,
};

/// A run and the cell it belongs to.
#[derive(Clone, Debug)]
pub struct CellRun {
    /// The cell's number.
    pub cell: usize,
    /// Its axes' values, by flag.
    pub values: BTreeMap<String, String>,
    /// From 0.
    pub repetition: u32,
    /// What it found.
    pub report: Report,
}

/// Joins runs. `exit` is how the process ends.
#[must_use]
pub fn join(axes: Vec<AxisModel>, repeat: u32, runs: Vec<CellRun>, exit: Exit) -> MatrixReport {
    let mut cells: BTreeMap<usize, Vec<&CellRun>> = BTreeMap::new();
    for run in &runs {
        cells.entry(run.cell).or_default().push(run);
    }
    let summary = cells.into_values().map(row).collect();
    let runs = runs.into_iter().map(|run| MatrixRun {
        cell: run.values,
        repetition: run.repetition,
        report: run.report,
    });
    MatrixReport {
        schema_version: SCHEMA_VERSION.to_owned(),
        runs: runs.collect(),
        matrix: MatrixModel { axes, repeat, summary },
        exit: exit.model(),
    }
}

/// A cell's row: the run in the middle by p99 (of an even number the worse one) stands for it, so
/// that the figures of a row belong together; the verdict is the worst of all its runs.
fn row(mut runs: Vec<&CellRun>) -> SummaryRow {
    runs.sort_by_key(|run| (p99(&run.report), run.repetition));
    let middle = runs[runs.len() / 2];
    let report = &middle.report;
    let worst = runs.iter().map(|run| run.report.validity.status).max();
    let family = report.latency.response.as_ref().or(report.latency.service.as_ref());
    SummaryRow {
        cell: middle.values.clone(),
        kind: family.map_or_else(|| "acked".to_owned(), |family| family.kind.clone()),
        records_per_second: report.throughput.acked_rps,
        mb_s: report.throughput.mb_s_uncompressed,
        p50: family.map(|family| family.p50),
        p99: family.map(|family| family.p99),
        p999: family.map(|family| family.p999),
        max: family.map(|family| family.max),
        cpu_ns_per_record: report.client.cpu_ns_per_record,
        verdict: worst.unwrap_or(report.validity.status),
    }
}

fn p99(report: &Report) -> u64 {
    let family = report.latency.response.as_ref().or(report.latency.service.as_ref());
    family.map_or(u64::MAX, |family| family.p99)
}

#[cfg(test)]
mod tests {
    use super::super::model::Status;
    use super::super::sample;
    use super::*;

    #[test]
    fn the_middle_run_stands_for_its_cell_and_the_worst_verdict_counts() {
        let run = |cell: usize, repetition: u32, p99: u64| {
            let mut report = sample::report();
            report.latency.response.as_mut().unwrap().p99 = p99;
            if p99 == 1 {
                report.validity.status = Status::Suspect;
            }
            let values = [("acks".to_owned(), cell.to_string())].into();
            CellRun { cell, values, repetition, report }
        };
        let runs = vec![run(1, 0, 7), run(0, 0, 1), run(0, 1, 50), run(0, 2, 20), run(1, 1, 9)];
        let joined = join(Vec::new(), 3, runs, Exit::Passed);
        let rows: Vec<_> = joined.matrix.summary.iter().map(|r| (r.p99, r.verdict)).collect();
        assert_eq!(rows, [(Some(20), Status::Suspect), (Some(9), Status::Valid)]);
        assert_eq!(joined.runs.len(), 5);
        let text = super::super::output::json(&joined);
        assert_eq!(serde_json::from_str::<MatrixReport>(&text).unwrap(), joined);
    }
}
