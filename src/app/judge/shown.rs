//! A judgement's figures as people read them. Cost class: once a process.

use super::metric::Unit;
use crate::app::report::figures::{binary_bytes, millis_of, percent, rate, seconds, whole};
use crate::app::report::model::MetricComparisonModel;

/// A metric's value with its unit.
#[must_use]
pub fn value(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Nanos => format!("{} ms", millis_of(value)),
        Unit::Seconds => seconds(value),
        Unit::NanosPerRecord => format!("{} ns", whole(value)),
        Unit::PerSecond => format!("{}/s", rate(value)),
        Unit::Megabytes => format!("{value:.1} MB/s"),
        Unit::Bytes => binary_bytes(value),
        Unit::Share => percent(value),
        Unit::Count => rate(value),
    }
}

/// A median of a stored comparison.
pub(in crate::app) fn median(metric: &MetricComparisonModel, figure: Option<f64>) -> String {
    let unit = Unit::named(&metric.unit);
    figure.map_or_else(|| "-".to_owned(), |figure| value(unit, figure))
}

/// `+31.2 %`, `−4.0 %`.
pub(in crate::app) fn change(change: Option<f64>) -> String {
    let Some(change) = change else { return "-".to_owned() };
    let percent = change * 100.0;
    let sign = if percent < -0.05 { "−" } else { "+" };
    let size = percent.abs();
    if size >= 99.95 { format!("{sign}{size:.0} %") } else { format!("{sign}{size:.1} %") }
}

/// The interval, or that there is none.
pub(in crate::app) fn between(metric: &MetricComparisonModel) -> String {
    match (metric.change_low, metric.change_high) {
        (Some(low), Some(high)) => format!("{} … {}", change(Some(low)), change(Some(high))),
        _ => "-".to_owned(),
    }
}

/// A chance with as many digits as matter.
pub(in crate::app) fn chance(p: f64) -> String {
    if p < 0.000_1 { "<0.0001".to_owned() } else { format!("{p:.4}") }
}

/// A share of a round number: `5 %`, `0.5 %`.
pub(in crate::app) fn share(share: f64) -> String {
    let text = format!("{:.2}", share * 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}
