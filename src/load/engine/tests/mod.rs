//! Whole runs in virtual time against the in-memory broker.

mod exact;
mod partitions;
mod verdicts;
mod world;

use core::time::Duration;
use std::sync::Arc;

use super::*;
use crate::base::{BrokerId, PartitionSlot, WorkerIndex};
use crate::kafka::compression::{Codec, Compression, decompress};
use crate::kafka::config::{Acks, HostPort, ProducerConfig};
use crate::kafka::producer::ProducerEvent;
use crate::kafka::wire::ErrorCode;
use crate::kafka::wire::record_batch::{self, Records};
use crate::load::recorder::{ErrorSource, Kind, RecorderPlan};
use crate::load::schedule::{
    Arrivals, Curve, Full, Late, Level, Rate, SchedulePlan, Shape, Stage, Stop,
};
use crate::load::source::{KeyPlan, SourcePlan, ValuePlan, parse_sequence};
use crate::load::verify::{Fate, Traced, Verifier, VerifyPlan};
use world::World;

const TOPIC: &str = "t";

fn plan(bootstrap: &str, rate: Option<f64>, tune: impl FnOnce(&mut ProducerConfig)) -> EnginePlan {
    let server: HostPort = bootstrap.parse().unwrap();
    let mut producer = ProducerConfig::java_defaults(vec![server], "test".to_owned());
    tune(&mut producer);
    EnginePlan {
        worker: WorkerIndex(0),
        topic: TOPIC.to_owned(),
        schedule: SchedulePlan::of(rate.map(|r| Rate::per_second(r).unwrap()), 1),
        source: SourcePlan { value: ValuePlan::Sequence, ..SourcePlan::default() },
        quantum: Duration::from_micros(250),
        recorder: RecorderPlan {
            paced: rate.is_some(),
            varying: false,
            kind: if producer.acks == Acks::None { Kind::Written } else { Kind::Acked },
            highest_trackable: Duration::from_secs(300),
            interval: Duration::from_secs(1),
        },
        seed: 5,
        origin: Origin { instant: crate::base::Instant::ZERO, unix_ms: 1_700_000_000_000 },
        trace: Trace::Off,
        producer,
    }
}

/// A connected world.
fn ready(rate: Option<f64>, tune: impl FnOnce(&mut ProducerConfig)) -> World {
    let mut world = World::new(|bootstrap| plan(bootstrap, rate, tune));
    world.until(|report| matches!(report, EngineReport::Ready { .. }));
    world
}

fn begin<W: Witness>(world: &mut World<W>, stop: Stop) {
    let load = Load {
        at: world.now,
        stop,
        flat: false,
        drain_within: Duration::from_secs(120),
        leave_after: None,
    };
    world.command(EngineCommand::Begin(load));
}

fn for_seconds(seconds: u64) -> Stop {
    Stop { after: Some(Duration::from_secs(seconds)), records: None }
}

/// Numbers of all records in the broker's logs, by partition, in log order.
fn logged(world: &World, codec: Codec) -> Vec<Vec<u64>> {
    (0..12)
        .map(|partition| {
            let mut numbers = Vec::new();
            for bytes in world.broker.log(TOPIC, partition) {
                let (batch, _) = record_batch::Batch::parse(bytes).unwrap();
                assert!(batch.crc_ok());
                let mut body = Vec::new();
                decompress(codec, batch.body(), &mut body, 1 << 24).unwrap();
                for record in Records::new(&body, batch.header.record_count) {
                    let value = record.unwrap().value.unwrap().to_vec();
                    numbers.push(parse_sequence(&value).unwrap().1);
                }
            }
            numbers
        })
        .collect()
}

/// Every record 0..count is in some log exactly once, and each log is in order.
fn assert_exactly_once(world: &World, count: u64) {
    let logs = logged(world, Codec::None);
    for log in &logs {
        assert!(log.is_sorted(), "records changed their order");
    }
    let mut all: Vec<u64> = logs.into_iter().flatten().collect();
    all.sort_unstable();
    assert!(all.iter().copied().eq(0..count), "{} of {count} records", all.len());
}

/// The six stages of all delivered records add up to their responses, to the nanosecond.
fn assert_stages_add_up(end: &PhaseEnd) {
    let stages: u128 = end.tally.stages.all().iter().map(|(_, stage)| stage.sum()).sum();
    assert_eq!(stages, end.tally.headline().sum());
}

