//! A simulation written by hand: what is there, what goes wrong, what came of it.
//!
//! Cost class: once a simulation. The room's documentation has an example.

use core::time::Duration;

use crate::kafka::broker::TopicSettings;
use crate::kafka::config::ProducerConfig;
use crate::kafka::producer::Outcome as Verdict;
use crate::kafka::wire::{ApiKey, ErrorCode};
use crate::load::schedule::{Arrivals, Full, Late, Stop};
use crate::load::source::{KeyPlan, ValuePlan};

use super::fault::{Fault, FaultPlan};
use super::notary::Fate;
use super::physics::Physics;
use super::request::SeenRequest;
use super::setup::Setup;
use super::simulate::{Keep, Outcome, simulate};

/// A scenario: a calm one that sends 100 records, until it is told otherwise.
#[derive(Clone, Debug)]
pub struct Scenario {
    setup: Setup,
}

impl Default for Scenario {
    fn default() -> Self {
        Self::new()
    }
}

impl Scenario {
    /// Three brokers, a topic of one partition, one worker with Java's default configuration; 100
    /// records of 100 bytes as fast as it goes; nothing goes wrong. What is told to go wrong at a
    /// time ends after half a minute at the latest.
    #[must_use]
    pub fn new() -> Self {
        Self {
            setup: Setup {
                seed: 1,
                brokers: 3,
                partitions: 1,
                topic: TopicSettings::default(),
                workers: 1,
                producer: ProducerConfig::default(),
                rate: None,
                stages: Vec::new(),
                arrivals: Arrivals::Uniform,
                late: Late::CatchUp,
                full: Full::Block,
                stop: Stop { after: None, records: Some(100) },
                key: KeyPlan::None,
                value: ValuePlan::Sequence,
                record_size: 100,
                quantum: Duration::from_micros(250),
                physics: Physics::default(),
                faults: FaultPlan { heal_after: Duration::from_secs(30), ..FaultPlan::default() },
                interrupt: None,
                afterwards: 0,
            },
        }
    }

