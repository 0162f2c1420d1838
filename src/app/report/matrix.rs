//! Several runs as one result: a row per cell, and all runs behind it. Cost class: once a process.

use std::collections::BTreeMap;

use super::exit::{Exit, breaks_promise};
use super::figures::rate as rate_of;
use super::model::{
    AxisModel, MatrixModel, MatrixReport, MatrixRun, ReasonModel, Report, SCHEMA_VERSION, Status,
    SummaryRow,
};
use super::text::shown;

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

/// What was asked for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Flags with their values.
    pub axes: Vec<AxisModel>,
    /// Runs of each cell.
    pub repeat: u32,
    /// Runs in all.
    pub runs: u64,
}

/// Joins runs. `exit` is how the process ends.
#[must_use]
pub fn join(asked: Asked, runs: Vec<CellRun>, exit: Exit) -> MatrixReport {
    let mut cells: BTreeMap<usize, Vec<&CellRun>> = BTreeMap::new();
    for run in &runs {
        cells.entry(run.cell).or_default().push(run);
    }
    let summary = cells.into_values().map(row).collect();
    let fixed = fixed(&asked.axes, &runs);
    let runs = runs.into_iter().map(|run| MatrixRun {
        cell: run.values,
        repetition: run.repetition,
        report: run.report,
    });
    MatrixReport {
        schema_version: SCHEMA_VERSION.to_owned(),
        runs: runs.collect(),
        matrix: MatrixModel {
            axes: asked.axes,
            repeat: asked.repeat,
            summary,
            fixed,
            planned_runs: asked.runs,
        },
        comparison: None,
        exit: exit.model(),
    }
}

/// The verdict of a row: the worst, and how many of its runs have it where others don't.
#[must_use]
pub fn verdict_of(row: &SummaryRow) -> String {
    let word = row.verdict.shout().to_lowercase();
    match row.verdict_runs {
        0 => word,
        some if some == row.runs => word,
        some => format!("{some} of {} {word}", row.runs),
    }
}

/// What all runs share, in the form of one: the first, without the producer settings and sizes in
/// which they differ, ended when the last one did; `None` without runs.
#[must_use]
pub fn common(matrix: &MatrixReport) -> Option<Report> {
    let mut common = matrix.runs.first()?.report.clone();
    for run in matrix.runs.iter().map(|run| &run.report) {
        let same = |key: &str, value: &String| run.config.effective.get(key) == Some(value);
        common.config.effective.retain(|key, value| same(key, value));
        if run.generator.sizes.asked != common.generator.sizes.asked {
            common.generator.sizes.asked = None;
            common.generator.sizes.payload_mean = None;
        }
        common.ended_at.clone_from(&run.ended_at);
    }
    Some(common)
}

/// What all runs have in common of what a matrix can vary, and isn't an axis.
fn fixed(axes: &[AxisModel], runs: &[CellRun]) -> BTreeMap<String, String> {
    let mut common: Option<BTreeMap<String, String>> = None;
    for run in runs {
        let these = settings(&run.report);
        match &mut common {
            None => common = Some(these),
            Some(common) => common.retain(|flag, value| these.get(flag) == Some(value)),
        }
    }
    let mut common = common.unwrap_or_default();
    common.retain(|flag, _| axes.iter().all(|axis| axis.flag != *flag));
    common
}

/// The settings that most decide a run's figures, by flag.
fn settings(report: &Report) -> BTreeMap<String, String> {
    let measured = report.phases.iter().rfind(|phase| phase.name == "measure");
    let rate = measured.and_then(|phase| phase.target_rate);
    let rate = rate.map_or_else(|| "as fast as it goes".to_owned(), |rate| rate_of(rate) + "/s");
    let of_producer = SHOWN.iter().filter_map(|flag| {
        let value = report.config.effective.get(&flag.replace('-', "."))?;
        Some(((*flag).to_owned(), value.clone()))
    });
    let sizes = &report.generator.sizes;
    let header = match (sizes.asked, sizes.value) {
        (Some(asked), Some(value)) if asked != value => {
            format!(" (value {value}, header {})", asked - value)
        }
        _ => String::new(),
    };
    let one = sizes.asked.or(sizes.value).map(|bytes| format!("{bytes}{header}"));
    let value_size = one.or_else(|| sizes.distribution.clone());
    let of_load = [
        ("rate", Some(rate)),
        ("producers", Some(report.client.producers.to_string())),
        ("record-size", value_size),
        ("key", Some(report.generator.key.clone())),
    ];
    let of_load = of_load.into_iter().filter_map(|(flag, value)| Some((flag.to_owned(), value?)));
    of_producer.chain(of_load).collect()
}

/// Producer settings that are worth a place above a table.
const SHOWN: [&str; 5] =
    ["acks", "linger-ms", "batch-size", "compression-type", "enable-idempotence"];

