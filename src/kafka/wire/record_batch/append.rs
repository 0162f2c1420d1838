//! Appends records to a batch's body. Cost class: per record, the hottest code there is.
//!
//! All that stands before the first payload is put together on the stack and copied at once; a
//! record without key and headers then costs three copies.

use crate::base::{Header, RecordView};
use crate::kafka::wire::varint;

use super::HEADER_LEN;

/// A record's most bytes besides key, value and headers (Kafka's `MAX_RECORD_OVERHEAD`).
const MAX_OVERHEAD: usize = 21;
/// Room for length, attributes, both deltas, and the lengths of key and value.
const PREFIX_ROOM: usize = 64;

/// Bytes of the record after its leading length.
#[must_use]
#[inline]
pub fn body_len(offset_delta: u32, timestamp_delta: i64, record: &RecordView<'_>) -> usize {
    1 + varint::len(varint::zigzag(timestamp_delta))
        + length_len(offset_delta as usize)
        + payload_len(record)
}

/// Bytes of the record as [`append_record`] writes it, its leading length included.
#[must_use]
#[inline]
pub fn record_len(offset_delta: u32, timestamp_delta: i64, record: &RecordView<'_>) -> usize {
    let body = body_len(offset_delta, timestamp_delta, record);
    length_len(body) + body
}

/// Bytes that a batch with this record alone takes at most, its header included; what Kafka's
/// `estimateSizeInBytesUpperBound` says, by which a first record's memory is measured.
#[must_use]
pub fn upper_bound(record: &RecordView<'_>) -> usize {
    HEADER_LEN + MAX_OVERHEAD + payload_len(record)
}

/// Appends a record and returns its bytes.
///
/// The deltas are to the batch's base offset and base timestamp; the latter may be negative.
#[inline]
pub fn append_record(
    out: &mut Vec<u8>,
    offset_delta: u32,
    timestamp_delta: i64,
    record: &RecordView<'_>,
) -> usize {
    let body = body_len(offset_delta, timestamp_delta, record);
    append_record_sized(out, offset_delta, timestamp_delta, record, body)
}

/// Appends a record whose [`body_len`] is known already, and returns its bytes.
///
/// A wrong `body` makes a batch that nobody can read; debug builds refuse it.
#[inline]
pub fn append_record_sized(
    out: &mut Vec<u8>,
    offset_delta: u32,
    timestamp_delta: i64,
    record: &RecordView<'_>,
    body: usize,
) -> usize {
    debug_assert_eq!(body, body_len(offset_delta, timestamp_delta, record));
    let start = out.len();
    let total = length_len(body) + body;
    out.reserve(total);

    let mut prefix = [0; PREFIX_ROOM];
    let mut at = varint::put(&mut prefix, 0, length(body));
    // The attributes: none are defined, and the byte is there already.
    at += 1;
    at = varint::put(&mut prefix, at, varint::zigzag(timestamp_delta));
    at = varint::put(&mut prefix, at, length(offset_delta as usize));
    at = varint::put(&mut prefix, at, optional_length(record.key));
    if let Some(key) = record.key {
        out.extend_from_slice(&prefix[..at]);
        out.extend_from_slice(key);
        at = 0;
    }
    at = varint::put(&mut prefix, at, optional_length(record.value));
    out.extend_from_slice(&prefix[..at]);
    out.extend_from_slice(record.value.unwrap_or_default());
    if record.headers.is_empty() {
        out.push(0);
    } else {
        append_headers(out, record.headers);
    }

    debug_assert_eq!(out.len() - start, total);
    total
}

#[inline(never)]
fn append_headers(out: &mut Vec<u8>, headers: &[Header<'_>]) {
    let mut buffer = [0; varint::MAX_LEN];
    let mut append = |number: u64, bytes: &[u8]| {
        let end = varint::put(&mut buffer, 0, number);
        out.extend_from_slice(&buffer[..end]);
        out.extend_from_slice(bytes);
    };
    append(length(headers.len()), &[]);
    for header in headers {
        append(length(header.name.len()), header.name.as_bytes());
        append(optional_length(header.value), header.value.unwrap_or_default());
    }
}

/// Bytes of key, value and headers with the lengths before them.
#[inline]
fn payload_len(record: &RecordView<'_>) -> usize {
    let mut total = optional_len(record.key) + optional_len(record.value);
    total += length_len(record.headers.len());
    for header in record.headers {
        total += length_len(header.name.len()) + header.name.len() + optional_len(header.value);
    }
    total
}

/// The zig-zag of a length.
#[inline]
const fn length(length: usize) -> u64 {
    (length as u64) << 1
}

/// The zig-zag of a length, or of −1 for null.
#[inline]
fn optional_length(bytes: Option<&[u8]>) -> u64 {
    bytes.map_or(1, |bytes| length(bytes.len()))
}

#[inline]
const fn length_len(value: usize) -> usize {
    varint::len(length(value))
}

#[inline]
fn optional_len(bytes: Option<&[u8]>) -> usize {
    bytes.map_or(1, |bytes| length_len(bytes.len()) + bytes.len())
}
