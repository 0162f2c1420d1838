//! One partition's log: batches in the order of their offsets, in memory that is bounded and used
//! again.
//!
//! Cost class: per batch. A batch is copied once, into a chunk whose pages were touched before;
//! when the log is full its oldest chunk is emptied and becomes the newest, so a long run faults in
//! no new page. Batches are never decoded.
//!
//! Invariants: offsets grow without gaps from `start` to `end`; a batch lies in one chunk whole;
//! the chunks' memory stays within the limit, or within one batch where a batch alone is larger.

use std::collections::VecDeque;

use crate::kafka::wire::record_batch::BatchHeader;

/// The batches of one partition.
#[derive(Debug)]
pub struct Log {
    /// Oldest first. Only the last one takes batches.
    chunks: VecDeque<Chunk>,
    chunk_bytes: usize,
    limit: usize,
    /// Sum of the chunks' capacities, always within the larger of `limit` and one batch.
    reserved: usize,
    start: i64,
    end: i64,
    batches_appended: u64,
    bytes_appended: u64,
}

/// Memory for many batches, and where each of them lies.
#[derive(Debug, Default)]
struct Chunk {
    bytes: Vec<u8>,
    marks: Vec<Mark>,
    /// Capacity that was asked for; `Vec` may hold more, which isn't used.
    capacity: usize,
    max_timestamp: i64,
}

/// Where a batch lies in its chunk, and what look-ups need of its header.
#[derive(Clone, Copy, Debug)]
struct Mark {
    at: usize,
    last_offset: i64,
    max_timestamp: i64,
}

