//! One batch of one partition: open for appends, then closed, compressed and sent, perhaps often.
//!
//! Cost class: `push` per record, the rest per batch. A batch is one boxed value that moves from
//! its partition's queue into a request and back; its memory is reused by a later batch.

use crate::base::{Instant, Job, PartitionSlot, RecordView};
use crate::kafka::compression::{Codec, Compression, Compressor};
use crate::kafka::wire::record_batch::{self, BatchHeader, HEADER_LEN};

use super::body::Body;
use super::{CloseReason, Stamp, Stamps};

/// A batch's number within its accumulator: dense from 0 in creation order, never reused.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct BatchId(pub u64);

/// Where a record was appended: what tells it from every other of its accumulator.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Place {
    /// The batch that it was appended to.
    pub batch: BatchId,
    /// Its place there, from 0.
    pub index: u32,
}

/// Where a batch stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BatchState {
    /// Takes records.
    Open,
    /// Its body is away being compressed; it keeps its place.
    Sealing,
    /// Ready for a request.
    Sealed,
}

/// The producer's identity and place that a batch was given at its first drain (KIP-98).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Identity {
    /// 0 or more.
    pub producer_id: i64,
    /// 0 or more.
    pub epoch: i16,
    /// Of the batch's first record: 0 to 2^31 − 1.
    pub base_sequence: i32,
}

/// What the sender knows of a batch.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Sending {
    /// How often it was put back into its queue.
    pub attempts: u32,
    /// While set and in the future, it waits out its retry backoff.
    pub retry_at: Option<Instant>,
    /// Taken off its queue for the first time.
    pub first_drained: Option<Instant>,
    /// Taken off its queue most recently.
    pub last_drained: Instant,
    /// An attempt ended without an answer, or with one that doesn't say whether it was written.
    pub maybe_written: bool,
    /// Its outcome was already delivered (it expired in flight); a late answer is ignored.
    pub finished: bool,
    /// Leader epoch at the last drain: a newer one cancels the backoff (KIP-951).
    pub leader_epoch: i32,
}

/// One batch. See the room's documentation for its life.
#[derive(Debug)]
pub struct Batch {
    /// Its number.
    pub id: BatchId,
    /// Its partition.
    pub slot: PartitionSlot,
    /// What the sender knows of it.
    pub sending: Sending,
    /// Set at the first drain of an idempotent producer, kept over retries.
    pub identity: Option<Identity>,
    /// When it was created: linger and delivery timeout count from here.
    pub created: Instant,
    /// Where its first record was appended, the others behind it: in itself, or in the batch that
    /// it is a piece of.
    pub(super) first: Place,
    pub(super) state: BatchState,
    pub(super) charged: u64,
    /// A linger deadline is noted for it.
    pub(super) lingering: bool,
    pub(super) body: Body,
    pub(super) stamps: Stamps,
    pub(super) count: u32,
    pub(super) base_timestamp: i64,
    pub(super) max_timestamp: i64,
    write_limit: usize,
    /// How far the body may grow without another question: the limit isn't passed, and memory is
    /// charged. 0 under a codec, where the estimate is asked.
    pub(super) plain_limit: usize,
    /// See [`Batch::capacity_limit`].
    pub(super) capacity_limit: usize,
    /// Estimated compressed bytes per uncompressed byte; 1 without compression.
    ratio: f32,
    uncompressed: usize,
    pub(super) payload: u64,
    close_reason: CloseReason,
    seal_asked: Instant,
    seal: SealTime,
    codec: Codec,
    header: [u8; HEADER_LEN],
}

impl Batch {
    /// A new open batch in the memory of an old one (or [`Batch::blank`]).
    pub(super) fn reopen(
        mut self: Box<Self>,
        id: BatchId,
        slot: PartitionSlot,
        plan: &Opening,
    ) -> Box<Self> {
        let (mut body, mut stamps) =
            (core::mem::take(&mut self.body), core::mem::take(&mut self.stamps));
        body.reset(plan.write_limit.saturating_sub(HEADER_LEN));
        stamps.clear();
        *self = Self {
            id,
            slot,
            body,
            stamps,
            charged: plan.charged,
            write_limit: plan.write_limit,
            plain_limit: plan.plain_limit(),
            capacity_limit: plan.write_limit,
            ratio: plan.ratio,
            created: plan.now,
            first: Place { batch: id, index: 0 },
            codec: plan.codec,
            ..Self::blank()
        };
        self
    }

