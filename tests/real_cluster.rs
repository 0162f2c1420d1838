//! Proofs against a real Kafka. `scripts/test` starts the cluster and runs them; a test whose name
//! begins with `long_` only runs under `scripts/test --long`.

#[path = "real_cluster/commands.rs"]
mod commands;
#[path = "real_cluster/content.rs"]
mod content;
#[path = "real_cluster/counts.rs"]
mod counts;
#[path = "real_cluster/faults.rs"]
mod faults;
#[path = "real_cluster/outages.rs"]
mod outages;
#[path = "real_cluster/outcome.rs"]
mod outcome;
#[path = "real_cluster/partitions.rs"]
mod partitions;
#[path = "real_cluster/streams.rs"]
mod streams;
mod support;
#[path = "real_cluster/verify.rs"]
mod verify;

use kprod_bench::host::driver::Embedded;
use kprod_bench::kafka::broker::BrokerPlan;

/// Goal: the cluster is what every other proof here takes for granted. Method: ask Kafka's own
/// tools for a topic that was created with the cluster's defaults.
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

/// Goal: the embedded broker is Kafka enough for Kafka's own clients. Method: the Java producer,
/// consumer and admin client against it, with each codec, idempotence on; the real cluster only
/// lends its jars.
#[test]
#[ignore = "needs a real cluster: scripts/test"]
fn the_java_clients_work_with_the_embedded_broker() {
    let Some(cluster) = support::cluster() else { return };
    let embedded = Embedded::start(BrokerPlan::three("127.0.0.1"), 7).unwrap();
    let servers: Vec<String> = embedded.bootstrap().iter().map(ToString::to_string).collect();
    let servers = servers.join(",");
    let at = ["--bootstrap-server", &servers];
    let tool = |name: &str, args: &[&str]| cluster.kafka(name, &[&at, args].concat());

    let settings = ["--partitions", "2", "--config", "min.insync.replicas=2"];
    tool("topics", &[&["--create", "--topic", "java"][..], &settings].concat());
    let described = tool("topics", &["--describe", "--topic", "java"]);
    assert!(described.contains("PartitionCount: 2"), "{described}");
    assert!(described.contains("min.insync.replicas=2"), "{described}");

    for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
        let props = [
            format!("bootstrap.servers={servers}"),
            format!("compression.type={codec}"),
            "acks=all".to_owned(),
        ];
        let args = ["--topic", "java", "--num-records", "2000", "--record-size", "100"];
        let props: Vec<&str> = props.iter().map(String::as_str).collect();
        let rest = [&["--throughput", "-1", "--producer-props"][..], &props].concat();
        let report = cluster.kafka("producer-perf-test", &[&args[..], &rest].concat());
        assert!(report.contains("2000 records sent"), "{report}");
    }
    let offsets = tool("get-offsets", &["--topic", "java"]);
    let ends: i64 = offsets
        .lines()
        .map(|line| line.rsplit(':').next().unwrap())
        .fold(0, |sum, end| sum + end.parse::<i64>().unwrap());
    assert_eq!(ends, 10_000, "{offsets}");
    for line in offsets.lines() {
        let [_, partition, end] = line.split(':').collect::<Vec<_>>()[..] else {
            panic!("{line} isn't topic:partition:offset");
        };
        let wanted = ["--topic", "java", "--partition", partition, "--offset", "earliest"];
        let most = ["--max-messages", end, "--timeout-ms", "30000"];
        let read = tool("console-consumer", &[&wanted[..], &most].concat());
        assert_eq!(read.lines().count().to_string(), end, "partition {partition}");
    }
    tool("topics", &["--delete", "--topic", "java"]);
    assert_eq!(tool("topics", &["--list"]).trim(), "");

    let counters = embedded.stop().unwrap();
    assert_eq!((counters.records, counters.refused, counters.offences), (10_000, 0, 0));
}
