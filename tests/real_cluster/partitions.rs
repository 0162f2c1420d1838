//! Do records lie where the chosen partitioner says, as Kafka's own tools see it?

use kprod_bench::kafka::partitioner::{Leaders, RoundRobin};

use super::content::{hex, java_partitions};
use super::outcome::{bench, consume, count, passed};
use crate::support;

/// Goal: the shipped key rules do what the textbook's partitioner does, whatever the number of
/// partitions. Method: the profile against topics of 6 and 12; the console consumer finds the key
/// Pangyo in partition 0, all of it, and every other key where the Java client's classes put it.
#[test]
#[ignore = "needs a real cluster: scripts/test"]
fn key_rules_put_pangyo_into_partition_0_and_the_others_where_java_does() {
    let Some(cluster) = support::cluster() else { return };
    for partitions in [6, 12] {
        let topic = format!("key-rules-{partitions}");
        let load = "--profile key-rules --num-records 4000 --generator sequence";
        let line = format!("--topic {topic} --partitions {partitions} {load}");
        let result = passed(&cluster, &line);
        assert_eq!(count(&result, "/records/acked"), 4_000);
        let named = result["config"]["partitioner"].as_str().unwrap();
        assert_eq!(named, "key-rules:profiles/pangyo.rules.yaml");

        let seen = consume(&cluster, &topic, 4_000);
        let keys = ["Seoul", "Busan", "Incheon", "Jeju"];
        let java = java_partitions(&cluster, keys.into_iter(), partitions);
        let mut pangyo = 0;
        for (partition, records) in &seen {
            for record in records {
                if record.key == "Pangyo" {
                    assert_eq!(*partition, 0, "{record:?}");
                    pangyo += 1;
                } else {
                    assert_eq!(java[&hex(record.key.as_bytes())], *partition, "{record:?}");
                }
            }
        }
        assert!((1_800..2_200).contains(&pangyo), "{pangyo} records with the key Pangyo");
    }
}

/// Goal: a record that the rules refuse is a failed record with their message, and no crash.
/// Method: no record has a key; the run ends with exit code 4, all counted, and nothing in the log.
#[test]
#[ignore = "needs a real cluster: scripts/test"]
fn records_without_a_key_are_refused_in_the_rules_words() {
    let Some(cluster) = support::cluster() else { return };
    let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/profiles/pangyo.rules.yaml");
    let load = format!("--num-records 100 --key none --key-rules {rules}");
    let output = bench(&cluster, &format!("--output-format json --topic refused {load}"));
    assert_eq!(output.status.code(), Some(4), "{}", String::from_utf8_lossy(&output.stderr));
    let result: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(count(&result, "/records/failed"), 100);
    assert_eq!(result["errors"][0]["name"], "INVALID_RECORD");
    assert_eq!(result["errors"][0]["refusal"], "Need message key");
    assert!(cluster.end_offsets("refused").values().all(|end| *end == 0));
}

/// Goal: round robin takes Java's turns. Method: Java's class itself, for topics with and without
/// leaderless partitions.
#[test]
#[ignore = "needs a real cluster: scripts/test"]
fn round_robin_takes_the_turns_of_java_s_class() {
    let Some(cluster) = support::cluster() else { return };
    let topics = ["1", "0", "111", "101", "0110", "000", "111111111111"];
    let answer = cluster.java("RoundRobinTurns.java", &["40"], &(topics.join("\n") + "\n"));
    assert_eq!(answer.lines().count(), topics.len());
    for (line, topic) in answer.lines().zip(topics) {
        let led = (0u32..).zip(topic.chars()).filter(|(_, led)| *led == '1');
        let led: Vec<u32> = led.map(|(partition, _)| partition).collect();
        let leaders = Leaders { all: u32::try_from(topic.len()).unwrap(), led: &led };
        let mut turns = RoundRobin::default();
        let ours: Vec<_> = (0..40).map(|_| turns.next(leaders).unwrap().to_string()).collect();
        assert_eq!(line, ours.join(" "), "leaders {topic}");
    }
}
