//! Setups by seed: a configuration, a load, and faults, all drawn.
//!
//! Cost class: once a simulation. Swarm testing (Groce et al., ISSTA 2012): each seed switches
//! whole kinds of fault off, so that those that are left meet each other more often, and no kind
//! hides what another would find.

use core::time::Duration;

use crate::base::Rng;
use crate::kafka::broker::TopicSettings;
use crate::kafka::compression::{Codec, Compression};
use crate::kafka::config::{Acks, Backoff, PartitionerKind, ProducerConfig};
use crate::kafka::wire::{ApiKey, ErrorCode};
use crate::load::schedule::{Arrivals, Full, Late, Level, Stage, Stop};
use crate::load::source::{KeyPlan, NumberType, ValuePlan};

use super::fault::{Chance, Fault, FaultPlan};
use super::physics::Physics;
use super::setup::Setup;

/// The simulation of a seed.
#[must_use]
pub fn sample(seed: u64) -> Setup {
    let mut draw = Draw(Rng::new(seed ^ SWARM_STREAM));
    let workers = u32::try_from(draw.among(&[1, 1, 1, 2, 3])).expect("a few");
    let brokers = u16::try_from(draw.among(&[1, 2, 3, 3, 3])).expect("a few");
    let partitions = i32::try_from(draw.among(&[1, 1, 2, 3, 4, 6, 12])).expect("a few");
    let record_size = u32::try_from(draw.among(&[40, 40, 100, 100, 300, 1_000])).expect("small");
    let producer = producer(&mut draw, record_size);
    let count = draw.between(200, 3_000) / (1 + u64::from(record_size) / 500);
    let millis = draw.among(&[50, 200, 500, 1_000, 3_000]);
    #[expect(clippy::cast_precision_loss, reason = "a few thousand records")]
    let rate = (draw.of_10(7)).then(|| count as f64 * 1_000.0 / millis as f64);
    let stop = match rate {
        Some(_) => Stop { after: Some(Duration::from_millis(millis)), records: None },
        None => Stop { after: None, records: Some(count) },
    };
    let (stages, arrivals, late, full) = timing(seed, rate, millis);
    let heal_after = Duration::from_millis(millis + draw.among(&[0, 200, 2_000]));
    let faults = faults(&mut draw, heal_after, &producer, partitions);
    let mut setup = Setup {
        seed,
        brokers,
        partitions,
        topic: TopicSettings {
            min_insync_replicas: if brokers == 3 && draw.of_10(5) { 2 } else { 1 },
            ..TopicSettings::default()
        },
        workers,
        rate,
        stages,
        arrivals,
        late,
        full,
        stop,
        key: match draw.0.below(3) {
            0 => KeyPlan::Uniform { cardinality: draw.among(&[1, 5, 100]) },
            _ => KeyPlan::None,
        },
        value: match draw.0.below(3) {
            0 => ValuePlan::Random,
            1 => ValuePlan::Sequence,
            _ => ValuePlan::Increasing(NumberType::Text),
        },
        record_size,
        quantum: Duration::from_micros(draw.among(&[100, 250, 1_000])),
        physics: physics(&mut draw),
        faults,
        interrupt: draw.of_10(1).then(|| {
            let at = Duration::from_millis(draw.between(1, millis + 100));
            (at, Duration::from_millis(draw.among(&[0, 20, 500, 30_000])))
        }),
        afterwards: 0,
        producer,
    };
    setup.afterwards = carried(&setup).clamp(u64::from(workers), AFTERWARDS);
    setup
}

/// Shape, arrivals and policies of a load of about `rate` over `millis`; drawn from a stream of
/// their own, so that the rest of a seed's setup is as it would be without them.
fn timing(seed: u64, rate: Option<f64>, millis: u64) -> (Vec<Stage>, Arrivals, Late, Full) {
    let mut when = Draw(Rng::new(seed ^ WHEN_STREAM));
    let stages = match rate {
        Some(rate) if when.of_10(5) => stages(&mut when, rate, millis),
        _ => Vec::new(),
    };
    let arrivals = match when.0.below(10) {
        0..6 => Arrivals::Uniform,
        6 | 7 => Arrivals::Poisson { seed: when.0.next_u64() },
        _ => Arrivals::Bursts { records: when.among(&[2, 10, 100]), period: None },
    };
    let late = match when.of_10(2) {
        true => Late::Skip(Duration::from_millis(when.among(&[0, 1, 20, 200]))),
        false => Late::CatchUp,
    };
    let full = if when.of_10(2) { Full::Drop } else { Full::Block };
    (stages, arrivals, late, full)
}

