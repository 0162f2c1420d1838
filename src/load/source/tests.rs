//! What every source has to keep to.

use core::time::Duration;
use std::sync::Arc;

use super::template::Template;
use super::*;
use crate::base::mix;

fn plan(key: KeyPlan, value: ValuePlan) -> SourcePlan {
    SourcePlan { key, value, workers: 3, ..SourcePlan::default() }
}

fn owned(source: &mut Source, n: u64) -> (Option<Vec<u8>>, Vec<u8>) {
    let record = source.record(n, 7);
    assert_eq!(record.timestamp_ms, 7);
    (record.key.map(<[u8]>::to_vec), record.value.unwrap().to_vec())
}

fn pieces(pieces: &[&[u8]], order: PieceOrder) -> ValuePlan {
    let ends: Vec<usize> = (1..=pieces.len()).map(|n| pieces[..n].concat().len()).collect();
    let corpus = Corpus::cut(pieces.concat(), &ends, &PieceFormat::File).unwrap();
    ValuePlan::Corpus { corpus: Arc::new(corpus), order }
}

#[test]
fn a_record_depends_on_seed_and_number_alone() {
    let template = Template::parse("{{user:hex 6}} {{timestamp_ns}} {{sequence}}").unwrap();
    let values = [
        ValuePlan::Random,
        ValuePlan::Sequence,
        pieces(&[b"000", b"111", b"222", b"3"], PieceOrder::Random),
        pieces(&[b"000", b"111", b"222", b"3"], PieceOrder::Sequence),
        ValuePlan::Template(Arc::new(template)),
        ValuePlan::Fixed,
        ValuePlan::Increasing(NumberType::Text),
        ValuePlan::Increasing(NumberType::Int64),
    ];
    for value in values {
        let plan = plan(KeyPlan::Uniform { cardinality: 50 }, value);
        let mut forward = Source::new(&plan, WorkerIndex(1));
        let mut backward = Source::new(&plan, WorkerIndex(1));
        let there: Vec<_> = (0..64).map(|n| owned(&mut forward, n)).collect();
        let mut back: Vec<_> = (0..64).rev().map(|n| owned(&mut backward, n)).collect();
        back.reverse();
        assert_eq!(there, back);
    }
}

#[test]
fn random_values_are_of_the_size_asked_for_and_differ() {
    let mut source = Source::new(&plan(KeyPlan::None, ValuePlan::Random), WorkerIndex(0));
    let (key, first) = owned(&mut source, 0);
    let (_, second) = owned(&mut source, 1);
    assert_eq!(key, None);
    assert_eq!(first.len(), 100);
    assert_ne!(first, second);
    let mut other = plan(KeyPlan::None, ValuePlan::Random);
    other.seed = 2;
    assert_ne!(owned(&mut Source::new(&other, WorkerIndex(0)), 0).1, first);
}

#[test]
fn what_is_written_in_place_is_the_same() {
    for size in [0, 1, 10, 100, 1_000] {
        let plan =
            SourcePlan { size: SizePlan::Fixed(size), ..plan(KeyPlan::None, ValuePlan::Random) };
        let mut source = Source::new(&plan, WorkerIndex(0));
        let plain = source.plain().unwrap();
        let mut room = [0; 1_008];
        plain.write(77, &mut room);
        assert_eq!(&room[..plain.size()], source.record(77, 0).value.unwrap());
    }
    let sequence = plan(KeyPlan::None, ValuePlan::Sequence);
    let keyed = plan(KeyPlan::Uniform { cardinality: 9 }, ValuePlan::Random);
    let placed = SourcePlan { partition: Some(1), ..plan(KeyPlan::None, ValuePlan::Random) };
    for other in [sequence, keyed, placed] {
        assert!(Source::new(&other, WorkerIndex(0)).plain().is_none());
    }
}

