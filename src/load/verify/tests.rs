//! Logs made by hand, each with one thing wrong.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::base::{Header, PartitionSlot, RecordView, WorkerIndex};
use crate::kafka::compression::{Codec, Compression, Compressor};
use crate::kafka::wire::record_batch::{BatchHeader, append_record, attributes};
use crate::load::source::{KeyPlan, Mark, SizePlan, Source, SourcePlan, ValuePlan};

const RUN: u32 = 77;
const P0: PartitionSlot = PartitionSlot(0);
const P1: PartitionSlot = PartitionSlot(1);

fn source(value: ValuePlan, workers: u32) -> SourcePlan {
    SourcePlan {
        seed: 9,
        key: KeyPlan::Uniform { cardinality: 10 },
        value,
        size: SizePlan::Fixed(40),
        workers,
        ..SourcePlan::default()
    }
}

fn marked(workers: u32) -> VerifyPlan {
    of(Traced { source: source(ValuePlan::Random, workers), mark: Some(RUN) })
}

fn named() -> VerifyPlan {
    of(Traced { source: source(ValuePlan::Sequence, 1), mark: None })
}

fn of(stream: Traced) -> VerifyPlan {
    VerifyPlan { streams: vec![stream], largest_body: 1 << 20 }
}

/// A record as its run sends it, or as something else became of it.
#[derive(Clone, Debug)]
struct Sent {
    key: Option<Vec<u8>>,
    value: Vec<u8>,
    mark: Option<Vec<u8>>,
}

fn sent(plan: &VerifyPlan, worker: u32, number: u64) -> Sent {
    sent_by(&plan.streams[0], worker, number)
}

fn sent_by(stream: &Traced, worker: u32, number: u64) -> Sent {
    let mut source = Source::new(&stream.source, WorkerIndex(worker));
    let n = number * u64::from(stream.source.workers) + u64::from(worker);
    let record = source.record(n, 0);
    let mark = stream.mark.map(|run| {
        let mark = Mark { run, producer: worker, number };
        mark.bytes(record.key, record.value).to_vec()
    });
    let key = record.key.map(<[u8]>::to_vec);
    Sent { key, value: record.value.unwrap().to_vec(), mark }
}

/// One batch at `base_offset`.
fn batch(base_offset: i64, codec: Codec, records: &[Sent]) -> Vec<u8> {
    let mut body = Vec::new();
    for (index, record) in (0u32..).zip(records) {
        let header = Header { name: Mark::NAME, value: record.mark.as_deref() };
        let headers = [header];
        let view = RecordView {
            partition: None,
            key: record.key.as_deref(),
            value: Some(&record.value),
            headers: if record.mark.is_some() { &headers } else { &[] },
            timestamp_ms: 5,
        };
        append_record(&mut body, index, 0, &view);
    }
    if codec != Codec::None {
        let mut packed = Vec::new();
        let mut compressor = Compressor::new(Compression::of(codec)).unwrap();
        compressor.compress(&body, &mut packed).unwrap();
        body = packed;
    }
    let count = i32::try_from(records.len()).unwrap();
    framed(&header(base_offset, count, codec.id()), &body)
}

fn header(base_offset: i64, count: i32, attributes: i16) -> BatchHeader {
    BatchHeader {
        base_offset,
        partition_leader_epoch: 1,
        attributes,
        last_offset_delta: count - 1,
        base_timestamp: 5,
        max_timestamp: 5,
        producer_id: 1,
        producer_epoch: 0,
        base_sequence: 0,
        record_count: count,
    }
}

fn framed(header: &BatchHeader, body: &[u8]) -> Vec<u8> {
    [&header.write(body)[..], body].concat()
}

fn delivered(numbers: core::ops::Range<u64>) -> Fates {
    let mut fates = Fates::new(numbers.start);
    numbers.for_each(|number| fates.set(number, Fate::Delivered));
    fates
}

