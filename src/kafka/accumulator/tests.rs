//! The accumulator as the sender uses it, at plain-number instants.
//!
//! The numbers of records and bytes are those of Java's client (`RecordAccumulatorTest` and
//! `MemoryRecordsBuilder` at the same sizes).

use core::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::base::{Instant, Job, PartitionSlot, RecordView, TopicSlot};
use crate::kafka::compression::{Codec, Compression};
use crate::kafka::config::ProducerConfig;

const A: PartitionSlot = PartitionSlot(0);
const B: PartitionSlot = PartitionSlot(1);
const C: PartitionSlot = PartitionSlot(2);
const LINGER: u64 = 10;

const fn ms(millis: u64) -> Instant {
    Instant::from_nanos(millis * 1_000_000)
}

/// Three partitions of one topic, 16 KiB batches, 10 ms linger, no compression.
fn accumulator(tune: impl FnOnce(&mut ProducerConfig)) -> Accumulator {
    let server = "localhost:9092".parse().unwrap();
    let mut config = ProducerConfig::java_defaults(vec![server], "test".to_owned());
    config.batch_size = 16_384;
    config.linger = Duration::from_millis(LINGER);
    config.compression = Compression { codec: Codec::None, level: 0 };
    tune(&mut config);
    let mut accumulator = Accumulator::new(&config);
    for slot in [A, B, C] {
        accumulator.add_partition(slot, TopicSlot(0));
    }
    accumulator
}

const fn record<'a>(key: Option<&'a [u8]>, value: &'a [u8]) -> RecordView<'a> {
    RecordView { partition: None, key, value: Some(value), headers: &[], timestamp_ms: 1_000 }
}

fn append(acc: &mut Accumulator, slot: PartitionSlot, len: usize, now: Instant) -> Append {
    acc.append(slot, &record(None, &vec![b'x'; len]), &Stamp::at(now), now)
}

fn appended(acc: &mut Accumulator, slot: PartitionSlot, len: usize, now: Instant) -> Appended {
    match append(acc, slot, len, now) {
        Append::Done(appended) => appended,
        Append::Full => panic!("buffer.memory is exhausted"),
    }
}

/// The partitions named since the last look.
fn named(acc: &mut Accumulator) -> Vec<PartitionSlot> {
    core::iter::from_fn(|| acc.poll_ready()).collect()
}

/// Runs the compressions that wait.
fn seal(acc: &mut Accumulator, now: Instant) {
    while let Some(mut job) = acc.poll_job() {
        job.run();
        acc.handle_sealed(job, 0, now);
    }
}

/// Takes the head as the sender does; `None` lets the partition go.
fn take(
    acc: &mut Accumulator,
    slot: PartitionSlot,
    mute: bool,
    now: Instant,
) -> Option<Box<Batch>> {
    if acc.head(slot, now) == Head::Open {
        acc.close_head(slot, now);
        seal(acc, now);
    }
    if let Head::Sealed(len) = acc.head(slot, now) {
        let batch = acc.take_head(slot, mute);
        assert_eq!(batch.wire_len(), len);
        return Some(batch);
    }
    acc.unlist(slot, now);
    None
}

/// Everything that can be sent now, partition by partition.
#[expect(clippy::vec_box, reason = "batches stay boxed from queue to request and back")]
fn drain(acc: &mut Accumulator, now: Instant) -> Vec<Box<Batch>> {
    let mut taken = Vec::new();
    seal(acc, now);
    for slot in named(acc) {
        taken.extend(core::iter::from_fn(|| take(acc, slot, false, now)));
    }
    taken
}

/// Memory that the batches of all queues say they hold.
fn charged(acc: &Accumulator) -> u64 {
    acc.queues.iter().flat_map(|queue| &queue.batches).map(|batch| batch.charged).sum()
}

#[test]
fn batches_fill_to_the_same_record_as_in_java() {
    let eight: &[u8] = b"12345678";
    let vectors = [
        (None, 100, 148, 16_277),
        (None, 1_000, 16, 16_205),
        (None, 1_024, 15, 15_556),
        (None, 10, 910, 16_377),
        (None, 16_384, 1, 16_456),
        (Some(eight), 100, 138, 16_281),
    ];
    for (key, len, records, bytes) in vectors {
        let mut acc = accumulator(|_| {});
        let value = vec![b'x'; len];
        while acc.queued(A).unwrap_or(0) < 2 {
            acc.append(A, &record(key, &value), &Stamp::at(ms(1)), ms(1));
        }
        let batch = take(&mut acc, A, false, ms(1)).unwrap();
        assert_eq!((batch.count(), batch.wire_len()), (records, bytes), "{len} bytes");
        assert_eq!(batch.close_reason(), CloseReason::Full);
    }
}