/// Pinned: other bytes mean that every stored seed now makes other records, which CHANGELOG
/// must say.
#[test]
fn what_a_seed_makes_is_pinned() {
    let plan = plan(KeyPlan::Uniform { cardinality: 1_000 }, ValuePlan::Random);
    let mut source = Source::new(&plan, WorkerIndex(0));
    let mut sums = Vec::new();
    for n in [0, 123_456] {
        let (key, value) = owned(&mut source, n);
        assert_eq!(value.len(), 100);
        let sum = value.iter().fold(0u64, |sum, &byte| mix(sum ^ u64::from(byte)));
        sums.push((String::from_utf8(key.unwrap()).unwrap(), value[0], value[99], sum));
    }
    let pinned = [
        ("key-282".to_owned(), 44, 111, 9_032_973_663_531_410_293),
        ("key-337".to_owned(), 17, 100, 9_454_667_329_113_010_543),
    ];
    assert_eq!(sums, pinned);
}

#[test]
fn random_bytes_are_uniform_enough_not_to_compress() {
    let mut source = Source::new(&plan(KeyPlan::None, ValuePlan::Random), WorkerIndex(0));
    let mut counts = [0u32; 256];
    for n in 0..2_560 {
        for &byte in source.record(n, 0).value.unwrap() {
            counts[usize::from(byte)] += 1;
        }
    }
    // 1,000 expected each, a standard deviation of 32: eight of them on either side.
    assert!(counts.iter().all(|count| (750..1_250).contains(count)), "{counts:?}");
}

#[test]
fn sequence_values_name_producer_and_own_number() {
    let plan = plan(KeyPlan::None, ValuePlan::Sequence);
    for worker in 0..3 {
        let mut source = Source::new(&plan, WorkerIndex(worker));
        for number in 0..5 {
            let (_, value) = owned(&mut source, number * 3 + u64::from(worker));
            assert_eq!(parse_sequence(&value), Ok((worker, number)));
            assert_eq!(value.len(), 100);
        }
    }
}

#[test]
fn keys_are_of_one_size_and_all_come_up() {
    let mut source = Source::new(
        &plan(KeyPlan::Uniform { cardinality: 100 }, ValuePlan::Random),
        WorkerIndex(0),
    );
    let mut keys: Vec<_> = (0..3_000).map(|n| owned(&mut source, n).0.unwrap()).collect();
    assert!(keys.iter().all(|key| key.len() == 6));
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 100);
    assert_eq!(keys[7], b"key-07");
}

#[test]
fn listed_keys_come_up_as_often_as_they_are_listed() {
    let keys = [Some(b"a".to_vec()), Some(b"a".to_vec()), Some(b"b".to_vec()), None];
    let plan = plan(KeyPlan::List(keys.into()), ValuePlan::Random);
    let mut source = Source::new(&plan, WorkerIndex(0));
    let keys: Vec<_> = (0..4_000).map(|n| owned(&mut source, n).0).collect();
    let count = |wanted: Option<&[u8]>| keys.iter().filter(|key| key.as_deref() == wanted).count();
    assert!((1_850..2_150).contains(&count(Some(b"a"))), "{}", count(Some(b"a")));
    assert!((850..1_150).contains(&count(Some(b"b"))), "{}", count(Some(b"b")));
    assert!((850..1_150).contains(&count(None)), "{}", count(None));
    // In any order, alone, by another worker: the same key.
    let mut other = Source::new(&plan, WorkerIndex(2));
    assert!((0..100).rev().all(|n| owned(&mut other, n as u64).0 == keys[n]));
}

#[test]
fn lines_all_come_up_and_integers_increase() {
    let all: [&[u8]; 3] = [b"", b"a", b"ccc"];
    let in_turn = plan(KeyPlan::None, pieces(&all, PieceOrder::Sequence));
    let mut source = Source::new(&in_turn, WorkerIndex(0));
    assert!((0..10).all(|n| owned(&mut source, n as u64).1 == all[n % 3]));
    let drawn = plan(KeyPlan::None, pieces(&all, PieceOrder::Random));
    let mut source = Source::new(&drawn, WorkerIndex(0));
    let mut seen: Vec<_> = (0..100).map(|n| owned(&mut source, n).1).collect();
    seen.sort();
    seen.dedup();
    assert_eq!(seen, all);
    let mut source =
        Source::new(&plan(KeyPlan::None, ValuePlan::Increasing(NumberType::Text)), WorkerIndex(0));
    assert_eq!(owned(&mut source, 0).1, b"0");
    assert_eq!(owned(&mut source, 1_205).1, b"1205");
}