#[test]
fn a_paced_run_delivers_every_record_on_time() {
    let mut world = ready(Some(10_000.0), |_| {});
    begin(&mut world, for_seconds(3));
    let end = world.phase_end();
    assert_eq!(end.due, 30_000);
    assert_eq!(end.tally.ledger.acked, 30_000);
    assert_stages_add_up(&end);
    assert_exactly_once(&world, 30_000);
    // Linger 5 ms, 1 ms each way, a quantum of 250 µs.
    let response = end.tally.response.as_ref().unwrap();
    let max = response.max().unwrap();
    assert!(max <= 12_000_000, "{max} ns");
    assert!(response.mean().unwrap() >= 2_000_000.0);
}

#[test]
fn a_saturated_run_fills_batches_and_has_no_response() {
    let mut world = ready(None, |_| {});
    begin(&mut world, Stop { after: None, records: Some(100_000) });
    let end = world.phase_end();
    assert_eq!(end.tally.ledger.acked, 100_000);
    assert!(end.tally.response.is_none());
    assert_stages_add_up(&end);
    assert_exactly_once(&world, 100_000);
}

#[test]
fn with_acks_0_records_end_as_written() {
    let mut world = ready(Some(5_000.0), |config| {
        config.acks = Acks::None;
        config.enable_idempotence = false;
    });
    begin(&mut world, for_seconds(1));
    let end = world.phase_end();
    assert_eq!((end.tally.ledger.written, end.tally.ledger.acked), (5_000, 0));
    assert_stages_add_up(&end);
    let later = world.now + Duration::from_secs(1);
    world.run_to(later);
    assert_exactly_once(&world, 5_000);
}

#[test]
fn every_codec_arrives_whole() {
    for &codec in Codec::ALL {
        let mut world = ready(Some(20_000.0), |config| config.compression = Compression::of(codec));
        world.chunk = 7;
        begin(&mut world, for_seconds(1));
        let end = world.phase_end();
        assert_eq!(end.tally.ledger.acked, 20_000, "{codec:?}");
        let mut all: Vec<u64> = logged(&world, codec).into_iter().flatten().collect();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..20_000), "{codec:?}");
    }
}

#[test]
fn broken_connections_lose_and_repeat_nothing_with_idempotence() {
    let mut world = ready(Some(20_000.0), |_| {});
    begin(&mut world, for_seconds(5));
    for i in 1..20u64 {
        let at = world.now + Duration::from_millis(200 + i * 3);
        world.run_to(at);
        world.break_all();
    }
    let end = world.phase_end();
    assert!(end.tally.batches.retried > 0);
    let ledger = end.tally.ledger;
    assert_eq!(ledger.acked + ledger.duplicate, 100_000);
    assert_stages_add_up(&end);
    assert_exactly_once(&world, 100_000);
}

/// Goal: partitions that were ready for a broker that died go on at its successor. Method: node 1
/// dies in mid-run; after three seconds without a leader its partitions move, later it comes back.
/// (They once stayed in the dead broker's list for ever.)
#[test]
fn partitions_of_a_dead_leader_go_on_at_its_successor() {
    let mut world = ready(Some(20_000.0), |_| {});
    begin(&mut world, for_seconds(10));
    let start = world.now;
    world.run_to(start + Duration::from_secs(2));
    world.kill_node(1);
    world.run_to(start + Duration::from_secs(5));
    for partition in 0..12 {
        let found = world.broker.cluster_mut().partition_mut(TOPIC, partition).unwrap();
        if found.leader() == BrokerId(2) {
            found.move_leader(BrokerId(1 + 2 * (partition % 2)));
        }
    }
    world.run_to(start + Duration::from_secs(7));
    world.start_node(1);
    let end = world.phase_end();
    let ledger = end.tally.ledger;
    assert_eq!(ledger.acked + ledger.duplicate, 200_000, "{ledger:?}");
    assert_exactly_once(&world, 200_000);
    assert!(end.drained < start + Duration::from_secs(11), "drained at {}", end.drained);
    assert!(!end.tally.unavailability().is_empty());
}

