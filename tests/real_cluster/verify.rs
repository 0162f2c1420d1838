//! Does the run's own proof find what is there, and what isn't?

use serde_json::Value;

use super::outcome::{count, log_end, passed, watched};
use crate::support;

/// Every count of the proof that a clean log leaves at zero.
const DEVIATIONS: [&str; 11] = [
    "lost",
    "written_missing",
    "unknown",
    "duplicated",
    "reordered",
    "corrupted",
    "foreign",
    "earlier",
    "unacked_found",
    "removed",
    "unread",
];

fn is_clean(result: &Value, records: u64) {
    let proof = &result["verification"];
    assert_eq!(proof["mode"], "sequence");
    assert_eq!(count(proof, "/expected"), records, "{proof}");
    assert_eq!(count(proof, "/found"), records, "{proof}");
    for name in DEVIATIONS {
        assert_eq!(proof[name], 0, "{name}: {proof}");
    }
    assert_eq!(proof["cut_short"], Value::Null);
}

/// Goal: a clean run proves itself clean, whatever carries the numbers, and an independent reader
/// agrees. Method: runs with warm-up, two producers, keys and codecs, by header and by value; the
/// latter's log read by `count_exactly_once`.
#[test]
#[ignore = "needs a real cluster: scripts/test"]
fn a_clean_run_is_proved_clean() {
    let Some(cluster) = support::cluster() else { return };
    let load = "--rate 10k --duration 2s --warmup 1s --producers 2 --verify sequence";
    for (topic, data) in [
        ("marked", "--record-size 100 --key uniform:1k --compression-type lz4"),
        ("numbered", "--generator sequence"),
    ] {
        let result = passed(&cluster, &format!("--topic {topic} --partitions 6 {load} {data}"));
        is_clean(&result, 20_000);
        let partitions = result["verification"]["partitions"].as_array().expect("partitions");
        assert_eq!(partitions.len(), 6);
        assert_eq!(log_end(&cluster, topic), 30_000);
    }
    let expected = ["--expect", "0:15000", "--expect", "1:15000", "--ordered"];
    cluster.script("count_exactly_once", &[&["numbered"], &expected[..]].concat());
}

/// Goal: records that somebody deletes under the run are told, not called lost. Method: a topic's
/// first partition is emptied halfway; the offsets that are gone are counted, the rest is found.
#[test]
#[ignore = "needs a real cluster: scripts/test"]
fn deleted_records_are_unknown_and_not_lost() {
    let Some(cluster) = support::cluster() else { return };
    cluster.create_topic("shortened", 2);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("offsets.json");
    // −1: up to the end that every replica has.
    let partition = r#"{"topic": "shortened", "partition": 0, "offset": -1}"#;
    let wanted = format!(r#"{{"partitions": [{partition}], "version": 1}}"#);
    std::fs::write(&file, wanted).unwrap();
    let load = "--rate 5k --duration 8s --warmup 0 --verify sequence --partitioner roundrobin";
    let mut todo = Some(3.0);
    let result = watched(&cluster, &format!("--topic shortened {load}"), |_, seconds| {
        if todo.take_if(|at| seconds >= *at).is_some() {
            cluster.kafka("delete-records", &["--offset-json-file", file.to_str().unwrap()]);
        }
    });
    assert_eq!(todo, None, "the run ended before records were deleted");
    let proof = &result["verification"];
    let removed = count(proof, "/removed");
    assert!(removed > 0, "{proof}");
    assert_eq!(count(proof, "/unknown"), removed, "{proof}");
    assert_eq!(count(proof, "/lost"), 0, "{proof}");
    assert_eq!(count(proof, "/found"), 40_000 - removed, "{proof}");
    assert_eq!(proof["partitions"][1]["removed"], 0, "{proof}");
}