impl Log {
    /// An empty log from offset 0 that holds about `limit` bytes, never less than one batch. Takes
    /// no memory yet.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            chunks: VecDeque::new(),
            chunk_bytes: (limit / CHUNKS).clamp(MIN_CHUNK_BYTES, MAX_CHUNK_BYTES),
            limit,
            reserved: 0,
            start: 0,
            end: 0,
            batches_appended: 0,
            bytes_appended: 0,
        }
    }

    /// The offset of the oldest record still held; equals the end when nothing is held.
    #[must_use]
    pub const fn start_offset(&self) -> i64 {
        self.start
    }

    /// The offset that the next record will get. Replicas have no lag here, so this is the high
    /// watermark too.
    #[must_use]
    pub const fn end_offset(&self) -> i64 {
        self.end
    }

    /// Batches ever appended, dropped ones included.
    #[must_use]
    pub const fn batches_appended(&self) -> u64 {
        self.batches_appended
    }

    /// Bytes ever appended, dropped ones included.
    #[must_use]
    pub const fn bytes_appended(&self) -> u64 {
        self.bytes_appended
    }

    /// Copies a checked batch behind the last one and gives its records their offsets; returns the
    /// first of them.
    ///
    /// Base offset and leader epoch lie before the range of the CRC, so it stays valid (KIP-98).
    pub(super) fn append(&mut self, batch: &[u8], header: &BatchHeader, leader_epoch: i32) -> i64 {
        let base = self.end;
        let chunk = self.chunk_for(batch.len());
        let at = chunk.bytes.len();
        chunk.bytes.extend_from_slice(batch);
        chunk.bytes[at..at + 8].copy_from_slice(&base.to_be_bytes());
        chunk.bytes[at + EPOCH_AT..at + EPOCH_AT + 4].copy_from_slice(&leader_epoch.to_be_bytes());
        let last_offset = base + i64::from(header.last_offset_delta);
        chunk.marks.push(Mark { at, last_offset, max_timestamp: header.max_timestamp });
        chunk.max_timestamp = chunk.max_timestamp.max(header.max_timestamp);
        self.end = last_offset + 1;
        self.batches_appended += 1;
        self.bytes_appended += batch.len() as u64;
        base
    }

    /// Drops whole chunks whose newest record is older than `before_ms`; the newest chunk always
    /// stays.
    pub(super) fn expire(&mut self, before_ms: i64) {
        while self.chunks.len() > 1 && self.chunks[0].max_timestamp < before_ms {
            self.drop_oldest();
        }
    }

    /// All batches held, oldest first, as they would be fetched.
    pub fn batches(&self) -> impl Iterator<Item = &[u8]> {
        self.chunks.iter().flat_map(Chunk::batches)
    }

    /// The first batch held for which `wanted(max_timestamp)` holds.
    pub(super) fn first_where(&self, wanted: impl Fn(i64) -> bool) -> Option<&[u8]> {
        self.chunks.iter().find_map(|chunk| {
            let index = chunk.marks.iter().position(|mark| wanted(mark.max_timestamp))?;
            Some(chunk.batch(index))
        })
    }

    /// The largest timestamp held.
    pub(super) fn max_timestamp(&self) -> Option<i64> {
        let newest = self.chunks.iter().filter(|chunk| !chunk.marks.is_empty());
        newest.map(|chunk| chunk.max_timestamp).max()
    }

    /// Bytes that a fetch from `offset` would find, counted up to `enough`.
    pub(super) fn available(&self, offset: i64, enough: usize) -> usize {
        let mut bytes = 0;
        for (chunk, from) in self.from(offset) {
            bytes += chunk.bytes.len() - chunk.start_of(from);
            if bytes >= enough {
                break;
            }
        }
        bytes
    }

    /// Appends whole batches from the one that holds `offset` to `out`, up to `max` bytes; with
    /// `at_least_one` the first batch is given whatever its size, so that a reader with small
    /// limits still gets on (KIP-74).
    pub(super) fn read(&self, offset: i64, max: usize, at_least_one: bool, out: &mut Vec<u8>) {
        let before = out.len();
        for (chunk, from) in self.from(offset) {
            let room = max.saturating_sub(out.len() - before);
            let first = at_least_one && out.len() == before;
            let to = chunk.whole_batches(from, room, first);
            out.extend_from_slice(&chunk.bytes[chunk.start_of(from)..chunk.start_of(to)]);
            if to < chunk.marks.len() {
                break;
            }
        }
    }

    /// The chunks from the one that holds `offset`, each with the index of its first batch to read.
    fn from(&self, offset: i64) -> impl Iterator<Item = (&Chunk, usize)> {
        let first = self.chunks.partition_point(|chunk| chunk.last_offset() < offset);
        self.chunks.range(first..).map(move |chunk| {
            (chunk, chunk.marks.partition_point(|mark| mark.last_offset < offset))
        })
    }

    /// The newest chunk if `len` bytes fit, else a new one, made of the oldest where the log is
    /// full.
    fn chunk_for(&mut self, len: usize) -> &mut Chunk {
        if self.chunks.back().is_none_or(|chunk| chunk.bytes.len() + len > chunk.capacity) {
            let capacity = self.chunk_bytes.max(len);
            let mut reused = None;
            while self.reserved + capacity > self.limit && !self.chunks.is_empty() {
                reused = self.drop_oldest();
            }
            let chunk = match reused {
                Some(chunk) if chunk.capacity == capacity => chunk,
                _ => Chunk { bytes: Vec::with_capacity(capacity), capacity, ..Chunk::default() },
            };
            self.reserved += capacity;
            self.chunks.push_back(chunk);
        }
        self.chunks.back_mut().expect("a chunk was pushed above if there was none")
    }

    /// Takes the oldest chunk out and moves the log's start behind it. The chunk comes back empty,
    /// its memory kept.
    fn drop_oldest(&mut self) -> Option<Chunk> {
        let mut chunk = self.chunks.pop_front()?;
        self.reserved -= chunk.capacity;
        self.start = chunk.last_offset() + 1;
        chunk.bytes.clear();
        chunk.marks.clear();
        chunk.max_timestamp = i64::MIN;
        Some(chunk)
    }
}