#[test]
fn a_batch_is_ready_when_the_next_record_does_not_fit() {
    let mut acc = accumulator(|_| {});
    for i in 0..148 {
        let to = appended(&mut acc, A, 100, ms(1));
        assert_eq!((to.batch, to.index, to.full), (BatchId(0), i, false));
    }
    assert_eq!(named(&mut acc), []);
    assert!(!acc.all_full(A));
    let to = appended(&mut acc, A, 100, ms(1));
    assert_eq!((to.batch, to.index), (BatchId(1), 0));
    assert_eq!(named(&mut acc), [A]);
    assert_eq!(acc.head(A, ms(1)), Head::Sealed(16_277));
    assert!(take(&mut acc, A, false, ms(1)).is_some());
    // The second one is open and lingers.
    assert_eq!(acc.head(A, ms(1)), Head::NotReady);
    assert_eq!(acc.queued(A), Some(1));
}

#[test]
fn a_batch_that_is_exactly_full_is_ready_at_once() {
    let mut probe = accumulator(|_| {});
    let bytes: u64 = (0..2).map(|_| appended(&mut probe, A, 500, ms(1)).bytes).sum();
    let mut acc = accumulator(|config| config.batch_size = u32::try_from(bytes).unwrap());
    assert!(!appended(&mut acc, A, 500, ms(1)).full);
    assert_eq!((named(&mut acc), acc.all_full(A)), (vec![], false));
    assert!(appended(&mut acc, A, 500, ms(1)).full);
    // One batch, full: the sticky partitioner may leave before a second one appears.
    assert_eq!((named(&mut acc), acc.all_full(A)), (vec![A], true));
    assert_eq!(acc.queued(A), Some(1));
}

#[test]
fn a_record_larger_than_a_batch_gets_one_of_its_own() {
    for codec in [Codec::None, Codec::Gzip] {
        let mut acc = accumulator(|config| {
            config.linger = Duration::ZERO;
            config.compression = Compression { codec, level: codec.default_level() };
        });
        let to = appended(&mut acc, A, 2 * 16_384, ms(1));
        assert_eq!(named(&mut acc), [A]);
        // 61 for the batch, 21 for the record, 1 for the count of headers, 1 + 3 for the lengths.
        assert_eq!(acc.memory().used(), acc.queues[0].batches[0].charged);
        assert!((2 * 16_384 + 61 + 21..=2 * 16_384 + 87).contains(&acc.memory().used()));
        assert_eq!(to.index, 0);
        assert_ne!(appended(&mut acc, A, 10, ms(1)).batch, to.batch);
        seal(&mut acc, ms(1));
        let batch = take(&mut acc, A, false, ms(1)).unwrap();
        assert_eq!(batch.count(), 1);
        assert_eq!(batch.wire_len() > 2 * 16_384, codec == Codec::None);
        acc.done(batch, ms(1));
        assert_eq!(acc.memory().used(), 16_384);
    }
}

#[test]
fn linger_ends_to_the_nanosecond() {
    let mut acc = accumulator(|_| {});
    appended(&mut acc, A, 100, ms(100));
    appended(&mut acc, A, 100, ms(105));
    let end = ms(100 + LINGER);
    assert_eq!(acc.next_timeout(), Some(end));
    let before = end - Duration::from_nanos(1);
    acc.handle_timeout(before);
    assert_eq!((named(&mut acc), acc.head(A, before)), (vec![], Head::NotReady));
    acc.handle_timeout(end);
    assert_eq!((named(&mut acc), acc.head(A, end)), (vec![A], Head::Open));
    assert_eq!(acc.next_timeout(), None);
    let batch = take(&mut acc, A, false, end).unwrap();
    assert_eq!((batch.count(), batch.close_reason()), (2, CloseReason::Linger));
}