/// What a log of one partition comes to: `numbers` of one worker were delivered to it.
fn findings(plan: &VerifyPlan, numbers: core::ops::Range<u64>, log: &[Vec<u8>]) -> Verification {
    let expected = numbers.end - numbers.start;
    let mut verifier = Verifier::new(plan, vec![delivered(numbers)]);
    let end = log.iter().map(|batch| end_of(batch)).max().unwrap_or(0);
    verifier.expect(P0, 0, end, expected);
    assert!(verifier.feed(P0, &log.concat()) || log.is_empty());
    verifier.finish()
}

fn end_of(batch: &[u8]) -> i64 {
    let (header, ..) = BatchHeader::read(batch).unwrap();
    header.base_offset + i64::from(header.last_offset_delta) + 1
}

fn records(plan: &VerifyPlan, numbers: &[u64]) -> Vec<Sent> {
    numbers.iter().map(|number| sent(plan, 0, *number)).collect()
}

/// Goal: several streams in one log are told apart though their producers and numbers are the same.
/// Method: two streams of one producer and of two; records 0 to 2 of each producer, then one whose
/// producer its stream doesn't have.
#[test]
fn streams_of_one_topic_are_told_apart_by_their_marks() {
    let one = Traced { source: source(ValuePlan::Random, 1), mark: Some(RUN) };
    let two = Traced { source: source(ValuePlan::Sequence, 2), mark: Some(RUN + 1) };
    let plan = VerifyPlan { streams: vec![one.clone(), two.clone()], largest_body: 1 << 20 };
    let mut log: Vec<Sent> = Vec::new();
    for number in 0..3 {
        log.extend([sent_by(&two, 1, number), sent_by(&one, 0, number), sent_by(&two, 0, number)]);
    }
    let wider = Traced { source: source(ValuePlan::Random, 2), mark: Some(RUN) };
    log.push(sent_by(&wider, 1, 0));
    // Of the last producer's four one is lost.
    let fates = vec![delivered(0..3), delivered(0..3), delivered(0..4)];
    let mut verifier = Verifier::new(&plan, fates);
    verifier.expect(P0, 0, 10, 10);
    assert!(verifier.feed(P0, &batch(0, Codec::None, &log)));
    let Verification { total, missing, .. } = verifier.finish();
    assert_eq!((total.found, total.lost, total.foreign), (9, 1, 1));
    assert_eq!((total.duplicated, total.reordered, total.corrupted), (0, 0, 0));
    assert_eq!(missing, [Missing { producer: 2, first: 3, last: 3 }]);
}

#[test]
#[should_panic(expected = "streams of one topic need a mark each")]
fn streams_that_nobody_could_tell_apart_are_no_plan() {
    let one = Traced { source: source(ValuePlan::Random, 1), mark: Some(RUN) };
    let plan = VerifyPlan { streams: vec![one.clone(), one], largest_body: 1 << 20 };
    let _ = Verifier::new(&plan, vec![delivered(0..1), delivered(0..1)]);
}

#[test]
fn a_log_as_it_was_sent_is_clean_under_every_codec() {
    for plan in [marked(1), named()] {
        for &codec in Codec::ALL {
            let log = [
                batch(0, codec, &records(&plan, &[100, 101, 102])),
                batch(3, codec, &records(&plan, &[103])),
            ];
            let found = findings(&plan, 100..104, &log);
            assert!(found.total.is_clean(), "{codec:?}: {:?}", found.total);
            assert_eq!((found.total.expected, found.total.found), (4, 4));
            assert_eq!(found.missing, []);
        }
    }
}

#[test]
fn a_record_that_is_not_there_is_lost_and_named() {
    let plan = marked(1);
    let log = [batch(0, Codec::None, &records(&plan, &[0, 1, 4]))];
    let found = findings(&plan, 0..6, &log);
    assert_eq!((found.total.found, found.total.lost, found.total.unknown), (3, 3, 0));
    let missing = |first, last| Missing { producer: 0, first, last };
    assert_eq!(found.missing, [missing(2, 3), missing(5, 5)]);
}