impl Chunk {
    fn batches(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.marks.len()).map(|index| self.batch(index))
    }

    fn batch(&self, index: usize) -> &[u8] {
        &self.bytes[self.start_of(index)..self.start_of(index + 1)]
    }

    /// Where batch `index` starts; the end of all for the index behind the last.
    fn start_of(&self, index: usize) -> usize {
        self.marks.get(index).map_or(self.bytes.len(), |mark| mark.at)
    }

    /// A chunk is filled as soon as it is made, so it always has a last batch.
    fn last_offset(&self) -> i64 {
        self.marks.last().map_or(i64::MIN, |mark| mark.last_offset)
    }

    /// The index behind the last batch that ends within `room` bytes from the start of batch
    /// `from`.
    fn whole_batches(&self, from: usize, room: usize, at_least_one: bool) -> usize {
        let limit = self.start_of(from).saturating_add(room);
        if self.bytes.len() <= limit {
            return self.marks.len();
        }
        // Batch i ends where batch i + 1 starts: count the starts within the limit, less the first
        // one's own.
        let starts = self.marks[from..].partition_point(|mark| mark.at <= limit);
        let fitting = starts.saturating_sub(1);
        let some = usize::from(at_least_one && from < self.marks.len());
        from + fitting.max(some)
    }
}

