//! The lines of kafka-producer-perf-test 4.3.1, for scripts that read them. Cost class: per
//! reporting interval.
//!
//! Its latencies begin when `send` is called, so the service family stands for them; that is what
//! its percentiles mean, and why they hide a stall that the summary's response shows.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;

use super::model::{Distribution, PhaseModel, Report};
use crate::host::driver::Lap;

/// The final line; with a warm-up by records two, as the original prints them: all records first,
/// then the steady state, which is what came after the warm-up.
#[must_use]
pub fn final_lines(report: &Report) -> String {
    let mut phases = report.phases.iter();
    let (warmup, measured) = (
        phases.find(|phase| phase.name == "warmup"),
        phases.rfind(|phase| phase.name == "measure"),
    );
    let measured = measured.or_else(|| report.phases.iter().rfind(|one| one.name == "measure"));
    let Some(measured) = measured else { return String::new() };
    let steady = Part::of(measured, report.latency.service.as_ref());
    let Some(warmup) = warmup else { return steady.line("") };
    let all = Part::of(warmup, warmup.service.as_ref()).and(&steady);
    format!("{}\n{}", all.line(""), steady.line(" steady state"))
}

/// Phases as perf-test would have seen them.
struct Part {
    sent: u64,
    payload_bytes: u64,
    /// Schedule and drain; what lies between two phases isn't in it.
    seconds: f64,
    latency_sum: f64,
    latency_max: u64,
    /// Of the histograms that could be read back.
    latencies: Histogram<u64>,
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
impl Part {
    fn of(phase: &PhaseModel, service: Option<&Distribution>) -> Self {
        let read = service.and_then(|family| {
            let bytes = STANDARD.decode(&family.hdr).ok()?;
            Deserializer::new().deserialize(&mut bytes.as_slice()).ok()
        });
        let empty = || Histogram::new(3).expect("three digits are a valid precision");
        Self {
            sent: phase.acked + phase.written,
            payload_bytes: phase.payload_bytes,
            seconds: phase.end.saturating_sub(phase.start) as f64 / 1e9 + phase.drain_seconds,
            latency_sum: service.map_or(0.0, |family| family.mean * family.count as f64),
            latency_max: service.map_or(0, |family| family.max),
            latencies: read.unwrap_or_else(empty),
        }
    }

    /// This part and another.
    fn and(mut self, other: &Self) -> Self {
        self.sent += other.sent;
        self.payload_bytes += other.payload_bytes;
        self.seconds += other.seconds;
        self.latency_sum += other.latency_sum;
        self.latency_max = self.latency_max.max(other.latency_max);
        // Both have the same precision, and this one grows.
        self.latencies.auto(true);
        let added = self.latencies.add(&other.latencies);
        debug_assert!(added.is_ok(), "{added:?}");
        self
    }

    fn line(&self, state: &str) -> String {
        let per_second = |count: u64| {
            if self.seconds > 0.0 { count as f64 / self.seconds } else { 0.0 }
        };
        let mean = self.latency_sum / (self.sent.max(1) as f64);
        let [p50, p95, p99, p999] = [0.5, 0.95, 0.99, 0.999]
            .map(|share| whole_millis(self.latencies.value_at_quantile(share)));
        format!(
            "{}{state} records sent, {:.6} records/sec ({:.2} MB/sec), {:.2} ms avg latency, \
             {:.2} ms max latency, {p50} ms 50th, {p95} ms 95th, {p99} ms 99th, {p999} ms 99.9th.",
            self.sent,
            per_second(self.sent),
            per_second(self.payload_bytes) / MEBIBYTE,
            mean / 1e6,
            self.latency_max as f64 / 1e6,
        )
    }
}

/// The line of one reporting interval.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "figures for people")]
pub fn window_line(lap: &Lap) -> String {
    let seconds = lap.span.as_secs_f64().max(1e-9);
    let mean = lap.latency_sum as f64 / lap.acked.max(1) as f64;
    format!(
        "{} records sent, {:.1} records/sec ({:.2} MB/sec), {:.1} ms avg latency, \
         {:.1} ms max latency.",
        lap.acked,
        lap.acked as f64 / seconds,
        lap.bytes as f64 / seconds / MEBIBYTE,
        mean / 1e6,
        lap.latency_max as f64 / 1e6,
    )
}

/// Whole milliseconds, cut as Java's clock cuts them.
const fn whole_millis(nanos: u64) -> u64 {
    nanos / 1_000_000
}

/// What perf-test calls a MB.
const MEBIBYTE: f64 = 1_048_576.0;

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::super::distill::distribution;
    use super::super::sample;
    use super::*;
    use crate::load::recorder::{Kind, Measured};

    /// A family of `count` records that took `ms` each.
    fn family(count: u64, ms: u64) -> Option<Distribution> {
        let mut measured = Measured::new(Duration::from_secs(60));
        measured.record_n(ms * 1_000_000, count);
        distribution(&measured, Kind::Acked)
    }

    #[test]
    fn the_final_lines_read_as_the_original_prints_them() {
        let mut report = sample::report();
        report.latency.service = family(6_000_000, 5);
        let whole = "6000000 records sent, 199866.755496 records/sec (19.06 MB/sec), 5.00 ms avg \
                     latency, 5.00 ms max latency, 5 ms 50th, 5 ms 95th, 5 ms 99th, 5 ms 99.9th.";
        assert_eq!(final_lines(&report), whole);
        let warmup = PhaseModel {
            name: "warmup".to_owned(),
            acked: 2_000_000,
            payload_bytes: 200_000_000,
            end: 15_000_000_000,
            service: family(2_000_000, 25),
            ..report.phases[0].clone()
        };
        report.phases.insert(0, warmup);
        let lines = final_lines(&report);
        let (all, steady) = lines.split_once('\n').unwrap();
        assert_eq!(
            all,
            "8000000 records sent, 199800.199800 records/sec (19.05 MB/sec), 10.00 ms avg latency, \
             25.00 ms max latency, 5 ms 50th, 25 ms 95th, 25 ms 99th, 25 ms 99.9th."
        );
        assert_eq!(steady, whole.replace("0 records", "0 steady state records"));
    }

    #[test]
    fn a_window_reads_as_the_original_prints_it() {
        let lap = Lap {
            span: Duration::from_secs(5),
            acked: 1_000_000,
            bytes: 104_857_600,
            latency_sum: 2_540_000 * 1_000_000,
            latency_max: 31_240_000,
            latency_p99: 0,
        };
        assert_eq!(
            window_line(&lap),
            "1000000 records sent, 200000.0 records/sec (20.00 MB/sec), 2.5 ms avg latency, \
             31.2 ms max latency."
        );
    }
}
