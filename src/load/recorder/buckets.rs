//! The buckets of an HDR histogram with a lowest value of 1 and three significant digits, as
//! numbers.
//!
//! Values below 2,048 have a bucket each; above, every doubling is cut into 1,024 buckets, so a
//! bucket is never wider than a thousandth of what it holds. They are the crate `hdrhistogram`'s
//! own buckets (a test holds that), so that counts kept here become its histograms without a
//! change. Cost class: per record, four instructions, no branch.

use hdrhistogram::Histogram;

/// The bucket of `value`.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "a bucket number is below 56 × 1,024: 53 doublings above the first 2,048 and room"
)]
pub(super) const fn bucket_of(value: u64) -> usize {
    let shift = (value | (2 * PER_DOUBLING - 1)).ilog2() - PER_DOUBLING.ilog2();
    (shift as u64 * PER_DOUBLING + (value >> shift)) as usize
}

/// The largest value of bucket `bucket`, which stands for all of them.
pub(super) const fn highest_in(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < 2 * PER_DOUBLING {
        return bucket;
    }
    let shift = bucket / PER_DOUBLING - 1;
    let sub = bucket - shift * PER_DOUBLING;
    // Wraps only for the very last bucket of all, which ends at the largest u64.
    ((sub + 1) << shift).wrapping_sub(1)
}

/// The crate's histogram of these buckets and their counts, none above that of `highest`, which is
/// 2,048 or more. Cost class: per result.
pub(super) fn histogram(
    highest: u64,
    buckets: impl Iterator<Item = (usize, u64)>,
) -> Histogram<u64> {
    let mut histogram = Histogram::new_with_bounds(1, highest, 3)
        .expect("the range is at least 2,048 and the digits are within 0 to 5");
    for (bucket, count) in buckets {
        histogram
            .record_n(highest_in(bucket), count)
            .expect("every bucket lies within the range that was just set");
    }
    histogram
}

const PER_DOUBLING: u64 = 1_024;

#[cfg(test)]
mod tests {
    use hdrhistogram::Histogram;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn buckets_join_without_gaps() {
        for bucket in 1..40_000 {
            assert_eq!(bucket_of(highest_in(bucket)), bucket);
            assert_eq!(bucket_of(highest_in(bucket - 1) + 1), bucket);
        }
    }

    proptest! {
        #[test]
        fn they_are_the_crates_buckets(value in 0u64..u64::MAX / 4, shift in 0u32..62) {
            let value = value >> shift;
            let crates = Histogram::<u64>::new_with_bounds(1, u64::MAX / 2, 3).unwrap();
            prop_assert_eq!(highest_in(bucket_of(value)), crates.highest_equivalent(value));
        }
    }
}
