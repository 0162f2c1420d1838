//! A planned rate that varies: stages in sequence, as straight lines whose sums are known.
//!
//! Cost class: finding a line is a binary search, per phase, per tick, and per record only where
//! one line ends. Memory: a line takes 48 bytes, and waves are kept once, however often they come.

use core::ops::Range;
use core::time::Duration;

use super::leg::{Leg, UNIT, positions, units_of};
use super::rate::{Level, Rate};
use super::stage::{Chain, Stage};

/// A planned rate over time, over all workers.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    parts: Vec<Part>,
    rows: Vec<Row>,
    /// How long it is in nanoseconds; `u64::MAX` when it doesn't end.
    nanos: u64,
    /// What it plans in all.
    units: u128,
    first: Rate,
    mean: Rate,
    peak: Level,
}

/// Lines that follow one another, several times over.
#[derive(Clone, Debug, PartialEq)]
struct Part {
    start: u64,
    units: u128,
    /// Of one time.
    period: u64,
    each: u128,
    repeats: u64,
    rows: Range<usize>,
}

/// A line, with its place in its part.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Row {
    start: u64,
    units: u128,
    nanos: u64,
    from: u64,
    to: u64,
}

/// Stages that make no planned rate.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CurveError {
    /// Too few records to have a rate: none at all, or fewer than [`Rate::MIN_PER_SECOND`].
    #[error("expected records at some time; every rate is 0, or the mean is too low")]
    Nothing,
    /// Longer than [`Curve::LONGEST`].
    #[error("expected {} days at most, all stages together", Curve::LONGEST.as_secs() / 86_400)]
    TooLong,
    /// More lines than [`Curve::MOST_LINES`].
    #[error("expected at most {} changes of the rate", Curve::MOST_LINES)]
    TooMany,
    /// A stage without length.
    #[error("expected a time above 0")]
    NoTime {
        /// Which, from 0.
        stage: usize,
    },
    /// Waves shorter than [`Curve::SHORTEST_WAVE`].
    #[error("expected a period of 1ms or more")]
    ShortWave {
        /// Which, from 0.
        stage: usize,
    },
    /// An amplitude above the mean: the rate would fall below 0.
    #[error("expected an amplitude of at most the mean, or the rate would fall below 0")]
    BelowZero {
        /// Which, from 0.
        stage: usize,
    },
}

impl CurveError {
    /// Which stage it is about, from 0; `None` when it is about all of them.
    #[must_use]
    pub const fn stage(&self) -> Option<usize> {
        match self {
            Self::Nothing | Self::TooLong | Self::TooMany => None,
            Self::NoTime { stage } | Self::ShortWave { stage } | Self::BelowZero { stage } => {
                Some(*stage)
            }
        }
    }
}

impl Curve {
    /// The longest planned rate: nanoseconds stay exact as floats.
    pub const LONGEST: Duration = Duration::from_secs(100 * 86_400);
    /// The shortest wave.
    pub const SHORTEST_WAVE: Duration = Duration::from_millis(1);
    /// The most lines, waves counted once: some 50 MB.
    pub const MOST_LINES: usize = 1_000_000;

    /// The planned rate of these stages, one after the other.
    ///
    /// # Errors
    /// See [`CurveError`]; the first that is wrong.
    pub fn new(stages: &[Stage]) -> Result<Self, CurveError> {
        Self::cut(stages, Duration::MAX)
    }

    /// As [`Curve::new`], without what these stages plan from `at` on.
    ///
    /// # Errors
    /// See [`CurveError`]; the first that is wrong.
    pub fn cut(stages: &[Stage], at: Duration) -> Result<Self, CurveError> {
        let mut making = Making::default();
        for (index, stage) in stages.iter().enumerate() {
            check(stage, index)?;
            making.add(stage, nanos(at))?;
        }
        making.done()
    }

    /// One rate without end.
    pub(super) fn endless(rate: Rate) -> Self {
        let level = Level::from(rate).billionths();
        let each = units_of(level, level, u64::MAX);
        let row = Row { start: 0, units: 0, nanos: u64::MAX, from: level, to: level };
        let rows = 0..1;
        let part = Part { start: 0, units: 0, period: u64::MAX, each, repeats: 1, rows };
        Self {
            parts: vec![part],
            rows: vec![row],
            nanos: u64::MAX,
            units: each,
            first: rate,
            mean: rate,
            peak: Level::from(rate),
        }
    }

    /// How long it is.
    #[must_use]
    pub const fn span(&self) -> Duration {
        Duration::from_nanos(self.nanos)
    }

    /// Its mean rate.
    #[must_use]
    pub const fn mean(&self) -> Rate {
        self.mean
    }

    /// Its highest rate.
    #[must_use]
    pub const fn peak(&self) -> Level {
        self.peak
    }

    /// The mean rate of its first stage that has records.
    #[must_use]
    pub const fn first_rate(&self) -> Rate {
        self.first
    }

    /// Planned records from `from` to `to` after the start.
    #[must_use]
    pub fn planned(&self, from: Duration, to: Duration) -> f64 {
        let units = |at: Duration| self.units_before(nanos(at));
        units(to).saturating_sub(units(from)) as f64 / UNIT as f64
    }

    pub(super) const fn nanos(&self) -> u64 {
        self.nanos
    }

    /// The line in which the plan reaches `units`; `None` when it never does.
    pub(super) fn leg_of(&self, units: u128) -> Option<Leg> {
        let part = self.parts.partition_point(|part| part.end_units() <= units);
        let part = self.parts.get(part)?;
        let inside = units - part.units;
        let nth = inside / part.each;
        let rest = inside - nth * part.each;
        let rows = &self.rows[part.rows.clone()];
        let row = rows.partition_point(|row| row.end_units() <= rest);
        Some(part.leg(rows.get(row)?, u64::try_from(nth).unwrap_or(u64::MAX)))
    }

