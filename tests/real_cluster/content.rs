//! Is what Kafka reads back what was sent, where the Java client would have put it?

use std::collections::BTreeMap;
use std::fmt::Write as _;

use kprod_bench::base::WorkerIndex;
use kprod_bench::load::source::{KeyPlan, Source, SourcePlan, ValuePlan, parse_sequence};

use super::outcome::{Seen, consume, count, delivered, passed};
use crate::support::{self, Cluster};

/// Goal: batches of every codec are Kafka's own. Method: DumpLogSegments looks at every batch in
/// every replica's log, the console consumer reads all records back, and each of them (so the
/// first, a middle and the last of a partition too) is byte for byte what the source makes of its
/// number.
#[test]
#[ignore = "needs a real cluster: scripts/test"]
fn every_codec_is_valid_and_reads_back() {
    let Some(cluster) = support::cluster() else { return };
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
        let topic = format!("codec-{codec}");
        let records = "--num-records 3000 --record-size 100 --seed 7";
        let content = "--generator sequence --key uniform:100";
        let line = format!("--topic {topic} --partitions 3 {records} {content}");
        let result = passed(&cluster, &format!("{line} --compression-type {codec}"));
        assert_eq!(count(&result, "/records/acked"), 3_000, "{codec}");
        let ratio = result["batches"]["compress_ratio"].as_f64().expect("a ratio");
        assert_eq!(ratio < 0.9, codec != "none", "{codec} made {ratio} of its input");

        let checked = cluster.script("dump_check", &[&topic, codec]);
        assert!(checked.contains(" 0 findings"), "{checked}");

        let plan = SourcePlan {
            seed: 7,
            key: KeyPlan::Uniform { cardinality: 100 },
            value: ValuePlan::Sequence,
            ..SourcePlan::default()
        };
        let seen = consume(&cluster, &topic, 3_000);
        assert_eq!(seen.len(), 3, "{codec}: records in every partition");
        are_what_the_source_makes(&plan, &seen, codec);
    }
}

/// Each record is the source's, each number is there once, in order within its partition.
fn are_what_the_source_makes(plan: &SourcePlan, seen: &BTreeMap<u32, Vec<Seen>>, codec: &str) {
    let mut source = Source::new(plan, WorkerIndex(0));
    let mut numbers = Vec::new();
    for (partition, records) in seen {
        let from = numbers.len();
        for record in records {
            let place = format!("{codec}: partition {partition}, offset {}", record.offset);
            let value = record.value.as_bytes();
            let (producer, number) = parse_sequence(value).unwrap_or_else(|error| {
                panic!("{place}: {error}: {}", record.value);
            });
            assert_eq!(producer, 0, "{place}");
            let made = source.record(number, 0);
            assert_eq!(made.key, Some(record.key.as_bytes()), "{place}");
            assert_eq!(made.value, Some(value), "{place}");
            numbers.push(number);
        }
        assert!(numbers[from..].is_sorted(), "{codec}: order within partition {partition}");
    }
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq(0..3_000), "{codec}: every number once");
}

/// Goal: keys go where the Java client puts them, on the wire too. Method: a run over 10,000 keys;
/// every record that the console consumer finds lies in the partition that the Java client's
/// classes name for its key.
#[test]
#[ignore = "needs a real cluster: scripts/test"]
fn a_keyed_run_fills_the_java_clients_partitions() {
    let Some(cluster) = support::cluster() else { return };
    let load = "--num-records 30k --key uniform:10000 --generator sequence";
    let result = passed(&cluster, &format!("--topic keyed --partitions 12 {load}"));
    assert_eq!(delivered(&result["records"]), 30_000);
    let seen = consume(&cluster, "keyed", 30_000);
    let found: BTreeMap<&str, u32> = seen
        .iter()
        .flat_map(|(partition, records)| records.iter().map(|one| (one.key.as_str(), *partition)))
        .collect();
    // 10,000 · (1 − e⁻³) keys come up in 30,000 draws.
    assert!((9_300..=9_700).contains(&found.len()), "{} keys", found.len());
    let java = java_partitions(&cluster, found.keys().copied(), 12);
    for (partition, records) in &seen {
        for record in records {
            assert_eq!(java[&hex(record.key.as_bytes())], *partition, "{record:?}");
        }
    }
}

/// Where the Java client puts keys, by key in hex.
pub(super) fn java_partitions<'a>(
    cluster: &Cluster,
    keys: impl Iterator<Item = &'a str>,
    partitions: u32,
) -> BTreeMap<String, u32> {
    let input: String = keys.map(|key| hex(key.as_bytes()) + "\n").collect();
    let answer = cluster.java("KeyPartitions.java", &[&partitions.to_string()], &input);
    answer
        .lines()
        .map(|line| {
            let fields: Vec<&str> = line.split(' ').collect();
            (fields[0].to_owned(), fields[2].parse().expect("a partition"))
        })
        .collect()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        write!(text, "{byte:02x}").expect("a string takes everything");
    }
    text
}
