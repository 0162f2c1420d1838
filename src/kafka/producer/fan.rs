//! Many records in a row that choose their partitions themselves: by their keys, or by name.
//!
//! Cost class: per record. As [`Stretch`](super::Stretch) for records without a key, it saves what
//! [`Producer::send`] asks for each beyond its partition; what it doesn't take is for `send`, and
//! comes out the same there.

use crate::base::{Instant, PartitionSlot, RecordView, TopicSlot};
use crate::kafka::accumulator::{self, Place, Stamp};
use crate::kafka::partitioner::partition_for_key;

use super::Producer;
use super::producer::LARGEST_OVERHEAD;

/// Takes records that have a key or name a partition. See the file's documentation.
#[derive(Debug)]
pub struct Fan<'a> {
    open: accumulator::Fan<'a>,
    slots: &'a [PartitionSlot],
    partitions: u32,
    /// Bytes of keys and values that are surely no record too large.
    largest: usize,
}

impl Producer {
    /// The next records of a topic, handed over at `now` with the timestamp `timestamp_ms`, as far
    /// as they have keys or name partitions, and go into batches that are open now; `None` when
    /// [`Producer::send`] should decide.
    pub fn fan(&mut self, topic: TopicSlot, timestamp_ms: i64, now: Instant) -> Option<Fan<'_>> {
        let slots = self.cluster.topic(topic).partitions();
        let partitions = u32::try_from(slots.len()).ok().filter(|count| *count > 0)?;
        if self.fatal.is_some() || !self.topics[topic.index()].goes_by_key() {
            return None;
        }
        let open = self.accumulator.fan(timestamp_ms, now)?;
        let largest = self.largest_record.saturating_sub(LARGEST_OVERHEAD);
        Some(Fan { open, slots, partitions, largest })
    }
}

impl Fan<'_> {
    /// Appends a record, or does nothing: then it is for [`Producer::send`]. Gives its partition
    /// and place.
    #[inline(always)]
    pub fn push(
        &mut self,
        record: &RecordView<'_>,
        stamp: &Stamp,
    ) -> Option<(PartitionSlot, Place)> {
        if !record.headers.is_empty() || record.payload() > self.largest {
            return None;
        }
        let slot = match record.partition {
            Some(partition) => *self.slots.get(partition as usize)?,
            None => self.by_key(record.key?),
        };
        Some((slot, self.open.push(slot, record, stamp)?))
    }

    /// Appends a record with this key and without headers, whose value of `len` bytes `fill` writes
    /// to the start of what it is given, where it may spoil what is behind; or does nothing, as
    /// [`Fan::push`].
    #[inline(always)]
    pub fn push_value(
        &mut self,
        key: &[u8],
        len: usize,
        fill: impl FnOnce(&mut [u8]),
        stamp: &Stamp,
    ) -> Option<(PartitionSlot, Place)> {
        if key.len() + len > self.largest {
            return None;
        }
        let slot = self.by_key(key);
        Some((slot, self.open.push_value(slot, key, len, fill, stamp)?))
    }

    #[inline(always)]
    fn by_key(&self, key: &[u8]) -> PartitionSlot {
        self.slots[partition_for_key(key, self.partitions) as usize]
    }
}
