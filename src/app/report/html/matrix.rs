//! The cells of a matrix: a table that is a heat map, and throughput against latency.

use std::fmt::Write as _;

use super::svg::{Frame, Scale, count_tick, escape, ms, ms_tick};
use super::{figure, none, verdict};
use crate::app::report::figures::{millis, rate, whole};
use crate::app::report::matrix::verdict_of;
use crate::app::report::model::{MatrixModel, Status, SummaryRow};

/// The section.
pub(super) fn section(matrix: &MatrixModel) -> String {
    if matrix.summary.is_empty() {
        return none("No cell came to a result.");
    }
    let fixed = matrix.fixed.iter().map(|(flag, value)| format!("{flag} {value}"));
    let fixed = fixed.collect::<Vec<_>>().join(", ");
    format!(
        "{}<p class=\"sub\">In all cells: {}.</p>{}",
        cells(matrix),
        escape(&fixed),
        pareto(matrix)
    )
}

/// A figure of a cell, the lower the better.
type Figure = fn(&SummaryRow) -> Option<f64>;
/// Its words.
type Words = fn(&SummaryRow) -> String;

/// Name, figure and its words.
const COLUMNS: [(&str, Figure, Words); 7] = [
    ("records/s", |row| Some(-row.records_per_second), |row| rate(row.records_per_second)),
    ("MB/s", |row| Some(-row.mb_s), |row| format!("{:.1}", row.mb_s)),
    ("p50 ms", |row| row.p50.map(ms), |row| span(row.p50)),
    ("p99 ms", |row| row.p99.map(ms), |row| span(row.p99)),
    ("p99.9 ms", |row| row.p999.map(ms), |row| span(row.p999)),
    ("max ms", |row| row.max.map(ms), |row| span(row.max)),
    (
        "CPU ns/record",
        |row| row.cpu_ns_per_record,
        |row| row.cpu_ns_per_record.map_or_else(dash, whole),
    ),
];

fn span(nanos: Option<u64>) -> String {
    nanos.map_or_else(dash, millis)
}

fn dash() -> String {
    "–".to_owned()
}

fn cells(matrix: &MatrixModel) -> String {
    let rows = &matrix.summary;
    let mut text = String::from(
        "<div class=\"wide\"><table><caption>The stronger the colour, the worse in its column; the \
         star is the best of those that are a measurement.</caption><thead><tr>",
    );
    for axis in &matrix.axes {
        let _ = write!(text, "<th>{}</th>", escape(&axis.flag));
    }
    for (name, ..) in COLUMNS {
        let _ = write!(text, "<th>{name}</th>");
    }
    text.push_str("<th>verdict</th></tr></thead><tbody>");
    let columns: Vec<_> = COLUMNS.iter().map(|(_, figure, _)| Column::of(rows, *figure)).collect();
    for (at, row) in rows.iter().enumerate() {
        text.push_str("<tr>");
        for axis in &matrix.axes {
            let value = row.cell.get(&axis.flag).map_or("", String::as_str);
            let _ = write!(text, "<td>{}</td>", escape(value));
        }
        for ((_, figure, words), column) in COLUMNS.iter().zip(&columns) {
            let best = if column.best == Some(at) { " best" } else { "" };
            let heat = column.heat(figure(row));
            let words = escape(&words(row));
            let _ = write!(text, "<td class=\"heat{best}\" style=\"--a:{heat:.2}\">{words}</td>");
        }
        let _ = write!(text, "<td>{}</td></tr>", badge(row));
    }
    text + "</tbody></table></div>"
}

/// The verdict, and how many of the cell's runs have it where others don't.
fn badge(row: &SummaryRow) -> String {
    let badge = verdict::badge(row.verdict);
    match verdict_of(row).split_once(" of ") {
        Some((some, _)) => format!("{some} of {} {badge}", row.runs),
        None => badge,
    }
}

/// A column's range, and who is best in it.
struct Column {
    low: f64,
    high: f64,
    best: Option<usize>,
}

