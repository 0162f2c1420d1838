//! What would stand in a run's way, found out without sending a record. Cost class: once a process.
//!
//! Only questions are asked: no topic is made, nothing is written, no producer id is taken. So what
//! only a write can show (quotas, a full disk, rights where brokers don't tell them) stays unknown,
//! and a broker's clock can't be read at all, since no request of Kafka's protocol asks for it.

use core::fmt::Display;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::unbounded_channel;

use super::desk::Desk;
use super::embedded::Embedded;
use super::error::RunError;
use super::plan::{RunPlan, Target, TopicPlan};
use super::retention::{outdated, unix_ms_now};
use super::run::start_embedded;
use super::topic::{as_asked, cluster_facts, fits, leaders_of, topic_facts};
use crate::base::BrokerId;
use crate::kafka::admin::{ClusterDescription, ConfigEntry, NetworkConfig, TopicDescription};
use crate::kafka::config::Acks;
use crate::kafka::wire::ApiKey;
use crate::load::source::KeyPlan;

/// How a check came out; ordered from good to bad.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Finding {
    /// Nothing stands in the way.
    Good,
    /// Something that the user should know; nothing is wrong.
    Note,
    /// A run would work, and its result be worth less.
    Doubt,
    /// A run would fail.
    Fault,
}

/// One thing that was looked at.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Check {
    /// What was looked at, in a word.
    pub name: &'static str,
    /// How it came out.
    pub finding: Finding,
    /// What was found, and what to do about it.
    pub text: String,
}

/// Looks at everything that a run of `plan` needs, as far as it gets.
///
/// # Errors
/// When our own brokers or the client for the questions can't start.
pub fn examine(plan: &RunPlan) -> Result<Vec<Check>, RunError> {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| RunError::Internal(format!("no runtime: {error}")))?;
    let embedded = match plan.target {
        Target::Cluster => None,
        Target::Embedded { brokers } => Some(start_embedded(brokers)?),
    };
    let checks = ask(&runtime, plan, embedded.as_ref());
    if let Some(embedded) = embedded {
        embedded.stop().map_err(|error| RunError::Internal(error.to_string()))?;
    }
    checks
}

fn ask(
    runtime: &Runtime,
    plan: &RunPlan,
    embedded: Option<&Embedded>,
) -> Result<Vec<Check>, RunError> {
    let mut network = NetworkConfig::from(&plan.producer);
    network.bootstrap =
        embedded.map_or(&*plan.producer.bootstrap_servers, Embedded::bootstrap).to_vec();
    let (tell, _unheard) = unbounded_channel();
    let span = plan.producer.max_block;
    let mut desk = Desk::new(runtime, &network, span, plan.streams[0].source.seed, tell)?;
    let mut checks = Checks::default();
    runtime.block_on(checks.all(&mut desk, plan, embedded.is_some()));
    Ok(checks.0)
}

#[derive(Default)]
struct Checks(Vec<Check>);

impl Checks {
    fn add(&mut self, name: &'static str, finding: Finding, text: impl Into<String>) {
        self.0.push(Check { name, finding, text: text.into() });
    }

    async fn all(&mut self, desk: &mut Desk, plan: &RunPlan, embedded: bool) {
        let name = &plan.topics[0].name;
        let described = match desk.describe(name).await {
            Ok(described) => described,
            Err(error) => return self.add("connection", Finding::Fault, error.to_string()),
        };
        self.cluster(&described, embedded);
        let mut found = false;
        for (at, asked) in plan.topics.iter().enumerate() {
            let described = match desk.describe(&asked.name).await {
                Ok(described) => described,
                Err(error) => return self.add("connection", Finding::Fault, error.to_string()),
            };
            let first = self.0.len();
            match described.topic.as_ref().filter(|_| !asked.fresh) {
                Some(topic) => {
                    found = true;
                    self.topic(desk, plan, at, topic).await;
                }
                None => self.missing_topic(asked, described.brokers.len()),
            }
            if plan.topics.len() > 1 {
                say_where(&asked.name, &mut self.0[first..]);
            }
        }
        let brokers: Vec<BrokerId> = described.brokers.iter().map(|broker| broker.id).collect();
        // The first answer may have come from a bootstrap server, which isn't asked again.
        if brokers.iter().all(|id| desk.versions(*id).is_none())
            && let Err(error) = desk.describe(name).await
        {
            return self.add("connection", Finding::Fault, error.to_string());
        }
        self.versions(desk, plan, &brokers);
        self.clock(found);
    }