#[test]
fn a_second_copy_is_duplicated_wherever_it_stands() {
    let plan = marked(1);
    let mut verifier = Verifier::new(&plan, vec![delivered(0..3)]);
    verifier.expect(P0, 0, 4, 3);
    verifier.expect(P1, 0, 1, 0);
    assert!(verifier.feed(P0, &batch(0, Codec::None, &records(&plan, &[0, 1, 1, 2]))));
    assert!(verifier.feed(P1, &batch(0, Codec::None, &records(&plan, &[2]))));
    let found = verifier.finish();
    assert_eq!(found.partitions.iter().map(|one| one.duplicated).collect::<Vec<_>>(), [1, 1]);
    assert_eq!((found.total.found, found.total.lost, found.total.reordered), (3, 0, 0));
}

#[test]
fn a_record_behind_a_later_one_is_reordered() {
    let plan = named();
    let log = [batch(0, Codec::Lz4, &records(&plan, &[0, 3, 4, 1, 2, 5, 3]))];
    let found = findings(&plan, 0..6, &log);
    assert_eq!((found.total.reordered, found.total.duplicated, found.total.lost), (2, 1, 0));
    assert_eq!(found.total.found, 6);
}

#[test]
fn producers_do_not_reorder_one_another() {
    let plan = marked(2);
    let mut verifier = Verifier::new(&plan, vec![delivered(0..2), delivered(0..2)]);
    let log: Vec<_> = [(1, 1), (0, 0), (0, 1)].map(|(w, n)| sent(&plan, w, n)).into();
    verifier.expect(P0, 10, 13, 3);
    verifier.expect(P1, 0, 1, 1);
    verifier.feed(P0, &batch(10, Codec::None, &log));
    verifier.feed(P1, &batch(0, Codec::None, &[sent(&plan, 1, 0)]));
    assert!(verifier.finish().total.is_clean());
}

#[test]
fn a_damaged_record_is_corrupted_and_not_also_lost() {
    let plan = marked(1);
    let good = records(&plan, &[0, 1, 2, 3]);
    let mut damaged_value = good.clone();
    damaged_value[1].value[3] ^= 1;
    let mut damaged_mark = good.clone();
    damaged_mark[2].mark.as_mut().unwrap()[9] ^= 1;
    // Well marked, but not what the run made: key and mark are another record's.
    let mut swapped = good.clone();
    swapped[3].key = Some(b"key-x".to_vec());
    let mark = Mark { run: RUN, producer: 0, number: 3 };
    let bytes = mark.bytes(swapped[3].key.as_deref(), Some(&swapped[3].value));
    swapped[3].mark = Some(bytes.to_vec());
    for (case, log) in [damaged_value, damaged_mark, swapped].iter().enumerate() {
        let found = findings(&plan, 0..4, &[batch(0, Codec::None, log)]).total;
        assert_eq!((found.corrupted, found.found, found.lost), (1, 3, 0), "case {case}");
    }
    let plan = named();
    let mut log = records(&plan, &[0, 1]);
    log[1].value[12] ^= 1;
    let found = findings(&plan, 0..2, &[batch(0, Codec::None, &log)]).total;
    assert_eq!((found.corrupted, found.found, found.lost), (1, 1, 0));
}

#[test]
fn a_batch_with_a_wrong_checksum_is_not_looked_into() {
    let plan = marked(1);
    let mut bad = batch(0, Codec::None, &records(&plan, &[0, 1]));
    let last = bad.len() - 1;
    bad[last] ^= 1;
    let log = [bad, batch(2, Codec::None, &records(&plan, &[2]))];
    let found = findings(&plan, 0..3, &log).total;
    assert_eq!((found.corrupted, found.found, found.lost), (2, 1, 0));
}

#[test]
fn a_damaged_header_does_not_stand_in_for_what_is_lost_elsewhere() {
    let plan = marked(1);
    // It claims a million records, and holds the offsets of two.
    let mut claims = header(0, 2, 0);
    claims.record_count = 1_000_000;
    let mut bad = framed(&claims, b"nothing");
    let last = bad.len() - 1;
    bad[last] ^= 1;
    let log = [bad, batch(2, Codec::None, &records(&plan, &[2]))];
    let found = findings(&plan, 0..9, &log).total;
    assert_eq!((found.corrupted, found.found, found.lost), (2, 1, 6));
}

