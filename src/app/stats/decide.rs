//! What is said of each figure: better, same, inconclusive or worse. Cost class: once a judgement.
//!
//! Figures are taken as logarithms and turned so that up is worse, so that an effect is a factor
//! and one rule serves latencies and rates. A figure is *worse* when it is proved (p of the
//! one-sided test below the level of its step in Holm's procedure) and the interval at that level
//! lies wholly beyond the floor; *better* is the mirror of that. *Same* needs an estimate within
//! the floor, and shows no more than that: where the interval reaches beyond twice the floor
//! towards worse, the finding says how far. What is left is beyond the floor and unproved:
//! *inconclusive*, as is everything where so few runs can't prove anything.

use core::fmt;

use super::holm::{Rank, holm};
use super::mann_whitney::{p_greater, repeats_needed, smallest_p};
use super::shift::{median, shift};

/// One figure of two groups of runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// Of each run of the first group.
    pub base: Vec<f64>,
    /// Of each run of the second.
    pub new: Vec<f64>,
    /// Rates are better when they are higher, latencies when they are lower.
    pub higher_is_better: bool,
}

/// What a judgement goes by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Terms {
    /// The chance of any false alarm, over all figures together: above 0, below 0.5.
    pub alpha: f64,
    /// An effect that isn't beyond this doesn't count: 0.05 for a factor of 1.05 either way.
    pub min_effect: f64,
}

/// What came of it, best first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Outcome {
    /// Proved to be better by more than the floor.
    Better,
    /// The estimate lies within the floor; how much worse it may be all the same, the interval
    /// says.
    Same,
    /// Neither.
    Inconclusive,
    /// Proved to be worse by more than the floor.
    Worse,
}

impl Outcome {
    /// The word in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Same => "same",
            Self::Inconclusive => "inconclusive",
            Self::Worse => "worse",
        }
    }
}

/// Why a figure is inconclusive.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Doubt {
    /// So few runs can't prove a difference at this level; so many of each group could.
    TooFew {
        /// Runs of the first and of the second group.
        runs: (usize, usize),
        /// Of each group.
        needed: usize,
    },
    /// The estimate is beyond the floor, and the runs scatter too much to prove it.
    Scatter,
    /// A zero or less, of which no factor can be given.
    NotPositive,
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFew { runs: (base, new), needed } => write!(
                f,
                "{base} + {new} runs can't prove anything at this level; {needed} + {needed} are \
                 needed"
            ),
            Self::Scatter => f.write_str(
                "beyond the floor, but the runs scatter too much to prove it; repeat more often",
            ),
            Self::NotPositive => {
                f.write_str("zero in some run, so that no factor can be given; use --assert")
            }
        }
    }
}

/// What was found of one figure. Factors are `new` ÷ `base`, whichever way is better.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Finding {
    /// One-sided, towards worse; null factors: 1.
    pub p: f64,
    /// After Holm: to be compared with alpha.
    pub p_adjusted: f64,
    /// The level of each limit, one-sided.
    pub level: f64,
    /// The least p that so many runs can give.
    pub smallest_p: f64,
    /// Hodges and Lehmann's estimate.
    pub factor: Option<f64>,
    /// No lower factor is compatible with the runs.
    pub low: Option<f64>,
    /// No higher one is.
    pub high: Option<f64>,
    /// What came of it.
    pub outcome: Outcome,
    /// Why, where it is inconclusive.
    pub doubt: Option<Doubt>,
    /// Where it is the same: the factor towards worse that the runs don't exclude, if it lies
    /// beyond the floor's twice (1.05² for 0.05).
    pub unexcluded: Option<f64>,
}

/// Judges figures together: the chance that any of those that didn't change is called worse is
/// below alpha.
#[must_use]
pub fn decide(family: &[Series], terms: Terms) -> Vec<Finding> {
    let turned: Vec<Option<Turned>> = family.iter().map(Turned::of).collect();
    let ps = |upwards: bool| -> Vec<f64> {
        let p = |one: &Option<Turned>| one.as_ref().map_or(1.0, |one| one.p(upwards));
        turned.iter().map(p).collect()
    };
    let (worse, better) = (ps(true), ps(false));
    let (to_worse, to_better) = (holm(&worse, terms.alpha), holm(&better, terms.alpha));
    let count = family.len();
    let each = (0..count).map(|at| {
        let ranks = (to_worse[at], to_better[at]);
        let Some(turned) = &turned[at] else { return without_factor(&family[at]) };
        turned.finding(worse[at], ranks, count, terms)
    });
    each.collect()
}

/// The same for a figure that isn't gated: its own level, nobody else's.
#[must_use]
pub fn describe(series: &Series, terms: Terms) -> Finding {
    decide(core::slice::from_ref(series), terms).remove(0)
}

