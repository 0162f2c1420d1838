//! What a record holds: key and value, made anew for every record.
//!
//! Cost class: per record; [`Source::record`] writes into buffers that are kept and lends them, it
//! never allocates as long as numbers rise. Invariant: record n depends on the seed and on n alone
//! (what it tells of time also on the planned rate), so that any record can be made again, alone
//! and in any order. Random values are uniform bytes and so don't compress, or
//! compress to a share that is asked for: a fixed payload would flatter every codec.
//!
//! Sizes: `size` is the length of the value alone, as kafka-producer-perf-test's `--record-size`;
//! keys come on top. Values that have a length of their own (pieces of files, templates, increasing
//! integers) don't obey it.

mod clock;
mod compressible;
mod corpus;
mod digits;
mod header;
mod key;
mod mark;
mod plan;
mod pool;
mod sequence;
mod size;
pub mod template;
#[cfg(test)]
mod tests;
mod timestamp;
mod value;

pub use clock::PayloadClock;
pub use corpus::{Corpus, CorpusError, PieceFormat, PieceOrder};
pub use header::{HeaderPlan, HeaderValue};
pub use key::{KeyError, KeyForm, KeyPlan, KeyType};
pub use mark::Mark;
pub use plan::{NumberType, SourceError, SourcePlan, ValuePlan};
pub use sequence::{SequenceError, parse_sequence};
pub use size::{SizeError, SizePlan, SizeWeight};
pub use timestamp::{Lateness, TimestampError, TimestampPlan};
pub use value::Plain;

use crate::base::{Header, RecordView, WorkerIndex};
use crate::load::schedule::Timetable;
use clock::Clock;
use header::Headers;
use key::Key;
use timestamp::Stamps;
use value::Value;

/// One worker's maker of records.
#[derive(Clone, Debug)]
pub struct Source {
    key_seed: u64,
    partition: Option<u32>,
    key: Key,
    value: Value,
    /// `None`: records are stamped when they are handed over.
    stamps: Option<Box<Stamps>>,
    headers: Option<Box<Headers>>,
    /// `None`: nothing in the records tells when they happened.
    clock: Option<Box<Clock>>,
}

impl Source {
    /// The source of one worker.
    ///
    /// # Panics
    /// When [`SourcePlan::check`] finds fault, `worker` isn't below the plan's workers, or the
    /// clock's timetable is shared by another number of them.
    #[must_use]
    pub fn new(plan: &SourcePlan, worker: WorkerIndex) -> Self {
        assert_eq!(plan.check(), Ok(()), "a source needs a plan that was checked");
        assert!(worker.0 < plan.workers, "worker {worker} of {}", plan.workers);
        let timed = plan.clock.timetable.as_ref().map_or(plan.workers, Timetable::workers);
        assert_eq!(timed, plan.workers, "the timetable is that of other workers");
        Self {
            key_seed: plan.seed ^ KEY_STREAM,
            partition: plan.partition,
            key: Key::new(&plan.key, plan.key_form, plan.key_field()),
            value: Value::new(plan, worker),
            stamps: Stamps::new(&plan.timestamps, &plan.clock, plan.seed),
            headers: Headers::new(&plan.headers, plan.seed),
            clock: plan.goes_by_clock().then(|| Box::new(Clock::new(&plan.clock, worker))),
        }
    }

    /// Record `n` of this worker (the schedule's global number: n ÷ workers is its number within
    /// the worker, n mod workers the worker), without its headers, stamped `timestamp_ms` unless
    /// the plan has stamps of its own.
    #[inline(always)]
    pub fn record(&mut self, n: u64, timestamp_ms: i64) -> RecordView<'_> {
        let time = self.time_of(n);
        let (key, value) = if let Key::Field(field) = self.key {
            self.value.with_field(n, time, field)
        } else {
            (self.key.of(self.key_seed, n), self.value.write(n, time))
        };
        let partition = self.partition;
        let timestamp_ms = match &self.stamps {
            None => timestamp_ms,
            Some(stamps) => stamps.of(n, time),
        };
        RecordView { partition, key, value, headers: &[], timestamp_ms }
    }

    /// As [`Source::record`] with all headers, `mark` the last of them, lent for one call.
    #[inline]
    pub fn with_record<T>(
        &mut self,
        n: u64,
        timestamp_ms: i64,
        mark: Option<Mark>,
        take: impl FnOnce(&RecordView<'_>) -> T,
    ) -> T {
        // Set aside, since a record is lent from all that is left.
        let Some(mut made) = self.headers.take() else {
            let record = self.record(n, timestamp_ms);
            let bytes = mark.map(|mark| mark.bytes(record.key, record.value));
            let header = bytes.as_ref().map(|it| Header { name: Mark::NAME, value: Some(it) });
            return take(&RecordView { headers: header.as_slice(), ..record });
        };
        made.make(n, self.time_of(n));
        let record = self.record(n, timestamp_ms);
        let bytes = mark.map(|mark| mark.bytes(record.key, record.value));
        let mut headers = [Header { name: Mark::NAME, value: None }; HeaderPlan::MOST + 1];
        let mut count = made.lend(&mut headers);
        if let Some(bytes) = &bytes {
            headers[count].value = Some(bytes);
            count += 1;
        }
        let taken = take(&RecordView { headers: &headers[..count], ..record });
        self.headers = Some(made);
        taken
    }

    /// Whether [`Source::record`] says all of its records, stamped as they are handed over.
    #[must_use]
    #[inline]
    pub const fn is_bare(&self) -> bool {
        self.headers.is_none() && self.stamps.is_none()
    }

    /// Whether records have keys, or some of them may have.
    #[must_use]
    pub const fn has_keys(&self) -> bool {
        !matches!(self.key, Key::None)
    }

    /// Whether every record names its partition.
    #[must_use]
    pub const fn names_partition(&self) -> bool {
        self.partition.is_some()
    }

    /// The key of record `n`, as [`Source::record`] gives it.
    #[inline(always)]
    pub fn key(&mut self, n: u64) -> Option<&[u8]> {
        if let Key::Field(field) = self.key {
            let time = self.time_of(n);
            return self.value.with_field(n, time, field).0;
        }
        self.key.of(self.key_seed, n)
    }

    /// When record `n` happened, nanoseconds since 1970; 0 where nothing tells it.
    #[inline(always)]
    fn time_of(&mut self, n: u64) -> i64 {
        self.clock.as_mut().map_or(0, |clock| clock.at(n))
    }

    /// How values are written in place, whatever the keys; `None` when records have headers or
    /// stamps of their own, name a partition, or have other values than random ones of one size.
    #[must_use]
    pub const fn values(&self) -> Option<Plain> {
        match (self.partition, &self.value) {
            (None, Value::Random { plain, .. }) if self.is_bare() => Some(*plain),
            _ => None,
        }
    }

    /// How its records are written in place; `None` when they have a key or headers, name a
    /// partition, have stamps of their own, or other values than random ones of one size.
    #[must_use]
    pub const fn plain(&self) -> Option<Plain> {
        if self.has_keys() { None } else { self.values() }
    }
}

/// Keeps keys and values of one seed apart; any constant does.
const KEY_STREAM: u64 = 0x6b65_7973_6b65_7973;