/// A batch of `count` records from `base_offset` on with a wrong checksum, whose header claims the
/// offsets up to `base_offset + claimed`.
fn bad(base_offset: i64, count: i32, claimed: i32) -> Vec<u8> {
    let mut header = header(base_offset, count, 0);
    header.last_offset_delta = claimed - 1;
    let mut bytes = framed(&header, b"nothing");
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    bytes
}

#[test]
fn a_damaged_batch_ends_where_the_next_one_begins_whatever_its_header_claims() {
    let plan = marked(1);
    for claimed in [-3, 0, 1, 2, 3, 5, 1_000_000, i32::MAX] {
        let log = [
            batch(0, Codec::None, &records(&plan, &[0])),
            bad(1, 2, claimed),
            batch(3, Codec::None, &records(&plan, &[3, 4])),
            batch(5, Codec::None, &records(&plan, &[6])),
        ];
        let mut verifier = Verifier::new(&plan, vec![delivered(0..7)]);
        // One of seven is lost, and no header hides that.
        verifier.expect(P0, 0, 6, 7);
        assert!(verifier.feed(P0, &log.concat()));
        assert_eq!(verifier.next_offset(P0), None);
        let found = verifier.finish().total;
        let counts = (found.found, found.lost, found.unknown);
        assert_eq!(counts, (4, 1, 0), "claimed {claimed}: {found:?}");
        assert_eq!((found.corrupted, found.unread, found.removed), (2, 0, 0), "claimed {claimed}");
    }
}

#[test]
fn a_damaged_batch_behind_which_nothing_is_intact_is_fetched_again_and_then_unread() {
    let plan = marked(1);
    let first = batch(0, Codec::None, &records(&plan, &[0]));
    let damaged = bad(1, 2, 4);
    let mut verifier = Verifier::new(&plan, vec![delivered(0..8)]);
    verifier.expect(P0, 0, 8, 8);
    assert!(verifier.feed(P0, &[&first[..], &damaged[..]].concat()));
    assert_eq!(verifier.next_offset(P0), Some(1), "what follows may tell where it ends");
    assert!(verifier.feed(P0, &damaged));
    assert_eq!(verifier.next_offset(P0), Some(5));
    assert!(verifier.feed(P0, &batch(5, Codec::None, &records(&plan, &[5, 6, 7]))));
    let found = verifier.finish().total;
    assert_eq!((found.found, found.corrupted, found.unread), (4, 1, 3));
    assert_eq!((found.unknown, found.lost), (3, 0));
}

#[test]
fn damaged_batches_in_a_row_whose_headers_agree_are_corrupted() {
    let plan = marked(1);
    let log = [bad(0, 2, 2), bad(2, 3, 3)].concat();
    let mut verifier = Verifier::new(&plan, vec![delivered(0..6)]);
    // The log's end bears the last one out, once nothing follows where it comes first.
    verifier.expect(P0, 0, 5, 6);
    assert!(verifier.feed(P0, &log));
    assert_eq!(verifier.next_offset(P0), Some(2));
    assert!(verifier.feed(P0, &log));
    assert_eq!(verifier.next_offset(P0), None);
    let found = verifier.finish().total;
    assert_eq!((found.corrupted, found.unread, found.unknown, found.lost), (5, 0, 0, 1));
}

#[test]
fn a_damaged_batch_is_no_marker_whatever_its_header_says() {
    let plan = marked(1);
    let mut marker = bad(0, 2, 2);
    // The lower byte of the attributes, which the checksum covers.
    marker[22] |= 0x20;
    let log = [marker, batch(2, Codec::None, &records(&plan, &[2]))];
    let found = findings(&plan, 0..3, &log).total;
    assert_eq!((found.corrupted, found.markers, found.lost), (2, 0, 0));
}

#[test]
fn a_body_that_does_not_unpack_or_says_too_much_is_corrupted() {
    let plan = marked(1);
    let garbage = framed(&header(0, 5, Codec::Zstd.id()), b"no frame of zstd");
    let unknown = framed(&header(5, 3, 7), b"no codec has this number");
    let short = {
        let whole = batch(8, Codec::None, &records(&plan, &[0, 1]));
        framed(&header(8, 4, 0), &whole[61..])
    };
    let found = findings(&plan, 0..2, &[garbage, unknown, short]).total;
    assert_eq!((found.corrupted, found.found, found.lost), (5 + 3 + 2, 2, 0));
    let bomb = VerifyPlan { largest_body: 100, ..marked(1) };
    let log = [batch(0, Codec::Gzip, &records(&bomb, &[0, 1, 2, 3]))];
    assert_eq!(findings(&bomb, 0..4, &log).total.corrupted, 4);
}

