//! The result as it is written to files: names and shapes that scripts depend on.
//!
//! Cost class: once a run. Times are nanoseconds unless a name says otherwise; `start` and `end`
//! count from `started_at`. Within one major version fields are only added. What a run doesn't know
//! is null, never a made-up number.

mod calibration;
mod figures;
mod judgement;
mod load;
mod streams;
mod validity;
mod verification;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use calibration::*;
pub use figures::*;
pub use judgement::*;
pub use load::*;
pub use streams::*;
pub use validity::*;
pub use verification::*;

/// Changes when a field changes its name or meaning.
pub const SCHEMA_VERSION: &str = "1.2";

/// One run.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Report {
    /// [`SCHEMA_VERSION`] of the program that wrote it.
    pub schema_version: String,
    /// Unique among the runs of a cluster for practical purposes.
    pub run_id: String,
    /// RFC 3339, UTC.
    pub started_at: String,
    /// RFC 3339, UTC.
    pub ended_at: String,
    /// Why the run ended before its time, where it did: what follows is then a part of a result.
    pub partial: Option<String>,
    /// The program.
    pub tool: Tool,
    /// The command line, word by word.
    pub command: Vec<String>,
    /// `--label`s.
    pub labels: BTreeMap<String, String>,
    /// The machine.
    pub environment: EnvironmentModel,
    /// The cluster and its topic.
    pub cluster: ClusterModel,
    /// The producer's configuration.
    pub config: ConfigModel,
    /// What the records held.
    pub generator: GeneratorModel,
    /// How records were to fall due; null in results that are too old to say.
    #[serde(default)]
    pub load: Option<LoadModel>,
    /// Warm-up and measurement.
    pub phases: Vec<PhaseModel>,
    /// Rates of the measurement.
    pub throughput: ThroughputModel,
    /// The ledger of the measurement.
    pub records: RecordsModel,
    /// The families.
    pub latency: LatencyModel,
    /// The stages that a record's response is made of.
    pub stages: StagesModel,
    /// Compressing a batch, inside batch wait.
    pub seal: Option<Distribution>,
    /// Waiting for a thread to compress it, inside batch wait.
    #[serde(default)]
    pub seal_wait: Option<Distribution>,
    /// How long one turn of a worker's loop took.
    pub loop_lag: Option<Distribution>,
    /// How long brokers asked us to hold back.
    pub throttle: Option<Distribution>,
    /// Batches.
    pub batches: BatchesModel,
    /// Produce requests.
    pub requests: RequestsModel,
    /// The streams, where there are several; what stands elsewhere is of all together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub streams: Vec<StreamModel>,
    /// By topic and partition index.
    pub partitions: Vec<PartitionModel>,
    /// By broker id.
    pub brokers: Vec<BrokerLatencyModel>,
    /// Second by second.
    pub intervals: Vec<IntervalModel>,
    /// By Kafka's error code.
    pub errors: Vec<ErrorModel>,
    /// What brokers sent that broke the protocol, by broker and kind, in order of the first time.
    #[serde(default)]
    pub faults: Vec<FaultModel>,
    /// Failed and indeterminate records by cause.
    #[serde(default)]
    pub failures: FailuresModel,
    /// Batches sent again.
    pub retries: u64,
    /// When partitions took nothing.
    pub unavailability: Vec<GapModel>,
    /// When partitions got other leaders, the first few thousand times.
    #[serde(default)]
    pub leader_changes: Vec<LeaderChangeModel>,
    /// What the run cost on this side.
    pub client: ClientModel,
    /// Whether it is a measurement.
    pub validity: ValidityModel,
    /// Proof of delivery; null with `--verify none`.
    pub verification: Option<VerificationModel>,
    /// Bounds that were asked for.
    #[serde(default)]
    pub gates: Vec<GateModel>,
    /// The run against a baseline; null without one, and in a matrix, which has one for all.
    #[serde(default)]
    pub comparison: Option<ComparisonModel>,
    /// How the process ended, or would have, had this been its only run.
    pub exit: ExitModel,
}

/// A matrix or a repeated run.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct MatrixReport {
    /// As of [`Report`].
    pub schema_version: String,
    /// What varied.
    pub matrix: MatrixModel,
    /// The runs, in the order in which they ran.
    pub runs: Vec<MatrixRun>,
    /// The runs against a baseline; null without one.
    #[serde(default)]
    pub comparison: Option<ComparisonModel>,
    /// How the process ended.
    pub exit: ExitModel,
}

