//! What a run tells whoever watches it, while it goes on. Cost class: per tick.
//!
//! The driver calls, the watcher draws; neither knows more of the other than this face. Nothing
//! here changes a run.

use core::time::Duration;

use super::result::{ClusterFacts, PhaseKind, TopicFacts};

/// Who watches a run. Every method is called from the thread that called the driver, between two
/// ticks, so a slow watcher delays only the next call, never a record.
pub trait Observer {
    /// The topics are there to be written to: all of their leaders have answered.
    fn connected(&mut self, cluster: &ClusterFacts, topics: &[TopicFacts]);
    /// A phase begins.
    fn phase(&mut self, phase: PhaseKind);
    /// About every [`super::plan::RunPlan::progress_every`], and once at the end of a phase that
    /// sends.
    fn progress(&mut self, progress: &Progress);
    /// Something worth a line: a connection lost, a leader moved, a batch sent again.
    fn log(&mut self, level: LogLevel, line: &str);
}

/// How things stand in the phase under way, all workers together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    /// Which phase; counts below begin at its start.
    pub phase: PhaseKind,
    /// There is a rate, so latencies are responses; without one they are services.
    pub paced: bool,
    /// Since the phase began; a drain begins where the measurement's window ends.
    pub elapsed: Duration,
    /// How long the phase is to last, when time ends it.
    pub planned: Option<Duration>,
    /// How many records the phase is to send, when a count ends it; in a drain, how many are to
    /// have an outcome in the end.
    pub planned_records: Option<u64>,
    /// Records that fell due (without a rate: that were taken).
    pub due: u64,
    /// Records acknowledged, or written where acks=0.
    pub acked: u64,
    /// Records that failed.
    pub failed: u64,
    /// Records sent whose fate is unknown.
    pub indeterminate: u64,
    /// What happened since the call before this one.
    pub since_last: Lap,
}

/// What happened between two calls of [`Observer::progress`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lap {
    /// How long that was.
    pub span: Duration,
    /// Records acknowledged (or written) in it.
    pub acked: u64,
    /// Key and value bytes of those.
    pub bytes: u64,
    /// The sum of their latencies, ns: response under a rate, service without one.
    pub latency_sum: u128,
    /// The highest of these latencies, ns, rounded up to the histogram's precision; 0 without
    /// records.
    pub latency_max: u64,
    /// Their 99th percentile, ns; 0 without records.
    pub latency_p99: u64,
}

impl Progress {
    /// Records due that have no outcome yet.
    #[must_use]
    pub const fn backlog(&self) -> u64 {
        self.due.saturating_sub(self.acked + self.failed + self.indeterminate)
    }

    /// Failed and indeterminate records per record with an outcome, 0 to 1.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a share for people and thresholds")]
    pub fn error_rate(&self) -> f64 {
        let bad = self.failed + self.indeterminate;
        let all = bad + self.acked;
        if all == 0 { 0.0 } else { bad as f64 / all as f64 }
    }
}

/// How important a line is; ordered from most to least.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum LogLevel {
    /// Something went wrong and the run's result suffers.
    Error,
    /// Something that the user should know of.
    Warn,
    /// Connections, leaders, retries.
    Info,
    /// Everything.
    Debug,
}
