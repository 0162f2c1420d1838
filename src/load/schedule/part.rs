//! Which records of a run are whose: a stream's part of all positions, and a worker's part of that.
//!
//! Cost class: per phase and per tick; a record of a stream whose part isn't even asks for its
//! position. Invariant: every position belongs to exactly one stream, so that the streams' records
//! add up to the run's at every instant.

use std::sync::Arc;

use super::rate::share;

/// A stream's positions among those of the run, by its weight: in every `period` positions the same
/// ones, spread as evenly as whole positions allow.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Part {
    /// Its positions in the first period, in order; one at least.
    slots: Arc<[u32]>,
    /// The sum of all streams' weights, reduced.
    period: u32,
}

impl Part {
    /// The highest weight of a stream.
    pub const MAX_WEIGHT: u32 = 1_000;

    /// All positions: of a run with one stream.
    #[must_use]
    pub fn whole() -> Self {
        Self { slots: Arc::new([0]), period: 1 }
    }

    /// The part of the stream at `index` of those with these `weights`.
    ///
    /// In a period the j-th record of a stream stands in order of (2j + 1) ÷ weight, the middle of
    /// its share: that spreads all streams, and equal ones take turns. Up to any position a stream
    /// is off its exact share by fewer records than there are streams, and at the end of each
    /// period by none.
    ///
    /// # Panics
    /// When there is no such stream, a weight is not between 1 and [`Part::MAX_WEIGHT`], or there
    /// are more than four million streams.
    #[must_use]
    pub fn of(weights: &[u32], index: usize) -> Self {
        let known = |weight: &u32| (1..=Self::MAX_WEIGHT).contains(weight);
        assert!(weights.iter().all(known), "weights are 1 to {}", Self::MAX_WEIGHT);
        let shared = weights.iter().copied().fold(0, greatest_common_divisor);
        let mine = weights[index] / shared;
        // How many positions of a stream come before the j-th of ours: those k for which (2k + 1) ÷
        // theirs is less, or the same and their stream the earlier one.
        let before = |j: u32, (stream, weight): (usize, &u32)| {
            let theirs = u64::from(weight / shared);
            let middle = u64::from(2 * j + 1) * theirs;
            let mine = u64::from(mine);
            let behind = middle.saturating_sub(mine);
            if middle < mine {
                0
            } else if stream < index {
                behind / (2 * mine) + 1
            } else {
                behind.div_ceil(2 * mine)
            }
        };
        let slot = |j: u32| -> u64 { weights.iter().enumerate().map(|it| before(j, it)).sum() };
        let narrow = |slot: u64| u32::try_from(slot).expect("four million streams at most");
        let period = weights.iter().map(|weight| u64::from(weight / shared)).sum();
        Self { slots: (0..mine).map(|j| narrow(slot(j))).collect(), period: narrow(period) }
    }

    /// The run's position of the stream's record `index`.
    fn position(&self, index: u64) -> u64 {
        let count = self.slots.len() as u64;
        let slot = usize::try_from(index % count).expect("below the count of slots");
        (index / count).saturating_mul(self.period.into()).saturating_add(self.slots[slot].into())
    }

    /// How many of the run's positions 0 to `total` − 1 are the stream's.
    fn count(&self, total: u64) -> u64 {
        let (periods, rest) = (total / u64::from(self.period), total % u64::from(self.period));
        let of_rest = self.slots.partition_point(|slot| u64::from(*slot) < rest);
        (periods * self.slots.len() as u64).saturating_add(of_rest as u64)
    }
}

/// A worker's place in its stream: the stream's records number i·`workers` + `worker`.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) part: Part,
    pub(super) worker: u64,
    pub(super) workers: u64,
}

impl Place {
    /// The run's position of the worker's record `index`.
    pub(super) fn position(&self, index: u64) -> u64 {
        self.part.position(index.saturating_mul(self.workers).saturating_add(self.worker))
    }

    /// How many of the run's positions 0 to `total` − 1 fall to the worker.
    pub(super) fn count(&self, total: u64) -> u64 {
        share(self.part.count(total), self.worker, self.workers)
    }

