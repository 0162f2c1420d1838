//! What went wrong, when, and what became of the records.

use std::fmt::Write as _;

use super::svg::{WIDTH, escape, float, open};
use super::{figure, none, run_name, table};
use crate::app::report::figures::{plural, thousands};
use crate::app::report::model::Report;
use crate::app::report::outcome::RunOf;

/// The section of one run or of several.
pub(super) fn section(runs: &[RunOf<'_>]) -> String {
    let mut text = table("", "Records of the measurement by outcome.", &outcomes(runs));
    let errors = errors(runs);
    if errors.len() > 1 {
        text.push_str(&table("text", "Errors by Kafka's code.", &errors));
    } else {
        text.push_str(&none("No broker answered with an error, and no record failed by one."));
    }
    let faults: String = runs
        .iter()
        .flat_map(|run| &run.report.faults)
        .map(|fault| format!("<li>{} ({} times)</li>", escape(&fault.text), fault.count))
        .collect();
    if !faults.is_empty() {
        let _ = write!(text, "<h3>Broken protocol</h3><ul class=\"plain\">{faults}</ul>");
    }
    match runs {
        [run] => text.push_str(&gaps(run.report)),
        _ => {
            let count: usize = runs.iter().map(|run| run.report.unavailability.len()).sum();
            if count > 0 {
                let gaps = plural(count as u64, "gap");
                text.push_str(&none(&format!("Partitions took nothing in {gaps} of these runs.")));
            }
        }
    }
    text
}

fn outcomes(runs: &[RunOf<'_>]) -> Vec<Vec<String>> {
    let several = runs.len() > 1;
    let mut head = vec!["due", "acked", "duplicate", "written", "failed", "unknown fate", "unsent"];
    head.extend(["dropped", "skipped", "reordered", "batches sent again"]);
    let mut head: Vec<String> = head.into_iter().map(str::to_owned).collect();
    if several {
        head.insert(0, "run".to_owned());
    }
    let rows = runs.iter().map(|run| {
        let records = &run.report.records;
        let counts = [
            records.due,
            records.acked,
            records.duplicate,
            records.written,
            records.failed,
            records.indeterminate,
            records.unsent,
            records.dropped,
            records.skipped,
            records.reordered,
            run.report.retries,
        ];
        let mut row: Vec<String> = counts.iter().map(|count| thousands(*count)).collect();
        if several {
            row.insert(0, run_name(run, runs));
        }
        row
    });
    core::iter::once(head).chain(rows).collect()
}

fn errors(runs: &[RunOf<'_>]) -> Vec<Vec<String>> {
    let seconds = |nanos: u64| format!("{:.1} s", float(nanos) / 1e9);
    let mut head =
        vec!["error", "retriable", "records that met it", "ended by it", "first", "last"];
    if runs.len() > 1 {
        head.insert(0, "run");
    }
    let mut rows = vec![head.into_iter().map(str::to_owned).collect::<Vec<_>>()];
    for run in runs {
        for error in &run.report.errors {
            let refusal = error.refusal.as_ref().map(|words| format!(": {words}"));
            let mut row = vec![
                format!("{} ({}){}", error.name, error.code, refusal.unwrap_or_default()),
                if error.retriable { "yes" } else { "no" }.to_owned(),
                thousands(error.count),
                thousands(error.records),
                seconds(error.first_at),
                seconds(error.last_at),
            ];
            if runs.len() > 1 {
                row.insert(0, run_name(run, runs));
            }
            rows.push(row);
        }
    }
    rows
}

/// When which partition took nothing.
fn gaps(report: &Report) -> String {
    if report.unavailability.is_empty() {
        return none("Every partition that records waited for took some all the time.");
    }
    let mut partitions: Vec<i32> = report.unavailability.iter().map(|gap| gap.partition).collect();
    partitions.sort_unstable();
    partitions.dedup();
    let last = report.unavailability.iter().map(|gap| gap.end).max().unwrap_or(1);
    let end = report.intervals.last().map_or(last, |it| (it.start + it.length).max(last));
    let at = |nanos: u64| NAMES + float(nanos) / float(end.max(1)) * (WIDTH - NAMES - 4.0);
    let (mut marks, mut top) = (String::new(), 4.0);
    for partition in partitions.iter().take(MOST_ROWS) {
        let _ = write!(marks, "<text x=\"0\" y=\"{:.1}\">partition {partition}</text>", top + 13.0);
        let _ = write!(marks, "<path class=\"gl\" d=\"M{NAMES} {:.1}H{WIDTH}\"/>", top + 9.0);
        for gap in report.unavailability.iter().filter(|gap| gap.partition == *partition) {
            let broker =
                |id: Option<i32>| id.map_or_else(|| "none".to_owned(), |id| id.to_string());
            let words = format!(
                "partition {partition}: {:.1} to {:.1} s, from broker {} to {}",
                float(gap.start) / 1e9,
                float(gap.end) / 1e9,
                broker(gap.from),
                broker(gap.to)
            );
            let _ = write!(
                marks,
                "<rect class=\"f6\" x=\"{:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"17\">\
                 <title>{}</title></rect>",
                at(gap.start),
                (at(gap.end) - at(gap.start)).max(1.5),
                escape(&words)
            );
        }
        top += 22.0;
    }
    let description = format!(
        "{} of {}",
        plural(report.unavailability.len() as u64, "gap"),
        plural(partitions.len() as u64, "partition")
    );
    let more = partitions.len().saturating_sub(MOST_ROWS);
    let rest = if more > 0 {
        format!(" {more} more partitions are in result.json.")
    } else {
        String::new()
    };
    let drawn = open("gaps", "When partitions took nothing", &description, top) + &marks + "</svg>";
    let caption = format!(
        "Partitions that acknowledged nothing although records waited, over {:.0} s.{rest}",
        float(end) / 1e9
    );
    figure(&drawn, &caption, "")
}

const NAMES: f64 = 90.0;
const MOST_ROWS: usize = 40;