/// Logarithms, turned so that up is worse.
struct Turned {
    base: Vec<f64>,
    new: Vec<f64>,
    sign: f64,
}

impl Turned {
    /// `None` where a value has no logarithm, or there are none.
    fn of(series: &Series) -> Option<Self> {
        let sign = if series.higher_is_better { -1.0 } else { 1.0 };
        let turned = |values: &[f64]| -> Option<Vec<f64>> {
            let log =
                |value: &f64| (*value > 0.0 && value.is_finite()).then(|| sign * libm::log(*value));
            values.iter().map(log).collect()
        };
        let (base, new) = (turned(&series.base)?, turned(&series.new)?);
        (!base.is_empty() && !new.is_empty()).then_some(Self { base, new, sign })
    }

    fn p(&self, upwards: bool) -> f64 {
        if upwards { p_greater(&self.base, &self.new) } else { p_greater(&self.new, &self.base) }
    }

    fn finding(&self, p: f64, ranks: (Rank, Rank), count: usize, terms: Terms) -> Finding {
        let (to_worse, to_better) = ranks;
        // What is proved better is shown at the level of that proof.
        let proved_better = to_better.rejected && !to_worse.rejected;
        let level = if proved_better { to_better.level } else { to_worse.level };
        let found = shift(&self.base, &self.new, level).expect("neither group is empty");
        let floor = libm::log(1.0 + terms.min_effect);
        let runs = (self.base.len(), self.new.len());
        let smallest_p = smallest_p(runs.0, runs.1);
        #[expect(clippy::cast_precision_loss, reason = "a few figures")]
        let reachable = smallest_p * (count as f64) < terms.alpha;
        let (outcome, doubt) = if !reachable {
            #[expect(clippy::cast_precision_loss, reason = "a few figures")]
            let needed = repeats_needed(terms.alpha / count as f64);
            (Outcome::Inconclusive, Some(Doubt::TooFew { runs, needed }))
        } else if to_worse.rejected && found.low.is_some_and(|low| low > floor) {
            (Outcome::Worse, None)
        } else if to_better.rejected && found.high.is_some_and(|high| high < -floor) {
            (Outcome::Better, None)
        } else if found.estimate.abs() <= floor {
            (Outcome::Same, None)
        } else {
            (Outcome::Inconclusive, Some(Doubt::Scatter))
        };
        let factor = |shift: f64| libm::exp(self.sign * shift);
        let wide = found.high.filter(|high| outcome == Outcome::Same && *high > 2.0 * floor);
        let unexcluded = wide.map(factor);
        let (low, high) = (found.low.map(factor), found.high.map(factor));
        let (low, high) = if self.sign < 0.0 { (high, low) } else { (low, high) };
        Finding {
            p,
            p_adjusted: to_worse.adjusted,
            level,
            smallest_p,
            factor: Some(factor(found.estimate)),
            low,
            high,
            outcome,
            doubt,
            unexcluded,
        }
    }
}

/// Zeros everywhere are the same; with some, no factor can be given.
fn without_factor(series: &Series) -> Finding {
    let mut all = series.base.iter().chain(&series.new);
    let zeros = all.all(|value| *value == 0.0) && !series.base.is_empty();
    let same = zeros && !series.new.is_empty();
    Finding {
        p: 1.0,
        p_adjusted: 1.0,
        level: 1.0,
        smallest_p: smallest_p(series.base.len(), series.new.len()),
        factor: None,
        low: None,
        high: None,
        outcome: if same { Outcome::Same } else { Outcome::Inconclusive },
        doubt: (!same).then_some(Doubt::NotPositive),
        unexcluded: None,
    }
}

