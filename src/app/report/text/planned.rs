//! A rate that varied: what was planned beside what was achieved, second by second. Cost class:
//! once a run.

use crate::app::report::model::{IntervalModel, Report};
use crate::app::report::plot::{Plot, WIDTH};

/// A picture where the plan varied in the course of the window, by its rate or by bursts; else
/// nothing.
pub(super) fn planned(report: &Report, columns: usize) -> Vec<String> {
    let window = super::window_seconds(report);
    let whole: Vec<_> = report.intervals.iter().filter(|it| end(it) <= window + 1e-9).collect();
    let rates = || whole.iter().filter_map(|it| it.planned_rps);
    let (low, high) = (rates().fold(f64::INFINITY, f64::min), rates().fold(0.0, f64::max));
    if whole.len() < 2 || high - low <= high * STEADY {
        return Vec::new();
    }
    let middle = |it: &IntervalModel| begin(it) + length(it) / 2.0;
    // Level from second to second: a step in the plan is none of a ramp.
    let level =
        |it: &&IntervalModel| it.planned_rps.map(|rate| [(begin(it), rate), (end(it), rate)]);
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
    fn only_a_plan_that_varies_is_drawn() {
        let mut report = sample::report();
        assert!(planned(&report, 80).is_empty());
        for interval in &mut report.intervals {
            let at = interval.start / 1_000_000_000;
            interval.planned_rps = Some(if at.is_multiple_of(5) { 1e6 } else { 0.0 });
        }
        assert!(planned(&report, 80).iter().any(|line| line.contains("1M")));
    }
}
