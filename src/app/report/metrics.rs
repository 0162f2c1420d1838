//! `--print-metrics`: what was measured, under the names of the Java producer's metrics. Cost
//! class: once a run.
//!
//! Only metrics that this producer knows are printed. Rates are over the measurement, where Java's
//! are over the last `metrics.sample.window.ms`; latencies are milliseconds.

use super::model::{Distribution, Report};
use super::text::window_seconds;
use crate::kafka::config::ProducerConfig;

/// One line a metric, as kafka-producer-perf-test prints them.
#[must_use]
pub fn metrics(report: &Report) -> String {
    let id = client_ids(report);
    let rows = rows(report);
    let name = |metric: &str| format!("producer-metrics:{metric}:{{client-id={id}}}");
    let width = rows.iter().map(|(metric, _)| name(metric).len()).max().unwrap_or(0);
    let mut page = format!("{:<width$} Value\n", "Metric Name");
    for (metric, value) in rows {
        page.push_str(&format!("{:<width$} : {value:.3}\n", name(metric)));
    }
    page
}

/// Whose metrics they are: those of all producers together. Java counts producers from 1 unless the
/// user named them; then all have that name.
fn client_ids(report: &Report) -> String {
    let id = report.config.effective.get("client.id").map_or("", String::as_str);
    let default = ProducerConfig::default_client_id;
    match report.client.producers {
        producers if producers > 1 && id == default(1) => format!("{id}..{}", default(producers)),
        _ => id.to_owned(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "metrics are doubles")]
fn rows(report: &Report) -> Vec<(&'static str, f64)> {
    let (batches, requests) = (&report.batches, &report.requests);
    let records = &report.records;
    let sent = (records.acked + records.duplicate + records.written) as f64;
    let window = window_seconds(report);
    let per_second = |count: f64| if window > 0.0 { count / window } else { 0.0 };
    let mean = |stage: &Option<Distribution>| stage.as_ref().map_or(0.0, |one| one.mean / 1e6);
    let max = |stage: &Option<Distribution>| stage.as_ref().map_or(0.0, |one| one.max as f64 / 1e6);
    let errors = (records.failed + records.indeterminate) as f64;
    let stages = &report.stages;
    vec![
        ("batch-size-avg", batches.bytes_mean),
        ("batch-split-total", batches.splits as f64),
        ("compression-rate-avg", batches.compress_ratio),
        ("outgoing-byte-rate", report.throughput.mb_s_wire * 1e6),
        ("produce-throttle-time-avg", mean(&report.throttle)),
        ("produce-throttle-time-max", max(&report.throttle)),
        ("record-error-rate", per_second(errors)),
        ("record-error-total", errors),
        ("record-queue-time-avg", mean(&stages.batch_wait)),
        ("record-queue-time-max", max(&stages.batch_wait)),
        ("record-retry-total", report.retries as f64),
        ("record-send-rate", report.throughput.headline().0),
        ("record-send-total", sent),
        ("record-size-avg", report.generator.sizes.payload_mean.unwrap_or(0.0)),
        ("records-per-request-avg", requests.batches_mean * batches.records_mean),
        ("request-latency-avg", mean(&stages.broker)),
        ("request-latency-max", max(&stages.broker)),
        ("request-rate", per_second(requests.count as f64)),
        ("request-total", requests.count as f64),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn metrics_carry_the_java_clients_names() {
        let mut report = sample::report();
        report.config.effective.insert("client.id".to_owned(), "producer-1".to_owned());
        let page = metrics(&report);
        let line = |metric: &str| page.lines().find(|line| line.contains(metric)).unwrap();
        assert!(line(":record-send-rate:").ends_with(" : 199998.000"));
        assert!(line(":request-latency-avg:").ends_with(" : 2.590"));
        assert!(page.contains("producer-metrics:batch-size-avg:{client-id=producer-1}"));
        report.client.producers = 3;
        assert!(metrics(&report).contains("{client-id=producer-1..producer-3}"));
        report.config.effective.insert("client.id".to_owned(), "mine".to_owned());
        assert!(metrics(&report).contains("{client-id=mine}"));
    }
}