impl Column {
    fn of(rows: &[SummaryRow], figure: Figure) -> Self {
        let known = || rows.iter().filter_map(figure);
        let competing: Vec<(usize, f64)> = rows
            .iter()
            .enumerate()
            .filter(|(_, row)| matches!(row.verdict, Status::Valid | Status::Suspect))
            .filter(|(_, row)| row.kind == "acked" || rows.iter().all(|it| it.kind == row.kind))
            .filter_map(|(at, row)| Some((at, figure(row)?)))
            .collect();
        let best = competing.iter().min_by(|(_, a), (_, b)| a.total_cmp(b));
        Self {
            low: known().fold(f64::INFINITY, f64::min),
            high: known().fold(f64::NEG_INFINITY, f64::max),
            // Nobody is best alone.
            best: best.map(|(at, _)| *at).filter(|_| competing.len() > 1),
        }
    }

    /// 0 for the best figure of the column, up to [`DARKEST`] for the worst.
    fn heat(&self, figure: Option<f64>) -> f64 {
        let Some(figure) = figure else { return 0.0 };
        // Latencies differ by factors, rates (negative here) by differences.
        let part = if self.low > 0.0 {
            (figure / self.low).ln() / (self.high / self.low).ln()
        } else {
            (figure - self.low) / (self.high - self.low)
        };
        if part.is_finite() { part.clamp(0.0, 1.0) * DARKEST } else { 0.0 }
    }
}

/// Throughput against the 99th percentile: the cells on the line are beaten in both by none.
fn pareto(matrix: &MatrixModel) -> String {
    let rows = &matrix.summary;
    let all: Vec<(&SummaryRow, f64)> =
        rows.iter().filter_map(|row| Some((row, ms(row.p99?)))).collect();
    if all.len() < 2 {
        return none("Throughput against latency needs two cells with a p99.");
    }
    let front = front(&all);
    let low = all.iter().map(|(_, p99)| *p99).fold(f64::INFINITY, f64::min);
    let high = all.iter().map(|(_, p99)| *p99).fold(0.0, f64::max);
    let most = all.iter().map(|(row, _)| row.records_per_second).fold(0.0, f64::max);
    let best = front.iter().map(|at| name(all[*at].0)).collect::<Vec<_>>().join("; ");
    let no_line = "no cell is a measurement, so that none is the best";
    let description = match best.is_empty() {
        true => no_line.to_owned(),
        false => format!("not beaten in both: {best}"),
    };
    let title = "Throughput and p99";
    let (x, y) = (Scale::linear(most), Scale::log(low, high));
    let mut frame = Frame::new("pareto", title, description, x, y);
    let line: Vec<_> =
        front.iter().map(|&at| (all[at].0.records_per_second, Some(all[at].1))).collect();
    frame.line("s1 dash", &line);
    for (at, (row, p99)) in all.iter().enumerate() {
        let class = match row.verdict {
            _ if front.contains(&at) => "f1",
            Status::Valid | Status::Suspect => "f3",
            Status::Overloaded | Status::Invalid => "f6",
        };
        let words = format!(
            "{}: {} records/s, p99 {:.2} ms, {}",
            name(row),
            rate(row.records_per_second),
            p99,
            row.verdict.shout().to_lowercase()
        );
        frame.point(class, row.records_per_second, *p99, &words);
    }
    let (x, y) = (frame.x_ticks(count_tick), frame.y_ticks(ms_tick));
    let drawn = frame.draw(&x, &y, "records/s");
    let key = super::key(&[
        (1, "beaten by no other cell in both"),
        (3, "another cell is better"),
        (6, "no measurement"),
    ]);
    let line = if best.is_empty() { no_line.to_owned() } else { format!("on the line: {best}") };
    let caption = format!("Further right and lower is better; {line}.");
    format!("<div class=\"grid\">{}</div>", figure(&drawn, &caption, &key))
}