/// One or two stages of a rate that varies around `rate`, over `millis` in all.
fn stages(draw: &mut Draw, rate: f64, millis: u64) -> Vec<Stage> {
    let level = |share: f64| Level::per_second(rate * share).expect("a rate of some thousands");
    let span = Duration::from_millis(millis);
    let (half, period) = (span / 2, span / 4);
    match draw.0.below(6) {
        0 => vec![Stage::Ramp { to: level(2.0), span }],
        1 => vec![
            Stage::Hold { rate: level(1.5), span: half },
            Stage::Ramp { to: Level::ZERO, span: half },
        ],
        2 => vec![
            Stage::Hold { rate: level(0.5), span: period },
            Stage::Hold { rate: Level::ZERO, span: period },
            Stage::Hold { rate: level(2.0), span: half },
        ],
        3 => vec![Stage::Sine { mean: level(1.0), amplitude: level(1.0), period, span }],
        4 => vec![Stage::Square { low: level(0.0), high: level(2.0), period, span }],
        _ => vec![Stage::Steps { from: level(0.2), to: level(1.8), count: 5, span }],
    }
}

/// How many records reach the brokers within half of `delivery.timeout.ms` when all are appended at
/// once and every worker sends its own over one connection, one batch after another. Of more than
/// that some expire with nothing wrong: a connection that carries 100 kB a second delivers no 60 kB
/// within 300 ms, whatever its client does.
fn carried(setup: &Setup) -> u64 {
    let (physics, producer) = (&setup.physics, &setup.producer);
    let nanos = |span: Duration| u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
    let (workers, record) = (u64::from(setup.workers), u64::from(setup.record_size));
    let way = nanos(physics.latency + physics.jitter);
    let window = u64::try_from(physics.window).unwrap_or(u64::MAX);
    let request = 2 * way + workers * physics.serve_nanos + 4 * physics.turn_nanos;
    let in_batch =
        (u64::from(producer.batch_size).saturating_sub(BATCH) / (record + RECORD)).max(1);
    let kib = 1024 * (1_000_000_000 / physics.bytes_per_second + way / window)
        + physics.seal_nanos_per_kib
        + 2 * physics.io_nanos_per_kib
        + workers * physics.serve_nanos_per_kib;
    let bytes = record + RECORD + BATCH / in_batch;
    let each = request / in_batch + physics.record_nanos + bytes * kib / 1024;
    let span =
        nanos(producer.delivery_timeout / 2).saturating_sub(nanos(producer.linger) + request);
    workers * (span / each.max(1))
}

fn producer(draw: &mut Draw, record_size: u32) -> ProducerConfig {
    let mut config = ProducerConfig::default();
    config.acks = match draw.0.below(10) {
        0 => Acks::None,
        1 | 2 => Acks::Leader,
        _ => Acks::All,
    };
    config.enable_idempotence = config.acks == Acks::All && draw.of_10(8);
    config.max_in_flight = u32::try_from(draw.among(&[1, 1, 2, 3, 5, 5])).expect("a few");
    config.linger = Duration::from_millis(draw.among(&[0, 0, 1, 5, 20, 100]));
    let smallest = u64::from(record_size) + 200;
    config.batch_size =
        u32::try_from(draw.among(&[1, 200, 1_000, 4_000, 16_384, 65_536])).expect("small");
    let unit = u64::from(config.batch_size).max(smallest);
    config.buffer_memory =
        unit * draw.among(&[1, 2, 3, 8, 40, 1_000]) + draw.among(&[0, 0, 1, 100]);
    config.max_block = Duration::from_millis(draw.among(&[500, 1_000, 5_000, 60_000]));
    config.request_timeout = Duration::from_millis(draw.among(&[300, 1_000, 5_000]));
    let least = config.request_timeout + config.linger;
    config.delivery_timeout = least + Duration::from_millis(draw.among(&[0, 500, 5_000, 60_000]));
    if draw.of_10(1) {
        config.retries = u32::try_from(draw.among(&[0, 1, 3])).expect("a few");
        config.enable_idempotence &= config.retries > 0;
    }
    let codec = match draw.0.below(2) {
        0 => Codec::None,
        _ => Codec::ALL[draw.index(Codec::ALL.len())],
    };
    config.compression = Compression::of(codec);
    config.retry_backoff = Backoff::from_millis(draw.among(&[0, 10, 100]), draw.among(&[10, 300]));
    config.reconnect_backoff = Backoff::from_millis(draw.among(&[1, 50]), draw.among(&[50, 300]));
    config.setup_timeout = Backoff::from_millis(1_000, 3_000);
    config.metadata_max_age = Duration::from_millis(draw.among(&[500, 5_000, 300_000]));
    config.max_request_size =
        u32::try_from(draw.among(&[70_000, 1_048_576, 1_048_576])).expect("small");
    if draw.of_10(2) {
        config.partitioner = PartitionerKind::RoundRobin;
    }
    config.adaptive_partitioning = draw.of_10(7);
    config.availability_timeout = Duration::from_millis(draw.among(&[0, 0, 100]));
    config.ignore_keys = draw.of_10(2);
    config
}

