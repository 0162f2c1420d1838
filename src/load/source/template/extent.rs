//! How much a template writes, known before it writes anything. Cost class: once a template.
//!
//! Means are added up: what stands in a repeat counts as often as the repeat has turns on average,
//! whatever else is drawn, since turns and what is in them are drawn apart. So they take no time
//! where records are large, and are exact where a value's own mean is.

use super::op::{self, Fixed, Given, Pick, Span, Time, Value};
use super::{lists, write};
use crate::base::Rng;
use crate::load::draw::Uniform;

/// What a part of a template comes to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Extent {
    /// Bytes on average.
    pub(super) mean: f64,
    /// Bytes at most.
    pub(super) most: u64,
    /// Operations at most.
    pub(super) steps: u64,
}

impl Extent {
    /// One operation that always writes as much.
    pub(super) fn exactly(bytes: u32) -> Self {
        Self { mean: bytes.into(), most: bytes.into(), steps: 1 }
    }

    /// The number of the turn in a repeat of so many, over all its turns.
    pub(super) fn index(turns: &Uniform) -> Self {
        // A number of d digits has one more than those below 10^(d-1), of which there are as many.
        let later = (1..10).map(|digits| mean_beyond(turns, 10u64.pow(digits))).sum::<f64>();
        let turns = mean_beyond(turns, 0);
        let mean = if turns > 0.0 { (turns + later) / turns } else { 0.0 };
        Self { mean, most: 10, steps: 1 }
    }

    /// One behind the other.
    pub(super) const fn and(self, other: Self) -> Self {
        Self {
            mean: self.mean + other.mean,
            most: self.most.saturating_add(other.most),
            steps: self.steps.saturating_add(other.steps),
        }
    }

    /// So many turns of it, a separator of so many bytes between them.
    pub(super) fn repeated(self, turns: &Uniform, separator: u32) -> Self {
        let most = op::most(turns);
        let between = u64::from(separator).saturating_mul(most.saturating_sub(1));
        let mean_between = f64::from(separator) * mean_beyond(turns, 1);
        Self {
            mean: self.mean * mean_beyond(turns, 0) + mean_between,
            most: self.most.saturating_mul(most).saturating_add(between),
            // Its begin, and the end of each turn.
            steps: self.steps.saturating_add(1).saturating_mul(most).saturating_add(1),
        }
    }
}

impl Value {
    /// What it comes to. `drawn` counts the values whose mean is that of draws: of those there are
    /// fewer where a template has a great many such values, whose errors even out.
    pub(super) fn extent(&self, picks: &[Pick], drawn: &mut u32) -> Extent {
        Extent { mean: self.mean(picks, drawn), most: self.longest(picks), steps: 1 }
    }

    /// The mean of the bytes that it writes.
    fn mean(&self, picks: &[Pick], drawn: &mut u32) -> f64 {
        match self {
            Self::Uuid => 36.0,
            Self::Sequence(start) => digits(start.saturating_add(SOME_RECORD)),
            Self::Time(Time::Iso8601) => 24.0,
            Self::Time(Time::Date) => 10.0,
            Self::Time(Time::Unix(unit)) => digits((SOME_TIME / unit).unsigned_abs()),
            Self::Int(range) => mean_of_numbers(range, |digits| digits),
            Self::Fixed(Fixed { units, decimals: 0 }) => mean_of_numbers(units, |digits| digits),
            Self::Fixed(Fixed { units, decimals }) => {
                // A zero before the point at least, and the point.
                let least = u32::from(*decimals) + 1;
                mean_of_numbers(units, |digits| digits.max(least) + 1)
            }
            Self::Real(_) | Self::Zipf(_) => {
                *drawn = drawn.saturating_add(1);
                self.mean_of_draws(if *drawn > MANY { FEW_DRAWS } else { DRAWS })
            }
            Self::Bool(below) => 5.0 - float((*below).into()) / float(1 << 64),
            Self::Pick(pick) => picks[*pick as usize].mean,
            Self::Hex(count) | Self::Characters(_, count) => mean_beyond(count, 0),
            Self::Listed(list) => mean_in(list),
            Self::Words(count) => {
                mean_beyond(count, 0) * mean_in(lists::WORDS) + mean_beyond(count, 1)
            }
            Self::Name => names(),
            Self::Email => names() + mean_below(1_000) + mean_in(lists::DOMAINS),
            Self::Ipv4 => 2.0 + 3.0 * (1.0 + mean_below(256)),
        }
    }

    /// Of a value that depends on its words alone.
    fn mean_of_draws(&self, draws: u32) -> f64 {
        let given = Given { number: 0, time: 0, pool: &[], picks: &[] };
        let (mut rng, mut out) = (Rng::new(0), Vec::new());
        for _ in 0..draws {
            self.write(given, &mut rng, &mut out);
        }
        float(out.len() as u128) / f64::from(draws)
    }
}

