//! Sequences, one decision at a time, with made-up batches.

use super::*;

const SLOT: PartitionSlot = PartitionSlot(0);

fn batch(id: u64, count: u32) -> Batch {
    Batch::for_test(BatchId(id), SLOT, count)
}

/// Sequences whose partition has one acked record, so that its leader has proven itself.
fn proven() -> Sequences {
    let mut sequences = Sequences::default();
    sequences.adopt(ProducerId { id: 7, epoch: 0 });
    let mut zero = batch(0, 1);
    sequences.assign(&mut zero);
    sequences.succeeded(SLOT, zero.id);
    sequences
}

/// Assigned batches 1, 2, … with these record counts.
fn assigned(sequences: &mut Sequences, counts: &[u32]) -> Vec<Batch> {
    (1..)
        .zip(counts)
        .map(|(id, &count)| {
            let mut batch = batch(id, count);
            assert!(sequences.may_drain(SLOT, &batch));
            sequences.assign(&mut batch);
            batch
        })
        .collect()
}

/// `TransactionManagerTest.testSequenceNumberOverflow` and `DefaultRecordBatchTest`.
#[test]
fn sequences_wrap_to_zero() {
    assert_eq!(advance(5, 5), 10);
    assert_eq!(advance(i32::MAX, 1), 0);
    assert_eq!(advance(i32::MAX - 5, 10), 4);
    assert_eq!(advance(i32::MAX, 10), 9);
    assert_eq!(advance(i32::MAX, 100), 99);
    assert_eq!(advance(99, u32::try_from(i32::MAX).unwrap()), 98);
}

#[test]
fn nothing_leaves_before_there_is_an_identity() {
    assert!(!Sequences::default().may_drain(SLOT, &batch(1, 1)));
}

#[test]
fn until_a_leader_has_proven_itself_one_batch_is_under_way() {
    let mut sequences = Sequences::default();
    sequences.adopt(ProducerId { id: 7, epoch: 0 });
    let first = assigned(&mut sequences, &[10]);
    assert!(!sequences.may_drain(SLOT, &batch(2, 5)));
    sequences.succeeded(SLOT, first[0].id);
    let mut second = batch(2, 5);
    sequences.assign(&mut second);
    assert_eq!(second.identity.unwrap().base_sequence, 10);
    assert!(sequences.may_drain(SLOT, &batch(3, 1)));
    sequences.leader_changed(SLOT);
    assert!(!sequences.may_drain(SLOT, &batch(3, 1)));
}

#[test]
fn only_the_lowest_sequence_is_retried() {
    let mut sequences = proven();
    let batches = assigned(&mut sequences, &[2, 2]);
    assert!(sequences.may_drain(SLOT, &batches[0]));
    assert!(!sequences.may_drain(SLOT, &batches[1]));
    sequences.succeeded(SLOT, batches[0].id);
    assert!(sequences.may_drain(SLOT, &batches[1]));
}

#[test]
fn no_more_batches_are_under_way_than_a_broker_remembers() {
    let mut sequences = proven();
    assigned(&mut sequences, &[1, 1, 1, 1, 1]);
    assert!(!sequences.may_drain(SLOT, &batch(6, 1)));
}

#[test]
fn out_of_order_waits_for_the_earlier_batch_and_bumps_when_there_is_none() {
    let mut sequences = proven();
    let batches = assigned(&mut sequences, &[2, 2]);
    assert_eq!(sequences.out_of_order(SLOT, batches[1].id), SequenceVerdict::Retry);
    assert!(!sequences.wants_bump());
    assert_eq!(sequences.out_of_order(SLOT, batches[0].id), SequenceVerdict::BumpAndRetry);
    assert_eq!(sequences.bump(), [SLOT]);
    assert_eq!(sequences.current(), Some(ProducerId { id: 7, epoch: 1 }));
    let renumbered: Vec<_> = batches
        .iter()
        .map(|batch| sequences.identity_of(SLOT, batch.id).unwrap())
        .map(|identity| (identity.epoch, identity.base_sequence))
        .collect();
    assert_eq!(renumbered, [(1, 0), (1, 2)]);
    assert_eq!(sequences.out_of_order(SLOT, batches[1].id), SequenceVerdict::Retry);
}

