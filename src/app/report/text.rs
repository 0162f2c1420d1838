//! The summary that a person reads first: at most 100 columns, made from the result and nothing
//! else.
//!
//! Cost class: once a run. Colour only where the caller says that a terminal reads.

use super::figures::{
    binary_bytes, bytes, millis, millis_of, percent, plural, rate, thousands, whole_percent,
};
use super::model::{ClusterKind, Distribution, Report, StagesModel};
use super::paint::Paint;

/// The summary of one run.
#[must_use]
pub fn summary(report: &Report, paint: Paint) -> String {
    let mut lines = head(report, paint);
    lines.push(String::new());
    lines.push(verdict(report, paint));
    lines.extend(reasons(report));
    lines.push(String::new());
    lines.extend(latencies(report));
    lines.push(String::new());
    lines.extend(stages(report, paint));
    lines.push(field("limited by", &report.validity.limited_by));
    lines.extend(effort(report));
    lines.push(errors(report));
    lines.extend(unavailability(report));
    lines.push(field("confirmed", &confirmed(report)));
    lines.push(field("client", &client(report)));
    lines.extend(notes(report));
    fold(&lines)
}

/// What ran where, for a page that shows several runs: what `report` shares with the others.
#[must_use]
pub fn heading(report: &Report, paint: Paint) -> String {
    fold(&head(report, paint)[..1])
}

/// What ran where, and how.
fn head(report: &Report, paint: Paint) -> Vec<String> {
    let cluster = &report.cluster;
    let brokers = plural(cluster.brokers.len() as u64, "broker");
    let kind = match cluster.kind {
        ClusterKind::Real => format!("real cluster, {brokers}"),
        ClusterKind::Embedded => {
            paint.warn(&format!("EMBEDDED cluster, {brokers} in this process: no real Kafka"))
        }
    };
    let topic = &cluster.topic;
    let min_isr = topic.configs.get("min.insync.replicas");
    let topic = format!(
        "topic {}: {}, RF {}{}{}",
        topic.name,
        plural(topic.partitions.into(), "partition"),
        topic.replication_factor,
        min_isr.map_or_else(String::new, |n| format!(", min ISR {n}")),
        if topic.created { ", made by this run" } else { "" },
    );
    let tool = &report.tool;
    let key = |name: &str| report.config.effective.get(name).map_or("?", String::as_str);
    let idempotence = if key("enable.idempotence") == "true" { "on" } else { "off" };
    vec![
        format!(
            "{} {}   {kind}   {topic}   seed {}",
            tool.name, tool.version, report.generator.seed
        ),
        format!(
            "acks={}  linger.ms={}  batch.size={}  compression={}  idempotence={idempotence}  \
             producers={}",
            key("acks"),
            key("linger.ms"),
            key("batch.size"),
            key("compression.type"),
            report.client.producers,
        ),
    ]
}

/// Whether it is a measurement, and of what rate.
fn verdict(report: &Report, paint: Paint) -> String {
    let throughput = &report.throughput;
    let mut parts = vec![paint.status(report.validity.status)];
    if let Some(partial) = &report.partial {
        parts.push(format!("PARTIAL: {partial}"));
    }
    parts.push(match (throughput.offered_rps, throughput.achieved_ratio) {
        (Some(offered), Some(achieved)) => format!(
            "{} records/s of {} asked ({})",
            rate(throughput.acked_rps),
            rate(offered),
            percent(achieved)
        ),
        _ => format!("{} records/s", rate(throughput.acked_rps)),
    });
    parts.push(format!("{}/s", binary_bytes(throughput.mb_s_uncompressed * 1e6)));
    let delivered = report.records.acked + report.records.duplicate + report.records.written;
    parts.push(format!("{} records in {:.1} s", thousands(delivered), window_seconds(report)));
    parts.join("   ")
}

fn reasons(report: &Report) -> impl Iterator<Item = String> {
    let reasons = report.validity.reasons.iter();
    reasons.map(|reason| field(&reason.status.shout().to_lowercase(), &reason.text))
}

