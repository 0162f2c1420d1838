//! The part of a result that holds what was measured. Cost class: once a run.

use serde::{Deserialize, Serialize};

use super::RunCalibrationModel;

/// One phase.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct PhaseModel {
    /// warmup or measure.
    pub name: String,
    /// Of its schedule.
    pub start: u64,
    /// Of its schedule; the drain comes after.
    pub end: u64,
    /// Records a second over all producers, of a rate that varies the mean; null: as fast as it
    /// goes.
    pub target_rate: Option<f64>,
    /// Records that fell due.
    pub due: u64,
    /// Records made.
    pub generated: u64,
    /// Acknowledged, duplicates among them.
    pub acked: u64,
    /// Written to the socket with acks=0.
    pub written: u64,
    /// Failed.
    pub failed: u64,
    /// Fate unknown.
    pub indeterminate: u64,
    /// Due but not sent in the end.
    pub unsent: u64,
    /// From the end of the schedule to the last outcome.
    pub drain_seconds: f64,
    /// Of a warm-up by `--warmup auto`: whether its load had settled when it ended; null otherwise.
    #[serde(default)]
    pub settled: Option<bool>,
    /// Handed over → ack, of a warm-up; null in the measurement, which has `latency.service`.
    #[serde(default)]
    pub service: Option<Distribution>,
    /// Key and value bytes of the records delivered.
    #[serde(default)]
    pub payload_bytes: u64,
    /// Sum of the topic's end offsets before.
    pub offset_before: Option<i64>,
    /// The same after the drain.
    pub offset_after: Option<i64>,
}

/// Rates.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ThroughputModel {
    /// Records due a second; null without a rate.
    pub offered_rps: Option<f64>,
    /// Acks (acks=0: writes) that arrived inside the window ÷ window.
    pub acked_rps: f64,
    /// Key and value bytes of those, 10⁶ a second.
    pub mb_s_uncompressed: f64,
    /// All delivered records ÷ the time from the first due instant (without a rate: the start) to
    /// the last ack (acks=0: write), at least the window; null when none was delivered.
    #[serde(default)]
    pub delivered_rps: Option<f64>,
    /// Key and value bytes of those, 10⁶ a second.
    #[serde(default)]
    pub delivered_mb_s: Option<f64>,
    /// From the start to the last ack (acks=0: write), whatever ended badly later; null when
    /// nothing was delivered.
    #[serde(default)]
    pub last_ack_seconds: Option<f64>,
    /// Whether those stand for the run in summary and table: it ended by a count or took under 2 s,
    /// and more than one in a hundred acks came after its window, whose rate would tell little.
    #[serde(default)]
    pub short: bool,
    /// Bytes of batches on the wire, 10⁶ a second.
    pub mb_s_wire: f64,
    /// 1 − growth of the backlog ÷ offered; null without a rate.
    pub achieved_ratio: Option<f64>,
    /// Most records due without an outcome.
    pub backlog_max: u64,
    /// From the end of the window to the last outcome.
    pub drain_seconds: f64,
    /// How far the topic's end offsets moved; null when not read.
    pub broker_offset_delta: Option<i64>,
    /// Whether that agrees with the ledger.
    pub delta_confirms: Option<bool>,
}

impl ThroughputModel {
    /// Records and payload megabytes (10⁶) a second that stand for the run.
    #[must_use]
    pub fn headline(&self) -> (f64, f64) {
        self.rates(self.short)
    }

    /// The same by one definition: to the last ack for `short` runs, else inside the window.
    #[must_use]
    pub fn rates(&self, short: bool) -> (f64, f64) {
        match (self.delivered_rps, self.delivered_mb_s) {
            (Some(records), Some(bytes)) if short => (records, bytes),
            _ => (self.acked_rps, self.mb_s_uncompressed),
        }
    }
}

/// The ledger.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct RecordsModel {
    /// Fell due.
    pub due: u64,
    /// Made.
    pub generated: u64,
    /// Due, not made: no room.
    pub dropped: u64,
    /// Due, not made: too late.
    pub skipped: u64,
    /// Acknowledged for the first time.
    pub acked: u64,
    /// Acknowledged as known already.
    pub duplicate: u64,
    /// Written to the socket with acks=0.
    pub written: u64,
    /// Failed.
    pub failed: u64,
    /// Sent, fate unknown.
    pub indeterminate: u64,
    /// Made, and cut off by the end of the drain before a broker had them.
    pub unsent: u64,
    /// Of `indeterminate`: cut off by the end of the drain while their answer was under way.
    #[serde(default)]
    pub cut_in_flight: u64,
    /// Acknowledged, and in the log behind records of their partition that were made later.
    #[serde(default)]
    pub reordered: u64,
    /// How many partitions those are in.
    #[serde(default)]
    pub reordered_partitions: u64,
}

