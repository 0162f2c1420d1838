//! What a partition remembers of idempotent producers (KIP-98; Kafka's `ProducerStateManager`,
//! `ProducerAppendInfo`).
//!
//! Cost class: per batch; one look-up in an ordered map. Bounded: five batches a producer,
//! [`MAX_PRODUCERS`] producers a partition, the one that appended longest ago making room.
//! Transactions aren't known here.

use std::collections::BTreeMap;

use crate::kafka::wire::record_batch::BatchHeader;

/// All idempotent producers that a partition knows.
#[derive(Debug, Default)]
pub struct Producers {
    by_id: BTreeMap<i64, ProducerState>,
    /// Counts appends; orders producers by their last one.
    clock: u64,
}

/// One producer's last batches in one partition.
#[derive(Clone, Debug)]
pub struct ProducerState {
    epoch: i16,
    /// Oldest first; `None` only behind the filled ones.
    recent: [Option<Appended>; REMEMBERED_BATCHES],
    touched: u64,
}

/// A batch that was appended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Appended {
    /// Sequence of its first record.
    pub base_sequence: i32,
    /// Sequence of its last record; below `base_sequence` where the sequence wrapped.
    pub last_sequence: i32,
    /// Offset of its first record.
    pub base_offset: i64,
    /// Its largest timestamp, in milliseconds since the Unix epoch.
    pub timestamp: i64,
}

/// What a batch's producer id, epoch and sequence mean for the partition.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    /// Append it.
    Next,
    /// It is here already: answer as the first time.
    Duplicate(Appended),
    /// Records are missing before it, or it is older than what is remembered
    /// (OUT_OF_ORDER_SEQUENCE_NUMBER).
    OutOfOrder,
    /// A newer epoch of the same producer wrote here (INVALID_PRODUCER_EPOCH).
    StaleEpoch,
}

impl Producers {
    /// The producers by id, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (i64, &ProducerState)> {
        self.by_id.iter().map(|(&id, state)| (id, state))
    }

    /// Judges a batch; one without producer id is always next.
    ///
    /// As in Kafka, an unknown producer may start anywhere, and a new epoch has to start at 0.
    pub(super) fn judge(&self, batch: &BatchHeader) -> Verdict {
        if batch.producer_id < 0 {
            return Verdict::Next;
        }
        let Some(state) = self.by_id.get(&batch.producer_id) else {
            return Verdict::Next;
        };
        if batch.producer_epoch < state.epoch {
            return Verdict::StaleEpoch;
        }
        if batch.producer_epoch > state.epoch {
            return if batch.base_sequence == 0 { Verdict::Next } else { Verdict::OutOfOrder };
        }
        let last_sequence = last_sequence(batch);
        let same = |known: &&Appended| {
            known.base_sequence == batch.base_sequence && known.last_sequence == last_sequence
        };
        match state.recent().find(same) {
            Some(&known) => Verdict::Duplicate(known),
            None if batch.base_sequence == sequence_after(state.last_sequence(), 1) => {
                Verdict::Next
            }
            None => Verdict::OutOfOrder,
        }
    }

    /// Remembers a batch that [`Producers::judge`] let through and that got `base_offset`.
    pub(super) fn appended(&mut self, batch: &BatchHeader, base_offset: i64) {
        if batch.producer_id < 0 {
            return;
        }
        self.clock += 1;
        let entry = Appended {
            base_sequence: batch.base_sequence,
            last_sequence: last_sequence(batch),
            base_offset,
            timestamp: batch.max_timestamp,
        };
        if self.by_id.len() >= MAX_PRODUCERS && !self.by_id.contains_key(&batch.producer_id) {
            self.forget_oldest();
        }
        let state = self.by_id.entry(batch.producer_id).or_insert(ProducerState {
            epoch: batch.producer_epoch,
            recent: [None; REMEMBERED_BATCHES],
            touched: 0,
        });
        state.touched = self.clock;
        state.remember(batch.producer_epoch, entry);
    }

    fn forget_oldest(&mut self) {
        let oldest = self.by_id.iter().min_by_key(|(_, state)| state.touched);
        if let Some(id) = oldest.map(|(&id, _)| id) {
            self.by_id.remove(&id);
        }
    }
}

impl ProducerState {
    /// The producer's epoch, 0 or more.
    #[must_use]
    pub const fn epoch(&self) -> i16 {
        self.epoch
    }

    /// The last batches, at most [`REMEMBERED_BATCHES`], oldest first.
    pub fn recent(&self) -> impl DoubleEndedIterator<Item = &Appended> {
        self.recent.iter().flatten()
    }

    /// The sequence of the last record appended.
    #[must_use]
    pub fn last_sequence(&self) -> i32 {
        self.recent().next_back().map_or(-1, |batch| batch.last_sequence)
    }

    fn remember(&mut self, epoch: i16, batch: Appended) {
        if epoch != self.epoch {
            self.epoch = epoch;
            self.recent = [None; REMEMBERED_BATCHES];
        }
        if let Some(free) = self.recent.iter_mut().find(|slot| slot.is_none()) {
            *free = Some(batch);
        } else {
            self.recent.rotate_left(1);
            self.recent[REMEMBERED_BATCHES - 1] = Some(batch);
        }
    }
}