#[test]
fn a_pause_shows_in_response_and_not_in_service_when_memory_is_short() {
    let mut world = ready(Some(50_000.0), |config| {
        config.buffer_memory = 512 * 1024;
        config.acks = Acks::Leader;
        config.enable_idempotence = false;
    });
    begin(&mut world, for_seconds(6));
    let at = world.now + Duration::from_secs(2);
    world.run_to(at);
    world.paused = true;
    world.run_to(at + Duration::from_secs(2));
    world.paused = false;
    let end = world.phase_end();
    assert_eq!(end.tally.ledger.acked, 300_000);
    assert_stages_add_up(&end);
    let response = end.tally.response.as_ref().unwrap();
    let p99 = response.quantile(0.99).unwrap();
    assert!(p99 > 1_500_000_000, "{p99}");
    let stages = end.tally.stages.all();
    let lag = stages[0].1;
    assert!(lag.max().unwrap() < 10_000_000, "a broker's pause was called the client's fault");
    assert!(end.tally.service.quantile(0.75).unwrap() < 100_000_000);
}

/// Goal: a client that can't keep up says so. Method: turns that take longer than the records they
/// make, with memory to spare. Counted as seen at the first call, their lateness looked like a wait
/// for room.
#[test]
fn a_client_that_is_too_slow_lags_behind_its_schedule() {
    let mut world = ready(Some(200_000.0), |config| {
        config.acks = Acks::Leader;
        config.enable_idempotence = false;
    });
    world.work = Duration::from_millis(100);
    begin(&mut world, for_seconds(1));
    let end = world.phase_end();
    assert_eq!(end.tally.ledger.acked, 200_000);
    assert_stages_add_up(&end);
    let (lag, wait) = (&end.tally.stages.schedule_lag, &end.tally.stages.buffer_wait);
    assert!(lag.quantile(0.5).unwrap() > 100_000_000, "{:?}", lag.quantile(0.5));
    assert_eq!(wait.max(), Some(0));
}

/// `BufferPoolTest.testBlockTimeout`: a record without room fails when `max.block.ms` is over, not
/// before, and the result says what it lacked.
#[test]
fn a_record_without_room_fails_after_max_block_ms() {
    let mut world = ready(Some(1_000.0), |config| {
        config.buffer_memory = 32 * 1024;
        config.max_block = Duration::from_secs(2);
    });
    begin(&mut world, for_seconds(5));
    let start = world.now;
    world.run_to(start + Duration::from_millis(100));
    world.paused = true;
    world.run_to(start + Duration::from_secs(8));
    world.paused = false;
    let end = world.phase_end();
    assert!((1..=4).contains(&end.tally.ledger.failed), "{:?}", end.tally.ledger);
    let soonest = end.tally.failure.quantile(0.0).unwrap();
    assert!((1_990_000_000..2_100_000_000).contains(&soonest), "{soonest} ns");
    let said =
        end.tally.errors.words(ErrorCode::REQUEST_TIMED_OUT, ErrorSource::BufferExhausted).unwrap();
    assert!(said.starts_with("no room for a batch of 16384 bytes in buffer.memory"), "{said}");
}

#[test]
fn a_warm_up_is_drained_and_leaves_no_trace_in_the_measurement() {
    let mut world = ready(Some(1_000.0), |_| {});
    begin(&mut world, for_seconds(1));
    let warm = world.phase_end();
    assert_eq!(warm.tally.ledger.acked, 1_000);
    let later = world.now + Duration::from_secs(2);
    world.run_to(later);
    begin(&mut world, for_seconds(1));
    let end = world.phase_end();
    assert_eq!(end.due, 1_000);
    assert_eq!(end.tally.ledger.acked, 1_000);
    let lag = end.tally.stages.all()[0].1.max().unwrap();
    assert!(lag < 1_000_000, "the pause between the phases became a debt: {lag} ns");
    assert_exactly_once(&world, 2_000);
}

#[test]
fn a_stop_sends_what_was_due_and_no_more() {
    let mut world = ready(Some(1_000.0), |_| {});
    begin(&mut world, for_seconds(100));
    let at = world.now + Duration::from_millis(1_500);
    world.run_to(at);
    world.command(EngineCommand::Stop { within: Duration::from_secs(5) });
    let end = world.phase_end();
    assert_eq!(end.due, 1_501);
    assert_eq!(end.tally.ledger.acked, 1_501);
    assert!(!end.cut);
}

