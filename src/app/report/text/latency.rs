//! The latency families and their percentiles. Cost class: once a run.

use crate::app::report::figures::millis;
use crate::app::report::model::{Distribution, Report};

/// The families with their percentiles, one a row.
pub(super) fn latencies(report: &Report) -> Vec<String> {
    let written = report.latency.service.as_ref().is_some_and(|family| family.kind == "written");
    let mut lines = vec![format!(
        "{:<13}{:>7}{:>8}{:>8}{:>8}{:>8}{:>8}",
        "latency, ms", "p50", "p90", "p99", "p99.9", "p99.99", "max"
    )];
    let [from_due, from_taken] = if written {
        ["from due to written to the socket", "from taken to written to the socket"]
    } else {
        ["from when each record was due", "from when the producer got it"]
    };
    let mut row = |name: &str, family: Option<&Distribution>, what: &str| {
        let Some(family) = family.filter(|family| family.count > 0) else { return };
        let [p50, p90, p99, max] = [family.p50, family.p90, family.p99, family.max].map(millis);
        let rare = |nanos, share| shown(family.count, share).then(|| millis(nanos));
        let [p999, p9999] = [rare(family.p999, 1_000), rare(family.p9999, 10_000)]
            .map(|text| text.unwrap_or_else(|| "-".to_owned()));
        lines.push(format!(
            "{name:<13}{p50:>7}{p90:>8}{p99:>8}{p999:>8}{p9999:>8}{max:>8}   {what}"
        ));
    };
    let latency = &report.latency;
    row("response", latency.response.as_ref(), from_due);
    row("service", latency.service.as_ref(), from_taken);
    let delivered = [&latency.response, &latency.service].into_iter().flatten();
    let delivered = delivered.map(|family| family.count).sum::<u64>() > 0;
    row("failed", latency.failure.as_ref(), "from when it was due to its failure");
    if !delivered {
        // Nothing about a rate: with one there is no response either when no record arrived.
        lines.push("no record was delivered".to_owned());
    } else if latency.response.is_none() {
        lines.push(
            "response     none: without a rate no record has an instant at which it was due"
                .to_owned(),
        );
    }
    lines
}

/// Whether a percentile above the 99th is printed: when a hundred records or more lie beyond it,
/// one in `one_in` of all.
#[must_use]
pub const fn shown(count: u64, one_in: u64) -> bool {
    count / one_in >= 100
}