    fn cluster(&mut self, described: &ClusterDescription, embedded: bool) {
        let facts = cluster_facts(described, embedded);
        let brokers = facts.brokers.iter();
        let brokers: Vec<_> =
            brokers.map(|it| format!("{} at {}:{}", it.id, it.host, it.port)).collect();
        let id = facts.id.as_deref().unwrap_or("without an id");
        self.add(
            "connection",
            Finding::Good,
            format!("cluster {id}; brokers {}", brokers.join(", ")),
        );
        if facts.embedded {
            self.add("brokers", Finding::Doubt, "embedded brokers in memory: no real Kafka");
        } else if facts.on_this_host {
            let text = "a broker runs on this machine and shares its cores; a result will be \
                        suspect, use another machine for the client";
            self.add("brokers", Finding::Doubt, text);
        }
    }

    fn missing_topic(&mut self, asked: &TopicPlan, brokers: usize) {
        let name = &asked.name;
        if !asked.create {
            let text = format!(
                "topic \"{name}\" does not exist, and --no-create-topic forbids making it; create \
                 it first, or leave that flag out"
            );
            return self.add("topic", Finding::Fault, text);
        }
        let replicas = usize::try_from(asked.replication_factor).unwrap_or(0);
        if replicas > brokers {
            let text = format!(
                "--replication-factor = \"{replicas}\": the cluster has {brokers} brokers; \
                 expected {brokers} at most"
            );
            return self.add("topic", Finding::Fault, text);
        }
        let text = if asked.fresh {
            "a run makes a new one, so there is nothing to look at yet; that the client may make \
             topics is known only then"
                .to_owned()
        } else {
            format!(
                "\"{name}\" does not exist: a run makes it; that the client may make topics is \
                 known only then"
            )
        };
        self.add("topic", Finding::Note, text);
    }

    async fn topic(
        &mut self,
        desk: &mut Desk,
        plan: &RunPlan,
        at: usize,
        topic: &TopicDescription,
    ) {
        let mut facts = topic_facts(topic, false);
        let configs = match desk.configs(&topic.name).await {
            Ok(configs) => configs,
            Err(error) => {
                self.add("settings", Finding::Fault, error.to_string());
                Vec::new()
            }
        };
        let known = configs.iter().filter_map(|it| Some((it.name.clone(), it.value.clone()?)));
        facts.configs = known.collect();
        match fits(plan, at, &facts).and_then(|()| as_asked(&plan.topics[at], &facts)) {
            Ok(()) => {
                let (name, count) = (&facts.name, facts.partitions);
                let text = format!(
                    "\"{name}\": {count} partitions, {} replicas each",
                    facts.replication_factor
                );
                self.add("topic", Finding::Good, text);
            }
            Err(error) => self.add("topic", Finding::Fault, error.to_string()),
        }
        self.leaders(topic);
        self.replicas(plan.producer.acks, topic, &configs);
        self.settings(plan, at, &configs);
        if let Some(text) = outdated(&plan.streams, at, &facts.configs, unix_ms_now()) {
            self.add("retention", Finding::Doubt, text);
        }
        match desk.offsets(&topic.name).await {
            Ok(offsets) => {
                let records: i64 = offsets.iter().sum();
                let text = format!("every leader answers; end offsets sum up to {records}");
                self.add("leaders", Finding::Good, text);
            }
            Err(error) => self.add("leaders", Finding::Fault, error.to_string()),
        }
    }

    fn leaders(&mut self, topic: &TopicDescription) {
        let without: Vec<_> =
            topic.partitions.iter().filter(|it| it.leader.is_none()).map(|it| it.index).collect();
        if !without.is_empty() {
            let text = format!(
                "no leader for partition {}: nothing can be written to it; start its brokers",
                list(&without)
            );
            return self.add("leaders", Finding::Fault, text);
        }
        let moved = |it: &&crate::kafka::admin::PartitionDescription| {
            it.leader != it.replicas.first().copied()
        };
        let moved = topic.partitions.iter().filter(moved).count();
        let mut shares = leaders_of(topic);
        shares.sort_unstable();
        let most = shares.chunk_by(|a, b| a == b).map(<[i32]>::len).max().unwrap_or(0);
        if moved > 0 {
            let text = format!(
                "{moved} of {} partitions are not led by their preferred replica, one broker leads \
                 {most}; run kafka-leader-election, or give --wait-balanced-leaders 30s",
                topic.partitions.len()
            );
            self.add("leaders", Finding::Doubt, text);
        }
    }