/// Why records failed, or were given up with their fate unknown, each in one of these. What the end
/// of a drain cut off is in none.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct FailuresModel {
    /// max.block.ms went by without room in buffer.memory.
    pub buffer_exhausted: u64,
    /// max.block.ms went by without metadata of the topic.
    pub no_metadata: u64,
    /// delivery.timeout.ms went by.
    pub expired: u64,
    /// The producer refused them before they were sent.
    #[serde(default)]
    pub refused: u64,
    /// A fatal error ended their producer; the verdict's reasons have its words.
    #[serde(default)]
    pub fatal: u64,
    /// Brokers refused them with an error that is final; `errors` has the codes.
    #[serde(default)]
    pub rejected: u64,
    /// Everything else: connections lost, `retries` used up; `errors` has the codes.
    pub other: u64,
}

/// The latency families.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct LatencyModel {
    /// Due → ack; null without a rate.
    pub response: Option<Distribution>,
    /// Handed over → ack.
    pub service: Option<Distribution>,
    /// Response of every record, those without an ack at their last known moment; null without a
    /// rate.
    pub worst_case: Option<Distribution>,
    /// Due or handed over → failure.
    pub failure: Option<Distribution>,
}

/// The six stages.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct StagesModel {
    /// Due → first seen; null without a rate.
    pub schedule_lag: Option<Distribution>,
    /// Seen → appended.
    pub buffer_wait: Option<Distribution>,
    /// Appended → first drained.
    pub batch_wait: Option<Distribution>,
    /// First → last drained.
    pub retry: Option<Distribution>,
    /// Last drained → written.
    pub send_queue: Option<Distribution>,
    /// Written → answer read; null with acks=0.
    pub broker: Option<Distribution>,
}

/// A distribution of spans in nanoseconds. Percentiles, min and max are HDR's (3 digits), mean is
/// exact.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Distribution {
    /// `acked`, or `written` where acks=0: these two are not to be compared.
    pub kind: String,
    /// How many.
    pub count: u64,
    /// The lowest.
    pub min: u64,
    /// Exact.
    pub mean: f64,
    /// Of the histogram.
    pub stddev: f64,
    /// Exact.
    pub max: u64,
    /// 50 %.
    pub p50: u64,
    /// 75 %.
    pub p75: u64,
    /// 90 %.
    pub p90: u64,
    /// 95 %.
    pub p95: u64,
    /// 99 %.
    pub p99: u64,
    /// 99.9 %.
    pub p999: u64,
    /// 99.99 %.
    pub p9999: u64,
    /// 99.999 %.
    pub p99999: u64,
    /// How many lay above the histogram's range.
    pub overflow: u64,
    /// The histogram: base64 of HDR's compressed V2 form.
    pub hdr: String,
}

/// Batches.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct BatchesModel {
    /// How many were delivered.
    pub count: u64,
    /// Records a batch.
    pub records_mean: f64,
    /// Bytes on the wire a batch.
    pub bytes_mean: f64,
    /// Bytes on the wire ÷ batch.size: 1 is full.
    pub fill_ratio: f64,
    /// Why batches were closed.
    pub close_reason: CloseReasonModel,
    /// Bytes after compression per byte before.
    pub compress_ratio: f64,
    /// Batches that were split for being too large.
    pub splits: u64,
}

/// Counts by reason.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct CloseReasonModel {
    /// batch.size was reached.
    pub full: u64,
    /// linger.ms was over.
    pub linger: u64,
    /// The run or a phase ended.
    pub flush: u64,
    /// Memory was wanted.
    pub memory: u64,
}

/// Produce requests.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RequestsModel {
    /// How many.
    pub count: u64,
    /// Batches a request.
    pub batches_mean: f64,
    /// In flight on a connection when one was sent, that one included.
    pub in_flight_p50: u64,
    /// The same, most.
    pub in_flight_max: u64,
}

/// One partition.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct PartitionModel {
    /// The topic's name, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Its index.
    pub partition: i32,
    /// Records delivered.
    pub count: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Mean latency (response under a rate, else service).
    pub mean: f64,
    /// The highest.
    pub max: u64,
}

/// One broker, and how long what was sent to it took from its last drain to its end: the send queue
/// and broker stages, which a broker is answerable for.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct BrokerLatencyModel {
    /// Node id.
    pub id: i32,
    /// Records delivered.
    pub count: u64,
    /// A second.
    pub rate: f64,
    /// Of that time.
    pub p50: u64,
    /// The same.
    pub p99: u64,
    /// The same.
    pub max: u64,
}

