//! Clusters that cannot take the load for a while: what becomes of the records, and what is said.

use serde_json::Value;

use super::outcome::{count, delivered, watched_to};
use crate::support::{self, Cluster};

/// Carries out `acts` (second, what, broker) as their seconds pass.
///
/// # Panics
/// When the run ends before the last of them, or with another exit code than `code`.
fn through(cluster: &Cluster, line: &str, code: i32, acts: &[(f64, &str, u32)]) -> (Value, String) {
    let mut todo = acts.iter().peekable();
    let ended = watched_to(cluster, line, code, |_, seconds| {
        while let Some((_, act, broker)) = todo.next_if(|(at, ..)| seconds >= *at) {
            cluster.fault(act, *broker);
        }
    });
    assert_eq!(todo.next(), None, "the run ended before the last fault");
    ended
}

/// Every record that fell due is accounted for, and so is every one that was made.
fn nothing_is_missing_from_the_count(records: &Value) {
    let sum = |parts: &[&str]| parts.iter().map(|part| count(records, part)).sum::<u64>();
    assert_eq!(sum(&["/due"]), sum(&["/generated", "/dropped", "/skipped"]), "{records}");
    let lost = sum(&["/failed", "/indeterminate", "/unsent"]);
    assert_eq!(sum(&["/generated"]), delivered(records) + lost, "{records}");
}

/// Records that failed or were given up; what the end of the drain cut off has no failure.
fn unhappy(result: &Value) -> u64 {
    let given_up = count(result, "/records/failed") + count(result, "/records/indeterminate");
    given_up - count(result, "/records/cut_in_flight")
}

/// Goal: too few replicas in sync are a named error that is retried until delivery.timeout.ms, and
/// then counted. Method: acks=all with two of three brokers killed at 5 s, one of them back at
/// 35 s; NOT_ENOUGH_REPLICAS with retries, every failure in the failure histogram, acks in the
/// last second, no acknowledged record missing, exit 4.
#[test]
#[ignore = "needs a real cluster: scripts/test"]
fn long_too_few_replicas_are_named_retried_and_counted() {
    let Some(cluster) = support::cluster() else { return };
    cluster.wait_in_sync();
    cluster.create_topic("short", 6);
    let survivor = cluster.leader("short", 0);
    let dead: Vec<u32> = (1..=3).filter(|broker| *broker != survivor).collect();
    let load = "--rate 2k --duration 70s --warmup 0 --verify sequence";
    let waits = "--delivery-timeout-ms 15s --request-timeout-ms 5s";
    let acts = [(5.0, "kill", dead[0]), (5.0, "kill", dead[1]), (35.0, "start", dead[0])];
    let line = format!("--topic short --acks all {waits} {load}");
    let (result, summary) = through(&cluster, &line, 4, &acts);
    cluster.fault("start", dead[1]);
    cluster.wait_in_sync();

    let named = result["errors"].as_array().expect("errors").iter();
    let named: Vec<_> = named.filter(|error| error["name"] == "NOT_ENOUGH_REPLICAS").collect();
    assert_eq!(named.len(), 1, "{}", result["errors"]);
    assert_eq!(named[0]["retriable"], true);
    assert!(count(named[0], "/count") > count(named[0], "/records"), "{}", named[0]);
    assert!(count(&result, "/retries") > 0);
    assert!(summary.contains("NOT_ENOUGH_REPLICAS"), "{summary}");

    let records = &result["records"];
    nothing_is_missing_from_the_count(records);
    assert_eq!(count(records, "/due"), 140_000);
    assert!(count(records, "/failed") > 0, "{records}");
    assert_eq!(count(&result, "/failures/expired"), unhappy(&result), "{}", result["failures"]);
    let failure = &result["latency"]["failure"];
    assert_eq!(count(failure, "/count"), unhappy(&result), "{failure}");
    assert!(count(failure, "/max") >= 15_000_000_000, "{failure}");

    let intervals = result["intervals"].as_array().expect("intervals");
    assert!(intervals.iter().any(|one| count(one, "/errors") > 0 && one["acked"] == 0));
    let last = intervals.last().expect("at least one");
    assert!(count(last, "/acked") > 0 && last["errors"] == 0, "{last}");
    let proof = &result["verification"];
    assert_eq!(proof["cut_short"], Value::Null);
    for name in ["lost", "duplicated", "reordered", "corrupted"] {
        assert_eq!(proof[name], 0, "{name}: {proof}");
    }
}

