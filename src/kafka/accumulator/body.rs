//! The bytes of a batch's records: a room that is made once and written in place.
//!
//! Cost class: per record. The room is longer than what is filled, so that a record is written
//! without growing anything, and keeps what a former batch left in it: only what is filled counts.

use crate::base::RecordView;
use crate::kafka::wire::record_batch::{self, SLACK};

/// A batch's records, encoded. See the file's documentation.
#[derive(Debug, Default)]
pub(super) struct Body {
    room: Vec<u8>,
    filled: usize,
}

impl Body {
    /// Without room.
    pub(super) const EMPTY: Self = Self { room: Vec::new(), filled: 0 };

    /// Of bytes made elsewhere.
    pub(super) const fn of(bytes: Vec<u8>) -> Self {
        let filled = bytes.len();
        Self { room: bytes, filled }
    }

    /// Empty, with room for `len` bytes.
    pub(super) fn reset(&mut self, len: usize) {
        self.filled = 0;
        let room = len + SLACK;
        if self.room.capacity() == 0 {
            // Zeroed by the allocator: pages that nobody writes to are never touched.
            self.room = vec![0; room];
        } else {
            // Filled as records come: under a codec the next batch may need little of it.
            self.room.reserve_exact(room.saturating_sub(self.room.len()));
        }
    }

    /// The records.
    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        &self.room[..self.filled]
    }

    /// How many bytes they are.
    #[inline]
    pub(super) const fn len(&self) -> usize {
        self.filled
    }

    /// Bytes of memory that it has.
    pub(super) const fn capacity(&self) -> usize {
        self.room.capacity()
    }

    /// Writes a record whose [`record_batch::body_len`] is `body` behind the others.
    #[inline]
    pub(super) fn push(&mut self, index: u32, delta: i64, record: &RecordView<'_>, body: usize) {
        let needed = self.filled + record_batch::framed_len(body) + SLACK;
        if self.room.len() < needed {
            self.grow(needed);
        }
        let room = &mut self.room[self.filled..];
        self.filled += record_batch::write_record(room, index, delta, record, body);
    }

    /// Memory that held a packed body is longer than what was written of it; and under a codec a
    /// batch takes more than the memory that it was opened with. By a quarter at a time: what is
    /// beyond the records is charged to nobody.
    #[cold]
    fn grow(&mut self, needed: usize) {
        let ample = needed.max(self.room.len() / 4 * 5);
        let there = self.room.capacity();
        let len = if needed <= there { ample.min(there) } else { ample };
        self.room.reserve_exact(len - self.room.len());
        self.room.resize(len, 0);
    }

    /// The room, and how many bytes of it are filled, for who writes many records in a row.
    #[inline]
    pub(super) const fn parts(&mut self) -> (&mut Vec<u8>, &mut usize) {
        (&mut self.room, &mut self.filled)
    }

    /// The memory, for another use.
    pub(super) fn into_memory(self) -> Vec<u8> {
        self.room
    }
}