fn physics(draw: &mut Draw) -> Physics {
    Physics {
        latency: Duration::from_micros(draw.among(&[50, 200, 1_000, 5_000])),
        jitter: Duration::from_micros(draw.among(&[0, 0, 100, 2_000])),
        bytes_per_second: draw.among(&[2_000_000, 20_000_000, 1_000_000_000]),
        window: draw.index_of(&[512, 4_096, 65_536, 1_000_000]),
        pieces: draw.among(&[1, 1, 2, 5]),
        turn_nanos: draw.among(&[1_000, 10_000, 100_000]),
        record_nanos: draw.among(&[50, 200, 5_000]),
        io_nanos_per_kib: draw.among(&[100, 1_000]),
        seal_nanos_per_kib: draw.among(&[1_000, 20_000, 500_000]),
        serve_nanos: draw.among(&[10_000, 100_000, 1_000_000]),
        serve_nanos_per_kib: draw.among(&[100, 5_000]),
    }
}

/// What goes wrong: each kind is switched on by a coin, and then by chance and by the clock.
fn faults(
    draw: &mut Draw,
    heal_after: Duration,
    producer: &ProducerConfig,
    partitions: i32,
) -> FaultPlan {
    let mut plan = FaultPlan { heal_after, ..FaultPlan::default() };
    if draw.of_10(1) {
        // A calm seed: what goes wrong then is nobody's fault but ours.
        return plan;
    }
    let density = draw.among(&[3, 10, 40]);
    for (fault, api) in of_requests(draw) {
        if draw.of_10(3) {
            let per_mille = draw.between(1, density);
            plan.chances.push(Chance { fault, api, per_mille });
        }
    }
    for fault in [Fault::Refuse, Fault::ConnectSilence, Fault::NameNotFound] {
        if draw.of_10(3) {
            let per_mille = draw.between(20, 300);
            plan.chances.push(Chance { fault, api: None, per_mille });
        }
    }
    let kinds = of_the_cluster(draw, producer, partitions);
    let nanos = u64::try_from(heal_after.as_nanos()).unwrap_or(u64::MAX);
    for kind in kinds {
        if !draw.of_10(3) {
            continue;
        }
        for _ in 0..draw.between(1, 4) {
            let at = Duration::from_nanos(draw.0.below(nanos));
            plan.timed.push((at, kind(draw)));
        }
    }
    let recreated = plan.timed.iter().any(|(_, fault)| *fault == Fault::DeleteTopic);
    if recreated {
        // A topic that comes back with fewer partitions strands what was meant for the others.
        plan.timed.retain(|(_, fault)| !matches!(fault, Fault::AddPartitions { .. }));
    }
    plan.timed.sort_by_key(|(at, _)| *at);
    plan
}

