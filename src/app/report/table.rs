//! A matrix as one row per cell, the best of each column marked, with what the figures are and why
//! cells aren't valid below. Cost class: once a process.

use super::figures::{millis, rate, whole};
use super::matrix::verdict_of;
use super::model::{MatrixModel, Status, SummaryRow};
use super::paint::Paint;
use super::table_notes::notes;

/// The table: the axes' values first, then what each cell reached. A star marks the best of a
/// column among the cells that are a measurement.
#[must_use]
pub fn table(matrix: &MatrixModel, paint: Paint) -> String {
    let axes = matrix.axes.iter().map(|axis| column_name(&axis.flag));
    let figures = FIGURES.iter().filter(|name| matrix.repeat > 1 || **name != P99_RANGE);
    let header: Vec<String> = axes.chain(figures.map(|&name| name.to_owned())).collect();
    let rows: Vec<Vec<String>> = matrix.summary.iter().map(|row| texts(matrix, row)).collect();
    let width = |column: usize| {
        let rows = rows.iter().map(|row| row[column].chars().count());
        rows.chain([header[column].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let best = best(&matrix.summary);
    let mut page = String::new();
    page.push_str(&line(&header, &widths, |_| false, Paint::Off));
    for (at, row) in rows.iter().enumerate() {
        let starred = |column: usize| {
            let figure = column.checked_sub(matrix.axes.len());
            figure.and_then(|figure| best.get(figure)).is_some_and(|best| *best == Some(at))
        };
        page.push_str(&line(row, &widths, starred, paint));
    }
    page.push('\n');
    page.push_str(&notes(matrix));
    page
}

/// One line of cells, right-aligned but the last, with room for a star behind each.
fn line(
    cells: &[String],
    widths: &[usize],
    starred: impl Fn(usize) -> bool,
    paint: Paint,
) -> String {
    let mut text = String::new();
    for (column, (cell, width)) in cells.iter().zip(widths).enumerate() {
        let last = column + 1 == cells.len();
        let room = if last { 0 } else { width - cell.chars().count() };
        text.push_str(&" ".repeat(room));
        text.push_str(&if starred(column) {
            paint.best(&format!("{cell}*"))
        } else {
            cell.clone()
        });
        text.push_str(if last {
            ""
        } else if starred(column) {
            " "
        } else {
            "  "
        });
    }
    text.push('\n');
    text
}

/// A cell's texts in the order of the header.
fn texts(matrix: &MatrixModel, row: &SummaryRow) -> Vec<String> {
    let axis = |flag: &String| row.cell.get(flag).cloned().unwrap_or_default();
    let span = |nanos: Option<u64>| nanos.map_or_else(|| "-".to_owned(), millis);
    let mut texts: Vec<String> = matrix.axes.iter().map(|one| axis(&one.flag)).collect();
    texts.extend([
        rate(row.records_per_second),
        format!("{:.1}", row.mb_s),
        span(row.p50),
        span(row.p99),
        span(row.p999),
        span(row.max),
        row.cpu_ns_per_record.map_or_else(|| "-".to_owned(), whole),
    ]);
    if matrix.repeat > 1 {
        let range = |(low, high)| format!("{}–{}", millis(low), millis(high));
        texts.push(row.p99_range.map_or_else(|| "-".to_owned(), range));
    }
    texts.push(verdict_of(row));
    texts
}

/// The row that is best in each figure: the highest rate, the lowest latency and cost. Invalid and
/// overloaded cells don't compete, and nobody is best alone.
fn best(rows: &[SummaryRow]) -> Vec<Option<usize>> {
    #[expect(clippy::cast_precision_loss, reason = "only compared")]
    let figures = |row: &SummaryRow| {
        let low = |nanos: Option<u64>| nanos.map_or(f64::INFINITY, |nanos| nanos as f64);
        [
            -row.records_per_second,
            -row.mb_s,
            low(row.p50),
            low(row.p99),
            low(row.p999),
            low(row.max),
            row.cpu_ns_per_record.unwrap_or(f64::INFINITY),
        ]
    };
    let mixed = mixed(rows);
    let competing: Vec<(usize, [f64; 7])> = rows
        .iter()
        .enumerate()
        .filter(|(_, row)| matches!(row.verdict, Status::Valid | Status::Suspect))
        .filter(|(_, row)| !mixed || row.kind == "acked")
        .map(|(at, row)| (at, figures(row)))
        .collect();
    let of_column = |column: usize| {
        let candidates = || competing.iter().filter(|(_, figures)| figures[column].is_finite());
        let best = candidates().min_by(|(_, a), (_, b)| a[column].total_cmp(&b[column]))?;
        (candidates().count() > 1).then_some(best.0)
    };
    (0..7).map(of_column).collect()
}

/// Whether some rows end at the ack and others at the write.
pub(super) fn mixed(rows: &[SummaryRow]) -> bool {
    rows.iter().any(|row| row.kind != rows[0].kind)
}

/// An axis at the head of its column: with the unit where its values have none.
fn column_name(flag: &str) -> String {
    let unit = if flag == "linger-ms" { " ms" } else { "" };
    format!("{}{unit}", axis_name(flag))
}

/// Long flags under the short name that a column has room for.
pub(super) fn axis_name(flag: &str) -> &str {
    match flag {
        "linger-ms" => "linger",
        "batch-size" => "batch",
        "compression-type" => "codec",
        "compression-level" => "level",
        "max-in-flight-requests-per-connection" => "in-flight",
        "enable-idempotence" => "idempotence",
        "buffer-memory" => "buffer",
        other => other,
    }
}

const FIGURES: [&str; 9] = [
    "records/s",
    "MB/s",
    "p50 ms",
    "p99 ms",
    "p99.9 ms",
    "max ms",
    "CPU ns/record",
    P99_RANGE,
    "verdict",
];
/// Only where cells were repeated.
const P99_RANGE: &str = "p99 min–max";

#[cfg(test)]
mod tests {
    use super::super::model::{AxisModel, ReasonModel};
    use super::*;

    fn row(acks: &str, rps: f64, p99: u64, verdict: Status) -> SummaryRow {
        SummaryRow {
            cell: [("acks".to_owned(), acks.to_owned())].into(),
            kind: if acks == "0" { "written" } else { "acked" }.to_owned(),
            family: "response".to_owned(),
            runs: 1,
            records_per_second: rps,
            records_per_second_range: (rps, rps),
            mb_s: rps / 1e4,
            p50: Some(p99 / 2),
            p99: Some(p99),
            p999: Some(p99 * 2),
            max: None,
            cpu_ns_per_record: Some(120.4),
            p99_range: Some((p99, p99 + 1_000_000)),
            short: false,
            confirmed: Some(true),
            verdict,
            verdict_runs: 1,
            reasons: Vec::new(),
        }
    }

    #[test]
    fn overloaded_and_invalid_cells_win_nothing() {
        let summary = vec![
            row("1", 90_000.0, 1, Status::Overloaded),
            row("all", 80_000.0, 2, Status::Invalid),
            row("1", 50_000.0, 3, Status::Valid),
            row("all", 40_000.0, 4, Status::Suspect),
        ];
        assert_eq!(best(&summary)[0], Some(2));
        assert_eq!(best(&summary)[3], Some(2));
        assert_eq!(best(&summary[..3])[0], None);
    }

    #[test]
    fn what_is_not_known_is_never_the_best_and_leaves_nobody_best_alone() {
        let mut summary = [1, 2, 3].map(|p99| row("all", 9.0, p99, Status::Valid)).to_vec();
        assert_eq!(best(&summary)[4], Some(0));
        summary[0].p999 = None;
        assert_eq!(best(&summary)[4], Some(1));
        summary[1].p999 = None;
        assert_eq!(best(&summary)[4], None);
    }

    #[test]
    fn each_cell_is_a_row_and_the_best_measurement_is_starred() {
        let busy = |share: &str| ReasonModel {
            name: "run_delay".to_owned(),
            status: Status::Suspect,
            text: format!("workers waited for a core for {share} of the window"),
        };
        let mut summary = vec![
            row("0", 250_000.0, 900_000, Status::Valid),
            row("1", 50_000.0, 5_000_000, Status::Suspect),
            row("all", 49_990.0, 12_000_000, Status::Suspect),
        ];
        summary[1].reasons = vec![busy("3.0 %")];
        summary[2].reasons = vec![busy("4.0 %")];
        let mut matrix = MatrixModel {
            axes: vec![AxisModel { flag: "acks".to_owned(), values: vec![] }],
            repeat: 1,
            summary,
            fixed: [("linger-ms", "5"), ("rate", "50,000/s")]
                .map(|(flag, value)| (flag.to_owned(), value.to_owned()))
                .into(),
            planned_runs: 3,
        };
        let seen = table(&matrix, Paint::Off);
        let expected = include_str!("table_snapshot.txt");
        assert!(seen == expected, "got:\n{seen}\nexpected:\n{expected}");
        assert!(seen.lines().all(|line| line.chars().count() <= 100));
        matrix.repeat = 3;
        matrix.planned_runs = 9;
        for row in &mut matrix.summary {
            (row.runs, row.verdict_runs) = (3, 3);
        }
        (matrix.summary[2].runs, matrix.summary[2].verdict_runs) = (1, 1);
        let seen = table(&matrix, Paint::Off);
        assert!(seen.contains("CPU ns/record  p99 min–max  verdict"), "{seen}");
        assert!(seen.contains("5.00–6.00"), "{seen}");
        assert!(seen.contains("7 of 9 runs"), "{seen}");
        matrix.axes[0].flag = "linger-ms".to_owned();
        matrix.summary[1].confirmed = Some(false);
        matrix.summary[2].short = true;
        let seen = table(&matrix, Paint::Off);
        assert!(seen.starts_with("linger ms  records/s"), "{seen}");
        let words = seen.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains("confirmed NO: not in 1 of 3 cells"), "{seen}");
        assert!(
            words.contains("in 1 short cell from the first due record to the last ack"),
            "{seen}"
        );
        matrix.summary[1].confirmed = None;
        assert!(table(&matrix, Paint::Off).contains("not checked, or not to the end, in 1 of 3"));
    }
}
