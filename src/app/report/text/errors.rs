//! What went wrong, and when partitions took nothing. Cost class: once a run.

use super::page::field;
use crate::app::report::figures::{plural, thousands};
use crate::app::report::model::Report;

pub(super) fn errors(report: &Report) -> String {
    let retries = match report.retries {
        1 => "1 retry".to_owned(),
        n => format!("{} retries", thousands(n)),
    };
    let kinds: Vec<_> = report
        .errors
        .iter()
        .map(|error| {
            let why = error.refusal.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
            format!("{} {}{why}", thousands(error.count), error.name)
        })
        .collect();
    let records = &report.records;
    let fates = [
        ("failed", records.failed),
        ("indeterminate", records.indeterminate),
        ("unsent", records.unsent),
        ("dropped", records.dropped),
        ("skipped", records.skipped),
    ];
    let fates = fates.iter().filter(|(_, count)| *count > 0);
    let fates: Vec<_> =
        fates.map(|(name, count)| format!("{} records {name}", thousands(*count))).collect();
    let mut parts = Vec::new();
    parts.push(if kinds.is_empty() { "none".to_owned() } else { kinds.join(", ") });
    parts.extend(fates);
    parts.extend(causes(report));
    parts.push(retries);
    field("errors", &parts.join("; "))
}

/// Why records failed, where a time limit of the producer's own says it.
fn causes(report: &Report) -> Option<String> {
    let failures = &report.failures;
    let causes = [
        ("without room in buffer.memory", failures.buffer_exhausted),
        ("without metadata", failures.no_metadata),
        ("past delivery.timeout.ms", failures.expired),
        ("refused or unanswered", failures.other),
    ];
    let known = failures.buffer_exhausted + failures.no_metadata + failures.expired;
    let causes = causes.iter().filter(|(_, count)| *count > 0);
    let causes: Vec<_> =
        causes.map(|(words, count)| format!("{} {words}", thousands(*count))).collect();
    (known > 0).then(|| format!("of these {}", causes.join(", ")))
}

/// When partitions took nothing, gaps that belong together as one.
pub(super) fn unavailability(report: &Report) -> Option<String> {
    let gaps = &report.unavailability;
    let first = gaps.iter().map(|gap| gap.start).min()?;
    let last = gaps.iter().map(|gap| gap.end).max()?;
    let longest = gaps.iter().map(|gap| gap.end - gap.start).max()?;
    let mut partitions: Vec<_> = gaps.iter().map(|gap| gap.partition).collect();
    partitions.sort_unstable();
    partitions.dedup();
    #[expect(clippy::cast_precision_loss, reason = "seconds with one decimal")]
    let seconds = |nanos: u64| nanos as f64 / 1e9;
    Some(field(
        "unavailable",
        &format!(
            "{} between {:.1} s and {:.1} s, at most {:.1} s at a time",
            plural(partitions.len() as u64, "partition"),
            seconds(first),
            seconds(last),
            seconds(longest)
        ),
    ))
}
