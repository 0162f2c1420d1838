//! What the sender takes off the queues, and what it brings back.
//!
//! Cost class: per batch; the expiry walks all partitions, at most once a `delivery.timeout.ms`.
//! A batch's memory is given back in [`Accumulator::done`] and nowhere else, so every batch that
//! was taken must come back through it or through [`Accumulator::put_back`]. What a batch's outcome
//! is, others decide.

use crate::base::{Instant, PartitionSlot};
use crate::kafka::compression::Codec;

use super::{Accumulator, Batch, BatchState, CloseReason, Stamps};

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

impl Accumulator {
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

    /// The head itself, to read or to set its identity.
    pub fn head_mut(&mut self, slot: PartitionSlot) -> Option<&mut Box<Batch>> {
        self.queues[slot.index()].batches.front_mut()
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

    /// Takes the sealed head off its queue; `mute` holds the rest back until it is done.
    ///
    /// # Panics
    /// When the head isn't sealed.
    pub fn take_head(&mut self, slot: PartitionSlot, mute: bool) -> Box<Batch> {
        let queue = &mut self.queues[slot.index()];
        let batch = queue.batches.pop_front().expect("take_head follows Head::Sealed");
        assert!(batch.state() == BatchState::Sealed, "batch {} isn't sealed", batch.id.0);
        queue.muted = mute.then_some(batch.id);
        batch
    }

    /// Puts a batch back for a retry; not before `retry_at`.
    pub fn put_back(&mut self, mut batch: Box<Batch>, retry_at: Instant, now: Instant) {
        let slot = batch.slot;
        batch.sending.attempts += 1;
        batch.sending.retry_at = Some(retry_at);
        let queue = &mut self.queues[slot.index()];
        queue.muted = queue.muted.filter(|muting| *muting != batch.id);
        queue.put_back(batch);
        if retry_at > now {
            self.backing_off.insert((retry_at, slot));
        } else {
            self.relist(slot, now);
        }
    }

    /// A batch has its outcome: gives its memory back and lets its partition go on.
    pub fn done(&mut self, batch: Box<Batch>, now: Instant) {
        let slot = batch.slot;
        self.memory.give(batch.charged);
        self.live -= 1;
        // Another batch of the partition may have expired in the queue: only the one in flight
        // mutes.
        let queue = &mut self.queues[slot.index()];
        queue.muted = queue.muted.filter(|muting| *muting != batch.id);
        self.keep_spare(batch);
        self.relist(slot, now);
    }

    /// Keeps the memory of an ended batch for a later one, within `buffer.memory` and together with
    /// what is in use. That of one large record isn't, as in Java; under a codec an ordinary batch
    /// holds several times `batch.size`, as many as the compression estimate says.
    fn keep_spare(&mut self, batch: Box<Batch>) {
        let bytes = batch.capacity() as u64;
        let ordinary = self.compression.codec != Codec::None || bytes <= self.batch_size as u64 * 2;
        let room = self.memory.total().saturating_sub(self.memory.used());
        if ordinary && self.spare_bytes + bytes <= room {
            self.spare_bytes += bytes;
            self.spare.push(batch);
        }
    }

    /// Memory for a new batch: that of an ended one, where there is one.
    pub(super) fn blank(&mut self) -> Box<Batch> {
        let mut blank = self.spare.pop().map_or_else(
            || Box::new(Batch::blank()),
            |spare| {
                self.spare_bytes -= spare.capacity() as u64;
                spare
            },
        );
        // What is in use has grown since it was kept.
        let room = self.memory.total().saturating_sub(self.memory.used());
        while self.spare_bytes > room
            && let Some(spare) = self.spare.pop()
        {
            self.spare_bytes -= spare.capacity() as u64;
        }
        let stamps = self.spare_stamps.pop().unwrap_or_default();
        self.spare_stamp_bytes -= stamps.memory();
        blank.lend_stamps(stamps);
        blank
    }

    /// Gives a delivery's stamps back for their memory.
    pub fn reuse_stamps(&mut self, stamps: Stamps) {
        let bytes = stamps.memory();
        if self.spare_stamp_bytes + bytes <= self.memory.total() / SPARE_STAMPS {
            self.spare_stamp_bytes += bytes;
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
}

/// Of `buffer.memory`, the share that stamps without a batch may hold.
const SPARE_STAMPS: u64 = 8;
