//! Can each side read the batches that the other wrote?

use crc_fast::{CrcAlgorithm::Crc32Iscsi, checksum};
use kprod_bench::base::{Header, RecordView, Rng};
use kprod_bench::kafka::compression::{Codec, Compression, compress, decompress};
use kprod_bench::kafka::wire::record_batch::{
    Batch, BatchHeader, Records, append_record, attributes,
};

use super::java::{hex, java, say, unhex};

/// What is in one record, owned.
struct Content {
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
    headers: Vec<(String, Option<Vec<u8>>)>,
    timestamp_ms: i64,
}

/// Goal: Java's reader takes what we write and finds in it what we put in. Method: batches of every
/// codec at every level, of several contents (small, nothing at all, large values of several
/// blocks, random bytes), read as brokers read them, checksum included, and as consumers do.
#[test]
#[ignore = "needs the jars of Kafka: scripts/test"]
fn java_reads_every_codec_at_every_level() {
    let Some(java) = java() else { return };
    let mut rng = Rng::new(3);
    let (mut input, mut expected, mut bytes) = (String::new(), String::new(), 0);
    for compression in levels() {
        for sort in 0..4 {
            let records = contents(&mut rng, sort);
            let batch = write(&records, compression);
            bytes += batch.len();
            input += &(hex(&batch) + "\n");
            let told =
                format!("{} {} {:x}\n", compression.codec.name(), records.len(), crc(&records));
            expected += &told;
        }
    }
    let batches = expected.lines().count();
    for (line, (found, wanted)) in
        java.run("Codecs.java", &["decode"], &input).lines().zip(expected.lines()).enumerate()
    {
        assert_eq!(found, wanted, "batch {line}");
    }
    say(&format!(
        "java: read {batches} batches of ours, {} codecs and levels, {bytes} bytes; 0 \
         disagreements",
        levels().len()
    ));
}

/// Goal: we read what Java writes. Method: the same the other way round.
#[test]
#[ignore = "needs the jars of Kafka: scripts/test"]
fn we_read_what_java_writes() {
    let Some(java) = java() else { return };
    let mut input = String::new();
    for Compression { codec, level } in levels() {
        for seed in 0..4 {
            let level = match codec {
                Codec::None | Codec::Snappy => "-".to_owned(),
                _ => level.to_string(),
            };
            input += &format!("{} {level} {seed}\n", codec.name());
        }
    }
    let answer = java.run("Codecs.java", &["encode"], &input);
    assert_eq!(answer.lines().count(), input.lines().count());
    for (case, line) in input.lines().zip(answer.lines()) {
        let [batch, count, wanted] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{case}: {line}")
        };
        let batch = unhex(batch);
        let (parsed, rest) = Batch::parse(&batch).unwrap();
        assert!(rest.is_empty() && parsed.crc_ok(), "{case}");
        let codec = Codec::from_id(parsed.header.attributes & attributes::CODEC).unwrap();
        assert_eq!(Some(codec.name()), case.split(' ').next(), "{case}");
        let mut body = Vec::new();
        decompress(codec, parsed.body(), &mut body, 16 << 20).unwrap();
        let records = read(&parsed.header, &body);
        assert_eq!(records.len().to_string(), count, "{case}");
        assert_eq!(format!("{:x}", crc(&records)), wanted, "{case}");
    }
    say(&format!("java: wrote {} batches that we read; 0 disagreements", input.lines().count()));
}

/// Every codec, and every level that says something of its own.
fn levels() -> Vec<Compression> {
    let all = |codec, levels: &mut dyn Iterator<Item = i32>| -> Vec<Compression> {
        levels.map(|level| Compression { codec, level }).collect()
    };
    [
        all(Codec::None, &mut [0].into_iter()),
        all(Codec::Gzip, &mut (1..=9).chain([-1])),
        all(Codec::Snappy, &mut [0].into_iter()),
        all(Codec::Lz4, &mut (1..=17)),
        all(Codec::Zstd, &mut [-131_072, -1_000, -5, -1].into_iter().chain(0..=22)),
    ]
    .concat()
}

