//! All partitions' queues: appending, opening and closing batches (`RecordAccumulator`).
//!
//! Cost class: `append` per record, the rest per batch. Invariants: an open batch is the last of
//! its queue, and its memory is charged before a record goes in. What makes a partition ready
//! stands in `ready`, what the sender takes and brings back in `drain`.

use std::collections::{BTreeSet, VecDeque};

use core::time::Duration;

use crate::base::{Instant, PartitionSlot, RecordView, TopicSlot};
use crate::kafka::compression::{Compression, Compressor};
use crate::kafka::config::ProducerConfig;
use crate::kafka::wire::record_batch;

use super::batch::{Closing, Opening};
use super::body::Body;
use super::queue::Queue;
use super::{Batch, BatchId, CloseReason, Memory, Ratio, SealJob, Stamp, Stamps};

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
    pub(super) backing_off: BTreeSet<(Instant, PartitionSlot)>,
    pub(super) ready: VecDeque<PartitionSlot>,
    /// Closed bodies that wait for a compressor, oldest first; their batches keep their places.
    jobs: VecDeque<(PartitionSlot, BatchId, Body)>,
    /// Compressors that are away with a job.
    sealing: usize,
    /// How many of them there may be.
    most_sealing: usize,
    #[expect(clippy::vec_box, reason = "batches stay boxed from queue to request and back")]
    pub(super) spare: Vec<Box<Batch>>,
    /// Bytes of their bodies.
    pub(super) spare_bytes: u64,
    pub(super) spare_stamps: Vec<Stamps>,
    /// Bytes that those hold.
    pub(super) spare_stamp_bytes: u64,
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
            backing_off: BTreeSet::new(),
            ready: VecDeque::new(),
            jobs: VecDeque::new(),
            sealing: 0,
            most_sealing: most_sealing(config.buffer_memory),
            spare: Vec::new(),
            spare_bytes: 0,
            spare_stamps: Vec::new(),
            spare_stamp_bytes: 0,
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
        let blank = self.blank();
        let queue = &mut self.queues[slot.index()];
        let plan = Opening {
            charged: size as u64,
            write_limit: size,
            ratio: self.ratios[queue.topic.index()].estimate(),
            codec: self.compression.codec,
            now,
        };
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

    /// Whether `record` would open a batch in that partition: none is open there, or it has no
    /// room.
    #[must_use]
    pub fn needs_batch(&self, slot: PartitionSlot, record: &RecordView<'_>) -> bool {
        let open = self.queues[slot.index()].open();
        open.is_none_or(|batch| !batch.has_room(Batch::len_of(batch.body_of(record))))
    }

    /// The partition's open batch, if there is one, found no room for a record that went elsewhere:
    /// it is full.
    pub fn close_full(&mut self, slot: PartitionSlot, now: Instant) {
        if self.queues[slot.index()].open().is_some() {
            self.close(slot, CloseReason::Full, now);
            self.mark_ready(slot);
        }
    }

    /// Closes the open last batch of a partition; starts its compression.
    pub(super) fn close(&mut self, slot: PartitionSlot, reason: CloseReason, now: Instant) {
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
        self.jobs.push_back((slot, id, body));
    }

    fn new_compressor(&self) -> Compressor {
        Compressor::new(self.compression).expect("the configuration checked the level")
    }

    /// The next compression to run; no more than `buffer.memory` bears are away at a time.
    pub fn poll_job(&mut self) -> Option<SealJob> {
        if self.sealing >= self.most_sealing {
            return None;
        }
        let (slot, batch, body) = loop {
            let job = self.jobs.pop_front()?;
            // Of a batch that expired meanwhile nothing is needed any more.
            if self.queues[job.0.index()].find_mut(job.1).is_some() {
                break job;
            }
        };
        self.sealing += 1;
        let (out, compressor) = match self.spare_outputs.pop() {
            Some(spare) => spare,
            None => (Vec::new(), Box::new(self.new_compressor())),
        };
        Some(SealJob { slot, batch, body, out, compressor })
    }

    /// Closed batches whose compression hasn't begun.
    #[must_use]
    pub fn unsealed(&self) -> usize {
        self.jobs.len()
    }

    /// Takes back a compression that ran for `took` nanoseconds; the batch may have expired
    /// meanwhile.
    pub fn handle_sealed(&mut self, job: SealJob, took: u64, now: Instant) {
        let SealJob { slot, batch: id, body, out, compressor } = job;
        self.sealing -= 1;
        let queue = &mut self.queues[slot.index()];
        if let Some(batch) = queue.find_mut(id) {
            let ratio = share(out.len(), body.len());
            batch.sealed(out, took, now);
            self.ratios[queue.topic.index()].observe(ratio);
            // The uncompressed body becomes the next output.
            self.spare_outputs.push((body.into_memory(), compressor));
            self.relist(slot, now);
        } else {
            self.spare_outputs.push((out, compressor));
        }
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

/// Makes sure that the batch's memory covers `len` more bytes: under compression an open batch
/// holds more than `batch.size`, and stamps that differ from record to record are heavy beside
/// small records; both are charged, too.
fn hold(memory: &mut Memory, batch: &mut Batch, len: usize, batch_size: usize) -> bool {
    let needed = batch.held() + len as u64;
    if needed <= batch.charged {
        return true;
    }
    let more = (needed - batch.charged).max(batch.charging_unit(batch_size));
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

/// How many compressions may be away beside a `buffer.memory` of so many bytes. Each has an output
/// as large as its body and a compressor, which for zstd holds about half a MiB, and neither is
/// charged. More than the cores of a large machine gain nothing.
fn most_sealing(buffer_memory: u64) -> usize {
    usize::try_from(buffer_memory / MEMORY_A_JOB).unwrap_or(MOST_JOBS).clamp(2, MOST_JOBS)
}

const MEMORY_A_JOB: u64 = 4 << 20;
const MOST_JOBS: usize = 64;
