//! All partitions' queues, and what makes one of them ready (`RecordAccumulator`).
//!
//! Cost class: `append` per record, the rest per batch; nothing here walks partitions that have
//! nothing to do, but for the expiry that comes at most once a `delivery.timeout.ms`.
//! It doesn't know leaders: it names ready partitions, and the sender sorts them by broker.

use std::collections::VecDeque;

use core::time::Duration;

use crate::base::{Instant, PartitionSlot, RecordView, TopicSlot};
use crate::kafka::compression::{Compression, Compressor};
use crate::kafka::config::ProducerConfig;
use crate::kafka::wire::record_batch;

use super::batch::{Closing, Opening};
use super::queue::Queue;
use super::{Batch, BatchId, BatchState, CloseReason, Memory, Ratio, SealJob, Stamp, Stamps};

/// What became of an append.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Append {
    /// The record is in a batch.
    Done(Appended),
    /// `buffer.memory` has no room for the batch that it needs; nothing happened.
    Full,
}

/// Where a record went.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Appended {
    /// Its batch.
    pub batch: BatchId,
    /// Its place in the batch, from 0.
    pub index: u32,
    /// By how much the partition's estimated bytes grew, a new batch's header included.
    pub bytes: u64,
    /// Whether the batch is now full.
    pub full: bool,
}

/// How the head of a queue stands for the sender.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Head {
    /// Nothing to send now; the partition will be named again when that changes.
    NotReady,
    /// It must be closed (and perhaps compressed) first: [`Accumulator::close_head`].
    Open,
    /// Its body is away; the partition will be named again when it is back.
    Sealing,
    /// It can be taken: [`Accumulator::take_head`]. Bytes on the wire.
    Sealed(usize),
}

/// The accumulator. See the room's documentation.
#[derive(Debug)]
pub struct Accumulator {
    pub(super) batch_size: usize,
    pub(super) linger: Duration,
    pub(super) compression: Compression,
    pub(super) queues: Vec<Queue>,
    pub(super) ratios: Vec<Ratio>,
    pub(super) memory: Memory,
    /// Creation order, so that deadlines come in order; may name batches that left long ago.
    pub(super) lingering: VecDeque<(Instant, PartitionSlot, BatchId)>,
    /// Partitions waiting out a retry backoff; few.
    pub(super) backing_off: Vec<(Instant, PartitionSlot)>,
    pub(super) ready: VecDeque<PartitionSlot>,
    pub(super) jobs: VecDeque<SealJob>,
    #[expect(clippy::vec_box, reason = "batches stay boxed from queue to request and back")]
    spare: Vec<Box<Batch>>,
    spare_stamps: Vec<Stamps>,
    spare_outputs: Vec<(Vec<u8>, Box<Compressor>)>,
    pub(super) next_batch: u64,
    /// Batches created and not yet done.
    pub(super) live: usize,
    /// Somebody waits for memory.
    pub(super) exhausted: bool,
    /// Batches below this number are wanted at once.
    pub(super) flush_below: BatchId,
    pub(super) closing: bool,
    pub(super) splits: u64,
}

impl Accumulator {
    /// Without any partition yet.
    #[must_use]
    pub fn new(config: &ProducerConfig) -> Self {
        Self {
            batch_size: config.batch_size.max(1) as usize,
            linger: config.linger,
            compression: config.compression,
            queues: Vec::new(),
            ratios: Vec::new(),
            memory: Memory::new(config.buffer_memory),
            lingering: VecDeque::new(),
            backing_off: Vec::new(),
            ready: VecDeque::new(),
            jobs: VecDeque::new(),
            spare: Vec::new(),
            spare_stamps: Vec::new(),
            spare_outputs: Vec::new(),
            next_batch: 0,
            live: 0,
            exhausted: false,
            flush_below: BatchId(0),
            closing: false,
            splits: 0,
        }
    }

    /// Makes room for `slot`, a partition of `topic`. Slots come dense and in order.
    pub fn add_partition(&mut self, slot: PartitionSlot, topic: TopicSlot) {
        while self.ratios.len() <= topic.index() {
            self.ratios.push(Ratio::START);
        }
        while self.queues.len() <= slot.index() {
            self.queues.push(Queue::default());
        }
        self.queues[slot.index()].topic = topic;
    }

    /// How many partitions it knows.
    #[must_use]
    pub fn partitions(&self) -> usize {
        self.queues.len()
    }

    /// Appends a record to the partition's last batch, or to a new one.
    pub fn append(
        &mut self,
        slot: PartitionSlot,
        record: &RecordView<'_>,
        stamp: &Stamp,
        now: Instant,
    ) -> Append {
        let queue = &mut self.queues[slot.index()];
        if let Some(batch) = queue.open_mut() {
            let body = batch.body_of(record);
            let len = Batch::len_of(body);
            if batch.has_room(len) && hold(&mut self.memory, batch, len, self.batch_size) {
                let before = batch.estimated_size();
                let index = batch.push(record, body, stamp, now);
                let (full, id) = (batch.is_full(), batch.id);
                let bytes = (batch.estimated_size() - before) as u64;
                if full {
                    self.mark_ready(slot);
                }
                return Append::Done(Appended { batch: id, index, bytes, full });
            }
        }
        self.append_to_new(slot, record, stamp, now)
    }