#[test]
fn plans_that_cannot_be_carried_out_say_why() {
    let mut small = plan(KeyPlan::None, ValuePlan::Sequence);
    small.size = SizePlan::Fixed(20);
    assert_eq!(
        small.check().unwrap_err().to_string(),
        "the sequence generator needs a record size of at least 30 bytes, not 20"
    );
    small.size = SizePlan::Fixed(30);
    assert_eq!(small.check(), Ok(()));
    let none = plan(KeyPlan::None, pieces(&[], PieceOrder::Random));
    assert_eq!(none.check(), Err(SourceError::NoPieces));
    let fielded = plan(KeyPlan::Field("a".to_owned()), ValuePlan::Random);
    assert_eq!(fielded.check(), Err(SourceError::NoTemplate));
    let template = ValuePlan::Template(Arc::new(Template::parse("{{b:uuid}}").unwrap()));
    assert_eq!(
        plan(KeyPlan::Field("a".to_owned()), template).check().unwrap_err().to_string(),
        "the template names no field \"a\"; it names b"
    );
    for none in [KeyPlan::Uniform { cardinality: 0 }, KeyPlan::List(Arc::from([]))] {
        assert_eq!(plan(none, ValuePlan::Random).check(), Err(SourceError::Key(KeyError::NoKeys)));
    }
}

#[test]
fn a_rate_in_bytes_counts_keys_and_values() {
    let keyed = plan(KeyPlan::Uniform { cardinality: 1_000 }, ValuePlan::Random);
    assert_eq!(keyed.mean_payload(), 107.0);
    let list = [Some(b"four".to_vec()), None].into();
    assert_eq!(plan(KeyPlan::List(list), ValuePlan::Random).mean_payload(), 102.0);
    let lines = pieces(&[&[0; 10], &[0; 30]], PieceOrder::Random);
    assert_eq!(plan(KeyPlan::None, lines).mean_payload(), 20.0);
    let drawn = SizePlan::Uniform { least: 100, most: 300 };
    // What is reserved for a mark is sent, too.
    let marked = SourcePlan { size: drawn, reserved: 25, ..SourcePlan::default() };
    assert_eq!(marked.mean_payload(), 200.0);
}

#[test]
fn drawn_sizes_are_each_record_s_own() {
    for value in [ValuePlan::Random, ValuePlan::Sequence] {
        let size = SizePlan::Uniform { least: 60, most: 600 };
        let plan = SourcePlan { size, reserved: 25, ..plan(KeyPlan::None, value) };
        let mut source = Source::new(&plan, WorkerIndex(1));
        assert!(source.plain().is_none());
        let there: Vec<_> = (0..2_000).map(|n| owned(&mut source, n * 3 + 1).1).collect();
        let lens = there.iter().map(Vec::len);
        assert_eq!((lens.clone().min(), lens.max()), (Some(35), Some(575)));
        let mut other = Source::new(&plan, WorkerIndex(1));
        let back = |n: usize| owned(&mut other, n as u64 * 3 + 1).1;
        assert!((0..2_000).rev().map(back).eq(there.into_iter().rev()));
    }
}

/// Two workers share one stream of numbers, and no number is theirs both; values of one seed differ
/// from one another, and from those of the next seed.
#[test]
fn streams_do_not_overlap() {
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..3 {
        let plan = SourcePlan { seed, workers: 2, ..SourcePlan::default() };
        for worker in 0..2 {
            let mut source = Source::new(&plan, WorkerIndex(worker));
            for number in 0..10_000 {
                let (_, value) = owned(&mut source, number * 2 + u64::from(worker));
                assert!(seen.insert(value), "seed {seed}, producer {worker}, record {number}");
            }
        }
    }
}

