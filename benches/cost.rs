//! What each class of work costs, alone: fill, partition, append, checksum, compression, latency,
//! and the whole engine without sockets. With each case stands how often it allocated in a
//! thousand rounds once it was warm.
//!
//! `cargo bench --bench cost`, with part of a name for some of them, `-- --quick` for a look.
//! Times are wall time, so they want a quiet machine; `scripts/instructions` doesn't.

use std::hint::black_box;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};

use bodies::Values;
use kprod_bench::base::{RecordView, WorkerIndex, mix};
use kprod_bench::kafka::compression::{Codec, Compression, Compressor};
use kprod_bench::kafka::partitioner::partition_for_key;
use kprod_bench::kafka::wire::record_batch::{
    BatchHeader, Envelope, SLACK, body_len, write_record,
};
use kprod_bench::load::recorder::Measured;
use kprod_bench::load::source::Source;
use kprod_bench::load::source::template::Template;
use support::{CASES, World};

#[path = "support/bodies.rs"]
mod bodies;
#[path = "support/sources.rs"]
mod sources;
mod support;

criterion_group!(
    benches,
    fill,
    source,
    template,
    partition,
    append,
    checksum,
    compression,
    latency,
    engine
);
criterion_main!(benches);

type Group<'a> = BenchmarkGroup<'a, WallTime>;

/// One case: what a round costs, and how often a thousand of them allocate.
fn case(group: &mut Group<'_>, name: &str, mut round: impl FnMut()) {
    round();
    let allocations = allocation_counter::measure(|| (0..1_000).for_each(|_| round())).count_total;
    println!("{name}: {allocations} allocations in 1,000 rounds");
    group.bench_function(name, |bencher| bencher.iter(&mut round));
}

/// Values made in place.
fn fill(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("fill");
    for size in [10, 100, 1_000] {
        let source = Source::new(&bodies::plan(Values::Random, size), WorkerIndex(0));
        let plain = source.plain().expect("random values and nothing else");
        let (mut room, mut n) = (vec![0; size as usize + SLACK], 0);
        group.throughput(Throughput::Bytes(size.into()));
        case(&mut group, &format!("random/{size}"), || {
            n += 1;
            plain.write(n, black_box(&mut room));
        });
    }
}

/// Values made by templates: a small event whole, and what single fields of it cost.
fn template(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("template");
    let fields = ["uuid", "timestamp", "int 1..100", "float 1..500 2", "normal 20 5 1"]
        .into_iter()
        .chain(["zipf 1000000 0.99", "pick created:70 paid:25 refunded:5", "email", "hex 16"]);
    let mut cases = vec![
        ("event".to_owned(), EVENT.to_owned()),
        ("order".to_owned(), include_str!("../profiles/order.json.tmpl").to_owned()),
        ("gps".to_owned(), include_str!("../profiles/gps.tmpl").to_owned()),
    ];
    cases.extend(fields.map(|field| (field.to_owned(), format!("{{{{{field}}}}}"))));
    for (name, text) in cases {
        let template = Template::parse(&text).expect("a good template");
        let (mut rendering, mut n) = (template.rendering(), 0);
        println!("{name}: {:.0} bytes on average", template.mean_len(None));
        group.throughput(Throughput::Elements(1));
        case(&mut group, &name, || {
            n += 1;
            template.render(1, n, 1_795_437_584_000_000_000, &mut rendering);
            black_box(rendering.bytes());
        });
    }
}

/// Eight fields in about 200 bytes.
const EVENT: &str = r#"{"id":"{{uuid}}","ts":{{timestamp_ms}},"user":"user-{{user:zipf 1000000 0.99}}",
"kind":"{{pick created:70 paid:25 refunded:5}}","price":{{float 1..500 2}},"n":{{int 1..100}},
"city":"{{city}}","trace":"{{hex 16}}"}"#;

