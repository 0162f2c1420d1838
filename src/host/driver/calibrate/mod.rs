//! What this client can do at most with a run's configuration: the generator alone, then generator
//! and engine against embedded brokers in another process.
//!
//! Cost class: once a configuration, some five seconds. Nothing is held against a cluster here, and
//! no cluster is contacted. The brokers share the machine, so that the second figure is the least
//! that the client can do, not the most.

mod brokers;
mod generator;

use core::time::Duration;
use std::path::Path;

use self::brokers::BrokerProcess;
use super::environment::Environment;
use super::error::RunError;
use super::observer::Observer;
use super::plan::{RunPlan, Target, TopicPlan, Warmup};
use super::result::{PhaseKind, RunResult};
use super::run::run_unproved;
use crate::host::shell::clock;
use crate::kafka::config::HostPort;
use crate::load::schedule::Timetable;

/// What a configuration came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibration {
    /// Wall clock at the start, Unix milliseconds.
    pub started_unix_ms: u64,
    /// Schedule and source alone, a thread for each producer: keys and values are made and dropped.
    pub generator: Pace,
    /// The whole client, as fast as it goes: records acked (with acks=0 written).
    pub engine: Pace,
    /// The busiest producer's share of a core with the engine, of what the hypervisor left of one,
    /// 0 to 1; `None` where the system doesn't tell. Well below 1, brokers or other threads were
    /// the limit.
    pub busy_max: Option<f64>,
    /// How many brokers the engine wrote to.
    pub brokers: u32,
    /// Cores that this process and the brokers shared.
    pub cores: u32,
}

/// So much in so much time.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Pace {
    /// Records.
    pub records: u64,
    /// Bytes of their keys and values.
    pub payload_bytes: u64,
    /// In this time.
    pub span: Duration,
    /// User and system time that this process took for it, over all threads.
    pub cpu: Duration,
}

#[expect(clippy::cast_precision_loss, reason = "figures for people, to a few digits")]
impl Pace {
    /// Records a second; 0 for no time.
    #[must_use]
    pub fn per_second(&self) -> f64 {
        self.over_span(self.records as f64)
    }

    /// Bytes of keys and values a second; 0 for no time.
    #[must_use]
    pub fn bytes_per_second(&self) -> f64 {
        self.over_span(self.payload_bytes as f64)
    }

    /// Nanoseconds of this process's CPU a record; `None` without records.
    #[must_use]
    pub fn cpu_nanos(&self) -> Option<f64> {
        (self.records > 0).then(|| self.cpu.as_secs_f64() * 1e9 / self.records as f64)
    }

    fn over_span(&self, count: f64) -> f64 {
        let seconds = self.span.as_secs_f64();
        if seconds > 0.0 { count / seconds } else { 0.0 }
    }
}

/// Measures both ceilings of `plan`'s configuration. Of the plan only producer, sources, workers,
/// partitions and marks count. `program` is this command, of which another process is started as
/// `program broker …`.
///
/// # Errors
/// When the brokers can't be started, no record came back from them, or a signal came.
pub fn calibrate(
    plan: &RunPlan,
    program: &Path,
    observer: &mut dyn Observer,
) -> Result<Calibration, RunError> {
    let started_unix_ms = clock::unix_ms();
    let plan = &endless(plan);
    let generator = generator::alone(plan, GENERATOR_SPAN)?;
    let brokers = BrokerProcess::start(program, BROKERS)?;
    let result = run_unproved(&trial(plan, brokers.bootstrap()), observer)?;
    drop(brokers);
    if let Some(signal) = result.interrupted {
        return Err(RunError::Interrupted(signal));
    }
    let engine = pace(plan, &result);
    if engine.records == 0 {
        return Err(RunError::Unusable(
            "the calibration's embedded brokers took no record of this configuration; a run of it \
             with --embedded says why"
                .to_owned(),
        ));
    }
    let cores = Environment::read().cores;
    let busy_max = result.client.busy_max().map(|busy| of_what_was_left(busy, &result, cores));
    Ok(Calibration { started_unix_ms, generator, engine, busy_max, brokers: BROKERS.into(), cores })
}

