//! The run's topics: found or made before, deleted after when they were the run's own.
//!
//! Cost class: per run. A topic that this run did not make is never altered or deleted.

use core::time::Duration;
use std::collections::BTreeMap;
use std::net::{IpAddr, UdpSocket};

use super::desk::Desk;
use super::error::RunError;
use super::offsets::Layout;
use super::plan::{RunPlan, TopicPlan};
use super::result::{BrokerFacts, ClusterFacts, TopicFacts};
use super::retention::{outdated, unix_ms_now};
use crate::host::shell::clock;
use crate::kafka::admin::{ClusterDescription, ConfigEntry, TopicDescription};
use crate::kafka::broker::is_embedded;

/// The cluster and the topics as found or made.
#[derive(Default)]
pub(super) struct Ground {
    pub(super) cluster: ClusterFacts,
    /// In the plan's order; when preparing them failed, those that were made until then.
    pub(super) topics: Vec<TopicFacts>,
    /// What the user should know of the topics; taken when it is told.
    pub(super) warnings: Vec<String>,
}

impl Ground {
    /// The topics' names.
    pub(super) fn names(&self) -> Vec<String> {
        self.topics.iter().map(|topic| topic.name.clone()).collect()
    }

    /// Where the partitions of each stand among all.
    pub(super) fn layout(&self) -> Layout {
        Layout(self.topics.iter().map(|topic| topic.slots.len()).collect())
    }
}

/// Finds or makes the topics, and waits for balanced leaders if that was asked for. What was made
/// is noted in `ground` at once, since whoever makes a topic may have to delete it.
pub(super) async fn prepare(
    desk: &mut Desk,
    plan: &RunPlan,
    embedded: bool,
    ground: &mut Ground,
) -> Result<(), RunError> {
    for at in 0..plan.topics.len() {
        let described = prepare_one(desk, plan, at, ground).await?;
        if at == 0 {
            ground.cluster = cluster_facts(&described, embedded);
        }
    }
    Ok(())
}

async fn prepare_one(
    desk: &mut Desk,
    plan: &RunPlan,
    at: usize,
    ground: &mut Ground,
) -> Result<ClusterDescription, RunError> {
    let asked = &plan.topics[at];
    let name = topic_name(asked);
    let found = desk.describe(&name).await?;
    let created = found.topic.is_none();
    if created && !asked.create && !asked.fresh {
        return Err(RunError::Unusable(format!(
            "topic \"{name}\" does not exist, and --no-create-topic forbids making it; \
             create it first, or leave that flag out"
        )));
    }
    if created {
        let TopicPlan { partitions, replication_factor, configs, .. } = asked;
        desk.create(&name, *partitions, *replication_factor, configs).await?;
    }
    ground.topics.push(TopicFacts { name: name.clone(), created, ..TopicFacts::default() });
    if let Some(patience) = plan.balanced_leaders {
        wait_for_balance(desk, &name, patience).await?;
    }
    let described = if created { desk.describe(&name).await? } else { found };
    let Some(topic) = &described.topic else {
        return Err(RunError::Unusable(format!("topic \"{name}\" vanished after it was created")));
    };
    let mut facts = topic_facts(topic, created);
    fits(plan, at, &facts)?;
    let entries = desk.configs(&name).await?;
    let all = entries.iter().filter_map(|it| Some((it.name.clone(), it.value.clone()?)));
    let outdated = outdated(&plan.streams, at, &all.collect(), unix_ms_now());
    ground.warnings.extend(outdated.map(|text| format!("topic \"{name}\": {text}")));
    facts.configs = telling_configs(entries);
    if !created {
        as_asked(asked, &facts)?;
    }
    ground.topics[at] = facts;
    Ok(described)
}

