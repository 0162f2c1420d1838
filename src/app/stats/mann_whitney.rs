//! The Mann–Whitney test (H. B. Mann, D. R. Whitney, Ann. Math. Statist. 18, 1947), one-sided and
//! exact. Cost class: once a judgement.
//!
//! The chance is counted, not approximated: of all ways to choose which of the pooled values are
//! the second group's, the share whose rank sum is at least the one seen. Equal values get the mean
//! of their ranks and the count is over those very ranks (the conditional permutation distribution;
//! the recurrence is that of B. Streitberg and J. Röhmel, 1986), so ties need no correction. What
//! is counted is always the smaller group: its work grows with the square of what is chosen, and
//! each choice leaves the other group as its complement. Beyond [`EXACT_PAIRS`] pairs the normal
//! approximation with continuity and tie correction stands in; its error is then below 0.002, and
//! below 0.0003 where p is below 0.05.

use core::cmp::Ordering;

/// Groups of m and n runs are judged exactly up to this m × n: 50 + 50.
pub const EXACT_PAIRS: usize = 2_500;

/// The chance that, were both groups alike, `new` would lie at least as far above `base` as it
/// does: small when `new` is higher. 1 when a group is empty.
#[must_use]
pub fn p_greater(base: &[f64], new: &[f64]) -> f64 {
    let scores = Scores::of(base, new);
    if base.is_empty() || new.is_empty() {
        return 1.0;
    }
    if base.len() * new.len() > EXACT_PAIRS {
        return scores.approximate();
    }
    match base.len() < new.len() {
        true => lower_tail(&scores.all, base.len(), scores.total() - scores.new),
        false => upper_tail(&scores.all, new.len(), scores.new),
    }
}

/// The smallest p that groups of `base` and `new` runs can give: 1 in (base + new choose new).
#[must_use]
pub fn smallest_p(base: usize, new: usize) -> f64 {
    let few = base.min(new);
    (1..=few).fold(1.0, |p, i| p * float(i) / float(base + new - few + i))
}

/// How many runs each group needs so that [`smallest_p`] lies below `level`; 1 to 1,000.
#[must_use]
pub fn repeats_needed(level: f64) -> usize {
    (1..MOST_REPEATS).find(|&runs| smallest_p(runs, runs) < level).unwrap_or(MOST_REPEATS)
}

/// The smallest U (pairs in which the second group's value is the higher one) whose upper tail lies
/// below `level` where no values are equal; `None` when even the largest U's doesn't.
#[must_use]
pub fn critical_u(base: usize, new: usize, level: f64) -> Option<usize> {
    let pairs = base * new;
    if pairs == 0 || smallest_p(base, new) >= level {
        return None;
    }
    if pairs > EXACT_PAIRS {
        let upper = |u: &usize| normal_tail(float(*u), pairs, untied_variance(base, new)) < level;
        return (0..=pairs).find(upper);
    }
    // A group's rank sum is its U and the sum of its own ranks, 1 to n. Without equal values both
    // groups' U are distributed alike.
    let few = base.min(new);
    let scores: Vec<usize> = (1..=base + new).collect();
    let ways = ways(&scores, few);
    let lowest = few * (few + 1) / 2;
    let total: f64 = ways.iter().sum();
    let mut above = 0.0;
    let mut found = None;
    for u in (0..=pairs).rev() {
        above += ways[lowest + u];
        if above / total >= level {
            break;
        }
        found = Some(u);
    }
    found
}

/// Pooled ranks, each doubled so that the mean of two is whole.
struct Scores {
    /// Of all values.
    all: Vec<usize>,
    /// The sum of the second group's.
    new: usize,
    sizes: (usize, usize),
    /// Sum of t³ − t over groups of t equal values.
    ties: f64,
}

