//! By how much one group lies above another (J. L. Hodges, E. L. Lehmann, Ann. Math. Statist. 34,
//! 1963). Cost class: once a judgement.
//!
//! The estimate is the median of all differences between a value of one group and one of the other;
//! the limits are the differences at which the Mann–Whitney test at the same level would stop
//! rejecting, so that test and limits never contradict each other. The critical value is that of
//! samples without equal values.

use super::mann_whitney::critical_u;

/// A shift, in the unit of the values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shift {
    /// The median of all differences.
    pub estimate: f64,
    /// No shift below this is compatible with the values; `None` where so few values exclude none.
    pub low: Option<f64>,
    /// No shift above this is.
    pub high: Option<f64>,
}

/// By how much `new` lies above `base`, each limit one-sided at `level`; `None` when a group is
/// empty.
#[must_use]
pub fn shift(base: &[f64], new: &[f64], level: f64) -> Option<Shift> {
    let mut differences: Vec<f64> =
        new.iter().flat_map(|y| base.iter().map(move |x| y - x)).collect();
    if differences.is_empty() {
        return None;
    }
    differences.sort_by(f64::total_cmp);
    // A shift d is rejected as too small when at least u differences lie above it.
    let u = critical_u(base.len(), new.len(), level);
    Some(Shift {
        estimate: median(&differences),
        low: u.map(|u| differences[differences.len() - u]),
        high: u.map(|u| differences[u - 1]),
    })
}

/// Of sorted values, one at least.
pub(super) fn median(sorted: &[f64]) -> f64 {
    let (lower, upper) = (sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
    lower.midpoint(upper)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::mann_whitney::p_greater;
    use super::*;

    #[test]
    fn a_shift_by_hand() {
        let found = shift(&[1.0, 2.0, 3.0], &[11.0, 12.0, 13.0], 0.051).unwrap();
        assert_eq!(found, Shift { estimate: 10.0, low: Some(8.0), high: Some(12.0) });
        let found = shift(&[1.0, 2.0, 3.0], &[11.0, 12.0, 13.0], 0.05).unwrap();
        assert_eq!((found.low, found.high), (None, None));
        assert_eq!(shift(&[], &[1.0], 0.5), None);
    }

    proptest! {
        /// Goal: limits and test are one. Method: at a shift just below the lower limit the test
        /// rejects, just above it doesn't; the same above, mirrored.
        #[test]
        fn the_limits_are_where_the_test_stops_rejecting(
            base in prop::collection::btree_set(0_u32..10_000, 5..9),
            new in prop::collection::btree_set(0_u32..10_000, 5..9),
        ) {
            // Off the grid and irregular, so that no two differences are equal.
            let odd = |v: u32| f64::from(v) + f64::from(v) * f64::from(v) * 1e-7;
            let base: Vec<f64> = base.into_iter().map(odd).collect();
            let new: Vec<f64> = new.into_iter().map(|v| odd(v) + 0.123).collect();
            let level = 0.01;
            let found = shift(&base, &new, level).unwrap();
            let moved = |by: f64| new.iter().map(|y| y - by).collect::<Vec<_>>();
            let (low, high) = (found.low.unwrap(), found.high.unwrap());
            prop_assert!(p_greater(&base, &moved(low - 1e-9)) < level);
            prop_assert!(p_greater(&base, &moved(low + 1e-9)) >= level);
            prop_assert!(p_greater(&moved(high + 1e-9), &base) < level);
            prop_assert!(p_greater(&moved(high - 1e-9), &base) >= level);
            prop_assert!(low <= found.estimate && found.estimate <= high);
        }
    }
}
