//! One family of latencies: an HDR histogram with its exact companions.
//!
//! Cost class: per record. The counts are kept here instead of in the crate's histogram, because
//! that one updates its total, extremes and resize check on every record; [`Measured::hdr`] hands
//! them over for the report. Invariants: nothing is clamped: a value above the range is counted as
//! overflow and still enters count, sum and max; merging two is the same as recording both.

use core::time::Duration;

use hdrhistogram::Histogram;

use super::buckets::{bucket_of, highest_in, histogram};

/// Nanoseconds of many records: three significant digits by bucket, count, sum, smallest and
/// largest exactly.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Measured {
    /// By bucket, up to the bucket of the highest trackable value.
    counts: Vec<u64>,
    count: u64,
    overflow: u64,
    sum: u128,
    min: u64,
    max: u64,
}

impl Measured {
    /// An empty one that counts values above `highest` as overflow. Its memory (8 bytes × 1,024 for
    /// each doubling of `highest`: 232 KiB for two minutes) is touched only where values fall.
    #[must_use]
    pub fn new(highest: Duration) -> Self {
        let highest = u64::try_from(highest.as_nanos()).unwrap_or(u64::MAX / 4);
        // The crate wants a range of at least a doubling.
        let counts = vec![0; bucket_of(highest.clamp(2_048, u64::MAX / 4)) + 1];
        Self { counts, count: 0, overflow: 0, sum: 0, min: u64::MAX, max: 0 }
    }

    /// An empty one of the same range.
    pub(super) fn like(other: &Self) -> Self {
        let counts = vec![0; other.counts.len()];
        Self { counts, count: 0, overflow: 0, sum: 0, min: u64::MAX, max: 0 }
    }

    /// Adds one value.
    #[inline]
    pub fn record(&mut self, nanos: u64) {
        self.record_n(nanos, 1);
    }

    /// Adds `times` records of the same value.
    #[inline]
    pub fn record_n(&mut self, nanos: u64, times: u64) {
        if times == 0 {
            return;
        }
        match self.counts.get_mut(bucket_of(nanos)) {
            Some(count) => *count += times,
            None => self.overflow += times,
        }
        self.count += times;
        self.sum += u128::from(nanos) * u128::from(times);
        self.min = self.min.min(nanos);
        self.max = self.max.max(nanos);
    }

    /// Adds every value of `values` and returns their sum; what is kept beside the buckets stays in
    /// registers meanwhile.
    #[inline]
    pub(super) fn record_each(&mut self, values: impl Iterator<Item = u64>) -> u128 {
        let counts = &mut self.counts[..];
        let (mut count, mut overflow, mut sum) = (0, 0, 0u128);
        let (mut min, mut max) = (self.min, self.max);
        for nanos in values {
            match counts.get_mut(bucket_of(nanos)) {
                Some(count) => *count += 1,
                None => overflow += 1,
            }
            count += 1;
            sum += u128::from(nanos);
            min = min.min(nanos);
            max = max.max(nanos);
        }
        self.count += count;
        self.overflow += overflow;
        self.sum += sum;
        self.min = min;
        self.max = max;
        sum
    }

    /// Adds everything `other` holds; both end with the larger range of the two.
    pub fn merge(&mut self, other: &Self) {
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (bucket, count) in other.buckets() {
            self.counts[bucket] += count;
        }
        self.count += other.count;
        self.overflow += other.overflow;
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// Forgets all values and keeps the memory.
    pub(super) fn clear(&mut self) {
        let used = self.used();
        self.counts[used].fill(0);
        (self.count, self.overflow, self.sum, self.min, self.max) = (0, 0, 0, u64::MAX, 0);
    }

    /// How many values, overflow included.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// How many values lay above the range; percentiles that fall among them read
    /// [`Measured::max`].
    #[must_use]
    pub const fn overflow(&self) -> u64 {
        self.overflow
    }

    /// The exact sum in nanoseconds, overflow included.
    #[must_use]
    pub const fn sum(&self) -> u128 {
        self.sum
    }

    /// The exact smallest value; `None` when empty.
    #[must_use]
    pub const fn min(&self) -> Option<u64> {
        if self.count == 0 { None } else { Some(self.min) }
    }

    /// The exact largest value; `None` when empty.
    #[must_use]
    pub const fn max(&self) -> Option<u64> {
        if self.count == 0 { None } else { Some(self.max) }
    }

    /// The exact mean in nanoseconds; `None` when empty.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a mean is read to far fewer than 53 bits")]
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64)
    }

    /// The value that a share `quantile` (0 to 1, taken to the millionth) of all values doesn't
    /// exceed: the top of the bucket in which the record of rank ⌈quantile × count⌉ lies, at most
    /// the largest value. `None` when empty.
    #[must_use]
    pub fn quantile(&self, quantile: f64) -> Option<u64> {
        let rank = rank_of(quantile, self.count)?;
        Some(value_at(rank, self.buckets()).map_or(self.max, |value| value.min(self.max)))
    }

    /// The same counts as the crate's histogram (1 ns up, three digits), for its own format and its
    /// standard deviation. Overflow is left out.
    #[must_use]
    pub fn hdr(&self) -> Histogram<u64> {
        histogram(highest_in(self.counts.len() - 1), self.buckets())
    }

    /// The buckets that hold something, in ascending order, each with its count.
    pub(super) fn buckets(&self) -> impl Iterator<Item = (usize, u64)> {
        let used = self.used();
        let first = used.start;
        let counts = self.counts[used].iter().enumerate();
        counts.filter(|(_, count)| **count > 0).map(move |(i, count)| (first + i, *count))
    }

    /// The range of buckets in which counts can be.
    fn used(&self) -> core::ops::Range<usize> {
        if self.count == 0 {
            return 0..0;
        }
        let end = self.counts.len();
        bucket_of(self.min).min(end)..(bucket_of(self.max) + 1).min(end)
    }
}

