//! One of several items by weight, in constant time.
//!
//! The alias method (A. J. Walker, 1977) with the table of M. D. Vose ("A linear algorithm for
//! generating random numbers with a given distribution", IEEE TSE 17(9), 1991): every item has a
//! column of equal width, filled up with at most one other item. A draw is one multiplication,
//! whose high half is the column and whose low half the height in it, and one comparison.

use super::DrawError;

/// Indexes of items, each as often as its weight says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Weighted {
    columns: Box<[Column]>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Column {
    /// Below this height the item is the column's own. A column that is its own altogether names
    /// itself as the other, too.
    own: u64,
    other: u32,
}

impl Weighted {
    /// The most items, a million or so.
    pub const MAX_ITEMS: usize = 1 << 20;

    /// Items of these weights, in any unit; 0 is an item that never comes. Beside the largest,
    /// which has 50 bits, weights are rounded down, but never to 0; among more than a hundred items
    /// the bits become fewer, 23 with a million.
    ///
    /// # Errors
    /// When there are none, or more than [`Weighted::MAX_ITEMS`]; when one is negative or no
    /// finite number; when all are 0.
    pub fn new(weights: &[f64]) -> Result<Self, DrawError> {
        if weights.is_empty() || weights.len() > Self::MAX_ITEMS {
            return Err(DrawError::Weights(weights.len()));
        }
        if let Some(weight) = weights.iter().find(|it| !it.is_finite() || it.is_sign_negative()) {
            return Err(DrawError::Weight(*weight));
        }
        let largest = weights.iter().copied().fold(0.0, f64::max);
        if largest == 0.0 {
            return Err(DrawError::NoWeight);
        }
        let count = weights.len() as u64;
        let areas = weights.iter().map(|weight| whole(weight / largest, bits(count)) * count);
        Ok(Self { columns: columns(areas.collect()).into() })
    }

    /// The index that `word` decides.
    #[must_use]
    #[inline]
    pub fn draw(&self, word: u64) -> usize {
        let product = u128::from(word) * self.columns.len() as u128;
        let column = usize::try_from(product >> 64).expect("below the count of columns");
        let Column { own, other } = self.columns[column];
        #[expect(clippy::cast_possible_truncation, reason = "the low half is the height")]
        if (product as u64) < own { column } else { other as usize }
    }

    /// How many items there are, those that never come included.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.columns.len()
    }

    /// Never: there is at least one item.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }
}

/// Bits of the largest of `count` weights: as many as keep the sum of all areas below 2^63, so that
/// all that follows is exact.
fn bits(count: u64) -> u32 {
    (63 - 2 * count.next_power_of_two().ilog2()).min(50)
}

/// A share of the largest weight as a whole number of so many bits; above 0 if the share is.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a number of 0 to 2^50"
)]
fn whole(share: f64, bits: u32) -> u64 {
    let scaled = (share * (1u64 << bits) as f64) as u64;
    if share > 0.0 { scaled.max(1) } else { 0 }
}

/// The columns of items of these areas, each the item's weight times the count of items; a column's
/// area is then the sum of all weights.
fn columns(mut areas: Vec<u64>) -> Vec<Column> {
    let count = areas.len() as u64;
    let full = areas.iter().sum::<u64>() / count;
    let mut columns: Vec<Column> =
        (0..).zip(&areas).map(|(other, _)| Column { own: u64::MAX, other }).collect();
    let (mut short, mut long): (Vec<usize>, Vec<usize>) =
        (0..areas.len()).partition(|&item| areas[item] < full);
    // As long as one column is short, another is long: the areas add up to all columns exactly.
    while let Some(item) = short.pop() {
        let filler = *long.last().expect("what is missing in one column is too much in another");
        columns[item] = Column {
            own: height(areas[item], full),
            other: u32::try_from(filler).expect("at most a million items"),
        };
        areas[filler] -= full - areas[item];
        if areas[filler] < full {
            long.pop();
            short.push(filler);
        }
    }
    columns
}

/// `area` of `full`, less than it, as a height of 64 bits.
fn height(area: u64, full: u64) -> u64 {
    let height = (u128::from(area) << 64) / u128::from(full);
    u64::try_from(height).expect("an area below the column's")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fit;
    use super::*;
    use crate::base::Rng;

    fn counts(weights: &[f64], draws: u32) -> Vec<u64> {
        let weighted = Weighted::new(weights).unwrap();
        let mut rng = Rng::new(11);
        let mut counts = vec![0; weights.len()];
        for _ in 0..draws {
            counts[weighted.draw(rng.next_u64())] += 1;
        }
        counts
    }

    fn shares(weights: &[f64]) -> Vec<f64> {
        let sum: f64 = weights.iter().sum();
        weights.iter().map(|weight| weight / sum).collect()
    }

    #[test]
    fn items_come_as_often_as_they_weigh() {
        let many: Vec<f64> = (1..=200).map(|i| f64::from(i * i % 37)).collect();
        for weights in
            [&[1.0][..], &[70.0, 25.0, 5.0], &[0.2, 0.0, 0.7, 0.1], &[1.0; 8], &[1e-3, 1.0], &many]
        {
            let p = fit::chi_square(&counts(weights, 200_000), &shares(weights));
            assert!(p > 0.001, "{weights:?}: p = {p}");
        }
    }

    #[test]
    fn other_weights_would_be_noticed() {
        let seen = counts(&[70.0, 25.0, 5.0], 200_000);
        assert!(fit::chi_square(&seen, &shares(&[69.0, 26.0, 5.0])) < 1e-6);
    }

    proptest! {
        /// Exact, not by drawing: every item's own part and what other columns lend it add up to
        /// its weight.
        #[test]
        fn columns_hold_exactly_the_weights(
            weights in prop::collection::vec(0u32..1000, 1..40),
        ) {
            prop_assume!(weights.iter().any(|weight| *weight > 0));
            let weights: Vec<f64> = weights.into_iter().map(f64::from).collect();
            let weighted = Weighted::new(&weights).unwrap();
            let mut held = vec![0.0; weights.len()];
            for (item, column) in weighted.columns.iter().enumerate() {
                let own = column.own as f64 / 2f64.powi(64);
                held[item] += own;
                held[column.other as usize] += 1.0 - own;
            }
            let sum: f64 = weights.iter().sum();
            for (held, weight) in held.iter().zip(&weights) {
                let expected = weight / sum * weights.len() as f64;
                prop_assert!((held - expected).abs() < 1e-9, "{held} of {expected}");
            }
        }

        #[test]
        fn what_weighs_nothing_never_comes(words in prop::collection::vec(any::<u64>(), 100)) {
            let weighted = Weighted::new(&[0.0, 3.0, 0.0, 0.1, 0.0]).unwrap();
            prop_assert!(words.iter().all(|&word| matches!(weighted.draw(word), 1 | 3)));
        }
    }

    #[test]
    fn impossible_weights_are_refused() {
        assert_eq!(Weighted::new(&[]), Err(DrawError::Weights(0)));
        assert_eq!(Weighted::new(&[0.0, 0.0]), Err(DrawError::NoWeight));
        assert_eq!(Weighted::new(&[1.0, -1.0]), Err(DrawError::Weight(-1.0)));
        assert!(Weighted::new(&[f64::INFINITY]).is_err());
        assert!(Weighted::new(&[f64::NAN]).is_err());
    }
}
