//! All latencies over time: how many records had which, second by second.

use hdrhistogram::Histogram;

use super::svg::{Frame, Scale, float, ms, ms_tick};
use super::{figure, series};
use crate::app::report::figures::thousands;
use crate::app::report::files::hdr::decode;
use crate::app::report::model::Report;

/// The drawing; an empty one says why.
pub(super) fn drawing(report: &Report) -> String {
    let columns = columns(report);
    if columns.is_empty() {
        return figure("", "This result keeps no histogram by the second.", "");
    }
    let low = columns.iter().map(|column| column.histogram.min()).min().unwrap_or(1);
    let high = columns.iter().map(|column| column.histogram.max()).max().unwrap_or(1);
    let (low, high) = (ms(low).max(1e-3), ms(high));
    let title = "Latencies over time";
    let description = format!("{} to {}", ms_tick(low), ms_tick(high));
    let scale = Scale::log(low, high);
    let mut frame = Frame::new("heat", title, description, series::time(report), scale);
    let edges: Vec<f64> = edges(low, high);
    let most = columns.iter().map(|column| column.histogram.len()).max().unwrap_or(1);
    for column in &columns {
        for (pair, count) in edges.windows(2).zip(column.counts(&edges)) {
            if count > 0 {
                // By the logarithm, or the few slow records would not be seen at all.
                let strength = 0.12 + 0.88 * float(count).ln_1p() / float(most).ln_1p();
                let (from, to) = (ms_tick(rounded(pair[0])), ms_tick(rounded(pair[1])));
                let words =
                    format!("{:.0} s: {} records, {from} to {to}", column.start, thousands(count));
                frame.cell((column.start, column.end), (pair[0], pair[1]), strength, &words);
            }
        }
    }
    let y = frame.y_ticks(ms_tick);
    let drawn = frame.draw(&series::time_ticks(report), &y, "seconds");
    figure(
        &drawn,
        "All records by latency: the stronger the colour, the more (by the logarithm).",
        "",
    )
}

/// Neighbouring seconds as one.
struct Column {
    start: f64,
    end: f64,
    histogram: Histogram<u64>,
}

impl Column {
    /// Records between each two neighbouring edges, milliseconds; who lies beyond the outer ones
    /// counts with their neighbours.
    fn counts(&self, edges: &[f64]) -> Vec<u64> {
        let mut counts = vec![0; edges.len().saturating_sub(1)];
        for bucket in self.histogram.iter_recorded() {
            let value = ms(bucket.value_iterated_to());
            let above = edges.partition_point(|edge| *edge < value).saturating_sub(1);
            let at = above.min(counts.len().saturating_sub(1));
            if let Some(count) = counts.get_mut(at) {
                *count += bucket.count_at_value();
            }
        }
        counts
    }
}

/// At most as many columns as can be told apart.
fn columns(report: &Report) -> Vec<Column> {
    let together = report.intervals.len().div_ceil(MOST_COLUMNS).max(1);
    let mut columns = Vec::new();
    for group in report.intervals.chunks(together) {
        let mut all = group.iter().filter_map(|it| decode(it.hdr.as_deref()?));
        let Some(mut histogram) = all.next() else { continue };
        histogram.auto(true);
        // One that can't be added has more digits, which none of ours has.
        for one in all {
            let _ = histogram.add(&one);
        }
        let (first, last) = (&group[0], &group[group.len() - 1]);
        let start = float(first.start) / 1e9;
        columns.push(Column { start, end: float(last.start + last.length) / 1e9, histogram });
    }
    columns
}

/// From `low` to `high` in equal steps of the logarithm.
fn edges(low: f64, high: f64) -> Vec<f64> {
    let step = (high / low).max(1.01).powf(1.0 / ROWS);
    let ends = |edge: &f64| *edge < high * step * 0.999;
    core::iter::successors(Some(low / step), |edge| Some(edge * step)).take_while(ends).collect()
}

/// Two digits, for words.
fn rounded(ms: f64) -> f64 {
    let unit = 10_f64.powf(ms.max(1e-6).log10().floor() - 1.0);
    (ms / unit).round() * unit
}

const MOST_COLUMNS: usize = 90;
const ROWS: f64 = 36.0;