/// Goal: with acks=0 a broker's death takes records that nobody reports, and the end offsets show
/// them. Method: a leader is paused for 2 s, so that records are sure to lie in its socket, and
/// then killed; all are written, none acknowledged, the log has fewer, and the summary says how
/// many; nothing was promised, so the run passes.
#[test]
#[ignore = "needs a real cluster: scripts/test"]
fn long_what_a_killed_broker_loses_with_acks_0_is_seen_in_the_offsets() {
    let Some(cluster) = support::cluster() else { return };
    cluster.wait_in_sync();
    cluster.create_topic("unacked", 6);
    let victim = cluster.leader("unacked", 0);
    let acts = [(5.0, "pause", victim), (7.0, "kill", victim), (14.0, "start", victim)];
    let line = "--topic unacked --acks 0 --rate 20k --duration 30s --warmup 0";
    let (result, summary) = through(&cluster, line, 0, &acts);
    cluster.wait_in_sync();

    let records = &result["records"];
    nothing_is_missing_from_the_count(records);
    assert_eq!((&records["acked"], &records["duplicate"]), (&0.into(), &0.into()));
    let written = count(records, "/written");
    assert_eq!(written, 600_000, "{records}");
    assert_eq!(result["latency"]["service"]["kind"], "written");
    assert_eq!(result["stages"]["broker"], Value::Null);

    let missing = count(&result, "/verification/written_missing");
    assert!(missing > 0, "{}", result["verification"]);
    assert_eq!(result["verification"]["lost"], 0);
    assert_eq!(count(&result, "/throughput/broker_offset_delta"), written - missing);
    let end = u64::try_from(super::outcome::log_end(&cluster, "unacked")).unwrap();
    assert_eq!(end, written - missing, "the log as Kafka's own tool sees it");
    assert!(summary.contains("records written are not in the topic"), "{summary}");
}

/// Goal: a stall of the whole cluster neither grows the client nor hides a record. Method: 1 MiB of
/// buffer.memory at 200,000 records/s, every broker paused from 10 s to 25 s: memory stays within
/// 64 MiB of the buffer, records fail because the buffer is full and because they expire, and what
/// was due is what was generated, dropped or skipped.
#[test]
#[ignore = "needs a real cluster: scripts/test"]
fn long_a_paused_cluster_costs_records_by_cause_and_no_memory() {
    let Some(cluster) = support::cluster() else { return };
    cluster.wait_in_sync();
    cluster.create_topic("stalled", 12);
    let memory = "--buffer-memory 1MiB --max-block-ms 2000 --linger-ms 5";
    let waits = "--request-timeout-ms 3000 --delivery-timeout-ms 8000";
    let line = format!("--topic stalled {memory} {waits} --rate 200k --duration 30s --warmup 0");
    let pauses = [1, 2, 3].map(|broker| (10.0, "pause", broker));
    let resumptions = [1, 2, 3].map(|broker| (25.0, "cont", broker));
    let (result, summary) = through(&cluster, &line, 4, &[pauses, resumptions].concat());
    cluster.wait_in_sync();

    let records = &result["records"];
    nothing_is_missing_from_the_count(records);
    assert_eq!(count(records, "/due"), 6_000_000);
    let failures = &result["failures"];
    for cause in ["/buffer_exhausted", "/expired"] {
        assert!(count(failures, cause) > 0, "{cause}: {failures}");
    }
    let causes = ["/buffer_exhausted", "/no_metadata", "/expired", "/other"];
    let sum = causes.iter().map(|cause| count(failures, cause)).sum::<u64>();
    assert_eq!(sum, unhappy(&result), "{failures}");
    assert_eq!(count(&result, "/latency/failure/count"), sum);
    assert!(summary.contains("buffer"), "{summary}");
    let peak = count(&result, "/client/rss_peak");
    assert!(peak <= (1 + 64) << 20, "peak memory of {peak} bytes");
}