/// `sequence` plus `count`; after the largest comes 0 (`DefaultRecordBatch.incrementSequence`).
const fn sequence_after(sequence: i32, count: i32) -> i32 {
    match sequence.checked_add(count) {
        Some(next) => next,
        None => count - (i32::MAX - sequence) - 1,
    }
}

const fn last_sequence(batch: &BatchHeader) -> i32 {
    sequence_after(batch.base_sequence, batch.last_offset_delta)
}

/// How many batches of a producer a partition can recognize as duplicates; the reason why
/// idempotent producers keep at most five requests in flight.
pub const REMEMBERED_BATCHES: usize = 5;
/// How many producers a partition remembers. Kafka forgets by age (a day) instead; a bound in
/// memory is a bound in time too.
pub const MAX_PRODUCERS: usize = 4_096;

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(id: i64, epoch: i16, base_sequence: i32, count: i32) -> BatchHeader {
        BatchHeader {
            base_offset: 0,
            partition_leader_epoch: -1,
            attributes: 0,
            last_offset_delta: count - 1,
            base_timestamp: 1_000,
            max_timestamp: 1_001,
            producer_id: id,
            producer_epoch: epoch,
            base_sequence,
            record_count: count,
        }
    }

    /// The producers after batches of ten records: id 7, epoch 2, sequences 0–9, 10–19, … at
    /// offsets 100, 110, …
    fn after(batches: i32) -> Producers {
        let mut producers = Producers::default();
        for n in 0..batches {
            let batch = batch(7, 2, n * 10, 10);
            assert_eq!(producers.judge(&batch), Verdict::Next);
            producers.appended(&batch, 100 + i64::from(n) * 10);
        }
        producers
    }

    #[test]
    fn verdicts() {
        let producers = after(7);
        let known = |base_sequence: i32| Appended {
            base_sequence,
            last_sequence: base_sequence + 9,
            base_offset: 100 + i64::from(base_sequence),
            timestamp: 1_001,
        };
        let table = [
            ("the next one", batch(7, 2, 70, 3), Verdict::Next),
            ("the last one again", batch(7, 2, 60, 10), Verdict::Duplicate(known(60))),
            ("the fifth last again", batch(7, 2, 20, 10), Verdict::Duplicate(known(20))),
            ("the sixth last again", batch(7, 2, 10, 10), Verdict::OutOfOrder),
            ("a known start with another length", batch(7, 2, 60, 9), Verdict::OutOfOrder),
            ("a gap", batch(7, 2, 71, 1), Verdict::OutOfOrder),
            ("an older epoch, even a duplicate", batch(7, 1, 60, 10), Verdict::StaleEpoch),
            ("a newer epoch from 0", batch(7, 3, 0, 1), Verdict::Next),
            ("a newer epoch not from 0", batch(7, 3, 70, 1), Verdict::OutOfOrder),
            ("an unknown producer anywhere", batch(8, 0, 999, 1), Verdict::Next),
            ("no producer id", batch(-1, -1, -1, 1), Verdict::Next),
        ];
        for (what, batch, verdict) in table {
            assert_eq!(producers.judge(&batch), verdict, "{what}");
        }
    }

    #[test]
    fn a_new_epoch_forgets_the_old_batches() {
        let mut producers = after(3);
        producers.appended(&batch(7, 3, 0, 10), 500);
        assert_eq!(producers.judge(&batch(7, 3, 10, 1)), Verdict::Next);
        assert_eq!(producers.judge(&batch(7, 3, 20, 10)), Verdict::OutOfOrder);
        let (id, state) = producers.iter().next().unwrap();
        assert_eq!((id, state.epoch(), state.recent().count()), (7, 3, 1));
    }

    /// The examples of Kafka's DefaultRecordBatchTest: 5 + 5, MAX + 1, (MAX − 5) + 10.
    #[test]
    fn sequences_wrap_to_zero() {
        assert_eq!(sequence_after(5, 5), 10);
        assert_eq!(sequence_after(i32::MAX, 1), 0);
        assert_eq!(sequence_after(i32::MAX - 5, 10), 4);
        let mut producers = Producers::default();
        producers.appended(&batch(1, 0, i32::MAX - 4, 10), 0);
        assert_eq!(producers.judge(&batch(1, 0, 5, 1)), Verdict::Next);
        assert_eq!(producers.judge(&batch(1, 0, 4, 1)), Verdict::OutOfOrder);
        assert!(matches!(producers.judge(&batch(1, 0, i32::MAX - 4, 10)), Verdict::Duplicate(_)));
    }

    #[test]
    fn the_producer_idle_for_longest_makes_room() {
        let mut producers = Producers::default();
        let all = i64::try_from(MAX_PRODUCERS).unwrap();
        for id in 0..all {
            producers.appended(&batch(id, 0, 0, 1), 0);
        }
        producers.appended(&batch(0, 0, 1, 1), 1);
        producers.appended(&batch(all, 0, 0, 1), 2);
        assert_eq!(producers.iter().count(), MAX_PRODUCERS);
        assert!(producers.iter().any(|(id, _)| id == 0), "it appended again");
        assert!(producers.iter().all(|(id, _)| id != 1));
    }
}
