//! Results as Markdown, for a CI job's summary or a pull request. Cost class: once a process.

use std::fmt::Write as _;

use crate::app::judge::markdown::judged;
use crate::app::report::figures::{bytes, millis, millis_of, percent, plural, rate, seconds};
use crate::app::report::matrix::{common, verdict_of};
use crate::app::report::model::{
    ClusterKind, ClusterModel, Distribution, MatrixModel, MatrixReport, Report, Status, SummaryRow,
    TopicModel,
};
use crate::app::report::outcome::Outcome;
use crate::app::report::table_notes;
use crate::app::report::text::{shown, window_seconds};

/// A page of a run or of a matrix.
#[must_use]
pub fn markdown(outcome: &Outcome) -> String {
    let page = match outcome {
        Outcome::Run(report) => run(report),
        Outcome::Matrix(matrix) => several(matrix),
    };
    page + &judged(outcome)
}

fn run(report: &Report) -> String {
    let throughput = &report.throughput;
    let (records, megabytes) = throughput.headline();
    let mut text = format!("### kprod-bench: {}\n\n", badge(report.validity.status));
    if let Some(partial) = &report.partial {
        let _ = writeln!(text, "**Partial**: {}\n", plain(partial));
    }
    let asked = throughput.offered_rps.map(|asked| format!(" of {} asked", rate(asked)));
    let _ = writeln!(
        text,
        "**{} records/s**{}, {}/s; {} due in {}\n",
        rate(records),
        asked.unwrap_or_default(),
        bytes(megabytes * 1e6),
        plural(report.records.due, "record"),
        seconds(window_seconds(report)),
    );
    text.push_str(&reasons(report));
    text.push_str(&latencies(report));
    text.push_str(&stages(report));
    let _ = writeln!(text, "**Limited by** {}\n", plain(&report.validity.limited_by));
    text.push_str(&outcomes(report));
    let _ = writeln!(text, "<sub>{}</sub>", place(report));
    text
}

fn several(matrix: &MatrixReport) -> String {
    let MatrixModel { axes, summary, .. } = &matrix.matrix;
    let runs = plural(matrix.runs.len() as u64, "run");
    let mut text = format!("### kprod-bench: {}, {runs}\n\n", plural(summary.len() as u64, "cell"));
    let axes: Vec<&str> = axes.iter().map(|axis| &*axis.flag).collect();
    let columns: Vec<&str> = axes.iter().copied().chain(FIGURES).collect();
    text.push_str(&line(&columns));
    text.push_str(&line(&columns.iter().map(|_| "---:").collect::<Vec<_>>()));
    for row in summary {
        let cells = cells(&axes, row);
        text.push_str(&line(&cells.iter().map(|cell| &**cell).collect::<Vec<_>>()));
    }
    text.push('\n');
    let reasons = table_notes::reasons(&matrix.matrix);
    for (name, sentence) in &reasons {
        let _ = writeln!(text, "- {name}: {}", plain(sentence));
    }
    if !reasons.is_empty() {
        text.push('\n');
    }
    let fixed = matrix.matrix.fixed.iter();
    let fixed: Vec<_> = fixed.map(|(flag, value)| format!("{flag} {value}")).collect();
    if !fixed.is_empty() {
        let _ = writeln!(text, "In all cells: {}\n", plain(&fixed.join(", ")));
    }
    if let Some(common) = common(matrix) {
        let _ = writeln!(text, "<sub>{}</sub>", place(&common));
    }
    text
}

fn cells(axes: &[&str], row: &SummaryRow) -> Vec<String> {
    let value = |axis: &&str| row.cell.get(*axis).map_or_else(String::new, |it| plain(it));
    let span = |nanos: Option<u64>| nanos.map_or_else(|| "–".to_owned(), millis);
    let mut cells: Vec<String> = axes.iter().map(value).collect();
    cells.extend([
        rate(row.records_per_second),
        format!("{:.1}", row.mb_s),
        span(row.p50),
        span(row.p99),
        span(row.p999),
        span(row.max),
        row.cpu_ns_per_record.map_or_else(|| "–".to_owned(), |cost| format!("{cost:.0}")),
        format!("{} {}", mark(row.verdict), verdict_of(row)),
    ]);
    cells
}

