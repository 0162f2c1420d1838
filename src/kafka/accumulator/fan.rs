//! Records into the open batches of many partitions, one after another.
//!
//! Cost class: per record; the sibling of [`Stretch`](super::Stretch) for records that are spread.
//! What it doesn't take (no open batch, no room, more memory to be charged, the record that makes
//! the batch full) is for [`Accumulator::append`]: batches come out the same whichever way a record
//! went.

use crate::base::{Instant, PartitionSlot, RecordView};
use crate::kafka::compression::Codec;
use crate::kafka::wire::record_batch::{self, Keyed, SLACK};

use super::queue::Queue;
use super::{Accumulator, Batch, Place, Stamp};

/// All open batches. See the file's documentation.
#[derive(Debug)]
pub struct Fan<'a> {
    queues: &'a mut [Queue],
    timestamp_ms: i64,
    now: Instant,
}

impl Accumulator {
    /// The open batches for records that are appended at `now` with the timestamp `timestamp_ms`;
    /// `None` under a codec, where every record asks the estimate.
    #[must_use]
    pub fn fan(&mut self, timestamp_ms: i64, now: Instant) -> Option<Fan<'_>> {
        let plain = self.compression.codec == Codec::None;
        plain.then_some(Fan { queues: &mut self.queues, timestamp_ms, now })
    }
}

impl Fan<'_> {
    /// Appends a record to the partition's open batch, or does nothing: then it is for
    /// [`Accumulator::append`].
    #[inline(always)]
    pub fn push(
        &mut self,
        slot: PartitionSlot,
        record: &RecordView<'_>,
        stamp: &Stamp,
    ) -> Option<Place> {
        let batch = self.queues[slot.index()].open_mut()?;
        let (index, delta) = (batch.count, self.timestamp_ms.wrapping_sub(batch.base_timestamp));
        let body = record_batch::body_len(index, delta, record);
        let (room, total) = (batch.room_for(record_batch::framed_len(body))?, record.payload());
        let written = record_batch::write_record(room, index, delta, record, body);
        Some(batch.went_in(written, total, self.timestamp_ms, stamp, self.now))
    }

    /// Appends a record with this key and without headers, whose value of `len` bytes `fill` writes
    /// to the start of what it is given, where it may spoil what is behind; or does nothing, as
    /// [`Fan::push`].
    #[inline(always)]
    pub fn push_value(
        &mut self,
        slot: PartitionSlot,
        key: &[u8],
        len: usize,
        fill: impl FnOnce(&mut [u8]),
        stamp: &Stamp,
    ) -> Option<Place> {
        let batch = self.queues[slot.index()].open_mut()?;
        let (index, delta) = (batch.count, self.timestamp_ms.wrapping_sub(batch.base_timestamp));
        let fields = Keyed::new(key.len(), len, delta, index)?;
        fields.write(batch.room_for(fields.total())?, key, fill);
        Some(batch.went_in(fields.total(), key.len() + len, self.timestamp_ms, stamp, self.now))
    }
}

impl Batch {
    /// Room for a record of `len` bytes that doesn't fill the batch, with [`SLACK`] behind it.
    #[inline(always)]
    fn room_for(&mut self, len: usize) -> Option<&mut [u8]> {
        let (room, filled) = self.body.parts();
        let limit = self.plain_limit.min(room.len().saturating_sub(SLACK));
        (*filled + len < limit).then(|| &mut room[*filled..])
    }

    /// Counts what was written there.
    #[inline(always)]
    fn went_in(
        &mut self,
        written: usize,
        payload: usize,
        timestamp_ms: i64,
        stamp: &Stamp,
        now: Instant,
    ) -> Place {
        let place = Place { batch: self.id, index: self.count };
        *self.body.parts().1 += written;
        self.max_timestamp = self.max_timestamp.max(timestamp_ms);
        self.payload += payload as u64;
        self.stamps.push(stamp, now);
        self.count += 1;
        place
    }
}