#[test]
fn the_next_timeout_is_the_oldest_batchs() {
    let mut acc = accumulator(|_| {});
    appended(&mut acc, B, 100, ms(100));
    appended(&mut acc, A, 100, ms(103));
    appended(&mut acc, B, 100, ms(104));
    assert_eq!(acc.next_timeout(), Some(ms(110)));
    acc.handle_timeout(ms(110));
    assert_eq!(named(&mut acc), [B]);
    assert_eq!(acc.next_timeout(), Some(ms(113)));
}

#[test]
fn the_longest_linger_does_not_overflow() {
    let mut acc = accumulator(|config| config.linger = Duration::MAX);
    appended(&mut acc, A, 100, ms(100));
    assert_eq!(acc.next_timeout(), Some(Instant::FAR_FUTURE));
    acc.handle_timeout(ms(u64::from(u32::MAX)));
    assert_eq!(named(&mut acc), []);
}

#[test]
fn taking_one_partitions_batch_leaves_the_others() {
    let mut acc = accumulator(|config| config.linger = Duration::ZERO);
    appended(&mut acc, A, 1_000, ms(1));
    appended(&mut acc, B, 2_000, ms(1));
    assert_eq!(named(&mut acc), [A, B]);
    for slot in [A, B] {
        acc.close_head(slot, ms(1));
    }
    // What a request would hold is known before anything is taken: 61, the value, 9 around it.
    assert_eq!(acc.head(A, ms(1)), Head::Sealed(61 + 1_000 + 9));
    assert_eq!(acc.head(B, ms(1)), Head::Sealed(61 + 2_000 + 9));
    assert!(take(&mut acc, A, false, ms(1)).is_some());
    assert_eq!((acc.queued(A), acc.queued(B), acc.queued(C)), (Some(0), Some(1), None));
    assert_eq!(acc.head(B, ms(1)), Head::Sealed(61 + 2_000 + 9));
}

#[test]
fn a_backoff_holds_up_its_own_partition_only() {
    let mut acc = accumulator(|config| config.linger = Duration::ZERO);
    appended(&mut acc, A, 100, ms(1));
    let batch = drain(&mut acc, ms(1)).pop().unwrap();
    acc.put_back(batch, ms(101), ms(1));
    appended(&mut acc, A, 100, ms(50));
    appended(&mut acc, B, 100, ms(50));
    let others = drain(&mut acc, ms(50));
    assert_eq!(others.iter().map(|batch| batch.slot).collect::<Vec<_>>(), [B]);
    assert!(acc.next_timeout().is_some_and(|at| at <= ms(101)));
    let before = ms(101) - Duration::from_nanos(1);
    acc.handle_timeout(before);
    assert_eq!(drain(&mut acc, before).len(), 0);
    assert_eq!(acc.next_timeout(), Some(ms(101)));
    acc.handle_timeout(ms(101));
    let retried = drain(&mut acc, ms(101));
    let seen: Vec<_> = retried.iter().map(|batch| (batch.id.0, batch.sending.attempts)).collect();
    assert_eq!(seen, [(0, 1), (1, 0)]);
}

#[test]
fn a_newer_leader_ends_the_backoff_and_an_older_does_not() {
    let mut acc = accumulator(|config| config.linger = Duration::ZERO);
    appended(&mut acc, A, 100, ms(1));
    let mut batch = drain(&mut acc, ms(1)).pop().unwrap();
    batch.sending.leader_epoch = 7;
    acc.put_back(batch, ms(101), ms(1));
    acc.end_backoff(A, 7, ms(2));
    assert_eq!((named(&mut acc), acc.head(A, ms(2))), (vec![], Head::NotReady));
    acc.end_backoff(A, 8, ms(2));
    assert_eq!(named(&mut acc), [A]);
    let batch = take(&mut acc, A, false, ms(2)).unwrap();
    // The next retry waits again, and the exponent has gone on.
    acc.put_back(batch, ms(202), ms(2));
    assert_eq!(acc.head(A, ms(201)), Head::NotReady);
    assert_eq!(acc.queues[0].batches[0].sending.attempts, 2);
}

