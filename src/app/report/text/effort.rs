//! Batches and requests: how the records went out. Cost class: once a run.

use super::page::field;
use crate::app::report::figures::{bytes, plural, thousands, whole_percent};
use crate::app::report::model::Report;

/// Batches and requests.
pub(super) fn effort(report: &Report) -> Vec<String> {
    let (batches, requests) = (&report.batches, &report.requests);
    if batches.count == 0 {
        return Vec::new();
    }
    let closed = &batches.close_reason;
    let all = closed.full + closed.linger + closed.flush + closed.memory;
    let reasons = [
        ("linger", closed.linger),
        ("full", closed.full),
        ("the end", closed.flush),
        ("memory", closed.memory),
    ];
    let shown = reasons.iter().filter(|(_, count)| *count > 0);
    #[expect(clippy::cast_precision_loss, reason = "a share for people")]
    let share = |count: u64| whole_percent(count as f64 / all.max(1) as f64);
    let closed: Vec<_> = shown.map(|(name, count)| format!("{name} {}", share(*count))).collect();
    let mut text = format!(
        "{}; {:.1} records, {} ({} full)",
        thousands(batches.count),
        batches.records_mean,
        bytes(batches.bytes_mean),
        whole_percent(batches.fill_ratio)
    );
    if batches.compress_ratio < 0.995 {
        text.push_str(&format!(", compressed to {}", whole_percent(batches.compress_ratio)));
    }
    text.push_str(&format!("; closed by {}", closed.join(", ")));
    if batches.splits > 0 {
        text.push_str(&format!("; {}", plural(batches.splits, "split")));
    }
    let requests = format!(
        "{}; {:.1} batches each; in flight p50 {}, max {}",
        thousands(requests.count),
        requests.batches_mean,
        requests.in_flight_p50,
        requests.in_flight_max
    );
    vec![field("batches", &text), field("requests", &requests)]
}
