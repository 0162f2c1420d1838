//! A histogram at rest: only the buckets that hold something, two to three bytes each.
//!
//! One is kept per interval of a run, so that intervals of several workers can be merged
//! (percentiles can't). Cost class: per interval.

use hdrhistogram::Histogram;

use super::buckets::{highest_in, histogram};
use super::measured::{Measured, rank_of, value_at};

/// The counts of a [`Measured`], packed; same buckets, same percentiles.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Spectrum {
    /// For each bucket with a count, ascending: the distance from the bucket before (the first:
    /// from 0) and the count, both as LEB128.
    packed: Vec<u8>,
    count: u64,
    max: u64,
}

impl Spectrum {
    /// What `measured` holds.
    #[cfg(test)]
    pub(crate) fn of(measured: &Measured) -> Self {
        let mut spectrum = Self::default();
        spectrum.add(measured);
        spectrum
    }

    /// How many values, overflow included.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The exact largest value; `None` when empty.
    #[must_use]
    pub const fn max(&self) -> Option<u64> {
        if self.count == 0 { None } else { Some(self.max) }
    }

    /// As [`Measured::quantile`].
    #[must_use]
    pub fn quantile(&self, quantile: f64) -> Option<u64> {
        let rank = rank_of(quantile, self.count)?;
        Some(value_at(rank, self.buckets()).map_or(self.max, |value| value.min(self.max)))
    }

    /// As [`Measured::hdr`], with room up to the largest value.
    #[must_use]
    pub fn hdr(&self) -> Histogram<u64> {
        histogram(self.top().unwrap_or(0).max(2_048), self.buckets())
    }

    /// Adds everything `other` holds.
    pub fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        if self.count == 0 {
            self.clone_from(other);
            return;
        }
        self.packed = joined(self.buckets(), other.buckets(), self.packed.len());
        self.count += other.count;
        self.max = self.max.max(other.max);
    }

    /// Adds everything `measured` holds.
    pub(super) fn add(&mut self, measured: &Measured) {
        self.packed = joined(self.buckets(), measured.buckets(), self.packed.len());
        self.count += measured.count();
        self.max = self.max.max(measured.max().unwrap_or(0));
    }

    /// What `later` holds more than `earlier`, an older state of the same histogram. The largest
    /// value is known by its bucket only.
    pub(super) fn between(earlier: &Measured, later: &Measured) -> Self {
        let mut before = earlier.buckets().peekable();
        let new = later.buckets().filter_map(|(bucket, count)| {
            let old = before.next_if(|(old, _)| *old == bucket).map_or(0, |(_, count)| count);
            (count > old).then(|| (bucket, count - old))
        });
        let packed = joined(new, core::iter::empty(), 0);
        let count = later.count() - earlier.count();
        let mut spectrum = Self { packed, count, max: 0 };
        let top = if later.overflow() > earlier.overflow() { None } else { spectrum.top() };
        spectrum.max = top.or_else(|| later.max()).filter(|_| count > 0).unwrap_or(0);
        spectrum
    }

    /// The top of the highest bucket.
    fn top(&self) -> Option<u64> {
        self.buckets().last().map(|(bucket, _)| highest_in(bucket))
    }

    /// Bytes of memory that it holds beside itself.
    #[cfg(test)]
    pub(super) fn memory(&self) -> usize {
        self.packed.capacity()
    }

    fn buckets(&self) -> impl Iterator<Item = (usize, u64)> {
        let mut rest = &self.packed[..];
        let mut bucket = 0;
        core::iter::from_fn(move || {
            let distance = unpack(&mut rest)?;
            bucket += usize::try_from(distance).expect("buckets are numbers of a vector");
            Some((bucket, unpack(&mut rest).expect("a count follows each distance")))
        })
    }
}

/// Packs the union of two ascending lists; `about` is a guess at the length.
fn joined(
    left: impl Iterator<Item = (usize, u64)>,
    right: impl Iterator<Item = (usize, u64)>,
    about: usize,
) -> Vec<u8> {
    let (mut left, mut right) = (left.peekable(), right.peekable());
    let mut packed = Vec::with_capacity(about);
    let mut before = 0;
    loop {
        let next = match (left.peek(), right.peek()) {
            (None, None) => break,
            (Some(_), None) => left.next(),
            (None, Some(_)) => right.next(),
            (Some(&(a, _)), Some(&(b, _))) if a < b => left.next(),
            (Some(&(a, _)), Some(&(b, _))) if b < a => right.next(),
            (Some(_), Some(_)) => {
                left.next().zip(right.next()).map(|((bucket, a), (_, b))| (bucket, a + b))
            }
        };
        let (bucket, count) = next.expect("one of the two was peeked");
        pack((bucket - before) as u64, &mut packed);
        pack(count, &mut packed);
        before = bucket;
    }
    packed.shrink_to_fit();
    packed
}

fn pack(mut word: u64, out: &mut Vec<u8>) {
    while word >= 0x80 {
        out.push(word.to_le_bytes()[0] | 0x80);
        word >>= 7;
    }
    out.push(word.to_le_bytes()[0]);
}

fn unpack(rest: &mut &[u8]) -> Option<u64> {
    let mut word = 0;
    for shift in (0..).step_by(7) {
        let (&byte, tail) = rest.split_first()?;
        *rest = tail;
        word |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
    }
    Some(word)
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn measured(values: &[u64]) -> Measured {
        let mut measured = Measured::new(Duration::from_secs(120));
        measured.record_each(values.iter().copied());
        measured
    }

    #[test]
    fn a_second_of_load_is_a_few_kilobytes() {
        // 200,000 records spread evenly over 2 to 40 ms: more buckets than a real second fills.
        let values: Vec<_> = (0..200_000u64).map(|i| 2_000_000 + i * 190).collect();
        let mut spectrum = Spectrum::default();
        spectrum.add(&measured(&values));
        assert!(spectrum.memory() < 16_000, "{}", spectrum.memory());
    }

    fn latencies() -> impl Strategy<Value = Vec<u64>> {
        prop::collection::vec((0u64..300_000_000_000, 0u32..36).prop_map(|(v, s)| v >> s), 0..500)
    }

    proptest! {
        #[test]
        fn it_has_the_percentiles_of_what_it_packs(left in latencies(), right in latencies()) {
            let all: Vec<_> = left.iter().chain(&right).copied().collect();
            let whole = measured(&all);
            let mut added = Spectrum::default();
            added.add(&measured(&left));
            added.add(&measured(&right));
            let mut merged = Spectrum::default();
            merged.add(&measured(&left));
            let mut other = Spectrum::default();
            other.add(&measured(&right));
            merged.merge(&other);
            prop_assert_eq!(&added, &merged);
            prop_assert_eq!(merged.count(), whole.count());
            prop_assert_eq!(merged.max(), whole.max());
            for quantile in [0.0, 0.5, 0.99, 0.999, 1.0] {
                prop_assert_eq!(merged.quantile(quantile), whole.quantile(quantile));
            }
        }
    }
}
