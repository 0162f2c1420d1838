//! What is asked of a schedule: a planned rate over time, how records fall due at it, and what
//! becomes of those that can't be sent in time. Plain data. Cost class: once a run.

use core::time::Duration;
use std::sync::Arc;

use super::curve::Curve;
use super::part::Part;
use super::rate::{Level, Rate};
use crate::base::Instant;

/// What the workers of a run share, or those of one of its streams.
#[derive(Clone, Debug, PartialEq)]
pub struct SchedulePlan {
    /// The planned rate of the whole run.
    pub shape: Shape,
    /// How records fall due at that rate.
    pub arrivals: Arrivals,
    /// What is done with records that are late.
    pub late: Late,
    /// What is done with records that find no room in `buffer.memory`.
    pub full: Full,
    /// How many workers share the rate, 1 or more.
    pub workers: u32,
    /// Which of the run's records are theirs.
    pub part: Part,
}

/// A planned rate over time.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// None: every record is due when it is asked for, and has no due instant.
    Saturating,
    /// The same all the time.
    Constant(Rate),
    /// One that varies, and ends.
    Curve(Arc<Curve>),
}

/// How records fall due at the planned rate. None of them moves the mean: they are drawn in
/// planned records instead of seconds, so that they follow a rate that varies.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Arrivals {
    /// One by one, evenly.
    #[default]
    Uniform,
    /// At random, independently of each other: the gaps are exponential. Each worker draws arrivals
    /// of its own at its share of the rate, and their sum is again Poisson.
    Poisson {
        /// Decides the gaps.
        seed: u64,
    },
    /// So many of all workers together at once. A burst that begins before the schedule's end is
    /// whole.
    Bursts {
        /// Records of a burst, 1 or more.
        records: u64,
        /// From one burst to the next, 1 ns or more, whatever the rate: that is `records` in this
        /// time, as nearly as a rate can say it, and constant. `None`: a burst is due when the
        /// first of its records is by the rate.
        period: Option<Duration>,
    },
}

/// What is done with records that are late.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Late {
    /// They are sent, as fast as it goes.
    #[default]
    CatchUp,
    /// Records due more than this long ago aren't sent but counted as skipped; also one that waits
    /// for room.
    Skip(Duration),
}

/// What is done with records that find no room in `buffer.memory`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Full {
    /// They wait, up to `max.block.ms`, and all later ones behind them.
    #[default]
    Block,
    /// They aren't sent but counted as dropped, and the next one is tried. One that waits for
    /// metadata waits all the same.
    Drop,
}

impl SchedulePlan {
    /// Constant at `rate`, or without one saturating: one by one, nothing left out.
    #[must_use]
    pub fn of(rate: Option<Rate>, workers: u32) -> Self {
        Self {
            shape: rate.map_or(Shape::Saturating, Shape::Constant),
            arrivals: Arrivals::Uniform,
            late: Late::CatchUp,
            full: Full::Block,
            workers,
            part: Part::whole(),
        }
    }

    /// The same without a rate: as fast as the producer takes records, nothing left
    /// out.
    #[must_use]
    pub fn saturated(&self) -> Self {
        Self { part: self.part.clone(), ..Self::of(None, self.workers) }
    }

    /// Whether records have due instants: there is a rate.
    #[must_use]
    pub const fn is_paced(&self) -> bool {
        !matches!(self.shape, Shape::Saturating)
    }

    /// Whether the rate changes in the course of the run, be it that records are due in bursts.
    #[must_use]
    pub const fn is_varying(&self) -> bool {
        let bursts = matches!(self.arrivals, Arrivals::Bursts { .. });
        matches!(self.shape, Shape::Curve(_)) || bursts
    }

    /// The planned rate's mean over the whole schedule, to a billionth; `None` without a rate.
    #[must_use]
    pub fn mean_rate(&self) -> Option<Rate> {
        match &self.shape {
            Shape::Saturating => None,
            Shape::Constant(rate) => Some(*rate),
            Shape::Curve(curve) => Some(curve.mean()),
        }
    }

    /// The highest planned rate; `None` without a rate.
    #[must_use]
    pub fn peak(&self) -> Option<Level> {
        match &self.shape {
            Shape::Saturating => None,
            Shape::Constant(rate) => Some(Level::from(*rate)),
            Shape::Curve(curve) => Some(curve.peak()),
        }
    }

    /// The rate of a warm-up, which doesn't vary: the mean of the first stage that has records.
    /// `None` without a rate.
    #[must_use]
    pub fn warmup_rate(&self) -> Option<Rate> {
        match &self.shape {
            Shape::Saturating => None,
            Shape::Constant(rate) => Some(*rate),
            Shape::Curve(curve) => Some(curve.first_rate()),
        }
    }

    /// How long the schedule is; `None` when nothing but a stop ends it.
    #[must_use]
    pub fn span(&self) -> Option<Duration> {
        match &self.shape {
            Shape::Saturating | Shape::Constant(_) => None,
            Shape::Curve(curve) => Some(curve.span()),
        }
    }

    /// How many records are planned over all workers from `from` to `to` after the start: what the
    /// rate gives, whatever the arrivals make of it. `None` without a rate.
    #[must_use]
    pub fn planned(&self, from: Duration, to: Duration) -> Option<f64> {
        match &self.shape {
            Shape::Saturating => None,
            Shape::Constant(rate) => Some(rate.as_f64() * to.saturating_sub(from).as_secs_f64()),
            Shape::Curve(curve) => Some(curve.planned(from, to)),
        }
    }
}

/// When a phase stops generating; with both set, whichever comes first. Neither: by the end of the
/// planned rate, where that has one, or by [`Schedule::end`](super::Schedule::end).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Stop {
    /// Records due strictly before the start plus this are part of the phase.
    pub after: Option<Duration>,
    /// The total of the whole run; worker p takes the positions i·P + p below it, of its stream's
    /// part.
    pub records: Option<u64>,
}

/// A record that is due.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Due {
    /// The number in its stream: number i of worker p of P is i·P + p. Never repeats within a run.
    pub record: u64,
    /// When it was to be sent; `None` without a rate.
    pub at: Option<Instant>,
}
