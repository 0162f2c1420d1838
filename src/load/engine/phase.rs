//! What a worker does in turn: connect, then phases of load, each with its drain.
//!
//! Cost class: per input, a few comparisons; the edges are per phase.

use core::time::Duration;

use crate::base::Instant;
use crate::kafka::connection::in_words;
use crate::kafka::producer::{Delivery, Outcome, ProducerEvent};
use crate::kafka::wire::{ApiKey, ErrorCode};
use crate::load::recorder::{Causes, Recorder};
use crate::load::verify::{Fate, Fates};

use super::engine::Engine;
use super::plan::{EngineCommand, EngineReport, Load, PhaseEnd, Trace};
use super::pump::Feed;
use super::witness::Witness;

/// Where the engine stands.
#[derive(Clone, Copy, Debug)]
pub(super) enum Phase {
    /// Waiting for metadata, leaders and producer id.
    Connect { give_up: Instant },
    /// Waiting for orders.
    Idle,
    /// The schedule runs.
    Load { load: Load },
    /// The schedule is over, records are under way.
    Drain { load: Load, end: Instant, cut_at: Instant },
    /// Ended.
    Done,
}

impl<W: Witness> Engine<W> {
    pub(super) fn obey(&mut self, command: EngineCommand, now: Instant) {
        match command {
            EngineCommand::Begin(load) => self.begin(load),
            EngineCommand::Stop { within } => self.stop(within, now),
            EngineCommand::Look => match self.phase {
                Phase::Load { .. } | Phase::Drain { .. } => {
                    let snapshot = Box::new(self.recorder.snapshot());
                    self.reports.push_back(EngineReport::Snapshot(snapshot));
                }
                Phase::Connect { .. } if !self.producer.is_ready(self.topic) => {
                    let reasons = self.why_not_ready();
                    self.reports.push_back(EngineReport::Waiting(reasons));
                }
                Phase::Connect { .. } | Phase::Idle | Phase::Done => {}
            },
            EngineCommand::Close => self.phase = Phase::Done,
            EngineCommand::Panic => panic!("a panic that was asked for"),
        }
    }

    /// Starts a phase: the measurement is reset, the schedule starts without debt; the producer
    /// keeps its connections, sequences, sticky choice and estimates.
    fn begin(&mut self, load: Load) {
        assert!(matches!(self.phase, Phase::Idle), "a phase begins when the one before is over");
        if load.flat {
            self.schedule.start_flat(load.at, load.stop);
        } else {
            self.schedule.start(load.at, load.stop);
        }
        self.recorder = Recorder::new(&self.plan.recorder, load.at);
        let workers = u64::from(self.plan.source.workers);
        let first = self.schedule.next_record() / workers;
        self.fates = (self.plan.trace != Trace::Off).then(|| Fates::new(first));
        if let Some(end) = self.schedule.window_end() {
            self.recorder.end_window(end);
        }
        self.feed = Feed::new(load.at);
        self.next_sample = load.at;
        self.phase = Phase::Load { load };
    }

    fn stop(&mut self, within: Duration, now: Instant) {
        match &mut self.phase {
            Phase::Load { load } => {
                self.schedule.cut(now);
                // The window may have ended before, with records still to be handed over.
                let end = self.schedule.window_end().unwrap_or(now);
                load.drain_within = load.drain_within.min(now.since(end) + within);
                self.recorder.end_window(end);
            }
            Phase::Drain { cut_at, .. } => *cut_at = (*cut_at).min(now + within),
            Phase::Connect { .. } | Phase::Idle => self.phase = Phase::Done,
            Phase::Done => {}
        }
    }

    /// After every input: outcomes to the recorder, due records to the producer, phase edges.
    pub(super) fn turn(&mut self, now: Instant) {
        self.now = now;
        self.note_stall(now);
        self.record_deliveries();
        if matches!(self.phase, Phase::Load { .. }) {
            self.pump(now);
        }
        self.record_events(now);
        self.sample(now);
        match self.phase {
            Phase::Connect { give_up } => self.while_connecting(give_up, now),
            Phase::Load { load } => self.while_loading(load, now),
            Phase::Drain { load, end, cut_at } => self.while_draining(load, end, cut_at, now),
            Phase::Idle | Phase::Done => {}
        }
    }

    fn record_deliveries(&mut self) {
        while let Some(delivery) = self.producer.poll_delivery() {
            self.recorder.delivered(&delivery);
            self.witness.delivered(&delivery);
            if fate_of(&delivery) == Fate::Delivered {
                self.feed.arrived = delivery.times.ended;
            }
            if let Outcome::Failed(failure) | Outcome::Indeterminate(failure) = &delivery.outcome {
                let lived = delivery.times.ended.since(delivery.times.created);
                // An error that is final would have ended it at any time.
                if lived >= self.plan.producer.delivery_timeout && failure.code.is_retriable() {
                    let expired = delivery.records().into();
                    self.recorder.because(Causes { expired, ..Causes::default() });
                } else if self.producer.fatal().is_some_and(|fatal| fatal.code == failure.code) {
                    let fatal = delivery.records().into();
                    self.recorder.because(Causes { fatal, ..Causes::default() });
                } else if matches!(delivery.outcome, Outcome::Failed(_))
                    && !failure.code.is_retriable()
                {
                    let rejected = delivery.records().into();
                    self.recorder.because(Causes { rejected, ..Causes::default() });
                }
            }
            self.keep_fates(&delivery);
            self.producer.recycle(delivery.stamps);
        }
    }

