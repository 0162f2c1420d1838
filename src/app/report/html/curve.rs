//! Latency by load: where it bends, and the highest rate that was kept up with.

use std::collections::BTreeMap;

use super::svg::{Frame, Scale, count_tick, ms, ms_tick};
use super::{figure, key, none};
use crate::app::report::figures::{millis, rate};
use crate::app::report::model::{MatrixModel, Status, SummaryRow};

/// Why there is no curve.
pub(super) const WHY_NOT: &str = "A curve needs several rates of one configuration: --rate with a \
                                  comma list.";

/// The section: a curve for each configuration that ran at several rates.
pub(super) fn section(matrix: &MatrixModel) -> String {
    if matrix.axes.iter().all(|axis| axis.flag != "rate") {
        return none(WHY_NOT);
    }
    let curves = curves(&matrix.summary);
    if curves.is_empty() {
        return none(WHY_NOT);
    }
    let shown = &curves[..curves.len().min(COLOURS)];
    let points = || shown.iter().flat_map(|(_, rows)| rows);
    let p99s = || points().filter_map(|row| row.p99.map(ms));
    let low = p99s().fold(f64::INFINITY, f64::min);
    if !low.is_finite() {
        return none("No rate delivered a record.");
    }
    let high = p99s().fold(0.0, f64::max);
    let most = points().map(|row| row.records_per_second).fold(0.0, f64::max);
    let title = "p99 by rate";
    let description = shown.iter().map(|(name, rows)| sentence(name, rows));
    let description = description.collect::<Vec<_>>().join(" ");
    let (x, y) = (Scale::linear(most), Scale::log(low, high));
    let mut frame = Frame::new("curve", title, description.clone(), x, y);
    for (at, (name, rows)) in shown.iter().enumerate() {
        let line: Vec<_> =
            rows.iter().map(|row| (row.records_per_second, row.p99.map(ms))).collect();
        frame.line(&format!("s{}", at + 1), &line);
        for row in rows {
            let Some(p99) = row.p99 else { continue };
            let kept = matches!(row.verdict, Status::Valid | Status::Suspect);
            let class = if kept { format!("f{}", at + 1) } else { "f6".to_owned() };
            let words = format!(
                "{name} {} records/s: p99 {} ms, {}",
                rate(row.records_per_second),
                millis(p99),
                row.verdict.shout().to_lowercase()
            );
            frame.point(&class, row.records_per_second, ms(p99), &words);
        }
    }
    let (x, y) = (frame.x_ticks(count_tick), frame.y_ticks(ms_tick));
    let drawn = frame.draw(&x, &y, "records/s reached");
    let names: Vec<_> = shown.iter().enumerate().map(|(at, (name, _))| (at + 1, &**name)).collect();
    format!("<div class=\"grid\">{}</div>", figure(&drawn, &description, &key(&names)))
}

/// By what else a cell is: its rows by rate, where there are two or more.
fn curves(rows: &[SummaryRow]) -> Vec<(String, Vec<&SummaryRow>)> {
    let mut curves: BTreeMap<String, Vec<&SummaryRow>> = BTreeMap::new();
    for row in rows {
        let others = row.cell.iter().filter(|(flag, _)| *flag != "rate");
        let name: Vec<_> = others.map(|(flag, value)| format!("{flag}={value}")).collect();
        curves.entry(name.join(" ")).or_default().push(row);
    }
    let mut curves: Vec<_> = curves.into_iter().filter(|(_, rows)| rows.len() > 1).collect();
    for (name, rows) in &mut curves {
        rows.sort_by(|a, b| a.records_per_second.total_cmp(&b.records_per_second));
        if name.is_empty() {
            "p99".clone_into(name);
        }
    }
    curves
}

/// The highest rate that was kept up with, and the lowest that wasn't.
fn sentence(name: &str, rows: &[&SummaryRow]) -> String {
    let kept = |row: &&&SummaryRow| matches!(row.verdict, Status::Valid | Status::Suspect);
    let highest = rows.iter().rfind(kept);
    let missed = rows.iter().find(|row| row.verdict == Status::Overloaded);
    let highest = highest.map_or_else(
        || "no rate was kept up with".to_owned(),
        |row| {
            let p99 = row.p99.map_or_else(String::new, |p99| format!(", p99 {} ms", millis(p99)));
            format!("kept up with {} records/s{p99}", rate(row.records_per_second))
        },
    );
    let missed = missed.map_or_else(
        || "; it was overloaded at none of them".to_owned(),
        |row| format!("; overloaded at {}", row.cell.get("rate").map_or("?", String::as_str)),
    );
    format!("{name}: {highest}{missed}.")
}

/// Of the page.
const COLOURS: usize = 5;
