//! What a run found, as plain data: the seam between the driver, which fills it, and the reports,
//! which read it.
//!
//! Cost class: once a run. Nothing here judges or prints; instants have become spans since the
//! run's start, so that a result means the same in another process.

use core::time::Duration;
use std::collections::BTreeMap;

use super::course::CpuCourse;
use super::environment::Environment;
use crate::base::{BrokerId, PartitionSlot};
use crate::load::recorder::{Kind, Measured, Tally};
use crate::load::verify::Verification;

/// Everything that one run found.
#[derive(Debug)]
pub struct RunResult {
    /// Wall clock at the run's start, Unix milliseconds; spans below count from here.
    pub started_unix_ms: u64,
    /// Wall clock at its end, Unix milliseconds.
    pub ended_unix_ms: u64,
    /// The cluster that was written to.
    pub cluster: ClusterFacts,
    /// The topics that were written to, in the plan's order.
    pub topics: Vec<TopicFacts>,
    /// What each stream came to in the measurement, in the plan's order; empty where there is one
    /// only, of which everything else tells.
    pub streams: Vec<StreamResult>,
    /// Warm-up (if any) and measurement, in order.
    pub phases: Vec<PhaseResult>,
    /// Every worker's recorder of the measurement, merged. Its partition slots are those of
    /// [`RunResult::partitions`].
    pub tally: Tally,
    /// The end offsets around the measurement, by the same slots; `None` when they weren't read.
    pub offsets: Option<OffsetDelta>,
    /// The records read back, by the same slots; `None` when that wasn't asked for.
    pub readback: Option<Readback>,
    /// What brokers got wrong in the measurement, in the order in which each showed first.
    pub faults: Vec<BrokerFault>,
    /// The changes of leaders in the measurement, in their order, as the worker that saw most of
    /// them saw them; the first few thousand.
    pub leader_moves: Vec<LeaderMove>,
    /// What the run cost on this side.
    pub client: ClientCost,
    /// This process's CPU time in the course of the measurement.
    pub cpu: CpuCourse,
    /// Where it ran.
    pub environment: Environment,
    /// The signal that ended it early; where it came before the measurement, `phases` has none.
    pub interrupted: Option<Signal>,
    /// How a worker died, which ended it early: a defect of this program. What the dead worker had
    /// measured is in the tally where it could still tell.
    pub crashed: Option<String>,
    /// The rule that ended it early, as its sentence.
    pub aborted: Option<String>,
}

impl RunResult {
    /// The partition behind each slot: those of the first topic by index, then those of the next.
    pub fn partitions(&self) -> impl Iterator<Item = PartitionOf<'_>> {
        self.topics.iter().flat_map(|topic| {
            topic.slots.iter().map(move |index| PartitionOf { topic: &topic.name, index: *index })
        })
    }

    /// Leader changes seen in the measurement, over all topics.
    #[must_use]
    pub fn leader_changes(&self) -> u64 {
        self.topics.iter().map(|topic| topic.leader_changes).sum()
    }
}

/// A partition of one of the run's topics.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PartitionOf<'a> {
    /// The topic's name.
    pub topic: &'a str,
    /// The partition's index in it.
    pub index: i32,
}

/// What one stream of several came to.
#[derive(Clone, Debug)]
pub struct StreamResult {
    /// Records that fell due; without a rate as many as were generated.
    pub due: u64,
    /// From the end of the schedule to its last outcome.
    pub drain: Duration,
    /// Its workers' recorders, merged. Its partition slots are those of its topic.
    pub tally: Tally,
}

/// A signal that ends a run in good order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// SIGTERM.
    Terminate,
}

/// The parts of a run, in their order.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum PhaseKind {
    /// Connecting, making or looking up the topic, waiting for leaders.
    #[default]
    Connect,
    /// Load that isn't measured, with its own drain.
    Warmup,
    /// The measurement.
    Measure,
    /// What was due in the phase before it and isn't answered yet.
    Drain,
    /// The measurement's records are read back.
    Verify,
}

impl PhaseKind {
    /// The word for it in results and progress.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Warmup => "warmup",
            Self::Measure => "measure",
            Self::Drain => "drain",
            Self::Verify => "verify",
        }
    }
}

