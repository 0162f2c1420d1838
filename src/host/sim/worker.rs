//! One engine in the simulated world, driven as the shell drives it on sockets: what has arrived
//! goes in, then its deadline, then it is settled.
//!
//! Cost class: per turn. A turn takes processor time, and what arrives meanwhile waits; so loops
//! are late here as they are in earnest. After each turn the engine's accounts are held against
//! what its witness saw.

use core::time::Duration;

use crate::base::{Action, Instant, Job, Machine};
use crate::kafka::accumulator::SealJob;
use crate::load::engine::{Engine, EnginePlan, EngineReport, PhaseEnd, ProducerEvent};

use super::check::{self, Mark};
use super::net::{Event, Input, Net};
use super::notary::{Fate, Notary};
use super::physics::price;

/// A worker.
#[derive(Debug)]
pub(super) struct Worker {
    pub(super) engine: Engine<Notary>,
    index: usize,
    inbox: Vec<Input>,
    /// The turn of now is over then.
    free_at: Instant,
    /// When it wakes next, as far as the agenda knows.
    wake: Option<Instant>,
    sealing: usize,
    pub(super) ready: bool,
    pub(super) not_ready: Option<Vec<String>>,
    pub(super) ended: Vec<PhaseEnd>,
    /// Pieces of a split batch are about: they stand outside `buffer.memory`.
    split: bool,
    /// Nothing has gone wrong since, so far as the engine says.
    calm_after: Instant,
    /// Spans in which every connection stood idle and nothing was in the way of sending.
    pub(super) idle: Vec<(Instant, Instant)>,
    idle_now: bool,
    objections: usize,
    /// What earlier phases left with the witness.
    mark: Mark,
}

impl Worker {
    pub(super) fn new(plan: EnginePlan, index: usize, now: Instant) -> Self {
        Self {
            engine: Engine::watched(plan, Notary::default(), now),
            index,
            inbox: Vec::new(),
            free_at: now,
            wake: None,
            sealing: 0,
            ready: false,
            not_ready: None,
            ended: Vec::new(),
            split: false,
            calm_after: now,
            idle: Vec::new(),
            idle_now: false,
            objections: 0,
            mark: Mark::default(),
        }
    }

    /// Something arrives: it waits until the turn of now is over.
    pub(super) fn hand(&mut self, input: Input, net: &mut Net) {
        self.inbox.push(input);
        self.wake_at(net.now.max(self.free_at), net);
    }

    /// Sees to it that there is a turn at `at` or before.
    pub(super) fn wake_at(&mut self, at: Instant, net: &mut Net) {
        if self.wake.is_none_or(|wake| at < wake) {
            self.wake = Some(at);
            net.agenda.put(at, Event::Turn { worker: self.index });
        }
    }

    /// A turn, if this is the one that was asked for last.
    pub(super) fn turn(&mut self, net: &mut Net) {
        if self.wake != Some(net.now) {
            return;
        }
        self.wake = None;
        self.note_idle(net.now);
        let before = self.engine.witness().records().len();
        let mut cost = net.physics.turn_nanos;
        for input in core::mem::take(&mut self.inbox) {
            cost += self.take(input, net);
        }
        if self.engine.poll_timeout().is_some_and(|at| at <= net.now) {
            self.engine.handle_timeout(net.now);
        }
        cost += self.settle(net);
        let records = self.engine.witness().records().len() - before;
        cost += net.physics.record_nanos * u64::try_from(records).unwrap_or(u64::MAX);
        self.free_at = net.now.plus_nanos(cost.max(1));
        self.check(net);
        if let Some(at) = self.engine.poll_timeout() {
            self.wake_at(at.max(self.free_at), net);
        }
    }

    /// Tells the engine something; returns what reading it costs.
    fn take(&mut self, input: Input, net: &Net) -> u64 {
        let now = net.now;
        match input {
            Input::Resolved { host, found } => match found {
                Ok(found) => self.engine.handle_resolved(&host, Ok(&found), now),
                Err(cause) => self.engine.handle_resolved(&host, Err(cause), now),
            },
            Input::Connected(conn) => self.engine.handle_connected(conn, now),
            Input::Read { conn, bytes } => {
                self.engine.handle_read(conn, &bytes, now);
                return price(bytes.len(), net.physics.io_nanos_per_kib);
            }
            Input::Writable(conn) => self.engine.handle_writable(conn, now),
            Input::Closed { conn, cause } => self.engine.handle_closed(conn, cause, now),
            Input::Sealed(job, took) => {
                self.sealing -= 1;
                self.engine.handle_sealed(job, took, now);
            }
            Input::Command(command) => self.engine.command(command, now),
        }
        0
    }

    /// Takes all that the engine wants done, sent and known; returns what that costs.
    fn settle(&mut self, net: &mut Net) -> u64 {
        let mut cost = 0;
        loop {
            while let Some(action) = self.engine.poll_action() {
                match action {
                    Action::Resolve { host, port } => net.resolve(self.index, host, port),
                    Action::Connect { conn, addr, .. } => {
                        net.connect(self.index, conn, addr.port());
                    }
                    Action::Close { conn } => net.close(self.index, conn),
                    Action::Seal(job) => cost += self.seal(job, net),
                }
            }
            let mut wrote = false;
            while let Some(outbound) = self.engine.poll_write(net.now) {
                wrote = true;
                assert!(!outbound.slices.is_empty(), "a write without bytes would never end");
                let conn = outbound.conn;
                let taken = net.write(self.index, conn, &outbound.slices);
                cost += price(taken, net.physics.io_nanos_per_kib);
                self.engine.handle_written(conn, taken, net.now);
            }
            while let Some(report) = self.engine.poll_report() {
                self.hear(report, net);
            }
            if !wrote {
                return cost;
            }
        }
    }