/// A cell's row: the run in the middle by p99 (of an even number the lower of the two; none that is
/// no measurement, where another is) stands for it, so that the figures of a row belong together;
/// the verdict is the worst of all its runs. A p99.9
/// with too few records beyond it is left out, as on the run's own page.
fn row(mut runs: Vec<&CellRun>) -> SummaryRow {
    runs.sort_by_key(|run| (p99(&run.report), run.repetition));
    let counts =
        |run: &&&CellRun| matches!(run.report.validity.status, Status::Valid | Status::Suspect);
    let measured: Vec<&CellRun> = runs.iter().filter(counts).copied().collect();
    let standing = if measured.is_empty() { &runs } else { &measured };
    let middle = standing[(standing.len() - 1) / 2];
    let report = &middle.report;
    let statuses = || runs.iter().map(|run| run.report.validity.status);
    let worst = statuses().max();
    let family = report.latency.response.as_ref().or(report.latency.service.as_ref());
    let paced = report.throughput.offered_rps.is_some();
    // One definition for all of a row: where one run was short, that of short runs.
    let short = runs.iter().any(|run| run.report.throughput.short);
    let rates = runs.iter().map(|run| run.report.throughput.rates(short).0);
    let (records_per_second, mb_s) = report.throughput.rates(short);
    let p99s: Option<Vec<u64>> = runs.iter().map(|run| known_p99(&run.report)).collect();
    SummaryRow {
        cell: middle.values.clone(),
        kind: family.map_or_else(|| "acked".to_owned(), |family| family.kind.clone()),
        family: if paced { "response" } else { "service" }.to_owned(),
        runs: runs.len() as u64,
        records_per_second,
        records_per_second_range: rates
            .fold((f64::INFINITY, 0.0), |(low, high), rate| (rate.min(low), rate.max(high))),
        mb_s,
        p50: family.map(|family| family.p50),
        p99: family.map(|family| family.p99),
        p999: family.filter(|family| shown(family.count, 1_000)).map(|family| family.p999),
        max: family.map(|family| family.max),
        cpu_ns_per_record: report.client.cpu_ns_per_record,
        p99_range: p99s.and_then(|all| all.iter().min().copied().zip(all.iter().max().copied())),
        short,
        confirmed: confirmed(&runs),
        verdict: worst.unwrap_or(report.validity.status),
        verdict_runs: statuses().filter(|status| Some(*status) == worst).count() as u64,
        reasons: reasons(&runs),
    }
}

/// Whether offsets, and records where they were read back, agree with the acks of every run. One
/// run that was disproved denies its cell, whatever isn't known of the others.
fn confirmed(runs: &[&CellRun]) -> Option<bool> {
    let found: Vec<_> = runs.iter().map(|run| confirms(&run.report)).collect();
    if found.contains(&Some(false)) {
        return Some(false);
    }
    found.iter().all(Option::is_some).then_some(true)
}

/// The same for one run; `None` where nothing was read, or not all and no breach was found.
fn confirms(report: &Report) -> Option<bool> {
    let proof = report.verification.as_ref()?;
    if breaks_promise(report, proof, false) {
        return Some(false);
    }
    match report.throughput.delta_confirms {
        Some(true) if proof.cut_short.is_some() => None,
        agrees => agrees,
    }
}

/// Every kind of reason of a cell's runs once, worst first.
fn reasons(runs: &[&CellRun]) -> Vec<ReasonModel> {
    let mut found: Vec<ReasonModel> = Vec::new();
    for reason in runs.iter().flat_map(|run| &run.report.validity.reasons) {
        if found.iter().all(|known| known.name != reason.name) {
            found.push(reason.clone());
        }
    }
    found.sort_by_key(|reason| core::cmp::Reverse(reason.status));
    found
}

/// For sorting: a run without latencies is the worst.
fn p99(report: &Report) -> u64 {
    known_p99(report).unwrap_or(u64::MAX)
}

fn known_p99(report: &Report) -> Option<u64> {
    let family = report.latency.response.as_ref().or(report.latency.service.as_ref());
    family.map(|family| family.p99)
}

