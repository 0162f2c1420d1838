//! The simulator's witness: what an engine was seen to do with every record.
//!
//! Cost class: per record. It takes nobody's word: which records a delivery speaks of follows from
//! where they were appended.

use std::collections::BTreeMap;

use crate::base::{Instant, PartitionSlot, RecordView};
use crate::kafka::accumulator::{BatchId, Place};
use crate::kafka::producer::{Delivery, Outcome};
use crate::kafka::wire::ErrorCode;
use crate::load::engine::{LeftOut, Witness};

/// What became of a record.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fate {
    /// Nothing yet; at the end: it was never sent.
    Open,
    /// The producer didn't take it.
    Refused,
    /// Acknowledged with this offset, −1 when the broker didn't say.
    Acked(i64),
    /// The broker had it already.
    Duplicate,
    /// Written with acks=0.
    Written,
    /// Certainly not in the log.
    Failed,
    /// Nobody knows.
    Indeterminate,
}

/// One record as it was seen.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// Its global number.
    pub number: u64,
    /// Unix milliseconds.
    pub timestamp_ms: i64,
    /// Its partition.
    pub slot: PartitionSlot,
    /// When it was appended or refused.
    pub appended: Instant,
    /// When it had its outcome.
    pub ended: Instant,
    /// What became of it.
    pub fate: Fate,
    /// Bytes of key and value.
    pub payload: u32,
}

/// A batch, or a piece of one, with its outcome.
#[derive(Clone, Debug)]
pub struct Told {
    /// Its partition.
    pub slot: PartitionSlot,
    /// How many records.
    pub records: u32,
    /// How it ended.
    pub outcome: Outcome,
    /// When it was created.
    pub created: Instant,
    /// When it was first drained.
    pub drained: Option<Instant>,
    /// When it ended.
    pub ended: Instant,
    /// How often it was sent again.
    pub retries: u32,
}

/// Sees everything. See the room's documentation.
#[derive(Debug, Default)]
pub(super) struct Notary {
    records: Vec<Seen>,
    /// By batch: where its records stand in `records`.
    batches: BTreeMap<BatchId, Vec<usize>>,
    told: Vec<Told>,
    /// Under a rate due to end, without one handed over to end, of delivered records.
    latencies: Vec<u64>,
    /// The same of records that ended badly.
    failures: Vec<u64>,
    /// Bytes of keys and values appended and without an outcome.
    buffered: u64,
    open: u64,
    /// Records that were due and left out: dropped, skipped.
    left_out: (u64, u64),
    /// What was wrong in what the engine told.
    pub(super) objections: Vec<(Instant, String)>,
}

impl Notary {
    /// All records in the order in which they were handed over.
    pub(super) fn records(&self) -> &[Seen] {
        &self.records
    }

    /// All outcomes in their order.
    pub(super) fn told(&self) -> &[Told] {
        &self.told
    }

    /// Latencies of delivered records in the order of their outcomes, in nanoseconds.
    pub(super) fn latencies(&self) -> &[u64] {
        &self.latencies
    }

    /// The same of failed and indeterminate ones.
    pub(super) fn failures(&self) -> &[u64] {
        &self.failures
    }

    /// Bytes of keys and values that were appended and have no outcome.
    pub(super) const fn buffered(&self) -> u64 {
        self.buffered
    }

    /// Records that were appended and have no outcome.
    pub(super) const fn open(&self) -> u64 {
        self.open
    }

    /// Records that were due and left out: dropped, skipped.
    pub(super) const fn left_out(&self) -> (u64, u64) {
        self.left_out
    }

