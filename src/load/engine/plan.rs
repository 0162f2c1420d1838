//! What an engine is made of, what it is told, and what it tells. Cost class: per phase.

use core::time::Duration;

use crate::base::{Instant, WorkerIndex};
use crate::kafka::config::ProducerConfig;
use crate::kafka::producer::ProducerEvent;
use crate::load::recorder::{RecorderPlan, Snapshot, Tally};
use crate::load::schedule::{SchedulePlan, Stop};
use crate::load::source::SourcePlan;
use crate::load::verify::Fates;

/// Everything an engine needs to know.
#[derive(Clone, Debug)]
pub struct EnginePlan {
    /// Which of the run's workers it is.
    pub worker: WorkerIndex,
    /// Its producer.
    pub producer: ProducerConfig,
    /// Where it writes.
    pub topic: String,
    /// When records are due, over all workers.
    pub schedule: SchedulePlan,
    /// What they hold.
    pub source: SourcePlan,
    /// The grid on which due records are sent; zero spins.
    pub quantum: Duration,
    /// What is measured.
    pub recorder: RecorderPlan,
    /// Decides jitter and sticky draws; records depend on the source's own seed.
    pub seed: u64,
    /// Ties instants to the wall clock.
    pub origin: Origin,
    /// Whether the run's records are to be found again in the log.
    pub trace: Trace,
}

/// What is done so that each record can be found again.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Trace {
    /// Nothing, at no cost.
    #[default]
    Off,
    /// The fate of each record is kept; its value names it.
    ByValue,
    /// The fate of each record is kept, and a [`Mark`](crate::load::source::Mark) with this tag
    /// names it.
    ByMark(u32),
}

/// One reading of both clocks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Origin {
    /// The monotonic clock.
    pub instant: Instant,
    /// The wall clock at the same moment, Unix milliseconds.
    pub unix_ms: i64,
}

impl Origin {
    /// The wall clock at `now`, Unix milliseconds, as far as it hasn't been set since.
    #[must_use]
    pub fn unix_ms_at(&self, now: Instant) -> i64 {
        let since = now.nanos_since(self.instant) / 1_000_000;
        self.unix_ms + i64::try_from(since).unwrap_or(0)
    }
}

/// An order to an engine.
#[derive(Clone, Copy, Debug)]
pub enum EngineCommand {
    /// Begin a phase of load; only between phases.
    Begin(Load),
    /// Stop generating now; what is due by now is still sent, for at most this long.
    Stop {
        /// Bound of the drain.
        within: Duration,
    },
    /// Say how things stand ([`EngineReport::Snapshot`]; [`EngineReport::Waiting`] while
    /// connecting).
    Look,
    /// End.
    Close,
    /// Panic: what comes of a defect can be shown by this alone.
    Panic,
}

/// A phase of load.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// When its schedule starts: the same instant for every worker.
    pub at: Instant,
    /// When its schedule stops.
    pub stop: Stop,
    /// A planned rate that varies doesn't here: as in a warm-up
    /// ([`SchedulePlan::warmup_rate`]).
    pub flat: bool,
    /// How long what was due may still take afterwards; past it, records are unsent, and the
    /// producer can't go on.
    pub drain_within: Duration,
    /// How long after the schedule's end what was due is still handed over; what the producer
    /// hasn't taken by then is left out as unsent, and the producer goes on. `None`: until
    /// `drain_within` is over. By count and without a rate nobody knows the schedule's end: there
    /// it ends early once a record finds no room and none has arrived for this long.
    pub leave_after: Option<Duration>,
}

/// What an engine tells.
#[derive(Debug)]
pub enum EngineReport {
    /// Connected: leaders and producer id are known, load may begin.
    Ready {
        /// The Produce version spoken with the brokers connected so far; `None` before the first.
        produce_version: Option<i16>,
    },
    /// Not ready after `max.block.ms`: why, one reason at least.
    NotReady(Vec<String>),
    /// The answer to [`EngineCommand::Look`] before [`EngineReport::Ready`]: what is waited for and
    /// what stands in its way, one reason at least.
    Waiting(Vec<String>),
    /// The answer to [`EngineCommand::Look`], while a phase is under way.
    Snapshot(Box<Snapshot>),
    /// The schedule of the phase is over; its drain begins.
    Draining {
        /// Since when.
        at: Instant,
    },
    /// A phase is over, its drain included.
    PhaseEnded(Box<PhaseEnd>),
    /// A panic ended the phase under way, and the worker with it: what had been measured by then.
    BrokeOff(Box<PhaseEnd>),
    /// Something happened on the network.
    Event {
        /// What.
        event: ProducerEvent,
        /// When.
        at: Instant,
    },
}

/// What a phase came to for one worker.
#[derive(Debug)]
pub struct PhaseEnd {
    /// When its schedule started.
    pub start: Instant,
    /// When its schedule ended.
    pub end: Instant,
    /// When the last record had its outcome.
    pub drained: Instant,
    /// Records that were due (without a rate: generated).
    pub due: u64,
    /// The drain was cut; the producer can't go on.
    pub cut: bool,
    /// Keys and values, payload and all else measured.
    pub tally: Tally,
    /// What became of each record; `None` unless they are traced.
    pub fates: Option<Fates>,
}
