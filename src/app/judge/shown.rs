//! A judgement's figures as people read them. Cost class: once a process.

use super::metric::Unit;
use crate::app::report::figures::{binary_bytes, millis_of, percent, rate, seconds, whole};
use crate::app::report::model::{ComparisonModel, MetricComparisonModel};

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

/// How sure the ends of the intervals are, which differs by row: what `between` says and how often
/// it is wrong. Nothing where no row has an interval.
pub(in crate::app) fn ends(found: &ComparisonModel) -> Option<String> {
    let metrics = found.cells.iter().flat_map(|cell| &cell.metrics);
    let levels = metrics.filter(|it| it.change_low.is_some() && it.change_high.is_some());
    let mut levels: Vec<f64> = levels.map(|it| it.level).collect();
    levels.sort_by(f64::total_cmp);
    let (least, most) = (level(*levels.first()?), level(*levels.last()?));
    let chance = if least == most { most } else { format!("{least} to {most}") };
    Some(format!(
        "it lies beyond either end with a chance of at most {chance}, by the step of the row in \
         Holm's procedure"
    ))
}

/// A level as people write them: `0.01`, `0.0033`, `2.5e-5`.
fn level(level: f64) -> String {
    if level < 0.001 {
        return format!("{level:.1e}");
    }
    let text = format!("{level:.4}");
    text.trim_end_matches('0').to_owned()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_has_as_many_digits_as_matter() {
        let shown = [0.01, 0.005, 0.01 / 3.0, 0.05, 2.5e-5].map(level);
        assert_eq!(shown, ["0.01", "0.005", "0.0033", "0.05", "2.5e-5"]);
    }
}