/// One phase that sent records: what it counted until its own drain was over.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PhaseResult {
    /// [`PhaseKind::Warmup`] or [`PhaseKind::Measure`].
    pub kind: PhaseKind,
    /// When its schedule began, since the run's start.
    pub start: Duration,
    /// When its schedule ended (its drain comes after), since the run's start.
    pub end: Duration,
    /// When its first batch was put into a request, since the run's start; `None` when none was.
    pub first_sent: Option<Duration>,
    /// Records that fell due; without a rate as many as were generated.
    pub due: u64,
    /// Records made and handed to the producer.
    pub generated: u64,
    /// Acknowledged, duplicates among them.
    pub acked: u64,
    /// Written to the socket, where acks=0.
    pub written: u64,
    /// Failed for certain.
    pub failed: u64,
    /// Sent, fate unknown.
    pub indeterminate: u64,
    /// Due but never sent, because the drain's bound came first.
    pub unsent: u64,
    /// From the end of the schedule to the last outcome.
    pub drain: Duration,
    /// Whether a warm-up that lasts until its load has settled ended for that reason; `None` of
    /// any other phase.
    pub settled: Option<bool>,
    /// Handed over to end, of a warm-up's records; `None` in the measurement, whose tally has it.
    pub service: Option<(Measured, Kind)>,
    /// Key and value bytes of the records delivered.
    pub payload_bytes: u64,
    /// The topics' end offsets, summed, before the phase; `None` when they weren't read.
    pub offset_before: Option<i64>,
    /// The same after its drain.
    pub offset_after: Option<i64>,
}

impl PhaseResult {
    /// That a warm-up waited in vain for its load to settle, in words; `None` when it didn't.
    #[must_use]
    pub fn unsettled(&self) -> Option<String> {
        (self.settled == Some(false)).then(|| {
            format!(
                "the warm-up's load had not settled after {} s: five seconds in a row with medians \
                 within ±10 % and throughput without a trend",
                self.end.saturating_sub(self.start).as_secs()
            )
        })
    }

    /// What of the phase's load didn't get through, in words; `None` when all did.
    #[must_use]
    pub fn shortfall(&self) -> Option<String> {
        let fates = [
            ("never handed over", self.unsent),
            ("failed", self.failed),
            ("of unknown fate", self.indeterminate),
        ];
        let fates = fates.iter().filter(|(_, count)| *count > 0);
        let fates: Vec<_> = fates.map(|(fate, count)| format!("{count} {fate}")).collect();
        (!fates.is_empty()).then(|| {
            format!(
                "the {} could not get all its {} records through: {}",
                self.kind.name(),
                self.due,
                fates.join(", ")
            )
        })
    }
}

/// How the topics' end offsets moved over the measurement, and what that allows to say
/// (measurement rule 7). Markers of transactions count as records.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct OffsetDelta {
    /// By the slots of [`RunResult::partitions`]: of one topic, by index.
    pub partitions: Vec<PartitionDelta>,
}

/// One partition's part.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct PartitionDelta {
    /// End offset after − before; a partition that is new began at 0.
    pub grew: i64,
    /// Records delivered to it: acknowledged, or with acks=0 written to the socket.
    pub delivered: u64,
    /// At least this many records must be there.
    pub at_least: u64,
    /// More than this means that somebody else wrote too.
    pub at_most: u64,
}

impl PartitionDelta {
    /// Whether the growth lies within its bounds.
    #[must_use]
    pub fn confirms(&self) -> bool {
        self.lost() == 0 && !self.other_writer()
    }

    /// Whether records came from somebody else.
    #[must_use]
    pub fn other_writer(&self) -> bool {
        i128::from(self.grew) > i128::from(self.at_most)
    }

    /// Acknowledged records that are not in the log; 0 when none is missing.
    #[must_use]
    pub fn lost(&self) -> u64 {
        u64::try_from(i128::from(self.at_least) - i128::from(self.grew)).unwrap_or(0)
    }

    /// Delivered records that are not in the log, whatever was promised of them.
    #[must_use]
    pub fn missing(&self) -> u64 {
        u64::try_from(i128::from(self.delivered) - i128::from(self.grew)).unwrap_or(0)
    }
}

impl OffsetDelta {
    /// Records by which the log grew.
    #[must_use]
    pub fn grew(&self) -> i64 {
        self.partitions.iter().map(|one| one.grew).sum()
    }

    /// Whether every partition's growth lies within its bounds.
    #[must_use]
    pub fn confirms(&self) -> bool {
        self.partitions.iter().all(PartitionDelta::confirms)
    }

    /// Whether records of any partition came from somebody else.
    #[must_use]
    pub fn other_writer(&self) -> bool {
        self.partitions.iter().any(PartitionDelta::other_writer)
    }

    /// Acknowledged records that are not in the log, partition by partition; 0 when none is
    /// missing.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.partitions.iter().map(PartitionDelta::lost).sum()
    }

    /// Delivered records that are not in the log, whatever was promised of them.
    #[must_use]
    pub fn missing(&self) -> u64 {
        self.partitions.iter().map(PartitionDelta::missing).sum()
    }
}

/// What reading the measurement's records back found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Readback {
    /// The findings.
    pub found: Verification,
    /// Why it ended before everything was read; `None` when it was.
    pub cut_short: Option<String>,
    /// How long it took.
    pub span: Duration,
}

