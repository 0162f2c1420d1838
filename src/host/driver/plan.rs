//! Everything a run needs, decided before it begins: the seam between the settings, which fill it,
//! and the driver.
//!
//! Cost class: once a run. Values are checked by who builds them; the driver takes them as they
//! are.

use core::fmt;
use core::time::Duration;

use super::observer::Progress;
use crate::base::WorkerIndex;
use crate::kafka::config::ProducerConfig;
use crate::load::schedule::SchedulePlan;
use crate::load::source::SourcePlan;

/// One run, in full.
#[derive(Clone, Debug)]
pub struct RunPlan {
    /// The producer that every worker runs. With [`Target::Embedded`] its bootstrap servers are
    /// empty: the driver knows them.
    pub producer: ProducerConfig,
    /// Where to.
    pub target: Target,
    /// The topic.
    pub topic: TopicPlan,
    /// When records are due, over all workers.
    pub schedule: SchedulePlan,
    /// What the records hold.
    pub source: SourcePlan,
    /// How many producers, each a thread with its own connections; 1 or more.
    pub workers: u32,
    /// What goes before the measurement.
    pub warmup: Warmup,
    /// The measurement ends after this; `None`: `records` alone ends it.
    pub duration: Option<Duration>,
    /// The measurement ends after this many records over all workers; the warm-up's are not among
    /// them.
    pub records: Option<u64>,
    /// The grid on which due records are sent; zero spins.
    pub pacing_quantum: Duration,
    /// Nothing is sent for this long after the cluster answered: the pause between the runs of a
    /// matrix.
    pub cooldown: Duration,
    /// Wait up to this long until every partition's preferred replica leads it; `None` starts at
    /// once.
    pub balanced_leaders: Option<Duration>,
    /// What ends the run early.
    pub abort_on: Vec<AbortRule>,
    /// How it is proved that records were delivered.
    pub verify: Verify,
    /// How often the observer hears; the last lap of a phase may be shorter.
    pub progress_every: Duration,
}

impl RunPlan {
    /// The client id of a worker: Java counts producers of one process from 1 unless the user named
    /// them, and then all have that name.
    #[must_use]
    pub fn client_id(&self, worker: WorkerIndex) -> String {
        let given = &self.producer.client_id;
        if *given == ProducerConfig::default_client_id(1) {
            ProducerConfig::default_client_id(worker.0 + 1)
        } else {
            given.clone()
        }
    }
}

/// How delivery is proved.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verify {
    /// Not at all.
    None,
    /// By the topic's end offsets, read around each phase.
    Offsets,
    /// By these and by the records, read back after the measurement. Where the source's values
    /// don't say which record they are ([`SourcePlan::names_itself`]), each record carries a
    /// [`Mark`](crate::load::source::Mark).
    Sequence,
}

impl RunPlan {
    /// Whether records carry marks.
    #[must_use]
    pub fn marks(&self) -> bool {
        self.verify == Verify::Sequence && !self.source.names_itself()
    }
}

/// Where a run writes to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Target {
    /// The brokers of `producer.bootstrap_servers`.
    Cluster,
    /// Our own brokers in this process, on loopback.
    Embedded {
        /// How many.
        brokers: u32,
    },
}

/// The topic and what may be done to it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TopicPlan {
    /// Its name; with `fresh` the driver appends something unique.
    pub name: String,
    /// For a topic that is made: partitions; −1 leaves it to the broker.
    pub partitions: i32,
    /// For a topic that is made: replicas; −1 leaves it to the broker.
    pub replication_factor: i16,
    /// For a topic that is made: its configuration.
    pub configs: Vec<(String, String)>,
    /// Make it when it is missing.
    pub create: bool,
    /// A new one for this run.
    pub fresh: bool,
    /// Leave a fresh one behind.
    pub keep: bool,
}

/// What goes before the measurement.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Warmup {
    /// Nothing: the first record counts.
    None,
    /// Load for this long, then a drain.
    For(Duration),
    /// This many records over all workers, then a drain.
    Records(u64),
}

/// A condition that ends a run early, looked at on every progress tick of the measurement.
#[derive(Clone, Debug, PartialEq)]
pub struct AbortRule {
    /// What is looked at.
    pub metric: AbortMetric,
    /// It ends the run when above this; shares as 0 to 1, latencies in ns.
    pub above: f64,
    /// As it was written.
    pub text: String,
}

/// What an [`AbortRule`] looks at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AbortMetric {
    /// Failed and indeterminate records per record with an outcome.
    ErrorRate,
    /// Failed and indeterminate records.
    Errors,
    /// Records due without an outcome.
    Backlog,
    /// The 99th percentile of the latencies since the last tick, ns.
    LapP99,
}

impl AbortRule {
    /// Whether `progress` breaks the rule.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "compared with a threshold a person wrote")]
    pub fn broken_by(&self, progress: &Progress) -> bool {
        let value = match self.metric {
            AbortMetric::ErrorRate => progress.error_rate(),
            AbortMetric::Errors => (progress.failed + progress.indeterminate) as f64,
            AbortMetric::Backlog => progress.backlog() as f64,
            AbortMetric::LapP99 => progress.since_last.latency_p99 as f64,
        };
        value > self.above
    }
}

impl fmt::Display for AbortRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_abort_rule_is_broken_above_its_bound_only() {
        let rule = AbortRule {
            metric: AbortMetric::ErrorRate,
            above: 0.01,
            text: "error_rate > 1%".to_owned(),
        };
        let mut progress = Progress { acked: 99, failed: 1, ..Progress::default() };
        assert!(!rule.broken_by(&progress));
        progress.indeterminate = 1;
        assert!(rule.broken_by(&progress));
        assert!(!rule.broken_by(&Progress::default()));
    }
}