    /// A batch without memory or meaning, to be reopened.
    pub(super) fn blank() -> Self {
        Self {
            id: BatchId::default(),
            slot: PartitionSlot::default(),
            sending: Sending::default(),
            identity: None,
            created: Instant::ZERO,
            first: Place::default(),
            state: BatchState::Open,
            charged: 0,
            lingering: false,
            body: Body::EMPTY,
            stamps: Stamps::default(),
            count: 0,
            base_timestamp: 0,
            max_timestamp: 0,
            write_limit: 0,
            plain_limit: 0,
            capacity_limit: 0,
            ratio: 1.0,
            uncompressed: 0,
            payload: 0,
            close_reason: CloseReason::Linger,
            seal_asked: Instant::ZERO,
            seal: SealTime::default(),
            codec: Codec::None,
            header: [0; HEADER_LEN],
        }
    }

    /// The encoded length of `record` without its leading length, if it were appended next, in
    /// bytes: what [`Batch::push`] wants to know.
    #[inline]
    pub(super) fn body_of(&self, record: &RecordView<'_>) -> usize {
        let first = self.count == 0;
        let delta = if first { 0 } else { record.timestamp_ms.wrapping_sub(self.base_timestamp) };
        record_batch::body_len(self.count, delta, record)
    }

    /// The whole encoded length of a record with this [`Batch::body_of`], in bytes.
    #[inline]
    pub(super) fn len_of(body: usize) -> usize {
        record_batch::framed_len(body)
    }

    /// Whether a record of `len` bytes may still be appended (`MemoryRecordsBuilder.hasRoomFor`).
    pub(super) fn has_room(&self, len: usize) -> bool {
        self.count == 0 || self.write_limit >= self.estimated_size() + len
    }

    /// Whether it has reached its limit (`MemoryRecordsBuilder.isFull`).
    #[must_use]
    #[inline]
    pub fn is_full(&self) -> bool {
        self.state != BatchState::Open
            || (self.count > 0 && self.write_limit <= self.estimated_size())
    }

    /// What it will take on the wire, as far as the compression estimate knows; exact without
    /// compression and once sealed. In bytes, header included.
    #[must_use]
    #[inline]
    pub fn estimated_size(&self) -> usize {
        if self.codec == Codec::None || self.state == BatchState::Sealed {
            return HEADER_LEN + self.body.len();
        }
        HEADER_LEN + scaled(self.body.len(), self.ratio)
    }

    /// Bytes that the batch occupies while it is open, header included, and its stamps as far as
    /// they are heavier than stamps usually are.
    pub(super) fn held(&self) -> u64 {
        let usual = (self.charged / USUAL_STAMPS).max(LIGHT_STAMPS);
        (HEADER_LEN + self.body.len()) as u64 + self.stamps.memory().saturating_sub(usual)
    }

    /// Bytes to charge at a time when the batch outgrows what it was opened with.
    pub(super) fn charging_unit(&self, batch_size: usize) -> u64 {
        match self.codec {
            Codec::None => LIGHT_STAMPS,
            _ => batch_size as u64,
        }
    }

    /// Appends a record whose [`Batch::body_of`] is `body`; returns its index.
    #[inline]
    pub(super) fn push(
        &mut self,
        record: &RecordView<'_>,
        body: usize,
        stamp: &Stamp,
        now: Instant,
    ) -> u32 {
        let index = self.count;
        if index == 0 {
            self.base_timestamp = record.timestamp_ms;
            self.max_timestamp = record.timestamp_ms;
        }
        self.max_timestamp = self.max_timestamp.max(record.timestamp_ms);
        let delta = record.timestamp_ms.wrapping_sub(self.base_timestamp);
        self.body.push(index, delta, record, body);
        self.payload += record.payload() as u64;
        self.stamps.push(stamp, now);
        self.count += 1;
        index
    }

