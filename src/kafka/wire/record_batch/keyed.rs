//! A record with a key whose value is written where it is sent from.
//!
//! Cost class: per record. Neighbours in a batch have keys of different lengths and neighbours of a
//! caller stand in different batches, so that nothing of one serves for the next, as an
//! [`Envelope`](super::Envelope) does where there are no keys.

use crate::kafka::wire::varint;

use super::append::{SLACK, Short, length, put, put_two};

/// The small fields of such a record. See the file's documentation.
#[derive(Clone, Copy, Debug)]
pub struct Keyed {
    key_len: usize,
    value_len: usize,
    total: usize,
    /// Length, attributes, timestamp delta and offset delta.
    head: Short,
}

impl Keyed {
    /// Of a record at offset delta `index` with a key of `key_len` bytes. `None` where one of its
    /// fields is longer than it is in nearly every record: then
    /// [`write_record`](super::write_record) knows how.
    #[must_use]
    #[inline(always)]
    pub fn new(key_len: usize, value_len: usize, timestamp_delta: i64, index: u32) -> Option<Self> {
        let (key, value) = (length(key_len), length(value_len));
        let (delta, offset) = (varint::zigzag(timestamp_delta), length(index as usize));
        // Attributes and the count of headers take a byte each.
        let small = 2 + varint::len(delta) + varint::len(offset);
        let body = small + varint::len(key) + key_len + varint::len(value) + value_len;
        if (delta | offset | length(body)) >= varint::TWO_BYTES {
            return None;
        }
        let mut head = Short::of(length(body));
        head.then(Short::BYTE_0);
        head.then(Short::of(delta));
        head.then(Short::of(offset));
        let total = varint::len(length(body)) + body;
        Some(Self { key_len, value_len, total, head })
    }

    /// Bytes of the record.
    #[must_use]
    #[inline(always)]
    pub const fn total(&self) -> usize {
        self.total
    }

    /// Writes it to the start of `room`. `fill` writes the value to the start of what it is given:
    /// as many bytes as were said, or more, the rest of which it may spoil.
    ///
    /// # Panics
    /// When the key has another length than was said, or there are fewer than [`Keyed::total`] +
    /// [`SLACK`] bytes of room.
    #[inline(always)]
    pub fn write(&self, room: &mut [u8], key: &[u8], fill: impl FnOnce(&mut [u8])) {
        assert!(key.len() == self.key_len, "a key of another length");
        let room = &mut room[..self.total + SLACK];
        let at = put_two(room, 0, self.head, Short::of(length(self.key_len)));
        let at = put(room, at, key);
        let at = put_two(room, at, Short::of(length(self.value_len)), Short::NOTHING);
        fill(&mut room[at..]);
        room[at + self.value_len] = 0;
    }
}
