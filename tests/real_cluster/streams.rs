//! Several streams in one run.

use core::time::Duration;

use kprod_bench::host::driver::plan::{RunPlan, StreamPlan, Target, TopicPlan, Verify, Warmup};
use kprod_bench::host::driver::result::{ClusterFacts, PhaseKind, TopicFacts};
use kprod_bench::host::driver::{self, LogLevel, Observer, Progress};
use kprod_bench::kafka::config::ProducerConfig;
use kprod_bench::load::schedule::{Rate, SchedulePlan};
use kprod_bench::load::source::{KeyPlan, SourcePlan};

use crate::support;

struct Deaf;

impl Observer for Deaf {
    fn connected(&mut self, _: &ClusterFacts, _: &[TopicFacts]) {}
    fn phase(&mut self, _: PhaseKind) {}
    fn progress(&mut self, _: &Progress) {}
    fn log(&mut self, _: LogLevel, _: &str) {}
}

/// Goal: each topic has its streams' share, to the record, by Kafka's own count. Method: 8,000
/// records over two topics by weights 3:1, and a third stream that writes to the first topic as
/// well; kafka-get-offsets against the ledger of each stream, all records read back.
#[test]
#[ignore = "needs a real cluster: scripts/test"]
fn streams_fill_their_topics_by_weight() {
    let Some(cluster) = support::cluster() else { return };
    let topic = |name: &str, partitions| TopicPlan {
        name: name.to_owned(),
        partitions,
        replication_factor: 3,
        configs: Vec::new(),
        create: true,
        fresh: false,
        keep: false,
    };
    let stream = |index, name: &str, topic, weight, workers| StreamPlan {
        name: name.to_owned(),
        topic,
        weight,
        source: SourcePlan {
            key: KeyPlan::Uniform { cardinality: 1_000 },
            seed: StreamPlan::seed(1, index),
            workers,
            ..SourcePlan::default()
        },
    };
    let servers = cluster.bootstrap().split(',').map(|server| server.parse().expect("a server"));
    let producer =
        ProducerConfig { bootstrap_servers: servers.collect(), ..ProducerConfig::default() };
    let plan = RunPlan {
        producer,
        target: Target::Cluster,
        topics: vec![topic("streams-orders", 6), topic("streams-audit", 3)],
        schedule: SchedulePlan::of(Rate::per_second(4_000.0).ok(), 4),
        streams: vec![
            stream(0, "orders", 0, 5, 2),
            stream(1, "audit", 1, 2, 1),
            stream(2, "returns", 0, 1, 1),
        ],
        warmup: Warmup::None,
        duration: None,
        records: Some(8_000),
        pacing_quantum: Duration::from_millis(1),
        cooldown: Duration::ZERO,
        balanced_leaders: None,
        abort_on: Vec::new(),
        verify: Verify::Sequence,
        progress_every: Duration::from_secs(1),
        panic_after: None,
    };
    let result = driver::run(&plan, &mut Deaf).expect("the run is carried out");
    let acked: Vec<u64> = result.streams.iter().map(|it| it.tally.ledger.acked).collect();
    assert_eq!(acked, [5_000, 2_000, 1_000]);
    for (topic, records) in [("streams-orders", 6_000), ("streams-audit", 2_000)] {
        let offsets = cluster.end_offsets(topic);
        assert_eq!(offsets.values().sum::<i64>(), records, "{topic}: {offsets:?}");
        let counts = result.partitions().zip(result.tally.partitions.all());
        let counted = counts.filter(|(place, _)| place.topic == topic);
        let counted = counted.map(|(place, count)| (place.index, count.records.cast_signed()));
        assert_eq!(offsets, counted.collect());
    }
    assert!(result.offsets.as_ref().is_some_and(driver::result::OffsetDelta::confirms));
    let found = &result.readback.as_ref().expect("records were read back").found.total;
    assert!(found.is_clean(), "{found:?}");
    assert_eq!(found.found, 8_000);
}
