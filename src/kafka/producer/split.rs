//! What the sender does about a batch that is too large for the broker. Cost class: rare.

use crate::base::Instant;
use crate::kafka::accumulator::Batch;

use super::event::ProducerEvent;
use super::producer::Producer;

impl Producer {
    /// Sends the batch's records in smaller ones, with the same numbers in the same order.
    pub(super) fn split(&mut self, big: Box<Batch>, now: Instant) {
        let (slot, id) = (big.slot, big.id);
        self.expires_with(big.created);
        let mut pieces = self.accumulator.split(big, now);
        let counts: Vec<_> = pieces.iter().map(|piece| (piece.id, piece.count())).collect();
        self.sequences.split(slot, id, &counts);
        self.order.split(slot, id, pieces.iter().map(|piece| piece.id));
        for piece in &mut pieces {
            piece.identity = self.sequences.identity_of(slot, piece.id);
        }
        let count = u32::try_from(pieces.len()).unwrap_or(u32::MAX);
        self.events.push_back(ProducerEvent::Split { slot, pieces: count });
        self.accumulator.put_pieces(pieces, now);
    }
}
