//! Counts by error, batch, request, partition and broker.
//!
//! Cost class: per batch and per request. Bounds: one entry per error code, partition slot and
//! broker id, all of which the cluster limits. A partition has count, sum and maximum, not a
//! histogram: 232 KiB times 10,000 partitions would be 2.3 GB.

use std::collections::BTreeMap;

use super::latency::OfBatch;
use super::measured::Measured;
use crate::base::{BrokerId, Instant, PartitionSlot};
use crate::kafka::accumulator::CloseReason;
use crate::kafka::producer::Delivery;
use crate::kafka::wire::ErrorCode;

/// Errors by code and by who gave it: several things go by one code, in Java's client, too.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Errors {
    counts: BTreeMap<(ErrorCode, ErrorSource), ErrorCount>,
    /// The first words of the producer's own refusals.
    words: BTreeMap<(ErrorCode, ErrorSource), String>,
}

/// Where an error came from.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum ErrorSource {
    /// A broker, the loss of a connection to one, or `delivery.timeout.ms`.
    #[default]
    Cluster,
    /// This client: `max.block.ms` went by without room in `buffer.memory`.
    BufferExhausted,
    /// This client: `max.block.ms` went by without metadata.
    NoMetadata,
    /// This client, before sending: too large, against the key rules, after a fatal error.
    Refused,
}

/// One kind of error's part in a run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ErrorCount {
    /// Who gave it.
    pub source: ErrorSource,
    /// Records that ended with it.
    pub records: u64,
    /// Of those, the ones that the producer itself refused: all or none, by the source.
    /// [`Errors::words`] are about these.
    pub refused: u64,
    /// Records of batches that were sent again because of it, each time counted.
    pub retried_records: u64,
    /// When it was first seen.
    pub first: Instant,
    /// When it was last seen.
    pub last: Instant,
}

impl Errors {
    /// By code, ascending, and by source; `ErrorCode::is_retriable` tells the fatal ones.
    pub fn iter(&self) -> impl Iterator<Item = (ErrorCode, &ErrorCount)> {
        self.counts.iter().map(|(&(code, _), count)| (code, count))
    }

    /// Whether there was none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// Why the producer refused the first record that it refused with this code for this cause.
    #[must_use]
    pub fn words(&self, code: ErrorCode, source: ErrorSource) -> Option<&str> {
        self.words.get(&(code, source)).map(String::as_str)
    }

    pub(super) fn ended(&mut self, code: ErrorCode, records: u64, at: Instant) {
        self.add(code, ErrorCount { records, ..ErrorCount::at(at) });
    }

    /// The producer itself refused a record; `words` say why, and are asked for once a kind.
    pub(super) fn refused(
        &mut self,
        code: ErrorCode,
        source: ErrorSource,
        at: Instant,
        words: impl FnOnce() -> String,
    ) {
        self.add(code, ErrorCount { source, records: 1, refused: 1, ..ErrorCount::at(at) });
        self.words.entry((code, source)).or_insert_with(words);
    }

    pub(super) fn retried(&mut self, code: ErrorCode, records: u64, at: Instant) {
        self.add(code, ErrorCount { retried_records: records, ..ErrorCount::at(at) });
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (code, count) in other.iter() {
            self.add(code, *count);
        }
        for (key, words) in &other.words {
            self.words.entry(*key).or_insert_with(|| words.clone());
        }
    }

    fn add(&mut self, code: ErrorCode, more: ErrorCount) {
        self.counts
            .entry((code, more.source))
            .and_modify(|count| {
                count.records += more.records;
                count.refused += more.refused;
                count.retried_records += more.retried_records;
                count.first = count.first.min(more.first);
                count.last = count.last.max(more.last);
            })
            .or_insert(more);
    }
}

impl ErrorCount {
    /// None yet, seen at an instant.
    const fn at(at: Instant) -> Self {
        let source = ErrorSource::Cluster;
        Self { source, records: 0, refused: 0, retried_records: 0, first: at, last: at }
    }
}