/// The axes of a matrix.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct MatrixModel {
    /// Flag and values; none when one cell was repeated.
    pub axes: Vec<AxisModel>,
    /// Runs of each cell.
    pub repeat: u32,
    /// One row per cell, best first of nothing: in the order of the axes.
    pub summary: Vec<SummaryRow>,
    /// What was the same in all runs, by flag.
    #[serde(default)]
    pub fixed: BTreeMap<String, String>,
    /// Runs that were asked for; fewer are there when the user ended it.
    #[serde(default)]
    pub planned_runs: u64,
}

/// One axis.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct AxisModel {
    /// The flag without dashes in front.
    pub flag: String,
    /// Its values as written.
    pub values: Vec<String>,
}

/// One run of a matrix.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct MatrixRun {
    /// The axes' values of its cell, by flag.
    pub cell: BTreeMap<String, String>,
    /// From 0.
    pub repetition: u32,
    /// What it found.
    #[serde(flatten)]
    pub report: Report,
}

/// One cell of a matrix, the median run standing for it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct SummaryRow {
    /// The axes' values, by flag.
    pub cell: BTreeMap<String, String>,
    /// `acked`, or `written` where acks=0: these two are not to be compared.
    pub kind: String,
    /// `response` under a rate, `service` without one: what the latencies are.
    #[serde(default)]
    pub family: String,
    /// Runs of the cell; the one in the middle by p99 (of an even number the lower one; no
    /// measurement only where none is one) stands for them in the figures of this row.
    #[serde(default)]
    pub runs: u64,
    /// Acknowledged (or written) records a second.
    pub records_per_second: f64,
    /// Payload megabytes (10⁶) a second.
    pub mb_s: f64,
    /// Of all the cell's runs, lowest and highest.
    #[serde(default)]
    pub records_per_second_range: (f64, f64),
    /// Of `family`.
    pub p50: Option<u64>,
    /// The same.
    pub p99: Option<u64>,
    /// The same.
    pub p999: Option<u64>,
    /// The same.
    pub max: Option<u64>,
    /// CPU of this process a record.
    pub cpu_ns_per_record: Option<f64>,
    /// p99 of all the cell's runs, lowest and highest; null when a run has none.
    #[serde(default)]
    pub p99_range: Option<(u64, u64)>,
    /// Whether the rates are those of short runs, since one of the cell's was: see
    /// `throughput.short`.
    #[serde(default)]
    pub short: bool,
    /// Whether the proof of every run of the cell agrees with its acks: false where one run's
    /// disproves it, else null where one has none or one that was cut short.
    #[serde(default)]
    pub confirmed: Option<bool>,
    /// The worst verdict of the cell's runs.
    pub verdict: Status,
    /// How many of the runs have it; 0 where the writer didn't count.
    #[serde(default)]
    pub verdict_runs: u64,
    /// Why it isn't valid: every kind of reason that a run of the cell gave, worst first.
    #[serde(default)]
    pub reasons: Vec<ReasonModel>,
}

/// The program.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Tool {
    /// kprod-bench.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The commit it was built from, when the build knew.
    pub git: Option<String>,
    /// Processor and system it was built for.
    pub target: String,
}

/// The machine.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct EnvironmentModel {
    /// The distribution.
    pub os: Option<String>,
    /// The kernel's release.
    pub kernel: Option<String>,
    /// The processor.
    pub cpu: Option<String>,
    /// Cores this process may use.
    pub cores: u32,
    /// Frequency governor.
    pub governor: Option<String>,
    /// Bytes.
    pub memory: Option<u64>,
    /// Null where the container grants everything.
    pub container_limits: Option<LimitsModel>,
}

/// A container's limits.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct LimitsModel {
    /// Cores.
    pub cpus: Option<f64>,
    /// Bytes.
    pub memory: Option<u64>,
}

/// `real` or `embedded`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ClusterKind {
    /// Somebody's brokers.
    Real,
    /// Our own brokers in memory, in this process or another: not a measurement of any cluster.
    Embedded,
}

/// The cluster.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ClusterModel {
    /// Which kind.
    pub kind: ClusterKind,
    /// Embedded brokers, but in a process of their own (`kprod-bench broker`).
    #[serde(default)]
    pub another_process: bool,
    /// Its id.
    pub id: Option<String>,
    /// Its brokers.
    pub brokers: Vec<BrokerModel>,
    /// Equal hashes mean the same requests were spoken.
    pub api_versions_hash: Option<String>,
    /// The version of Produce that was spoken.
    pub produce_version: Option<i16>,
    /// Brokers share this machine's cores.
    pub on_this_host: bool,
    /// The topic; of several the first.
    pub topic: TopicModel,
    /// All topics, where there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub topics: Vec<TopicModel>,
}

