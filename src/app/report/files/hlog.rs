//! A run as an interval log of HdrHistogram (`.hlog`), for its own tools: `HistogramLogProcessor`,
//! the log analyser, the plotter. Cost class: once a process.
//!
//! Lines without a tag, one a second, are the latencies that the run is judged by: response under a
//! rate, else service. Together they are the whole measurement, so that a tool which is told
//! nothing more gives the run's percentiles. Everything else is a line with a tag over the whole
//! window: `service`, `worst_case`, `failure`, and the stages. Of several runs, each line has a tag
//! that begins with the run's number: `2`, `2:service`. Values are nanoseconds; the highest one of
//! a line is written in milliseconds, as Java does.

use core::time::Duration;
use std::fmt::Write as _;

use hdrhistogram::Histogram;
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};

use super::hdr::decode;
use crate::app::report::dates::unix_ms;
use crate::app::report::model::{Distribution, PhaseModel, Report};
use crate::app::report::outcome::{Outcome, RunOf};

/// The log.
///
/// # Panics
/// Never: it is written to memory.
#[must_use]
pub fn hlog(outcome: &Outcome) -> String {
    let runs = outcome.runs();
    let alone = runs.len() == 1 && runs[0].place.is_none();
    let begun = runs.first().and_then(|run| unix_ms(&run.report.started_at)).unwrap_or(0);
    let mut bytes = Vec::new();
    let mut serializer = V2DeflateSerializer::new();
    let mut log = IntervalLogWriterBuilder::new()
        .add_comment(&comment(&runs, alone))
        .with_start_time(std::time::UNIX_EPOCH + Duration::from_millis(begun))
        .with_max_value_divisor(1e6)
        .begin_log_with(&mut bytes, &mut serializer)
        .expect("a vector takes everything");
    for run in &runs {
        let began = unix_ms(&run.report.started_at).unwrap_or(begun);
        let offset = Duration::from_millis(began.saturating_sub(begun));
        let prefix = if alone { String::new() } else { run.number.to_string() };
        for line in lines(run.report) {
            let tag = [&prefix[..], line.tag].into_iter().filter(|part| !part.is_empty());
            let tag = tag.collect::<Vec<_>>().join(":");
            let (start, span) = (offset + line.start, line.span);
            // An empty tag is a tag to the crate.
            let tag = if tag.is_empty() { None } else { Tag::new(&tag) };
            log.write_histogram(&line.histogram, start, span, tag)
                .expect("a vector takes everything");
        }
    }
    String::from_utf8(bytes).expect("the log's lines are ASCII, and its comments came as text")
}

/// One line of the log, times since the run's start.
struct Line {
    tag: &'static str,
    start: Duration,
    span: Duration,
    histogram: Histogram<u64>,
}

/// A run's lines: first the latencies that it is judged by, second by second.
fn lines(report: &Report) -> Vec<Line> {
    let measured = report.phases.iter().rfind(|phase| phase.name == "measure");
    let window = |phase: &PhaseModel| (phase.start, phase.end.saturating_sub(phase.start));
    let (start, span) = measured.map_or((0, 0), window);
    let line = |tag, from: u64, length: u64, text: &str| {
        let histogram = decode(text)?;
        let (start, span) = (Duration::from_nanos(start + from), Duration::from_nanos(length));
        Some(Line { tag, start, span, histogram })
    };
    let whole = |tag, family: Option<&Distribution>| line(tag, 0, span, &family?.hdr);
    let latency = &report.latency;
    let headline = latency.response.as_ref().or(latency.service.as_ref());
    let mut lines: Vec<Line> = Vec::new();
    let seconds = report.intervals.iter();
    let seconds = seconds.filter_map(|it| line("", it.start, it.length, it.hdr.as_deref()?));
    lines.extend(seconds);
    // Results of before there were histograms by the second have one for all.
    if lines.is_empty() {
        lines.extend(whole("", headline));
    }
    if latency.response.is_some() {
        lines.extend(whole("service", latency.service.as_ref()));
    }
    lines.extend(whole("worst_case", latency.worst_case.as_ref()));
    lines.extend(whole("failure", latency.failure.as_ref()));
    let stages = &report.stages;
    for (tag, stage) in [
        ("schedule_lag", &stages.schedule_lag),
        ("buffer_wait", &stages.buffer_wait),
        ("batch_wait", &stages.batch_wait),
        ("retry", &stages.retry),
        ("send_queue", &stages.send_queue),
        ("broker", &stages.broker),
        ("seal", &report.seal),
        ("seal_wait", &report.seal_wait),
        ("loop_lag", &report.loop_lag),
        ("throttle", &report.throttle),
    ] {
        lines.extend(whole(tag, stage.as_ref()));
    }
    lines
}

