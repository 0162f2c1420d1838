//! Values made once and sent again and again, where making them anew would be the limit.
//!
//! Cost class: per record, a division and a look; per run, the pool's bytes, of which each value
//! takes eight for its place. Each worker has a share of its own, in which its records go round:
//! record n has the value that record m of the same worker would have without a pool, m = n modulo
//! the values of the share. So it depends on seed, number and plan alone, and can be made again.

use super::plan::SourcePlan;
use super::value::Value;
use crate::base::WorkerIndex;

/// One worker's share of the pool.
#[derive(Clone, Debug)]
pub(super) struct Pool {
    workers: u64,
    bytes: Vec<u8>,
    /// Where each value ends in them, and so the next begins, beside [`TOMBSTONE`].
    ends: Vec<u64>,
}

impl Pool {
    /// The bytes of memory of one value's place.
    pub(super) const PLACE: u64 = 8;

    /// The share of `worker`: `count` values as `maker` makes them, 1 or more.
    pub(super) fn new(
        plan: &SourcePlan,
        count: u64,
        worker: WorkerIndex,
        mut maker: Value,
    ) -> Self {
        let workers = u64::from(plan.workers);
        let numbers = || (0..count).map(|number| number * workers + u64::from(worker.0));
        // Both as large as they get: growth would double them, and copy them meanwhile.
        let total: usize = numbers().map(|n| maker.pooled_len(n)).sum();
        let mut bytes = Vec::with_capacity(total);
        let mut ends = Vec::with_capacity(usize::try_from(count).expect("places fit in memory"));
        for n in numbers() {
            let value = maker.write(n, 0);
            bytes.extend_from_slice(value.unwrap_or_default());
            ends.push(bytes.len() as u64 | if value.is_none() { TOMBSTONE } else { 0 });
        }
        Self { workers, bytes, ends }
    }

    /// The value of record `n`; `None` is a tombstone.
    #[inline(never)]
    pub(super) fn value(&self, n: u64) -> Option<&[u8]> {
        let turn = n / self.workers % self.ends.len() as u64;
        let turn = usize::try_from(turn).expect("below a count of values");
        let end = self.ends[turn];
        if end & TOMBSTONE != 0 {
            return None;
        }
        let from = turn.checked_sub(1).map_or(0, |before| self.ends[before] & !TOMBSTONE);
        Some(&self.bytes[place(from)..place(end)])
    }

    /// Bytes of memory that it takes.
    #[cfg(test)]
    fn memory(&self) -> u64 {
        self.bytes.capacity() as u64 + self.ends.capacity() as u64 * Self::PLACE
    }
}

fn place(end: u64) -> usize {
    usize::try_from(end).expect("an index of bytes in memory")
}

/// Stands beside a place: there is no value. No pool has so many bytes.
const TOMBSTONE: u64 = 1 << 63;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::source::{SizePlan, ValuePlan};

    /// What is asked for is what it takes, values and places together.
    #[test]
    fn a_pool_takes_the_memory_that_is_asked_for() {
        let sizes = [
            (SizePlan::Fixed(8), 0.0),
            (SizePlan::Fixed(100), 0.0),
            (SizePlan::Fixed(100), 0.5),
            (SizePlan::Uniform { least: 1, most: 400 }, 0.1),
            (SizePlan::LogNormal { median: 50.0, sigma: 1.0, least: 1, most: 9_000 }, 0.0),
        ];
        for (size, tombstones) in sizes {
            for value in [ValuePlan::Random, ValuePlan::Compressible { ratio: 0.5 }] {
                let size = size.clone();
                let asked = Some(2_000_000);
                let plan = SourcePlan {
                    size,
                    tombstones,
                    value,
                    workers: 2,
                    pool: asked,
                    ..SourcePlan::default()
                };
                let Value::Pool(pool) = Value::new(&plan, WorkerIndex(1)) else {
                    panic!("{plan:?}")
                };
                let memory = pool.memory();
                // What is drawn differs from its mean.
                assert!((970_000..1_030_000).contains(&memory), "{memory} for {plan:?}");
                assert_eq!(pool.bytes.len(), pool.bytes.capacity(), "{plan:?}");
            }
        }
    }
}
