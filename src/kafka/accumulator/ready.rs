//! What makes a partition ready, and when (`RecordAccumulator.ready`, `batchReady`).
//!
//! Cost class: per batch. A partition is named to the sender once, until the sender lets it go;
//! linger is one length for all, so its deadlines come in creation order and need no heap.
//! Invariant: an open batch's partition is named, or its deadline is noted, or its queue waits for
//! a batch in flight or in backoff.

use crate::base::{Instant, PartitionSlot};

use super::queue::Wish;
use super::{Accumulator, BatchId};

impl Accumulator {
    /// Names the partition to the sender, once until the sender lets it go.
    pub(super) fn mark_ready(&mut self, slot: PartitionSlot) {
        let queue = &mut self.queues[slot.index()];
        if !queue.listed {
            queue.listed = true;
            self.ready.push_back(slot);
        }
    }

    /// Notes the linger deadline of the partition's last batch, unless it is noted already.
    pub(super) fn linger_on(&mut self, slot: PartitionSlot) {
        let Some(batch) = self.queues[slot.index()].batches.back_mut() else { return };
        if batch.lingering {
            return;
        }
        batch.lingering = true;
        let entry = (batch.created + self.linger, slot, batch.id);
        if self.lingering.back().is_none_or(|last| last.0 <= entry.0) {
            self.lingering.push_back(entry);
        } else {
            let at = self.lingering.partition_point(|other| other.0 <= entry.0);
            self.lingering.insert(at, entry);
        }
        self.forget_stale_lingering();
    }

    /// Takes the first deadline off; returns its partition when the batch still waits there.
    fn pop_lingering(&mut self) -> Option<PartitionSlot> {
        let (_, slot, id) = self.lingering.pop_front()?;
        // A batch with others behind it is closed, and was named when it was.
        let last = self.queues[slot.index()].batches.back_mut();
        last.filter(|batch| batch.id == id)?.lingering = false;
        Some(slot)
    }

    /// Everything whose linger or backoff is over becomes ready.
    pub fn handle_timeout(&mut self, now: Instant) {
        while self.lingering.front().is_some_and(|(deadline, ..)| *deadline <= now) {
            if let Some(slot) = self.pop_lingering() {
                self.relist(slot, now);
            }
        }
        while let Some(&(retry_at, slot)) = self.backing_off.first()
            && retry_at <= now
        {
            self.backing_off.pop_first();
            self.relist(slot, now);
        }
    }

    /// When [`Accumulator::handle_timeout`] should come next.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Instant> {
        let linger = self.lingering.front().map(|(deadline, ..)| *deadline);
        let backoff = self.backing_off.first().map(|(deadline, _)| *deadline);
        [linger, backoff].into_iter().flatten().min()
    }

    /// The next partition that became ready. It stays named until [`Accumulator::unlist`].
    pub fn poll_ready(&mut self) -> Option<PartitionSlot> {
        self.ready.pop_front()
    }

    /// The sender lets go of a named partition: it will be named again when it has something.
    pub fn unlist(&mut self, slot: PartitionSlot, now: Instant) {
        let linger = self.linger;
        let queue = &mut self.queues[slot.index()];
        queue.listed = false;
        // Its deadline may be gone: memory was exhausted for a moment, and is no more. A deadline
        // that has passed isn't noted again, or time would stand still: who holds the partition
        // back names it.
        if queue.open_mut().is_some_and(|open| open.created + linger > now) {
            self.linger_on(slot);
        }
    }

    /// Names the partition again if it has something to send.
    pub fn relist(&mut self, slot: PartitionSlot, now: Instant) {
        if self.queues[slot.index()].is_sendable(&self.wish(), now) {
            self.mark_ready(slot);
        }
    }

    /// Ends the backoff of a partition's head: a newer leader is known (KIP-951).
    pub fn end_backoff(&mut self, slot: PartitionSlot, leader_epoch: i32, now: Instant) {
        let Some(head) = self.queues[slot.index()].batches.front_mut() else { return };
        if head.sending.attempts > 0 && leader_epoch > head.sending.leader_epoch {
            head.sending.retry_at = None;
            self.relist(slot, now);
        }
    }

    /// [`Accumulator::end_backoff`] for every partition in backoff.
    pub fn end_backoffs(&mut self, leader_epoch: impl Fn(PartitionSlot) -> i32, now: Instant) {
        let slots: Vec<PartitionSlot> = self.backing_off.iter().map(|(_, slot)| *slot).collect();
        for slot in slots {
            self.end_backoff(slot, leader_epoch(slot), now);
        }
    }

    /// Everything appended so far becomes ready (`flush`).
    pub fn flush(&mut self, now: Instant) {
        self.flush_below = BatchId(self.next_batch);
        self.relist_all(now);
    }

    /// Everything is and stays ready from now on (`close`).
    pub fn close_all(&mut self, now: Instant) {
        self.closing = true;
        self.flush(now);
    }

    /// Memory ran out: whatever lingers is sent, to get it back.
    pub(super) fn hurry_for_memory(&mut self) {
        if self.exhausted {
            return;
        }
        self.exhausted = true;
        while !self.lingering.is_empty() {
            if let Some(slot) = self.pop_lingering() {
                self.mark_ready(slot);
            }
        }
    }

    /// What makes a batch sendable that isn't full.
    pub(super) const fn wish(&self) -> Wish {
        Wish {
            linger: self.linger,
            flush_below: self.flush_below,
            everything: self.exhausted || self.closing,
        }
    }

    /// Names every partition that has something to send.
    pub fn relist_all(&mut self, now: Instant) {
        for index in 0..self.queues.len() {
            let slot = PartitionSlot(u32::try_from(index).expect("slots are u32"));
            self.relist(slot, now);
        }
    }

    /// Keeps the list of deadlines proportional to the batches alive, however long linger is.
    fn forget_stale_lingering(&mut self) {
        if self.lingering.len() <= self.live * 2 + STALE_SLACK {
            return;
        }
        let queues = &self.queues;
        self.lingering.retain(|(_, slot, id)| {
            queues[slot.index()].batches.back().is_some_and(|last| *id <= last.id)
                && queues[slot.index()].batches.front().is_some_and(|head| *id >= head.id)
        });
    }
}

/// Stale deadlines that are tolerated before the list is cleaned.
const STALE_SLACK: usize = 1_024;
