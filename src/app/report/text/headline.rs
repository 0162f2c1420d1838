//! What ran where and how, and whether it is a measurement. Cost class: once a run.

use super::window_seconds;
use crate::app::report::figures::{bytes, percent, plural, rate, seconds, thousands};
use crate::app::report::model::{ClusterKind, Report, TopicModel};
use crate::app::report::page::field;
use crate::app::report::paint::Paint;

/// What ran where, and how.
pub(super) fn head(report: &Report, paint: Paint) -> Vec<String> {
    let key = |name: &str| report.config.effective.get(name).map_or("?", String::as_str);
    let idempotence = if key("enable.idempotence") == "true" { "on" } else { "off" };
    let partitioner = match report.config.partitioner.as_str() {
        "" | "default" => String::new(),
        name => format!("  partitioner={name}"),
    };
    vec![
        place(report, paint),
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

/// Program, cluster, topic and seed.
pub(super) fn place(report: &Report, paint: Paint) -> String {
    let cluster = &report.cluster;
    let brokers = plural(cluster.brokers.len() as u64, "broker");
    let kind = match cluster.kind {
        ClusterKind::Real => format!("real cluster, {brokers}"),
        ClusterKind::Embedded => {
            let process = if cluster.another_process { "another" } else { "this" };
            paint.warn(&format!("EMBEDDED cluster, {brokers} in {process} process: no real Kafka"))
        }
    };
    let topic = cluster.topics().iter().map(in_words).collect::<Vec<_>>().join("   ");
    let (tool, seed) = (&report.tool, report.generator.seed);
    format!("{} {}   {kind}   {topic}   seed {seed}", tool.name, tool.version)
}

fn in_words(topic: &TopicModel) -> String {
    let min_isr = topic.configs.get("min.insync.replicas");
    format!(
        "topic {}: {}, RF {}{}{}",
        topic.name,
        plural(topic.partitions.into(), "partition"),
        topic.replication_factor,
        min_isr.map_or_else(String::new, |n| format!(", min ISR {n}")),
        if topic.created { ", made by this run" } else { "" },
    )
}

/// Whether it is a measurement, of what rate, and in what time.
pub(super) fn verdict(report: &Report, paint: Paint) -> String {
    let throughput = &report.throughput;
    let mut parts = vec![paint.status(report.validity.status)];
    if let Some(partial) = &report.partial {
        parts.push(format!("PARTIAL: {partial}"));
    }
    if report.phases.iter().all(|phase| phase.name != "measure") {
        parts.extend(report.phases.first().map(|phase| {
            let acked = plural(phase.acked + phase.written, "record");
            let span = phase.end.saturating_sub(phase.start);
            #[expect(clippy::cast_precision_loss, reason = "seconds with a few digits")]
            let span = seconds(span as f64 / 1e9);
            format!("{acked} acked in {span} of the warm-up")
        }));
        return parts.join("   ");
    }
    let (records, megabytes) = throughput.headline();
    let reached = rate(records);
    let ended = ended(report);
    let offered = throughput.offered_rps.filter(|offered| *offered > 0.0);
    parts.push(match offered {
        // A share of the asked rate would only show how long the last ack takes.
        _ if throughput.short => {
            let (first, last) = (
                if offered.is_some() { "due" } else { "sent" },
                if ended == "written" { "write" } else { "ack" },
            );
            let asked = offered.map(|offered| format!("; {} asked", rate(offered)));
            let asked = asked.unwrap_or_default();
            format!("{reached} records/s {ended} from the first {first} to the last {last}{asked}")
        }
        Some(offered) => format!(
            "{reached} records/s {ended} of {} asked ({})",
            rate(offered),
            percent(records / offered)
        ),
        None => format!("{reached} records/s {ended}"),
    });
    parts.push(format!("{}/s", bytes(megabytes * 1e6)));
    parts.push(times(report));
    parts.join("   ")
}

/// The window in which records fell due, and how much later the last of them was answered: the rate
/// counts only the acks inside the window.
fn times(report: &Report) -> String {
    let records = &report.records;
    let delivered = records.acked + records.duplicate + records.written;
    let due = if report.throughput.offered_rps.is_some() { "due" } else { "sent" };
    let window = window_seconds(report);
    let ended = ended(report);
    // What was delivered may all have been so long before the last failure.
    let last = report.throughput.last_ack_seconds;
    let drain = last.map_or(report.throughput.drain_seconds, |last| (last - window).max(0.0));
    let later = if drain < 0.0005 { "by then".to_owned() } else { seconds(drain) + " later" };
    let offered = format!("{} {due} in {}", plural(records.due, "record"), seconds(window));
    if delivered == records.due {
        return format!("{offered}, the last {ended} {later}");
    }
    let by = if drain < 0.0005 { later } else { format!("up to {later}") };
    format!("{offered}, {} of them {ended} {by}", thousands(delivered))
}

/// What happens to a record in the end: with acks=0 nobody acknowledges it.
fn ended(report: &Report) -> &'static str {
    let family = report.latency.service.as_ref();
    if family.is_some_and(|family| family.kind == "written") { "written" } else { "acked" }
}

pub(super) fn reasons(report: &Report) -> impl Iterator<Item = String> {
    let reasons = report.validity.reasons.iter();
    reasons.map(|reason| field(&reason.status.shout().to_lowercase(), &reason.text))
}