/// What the lines are, for who opens the file.
fn comment(runs: &[RunOf<'_>], alone: bool) -> String {
    let mut text = String::from("[Latencies of kprod-bench, nanoseconds");
    for run in runs.iter().take(if alone { 1 } else { usize::MAX }) {
        let paced = run.report.latency.response.is_some();
        let family = if paced { "response" } else { "service" };
        match run.place {
            None => {
                let _ = write!(text, "; untagged lines: {family}");
            }
            Some((cell, repetition)) => {
                let cell: Vec<_> = cell.iter().map(|(flag, it)| format!("{flag}={it}")).collect();
                let cell = cell.join(" ");
                let _ = write!(text, "\n tag {}: {family}, {cell} #{repetition}", run.number);
            }
        }
    }
    text.push(']');
    text
}

#[cfg(test)]
mod tests {
    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

    use super::*;
    use crate::app::report::sample;

    /// Tag and count of each line.
    fn read(log: &str) -> Vec<(String, u64)> {
        let entries = IntervalLogIterator::new(log.as_bytes()).map(|entry| entry.unwrap());
        let intervals = entries.filter_map(|entry| match entry {
            LogEntry::Interval(interval) => Some((
                interval.tag().map_or_else(String::new, |tag| tag.as_str().to_owned()),
                decode(interval.encoded_histogram()).unwrap().len(),
            )),
            _ => None,
        });
        intervals.collect()
    }

    #[test]
    fn untagged_lines_are_the_seconds_and_the_rest_has_tags() {
        let log = hlog(&sample::outcome());
        assert!(log.starts_with("#[Latencies of kprod-bench, nanoseconds; untagged lines: resp"));
        assert!(log.contains("#[StartTime: 1706702400.000 (seconds since epoch)]\n"), "{log}");
        let lines = read(&log);
        let untagged: Vec<_> = lines.iter().filter(|(tag, _)| tag.is_empty()).collect();
        assert_eq!(untagged.len(), 30);
        assert_eq!(untagged.iter().map(|(_, count)| count).sum::<u64>(), 6_000_000);
        assert!(lines.contains(&("service".to_owned(), 6_000_000)), "{lines:?}");
        assert!(lines.contains(&("broker".to_owned(), 6_000_000)), "{lines:?}");
        // The measurement began 5 s after the run.
        let third = log.lines().filter(|line| !line.starts_with(['#', 'T'])).nth(2).unwrap();
        assert!(third.starts_with("7.000,1.000,52."), "{third}");
    }

    #[test]
    fn a_result_without_seconds_has_one_line_for_all() {
        let mut report = sample::report();
        report.intervals.clear();
        let lines = read(&hlog(&Outcome::Run(report.into())));
        assert_eq!(lines.iter().filter(|(tag, _)| tag.is_empty()).count(), 1);
        assert_eq!(lines[0].1, 6_000_000);
    }

    #[test]
    fn each_run_of_a_matrix_has_its_number_as_a_tag() {
        let log = hlog(&sample::matrix());
        assert!(log.contains("\n# tag 2: response, acks=1 linger-ms=5 #0\n"), "{log}");
        let lines = read(&log);
        for tag in ["1", "2", "3", "3:service"] {
            assert!(lines.iter().any(|(found, _)| found == tag), "{tag}");
        }
        assert!(lines.iter().all(|(tag, _)| !tag.is_empty()));
    }
}
