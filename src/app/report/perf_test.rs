//! The lines of kafka-producer-perf-test 4.3.1, for scripts that read them. Cost class: per
//! reporting interval.
//!
//! Its latencies begin when `send` is called, so the service family stands for them; that is what
//! its percentiles mean, and why they hide a stall that the summary's response shows.

use super::model::Report;
use super::text::window_seconds;
use crate::host::driver::Lap;

/// The final line; with a warm-up by records it speaks of the steady state, as the original's
/// second line does.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "figures for people")]
pub fn final_line(report: &Report) -> String {
    let records = &report.records;
    let sent = records.acked + records.duplicate + records.written;
    let measured = report.phases.iter().rfind(|phase| phase.name == "measure");
    let elapsed = window_seconds(report) + measured.map_or(0.0, |phase| phase.drain_seconds);
    let per_second = if elapsed > 0.0 { sent as f64 / elapsed } else { 0.0 };
    let payload = report.generator.sizes.payload_mean.unwrap_or(0.0);
    let service = report.latency.service.as_ref();
    let (mean, max) = service.map_or((0.0, 0), |family| (family.mean, family.max));
    let [p50, p95, p99, p999] = service
        .map_or([0; 4], |family| [family.p50, family.p95, family.p99, family.p999])
        .map(whole_millis);
    let steady = report.phases.iter().any(|phase| phase.name == "warmup");
    format!(
        "{sent}{} records sent, {per_second:.6} records/sec ({:.2} MB/sec), {:.2} ms avg latency, \
         {:.2} ms max latency, {p50} ms 50th, {p95} ms 95th, {p99} ms 99th, {p999} ms 99.9th.",
        if steady { " steady state" } else { "" },
        per_second * payload / MEBIBYTE,
        mean / 1e6,
        max as f64 / 1e6,
    )
}

/// The line of one reporting interval.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "figures for people")]
pub fn window_line(lap: &Lap) -> String {
    let seconds = lap.span.as_secs_f64().max(1e-9);
    let mean = lap.latency_sum as f64 / lap.acked.max(1) as f64;
    format!(
        "{} records sent, {:.1} records/sec ({:.2} MB/sec), {:.1} ms avg latency, {:.1} ms max latency.",
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

    use super::super::sample;
    use super::*;

    #[test]
    fn the_final_line_reads_as_the_original_prints_it() {
        let mut report = sample::report();
        assert_eq!(
            final_line(&report),
            "6000000 records sent, 199866.755496 records/sec (19.06 MB/sec), 5.50 ms avg latency, \
             52.50 ms max latency, 5 ms 50th, 6 ms 95th, 12 ms 99th, 30 ms 99.9th."
        );
        let warmup = super::super::model::PhaseModel {
            name: "warmup".to_owned(),
            ..report.phases[0].clone()
        };
        report.phases.insert(0, warmup);
        assert!(final_line(&report).starts_with("6000000 steady state records sent, "));
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