/// The cluster, as its answers describe it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ClusterFacts {
    /// Our own broker in memory stood in for a cluster.
    pub embedded: bool,
    /// It did so in a process of its own, which somebody else started.
    pub another_process: bool,
    /// The cluster id; `None` when the brokers are too old to tell.
    pub id: Option<String>,
    /// By id.
    pub brokers: Vec<BrokerFacts>,
    /// A fingerprint of every broker's API versions: equal means the same requests were spoken.
    pub api_versions_hash: Option<String>,
    /// The Produce version used, the highest where brokers differ.
    pub produce_version: Option<i16>,
    /// A broker's address is one of this machine's, so both share its cores.
    pub on_this_host: bool,
}

/// One broker.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct BrokerFacts {
    /// Its node id.
    pub id: i32,
    /// Its advertised host.
    pub host: String,
    /// Its advertised port.
    pub port: u16,
    /// Its rack.
    pub rack: Option<String>,
}

/// A partition got another leader.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LeaderMove {
    /// Since the phase's start.
    pub since: Duration,
    /// The partition, as a slot of the tally.
    pub slot: PartitionSlot,
    /// Who led it before; `None` where this client did not know.
    pub from: Option<BrokerId>,
    /// Who leads it.
    pub to: BrokerId,
}

/// Bytes of a broker that broke the protocol and ended the connection.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct BrokerFault {
    /// Its node id; `None` for an entry of `bootstrap.servers`.
    pub broker: Option<i32>,
    /// Its address, what came the first time, what was expected and what to try.
    pub text: String,
    /// How often, all workers together; at least 1.
    pub count: u64,
    /// The first time, since the phase's start.
    pub first: Duration,
    /// The last time, since the phase's start.
    pub last: Duration,
}

/// A topic, as the cluster describes it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct TopicFacts {
    /// Its name.
    pub name: String,
    /// This run made it.
    pub created: bool,
    /// This run deleted it again at the end.
    pub deleted: bool,
    /// How many partitions.
    pub partitions: u32,
    /// Replicas of partition 0.
    pub replication_factor: u32,
    /// Its configuration where it tells something about a producer's results (min.insync.replicas,
    /// message.timestamp.type, …).
    pub configs: BTreeMap<String, String>,
    /// The leader of each partition by index at the start of the measurement; −1 for none.
    pub leaders_before: Vec<i32>,
    /// The same at its end.
    pub leaders_after: Vec<i32>,
    /// The partition index behind each of its slots.
    pub slots: Vec<i32>,
    /// Leader changes seen in the measurement, there and back included.
    pub leader_changes: u64,
}

impl TopicFacts {
    /// The topic has at least this many partitions by now; it never shrinks.
    pub(super) fn grown_to(&mut self, partitions: usize) {
        let known = self.slots.len();
        self.slots.extend((known..partitions).filter_map(|index| i32::try_from(index).ok()));
    }
}

/// What the measurement cost this process, from its start to the end of its schedule.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClientCost {
    /// User and system time of the whole process; with the embedded broker that is in it.
    pub cpu: Duration,
    /// User and system time of each worker thread; empty where the system doesn't tell.
    pub worker_cpu: Vec<Duration>,
    /// The span between the two readings that these are the difference of: the measurement's window
    /// and what passed until it was noticed.
    pub window: Duration,
    /// The highest resident size so far, bytes.
    pub rss_peak: Option<u64>,
    /// How long workers were ready to run but had no core: the worst of them.
    pub run_delay: Option<Duration>,
    /// How long that same worker ran: with its delay at most the window.
    pub run_delay_busy: Option<Duration>,
    /// How long the hypervisor took this machine's cores away, summed over cores.
    pub steal: Option<Duration>,
    /// How often the workers' loops slept and were woken, all together: for a record that fell due,
    /// an ack, or linger.ms.
    pub wakeups: u64,
    /// The longest turn of any worker's loop since it began: for so long it read no ack, busy or
    /// without a core.
    pub longest_turn: Duration,
    /// The wall clock jumped against the monotonic one by this much over the run; 0 normally.
    pub clock_step: Duration,
}

impl ClientCost {
    /// Wake-ups a second of all workers together; `None` without a window.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a rate, read to a few digits")]
    pub fn wakeups_per_second(&self) -> Option<f64> {
        (!self.window.is_zero()).then(|| self.wakeups as f64 / self.window.as_secs_f64())
    }

    /// The busiest worker's share of one core, 0 to 1; `None` where the system doesn't tell, and of
    /// a window too short to say so.
    #[must_use]
    pub fn busy_max(&self) -> Option<f64> {
        let most = self.worker_cpu.iter().max()?;
        self.is_long_enough().then(|| most.as_secs_f64() / self.window.as_secs_f64())
    }

    /// Whether shares of the window mean something: of a few milliseconds, beginning and ending are
    /// most.
    #[must_use]
    pub fn is_long_enough(&self) -> bool {
        self.window >= SHORTEST_WINDOW
    }
}

/// Below it, a share of the window says how a run begins and ends, not what it takes.
const SHORTEST_WINDOW: Duration = Duration::from_millis(100);