#[test]
fn batches_return_to_their_places() {
    for numbered in [false, true] {
        let mut acc = accumulator(|config| config.linger = Duration::ZERO);
        let mut taken = Vec::new();
        for sequence in [0, 1, 2] {
            appended(&mut acc, A, 100, ms(1));
            let mut batch = drain(&mut acc, ms(1)).pop().unwrap();
            let identity = Identity { producer_id: 5, epoch: 0, base_sequence: sequence };
            batch.identity = numbered.then_some(identity);
            taken.push(batch);
        }
        appended(&mut acc, A, 100, ms(1));
        for at in [1, 1, 0] {
            acc.put_back(taken.remove(at), ms(1), ms(1));
        }
        let order: Vec<_> = acc.queued_mut(A).map(|batch| batch.id.0).collect();
        // Put back: 1, 2, 0. Without numbers each goes to the very front, as in Java.
        assert_eq!(order, if numbered { [0, 1, 2, 3] } else { [0, 2, 1, 3] });
    }
}

#[test]
fn a_muted_partition_is_neither_named_nor_taken() {
    let mut acc = accumulator(|_| {});
    for _ in 0..149 {
        appended(&mut acc, A, 100, ms(1));
    }
    assert_eq!(named(&mut acc), [A]);
    let first = take(&mut acc, A, true, ms(1)).unwrap();
    assert!(take(&mut acc, A, true, ms(1)).is_none());
    acc.flush(ms(2));
    acc.handle_timeout(ms(500));
    assert_eq!((named(&mut acc), acc.head(A, ms(500))), (vec![], Head::NotReady));
    acc.done(first, ms(500));
    assert_eq!((named(&mut acc), acc.head(A, ms(500))), (vec![A], Head::Open));
    // A retry ends the silence as well: the batch itself is the next one.
    let second = take(&mut acc, A, true, ms(500)).unwrap();
    let id = second.id;
    acc.unlist(A, ms(500));
    acc.put_back(second, ms(500), ms(500));
    assert_eq!(named(&mut acc), [A]);
    assert_eq!(take(&mut acc, A, true, ms(500)).unwrap().id, id);
}

#[test]
fn without_memory_what_lingers_is_ready() {
    let mut acc = accumulator(|config| config.buffer_memory = 2 * 16_384);
    appended(&mut acc, A, 100, ms(1));
    appended(&mut acc, B, 100, ms(2));
    assert_eq!(named(&mut acc), []);
    assert_eq!(append(&mut acc, C, 100, ms(3)), Append::Full);
    assert_eq!((acc.queued(C), acc.live(), acc.memory().used()), (None, 2, 2 * 16_384));
    assert_eq!(named(&mut acc), [A, B]);
    let batch = take(&mut acc, A, false, ms(3)).unwrap();
    assert_eq!(batch.close_reason(), CloseReason::Memory);
    // Taken isn't done: a socket may still read it.
    assert_eq!(append(&mut acc, C, 100, ms(3)), Append::Full);
    acc.done(batch, ms(3));
    appended(&mut acc, C, 100, ms(4));
    // There is memory again: the new batch lingers.
    assert_eq!((named(&mut acc), acc.head(C, ms(4))), (vec![], Head::NotReady));
}

#[test]
fn a_partition_let_go_too_early_gets_its_deadline_back() {
    let mut acc = accumulator(|config| config.buffer_memory = 2 * 16_384);
    appended(&mut acc, A, 100, ms(1));
    appended(&mut acc, B, 100, ms(2));
    assert_eq!(append(&mut acc, C, 100, ms(3)), Append::Full);
    assert_eq!((named(&mut acc), acc.next_timeout()), (vec![A, B], None));
    let batch = take(&mut acc, A, false, ms(3)).unwrap();
    acc.done(batch, ms(3));
    appended(&mut acc, C, 100, ms(4));
    // B was named for want of memory, which is over before the sender comes to it.
    assert!(take(&mut acc, B, false, ms(4)).is_none());
    assert_eq!(acc.next_timeout(), Some(ms(2 + LINGER)));
    acc.handle_timeout(ms(2 + LINGER));
    assert_eq!(named(&mut acc), [B]);
}

#[test]
fn a_flush_wants_what_is_there_and_nothing_later() {
    let mut acc = accumulator(|_| {});
    appended(&mut acc, A, 100, ms(1));
    acc.flush(ms(2));
    appended(&mut acc, B, 100, ms(2));
    assert_eq!(named(&mut acc), [A]);
    let batch = take(&mut acc, A, false, ms(2)).unwrap();
    assert_eq!(batch.close_reason(), CloseReason::Flush);
    assert_eq!(acc.head(B, ms(2)), Head::NotReady);
    acc.close_all(ms(3));
    appended(&mut acc, C, 100, ms(3));
    assert_eq!(named(&mut acc), [B, C]);
}