/// The partitions that records or key rules name must exist: nothing would make them meanwhile.
pub(super) fn fits(plan: &RunPlan, at: usize, topic: &TopicFacts) -> Result<(), RunError> {
    if let Some(rules) = &plan.producer.key_rules {
        let checked = rules.check(topic.partitions);
        checked.map_err(|error| {
            RunError::Configuration(format!("--key-rules, topic \"{}\": {error}", topic.name))
        })?;
    }
    let streams = plan.streams.iter().filter(|stream| stream.topic == at);
    let named = streams.filter_map(|stream| stream.source.partition).max();
    let Some(partition) = named.filter(|at| *at >= topic.partitions) else { return Ok(()) };
    Err(RunError::Configuration(format!(
        "--partitioner = \"partition:{partition}\": topic \"{}\" has {} partitions; expected 0 to \
         {}",
        topic.name,
        topic.partitions,
        topic.partitions.saturating_sub(1)
    )))
}

/// A topic that was there is never altered, so that what was asked of it must be so already.
pub(super) fn as_asked(asked: &TopicPlan, topic: &TopicFacts) -> Result<(), RunError> {
    let mut wrong = Vec::new();
    let mut compare = |what: String, asked: String, found: &str| {
        if asked != found {
            wrong.push(format!("{what} = \"{asked}\": it has {found}"));
        }
    };
    if asked.partitions != -1 {
        let found = topic.partitions.to_string();
        compare("--partitions".to_owned(), asked.partitions.to_string(), &found);
    }
    if asked.replication_factor != -1 {
        let found = topic.replication_factor.to_string();
        compare("--replication-factor".to_owned(), asked.replication_factor.to_string(), &found);
    }
    for (key, value) in &asked.configs {
        let found = topic.configs.get(key).map_or("its default", String::as_str);
        compare(format!("--topic-config {key}"), value.clone(), found);
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(RunError::Configuration(format!(
        "topic \"{}\" is there already, and a run alters no topic: {}; leave that out, or use \
         --fresh-topic",
        topic.name,
        wrong.join("; ")
    )))
}

/// The leader of each partition of each topic now; −1 for none.
pub(super) async fn leaders(desk: &mut Desk, names: &[String]) -> Result<Vec<Vec<i32>>, RunError> {
    let mut all = Vec::with_capacity(names.len());
    for name in names {
        let described = desk.describe(name).await?;
        all.push(described.topic.as_ref().map(leaders_of).unwrap_or_default());
    }
    Ok(all)
}

pub(super) fn leaders_of(topic: &TopicDescription) -> Vec<i32> {
    let leader = |found: Option<crate::base::BrokerId>| found.map_or(-1, |broker| broker.0);
    topic.partitions.iter().map(|partition| leader(partition.leader)).collect()
}

/// A fresh topic's name ends in the time of its making, so that two runs never share one.
fn topic_name(plan: &TopicPlan) -> String {
    if plan.fresh {
        format!("{}-{:x}-{:x}", plan.name, clock::unix_ms(), clock::now().as_nanos() & 0xffff)
    } else {
        plan.name.clone()
    }
}

async fn wait_for_balance(desk: &mut Desk, name: &str, patience: Duration) -> Result<(), RunError> {
    let give_up = clock::now() + patience;
    loop {
        let described = desk.describe(name).await?;
        let topic = described.topic.ok_or_else(|| {
            RunError::Unusable(format!("topic \"{name}\" vanished while its leaders were awaited"))
        })?;
        let mut moved = topic.partitions.iter().filter(|p| p.leader != p.replicas.first().copied());
        let Some(first) = moved.next() else { return Ok(()) };
        if clock::now() >= give_up {
            return Err(RunError::Unusable(format!(
                "{} of {} partitions of \"{name}\" are not led by their preferred replica after \
                 {} s (partition {} first); run kafka-leader-election, or leave \
                 --wait-balanced-leaders out",
                1 + moved.count(),
                topic.partitions.len(),
                patience.as_secs(),
                first.index
            )));
        }
        tokio::time::sleep(BALANCE_PAUSE).await;
    }
}

pub(super) fn topic_facts(topic: &TopicDescription, created: bool) -> TopicFacts {
    let replicas = topic.partitions.first().map_or(0, |partition| partition.replicas.len());
    TopicFacts {
        name: topic.name.clone(),
        created,
        deleted: false,
        partitions: u32::try_from(topic.partitions.len()).unwrap_or(u32::MAX),
        replication_factor: u32::try_from(replicas).unwrap_or(u32::MAX),
        // A worker's only topic gets its slots in the order of its partitions.
        slots: topic.partitions.iter().map(|partition| partition.index).collect(),
        configs: BTreeMap::new(),
        leaders_before: leaders_of(topic),
        leaders_after: Vec::new(),
        leader_changes: 0,
    }
}

/// Settings that tell something about a producer's results, and whatever the topic itself sets.
fn telling_configs(entries: Vec<ConfigEntry>) -> BTreeMap<String, String> {
    let telling = entries
        .into_iter()
        .filter(|entry| entry.is_topics_own || TELLING.contains(&entry.name.as_str()))
        .filter_map(|entry| Some((entry.name, entry.value?)));
    telling.collect()
}

pub(super) fn cluster_facts(described: &ClusterDescription, embedded: bool) -> ClusterFacts {
    let brokers: Vec<BrokerFacts> = described
        .brokers
        .iter()
        .map(|broker| BrokerFacts {
            id: broker.id.0,
            host: broker.host.clone(),
            port: broker.port,
            rack: broker.rack.clone(),
        })
        .collect();
    let another_process = !embedded && described.cluster_id.as_deref().is_some_and(is_embedded);
    let on_this_host = embedded || brokers.iter().any(|broker| is_here(&broker.host));
    ClusterFacts {
        embedded: embedded || another_process,
        another_process,
        id: described.cluster_id.clone(),
        brokers,
        api_versions_hash: None,
        produce_version: None,
        on_this_host,
    }
}

/// Whether an address is one of this machine's: a socket can be bound to it. Names other than
/// localhost aren't looked up again.
fn is_here(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback() || UdpSocket::bind((ip, 0)).is_ok())
}

