//! Values made once and sent again and again, where making them anew would be the limit.
//!
//! Cost class: per record, a division and a look; per run, the pool's bytes and eight more for each
//! value. Each worker has a share of its own, in which its records go round: record n has the value
//! that record m of the same worker would have without a pool, m = n modulo the values of the
//! share. So it depends on seed, number and plan alone, and can be made again.

use super::plan::SourcePlan;
use super::value::Value;
use crate::base::WorkerIndex;

/// One worker's share of the pool.
#[derive(Clone, Debug)]
pub(super) struct Pool {
    workers: u64,
    bytes: Vec<u8>,
    /// Where each value begins and ends in them; `None` is a tombstone.
    values: Vec<Option<(usize, usize)>>,
}

impl Pool {
    /// The share of `worker`: `count` values as `maker` makes them, 1 or more.
    pub(super) fn new(
        plan: &SourcePlan,
        count: u64,
        worker: WorkerIndex,
        mut maker: Value,
    ) -> Self {
        let workers = u64::from(plan.workers);
        let (mut bytes, mut values) = (Vec::new(), Vec::new());
        for number in 0..count {
            let value = maker.write(number * workers + u64::from(worker.0));
            values.push(value.map(|value| {
                let from = bytes.len();
                bytes.extend_from_slice(value);
                (from, bytes.len())
            }));
        }
        Self { workers, bytes, values }
    }

    /// The value of record `n`; `None` is a tombstone.
    #[inline(never)]
    pub(super) fn value(&self, n: u64) -> Option<&[u8]> {
        let turn = n / self.workers % self.values.len() as u64;
        let (from, to) = self.values[usize::try_from(turn).expect("below a count of values")]?;
        Some(&self.bytes[from..to])
    }
}