#[test]
fn batches_expire_by_creation_whatever_they_wait_for() {
    let mut acc = accumulator(|_| {});
    appended(&mut acc, A, 100, ms(10));
    let muting = {
        acc.flush(ms(11));
        drain(&mut acc, ms(11)).pop().unwrap()
    };
    acc.queues[0].muted = Some(muting.id);
    appended(&mut acc, A, 100, ms(20));
    appended(&mut acc, B, 100, ms(20));
    acc.flush(ms(21));
    named(&mut acc);
    let backing_off = take(&mut acc, B, false, ms(21)).unwrap();
    acc.put_back(backing_off, ms(9_000), ms(21));
    appended(&mut acc, C, 100, ms(31));

    let timeout = Duration::from_millis(100);
    let just_before = ms(120) - Duration::from_nanos(1);
    let (expired, oldest) = acc.take_expired(just_before - timeout);
    // The earliest creation left says when to look again.
    assert_eq!((expired.len(), oldest), (0, Some(ms(20))));
    let (expired, oldest) = acc.take_expired(ms(120) - timeout);
    let gone: Vec<_> = expired.iter().map(|batch| batch.slot).collect();
    assert_eq!((gone, oldest), (vec![A, B], Some(ms(31))));
    for batch in expired {
        acc.done(batch, ms(120));
    }
    assert_eq!(acc.queues[0].muted, Some(muting.id), "only the batch in flight unmutes");
    acc.done(muting, ms(120));
    assert_eq!(acc.queues[0].muted, None);
    assert_eq!((acc.live(), acc.memory().used()), (1, 16_384));
    // A timeout longer than all time there was expires nothing.
    assert_eq!(acc.take_expired(ms(120) - Duration::MAX).0.len(), 0);
}

