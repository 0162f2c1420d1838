//! One phase of load over all workers: begin together, watch, end with one sum.
//!
//! Cost class: per tick.

use core::pin::pin;
use core::time::Duration;

use tokio::time::{MissedTickBehavior, interval, sleep};

use super::crew::Crew;
use super::environment::Usage;
use super::error::RunError;
use super::events::Chronicle;
use super::observer::{Lap, Observer, Progress};
use super::plan::RunPlan;
use super::result::{BrokerFault, PhaseKind, Signal};
use super::signals::Signals;
use crate::base::Instant;
use crate::host::shell::clock;
use crate::load::engine::{EngineCommand, EngineReport, Load, PhaseEnd};
use crate::load::recorder::Snapshot;
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
    /// The user doesn't want to wait for anything more.
    pub(super) at_once: bool,
    pub(super) aborted: Option<String>,
    /// By worker; those at the end that saw none may be missing.
    pub(super) leader_changes: Vec<u64>,
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
    draining: usize,
    ends: Vec<PhaseEnd>,
    /// Which workers those are from.
    ended: Vec<usize>,
    looks: Vec<Snapshot>,
    last_look: Instant,
    last_acked: u64,
    usage_after: Option<Usage>,
    /// When the schedule had ended everywhere.
    drains_since: Option<Instant>,
    interrupted: Option<Signal>,
    at_once: bool,
    aborted: Option<String>,
    chronicle: Chronicle,
}

impl Watch<'_> {
    /// Runs the phase to its end.
    pub(super) async fn run(mut self, stop: Stop) -> Result<PhaseOutcome, RunError> {
        self.observer.phase(self.kind);
        let start = clock::now() + TOGETHER;
        let (usage_before, usage_read) = (self.usage(), clock::now());
        self.crew.order(EngineCommand::Begin(self.load(start, stop)));
        let mut state = State {
            start,
            draining: 0,
            ends: Vec::new(),
            ended: Vec::new(),
            looks: Vec::new(),
            last_look: start,
            last_acked: 0,
            usage_after: None,
            drains_since: None,
            interrupted: None,
            at_once: false,
            aborted: None,
            chronicle: Chronicle::default(),
        };
        let mut ticks = interval(self.plan.progress_every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks.tick().await;
        // A window that ends by time ends for all at once, whatever is still to be handed over.
        let window = stop.after.map_or(Duration::MAX, |after| TOGETHER + after);
        let mut window_end = pin!(sleep(window));
        while state.ends.len() < self.crew.len() {
            tokio::select! {
                told = self.crew.next() => {
                    let (worker, report) = told?;
                    self.hear(&mut state, worker, report);
                }
                signal = self.signals.next() => self.interrupt(&mut state, signal)?,
                () = &mut window_end, if state.usage_after.is_none() => {
                    self.window_over(&mut state);
                }
                _ = ticks.tick() => {
                    self.crew.check(&state.ended)?;
                    state.looks.clear();
                    self.crew.order(EngineCommand::Look);
                }
            }
        }
        let read_again = state.drains_since.unwrap_or_else(clock::now);
        let usage = (usage_before, state.usage_after.unwrap_or_else(|| self.usage()));
        let mut ends: Vec<_> = state.ended.into_iter().zip(state.ends).collect();
        ends.sort_by_key(|(worker, _)| *worker);
        Ok(PhaseOutcome {
            ends: ends.into_iter().map(|(_, end)| end).collect(),
            usage,
            usage_span: read_again.since(usage_read),
            interrupted: state.interrupted,
            at_once: state.at_once,
            aborted: state.aborted,
            leader_changes: state.chronicle.leader_changes().to_vec(),
            faults: state.chronicle.faults(),
        })
    }

    /// What the process and its workers have used until now.
    fn usage(&self) -> Usage {
        let (wakeups, longest_turn) = (self.crew.wakeups(), self.crew.longest_turn());
        Usage { wakeups, longest_turn, ..Usage::read() }
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
                if state.looks.len() + state.ends.len() == self.crew.len() {
                    self.progress(state);
                }
            }
            EngineReport::Draining { .. } => {
                state.draining += 1;
                if state.draining == self.crew.len() {
                    self.window_over(state);
                }
            }
            EngineReport::PhaseEnded(end) => {
                state.ends.push(*end);
                state.ended.push(worker);
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
        for end in &state.ends {
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

    fn planned(&self) -> (Option<Duration>, Option<u64>) {
        use super::plan::Warmup;
        match (self.kind, self.plan.warmup) {
            (PhaseKind::Warmup, Warmup::For(span)) => (Some(span), None),
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
            self.observer.log(super::LogLevel::Warn, &line);
            state.aborted = Some(rule.to_string());
            self.crew.order(EngineCommand::Stop { within: LAST_WORDS });
        }
    }

    /// The first signal stops generating and drains for a few seconds, the second cuts the drain
    /// off; both leave a result of what was measured. The third gives that up too.
    ///
    /// A warm-up isn't measured, so there the first ends everything.
    fn interrupt(&mut self, state: &mut State, signal: Signal) -> Result<(), RunError> {
        if state.at_once || self.kind != PhaseKind::Measure {
            return Err(RunError::Interrupted(signal));
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
        self.observer.log(super::LogLevel::Warn, words);
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
/// How long an interrupted run still drains.
const LAST_WORDS: Duration = Duration::from_secs(5);
