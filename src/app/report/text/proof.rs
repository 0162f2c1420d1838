//! What the offsets prove, what it cost, what else to know. Cost class: once a run.

use super::page::field;
use super::window_seconds;
use crate::app::report::figures::{binary_bytes, thousands, whole_percent};
use crate::app::report::model::{ClusterKind, Report};

/// What the end offsets prove.
pub(super) fn confirmed(report: &Report) -> String {
    let proof = &report.verification;
    let (Some(found), Some(expected)) = (proof.found, proof.expected) else {
        return "not checked: the topic's end offsets were not read".to_owned();
    };
    let grew = u64::try_from(found).map_or_else(|_| found.to_string(), thousands);
    let lost = proof.lost.unwrap_or(0);
    if report.records.written > 0 {
        let missing = report.records.written.saturating_sub(u64::try_from(found).unwrap_or(0));
        return format!(
            "acks=0: {} records were written to sockets, {} arrived in the log, {} did not",
            thousands(report.records.written),
            grew,
            thousands(missing)
        );
    }
    match report.throughput.delta_confirms {
        Some(true) if u64::try_from(found) == Ok(expected) => {
            format!("the topic's offsets grew by {grew}: equal to what was acked")
        }
        Some(true) => format!(
            "the topic's offsets grew by {grew}: {} acked, the rest may be records without an answer",
            thousands(expected)
        ),
        _ if lost > 0 => format!(
            "NO: the topic's offsets grew by {grew}, {} acked records are missing",
            thousands(lost)
        ),
        _ => format!(
            "NO: the topic's offsets grew by {grew}, but {} were acked: somebody else wrote too",
            thousands(expected)
        ),
    }
}

pub(super) fn client(report: &Report) -> String {
    let client = &report.client;
    let mut parts = Vec::new();
    if let Some(nanos) = client.cpu_ns_per_record {
        parts.push(format!("{nanos:.0} ns CPU a record"));
    }
    let window = window_seconds(report);
    if window > 0.0 {
        parts.push(format!("{} of a core", whole_percent(client.cpu_seconds / window)));
    }
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let peak = client.rss_peak.map(|peak| format!("peak memory {}", binary_bytes(peak as f64)));
    parts.extend(peak);
    if report.cluster.kind == ClusterKind::Embedded {
        parts.push("embedded brokers included".to_owned());
    }
    parts.join("; ")
}

pub(super) fn notes(report: &Report) -> Vec<String> {
    let mut lines: Vec<_> = report.config.notes.iter().map(|note| field("note", note)).collect();
    if report.cluster.kind == ClusterKind::Embedded {
        lines.push(field(
            "next",
            "a real cluster: scripts/cluster up, then --bootstrap-server with what it prints",
        ));
    }
    lines
}