/// The mean of the bytes of items, each as often as it weighs. The weights may well add up to more
/// than a double holds.
pub(super) fn mean_of_items(weights: &[f64], items: &[Span]) -> f64 {
    let largest = weights.iter().copied().fold(0.0, f64::max);
    let shares = || weights.iter().map(|weight| weight / largest);
    let bytes = shares().zip(items).map(|(share, item)| share * f64::from(item.len()));
    bytes.sum::<f64>() / shares().sum::<f64>()
}

/// How much of a count is beyond `bound` on average: all of it beyond 0.
fn mean_beyond(count: &Uniform, bound: u64) -> f64 {
    let (least, most) = ends(count);
    let (least, most) = (i128::from(least), i128::from(most));
    let bound = i128::from(bound);
    let from = least.max(bound);
    if most < from {
        return 0.0;
    }
    // Of from - bound, ..., most - bound, as many as there are, twice the mean.
    let twice = (from - bound + most - bound) * (most - from + 1);
    float(twice.unsigned_abs()) / 2.0 / float((most - least + 1).unsigned_abs())
}

/// The mean length of the numbers of a range, where one of so many digits has `len` bytes beside
/// its minus.
fn mean_of_numbers(range: &Uniform, len: impl Fn(u32) -> u32) -> f64 {
    let (low, high) = ends(range);
    let bytes = |from: u64, to: u64, minus: u32| -> f64 {
        let lengths = (1..=20).map(|digits| {
            let least = if digits == 1 { 0 } else { 10u128.pow(digits - 1) };
            let (from, to) = (least.max(from.into()), u128::from(to).min(10u128.pow(digits) - 1));
            let count = (to + 1).saturating_sub(from);
            float(count) * f64::from(len(digits) + minus)
        });
        lengths.sum()
    };
    let mut sum = 0.0;
    if low < 0 {
        sum += bytes(if high < 0 { high.unsigned_abs() } else { 1 }, low.unsigned_abs(), 1);
    }
    if high >= 0 {
        sum += bytes(low.max(0).unsigned_abs(), high.unsigned_abs(), 0);
    }
    sum / float(u128::from(high.abs_diff(low)) + 1)
}

/// Of the numbers below `bound`.
fn mean_below(bound: i64) -> f64 {
    let range = Uniform::new(0, bound - 1).expect("a range from 0 up");
    mean_of_numbers(&range, |digits| digits)
}

/// A first name, a blank and a last name.
fn names() -> f64 {
    mean_in(lists::FIRST_NAMES) + 1.0 + mean_in(lists::LAST_NAMES)
}

fn mean_in(list: &[&str]) -> f64 {
    let bytes: usize = list.iter().map(|word| word.len()).sum();
    float(bytes as u128) / float(list.len() as u128)
}

/// How many digits a number has.
fn digits(number: u64) -> f64 {
    let mut out = Vec::new();
    write::unsigned(number, &mut out);
    float(out.len() as u128)
}

/// The smallest number of a range, and the largest.
const fn ends(range: &Uniform) -> (i64, i64) {
    (range.draw(0), range.draw(u64::MAX))
}

#[expect(clippy::cast_precision_loss, reason = "a mean need not have more digits than a double")]
const fn float(number: u128) -> f64 {
    number as f64
}

/// A run of some million records has numbers of as many digits.
const SOME_RECORD: u64 = 3_000_000;
/// Some time of this century, 2026-01-01: its forms are as long as those of any other.
const SOME_TIME: i64 = 1_767_225_600_000_000_000;
/// Draws for a mean: within a hundredth of it, in a millisecond.
const DRAWS: u32 = 4_096;
/// So many values have as many, the others few.
const MANY: u32 = 256;
const FEW_DRAWS: u32 = 16;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn range(low: i64, high: i64) -> Uniform {
        Uniform::new(low, high).unwrap()
    }

    #[test]
    fn the_widest_ranges_have_a_mean() {
        let all = range(i64::MIN, i64::MAX);
        let mean = mean_of_numbers(&all, |digits| digits);
        assert!((19.0..19.5).contains(&mean), "{mean}");
        assert_eq!(mean_of_numbers(&range(i64::MIN, i64::MIN), |digits| digits), 20.0);
        assert_eq!(mean_beyond(&range(0, 1 << 30), 0), 536_870_912.0);
    }

    proptest! {
        /// Against the sum over all numbers.
        #[test]
        fn means_are_those_of_all_numbers(
            low in -2_000i64..2_000, more in 0i64..3_000, bound in 0u64..500,
        ) {
            let high = low + more;
            let all = low..=high;
            let count = (more + 1) as f64;
            let lens = all.clone().map(|it| it.to_string().len()).sum::<usize>();
            let mean = mean_of_numbers(&range(low, high), |digits| digits);
            prop_assert!((mean - lens as f64 / count).abs() < 1e-9, "{mean}");
            let (low, high) = (low.max(0), high.max(0));
            let beyond = (low..=high).map(|it| it.saturating_sub_unsigned(bound).max(0));
            let beyond = beyond.sum::<i64>();
            let mean = mean_beyond(&range(low, high), bound);
            prop_assert!((mean - beyond as f64 / (high - low + 1) as f64).abs() < 1e-9, "{mean}");
        }
    }
}