#[test]
fn a_forced_close_returns_every_batch_once() {
    let mut acc = accumulator(|_| {});
    for _ in 0..149 {
        appended(&mut acc, A, 100, ms(1));
    }
    appended(&mut acc, B, 100, ms(1));
    let in_flight = drain(&mut acc, ms(1)).pop().unwrap();
    let mut all: Vec<_> = acc.take_all();
    assert_eq!(all.iter().map(|batch| batch.id.0).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(acc.take_all().len(), 0);
    assert_eq!(acc.live(), 3);
    all.push(in_flight);
    for batch in all {
        acc.done(batch, ms(2));
    }
    assert_eq!((acc.live(), acc.memory().used()), (0, 0));
}

#[test]
fn a_body_that_is_away_holds_its_place_and_may_come_back_too_late() {
    let mut acc = accumulator(|config| {
        config.compression = Compression { codec: Codec::Lz4, level: 9 };
        config.linger = Duration::ZERO;
    });
    appended(&mut acc, A, 1_000, ms(1));
    assert_eq!(named(&mut acc), [A]);
    acc.close_head(A, ms(1));
    assert_eq!(acc.head(A, ms(1)), Head::Sealing);
    acc.unlist(A, ms(500));
    let mut job = acc.poll_job().unwrap();
    job.run();
    assert_eq!(named(&mut acc), []);
    acc.handle_sealed(job, 2_000_000, ms(4));
    assert_eq!(named(&mut acc), [A]);
    let batch = take(&mut acc, A, false, ms(4)).unwrap();
    let seal = SealTime { took: 2_000_000, waited: 1_000_000 };
    assert_eq!((batch.seal(), batch.uncompressed()), (seal, 1_009));
    assert!(batch.wire_len() < 200);
    acc.done(batch, ms(4));

    appended(&mut acc, A, 1_000, ms(5));
    acc.close_head(A, ms(5));
    let mut job = acc.poll_job().unwrap();
    for batch in acc.take_all() {
        acc.done(batch, ms(6));
    }
    job.run();
    acc.handle_sealed(job, 0, ms(7));
    assert_eq!((acc.live(), acc.memory().used(), acc.head(A, ms(7))), (0, 0, Head::NotReady));
}

/// An accumulator whose compression estimate is low, and the first batch that it overfilled.
fn overfilled() -> (Accumulator, Box<Batch>) {
    let mut acc = accumulator(|config| {
        config.compression = Compression { codec: Codec::Lz4, level: 9 };
    });
    for i in 0u64.. {
        appended(&mut acc, A, 1_000, ms(i));
        for batch in drain(&mut acc, ms(i)) {
            if batch.uncompressed() > 3 * 16_384 {
                return (acc, batch);
            }
            acc.done(batch, ms(i));
        }
    }
    unreachable!("the estimate falls with each batch")
}

#[test]
fn a_split_keeps_records_stamps_and_creation() {
    let (mut acc, mut big) = overfilled();
    big.sending.attempts = 2;
    big.sending.first_drained = Some(ms(77));
    let (count, created, stamps) = (big.count(), big.created, big.stamps().clone());
    let (held, live, first) = (acc.memory().used() - big.charged, acc.live(), big.first());
    let now = ms(1_000_000);
    let pieces = acc.split(big, now);
    // The share of the big batch is given back at once, and its pieces stand outside of it.
    assert_eq!((acc.memory().used(), acc.splits()), (held, 1));
    assert_eq!(acc.live(), live - 1 + pieces.len());
    assert!(pieces.len() >= 3, "{} pieces", pieces.len());
    assert_eq!(pieces.iter().map(|piece| piece.count()).sum::<u32>(), count);
    let mut start = 0;
    for piece in &pieces {
        assert_eq!((piece.slot, piece.created, piece.state()), (A, created, BatchState::Open));
        assert_eq!((piece.sending.attempts, piece.sending.first_drained), (0, Some(ms(77))));
        assert!(piece.held() <= 16_384);
        assert_eq!(*piece.stamps(), stamps.slice(start..start + piece.count()));
        assert_eq!(piece.first(), Place { index: start, ..first });
        start += piece.count();
    }
    let ids: Vec<_> = pieces.iter().map(|piece| piece.id).collect();
    acc.put_pieces(pieces, now);
    acc.flush(now);
    let sent = drain(&mut acc, now);
    assert!(sent.iter().map(|batch| batch.id).take(ids.len()).eq(ids));
    for batch in sent {
        acc.done(batch, now);
    }
    assert_eq!((acc.live(), acc.memory().used()), (0, 0));
}

/// `testSplitFrequency`: whatever the mix of records that compress well and badly, the estimate
/// keeps batches that come out too large below a tenth.
#[test]
fn few_batches_come_out_too_large_whatever_the_mix() {
    for good_percent in [1, 10, 25, 50, 75, 90, 99] {
        let mut acc = accumulator(|config| {
            config.batch_size = 1_024;
            config.compression = Compression::of(Codec::Gzip);
        });
        let mut rng = crate::base::Rng::new(good_percent);
        let (mut batches, mut splits) = (0u32, 0u32);
        for _ in 0..1_000 {
            let good = rng.below(100) < good_percent;
            let value: Vec<u8> = (0..512)
                .map(|_| if good { b'x' } else { u8::try_from(rng.below(256)).unwrap() })
                .collect();
            let done = acc.append(A, &record(None, &value), &Stamp::at(ms(1)), ms(1));
            assert!(matches!(done, Append::Done(_)));
            for batch in drain(&mut acc, ms(1)) {
                batches += 1;
                if batch.wire_len() > 1_024 && batch.count() > 1 {
                    splits += 1;
                    let pieces = acc.split(batch, ms(1));
                    acc.put_pieces(pieces, ms(1));
                } else {
                    acc.done(batch, ms(1));
                }
            }
        }
        assert!(splits * 10 < batches, "{good_percent} %: {splits} of {batches}");
    }
}

/// `BufferPoolTest.testSimple`: the memory of a batch is used again, that of a large one is not.
#[test]
fn an_ended_batchs_memory_is_used_again_unless_it_is_large() {
    let mut acc = accumulator(|config| config.linger = Duration::ZERO);
    appended(&mut acc, A, 100, ms(1));
    let batch = drain(&mut acc, ms(1)).pop().unwrap();
    let place = batch.wire_parts().1.as_ptr();
    acc.done(batch, ms(1));
    appended(&mut acc, B, 100, ms(1));
    let batch = drain(&mut acc, ms(1)).pop().unwrap();
    assert_eq!(batch.wire_parts().1.as_ptr(), place);
    acc.done(batch, ms(1));
    assert_eq!(acc.spare.len(), 1);
    appended(&mut acc, A, 100_000, ms(2));
    let large = drain(&mut acc, ms(2)).pop().unwrap();
    acc.done(large, ms(2));
    assert!(acc.spare.iter().all(|spare| spare.capacity() < 100_000));
}

/// Stamps that share nothing weigh more than the small records that they belong to, and all that
/// waits is to be within `buffer.memory`.
#[test]
fn heavy_stamps_are_charged() {
    let mut acc = accumulator(|_| {});
    for nanos in 0..800u64 {
        let at = Instant::from_nanos(nanos);
        let record = record(None, &[7; 10]);
        assert!(matches!(acc.append(A, &record, &Stamp::at(at), at), Append::Done(_)));
    }
    let used = acc.memory().used();
    assert!((16_384 + 800 * 64 - 2_048..2 * 16_384 + 800 * 128).contains(&used), "{used}");
    for batch in acc.take_all() {
        acc.done(batch, ms(900));
    }
    assert_eq!(acc.memory().used(), 0);

    // What records share costs nothing.
    for _ in 0..800u64 {
        let record = record(None, &[7; 10]);
        assert!(matches!(acc.append(A, &record, &Stamp::at(ms(901)), ms(901)), Append::Done(_)));
    }
    assert_eq!(acc.memory().used(), 16_384);
}

/// What a world does to the accumulator.
#[derive(Clone, Copy, Debug)]
enum Step {
    Append { slot: u32, len: usize },
    Drain,
    Finish,
    Retry,
    Flush,
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..3u32, 0..900usize).prop_map(|(slot, len)| Step::Append { slot, len }),
        3 => Just(Step::Drain),
        2 => Just(Step::Finish),
        1 => Just(Step::Retry),
        1 => Just(Step::Flush),
        2 => (1..8u64).prop_map(Step::Wait),
    ]
}

