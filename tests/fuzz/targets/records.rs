//! Record batches: headers, records, variable-length numbers.

use kprod_bench::base::{Header, RecordView, Rng};
use kprod_bench::kafka::wire::record_batch::{
    Batch, BatchHeader, Record, append_record, record_len, verify_crc,
};
use kprod_bench::kafka::wire::{Reader, WireError};
use kprod_bench::load::source::parse_sequence;

use super::{below, noise};

/// Batches one after another, and the same bytes as records without a header.
pub(crate) fn run(input: &[u8]) {
    let mut rest = input;
    while let Ok((batch, behind)) = Batch::parse(rest) {
        assert_eq!(batch.bytes.len() + behind.len(), rest.len());
        assert_eq!(batch.crc_ok(), verify_crc(batch.bytes));
        let body = batch.body();
        let (again, ..) = BatchHeader::read(&batch.header.write(body)).expect("our own header");
        assert_eq!(again, batch.header);
        walk(batch.records(), body.len());
        rest = behind;
    }
    if let Some((count, body)) = input.split_first_chunk::<4>() {
        let records =
            kprod_bench::kafka::wire::record_batch::Records::new(body, i32::from_be_bytes(*count));
        walk(records, body.len());
    }
    let mut numbers = Reader::new(input);
    while numbers.remaining() > 0 {
        let (mut plain, mut long) = (numbers.clone(), numbers.clone());
        let (plain, _) = (plain.uvarint(), numbers.varint());
        if let (Ok(plain), Ok(number)) = (plain, long.varlong()) {
            assert_eq!(i64::from(plain >> 1) ^ -i64::from(plain & 1), number);
        }
    }
    for value in input.chunks(20) {
        let _ = parse_sequence(value);
    }
}

/// Walks records to the end or to the first error; no more come than the bytes can hold.
fn walk<'a>(records: impl Iterator<Item = Result<Record<'a>, WireError>>, bytes: usize) {
    let mut lent = 0;
    for record in records {
        let Ok(record) = record else { return };
        // Its length, attributes, two deltas, key, value and the number of headers.
        lent += 7;
        let headers: Vec<Header<'_>> = record.headers().collect();
        assert_eq!(headers.len(), record.header_count);
        let fields = record.key.map_or(0, <[u8]>::len) + record.value.map_or(0, <[u8]>::len);
        lent += fields + headers.iter().map(|it| it.name.len() + 1).sum::<usize>();
        rewrite(&record, &headers);
    }
    assert!(lent <= bytes, "{lent} bytes lent of {bytes}");
}

/// What was read is written and read to the same.
fn rewrite(record: &Record<'_>, headers: &[Header<'_>]) {
    let Ok(delta) = u32::try_from(record.offset_delta) else { return };
    let view = RecordView {
        partition: None,
        key: record.key,
        value: record.value,
        headers,
        timestamp_ms: 0,
    };
    let mut out = Vec::new();
    append_record(&mut out, delta, record.timestamp_delta, &view);
    assert_eq!(out.len(), record_len(delta, record.timestamp_delta, &view));
    let mut again = kprod_bench::kafka::wire::record_batch::Records::new(&out, 1);
    let read = again.next().expect("one record").expect("our own bytes");
    assert_eq!((read.key, read.value), (record.key, record.value));
    assert_eq!(
        (read.offset_delta, read.timestamp_delta),
        (record.offset_delta, record.timestamp_delta)
    );
    assert!(read.headers().eq(headers.iter().copied()));
}

/// One to three batches.
pub(crate) fn seed(rng: &mut Rng) -> Vec<u8> {
    (0..1 + rng.below(3)).flat_map(|_| batch(rng, 0)).collect()
}

/// An uncompressed batch of a few records.
pub(crate) fn batch(rng: &mut Rng, attributes: i16) -> Vec<u8> {
    let count = 1 + u32::try_from(rng.below(6)).expect("a few");
    let mut body = Vec::new();
    for delta in 0..count {
        let (key_len, value_len) = (below(rng, 12), below(rng, 40));
        let (key, value) = (noise(rng, key_len), noise(rng, value_len));
        let headers =
            [Header { name: "kprod", value: Some(&key) }, Header { name: "", value: None }];
        let record = RecordView {
            partition: None,
            key: (rng.below(3) > 0).then_some(&key[..]),
            value: (rng.below(4) > 0).then_some(&value[..]),
            headers: &headers[..below(rng, 3)],
            timestamp_ms: 0,
        };
        append_record(&mut body, delta, i64::from(delta) - 2, &record);
    }
    header(count, attributes).write(&body).into_iter().chain(body).collect()
}

fn header(count: u32, attributes: i16) -> BatchHeader {
    let count = i32::try_from(count).expect("a few");
    BatchHeader {
        base_offset: 0,
        partition_leader_epoch: -1,
        attributes,
        last_offset_delta: count - 1,
        base_timestamp: 1_700_000_000_000,
        max_timestamp: 1_700_000_000_005,
        producer_id: 0,
        producer_epoch: 0,
        base_sequence: 0,
        record_count: count,
    }
}
