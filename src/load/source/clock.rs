//! The clock inside records: when record n happened, as far as its payload is concerned.
//!
//! Cost class: per record, for records that tell it; no clock is read. Invariant: the time depends
//! on the record's number alone, so that a record can be made again. It is the instant at which the
//! plan has the record fall due, to the nanosecond, with the warm-up's before those of the
//! measurement; without a rate records happen a microsecond apart.

use crate::base::WorkerIndex;
use crate::load::schedule::{Dues, Timetable};

/// When records happened.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PayloadClock {
    /// When the run began as its records tell it, Unix milliseconds; `None`: when it begins.
    pub origin_ms: Option<i64>,
    /// When records are due from then on; `None` without a rate, or where nothing tells it.
    pub timetable: Option<Timetable>,
}

impl PayloadClock {
    /// The same clock, begun at `unix_ms` unless it has another origin.
    #[must_use]
    pub fn begun_at(&self, unix_ms: i64) -> Self {
        Self { origin_ms: Some(self.origin_ms.unwrap_or(unix_ms)), ..self.clone() }
    }

    /// Of one worker and a constant rate.
    #[cfg(test)]
    pub(crate) fn even(origin_ms: i64, per_second: f64) -> Self {
        let rate = crate::load::schedule::Rate::per_second(per_second).ok();
        let plan = crate::load::schedule::SchedulePlan::of(rate, 1);
        Self { origin_ms: Some(origin_ms), timetable: Some(Timetable::new(plan, None)) }
    }
}

/// The clock of one worker's records.
#[derive(Clone, Debug)]
pub(super) struct Clock {
    /// Nanoseconds since 1970.
    origin: i64,
    dues: Option<Dues>,
}

impl Clock {
    /// # Panics
    /// When `worker` isn't below the timetable's workers.
    pub(super) fn new(plan: &PayloadClock, worker: WorkerIndex) -> Self {
        let origin = plan.origin_ms.unwrap_or(0).saturating_mul(1_000_000);
        Self { origin, dues: plan.timetable.as_ref().map(|it| Dues::new(it, worker)) }
    }

    /// When record `n` of this worker happened, nanoseconds since 1970; held within what 64 bits
    /// can say, which ends in 2262.
    pub(super) fn at(&mut self, n: u64) -> i64 {
        let offset = match &mut self.dues {
            Some(dues) => dues.of(n),
            None => n.saturating_mul(UNPLANNED),
        };
        self.origin.saturating_add(i64::try_from(offset).unwrap_or(i64::MAX))
    }
}

/// Nanoseconds from record to record where nobody plans a rate.
const UNPLANNED: u64 = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_happens_when_it_is_due_after_the_origin() {
        let mut clock = Clock::new(&PayloadClock::even(1_000, 200_000.0), WorkerIndex(0));
        assert_eq!(clock.at(0), 1_000_000_000);
        assert_eq!(clock.at(1), 1_000_005_000);
        assert_eq!(clock.at(400_000), 3_000_000_000);
        assert_eq!(clock.at(1), 1_000_005_000);
        // As late as 64 bits can say.
        assert_eq!(clock.at(u64::MAX), i64::MAX);
    }

    #[test]
    fn without_a_rate_records_happen_a_microsecond_apart() {
        let plan = PayloadClock::default();
        let at = |plan: &PayloadClock, n| Clock::new(plan, WorkerIndex(3)).at(n);
        assert_eq!(at(&plan.begun_at(5), 1_000_000), 1_005_000_000);
        let told = PayloadClock { origin_ms: Some(7), ..plan };
        assert_eq!(at(&told.begun_at(5), 1), 7_001_000);
    }
}
