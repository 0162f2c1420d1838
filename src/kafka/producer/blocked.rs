//! Records that can't be taken for want of metadata or memory, and the words for it
//! (`KafkaProducer.waitOnMetadata`, `BufferPool.allocate`).
//!
//! Cost class: rare; once for each input while the caller is blocked.

use core::time::Duration;

use crate::base::{Instant, RecordView, TopicSlot};
use crate::kafka::connection::in_words;
use crate::kafka::wire::{ErrorCode, record_batch};

use super::producer::Producer;
use super::{Failure, Sent};

impl Producer {
    /// The record's partition, or the whole topic, isn't in the metadata: it is asked for. A topic
    /// that was refused for good is told so, once an answer.
    #[cold]
    pub(super) fn unknown(&mut self, topic: TopicSlot, now: Instant) -> Sent {
        if let Some(code) = self.cluster.take_topic_refusal(topic, now) {
            let name = &self.topics[topic.index()].name;
            let message = format!("topic {name}: {}", code.meaning());
            return Sent::Refused(Failure { code, message });
        }
        self.cluster.use_topic(topic, now);
        self.cluster.request_update(now);
        Sent::NoMetadata
    }

    /// What is said of a record that was answered with [`Sent::NoMetadata`] for `waited`: Kafka's
    /// words, and behind them what stood in the way.
    #[must_use]
    pub fn absence(&self, topic: TopicSlot, partition: Option<u32>, waited: Duration) -> Failure {
        let name = &self.topics[topic.index()].name;
        let (count, millis) = (self.cluster.topic(topic).partitions().len(), waited.as_millis());
        let mut message = match partition {
            Some(partition) if count > 0 => format!(
                "Partition {partition} of topic {name} with partition count {count} is not present \
                 in metadata after {millis} ms."
            ),
            _ => format!("Topic {name} not present in metadata after {millis} ms."),
        };
        if let Some(why) = self.metadata_trouble(topic) {
            message.push(' ');
            message.push_str(&why);
        }
        Failure { code: ErrorCode::REQUEST_TIMED_OUT, message }
    }

    /// What stands in the way of metadata for a topic, in words: the answer of the brokers, or why
    /// none comes.
    #[must_use]
    pub fn metadata_trouble(&self, topic: TopicSlot) -> Option<String> {
        if let Some(problem) = self.cluster.metadata_problem() {
            return Some(problem);
        }
        let found = self.cluster.topic(topic);
        if let Some(code) = found.error {
            return Some(format!("The cluster says {code}: {}", code.meaning()));
        }
        let problems = self.cluster.problems();
        (!problems.is_empty()).then(|| in_words(&problems))
    }

    /// What is said of a record that was answered with [`Sent::Full`] for `waited`.
    #[must_use]
    pub fn exhaustion(&self, record: &RecordView<'_>, waited: Duration) -> Failure {
        let memory = self.accumulator().memory();
        let size = record_batch::upper_bound(record).max(self.config.batch_size as usize);
        let message = format!(
            "no room for a batch of {size} bytes in buffer.memory within max.block.ms = {} ms: {} \
             bytes in total, {} available",
            waited.as_millis(),
            memory.total(),
            memory.total() - memory.used()
        );
        Failure { code: ErrorCode::REQUEST_TIMED_OUT, message }
    }
}
