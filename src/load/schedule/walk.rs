//! One worker's way along a planned rate that varies, or along random or bunched arrivals.
//!
//! Cost class: per record: an addition along a constant line (and one more comparison than a rate
//! that never varies), a square root along a slope, a logarithm and a division for random arrivals.
//! Invariant: where the worker stands follows from its position alone (for random arrivals: from
//! the gaps before it), never from when it was asked.

use core::time::Duration;
use std::sync::Arc;

use super::curve::Curve;
use super::leg::{Leg, UNIT};
use super::part::Place;
use super::plan::Arrivals;
use crate::base::Rng;
use crate::load::draw::Exponential;

/// Where the next record of one worker is due.
#[derive(Clone, Debug)]
pub(super) struct Walk {
    curve: Arc<Curve>,
    leg: Leg,
    /// What the plan has reached when the next record is due.
    units: u128,
    /// Nanoseconds after the start at which that is; `None` when the plan never gets there.
    next: Option<u64>,
    place: Place,
    steps: Steps,
}

#[derive(Clone, Copy, Debug)]
enum Steps {
    /// The same number of units from record to record; along a constant line that is `nanos` and a
    /// rest in halves of the rate's billionths.
    Even { units: u128, nanos: u64, step_rest: u64, rest: u64 },
    /// Another number each time: the next record's index among the worker's.
    Uneven { index: u64 },
    /// The next record's index among the worker's, its position among the run's, and the records of
    /// a burst of all workers; the nanoseconds between two bursts, where no rate decides them.
    Bursts { index: u64, position: u64, records: u64, period: Option<u64> },
    /// The next record's number, which decides the gap before it.
    Poisson { gaps: Gaps, record: u64 },
}

impl Walk {
    /// A worker's way from the start; `record` is the number of its first record.
    pub(super) fn new(curve: &Arc<Curve>, arrivals: Arrivals, record: u64, place: Place) -> Self {
        let steps = match arrivals {
            Arrivals::Uniform => match place.step() {
                Some(step) => {
                    Steps::Even { units: UNIT * u128::from(step), nanos: 0, step_rest: 0, rest: 0 }
                }
                None => Steps::Uneven { index: 0 },
            },
            Arrivals::Bursts { records, period } => {
                let nanos = |period: Duration| u64::try_from(period.as_nanos()).unwrap_or(u64::MAX);
                let period = period.map(|period| nanos(period).max(1));
                Steps::Bursts { index: 0, position: 0, records: records.max(1), period }
            }
            Arrivals::Poisson { seed } => {
                let drawn = Exponential::new(place.mean_step()).expect("a worker or more");
                Steps::Poisson { gaps: Gaps { seed, drawn }, record }
            }
        };
        let leg = Leg { start: 0, nanos: 0, units: 0, from: 0, to: 0 };
        let curve = Arc::clone(curve);
        let mut walk = Self { curve, leg, units: 0, next: None, place, steps };
        walk.go_to_record(0);
        walk
    }

    /// When the next record is due, nanoseconds after the start; `None` when there is none.
    #[inline]
    pub(super) const fn next(&self) -> Option<u64> {
        self.next
    }

    /// Moves on to the record after the next.
    pub(super) fn advance(&mut self) {
        match &mut self.steps {
            Steps::Even { units, nanos, step_rest, rest } => {
                self.units += *units;
                if self.units < self.leg.end_units() && self.leg.is_constant() {
                    // Below twice the rate's billionths each: no overflow.
                    *rest += *step_rest;
                    let mut step = *nanos;
                    if *rest >= 2 * self.leg.from {
                        *rest -= 2 * self.leg.from;
                        step += 1;
                    }
                    self.next = self.next.map(|next| next.saturating_add(step));
                    return;
                }
            }
            Steps::Uneven { index } => {
                *index += 1;
                self.units = u128::from(self.place.position(*index)) * UNIT;
            }
            Steps::Bursts { index, position, records, .. } => {
                let before = *position / *records;
                *index += 1;
                *position = self.place.position(*index);
                let burst = *position / *records;
                if burst == before {
                    return;
                }
                self.units = u128::from(burst) * u128::from(*records) * UNIT;
            }
            Steps::Poisson { gaps, record } => {
                *record = record.saturating_add(self.place.workers);
                self.units += gaps.before(*record);
            }
        }
        self.find();
    }

