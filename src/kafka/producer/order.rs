//! Whether batches were written in the order in which their records were appended.
//!
//! Cost class: per batch; a look among the batches of one partition that are under way. Without
//! idempotence and with more than one request in flight a retried batch may come after younger
//! ones; with it, or with one request in flight, never. Neither is taken for granted: every ack is
//! held against the offsets of its partition.

use std::collections::VecDeque;

use crate::base::PartitionSlot;
use crate::kafka::accumulator::BatchId;

/// The batches under way by partition, in the order of their records.
#[derive(Debug, Default)]
pub(super) struct Order {
    partitions: Vec<VecDeque<UnderWay>>,
}

#[derive(Clone, Copy, Debug)]
struct UnderWay {
    batch: BatchId,
    /// The lowest offset at which a younger batch was acked meanwhile.
    overtaken: i64,
}

impl Order {
    /// A batch leaves its queue for the first time; every older one has left before.
    pub(super) fn left(&mut self, slot: PartitionSlot, batch: BatchId) {
        self.partition(slot).push_back(UnderWay { batch, overtaken: i64::MAX });
    }

    /// A batch goes on as these pieces.
    pub(super) fn split(
        &mut self,
        slot: PartitionSlot,
        big: BatchId,
        pieces: impl Iterator<Item = BatchId>,
    ) {
        let partition = self.partition(slot);
        let Some(at) = partition.iter().position(|entry| entry.batch == big) else { return };
        let Some(UnderWay { overtaken, .. }) = partition.remove(at) else { return };
        for (offset, batch) in pieces.enumerate() {
            partition.insert(at + offset, UnderWay { batch, overtaken });
        }
    }

    /// A batch ended; at `offset` when that is known, 0 or more. Whether a younger batch of its
    /// partition stands before it in the log.
    pub(super) fn ended(
        &mut self,
        slot: PartitionSlot,
        batch: BatchId,
        offset: Option<i64>,
    ) -> bool {
        let Some(partition) = self.partitions.get_mut(slot.index()) else { return false };
        let Some(at) = partition.iter().position(|entry| entry.batch == batch) else {
            return false;
        };
        let overtaken = partition.remove(at).map_or(i64::MAX, |entry| entry.overtaken);
        let Some(offset) = offset.filter(|offset| *offset >= 0) else { return false };
        for older in partition.iter_mut().take(at) {
            older.overtaken = older.overtaken.min(offset);
        }
        overtaken < offset
    }

    fn partition(&mut self, slot: PartitionSlot) -> &mut VecDeque<UnderWay> {
        if self.partitions.len() <= slot.index() {
            self.partitions.resize_with(slot.index() + 1, VecDeque::new);
        }
        &mut self.partitions[slot.index()]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SLOT: PartitionSlot = PartitionSlot(0);

    fn under_way(count: u64) -> Order {
        let mut order = Order::default();
        for batch in 0..count {
            order.left(SLOT, BatchId(batch));
        }
        order
    }

    #[test]
    fn acks_in_order_are_in_order() {
        let mut order = under_way(3);
        for (batch, offset) in [(0, 5), (1, 6), (2, 9)] {
            assert!(!order.ended(SLOT, BatchId(batch), Some(offset)));
        }
    }

    #[test]
    fn a_batch_behind_a_younger_one_was_overtaken() {
        let mut order = under_way(3);
        assert!(!order.ended(SLOT, BatchId(1), Some(5)));
        assert!(!order.ended(SLOT, BatchId(2), Some(6)));
        assert!(order.ended(SLOT, BatchId(0), Some(7)));
    }

    #[test]
    fn an_ack_that_only_comes_late_is_no_reordering() {
        let mut order = under_way(2);
        assert!(!order.ended(SLOT, BatchId(1), Some(6)));
        assert!(!order.ended(SLOT, BatchId(0), Some(5)), "it stands before the younger one");
    }

    #[test]
    fn what_failed_or_has_no_offset_overtakes_nobody() {
        let mut order = under_way(3);
        assert!(!order.ended(SLOT, BatchId(2), None));
        assert!(!order.ended(SLOT, BatchId(1), Some(-1)));
        assert!(!order.ended(SLOT, BatchId(0), Some(7)));
        assert!(!order.ended(SLOT, BatchId(9), Some(1)), "it never left");
    }

    #[test]
    fn the_pieces_of_a_split_take_its_place() {
        let mut order = under_way(3);
        order.split(SLOT, BatchId(1), [BatchId(7), BatchId(8)].into_iter());
        assert!(!order.ended(SLOT, BatchId(2), Some(5)));
        assert!(order.ended(SLOT, BatchId(8), Some(6)), "younger than its number says");
        assert!(order.ended(SLOT, BatchId(7), Some(7)));
        assert!(order.ended(SLOT, BatchId(0), Some(8)));
    }

    proptest! {
        /// Against the definition: of a batch's acks that came before, one is younger and lower.
        #[test]
        fn it_says_what_a_comparison_with_every_earlier_ack_would(
            offsets in Just((0..8i64).collect::<Vec<_>>()).prop_shuffle(),
            ends in Just((0..8usize).collect::<Vec<_>>()).prop_shuffle(),
        ) {
            let mut order = under_way(8);
            let mut acked: Vec<(usize, i64)> = Vec::new();
            for batch in ends {
                let offset = offsets[batch];
                let expected = acked.iter().any(|&(other, at)| other > batch && at < offset);
                let found = order.ended(SLOT, BatchId(batch as u64), Some(offset));
                prop_assert_eq!(found, expected);
                acked.push((batch, offset));
            }
        }
    }
}
