//! Appends records to a batch's body. Cost class: per record, the hottest code there is.
//!
//! Small fields are put together in words, payloads are copied once, and nothing is allocated while
//! the vector has room.

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
    let total = length_len(body) + body;
    let delta = varint::zigzag(timestamp_delta);
    let offset = length(offset_delta as usize);
    // The record's own length is the largest of all lengths in it.
    let short = (length(body) | delta | offset) < varint::TWO_BYTES;
    if !short || out.capacity() - out.len() < total + PREFIX_ROOM {
        return append_anyhow(out, offset_delta, timestamp_delta, record, body);
    }

    let mut head = Short::of(length(body));
    head.bytes += 1; // the attributes, 0
    head.then(Short::of(delta));
    head.then(Short::of(offset));
    let value = Short::of(optional_length(record.value));
    if let Some(key) = record.key {
        put_two(out, head, Short::of(length(key.len())));
        out.extend_from_slice(key);
        put_two(out, value, Short::NOTHING);
    } else {
        let mut lengths = Short::of(optional_length(None));
        lengths.then(value);
        put_two(out, head, lengths);
    }
    out.extend_from_slice(record.value.unwrap_or_default());
    append_headers(out, record.headers);
    total
}

/// Up to seven bytes in a word, the first one lowest.
#[derive(Clone, Copy)]
struct Short {
    word: u64,
    bytes: u32,
}

impl Short {
    const NOTHING: Self = Self { word: 0, bytes: 0 };

    /// A variable-length integer of at most two bytes.
    #[inline(always)]
    fn of(value: u64) -> Self {
        let two = value >= 0x80;
        let word = if two { (value & 0x7f) | 0x80 | (value >> 7) << 8 } else { value };
        Self { word, bytes: 1 + u32::from(two) }
    }

    /// Those bytes, too.
    #[inline(always)]
    const fn then(&mut self, next: Self) {
        self.word |= next.word << ((self.bytes & 7) * 8);
        self.bytes += next.bytes;
    }
}

/// Appends both: two plain stores into zeros of a known number, where bytes put together elsewhere
/// would have to be copied in a number known only then.
#[inline(always)]
fn put_two(out: &mut Vec<u8>, first: Short, second: Short) {
    let start = out.len();
    out.extend_from_slice(&[0; 16]);
    let room: &mut [u8; 16] = out.last_chunk_mut().expect("as many bytes were just appended");
    // At most seven, which the mask tells the compiler, too.
    let at = (first.bytes & 7) as usize;
    room[..8].copy_from_slice(&first.word.to_le_bytes());
    room[at..at + 8].copy_from_slice(&second.word.to_le_bytes());
    out.truncate(start + at + second.bytes as usize);
}

/// A record with a long field, or the last one of a full buffer: what it takes may fit exactly, and
/// the room for writing in place would make the buffer grow for nothing.
#[inline(never)]
fn append_anyhow(
    out: &mut Vec<u8>,
    offset_delta: u32,
    timestamp_delta: i64,
    record: &RecordView<'_>,
    body: usize,
) -> usize {
    let total = length_len(body) + body;
    out.reserve(total);
    let mut room = [0; PREFIX_ROOM];
    let mut at = varint::put(&mut room, 0, length(body));
    // The attributes: none are defined.
    at = varint::put(&mut room, at, 0);
    at = varint::put(&mut room, at, varint::zigzag(timestamp_delta));
    at = varint::put(&mut room, at, length(offset_delta as usize));
    at = varint::put(&mut room, at, optional_length(record.key));
    out.extend_from_slice(&room[..at]);
    out.extend_from_slice(record.key.unwrap_or_default());
    let at = varint::put(&mut room, 0, optional_length(record.value));
    out.extend_from_slice(&room[..at]);
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
    let headers = if record.headers.is_empty() { 1 } else { headers_len(record.headers) };
    optional_len(record.key) + optional_len(record.value) + headers
}

#[inline(never)]
fn headers_len(headers: &[Header<'_>]) -> usize {
    let of_one = |header: &Header<'_>| {
        length_len(header.name.len()) + header.name.len() + optional_len(header.value)
    };
    length_len(headers.len()) + headers.iter().map(of_one).sum::<usize>()
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