    /// Takes no more records. Without compression the batch is then sealed; otherwise the returned
    /// job must come back through [`Batch::sealed`].
    ///
    /// # Panics
    /// When it isn't open.
    pub(super) fn close(&mut self, reason: CloseReason, now: Instant) -> Closing {
        assert!(
            self.state == BatchState::Open,
            "batch {} of partition slot {} closed twice",
            self.id.0,
            self.slot
        );
        self.close_reason = reason;
        self.uncompressed = self.body.len();
        if self.codec == Codec::None {
            self.state = BatchState::Sealed;
            return Closing::Sealed;
        }
        self.state = BatchState::Sealing;
        self.seal_asked = now;
        Closing::Compress(core::mem::take(&mut self.body))
    }

    /// Takes the compressed body back, which the compressor made in `took` nanoseconds.
    pub(super) fn sealed(&mut self, body: Vec<u8>, took: u64, now: Instant) {
        assert!(self.state == BatchState::Sealing, "batch {} wasn't away", self.id.0);
        self.body = Body::of(body);
        self.state = BatchState::Sealed;
        let away = now.nanos_since(self.seal_asked);
        self.seal = SealTime { took, waited: away.saturating_sub(took) };
    }

    /// Writes the header for the next request: identity, lengths and CRC-32C over header and body.
    pub fn stamp_header(&mut self) {
        let identity =
            self.identity.unwrap_or(Identity { producer_id: -1, epoch: -1, base_sequence: -1 });
        let header = BatchHeader {
            base_offset: 0,
            partition_leader_epoch: -1,
            attributes: self.codec.id(),
            last_offset_delta: i32::try_from(self.count).expect("a batch holds under 2^31 records")
                - 1,
            base_timestamp: self.base_timestamp,
            max_timestamp: self.max_timestamp,
            producer_id: identity.producer_id,
            producer_epoch: identity.epoch,
            base_sequence: identity.base_sequence,
            record_count: i32::try_from(self.count).expect("a batch holds under 2^31 records"),
        };
        self.header = header.write(self.body.bytes());
    }

    /// Header of the last [`Batch::stamp_header`] and body: the batch as it goes to the broker.
    #[must_use]
    pub fn wire_parts(&self) -> (&[u8], &[u8]) {
        (&self.header, self.body.bytes())
    }

    /// Bytes on the wire, exact once sealed.
    #[must_use]
    pub fn wire_len(&self) -> usize {
        HEADER_LEN + self.body.len()
    }

    /// Where its first record was appended; the others follow one by one.
    #[must_use]
    pub const fn first(&self) -> Place {
        self.first
    }

    /// How many records.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// Where it stands.
    #[must_use]
    #[inline]
    pub const fn state(&self) -> BatchState {
        self.state
    }

    /// What it could have taken in bytes: `batch.size`, or more for one large record. A piece of a
    /// batch that was split is held against that, too, though its limit is a lower one.
    #[must_use]
    pub const fn capacity_limit(&self) -> usize {
        self.capacity_limit
    }

    /// Why it was closed; [`CloseReason::Linger`] while it is open.
    #[must_use]
    pub const fn close_reason(&self) -> CloseReason {
        self.close_reason
    }

    /// Length of the records before compression, in bytes.
    #[must_use]
    pub const fn uncompressed(&self) -> usize {
        self.uncompressed
    }

    /// Timestamp of the first record, Unix milliseconds.
    pub(super) const fn base_timestamp(&self) -> i64 {
        self.base_timestamp
    }

    /// Bytes of keys, values and headers.
    #[must_use]
    pub const fn payload(&self) -> u64 {
        self.payload
    }

    /// What its compression cost in time; nothing without compression.
    #[must_use]
    pub const fn seal(&self) -> SealTime {
        self.seal
    }

    /// The stamps of its records.
    #[must_use]
    pub const fn stamps(&self) -> &Stamps {
        &self.stamps
    }

    /// Takes the stamps out, for the delivery that tells the batch's outcome.
    pub const fn take_stamps(&mut self) -> Stamps {
        core::mem::replace(&mut self.stamps, Stamps::EMPTY)
    }

