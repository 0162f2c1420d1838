//! Cutting a batch that the broker found too large (`ProducerBatch.split`).
//!
//! Cost class: rare. The pieces keep creation time, stamps and first drain, start with no attempts,
//! and stand outside `buffer.memory`, as in Java: the big batch's share was given back.

use crate::base::{Header, Instant, RecordView};
use crate::kafka::compression::{Codec, decompress};
use crate::kafka::wire::record_batch::{HEADER_LEN, Records};

use super::batch::Opening;
use super::{Accumulator, Batch, BatchId, CloseReason, Place, Sending, Stamp};

impl Accumulator {
    /// The records of `big` in pieces of `batch.size`, or of half its size
    /// when it is no larger than that; at least one record each, in order and open:
    /// the caller numbers them and gives them to [`Accumulator::put_pieces`]. `big` is done.
    ///
    /// # Panics
    /// When its body isn't what this producer encoded.
    pub fn split(&mut self, big: Box<Batch>, now: Instant) -> Vec<Box<Batch>> {
        let mut body = Vec::new();
        let codec = self.compression.codec;
        let (_, packed) = big.wire_parts();
        if codec == Codec::None {
            body.extend_from_slice(packed);
        } else {
            decompress(codec, packed, &mut body, big.uncompressed()).expect("our own compression");
        }
        let ratio = self.ratio_of(&big, packed.len(), body.len());
        // What fits `batch.size` already would come out as it was, and be refused for ever: the
        // broker's limit is lower, so halve it (KAFKA-8350).
        let whole = HEADER_LEN + body.len();
        let limit = if whole > self.batch_size { self.batch_size } else { whole / 2 };
        let mut pieces: Vec<Box<Batch>> = Vec::new();
        let mut starts = Vec::new();
        let mut headers: Vec<Header<'_>> = Vec::new();
        let count = i32::try_from(big.count()).expect("a batch holds under 2^31 records");
        for (index, record) in (0u32..).zip(Records::new(&body, count)) {
            let record = record.expect("our own encoding");
            headers.clear();
            headers.extend(record.headers());
            let view = RecordView {
                partition: None,
                key: record.key,
                value: record.value,
                headers: &headers,
                timestamp_ms: big.base_timestamp() + record.timestamp_delta,
            };
            let len = |piece: &Batch| Batch::len_of(piece.body_of(&view));
            let fits = pieces.last().is_some_and(|piece| piece.has_room(len(piece)));
            if !fits {
                pieces.push(self.piece(&big, limit, ratio));
                starts.push(index);
            }
            let piece = pieces.last_mut().expect("one was just pushed");
            let body = piece.body_of(&view);
            piece.push(&view, body, &Stamp::at(now), now);
        }
        starts.push(big.count());
        for (piece, ends) in pieces.iter_mut().zip(starts.windows(2)) {
            piece.lend_stamps(big.stamps().slice(ends[0]..ends[1]));
            piece.first = Place { index: big.first.index + ends[0], ..big.first };
        }
        self.live += pieces.len();
        self.splits += 1;
        self.done(big, now);
        pieces
    }

    /// Puts the pieces of a split to the front of their queue, in order, closed.
    pub fn put_pieces(&mut self, pieces: Vec<Box<Batch>>, now: Instant) {
        let Some(slot) = pieces.first().map(|piece| piece.slot) else { return };
        for piece in pieces.into_iter().rev() {
            let id = piece.id;
            self.queues[slot.index()].put_back(piece);
            self.close_batch(slot, id, CloseReason::Full, now);
        }
        self.relist(slot, now);
    }

    /// An empty open batch that takes over what `big` was.
    fn piece(&mut self, big: &Batch, limit: usize, ratio: f32) -> Box<Batch> {
        let id = BatchId(self.next_batch);
        self.next_batch += 1;
        let plan = Opening {
            charged: 0,
            write_limit: limit,
            ratio,
            codec: self.compression.codec,
            now: big.created,
        };
        let mut piece = Box::new(Batch::blank()).reopen(id, big.slot, &plan);
        piece.capacity_limit = limit.max(self.batch_size);
        piece.sending = Sending { attempts: 0, retry_at: None, ..big.sending };
        piece
    }

    /// The estimate after learning that this batch was too large.
    fn ratio_of(&mut self, big: &Batch, packed: usize, unpacked: usize) -> f32 {
        let topic = self.queues[big.slot.index()].topic;
        let ratio = &mut self.ratios[topic.index()];
        ratio.reset_for_split(super::accumulator::share(packed, unpacked));
        ratio.estimate()
    }
}