/// Goal: a batch above the topic's limit is cut until it fits, although it fits `batch.size`.
/// (It once came out of the split as it was, and was refused for ever.)
#[test]
fn a_batch_above_the_topic_s_limit_is_halved_until_it_fits() {
    let mut world = ready(Some(50_000.0), |config| {
        config.batch_size = 2_000_000;
        config.linger = Duration::from_secs(3);
    });
    begin(&mut world, for_seconds(2));
    let end = world.phase_end();
    assert!(end.tally.batches.splits > 0);
    assert_eq!(end.tally.ledger.acked, 100_000);
    assert_stages_add_up(&end);
    assert_exactly_once(&world, 100_000);
}

/// Goal: a stop that comes after the window's end still drains. Method: short memory, so that the
/// records of a window of 2 s are still being handed over when the order comes.
#[test]
fn a_stop_after_the_window_s_end_still_drains() {
    let mut world = ready(Some(20_000.0), |config| config.buffer_memory = 64 * 1024);
    let start = world.now;
    begin(&mut world, for_seconds(2));
    world.run_to(start + Duration::from_secs(1));
    world.paused = true;
    world.run_to(start + Duration::from_secs(9));
    world.paused = false;
    world.command(EngineCommand::Stop { within: Duration::from_secs(5) });
    let end = world.phase_end();
    assert!(!end.cut);
    assert_eq!((end.due, end.tally.ledger.acked), (40_000, 40_000));
}

#[test]
fn a_cut_drain_counts_what_never_left_as_unsent() {
    let mut world = ready(Some(20_000.0), |config| config.buffer_memory = 64 * 1024);
    begin(&mut world, for_seconds(2));
    let at = world.now + Duration::from_secs(1);
    world.run_to(at);
    world.paused = true;
    world.command(EngineCommand::Stop { within: Duration::from_secs(1) });
    let end = world.phase_end();
    assert!(end.cut);
    let ledger = end.tally.ledger;
    assert_eq!(ledger.ended(), end.due);
}

/// Goal: random arrivals that end by count and go on beyond the drain's bound aren't due. Method: a
/// bound right behind the window, and seeds whose last records come later than planned.
#[test]
fn what_would_be_due_after_the_cut_was_not_due() {
    let mut cuts = 0;
    for seed in 0..6 {
        let mut world = World::new(|bootstrap| {
            let mut plan = plan(bootstrap, Some(1_000.0), |_| {});
            plan.schedule.arrivals = Arrivals::Poisson { seed };
            plan
        });
        world.until(|report| matches!(report, EngineReport::Ready { .. }));
        world.command(EngineCommand::Begin(Load {
            at: world.now,
            stop: Stop { after: None, records: Some(1_000) },
            flat: false,
            drain_within: Duration::from_millis(1),
            leave_after: None,
        }));
        let end = world.phase_end();
        let ledger = end.tally.ledger;
        assert_eq!((ledger.generated, ledger.ended()), (end.due, end.due), "seed {seed}");
        cuts += u32::from(end.due < 1_000);
    }
    assert!(cuts > 0);
}

/// Goal: a warm-up that overloads the cluster doesn't end the run. Method: brokers that say nothing
/// and little memory, so that most of a window can't be handed over; then they are back.
#[test]
fn an_overloaded_warm_up_is_left_and_the_next_phase_goes_on() {
    let mut world = ready(Some(20_000.0), |config| {
        config.buffer_memory = 64 * 1024;
        config.request_timeout = Duration::from_secs(1);
        config.delivery_timeout = Duration::from_secs(3);
    });
    let start = world.now;
    world.command(EngineCommand::Begin(Load {
        at: start,
        stop: for_seconds(2),
        flat: false,
        drain_within: Duration::from_secs(9),
        leave_after: Some(Duration::from_secs(1)),
    }));
    world.run_to(start + Duration::from_secs(1));
    world.paused = true;
    let warm = world.phase_end();
    let ledger = warm.tally.ledger;
    assert!(!warm.cut);
    assert!(warm.drained <= start + Duration::from_millis(6_010), "{}", warm.drained);
    assert!(ledger.unsent > 10_000, "{ledger:?}");
    assert_eq!((ledger.ended(), warm.due), (40_000, 40_000));
    world.paused = false;
    let later = world.now + Duration::from_secs(5);
    world.run_to(later);
    begin(&mut world, for_seconds(1));
    let end = world.phase_end();
    assert_eq!((end.due, end.tally.ledger.acked), (20_000, 20_000));
}