/// How many partitions one of a plan's topics is calibrated with: as many as were asked for, else
/// what the embedded brokers give, or more where key rules need more.
#[must_use]
pub fn partitions(plan: &RunPlan, topic: usize) -> i32 {
    if plan.topics[topic].partitions > 0 {
        return plan.topics[topic].partitions;
    }
    let rules = plan.producer.key_rules.as_ref();
    let fits = |count: &u32| rules.is_none_or(|rules| rules.check(*count).is_ok());
    let count = (PARTITIONS..MOST_PARTITIONS).find(fits).unwrap_or(PARTITIONS);
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// A share of a core of what the hypervisor left of one on average, at most 1.
fn of_what_was_left(busy: f64, result: &RunResult, cores: u32) -> f64 {
    let all = result.client.window.as_secs_f64() * f64::from(cores.max(1));
    let taken = result.client.steal.unwrap_or_default().as_secs_f64() / all.max(1e-9);
    (busy / (1.0 - taken.min(0.9))).min(1.0)
}

/// The same run with times in its records that never come to the planned rate's end, behind which
/// they would cost nothing.
fn endless(plan: &RunPlan) -> RunPlan {
    let mut plan = plan.clone();
    for stream in &mut plan.streams {
        let clock = &mut stream.source.clock;
        clock.timetable = clock.timetable.as_ref().map(Timetable::endless);
    }
    plan
}

/// The run that shows the engine's ceiling.
fn trial(plan: &RunPlan, bootstrap: &[HostPort]) -> RunPlan {
    let mut trial = plan.clone();
    trial.producer.bootstrap_servers = bootstrap.to_vec();
    trial.target = Target::Cluster;
    for (at, topic) in trial.topics.iter_mut().enumerate() {
        *topic = TopicPlan {
            name: format!("kprod-bench-calibration-{at}"),
            partitions: partitions(plan, at),
            replication_factor: -1,
            // A cluster that is to take large requests has been told so; here nobody else can.
            configs: vec![("max.message.bytes".to_owned(), largest_batch(plan).to_string())],
            create: true,
            fresh: false,
            keep: false,
        };
    }
    // Records that name one partition cost the same whichever it is, and the topic of the run may
    // have more of them than are asked for here.
    for stream in &mut trial.streams {
        let count = u32::try_from(trial.topics[stream.topic].partitions).unwrap_or(1).max(1);
        stream.source.partition = stream.source.partition.map(|named| named % count);
    }
    trial.schedule = trial.schedule.saturated();
    trial.warmup = Warmup::For(WARMUP_SPAN);
    trial.duration = Some(ENGINE_SPAN);
    trial.records = None;
    trial.cooldown = Duration::ZERO;
    trial.balanced_leaders = None;
    trial.abort_on = Vec::new();
    trial.panic_after = None;
    trial
}

/// What a request may hold a batch may, too; never less than Kafka's default.
fn largest_batch(plan: &RunPlan) -> i32 {
    i32::try_from(plan.producer.max_request_size).unwrap_or(i32::MAX).max(KAFKAS_LARGEST)
}

/// What was acked (or written) in the window.
fn pace(plan: &RunPlan, result: &RunResult) -> Pace {
    let measured = result.phases.iter().rfind(|phase| phase.kind == PhaseKind::Measure);
    let span = measured.map_or(Duration::ZERO, |phase| phase.end.saturating_sub(phase.start));
    let window = &result.tally.window;
    let whole = Pace {
        records: window.records,
        payload_bytes: window.payload_bytes,
        span,
        cpu: result.client.cpu,
    };
    let windows = result.streams.iter().map(|stream| &stream.tally.window);
    let each: Vec<_> = windows.map(|it| (it.records, it.payload_bytes)).collect();
    in_shares(plan, whole, &each)
}

/// The pace at which all streams keep the shares that their weights give them: what each of them
/// did while the others went flat out as well, up to the first that did no more. `each` are
/// records and payload bytes by stream.
fn in_shares(plan: &RunPlan, whole: Pace, each: &[(u64, u64)]) -> Pace {
    let has_shares = plan.schedule.is_paced() || plan.records.is_some();
    if !has_shares || each.len() < 2 {
        return whole;
    }
    let weights = plan.streams.iter().map(|stream| u128::from(stream.weight));
    let all: u128 = weights.clone().sum();
    let at_most = |(weight, (records, _)): (u128, &(u64, u64))| u128::from(*records) * all / weight;
    let records = weights.clone().zip(each).map(at_most).min().unwrap_or(0);
    let of = |(weight, (records_of, bytes)): (u128, &(u64, u64))| {
        let mine = records * weight / all;
        (mine * u128::from(*bytes)).checked_div(u128::from(*records_of)).unwrap_or(0)
    };
    let bytes: u128 = weights.zip(each).map(of).sum();
    let cpu = whole.cpu.as_nanos() * records;
    let cpu = cpu.checked_div(u128::from(whole.records)).unwrap_or(0);
    // No more than all of them together.
    let narrow = |count: u128| u64::try_from(count).unwrap_or(u64::MAX);
    Pace {
        records: narrow(records),
        payload_bytes: narrow(bytes),
        cpu: Duration::from_nanos(narrow(cpu)),
        ..whole
    }
}

const GENERATOR_SPAN: Duration = Duration::from_secs(1);
const WARMUP_SPAN: Duration = Duration::from_secs(1);
const ENGINE_SPAN: Duration = Duration::from_secs(3);
const BROKERS: u16 = 3;
/// What the embedded brokers give a topic that asks for no number.
const PARTITIONS: u32 = 12;
/// Rules that fit no smaller number fit none.
const MOST_PARTITIONS: u32 = 100_000;
/// Kafka's default of `max.message.bytes`.
const KAFKAS_LARGEST: i32 = 1_048_588;

#[cfg(test)]
mod tests {
    use super::super::plan::{StreamPlan, Verify};
    use super::*;
    use crate::kafka::config::ProducerConfig;
    use crate::load::schedule::SchedulePlan;
    use crate::load::source::SourcePlan;

    #[test]
    fn a_pace_is_what_its_figures_come_to() {
        let pace = Pace {
            records: 3_000_000,
            payload_bytes: 300_000_000,
            span: Duration::from_secs(2),
            cpu: Duration::from_millis(1_500),
        };
        assert_eq!(pace.per_second(), 1_500_000.0);
        assert_eq!(pace.bytes_per_second(), 150e6);
        assert_eq!(pace.cpu_nanos(), Some(500.0));
        assert_eq!((Pace::default().per_second(), Pace::default().cpu_nanos()), (0.0, None));
    }

    /// Goal: the ceiling of streams is one of their mix. Method: a stream of three quarters does 90
    /// of 100 records, the other one 10, so that 40 are in shares; without shares all count.
    #[test]
    fn streams_go_as_fast_as_their_shares_allow() {
        let mut plan = plan_of_one();
        let other = StreamPlan { weight: 1, ..plan.streams[0].clone() };
        plan.streams[0].weight = 3;
        plan.streams.push(other);
        plan.records = Some(5);
        let whole = Pace {
            records: 100,
            payload_bytes: 90 * 10 + 10 * 1_000,
            span: Duration::from_secs(1),
            cpu: Duration::from_nanos(500),
        };
        let each = [(90, 900), (10, 10_000)];
        let found = in_shares(&plan, whole, &each);
        assert_eq!((found.records, found.payload_bytes), (40, 30 * 10 + 10 * 1_000));
        assert_eq!(found.cpu_nanos(), whole.cpu_nanos());
        plan.records = None;
        assert_eq!(in_shares(&plan, whole, &each), whole);
    }

    fn plan_of_one() -> RunPlan {
        let topic = TopicPlan {
            name: "t".to_owned(),
            partitions: -1,
            replication_factor: -1,
            configs: Vec::new(),
            create: true,
            fresh: false,
            keep: false,
        };
        RunPlan {
            producer: ProducerConfig::default(),
            target: Target::Embedded { brokers: 1 },
            streams: vec![StreamPlan::only(&topic, SourcePlan::default())],
            topics: vec![topic],
            schedule: SchedulePlan::of(None, 1),
            warmup: Warmup::None,
            duration: None,
            records: None,
            pacing_quantum: Duration::ZERO,
            cooldown: Duration::ZERO,
            balanced_leaders: None,
            abort_on: Vec::new(),
            verify: Verify::None,
            progress_every: Duration::from_secs(1),
            panic_after: None,
        }
    }
}