#[test]
fn records_of_others_are_foreign_and_an_earlier_phases_are_earlier() {
    let plan = marked(1);
    let mut log = records(&plan, &[50, 51]);
    log.push(Sent { key: None, value: b"hello".to_vec(), mark: None });
    let mut other_run = sent(&plan, 0, 50);
    other_run.mark = Some(Mark { run: 1, producer: 0, number: 50 }.bytes(None, None).to_vec());
    log.push(other_run);
    let mut short_mark = sent(&plan, 0, 50);
    short_mark.mark.as_mut().unwrap().pop();
    log.push(short_mark);
    // No such worker, and a number that was never made.
    let strange = |producer, number| {
        let mut record = sent(&plan, 0, 50);
        let mark = Mark { run: RUN, producer, number };
        record.mark = Some(mark.bytes(record.key.as_deref(), Some(&record.value)).to_vec());
        record
    };
    log.extend([strange(1, 50), strange(0, 1 << 40)]);
    log.push(sent(&plan, 0, 49));
    let found = findings(&plan, 50..52, &[batch(0, Codec::None, &log)]).total;
    assert_eq!((found.found, found.foreign, found.earlier, found.lost), (2, 5, 1, 0));
    assert_eq!((found.duplicated, found.corrupted), (0, 0));
}

#[test]
fn what_arrived_without_an_ack_is_told_from_what_was_promised() {
    let plan = marked(1);
    let mut fates = delivered(0..2);
    fates.set(2, Fate::Indeterminate);
    fates.set(3, Fate::Indeterminate);
    fates.set(4, Fate::Failed);
    fates.set(5, Fate::Failed);
    let mut verifier = Verifier::new(&plan, vec![fates]);
    verifier.expect(P0, 0, 4, 2);
    verifier.feed(P0, &batch(0, Codec::None, &records(&plan, &[0, 1, 2, 4])));
    let found = verifier.finish().total;
    assert_eq!((found.found, found.indeterminate_found, found.failed_found), (2, 1, 1));
    assert_eq!((found.lost, found.unacked_found()), (0, 2));
}

#[test]
fn what_retention_removed_is_unknown_and_not_lost() {
    let plan = marked(1);
    let tail = batch(6, Codec::None, &records(&plan, &[6, 7]));
    let mut verifier = Verifier::new(&plan, vec![delivered(0..9)]);
    verifier.expect(P0, 0, 8, 9);
    // The log begins at 4 when it is first asked, and at 6 when it is read.
    verifier.begins_at(P0, 4);
    assert_eq!(verifier.next_offset(P0), Some(4));
    assert!(verifier.feed(P0, &tail));
    assert_eq!(verifier.next_offset(P0), None);
    let found = verifier.finish().total;
    assert_eq!((found.removed, found.unknown, found.lost, found.found), (6, 6, 1, 2));
}

#[test]
fn a_log_that_is_gone_wholly_is_unknown() {
    let plan = marked(1);
    let mut verifier = Verifier::new(&plan, vec![delivered(0..5)]);
    verifier.expect(P0, 10, 15, 5);
    verifier.begins_at(P0, 40);
    let found = verifier.finish().total;
    assert_eq!((found.removed, found.unknown, found.lost), (5, 5, 0));
}

#[test]
fn holes_that_compaction_left_are_removed_offsets() {
    let plan = marked(1);
    // Of eight offsets the first batch kept three, and between the two everything went.
    let kept = batch(0, Codec::None, &records(&plan, &[1, 4, 7]));
    let mut thinned = header(0, 3, 0);
    thinned.last_offset_delta = 7;
    let log = [framed(&thinned, &kept[61..]), batch(10, Codec::None, &records(&plan, &[10]))];
    let found = findings(&plan, 0..11, &log).total;
    assert_eq!((found.found, found.removed, found.unknown, found.lost), (4, 7, 7, 0));
}