    /// Opens a batch for the record, closing the one before it.
    fn append_to_new(
        &mut self,
        slot: PartitionSlot,
        record: &RecordView<'_>,
        stamp: &Stamp,
        now: Instant,
    ) -> Append {
        let size = self.batch_size.max(record_batch::upper_bound(record));
        if self.queues[slot.index()].open_mut().is_some() {
            // Closed even when the new batch finds no memory: nothing fits it any more.
            self.close(slot, CloseReason::Full, now);
            self.mark_ready(slot);
        }
        if !self.memory.take(size as u64) {
            self.hurry_for_memory();
            return Append::Full;
        }
        self.exhausted = false;
        let id = BatchId(self.next_batch);
        self.next_batch += 1;
        self.live += 1;
        let queue = &mut self.queues[slot.index()];
        let plan = Opening {
            charged: size as u64,
            write_limit: size,
            ratio: self.ratios[queue.topic.index()].estimate() * ESTIMATE_MARGIN,
            codec: self.compression.codec,
            now,
        };
        let mut blank = self.spare.pop().unwrap_or_else(|| Box::new(Batch::blank()));
        blank.lend_stamps(self.spare_stamps.pop().unwrap_or_default());
        let mut batch = blank.reopen(id, slot, &plan);
        let body = batch.body_of(record);
        let index = batch.push(record, body, stamp, now);
        let (full, bytes) = (batch.is_full(), batch.estimated_size() as u64);
        queue.batches.push_back(batch);
        queue.used = true;
        if full || self.linger.is_zero() || self.closing {
            self.mark_ready(slot);
        } else {
            self.linger_on(slot);
        }
        Append::Done(Appended { batch: id, index, bytes, full })
    }

    /// Closes the open last batch of a partition; starts its compression.
    fn close(&mut self, slot: PartitionSlot, reason: CloseReason, now: Instant) {
        let Some(batch) = self.queues[slot.index()].open_mut() else { return };
        let id = batch.id;
        self.close_batch(slot, id, reason, now);
    }

    /// Closes one open batch; starts its compression.
    pub(super) fn close_batch(
        &mut self,
        slot: PartitionSlot,
        id: BatchId,
        reason: CloseReason,
        now: Instant,
    ) {
        let Some(batch) = self.queues[slot.index()].find_mut(id) else { return };
        let Closing::Compress(body) = batch.close(reason, now) else { return };
        let (out, compressor) = match self.spare_outputs.pop() {
            Some(spare) => spare,
            None => (Vec::new(), Box::new(self.new_compressor())),
        };
        self.jobs.push_back(SealJob { slot, batch: id, body, out, compressor });
    }

    fn new_compressor(&self) -> Compressor {
        Compressor::new(self.compression).expect("the configuration checked the level")
    }

    /// The next compression to run.
    pub fn poll_job(&mut self) -> Option<SealJob> {
        self.jobs.pop_front()
    }

    /// Takes a finished compression back; the batch may have expired meanwhile.
    pub fn handle_sealed(&mut self, job: SealJob, now: Instant) {
        let SealJob { slot, batch: id, body, out, compressor, .. } = job;
        let queue = &mut self.queues[slot.index()];
        if let Some(batch) = queue.find_mut(id) {
            let ratio = share(out.len(), body.len());
            batch.sealed(out, now);
            self.ratios[queue.topic.index()].observe(ratio);
            // The uncompressed body becomes the next output.
            self.spare_outputs.push((body, compressor));
            self.relist(slot, now);
        } else {
            self.spare_outputs.push((out, compressor));
        }
    }

    /// How the partition's head stands.
    #[must_use]
    pub fn head(&self, slot: PartitionSlot, now: Instant) -> Head {
        let queue = &self.queues[slot.index()];
        if !queue.is_sendable(&self.wish(), now) {
            return Head::NotReady;
        }
        let Some(head) = queue.batches.front() else { return Head::NotReady };
        match head.state() {
            BatchState::Open => Head::Open,
            BatchState::Sealing => Head::Sealing,
            BatchState::Sealed => Head::Sealed(head.wire_len()),
        }
    }

    /// Closes the open head (which is then the only batch) because the sender can take it.
    pub fn close_head(&mut self, slot: PartitionSlot, now: Instant) {
        let created = self.queues[slot.index()]
            .batches
            .front()
            .map(|head| (head.id, head.created, head.is_full()));
        let Some((id, created, full)) = created else { return };
        let reason = if full {
            CloseReason::Full
        } else if created + self.linger <= now {
            CloseReason::Linger
        } else if self.closing || id < self.flush_below {
            CloseReason::Flush
        } else {
            CloseReason::Memory
        };
        self.close(slot, reason, now);
    }

    /// The head itself, to read or to set its identity.
    pub fn head_mut(&mut self, slot: PartitionSlot) -> Option<&mut Box<Batch>> {
        self.queues[slot.index()].batches.front_mut()
    }