    /// How many positions lie between two records of the worker, where that is always the same.
    pub(super) fn step(&self) -> Option<u64> {
        let slots = self.part.slots.len() as u64;
        let periods = self.workers.is_multiple_of(slots).then(|| self.workers / slots)?;
        Some(periods * u64::from(self.part.period))
    }

    /// The same on average.
    #[expect(clippy::cast_precision_loss, reason = "a share, drawn from")]
    pub(super) fn mean_step(&self) -> f64 {
        self.workers as f64 * f64::from(self.part.period) / self.part.slots.len() as f64
    }
}

const fn greatest_common_divisor(mut a: u32, mut b: u32) -> u32 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn slots(weights: &[u32], index: usize) -> Vec<u32> {
        Part::of(weights, index).slots.to_vec()
    }

    #[test]
    fn streams_take_turns_by_their_weights() {
        assert_eq!(Part::of(&[7], 0), Part::whole());
        assert_eq!([0, 1, 2].map(|index| slots(&[5, 5, 5], index)), [[0], [1], [2]]);
        assert_eq!((slots(&[3, 1], 0), slots(&[3, 1], 1)), (vec![0, 1, 3], vec![2]));
        // Only the proportion counts.
        assert_eq!(Part::of(&[750, 250], 1), Part::of(&[3, 1], 1));
    }

    #[test]
    fn steps_are_the_same_where_workers_share_slots_evenly() {
        let place =
            |weights: &[u32], workers| Place { part: Part::of(weights, 0), worker: 0, workers };
        assert_eq!(place(&[1], 3).step(), Some(3));
        assert_eq!(place(&[2, 2], 3).step(), Some(6));
        assert_eq!((place(&[3, 1], 1).step(), place(&[3, 1], 3).step()), (None, Some(4)));
        assert_eq!(
            (place(&[3, 1], 1).mean_step(), place(&[3, 1], 3).mean_step()),
            (4.0 / 3.0, 4.0)
        );
    }

    proptest! {
        /// Every position has one worker, whose numbers count up; counting agrees with that, and
        /// each stream has its share: exactly over a period, nearly at any time.
        #[test]
        fn every_position_is_somebodys(
            streams in proptest::collection::vec((1u32..30, 1u64..5), 1..7),
            periods in 1u64..4,
        ) {
            let weights: Vec<u32> = streams.iter().map(|(weight, _)| *weight).collect();
            let places = streams.iter().enumerate().flat_map(|(index, (_, workers))| {
                let part = Part::of(&weights, index);
                let workers = *workers;
                (0..workers).map(move |worker| Place { part: part.clone(), worker, workers })
            });
            let places: Vec<Place> = places.collect();
            let total = periods * u64::from(places[0].part.period);
            let mut owners = vec![None; usize::try_from(total).unwrap()];
            for (owner, place) in places.iter().enumerate() {
                let count = place.count(total);
                for index in 0..count {
                    let position = place.position(index);
                    prop_assert!(position < total);
                    prop_assert_eq!(place.count(position), index);
                    if let Some(step) = place.step() {
                        prop_assert_eq!(place.position(index + 1) - position, step);
                    }
                    let slot = &mut owners[usize::try_from(position).unwrap()];
                    prop_assert_eq!(slot.replace(owner), None);
                }
                prop_assert!(place.position(count) >= total);
            }
            prop_assert!(owners.iter().all(Option::is_some));
            let whole: u32 = weights.iter().sum();
            for (index, weight) in weights.iter().enumerate() {
                let part = Part::of(&weights, index);
                for upto in 0..=total {
                    let exact = upto as f64 * f64::from(*weight) / f64::from(whole);
                    let off = (part.count(upto) as f64 - exact).abs();
                    prop_assert!(off < streams.len() as f64, "{} off at {}", off, upto);
                }
                let exact = total * u64::from(*weight);
                prop_assert_eq!(part.count(total) * u64::from(whole), exact);
            }
        }
    }
}
