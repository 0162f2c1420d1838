//! Writes records into a batch's body. Cost class: per record, the hottest code there is.
//!
//! Small fields are put together in words, payloads are copied once, nothing is allocated.

use crate::base::{Header, RecordView};
use crate::kafka::wire::varint;

use super::HEADER_LEN;

/// A record's most bytes besides key, value and headers (Kafka's `MAX_RECORD_OVERHEAD`).
const MAX_OVERHEAD: usize = 21;
/// Bytes behind a record that writing it may spoil: small fields are stored as words, and who fills
/// a value in place does so in blocks of up to 32 bytes.
pub const SLACK: usize = 32;

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

/// Appends a record and returns its bytes. Batches write in place, by [`write_record`].
///
/// The deltas are to the batch's base offset and base timestamp; the latter may be negative.
pub fn append_record(
    out: &mut Vec<u8>,
    offset_delta: u32,
    timestamp_delta: i64,
    record: &RecordView<'_>,
) -> usize {
    let body = body_len(offset_delta, timestamp_delta, record);
    let start = out.len();
    out.resize(start + framed_len(body), 0);
    write_record(&mut out[start..], offset_delta, timestamp_delta, record, body)
}

/// Writes a record whose [`body_len`] is known already to the start of `room`, and returns its
/// bytes: its [`framed_len`]. With [`SLACK`] bytes behind it, which it may spoil, it is quicker.
///
/// The deltas are to the batch's base offset and base timestamp; the latter may be negative. A
/// wrong `body` makes a batch that nobody can read; debug builds refuse it.
///
/// # Panics
/// When there is less room than that.
#[inline]
pub fn write_record(
    room: &mut [u8],
    offset_delta: u32,
    timestamp_delta: i64,
    record: &RecordView<'_>,
    body: usize,
) -> usize {
    debug_assert_eq!(body, body_len(offset_delta, timestamp_delta, record));
    let total = framed_len(body);
    let delta = varint::zigzag(timestamp_delta);
    let offset = length(offset_delta as usize);
    // The record's own length is the largest of all lengths in it.
    let short = (length(body) | delta | offset) < varint::TWO_BYTES;
    if !short || room.len() < total + SLACK {
        return write_anyhow(room, offset_delta, timestamp_delta, record, body);
    }
    let mut head = Short::of(length(body));
    head.then(Short::BYTE_0); // the attributes
    head.then(Short::of(delta));
    head.then(Short::of(offset));
    let value = Short::of(optional_length(record.value));
    let mut at;
    if let Some(key) = record.key {
        at = put_two(room, 0, head, Short::of(length(key.len())));
        at = put(room, at, key);
        at = put_two(room, at, value, Short::NOTHING);
    } else {
        let mut lengths = Short::of(optional_length(None));
        lengths.then(value);
        at = put_two(room, 0, head, lengths);
    }
    at = put(room, at, record.value.unwrap_or_default());
    put_headers(room, at, record.headers);
    total
}

/// Up to seven bytes in a word, the first one lowest.
#[derive(Clone, Copy, Debug)]
pub(super) struct Short {
    word: u64,
    bytes: u32,
}

impl Short {
    pub(super) const NOTHING: Self = Self { word: 0, bytes: 0 };
    /// A byte that is 0.
    pub(super) const BYTE_0: Self = Self { word: 0, bytes: 1 };

    /// A variable-length integer of at most two bytes.
    #[inline(always)]
    pub(super) fn of(value: u64) -> Self {
        let two = value >= 0x80;
        let word = if two { (value & 0x7f) | 0x80 | (value >> 7) << 8 } else { value };
        Self { word, bytes: 1 + u32::from(two) }
    }

    /// Those bytes, too.
    #[inline(always)]
    pub(super) const fn then(&mut self, next: Self) {
        self.word |= next.word << ((self.bytes & 7) * 8);
        self.bytes += next.bytes;
    }

    /// The bytes, zeros behind them.
    #[inline(always)]
    pub(super) const fn word(self) -> u64 {
        self.word
    }

    /// How many.
    #[inline(always)]
    pub(super) const fn bytes(self) -> u32 {
        self.bytes & 7
    }
}

/// Writes both at `at`, as plain stores of words, and returns the position behind them.
#[inline(always)]
pub(super) fn put_two(room: &mut [u8], at: usize, first: Short, second: Short) -> usize {
    let middle = at + first.bytes() as usize;
    room[at..at + 8].copy_from_slice(&first.word.to_le_bytes());
    room[middle..middle + 8].copy_from_slice(&second.word.to_le_bytes());
    middle + second.bytes() as usize
}

/// Writes bytes at `at` and returns the position behind them.
#[inline(always)]
pub(super) fn put(room: &mut [u8], at: usize, bytes: &[u8]) -> usize {
    let end = at + bytes.len();
    room[at..end].copy_from_slice(bytes);
    end
}

/// A record with a long field, or the last one of a room that it fits exactly.
#[inline(never)]
fn write_anyhow(
    room: &mut [u8],
    offset_delta: u32,
    timestamp_delta: i64,
    record: &RecordView<'_>,
    body: usize,
) -> usize {
    let mut at = varint::put(room, 0, length(body));
    // The attributes: none are defined.
    at = varint::put(room, at, 0);
    at = varint::put(room, at, varint::zigzag(timestamp_delta));
    at = varint::put(room, at, length(offset_delta as usize));
    at = varint::put(room, at, optional_length(record.key));
    at = put(room, at, record.key.unwrap_or_default());
    at = varint::put(room, at, optional_length(record.value));
    at = put(room, at, record.value.unwrap_or_default());
    put_headers(room, at, record.headers)
}

/// Writes headers at `at` and returns the position behind them.
#[inline]
fn put_headers(room: &mut [u8], at: usize, headers: &[Header<'_>]) -> usize {
    match headers {
        [] => varint::put(room, at, 0),
        _ => put_some_headers(room, at, headers),
    }
}

#[inline(never)]
fn put_some_headers(room: &mut [u8], mut at: usize, headers: &[Header<'_>]) -> usize {
    let mut both = |number: u64, bytes: &[u8]| {
        at = varint::put(room, at, number);
        at = put(room, at, bytes);
    };
    both(length(headers.len()), &[]);
    for header in headers {
        both(length(header.name.len()), header.name.as_bytes());
        both(optional_length(header.value), header.value.unwrap_or_default());
    }
    at
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
pub(super) const fn length(length: usize) -> u64 {
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