    fn replicas(&mut self, acks: Acks, topic: &TopicDescription, configs: &[ConfigEntry]) {
        let least = setting(configs, "min.insync.replicas").unwrap_or(1);
        let parts = || topic.partitions.iter();
        let in_sync = |it: &crate::kafka::admin::PartitionDescription| it.isr.len() as u64;
        // A broker asks for no more than there are replicas (Partition.effectiveMinIsr).
        let asked = |it: &crate::kafka::admin::PartitionDescription| {
            least.min(u64::try_from(it.replicas.len()).unwrap_or(u64::MAX))
        };
        let short: Vec<_> =
            parts().filter(|it| in_sync(it) < asked(it)).map(|it| it.index).collect();
        let behind = parts().filter(|it| it.isr.len() < it.replicas.len()).count();
        if !short.is_empty() && acks == Acks::All {
            let text = format!(
                "fewer than min.insync.replicas = {least} in sync for partition {}: acks=all would \
                 be refused; start its brokers, or wait until they have caught up",
                list(&short)
            );
            self.add("replicas", Finding::Fault, text);
        } else if behind > 0 {
            let text = format!(
                "{behind} of {} partitions have replicas that are not in sync: brokers are busy \
                 catching up; wait until they have",
                topic.partitions.len()
            );
            self.add("replicas", Finding::Doubt, text);
        } else {
            let text = format!("all in sync; min.insync.replicas = {least}");
            self.add("replicas", Finding::Good, text);
        }
    }

    fn settings(&mut self, plan: &RunPlan, at: usize, configs: &[ConfigEntry]) {
        let word = |name: &str| {
            configs.iter().find(|it| it.name == name).and_then(|it| it.value.as_deref())
        };
        let compacted = word("cleanup.policy").is_some_and(|it| it.contains("compact"));
        let here = || plan.streams.iter().filter(|stream| stream.topic == at);
        if compacted && here().any(|stream| stream.source.key == KeyPlan::None) {
            let text = "cleanup.policy = compact: such a topic takes no record without a key; give \
                        --key, or use another topic";
            self.add("settings", Finding::Fault, text);
        }
        let most = setting(configs, "max.message.bytes");
        let sized = here().filter(|stream| stream.source.value.is_sized());
        let least = sized.map(|stream| stream.source.size.least()).max().unwrap_or(0);
        if let Some(most) = most.filter(|most| u64::from(least) > *most) {
            let text = format!(
                "max.message.bytes = {most}: every record would be refused, since values have \
                 {least} bytes and more; lower --record-size, or raise that setting"
            );
            self.add("settings", Finding::Fault, text);
        } else if let Some(most) = most.filter(|most| u64::from(plan.producer.batch_size) > *most) {
            let text = format!(
                "max.message.bytes = {most} is below batch.size = {}: full batches will be refused \
                 and split; lower --batch-size",
                plan.producer.batch_size
            );
            self.add("settings", Finding::Doubt, text);
        }
        let codec = word("compression.type").filter(|codec| *codec != "producer");
        if let Some(codec) = codec.filter(|codec| *codec != plan.producer.compression.codec.name())
        {
            let text = format!(
                "compression.type = {codec}: brokers compress every batch again, which costs them \
                 CPU; a topic with \"producer\" keeps them as they come"
            );
            self.add("settings", Finding::Doubt, text);
        }
    }

    fn versions(&mut self, desk: &Desk, plan: &RunPlan, brokers: &[BrokerId]) {
        let mut wanted = vec![ApiKey::Produce, ApiKey::Metadata, ApiKey::ListOffsets];
        if plan.producer.enable_idempotence {
            wanted.push(ApiKey::InitProducerId);
        }
        let known: Vec<_> =
            brokers.iter().filter_map(|id| Some((id.0, desk.versions(*id)?))).collect();
        let mut missing = Vec::new();
        for (id, versions) in &known {
            let lacks = wanted.iter().filter(|api| versions.choose(**api).is_none());
            missing.extend(lacks.map(|api| format!("{api:?} of broker {id}")));
        }
        if !missing.is_empty() {
            let text = format!(
                "no version in common: {}; upgrade whichever side is older",
                missing.join(", ")
            );
            return self.add("versions", Finding::Fault, text);
        }
        let spoken = wanted.iter().filter_map(|api| {
            let lowest = known.iter().filter_map(|(_, versions)| versions.choose(*api)).min()?;
            Some(format!("{api:?} {lowest}"))
        });
        let spoken = spoken.collect::<Vec<_>>().join(", ");
        let (asked, all) = (known.len(), brokers.len());
        if known.is_empty() {
            let text = "no connection stands any more, so what brokers speak is not known";
            return self.add("versions", Finding::Note, text);
        }
        let text = format!("{spoken} at {asked} of {all} brokers that were asked");
        self.add("versions", Finding::Good, text);
    }