    /// Goes to this worker's record at `index` from the phase's start. Random arrivals can only go
    /// to their first.
    pub(super) fn go_to_record(&mut self, index: u64) {
        let position = self.place.position(index);
        match &mut self.steps {
            Steps::Even { .. } => self.units = u128::from(position) * UNIT,
            Steps::Uneven { index: at } => {
                *at = index;
                self.units = u128::from(position) * UNIT;
            }
            Steps::Bursts { index: at, position: next, records, .. } => {
                (*at, *next) = (index, position);
                self.units = u128::from(position / *records) * u128::from(*records) * UNIT;
            }
            Steps::Poisson { gaps, record } => self.units = gaps.before(*record),
        }
        self.find();
    }

    /// What the plan has reached when the next record is due.
    pub(super) const fn units(&self) -> u128 {
        self.units
    }

    /// Goes where random arrivals stood: before number `record`, at `units`.
    pub(super) fn resume(&mut self, record: u64, units: u128) {
        if let Steps::Poisson { record: next, .. } = &mut self.steps {
            (*next, self.units) = (record, units);
            self.find();
        }
    }

    /// Whether what is due can only be counted by walking there.
    pub(super) const fn is_random(&self) -> bool {
        matches!(self.steps, Steps::Poisson { .. })
    }

    /// How many of this worker's records are due strictly before `at`, nanoseconds after the start;
    /// not for random arrivals.
    pub(super) fn due_before(&self, at: u64) -> u64 {
        let positions = match self.steps {
            Steps::Bursts { records, period: Some(period), .. } => {
                at.div_ceil(period).saturating_mul(records)
            }
            Steps::Bursts { records, period: None, .. } => {
                self.curve.positions_before(at).div_ceil(records).saturating_mul(records)
            }
            _ => self.curve.positions_before(at),
        };
        self.place.count(positions)
    }

    /// When one record more is planned than `count` over all workers, nanoseconds after the start:
    /// where a phase of so many ends. `None` when it never is.
    pub(super) fn planned_end(&self, count: u64) -> Option<u64> {
        match self.steps {
            Steps::Bursts { records, period: Some(period), .. } => {
                let nanos = u128::from(count) * u128::from(period) / u128::from(records);
                u64::try_from(nanos).ok()
            }
            _ => self.curve.at(u128::from(count) * UNIT),
        }
    }

    /// Finds the line that the next record is due in, and its instant there.
    fn find(&mut self) {
        if let Steps::Bursts { position, records, period: Some(period), .. } = self.steps {
            self.next = (position / records).checked_mul(period);
            return;
        }
        if self.units < self.leg.units || self.units >= self.leg.end_units() {
            let Some(leg) = self.curve.leg_of(self.units) else {
                self.next = None;
                return;
            };
            self.leg = leg;
        }
        self.next = Some(self.leg.at(self.units));
        if let Steps::Even { units, nanos, step_rest, rest } = &mut self.steps
            && self.leg.is_constant()
        {
            let per_nano = u128::from(self.leg.from) * 2;
            let low = |units: u128| u64::try_from(units % per_nano).unwrap_or(0);
            *nanos = u64::try_from(*units / per_nano).unwrap_or(u64::MAX);
            *step_rest = low(*units);
            *rest = low(self.units - self.leg.units);
        }
    }
}

/// The gaps between random arrivals of a worker.
#[derive(Clone, Copy, Debug)]
struct Gaps {
    seed: u64,
    /// In planned records of the run; its mean is how many there are for each of the worker's.
    drawn: Exponential,
}

impl Gaps {
    /// The planned units between record `record` of a worker and the one before it.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "0 or more, and below 40 times the workers"
    )]
    fn before(&self, record: u64) -> u128 {
        (self.drawn.draw(Rng::word(self.seed, record)) * UNIT as f64) as u128
    }
}