impl Scores {
    fn of(base: &[f64], new: &[f64]) -> Self {
        let of_base = base.iter().map(|value| (*value, false));
        let mut pooled: Vec<(f64, bool)> =
            of_base.chain(new.iter().map(|value| (*value, true))).collect();
        pooled.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut scores =
            Self { all: Vec::new(), new: 0, sizes: (base.len(), new.len()), ties: 0.0 };
        let same = |a: &(f64, bool), b: &(f64, bool)| a.0.total_cmp(&b.0) == Ordering::Equal;
        for equal in pooled.chunk_by(same) {
            // Ranks from first to last have the mean of both.
            let score = 2 * scores.all.len() + 1 + equal.len();
            let size = float(equal.len());
            scores.ties += size * size * size - size;
            scores.new += score * equal.iter().filter(|(_, is_new)| *is_new).count();
            scores.all.extend(core::iter::repeat_n(score, equal.len()));
        }
        scores
    }

    /// The sum of all ranks, both groups'.
    fn total(&self) -> usize {
        self.all.iter().sum()
    }

    fn approximate(&self) -> f64 {
        let (base, new) = self.sizes;
        let all = float(base + new);
        let lost = self.ties / (all * (all - 1.0));
        let variance = float(base) * float(new) / 12.0 * (all + 1.0 - lost);
        let twice_u = self.new - new * (new + 1);
        normal_tail(float(twice_u) / 2.0, base * new, variance)
    }
}

/// The share of the ways to choose `choose` of `scores` whose sum is `at_least` or more.
fn upper_tail(scores: &[usize], choose: usize, at_least: usize) -> f64 {
    let ways = ways(scores, choose);
    let total: f64 = ways.iter().sum();
    let above: f64 = ways.iter().skip(at_least).sum();
    above / total
}

/// The share whose sum is `at_most` or less: what the others' sum is at least, in the same choices.
fn lower_tail(scores: &[usize], choose: usize, at_most: usize) -> f64 {
    let ways = ways(scores, choose);
    let total: f64 = ways.iter().sum();
    let below: f64 = ways.iter().take(at_most + 1).sum();
    below / total
}

/// By sum, the number of ways to choose `choose` of `scores`. Only sums of numbers above zero, so
/// the error stays that of a float's last digits.
fn ways(scores: &[usize], choose: usize) -> Vec<f64> {
    let mut sorted = scores.to_vec();
    sorted.sort_unstable();
    let highest: usize = sorted.iter().rev().take(choose).sum();
    let mut ways = vec![vec![0.0; highest + 1]; choose + 1];
    ways[0][0] = 1.0;
    for (taken, &score) in sorted.iter().enumerate() {
        for k in (1..=choose.min(taken + 1)).rev() {
            let (fewer, more) = ways.split_at_mut(k);
            let (from, to) = (&fewer[k - 1], &mut more[0]);
            for (sum, count) in from.iter().enumerate().take((highest + 1).saturating_sub(score)) {
                to[sum + score] += count;
            }
        }
    }
    ways.pop().unwrap_or_default()
}

fn untied_variance(base: usize, new: usize) -> f64 {
    float(base) * float(new) * float(base + new + 1) / 12.0
}

/// The normal distribution's upper tail from u on, with half a step for continuity.
fn normal_tail(u: f64, pairs: usize, variance: f64) -> f64 {
    if variance <= 0.0 {
        return 1.0;
    }
    let z = (u - 0.5 - float(pairs) / 2.0) / variance.sqrt();
    0.5 * libm::erfc(z / core::f64::consts::SQRT_2)
}

#[expect(clippy::cast_precision_loss, reason = "counts of runs and pairs, far below 2^53")]
const fn float(count: usize) -> f64 {
    count as f64
}