impl Series {
    /// The medians of both groups; `None` for one that is empty.
    #[must_use]
    pub fn medians(&self) -> (Option<f64>, Option<f64>) {
        let of = |values: &[f64]| {
            let mut sorted = values.to_vec();
            sorted.sort_by(f64::total_cmp);
            (!sorted.is_empty()).then(|| median(&sorted))
        };
        (of(&self.base), of(&self.new))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMS: Terms = Terms { alpha: 0.01, min_effect: 0.05 };

    /// Seven runs around 100 that scatter by some 2 %, and others around a factor of that.
    fn series(factor: f64, runs: usize) -> Series {
        let base: Vec<f64> = [100.0, 101.3, 98.9, 99.4, 100.6, 102.1, 99.8][..runs].to_vec();
        let new = base.iter().rev().map(|value| value * factor * 1.0007).collect();
        Series { base, new, higher_is_better: false }
    }

    fn outcome(series: &Series) -> Outcome {
        describe(series, TERMS).outcome
    }

    #[test]
    fn what_is_beyond_the_floor_and_proved_is_worse_or_better() {
        assert_eq!(outcome(&series(1.2, 7)), Outcome::Worse);
        assert_eq!(outcome(&series(0.8, 7)), Outcome::Better);
        assert_eq!(outcome(&series(1.0, 7)), Outcome::Same);
        // Proved to be 4 % higher, which isn't worth an alarm.
        let found = describe(&series(1.04, 7), TERMS);
        assert!(found.p < 0.001 && found.outcome == Outcome::Same, "{found:?}");
        // 6 %, but it may be 4 as well.
        let found = describe(&series(1.058, 7), TERMS);
        assert_eq!((found.outcome, found.doubt), (Outcome::Inconclusive, Some(Doubt::Scatter)));
    }

    /// Goal: what scatters too much to show a difference doesn't pass for alike. Method: groups of
    /// one estimate, narrow and wide, as a latency and as a rate.
    #[test]
    fn the_same_says_how_much_worse_it_may_be() {
        assert_eq!(describe(&series(1.0, 7), TERMS).unexcluded, None);
        let wide = |higher_is_better: bool| {
            let base = vec![100.0, 30.0, 310.0, 55.0, 180.0, 98.0, 105.0];
            let new = base.iter().map(|value| value * 1.001).collect();
            describe(&Series { base, new, higher_is_better }, TERMS)
        };
        let latency = wide(false);
        assert_eq!((latency.outcome, latency.doubt), (Outcome::Same, None));
        assert!(latency.unexcluded.is_some() && latency.unexcluded == latency.high, "{latency:?}");
        let rate = wide(true);
        assert_eq!(rate.outcome, Outcome::Same);
        assert!(rate.unexcluded.is_some_and(|least| least < 0.9), "{rate:?}");
        assert_eq!(rate.unexcluded, rate.low);
    }

    #[test]
    fn a_rate_is_worse_when_it_falls_and_factors_stay_its_own() {
        let mut rate = series(0.8, 7);
        rate.higher_is_better = true;
        let found = describe(&rate, TERMS);
        assert_eq!(found.outcome, Outcome::Worse);
        let (low, factor, high) = (found.low.unwrap(), found.factor.unwrap(), found.high.unwrap());
        assert!(0.75 < low && low < factor && factor < high && high < 0.85, "{found:?}");
        assert!((factor - 0.8).abs() < 0.01, "{found:?}");
    }

    /// Goal: no verdict from runs that can't carry one, and the number that can. Method: one to
    /// five runs, one and two figures.
    #[test]
    fn too_few_runs_are_inconclusive_and_say_how_many_are_needed() {
        for (runs, figures, needed) in [(3, 1, 5), (4, 1, 5), (4, 2, 5), (3, 20, 7)] {
            let family = vec![series(2.0, runs); figures];
            for found in decide(&family, TERMS) {
                assert_eq!(found.outcome, Outcome::Inconclusive);
                assert_eq!(found.doubt, Some(Doubt::TooFew { runs: (runs, runs), needed }));
                assert!(found.doubt.unwrap().to_string().contains(&format!("{needed} + {needed}")));
            }
        }
        let found = decide(&[series(2.0, 5), series(2.0, 5)], TERMS);
        assert!(found.iter().all(|one| one.outcome == Outcome::Worse), "{found:?}");
    }

    #[test]
    fn one_figure_among_many_must_be_clearer() {
        // 6 + 6: 1 in 924 is enough alone and with eight others, not with ten.
        let family = |count: usize| {
            let mut family = vec![series(1.0, 6); count];
            family[0] = series(1.3, 6);
            decide(&family, TERMS)
        };
        assert_eq!(family(9)[0].outcome, Outcome::Worse);
        assert_eq!(family(10)[0].outcome, Outcome::Inconclusive);
        assert_eq!(family(9)[1].outcome, Outcome::Same);
    }

    #[test]
    fn zeros_are_the_same_or_beyond_a_factor() {
        let zeros = Series { base: vec![0.0; 7], new: vec![0.0; 7], higher_is_better: false };
        assert_eq!(outcome(&zeros), Outcome::Same);
        let some = Series { new: vec![1.0; 7], ..zeros };
        assert_eq!(describe(&some, TERMS).doubt, Some(Doubt::NotPositive));
        assert_eq!(outcome(&Series::default()), Outcome::Inconclusive);
    }

    /// Goal: values that are equal, as rounded percentiles often are, neither alarm nor hide.
    #[test]
    fn equal_values_neither_alarm_nor_hide() {
        let group = |value: f64| vec![value; 7];
        let of = |a: f64, b: f64| {
            outcome(&Series { base: group(a), new: group(b), higher_is_better: false })
        };
        assert_eq!(of(5.0, 5.0), Outcome::Same);
        assert_eq!(of(5.0, 6.0), Outcome::Worse);
        assert_eq!(of(6.0, 5.0), Outcome::Better);
    }
}