/// Why records failed, or were given up with their fate unknown, each in one cause; those not named
/// here were refused by a broker, or lost their connection.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Causes {
    /// `max.block.ms` went by without room in `buffer.memory` (BufferExhaustedException).
    pub buffer_exhausted: u64,
    /// `max.block.ms` went by without metadata of the topic.
    pub no_metadata: u64,
    /// `delivery.timeout.ms` went by, in the queue or between attempts.
    pub expired: u64,
    /// The producer took them not at all: key rules, or too large. They were offered to no broker,
    /// so they are no part of the backlog.
    pub refused: u64,
    /// A fatal error ended the producer, and them with it: those that it had and all that came
    /// later. No part of the backlog either.
    pub fatal: u64,
    /// A broker refused them with an error that is final: too large for the topic, without a key
    /// where it asks for one. It answered, so that they are no part of the backlog either.
    pub rejected: u64,
}

impl Causes {
    /// Records with one of these causes.
    #[must_use]
    pub const fn sum(&self) -> u64 {
        self.buffer_exhausted + self.no_metadata + self.expired + self.ended()
    }

    /// Records that ended for good with an answer, though not the one that was hoped for: nobody is
    /// behind with them.
    #[must_use]
    pub const fn ended(&self) -> u64 {
        self.refused + self.fatal + self.rejected
    }

    pub(super) const fn merge(&mut self, other: &Self) {
        self.buffer_exhausted += other.buffer_exhausted;
        self.no_metadata += other.no_metadata;
        self.expired += other.expired;
        self.refused += other.refused;
        self.fatal += other.fatal;
        self.rejected += other.rejected;
    }
}

/// Batches that were sent at least once, and what became of them.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Batches {
    /// How many.
    pub count: u64,
    /// Their records.
    pub records: u64,
    /// Bytes on the wire, batch headers included, each batch once.
    pub wire_bytes: u64,
    /// Bytes of their records before compression.
    pub uncompressed_bytes: u64,
    /// Bytes of keys and values.
    pub payload_bytes: u64,
    /// What they could have taken on the wire: batch.size, or one large record.
    pub capacity: u64,
    /// Closed because full.
    pub full: u64,
    /// Closed by linger.ms.
    pub linger: u64,
    /// Closed by a flush or close.
    pub flush: u64,
    /// Closed because buffer.memory was exhausted.
    pub memory: u64,
    /// Batches that were cut in pieces because the broker found them too large.
    pub splits: u64,
    /// Batches that were sent more than once.
    pub retried: u64,
    /// Records of those; without idempotence each may be in the log more than once.
    pub retried_records: u64,
    /// Attempts after the first, over all batches.
    pub retries: u64,
}

impl Batches {
    /// Bytes on the wire ÷ what the batches could have taken there, which is what batch.size
    /// bounds; `None` without batches. 1 is full; under a codec full batches stay below it by the
    /// 5 % and more that the estimate of their compressed size leaves, and where records begin to
    /// compress worse than that estimate says, they may come out above it.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a share is read to far fewer than 53 bits")]
    pub fn fill_ratio(&self) -> Option<f64> {
        (self.capacity > 0).then(|| self.wire_bytes as f64 / self.capacity as f64)
    }

    pub(super) const fn add(&mut self, delivery: &Delivery) {
        if delivery.times.first_drained.is_none() {
            return;
        }
        let records = delivery.records() as u64;
        self.count += 1;
        self.records += records;
        self.wire_bytes += delivery.wire_bytes;
        self.uncompressed_bytes += delivery.uncompressed_bytes;
        self.payload_bytes += delivery.payload_bytes;
        self.capacity += delivery.capacity;
        match delivery.close_reason {
            CloseReason::Full => self.full += 1,
            CloseReason::Linger => self.linger += 1,
            CloseReason::Flush => self.flush += 1,
            CloseReason::Memory => self.memory += 1,
        }
        if delivery.retries > 0 {
            self.retried += 1;
            self.retried_records += records;
            self.retries += delivery.retries as u64;
        }
    }

