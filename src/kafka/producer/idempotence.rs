//! Producer id, epoch and sequences: what lets a broker tell a retry from a new batch (KIP-98,
//! KIP-360; `TransactionManager`, `TxnPartitionEntry`).
//!
//! Cost class: per batch. Invariants: sequences are assigned at drain in queue order and survive
//! retries; of a partition's batches under way, only the one with the lowest sequence is retried;
//! nothing new leaves while older batches carry another epoch. It decides; the sender acts.

use std::collections::VecDeque;

use crate::base::PartitionSlot;
use crate::kafka::accumulator::{Batch, BatchId, Identity};

/// Producer id and epoch as InitProducerId gave them, or as bumped since.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ProducerId {
    /// 0 or more.
    pub id: i64,
    /// 0 to 32,767.
    pub epoch: i16,
}

/// The sequences of every partition.
#[derive(Debug, Default)]
pub struct Sequences {
    current: Option<ProducerId>,
    partitions: Vec<Partition>,
    /// Partitions whose sequences must start again under a new epoch.
    bumping: Vec<PartitionSlot>,
}

#[derive(Debug, Default)]
struct Partition {
    owner: Option<ProducerId>,
    next: i32,
    last_acked: Option<i32>,
    /// Every sequenced batch without an outcome, lowest sequence first: in a request or put back.
    under_way: VecDeque<UnderWay>,
    /// The sequence after a retried batch that expired: nobody knows whether it was written.
    unresolved: Option<i32>,
    /// A batch succeeded under this owner at this leader. A broker that knows nothing of a producer
    /// accepts any first sequence, so until then only one batch may be under way.
    proven: bool,
}

#[derive(Clone, Copy, Debug)]
struct UnderWay {
    batch: BatchId,
    base: i32,
    count: u32,
    /// Its sequence was changed after it was first sent.
    restarted: bool,
}

/// What to do about a batch that a broker refused for its sequence.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SequenceVerdict {
    /// An earlier batch is still to be resolved; send this one again after it.
    Retry,
    /// Nothing earlier can resolve it: start again under a new epoch, then send it again.
    BumpAndRetry,
}

impl Sequences {
    /// The identity of new batches; `None` before the first InitProducerId and after epoch 32,767.
    #[must_use]
    pub const fn current(&self) -> Option<ProducerId> {
        self.current
    }

    /// A new identity from the broker. Returns the partitions whose batches were renumbered.
    pub fn adopt(&mut self, id: ProducerId) -> Vec<PartitionSlot> {
        self.current = Some(id);
        self.restart_flagged()
    }

    /// Whether the partition's head may go into a request.
    #[must_use]
    pub fn may_drain(&self, slot: PartitionSlot, batch: &Batch) -> bool {
        let Some(current) = self.current else { return false };
        let Some(partition) = self.partitions.get(slot.index()) else { return true };
        if batch.identity.is_some() {
            return partition.under_way.front().is_some_and(|first| first.batch == batch.id);
        }
        if partition.unresolved.is_some() || self.bumping.contains(&slot) {
            return false;
        }
        match partition.under_way.len() {
            0 => true,
            n => partition.owner == Some(current) && partition.proven && n < REMEMBERED_BATCHES,
        }
    }

    /// Gives a batch its sequence, unless it has one from an earlier drain.
    ///
    /// # Panics
    /// When there is no identity: `may_drain` comes first.
    pub fn assign(&mut self, batch: &mut Batch) {
        if batch.identity.is_some() {
            // It goes out under its new numbers: from here on a refusal speaks of these.
            let under_way = &mut self.partition(batch.slot).under_way;
            if let Some(entry) = under_way.iter_mut().find(|entry| entry.batch == batch.id) {
                entry.restarted = false;
            }
            return;
        }
        let current = self.current.expect("may_drain found an identity");
        let count = batch.count();
        let partition = self.partition(batch.slot);
        if partition.owner != Some(current) {
            partition.start_over(current);
        }
        let base = partition.next;
        partition.next = advance(base, count);
        let entry = UnderWay { batch: batch.id, base, count, restarted: false };
        partition.under_way.push_back(entry);
        batch.identity =
            Some(Identity { producer_id: current.id, epoch: current.epoch, base_sequence: base });
    }