fn reasons(report: &Report) -> String {
    let mut text = String::new();
    for reason in &report.validity.reasons {
        let word = reason.status.shout().to_lowercase();
        let _ = writeln!(text, "- {word}: {}", plain(&reason.text));
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

fn latencies(report: &Report) -> String {
    let mut text = line(&["latency, ms", "p50", "p90", "p99", "p99.9", "p99.99", "max"]);
    text.push_str(&line(&["---", "---:", "---:", "---:", "---:", "---:", "---:"]));
    let mut row = |name: &str, family: Option<&Distribution>| {
        let Some(family) = family.filter(|family| family.count > 0) else { return };
        let rare = |nanos, one_in| {
            if shown(family.count, one_in) { millis(nanos) } else { "–".to_owned() }
        };
        text.push_str(&line(&[
            name,
            &millis(family.p50),
            &millis(family.p90),
            &millis(family.p99),
            &rare(family.p999, 1_000),
            &rare(family.p9999, 10_000),
            &millis(family.max),
        ]));
    };
    row("response", report.latency.response.as_ref());
    row("service", report.latency.service.as_ref());
    row("failed", report.latency.failure.as_ref());
    text.push('\n');
    text
}

fn stages(report: &Report) -> String {
    let stages = &report.stages;
    let parts = [
        ("pacing", &stages.schedule_lag),
        ("buffer", &stages.buffer_wait),
        ("batch", &stages.batch_wait),
        ("retry", &stages.retry),
        ("send queue", &stages.send_queue),
        ("broker", &stages.broker),
    ];
    let parts = parts.iter().filter_map(|(name, stage)| {
        stage.as_ref().map(|stage| format!("{name} {}", millis_of(stage.mean)))
    });
    let parts: Vec<_> = parts.collect();
    if parts.is_empty() {
        return String::new();
    }
    format!("Mean by stage, ms: {}\n\n", parts.join(" · "))
}

/// What became of the records, where it isn't "acknowledged".
fn outcomes(report: &Report) -> String {
    let records = &report.records;
    let bad = [
        ("failed", records.failed),
        ("of unknown fate", records.indeterminate),
        ("unsent", records.unsent),
        ("reordered", records.reordered),
    ];
    let bad: Vec<_> = bad.iter().filter(|(_, count)| *count > 0).collect();
    if bad.is_empty() {
        return String::new();
    }
    let words: Vec<_> = bad.iter().map(|(word, count)| format!("{count} {word}")).collect();
    let share = bad.iter().map(|(_, count)| *count).sum::<u64>();
    #[expect(clippy::cast_precision_loss, reason = "a share with one decimal")]
    let share = share as f64 / records.due.max(1) as f64;
    format!("**Records**: {} ({} of those due)\n\n", words.join(", "), percent(share))
}

fn place(report: &Report) -> String {
    let cluster = &report.cluster;
    let kind = match cluster.kind {
        ClusterKind::Real => "real cluster",
        ClusterKind::Embedded => "EMBEDDED brokers, no real Kafka",
    };
    // What the runs of a matrix differ in isn't there.
    let keys = ["acks", "linger.ms", "batch.size", "compression.type"];
    let keys = keys.into_iter().filter_map(|key| {
        let name = key.trim_end_matches(".type");
        Some(format!("{name}={}", report.config.effective.get(key)?))
    });
    let keys = keys.collect::<Vec<_>>().join(", ");
    let keys = if keys.is_empty() { keys } else { keys + "; " };
    plain(&format!(
        "{} {}, {kind}, {}, {}; {keys}{}",
        report.tool.name,
        report.tool.version,
        plural(cluster.brokers.len() as u64, "broker"),
        topics(cluster),
        report.started_at,
    ))
}

/// The topics with their partitions.
fn topics(cluster: &ClusterModel) -> String {
    let one = |topic: &TopicModel| {
        format!("topic {} of {}", topic.name, plural(topic.partitions.into(), "partition"))
    };
    cluster.topics().iter().map(one).collect::<Vec<_>>().join(", ")
}

const fn mark(status: Status) -> &'static str {
    match status {
        Status::Valid => "✅",
        Status::Suspect => "⚠️",
        Status::Overloaded | Status::Invalid => "❌",
    }
}

fn badge(status: Status) -> String {
    format!("{} {}", mark(status), status.shout().to_lowercase())
}

fn line(cells: &[&str]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

/// Text on one line, no character of which is taken for Markdown or HTML, in a table's cell or
/// outside of one. All Markdown that is written goes by this.
pub(in crate::app) fn plain(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => plain.push_str("&lt;"),
            '>' => plain.push_str("&gt;"),
            '&' => plain.push_str("&amp;"),
            '|' | '*' | '_' | '`' | '~' | '[' | ']' | '\\' => plain.extend(['\\', c]),
            c => plain.push(c),
        }
    }
    plain
}

