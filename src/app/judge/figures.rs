//! Figures for services that keep benchmarks over time: Bencher's BMF and what
//! github-action-benchmark takes. Cost class: once a process.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::compare::cell_name;
use super::group::Group;
use super::metric::{Better, Metric};
use crate::app::report::model::ComparisonModel;
use crate::app::stats::Series;

/// The figures of one cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    /// `kprod-bench`, with the cell's values behind it where there are several.
    pub name: String,
    /// Metric and its values, one of each run.
    pub metrics: Vec<(Metric, Vec<f64>)>,
}

/// What was measured, cell by cell; a metric that some run doesn't have is left out.
#[must_use]
pub fn of_runs(group: &Group) -> Vec<Figures> {
    let cells = group.cells();
    let of_cell = |(cell, runs): (&BTreeMap<String, String>, &Vec<_>)| {
        let values = Metric::telling().filter_map(|metric| {
            let values: Option<Vec<f64>> =
                runs.iter().map(|run: &&super::group::Run| metric.of(&run.report)).collect();
            values.map(|values| (metric, values))
        });
        Figures { name: name(cell), metrics: values.collect() }
    };
    cells.iter().map(|(cell, runs)| of_cell((cell, runs))).collect()
}

/// The candidate's figures of a comparison.
#[must_use]
pub fn of_candidate(comparison: &ComparisonModel) -> Vec<Figures> {
    let cells = comparison.cells.iter().map(|cell| {
        let metrics = cell.metrics.iter().filter_map(|metric| {
            let known = Metric::find(&metric.name).ok()?;
            (!metric.candidate.is_empty()).then(|| (known, metric.candidate.clone()))
        });
        Figures { name: name(&cell.cell), metrics: metrics.collect() }
    });
    cells.collect()
}

/// Bencher Metric Format: benchmarks by name, measures in them, each the median of the runs with
/// the lowest and highest.
#[must_use]
pub fn bmf(figures: &[Figures]) -> Value {
    let measures = |one: &Figures| -> Value {
        let each = one.metrics.iter().map(|(metric, values)| {
            let (median, low, high) = spread(values);
            let slug = metric.to_string().replace(['.', '_'], "-");
            (slug, json!({"value": median, "lower_value": low, "upper_value": high}))
        });
        Value::Object(each.collect())
    };
    Value::Object(figures.iter().map(|one| (one.name.clone(), measures(one))).collect())
}

/// github-action-benchmark's list for its tool `customSmallerIsBetter`: of rates the time that one
/// record takes, since the list has room for one direction only.
#[must_use]
pub fn github(figures: &[Figures]) -> Value {
    let mut list = Vec::new();
    for one in figures {
        for (metric, values) in &one.metrics {
            let rate = metric.better == Better::Higher;
            let values: Vec<f64> =
                values.iter().map(|value| if rate { 1e9 / value } else { *value }).collect();
            if !values.iter().all(|value| value.is_finite()) {
                continue;
            }
            let (median, low, high) = spread(&values);
            let (what, unit) = match rate {
                true => (format!("1/{metric}"), "ns"),
                false => (metric.to_string(), metric.unit.name()),
            };
            list.push(json!({
                "name": format!("{} {what}", one.name),
                "unit": unit,
                "value": median,
                "range": format!("{low} to {high}"),
                "extra": format!("median of {}", values.len()),
            }));
        }
    }
    Value::Array(list)
}

fn name(cell: &BTreeMap<String, String>) -> String {
    if cell.is_empty() {
        return "kprod-bench".to_owned();
    }
    format!("kprod-bench {}", cell_name(cell))
}

/// Median, lowest, highest.
fn spread(values: &[f64]) -> (f64, f64, f64) {
    let series = Series { base: values.to_vec(), ..Series::default() };
    let ends = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(*value), high.max(*value))
    });
    (series.medians().0.unwrap_or(f64::NAN), ends.0, ends.1)
}
