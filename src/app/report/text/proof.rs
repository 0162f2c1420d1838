//! What the offsets prove, what it cost, what else to know. Cost class: once a run.

use core::time::Duration;

use super::window_seconds;
use crate::app::report::exit::breaks_promise;
use crate::app::report::figures::{binary_bytes, millis, thousands, whole, whole_percent};
use crate::app::report::model::{ClusterKind, Report, VerificationModel, VerifiedPartitionModel};
use crate::app::report::page::field;

/// What the end offsets prove.
pub(super) fn confirmed(report: &Report) -> String {
    let throughput = &report.throughput;
    let (Some(proof), Some(grew)) = (&report.verification, throughput.broker_offset_delta) else {
        return "not checked: the topic's end offsets were not read".to_owned();
    };
    let whole = u64::try_from(grew).unwrap_or(0);
    let grew = u64::try_from(grew).map_or_else(|_| grew.to_string(), thousands);
    if report.records.written > 0 {
        return written(report, proof);
    }
    let expected = proof.log.expected;
    match throughput.delta_confirms {
        Some(true) if whole == expected => {
            format!("the topic's offsets grew by {grew}: equal to what was acked")
        }
        Some(true) => format!(
            "the topic's offsets grew by {grew}: {} acked, the rest may be records without an \
             answer",
            thousands(expected)
        ),
        _ if proof.log.lost > 0 => format!(
            "NO: the topic's offsets grew by {grew}, {} acked records are missing{}",
            thousands(proof.log.lost),
            by_partition(proof)
        ),
        _ => format!(
            "NO: the topic's offsets grew by {grew}, but {} were acked: somebody else wrote too",
            thousands(expected)
        ),
    }
}

/// acks=0: nobody promised anything, so what is missing is told and not called lost.
fn written(report: &Report, proof: &VerificationModel) -> String {
    let written = thousands(report.records.written);
    let other = if proof.log.other_writer { "; somebody else wrote too" } else { "" };
    if proof.written_missing == 0 {
        return format!("acks=0: all {written} records written to sockets are in the topic{other}");
    }
    format!(
        "acks=0: {} of {written} records written are not in the topic{}{other}",
        thousands(proof.written_missing),
        by_partition(proof)
    )
}

/// The partitions that miss records, the first few of them.
fn by_partition(proof: &VerificationModel) -> String {
    let lacks = |one: &VerifiedPartitionModel| one.log.lost + one.written_missing;
    let missing = || proof.partitions.iter().filter(|one| lacks(one) > 0);
    let named = missing().take(MOST_NAMED);
    let named: Vec<_> =
        named.map(|one| format!("{} of {}", thousands(lacks(one)), place(one))).collect();
    let more = missing().count().saturating_sub(MOST_NAMED);
    match (named.is_empty(), more) {
        (true, _) => String::new(),
        (false, 0) => format!(": {}", named.join(", ")),
        (false, more) => format!(": {}, and of {more} more partitions", named.join(", ")),
    }
}

/// A partition in words.
fn place(one: &VerifiedPartitionModel) -> String {
    match &one.topic {
        Some(topic) => format!("partition {} of {topic}", one.partition),
        None => format!("partition {}", one.partition),
    }
}

/// What reading the records back proves; `None` where that wasn't asked for.
pub(super) fn verified(report: &Report) -> Option<String> {
    let proof = report.verification.as_ref().filter(|proof| proof.mode == "sequence")?;
    let count = |found: Option<u64>| found.unwrap_or(0);
    let idempotent = report.config.is_idempotent();
    let untidy = count(proof.log.duplicated) + count(proof.log.reordered) > 0;
    let bad = breaks_promise(report, proof, false);
    let found = u64::try_from(proof.log.found).unwrap_or(0);
    let kind = if report.records.written > 0 { "written" } else { "acked" };
    let mut parts = vec![
        format!(
            "{}{} of {} {kind} records found in the log",
            if bad { "NO: " } else { "" },
            thousands(found),
            thousands(proof.log.expected)
        ),
        format!("lost {}", thousands(proof.log.lost + proof.written_missing)),
        format!("duplicated {}", thousands(count(proof.log.duplicated))),
        format!("reordered {}", thousands(count(proof.log.reordered))),
        format!("corrupted {}", thousands(count(proof.log.corrupted))),
    ];
    parts.extend(asides(report, proof, untidy && !idempotent));
    Some(parts.join("; "))
}