/// Goal: a warm-up by count without a rate ends although brokers stall, and not while they answer.
/// Method: little memory and brokers that say nothing after a while, for much longer than a record
/// may wait for room; then they are back.
#[test]
fn a_counted_warm_up_that_stalls_is_left_and_the_next_phase_goes_on() {
    let counted = |at, records| {
        EngineCommand::Begin(Load {
            at,
            stop: Stop { after: None, records: Some(records) },
            flat: false,
            drain_within: Duration::from_secs(9),
            leave_after: Some(Duration::from_secs(1)),
        })
    };
    let mut world = ready(None, |config| {
        config.buffer_memory = 64 * 1024;
        config.max_block = Duration::from_millis(300);
        config.request_timeout = Duration::from_secs(1);
        config.delivery_timeout = Duration::from_secs(3);
    });
    world.latency = Duration::from_millis(50);
    let start = world.now;
    world.command(counted(start, 40_000));
    // Longer than the patience: what arrives keeps it going.
    let stall = start + Duration::from_millis(1_500);
    world.run_to(stall);
    world.paused = true;
    let warm = world.phase_end();
    let ledger = warm.tally.ledger;
    assert!(!warm.cut);
    assert!(warm.end > stall + Duration::from_millis(850), "{}", warm.end);
    assert!(warm.end <= stall + Duration::from_millis(1_100), "{}", warm.end);
    assert!(warm.drained <= stall + Duration::from_millis(3_200), "{}", warm.drained);
    assert!(ledger.acked > 1_000 && warm.due < 40_000, "{ledger:?}");
    assert_eq!(ledger.ended(), warm.due);
    world.paused = false;
    let later = world.now + Duration::from_secs(3);
    world.run_to(later);
    world.command(counted(later, 2_000));
    let end = world.phase_end();
    assert_eq!((end.due, end.tally.ledger.acked), (2_000, 2_000));
}

/// Goal: what the producer refuses is nobody's backlog and has a cause of its own. Method: a limit
/// that no record keeps.
#[test]
fn records_that_are_never_sent_are_no_backlog() {
    let mut world = ready(Some(1_000.0), |config| config.max_request_size = 90);
    begin(&mut world, for_seconds(2));
    let end = world.phase_end();
    let (ledger, causes) = (&end.tally.ledger, &end.tally.causes);
    assert_eq!((ledger.failed, causes.refused, causes.sum()), (2_000, 2_000, 2_000));
    assert_eq!(end.tally.achieved_ratio(Duration::from_secs(2), 2_000), Some(1.0));
    let counts: Vec<_> = end.tally.errors.iter().map(|(_, it)| (it.records, it.refused)).collect();
    assert_eq!(counts, [(2_000, 2_000)]);
}

/// Goal: a fatal error has its cause, its words and its records, and nothing waits for them.
/// Method: from some instant on the broker answers Produce with CLUSTER_AUTHORIZATION_FAILED.
#[test]
fn what_a_fatal_error_ends_is_counted_as_its() {
    for rate in [Some(1_000.0), None] {
        let mut world = ready(rate, |_| {});
        begin(&mut world, for_seconds(2));
        world.run_to(world.now + Duration::from_secs(1));
        let id = world.broker.cluster().topic(TOPIC).unwrap().id().0;
        world.spoil = Some(Box::new(move |answer| forbid(answer, &id, 31)));
        let end = world.phase_end();
        let (ledger, causes) = (&end.tally.ledger, &end.tally.causes);
        assert!(ledger.acked > 0 && ledger.failed > 0, "{ledger:?}");
        assert_eq!((causes.fatal, causes.sum()), (ledger.failed, ledger.failed));
        let fatal = end.tally.fatal.as_ref().unwrap();
        assert_eq!(fatal.code, ErrorCode::CLUSTER_AUTHORIZATION_FAILED);
        if rate.is_some() {
            let window = Duration::from_secs(2);
            assert_eq!(end.tally.achieved_ratio(window, 2_000), Some(1.0));
        }
    }
}

