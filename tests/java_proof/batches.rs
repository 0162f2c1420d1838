//! Are records cut into batches as the Java client's accumulator cuts them?

use kprod_bench::base::{Header, Instant, Job as _, PartitionSlot, RecordView, TopicSlot};
use kprod_bench::kafka::accumulator::{Accumulator, Append, Batch, Stamp};
use kprod_bench::kafka::compression::{Codec, Compression};
use kprod_bench::kafka::config::ProducerConfig;

use super::java::{java, say};

/// One case; lengths of −1 are null.
#[derive(Clone, Copy, Debug)]
struct Case {
    batch_size: u32,
    codec: Codec,
    key: i32,
    value: i32,
    spread: u32,
    headers: usize,
    step: i64,
    count: u32,
}

/// Goal: the same records in every batch, and the same bytes where no codec makes them. Method: a
/// grid of sizes through the client's own `RecordAccumulator`. With a codec every batch compresses
/// far better than thought, so that the estimate moves by its fixed step a batch, whatever the
/// library: what fits a batch is then a matter of arithmetic alone.
#[test]
#[ignore = "needs the jars of Kafka: scripts/test"]
fn batches_hold_as_many_records_as_java_s() {
    let Some(java) = java() else { return };
    let cases = cases();
    let input: String = cases.iter().map(|case| line(case) + "\n").collect();
    let answer = java.run("BatchCounts.java", &[], &input);
    assert_eq!(answer.lines().count(), cases.len());
    let (mut batches, mut wrong) = (0, Vec::new());
    for (case, java) in cases.iter().zip(answer.lines()) {
        let ours = cut(case);
        batches += ours.len();
        let ours = ours.join(" ");
        if ours != java {
            wrong.push(format!("{case:?}\n  java: {java}\n  ours: {ours}"));
        }
    }
    let cases = cases.len();
    say(&format!("java: {cases} ways to cut {batches} batches, {} disagreements", wrong.len()));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(batches > 10_000, "{batches}");
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for batch_size in [1, 100, 1_000, 16_384, 131_072] {
        for value in [-1, 0, 1, 63, 100, 1_000, 20_000] {
            for key in [-1, 0, 10, 128] {
                for (headers, step) in [(0, 0), (1, 1), (3, -7), (0, 10_000_000)] {
                    for spread in [0, 37] {
                        // Enough for several batches of the size.
                        let record =
                            u32::try_from(value.max(0) + key.max(0)).unwrap() + spread / 2 + 8;
                        let count = (3 * batch_size / record).clamp(3, 4_000);
                        let codec = Codec::None;
                        let case =
                            Case { batch_size, codec, key, value, spread, headers, step, count };
                        cases.push(case);
                    }
                }
            }
        }
    }
    for codec in [Codec::Gzip, Codec::Snappy, Codec::Lz4, Codec::Zstd] {
        for (batch_size, value) in [(4_000, 97), (16_384, 100), (16_384, 1_000), (65_536, 311)] {
            for key in [-1, 16] {
                for (headers, spread) in [(0, 0), (2, 113)] {
                    // About a hundred batches: the estimate falls from 1 to a half.
                    let record = u32::try_from(value + key.max(0)).unwrap() + spread / 2 + 8;
                    let count = 110 * batch_size / record;
                    let step = 1;
                    let case = Case { batch_size, codec, key, value, spread, headers, step, count };
                    cases.push(case);
                }
            }
        }
    }
    // Sizes at which a byte of the estimate decides: arithmetic in more than Java's 32 bits puts
    // another number of records into some batch.
    for (batch_size, value) in [
        (2_129, 3),
        (2_241, 10),
        (2_360, 3),
        (2_392, 97),
        (2_458, 100),
        (2_511, 50),
        (2_732, 311),
        (3_068, 311),
        (4_320, 10),
        (4_618, 97),
        (4_747, 100),
        (4_748, 311),
        (4_794, 50),
        (5_084, 311),
    ] {
        let record = u32::try_from(value).unwrap() + 8;
        let count = 120 * batch_size / record;
        let codec = Codec::Lz4;
        let (key, spread, headers, step) = (-1, 0, 0, 0);
        cases.push(Case { batch_size, codec, key, value, spread, headers, step, count });
    }
    cases
}

/// A case for the Java program.
fn line(case: &Case) -> String {
    let Case { batch_size, codec, key, value, spread, headers, step, count } = case;
    format!("{batch_size} {} {key} {value} {spread} {headers} {step} {count}", codec.name())
}

/// What our accumulator makes of a case, in the words of the Java program.
fn cut(case: &Case) -> Vec<String> {
    let slot = PartitionSlot(0);
    let mut accumulator = Accumulator::new(&ProducerConfig {
        batch_size: case.batch_size,
        buffer_memory: 1 << 40,
        compression: Compression::of(case.codec),
        ..ProducerConfig::default()
    });
    accumulator.add_partition(slot, TopicSlot(0));
    let zeros = vec![0_u8; 32_768];
    let names: Vec<String> = (0..case.headers).map(|number| format!("h{number}")).collect();
    let headers: Vec<Header<'_>> = names
        .iter()
        .enumerate()
        .map(|(number, name)| Header {
            name,
            value: number.is_multiple_of(2).then(|| &zeros[..5 * number]),
        })
        .collect();
    let bytes = |length: i32| usize::try_from(length).ok().map(|length| &zeros[..length]);
    let now = Instant::ZERO;
    for number in 0..case.count {
        let longer = u64::from(number) * 7_919 % u64::from(case.spread + 1);
        let value = (case.value >= 0).then(|| case.value + i32::try_from(longer).unwrap());
        let record = RecordView {
            partition: Some(0),
            key: bytes(case.key),
            value: value.and_then(bytes),
            headers: &headers,
            timestamp_ms: 1_700_000_000_000 + i64::from(number) * case.step,
        };
        let done = accumulator.append(slot, &record, &Stamp::at(now), now);
        assert!(matches!(done, Append::Done(_)), "{case:?}: {done:?}");
        while let Some(mut job) = accumulator.poll_job() {
            job.run();
            accumulator.handle_sealed(job, 0, now);
        }
    }
    let text = |batch: &mut Box<Batch>| match case.codec {
        Codec::None => format!("{}:{}", batch.count(), batch.estimated_size()),
        _ => batch.count().to_string(),
    };
    accumulator.queued_mut(slot).map(text).collect()
}
