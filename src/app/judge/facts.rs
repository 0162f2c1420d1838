//! What a run was made with and on, as names and values that two runs can be held against each
//! other by. Cost class: once a run.
//!
//! What was measured is no fact, nor what says where a thing is and not what it is (addresses, a
//! topic's name). What is null, or has no key, is no fact of that run either: beside one that has
//! it, it reads as [`Held::none`], unless an older schema may just have lacked the words.

use serde_json::Value;

use crate::app::report::model::{ClusterKind, GeneratorModel, LoadModel, Report, TopicModel};
use crate::base::mix;

/// Whose business a fact is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Area {
    /// What a comparison is usually about.
    Producer,
    /// The same: the program's version.
    Tool,
    /// What was sent, how fast.
    Workload,
    /// Brokers and topic.
    Cluster,
    /// The client's machine.
    Host,
}

impl Area {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Producer => "producer",
            Self::Tool => "tool",
            Self::Workload => "workload",
            Self::Cluster => "cluster",
            Self::Host => "host",
        }
    }

    /// Whether two sides may differ in it and still be compared.
    pub(super) const fn may_differ(self) -> bool {
        matches!(self, Self::Producer | Self::Tool)
    }
}

/// One fact.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fact {
    pub(super) area: Area,
    pub(super) key: String,
    pub(super) value: Held,
}

/// How two values are held against each other.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Held {
    /// Equal or not.
    Text(String),
    /// Seconds that come out a little different every time: another half of them is another thing.
    About(f64),
    /// The result is too old to say: it differs from nothing.
    Unknown,
}

impl Held {
    /// What a run holds that has no such thing.
    pub(super) fn none() -> Self {
        Self::Text("none".to_owned())
    }

    pub(super) fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::About(a), Self::About(b)) => a.max(*b) <= 1.5 * a.min(*b),
            _ => false,
        }
    }

    pub(super) fn shown(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::About(seconds) => format!("{seconds:.0} s"),
            Self::Unknown => "unknown".to_owned(),
        }
    }
}

/// The minor version of the schema that a result is written by: what a newer one added, it may
/// lack. All results here are of one major version.
pub(super) fn minor(report: &Report) -> u32 {
    let minor = report.schema_version.split('.').nth(1);
    minor.and_then(|minor| minor.parse().ok()).unwrap_or(0)
}

/// All facts of a run.
pub(super) fn facts(report: &Report) -> Vec<Fact> {
    let mut found = Vec::new();
    let config = &report.config;
    let keys = config.effective.iter().filter(|(key, _)| !ADDRESSES.contains(&key.as_str()));
    for (key, value) in keys {
        push(&mut found, Area::Producer, key, Some(value.clone()));
    }
    // Its id says where, as an address does; that there is one, how.
    let id = config.effective.get(TRANSACTIONAL_ID);
    let transactional = id.is_some_and(|id| !id.is_empty() && id != UNSET);
    let transactional = if transactional { "yes" } else { "no" };
    push(&mut found, Area::Producer, "transactional", Some(transactional.to_owned()));
    // How a client wakes is its setting, and follows its linger.
    let quantum = report.client.pacing_quantum.map(|nanos| format!("{nanos} ns"));
    push(&mut found, Area::Producer, "pacing_quantum", quantum);
    let partitioner = (!config.partitioner.is_empty()).then(|| config.partitioner.clone());
    push(&mut found, Area::Producer, "partitioner", partitioner);
    push(&mut found, Area::Tool, "version", Some(report.tool.version.clone()));
    push(&mut found, Area::Tool, "git", report.tool.git.clone());
    push(&mut found, Area::Tool, "target", Some(report.tool.target.clone()));
    workload(report, &mut found);
    cluster(report, &mut found);
    let host = serde_json::to_value(&report.environment).unwrap_or_default();
    leaves(&host, "", &mut |key, value| push(&mut found, Area::Host, key, Some(value)));
    found
}

/// What ends at the write and what at the ack are never compared; these are the words for it.
pub(super) fn ends_at(report: &Report) -> &'static str {
    let no_acks = report.config.effective.get("acks").is_some_and(|acks| acks == "0");
    if no_acks { "acks=0: the write" } else { "the ack" }
}