/// Makes a refusal of an answer to Produce 13: length, correlation id, tags, one topic by its id,
/// the number of its partitions, a partition's number, its error.
fn forbid(answer: &mut [u8], topic: &[u8; 16], code: i16) {
    if answer.get(10..26) == Some(topic) {
        answer[31..33].copy_from_slice(&code.to_be_bytes());
    }
}

/// Goal: a cluster isn't behind with what it refused for good. Method: from some instant on the
/// broker answers Produce with INVALID_RECORD, to a producer without idempotence.
#[test]
fn what_a_broker_refuses_for_good_is_no_backlog() {
    let mut world = ready(Some(1_000.0), |config| config.enable_idempotence = false);
    begin(&mut world, for_seconds(2));
    world.run_to(world.now + Duration::from_secs(1));
    let id = world.broker.cluster().topic(TOPIC).unwrap().id().0;
    world.spoil = Some(Box::new(move |answer| forbid(answer, &id, 87)));
    let end = world.phase_end();
    let (ledger, causes) = (&end.tally.ledger, &end.tally.causes);
    assert!(ledger.acked > 0 && ledger.failed > 900, "{ledger:?}");
    assert_eq!((causes.rejected, causes.sum()), (ledger.failed, ledger.failed));
    assert_eq!(end.tally.achieved_ratio(Duration::from_secs(2), 2_000), Some(1.0));
}

/// Goal: every record's fate is known and its mark finds it, over batches that were retried and
/// split. Method: a traced run with broken connections and batches above the topic's limit; the
/// broker's own logs go through the verifier.
#[test]
fn a_traced_run_is_found_again_record_by_record() {
    for trace in [Trace::ByMark(7), Trace::ByValue] {
        let mut world = World::new(|bootstrap| EnginePlan {
            trace,
            ..plan(bootstrap, Some(50_000.0), |config| {
                config.batch_size = 2_000_000;
                config.linger = Duration::from_secs(3);
            })
        });
        world.until(|report| matches!(report, EngineReport::Ready { .. }));
        begin(&mut world, Stop { after: None, records: Some(500) });
        assert_eq!(world.phase_end().fates.unwrap().first(), 0);
        let starts: Vec<i64> = (0..12).map(|partition| end_offset(&world, partition)).collect();
        begin(&mut world, for_seconds(2));
        for millis in [900, 1_103, 2] {
            let at = world.now + Duration::from_millis(millis);
            world.run_to(at);
            world.break_all();
        }
        let mut end = world.phase_end();
        assert!(end.tally.batches.splits > 0, "the limit made no pieces");
        assert!(end.tally.batches.retries > 0, "nothing was sent again");
        let fates = end.fates.take().unwrap();
        assert_eq!(fates.first(), 500);
        assert_eq!(fates.count(Fate::Delivered), end.tally.ledger.delivered());
        assert_eq!(fates.count(Fate::Indeterminate), end.tally.ledger.indeterminate);
        let mark = match trace {
            Trace::ByMark(run) => Some(run),
            _ => None,
        };
        let source = world.engine.plan.source.clone();
        let streams = vec![Traced { source, mark }];
        let mut verifier =
            Verifier::new(&VerifyPlan { streams, largest_body: 1 << 20 }, vec![fates]);
        for partition in 0..12u32 {
            let slot = PartitionSlot(partition);
            let index = i32::try_from(partition).unwrap();
            let counts = end.tally.partitions.all();
            let delivered = counts.get(slot.index()).map_or(0, |count| count.records);
            let log_end = end_offset(&world, index);
            verifier.expect(slot, starts[slot.index()], log_end, delivered);
            let log: Vec<u8> = world.broker.log(TOPIC, index).flatten().copied().collect();
            verifier.feed(slot, &log);
        }
        let found = verifier.finish().total;
        assert_eq!(found.expected, 100_000);
        assert!(found.is_clean(), "{trace:?}: {found:?}");
    }
}

