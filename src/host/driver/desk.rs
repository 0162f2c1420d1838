//! Questions to the cluster besides the load: topic, settings, offsets, leaders, records.
//!
//! Cost class: per run. One admin client for the whole run, asked from the driver's own thread.

use core::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::timeout;

use super::error::RunError;
use super::patience::Patience;
use super::result::BrokerFacts;
use crate::base::{BrokerId, mix};
use crate::host::shell::{Shell, clock};
use crate::kafka::admin::{
    Admin, AdminCall, AdminReply, Ask, ClusterDescription, ConfigEntry, Fetched, NetworkConfig,
    OffsetSpec, TopicDescription, Versions,
};

/// The admin client.
pub(super) struct Desk {
    shell: Shell<Admin>,
    timeout: Duration,
    /// Questions without an answer: more than one when the wait for an earlier one was dropped.
    unanswered: u32,
    tell: UnboundedSender<String>,
}

impl Desk {
    /// A client of its own for `config`; each question may take `timeout`, but reaching no broker
    /// at all ends it earlier. What a long wait is for goes to `tell`.
    pub(super) fn new(
        runtime: &Runtime,
        config: &NetworkConfig,
        timeout: Duration,
        seed: u64,
        tell: UnboundedSender<String>,
    ) -> Result<Self, RunError> {
        let _context = runtime.enter();
        let admin = Admin::new(config, UNREACHABLE_AFTER.min(timeout), seed, clock::now());
        let shell = Shell::new(admin).map_err(|error| {
            RunError::Internal(format!("no timer for the admin client: {error}"))
        })?;
        Ok(Self { shell, timeout, unanswered: 0, tell })
    }

    /// The cluster and one topic of it.
    pub(super) async fn describe(&mut self, topic: &str) -> Result<ClusterDescription, RunError> {
        match self.ask(Ask::Describe { topic: Some(topic.to_owned()) }).await? {
            AdminReply::Cluster(cluster) => Ok(cluster),
            other => Err(unexpected(&other)),
        }
    }

    /// Creates a topic.
    pub(super) async fn create(
        &mut self,
        name: &str,
        partitions: i32,
        replication_factor: i16,
        configs: &[(String, String)],
    ) -> Result<TopicDescription, RunError> {
        let configs = configs.to_vec();
        let name = name.to_owned();
        let ask = Ask::CreateTopic { name, partitions, replication_factor, configs };
        match self.ask(ask).await? {
            AdminReply::Created(topic) => Ok(topic),
            other => Err(unexpected(&other)),
        }
    }

    /// Deletes a topic.
    pub(super) async fn delete(&mut self, name: &str) -> Result<(), RunError> {
        self.ask(Ask::DeleteTopic { name: name.to_owned() }).await.map(|_| ())
    }

    /// A topic's settings.
    pub(super) async fn configs(&mut self, topic: &str) -> Result<Vec<ConfigEntry>, RunError> {
        match self.ask(Ask::DescribeConfigs { topic: topic.to_owned() }).await? {
            AdminReply::Configs(entries) => Ok(entries),
            other => Err(unexpected(&other)),
        }
    }

    /// The end offsets of topics, each by partition, once they haven't moved for a second: what was
    /// written without an answer may still arrive. A wait that takes longer
    /// is told.
    pub(super) async fn settled_offsets(
        &mut self,
        topics: &[String],
    ) -> Result<Vec<Vec<i64>>, RunError> {
        let mut last = self.all_offsets(topics).await?;
        for read in 0..SETTLE_READS {
            if read == TOLD_AFTER_READS {
                // Whoever listened may be gone.
                let _ = self.tell.send(MOVING.to_owned());
            }
            tokio::time::sleep(SETTLE_PAUSE).await;
            let next = self.all_offsets(topics).await?;
            if next == last {
                return Ok(next);
            }
            last = next;
        }
        Ok(last)
    }

    /// The end offsets of topics, each by partition, as they are.
    pub(super) async fn all_offsets(
        &mut self,
        topics: &[String],
    ) -> Result<Vec<Vec<i64>>, RunError> {
        let mut all = Vec::with_capacity(topics.len());
        for topic in topics {
            all.push(self.offsets(topic).await?);
        }
        Ok(all)
    }

    /// The end offsets of a topic by partition, as they are: every leader was reached where the
    /// cluster says that it is.
    pub(super) async fn offsets(&mut self, topic: &str) -> Result<Vec<i64>, RunError> {
        self.list_offsets(topic, OffsetSpec::Latest).await
    }

