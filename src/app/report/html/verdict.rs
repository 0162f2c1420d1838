//! Whether it is a measurement, what limited it, and the command that repeats it.

use super::{escape, facts};
use crate::app::report::figures::{
    bytes, percent, plural, rate, seconds, thousands, whole, whole_percent,
};
use crate::app::report::files::folder::command;
use crate::app::report::model::{ClusterKind, MatrixReport, ReasonModel, Report, Status};
use crate::app::report::text::window_seconds;

/// Of one run.
pub(super) fn of_run(report: &Report) -> String {
    let throughput = &report.throughput;
    let (records, megabytes) = throughput.headline();
    let asked = throughput.offered_rps.map(|asked| format!(" of {} asked", rate(asked)));
    let mut text = format!(
        "<div class=\"strip\">{}<span class=\"big\">{} records/s</span><span>{}</span></div>",
        badge(report.validity.status),
        rate(records),
        escape(&format!("{}, {}/s", asked.unwrap_or_default().trim(), bytes(megabytes * 1e6)))
            .trim_start_matches(", "),
    );
    if let Some(partial) = &report.partial {
        text.push_str(&format!(
            "<p><span class=\"badge fail\">PARTIAL</span> {}</p>",
            escape(partial)
        ));
    }
    if report.cluster.kind == ClusterKind::Embedded {
        text.push_str(
            "<p><span class=\"badge suspect\">EMBEDDED</span> brokers in memory: no figure here is \
             one of a real Kafka cluster.</p>",
        );
    }
    text.push_str(&reasons(&report.validity.reasons));
    text.push_str(&format!(
        "<p><strong>Limited by</strong> {}</p>",
        escape(&report.validity.limited_by)
    ));
    text.push_str(&facts(&figures(report)));
    text.push_str(&proof(report));
    text.push_str(&again(report));
    text
}

/// Of several runs: how many are a measurement, and all kinds of doubts.
pub(super) fn of_matrix(matrix: &MatrixReport, first: Option<&Report>) -> String {
    let rows = &matrix.matrix.summary;
    let mut text = String::from("<div class=\"strip\">");
    for status in [Status::Valid, Status::Suspect, Status::Overloaded, Status::Invalid] {
        let count = rows.iter().filter(|row| row.verdict == status).count();
        if count > 0 {
            let cells = plural(count as u64, "cell");
            text.push_str(&format!("<span>{} {cells}</span>", badge(status)));
        }
    }
    let runs = plural(matrix.runs.len() as u64, "run");
    text.push_str(&format!("<span>in {runs}</span></div>"));
    if (matrix.runs.len() as u64) < matrix.matrix.planned_runs {
        let planned = thousands(matrix.matrix.planned_runs);
        text.push_str(&format!(
            "<p><span class=\"badge fail\">PARTIAL</span> {runs} of {planned} that were asked \
             for</p>"
        ));
    }
    let mut known: Vec<ReasonModel> = Vec::new();
    for reason in rows.iter().flat_map(|row| &row.reasons) {
        if known.iter().all(|one| one.name != reason.name) {
            known.push(reason.clone());
        }
    }
    text.push_str(&reasons(&known));
    text.push_str(&first.map_or_else(String::new, again));
    text
}

fn figures(report: &Report) -> Vec<(&'static str, String)> {
    let records = &report.records;
    let bad = records.failed + records.indeterminate + records.unsent;
    let cost = report.client.cpu_ns_per_record;
    let busy = report.client.busy_max;
    vec![
        ("records due", thousands(records.due)),
        ("in", seconds(window_seconds(report))),
        ("acked", thousands(records.acked + records.duplicate + records.written)),
        ("failed, unsent or unknown", thousands(bad)),
        ("batches sent again", thousands(report.retries)),
        ("CPU a record", cost.map_or_else(String::new, |cost| whole(cost) + " ns")),
        (
            "busiest producer",
            busy.map_or_else(String::new, |busy| whole_percent(busy) + " of a core"),
        ),
        ("asked rate reached", report.throughput.achieved_ratio.map(percent).unwrap_or_default()),
    ]
}

fn proof(report: &Report) -> String {
    let words = match report.throughput.delta_confirms {
        Some(true) => "the topic's offsets grew as the acks say",
        Some(false) => "NO: the topic's offsets did not grow as the acks say",
        None => "the topic's offsets were not read",
    };
    format!("<p><strong>Confirmed</strong> {}</p>", escape(words))
}

fn reasons(reasons: &[ReasonModel]) -> String {
    if reasons.is_empty() {
        return String::new();
    }
    let rows = reasons.iter().map(|reason| {
        let word = reason.status.shout().to_lowercase();
        format!("<li><strong>{word}</strong>: {}</li>", escape(&reason.text))
    });
    format!("<ul class=\"plain\">{}</ul>", rows.collect::<String>())
}

fn again(report: &Report) -> String {
    format!("<h3>Again</h3><pre>{}</pre>", escape(command(&report.command).trim_end()))
}

pub(super) fn badge(status: Status) -> String {
    let word = status.shout();
    format!("<span class=\"badge {}\">{word}</span>", word.to_lowercase())
}
