//! A stretch of records into one open batch, one after another, with nothing asked in between.
//!
//! Cost class: per record, the shortest way there is: what it counts stays in registers until its
//! end. What a stretch doesn't take (no room, more memory to be charged, the record that makes the
//! batch full) is for [`Accumulator::append`], which knows everything: batches come out the same
//! whichever way a record went.

use crate::base::{Instant, PartitionSlot, RecordView};
use crate::kafka::compression::Codec;
use crate::kafka::wire::record_batch::{self, Envelope, SLACK};

use super::{Accumulator, Batch, Place, Stamp, Stamps};

/// An open batch without a codec, to be appended to. See the file's documentation.
#[derive(Debug)]
pub struct Stretch<'a> {
    room: &'a mut [u8],
    stamps: &'a mut Stamps,
    /// What the batch says of itself, brought up to date at the end.
    filled: &'a mut usize,
    count: &'a mut u32,
    payload: &'a mut u64,
    max_timestamp: &'a mut i64,
    /// Of the records; and its distance to the batch's base.
    timestamp_ms: i64,
    timestamp_delta: i64,
    now: Instant,
    /// The batch and the place of its next record.
    next: Place,
    /// Where the next record is written to, and where the batch would be full.
    at: usize,
    end: usize,
    /// Bytes of keys, values and headers so far.
    carried: usize,
    envelope: Option<Envelope>,
    /// While records without a schedule are seen at this instant their stamps are alike, and only
    /// counted.
    alike: Option<Instant>,
    uncounted: u32,
}

impl Accumulator {
    /// The open batch of a partition for less than `most` bytes of records, all appended at `now`
    /// with the timestamp `timestamp_ms`; `None` without one, and under a codec, where every record
    /// asks the estimate.
    #[must_use]
    pub fn stretch(
        &mut self,
        slot: PartitionSlot,
        most: usize,
        timestamp_ms: i64,
        now: Instant,
    ) -> Option<Stretch<'_>> {
        if self.compression.codec != Codec::None {
            return None;
        }
        let batch = self.queues[slot.index()].open_mut()?;
        Some(batch.stretch(most, timestamp_ms, now))
    }
}

impl Batch {
    fn stretch(&mut self, most: usize, timestamp_ms: i64, now: Instant) -> Stretch<'_> {
        let (room, filled) = self.body.parts();
        let limit = self.plain_limit.min(room.len().saturating_sub(SLACK));
        Stretch {
            at: *filled,
            end: limit.min(filled.saturating_add(most)),
            next: Place { batch: self.id, index: self.count },
            timestamp_delta: timestamp_ms.wrapping_sub(self.base_timestamp),
            room,
            filled,
            stamps: &mut self.stamps,
            count: &mut self.count,
            payload: &mut self.payload,
            max_timestamp: &mut self.max_timestamp,
            timestamp_ms,
            now,
            carried: 0,
            envelope: None,
            alike: None,
            uncounted: 0,
        }
    }
}

impl Stretch<'_> {
    /// Appends a record, or does nothing: then it is for [`Accumulator::append`].
    #[inline(always)]
    pub fn push(&mut self, record: &RecordView<'_>, stamp: &Stamp) -> Option<Place> {
        let (index, delta) = (self.next.index, self.timestamp_delta);
        let body = record_batch::body_len(index, delta, record);
        if self.at + record_batch::framed_len(body) >= self.end {
            return None;
        }
        let written =
            record_batch::write_record(&mut self.room[self.at..], index, delta, record, body);
        Some(self.went_in(written, record.payload(), stamp))
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
        let index = self.next.index;
        if !self.envelope.is_some_and(|it| it.serves(len, index)) {
            self.envelope = Envelope::new(len, self.timestamp_delta, index);
        }
        let envelope = self.envelope?;
        if self.at + envelope.total() >= self.end {
            return None;
        }
        envelope.write(&mut self.room[self.at..], index, fill);
        Some(self.went_in(envelope.total(), len, stamp))
    }

    #[inline(always)]
    fn went_in(&mut self, written: usize, payload: usize, stamp: &Stamp) -> Place {
        let dueless = stamp.due.is_none() || cfg!(kprod_no_latency);
        let bare = dueless && stamp.number.is_none() && stamp.handed == self.now;
        if bare && self.alike == Some(stamp.seen) {
            self.uncounted += 1;
        } else {
            self.count_alike();
            self.stamps.push(stamp, self.now);
            self.alike = bare.then_some(stamp.seen);
        }
        self.at += written;
        self.carried += payload;
        let place = self.next;
        self.next.index += 1;
        place
    }

    fn count_alike(&mut self) {
        self.stamps.again(self.uncounted);
        self.uncounted = 0;
    }

    /// Bytes of the records so far.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.at - *self.filled
    }
}

impl Drop for Stretch<'_> {
    fn drop(&mut self) {
        if *self.count == self.next.index {
            return;
        }
        self.count_alike();
        *self.max_timestamp = (*self.max_timestamp).max(self.timestamp_ms);
        *self.filled = self.at;
        *self.count = self.next.index;
        *self.payload += self.carried as u64;
    }
}