/// The families with their percentiles, one a row.
fn latencies(report: &Report) -> Vec<String> {
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
    row("failed", latency.failure.as_ref(), "from when it was due to its failure");
    if lines.len() == 1 {
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

/// The means of the stages, and a bar that shows their shares.
fn stages(report: &Report, paint: Paint) -> Vec<String> {
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
fn bar(shares: &[f64], paint: Paint) -> String {
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

/// Batches and requests.
fn effort(report: &Report) -> Vec<String> {
    let (batches, requests) = (&report.batches, &report.requests);
    if batches.count == 0 {
        return Vec::new();
    }
    let closed = &batches.close_reason;
    let all = closed.full + closed.linger + closed.flush + closed.memory;
    let reasons = [
        ("linger", closed.linger),
        ("full", closed.full),
        ("the end", closed.flush),
        ("memory", closed.memory),
    ];
    let shown = reasons.iter().filter(|(_, count)| *count > 0);
    #[expect(clippy::cast_precision_loss, reason = "a share for people")]
    let share = |count: u64| whole_percent(count as f64 / all.max(1) as f64);
    let closed: Vec<_> = shown.map(|(name, count)| format!("{name} {}", share(*count))).collect();
    let mut text = format!(
        "{}; {:.1} records, {} ({} full)",
        thousands(batches.count),
        batches.records_mean,
        bytes(batches.bytes_mean),
        whole_percent(batches.fill_ratio)
    );
    if batches.compress_ratio < 0.995 {
        text.push_str(&format!(", compressed to {}", whole_percent(batches.compress_ratio)));
    }
    text.push_str(&format!("; closed by {}", closed.join(", ")));
    if batches.splits > 0 {
        text.push_str(&format!("; {}", plural(batches.splits, "split")));
    }
    let requests = format!(
        "{}; {:.1} batches each; in flight p50 {}, max {}",
        thousands(requests.count),
        requests.batches_mean,
        requests.in_flight_p50,
        requests.in_flight_max
    );
    vec![field("batches", &text), field("requests", &requests)]
}

fn errors(report: &Report) -> String {
    let retries = match report.retries {
        1 => "1 retry".to_owned(),
        n => format!("{} retries", thousands(n)),
    };
    let kinds: Vec<_> = report
        .errors
        .iter()
        .map(|error| format!("{} {}", thousands(error.count), error.name))
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
    parts.push(retries);
    field("errors", &parts.join("; "))
}

/// When partitions took nothing, gaps that belong together as one.
fn unavailability(report: &Report) -> Option<String> {
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

/// What the end offsets prove.
fn confirmed(report: &Report) -> String {
    let proof = &report.verification;
    let (Some(found), Some(expected)) = (proof.found, proof.expected) else {
        return "not checked: the topic's end offsets were not read".to_owned();
    };
    let grew = u64::try_from(found).map_or_else(|_| found.to_string(), thousands);
    let lost = proof.lost.unwrap_or(0);
    if report.records.written > 0 {
        let missing = report.records.written.saturating_sub(u64::try_from(found).unwrap_or(0));
        return format!(
            "acks=0: {} records were written to sockets, {} arrived in the log, {} did not",
            thousands(report.records.written),
            grew,
            thousands(missing)
        );
    }
    match report.throughput.delta_confirms {
        Some(true) if u64::try_from(found) == Ok(expected) => {
            format!("the topic's offsets grew by {grew}: equal to what was acked")
        }
        Some(true) => format!(
            "the topic's offsets grew by {grew}: {} acked, the rest may be records without an answer",
            thousands(expected)
        ),
        _ if lost > 0 => format!(
            "NO: the topic's offsets grew by {grew}, {} acked records are missing",
            thousands(lost)
        ),
        _ => format!(
            "NO: the topic's offsets grew by {grew}, but {} were acked: somebody else wrote too",
            thousands(expected)
        ),
    }
}

fn client(report: &Report) -> String {
    let client = &report.client;
    let mut parts = Vec::new();
    if let Some(nanos) = client.cpu_ns_per_record {
        parts.push(format!("{nanos:.0} ns CPU a record"));
    }
    let window = window_seconds(report);
    if window > 0.0 {
        parts.push(format!("{} of a core", whole_percent(client.cpu_seconds / window)));
    }
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let peak = client.rss_peak.map(|peak| format!("peak memory {}", binary_bytes(peak as f64)));
    parts.extend(peak);
    if report.cluster.kind == ClusterKind::Embedded {
        parts.push("embedded brokers included".to_owned());
    }
    parts.join("; ")
}

fn notes(report: &Report) -> Vec<String> {
    let mut lines: Vec<_> = report.config.notes.iter().map(|note| field("note", note)).collect();
    if report.cluster.kind == ClusterKind::Embedded {
        lines.push(field(
            "next",
            "a real cluster: scripts/cluster up, then --bootstrap-server with what it prints",
        ));
    }
    lines
}

/// The measurement's window in seconds; 0 when there was none.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "seconds with one decimal")]
pub fn window_seconds(report: &Report) -> f64 {
    let measured = report.phases.iter().rfind(|phase| phase.name == "measure");
    measured.map_or(0.0, |phase| phase.end.saturating_sub(phase.start) as f64 / 1e9)
}

/// A name in its column, and what it says.
fn field(name: &str, text: &str) -> String {
    format!("{name:<INDENT$}{text}")
}

/// Breaks lines that are longer than the page, at a space, under the text's own column.
fn fold(lines: &[String]) -> String {
    let mut page = String::new();
    for line in lines {
        let mut rest = line.as_str();
        let mut indent = 0;
        while visible(rest) + indent > COLUMNS {
            let Some(at) = break_at(rest, COLUMNS - indent) else { break };
            page.push_str(&" ".repeat(indent));
            page.push_str(rest[..at].trim_end());
            page.push('\n');
            rest = rest[at..].trim_start();
            indent = INDENT;
        }
        page.push_str(&" ".repeat(indent));
        page.push_str(rest.trim_end());
        page.push('\n');
    }
    page
}

/// Where to break a line so that at most `columns` visible characters stay, beyond the name's
/// column: before the last field set off by three spaces, else at the last space that isn't before
/// a `%`.
fn break_at(line: &str, columns: usize) -> Option<usize> {
    let fits = |at: &usize| visible(&line[..*at]) <= columns;
    let fields = line.match_indices("   ").map(|(at, _)| at);
    let field = fields.take_while(fits).filter(|at| !line[..*at].trim().is_empty()).last();
    let spaces = line.match_indices(' ').map(|(at, _)| at).filter(|at| *at > INDENT);
    let space = || spaces.take_while(fits).filter(|at| !line[at + 1..].starts_with('%')).last();
    field.filter(|at| *at > INDENT).or_else(space)
}

/// Characters that take a column: all but colour sequences.
fn visible(line: &str) -> usize {
    let mut count = 0;
    let mut in_sequence = false;
    for c in line.chars() {
        match (in_sequence, c) {
            (false, '\u{1b}') => in_sequence = true,
            (true, 'm') => in_sequence = false,
            (true, _) => {}
            (false, _) => count += 1,
        }
    }
    count
}

const COLUMNS: usize = 100;
const INDENT: usize = 17;

#[cfg(test)]
mod tests {
    use super::super::model::{ErrorModel, GapModel, ReasonModel, Status};
    use super::super::sample;
    use super::*;

    /// Differences are easier to see as whole pages.
    fn assert_page(report: &Report, expected: &str) {
        let page = summary(report, Paint::Off);
        assert!(page == expected, "got:\n{page}\nexpected:\n{expected}");
        assert!(page.lines().all(|line| line.chars().count() <= COLUMNS));
    }

    #[test]
    fn a_valid_run_reads_as_documented() {
        assert_page(&sample::report(), include_str!("snapshots/valid.txt"));
    }

    #[test]
    fn a_run_on_the_embedded_brokers_says_so_first_and_last() {
        let mut report = sample::report();
        report.cluster.kind = ClusterKind::Embedded;
        report.cluster.topic.created = true;
        report.throughput.offered_rps = None;
        report.throughput.achieved_ratio = None;
        report.latency.response = None;
        report.stages.schedule_lag = None;
        report.validity.limited_by = "the client: its busiest producer used 98 % of a core".into();
        assert_page(&report, include_str!("snapshots/embedded.txt"));
    }

    #[test]
    fn an_overloaded_run_with_errors_hides_nothing() {
        let mut report = sample::report();
        report.partial = Some("interrupted".to_owned());
        report.validity.status = Status::Overloaded;
        report.validity.limited_by = "the cluster: records waited in buffer wait".to_owned();
        report.validity.reasons = vec![
            ReasonModel {
                name: "cluster_too_slow".to_owned(),
                status: Status::Overloaded,
                text: "51.2 % of the asked rate was achieved while the client had headroom; the \
                       latencies describe a growing queue, not a steady state"
                    .to_owned(),
            },
            ReasonModel {
                name: "brokers_on_host".to_owned(),
                status: Status::Suspect,
                text: "brokers run on this host and share its cores".to_owned(),
            },
        ];
        report.throughput.achieved_ratio = Some(0.512);
        report.records.failed = 120;
        report.records.indeterminate = 3;
        report.retries = 1;
        report.errors = vec![ErrorModel {
            code: 7,
            name: "REQUEST_TIMED_OUT".to_owned(),
            retriable: true,
            count: 123,
            records: 123,
            first_at: 0,
            last_at: 1,
        }];
        let gap = |partition| GapModel {
            partition,
            start: 8_000_000_000,
            end: 14_200_000_000,
            from: Some(1),
            to: Some(2),
        };
        report.unavailability = vec![gap(1), gap(4), gap(4)];
        report.verification.found = Some(5_999_000);
        report.verification.lost = Some(1_000);
        report.throughput.delta_confirms = Some(false);
        report.batches.compress_ratio = 0.41;
        assert_page(&report, include_str!("snapshots/overloaded.txt"));
    }

    #[test]
    fn acks_0_speaks_of_writing_not_of_acks() {
        let mut report = sample::report();
        report.records.written = std::mem::take(&mut report.records.acked);
        report.verification.found = Some(5_999_900);
        for family in [&mut report.latency.response, &mut report.latency.service] {
            family.as_mut().unwrap().kind = "written".to_owned();
        }
        report.stages.broker = None;
        let page = summary(&report, Paint::Off);
        assert!(page.contains("from due to written to the socket"));
        let words = page.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains("5,999,900 arrived in the log, 100 did not"), "{page}");
        assert!(page.lines().all(|line| line.chars().count() <= COLUMNS), "{page}");
    }

    #[test]
    fn the_bar_is_as_wide_as_its_shares() {
        assert_eq!(bar(&[0.5, 0.0, 0.5], Paint::Off).chars().count(), 44);
        assert_eq!(bar(&[1.0], Paint::Off), format!("▏{}", "█".repeat(43)));
        assert_eq!(bar(&[0.001, 0.999], Paint::Off).matches('▏').count(), 1);
    }

    #[test]
    fn colour_takes_no_column() {
        let plain = summary(&sample::report(), Paint::Off);
        let painted = summary(&sample::report(), Paint::On);
        assert_eq!(
            heading(&sample::report(), Paint::Off),
            plain.lines().next().unwrap().to_owned() + "\n"
        );
        assert!(painted.contains("\u{1b}[1;32mVALID\u{1b}[0m"));
        assert_eq!(visible(&painted), plain.chars().count());
    }
}
