//! One phase of load over all workers: begin together, watch, end with one sum.
//!
//! Cost class: per tick.

use core::pin::pin;
use core::time::Duration;

use tokio::time::{Instant as TokioInstant, MissedTickBehavior, interval, interval_at, sleep};

use super::course::CpuCourse;
use super::crew::{Crew, recorder_plan};
use super::environment::{Usage, process_cpu};
use super::error::RunError;
use super::events::{Chronicle, Moves};
use super::observer::{Lap, LogLevel, Observer, Progress};
use super::plan::{RunPlan, Warmup};
use super::result::{BrokerFault, PhaseKind, Signal};
use super::settle::{self, Settling};
use super::signals::Signals;
use crate::base::Instant;
use crate::host::shell::clock;
use crate::load::engine::{EngineCommand, EngineReport, Load, PhaseEnd};
use crate::load::recorder::{Recorder, Snapshot};
use crate::load::schedule::Stop;

/// What a phase came to.
pub(super) struct PhaseOutcome {
    /// All workers' ends, by worker.
    pub(super) ends: Vec<PhaseEnd>,
    /// What the process had used when it began, and when its schedule had ended everywhere.
    pub(super) usage: (Usage, Usage),
    /// The time between these two readings.
    pub(super) usage_span: Duration,
    pub(super) interrupted: Option<Signal>,
    /// How a worker died, in words; what it had measured by then is its end where it could still
    /// tell.
    pub(super) crashed: Option<String>,
    /// The user doesn't want to wait for anything more.
    pub(super) at_once: bool,
    pub(super) aborted: Option<String>,
    /// Whether a warm-up that waits for it ended because its load had settled; `None` of others.
    pub(super) settled: Option<bool>,
    /// By worker; those at the end that saw none may be missing.
    pub(super) leader_changes: Vec<Moves>,
    pub(super) cpu: CpuCourse,
    pub(super) faults: Vec<BrokerFault>,
}

impl PhaseOutcome {
    /// From the end of the schedule to the last outcome, or to the cut.
    pub(super) fn drained(&self) -> Duration {
        self.ends.iter().map(|end| end.drained.since(end.end)).max().unwrap_or_default()
    }
}

/// Watches one phase.
pub(super) struct Watch<'a> {
    pub(super) crew: &'a mut Crew,
    pub(super) signals: &'a mut Signals,
    pub(super) observer: &'a mut dyn Observer,
    pub(super) plan: &'a RunPlan,
    pub(super) kind: PhaseKind,
}

/// What is known while the phase runs.
struct State {
    start: Instant,
    /// The workers whose schedule is over.
    draining: Vec<usize>,
    /// With the worker that each is from.
    ends: Vec<(usize, PhaseEnd)>,
    /// The workers that have nothing more to tell: those, and the dead ones.
    ended: Vec<usize>,
    looks: Vec<Snapshot>,
    last_look: Instant,
    last_acked: u64,
    usage_after: Option<Usage>,
    /// When the schedule had ended everywhere.
    drains_since: Option<Instant>,
    interrupted: Option<Signal>,
    crashed: Option<String>,
    at_once: bool,
    aborted: Option<String>,
    /// While a warm-up waits for its load to settle.
    settling: Option<Settling>,
    settled: bool,
    chronicle: Chronicle,
    cpu: CpuCourse,
}

impl State {
    /// Of a phase that begins at `start`.
    fn of(start: Instant) -> Self {
        Self {
            start,
            draining: Vec::new(),
            ends: Vec::new(),
            ended: Vec::new(),
            looks: Vec::new(),
            last_look: start,
            last_acked: 0,
            usage_after: None,
            drains_since: None,
            interrupted: None,
            crashed: None,
            at_once: false,
            aborted: None,
            settling: None,
            settled: false,
            chronicle: Chronicle::default(),
            cpu: CpuCourse::default(),
        }
    }
}