/// Nobody repeats more often than a run's `--repeat` allows.
const MOST_REPEATS: usize = 1_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// All ways to choose which values are the second group's, one by one.
    fn by_enumeration(base: &[f64], new: &[f64]) -> f64 {
        let pooled: Vec<f64> = base.iter().chain(new).copied().collect();
        let twice_u = |is_new: &dyn Fn(usize) -> bool| -> usize {
            let pairs = (0..pooled.len()).flat_map(|i| (0..pooled.len()).map(move |j| (i, j)));
            pairs
                .filter(|(i, j)| !is_new(*i) && is_new(*j))
                .map(|(i, j)| match pooled[j].total_cmp(&pooled[i]) {
                    Ordering::Greater => 2,
                    Ordering::Equal => 1,
                    Ordering::Less => 0,
                })
                .sum()
        };
        let seen = twice_u(&|at| at >= base.len());
        let (mut all, mut above) = (0_u32, 0_u32);
        for choice in 0_u32..1 << pooled.len() {
            if choice.count_ones() as usize == new.len() {
                all += 1;
                above += u32::from(twice_u(&|at| choice >> at & 1 == 1) >= seen);
            }
        }
        f64::from(above) / f64::from(all)
    }

    proptest! {
        /// Goal: the recurrence counts what there is to count, equal values or not.
        #[test]
        fn the_recurrence_agrees_with_an_enumeration(
            base in prop::collection::vec(0_u8..6, 1..6),
            new in prop::collection::vec(0_u8..6, 1..6),
        ) {
            let floats = |values: &[u8]| values.iter().map(|v| f64::from(*v)).collect::<Vec<_>>();
            let (base, new) = (floats(&base), floats(&new));
            let (counted, listed) = (p_greater(&base, &new), by_enumeration(&base, &new));
            prop_assert!((counted - listed).abs() < 1e-12, "{counted} and {listed}");
        }

        /// Goal: both directions share the ties between them and nothing else is left over.
        #[test]
        fn both_directions_cover_everything(
            base in prop::collection::vec(-1e3..1e3, 1..9),
            new in prop::collection::vec(-1e3..1e3, 1..9),
        ) {
            prop_assert!(p_greater(&base, &new) + p_greater(&new, &base) >= 1.0 - 1e-12);
        }
    }

    proptest! {
        /// Goal: counting the smaller group says what counting the larger one does. Method: both
        /// tails of the same choices, equal values among them.
        #[test]
        fn either_group_can_be_counted(
            base in prop::collection::vec(0_u8..9, 1..12),
            new in prop::collection::vec(0_u8..9, 1..12),
        ) {
            let floats = |values: &[u8]| values.iter().map(|v| f64::from(*v)).collect::<Vec<_>>();
            let scores = Scores::of(&floats(&base), &floats(&new));
            let of_new = upper_tail(&scores.all, new.len(), scores.new);
            let of_base = lower_tail(&scores.all, base.len(), scores.total() - scores.new);
            prop_assert!((of_new - of_base).abs() < 1e-12, "{of_new} and {of_base}");
            let counted = p_greater(&floats(&base), &floats(&new));
            prop_assert!((of_new - counted).abs() < 1e-12, "{of_new} and {counted}");
        }
    }

    /// Goal: a long history against a few runs is no matter of minutes, and the same from either
    /// side. Method: 300 + 7 and, with all signs turned, 7 + 300, whose larger group took most of a
    /// minute to count.
    #[test]
    fn groups_of_very_different_sizes_are_counted_by_the_smaller() {
        let many: Vec<f64> = (0..300_u32).map(|i| f64::from(i * 37 % 101)).collect();
        let few: Vec<f64> = (0..7_u32).map(|i| f64::from(30 + i * 13)).collect();
        let turned = |values: &[f64]| values.iter().map(|value| -value).collect::<Vec<_>>();
        let p = p_greater(&many, &few);
        assert!((0.01..0.5).contains(&p), "{p}");
        let other = p_greater(&turned(&few), &turned(&many));
        assert!((p - other).abs() < 1e-12, "{p} {other}");
        for level in [0.05, 0.01] {
            assert_eq!(critical_u(300, 7, level), critical_u(7, 300, level));
        }
    }

    /// Largest U of the lower tail that is significant at a one-sided level: the tables of Mann and
    /// Whitney (1947) as D. Auble (1953) extended them and textbooks print them.
    #[test]
    fn critical_values_are_those_of_the_published_tables() {
        for (base, new, level, table) in [
            (5, 5, 0.05, 4),
            (5, 5, 0.01, 1),
            (7, 7, 0.05, 11),
            (7, 7, 0.025, 8),
            (7, 7, 0.01, 6),
            (7, 7, 0.005, 4),
            (8, 8, 0.01, 9),
            (10, 10, 0.05, 27),
            (10, 10, 0.025, 23),
            (10, 10, 0.01, 19),
            (10, 10, 0.005, 16),
            (4, 9, 0.025, 4),
            (20, 20, 0.05, 138),
            (20, 20, 0.025, 127),
            (20, 20, 0.01, 114),
            (20, 20, 0.005, 105),
        ] {
            let found = critical_u(base, new, level);
            assert_eq!(found, Some(base * new - table), "{base} + {new} at {level}");
        }
        assert_eq!(critical_u(3, 3, 0.05), None, "1 in 20 isn't below 1 in 20");
        assert_eq!(critical_u(3, 3, 0.051), Some(9));
        assert_eq!(critical_u(4, 4, 0.01), None);
        assert_eq!(critical_u(0, 4, 0.5), None);
    }

    #[test]
    fn the_smallest_p_is_one_of_all_choices() {
        for (runs, p) in [(3, 1.0 / 20.0), (4, 1.0 / 70.0), (5, 1.0 / 252.0), (7, 1.0 / 3_432.0)] {
            assert!((smallest_p(runs, runs) - p).abs() < 1e-15);
        }
        assert!((smallest_p(7, 1) - 1.0 / 8.0).abs() < 1e-15);
        assert_eq!(smallest_p(0, 5), 1.0);
        assert_eq!([0.05, 0.01, 0.005, 0.001].map(repeats_needed), [4, 5, 5, 7]);
    }

    /// Depression scores of Hollander and Wolfe (1973), the example of R's `wilcox.test`, whose
    /// documentation gives W = 35, p = 0.1272 for the one-sided test.
    #[test]
    fn a_textbook_example_comes_out_as_in_r() {
        let x = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
        let y = [1.15, 0.88, 0.90, 0.74, 1.21];
        let p = p_greater(&y, &x);
        assert!((p - 0.1272).abs() < 5e-5, "{p}");
    }

    /// SciPy 1.17.1: `mannwhitneyu(new, base, alternative="greater", method="exact")`, and where
    /// values are equal `permutation_test` of the rank sum over all 924 choices.
    #[test]
    fn values_from_another_program_come_out() {
        let base = [12.3, 11.9, 12.8, 12.1, 13.0, 12.6, 12.2];
        let new = [12.9, 13.4, 12.7, 13.8, 13.1, 12.5, 14.0];
        let (uneven, fewer) =
            ([31.2, 29.8, 30.5, 33.1, 28.9, 30.0, 30.9, 29.5], [30.7, 32.4, 31.9, 30.2, 33.8]);
        let (tied, others) = ([5.0, 6.0, 6.0, 7.0, 7.0, 8.0], [6.0, 7.0, 8.0, 8.0, 9.0, 9.0]);
        for (base, new, expected) in [
            (&base[..], &new[..], 0.008_741_258_741_258_74),
            (&uneven, &fewer, 0.063_714_063_714_063_71),
            (&tied, &others, 0.056_277_056_277_056_28),
        ] {
            let p = p_greater(base, new);
            assert!((p - expected).abs() < 1e-14, "{p} {expected}");
        }
    }

    #[test]
    fn equal_values_say_nothing() {
        assert_eq!(p_greater(&[5.0; 7], &[5.0; 7]), 1.0);
        assert_eq!(p_greater(&[], &[1.0]), 1.0);
        let p = p_greater(&[5.0; 7], &[6.0; 7]);
        assert!((p - 1.0 / 3_432.0).abs() < 1e-15, "{p}");
    }

    /// Goal: where counting ends, the approximation goes on without a step. Method: the same groups
    /// both ways, with ties and without.
    #[test]
    fn the_approximation_is_near_where_it_takes_over() {
        for step in [1.0, 5.0] {
            let group = |from: u32| -> Vec<f64> {
                (0..50).map(|i| (f64::from(i * 37 % 101 + from) / step).floor()).collect()
            };
            for shift in [0, 10, 20, 30] {
                let (base, new) = (group(0), group(shift));
                let exact = p_greater(&base, &new);
                let near = Scores::of(&base, &new).approximate();
                let bound = if exact < 0.05 { 3e-4 } else { 2e-3 };
                assert!((exact - near).abs() < bound, "{exact} {near}");
            }
        }
        for level in [0.05, 0.01, 0.005] {
            let near = critical_u(50, 51, level).unwrap();
            let exact = critical_u(50, 50, level).unwrap();
            assert!((25..=32).contains(&(near - exact)), "{exact} {near} at {level}");
        }
    }
}