proptest! {
    /// Whatever happens, memory is what the batches hold, and following the deadlines alone brings
    /// every record out.
    #[test]
    fn no_record_is_forgotten_and_no_byte_lost(
        steps in prop::collection::vec(step(), 1..200),
        codec in prop::sample::select(vec![Codec::None, Codec::Lz4]),
        mute in any::<bool>(),
    ) {
        let mut acc = accumulator(|config| {
            config.batch_size = 1_024;
            config.buffer_memory = 6 * 1_024;
            config.compression = Compression { codec, level: codec.default_level() };
        });
        let (mut now, mut accepted, mut finished) = (ms(1), 0, 0);
        let mut away: Vec<Box<Batch>> = Vec::new();
        for step in steps {
            match step {
                Step::Append { slot, len } => {
                    let done = append(&mut acc, PartitionSlot(slot), len, now);
                    accepted += u32::from(done != Append::Full);
                }
                Step::Drain => {
                    acc.handle_timeout(now);
                    seal(&mut acc, now);
                    for slot in named(&mut acc) {
                        away.extend(core::iter::from_fn(|| take(&mut acc, slot, mute, now)));
                    }
                }
                Step::Finish => if let Some(batch) = away.pop() {
                    finished += batch.count();
                    acc.done(batch, now);
                },
                Step::Retry => if let Some(batch) = away.pop() {
                    acc.put_back(batch, now + Duration::from_millis(5), now);
                },
                Step::Flush => acc.flush(now),
                Step::Wait(millis) => now += Duration::from_millis(millis),
            }
            let held: u64 = away.iter().map(|batch| batch.charged).sum();
            prop_assert_eq!(acc.memory().used(), held + charged(&acc));
        }
        for _ in 0..1_000 {
            for batch in away.drain(..) {
                finished += batch.count();
                acc.done(batch, now);
            }
            acc.handle_timeout(now);
            seal(&mut acc, now);
            let slots = named(&mut acc);
            for &slot in &slots {
                away.extend(core::iter::from_fn(|| take(&mut acc, slot, mute, now)));
            }
            if slots.is_empty() {
                let Some(next) = acc.next_timeout() else { break };
                now = now.max(next);
            }
        }
        prop_assert_eq!(finished, accepted);
        prop_assert_eq!((acc.live(), acc.memory().used()), (0, 0));
    }
}
