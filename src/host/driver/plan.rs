//! Everything a run needs, decided before it begins: the seam between the settings, which fill it,
//! and the driver.
//!
//! Cost class: once a run. Values are checked by who builds them; the driver takes them as they
//! are.

use core::fmt;
use core::time::Duration;

use super::observer::Progress;
use crate::base::{WorkerIndex, mix};
use crate::kafka::config::ProducerConfig;
use crate::load::schedule::{Arrivals, Part, SchedulePlan, Stop, Timetable};
use crate::load::source::SourcePlan;

/// One run, in full.
#[derive(Clone, Debug)]
pub struct RunPlan {
    /// The producer that every worker runs. With [`Target::Embedded`] its bootstrap servers are
    /// empty: the driver knows them.
    pub producer: ProducerConfig,
    /// Where to.
    pub target: Target,
    /// The topics, one or more, each with a name of its own and a stream at least.
    pub topics: Vec<TopicPlan>,
    /// When records are due, over all streams.
    pub schedule: SchedulePlan,
    /// Who sends what where, one or more.
    pub streams: Vec<StreamPlan>,
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
    /// The first worker panics this long after the start of each phase: shows what comes of a
    /// defect. `None`: never.
    pub panic_after: Option<Duration>,
}

/// Producers that send records of one kind to one topic.
#[derive(Clone, Debug)]
pub struct StreamPlan {
    /// Its name in results, another than those of other streams.
    pub name: String,
    /// Which of the run's topics it writes to.
    pub topic: usize,
    /// Its share of the records: this by the sum of all streams' weights; 1 to
    /// [`Part::MAX_WEIGHT`]. Without a rate each stream is as fast as it goes, and only counts of
    /// records are shared so.
    pub weight: u32,
    /// What its records hold. As many workers share its record numbers as the stream has producers,
    /// each a thread with its own connections.
    pub source: SourcePlan,
}

impl StreamPlan {
    /// The only stream of a run, to its only topic.
    #[must_use]
    pub fn only(topic: &TopicPlan, source: SourcePlan) -> Self {
        Self { name: topic.name.clone(), topic: 0, weight: 1, source }
    }

    /// How many producers it has.
    #[must_use]
    pub const fn producers(&self) -> u32 {
        self.source.workers
    }

    /// The seed of the stream at `index`, in a run with this seed: the first one has the run's own,
    /// so that a run of one stream is that stream.
    #[must_use]
    pub const fn seed(of_run: u64, index: usize) -> u64 {
        if index == 0 { of_run } else { mix(of_run ^ mix(index as u64 ^ SEED_OF_STREAMS)) }
    }
}

/// Keeps the streams of one seed apart; any constant does.
const SEED_OF_STREAMS: u64 = 0x7374_7265_616d_7321;

/// A worker's place in a run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Post {
    /// Its stream's place in the plan.
    pub stream: usize,
    /// Its topic's place in the plan.
    pub topic: usize,
    /// Which of the stream's producers it is.
    pub producer: WorkerIndex,
}

impl RunPlan {
    /// The plan of a run that began at this Unix time, in milliseconds: what its records say of
    /// time counts from there, unless the plan says from where.
    #[must_use]
    pub fn begun_at(&self, unix_ms: i64) -> Self {
        let mut plan = self.clone();
        for stream in &mut plan.streams {
            stream.source = stream.source.begun_at(unix_ms);
        }
        plan
    }

    /// How many producers all streams have.
    #[must_use]
    pub fn producers(&self) -> u32 {
        self.streams.iter().map(StreamPlan::producers).sum()
    }

    /// Where each worker of the run belongs: those of the first stream, then those of the next.
    pub fn posts(&self) -> impl Iterator<Item = Post> {
        self.streams.iter().enumerate().flat_map(|(stream, plan)| {
            let producers = (0..plan.producers()).map(WorkerIndex);
            producers.map(move |producer| Post { stream, topic: plan.topic, producer })
        })
    }

    /// When the records of the stream at `index` are due: its share of the run's.
    #[must_use]
    pub fn schedule_of(&self, index: usize) -> SchedulePlan {
        let weights: Vec<u32> = self.streams.iter().map(|stream| stream.weight).collect();
        let arrivals = match self.schedule.arrivals {
            // Streams that draw the same gaps would all be late at once.
            Arrivals::Poisson { seed } => Arrivals::Poisson { seed: StreamPlan::seed(seed, index) },
            other => other,
        };
        SchedulePlan {
            arrivals,
            workers: self.streams[index].producers(),
            part: Part::of(&weights, index),
            ..self.schedule.clone()
        }
    }

    /// Has what records tell of time go by when they are due: once schedule, warm-up and streams
    /// are what they are to be.
    pub fn set_clocks(&mut self) {
        for index in 0..self.streams.len() {
            let timetable = self.timetable_of(index);
            self.streams[index].source.clock.timetable = timetable;
        }
    }

    /// When the records of the stream at `index` are due over all phases; `None` without a rate,
    /// and where they don't tell it.
    fn timetable_of(&self, index: usize) -> Option<Timetable> {
        let schedule = self.schedule_of(index);
        let is_told = schedule.is_paced() && self.streams[index].source.tells_time();
        is_told.then(|| match self.warmup {
            Warmup::Auto => Timetable::unsettled(schedule),
            known => Timetable::new(schedule, known.known_stop()),
        })
    }

    /// The client id of a worker, counted over all streams: Java counts producers of one process
    /// from 1 unless the user named them, and then all have that name.
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
    /// By the topics' end offsets, read around each phase.
    Offsets,
    /// By these and by the records, read back after the measurement. Where the source's values
    /// don't say which record they are ([`SourcePlan::names_itself`]), or streams share a topic,
    /// each record carries a [`Mark`](crate::load::source::Mark).
    Sequence,
}

impl RunPlan {
    /// Whether the records of a stream carry marks. Values that name producer and number don't name
    /// the stream: where others write to the same topic, they need one too.
    #[must_use]
    pub fn marks(&self, stream: &StreamPlan) -> bool {
        let sharers = self.streams.iter().filter(|other| other.topic == stream.topic).count();
        self.verify == Verify::Sequence && (!stream.source.names_itself() || sharers > 1)
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

/// A topic and what may be done to it.
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
    /// Load until the last five seconds were alike in median latency and throughput, for
    /// [`Warmup::LONGEST`] at most, then a drain.
    Auto,
    /// This many records over all workers, then a drain.
    Records(u64),
}

impl Warmup {
    /// The longest [`Warmup::Auto`].
    pub const LONGEST: Duration = Duration::from_secs(60);

    /// When its load ends, where that is known beforehand; `None` also without a warm-up.
    #[must_use]
    pub const fn known_stop(self) -> Option<Stop> {
        match self {
            Self::Auto => None,
            known => known.stop(),
        }
    }

    /// When its load ends at the latest; `None` without a warm-up.
    #[must_use]
    pub const fn stop(self) -> Option<Stop> {
        match self {
            Self::None => None,
            Self::For(span) => Some(Stop { after: Some(span), records: None }),
            Self::Auto => Some(Stop { after: Some(Self::LONGEST), records: None }),
            Self::Records(count) => Some(Stop { after: None, records: Some(count) }),
        }
    }
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
