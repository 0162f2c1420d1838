//! Appends records to a batch's body. Cost class: per record, the hottest code there is.
//!
//! Small fields are written in place, payloads are copied once, and nothing is allocated while the
//! vector has room.

use crate::base::{Header, RecordView};
use crate::kafka::wire::varint;

use super::HEADER_LEN;

/// A record's most bytes besides key, value and headers (Kafka's `MAX_RECORD_OVERHEAD`).
const MAX_OVERHEAD: usize = 21;
/// Room for length (5 bytes at most), attributes (1), time delta (10), offset delta (5), and the
/// lengths of key and value (5 each).
const PREFIX_ROOM: usize = 32;

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

/// Bytes of a record whose [`body_len`] is `body`, its leading length included.
#[must_use]
#[inline]
pub fn framed_len(body: usize) -> usize {
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
    if out.capacity() - start < total + PREFIX_ROOM {
        return append_tight(out, offset_delta, timestamp_delta, record, body);
    }

    let at = write_prefix(room(out), offset_delta, timestamp_delta, record, body);
    out.truncate(start + at);
    if let Some(key) = record.key {
        out.extend_from_slice(key);
        let before = out.len();
        let at = varint::put(room(out), 0, optional_length(record.value));
        out.truncate(before + at);
    }
    out.extend_from_slice(record.value.unwrap_or_default());
    append_headers(out, record.headers);
    debug_assert_eq!(out.len() - start, total);
    total
}

/// Room at the end of `out`, to be written in place and cut to what was used.
///
/// Appending zeros of a known number is two plain stores, where bytes put together elsewhere would
/// have to be copied in a number known only then.
#[inline]
fn room(out: &mut Vec<u8>) -> &mut [u8; PREFIX_ROOM] {
    out.extend_from_slice(&[0; PREFIX_ROOM]);
    out.last_chunk_mut().expect("as many bytes were just appended")
}

/// Writes all that stands before the key, or before the value where there is none, and returns its
/// bytes.
#[inline(always)]
fn write_prefix(
    room: &mut [u8; PREFIX_ROOM],
    offset_delta: u32,
    timestamp_delta: i64,
    record: &RecordView<'_>,
    body: usize,
) -> usize {
    let mut at = varint::put(room, 0, length(body));
    // The attributes: none are defined.
    room[at] = 0;
    at = varint::put(room, at + 1, varint::zigzag(timestamp_delta));
    at = varint::put(room, at, length(offset_delta as usize));
    at = varint::put(room, at, optional_length(record.key));
    match record.key {
        None => varint::put(room, at, optional_length(record.value)),
        Some(_) => at,
    }
}

/// The last record of a full buffer: what it takes may fit exactly, and the room for writing in
/// place would make the buffer grow for nothing.
#[cold]
fn append_tight(
    out: &mut Vec<u8>,
    offset_delta: u32,
    timestamp_delta: i64,
    record: &RecordView<'_>,
    body: usize,
) -> usize {
    let total = length_len(body) + body;
    out.reserve(total);
    let mut room = [0; PREFIX_ROOM];
    let at = write_prefix(&mut room, offset_delta, timestamp_delta, record, body);
    out.extend_from_slice(&room[..at]);
    if let Some(key) = record.key {
        out.extend_from_slice(key);
        let at = varint::put(&mut room, 0, optional_length(record.value));
        out.extend_from_slice(&room[..at]);
    }
    out.extend_from_slice(record.value.unwrap_or_default());
    append_headers(out, record.headers);
    total
}

#[inline]
fn append_headers(out: &mut Vec<u8>, headers: &[Header<'_>]) {
    match headers {
        [] => out.push(0),
        _ => append_some_headers(out, headers),
    }
}

#[inline(never)]
fn append_some_headers(out: &mut Vec<u8>, headers: &[Header<'_>]) {
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
