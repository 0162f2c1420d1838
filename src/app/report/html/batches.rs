//! How full batches were, why they were closed, and what compression made of them.

use std::fmt::Write as _;

use super::svg::{WIDTH, float, open};
use super::{facts, figure, key, none, run_name, table};
use crate::app::report::figures::{bytes, percent, thousands, whole_percent};
use crate::app::report::model::{BatchesModel, Report};
use crate::app::report::outcome::RunOf;

/// The section of one run.
pub(super) fn section(report: &Report) -> String {
    let batches = &report.batches;
    if batches.count == 0 {
        return none("No batch was delivered.");
    }
    let (requests, codec) = (&report.requests, codec(report));
    let compressed = if codec == "none" {
        "no codec".to_owned()
    } else {
        format!("{codec}, {} of the bytes left", percent(batches.compress_ratio))
    };
    let boxes = facts(&[
        ("batches", thousands(batches.count)),
        ("records each", format!("{:.1}", batches.records_mean)),
        ("bytes each", bytes(batches.bytes_mean)),
        ("of batch.size", whole_percent(batches.fill_ratio)),
        ("compression", compressed),
        ("split as too large", thousands(batches.splits)),
        ("requests", thousands(requests.count)),
        ("batches each", format!("{:.1}", requests.batches_mean)),
        (
            "in flight, p50 and most",
            format!("{}, {}", requests.in_flight_p50, requests.in_flight_max),
        ),
        ("on the wire", bytes(report.throughput.mb_s_wire * 1e6) + "/s"),
    ]);
    let names =
        [(3, "linger.ms was over"), (1, "full"), (2, "memory was wanted"), (4, "the phase ended")];
    let caption = "Why batches were closed.";
    format!("{boxes}{}", figure(&closed(batches), caption, &key(&names)))
}

/// Several runs, a row each.
pub(super) fn of_several(runs: &[RunOf<'_>]) -> String {
    let head = [
        "run",
        "batches",
        "records each",
        "bytes each",
        "of batch.size",
        "codec",
        "bytes left",
        "closed by linger",
        "full",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for run in runs {
        let batches = &run.report.batches;
        let all = float(reasons(batches).iter().map(|(_, _, count)| count).sum::<u64>()).max(1.0);
        let share = |count: u64| whole_percent(float(count) / all);
        rows.push(vec![
            run_name(run, runs),
            thousands(batches.count),
            format!("{:.1}", batches.records_mean),
            bytes(batches.bytes_mean),
            whole_percent(batches.fill_ratio),
            codec(run.report).to_owned(),
            percent(batches.compress_ratio),
            share(batches.close_reason.linger),
            share(batches.close_reason.full),
        ]);
    }
    table("", "Batches that were delivered.", &rows)
}

fn codec(report: &Report) -> &str {
    report.config.effective.get("compression.type").map_or("?", String::as_str)
}

/// Colour, words and count of each reason.
fn reasons(batches: &BatchesModel) -> [(usize, &'static str, u64); 4] {
    let closed = &batches.close_reason;
    [
        (3, "linger", closed.linger),
        (1, "full", closed.full),
        (2, "memory", closed.memory),
        (4, "end of the phase", closed.flush),
    ]
}

fn closed(batches: &BatchesModel) -> String {
    let reasons = reasons(batches);
    let all = float(reasons.iter().map(|(_, _, count)| count).sum::<u64>()).max(1.0);
    let words = reasons
        .iter()
        .map(|(_, name, count)| format!("{name} {}", whole_percent(float(*count) / all)));
    let description = words.collect::<Vec<_>>().join(", ");
    let mut text = open("closed", "Why batches were closed", &description, 30.0);
    let mut left = 0.0;
    for (colour, name, count) in reasons {
        let width = float(count) / all * WIDTH;
        let _ = write!(
            text,
            "<rect class=\"f{colour}\" x=\"{left:.1}\" y=\"4\" width=\"{width:.1}\" height=\"22\">\
             <title>{name}: {}</title></rect>",
            thousands(count)
        );
        left += width;
    }
    text + "</svg>"
}