/// The measurements for which none has both a higher rate and a lower p99, by rate.
fn front(all: &[(&SummaryRow, f64)]) -> Vec<usize> {
    let counts = |row: &SummaryRow| matches!(row.verdict, Status::Valid | Status::Suspect);
    let beaten = |row: &SummaryRow, p99: f64| {
        all.iter().any(|(other, its)| {
            counts(other)
                && other.kind == row.kind
                && other.records_per_second >= row.records_per_second
                && *its <= p99
                && (other.records_per_second > row.records_per_second || *its < p99)
        })
    };
    let mut front: Vec<usize> =
        (0..all.len()).filter(|&at| counts(all[at].0) && !beaten(all[at].0, all[at].1)).collect();
    front.sort_by(|&a, &b| all[a].0.records_per_second.total_cmp(&all[b].0.records_per_second));
    front
}

fn name(row: &SummaryRow) -> String {
    let values = row.cell.iter().map(|(flag, value)| format!("{flag}={value}"));
    values.collect::<Vec<_>>().join(" ")
}

/// Text stays legible on it.
const DARKEST: f64 = 0.42;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::report::outcome::Outcome;
    use crate::app::report::sample;

    #[test]
    fn the_front_holds_what_no_measurement_beats() {
        let Outcome::Matrix(matrix) = sample::matrix() else { panic!() };
        let mut rows = matrix.matrix.summary;
        for (row, (rate, p99)) in rows.iter_mut().zip([(100.0, 5), (200.0, 9), (150.0, 9)]) {
            (row.records_per_second, row.p99) = (rate, Some(p99));
            (row.verdict, row.kind) = (Status::Valid, "acked".to_owned());
        }
        let points = |rows: &[SummaryRow]| {
            let all: Vec<_> = rows.iter().map(|row| (row, ms(row.p99.unwrap()))).collect();
            front(&all)
        };
        assert_eq!(points(&rows), [0, 1]);
        rows[1].verdict = Status::Overloaded;
        assert_eq!(points(&rows), [0, 2]);
        rows[0].kind = "written".to_owned();
        assert_eq!(points(&rows), [0, 2]);
    }

    #[test]
    fn without_a_measurement_there_is_no_line() {
        let Outcome::Matrix(mut matrix) = sample::matrix() else { panic!() };
        assert!(pareto(&matrix.matrix).contains("; on the line: acks="));
        for row in &mut matrix.matrix.summary {
            row.verdict = Status::Overloaded;
        }
        let seen = pareto(&matrix.matrix);
        assert!(!seen.contains("n the line: "), "{seen}");
        assert!(seen.contains("; no cell is a measurement"), "{seen}");
    }

    #[test]
    fn the_worst_of_a_column_is_the_darkest() {
        let Outcome::Matrix(matrix) = sample::matrix() else { panic!() };
        let rows = &matrix.matrix.summary;
        let p99 = Column::of(rows, |row| row.p99.map(ms));
        assert_eq!(p99.heat(rows[0].p99.map(ms)), 0.0);
        assert!((p99.heat(rows[2].p99.map(ms)) - DARKEST).abs() < 1e-9);
        assert_eq!(Column::of(&rows[..1], |row| row.p99.map(ms)).heat(Some(1.0)), 0.0);
        assert_eq!(p99.heat(None), 0.0);
    }

    #[test]
    fn what_is_not_known_is_a_dash_and_leaves_nobody_best_alone() {
        let Outcome::Matrix(matrix) = sample::matrix() else { panic!() };
        let mut rows = matrix.matrix.summary;
        for (at, row) in rows.iter_mut().enumerate() {
            (row.verdict, row.kind) = (Status::Valid, "acked".to_owned());
            row.p999 = (at > 0).then_some(5_000_000);
        }
        let p999: Figure = |row| row.p999.map(ms);
        assert_eq!(span(rows[0].p999), "–");
        assert_eq!(Column::of(&rows, p999).best, Some(1));
        assert_eq!(Column::of(&rows[..2], p999).best, None);
    }
}
