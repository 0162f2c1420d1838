//! A family of latencies as a percentile file of HdrHistogram (`.hgrm`), for its plotters. Cost
//! class: once a run.
//!
//! The same lines as Java's `outputPercentileDistribution` with five steps a halving, in
//! milliseconds.

use std::fmt::Write as _;

use hdrhistogram::Histogram;

use super::hdr::decode;
use crate::app::report::model::{Distribution, Report};

/// The latencies that a run is judged by, response under a rate, else service; `None` when nothing
/// was delivered.
#[must_use]
pub fn headline(report: &Report) -> Option<String> {
    report.latency.response.as_ref().or(report.latency.service.as_ref()).and_then(hgrm)
}

/// One family; `None` where the result holds no histogram of it.
#[must_use]
pub fn hgrm(family: &Distribution) -> Option<String> {
    decode(&family.hdr).map(|histogram| percentiles(&histogram))
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds with three decimals")]
fn percentiles(histogram: &Histogram<u64>) -> String {
    let ms = |nanos: u64| nanos as f64 / 1e6;
    let mut text =
        format!("{:>12} {:>14} {:>10} {:>14}\n\n", "Value", "Percentile", "TotalCount", HEADER);
    for (value, share, count) in steps(histogram) {
        let value = ms(value);
        let _ = write!(text, "{value:12.3} {share:14.12} {count:10}");
        if share < 1.0 {
            let _ = write!(text, " {:14.2}", 1.0 / (1.0 - share));
        }
        text.push('\n');
    }
    let (mean, deviation) = (histogram.mean() / 1e6, histogram.stdev() / 1e6);
    let _ = writeln!(text, "#[Mean    = {mean:12.3}, StdDeviation   = {deviation:12.3}]");
    let (max, count) = (ms(histogram.max()), histogram.len());
    let _ = writeln!(text, "#[Max     = {max:12.3}, Total count    = {count:12}]");
    let (buckets, parts) = (histogram.buckets(), SUB_BUCKETS);
    let _ = writeln!(text, "#[Buckets = {buckets:12}, SubBuckets     = {parts:12}]");
    text
}

/// Value, share of all and count up to there, line by line: every halving of what is left to 1 in
/// as many steps. In per cent and by Java's own arithmetic, for the crate's iterator rounds some
/// steps to the other side, and then a line has another value than in Java's file.
#[expect(clippy::cast_precision_loss, reason = "Java computes in doubles")]
fn steps(histogram: &Histogram<u64>) -> Vec<(u64, f64, u64)> {
    let mut steps = Vec::new();
    let (mut level, mut count) = (0.0_f64, 0);
    for bucket in histogram.iter_recorded() {
        count += bucket.count_at_value();
        let reached = 100.0 * count as f64 / histogram.len() as f64;
        while level <= reached {
            steps.push((bucket.value_iterated_to(), level / 100.0, count));
            let halvings = (100.0 / (100.0 - level)).ln() / core::f64::consts::LN_2;
            level += 100.0 / (STEPS_A_HALVING * (halvings.floor() + 1.0).exp2());
            if count == histogram.len() {
                break;
            }
        }
    }
    let last = steps.last().map(|(value, ..)| (*value, 1.0, count));
    steps.extend(last);
    steps
}

const HEADER: &str = "1/(1-Percentile)";
const STEPS_A_HALVING: f64 = 5.0;
/// Of a histogram with three significant digits.
const SUB_BUCKETS: u32 = 2_048;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::report::sample;

    #[test]
    fn percentiles_end_with_all_records_and_the_largest_value() {
        let text = headline(&sample::report()).unwrap();
        let mut lines = text.lines();
        let header = lines.next().unwrap();
        assert_eq!(header, "       Value     Percentile TotalCount 1/(1-Percentile)");
        assert_eq!(lines.next(), Some(""));
        let rows: Vec<&str> = lines.filter(|line| !line.starts_with('#')).collect();
        assert!(rows.len() > 20, "{text}");
        assert!(rows[0].ends_with(" 0.000000000000         1           1.00") || rows.len() > 1);
        assert!(rows.last().unwrap().ends_with(" 1.000000000000    6000000"), "{text}");
        assert!(text.contains(", Total count    =      6000000]"), "{text}");
    }

    #[test]
    fn a_run_without_a_rate_gives_its_service() {
        let mut report = sample::report();
        let service = report.latency.service.clone();
        report.latency.response = None;
        assert_eq!(headline(&report), hgrm(&service.unwrap()));
        report.latency.service = None;
        assert_eq!(headline(&report), None);
    }
}