    /// How things stand, for whom they stand still.
    pub(super) fn standing(&self) -> String {
        let producer = self.engine.producer();
        let records = self.engine.witness().records();
        let oldest = records.iter().find(|record| record.fate == Fate::Open).map(|record| {
            format!("record {} of partition {} at {}", record.number, record.slot, record.appended)
        });
        format!(
            "worker {}: {} records without outcome in {} batches, {} jobs away, engine wakes at \
             {:?}, producer at {:?}, world at {:?}; the oldest: {oldest:?}",
            self.index,
            self.engine.in_progress(),
            producer.incomplete(),
            self.sealing,
            self.engine.poll_timeout().map(|at| at.to_string()),
            producer.poll_timeout().map(|at| at.to_string()),
            self.wake.map(|at| at.to_string()),
        )
    }

    /// A quick job takes the worker's own time, a slow one comes back from another thread.
    fn seal(&mut self, mut job: SealJob, net: &mut Net) -> u64 {
        let slow = job.is_slow();
        let nanos = price(job.uncompressed(), net.physics.seal_nanos_per_kib);
        job.run();
        self.sealing += 1;
        let input = Input::Sealed(job, nanos);
        let event = Event::Input { worker: self.index, input };
        net.later(Duration::from_nanos(nanos), event);
        if slow { 0 } else { nanos }
    }

    fn hear(&mut self, report: EngineReport, net: &mut Net) {
        let index = self.index;
        match report {
            EngineReport::Ready { .. } => {
                net.note(|| format!("worker {index} is ready"));
                self.ready = true;
            }
            EngineReport::NotReady(why) => {
                net.note(|| format!("worker {index} is not ready: {}", why.join("; ")));
                self.not_ready = Some(why);
            }
            EngineReport::PhaseEnded(end) => {
                net.note(|| format!("worker {index} ends its phase: {:?}", end.tally.ledger));
                let notary = self.engine.witness();
                for (name, what) in check::phase(notary, &self.mark, &end) {
                    net.violated(name, format!("worker {index}: {what}"));
                }
                self.mark = Mark::of(notary);
                self.ended.push(*end);
            }
            EngineReport::Event { event, .. } => self.hear_event(&event, net),
            EngineReport::Snapshot(_)
            | EngineReport::BrokeOff(_)
            | EngineReport::Draining { .. }
            | EngineReport::Waiting(_) => {}
        }
    }

    fn hear_event(&mut self, event: &ProducerEvent, net: &mut Net) {
        let index = self.index;
        net.note(|| format!("worker {index}: {event:?}"));
        let config = self.engine.producer().config();
        let backoff = config.retry_backoff.max.max(config.reconnect_backoff.max) * 2;
        let span = match event {
            ProducerEvent::Throttled { span, .. } => *span,
            ProducerEvent::Split { .. } => {
                self.split = true;
                backoff
            }
            ProducerEvent::NodeReady(_) | ProducerEvent::RequestSent { .. } => return,
            _ => backoff,
        };
        self.calm_after = self.calm_after.max(net.now + span);
    }

    /// The span since the turn before counts as idle when nothing was in the way of sending.
    fn note_idle(&mut self, now: Instant) {
        let from = self.free_at.max(self.calm_after);
        if self.idle_now && from < now {
            self.idle.push((from, now));
        }
    }

    /// Holds the engine's accounts against what its witness saw.
    fn check(&mut self, net: &mut Net) {
        if self.ended.last().is_some_and(|end| end.cut) {
            // What was never sent is unsent now; the end of the phase was checked.
            self.idle_now = false;
            return;
        }
        let producer = self.engine.producer();
        let notary = self.engine.witness();
        let index = self.index;
        for (at, what) in notary.objections.iter().skip(self.objections) {
            net.violated("one outcome a record", format!("worker {index} at {at}: {what}"));
        }
        self.objections = notary.objections.len();
        if self.engine.in_progress() != notary.open() {
            let (says, seen) = (self.engine.in_progress(), notary.open());
            let what = format!("worker {index} says {says} in progress, {seen} were seen");
            net.violated("ledger", what);
        }
        let memory = producer.accumulator().memory();
        self.split &= notary.open() > 0;
        if notary.buffered() > memory.total() && !self.split {
            let what = format!(
                "worker {index} holds {} bytes of records, {} allowed",
                notary.buffered(),
                memory.total()
            );
            net.violated("buffer.memory", what);
        }
        if producer.holds_nothing() && memory.used() != 0 {
            let what = format!("worker {index} has no batch and {} bytes taken", memory.used());
            net.violated("memory given back", what);
        }
        self.idle_now = self.could_send(net);
    }

    /// Whether every connection that would be used stands and has nothing in flight, so that what
    /// is ready has no excuse for waiting. A broker that metadata no longer names may still owe an
    /// answer and so hold its partitions back: all nodes are asked, not those that the engine
    /// lists.
    fn could_send(&self, net: &Net) -> bool {
        let producer = self.engine.producer();
        let cluster = producer.cluster();
        self.ready
            && self.sealing == 0
            && producer.fatal().is_none()
            && cluster.partitions().iter().all(|partition| {
                partition.leader.is_some_and(|leader| {
                    cluster.is_connected(leader) && cluster.in_flight(leader) == 0
                })
            })
            && net.broker.cluster().nodes().iter().all(|node| cluster.in_flight(node.id) == 0)
    }
}