/// The rank (1 to `count`) of the record that decides a quantile; `None` when there is no record.
/// In whole numbers, since 0.99 as a double times a count can land above the next integer.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 0 to 1, so the product is at most a million"
)]
pub(super) fn rank_of(quantile: f64, count: u64) -> Option<u64> {
    if count == 0 {
        return None;
    }
    let millionths = libm::round(quantile.clamp(0.0, 1.0) * 1e6) as u64;
    let rank = (u128::from(count) * u128::from(millionths)).div_ceil(1_000_000);
    Some(u64::try_from(rank).expect("at most the count").max(1))
}

/// The value at `rank` of buckets in ascending order; `None` when they hold fewer records.
pub(super) fn value_at(rank: u64, buckets: impl Iterator<Item = (usize, u64)>) -> Option<u64> {
    let mut seen = 0;
    for (bucket, count) in buckets {
        seen += count;
        if seen >= rank {
            return Some(highest_in(bucket));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TWO_MINUTES: Duration = Duration::from_secs(120);
    const QUANTILES: [f64; 8] = [0.0, 0.5, 0.75, 0.9, 0.99, 0.999, 0.9999, 1.0];

    fn measured(values: &[u64]) -> Measured {
        let mut measured = Measured::new(TWO_MINUTES);
        measured.record_each(values.iter().copied());
        measured
    }

    #[test]
    fn an_empty_one_has_no_figures() {
        let empty = Measured::new(TWO_MINUTES);
        assert_eq!((empty.min(), empty.max(), empty.quantile(0.5)), (None, None, None));
        assert_eq!(empty.mean(), None);
        assert_eq!(empty.hdr().len(), 0);
    }

    #[test]
    fn what_lies_above_the_range_is_counted_and_not_clamped() {
        let mut measured = Measured::new(Duration::from_secs(1));
        measured.record_n(1_000, 98);
        measured.record_n(5_000_000_000, 2);
        assert_eq!((measured.count(), measured.overflow()), (100, 2));
        assert_eq!(measured.max(), Some(5_000_000_000));
        assert_eq!(measured.sum(), 98_000 + 10_000_000_000);
        assert_eq!(measured.quantile(0.98), Some(1_000));
        assert_eq!(measured.quantile(0.99), Some(5_000_000_000));
        assert_eq!(measured.hdr().len(), 98);
    }

    #[test]
    fn the_highest_value_is_within_the_range() {
        let mut measured = Measured::new(TWO_MINUTES);
        measured.record(120_000_000_000);
        assert_eq!(measured.overflow(), 0);
        measured.clear();
        assert_eq!(measured, Measured::new(TWO_MINUTES));
    }

    #[test]
    fn ranks_are_whole_numbers() {
        assert_eq!(rank_of(0.99, 100), Some(99));
        assert_eq!(rank_of(0.99, 101), Some(100));
        assert_eq!(rank_of(0.0, 10), Some(1));
        assert_eq!(rank_of(0.999_99, 100_000), Some(99_999));
        assert_eq!(rank_of(1.0, u64::MAX), Some(u64::MAX));
        assert_eq!(rank_of(0.5, 0), None);
    }

    fn latencies() -> impl Strategy<Value = Vec<u64>> {
        prop::collection::vec((0u64..100_000_000_000, 0u32..36).prop_map(|(v, s)| v >> s), 1..2_000)
    }

    proptest! {
        #[test]
        fn percentiles_agree_with_an_exact_sort(mut values in latencies()) {
            let measured = measured(&values);
            values.sort_unstable();
            for quantile in QUANTILES {
                let rank = rank_of(quantile, measured.count()).unwrap();
                let exact = values[usize::try_from(rank).unwrap() - 1];
                let found = measured.quantile(quantile).unwrap();
                prop_assert!(found >= exact, "{found} < {exact} at {quantile}");
                prop_assert!(found - exact <= exact / 1_000, "{found} for {exact} at {quantile}");
            }
            prop_assert_eq!(measured.min(), values.first().copied());
            prop_assert_eq!(measured.max(), values.last().copied());
            prop_assert_eq!(measured.sum(), values.iter().map(|&v| u128::from(v)).sum::<u128>());
        }

        #[test]
        fn it_is_the_crates_histogram(values in latencies()) {
            let mut crates = Histogram::<u64>::new_with_bounds(1, 120_000_000_000, 3).unwrap();
            for &value in &values {
                crates.record(value).unwrap();
            }
            let hdr = measured(&values).hdr();
            prop_assert_eq!(&hdr, &crates);
            for quantile in [0.5, 0.99] {
                let found = measured(&values).quantile(quantile).unwrap();
                let max = measured(&values).max().unwrap();
                prop_assert_eq!(found, crates.value_at_quantile(quantile).min(max));
            }
        }

        #[test]
        fn merging_is_recording_both(left in latencies(), right in latencies()) {
            let mut merged = measured(&left);
            merged.merge(&measured(&right));
            let all: Vec<_> = left.iter().chain(&right).copied().collect();
            prop_assert_eq!(merged, measured(&all));
        }

        #[test]
        fn one_by_one_is_the_same_as_all_at_once(values in latencies(), times in 1u64..5) {
            let mut single = Measured::new(TWO_MINUTES);
            let mut each = Measured::new(TWO_MINUTES);
            for &value in &values {
                single.record_n(value, times);
            }
            for _ in 0..times {
                each.record_each(values.iter().copied());
            }
            prop_assert_eq!(single, each);
        }
    }
}
