//! Which partition a record goes to, as far as its key decides that. Cost class: per record.
//!
//! Records that the partitioner spreads go where batches and brokers let them; of those nothing can
//! be said beforehand.

use std::sync::Arc;

use crate::base::RecordView;
use crate::host::driver::plan::{RunPlan, StreamPlan};
use crate::kafka::partitioner::{
    KeyRules, NoKey, OtherClient, PartitionerKind, Pin, Ruled, partition_for_key,
};

/// Where a record goes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Place {
    /// There.
    Partition(u32),
    /// Nowhere: the key rules refuse it, for this reason.
    Refused(String),
    /// Where the run sees fit, or it depends on how many partitions there are.
    Open,
}

/// Says where records go.
pub(super) struct Places {
    rules: Option<Arc<KeyRules>>,
    kind: PartitionerKind,
    ignore_keys: bool,
    other: Option<OtherClient>,
    /// How many partitions there are, where the flags say that.
    partitions: Option<u32>,
    /// Kept for its memory.
    both: Vec<u8>,
}

impl Places {
    /// Of a stream of a run.
    pub(super) fn new(plan: &RunPlan, stream: &StreamPlan) -> Self {
        let config = &plan.producer;
        let topic = &plan.topics[stream.topic];
        Self {
            rules: config.key_rules.clone(),
            kind: config.partitioner,
            ignore_keys: config.ignore_keys,
            other: OtherClient::new(config.partitioner, config.linger),
            partitions: u32::try_from(topic.partitions).ok().filter(|count| *count > 0),
            both: Vec::new(),
        }
    }

    /// Of a record.
    pub(super) fn of(&mut self, record: &RecordView<'_>) -> Place {
        if let Some(partition) = record.partition {
            return Place::Partition(partition);
        }
        let found = match (&self.rules, self.partitions) {
            (Some(rules), Some(partitions)) => {
                match rules.rule(record.key, record.value, partitions, &mut self.both) {
                    Ruled::To(partition) => Some(partition),
                    Ruled::Refused(why) => return Place::Refused(rules.reason(why)),
                    Ruled::Random | Ruled::Sticky => None,
                }
            }
            (Some(rules), None) => match pinned(rules, record.key) {
                Pinned::To(partition) => Some(partition),
                Pinned::Refused => return Place::Refused(rules.rules().message.clone()),
                Pinned::Open => None,
            },
            (None, Some(partitions)) => self.by_key(record.key, partitions),
            (None, None) => None,
        };
        found.map_or(Place::Open, Place::Partition)
    }

    /// What the key alone decides without rules.
    fn by_key(&self, key: Option<&[u8]>, partitions: u32) -> Option<u32> {
        match self.kind {
            PartitionerKind::BuiltIn if self.ignore_keys => None,
            PartitionerKind::BuiltIn | PartitionerKind::LegacyDefault => {
                Some(partition_for_key(key?, partitions))
            }
            _ => self.other.as_ref()?.by_key(key, partitions),
        }
    }
}

/// What rules say however many partitions there are.
enum Pinned {
    To(u32),
    Refused,
    Open,
}

fn pinned(rules: &KeyRules, key: Option<&[u8]>) -> Pinned {
    let rules = rules.rules();
    let pin = match key {
        Some(key) => rules.pins.iter().find(|(pinned, _)| pinned == key).map(|(_, pin)| *pin),
        None => match rules.no_key {
            NoKey::Refuse => return Pinned::Refused,
            NoKey::To(pin) => Some(pin),
            NoKey::Random | NoKey::Sticky => None,
        },
    };
    match pin {
        Some(Pin::To(partition)) => Pinned::To(partition),
        Some(Pin::Last) | None => Pinned::Open,
    }
}
