//! Several tests at once (S. Holm, Scand. J. Statist. 6, 1979). Cost class: once a judgement.
//!
//! Among k figures that are all alike, one would look different by chance k times as often. Holm's
//! steps keep the chance of *any* false alarm below the level: the smallest p must lie below
//! level/k, the next below level/(k − 1), and so on, up to the first that doesn't.

/// One test among several.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rank {
    /// The level that it had to lie below at its step.
    pub level: f64,
    /// p that may be compared with the whole level: at most 1, and never below that of a step
    /// before.
    pub adjusted: f64,
    /// Whether it and all steps before it lie below theirs.
    pub rejected: bool,
}

/// Each p's rank, in the order given.
#[must_use]
pub fn holm(ps: &[f64], level: f64) -> Vec<Rank> {
    let mut order: Vec<usize> = (0..ps.len()).collect();
    order.sort_by(|a, b| ps[*a].total_cmp(&ps[*b]));
    let mut ranks = vec![Rank { level, adjusted: 1.0, rejected: false }; ps.len()];
    let (mut so_far, mut adjusted): (bool, f64) = (true, 0.0);
    for (left, &at) in (1..=ps.len()).rev().zip(&order) {
        #[expect(clippy::cast_precision_loss, reason = "a few figures")]
        let left = left as f64;
        so_far = so_far && ps[at] < level / left;
        adjusted = adjusted.max(ps[at] * left).min(1.0);
        ranks[at] = Rank { level: level / left, adjusted, rejected: so_far };
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adjusted(ps: &[f64]) -> Vec<f64> {
        holm(ps, 0.05).iter().map(|rank| rank.adjusted).collect()
    }

    /// As R's `p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")` by its definition: 4 × 0.005,
    /// 3 × 0.01, 2 × 0.03, and 0.04 raised to the step before it.
    #[test]
    fn adjusted_values_grow_step_by_step() {
        let found = adjusted(&[0.01, 0.04, 0.03, 0.005]);
        for (found, expected) in found.iter().zip([0.03, 0.06, 0.06, 0.02]) {
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
        assert_eq!(adjusted(&[0.9, 0.8]), [1.0, 1.0]);
        assert_eq!(adjusted(&[]), [0.0; 0]);
    }

    #[test]
    fn the_first_that_fails_ends_the_steps() {
        let rejected =
            |ps: &[f64]| holm(ps, 0.05).iter().map(|rank| rank.rejected).collect::<Vec<_>>();
        assert_eq!(rejected(&[0.01, 0.04, 0.03, 0.005]), [true, false, false, true]);
        // 0.03 isn't below 0.05/2, so 0.04, below 0.05 alone, fails with it.
        assert_eq!(rejected(&[0.03, 0.04]), [false, false]);
        assert_eq!(rejected(&[0.02, 0.04]), [true, true]);
        assert_eq!(rejected(&[0.05]), [false]);
    }
}
