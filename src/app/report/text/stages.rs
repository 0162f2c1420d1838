//! Where the time went: the six stages. Cost class: once a run.

use crate::app::report::figures::{millis, millis_of};
use crate::app::report::model::Report;
use crate::app::report::page::{INDENT, field};
use crate::app::report::paint::Paint;

/// One stage as the summary shows it.
struct Stage {
    /// Its word here; results have longer ones.
    name: &'static str,
    /// What a record waits for in it.
    meaning: &'static str,
    /// Nanoseconds.
    mean: f64,
}

/// The means of the stages, a bar that shows their shares, and what the words mean.
pub(super) fn stages(report: &Report, paint: Paint, columns: usize) -> Vec<String> {
    let whole = report.latency.response.as_ref().or(report.latency.service.as_ref());
    let Some(whole) = whole.filter(|whole| whole.count > 0) else { return Vec::new() };
    let stages = passed(report);
    let texts = stages.iter().map(|stage| format!("{} {}", stage.name, millis_of(stage.mean)));
    let list = texts.collect::<Vec<_>>().join("   ");
    let mut lines = vec![field(&format!("mean {} ms", millis_of(whole.mean)), &list)];
    let total: f64 = stages.iter().map(|stage| stage.mean).sum();
    if total > 0.0 {
        let shares: Vec<_> = stages.iter().map(|s| (s.name, s.mean / total)).collect();
        lines.push(field("", &bar(&shares, paint, columns - INDENT - MARGIN)));
    }
    let meanings = stages.iter().map(|stage| format!("{}: {}", stage.name, stage.meaning));
    lines.push(field("", &meanings.collect::<Vec<_>>().join("; ")));
    lines
}

/// What the codec's work on a record's batch took; `None` without a codec.
pub(super) fn compression(report: &Report) -> Option<String> {
    // Results of before `seal_wait` have zeros where there is no codec.
    let seal = report.seal.as_ref().filter(|seal| seal.max > 0)?;
    let waited = report.seal_wait.as_ref().map_or_else(String::new, |wait| {
        let (mean, p99) = (millis_of(wait.mean), millis(wait.p99));
        format!("; before that {mean} ms for a free thread, p99 {p99}")
    });
    let (mean, p99) = (millis_of(seal.mean), millis(seal.p99));
    Some(field("compression", &format!("{mean} ms a batch, p99 {p99}{waited}; both part of batch")))
}

/// The stages that exist, in the order in which a record passes them.
fn passed(report: &Report) -> Vec<Stage> {
    let stages = &report.stages;
    let all = [
        ("pacing", "sent late by this client", &stages.schedule_lag),
        ("buffer", "no room in buffer.memory", &stages.buffer_wait),
        ("batch", "filling, linger.ms, or no request free to carry it", &stages.batch_wait),
        ("retry", "sent again", &stages.retry),
        ("send queue", "until the socket took it", &stages.send_queue),
        ("broker", "until its ack was read", &stages.broker),
    ];
    let exist = all.into_iter().filter_map(|(name, meaning, stage)| {
        Some(Stage { name, meaning, mean: stage.as_ref()?.mean })
    });
    exist.collect()
}

/// One block a stage, as wide as its share; a stage too short for a column has none. A thin line
/// opens each, then its name where there is room.
pub(super) fn bar(shares: &[(&str, f64)], paint: Paint, width: usize) -> String {
    let mut text = String::new();
    let (mut sum, mut drawn) = (0.0, 0);
    for (i, (name, share)) in shares.iter().enumerate() {
        sum += share;
        let end = part_of(sum, width);
        if end > drawn {
            let room = end - drawn - 1;
            let label = if name.len() + 2 <= room { format!("{name} ") } else { String::new() };
            let filled = "█".repeat(room - label.len());
            text.push_str(&paint.stage(i, &format!("▏{label}{filled}")));
            drawn = end;
        }
    }
    text
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a share of at most 1, up to rounding, of a few dozen columns"
)]
fn part_of(share: f64, width: usize) -> usize {
    (share.clamp(0.0, 1.0) * width as f64).round() as usize
}

/// Columns that stay free on the right.
const MARGIN: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_compression_took_stands_apart_from_the_wait_for_it() {
        let mut report = crate::app::report::sample::report();
        assert_eq!(compression(&report), None);
        report.seal = report.latency.service.clone();
        report.seal_wait.clone_from(&report.latency.service);
        let said = compression(&report).unwrap();
        assert!(said.contains("ms a batch, p99 12.1; before that"), "{said}");
    }

    #[test]
    fn the_bar_is_as_wide_as_its_shares_and_names_what_has_room() {
        let half = bar(&[("batch", 0.5), ("retry", 0.0), ("broker", 0.5)], Paint::Off, 80);
        assert_eq!(half.chars().count(), 80);
        assert_eq!(half, format!("▏batch {}▏broker {}", "█".repeat(33), "█".repeat(32)));
        assert_eq!(bar(&[("", 1.0)], Paint::Off, 80), format!("▏ {}", "█".repeat(78)));
        let thin = bar(&[("batch", 0.001), ("send queue", 0.15), ("x", 0.849)], Paint::Off, 80);
        assert_eq!(thin, format!("▏{}▏x {}", "█".repeat(11), "█".repeat(65)));
    }
}