/// Goal: what the end of the drain cuts off has a fate as well, or a record of ours that arrived
/// all the same would be taken for somebody else's. Method: brokers fall silent under load, and the
/// drain's bound comes while batches are in flight.
#[test]
fn a_cut_drain_leaves_no_record_without_a_fate() {
    let mut world = World::new(|bootstrap| EnginePlan {
        trace: Trace::ByMark(7),
        ..plan(bootstrap, Some(20_000.0), |_| {})
    });
    world.until(|report| matches!(report, EngineReport::Ready { .. }));
    begin(&mut world, for_seconds(2));
    let at = world.now + Duration::from_millis(500);
    world.run_to(at);
    world.paused = true;
    let at = world.now + Duration::from_millis(100);
    world.run_to(at);
    world.command(EngineCommand::Stop { within: Duration::from_secs(1) });
    let end = world.phase_end();
    assert!(end.cut);
    let (ledger, fates) = (end.tally.ledger, end.fates.unwrap());
    assert!(ledger.indeterminate > 0, "nothing was in flight: {ledger:?}");
    assert_eq!(fates.count(Fate::Delivered), ledger.delivered());
    assert_eq!(fates.count(Fate::Indeterminate), ledger.indeterminate);
    assert_eq!(fates.count(Fate::Failed), ledger.failed + ledger.unsent);
}

fn end_offset(world: &World, partition: i32) -> i64 {
    let batches = world.broker.log(TOPIC, partition);
    let end = |bytes: &[u8]| {
        let header = record_batch::Batch::parse(bytes).unwrap().0.header;
        header.base_offset + i64::from(header.last_offset_delta) + 1
    };
    batches.map(end).last().unwrap_or(0)
}

/// Goal: records that end by a limit of the producer's own are in the failure histogram, in the
/// worst case and under their cause, and none goes missing from the count. Method: brokers that say
/// nothing while memory runs full, until max.block.ms and delivery.timeout.ms are over.
#[test]
fn failures_are_measured_and_counted_by_cause() {
    let mut world = ready(Some(1_000.0), |config| {
        config.batch_size = 1_000;
        config.buffer_memory = 50_000;
        config.max_block = Duration::from_millis(300);
        config.request_timeout = Duration::from_millis(800);
        config.delivery_timeout = Duration::from_millis(2_000);
    });
    begin(&mut world, for_seconds(6));
    world.paused = true;
    let on = world.now + Duration::from_secs(5);
    world.run_to(on);
    world.paused = false;
    let end = world.phase_end();
    let (ledger, causes) = (&end.tally.ledger, &end.tally.causes);
    assert_eq!((ledger.due(), ledger.generated), (6_000, 6_000));
    assert_eq!(ledger.balance(0), Ok(()));
    assert!(causes.buffer_exhausted > 0, "{causes:?}");
    assert!(causes.expired > 0, "{causes:?}");
    assert_eq!(causes.no_metadata, 0);
    assert!(causes.sum() <= ledger.failed + ledger.indeterminate, "{causes:?} {ledger:?}");
    assert_eq!(end.tally.failure.count(), ledger.failed + ledger.indeterminate);
    let worst = end.tally.worst_case();
    assert_eq!(worst.count(), 6_000);
    // Nobody's wait was shorter than the limit that ended it.
    assert!(end.tally.failure.min().unwrap() >= 299_000_000, "{:?}", end.tally.failure.min());
}

/// A plan whose schedule is changed.
fn ready_with(
    rate: f64,
    tune: impl FnOnce(&mut ProducerConfig),
    change: impl FnOnce(&mut SchedulePlan),
) -> World {
    let mut world = World::new(|bootstrap| {
        let mut plan = plan(bootstrap, Some(rate), tune);
        change(&mut plan.schedule);
        plan.recorder.varying = plan.schedule.is_varying();
        plan
    });
    world.until(|report| matches!(report, EngineReport::Ready { .. }));
    world
}

/// Runs for five seconds, in which brokers say nothing from 1 s to 3 s.
fn with_a_pause(world: &mut World) -> PhaseEnd {
    begin(world, for_seconds(5));
    let start = world.now;
    world.run_to(start + Duration::from_secs(1));
    world.paused = true;
    world.run_to(start + Duration::from_secs(3));
    world.paused = false;
    world.phase_end()
}