    fn settle(&mut self, delivery: &Delivery, index: u32, ended: Instant) {
        let Place { batch, index: first } = delivery.first;
        let at = usize::try_from(first + index).ok();
        let found = at.and_then(|at| self.batches.get(&batch)?.get(at)).copied();
        let Some(found) = found else {
            let what = format!("an outcome for record {index} of batch {batch:?} that has none");
            return self.objections.push((ended, what));
        };
        let record = &mut self.records[found];
        let fate = match &delivery.outcome {
            Outcome::Acked { base_offset } if *base_offset < 0 => Fate::Acked(-1),
            Outcome::Acked { base_offset } => Fate::Acked(base_offset + i64::from(index)),
            Outcome::Duplicate => Fate::Duplicate,
            Outcome::Written => Fate::Written,
            Outcome::Failed(_) => Fate::Failed,
            Outcome::Indeterminate(_) => Fate::Indeterminate,
        };
        if record.fate != Fate::Open || record.slot != delivery.slot {
            let number = record.number;
            let what = format!("record {number} was {:?} and is now {fate:?}", record.fate);
            return self.objections.push((ended, what));
        }
        record.fate = fate;
        record.ended = ended;
        self.open -= 1;
        self.buffered -= u64::from(record.payload);
    }

    fn measure(&mut self, delivery: &Delivery) {
        let bad = matches!(delivery.outcome, Outcome::Failed(_) | Outcome::Indeterminate(_));
        let times = &delivery.times;
        let ended = times.ended;
        let drained = times.first_drained.unwrap_or(times.last_drained).min(times.last_drained);
        let drained = drained.min(times.written).min(ended);
        let into = if bad { &mut self.failures } else { &mut self.latencies };
        for (run, offsets, len) in delivery.stamps.runs() {
            match run.base_due {
                Some(base) => into.extend(
                    offsets.iter().map(|due| ended.nanos_since(base.plus_nanos(u64::from(*due)))),
                ),
                None => {
                    let handed =
                        if bad { run.handed } else { run.handed.min(run.appended.min(drained)) };
                    into.extend((0..len).map(|_| ended.nanos_since(handed)));
                }
            }
        }
    }
}

impl Notary {
    /// Notes a batch's outcome for each of its records.
    fn tell(&mut self, delivery: &Delivery) {
        for index in 0..delivery.records() {
            self.settle(delivery, index, delivery.times.ended);
        }
        self.told.push(Told {
            slot: delivery.slot,
            records: delivery.records(),
            outcome: delivery.outcome.clone(),
            created: delivery.times.created,
            drained: delivery.times.first_drained,
            ended: delivery.times.ended,
            retries: delivery.retries,
        });
    }
}

impl Witness for Notary {
    fn appended<'a>(
        &mut self,
        number: u64,
        record: impl FnOnce() -> RecordView<'a>,
        slot: PartitionSlot,
        place: Place,
        now: Instant,
    ) {
        let record = record();
        let payload = record.key.map_or(0, <[u8]>::len) + record.value.map_or(0, <[u8]>::len);
        let payload = u32::try_from(payload).unwrap_or(u32::MAX);
        let batch = self.batches.entry(place.batch).or_default();
        if usize::try_from(place.index) != Ok(batch.len()) {
            let what = format!("record {number} at {place:?}, behind {} others", batch.len());
            self.objections.push((now, what));
        }
        batch.push(self.records.len());
        self.records.push(Seen {
            number,
            timestamp_ms: record.timestamp_ms,
            slot,
            appended: now,
            ended: now,
            fate: Fate::Open,
            payload,
        });
        self.open += 1;
        self.buffered += u64::from(payload);
    }

    fn refused(&mut self, number: u64, _: ErrorCode, now: Instant) {
        self.records.push(Seen {
            number,
            timestamp_ms: 0,
            slot: PartitionSlot(u32::MAX),
            appended: now,
            ended: now,
            fate: Fate::Refused,
            payload: 0,
        });
    }

    fn left_out(&mut self, why: LeftOut, records: u64) {
        match why {
            LeftOut::Dropped => self.left_out.0 += records,
            LeftOut::Skipped => self.left_out.1 += records,
        }
    }

    fn delivered(&mut self, delivery: &Delivery) {
        self.measure(delivery);
        self.tell(delivery);
    }

    fn cut(&mut self, delivery: &Delivery) {
        match delivery.outcome {
            // It stays open, as what was never sent.
            Outcome::Failed(_) => {}
            Outcome::Indeterminate(_) => self.tell(delivery),
            Outcome::Acked { .. } | Outcome::Duplicate | Outcome::Written => {
                self.delivered(delivery);
            }
        }
    }
}
