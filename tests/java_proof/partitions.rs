//! Do keys go where the Java client puts them?

use kprod_bench::base::Rng;
use kprod_bench::kafka::partitioner::{key_hash, partition_for_key};

use super::java::{hex, java, say};

/// Goal: the Java program that says where the Java client puts a key can be trusted. Method: the
/// vectors of Kafka's own UtilsTest, hash and partition.
#[test]
#[ignore = "needs the jars of Kafka: scripts/test"]
fn the_java_partitioner_gives_the_published_hashes() {
    let Some(java) = java() else { return };
    let vectors: [(&str, i32); 4] = [
        ("21", -973_932_308),
        ("foobar", -790_332_482),
        ("a-little-bit-long-string", -985_981_536),
        ("abc", 479_470_107),
    ];
    let input: String = vectors.iter().map(|(key, _)| hex(key.as_bytes()) + "\n").collect();
    let expected: String = vectors
        .iter()
        .map(|(key, hash)| format!("{} {hash} {}\n", hex(key.as_bytes()), (hash & i32::MAX) % 12))
        .collect();
    assert_eq!(java.run("KeyPartitions.java", &["12"], &input), expected);
}

/// Goal: keys go where the Java client puts them. Method: 10,000 random keys of all lengths up to
/// 64 bytes, hash and partition, against the client's own classes for several partition counts.
#[test]
#[ignore = "needs the jars of Kafka: scripts/test"]
fn random_keys_have_the_java_clients_partition() {
    let Some(java) = java() else { return };
    let mut rng = Rng::new(11);
    let keys: Vec<Vec<u8>> = (0..10_000)
        .map(|_| {
            let mut key = vec![0; usize::try_from(rng.below(65)).unwrap()];
            rng.fill(&mut key);
            key
        })
        .collect();
    let input: String = keys.iter().map(|key| hex(key) + "\n").collect();
    for partitions in [2, 7, 12, 1_000] {
        let answer = java.run("KeyPartitions.java", &[&partitions.to_string()], &input);
        assert_eq!(answer.lines().count(), keys.len());
        for (line, key) in answer.lines().zip(&keys) {
            let hash = key_hash(key).cast_signed();
            let partition = partition_for_key(key, partitions);
            assert_eq!(line, format!("{} {hash} {partition}", hex(key)), "of {partitions}");
        }
    }
    say("java: murmur2 of 10,000 keys for 4 partition counts, 0 disagreements");
}
