//! Brokers that go away and come back under load.

use super::outcome::{count, delivered, log_end, watched};
use crate::support;

/// Goal: a leader that dies loses and repeats nothing, and the result shows the gap. Method: 30 s
/// of sequence values with acks=all; one broker is killed at a third and started at two thirds; the
/// console consumer finds every acknowledged number once, and `unavailability` names each of the
/// partitions that the broker led, ended by another.
#[test]
#[ignore = "needs a real cluster: scripts/test"]
fn long_a_killed_leader_costs_a_gap_and_no_record() {
    let Some(cluster) = support::cluster() else { return };
    cluster.wait_in_sync();
    cluster.create_topic("killed", 12);
    let victim = cluster.leader("killed", 0);
    let load = "--rate 20k --duration 30s --warmup 0 --generator sequence";
    let mut acts = [(10.0, "kill"), (20.0, "start")].into_iter().peekable();
    let line = format!("--topic killed --acks all {load}");
    let result = watched(&cluster, &line, |_, seconds| {
        if let Some((_, act)) = acts.next_if(|(at, _)| seconds >= *at) {
            cluster.fault(act, victim);
        }
    });
    assert_eq!(acts.next(), None, "the run ended before the broker was back");
    cluster.wait_in_sync();

    assert_eq!(result["exit"]["code"], 0);
    assert_eq!(count(&result, "/records/due"), 600_000);
    assert_eq!(delivered(&result["records"]), 600_000, "{}", result["records"]);
    assert_eq!(result["throughput"]["delta_confirms"], true);
    assert_eq!(log_end(&cluster, "killed"), 600_000);
    cluster.script("count_exactly_once", &["killed", "--expect", "0:600000", "--ordered"]);

    let leaders = result["cluster"]["topic"]["leaders_before"].as_array().expect("leaders");
    let gaps = result["unavailability"].as_array().expect("gaps");
    let led = (0..12).filter(|partition| leaders[*partition] == victim).collect::<Vec<_>>();
    assert!(led.contains(&0), "partition 0 was led by {victim}: {leaders:?}");
    for partition in led {
        let moved = gaps.iter().any(|gap| {
            gap["partition"] == partition && gap["from"] == victim && gap["to"] != victim
        });
        assert!(moved, "partition {partition} of broker {victim} is not in {gaps:?}");
    }
}
