//! Runs of several streams against embedded brokers, through the library.

use core::time::Duration;

use kprod_bench::host::driver::plan::{RunPlan, StreamPlan, Target, TopicPlan, Verify, Warmup};
use kprod_bench::host::driver::result::{ClusterFacts, PhaseKind, RunResult, TopicFacts};
use kprod_bench::host::driver::{self, LogLevel, Observer, Progress};
use kprod_bench::kafka::config::ProducerConfig;
use kprod_bench::load::schedule::{Rate, SchedulePlan};
use kprod_bench::load::source::{KeyPlan, SizePlan, SourcePlan, ValuePlan};

/// Keeps what is said that a user should know of.
#[derive(Default)]
struct Listener(Vec<String>);

impl Observer for Listener {
    fn connected(&mut self, _: &ClusterFacts, _: &[TopicFacts]) {}
    fn phase(&mut self, _: PhaseKind) {}
    fn progress(&mut self, _: &Progress) {}
    fn log(&mut self, level: LogLevel, line: &str) {
        if level <= LogLevel::Warn {
            self.0.push(line.to_owned());
        }
    }
}

fn topic(name: &str, partitions: i32) -> TopicPlan {
    TopicPlan {
        name: name.to_owned(),
        partitions,
        replication_factor: -1,
        configs: Vec::new(),
        create: true,
        fresh: true,
        keep: false,
    }
}

fn stream(name: &str, topic: usize, weight: u32, source: SourcePlan) -> StreamPlan {
    StreamPlan { name: name.to_owned(), topic, weight, source }
}

/// 4,000 records at 20,000 a second after a warm-up of 400, over 3 brokers, read back.
fn plan(topics: Vec<TopicPlan>, streams: Vec<StreamPlan>) -> RunPlan {
    let producers = streams.iter().map(StreamPlan::producers).sum();
    RunPlan {
        producer: ProducerConfig::default(),
        target: Target::Embedded { brokers: 3 },
        topics,
        schedule: SchedulePlan::of(Rate::per_second(20_000.0).ok(), producers),
        streams,
        warmup: Warmup::Records(400),
        duration: None,
        records: Some(4_000),
        pacing_quantum: Duration::from_micros(500),
        cooldown: Duration::ZERO,
        balanced_leaders: Some(Duration::from_secs(10)),
        abort_on: Vec::new(),
        verify: Verify::Sequence,
        progress_every: Duration::from_secs(1),
        panic_after: None,
    }
}

fn carried_out(plan: &RunPlan) -> RunResult {
    let mut listener = Listener::default();
    let result = driver::run(plan, &mut listener).expect("the run is carried out");
    assert_eq!(listener.0, [""; 0]);
    result
}

/// Due and acked, of each stream.
fn counts(result: &RunResult) -> Vec<(u64, u64)> {
    result.streams.iter().map(|it| (it.due, it.tally.ledger.acked)).collect()
}

/// By how much the log of each topic grew.
fn grown(result: &RunResult) -> Vec<i64> {
    let offsets = result.offsets.as_ref().expect("offsets were read");
    assert_eq!(offsets.partitions.len(), result.partitions().count());
    let of = |topic: &TopicFacts| {
        let places = result.partitions().zip(&offsets.partitions);
        places.filter(|(place, _)| place.topic == topic.name).map(|(_, one)| one.grew).sum()
    };
    result.topics.iter().map(of).collect()
}

/// Goal: a run of two topics is one run: shares exact, every record confirmed and read back where
/// it belongs, and nothing left behind. Method: weights 3:1, two producers and one, one stream
/// named by marks and one by its values, topics of different sizes.
#[test]
fn two_topics_get_their_shares_and_are_proved_each() {
    let keyed = SourcePlan {
        key: KeyPlan::Uniform { cardinality: 500 },
        workers: 2,
        seed: StreamPlan::seed(7, 0),
        ..SourcePlan::default()
    };
    let named = SourcePlan {
        value: ValuePlan::Sequence,
        size: SizePlan::Fixed(64),
        seed: StreamPlan::seed(7, 1),
        ..SourcePlan::default()
    };
    let streams = vec![stream("orders", 0, 3, keyed), stream("audit", 1, 1, named)];
    let result = carried_out(&plan(vec![topic("orders", 5), topic("audit", 3)], streams));

    assert_eq!(counts(&result), [(3_000, 3_000), (1_000, 1_000)]);
    assert_eq!(result.tally.ledger.acked, 4_000);
    assert_eq!(grown(&result), [3_000, 1_000]);
    let warmup = &result.phases[0];
    assert_eq!((warmup.kind, warmup.due, warmup.acked), (PhaseKind::Warmup, 400, 400));
    assert_eq!((warmup.offset_before, warmup.offset_after), (Some(0), Some(400)));
    assert!(result.offsets.as_ref().expect("offsets").confirms());
    let counted: Vec<u64> = result.tally.partitions.all().iter().map(|it| it.records).collect();
    assert_eq!(counted[..5].iter().sum::<u64>(), 3_000, "{counted:?}");
    assert_eq!(counted[5..].iter().sum::<u64>(), 1_000, "{counted:?}");

    let found = &result.readback.as_ref().expect("records were read back").found;
    assert!(found.total.is_clean(), "{:?}", found.total);
    let by_partition: Vec<u64> = found.partitions.iter().map(|one| one.found).collect();
    assert_eq!(by_partition, counted);
    for topic in &result.topics {
        assert!(topic.created && topic.deleted, "{topic:?}");
        assert_eq!(topic.leaders_before.len(), topic.partitions as usize);
        assert_eq!(topic.leaders_before, topic.leaders_after);
    }
}

/// Goal: streams that write to one topic are told apart, though both name records 0, 1, 2 … of
/// producer 0. Method: equal sources but for the seed; offsets are those of the topic, which both
/// grew.
#[test]
fn two_streams_of_one_topic_are_told_apart() {
    let source = |index| SourcePlan {
        value: ValuePlan::Sequence,
        size: SizePlan::Fixed(64),
        seed: StreamPlan::seed(7, index),
        ..SourcePlan::default()
    };
    let streams = vec![stream("bulk", 0, 9, source(0)), stream("probe", 0, 1, source(1))];
    let result = carried_out(&plan(vec![topic("shared", 4)], streams));
    assert_eq!(counts(&result), [(3_600, 3_600), (400, 400)]);
    assert_eq!(grown(&result), [4_000]);
    let found = &result.readback.as_ref().expect("records were read back").found;
    assert!(found.total.is_clean(), "{:?}", found.total);
    assert_eq!(found.total.found, 4_000);
}

/// Goal: the only stream of a run costs nothing and says nothing of its own.
#[test]
fn one_stream_is_the_run() {
    let topic = topic("alone", 2);
    let only = StreamPlan::only(&topic, SourcePlan::default());
    let result = carried_out(&plan(vec![topic], vec![only]));
    assert!(result.streams.is_empty());
    assert_eq!((result.tally.ledger.acked, grown(&result)), (4_000, vec![4_000]));
}
