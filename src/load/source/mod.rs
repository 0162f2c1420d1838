//! What a record holds: key and value, made anew for every record.
//!
//! Cost class: per record; [`Source::record`] writes into buffers that are kept and lends them, it
//! never allocates. Invariant: record n depends on the seed and on n alone, so that any record can
//! be made again, alone and in any order. Random values are uniform bytes and so don't compress, or
//! compress to a share that is asked for: a fixed payload would flatter every codec.
//!
//! Sizes: `size` is the length of the value alone, as kafka-producer-perf-test's `--record-size`;
//! keys come on top. Values that have a length of their own (lines, increasing integers) don't obey
//! it.

mod compressible;
mod digits;
mod key;
mod mark;
mod plan;
mod sequence;
mod size;
pub mod template;
#[cfg(test)]
mod tests;
mod value;

pub use key::{KeyError, KeyForm, KeyPlan, KeyType};
pub use mark::Mark;
pub use plan::{NumberType, SourceError, SourcePlan, ValuePlan};
pub use sequence::{SequenceError, parse_sequence};
pub use size::{SizeError, SizePlan, SizeWeight};
pub use value::Plain;

use crate::base::{RecordView, WorkerIndex};
use key::Key;
use value::Value;

/// One worker's maker of records.
#[derive(Clone, Debug)]
pub struct Source {
    key_seed: u64,
    partition: Option<u32>,
    key: Key,
    value: Value,
}

impl Source {
    /// The source of one worker.
    ///
    /// # Panics
    /// When [`SourcePlan::check`] finds fault, or `worker` isn't below the plan's workers.
    #[must_use]
    pub fn new(plan: &SourcePlan, worker: WorkerIndex) -> Self {
        assert_eq!(plan.check(), Ok(()), "a source needs a plan that was checked");
        assert!(worker.0 < plan.workers, "worker {worker} of {}", plan.workers);
        Self {
            key_seed: plan.seed ^ KEY_STREAM,
            partition: plan.partition,
            key: Key::new(&plan.key, plan.key_form),
            value: Value::new(plan, worker),
        }
    }

    /// Record `n` (the schedule's global number; n ÷ workers is its number within this worker),
    /// stamped `timestamp_ms`.
    #[inline(always)]
    pub fn record(&mut self, n: u64, timestamp_ms: i64) -> RecordView<'_> {
        let key = self.key.of(self.key_seed, n);
        let value = match &mut self.value {
            Value::Random { plain, room } => {
                plain.write(n, room);
                Some(&room[..plain.size])
            }
            Value::Made(maker) => maker.write(n),
        };
        let partition = self.partition;
        RecordView { partition, key, value, headers: &[], timestamp_ms }
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
        self.key.of(self.key_seed, n)
    }

    /// How values are written in place, whatever the keys; `None` when records name a partition or
    /// have other values than random ones of one size.
    #[must_use]
    pub const fn values(&self) -> Option<Plain> {
        match (self.partition, &self.value) {
            (None, Value::Random { plain, .. }) => Some(*plain),
            _ => None,
        }
    }

    /// How its records are written in place; `None` when they have a key, name a partition, or have
    /// other values than random ones of one size.
    #[must_use]
    pub const fn plain(&self) -> Option<Plain> {
        if self.has_keys() { None } else { self.values() }
    }
}

/// Keeps keys and values of one seed apart; any constant does.
const KEY_STREAM: u64 = 0x6b65_7973_6b65_7973;