impl ClusterModel {
    /// All topics, one or several.
    #[must_use]
    pub fn topics(&self) -> &[TopicModel] {
        if self.topics.is_empty() { core::slice::from_ref(&self.topic) } else { &self.topics }
    }
}

/// One broker.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct BrokerModel {
    /// Node id.
    pub id: i32,
    /// `host:port`.
    pub host: String,
    /// Rack.
    pub rack: Option<String>,
}

/// The topic.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct TopicModel {
    /// Its name.
    pub name: String,
    /// How many partitions.
    pub partitions: u32,
    /// How many replicas.
    pub replication_factor: u32,
    /// Made by this run.
    pub created: bool,
    /// Deleted by this run.
    pub deleted: bool,
    /// What matters of its configuration.
    pub configs: BTreeMap<String, String>,
    /// By partition; −1 for none.
    pub leaders_before: Vec<i32>,
    /// By partition; −1 for none.
    pub leaders_after: Vec<i32>,
}

/// The producer's configuration, by Kafka key.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ConfigModel {
    /// What held.
    pub effective: BTreeMap<String, String>,
    /// Where each value came from.
    pub source: BTreeMap<String, String>,
    /// Who chose partitions: a name of `--partitioner`, or `key-rules:FILE`.
    #[serde(default)]
    pub partitioner: String,
    /// What the rules between keys changed, and settings without effect.
    pub notes: Vec<String>,
}

impl ConfigModel {
    /// Whether the producer was idempotent in the end.
    #[must_use]
    pub fn is_idempotent(&self) -> bool {
        self.effective.get("enable.idempotence").is_some_and(|value| value == "true")
    }
}

/// What the records held.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct GeneratorModel {
    /// Decides every byte.
    pub seed: u64,
    /// random, fixed, sequence, increasing, null, corpus or template; mixed where streams differ.
    pub kind: String,
    /// The share of records without a value that was asked for; of streams the mean by weight.
    #[serde(default)]
    pub tombstones: f64,
    /// The schema id before every value; null without one.
    #[serde(default)]
    pub schema_id: Option<i32>,
    /// What values are repeated from; null where each is made anew.
    #[serde(default)]
    pub pool: Option<PoolModel>,
    /// The names of the headers of every record, in their order; --verify's comes on top; none
    /// where streams differ.
    #[serde(default)]
    pub headers: Vec<String>,
    /// What records are stamped with: now, step or event; mixed where streams differ.
    #[serde(default)]
    pub timestamps: String,
    /// When the run began as its records tell it: RFC 3339, UTC.
    #[serde(default)]
    pub time_origin: String,
    /// What --key says, or `list:N` of a list with N places; mixed where streams differ.
    pub key: String,
    /// What keys are written as: text, bytes, int32, int64 or json; null without keys, and where
    /// they are listed.
    #[serde(default)]
    pub key_type: Option<String>,
    /// Bytes of keys and values.
    pub sizes: SizesModel,
    /// What was asked for: bytes that a codec leaves of each byte of a value; null for values that
    /// compress as they do.
    #[serde(default)]
    pub compress_ratio_asked: Option<f64>,
    /// Bytes after compression per byte before; null when nothing was delivered.
    pub measured_compress_ratio: Option<f64>,
    /// How many keys there are; null without keys, and where every record has its own.
    pub distinct_keys: Option<u64>,
}

/// Values that are made once and repeated.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct PoolModel {
    /// What was asked for.
    pub bytes: u64,
    /// How many values there are, over all producers.
    pub values: u64,
    /// How often each was sent, warm-up included, on average.
    pub repeats: f64,
}

/// Sizes of records.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct SizesModel {
    /// What was asked for with --record-size; null where values have sizes of their own, or drawn
    /// ones.
    #[serde(default)]
    pub asked: Option<u32>,
    /// The value's size: what was asked for, less a header that `verification` names; null where
    /// values have sizes of their own, or drawn ones.
    pub value: Option<u32>,
    /// What sizes are drawn from, as --record-size says it with all bounds; null where they aren't
    /// drawn.
    #[serde(default)]
    pub distribution: Option<String>,
    /// The mean of the sizes asked for; null where values have sizes of their own.
    #[serde(default)]
    pub mean: Option<f64>,
    /// Key, value and headers of a delivered record, on average.
    pub payload_mean: Option<f64>,
}
