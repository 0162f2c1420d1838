//! A stretch of records that nothing sends elsewhere: the built-in partitioner stays where it is,
//! and the open batch has room.
//!
//! Cost class: per record. It saves what [`Producer::send`] asks for each: partitioner, partition,
//! queue, memory, limits. What it doesn't take is for `send`, and comes out the same there.

use crate::base::{Instant, PartitionSlot, RecordView, TopicSlot};
use crate::kafka::accumulator::{self, Place, Stamp};
use crate::kafka::partitioner::Sticky;

use super::Producer;
use super::producer::LARGEST_OVERHEAD;

/// Takes records for one batch. See the file's documentation.
#[derive(Debug)]
pub struct Stretch<'a> {
    open: accumulator::Stretch<'a>,
    sticky: &'a mut Sticky,
    ignore_keys: bool,
    slot: PartitionSlot,
}

impl Producer {
    /// The next records of a topic, handed over at `now` with the timestamp `timestamp_ms`, as far
    /// as they go into the batch that is open now; `None` when [`Producer::send`] should decide.
    pub fn stretch(
        &mut self,
        topic: TopicSlot,
        timestamp_ms: i64,
        now: Instant,
    ) -> Option<Stretch<'_>> {
        if self.fatal.is_some() {
            return None;
        }
        let slots = self.cluster.topic(topic).partitions();
        let (sticky, slot, ignore_keys) = self.topics[topic.index()].stuck(slots)?;
        // The partitioner's switch ends it, and so does the largest record: what fits is smaller.
        let largest = self.largest_record.saturating_sub(LARGEST_OVERHEAD);
        let most = usize::try_from(sticky.left()).unwrap_or(usize::MAX).min(largest);
        let open = self.accumulator.stretch(slot, most, timestamp_ms, now)?;
        Some(Stretch { open, sticky, ignore_keys, slot })
    }
}

impl Stretch<'_> {
    /// Appends a record, or does nothing: then it is for [`Producer::send`].
    #[inline(always)]
    pub fn push(&mut self, record: &RecordView<'_>, stamp: &Stamp) -> Option<Place> {
        if record.partition.is_some() || (record.key.is_some() && !self.ignore_keys) {
            return None;
        }
        self.open.push(record, stamp)
    }

    /// Appends a record without key and headers, whose value of `len` bytes `fill` writes to the
    /// start of what it is given, where it may spoil what is behind; or does nothing, as
    /// [`Stretch::push`].
    #[inline(always)]
    pub fn push_value(
        &mut self,
        len: usize,
        fill: impl FnOnce(&mut [u8]),
        stamp: &Stamp,
    ) -> Option<Place> {
        self.open.push_value(len, fill, stamp)
    }

    /// Where they go.
    #[must_use]
    pub const fn slot(&self) -> PartitionSlot {
        self.slot
    }
}

impl Drop for Stretch<'_> {
    /// The partitioner counts what went in; less than what would make it switch.
    fn drop(&mut self) {
        self.sticky.produced(self.open.bytes() as u64, false);
    }
}