    /// A batch was written.
    pub fn succeeded(&mut self, slot: PartitionSlot, batch: BatchId) {
        let partition = self.partition(slot);
        if let Some(entry) = partition.remove(batch) {
            let last = advance(entry.base, entry.count - 1);
            if partition.last_acked.is_none_or(|acked| is_after(last, acked)) {
                partition.last_acked = Some(last);
            }
            partition.proven = true;
        }
    }

    /// A batch was refused for good: its numbers leave a hole, so the partition starts over.
    pub fn failed(&mut self, slot: PartitionSlot, batch: BatchId) {
        if self.partition(slot).remove(batch).is_some() {
            self.flag(slot);
        }
    }

    /// A batch goes on as these smaller ones (number, records): they share its sequences out.
    pub fn split(&mut self, slot: PartitionSlot, big: BatchId, pieces: &[(BatchId, u32)]) {
        let under_way = &mut self.partition(slot).under_way;
        let Some(at) = under_way.iter().position(|entry| entry.batch == big) else { return };
        let Some(UnderWay { mut base, restarted, .. }) = under_way.remove(at) else { return };
        for (offset, &(batch, count)) in pieces.iter().enumerate() {
            under_way.insert(at + offset, UnderWay { batch, base, count, restarted });
            base = advance(base, count);
        }
    }

    /// A batch was given up, and nobody knows whether its numbers were used: the partition holds
    /// new batches back until [`Sequences::resolve`].
    pub fn expired(&mut self, slot: PartitionSlot, batch: BatchId) {
        let partition = self.partition(slot);
        if let Some(entry) = partition.remove(batch) {
            // Of several the last counts, in whatever order they are given up.
            let end = advance(entry.base, entry.count);
            if partition.unresolved.is_none_or(|other| is_after(end, other)) {
                partition.unresolved = Some(end);
            }
        }
    }

    /// Once nothing is under way for a partition with an expired batch: either all numbers were
    /// acked after all, or the partition starts over. False while something is still under way.
    pub fn resolve(&mut self, slot: PartitionSlot) -> bool {
        let partition = self.partition(slot);
        if partition.unresolved.is_some() && !partition.under_way.is_empty() {
            return false;
        }
        if partition.unresolved.take().is_some() && partition.next != partition.expected() {
            self.flag(slot);
        }
        true
    }

    /// OUT_OF_ORDER_SEQUENCE_NUMBER (45) for a batch.
    pub fn out_of_order(&mut self, slot: PartitionSlot, batch: BatchId) -> SequenceVerdict {
        let behind_another = self.has_older(slot, batch);
        let partition = self.partition(slot);
        let Some(entry) = partition.under_way.iter().find(|entry| entry.batch == batch) else {
            return SequenceVerdict::Retry;
        };
        let waits = match partition.unresolved {
            None => entry.restarted || entry.base != partition.expected(),
            Some(after) => after != entry.base || behind_another,
        };
        if waits {
            return SequenceVerdict::Retry;
        }
        self.flag(slot);
        SequenceVerdict::BumpAndRetry
    }

    /// Whether a batch with lower numbers is under way. It may be in the log with its answer lost,
    /// and under new numbers it would be written twice: whoever would start the partition over for
    /// `batch` waits for it instead.
    #[must_use]
    pub fn has_older(&self, slot: PartitionSlot, batch: BatchId) -> bool {
        let first = self.partitions.get(slot.index()).and_then(|it| it.under_way.front());
        first.is_some_and(|first| first.batch != batch)
    }

    /// UNKNOWN_PRODUCER_ID (59) for a batch; `log_start` is −1 when the broker didn't say.
    pub fn unknown_producer(
        &mut self,
        slot: PartitionSlot,
        batch: BatchId,
        log_start: i64,
    ) -> SequenceVerdict {
        let under_way = &self.partition(slot).under_way;
        let restarted = under_way.iter().any(|entry| entry.batch == batch && entry.restarted);
        if log_start == -1 || restarted {
            return SequenceVerdict::Retry;
        }
        self.flag(slot);
        SequenceVerdict::BumpAndRetry
    }

