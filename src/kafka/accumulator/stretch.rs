//! A stretch of records into one open batch, one after another, with nothing asked in between.
//!
//! Cost class: per record, the shortest way there is. What a stretch doesn't take (no room, more
//! memory to be charged, the record that makes the batch full) is for [`Accumulator::append`],
//! which knows everything: batches come out the same whichever way a record went.

use crate::base::{Instant, PartitionSlot, RecordView};
use crate::kafka::compression::Codec;

use super::{Accumulator, Batch, Place, Stamp};

/// An open batch without a codec, to be appended to. See the file's documentation.
#[derive(Debug)]
pub struct Stretch<'a> {
    batch: &'a mut Batch,
    start: usize,
    end: usize,
}

impl Accumulator {
    /// The open batch of a partition for less than `most` bytes of records; `None` without one, and
    /// under a codec, where every record asks the estimate.
    #[must_use]
    pub fn stretch(&mut self, slot: PartitionSlot, most: usize) -> Option<Stretch<'_>> {
        if self.compression.codec != Codec::None {
            return None;
        }
        let batch = self.queues[slot.index()].open_mut()?;
        let start = batch.body_len();
        let end = batch.plain_limit().min(start.saturating_add(most));
        Some(Stretch { batch, start, end })
    }
}

impl Stretch<'_> {
    /// Appends a record, or does nothing: then it is for [`Accumulator::append`].
    #[inline(always)]
    pub fn push(&mut self, record: &RecordView<'_>, stamp: &Stamp, now: Instant) -> Option<Place> {
        let body = self.batch.body_of(record);
        if self.batch.body_len() + Batch::len_of(body) >= self.end {
            return None;
        }
        let index = self.batch.push(record, body, stamp, now);
        Some(Place { batch: self.batch.id, index })
    }

    /// Bytes of the records so far.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.batch.body_len() - self.start
    }
}
