//! What stands around the values of records that are alike: no key, no headers, one size, one
//! timestamp. Between two of them only the offset delta differs, so the rest is put together once.
//!
//! Cost class: per record, the shortest way there is: two words stored, the value written in its
//! place, a zero behind it.

use crate::kafka::wire::varint;

use super::append::{SLACK, Short, length};

/// The bytes around a value. See the file's documentation.
#[derive(Clone, Copy, Debug)]
pub struct Envelope {
    value_len: usize,
    total: usize,
    /// Length, attributes and timestamp delta.
    head: Short,
    /// The null key and the value's length.
    tail: Short,
    /// Bytes of the offset delta, 1 to 3…
    offset_len: u32,
    /// …up to this one.
    until: u32,
}

impl Envelope {
    /// The largest value, in bytes, that has one while the batch's offset and time deltas are
    /// small.
    pub const LARGEST_VALUE: usize = 8_191 - 16;

    /// Of values of `value_len` bytes from offset delta `index` on. `None` where one of its fields
    /// is longer than it is in nearly every record: then
    /// [`write_record`](super::write_record) knows how.
    #[must_use]
    pub fn new(value_len: usize, timestamp_delta: i64, index: u32) -> Option<Self> {
        let offset_len = varint::len(length(index as usize));
        let delta = varint::zigzag(timestamp_delta);
        let value = length(value_len);
        // Attributes, the null key and the count of headers take a byte each.
        let body = 3 + varint::len(delta) + offset_len + varint::len(value) + value_len;
        if offset_len > 3 || (delta | length(body)) >= varint::TWO_BYTES {
            return None;
        }
        let mut head = Short::of(length(body));
        head.then(Short::BYTE_0);
        head.then(Short::of(delta));
        let mut tail = Short::of(varint::zigzag(-1));
        tail.then(Short::of(value));
        let total = varint::len(length(body)) + body;
        let offset_len = u32::try_from(offset_len).expect("at most three");
        Some(Self { value_len, total, head, tail, offset_len, until: 1 << (7 * offset_len - 1) })
    }

    /// Whether it is that of a value of `value_len` bytes at offset delta `index`, which is no
    /// smaller than the one that it was made for.
    #[must_use]
    #[inline(always)]
    pub const fn serves(&self, value_len: usize, index: u32) -> bool {
        value_len == self.value_len && index < self.until
    }

    /// Bytes of such a record.
    #[must_use]
    #[inline(always)]
    pub const fn total(&self) -> usize {
        self.total
    }

    /// Writes record `index`, whose value `fill` writes to the start of what it is given:
    /// `value_len` bytes or more, the rest of which it may spoil.
    ///
    /// # Panics
    /// When there are fewer than [`Envelope::total`] + [`SLACK`] bytes of room.
    #[inline(always)]
    pub fn write(&self, room: &mut [u8], index: u32, fill: impl FnOnce(&mut [u8])) {
        let room = &mut room[..self.total + SLACK];
        let offset = u64::from(index) << 1;
        let spread = match self.offset_len {
            1 => offset,
            2 => (offset & 0x7f) | 0x80 | (offset >> 7) << 8,
            _ => (offset & 0x7f) | 0x80 | (offset >> 7 & 0x7f | 0x80) << 8 | (offset >> 14) << 16,
        };
        // At most five bytes and three: a word.
        let word = self.head.word() | spread << (self.head.bytes() * 8);
        room[..8].copy_from_slice(&word.to_le_bytes());
        let at = (self.head.bytes() + self.offset_len) as usize;
        room[at..at + 8].copy_from_slice(&self.tail.word().to_le_bytes());
        let at = at + self.tail.bytes() as usize;
        fill(&mut room[at..]);
        room[at + self.value_len] = 0;
    }
}