    /// Whether some partition waits for a new epoch.
    #[must_use]
    pub fn wants_bump(&self) -> bool {
        !self.bumping.is_empty()
    }

    /// Raises the epoch, locally as KIP-360 has it, and renumbers the flagged partitions; returns
    /// them. At epoch 32,767 it drops the identity instead: a new one must be asked for.
    pub fn bump(&mut self) -> Vec<PartitionSlot> {
        self.current = self
            .current
            .filter(|current| current.epoch < i16::MAX)
            .map(|ProducerId { id, epoch }| ProducerId { id, epoch: epoch + 1 });
        self.restart_flagged()
    }

    /// The identity that a batch under way has now; differs from the batch's own after a bump.
    #[must_use]
    pub fn identity_of(&self, slot: PartitionSlot, batch: BatchId) -> Option<Identity> {
        let partition = self.partitions.get(slot.index())?;
        let owner = partition.owner?;
        let entry = partition.under_way.iter().find(|entry| entry.batch == batch)?;
        Some(Identity { producer_id: owner.id, epoch: owner.epoch, base_sequence: entry.base })
    }

    /// A new leader, or a new log: what was proven of the old one isn't of this one.
    pub fn leader_changed(&mut self, slot: PartitionSlot) {
        self.partition(slot).proven = false;
    }

    fn flag(&mut self, slot: PartitionSlot) {
        if !self.bumping.contains(&slot) {
            self.bumping.push(slot);
        }
    }

    fn restart_flagged(&mut self) -> Vec<PartitionSlot> {
        let Some(current) = self.current else { return Vec::new() };
        let flagged = core::mem::take(&mut self.bumping);
        for &slot in &flagged {
            self.partition(slot).restart(current);
        }
        flagged
    }

    fn partition(&mut self, slot: PartitionSlot) -> &mut Partition {
        if self.partitions.len() <= slot.index() {
            self.partitions.resize_with(slot.index() + 1, Partition::default);
        }
        &mut self.partitions[slot.index()]
    }
}

impl Partition {
    /// The sequence that follows what was acked.
    fn expected(&self) -> i32 {
        self.last_acked.map_or(0, |acked| advance(acked, 1))
    }

    fn start_over(&mut self, owner: ProducerId) {
        self.owner = Some(owner);
        self.next = 0;
        self.last_acked = None;
        self.unresolved = None;
        self.proven = false;
    }

    /// Renumbers what is under way from 0, in order.
    fn restart(&mut self, owner: ProducerId) {
        self.start_over(owner);
        for entry in &mut self.under_way {
            entry.base = self.next;
            entry.restarted = true;
            self.next = advance(self.next, entry.count);
        }
    }

    fn remove(&mut self, batch: BatchId) -> Option<UnderWay> {
        let at = self.under_way.iter().position(|entry| entry.batch == batch)?;
        self.under_way.remove(at)
    }
}

/// `sequence` moved on by `by`: after 2^31 − 1 comes 0 (`DefaultRecordBatch.incrementSequence`).
#[must_use]
pub fn advance(sequence: i32, by: u32) -> i32 {
    let sum = (i64::from(sequence) + i64::from(by)) & 0x7fff_ffff;
    i32::try_from(sum).expect("masked to 31 bits")
}

/// Whether `a` comes after `b`, at most half the range apart.
const fn is_after(a: i32, b: i32) -> bool {
    let distance = a.wrapping_sub(b) & 0x7fff_ffff;
    distance != 0 && distance < 0x4000_0000
}

/// A broker remembers this many batches of a producer and partition
/// (`ProducerStateEntry.NUM_BATCHES_TO_RETAIN`).
const REMEMBERED_BATCHES: usize = 5;

#[cfg(test)]
mod tests;
