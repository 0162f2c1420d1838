//! A line for each stream, where there are several. Cost class: once a run.

use crate::app::report::figures::{millis, percent, plural, rate};
use crate::app::report::model::{Report, StreamModel};

/// The streams with their rates and shares, and the 99th percentile by which the run is judged;
/// none where there is one stream only.
pub(super) fn streams(report: &Report) -> Vec<String> {
    if report.streams.is_empty() {
        return Vec::new();
    }
    let family = if report.latency.response.is_some() { "response" } else { "service" };
    let p99 = format!("{family} p99, ms");
    let head = format!("{:<NAME$}{:>12}{:>9}{p99:>18}   to", "stream", "records/s", "of all");
    let short = report.throughput.short;
    let whole: f64 = report.streams.iter().map(|stream| stream.throughput.rates(short).0).sum();
    let row = |stream: &StreamModel| {
        let (records, _) = stream.throughput.rates(short);
        let share = if whole > 0.0 { percent(records / whole) } else { "-".to_owned() };
        let latency = stream.latency.response.as_ref().or(stream.latency.service.as_ref());
        let p99 = latency.map_or_else(|| "-".to_owned(), |found| millis(found.p99));
        let producers = plural(stream.producers.into(), "producer");
        let to = format!("{}, {producers}", cut(&stream.topic, TOPIC));
        let name = cut(&stream.name, NAME - 1);
        format!("{name:<NAME$}{:>12}{share:>9}{p99:>18}   {to}", rate(records))
    };
    [vec![head], report.streams.iter().map(row).collect(), vec![String::new()]].concat()
}

/// At most so many characters.
fn cut(name: &str, most: usize) -> String {
    if name.chars().count() <= most {
        return name.to_owned();
    }
    let kept: String = name.chars().take(most - 1).collect();
    kept + "…"
}

/// Columns of a stream's name.
const NAME: usize = 20;
/// Of a topic's.
const TOPIC: usize = 18;

#[cfg(test)]
mod tests {
    use super::super::super::page::COLUMNS;
    use super::super::super::sample;
    use super::*;

    #[test]
    fn a_stream_is_a_line_with_its_share() {
        let mut report = sample::report();
        assert_eq!(streams(&report), [""; 0]);
        let stream = |name: &str, topic: &str, acked_rps, producers| {
            let mut throughput = report.throughput.clone();
            throughput.acked_rps = acked_rps;
            StreamModel {
                name: name.to_owned(),
                topic: topic.to_owned(),
                weight: 1,
                producers,
                generator: report.generator.clone(),
                records: report.records.clone(),
                throughput,
                latency: report.latency.clone(),
            }
        };
        let long = "a-name-that-is-longer-than-its-column";
        let rows = [stream("orders", "orders", 150_000.0, 3), stream(long, long, 50_000.0, 1_000)];
        report.streams = rows.to_vec();
        let p99 = millis(report.latency.response.as_ref().unwrap().p99);
        let lines = streams(&report);
        assert!(lines.iter().all(|line| line.chars().count() <= COLUMNS), "{lines:#?}");
        assert_eq!(
            lines,
            [
                "stream                 records/s   of all  response p99, ms   to".to_owned(),
                format!("orders                   150,000   75.0 %{p99:>18}   orders, 3 producers"),
                format!(
                    "a-name-that-is-lon…       50,000   25.0 %{p99:>18}   a-name-that-is-lo…, \
                     1,000 producers"
                ),
                String::new(),
            ]
        );
    }
}