#[cfg(test)]
mod tests {
    use super::super::outcome::Outcome;
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
        let asked = Asked { axes: Vec::new(), repeat: 3, runs: 6 };
        let joined = join(asked, runs, Exit::Passed);
        let rows: Vec<_> = joined.matrix.summary.iter().map(|r| (r.p99, r.verdict)).collect();
        assert_eq!(rows, [(Some(20), Status::Suspect), (Some(7), Status::Valid)]);
        assert_eq!(joined.runs.len(), 5);
        assert_eq!(joined.matrix.planned_runs, 6);
        let ranges: Vec<_> = joined.matrix.summary.iter().map(|r| (r.runs, r.p99_range)).collect();
        assert_eq!(ranges, [(3, Some((1, 50))), (2, Some((7, 9)))]);
        assert_eq!(joined.matrix.fixed["rate"], "200,000/s");
        assert_eq!(joined.matrix.fixed["linger-ms"], "5");
        assert_eq!(joined.matrix.fixed["record-size"], "100");
        let text = super::super::output::json(&joined);
        assert_eq!(serde_json::from_str::<MatrixReport>(&text).unwrap(), joined);
    }

    /// Goal: what is no measurement stands for nobody. Method: two runs, the lower of which is
    /// overloaded; then both are.
    #[test]
    fn a_run_that_is_no_measurement_stands_for_no_other() {
        let run = |p99: u64, status: Status| {
            let mut report = sample::report();
            report.latency.response.as_mut().unwrap().p99 = p99;
            report.validity.status = status;
            CellRun { cell: 0, values: BTreeMap::new(), repetition: 0, report }
        };
        let (low, high) = (run(5, Status::Overloaded), run(9, Status::Valid));
        let found = row(vec![&low, &high]);
        assert_eq!((found.p99, found.verdict), (Some(9), Status::Overloaded));
        assert_eq!(verdict_of(&found), "1 of 2 overloaded");
        let found = row(vec![&low, &low]);
        assert_eq!((found.p99, verdict_of(&found)), (Some(5), "overloaded".to_owned()));
        let stored = SummaryRow { verdict_runs: 0, ..found };
        assert_eq!(verdict_of(&stored), "overloaded");
    }

    #[test]
    fn what_runs_share_is_nothing_that_differs() {
        let Outcome::Matrix(mut matrix) = sample::matrix() else { panic!() };
        for (run, acks) in matrix.runs.iter_mut().zip(["0", "1", "all"]) {
            run.report.config.effective.insert("acks".to_owned(), acks.to_owned());
            run.report.ended_at = format!("ended {acks}");
        }
        let common = common(&matrix).unwrap();
        assert_eq!(common.config.effective.get("acks"), None);
        assert_eq!(common.config.effective["linger.ms"], "5");
        assert_eq!(common.ended_at, "ended all");
    }

    #[test]
    fn a_percentile_with_too_few_records_beyond_it_is_in_no_row() {
        let of = |count: u64| {
            let mut report = sample::report();
            report.latency.response.as_mut().unwrap().count = count;
            let run = CellRun { cell: 0, values: BTreeMap::new(), repetition: 0, report };
            row(vec![&run]).p999
        };
        assert_eq!(of(99_999), None);
        assert_eq!(of(100_000), Some(sample::report().latency.response.unwrap().p999));
    }

    #[test]
    fn a_row_is_confirmed_when_all_its_runs_are() {
        let run = |change: &dyn Fn(&mut Report)| {
            let mut report = sample::report();
            change(&mut report);
            CellRun { cell: 0, values: BTreeMap::new(), repetition: 0, report }
        };
        let good = run(&|_| {});
        let lost = run(&|report| report.verification.as_mut().unwrap().log.lost = 1);
        let denied = run(&|report| report.throughput.delta_confirms = Some(false));
        let unread = run(&|report| report.verification = None);
        assert_eq!(confirmed(&[&good, &good]), Some(true));
        assert_eq!(confirmed(&[&good, &lost]), Some(false));
        assert_eq!(confirmed(&[&denied, &good]), Some(false));
        assert_eq!(confirmed(&[&good, &unread]), None);
        for runs in [[&unread, &lost], [&lost, &unread], [&unread, &denied], [&denied, &unread]] {
            assert_eq!(confirmed(&runs), Some(false));
        }
        let cut = |report: &mut Report| {
            report.verification.as_mut().unwrap().cut_short = Some("x".to_owned());
        };
        let unfinished = run(&cut);
        assert_eq!(confirmed(&[&good, &unfinished]), None);
        let breached = run(&|report| {
            cut(report);
            report.verification.as_mut().unwrap().log.corrupted = Some(1);
        });
        assert_eq!(confirmed(&[&breached, &good]), Some(false));
        // The offsets couldn't be read, and the records show a loss all the same.
        let proven = run(&|report| {
            report.throughput.delta_confirms = None;
            report.verification.as_mut().unwrap().log.lost = 1;
        });
        assert_eq!(confirmed(&[&good, &proven]), Some(false));
    }

    #[test]
    fn a_row_has_rates_of_one_kind_only() {
        let run = |short: bool, acked: f64, delivered: f64| {
            let mut report = sample::report();
            report.throughput.short = short;
            report.throughput.acked_rps = acked;
            report.throughput.delivered_rps = Some(delivered);
            CellRun { cell: 0, values: BTreeMap::new(), repetition: 0, report }
        };
        let (long, brief) = (run(false, 900.0, 800.0), run(true, 10.0, 700.0));
        let mixed = row(vec![&long, &brief, &long]);
        assert_eq!((mixed.short, mixed.records_per_second_range), (true, (700.0, 800.0)));
        let plain = row(vec![&long, &long]);
        assert_eq!((plain.short, plain.records_per_second_range), (false, (900.0, 900.0)));
    }

    #[test]
    fn the_size_shown_is_the_one_that_was_asked_for() {
        let mut report = sample::report();
        report.generator.sizes.value = Some(75);
        assert_eq!(settings(&report)["record-size"], "100 (value 75, header 25)");
    }
}