    /// Decides jitter, draws and splits.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        self.with(|setup| setup.seed = seed)
    }

    /// Nodes, 1 or more; node at index i has id i + 1. A partition has up to three replicas.
    #[must_use]
    pub fn brokers(self, brokers: u16) -> Self {
        self.with(|setup| setup.brokers = brokers)
    }

    /// Of the topic; partition p is led by node p modulo the nodes at first.
    #[must_use]
    pub fn partitions(self, partitions: i32) -> Self {
        self.with(|setup| setup.partitions = partitions)
    }

    /// The topic's settings.
    #[must_use]
    pub fn topic(self, change: impl FnOnce(&mut TopicSettings)) -> Self {
        self.with(|setup| change(&mut setup.topic))
    }

    /// Engines.
    #[must_use]
    pub fn workers(self, workers: u32) -> Self {
        self.with(|setup| setup.workers = workers)
    }

    /// Every worker's producer.
    #[must_use]
    pub fn producer(self, change: impl FnOnce(&mut ProducerConfig)) -> Self {
        self.with(|setup| change(&mut setup.producer))
    }

    /// How fast things are.
    #[must_use]
    pub fn physics(self, change: impl FnOnce(&mut Physics)) -> Self {
        self.with(|setup| change(&mut setup.physics))
    }

    /// How many records, over all workers.
    #[must_use]
    pub fn records(self, records: u64) -> Self {
        self.with(|setup| setup.stop.records = Some(records))
    }

    /// Records a second over all workers, instead of as fast as it goes.
    #[must_use]
    pub fn rate(self, per_second: f64) -> Self {
        self.with(|setup| setup.rate = Some(per_second))
    }

    /// How records fall due at the rate.
    #[must_use]
    pub fn arrivals(self, arrivals: Arrivals) -> Self {
        self.with(|setup| setup.arrivals = arrivals)
    }

    /// What becomes of records that are late, and of those without room.
    #[must_use]
    pub fn policies(self, late: Late, full: Full) -> Self {
        self.with(|setup| (setup.late, setup.full) = (late, full))
    }

    /// Bytes of a value, 30 or more.
    #[must_use]
    pub fn record_size(self, bytes: u32) -> Self {
        self.with(|setup| setup.record_size = bytes)
    }

    /// Keys, of so many different ones.
    #[must_use]
    pub fn keys(self, cardinality: u64) -> Self {
        self.with(|setup| setup.key = KeyPlan::Uniform { cardinality })
    }

    /// What becomes of the requests of this API in their order; those behind the last go well.
    #[must_use]
    pub fn script(self, api: ApiKey, faults: impl IntoIterator<Item = Fault>) -> Self {
        self.with(|setup| setup.faults.requests.entry(api).or_default().extend(faults))
    }

    /// What becomes of attempts to connect, the first ones included.
    #[must_use]
    pub fn connects(self, faults: impl IntoIterator<Item = Fault>) -> Self {
        self.with(|setup| setup.faults.connects.extend(faults))
    }

    /// What becomes of look-ups of names, the first ones included.
    #[must_use]
    pub fn lookups(self, faults: impl IntoIterator<Item = Fault>) -> Self {
        self.with(|setup| setup.faults.lookups.extend(faults))
    }

    /// What goes wrong so long after the load's begin.
    #[must_use]
    pub fn at(self, after: Duration, fault: Fault) -> Self {
        self.with(|setup| setup.faults.timed.push((after, fault)))
    }

    /// When everything that lasts is over at the latest, after the load's begin.
    #[must_use]
    pub fn heal_after(self, after: Duration) -> Self {
        self.with(|setup| setup.faults.heal_after = after)
    }

    /// Stops the load so long after its begin, with so long for the drain.
    #[must_use]
    pub fn stop_at(self, after: Duration, within: Duration) -> Self {
        self.with(|setup| setup.interrupt = Some((after, within)))
    }

    /// Records of a second load, when all is well again: none of them may fail.
    #[must_use]
    pub fn afterwards(self, records: u64) -> Self {
        self.with(|setup| setup.afterwards = records)
    }

    /// Carries it out.
    ///
    /// # Panics
    /// When an invariant breaks; the message has the scenario and everything that happened.
    #[must_use]
    pub fn run(self) -> Outcome {
        let outcome = simulate(&self.setup, Keep { trace: true, requests: true });
        let violations: Vec<String> = outcome.violations.iter().map(ToString::to_string).collect();
        assert!(
            violations.is_empty(),
            "{}\n{}\n{}",
            outcome.trace.join("\n"),
            self.setup,
            violations.join("\n")
        );
        outcome
    }

    fn with(mut self, change: impl FnOnce(&mut Setup)) -> Self {
        change(&mut self.setup);
        self
    }
}

impl Outcome {
    /// The numbers of the records that a partition's log holds at the end, in its order.
    #[must_use]
    pub fn log(&self, partition: usize) -> Vec<u64> {
        let newest = self.stored.iter().map(|found| found.generation).max();
        let here = self
            .stored
            .iter()
            .filter(|found| Some(found.generation) == newest && found.partition == partition);
        here.map(|found| self.records[found.worker][found.index].number).collect()
    }

    /// The Produce requests in the order in which they arrived at the brokers.
    #[must_use]
    pub fn produced(&self) -> Vec<&SeenRequest> {
        self.asked(ApiKey::Produce)
    }

    /// The requests of an API in the order in which they arrived.
    #[must_use]
    pub fn asked(&self, api: ApiKey) -> Vec<&SeenRequest> {
        self.requests.iter().filter(|request| request.api == api).collect()
    }

    /// What became of a record; `None` when it was never handed over.
    #[must_use]
    pub fn fate(&self, number: u64) -> Option<Fate> {
        let all = self.records.iter().flatten();
        all.filter(|record| record.number == number).map(|record| record.fate).next()
    }

    /// The codes of all batches that ended badly, in their order.
    #[must_use]
    pub fn codes(&self) -> Vec<ErrorCode> {
        let told = self.told.iter().flatten();
        told.filter_map(|told| match &told.outcome {
            Verdict::Failed(failure) | Verdict::Indeterminate(failure) => Some(failure.code),
            Verdict::Acked { .. } | Verdict::Duplicate | Verdict::Written => None,
        })
        .collect()
    }

    /// Whether a line of the trace holds these words.
    #[must_use]
    pub fn was_traced(&self, words: &str) -> bool {
        self.trace.iter().any(|line| line.contains(words))
    }
}