/// A reader that waited for more of the phase's records would wait in vain.
#[test]
fn a_batch_from_past_the_end_says_that_the_rest_is_gone() {
    let plan = marked(1);
    let mut verifier = Verifier::new(&plan, vec![delivered(0..5)]);
    verifier.expect(P0, 0, 5, 5);
    verifier.feed(P0, &batch(0, Codec::None, &records(&plan, &[0, 1])));
    assert!(verifier.feed(P0, &batch(7, Codec::None, &records(&plan, &[4]))));
    assert_eq!(verifier.next_offset(P0), None);
    let found = verifier.finish().total;
    assert_eq!((found.found, found.removed, found.unknown, found.lost), (2, 3, 3, 0));
}

#[test]
fn a_log_that_was_cut_off_lost_what_stood_behind() {
    let plan = marked(1);
    let mut verifier = Verifier::new(&plan, vec![delivered(0..5)]);
    verifier.expect(P0, 0, 5, 5);
    verifier.feed(P0, &batch(0, Codec::None, &records(&plan, &[0, 1])));
    verifier.ends_at(P0, 2);
    assert_eq!(verifier.unfinished().count(), 0);
    let found = verifier.finish().total;
    assert_eq!((found.found, found.lost, found.unknown), (2, 3, 0));
}

#[test]
fn what_could_not_be_read_is_unknown() {
    let plan = marked(1);
    let mut verifier = Verifier::new(&plan, vec![delivered(0..5)]);
    verifier.expect(P0, 0, 5, 5);
    verifier.feed(P0, &batch(0, Codec::None, &records(&plan, &[0, 1])));
    assert_eq!(verifier.unfinished().collect::<Vec<_>>(), [(P0, 2)]);
    let found = verifier.finish().total;
    assert_eq!((found.found, found.unread, found.unknown, found.lost), (2, 3, 3, 0));
}

#[test]
fn a_fetch_may_begin_before_and_end_after_what_is_wanted() {
    let plan = marked(1);
    let first = batch(0, Codec::None, &records(&plan, &[0, 1, 2]));
    let second = batch(3, Codec::None, &records(&plan, &[3, 4, 5]));
    let mut verifier = Verifier::new(&plan, vec![delivered(1..5)]);
    verifier.expect(P0, 1, 5, 4);
    // The first fetch cuts the second batch short; the next one repeats the first batch.
    assert!(verifier.feed(P0, &[&first[..], &second[..20]].concat()));
    assert_eq!(verifier.next_offset(P0), Some(3));
    assert!(!verifier.feed(P0, &first));
    assert!(verifier.feed(P0, &[first, second].concat()));
    let found = verifier.finish().total;
    assert!(found.is_clean(), "{found:?}");
    assert_eq!(found.found, 4);
}

#[test]
fn markers_of_transactions_are_no_records() {
    let plan = marked(1);
    let marker = framed(&header(1, 1, attributes::CONTROL | attributes::TRANSACTIONAL), b"\x0a");
    let log = [batch(0, Codec::None, &records(&plan, &[0])), marker];
    let found = findings(&plan, 0..1, &log).total;
    assert!(found.is_clean(), "{found:?}");
    assert_eq!((found.markers, found.found), (1, 1));
}

#[test]
fn a_partition_that_nobody_expected_is_not_read() {
    let plan = marked(1);
    let mut verifier = Verifier::new(&plan, vec![delivered(0..1)]);
    verifier.expect(P1, 0, 1, 1);
    assert!(!verifier.feed(P0, &batch(0, Codec::None, &records(&plan, &[0]))));
    assert_eq!(verifier.finish().partitions.len(), 2);
}

#[test]
fn missing_stretches_are_bounded() {
    let plan = marked(1);
    let numbers: Vec<u64> = (0..40).filter(|number| number % 2 == 0).collect();
    let found = findings(&plan, 0..40, &[batch(0, Codec::None, &records(&plan, &numbers))]);
    assert_eq!(found.total.lost, 20);
    assert_eq!(found.missing.len(), Verification::MOST_MISSING);
}

