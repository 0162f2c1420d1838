//! Where the time went: the six stages. Cost class: once a run.

use super::page::field;
use crate::app::report::figures::millis_of;
use crate::app::report::model::{Report, StagesModel};
use crate::app::report::paint::Paint;

/// The means of the stages, and a bar that shows their shares.
pub(super) fn stages(report: &Report, paint: Paint) -> Vec<String> {
    let whole = report.latency.response.as_ref().or(report.latency.service.as_ref());
    let Some(whole) = whole.filter(|whole| whole.count > 0) else { return Vec::new() };
    let named = stage_means(&report.stages);
    let texts = named.iter().map(|(name, mean)| format!("{name} {}", millis_of(*mean)));
    let list = texts.collect::<Vec<_>>().join("   ");
    let total: f64 = named.iter().map(|(_, mean)| mean).sum();
    let mut lines = vec![field(&format!("mean {} ms", millis_of(whole.mean)), &list)];
    if total > 0.0 {
        let shares: Vec<f64> = named.iter().map(|(_, mean)| mean / total).collect();
        lines.push(field("", &bar(&shares, paint)));
    }
    lines
}

/// The stages that exist, in order, with their means in nanoseconds.
fn stage_means(stages: &StagesModel) -> Vec<(&'static str, f64)> {
    let named = [
        ("pacing", &stages.schedule_lag),
        ("buffer", &stages.buffer_wait),
        ("batch", &stages.batch_wait),
        ("retry", &stages.retry),
        ("send queue", &stages.send_queue),
        ("broker", &stages.broker),
    ];
    named.iter().filter_map(|(name, stage)| Some((*name, stage.as_ref()?.mean))).collect()
}

/// One block a stage, as wide as its share; a stage too short for a column has none. A thin line
/// opens each.
pub(super) fn bar(shares: &[f64], paint: Paint) -> String {
    let mut text = String::new();
    let (mut sum, mut drawn) = (0.0, 0);
    for (i, share) in shares.iter().enumerate() {
        sum += share;
        let end = columns(sum);
        if end > drawn {
            text.push_str(&paint.stage(i, &format!("▏{}", "█".repeat(end - drawn - 1))));
            drawn = end;
        }
    }
    text
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of at most 1, up to rounding, of a few dozen columns"
)]
fn columns(share: f64) -> usize {
    (share.clamp(0.0, 1.0) * 44.0).round() as usize
}