/// What else was found, as far as there is any.
fn asides(report: &Report, proof: &VerificationModel, allowed: bool) -> Vec<String> {
    let mut parts = Vec::new();
    let mut aside = |found: Option<u64>, words: &str| {
        if let Some(found) = found.filter(|found| *found > 0) {
            parts.push(format!("{} {words}", thousands(found)));
        }
    };
    aside(proof.log.unknown, "can't be judged");
    aside(
        proof.log.removed,
        "offsets were removed before they could be read (retention or deletion)",
    );
    aside(proof.unread, "offsets could not be read");
    aside(proof.log.unacked_found, "arrived without an ack");
    aside(
        proof.failed_found,
        "of these were told as failed, which says that they are not there: a bug of this producer, \
         or a broker that kept what it refused",
    );
    aside(proof.log.foreign, "are somebody else's");
    aside(proof.earlier, "are the warm-up's");
    if let Some(why) = &proof.cut_short {
        parts.push(format!("reading ended early: {why}"));
    }
    // Of what can't be judged the first is only the oldest that retention took.
    let lost = proof.log.lost + proof.written_missing > 0;
    if let Some(first) = proof.missing.first().filter(|_| lost) {
        parts.push(format!(
            "the first not found: producer {}, records {} to {}",
            first.producer,
            thousands(first.first),
            thousands(first.last)
        ));
    }
    if allowed {
        parts.push("without idempotence copies and moved records are allowed".to_owned());
    }
    if let Some(bytes) = proof.header_bytes.filter(|bytes| *bytes > 0) {
        let carrier = proof.carried_by.as_deref().unwrap_or("header");
        parts.push(format!("named by {carrier}, {bytes} bytes of each record{}", of_size(report)));
    }
    parts
}

/// What a header leaves of the size that was asked for.
fn of_size(report: &Report) -> String {
    let sizes = &report.generator.sizes;
    match (sizes.asked, sizes.value) {
        (Some(asked), Some(value)) if asked != value => {
            format!(" of {asked} (--record-size), {value} its value's")
        }
        _ => String::new(),
    }
}

pub(super) fn client(report: &Report) -> String {
    let client = &report.client;
    let mut parts = Vec::new();
    if let Some(nanos) = client.cpu_ns_per_record {
        parts.push(format!("{} ns of CPU a record", whole(nanos)));
    }
    let window = window_seconds(report);
    if report.phases.iter().all(|phase| phase.name != "measure") {
        parts.push("not measured".to_owned());
    } else if window < SHORTEST_SHARE {
        parts.push("the window was too short to tell its share of a core".to_owned());
    } else {
        parts.push(format!("{} of a core", whole_percent(client.cpu_seconds / window)));
    }
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let peak = client.rss_peak.map(|peak| format!("peak memory {}", binary_bytes(peak as f64)));
    parts.extend(peak);
    if report.cluster.kind == ClusterKind::Embedded && !report.cluster.another_process {
        parts.push("embedded brokers included".to_owned());
    }
    parts.join("; ")
}

/// On which grid a paced run was woken, how late its records were taken for that, and how often it
/// was woken for whatever reason; `None` without a rate.
#[expect(clippy::cast_precision_loss, reason = "a quantum of at most a second")]
pub(super) fn pacing(report: &Report) -> Option<String> {
    let client = &report.client;
    let grid = match client.pacing_quantum? {
        0 => "spinning".to_owned(),
        nanos if nanos < 1_000_000 => format!("every {} µs", nanos as f64 / 1e3),
        nanos => format!("every {} ms", nanos as f64 / 1e6),
    };
    let mut parts = vec![grid];
    parts.extend(report.stages.schedule_lag.as_ref().map(|lag| {
        let [p50, p99, max] = [lag.p50, lag.p99, lag.max].map(millis);
        format!("sent late: p50 {p50}, p99 {p99}, max {max} ms")
    }));
    parts.extend(client.wakeups_per_s.map(|rate| format!("{} wake-ups/s", whole(rate))));
    Some(parts.join("; "))
}

/// What a warm-up did not get through: the measurement after it went on.
fn warmup(report: &Report) -> Option<String> {
    let phase = report.phases.iter().find(|phase| phase.name == "warmup")?;
    let fates = [
        ("not handed over", phase.unsent),
        ("failed", phase.failed),
        ("sent, fate unknown", phase.indeterminate),
    ];
    let fates = fates.iter().filter(|(_, count)| *count > 0);
    let fates: Vec<_> =
        fates.map(|(fate, count)| format!("{} {fate}", thousands(*count))).collect();
    let all = thousands(phase.due);
    let words = fates.join(", ");
    (!fates.is_empty()).then(|| {
        field(
            "warm-up",
            &format!("did not get all its {all} records through: {words}; not counted"),
        )
    })
}

/// How a warm-up went that lasts until its load has settled.
fn settled(report: &Report) -> Option<String> {
    let phase = report.phases.iter().find(|phase| phase.name == "warmup")?;
    let seconds = Duration::from_nanos(phase.end.saturating_sub(phase.start)).as_secs_f64();
    let words = match phase.settled? {
        true => format!("settled after {seconds:.1} s"),
        false => format!("had not settled after {seconds:.1} s: see --warmup auto"),
    };
    Some(field("warm-up", &words))
}

pub(super) fn notes(report: &Report) -> Vec<String> {
    let mut lines: Vec<_> = report.config.notes.iter().map(|note| field("note", note)).collect();
    lines.extend(settled(report));
    lines.extend(warmup(report));
    if report.cluster.kind == ClusterKind::Embedded {
        lines.push(field(
            "next",
            "a real cluster: scripts/cluster up, then --bootstrap-server with what it prints",
        ));
    }
    lines
}

/// Seconds; of less, beginning and end are most.
const SHORTEST_SHARE: f64 = 0.1;
/// How many partitions are named in a line.
const MOST_NAMED: usize = 3;