const FIGURES: [&str; 8] =
    ["records/s", "MB/s", "p50 ms", "p99 ms", "p99.9 ms", "max ms", "CPU ns/record", "verdict"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::report::model::ReasonModel;
    use crate::app::report::sample;

    #[test]
    fn a_run_reads_verdict_first() {
        let text = markdown(&sample::outcome());
        assert!(text.starts_with("### kprod-bench: ✅ valid\n\n**199,998 records/s** of 200,000"));
        assert!(
            text.contains("| response | 5.41 | 7.02 | 12.3 | 31.0 | 44.1 | 52.7 |\n"),
            "{text}"
        );
        assert!(text.contains("pacing 0.12 · buffer 0.00 · batch 2.58"), "{text}");
        assert!(!text.contains("**Records**"), "{text}");
    }

    #[test]
    fn what_went_wrong_is_in_it() {
        let mut report = sample::report();
        report.partial = Some("--abort-on p99 > 5ms | <b>".to_owned());
        report.records.failed = 60_000;
        let text = markdown(&Outcome::Run(report.into()));
        assert!(text.contains("**Partial**: --abort-on p99 &gt; 5ms \\| &lt;b&gt;"), "{text}");
        assert!(text.contains("**Records**: 60000 failed (1.0 % of those due)"), "{text}");
    }

    #[test]
    fn a_matrix_is_a_table() {
        let text = markdown(&sample::matrix());
        assert!(text.starts_with("### kprod-bench: 3 cells, 3 runs\n\n| acks | linger-ms | reco"));
        let rows: Vec<&str> = text.lines().filter(|line| line.starts_with('|')).collect();
        assert_eq!(rows.len(), 5);
        let columns = |row: &&str| row.matches('|').count();
        assert!(rows.iter().all(|row| columns(row) == 11), "{text}");
    }

    /// Goal: the footer names no axis, and a verdict has its reason. Method: three values of acks,
    /// a reason of the last cell.
    #[test]
    fn below_the_table_stand_reasons_and_what_all_cells_share() {
        let Outcome::Matrix(mut matrix) = sample::matrix() else { panic!() };
        for (run, acks) in matrix.runs.iter_mut().zip(["0", "1", "all"]) {
            run.report.config.effective.insert("acks".to_owned(), acks.to_owned());
        }
        let reason = ReasonModel {
            name: "cluster_too_slow".to_owned(),
            status: Status::Overloaded,
            text: "half of the records piled up".to_owned(),
        };
        matrix.matrix.summary[2].reasons = vec![reason];
        let text = markdown(&Outcome::Matrix(matrix));
        let said = "\n\n- overloaded: half of the records piled up (acks=all linger=5)\n\n";
        assert!(text.contains(said), "{text}");
        let footer = text.lines().find(|line| line.starts_with("<sub>")).unwrap();
        assert!(footer.contains("; linger.ms=5, ") && !footer.contains("acks="), "{footer}");
    }
}