    fn clock(&mut self, topic: bool) {
        let text = if topic {
            "a broker's can't be read: no request asks for it, and nothing was written; it moves \
             no latency, since all instants are this machine's"
        } else {
            "a broker's can't be read; it moves no latency, since all instants are this machine's"
        };
        self.add("clock", Finding::Note, text);
    }
}

/// Puts the topic's name before texts that don't have it.
fn say_where(topic: &str, checks: &mut [Check]) {
    for check in checks.iter_mut().filter(|check| check.name != "topic") {
        check.text = format!("\"{topic}\": {}", check.text);
    }
}

/// A setting that is a number.
fn setting(configs: &[ConfigEntry], name: &str) -> Option<u64> {
    configs.iter().find(|it| it.name == name)?.value.as_ref()?.parse().ok()
}

/// The first few of many.
fn list<T: Display>(all: &[T]) -> String {
    let first: Vec<_> = all.iter().take(MOST_LISTED).map(ToString::to_string).collect();
    let more = all.len().saturating_sub(MOST_LISTED);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{rest}", first.join(", "))
}

const MOST_LISTED: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::admin::PartitionDescription;
    use crate::kafka::wire::Uuid;

    fn topic(leaders: &[Option<i32>], isr: usize) -> TopicDescription {
        let replicas = [1, 2, 3].map(BrokerId);
        let partition = |(index, leader): (i32, &Option<i32>)| PartitionDescription {
            index,
            leader: leader.map(BrokerId),
            leader_epoch: 1,
            replicas: replicas.to_vec(),
            isr: replicas[..isr].to_vec(),
        };
        let partitions = (0..).zip(leaders).map(partition).collect();
        TopicDescription { name: "t".to_owned(), id: Uuid::default(), partitions }
    }

    fn found(check: impl FnOnce(&mut Checks)) -> Vec<(Finding, String)> {
        let mut checks = Checks::default();
        check(&mut checks);
        checks.0.into_iter().map(|it| (it.finding, it.text)).collect()
    }

    #[test]
    fn a_partition_without_a_leader_is_a_fault_and_a_moved_one_a_doubt() {
        let lost = found(|it| it.leaders(&topic(&[Some(1), None, None], 3)));
        assert_eq!(lost[0].0, Finding::Fault);
        assert!(lost[0].1.starts_with("no leader for partition 1, 2: "), "{lost:?}");
        let moved = found(|it| it.leaders(&topic(&[Some(1), Some(2), Some(2)], 3)));
        assert_eq!(moved[0].0, Finding::Doubt);
        assert!(moved[0].1.starts_with("2 of 3 partitions"), "{moved:?}");
        assert_eq!(found(|it| it.leaders(&topic(&[Some(1)], 3))), []);
    }

    /// Goal: a topic is asked for as many replicas as its brokers ask for. Method:
    /// min.insync.replicas of 2 where all three are in sync, where one is, and where there is but
    /// one.
    #[test]
    fn no_more_replicas_are_asked_for_than_there_are() {
        let two = [ConfigEntry {
            name: "min.insync.replicas".to_owned(),
            value: Some("2".to_owned()),
            is_topics_own: false,
        }];
        let finding =
            |topic: &TopicDescription| found(|it| it.replicas(Acks::All, topic, &two)).remove(0).0;
        assert_eq!(finding(&topic(&[Some(1)], 3)), Finding::Good);
        assert_eq!(finding(&topic(&[Some(1)], 1)), Finding::Fault);
        let mut single = topic(&[Some(1)], 1);
        single.partitions[0].replicas.truncate(1);
        assert_eq!(finding(&single), Finding::Good);
    }

    #[test]
    fn of_several_topics_each_check_names_its_own() {
        let mut checks = Checks::default();
        checks.add("topic", Finding::Good, "\"a\": 3 partitions");
        checks.add("replicas", Finding::Good, "all in sync");
        say_where("a", &mut checks.0);
        let texts: Vec<_> = checks.0.iter().map(|check| &*check.text).collect();
        assert_eq!(texts, ["\"a\": 3 partitions", "\"a\": all in sync"]);
    }

    #[test]
    fn long_lists_are_cut() {
        let all: Vec<i32> = (0..10).collect();
        assert_eq!(list(&all), "0, 1, 2, 3, 4, 5, 6, 7 and 2 more");
    }
}