/// One second.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct IntervalModel {
    /// Since the phase's start.
    pub start: u64,
    /// Its length: a second, or a doubling of it in a run of more than an hour.
    pub length: u64,
    /// Records that fell due in it; latencies below are theirs.
    pub due: u64,
    /// Records a second that the plan had for it, on average: its rate, or what falls due in it
    /// where records come in bursts; null without a rate.
    #[serde(default)]
    pub planned_rps: Option<f64>,
    /// Acks that arrived in it.
    pub acked: u64,
    /// Records that failed in it.
    pub errors: u64,
    /// Null when no record due in it was delivered.
    pub p50: Option<u64>,
    /// The same.
    pub p99: Option<u64>,
    /// The same.
    pub max: Option<u64>,
    /// Schedule lag's 99th percentile; null without a rate.
    pub lag_p99: Option<u64>,
    /// Records due without an outcome at its end.
    pub backlog: u64,
    /// Cores' worth of CPU time that this process took in it (1: one core all the time), as far as
    /// the phase reached; null where that wasn't read.
    #[serde(default)]
    pub cpu: Option<f64>,
    /// Leader changes seen in it.
    #[serde(default)]
    pub leader_changes: u64,
    /// The latencies of the records due in it: base64 of HDR's compressed V2 form; null when none
    /// was delivered.
    #[serde(default)]
    pub hdr: Option<String>,
}

/// One kind of error.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ErrorModel {
    /// Kafka's number.
    pub code: i16,
    /// Kafka's name.
    pub name: String,
    /// Who gave it: `cluster` (a broker, a lost connection, delivery.timeout.ms), or this client
    /// for want of room in buffer.memory (`buffer_exhausted`) or of metadata (`no_metadata`), or
    /// before sending (`refused`). Empty in results of schema 1.1 and older, where a row held all.
    #[serde(default)]
    pub cause: String,
    /// Why this client refused the first record that it refused with it; null where brokers did.
    #[serde(default)]
    pub refusal: Option<String>,
    /// Whether the producer may try again.
    pub retriable: bool,
    /// Records that met it, each time counted.
    pub count: u64,
    /// Records that it ended.
    pub records: u64,
    /// Of those, the ones that this client refused, for `refusal` or the like.
    #[serde(default)]
    pub refused: u64,
    /// Since the phase's start.
    pub first_at: u64,
    /// Since the phase's start.
    pub last_at: u64,
}

/// Bytes of a broker that broke the protocol and ended the connection.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct FaultModel {
    /// Its id; null for an address of `bootstrap.servers`.
    pub broker: Option<i32>,
    /// Its address, what came the first time, what was expected and what to try.
    pub text: String,
    /// How often.
    pub count: u64,
    /// Since the phase's start.
    pub first_at: u64,
    /// Since the phase's start.
    pub last_at: u64,
}

/// A partition got another leader.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct LeaderChangeModel {
    /// When the client learnt of it, since the phase's start.
    pub at: u64,
    /// The topic's name, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// The partition's index.
    pub partition: i32,
    /// Who led it before; null where this client did not know.
    pub from: Option<i32>,
    /// Who leads it.
    pub to: i32,
}

/// A time in which a partition acknowledged nothing although records waited for it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct GapModel {
    /// The topic's name, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Its index.
    pub partition: i32,
    /// Since the phase's start.
    pub start: u64,
    /// Since the phase's start.
    pub end: u64,
    /// The broker that acknowledged last before it.
    pub from: Option<i32>,
    /// The broker that ended it; null when it lasted to the end.
    pub to: Option<i32>,
}

/// Cost on this side.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ClientModel {
    /// Worker threads, each with its own connections.
    pub producers: u32,
    /// Of this process in the measurement; with embedded brokers theirs is in it.
    pub cpu_seconds: f64,
    /// The same per delivered record; null of a window below 100 ms.
    pub cpu_ns_per_record: Option<f64>,
    /// The busiest worker's share of a core; null of a window below 100 ms.
    pub busy_max: Option<f64>,
    /// Bytes.
    pub rss_peak: Option<u64>,
    /// Ready to run without a core, the worst worker, seconds.
    pub run_delay_seconds: Option<f64>,
    /// Taken by the hypervisor, seconds over all cores.
    pub steal_seconds: Option<f64>,
    /// How often the workers' loops slept and were woken, a second, all together.
    #[serde(default)]
    pub wakeups_per_s: Option<f64>,
    /// Nanoseconds: the longest turn of any worker's loop since it began, warm-up included. For so
    /// long it read no ack: busy, compressing in place, or without a core.
    #[serde(default)]
    pub longest_turn: Option<u64>,
    /// Nanoseconds: the grid on which records that fall due wake a worker; 0 never sleeps, null
    /// without a rate.
    #[serde(default)]
    pub pacing_quantum: Option<u64>,
    /// From the program's first look at the clock (of a matrix's later runs: from the run's start)
    /// to the first batch in a request, warm-up included; null when none was sent.
    #[serde(default)]
    pub first_record_seconds: Option<f64>,
    /// The client's own ceiling; null when it wasn't assessed.
    pub calibration: Option<RunCalibrationModel>,
}