/// How often leaders are looked at while their balance is awaited.
const BALANCE_PAUSE: Duration = Duration::from_millis(500);
/// Topic settings that a producer's numbers depend on.
const TELLING: [&str; 7] = [
    "min.insync.replicas",
    "message.timestamp.type",
    "max.message.bytes",
    "compression.type",
    "cleanup.policy",
    "flush.messages",
    "flush.ms",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_of_a_topic_that_is_there_must_be_so() {
        let topic = TopicFacts {
            name: "t".to_owned(),
            created: false,
            deleted: false,
            partitions: 6,
            replication_factor: 3,
            slots: Vec::new(),
            configs: [("retention.ms".to_owned(), "60000".to_owned())].into(),
            leaders_before: Vec::new(),
            leaders_after: Vec::new(),
            leader_changes: 0,
        };
        let asked = |partitions, replication_factor, config: &[(&str, &str)]| {
            let configs = config.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
            let asked = TopicPlan {
                name: "t".to_owned(),
                partitions,
                replication_factor,
                configs: configs.collect(),
                create: true,
                fresh: false,
                keep: false,
            };
            as_asked(&asked, &topic).map_err(|error| error.to_string())
        };
        assert_eq!(asked(-1, -1, &[]), Ok(()));
        assert_eq!(asked(6, 3, &[("retention.ms", "60000")]), Ok(()));
        let error = asked(99, 1, &[("retention.ms", "1000"), ("flush.ms", "5")]).unwrap_err();
        assert_eq!(
            error,
            "topic \"t\" is there already, and a run alters no topic: --partitions = \"99\": it \
             has 6; --replication-factor = \"1\": it has 3; --topic-config retention.ms = \
             \"1000\": it has 60000; --topic-config flush.ms = \"5\": it has its default; leave \
             that out, or use --fresh-topic"
        );
    }
}
