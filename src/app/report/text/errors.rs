//! What went wrong, and when partitions took nothing. Cost class: once a run.

use crate::app::report::figures::{plural, thousands};
use crate::app::report::model::{ErrorModel, FaultModel, Report};
use crate::app::report::page::field;

/// Records that ended badly with the errors that ended them, apart from what was only sent again.
pub(super) fn errors(report: &Report) -> String {
    let records = &report.records;
    let fates = [
        ("failed", records.failed),
        ("sent, fate unknown", records.indeterminate.saturating_sub(records.cut_in_flight)),
        ("dropped", records.dropped),
        ("skipped", records.skipped),
    ];
    let mut fates: Vec<_> = fates
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| format!("{} {name}", plural(*count, "record")))
        .collect();
    let ended = by_code(report, |error| error.records, why);
    if let Some(last) = fates.last_mut().filter(|_| !ended.is_empty()) {
        last.push_str(&format!(" (by {ended})"));
    }
    if fates.is_empty() {
        fates.push("none".to_owned());
    }
    fates.extend(causes(report));
    fates.push(again(report));
    field("errors", &fates.join("; "))
}

/// Batches that were sent again, and why.
fn again(report: &Report) -> String {
    let batches = match report.retries {
        0 => return "nothing sent again".to_owned(),
        1 => "1 batch sent again".to_owned(),
        n => format!("{} batches sent again", thousands(n)),
    };
    let sent_again = |error: &ErrorModel| error.count.saturating_sub(error.records);
    // What this client refused was never sent, so it says nothing of what was sent again.
    let why = by_code(report, sent_again, |_| String::new());
    if why.is_empty() { batches } else { format!("{batches} (records: {why})") }
}

/// Counts by Kafka's name for the error, each with more words; those of 0 are left out.
fn by_code(
    report: &Report,
    count: impl Fn(&ErrorModel) -> u64,
    more: impl Fn(&ErrorModel) -> String,
) -> String {
    let counted = report.errors.iter().map(|error| (count(error), error));
    let named = counted
        .filter(|(count, _)| *count > 0)
        .map(|(count, error)| format!("{} {}{}", error.name, thousands(count), more(error)));
    named.collect::<Vec<_>>().join(", ")
}

/// Why this client refused records itself. Others may have ended with the same code for reasons of
/// their own.
fn why(error: &ErrorModel) -> String {
    let Some(refusal) = &error.refusal else { return String::new() };
    if error.refused == 0 || error.refused == error.records {
        return format!(", {refusal}");
    }
    format!(", {} of them before they were sent: {refusal}", thousands(error.refused))
}

/// What had no outcome when the run's end was cut short: nobody's error.
pub(super) fn cut(report: &Report) -> Option<String> {
    let records = &report.records;
    if records.unsent + records.cut_in_flight == 0 {
        return None;
    }
    let by = if report.partial.is_some() {
        "by the stop"
    } else {
        "by the end of the drain (delivery.timeout.ms)"
    };
    let fates =
        [("not sent", records.unsent), ("sent but not answered yet", records.cut_in_flight)];
    let fates = fates.iter().filter(|(_, count)| *count > 0);
    let fates: Vec<_> =
        fates.map(|(name, count)| format!("{} {name}", plural(*count, "record"))).collect();
    Some(field("cut off", &format!("{by}: {}", fates.join(", "))))
}

/// What brokers sent that broke the protocol, a line a kind.
pub(super) fn faults(report: &Report) -> Vec<String> {
    let line = |fault: &FaultModel| {
        let times = match fault.count {
            1 => String::new(),
            n => format!(" ({} times)", thousands(n)),
        };
        field("broken protocol", &format!("{}{times}", fault.text))
    };
    report.faults.iter().map(line).collect()
}

/// Why records failed, where a time limit of the producer's own says it.
fn causes(report: &Report) -> Option<String> {
    let failures = &report.failures;
    let causes = [
        ("without room in buffer.memory", failures.buffer_exhausted),
        ("without metadata", failures.no_metadata),
        ("past delivery.timeout.ms", failures.expired),
        ("refused before they were sent", failures.refused),
        ("of a producer that a fatal error ended", failures.fatal),
        ("refused by brokers for good", failures.rejected),
        ("unanswered, or out of retries", failures.other),
    ];
    let (other, own) = causes.split_last().expect("a list with a last line");
    let known: u64 = own.iter().map(|(_, count)| count).sum();
    let causes = own.iter().chain([other]).filter(|(_, count)| *count > 0);
    let causes: Vec<_> =
        causes.map(|(words, count)| format!("{} {words}", thousands(*count))).collect();
    (known > 0).then(|| format!("of these {}", causes.join(", ")))
}

/// Records that stand in the log behind later ones, as far as acks told.
pub(super) fn reordered(report: &Report) -> Option<String> {
    let records = &report.records;
    if records.reordered == 0 {
        return None;
    }
    let count = plural(records.reordered, "record");
    let partitions = plural(records.reordered_partitions, "partition");
    let why = if report.config.is_idempotent() {
        "with enable.idempotence=true that must not happen"
    } else {
        "enable.idempotence=true prevents it"
    };
    Some(field("reordered", &format!("{count} in {partitions}; {why}")))
}

/// When partitions took nothing, gaps that belong together as one.
pub(super) fn unavailability(report: &Report) -> Option<String> {
    let gaps = &report.unavailability;
    let first = gaps.iter().map(|gap| gap.start).min()?;
    let last = gaps.iter().map(|gap| gap.end).max()?;
    let longest = gaps.iter().map(|gap| gap.end - gap.start).max()?;
    let mut partitions: Vec<_> = gaps.iter().map(|gap| (&gap.topic, gap.partition)).collect();
    partitions.sort_unstable();
    partitions.dedup();
    #[expect(clippy::cast_precision_loss, reason = "seconds with one decimal")]
    let seconds = |nanos: u64| nanos as f64 / 1e9;
    // With acks=0 nobody acknowledges: a gap is one in what sockets took.
    let nothing = if report.records.written > 0 { "took nothing" } else { "acknowledged nothing" };
    Some(field(
        "unavailable",
        &format!(
            "{} {nothing} between {:.1} s and {:.1} s, at most {:.1} s at a time",
            plural(partitions.len() as u64, "partition"),
            seconds(first),
            seconds(last),
            seconds(longest)
        ),
    ))
}
