//! Golden bytes made with the Java client and checked with an independent library, and properties.

use proptest::prelude::*;

use super::*;
use crate::base::{Header, RecordView};

const BASE_TIME: i64 = 1_700_000_000_000;
const NO_ID: &str = "\
    000000000000000000000057ffffffff024cef49f90000000000020000018bcfe568000000018bcf\
    e56805ffffffffffffffffffffffffffff0000000310000000026b0276001e000a02010a68656c6c\
    6f020268027818000504066b65790102026e01";
const WITH_ID: &str = "\
    000000000000000000000057ffffffff02e1f27b410000000000020000018bcfe568000000018bcf\
    e568050000000000000fa00001000000070000000310000000026b0276001e000a02010a68656c6c\
    6f020268027818000504066b65790102026e01";
const IN_TRANSACTION: &str = "\
    000000000000000000000057ffffffff0265dcc3da0010000000020000018bcfe568000000018bcf\
    e568050000000000000fa00001000000070000000310000000026b0276001e000a02010a68656c6c\
    6f020268027818000504066b65790102026e01";

fn unhex(text: &str) -> Vec<u8> {
    let digit = |i: usize| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap();
    (0..text.len() / 2).map(digit).collect()
}

fn view<'a>(
    key: Option<&'a [u8]>,
    value: Option<&'a [u8]>,
    headers: &'a [Header<'a>],
) -> RecordView<'a> {
    RecordView { partition: None, key, value, headers, timestamp_ms: BASE_TIME }
}

fn header() -> BatchHeader {
    BatchHeader {
        base_offset: 0,
        partition_leader_epoch: -1,
        attributes: 0,
        last_offset_delta: 2,
        base_timestamp: BASE_TIME,
        max_timestamp: BASE_TIME + 5,
        producer_id: -1,
        producer_epoch: -1,
        base_sequence: -1,
        record_count: 3,
    }
}

fn golden_body() -> Vec<u8> {
    let x = [Header { name: "h", value: Some(b"x") }];
    let null = [Header { name: "n", value: None }];
    let mut body = Vec::new();
    append_record(&mut body, 0, 0, &view(Some(b"k"), Some(b"v"), &[]));
    append_record(&mut body, 1, 5, &view(None, Some(b"hello"), &x));
    append_record(&mut body, 2, -3, &view(Some(b"key"), None, &null));
    body
}

#[test]
fn batches_have_javas_bytes() {
    let body = golden_body();
    let with_id =
        BatchHeader { producer_id: 4000, producer_epoch: 1, base_sequence: 7, ..header() };
    let in_transaction = BatchHeader { attributes: attributes::TRANSACTIONAL, ..with_id };
    for (header, golden) in
        [(header(), NO_ID), (with_id, WITH_ID), (in_transaction, IN_TRANSACTION)]
    {
        let golden = unhex(golden);
        assert_eq!([&header.write(&body)[..], &body].concat(), golden);
        assert!(verify_crc(&golden));
        let (batch, rest) = Batch::parse(&golden).unwrap();
        assert_eq!((batch.header, rest), (header, &[][..]));
        assert_eq!(batch.records().filter(Result::is_ok).count(), 3);
    }
}

#[test]
fn a_flipped_bit_fails_the_checksum() {
    let golden = unhex(NO_ID);
    for bit in 21 * 8..golden.len() * 8 {
        let mut broken = golden.clone();
        broken[bit / 8] ^= 1 << (bit % 8);
        assert!(!verify_crc(&broken), "bit {bit}");
    }
}

#[test]
fn upper_bounds_are_javas() {
    assert_eq!(upper_bound(&view(None, Some(&[0; 100]), &[])), 186);
    assert_eq!(upper_bound(&view(Some(&[0; 8]), Some(&[0; 100]), &[])), 194);
    assert_eq!(upper_bound(&view(None, Some(&[0; 1_000]), &[])), 1_086);
}

/// How many records of this kind fit into 16,384 bytes, and the batch's bytes then.
fn fill(key: Option<&[u8]>, value: usize) -> (u32, usize) {
    let value = vec![0; value];
    let mut body = Vec::new();
    for count in 0.. {
        let record = view(key, Some(&value), &[]);
        if HEADER_LEN + body.len() + record_len(count, 0, &record) > 16_384 {
            return (count, HEADER_LEN + body.len());
        }
        append_record(&mut body, count, 0, &record);
    }
    unreachable!("a batch is full at some point")
}

#[test]
fn a_record_needs_no_room_but_its_own() {
    let x = [Header { name: "h", value: Some(b"x") }];
    for record in [
        view(None, Some(&[1; 40]), &[]),
        view(Some(b"key"), Some(&[1; 200]), &x),
        view(Some(b"key"), None, &[]),
    ] {
        let body = body_len(300, -70, &record);
        let mut tight = vec![0xee; framed_len(body)];
        assert_eq!(write_record(&mut tight, 300, -70, &record, body), tight.len());
        let mut roomy = vec![0xee; tight.len() + SLACK];
        assert_eq!(write_record(&mut roomy, 300, -70, &record, body), tight.len());
        assert_eq!(roomy[..tight.len()], tight);
    }
}