fn workload(report: &Report, found: &mut Vec<Fact>) {
    let mut text = |key: &str, value: Option<String>| push(found, Area::Workload, key, value);
    let phase = |name: &str| report.phases.iter().rfind(|phase| phase.name == name);
    let measured = phase("measure");
    if let Some(measured) = measured {
        let rate = measured.target_rate.map(|rate| format!("{rate}/s"));
        text("rate", Some(rate.unwrap_or_else(|| "as fast as it goes".to_owned())));
    }
    if let Some(load) = &report.load {
        text("pacing", load.pacing.clone());
        text("on_late", load.on_late.clone());
        text("on_full", load.on_full.clone());
        text("rates", varying(load));
    }
    text("producers", Some(report.client.producers.to_string()));
    let mode = report.verification.as_ref().map_or("none", |proof| &proof.mode);
    text("verify", Some(mode.to_owned()));
    let warmed = phase("warmup").map_or("none", |_| "some");
    text("warmup", Some(warmed.to_owned()));
    if report.load.is_none() {
        let unknown = |key: &str| {
            let key = format!("{}.{key}", Area::Workload.name());
            Fact { area: Area::Workload, key, value: Held::Unknown }
        };
        found.extend(["pacing", "on_late", "on_full", "rates"].map(unknown));
    }
    generator(&report.generator, "", found);
    for stream in &report.streams {
        let name = format!("streams.{}", stream.name);
        for (key, value) in [("weight", stream.weight), ("producers", stream.producers)] {
            push(found, Area::Workload, &format!("{name}.{key}"), Some(value.to_string()));
        }
        generator(&stream.generator, &name, found);
    }
    // Without a rate a run by count lasts as long as it takes: that is a result, no fact.
    if let Some(measured) = measured.filter(|measured| measured.target_rate.is_some()) {
        let seconds = measured.end.saturating_sub(measured.start) as f64 / 1e9;
        let value = Held::About(seconds);
        found.push(Fact { area: Area::Workload, key: "workload.seconds".to_owned(), value });
    }
}

/// A rate that varies: its bounds, and its course as one number.
fn varying(load: &LoadModel) -> Option<String> {
    let least = load.rates.iter().copied().reduce(f64::min)?;
    let most = load.rates.iter().copied().fold(least, f64::max);
    let course = load.rates.iter().fold(0, |sum, rate| mix(sum ^ rate.to_bits()));
    let span = load.span_seconds.unwrap_or_default();
    let course = course >> 32;
    Some(format!("{least:.0} to {most:.0}/s over {span} s (course {course:08x})"))
}

/// What records were to hold. What was measured of them is none of it, such as how often each
/// value of a pool was sent, nor is the time in their payloads, which is when the run began unless
/// somebody chose it: no two runs would be alike.
fn generator(model: &GeneratorModel, path: &str, found: &mut Vec<Fact>) {
    let model = serde_json::to_value(model).unwrap_or_default();
    leaves(&model, path, &mut |key, value| {
        let found_out = FOUND_OUT.iter().any(|name| key.ends_with(name));
        if !key.contains("measured") && !found_out {
            push(found, Area::Workload, key, Some(value));
        }
    });
}

fn cluster(report: &Report, found: &mut Vec<Fact>) {
    let cluster = &report.cluster;
    let mut text = |key: &str, value: Option<String>| push(found, Area::Cluster, key, value);
    // Embedded brokers are new ones in every run.
    text("id", cluster.id.clone().filter(|_| cluster.kind == ClusterKind::Real));
    text("brokers", Some(cluster.brokers.len().to_string()));
    text("another_process", Some(cluster.another_process.to_string()));
    text("on_this_host", Some(cluster.on_this_host.to_string()));
    text("api_versions_hash", cluster.api_versions_hash.clone());
    text("produce_version", cluster.produce_version.map(|version| version.to_string()));
    let mut topic = |name: &str, topic: &TopicModel| {
        let mut text = |key: &str, value| text(&format!("{name}.{key}"), Some(value));
        text("partitions", topic.partitions.to_string());
        text("replication_factor", topic.replication_factor.to_string());
        topic.configs.iter().for_each(|(key, value)| text(key, value.clone()));
    };
    if cluster.topics.is_empty() {
        return topic("topic", &cluster.topic);
    }
    // Names may be made for one run alone.
    let topics = (1..).zip(&cluster.topics);
    topics.for_each(|(nth, model): (u32, _)| topic(&format!("topic {nth}"), model));
}

/// A fact, if it is known; those of producer and Kafka keys have no area before their name.
fn push(found: &mut Vec<Fact>, area: Area, key: &str, value: Option<String>) {
    let key = match area {
        Area::Producer => key.to_owned(),
        _ => format!("{}.{key}", area.name()),
    };
    found.extend(value.map(|value| Fact { area, key, value: Held::Text(value) }));
}

/// Every plain value below, by its path; nulls are left out.
fn leaves(value: &Value, path: &str, each: &mut dyn FnMut(&str, String)) {
    match value {
        Value::Null => {}
        Value::Object(fields) => {
            for (name, field) in fields {
                let dot = if path.is_empty() { "" } else { "." };
                leaves(field, &format!("{path}{dot}{name}"), each);
            }
        }
        Value::String(text) => each(path, text.clone()),
        other => each(path, other.to_string()),
    }
}

/// Producer keys that say where, not how.
const ADDRESSES: [&str; 3] = ["bootstrap.servers", "client.id", TRANSACTIONAL_ID];
const TRANSACTIONAL_ID: &str = "transactional.id";
/// As results write a key that nobody set and that has no default.
const UNSET: &str = "null";
/// Fields of a generator that are no settings.
const FOUND_OUT: [&str; 3] = ["payload_mean", "time_origin", "pool.repeats"];
