//! Which brokers and partitions were slow, and who leads what.

use std::fmt::Write as _;

use super::svg::{WIDTH, escape, float, open};
use super::{figure, none, table};
use crate::app::report::figures::{bytes, millis, millis_of, plural, rate, thousands};
use crate::app::report::model::{PartitionModel, Report, TopicModel};

/// The section of one run.
pub(super) fn section(report: &Report) -> String {
    if report.partitions.is_empty() {
        return none("No record was delivered to any partition.");
    }
    format!("<div class=\"grid\">{}{}</div>", tiles(report), brokers(report))
}

/// A tile a partition, in rows by its leader, the darker the slower.
fn tiles(report: &Report) -> String {
    let topics = report.cluster.topics();
    let leader = |partition: &PartitionModel| {
        let is_its =
            |topic: &&TopicModel| partition.topic.as_ref().is_none_or(|name| topic.name == *name);
        let topic = topics.iter().find(is_its);
        let at = usize::try_from(partition.partition).ok();
        let leader = topic.zip(at).and_then(|(topic, at)| topic.leaders_before.get(at));
        leader.copied().unwrap_or(-1)
    };
    let mut of_brokers: Vec<i32> = report.partitions.iter().map(leader).collect();
    of_brokers.sort_unstable();
    of_brokers.dedup();
    let slowest = report.partitions.iter().map(|it| it.mean).fold(1.0, f64::max);
    let mut marks = String::new();
    let mut top = 4.0;
    for broker in of_brokers {
        let name = if broker < 0 { "no leader".to_owned() } else { format!("broker {broker}") };
        let _ = write!(marks, "<text x=\"0\" y=\"{:.1}\">{name}</text>", top + 17.0);
        let mut left = NAMES;
        for partition in report.partitions.iter().filter(|it| leader(it) == broker) {
            if left + TILE > WIDTH {
                left = NAMES;
                top += TILE;
            }
            tile(&mut marks, (left, top), partition, partition.mean / slowest);
            left += TILE;
        }
        top += TILE + 4.0;
    }
    let fastest = report.partitions.iter().map(|it| it.mean).fold(slowest, f64::min);
    let description = format!(
        "{}; mean latency {} to {} ms",
        plural(report.partitions.len() as u64, "partition"),
        millis_of(fastest),
        millis_of(slowest)
    );
    let drawn = open("tiles", "Partitions by leader", &description, top + 2.0) + &marks + "</svg>";
    let caption = format!(
        "A tile a partition, under its leader at the start: the stronger the colour, the \
         higher its mean latency ({} to {} ms).",
        millis_of(fastest),
        millis_of(slowest)
    );
    figure(&drawn, &caption, "")
}

fn tile(marks: &mut String, (left, top): (f64, f64), partition: &PartitionModel, part: f64) {
    let words = format!(
        "partition {}: {} records, {}, mean {} ms, max {} ms",
        partition.partition,
        thousands(partition.count),
        bytes(float(partition.bytes)),
        millis_of(partition.mean),
        millis(partition.max)
    );
    let class = if part > 0.62 { "on" } else { "v" };
    let _ = write!(
        marks,
        "<g><rect class=\"h\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\" \
         rx=\"3\" opacity=\"{:.2}\"/><text class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" \
         text-anchor=\"middle\">{}</text><title>{}</title></g>",
        TILE - 3.0,
        TILE - 3.0,
        0.08 + 0.92 * part,
        left + TILE / 2.0 - 1.5,
        top + 18.0,
        partition.partition,
        escape(&words)
    );
}

fn brokers(report: &Report) -> String {
    let head = ["broker", "records", "a second", "p50", "p99", "max"].map(str::to_owned).to_vec();
    let host = |id: i32| {
        let known = report.cluster.brokers.iter().find(|broker| broker.id == id);
        known.map_or_else(
            || id.to_string(),
            |broker| {
                let rack = broker.rack.as_ref().map(|rack| format!(" in {rack}"));
                format!("{id} at {}{}", broker.host, rack.unwrap_or_default())
            },
        )
    };
    let rows = report.brokers.iter().map(|broker| {
        vec![
            host(broker.id),
            thousands(broker.count),
            rate(broker.rate),
            millis(broker.p50),
            millis(broker.p99),
            millis(broker.max),
        ]
    });
    let rows: Vec<_> = core::iter::once(head).chain(rows).collect();
    table(
        "",
        "From a batch's last drain to its ack, milliseconds: what a broker answers for.",
        &rows,
    )
}

const NAMES: f64 = 70.0;
const TILE: f64 = 29.0;