/// Into how many chunks a log is cut where the bounds of their size allow: dropping one loses an
/// eighth.
const CHUNKS: usize = 8;
const MIN_CHUNK_BYTES: usize = 64 * 1024;
const MAX_CHUNK_BYTES: usize = 1024 * 1024;
/// Where the leader epoch stands in a batch.
const EPOCH_AT: usize = 12;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A batch of `len` bytes with `count` records; its body is `fill`.
    fn batch(len: usize, count: i32, fill: u8) -> (Vec<u8>, BatchHeader) {
        let header = BatchHeader {
            base_offset: 0,
            partition_leader_epoch: -1,
            attributes: 0,
            last_offset_delta: count - 1,
            base_timestamp: 5,
            max_timestamp: i64::from(fill),
            producer_id: -1,
            producer_epoch: -1,
            base_sequence: -1,
            record_count: count,
        };
        let body = vec![fill; len - 61];
        let mut bytes = header.write(&body).to_vec();
        bytes.extend_from_slice(&body);
        (bytes, header)
    }

    fn append(log: &mut Log, len: usize, count: i32, fill: u8) -> i64 {
        let (bytes, header) = batch(len, count, fill);
        log.append(&bytes, &header, 7)
    }

    fn base_offsets(bytes: &[u8]) -> Vec<i64> {
        let mut found = Vec::new();
        let mut rest = bytes;
        while !rest.is_empty() {
            let base = i64::from_be_bytes(rest[..8].try_into().unwrap());
            let len = u32::from_be_bytes(rest[8..12].try_into().unwrap());
            found.push(base);
            rest = &rest[usize::try_from(len).unwrap() + 12..];
        }
        found
    }

    #[test]
    fn offsets_and_epoch_are_rewritten_without_breaking_the_crc() {
        let mut log = Log::new(1 << 20);
        assert_eq!(append(&mut log, 100, 3, 1), 0);
        assert_eq!(append(&mut log, 200, 2, 2), 3);
        assert_eq!((log.start_offset(), log.end_offset()), (0, 5));
        let stored: Vec<&[u8]> = log.batches().collect();
        assert_eq!(stored.len(), 2);
        let (header, ..) = BatchHeader::read(stored[1]).unwrap();
        assert_eq!((header.base_offset, header.partition_leader_epoch), (3, 7));
        assert!(stored.iter().all(|batch| crate::kafka::wire::record_batch::verify_crc(batch)));
    }

    #[test]
    fn a_full_log_drops_its_oldest_chunk_and_uses_its_memory_again() {
        let mut log = Log::new(4 * MIN_CHUNK_BYTES);
        let mut addresses = Vec::new();
        for _ in 0..4_000 {
            append(&mut log, 1_000, 1, 0);
            let address = log.chunks.back().unwrap().bytes.as_ptr() as usize;
            if !addresses.contains(&address) {
                addresses.push(address);
            }
            assert!(log.reserved <= log.limit);
        }
        assert_eq!(addresses.len(), 4, "the same four chunks over and over");
        assert_eq!(log.end_offset(), 4_000);
        assert!(log.start_offset() > 3_700 && log.start_offset() < 3_850);
        let first = log.batches().next().unwrap();
        assert_eq!(base_offsets(first), [log.start_offset()]);
    }

    #[test]
    fn a_batch_larger_than_the_limit_is_held_alone() {
        let mut log = Log::new(1_000);
        append(&mut log, 100, 1, 0);
        assert_eq!(append(&mut log, 300_000, 4, 0), 1);
        assert_eq!((log.start_offset(), log.end_offset()), (1, 5));
        append(&mut log, 100, 1, 0);
        assert_eq!((log.start_offset(), log.end_offset()), (5, 6));
        assert_eq!(log.reserved, MIN_CHUNK_BYTES);
    }

    #[test]
    fn reading_gives_whole_batches_within_the_limit() {
        let mut log = Log::new(1 << 20);
        for _ in 0..10 {
            append(&mut log, 100, 2, 0);
        }
        let read = |offset, max, at_least_one| {
            let mut out = Vec::new();
            log.read(offset, max, at_least_one, &mut out);
            base_offsets(&out)
        };
        assert_eq!(read(0, 350, false), [0, 2, 4]);
        assert_eq!(read(5, 200, false), [4, 6], "from the batch that holds the offset");
        assert_eq!(read(0, 99, false), [0i64; 0]);
        assert_eq!(read(0, 99, true), [0]);
        assert_eq!(read(18, 5_000, true), [18]);
        assert_eq!(read(20, 5_000, true), [0i64; 0]);
        assert_eq!(log.available(19, 5_000), 100);
        assert_eq!(log.available(20, 5_000), 0);
    }

    #[test]
    fn expiry_leaves_the_newest_chunk() {
        let mut log = Log::new(8 * MIN_CHUNK_BYTES);
        for fill in 1..=3 {
            append(&mut log, MIN_CHUNK_BYTES, 1, fill);
        }
        assert_eq!(log.max_timestamp(), Some(3));
        log.expire(2);
        assert_eq!(log.start_offset(), 1);
        log.expire(100);
        assert_eq!((log.start_offset(), log.end_offset()), (2, 3));
    }

    proptest! {
        /// Whatever the sizes: memory bounded, offsets without gaps, and every read a run of whole
        /// batches.
        #[test]
        fn any_appends_keep_order_and_bounds(
            sizes in prop::collection::vec((61usize..40_000, 1i32..50), 1..120),
            limit in 1usize..600_000,
            (from, max) in (0.0f64..1.0, 0usize..200_000),
        ) {
            let mut log = Log::new(limit);
            let mut expected_base = 0;
            for (len, count) in sizes {
                prop_assert_eq!(append(&mut log, len, count, 0), expected_base);
                expected_base += i64::from(count);
                prop_assert!(log.reserved <= limit.max(MIN_CHUNK_BYTES));
            }
            let mut next = log.start_offset();
            for batch in log.batches() {
                let (header, ..) = BatchHeader::read(batch).unwrap();
                prop_assert_eq!(header.base_offset, next);
                next += i64::from(header.record_count);
            }
            prop_assert_eq!(next, log.end_offset());
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_precision_loss,
                reason = "test"
            )]
            let offset = log.start + ((log.end - log.start) as f64 * from) as i64;
            let mut out = Vec::new();
            log.read(offset, max, false, &mut out);
            prop_assert!(out.len() <= max);
            let bases = base_offsets(&out);
            prop_assert!(bases.first().is_none_or(|&first| first <= offset));
        }
    }
}
