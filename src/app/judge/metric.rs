//! The figures of a result that can be gated, by name. Cost class: once a process.
//!
//! A name is the path in the JSON result; leading parts may be left out while the rest says enough:
//! `response.p99` is `latency.response.p99`, `acked_rps` is `throughput.acked_rps`. A few that the
//! result doesn't hold as such are added: `error_rate`, `unavailability.max`.

use core::fmt;

use crate::app::report::model::{Distribution, GapModel, Report};
use crate::kafka::config::nearest_of;

/// What a figure counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unit {
    /// A time, kept in nanoseconds.
    Nanos,
    /// A time, kept in seconds.
    Seconds,
    /// CPU time of one record, in nanoseconds.
    NanosPerRecord,
    /// Records a second, or other things.
    PerSecond,
    /// 10⁶ bytes a second.
    Megabytes,
    /// Bytes.
    Bytes,
    /// A share: 0.01 is 1 %.
    Share,
    /// How many.
    Count,
}

impl Unit {
    /// As results have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nanos => "ns",
            Self::Seconds => "s",
            Self::NanosPerRecord => "ns/record",
            Self::PerSecond => "1/s",
            Self::Megabytes => "MB/s",
            Self::Bytes => "bytes",
            Self::Share => "share",
            Self::Count => "count",
        }
    }

    /// The unit that a result calls so.
    #[must_use]
    pub fn named(name: &str) -> Self {
        let all = [
            Self::Nanos,
            Self::Seconds,
            Self::NanosPerRecord,
            Self::PerSecond,
            Self::Megabytes,
            Self::Bytes,
            Self::Share,
        ];
        all.into_iter().find(|unit| unit.name() == name).unwrap_or(Self::Count)
    }
}

/// Which way is better.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Better {
    /// Latencies, costs, losses.
    Lower,
    /// Rates.
    Higher,
    /// Neither: it says how, not how well.
    Neither,
}

/// What a figure of the verification rests on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Proof {
    /// Offsets, or records read back.
    Any,
    /// Records read back.
    Records,
}

/// A figure of a result.
#[derive(Clone, Copy)]
pub struct Metric {
    name: Name,
    /// What it counts.
    pub unit: Unit,
    /// Which way is better.
    pub better: Better,
    read: Read,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Name {
    Scalar(&'static str),
    Percentile(&'static str, &'static str),
}

#[derive(Clone, Copy)]
enum Read {
    Scalar(fn(&Report) -> Option<f64>),
    Percentile(fn(&Report) -> Option<&Distribution>, fn(&Distribution) -> f64),
}

impl Metric {
    /// Those that are shown beside what decides, and kept by services that plot them: enough to see
    /// a change and to guess its cause.
    pub(super) fn telling() -> impl Iterator<Item = Self> {
        TELLING.iter().filter_map(|name| Self::find(name).ok())
    }

    /// The metric of that name, its leading parts left out or not.
    ///
    /// # Errors
    /// The end of a sentence: what else the name could mean, or the nearest that exists.
    pub fn find(name: &str) -> Result<Self, String> {
        let given = name.replace("p99.999", "p99999").replace("p99.99", "p9999");
        let given = given.replace("p99.9", "p999");
        let found: Vec<Self> = all().filter(|metric| metric.is_called(&given)).collect();
        match &found[..] {
            [metric] => Ok(*metric),
            [] => {
                let names: Vec<String> = all().flat_map(|metric| metric.names()).collect();
                let near = nearest_of(&given, names.iter().map(String::as_str));
                Err(near.map_or_else(
                    || format!("no metric {name}; such as response.p99, acked_rps or error_rate"),
                    |near| format!("no metric {name}; the nearest is {near}"),
                ))
            }
            [first, second, ..] => {
                Err(format!("{name} could be {first} or {second}, among others; write which"))
            }
        }
    }

    /// Its value in that result; `None` where the run has none, such as a response without a rate.
    #[must_use]
    pub fn of(&self, report: &Report) -> Option<f64> {
        match self.read {
            Read::Scalar(read) => read(report),
            Read::Percentile(distribution, read) => distribution(report).map(read),
        }
    }

    /// The value that a bound is held against: as [`of`](Self::of), but a family that is empty has
    /// a count of 0, and one of ill events (failures, throttling, retries) took no time at all.
    #[must_use]
    pub fn bounded(&self, report: &Report) -> Option<f64> {
        let empty = match self.name {
            Name::Percentile(family, statistic) => {
                let counts = matches!(statistic, "count" | "overflow");
                let paced = report.throughput.offered_rps.is_some();
                (counts || ILL.contains(&family)) && (paced || !self.needs_rate())
            }
            Name::Scalar(_) => false,
        };
        self.of(report).or_else(|| empty.then_some(0.0))
    }

    /// Whether only runs whose client was calibrated have it.
    #[must_use]
    pub fn needs_calibration(&self) -> bool {
        matches!(self.name, Name::Scalar(path) if path.starts_with("client.calibration."))
    }

    /// Whether only runs whose delivery is proved have it, and of these only those whose records
    /// are read back.
    #[must_use]
    pub fn needs_proof(&self) -> Option<Proof> {
        match self.name {
            Name::Scalar("verification.lost") => Some(Proof::Any),
            Name::Scalar(path) if path.starts_with("verification.") => Some(Proof::Records),
            _ => None,
        }
    }

    /// Whether only runs with a rate have it.
    #[must_use]
    pub fn needs_rate(&self) -> bool {
        match self.name {
            Name::Scalar(path) => {
                matches!(path, "throughput.achieved_ratio" | "throughput.offered_rps")
            }
            Name::Percentile(family, _) => {
                matches!(family, "latency.response" | "latency.worst_case" | "stages.schedule_lag")
            }
        }
    }

    fn is_called(&self, given: &str) -> bool {
        self.names().iter().any(|name| name == given)
    }

    /// The full path and what is left of it without leading parts.
    fn names(&self) -> Vec<String> {
        let full = match self.name {
            Name::Scalar(path) => path.to_owned(),
            Name::Percentile(family, statistic) => format!("{family}.{statistic}"),
        };
        // The last part of a percentile names nothing alone.
        let least = match self.name {
            Name::Scalar(_) => 1,
            Name::Percentile(..) => 2,
        };
        let parts: Vec<&str> = full.split('.').collect();
        (0..=parts.len().saturating_sub(least)).map(|from| parts[from..].join(".")).collect()
    }
}

/// The shortest name that says enough.
impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name {
            Name::Scalar(path) => f.write_str(path.strip_prefix("throughput.").unwrap_or(path)),
            Name::Percentile(family, statistic) => {
                let family = family.rsplit('.').next().unwrap_or(family);
                write!(f, "{family}.{statistic}")
            }
        }
    }
}

