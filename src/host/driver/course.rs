//! The process's CPU time over a phase: readings about once a second, and what was used between any
//! two instants. Cost class: per second; a few thousand readings at most.

use core::time::Duration;

/// Readings of an account that only grows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CpuCourse {
    /// Since the phase's start, and what had been used by then; ascending in both.
    readings: Vec<(Duration, Duration)>,
    /// Of the readings offered, how many were left out since the last that was kept.
    skipped: u32,
    /// One reading in so many is kept, less one.
    skip: u32,
}

impl CpuCourse {
    /// The account stands at `used`, `since` the phase's start.
    pub fn read(&mut self, since: Duration, used: Duration) {
        if self.skipped < self.skip {
            self.skipped += 1;
            return;
        }
        self.skipped = 0;
        self.keep(since, used);
        if self.readings.len() > MOST_READINGS {
            let mut at = 0;
            self.readings.retain(|_| {
                at += 1;
                at % 2 == 1
            });
            self.skip = self.skip * 2 + 1;
        }
    }

    /// The last reading, which is kept in any case.
    pub fn end(&mut self, since: Duration, used: Duration) {
        self.keep(since, used);
    }

    fn keep(&mut self, since: Duration, used: Duration) {
        if self.readings.last().is_none_or(|(last, _)| *last < since) {
            self.readings.push((since, used));
        }
    }

    /// Cores' worth of time used between `from` and `to`, as far as readings go: 1 is one core all
    /// the time. `None` where too little of it was read to tell.
    #[must_use]
    pub fn cores(&self, from: Duration, to: Duration) -> Option<f64> {
        let ((first, _), (last, _)) = (*self.readings.first()?, *self.readings.last()?);
        let (from, to) = (from.max(first), to.min(last));
        let span = to.checked_sub(from).filter(|span| *span >= SHORTEST)?;
        let used = self.at(to)?.saturating_sub(self.at(from)?);
        Some(used.as_secs_f64() / span.as_secs_f64())
    }

    /// The account at an instant between the first reading and the last, on a straight line between
    /// its neighbours.
    fn at(&self, when: Duration) -> Option<Duration> {
        let after = self.readings.partition_point(|(since, _)| *since < when);
        let &(late, used) = self.readings.get(after)?;
        if late == when {
            return Some(used);
        }
        let &(early, before) = self.readings.get(after.checked_sub(1)?)?;
        let part = (when - early).as_secs_f64() / (late - early).as_secs_f64();
        Some(before + used.saturating_sub(before).mul_f64(part))
    }
}

/// Some two hours of seconds; then every other one is left out.
const MOST_READINGS: usize = 8_192;
/// Of less nothing is said: the readings come a little late now and then.
const SHORTEST: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn what_was_used_between_readings_lies_on_a_line() {
        let mut course = CpuCourse::default();
        for (since, used) in [(0, 500), (1_000, 1_500), (2_000, 1_600), (2_400, 1_800)] {
            course.read(ms(since), ms(used));
        }
        let cores = |from, to| course.cores(ms(from), ms(to)).map(|it| (it * 1e3).round() / 1e3);
        assert_eq!(cores(0, 1_000), Some(1.0));
        assert_eq!(cores(1_000, 2_000), Some(0.1));
        assert_eq!(cores(500, 1_500), Some(0.55));
        // The last second of a phase is seldom a whole one.
        assert_eq!(cores(2_000, 3_000), Some(0.5));
        assert_eq!((cores(2_350, 3_350), cores(3_000, 4_000)), (None, None));
        assert_eq!(CpuCourse::default().cores(ms(0), ms(1_000)), None);
    }

    #[test]
    fn days_of_seconds_are_thinned_out_and_still_add_up() {
        let mut course = CpuCourse::default();
        for second in 0..100_000 {
            course.read(ms(second * 1_000), ms(second * 250));
        }
        course.end(ms(100_000_000), ms(25_000_000));
        assert!(course.readings.len() <= MOST_READINGS + 1, "{}", course.readings.len());
        for from in [0, 7_777, 99_990] {
            let cores = course.cores(ms(from * 1_000), ms((from + 10) * 1_000)).unwrap();
            assert!((cores - 0.25).abs() < 1e-9, "{from}: {cores}");
        }
    }
}