    pub(super) const fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.records += other.records;
        self.wire_bytes += other.wire_bytes;
        self.uncompressed_bytes += other.uncompressed_bytes;
        self.payload_bytes += other.payload_bytes;
        self.capacity += other.capacity;
        self.full += other.full;
        self.linger += other.linger;
        self.flush += other.flush;
        self.memory += other.memory;
        self.splits += other.splits;
        self.retried += other.retried;
        self.retried_records += other.retried_records;
        self.retries += other.retries;
    }
}

/// Produce requests.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Requests {
    /// How many were sent.
    pub count: u64,
    /// Their batches.
    pub batches: u64,
    /// How many were sent while so many (the index; itself included) were in flight on their
    /// connection.
    in_flight: Vec<u64>,
    /// The most in flight on a connection.
    in_flight_max: u32,
}

impl Requests {
    /// The median, over requests, of how many were in flight on the connection, itself included, at
    /// most [`Requests::MOST_IN_FLIGHT`]; `None` without requests.
    #[must_use]
    pub fn in_flight_p50(&self) -> Option<u32> {
        let half = self.count.div_ceil(2).max(1);
        let mut seen = 0;
        let found = self.in_flight.iter().position(|count| {
            seen += count;
            seen >= half
        });
        found.and_then(|depth| u32::try_from(depth).ok())
    }

    /// The most in flight on one connection; 0 without requests.
    #[must_use]
    pub const fn in_flight_max(&self) -> u32 {
        self.in_flight_max
    }

    /// Deeper pipelines are counted as this deep in the median.
    pub const MOST_IN_FLIGHT: u32 = 1_023;

    pub(super) fn sent(&mut self, batches: u32, in_flight: u32) {
        let depth = in_flight.min(Self::MOST_IN_FLIGHT) as usize;
        if self.in_flight.len() <= depth {
            self.in_flight.resize(depth + 1, 0);
        }
        self.in_flight[depth] += 1;
        self.in_flight_max = self.in_flight_max.max(in_flight);
        self.count += 1;
        self.batches += u64::from(batches);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        if self.in_flight.len() < other.in_flight.len() {
            self.in_flight.resize(other.in_flight.len(), 0);
        }
        for (mine, other) in self.in_flight.iter_mut().zip(&other.in_flight) {
            *mine += other;
        }
        self.in_flight_max = self.in_flight_max.max(other.in_flight_max);
        self.count += other.count;
        self.batches += other.batches;
    }
}

/// What one partition took, and what it didn't.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct PartitionCount {
    /// Delivered records.
    pub records: u64,
    /// Records that failed or whose fate is unknown, once they were in a batch of it.
    pub undelivered: u64,
    /// Records of batches that were sent more than once, whatever became of them.
    pub retried: u64,
    /// Their bytes on the wire.
    pub wire_bytes: u64,
    /// The sum of their latencies in nanoseconds: response under a rate, service without one.
    pub latency_sum: u128,
    /// The highest of these.
    pub latency_max: u64,
    /// Records that stand in the log behind records of the partition that were appended later.
    pub reordered: u64,
}

impl PartitionCount {
    /// The mean latency in nanoseconds; `None` without records.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a mean is read to far fewer than 53 bits")]
    pub fn mean(&self) -> Option<f64> {
        (self.records > 0).then(|| self.latency_sum as f64 / self.records as f64)
    }
}

/// Counts by partition slot; slots without records are zero.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Partitions(Vec<PartitionCount>);

impl Partitions {
    /// By slot, dense from 0.
    #[must_use]
    pub fn all(&self) -> &[PartitionCount] {
        &self.0
    }

    pub(super) fn add(&mut self, slot: PartitionSlot, more: &PartitionCount) {
        if self.0.len() <= slot.index() {
            self.0.resize(slot.index() + 1, PartitionCount::default());
        }
        let count = &mut self.0[slot.index()];
        count.records += more.records;
        count.undelivered += more.undelivered;
        count.retried += more.retried;
        count.wire_bytes += more.wire_bytes;
        count.latency_sum += more.latency_sum;
        count.latency_max = count.latency_max.max(more.latency_max);
        count.reordered += more.reordered;
    }