#[test]
fn keys_of_every_kind_depend_on_seed_and_number_alone() {
    for key in [
        KeyPlan::Sequence,
        KeyPlan::Uniform { cardinality: 100 },
        KeyPlan::Zipf { cardinality: 100, exponent: 1.1 },
        KeyPlan::RoundRobin { cardinality: 7 },
        KeyPlan::Hot { share: 0.5, hot: 2, others: 50 },
    ] {
        for kind in KeyType::ALL {
            let key_form = KeyForm { kind, size: None };
            let plan = SourcePlan { key_form, ..plan(key.clone(), ValuePlan::Random) };
            let mut one = Source::new(&plan, WorkerIndex(0));
            let mut other = Source::new(&plan, WorkerIndex(2));
            let there: Vec<_> = (0..100).map(|n| owned(&mut one, n).0.unwrap()).collect();
            let back = (0..100).rev().map(|n| owned(&mut other, n).0.unwrap());
            assert!(back.eq(there.iter().rev().cloned()), "{key} {kind}");
            let len = plan.key.mean_len(key_form);
            assert!(there.iter().all(|key| key.len() as f64 == len), "{key} {kind}");
        }
    }
}

fn value(source: &mut Source, n: u64) -> Option<Vec<u8>> {
    source.record(n, 0).value.map(<[u8]>::to_vec)
}

#[test]
fn tombstones_come_as_often_as_asked_and_by_number_alone() {
    for kind in [ValuePlan::Random, ValuePlan::Increasing(NumberType::Int32)] {
        let plan = SourcePlan { tombstones: 0.05, ..plan(KeyPlan::None, kind) };
        let mut source = Source::new(&plan, WorkerIndex(0));
        assert!(source.plain().is_none());
        let values: Vec<_> = (0..20_000).map(|n| value(&mut source, n)).collect();
        let nulls = values.iter().filter(|value| value.is_none()).count();
        // A standard deviation of 31.
        assert!((850..1_150).contains(&nulls), "{nulls}");
        let mut other = Source::new(&plan, WorkerIndex(1));
        assert!((0..20_000).rev().all(|n| value(&mut other, n as u64) == values[n]));
    }
    let all = SourcePlan { tombstones: 1.0, ..SourcePlan::default() };
    let mut source = Source::new(&all, WorkerIndex(0));
    assert!((0..1_000).all(|n| value(&mut source, n).is_none()));
    let mut source = Source::new(&plan(KeyPlan::None, ValuePlan::Null), WorkerIndex(0));
    assert!((0..9).all(|n| value(&mut source, n).is_none()));
}

#[test]
fn a_schema_s_id_stands_before_every_value() {
    let lines = pieces(&[b"line"], PieceOrder::Random);
    for kind in [
        ValuePlan::Random,
        ValuePlan::Compressible { ratio: 0.5 },
        ValuePlan::Fixed,
        ValuePlan::Sequence,
        lines,
        ValuePlan::Increasing(NumberType::Text),
    ] {
        let bare = plan(KeyPlan::None, kind);
        let with = SourcePlan { schema_id: Some(0x0102_0304), ..bare.clone() };
        let value = value(&mut Source::new(&with, WorkerIndex(0)), 7).unwrap();
        assert_eq!(value[..5], [0, 1, 2, 3, 4]);
        // It is part of a size that was asked for, and comes on top of one of the value's own.
        let own = if bare.value.is_sized() {
            assert_eq!(value.len(), 100);
            SourcePlan { size: SizePlan::Fixed(95), ..bare }
        } else {
            bare
        };
        assert_eq!(value[5..], owned(&mut Source::new(&own, WorkerIndex(0)), 7).1);
    }
    let small = SourcePlan { schema_id: Some(1), size: SizePlan::Fixed(4), ..Default::default() };
    assert_eq!(
        small.check().unwrap_err().to_string(),
        "the schema's prefix needs a record size of at least 5 bytes, not 4"
    );
}

