//! Where it ran, on what, with which settings.

use super::svg::escape;
use super::table;
use crate::app::report::figures::{binary_bytes, plural};
use crate::app::report::model::{ClusterKind, Report, TopicModel};

/// What stands below the page's title.
pub(super) fn line(report: &Report) -> String {
    let cluster = &report.cluster;
    let kind = match cluster.kind {
        ClusterKind::Real => "real cluster",
        ClusterKind::Embedded => "embedded brokers",
    };
    let text = format!(
        "{} {}, {kind} of {}, {} with {} copies, seed {}, {}",
        report.tool.name,
        report.tool.version,
        plural(cluster.brokers.len() as u64, "broker"),
        plural(cluster.topics().iter().map(|it| u64::from(it.partitions)).sum(), "partition"),
        cluster.topic.replication_factor,
        report.generator.seed,
        report.started_at,
    );
    format!("<p class=\"sub\">{}</p>", escape(&text))
}

/// The section. Of several runs `report` is what they share, and what an axis varies is left out.
pub(super) fn section(report: &Report, axes: &[&str]) -> String {
    let fixed = |mut rows: Vec<Vec<String>>| {
        rows.retain(|row| !axes.iter().any(|axis| is_of(axis, &row[0])));
        rows
    };
    format!(
        "<div class=\"grid\">{}{}</div>{}",
        table("text", "Machine and program", &fixed(machine(report))),
        table("text", "Cluster, topic and records", &fixed(cluster(report))),
        configuration(report)
    )
}

/// Whether a row says what a flag asks for.
fn is_of(flag: &str, row: &str) -> bool {
    match flag {
        "key" => row == "keys",
        "record-size" => row.starts_with("record size") || row.starts_with("payload"),
        flag => row.replace(' ', "-") == flag,
    }
}

fn rows<const N: usize>(rows: [(&str, Option<String>); N]) -> Vec<Vec<String>> {
    let known = rows.into_iter().filter_map(|(name, value)| Some(vec![name.to_owned(), value?]));
    core::iter::once(vec![String::new(), String::new()]).chain(known).collect()
}

fn machine(report: &Report) -> Vec<Vec<String>> {
    let environment = &report.environment;
    let limits = environment.container_limits.as_ref().map(|limits| {
        let cpus = limits.cpus.map(|cpus| format!("{cpus} cores"));
        let memory = limits.memory.map(size);
        cpus.into_iter().chain(memory).collect::<Vec<_>>().join(", ")
    });
    rows([
        ("program", Some(format!("{} {}", report.tool.name, report.tool.version))),
        ("built for", Some(report.tool.target.clone())),
        ("commit", report.tool.git.clone()),
        ("system", environment.os.clone()),
        ("kernel", environment.kernel.clone()),
        ("processor", environment.cpu.clone()),
        ("cores", Some(environment.cores.to_string())),
        ("governor", environment.governor.clone()),
        ("memory", environment.memory.map(size)),
        ("container's limits", limits),
        ("producers", Some(report.client.producers.to_string())),
        ("peak memory", report.client.rss_peak.map(size)),
        ("started", Some(report.started_at.clone())),
        ("ended", Some(report.ended_at.clone())),
        ("run", Some(report.run_id.clone())),
        ("labels", labels(report)),
    ])
}

fn labels(report: &Report) -> Option<String> {
    let labels = report.labels.iter().map(|(name, value)| format!("{name}={value}"));
    let labels = labels.collect::<Vec<_>>().join(", ");
    (!labels.is_empty()).then_some(labels)
}

fn size(bytes: u64) -> String {
    binary_bytes(super::svg::float(bytes))
}

fn cluster(report: &Report) -> Vec<Vec<String>> {
    let cluster = &report.cluster;
    let of_each = |of: &dyn Fn(&TopicModel) -> String| {
        Some(cluster.topics().iter().map(of).collect::<Vec<_>>().join("; "))
    };
    let brokers = cluster.brokers.iter().map(|broker| format!("{} {}", broker.id, broker.host));
    let configs = |topic: &TopicModel| {
        let configs = topic.configs.iter().map(|(key, value)| format!("{key}={value}"));
        configs.collect::<Vec<_>>().join(", ")
    };
    let sizes = &report.generator.sizes;
    let host = if cluster.on_this_host { "yes: they share its cores" } else { "no" };
    rows([
        ("cluster", cluster.id.clone()),
        ("brokers", Some(brokers.collect::<Vec<_>>().join(", "))),
        ("on this machine", Some(host.to_owned())),
        ("Produce version", cluster.produce_version.map(|version| version.to_string())),
        ("API versions", cluster.api_versions_hash.clone()),
        ("topic", of_each(&|topic| topic.name.clone())),
        ("partitions", of_each(&|topic| topic.partitions.to_string())),
        ("replication factor", of_each(&|topic| topic.replication_factor.to_string())),
        ("topic's settings", of_each(&configs)),
        ("values", Some(report.generator.kind.clone())),
        ("keys", Some(report.generator.key.clone())),
        ("record size", sizes.asked.map(|bytes| format!("{bytes} bytes"))),
        ("payload, mean", sizes.payload_mean.map(|mean| format!("{mean:.1} bytes"))),
        ("partitioner", Some(report.config.partitioner.clone())),
    ])
}

fn configuration(report: &Report) -> String {
    let source = |key: &String| report.config.source.get(key).cloned().unwrap_or_default();
    let head = ["key", "value", "from"].map(str::to_owned).to_vec();
    let all = || report.config.effective.iter();
    let row = |(key, value): (&String, &String)| vec![key.clone(), value.clone(), source(key)];
    let given = all().filter(|(key, _)| source(key) != "default").map(row);
    let given: Vec<_> = core::iter::once(head.clone()).chain(given).collect();
    let given = if given.len() > 1 {
        table("text", "Settings that are not the default", &given)
    } else {
        super::none("Every setting of the producer is the default.")
    };
    let every: Vec<_> = core::iter::once(head).chain(all().map(row)).collect();
    let notes = report.config.notes.iter().map(|note| format!("<li>{}</li>", escape(note)));
    let notes: String = notes.collect();
    let notes = if notes.is_empty() { notes } else { format!("<ul class=\"plain\">{notes}</ul>") };
    format!(
        "{}{notes}<details><summary>All settings of the producer</summary>{}</details>",
        given,
        table("text", "", &every)
    )
}