    /// Takes the sealed head off its queue; `mute` holds the rest back until it is done.
    ///
    /// # Panics
    /// When the head isn't sealed.
    pub fn take_head(&mut self, slot: PartitionSlot, mute: bool) -> Box<Batch> {
        let queue = &mut self.queues[slot.index()];
        let batch = queue.batches.pop_front().expect("take_head follows Head::Sealed");
        assert!(batch.state() == BatchState::Sealed, "batch {} isn't sealed", batch.id.0);
        queue.muted = mute;
        batch
    }

    /// Puts a batch back for a retry; not before `retry_at`.
    pub fn put_back(&mut self, mut batch: Box<Batch>, retry_at: Instant, now: Instant) {
        let slot = batch.slot;
        batch.sending.attempts += 1;
        batch.sending.retry_at = Some(retry_at);
        let queue = &mut self.queues[slot.index()];
        queue.muted = false;
        queue.put_back(batch);
        if retry_at > now {
            self.backing_off.push((retry_at, slot));
        } else {
            self.relist(slot, now);
        }
    }

    /// A batch has its outcome: gives its memory back and lets its partition go on.
    pub fn done(&mut self, batch: Box<Batch>, now: Instant) {
        let slot = batch.slot;
        self.memory.give(batch.charged);
        self.live -= 1;
        self.queues[slot.index()].muted = false;
        self.keep_spare(batch);
        self.relist(slot, now);
    }

    /// Keeps the memory of an ended batch for a later one, within `buffer.memory`.
    fn keep_spare(&mut self, batch: Box<Batch>) {
        if batch.capacity() <= self.batch_size * 2 && self.spare.len() < MAX_SPARE {
            self.spare.push(batch);
        }
    }

    /// Gives a delivery's stamps back for their memory.
    pub fn reuse_stamps(&mut self, stamps: Stamps) {
        if self.spare_stamps.len() < MAX_SPARE {
            self.spare_stamps.push(stamps);
        }
    }

    /// Takes every queued batch off that was created at or before `created`, oldest first within a
    /// partition; also returns the earliest creation left.
    pub fn take_expired(&mut self, created: Instant) -> (Vec<Box<Batch>>, Option<Instant>) {
        let (mut expired, mut oldest) = (Vec::new(), None::<Instant>);
        for queue in &mut self.queues {
            while queue.batches.front().is_some_and(|head| head.created <= created) {
                expired.extend(queue.batches.pop_front());
            }
            if let Some(head) = queue.batches.front() {
                oldest = Some(oldest.map_or(head.created, |oldest| oldest.min(head.created)));
            }
        }
        (expired, oldest)
    }

    /// Takes every queued batch off (forced close).
    pub fn take_all(&mut self) -> Vec<Box<Batch>> {
        self.queues.iter_mut().flat_map(|queue| queue.batches.drain(..)).collect()
    }

    /// Batches of one partition that wait in its queue, or `None` when it never had one.
    #[must_use]
    pub fn queued(&self, slot: PartitionSlot) -> Option<u32> {
        let queue = &self.queues[slot.index()];
        queue.used.then(|| u32::try_from(queue.batches.len()).unwrap_or(u32::MAX))
    }

    /// Every batch waiting in one partition's queue, oldest first.
    pub fn queued_mut(&mut self, slot: PartitionSlot) -> impl Iterator<Item = &mut Box<Batch>> {
        self.queues[slot.index()].batches.iter_mut()
    }

    /// Whether the sticky partitioner may leave this partition.
    #[must_use]
    pub fn all_full(&self, slot: PartitionSlot) -> bool {
        self.queues[slot.index()].all_full()
    }

    /// Batches created and not yet done, those in flight included.
    #[must_use]
    pub const fn live(&self) -> usize {
        self.live
    }

    /// The budget of `buffer.memory`.
    #[must_use]
    pub const fn memory(&self) -> &Memory {
        &self.memory
    }

    /// How many batches were split because a broker found them too large.
    #[must_use]
    pub const fn splits(&self) -> u64 {
        self.splits
    }
}

/// Makes sure that the batch's memory covers `len` more bytes: under compression an open batch holds
/// more than `batch.size`, and that is charged, too.
fn hold(memory: &mut Memory, batch: &mut Batch, len: usize, unit: usize) -> bool {
    let needed = batch.held() + len as u64;
    if needed <= batch.charged {
        return true;
    }
    let more = (needed - batch.charged).max(unit as u64);
    let taken = memory.take(more);
    if taken {
        batch.charged += more;
    }
    taken
}

/// `part / whole` as a ratio; 1 for an empty whole.
#[expect(clippy::cast_precision_loss, reason = "a ratio of sizes; seven digits are plenty")]
pub(super) fn share(part: usize, whole: usize) -> f32 {
    if whole == 0 { 1.0 } else { part as f32 / whole as f32 }
}

/// `COMPRESSION_RATE_ESTIMATION_FACTOR`: batches should seldom come out larger than thought.
const ESTIMATE_MARGIN: f32 = 1.05;
/// Batches kept for their memory; with 128 KiB each no more than a default `buffer.memory`.
const MAX_SPARE: usize = 4_096;
