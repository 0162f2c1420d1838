//! `--abort-on`: a condition that ends a run early. Cost class: once a process.

use core::time::Duration;

use crate::app::settings::problems::Problems;
use crate::base::units::{parse_count, parse_duration};
use crate::host::driver::plan::{AbortMetric, AbortRule};

/// Reads `metric > bound`.
pub(in crate::app::settings) fn abort_rule(
    text: &str,
    problems: &mut Problems,
) -> Option<AbortRule> {
    let rule = parse(text);
    if rule.is_none() {
        problems.flag(
            "abort-on",
            text,
            "expected METRIC > BOUND, with error_rate (1%), errors, backlog (50k) or p99 (20ms)",
        );
    }
    rule
}

fn parse(text: &str) -> Option<AbortRule> {
    let (metric, bound) = text.split_once('>')?;
    let bound = bound.trim();
    let (metric, above) = match metric.trim() {
        "error_rate" => (AbortMetric::ErrorRate, share(bound)?),
        "errors" => (AbortMetric::Errors, parse_count(bound).ok()?),
        "backlog" => (AbortMetric::Backlog, parse_count(bound).ok()?),
        "p99" => {
            let span = parse_duration(bound, Duration::from_millis(1)).ok()?;
            (AbortMetric::LapP99, span.as_secs_f64() * 1e9)
        }
        _ => return None,
    };
    Some(AbortRule { metric, above, text: text.trim().to_owned() })
}

/// `1%` or `0.01`.
fn share(text: &str) -> Option<f64> {
    let share = match text.strip_suffix('%') {
        Some(percent) => parse_count(percent).ok()? / 100.0,
        None => parse_count(text).ok()?,
    };
    (share <= 1.0).then_some(share)
}
