//! The simulated world: engines, brokers and what is between them, moved on from event to event.
//!
//! Cost class: per event. Nothing here reads a clock: the next event says what time it is.

use core::time::Duration;

use crate::base::{Instant, WorkerIndex, mix};
use crate::kafka::broker::{Broker, BrokerPlan};
use crate::kafka::config::{Acks, HostPort};
use crate::load::engine::{EngineCommand, EnginePlan, Load, Origin, Trace};
use crate::load::recorder::{Kind, RecorderPlan};
use crate::load::schedule::Stop;
use crate::load::source::{SizePlan, SourcePlan};

use super::TOPIC;
use super::check::HIGHEST;
use super::net::{Event, Input, Net, START};
use super::notary::Fate;
use super::setup::Setup;
use super::worker::Worker;

/// Everything. See the file's documentation.
#[derive(Debug)]
pub(super) struct World {
    pub(super) setup: Setup,
    pub(super) source: SourcePlan,
    pub(super) workers: Vec<Worker>,
    pub(super) net: Net,
    pub(super) events: u64,
    pub(super) begun: Instant,
}

impl World {
    pub(super) fn new(setup: &Setup) -> Self {
        let mut brokers = BrokerPlan::of(setup.brokers, "kafka", FIRST_PORT);
        brokers.partitions = setup.partitions;
        brokers.topics = setup.topic;
        brokers.log_bytes_per_partition = LOG_BYTES;
        let servers =
            brokers.nodes.iter().map(|node| HostPort { host: node.host.clone(), port: node.port });
        let mut setup = setup.clone();
        setup.producer.bootstrap_servers = servers.collect();
        let broker = Broker::new(brokers, UNIX_MS, setup.seed);
        let mut net = Net::new(broker, setup.physics.clone(), setup.faults.clone(), setup.seed);
        net.max_in_flight = setup.producer.max_in_flight;
        let source = SourcePlan {
            seed: setup.seed,
            key: setup.key.clone(),
            value: setup.value.clone(),
            size: SizePlan::Fixed(setup.record_size),
            workers: setup.workers,
            ..SourcePlan::default()
        };
        let mut workers: Vec<Worker> = (0..setup.workers)
            .zip(0..)
            .map(|(worker, at)| Worker::new(engine(&setup, &source, worker), at, START))
            .collect();
        for worker in &mut workers {
            worker.wake_at(START, &mut net);
        }
        Self { setup, source, workers, net, events: 0, begun: Instant::ZERO }
    }

    /// Goes on until `done` says so or the time is `bound`; false in the second case.
    pub(super) fn run_until(&mut self, bound: Instant, done: impl Fn(&Self) -> bool) -> bool {
        while !done(self) {
            if self.net.agenda.next_at().is_none_or(|at| at > bound) {
                return false;
            }
            self.step();
            if self.events > MOST_EVENTS {
                self.net.violated("no end", format!("{MOST_EVENTS} events and still at it"));
                return false;
            }
        }
        true
    }

    fn step(&mut self) {
        let Some((at, event)) = self.net.agenda.pop() else { return };
        self.events += 1;
        self.net.now = at;
        let net = &mut self.net;
        match event {
            Event::Turn { worker } => self.workers[worker].turn(net),
            Event::Input { worker, input } => self.workers[worker].hand(input, net),
            Event::Connect { link } => net.connected(link),
            Event::ToBroker { link, bytes } => net.arrive(link, &bytes),
            Event::ToEngine { link, bytes, answers } => net.answered(link, bytes, answers),
            Event::EngineCut { link, cause } => net.engine_cut(link, cause),
            Event::BrokerCut { link } => net.broker_cut(link),
            Event::Serve { node } => net.serve(node),
            Event::Strike { index } => net.strike_now(index),
            Event::Recover(recovery) => net.recover(recovery),
        }
    }

    pub(super) fn order(&mut self, command: EngineCommand, at: Instant) {
        for worker in 0..self.workers.len() {
            let input = Input::Command(command);
            self.net.agenda.put(at, Event::Input { worker, input });
        }
    }

    /// Has every worker begin a phase a millisecond from now; returns when.
    /// A `flat` one has a rate that doesn't vary.
    pub(super) fn begin(&mut self, stop: Stop, flat: bool) -> Instant {
        let at = self.net.now + Duration::from_millis(1);
        let load = Load { at, stop, flat, drain_within: NEVER_CUT, leave_after: None };
        self.order(EngineCommand::Begin(load), self.net.now);
        at
    }

    /// One number for all that came about: instants, outcomes, and records as the logs hold them,
    /// unpacked.
    pub(super) fn hash(&self, stored: &[super::log::Stored]) -> u64 {
        let mut hash = self.setup.seed;
        let mut add = |word: u64| hash = mix(hash ^ word);
        for worker in &self.workers {
            for record in worker.engine.witness().records() {
                let fate = match record.fate {
                    Fate::Open => 1,
                    Fate::Refused => 2,
                    Fate::Acked(offset) => offset.cast_unsigned().wrapping_add(16),
                    Fate::Duplicate => 3,
                    Fate::Written => 4,
                    Fate::Failed => 5,
                    Fate::Indeterminate => 6,
                };
                [record.number, record.slot.0.into(), fate].into_iter().for_each(&mut add);
                add(record.appended.as_nanos());
                add(record.ended.as_nanos());
            }
        }
        for found in stored {
            add(found.offset.cast_unsigned());
            [found.partition, found.worker, found.index].iter().for_each(|at| add(*at as u64));
        }
        add(self.net.now.as_nanos());
        hash
    }
}

fn engine(setup: &Setup, source: &SourcePlan, worker: u32) -> EnginePlan {
    let mut producer = setup.producer.clone();
    producer.client_id = format!("worker-{worker}");
    let kind = if producer.acks == Acks::None { Kind::Written } else { Kind::Acked };
    let schedule = setup.schedule();
    EnginePlan {
        worker: WorkerIndex(worker),
        topic: TOPIC.to_owned(),
        source: source.clone(),
        quantum: setup.quantum,
        recorder: RecorderPlan {
            paced: schedule.is_paced(),
            varying: schedule.is_varying(),
            kind,
            highest_trackable: HIGHEST,
            interval: Duration::from_secs(1),
        },
        seed: mix(setup.seed),
        origin: Origin { instant: Instant::ZERO, unix_ms: UNIX_MS },
        trace: Trace::Off,
        schedule,
        producer,
    }
}

/// Of node 0; the others follow.
const FIRST_PORT: u16 = 9_092;
/// Unix time at the origin of the world's clock.
const UNIX_MS: i64 = 1_700_000_000_000;
/// More than any simulation writes to one partition: nothing falls out of a log.
const LOG_BYTES: usize = 256 * 1024 * 1024;
/// A drain that lasts is for the check of liveness to find, not for the engine to cut.
const NEVER_CUT: Duration = Duration::from_secs(100_000);
/// Far more than any simulation has.
const MOST_EVENTS: u64 = 5_000_000;