    /// Gives a delivery's stamps back for their memory.
    pub(super) fn lend_stamps(&mut self, stamps: Stamps) {
        self.stamps = stamps;
    }

    /// A batch of `count` records without content.
    #[cfg(test)]
    pub(crate) fn for_test(id: BatchId, slot: PartitionSlot, count: u32) -> Self {
        Self { id, slot, count, ..Self::blank() }
    }

    /// Capacity of its body in bytes, for the bound on spare memory.
    pub(super) const fn capacity(&self) -> usize {
        self.body.capacity()
    }
}

/// Stamps up to this share of what a batch is charged aren't charged apart, nor below so many
/// bytes: Java doesn't charge its callbacks either. All of `buffer.memory` in such batches leaves
/// 2 MiB of every 32 uncharged.
const USUAL_STAMPS: u64 = 16;
const LIGHT_STAMPS: u64 = 1_024;

/// How a batch is opened.
pub(super) struct Opening {
    pub(super) charged: u64,
    pub(super) write_limit: usize,
    pub(super) ratio: f32,
    pub(super) codec: Codec,
    pub(super) now: Instant,
}

impl Opening {
    fn plain_limit(&self) -> usize {
        let charged = usize::try_from(self.charged).unwrap_or(usize::MAX);
        match self.codec {
            Codec::None => self.write_limit.min(charged).saturating_sub(HEADER_LEN),
            _ => 0,
        }
    }
}

/// What is left to do for a closed batch.
pub(super) enum Closing {
    /// Nothing.
    Sealed,
    /// Compress this body.
    Compress(Body),
}

/// The time that a batch was away to be compressed, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct SealTime {
    /// The compressor ran.
    pub took: u64,
    /// The rest: no thread was free, or nobody came for the result.
    pub waited: u64,
}

impl SealTime {
    /// From the close of the batch to its being sealed.
    #[must_use]
    pub const fn total(self) -> u64 {
        self.took.saturating_add(self.waited)
    }
}

/// Compression of one batch, away from its queue (an `Action::Seal`).
#[derive(Debug)]
pub struct SealJob {
    pub(super) slot: PartitionSlot,
    pub(super) batch: BatchId,
    pub(super) body: Body,
    pub(super) out: Vec<u8>,
    pub(super) compressor: Box<Compressor>,
}

impl SealJob {
    /// Bytes that it compresses.
    #[must_use]
    pub const fn uncompressed(&self) -> usize {
        self.body.len()
    }
}

impl Job for SealJob {
    fn run(&mut self) {
        let done = self.compressor.replace(self.body.bytes(), &mut self.out);
        done.expect("compressing memory into a growing vector has no reason to fail");
    }

    /// Whether it takes longer than a look at the sockets should wait: what a codec needs for a
    /// KiB, roughly and on the slow side, times the body.
    fn is_slow(&self) -> bool {
        let Compression { codec, level } = self.compressor.compression();
        let micros_a_kib = match codec {
            Codec::Gzip => 20,
            Codec::Zstd if level > 3 => 40,
            Codec::Zstd => 5,
            Codec::Lz4 if level != Codec::Lz4.default_level() => 20,
            Codec::Lz4 | Codec::Snappy => 1,
            Codec::None => 0,
        };
        micros_a_kib * self.body.len() / 1_024 > SLOW_FROM_MICROS
    }
}

/// `bytes × ratio × 1.05` in the order and precision of `MemoryRecordsBuilder`: a byte more or less
/// decides whether one more record fits.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "an estimate of a batch's size: under 2^31 and not negative"
)]
fn scaled(bytes: usize, ratio: f32) -> usize {
    (bytes as f32 * ratio * ESTIMATE_MARGIN) as usize
}

/// `COMPRESSION_RATE_ESTIMATION_FACTOR`: batches should seldom come out larger than thought.
const ESTIMATE_MARGIN: f32 = 1.05;
/// Jobs above this go to a helper thread; handing one over takes some 20 µs of waking it.
const SLOW_FROM_MICROS: usize = 150;