    /// The first offsets that a topic's logs still hold, by partition.
    pub(super) async fn first_offsets(&mut self, topic: &str) -> Result<Vec<i64>, RunError> {
        self.list_offsets(topic, OffsetSpec::Earliest).await
    }

    async fn list_offsets(&mut self, topic: &str, spec: OffsetSpec) -> Result<Vec<i64>, RunError> {
        match self.ask(Ask::ListOffsets { topic: topic.to_owned(), spec }).await? {
            AdminReply::Offsets(offsets) => Ok(offsets),
            other => Err(unexpected(&other)),
        }
    }

    /// Batches from these offsets on, as [`Ask::Fetch`].
    pub(super) async fn fetch(
        &mut self,
        topic: &str,
        from: Vec<(i32, i64)>,
        max_bytes: i32,
    ) -> Result<Vec<Fetched>, RunError> {
        match self.ask(Ask::Fetch { topic: topic.to_owned(), from, max_bytes }).await? {
            AdminReply::Fetched(fetched) => Ok(fetched),
            other => Err(unexpected(&other)),
        }
    }

    /// What a broker offers; `None` while no handshaken connection to it stands.
    pub(super) fn versions(&self, node: BrokerId) -> Option<&Versions> {
        self.shell.machine().versions(node)
    }

    /// A fingerprint of what brokers offer: equal for equal offers, whoever makes them.
    pub(super) fn api_versions_hash(&self, brokers: &[BrokerFacts]) -> Option<String> {
        let known = brokers.iter().filter_map(|broker| self.versions(BrokerId(broker.id)));
        let mut prints: Vec<u64> = known.map(fingerprint).collect();
        prints.sort_unstable();
        prints.dedup();
        let joined = prints.iter().fold(0, |sum, print| mix(sum ^ print));
        (!prints.is_empty()).then(|| format!("{joined:016x}"))
    }

    /// Tells what a long wait is for.
    fn say(&self, patience: &mut Patience) {
        if !patience.is_over() {
            return;
        }
        let obstacle = self.shell.machine().obstacle();
        if let Some(words) = obstacle.and_then(|words| patience.words(&words)) {
            // The run that listens is the one that waits for this answer.
            let _ = self.tell.send(words);
        }
    }

    async fn ask(&mut self, ask: Ask) -> Result<AdminReply, RunError> {
        self.shell.command(AdminCall::new(ask, self.timeout));
        self.unanswered += 1;
        let mut patience = Patience::begin();
        loop {
            let look = timeout(patience.next_look(), self.shell.run_until(Some));
            let Ok(answer) = look.await else {
                self.say(&mut patience);
                continue;
            };
            self.unanswered -= 1;
            match answer {
                // The answer to a question that was dropped before it came.
                Some(_) if self.unanswered > 0 => {}
                Some(Ok(reply)) => return Ok(reply),
                Some(Err(error)) => return Err(RunError::Unusable(error.to_string())),
                None => {
                    let words = "the admin client ended before its answer";
                    return Err(RunError::Internal(words.to_owned()));
                }
            }
        }
    }
}

/// Of one broker's offers.
fn fingerprint(versions: &Versions) -> u64 {
    let word = |part: i16| u64::from(part.cast_unsigned());
    let ranges = versions.ranges().iter();
    ranges.fold(0, |sum, (key, low, high)| {
        mix(sum ^ (word(*key) << 32 | word(*low) << 16 | word(*high)))
    })
}

fn unexpected(reply: &AdminReply) -> RunError {
    RunError::Internal(format!("the admin client gave the answer to another question: {reply:?}"))
}

/// With no broker reached for this long, a run gives up: someone waits in front of it.
const UNREACHABLE_AFTER: Duration = Duration::from_secs(10);
/// Offsets that haven't moved for this long are settled.
const SETTLE_PAUSE: Duration = Duration::from_secs(1);
/// Bound of the wait for offsets to settle.
const SETTLE_READS: u32 = 20;
/// Readings after which the wait is told.
const TOLD_AFTER_READS: u32 = 2;
const MOVING: &str = "the topic's end offsets still move, though this run writes nothing: somebody \
                      else does, or replicas catch up; waiting until they stand still for a \
                      second, for 20 s at most (--verify none doesn't)";