/// Once it has gone out under its new numbers, a refusal speaks of those: it bumps again instead of
/// waiting for an earlier batch that isn't there.
#[test]
fn a_renumbered_batch_that_is_refused_again_bumps_again() {
    let mut sequences = proven();
    let mut batches = assigned(&mut sequences, &[2]);
    assert_eq!(sequences.out_of_order(SLOT, batches[0].id), SequenceVerdict::BumpAndRetry);
    sequences.bump();
    sequences.assign(&mut batches[0]);
    assert_eq!(sequences.out_of_order(SLOT, batches[0].id), SequenceVerdict::BumpAndRetry);
}

#[test]
fn a_refused_batch_leaves_no_hole() {
    let mut sequences = proven();
    let batches = assigned(&mut sequences, &[4, 3]);
    sequences.failed(SLOT, batches[0].id);
    assert!(sequences.wants_bump());
    assert!(!sequences.may_drain(SLOT, &batch(9, 1)));
    sequences.bump();
    assert_eq!(sequences.identity_of(SLOT, batches[1].id).unwrap().base_sequence, 0);
}

#[test]
fn an_expired_retry_holds_the_partition_until_its_numbers_are_known() {
    let mut sequences = proven();
    let batches = assigned(&mut sequences, &[2, 2]);
    sequences.expired(SLOT, batches[0].id);
    sequences.resolve(SLOT);
    assert!(!sequences.may_drain(SLOT, &batch(3, 1)), "one is still under way");
    sequences.succeeded(SLOT, batches[1].id);
    sequences.resolve(SLOT);
    assert!(!sequences.wants_bump(), "the later ack proves the earlier write");
    assert!(sequences.may_drain(SLOT, &batch(3, 1)));
}

/// Whatever the order in which they are given up: what follows the last of them waits for nothing.
#[test]
fn what_may_be_in_the_log_keeps_its_numbers_until_its_answer_is_there() {
    let mut sequences = proven();
    let batches = assigned(&mut sequences, &[2, 2, 2]);
    // The middle one was refused for good, the first one's answer was lost.
    assert!(sequences.has_older(SLOT, batches[1].id));
    sequences.expired(SLOT, batches[1].id);
    // The third is the very one after the hole, and yet new numbers must wait for the first.
    assert_eq!(sequences.out_of_order(SLOT, batches[2].id), SequenceVerdict::Retry);
    assert!(!sequences.wants_bump());
    sequences.succeeded(SLOT, batches[0].id);
    assert!(!sequences.has_older(SLOT, batches[2].id));
    assert_eq!(sequences.out_of_order(SLOT, batches[2].id), SequenceVerdict::BumpAndRetry);
}

#[test]
fn of_several_expired_batches_the_last_decides_what_follows() {
    for order in [[0, 1], [1, 0]] {
        let mut sequences = proven();
        let batches = assigned(&mut sequences, &[2, 2, 2]);
        for at in order {
            sequences.expired(SLOT, batches[at].id);
        }
        let verdict = sequences.out_of_order(SLOT, batches[2].id);
        assert_eq!(verdict, SequenceVerdict::BumpAndRetry);
    }
}

#[test]
fn an_expired_retry_without_a_later_ack_starts_the_partition_over() {
    let mut sequences = proven();
    let batches = assigned(&mut sequences, &[2]);
    sequences.expired(SLOT, batches[0].id);
    sequences.resolve(SLOT);
    assert!(sequences.wants_bump());
}

#[test]
fn at_the_last_epoch_a_new_identity_is_asked_for() {
    let mut sequences = Sequences::default();
    sequences.adopt(ProducerId { id: 7, epoch: i16::MAX });
    let refused = assigned(&mut sequences, &[1]);
    sequences.failed(SLOT, refused[0].id);
    assert!(sequences.bump().is_empty());
    assert_eq!(sequences.current(), None);
    assert_eq!(sequences.adopt(ProducerId { id: 8, epoch: 0 }), [SLOT]);
}

#[test]
fn the_pieces_of_a_split_share_its_sequences_out() {
    let mut sequences = proven();
    let batches = assigned(&mut sequences, &[10, 5]);
    sequences.split(SLOT, batches[0].id, &[(BatchId(8), 6), (BatchId(9), 4)]);
    let bases = [BatchId(8), BatchId(9), batches[1].id]
        .map(|id| sequences.identity_of(SLOT, id).unwrap().base_sequence);
    assert_eq!(bases, [1, 7, 11]);
    assert_eq!(sequences.identity_of(SLOT, batches[0].id), None);
}
