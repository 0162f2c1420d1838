//! Batches and requests: how the records went out. Cost class: once a run.

use crate::app::report::figures::{bytes, plural, thousands, whole_percent};
use crate::app::report::model::{PoolModel, Report};
use crate::app::report::page::field;

/// Batches and requests.
pub(super) fn effort(report: &Report) -> Vec<String> {
    if report.batches.count == 0 {
        return Vec::new();
    }
    let mut lines = vec![field("batches", &batches(report)), field("requests", &requests(report))];
    lines.extend(report.generator.pool.as_ref().map(|pool| field("values", &repeated(pool))));
    lines
}

fn batches(report: &Report) -> String {
    let batches = &report.batches;
    let mut text = format!(
        "{} of {:.1} records, {}, {} of batch.size",
        thousands(batches.count),
        batches.records_mean,
        bytes(batches.bytes_mean),
        whole_percent(batches.fill_ratio)
    );
    if batches.compress_ratio < 0.995 {
        let ratio = whole_percent(batches.compress_ratio);
        text.push_str(&format!(", compressed to {ratio}"));
        // Plain random bytes are asked for by nobody.
        if let Some(asked) = report.generator.compress_ratio_asked.filter(|asked| *asked < 1.0) {
            text.push_str(&format!(" ({} asked)", whole_percent(asked)));
        }
    }
    text.push_str(&format!("; closed by {}", closed(report)));
    if batches.splits > 0 {
        text.push_str(&format!("; {}", plural(batches.splits, "split")));
    }
    text
}

/// What values were taken from, where they weren't made anew.
fn repeated(pool: &PoolModel) -> String {
    format!(
        "repeated from a pool of {}, each sent {:.1} times on average",
        thousands(pool.values),
        pool.repeats
    )
}

/// What ended the batches' wait for more records.
fn closed(report: &Report) -> String {
    let closed = &report.batches.close_reason;
    let all = closed.full + closed.linger + closed.flush + closed.memory;
    let reasons = [
        ("linger.ms", closed.linger),
        ("size", closed.full),
        ("the end of the load", closed.flush),
        ("want of memory", closed.memory),
    ];
    #[expect(clippy::cast_precision_loss, reason = "a share for people")]
    let share = |count: u64| whole_percent(count as f64 / all.max(1) as f64);
    let shown = reasons.iter().filter(|(_, count)| *count > 0);
    let shown: Vec<_> = shown.map(|(name, count)| format!("{name} {}", share(*count))).collect();
    shown.join(", ")
}

fn requests(report: &Report) -> String {
    let requests = &report.requests;
    let allowed = report.config.effective.get("max.in.flight.requests.per.connection");
    format!(
        "{} of {:.1} batches; unanswered on a connection: usually {}, at most {}{}",
        thousands(requests.count),
        requests.batches_mean,
        requests.in_flight_p50,
        requests.in_flight_max,
        allowed.map_or_else(String::new, |most| format!(" ({most} allowed)"))
    )
}
