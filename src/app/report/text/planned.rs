//! A rate that varied: what was planned beside what was achieved, second by second. Cost class:
//! once a run.

use crate::app::report::model::{IntervalModel, LoadModel, Report};
use crate::app::report::plot::{Plot, WIDTH};

/// A picture where the planned rate varied in the course of the window, or bursts did; else
/// nothing.
pub(super) fn planned(report: &Report, columns: usize) -> Vec<String> {
    let window = super::window_seconds(report);
    let whole: Vec<_> = report.intervals.iter().filter(|it| end(it) <= window + 1e-9).collect();
    let rates = || whole.iter().filter_map(|it| rate(report, it));
    let (low, high) = (rates().fold(f64::INFINITY, f64::min), rates().fold(0.0, f64::max));
    if whole.len() < 2 || high - low <= high * STEADY {
        return Vec::new();
    }
    let middle = |it: &IntervalModel| begin(it) + length(it) / 2.0;
    // Level from second to second: a step in the plan is none of a ramp.
    let level =
        |it: &&IntervalModel| rate(report, it).map(|rate| [(begin(it), rate), (end(it), rate)]);
    let planned = whole.iter().filter_map(level).flatten().collect();
    #[expect(clippy::cast_precision_loss, reason = "drawn in a few hundred dots")]
    let acked = |it: &IntervalModel| it.acked as f64 / length(it);
    let acked = whole.iter().map(|it| (middle(it), acked(it))).collect();
    let achieved = Some(("acked in each second".to_owned(), acked));
    let mut lines = vec![String::new()];
    let width = u16::try_from(columns).map_or(WIDTH, |columns| columns.min(WIDTH));
    lines.extend(Plot { planned, achieved, seconds: window, height: HEIGHT, width }.lines());
    lines
}

/// What was planned for a second: of bursts what fell due in it, for they come by plan while the
/// rate behind them stays as it is.
#[expect(clippy::cast_precision_loss, reason = "records of a second")]
fn rate(report: &Report, interval: &IntervalModel) -> Option<f64> {
    let pacing = report.load.as_ref().and_then(|load| load.pacing.as_deref());
    let in_bursts = pacing.is_some_and(|it| it.starts_with(LoadModel::BURST));
    if in_bursts { Some(interval.due as f64 / length(interval)) } else { interval.planned_rps }
}

#[expect(clippy::cast_precision_loss, reason = "seconds with a few digits")]
fn begin(interval: &IntervalModel) -> f64 {
    interval.start as f64 / 1e9
}

#[expect(clippy::cast_precision_loss, reason = "seconds with a few digits")]
fn length(interval: &IntervalModel) -> f64 {
    interval.length.max(1) as f64 / 1e9
}

fn end(interval: &IntervalModel) -> f64 {
    begin(interval) + length(interval)
}

/// Less than this share of the highest rate is no variation.
const STEADY: f64 = 0.01;
/// Lines of the picture.
const HEIGHT: u16 = 12;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::report::sample;

    #[test]
    fn bursts_are_drawn_where_seconds_differ_by_plan() {
        let mut report = sample::report();
        assert!(planned(&report, 80).is_empty());
        // Every fifth second holds a burst, and the mean rate says nothing of it.
        for interval in &mut report.intervals {
            let at = interval.start / 1_000_000_000;
            interval.due = if at.is_multiple_of(5) { 1_000_000 } else { 0 };
        }
        for (pacing, is_drawn) in [("uniform", false), ("poisson", false), ("burst:1000000", true)]
        {
            let load = report.load.get_or_insert_default();
            load.pacing = Some(pacing.to_owned());
            let lines = planned(&report, 80);
            assert_eq!(!lines.is_empty(), is_drawn, "{pacing}");
            assert_eq!(lines.iter().any(|line| line.contains("1M")), is_drawn, "{lines:?}");
        }
        // All seconds alike.
        report.intervals.iter_mut().for_each(|interval| interval.due = 200_000);
        assert!(planned(&report, 80).is_empty());
    }
}