/// Faults of requests, each drawn with its details.
fn of_requests(draw: &mut Draw) -> Vec<(Fault, Option<ApiKey>)> {
    let refusals = [
        ErrorCode::NOT_LEADER_OR_FOLLOWER,
        ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
        ErrorCode::LEADER_NOT_AVAILABLE,
        ErrorCode::KAFKA_STORAGE_ERROR,
        ErrorCode::NOT_ENOUGH_REPLICAS,
        ErrorCode::CORRUPT_MESSAGE,
        ErrorCode::FENCED_LEADER_EPOCH,
        ErrorCode::UNKNOWN_PRODUCER_ID,
        ErrorCode::INVALID_RECORD,
        ErrorCode::TOPIC_AUTHORIZATION_FAILED,
    ];
    let after = [
        ErrorCode::REQUEST_TIMED_OUT,
        ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND,
        ErrorCode::UNKNOWN_SERVER_ERROR,
    ];
    let wait = Duration::from_millis(draw.among(&[1, 50, 400, 3_000]));
    let produce = Some(ApiKey::Produce);
    vec![
        (Fault::ResetBefore, None),
        (Fault::ResetMidRequest, None),
        (Fault::ResetAfter, None),
        (Fault::Swallow, None),
        (Fault::SwallowAnswer, None),
        (Fault::Delay(wait), None),
        (Fault::Throttle(wait), produce),
        (Fault::Error(refusals[draw.index(refusals.len())]), produce),
        (Fault::Error(refusals[draw.index(refusals.len())]), produce),
        (Fault::ErrorOnSome(refusals[draw.index(refusals.len())]), produce),
        (Fault::ErrorAfterAppend(after[draw.index(after.len())]), produce),
        (Fault::Error(ErrorCode::LEADER_NOT_AVAILABLE), Some(ApiKey::Metadata)),
        (Fault::Error(ErrorCode::COORDINATOR_LOAD_IN_PROGRESS), Some(ApiKey::InitProducerId)),
        (Fault::CorruptFrame, None),
        (Fault::OversizedFrame, None),
        (Fault::WrongCorrelation, None),
    ]
}

/// Makes a fault of one kind with other details each time.
type Kind = Box<dyn Fn(&mut Draw) -> Fault>;

/// Faults of the cluster, a maker for each kind.
fn of_the_cluster(draw: &mut Draw, producer: &ProducerConfig, partitions: i32) -> Vec<Kind> {
    let longest = u64::try_from(producer.request_timeout.as_millis()).unwrap_or(1_000) * 2;
    let span = move |draw: &mut Draw| Duration::from_millis(draw.between(1, longest));
    let max_message = draw.between(300, 20_000);
    let more = draw.between(1, 5);
    let of = u64::try_from(partitions).unwrap_or(1);
    let partition = move |draw: &mut Draw| i32::try_from(draw.0.below(of)).unwrap_or(0);
    vec![
        Box::new(move |draw| Fault::Stall { node: draw.index(3), span: span(draw) }),
        Box::new(move |draw| Fault::Slow {
            node: draw.index(3),
            factor: draw.between(2, 200),
            span: span(draw),
        }),
        Box::new(move |draw| Fault::MoveLeader { partition: partition(draw), nth: draw.index(2) }),
        Box::new(move |draw| Fault::StaleMetadata { node: draw.index(3), span: span(draw) }),
        Box::new(move |_| Fault::DeleteTopic),
        Box::new(move |_| Fault::AddPartitions { more: i32::try_from(more).unwrap_or(1) }),
        Box::new(move |draw| Fault::Restart { node: draw.index(3), span: span(draw) }),
        Box::new(move |draw| Fault::RestartAll { span: span(draw) }),
        Box::new(move |draw| Fault::ShrinkIsr { span: span(draw) }),
        Box::new(move |draw| Fault::LowerMaxMessage {
            bytes: i32::try_from(max_message).unwrap_or(1_000),
            span: span(draw),
        }),
        Box::new(move |draw| Fault::ForgetProducers { partition: partition(draw) }),
    ]
}

/// A seed's draws.
struct Draw(Rng);

impl Draw {
    /// One of these, each as likely.
    fn among(&mut self, values: &[u64]) -> u64 {
        values[self.index(values.len())]
    }

    fn index_of(&mut self, values: &[usize]) -> usize {
        values[self.index(values.len())]
    }

    /// 0 to `count` − 1.
    fn index(&mut self, count: usize) -> usize {
        usize::try_from(self.0.below(count as u64)).expect("below a count")
    }

    /// `low` to `high`, both included.
    fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.0.below(high.saturating_sub(low) + 1)
    }

    /// True in so many of 10 cases.
    fn of_10(&mut self, cases: u64) -> bool {
        self.0.below(10) < cases
    }
}

/// Records of the second load, where time allows as many.
const AFTERWARDS: u64 = 60;
/// Bytes of a batch beside its records.
const BATCH: u64 = 61;
/// Bytes of a record beside its key and value, at most, in batches as small as these.
const RECORD: u64 = 16;
/// Keeps what is drawn of arrivals and policies apart from the rest.
const WHEN_STREAM: u64 = 0x7768_656e_7768_656e;
/// Keeps the swarm's draws apart from those of the world that it makes.
const SWARM_STREAM: u64 = 0x7377_6172_6d73_7761;
