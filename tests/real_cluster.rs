//! Proofs against a real Kafka. `scripts/test` starts the cluster and runs them; a test whose name
//! begins with `long_` only runs under `scripts/test --long`.

mod support;

/// Goal: the cluster is what every other proof here takes for granted. Method: ask Kafka's own tools
/// for a topic that was created with the cluster's defaults.
#[test]
#[ignore = "needs a real cluster: scripts/test"]
fn the_cluster_has_three_brokers_and_safe_defaults() {
    let Some(cluster) = support::cluster() else { return };
    cluster.wait_in_sync();
    cluster.kafka("topics", &["--create", "--topic", "defaults"]);

    let described = cluster.kafka("topics", &["--describe", "--topic", "defaults"]);
    for wanted in [
        "PartitionCount: 12",
        "ReplicationFactor: 3",
        "min.insync.replicas=2",
        "unclean.leader.election.enable=false",
    ] {
        assert!(described.contains(wanted), "{wanted} is not in\n{described}");
    }
    assert_eq!(cluster.bootstrap().split(',').count(), 3);
    assert!((1..=3).contains(&cluster.leader("defaults", 11)));
    let offsets = cluster.end_offsets("defaults");
    assert_eq!(offsets, (0..12).map(|partition| (partition, 0)).collect());
}

/// Goal: the Java program that says where the Java client puts a key can be trusted. Method: the
/// vectors of Kafka's own UtilsTest, hash and partition.
#[test]
#[ignore = "needs a real cluster: scripts/test"]
fn the_java_partitioner_gives_the_published_hashes() {
    let Some(cluster) = support::cluster() else { return };
    let vectors: [(&str, i32); 4] = [
        ("21", -973_932_308),
        ("foobar", -790_332_482),
        ("a-little-bit-long-string", -985_981_536),
        ("abc", 479_470_107),
    ];
    let hex = |key: &str| key.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    let input: String = vectors.iter().map(|(key, _)| hex(key) + "\n").collect();
    let expected: String = vectors
        .iter()
        .map(|(key, hash)| format!("{} {hash} {}\n", hex(key), (hash & i32::MAX) % 12))
        .collect();
    assert_eq!(cluster.java("KeyPartitions.java", &["12"], &input), expected);
}
