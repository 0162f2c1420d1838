//! One straight line of the planned rate, in its place: planned records to instants and back.
//!
//! Cost class: per record where the rate varies. Planned records are counted in units of
//! 5 · 10⁻¹⁹, so that what a line holds, (from + to) · nanoseconds with rates in billionths of a
//! record a second, is a whole number. Along a constant line the inverse is a division of whole
//! numbers, floored. Along any other it is the root of a quadratic, in floats: exact to well under
//! a nanosecond, and the same everywhere, since only IEEE's own operations are used.

/// Nanoseconds by which a root may miss a whole one from below: what floats lose over some hours.
const ROUNDED: f64 = 1.0 / 1_024.0;

/// Units of one planned record.
pub(super) const UNIT: u128 = 2_000_000_000_000_000_000;

/// A line in its place.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Leg {
    /// Where it begins, nanoseconds after the schedule's start.
    pub(super) start: u64,
    /// How long it is in nanoseconds.
    pub(super) nanos: u64,
    /// Units planned before it.
    pub(super) units: u128,
    /// Rates at its begin and at its end, billionths of a record a second.
    pub(super) from: u64,
    pub(super) to: u64,
}

impl Leg {
    /// Units planned before it and in it.
    pub(super) const fn end_units(&self) -> u128 {
        self.units + units_of(self.from, self.to, self.nanos)
    }

    pub(super) const fn is_constant(&self) -> bool {
        self.from == self.to
    }

    /// When the plan reaches `units`, in whole nanoseconds after the schedule's start, rounded
    /// down; `units` lies in `self.units..self.end_units()`.
    #[inline]
    pub(super) fn at(&self, units: u128) -> u64 {
        let inside = units - self.units;
        let offset = if self.is_constant() {
            u64::try_from(inside / u128::from(2 * self.from)).unwrap_or(u64::MAX)
        } else {
            self.root(inside)
        };
        self.start.saturating_add(offset)
    }

    /// The inverse along a line that rises or falls, from the end where the rate is lower: from
    /// there nothing cancels.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "0 or more, and clamped below the line's length; a cast saturates"
    )]
    fn root(&self, inside: u128) -> u64 {
        let length = self.nanos as f64;
        let (low, high) =
            (self.from.min(self.to) as f64 * 2.0, self.from.max(self.to) as f64 * 2.0);
        let rising = self.from < self.to;
        let planned = if rising { inside } else { self.end_units() - self.units - inside };
        let planned = planned as f64;
        // low·x + (high − low)·x² ÷ 2·length = planned.
        let slope = (high - low) / length;
        let speed = low + libm::sqrt(low * low + 2.0 * slope * planned);
        let way = if speed > 0.0 { 2.0 * planned / speed } else { 0.0 };
        let offset = if rising { way } else { length - way };
        ((offset + ROUNDED).max(0.0) as u64).min(self.nanos.saturating_sub(1))
    }

    /// Units planned before `at`, nanoseconds after the schedule's start and within the line:
    /// exact along a constant line, else rounded.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "0 or more; a cast saturates"
    )]
    pub(super) fn units_at(&self, at: u64) -> u128 {
        let offset = at.saturating_sub(self.start).min(self.nanos);
        if self.is_constant() || offset == self.nanos {
            return self.units + units_of(self.from, self.to, offset);
        }
        let (from, to) = (self.from as f64 * 2.0, self.to as f64 * 2.0);
        let way = offset as f64;
        let planned = from * way + (to - from) * way * way / (2.0 * self.nanos as f64);
        self.units + (planned.max(0.0) as u128).min(self.end_units() - self.units)
    }

    /// How many positions (0, 1, 2, …) are due before `at`, which lies in the line or is its end.
    pub(super) fn positions_before(&self, at: u64) -> u64 {
        let units = self.units_at(at);
        let mut count = positions(units);
        if self.is_constant() {
            return count;
        }
        // The root decides, and the sum above only says where to look.
        let (first, end) = (positions(self.units), positions(self.end_units()));
        count = count.clamp(first, end);
        while count < end && self.at(u128::from(count) * UNIT) < at {
            count += 1;
        }
        while count > first && self.at(u128::from(count - 1) * UNIT) >= at {
            count -= 1;
        }
        count
    }
}

/// Units of a line.
pub(super) const fn units_of(from: u64, to: u64, nanos: u64) -> u128 {
    (from as u128 + to as u128) * nanos as u128
}

/// How many positions lie below `units`.
pub(super) fn positions(units: u128) -> u64 {
    u64::try_from(units.div_ceil(UNIT)).unwrap_or(u64::MAX)
}
