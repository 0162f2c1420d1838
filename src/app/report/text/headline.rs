//! What ran where and how, and whether it is a measurement. Cost class: once a run.

use super::page::field;
use super::window_seconds;
use crate::app::report::figures::{binary_bytes, percent, plural, rate, thousands};
use crate::app::report::model::{ClusterKind, Report};
use crate::app::report::paint::Paint;

/// What ran where, and how.
pub(super) fn head(report: &Report, paint: Paint) -> Vec<String> {
    let cluster = &report.cluster;
    let brokers = plural(cluster.brokers.len() as u64, "broker");
    let kind = match cluster.kind {
        ClusterKind::Real => format!("real cluster, {brokers}"),
        ClusterKind::Embedded => {
            paint.warn(&format!("EMBEDDED cluster, {brokers} in this process: no real Kafka"))
        }
    };
    let topic = &cluster.topic;
    let min_isr = topic.configs.get("min.insync.replicas");
    let topic = format!(
        "topic {}: {}, RF {}{}{}",
        topic.name,
        plural(topic.partitions.into(), "partition"),
        topic.replication_factor,
        min_isr.map_or_else(String::new, |n| format!(", min ISR {n}")),
        if topic.created { ", made by this run" } else { "" },
    );
    let tool = &report.tool;
    let key = |name: &str| report.config.effective.get(name).map_or("?", String::as_str);
    let idempotence = if key("enable.idempotence") == "true" { "on" } else { "off" };
    let partitioner = match report.config.partitioner.as_str() {
        "" | "default" => String::new(),
        name => format!("  partitioner={name}"),
    };
    vec![
        format!(
            "{} {}   {kind}   {topic}   seed {}",
            tool.name, tool.version, report.generator.seed
        ),
        format!(
            "acks={}  linger.ms={}  batch.size={}  compression={}  idempotence={idempotence}  \
             producers={}{partitioner}",
            key("acks"),
            key("linger.ms"),
            key("batch.size"),
            key("compression.type"),
            report.client.producers,
        ),
    ]
}

/// Whether it is a measurement, and of what rate.
pub(super) fn verdict(report: &Report, paint: Paint) -> String {
    let throughput = &report.throughput;
    let mut parts = vec![paint.status(report.validity.status)];
    if let Some(partial) = &report.partial {
        parts.push(format!("PARTIAL: {partial}"));
    }
    parts.push(match (throughput.offered_rps, throughput.achieved_ratio) {
        (Some(offered), Some(achieved)) => format!(
            "{} records/s of {} asked ({})",
            rate(throughput.acked_rps),
            rate(offered),
            percent(achieved)
        ),
        _ => format!("{} records/s", rate(throughput.acked_rps)),
    });
    parts.push(format!("{}/s", binary_bytes(throughput.mb_s_uncompressed * 1e6)));
    let delivered = report.records.acked + report.records.duplicate + report.records.written;
    parts.push(format!("{} records in {:.1} s", thousands(delivered), window_seconds(report)));
    parts.join("   ")
}

pub(super) fn reasons(report: &Report) -> impl Iterator<Item = String> {
    let reasons = report.validity.reasons.iter();
    reasons.map(|reason| field(&reason.status.shout().to_lowercase(), &reason.text))
}