#[test]
fn records_that_find_no_room_are_dropped_and_counted() {
    let small = |config: &mut ProducerConfig| config.buffer_memory = 1_000_000;
    let mut world = ready_with(10_000.0, small, |plan| plan.full = Full::Drop);
    let end = with_a_pause(&mut world);
    let ledger = end.tally.ledger;
    assert_eq!((end.due, ledger.due()), (50_000, 50_000));
    // Two seconds are 20,000 records, of which a megabyte holds some thousands.
    assert!((10_000..18_000).contains(&ledger.dropped), "{ledger:?}");
    assert_eq!((ledger.skipped, ledger.acked), (0, ledger.generated));
    assert_stages_add_up(&end);
    // Nobody waited for room.
    assert_eq!(end.tally.stages.buffer_wait.max(), Some(0));
    let ratio = end.tally.achieved_ratio(Duration::from_secs(5), 50_000).unwrap();
    let left_out = 1.0 - f64::from(u32::try_from(ledger.dropped).unwrap()) / 50_000.0;
    assert!(ratio <= left_out && ratio > 0.5, "{ratio}");
}

#[test]
fn records_that_are_too_late_are_skipped_and_counted() {
    let small = |config: &mut ProducerConfig| config.buffer_memory = 200_000;
    let bound = Duration::from_millis(50);
    let mut world = ready_with(10_000.0, small, |plan| plan.late = Late::Skip(bound));
    let end = with_a_pause(&mut world);
    let ledger = end.tally.ledger;
    assert_eq!((end.due, ledger.due(), ledger.dropped), (50_000, 50_000, 0));
    assert!((15_000..20_000).contains(&ledger.skipped), "{ledger:?}");
    assert_eq!(ledger.acked, ledger.generated);
    assert_stages_add_up(&end);
    let longest = end.tally.stages.buffer_wait.max().unwrap();
    assert!(longest <= 51_000_000, "{longest} ns waited for room");
    // Those that are sent are the others, each once.
    let numbers: usize = logged(&world, Codec::None).iter().map(Vec::len).sum();
    assert_eq!(numbers as u64, ledger.acked);
}

#[test]
fn a_ramp_is_sent_as_planned_and_isn_t_behind() {
    let mut world = ready_with(
        1.0,
        |_| {},
        |plan| {
            let to = Level::per_second(20_000.0).unwrap();
            let ramp = Stage::Ramp { to, span: Duration::from_secs(5) };
            plan.shape = Shape::Curve(Arc::new(Curve::new(&[ramp]).unwrap()));
        },
    );
    begin(&mut world, Stop::default());
    let end = world.phase_end();
    assert_eq!((end.due, end.tally.ledger.acked), (50_000, 50_000));
    let due: Vec<_> = end.tally.intervals().map(|interval| interval.due).take(5).collect();
    for (second, due) in (0u64..).zip(&due) {
        // As sampled, every 50 ms.
        let planned = 2_000 + second * 4_000;
        assert!(due.abs_diff(planned) < 1_000, "{due} of {planned}");
    }
    assert!(end.tally.achieved_ratio(Duration::from_secs(5), 50_000).unwrap() > 0.995);
    assert_stages_add_up(&end);
    assert_exactly_once(&world, 50_000);
}

/// Goal: what was measured outlives a panic, and the ledger balances whatever was under way.
/// Method: the panic that can be asked for, under load and in the drain of a broker that says
/// nothing.
#[test]
fn a_panic_leaves_what_was_measured_until_then() {
    use crate::base::Machine as _;
    for (seconds, in_drain) in [(60, false), (2, true)] {
        let mut world = ready(Some(1_000.0), |_| {});
        begin(&mut world, for_seconds(seconds));
        let start = world.now;
        world.run_to(start + Duration::from_millis(1_500));
        world.paused = true;
        world.run_to(start + Duration::from_millis(if in_drain { 2_500 } else { 1_700 }));
        let World { engine, now, .. } = &mut world;
        let panics = || engine.command(EngineCommand::Panic, *now);
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(panics)).unwrap_err();
        let Some(EngineReport::BrokeOff(end)) = engine.last_words(*now) else {
            panic!("a phase is under way")
        };
        let ledger = end.tally.ledger;
        assert_eq!((ledger.balance(0), ledger.generated), (Ok(()), end.due));
        assert!((1_400..1_500).contains(&ledger.acked), "{ledger:?}");
        let open = ledger.indeterminate + ledger.unsent;
        let expected = if in_drain { 500..600 } else { 200..300 };
        assert!(expected.contains(&open), "{ledger:?}");
        assert_eq!(end.tally.cut_in_flight, ledger.indeterminate, "nobody's error");
        assert!(engine.last_words(*now).is_none() && engine.is_done());
    }
}
