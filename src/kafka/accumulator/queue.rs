//! The batches of one partition, oldest in front. Only the last one may be open.
//!
//! Cost class: per batch. Batches with a sequence stand in front, ordered by it.

use std::collections::VecDeque;

use core::time::Duration;

use crate::base::{Instant, TopicSlot};

use super::{Batch, BatchId, BatchState};

/// What makes a batch that isn't full sendable.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish {
    /// `linger.ms`.
    pub(super) linger: Duration,
    /// Batches below this number are wanted by a flush.
    pub(super) flush_below: BatchId,
    /// Memory is exhausted, or the producer closes.
    pub(super) everything: bool,
}

/// One partition's queue.
#[derive(Debug, Default)]
pub(super) struct Queue {
    pub(super) topic: TopicSlot,
    pub(super) batches: VecDeque<Box<Batch>>,
    /// It stands in the list of ready partitions (or in the sender's copy of it).
    pub(super) listed: bool,
    /// This batch, its head, is in flight and order is guaranteed by sending nothing else meanwhile
    /// (`max.in.flight.requests.per.connection` = 1).
    pub(super) muted: Option<BatchId>,
    /// A batch was created for it at least once: its length means something (KIP-794).
    pub(super) used: bool,
}

impl Queue {
    /// The last batch when it still takes records.
    pub(super) fn open(&self) -> Option<&Batch> {
        self.batches.back().map(|batch| &**batch).filter(|it| it.state() == BatchState::Open)
    }

    /// The same, to append to it.
    #[inline]
    pub(super) fn open_mut(&mut self) -> Option<&mut Box<Batch>> {
        self.batches.back_mut().filter(|batch| batch.state() == BatchState::Open)
    }

    /// Whether the last batch takes no more records, or there is none: the sticky partitioner may
    /// leave (`RecordAccumulator.allBatchesFull`).
    pub(super) fn all_full(&self) -> bool {
        self.batches.back().is_none_or(|batch| batch.is_full())
    }

    /// The batch `id`; found from the back, where a batch that was just closed stands.
    pub(super) fn find_mut(&mut self, id: BatchId) -> Option<&mut Box<Batch>> {
        self.batches.iter_mut().rev().find(|batch| batch.id == id)
    }

    /// Whether the sender should look at it now (`RecordAccumulator.batchReady`).
    pub(super) fn is_sendable(&self, wish: &Wish, now: Instant) -> bool {
        let Some(head) = self.batches.front() else { return false };
        if self.muted.is_some() || head.sending.retry_at.is_some_and(|at| at > now) {
            return false;
        }
        wish.everything
            || head.id < wish.flush_below
            || self.batches.len() > 1
            || head.sending.attempts > 0
            || head.is_full()
            || head.created + wish.linger <= now
    }

    /// Puts a batch that was in flight back, before every batch that comes after it in sequence.
    /// Without a sequence it goes to the very front.
    pub(super) fn put_back(&mut self, batch: Box<Batch>) {
        let at = match batch.identity {
            None => 0,
            Some(mine) => self
                .batches
                .iter()
                .position(|other| {
                    other
                        .identity
                        .is_none_or(|its| comes_before(mine.base_sequence, its.base_sequence))
                })
                .unwrap_or(self.batches.len()),
        };
        self.batches.insert(at, batch);
    }
}

/// Whether sequence `a` comes before `b`, at most half the range apart: after 2^31 − 1 comes 0.
pub(super) const fn comes_before(a: i32, b: i32) -> bool {
    // Both are 0 to 2^31 − 1, so the 31-bit distance decides.
    let distance = b.wrapping_sub(a) & 0x7fff_ffff;
    distance != 0 && distance < 0x4000_0000
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::accumulator::Identity;

    fn batch(base_sequence: Option<i32>) -> Box<Batch> {
        let mut batch = Box::new(Batch::blank());
        batch.identity =
            base_sequence.map(|base_sequence| Identity { producer_id: 1, epoch: 0, base_sequence });
        batch
    }

    fn order(queue: &Queue) -> Vec<Option<i32>> {
        queue.batches.iter().map(|b| b.identity.map(|identity| identity.base_sequence)).collect()
    }

    #[test]
    fn retried_batches_return_in_sequence_order_before_new_ones() {
        let mut queue = Queue::default();
        queue.batches.push_back(batch(None));
        for sequence in [20, 0, 10] {
            queue.put_back(batch(Some(sequence)));
        }
        assert_eq!(order(&queue), [Some(0), Some(10), Some(20), None]);
    }

    #[test]
    fn sequence_order_holds_over_the_wrap() {
        assert!(comes_before(i32::MAX - 3, 5));
        assert!(!comes_before(5, i32::MAX - 3));
        assert!(!comes_before(7, 7));
        let mut queue = Queue::default();
        queue.put_back(batch(Some(4)));
        queue.put_back(batch(Some(i32::MAX - 5)));
        assert_eq!(order(&queue), [Some(i32::MAX - 5), Some(4)]);
    }
}