    /// When the plan reaches `units`, nanoseconds after the start; `None` when it never does.
    pub(super) fn at(&self, units: u128) -> Option<u64> {
        self.leg_of(units).map(|leg| leg.at(units))
    }

    /// How many positions (0, 1, 2, …) are due strictly before `at`, nanoseconds after the start.
    pub(super) fn positions_before(&self, at: u64) -> u64 {
        match self.leg_before(at) {
            None if at == 0 => 0,
            None => positions(self.units),
            Some(leg) => leg.positions_before(at),
        }
    }

    fn units_before(&self, at: u64) -> u128 {
        match self.leg_before(at) {
            None if at == 0 => 0,
            None => self.units,
            Some(leg) => leg.units_at(at),
        }
    }

    /// The line that holds the nanosecond before `at`; `None` before the first and after the last.
    fn leg_before(&self, at: u64) -> Option<Leg> {
        let inside = at.checked_sub(1)?;
        let part = self.parts.partition_point(|part| part.end() <= inside);
        let part = self.parts.get(part)?;
        let nth = (inside - part.start) / part.period;
        let rest = inside - part.start - nth * part.period;
        let rows = &self.rows[part.rows.clone()];
        let row = rows.partition_point(|row| row.start.saturating_add(row.nanos) <= rest);
        rows.get(row).map(|row| part.leg(row, nth))
    }
}

impl Part {
    const fn end(&self) -> u64 {
        self.start.saturating_add(self.period.saturating_mul(self.repeats))
    }

    const fn end_units(&self) -> u128 {
        self.units + self.each * self.repeats as u128
    }

    fn leg(&self, row: &Row, nth: u64) -> Leg {
        Leg {
            start: self.start + nth * self.period + row.start,
            nanos: row.nanos,
            units: self.units + u128::from(nth) * self.each + row.units,
            from: row.from,
            to: row.to,
        }
    }
}

impl Row {
    const fn end_units(&self) -> u128 {
        self.units + units_of(self.from, self.to, self.nanos)
    }
}

/// A curve that grows stage by stage.
#[derive(Default)]
struct Making {
    parts: Vec<Part>,
    rows: Vec<Row>,
    nanos: u64,
    units: u128,
    last: Level,
    peak: Level,
    first: Option<Rate>,
}

impl Making {
    /// The part of a stage that is planned before `end`.
    fn add(&mut self, stage: &Stage, end: u64) -> Result<(), CurveError> {
        let (nanos, units) = (self.nanos, self.units);
        for chain in stage.chains(self.last) {
            for chain in chain.before(Duration::from_nanos(end - self.nanos)) {
                self.chain(&chain)?;
            }
        }
        let rate = || mean(self.units - units, self.nanos - nanos);
        self.first = self.first.or_else(rate);
        Ok(())
    }

    fn chain(&mut self, chain: &Chain) -> Result<(), CurveError> {
        let first = self.rows.len();
        let (mut start, mut units) = (0u64, 0u128);
        for line in chain.lines.iter().filter(|line| !line.span.is_zero()) {
            let (from, to) = (line.from.billionths(), line.to.billionths());
            let row = Row { start, units, nanos: nanos(line.span), from, to };
            start = start.saturating_add(row.nanos);
            units += units_of(from, to, row.nanos);
            self.rows.push(row);
            if self.rows.len() > Curve::MOST_LINES {
                return Err(CurveError::TooMany);
            }
            if chain.repeats > 0 {
                self.last = line.to;
                self.peak = self.peak.max(line.from).max(line.to);
            }
        }
        if start == 0 || chain.repeats == 0 {
            self.rows.truncate(first);
            return Ok(());
        }
        self.parts.push(Part {
            start: self.nanos,
            units: self.units,
            period: start,
            each: units,
            repeats: chain.repeats,
            rows: first..self.rows.len(),
        });
        let span = start.saturating_mul(chain.repeats);
        self.nanos = self.nanos.saturating_add(span);
        if self.nanos > nanos(Curve::LONGEST) {
            return Err(CurveError::TooLong);
        }
        self.units += units * u128::from(chain.repeats);
        Ok(())
    }

    fn done(self) -> Result<Curve, CurveError> {
        let mean = mean(self.units, self.nanos).ok_or(CurveError::Nothing)?;
        Ok(Curve {
            parts: self.parts,
            rows: self.rows,
            nanos: self.nanos,
            units: self.units,
            first: self.first.unwrap_or(mean),
            mean,
            peak: self.peak,
        })
    }
}

fn check(stage: &Stage, index: usize) -> Result<(), CurveError> {
    if stage.span().is_zero() {
        return Err(CurveError::NoTime { stage: index });
    }
    match stage {
        Stage::Sine { period, .. } | Stage::Square { period, .. } | Stage::Saw { period, .. }
            if *period < Curve::SHORTEST_WAVE =>
        {
            Err(CurveError::ShortWave { stage: index })
        }
        Stage::Sine { mean, amplitude, .. } if amplitude > mean => {
            Err(CurveError::BelowZero { stage: index })
        }
        _ => Ok(()),
    }
}

/// The mean rate of so many units in so long, to the nearest billionth; `None` when there is none.
fn mean(units: u128, nanos: u64) -> Option<Rate> {
    let nanos = u128::from(nanos.max(1));
    let billionths = (units + nanos) / (2 * nanos);
    Level::from_billionths(u64::try_from(billionths).unwrap_or(u64::MAX)).rate()
}

fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}