/// What may happen to one record on its way.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Way {
    Once,
    Twice,
    Never,
    Damaged,
}

proptest! {
    /// Whatever is lost, doubled, damaged or moved is counted as that, to the record.
    #[test]
    fn every_deviation_is_counted(
        ways in proptest::collection::vec(
            prop_oneof![
                6 => Just(Way::Once), 1 => Just(Way::Twice), 1 => Just(Way::Never),
                1 => Just(Way::Damaged),
            ],
            1..60,
        ),
        order in proptest::collection::vec(any::<u16>(), 120),
        cuts in proptest::collection::vec(1usize..9, 1..20),
        codec in 0usize..5,
        cut_fetch in 0usize..400,
    ) {
        let plan = marked(1);
        let mut log: Vec<(u64, Sent)> = Vec::new();
        for (number, way) in (0u64..).zip(&ways) {
            let record = sent(&plan, 0, number);
            match way {
                Way::Once => log.push((number, record)),
                Way::Twice => log.extend([(number, record.clone()), (number, record)]),
                Way::Never => {}
                Way::Damaged => {
                    let mut record = record;
                    record.value[0] ^= 0x80;
                    log.push((u64::MAX, record));
                }
            }
        }
        // Some are moved, most stay.
        for (at, pick) in order.iter().enumerate().take(log.len()) {
            let other = usize::from(*pick) % log.len();
            if pick % 5 == 0 {
                log.swap(at, other);
            }
        }
        let mut bytes = Vec::new();
        let (mut rest, mut offset) = (&log[..], 0);
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (part, later) = rest.split_at((*cut).min(rest.len()));
            let part: Vec<_> = part.iter().map(|(_, record)| record.clone()).collect();
            bytes.extend(batch(offset, Codec::ALL[codec], &part));
            offset += i64::try_from(part.len()).unwrap();
            rest = later;
        }
        let count = |wanted| ways.iter().filter(|way| **way == wanted).count() as u64;
        let mut seen = BTreeMap::new();
        let (mut reordered, mut highest) = (0, 0);
        for (number, _) in log.iter().filter(|(number, _)| *number != u64::MAX) {
            if seen.insert(*number, ()).is_none() {
                reordered += u64::from(*number < highest);
                highest = highest.max(*number);
            }
        }
        let mut verifier = Verifier::new(&plan, vec![delivered(0..ways.len() as u64)]);
        verifier.expect(P0, 0, offset, ways.len() as u64);
        verifier.feed(P0, &bytes[..cut_fetch.min(bytes.len())]);
        verifier.feed(P0, &bytes);
        prop_assert_eq!(verifier.next_offset(P0), None);
        let found = verifier.finish().total;
        prop_assert_eq!(found.lost, count(Way::Never));
        prop_assert_eq!(found.duplicated, count(Way::Twice));
        prop_assert_eq!(found.corrupted, count(Way::Damaged));
        prop_assert_eq!(found.reordered, reordered);
        prop_assert_eq!(found.found, count(Way::Once) + count(Way::Twice));
        prop_assert_eq!(found.foreign + found.earlier + found.removed + found.unknown, 0);
    }

    /// Bytes of a peer never panic, and every offset is accounted for.
    #[test]
    fn any_bytes_never_panic(garbage: Vec<u8>, at in 0usize..300, byte: u8, rest in 0usize..300) {
        let plan = marked(1);
        let mut bytes = batch(0, Codec::None, &records(&plan, &[0, 1, 2]));
        let at = at % bytes.len();
        bytes[at] = byte;
        bytes.truncate(bytes.len() - rest % bytes.len());
        bytes.extend(&garbage);
        let mut verifier = Verifier::new(&plan, vec![delivered(0..3)]);
        verifier.expect(P0, 0, 3, 3);
        verifier.feed(P0, &garbage);
        verifier.feed(P0, &bytes);
        let found = verifier.finish().total;
        prop_assert!(found.found + found.lost + found.unknown <= 3);
        // No offset counts twice: what is damaged never hides more than it stands in.
        prop_assert!(found.found + found.lost + found.unknown + found.corrupted >= 3);
        prop_assert!(found.found + found.corrupted <= 3, "{:?}", found);
    }
}