/// Records of every kind, made whole.
fn source(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("source");
    group.throughput(Throughput::Elements(1));
    for (name, plan) in sources::sources() {
        let (mut source, mut n) = (Source::new(&plan, WorkerIndex(0)), 0);
        case(&mut group, name, || {
            n += 1;
            source.with_record(n, 0, None, |record| {
                black_box(record);
            });
        });
    }
}

/// Keys to partitions.
fn partition(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("partition");
    for len in [8, 36] {
        let key = vec![b'k'; len];
        case(&mut group, &format!("murmur2/{len}"), || {
            black_box(partition_for_key(black_box(&key), 12));
        });
    }
}

/// Records into a body: written whole, and in the envelope of their like.
fn append(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("append");
    for size in [10, 100, 1_000] {
        let value = vec![7; size];
        let mut room = vec![0; size + 64 + SLACK];
        let view = |key| RecordView {
            partition: None,
            key,
            value: Some(&value[..]),
            headers: &[],
            timestamp_ms: 0,
        };
        group.throughput(Throughput::Bytes(size as u64));
        for (name, record) in [("whole", view(None)), ("keyed", view(Some(b"key-0001")))] {
            case(&mut group, &format!("{name}/{size}"), || {
                let record = black_box(&record);
                let body = body_len(700, 3, record);
                black_box(write_record(&mut room, 700, 3, record, body));
            });
        }
        let envelope = Envelope::new(size, 3, 700).expect("short fields");
        case(&mut group, &format!("envelope/{size}"), || {
            let value = black_box(&value[..]);
            envelope.write(black_box(&mut room), 700, |room| {
                room[..value.len()].copy_from_slice(value);
            });
        });
    }
}

/// A batch's header with its CRC-32C.
fn checksum(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("checksum");
    for kib in [1, 16, 128] {
        let body = bodies::body(Values::Random, 100, kib * 1_024);
        let header = BatchHeader {
            base_offset: 0,
            partition_leader_epoch: -1,
            attributes: 0,
            last_offset_delta: 9,
            base_timestamp: 0,
            max_timestamp: 0,
            producer_id: -1,
            producer_epoch: -1,
            base_sequence: -1,
            record_count: 10,
        };
        group.throughput(Throughput::Bytes(body.len() as u64));
        case(&mut group, &format!("{kib} KiB"), || {
            black_box(black_box(&header).write(black_box(&body)));
        });
    }
}

/// Bodies of 16 KiB under each codec; `benches/codecs.rs` holds them against the libraries.
fn compression(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("compression");
    for &codec in Codec::ALL.iter().filter(|codec| **codec != Codec::None) {
        for values in Values::ALL {
            let body = bodies::body(values, 100, 16 * 1_024);
            let mut compressor = Compressor::new(Compression::of(codec)).expect("its own level");
            let mut out = Vec::new();
            group.throughput(Throughput::Bytes(body.len() as u64));
            case(&mut group, &format!("{}/{}", codec.name(), values.name()), || {
                compressor.replace(black_box(&body), &mut out).expect("memory compresses");
            });
        }
    }
}

/// Latencies into a histogram: one, and many of one value.
fn latency(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("latency");
    let mut measured = Measured::new(core::time::Duration::from_secs(60));
    let mut n = 0;
    case(&mut group, "one", || {
        n += 1;
        measured.record(black_box(mix(n) % 60_000_000_000));
    });
    case(&mut group, "1,000 of one value", || measured.record_n(black_box(5_000_000), 1_000));
}

/// A whole engine: everything from the schedule to acks, and its peer's copy of what was sent.
fn engine(criterion: &mut Criterion) {
    const RECORDS: u64 = 100_000;
    let mut group = criterion.benchmark_group("engine");
    group.sample_size(20).throughput(Throughput::Elements(RECORDS));
    for it in CASES {
        let mut world = World::new(it);
        world.send(RECORDS);
        let sent = allocation_counter::measure(|| drop(world.send(RECORDS))).count_total;
        println!("{}: {sent} allocations for {RECORDS} records, the peer's included", it.name);
        group.bench_function(it.name, |bencher| bencher.iter(|| world.send(RECORDS)));
    }
}