/// Records of one sort: 0 small and compressible, 1 of all sorts with headers and nulls, 2 large,
/// 3 random bytes.
fn contents(rng: &mut Rng, sort: u64) -> Vec<Content> {
    let count = if sort == 2 { 3 } else { 1 + rng.below(150) };
    let mut number = 0;
    let mut record = |rng: &mut Rng| {
        number += 1;
        let most = if sort == 2 { 90_000 } else { 400 };
        let random = sort == 3;
        let mixed = sort == 1;
        let headers = if mixed { rng.below(4) } else { 0 };
        let key = (!mixed || rng.below(3) > 0).then(|| some(rng, 20, random));
        let value = (!mixed || rng.below(3) > 0).then(|| some(rng, most, random));
        let headers = (0..headers).map(|header| {
            (format!("h\u{e9}{header}"), (rng.below(2) > 0).then(|| some(rng, 12, false)))
        });
        Content {
            key,
            value,
            headers: headers.collect(),
            timestamp_ms: 1_700_000_000_000 + number * if mixed { -3 } else { 1 },
        }
    };
    (0..count).map(|_| record(rng)).collect()
}

/// Up to `most` bytes, random or such as compress well.
fn some(rng: &mut Rng, most: u64, random: bool) -> Vec<u8> {
    let length = usize::try_from(rng.below(most + 1)).expect("a small number");
    let mut bytes: Vec<u8> = b"kafka-broker-".iter().copied().cycle().take(length).collect();
    if random {
        rng.fill(&mut bytes);
    }
    bytes
}

/// One whole batch.
fn write(records: &[Content], compression: Compression) -> Vec<u8> {
    let base = records[0].timestamp_ms;
    let mut body = Vec::new();
    for (number, record) in records.iter().enumerate() {
        let headers: Vec<Header<'_>> = record
            .headers
            .iter()
            .map(|(name, value)| Header { name, value: value.as_deref() })
            .collect();
        let view = RecordView {
            partition: None,
            key: record.key.as_deref(),
            value: record.value.as_deref(),
            headers: &headers,
            timestamp_ms: record.timestamp_ms,
        };
        let number = u32::try_from(number).expect("few records");
        append_record(&mut body, number, record.timestamp_ms - base, &view);
    }
    let mut packed = Vec::new();
    compress(compression, &body, &mut packed).unwrap();
    let count = i32::try_from(records.len()).expect("few records");
    let header = BatchHeader {
        base_offset: 0,
        partition_leader_epoch: -1,
        attributes: compression.codec.id(),
        last_offset_delta: count - 1,
        base_timestamp: base,
        max_timestamp: records.iter().map(|record| record.timestamp_ms).max().unwrap_or(base),
        producer_id: 7,
        producer_epoch: 1,
        base_sequence: 2,
        record_count: count,
    };
    [&header.write(&packed)[..], &packed].concat()
}

fn read(header: &BatchHeader, body: &[u8]) -> Vec<Content> {
    Records::new(body, header.record_count)
        .map(|record| {
            let record = record.unwrap();
            let header_of =
                |header: Header<'_>| (header.name.to_owned(), header.value.map(<[u8]>::to_vec));
            Content {
                key: record.key.map(<[u8]>::to_vec),
                value: record.value.map(<[u8]>::to_vec),
                headers: record.headers().map(header_of).collect(),
                timestamp_ms: header.base_timestamp + record.timestamp_delta,
            }
        })
        .collect()
}

/// The CRC-32C that the Java program gives.
fn crc(records: &[Content]) -> u64 {
    let mut bytes: Vec<u8> = Vec::new();
    let put = |bytes: &mut Vec<u8>, part: Option<&[u8]>| {
        let length = part.map_or(-1, |part| i32::try_from(part.len()).expect("small"));
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(part.unwrap_or_default());
    };
    for (offset, record) in (0_i64..).zip(records) {
        bytes.extend_from_slice(&offset.to_be_bytes());
        bytes.extend_from_slice(&record.timestamp_ms.to_be_bytes());
        put(&mut bytes, record.key.as_deref());
        put(&mut bytes, record.value.as_deref());
        let headers = i32::try_from(record.headers.len()).expect("few");
        bytes.extend_from_slice(&headers.to_be_bytes());
        for (name, value) in &record.headers {
            put(&mut bytes, Some(name.as_bytes()));
            put(&mut bytes, value.as_deref());
        }
    }
    checksum(Crc32Iscsi, &bytes)
}
