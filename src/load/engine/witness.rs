//! Who sees every record of an engine: where it was appended and what became of it.
//!
//! Cost class: per record, or nothing: an engine is made for one kind of witness, and for
//! [`Blind`], the usual one, the compiler leaves the calls out. The simulator's witness holds the
//! engine's own accounts against what it saw.

use crate::base::{Instant, PartitionSlot, RecordView};
use crate::kafka::accumulator::Place;
use crate::kafka::producer::Delivery;
use crate::kafka::wire::ErrorCode;

/// Is told of every record that an engine hands over. It changes nothing.
pub trait Witness {
    /// Record `number` is in a batch of this partition; `record` makes it once more.
    fn appended<'a>(
        &mut self,
        number: u64,
        record: impl FnOnce() -> RecordView<'a>,
        slot: PartitionSlot,
        place: Place,
        now: Instant,
    );
    /// Record `number` was refused, or waited for room in vain: it failed.
    fn refused(&mut self, number: u64, code: ErrorCode, now: Instant);
    /// So many records were due and left out; they have no outcome.
    fn left_out(&mut self, why: LeftOut, records: u64);
    /// A batch, or a piece of one, has its outcome.
    fn delivered(&mut self, delivery: &Delivery);
    /// The end of the drain cut a batch off that had been sent: nobody's error and no failure's
    /// latency. What failed so counts as unsent.
    fn cut(&mut self, delivery: &Delivery);
}

/// Why records that were due weren't handed over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LeftOut {
    /// There was no room for them.
    Dropped,
    /// It was too late for them.
    Skipped,
}

/// Sees nothing.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Blind;

impl Witness for Blind {
    #[inline]
    fn appended<'a>(
        &mut self,
        _: u64,
        _: impl FnOnce() -> RecordView<'a>,
        _: PartitionSlot,
        _: Place,
        _: Instant,
    ) {
    }

    #[inline]
    fn refused(&mut self, _: u64, _: ErrorCode, _: Instant) {}

    #[inline]
    fn left_out(&mut self, _: LeftOut, _: u64) {}

    #[inline]
    fn delivered(&mut self, _: &Delivery) {}

    #[inline]
    fn cut(&mut self, _: &Delivery) {}
}