impl Watch<'_> {
    /// Runs the phase to its end.
    pub(super) async fn run(mut self, stop: Stop) -> Result<PhaseOutcome, RunError> {
        self.observer.phase(self.kind);
        let start = clock::now() + TOGETHER;
        let (usage_before, usage_read) = (self.usage(), clock::now());
        self.crew.order(EngineCommand::Begin(self.load(start, stop)));
        let mut state = State::of(start);
        state.settling = self.is_auto().then(Settling::default);
        state.cpu.read(Duration::ZERO, usage_before.cpu);
        let mut seconds = interval_at(TokioInstant::now() + TOGETHER + SECOND, SECOND);
        seconds.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut ticks = interval(self.look_every());
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks.tick().await;
        // A window that ends by time ends for all at once, whatever is still to be handed over.
        let window = stop.after.map_or(Duration::MAX, |after| TOGETHER + after);
        let mut window_end = pin!(sleep(window));
        let struck = self.plan.panic_after.map_or(Duration::MAX, |after| TOGETHER + after);
        let mut strike = pin!(sleep(struck));
        let mut intact = self.plan.panic_after.is_some();
        while state.ended.len() < self.crew.len() {
            tokio::select! {
                told = self.crew.next() => match told {
                    Some((worker, report)) => self.hear(&mut state, worker, report),
                    None => self.bury(&mut state),
                },
                () = &mut strike, if intact => {
                    intact = false;
                    self.crew.strike(0);
                }
                signal = self.signals.next() => self.interrupt(&mut state, signal)?,
                () = &mut window_end, if state.usage_after.is_none() => {
                    self.window_over(&mut state);
                }
                _ = seconds.tick() => state.cpu.read(clock::now().since(start), process_cpu()),
                _ = ticks.tick() => {
                    self.bury(&mut state);
                    state.looks.clear();
                    self.crew.order(EngineCommand::Look);
                }
            }
        }
        state.cpu.end(clock::now().since(start), process_cpu());
        for line in state.chronicle.repeated() {
            self.observer.log(LogLevel::Warn, &line);
        }
        let read_again = state.drains_since.unwrap_or_else(clock::now);
        let usage = (usage_before, state.usage_after.unwrap_or_else(|| self.usage()));
        let mut ends = state.ends;
        ends.sort_by_key(|(worker, _)| *worker);
        Ok(PhaseOutcome {
            ends: ends.into_iter().map(|(_, end)| end).collect(),
            usage,
            usage_span: read_again.since(usage_read),
            interrupted: state.interrupted,
            crashed: state.crashed,
            at_once: state.at_once,
            aborted: state.aborted,
            settled: self.is_auto().then_some(state.settled),
            leader_changes: state.chronicle.leader_changes().to_vec(),
            cpu: state.cpu,
            faults: state.chronicle.faults(),
        })
    }

    /// What the process and its workers have used until now.
    fn usage(&self) -> Usage {
        let (wakeups, longest_turn) = (self.crew.wakeups(), self.crew.longest_turn());
        Usage { wakeups, longest_turn, ..Usage::read() }
    }

    /// Whether it is a warm-up that ends when its load has settled.
    fn is_auto(&self) -> bool {
        self.kind == PhaseKind::Warmup && self.plan.warmup == Warmup::Auto
    }

    /// How often the workers are asked how things stand. A warm-up that waits for its load to
    /// settle looks every second, whatever the observer wants.
    fn look_every(&self) -> Duration {
        let every = self.plan.progress_every;
        if self.is_auto() { every.min(SECOND) } else { every }
    }

    /// A phase's orders. A measurement hands over all that was due, and sends it, until the bound
    /// of its drain cuts it off. A warm-up that overloads the cluster is worth no such wait, and
    /// must not end the run: what a timed one couldn't hand over soon is left out, one by count
    /// ends when nothing has arrived for delivery.timeout.ms, and the rest has ended one way or
    /// another when that is over once more.
    fn load(&self, at: Instant, stop: Stop) -> Load {
        let delivery = self.plan.producer.delivery_timeout;
        let (drain_within, leave_after) = match self.kind {
            PhaseKind::Warmup => {
                let patience = if stop.records.is_some() { delivery } else { OVERDUE_WARMUP };
                (patience + delivery + LAST_ANSWERS, Some(patience))
            }
            _ => (delivery, None),
        };
        Load { at, stop, flat: self.kind == PhaseKind::Warmup, drain_within, leave_after }
    }

    fn hear(&mut self, state: &mut State, worker: usize, report: EngineReport) {
        match report {
            EngineReport::Snapshot(snapshot) => {
                state.looks.push(*snapshot);
                if state.looks.len() + state.ended.len() == self.crew.len() {
                    self.progress(state);
                }
            }
            EngineReport::Draining { .. } => self.drains(state, worker),
            EngineReport::PhaseEnded(end) => {
                state.ends.push((worker, *end));
                state.ended.push(worker);
            }
            EngineReport::BrokeOff(end) => {
                state.ends.push((worker, *end));
                self.fell(state, worker);
            }
            EngineReport::Event { event, at } => {
                let since = at.since(state.start);
                let topic = self.crew.topic(worker);
                if let Some((level, line)) = state.chronicle.note(worker, topic, &event, since) {
                    let seconds = since.as_secs_f64();
                    self.observer.log(level, &format!("{seconds:.3} s: {line}"));
                }
            }
            EngineReport::Ready { .. } | EngineReport::NotReady(_) | EngineReport::Waiting(_) => {}
        }
    }

    /// A worker's schedule is over, or its life.
    fn drains(&mut self, state: &mut State, worker: usize) {
        if !state.draining.contains(&worker) {
            state.draining.push(worker);
        }
        if state.draining.len() == self.crew.len() {
            self.window_over(state);
        }
    }

    /// Looks for workers that died without a word: of them nothing is known.
    fn bury(&mut self, state: &mut State) {
        while let Some(worker) = self.crew.dead(&state.ended) {
            let (start, now) = (state.start, clock::now());
            let tally = Recorder::new(&recorder_plan(self.plan), start).finish(now);
            let nothing =
                PhaseEnd { start, end: now, drained: now, due: 0, cut: true, tally, fates: None };
            state.ends.push((worker, nothing));
            self.fell(state, worker);
        }
    }

    /// A worker has died. The load is no longer the one that was asked for, so that the others
    /// stop, in good order: what was measured until now is kept.
    fn fell(&mut self, state: &mut State, worker: usize) {
        state.ended.push(worker);
        self.drains(state, worker);
        let words = self.crew.autopsy(worker);
        self.observer.log(LogLevel::Error, &format!("internal error: {words}"));
        if state.crashed.is_none() {
            self.crew.order(EngineCommand::Stop { within: LAST_WORDS });
        }
        state.crashed.get_or_insert(words);
    }

    /// The schedule's time is up: what the process used until now belongs to the measurement.
    fn window_over(&mut self, state: &mut State) {
        if state.usage_after.is_none() {
            state.usage_after = Some(self.usage());
            state.drains_since = Some(clock::now());
            self.observer.phase(PhaseKind::Drain);
        }
    }

    /// Shows how things stand, and looks at the rules that end a run early.
    fn progress(&mut self, state: &mut State) {
        let mut sum = Snapshot::default();
        for look in state.looks.drain(..) {
            sum.merge(&look);
        }
        for (_, end) in &state.ends {
            sum.ledger.merge(&end.tally.ledger);
            sum.due += end.due;
        }
        let now = clock::now();
        let acked = sum.ledger.delivered();
        let lap = Lap {
            span: now.since(state.last_look),
            acked: acked.saturating_sub(state.last_acked),
            bytes: sum.lap.payload_bytes,
            latency_sum: sum.lap.latency_sum,
            latency_max: sum.lap.latency.max().unwrap_or(0),
            latency_p99: sum.lap.latency.quantile(0.99).unwrap_or(0),
        };
        state.last_look = now;
        state.last_acked = acked;
        let (span, delivered, latency) = (lap.span, lap.acked, sum.lap.latency);
        self.end_if_settled(state, &settle::Lap { span, delivered, latency });
        let drains = state.drains_since;
        let (planned, planned_records) =
            if drains.is_some() { (None, Some(sum.due)) } else { self.planned() };
        let progress = Progress {
            phase: if drains.is_some() { PhaseKind::Drain } else { self.kind },
            paced: self.plan.schedule.is_paced(),
            elapsed: now.since(drains.unwrap_or(state.start)),
            planned,
            planned_records,
            due: sum.due,
            acked,
            failed: sum.ledger.failed,
            indeterminate: sum.ledger.indeterminate,
            since_last: lap,
        };
        self.observer.progress(&progress);
        self.abort_if_broken(state, &progress);
    }

    /// Ends a warm-up that waited for its load to settle: in good order, with all the time for its
    /// drain that it would have had.
    fn end_if_settled(&mut self, state: &mut State, lap: &settle::Lap) {
        // What comes late in a drain, or while workers end, is no second of load.
        if state.drains_since.is_some() || !state.draining.is_empty() {
            return;
        }
        if state.settling.as_mut().is_some_and(|settling| settling.add(lap)) {
            state.settling = None;
            state.settled = true;
            let stop = Stop::default();
            let within = self.load(state.start, stop).drain_within;
            self.crew.order(EngineCommand::Stop { within });
        }
    }

    fn planned(&self) -> (Option<Duration>, Option<u64>) {
        match (self.kind, self.plan.warmup) {
            (PhaseKind::Warmup, Warmup::For(span)) => (Some(span), None),
            (PhaseKind::Warmup, Warmup::Auto) => (Some(Warmup::LONGEST), None),
            (PhaseKind::Warmup, Warmup::Records(count)) => (None, Some(count)),
            _ => (self.plan.duration, self.plan.records),
        }
    }

    fn abort_if_broken(&mut self, state: &mut State, progress: &Progress) {
        if state.aborted.is_some() || self.kind != PhaseKind::Measure {
            return;
        }
        if let Some(rule) = self.plan.abort_on.iter().find(|rule| rule.broken_by(progress)) {
            let line = format!("--abort-on \"{rule}\" ends the run");
            self.observer.log(LogLevel::Warn, &line);
            state.aborted = Some(rule.to_string());
            self.crew.order(EngineCommand::Stop { within: LAST_WORDS });
        }
    }

    /// The first signal stops generating and drains for a few seconds, the second cuts the drain
    /// off; both leave a result of what was measured. The third gives that up too.
    ///
    /// A warm-up isn't measured, so there the first cuts off what is under way: the result says no
    /// more than how far it came.
    fn interrupt(&mut self, state: &mut State, signal: Signal) -> Result<(), RunError> {
        let measures = self.kind == PhaseKind::Measure;
        if state.at_once || (state.interrupted.is_some() && !measures) {
            return Err(RunError::Interrupted(signal));
        }
        if !measures {
            state.interrupted = Some(signal);
            self.crew.order(EngineCommand::Stop { within: Duration::ZERO });
            return Ok(());
        }
        state.at_once = state.interrupted.is_some();
        state.interrupted = state.interrupted.or(Some(signal));
        let (within, words) = if state.at_once {
            (Duration::ZERO, "ending at once: what has no answer by now is cut off")
        } else {
            (
                LAST_WORDS,
                "stopping: what was due is still sent, for up to 5 s; once more to end at once",
            )
        };
        self.observer.log(LogLevel::Warn, words);
        self.crew.order(EngineCommand::Stop { within });
        Ok(())
    }
}

/// All workers have the order by then, so that they start at the same instant.
const TOGETHER: Duration = Duration::from_millis(10);
/// How long a timed warm-up still hands over what was due in it.
const OVERDUE_WARMUP: Duration = Duration::from_secs(1);
/// Every batch has ended this long after delivery.timeout.ms.
const LAST_ANSWERS: Duration = Duration::from_secs(5);
/// Between two readings of the CPU account.
const SECOND: Duration = Duration::from_secs(1);
/// How long an interrupted run still drains.
const LAST_WORDS: Duration = Duration::from_secs(5);