    /// What became of the records of a batch, where records are traced.
    fn keep_fates(&mut self, delivery: &Delivery) {
        let Some(fates) = &mut self.fates else { return };
        let fate = fate_of(delivery);
        delivery.stamps.numbers().for_each(|number| fates.set(number, fate));
    }

    fn record_events(&mut self, now: Instant) {
        use crate::base::Machine as _;
        while let Some(event) = self.producer.poll_report() {
            match &event {
                ProducerEvent::RequestSent { batches, in_flight, .. } => {
                    self.recorder.request_sent(*batches, *in_flight);
                    continue;
                }
                ProducerEvent::Retried { code, records, .. } => {
                    self.recorder.retried(*code, *records, now);
                }
                ProducerEvent::Split { .. } => self.recorder.split(),
                ProducerEvent::Throttled { span, .. } => {
                    self.recorder.throttle(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX));
                }
                _ => {}
            }
            self.reports.push_back(EngineReport::Event { event, at: now });
        }
    }

    /// The engine asks to be called for each sample, so a late one is the client's doing. To be
    /// noted before the deliveries that come after it.
    fn note_stall(&mut self, now: Instant) {
        if self.is_running() && now.since(self.next_sample) >= WORTH_NOTING {
            self.recorder.stalled(self.next_sample, now);
        }
    }

    const fn is_running(&self) -> bool {
        matches!(self.phase, Phase::Load { .. } | Phase::Drain { .. })
    }

    fn sample(&mut self, now: Instant) {
        if self.is_running() && now >= self.next_sample {
            self.recorder.sample(now, self.schedule.due_by(now));
            self.next_sample = now + SAMPLE_EVERY;
        }
    }

    fn while_connecting(&mut self, give_up: Instant, now: Instant) {
        if self.producer.is_ready(self.topic) {
            self.phase = Phase::Idle;
            let cluster = self.producer.cluster();
            let spoken =
                cluster.brokers().iter().filter_map(|b| cluster.version(b.id, ApiKey::Produce));
            let produce_version = spoken.max();
            self.reports.push_back(EngineReport::Ready { produce_version });
        } else if now >= give_up || self.producer.fatal().is_some() || self.is_refused() {
            let reasons = self.why_not_ready();
            self.phase = Phase::Done;
            self.reports.push_back(EngineReport::NotReady(reasons));
        }
    }

    /// Whether a right is missing, which waiting won't bring.
    fn is_refused(&self) -> bool {
        let error = self.producer.cluster().topic(self.topic).error;
        let refused = [ErrorCode::TOPIC_AUTHORIZATION_FAILED, ErrorCode::INVALID_TOPIC_EXCEPTION];
        error.is_some_and(|code| refused.contains(&code))
            || self.producer.identity_refusal().is_some()
    }

    /// What the wait for readiness was for, and what stood in its way; one reason at least.
    fn why_not_ready(&self) -> Vec<String> {
        let cluster = self.producer.cluster();
        let topic = cluster.topic(self.topic);
        let mut partitions = topic.partitions().iter().map(|&slot| cluster.partition(slot));
        let awaited = match partitions.position(|partition| partition.leader.is_none()) {
            Some(index) => format!("partition {index} has no leader"),
            None if topic.partitions().is_empty() => "metadata does not name the topic".to_owned(),
            None => "no broker has given a producer id".to_owned(),
        };
        let trouble = self.producer.metadata_trouble(self.topic);
        let problems = cluster.problems();
        let told = (!problems.is_empty()).then(|| in_words(&problems));
        let told = told.filter(|told| trouble.as_ref() != Some(told));
        let refused = self.producer.fatal().or_else(|| self.producer.identity_refusal());
        let refused = refused.map(ToString::to_string);
        [Some(awaited), trouble, told, refused].into_iter().flatten().collect()
    }

    fn while_loading(&mut self, load: Load, now: Instant) {
        if self.leave_at(load).is_some_and(|at| now >= at) {
            self.leave_unsent(now);
        }
        if !self.schedule.finished() || self.feed.blocked.is_some() {
            let bound = self.schedule.window_end().map(|end| end + load.drain_within);
            if bound.is_some_and(|bound| now >= bound) {
                self.cut(load, self.schedule.window_end().unwrap_or(now), now);
            }
            return;
        }
        let end = self.schedule.window_end().unwrap_or(now);
        // A schedule that ends by count is over when its last record's turn ends.
        if now < end {
            return;
        }
        self.recorder.end_window(end);
        self.producer.flush(now);
        self.reports.push_back(EngineReport::Draining { at: end });
        let cut_at = end + load.drain_within;
        self.phase = Phase::Drain { load, end, cut_at };
        self.while_draining(load, end, cut_at, now);
    }

    /// When what the producer hasn't taken is left out. A schedule by count without a rate has no
    /// end to count from: while a record finds no room, the last that arrived is counted from.
    fn leave_at(&self, load: Load) -> Option<Instant> {
        let stalled = self.feed.blocked.map(|_| self.feed.arrived);
        let since = self.schedule.window_end().or(stalled)?;
        load.leave_after.map(|patience| since + patience)
    }

    fn while_draining(&mut self, load: Load, end: Instant, cut_at: Instant, now: Instant) {
        if self.producer.incomplete() == 0 {
            self.finish(load, end, false, now);
        } else if now >= cut_at {
            self.cut(load, end, now);
        }
    }

    /// The drain's bound has come: what wasn't sent is unsent, what was sent is indeterminate, and
    /// neither is an error.
    fn cut(&mut self, load: Load, end: Instant, now: Instant) {
        use crate::base::Machine as _;
        self.record_deliveries();
        self.record_events(now);
        for stamps in self.producer.abandon(now) {
            self.recorder.unsent_batch(&stamps, now);
            if let Some(fates) = &mut self.fates {
                stamps.numbers().for_each(|number| fates.set(number, Fate::Failed));
            }
        }
        while let Some(delivery) = self.producer.poll_delivery() {
            self.recorder.cut(&delivery);
            self.witness.cut(&delivery);
            self.keep_fates(&delivery);
            self.producer.recycle(delivery.stamps);
        }
        // Connections that we close ourselves are lost to nobody.
        while self.producer.poll_report().is_some() {}
        // Random arrivals that end by count may go on beyond the bound: nobody waits for those.
        self.schedule.cut(now);
        self.leave_unsent(now);
        self.finish(load, end, true, now);
    }

    fn finish(&mut self, load: Load, end: Instant, cut: bool, now: Instant) {
        self.record_events(now);
        let due = self.schedule.due_by(Instant::FAR_FUTURE);
        self.recorder.sample(now, due);
        if let Some(failure) = self.producer.fatal() {
            self.recorder.fatal(failure);
        }
        let in_progress = self.in_progress();
        assert!(in_progress == 0, "{in_progress} records have no outcome after the drain");
        let recorder =
            core::mem::replace(&mut self.recorder, Recorder::new(&self.plan.recorder, now));
        let tally = recorder.finish(now);
        let fates = self.fates.take();
        let ended = PhaseEnd { start: load.at, end, drained: now, due, cut, tally, fates };
        self.reports.push_back(EngineReport::PhaseEnded(Box::new(ended)));
        self.phase = if cut { Phase::Done } else { Phase::Idle };
    }

    /// What is left of the phase under way after a panic: all that had an outcome by then, and what
    /// was due. The producer may be half changed and isn't asked.
    pub(super) fn break_off(&mut self, now: Instant) -> Option<EngineReport> {
        let (start, end) = match self.phase {
            Phase::Load { load } => {
                self.schedule.cut(now);
                (load.at, self.schedule.window_end().unwrap_or(now))
            }
            Phase::Drain { load, end, .. } => (load.at, end),
            Phase::Connect { .. } | Phase::Idle | Phase::Done => return None,
        };
        self.phase = Phase::Done;
        self.recorder.end_window(end);
        let due = self.schedule.due_by(Instant::FAR_FUTURE);
        self.recorder.broke_off(due);
        self.recorder.sample(now, due);
        let recorder =
            core::mem::replace(&mut self.recorder, Recorder::new(&self.plan.recorder, now));
        let tally = recorder.finish(now);
        let ended = PhaseEnd { start, end, drained: now, due, cut: true, tally, fates: None };
        Some(EngineReport::BrokeOff(Box::new(ended)))
    }

    /// The next instant at which the engine itself has something to do.
    pub(super) fn own_deadline(&self) -> Option<Instant> {
        match self.phase {
            Phase::Connect { give_up } => Some(give_up),
            Phase::Load { load } => {
                let end = self.schedule.window_end();
                let bound = end.filter(|end| *end > self.now);
                let bound = bound.or_else(|| self.leave_at(load));
                let bound = bound.or_else(|| end.map(|end| end + load.drain_within));
                [self.pump_deadline(), bound, Some(self.next_sample)].into_iter().flatten().min()
            }
            Phase::Drain { cut_at, .. } => Some(cut_at.min(self.next_sample)),
            Phase::Idle | Phase::Done => None,
        }
    }
}

const fn fate_of(delivery: &Delivery) -> Fate {
    match delivery.outcome {
        Outcome::Acked { .. } | Outcome::Duplicate | Outcome::Written => Fate::Delivered,
        Outcome::Failed(_) => Fate::Failed,
        Outcome::Indeterminate(_) => Fate::Indeterminate,
    }
}

/// A call this late is a stall of the client.
const WORTH_NOTING: Duration = Duration::from_millis(20);
/// How often the backlog is looked at.
const SAMPLE_EVERY: Duration = Duration::from_millis(50);