#[test]
fn an_envelope_is_for_one_size_and_for_offsets_of_one_length() {
    let envelope = Envelope::new(100, 0, 64).unwrap();
    assert!(envelope.serves(100, 64) && envelope.serves(100, 8_191));
    assert!(!envelope.serves(100, 8_192) && !envelope.serves(101, 64));
    assert!(Envelope::new(100, 0, 1 << 20).is_none(), "four bytes of offset");
    assert!(Envelope::new(100, 8_192, 0).is_none(), "three bytes of time");
    assert!(Envelope::new(8_200, 0, 0).is_none(), "three bytes of length");
}

#[test]
fn batches_fill_up_as_javas_do() {
    assert_eq!(fill(None, 100), (148, 16_277));
    assert_eq!(fill(None, 1_000), (16, 16_205));
    assert_eq!(fill(None, 1_024), (15, 15_556));
    assert_eq!(fill(None, 10), (910, 16_377));
    assert_eq!(fill(Some(&[0; 8]), 100), (138, 16_281));
}

#[test]
fn impossible_batches_are_refused() {
    let golden = unhex(NO_ID);
    for cut in 0..golden.len() {
        assert!(Batch::parse(&golden[..cut]).is_err(), "{cut}");
    }
    let mut short = golden.clone();
    short[11] = 48;
    assert!(Batch::parse(&short).is_err());
    let mut old = golden.clone();
    old[16] = 1;
    assert_eq!(
        Batch::parse(&old),
        Err(crate::kafka::wire::WireError::Batch("the format is not version 2"))
    );
    // One record more or less than there are.
    for count in [2, 4] {
        let body = &golden[HEADER_LEN..];
        assert!(Records::new(body, count).any(|record| record.is_err()), "{count}");
    }
}

type Owned = (Option<Vec<u8>>, Option<Vec<u8>>, Vec<(String, Option<Vec<u8>>)>, i64);

fn any_record() -> impl Strategy<Value = Owned> {
    let bytes = || proptest::option::of(proptest::collection::vec(any::<u8>(), 0..300));
    (bytes(), bytes(), proptest::collection::vec((".{0,8}", bytes()), 0..4), any::<i64>())
}

proptest! {
    #[test]
    fn records_in_an_envelope_are_those_that_are_written_whole(
        len in 0usize..9_000,
        delta in prop_oneof![-70i64..70, -9_000i64..9_000, any::<i64>()],
        index in prop_oneof![0u32..70, 8_180u32..8_200, 1_048_560u32..1_048_600],
    ) {
        let value: Vec<u8> = (1..=255).cycle().take(len).collect();
        let record = view(None, Some(&value), &[]);
        let body = body_len(index, delta, &record);
        let mut whole = vec![0; framed_len(body)];
        write_record(&mut whole, index, delta, &record, body);
        let Some(envelope) = Envelope::new(len, delta, index) else {
            prop_assert!(index >= 1 << 20 || body >= 8_192 || !(-8_192..8_192).contains(&delta));
            return Ok(());
        };
        prop_assert!(envelope.serves(len, index));
        prop_assert_eq!(envelope.total(), whole.len());
        let mut room = vec![0xee; whole.len() + SLACK];
        envelope.write(&mut room, index, |room| {
            room[..len].copy_from_slice(&value);
            room[len] = 0xdd;
        });
        prop_assert_eq!(&room[..whole.len()], &whole[..]);
    }

    #[test]
    fn records_come_back(records in proptest::collection::vec(any_record(), 0..20)) {
        let mut body = Vec::new();
        for (delta, (key, value, headers, time)) in (0..).zip(&records) {
            let headers: Vec<_> = headers
                .iter()
                .map(|(name, value)| Header { name, value: value.as_deref() })
                .collect();
            let record = view(key.as_deref(), value.as_deref(), &headers);
            let before = body.len();
            let written = append_record(&mut body, delta, *time, &record);
            prop_assert_eq!(written, body.len() - before);
            prop_assert_eq!(written, record_len(delta, *time, &record));
            prop_assert!(HEADER_LEN + written <= upper_bound(&record));
        }
        let count = i32::try_from(records.len()).unwrap();
        let read: Vec<_> = Records::new(&body, count).collect::<Result<_, _>>().unwrap();
        prop_assert_eq!(read.len(), records.len());
        for (delta, (read, (key, value, headers, time))) in (0..).zip(read.iter().zip(&records)) {
            prop_assert_eq!((read.offset_delta, read.timestamp_delta), (delta, *time));
            prop_assert_eq!((read.key, read.value), (key.as_deref(), value.as_deref()));
            let read: Vec<_> =
                read.headers().map(|h| (h.name.to_owned(), h.value.map(<[u8]>::to_vec))).collect();
            prop_assert_eq!(&read, headers);
        }
    }

    #[test]
    fn no_bytes_make_reading_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        at in 0usize..130,
        with: u8,
        count: i32,
    ) {
        let _ = BatchHeader::read(&bytes);
        let _ = verify_crc(&bytes);
        for record in Records::new(&bytes, count).flatten() {
            record.headers().for_each(drop);
        }
        let mut golden = unhex(NO_ID);
        let at = at % golden.len();
        golden[at] = with;
        if let Ok((batch, _)) = Batch::parse(&golden) {
            for record in batch.records().flatten() {
                record.headers().for_each(drop);
            }
        }
    }
}