#[test]
fn fixed_values_are_alike_and_numbers_are_as_kafka_writes_them() {
    let drawn = SizePlan::Uniform { least: 10, most: 90 };
    let plan = SourcePlan { size: drawn, ..plan(KeyPlan::None, ValuePlan::Fixed) };
    let mut source = Source::new(&plan, WorkerIndex(0));
    let all: Vec<_> = (0..100).map(|n| owned(&mut source, n).1).collect();
    let longest = all.iter().max_by_key(|value| value.len()).unwrap();
    assert!(all.iter().all(|value| longest.starts_with(value)));
    let of = |number| SourcePlan { value: ValuePlan::Increasing(number), ..SourcePlan::default() };
    let number = |number, n| owned(&mut Source::new(&of(number), WorkerIndex(0)), n).1;
    assert_eq!(number(NumberType::Text, 1_205), b"1205");
    assert_eq!(number(NumberType::Int32, 0x0102_0304), [1, 2, 3, 4]);
    assert_eq!(number(NumberType::Int32, 1 << 31), [0; 4]);
    assert_eq!(number(NumberType::Int64, 0x0102_0304_0506), [0, 0, 1, 2, 3, 4, 5, 6]);
}

/// Pinned: other bytes mean that stored seeds make other records, which CHANGELOG must say.
#[test]
fn what_a_seed_leaves_out_and_repeats_is_pinned() {
    let plan = SourcePlan { tombstones: 0.3, ..SourcePlan::default() };
    let mut source = Source::new(&plan, WorkerIndex(0));
    let nulls: Vec<_> = (0..20).filter(|n| value(&mut source, *n).is_none()).collect();
    assert_eq!(nulls, [0, 5, 9, 14]);
    let fixed = SourcePlan { value: ValuePlan::Fixed, ..SourcePlan::default() };
    let fixed = value(&mut Source::new(&fixed, WorkerIndex(0)), 3).unwrap();
    assert_eq!(fixed[..6], [21, 153, 148, 64, 229, 96]);
}

#[test]
fn a_record_is_lent_with_its_headers_and_its_mark() {
    let header = |name: &str, value| HeaderPlan { name: name.to_owned(), value };
    let plan = SourcePlan {
        headers: [header("a", HeaderValue::Uuid), header("b", HeaderValue::Null)].into(),
        timestamps: TimestampPlan::Step { start_ms: Some(5), step: Duration::from_millis(1) },
        ..plan(KeyPlan::Sequence, ValuePlan::Random)
    };
    let mut source = Source::new(&plan, WorkerIndex(0));
    assert!(!source.is_bare() && source.plain().is_none());
    let mut names = |mark| {
        source.with_record(7, 0, mark, |record| {
            assert_eq!(record.timestamp_ms, 12);
            assert_eq!(record.headers[0].value.map(<[u8]>::len), Some(36));
            assert_eq!(record.headers[1].value, None);
            if mark.is_some() {
                let bytes = record.headers[2].value.unwrap();
                assert!(Mark::is_intact(bytes, record.key, record.value));
            }
            record.headers.iter().map(|header| header.name.to_owned()).collect::<Vec<_>>()
        })
    };
    assert_eq!(names(None), ["a", "b"]);
    let mark = Mark { run: 1, producer: 0, number: 7 };
    assert_eq!(names(Some(mark)), ["a", "b", "kprod"]);
    assert_eq!(names(None), ["a", "b"]);
    // Headers count in a record's mean payload: names, a UUID, and a key of 16 bytes.
    assert_eq!(plan.mean_payload(), 100.0 + 2.0 + 36.0 + 16.0);
    let many = SourcePlan {
        headers: vec![header("a", HeaderValue::Null); HeaderPlan::MOST + 1].into(),
        ..plan
    };
    assert_eq!(many.check(), Err(SourceError::Headers(33)));
}