impl fmt::Debug for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl PartialEq for Metric {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// Every metric there is.
pub fn all() -> impl Iterator<Item = Metric> {
    let scalars = SCALARS.iter().map(|&(path, unit, better, read)| Metric {
        name: Name::Scalar(path),
        unit,
        better,
        read: Read::Scalar(read),
    });
    let percentiles = FAMILIES.iter().flat_map(|&(family, of)| {
        STATISTICS.iter().map(move |&(statistic, unit, read)| Metric {
            name: Name::Percentile(family, statistic),
            unit,
            better: if statistic == "count" { Neither } else { Lower },
            read: Read::Percentile(of, read),
        })
    });
    scalars.chain(percentiles)
}

const fn count(value: u64) -> f64 {
    value as f64
}

fn some_count(value: Option<u64>) -> Option<f64> {
    value.map(count)
}

/// As `--abort-on` has it: failed and indeterminate records per record with an outcome.
fn error_rate(report: &Report) -> Option<f64> {
    let records = &report.records;
    let bad = records.failed + records.indeterminate;
    let all = bad + records.acked + records.duplicate + records.written;
    (all > 0).then(|| count(bad) / count(all))
}

fn longest_gap(report: &Report) -> f64 {
    let length = |gap: &GapModel| gap.end.saturating_sub(gap.start);
    count(report.unavailability.iter().map(length).max().unwrap_or(0))
}

type Family = (&'static str, fn(&Report) -> Option<&Distribution>);
type Statistic = (&'static str, Unit, fn(&Distribution) -> f64);
type Scalar = (&'static str, Unit, Better, fn(&Report) -> Option<f64>);

const FAMILIES: [Family; 14] = [
    ("latency.response", |r| r.latency.response.as_ref()),
    ("latency.service", |r| r.latency.service.as_ref()),
    ("latency.worst_case", |r| r.latency.worst_case.as_ref()),
    ("latency.failure", |r| r.latency.failure.as_ref()),
    ("stages.schedule_lag", |r| r.stages.schedule_lag.as_ref()),
    ("stages.buffer_wait", |r| r.stages.buffer_wait.as_ref()),
    ("stages.batch_wait", |r| r.stages.batch_wait.as_ref()),
    ("stages.retry", |r| r.stages.retry.as_ref()),
    ("stages.send_queue", |r| r.stages.send_queue.as_ref()),
    ("stages.broker", |r| r.stages.broker.as_ref()),
    ("seal", |r| r.seal.as_ref()),
    ("seal_wait", |r| r.seal_wait.as_ref()),
    ("loop_lag", |r| r.loop_lag.as_ref()),
    ("throttle", |r| r.throttle.as_ref()),
];

/// Families of what should not happen: that nothing is in them is good news, not a gap.
const ILL: [&str; 3] = ["latency.failure", "stages.retry", "throttle"];

const STATISTICS: [Statistic; 14] = [
    ("count", Count, |d| count(d.count)),
    ("overflow", Count, |d| count(d.overflow)),
    ("min", Nanos, |d| count(d.min)),
    ("mean", Nanos, |d| d.mean),
    ("stddev", Nanos, |d| d.stddev),
    ("max", Nanos, |d| count(d.max)),
    ("p50", Nanos, |d| count(d.p50)),
    ("p75", Nanos, |d| count(d.p75)),
    ("p90", Nanos, |d| count(d.p90)),
    ("p95", Nanos, |d| count(d.p95)),
    ("p99", Nanos, |d| count(d.p99)),
    ("p999", Nanos, |d| count(d.p999)),
    ("p9999", Nanos, |d| count(d.p9999)),
    ("p99999", Nanos, |d| count(d.p99999)),
];

use Better::{Higher, Lower, Neither};
use Unit::{Bytes, Count, Megabytes, Nanos, NanosPerRecord, PerSecond, Seconds, Share};

#[rustfmt::skip]
const SCALARS: &[Scalar] = &[
    ("throughput.acked_rps", PerSecond, Higher, |r| Some(r.throughput.acked_rps)),
    ("throughput.offered_rps", PerSecond, Neither, |r| r.throughput.offered_rps),
    ("throughput.delivered_rps", PerSecond, Higher, |r| r.throughput.delivered_rps),
    ("throughput.mb_s_uncompressed", Megabytes, Higher, |r| Some(r.throughput.mb_s_uncompressed)),
    ("throughput.delivered_mb_s", Megabytes, Higher, |r| r.throughput.delivered_mb_s),
    ("throughput.mb_s_wire", Megabytes, Neither, |r| Some(r.throughput.mb_s_wire)),
    ("throughput.achieved_ratio", Share, Higher, |r| r.throughput.achieved_ratio),
    ("throughput.backlog_max", Count, Lower, |r| Some(count(r.throughput.backlog_max))),
    ("throughput.drain_seconds", Seconds, Lower, |r| Some(r.throughput.drain_seconds)),
    ("throughput.last_ack_seconds", Seconds, Lower, |r| r.throughput.last_ack_seconds),
    ("error_rate", Share, Lower, error_rate),
    ("records.due", Count, Neither, |r| Some(count(r.records.due))),
    ("records.generated", Count, Neither, |r| Some(count(r.records.generated))),
    ("records.dropped", Count, Lower, |r| Some(count(r.records.dropped))),
    ("records.skipped", Count, Lower, |r| Some(count(r.records.skipped))),
    ("records.acked", Count, Higher, |r| Some(count(r.records.acked))),
    ("records.duplicate", Count, Lower, |r| Some(count(r.records.duplicate))),
    ("records.written", Count, Higher, |r| Some(count(r.records.written))),
    ("records.failed", Count, Lower, |r| Some(count(r.records.failed))),
    ("records.indeterminate", Count, Lower, |r| Some(count(r.records.indeterminate))),
    ("records.unsent", Count, Lower, |r| Some(count(r.records.unsent))),
    ("records.reordered", Count, Lower, |r| Some(count(r.records.reordered))),
    ("retries", Count, Lower, |r| Some(count(r.retries))),
    ("unavailability.count", Count, Lower, |r| Some(count(r.unavailability.len() as u64))),
    ("unavailability.max", Nanos, Lower, |r| Some(longest_gap(r))),
    ("batches.count", Count, Neither, |r| Some(count(r.batches.count))),
    ("batches.records_mean", Count, Neither, |r| Some(r.batches.records_mean)),
    ("batches.bytes_mean", Bytes, Neither, |r| Some(r.batches.bytes_mean)),
    ("batches.fill_ratio", Share, Neither, |r| Some(r.batches.fill_ratio)),
    ("batches.compress_ratio", Share, Lower, |r| Some(r.batches.compress_ratio)),
    ("batches.splits", Count, Lower, |r| Some(count(r.batches.splits))),
    ("requests.count", Count, Neither, |r| Some(count(r.requests.count))),
    ("requests.batches_mean", Count, Neither, |r| Some(r.requests.batches_mean)),
    ("requests.in_flight_p50", Count, Neither, |r| Some(count(r.requests.in_flight_p50))),
    ("requests.in_flight_max", Count, Neither, |r| Some(count(r.requests.in_flight_max))),
    ("client.cpu_seconds", Seconds, Lower, |r| Some(r.client.cpu_seconds)),
    ("client.cpu_ns_per_record", NanosPerRecord, Lower, |r| r.client.cpu_ns_per_record),
    ("client.busy_max", Share, Lower, |r| r.client.busy_max),
    ("client.rss_peak", Bytes, Lower, |r| some_count(r.client.rss_peak)),
    ("client.run_delay_seconds", Seconds, Lower, |r| r.client.run_delay_seconds),
    ("client.steal_seconds", Seconds, Lower, |r| r.client.steal_seconds),
    ("client.wakeups_per_s", PerSecond, Lower, |r| r.client.wakeups_per_s),
    ("client.longest_turn", Nanos, Lower, |r| some_count(r.client.longest_turn)),
    ("client.first_record_seconds", Seconds, Lower, |r| r.client.first_record_seconds),
    ("client.calibration.headroom", Share, Higher,
        |r| r.client.calibration.as_ref().and_then(|one| one.headroom)),
    ("verification.lost", Count, Lower, |r| r.verification.as_ref().map(|v| count(v.log.lost))),
    ("verification.duplicated", Count, Lower,
        |r| r.verification.as_ref().and_then(|v| some_count(v.log.duplicated))),
    ("verification.reordered", Count, Lower,
        |r| r.verification.as_ref().and_then(|v| some_count(v.log.reordered))),
    ("verification.corrupted", Count, Lower,
        |r| r.verification.as_ref().and_then(|v| some_count(v.log.corrupted))),
];

const TELLING: [&str; 8] = [
    "response.p50",
    "response.p99",
    "response.p999",
    "response.mean",
    "service.p50",
    "service.p99",
    "acked_rps",
    "cpu_ns_per_record",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::report::sample;

    #[test]
    fn a_name_may_leave_out_what_it_can() {
        for (name, meant) in [
            ("response.p99", "response.p99"),
            ("latency.response.p99", "response.p99"),
            ("response.p99.9", "response.p999"),
            ("stages.broker.mean", "broker.mean"),
            ("broker.mean", "broker.mean"),
            ("acked_rps", "acked_rps"),
            ("throughput.acked_rps", "acked_rps"),
            ("headroom", "client.calibration.headroom"),
            ("cpu_ns_per_record", "client.cpu_ns_per_record"),
            ("seal.max", "seal.max"),
            ("retries", "retries"),
        ] {
            assert_eq!(Metric::find(name).map(|it| it.to_string()), Ok(meant.to_owned()), "{name}");
        }
    }

    #[test]
    fn a_wrong_name_gets_the_nearest_and_a_vague_one_its_meanings() {
        let error = |name: &str| Metric::find(name).unwrap_err();
        assert_eq!(error("response.p9"), "no metric response.p9; the nearest is response.p90");
        assert_eq!(error("acked_rp"), "no metric acked_rp; the nearest is acked_rps");
        assert!(error("zzzzzzzzzzzzzz").contains("such as response.p99"));
        let vague = error("reordered");
        assert!(vague.starts_with("reordered could be records.reordered or "), "{vague}");
        assert!(error("p99").starts_with("no metric p99"), "{}", error("p99"));
    }

    #[test]
    fn an_empty_family_counts_nothing_and_of_ill_events_that_is_a_value() {
        let mut report = sample::report();
        report.latency.failure = None;
        report.latency.response = None;
        report.stages.retry = None;
        report.throttle = None;
        report.loop_lag = None;
        let bounded = |name: &str, report: &Report| Metric::find(name).unwrap().bounded(report);
        for name in ["failure.max", "failure.count", "retry.p99", "retry.mean", "throttle.max"] {
            assert_eq!(bounded(name, &report), Some(0.0), "{name}");
        }
        for name in ["response.count", "loop_lag.overflow", "loop_lag.count"] {
            assert_eq!(bounded(name, &report), Some(0.0), "{name}");
        }
        for name in ["response.p99", "loop_lag.max", "client.calibration.headroom"] {
            let found = bounded(name, &report);
            assert_eq!(found, Metric::find(name).unwrap().of(&report), "{name}");
        }
        assert_eq!(bounded("loop_lag.max", &report), None);
        report.throughput.offered_rps = None;
        assert_eq!(bounded("response.count", &report), None, "nothing was due");
        assert_eq!(bounded("service.count", &report).map(|count| count > 0.0), Some(true));
    }

    /// Goal: a metric reads the field that it is named for. Method: the sample as JSON, each path
    /// looked up there.
    #[test]
    fn a_metric_reads_the_field_of_its_name() {
        let report = sample::report();
        let value = serde_json::to_value(&report).unwrap();
        let mut found = 0;
        for metric in all() {
            let pointer = format!("/{}", metric.names()[0].replace('.', "/"));
            let Some(there) = value.pointer(&pointer) else { continue };
            assert_eq!(metric.of(&report), there.as_f64(), "{metric}");
            found += usize::from(!there.is_null());
        }
        assert!(found > 80, "{found}");
        assert_eq!(Metric::find("error_rate").unwrap().of(&report), Some(0.0));
    }
}