    pub(super) fn delivered(&mut self, delivery: &Delivery, latency: OfBatch) {
        let more = PartitionCount {
            records: delivery.records().into(),
            undelivered: 0,
            retried: retried(delivery),
            wire_bytes: delivery.wire_bytes,
            latency_sum: latency.sum,
            latency_max: latency.max,
            reordered: if delivery.reordered { delivery.records().into() } else { 0 },
        };
        self.add(delivery.slot, &more);
    }

    /// A batch that failed, or of which nobody knows.
    pub(super) fn ended_badly(&mut self, delivery: &Delivery) {
        let undelivered = delivery.records().into();
        let more = PartitionCount { undelivered, retried: retried(delivery), ..Default::default() };
        self.add(delivery.slot, &more);
    }

    /// Slot 0 becomes slot `by`.
    pub(super) fn shift(&mut self, by: usize) {
        self.0.splice(..0, (0..by).map(|_| PartitionCount::default()));
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (slot, count) in (0..).map(PartitionSlot).zip(&other.0) {
            self.add(slot, count);
        }
    }
}

/// The records of a batch if it was sent again.
fn retried(delivery: &Delivery) -> u64 {
    if delivery.retries > 0 { delivery.records().into() } else { 0 }
}

/// What one broker took.
#[derive(Clone, Debug)]
pub struct BrokerCount {
    /// Delivered records.
    pub records: u64,
    /// Delivered batches.
    pub batches: u64,
    /// Last drain to the end, by record: send queue and broker stage, what this broker is
    /// answerable for.
    pub latency: Measured,
}

/// Counts of delivered records by broker.
#[derive(Clone, Debug, Default)]
pub struct Brokers(BTreeMap<BrokerId, BrokerCount>);

impl Brokers {
    /// By id, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (BrokerId, &BrokerCount)> {
        self.0.iter().map(|(&id, count)| (id, count))
    }

    pub(super) fn delivered(&mut self, delivery: &Delivery, empty: &Measured) {
        let Some(broker) = delivery.broker else { return };
        let count = self.entry(broker, empty);
        let records = u64::from(delivery.records());
        count.records += records;
        count.batches += 1;
        let times = &delivery.times;
        count.latency.record_n(times.ended.nanos_since(times.last_drained), records);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (broker, more) in other.iter() {
            let count = self.entry(broker, &more.latency);
            count.records += more.records;
            count.batches += more.batches;
            count.latency.merge(&more.latency);
        }
    }

    fn entry(&mut self, broker: BrokerId, like: &Measured) -> &mut BrokerCount {
        self.0.entry(broker).or_insert_with(|| BrokerCount {
            records: 0,
            batches: 0,
            latency: Measured::like(like),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_keep_their_first_and_last_time() {
        let at = Instant::from_nanos;
        let mut errors = Errors::default();
        errors.ended(ErrorCode(7), 10, at(50));
        errors.retried(ErrorCode(7), 3, at(20));
        let mut other = Errors::default();
        other.ended(ErrorCode(7), 1, at(90));
        other.ended(ErrorCode(6), 2, at(10));
        errors.merge(&other);
        let found: Vec<_> = errors.iter().map(|(code, count)| (code.0, *count)).collect();
        let count = |records, retried_records, first, last| ErrorCount {
            records,
            retried_records,
            last,
            ..ErrorCount::at(first)
        };
        let (seven, six) = (count(11, 3, at(20), at(90)), count(2, 0, at(10), at(10)));
        assert_eq!(found, [(6, six), (7, seven)]);
    }

    #[test]
    fn in_flight_has_a_median_and_a_maximum() {
        let mut requests = Requests::default();
        assert_eq!(requests.in_flight_p50(), None);
        for in_flight in [1, 1, 1, 2, 5] {
            requests.sent(3, in_flight);
        }
        assert_eq!((requests.in_flight_p50(), requests.in_flight_max()), (Some(1), 5));
        let mut other = Requests::default();
        for _ in 0..10 {
            other.sent(1, 5_000);
        }
        requests.merge(&other);
        assert_eq!(requests.in_flight_p50(), Some(Requests::MOST_IN_FLIGHT));
        assert_eq!((requests.count, requests.batches, requests.in_flight_max()), (15, 25, 5_000));
    }
}