#[test]
fn a_pool_repeats_what_its_first_records_would_hold() {
    let fresh = SourcePlan {
        size: SizePlan::Uniform { least: 50, most: 150 },
        tombstones: 0.1,
        schema_id: Some(3),
        ..plan(KeyPlan::Sequence, ValuePlan::Compressible { ratio: 0.5 })
    };
    let pooled = SourcePlan { pool: Some(29_400), ..fresh.clone() };
    // 9,800 bytes for each of three workers, a tenth of the values without any, and eight for the
    // place of each.
    assert_eq!(pooled.pool_values(), Some(300));
    for worker in 0..3 {
        let mut made = Source::new(&fresh, WorkerIndex(worker));
        let mut kept = Source::new(&pooled, WorkerIndex(worker));
        assert!(kept.plain().is_none());
        for number in 0..250 {
            let of = |number: u64| number * 3 + u64::from(worker);
            assert_eq!(value(&mut kept, of(number)), value(&mut made, of(number % 100)));
        }
        // Keys are fresh all the same.
        let key = |source: &mut Source, n| source.record(n, 0).key.map(<[u8]>::to_vec);
        assert_ne!(key(&mut kept, 0), key(&mut kept, 300));
    }
    let tiny = SourcePlan { pool: Some(1), ..SourcePlan::default() };
    assert_eq!(tiny.pool_values(), Some(1));
    let own = SourcePlan { value: ValuePlan::Sequence, ..tiny };
    assert_eq!(own.check(), Err(SourceError::Pool));
    // More than a machine can address.
    let vast = SourcePlan { pool: Some(1 << 60), ..SourcePlan::default() };
    assert_eq!(vast.check(), Err(SourceError::PoolMemory(1 << 60)));
}

#[test]
fn what_timestamps_cannot_be_is_found() {
    let late = Lateness::Exponential(Duration::ZERO);
    let timestamps = TimestampPlan::Event { share: 0.5, late };
    let wrong = SourcePlan { timestamps, ..SourcePlan::default() };
    assert_eq!(wrong.check(), Err(SourceError::Timestamps(TimestampError::NoMean)));
}

/// The key is the field of the record's own value, a tombstone has it, too, and a schema's prefix
/// and the payload clock change nothing of it.
#[test]
fn a_key_from_a_template_is_the_field_of_its_record() {
    let template = Template::parse("{{n:sequence}};{{user:hex 8}};{{timestamp_ms}}").unwrap();
    let value = ValuePlan::Template(Arc::new(template));
    let plan = SourcePlan {
        clock: PayloadClock::even(5, 1_000.0),
        workers: 1,
        ..plan(KeyPlan::Field("user".to_owned()), value)
    };
    let mut source = Source::new(&plan, WorkerIndex(0));
    let behind = SourcePlan { schema_id: Some(7), tombstones: 0.5, ..plan.clone() };
    let mut behind = Source::new(&behind, WorkerIndex(0));
    let mut tombstones = 0;
    for n in 0..1_000 {
        let (key, value) = owned(&mut source, n);
        let key = key.unwrap();
        let text = format!("{n};{};{}", String::from_utf8(key.clone()).unwrap(), 5 + n);
        assert_eq!(value, text.as_bytes());
        let record = behind.record(n, 7);
        assert_eq!(record.key, Some(&key[..]));
        match record.value {
            Some(value) => assert_eq!(value, [&[0u8, 0, 0, 0, 7][..], text.as_bytes()].concat()),
            None => tombstones += 1,
        }
    }
    assert!((400..600).contains(&tombstones), "{tombstones}");
    // As many digits as numbers of some millions have.
    let digits = 7.0;
    assert!((plan.mean_payload() - (8.0 + 8.0 + 2.0 + digits + 13.0)).abs() < 0.2);
    let numbers =
        SourcePlan { value: ValuePlan::Increasing(NumberType::Text), ..SourcePlan::default() };
    assert_eq!(numbers.mean_payload_of(10), 1.0);
    assert_eq!(numbers.mean_payload_of(100), 1.9);
    assert_eq!(numbers.mean_payload(), 5.888_89);
    let nothing = SourcePlan { value: ValuePlan::Null, ..SourcePlan::default() };
    assert_eq!(nothing.mean_payload(), 0.0);
}
