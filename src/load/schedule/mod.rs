//! When each record is due: a constant rate, or none (as fast as the producer takes them).
//!
//! Cost class: [`Schedule::take`] is per record and adds a step and a rest, no multiplication, no
//! float; everything else is per phase or per tick. Invariants: record i of worker p is due at
//! start + floor((i·P + p) / rate) whole nanoseconds, whatever was taken when; record numbers never
//! repeat, also not over phases. It doesn't know the clock, nor whether there was room for a
//! record: what is late stays due.

mod rate;

use core::time::Duration;

pub use rate::{Rate, RateError};

use crate::base::{Instant, WorkerIndex};

/// What all workers of a run share.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SchedulePlan {
    /// Over all workers together; `None` is saturating: every record is due when it is asked for,
    /// and has no due instant.
    pub rate: Option<Rate>,
    /// How many workers share the rate, 1 or more.
    pub workers: u32,
}

/// When a phase stops generating; with both set, whichever comes first. Neither: only by
/// [`Schedule::end`].
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Stop {
    /// Records due strictly before the start plus this are part of the phase.
    pub after: Option<Duration>,
    /// The total over all workers; worker p takes the positions i·P + p below it.
    pub records: Option<u64>,
}

/// A record that is due.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Due {
    /// The global number: number i of worker p of P is i·P + p. Never repeats within a run.
    pub record: u64,
    /// When it was to be sent; `None` without a rate.
    pub at: Option<Instant>,
}

/// One worker's part of the schedule.
#[derive(Clone, Debug)]
pub struct Schedule {
    rate: Option<Rate>,
    worker: u64,
    workers: u64,
    /// Whole nanoseconds between two records of this worker, and the rest in the rate's
    /// denominator; 0 without a rate.
    step: u64,
    step_rest: u64,
    /// The number of the next record, over all phases.
    record: u64,
    start: Instant,
    /// When the next record is due, and the rest that `next` was rounded down by. Without a rate:
    /// the start.
    next: Instant,
    rest: u64,
    /// Without a rate, nothing is taken from here on; under a rate `limit` says it exactly.
    until: Option<Instant>,
    /// Records of this worker in this phase, and how many of them were taken.
    limit: u64,
    taken: u64,
    window_end: Option<Instant>,
}

impl Schedule {
    /// A schedule that hasn't been started: nothing is due.
    ///
    /// # Panics
    /// When `worker` isn't below the plan's workers.
    #[must_use]
    pub fn new(plan: &SchedulePlan, worker: WorkerIndex) -> Self {
        assert!(worker.0 < plan.workers, "worker {worker} of {}", plan.workers);
        let (step, step_rest) =
            plan.rate.map_or((0, 0), |rate| rate.nanos_at(u128::from(plan.workers)));
        Self {
            rate: plan.rate,
            worker: u64::from(worker.0),
            workers: u64::from(plan.workers),
            step,
            step_rest,
            record: u64::from(worker.0),
            start: Instant::ZERO,
            next: Instant::FAR_FUTURE,
            rest: 0,
            until: None,
            limit: 0,
            taken: 0,
            window_end: None,
        }
    }

    /// Starts a phase at `at`: what was due before and not taken is forgotten, positions count from
    /// 0 again, record numbers go on where they were.
    pub fn start(&mut self, at: Instant, stop: Stop) {
        self.start = at;
        self.taken = 0;
        let counted = stop.records.unwrap_or(u64::MAX);
        let after = stop.after.map(|span| at + span);
        self.until = None;
        if let Some(rate) = self.rate {
            let timed = stop.after.map_or(u64::MAX, |span| rate.positions_before(span.as_nanos()));
            self.limit = rate::share(counted.min(timed), self.worker, self.workers);
            let (nanos, rest) = rate.nanos_at(u128::from(self.worker));
            self.next = at.plus_nanos(nanos);
            self.rest = rest;
            let last = stop.records.map(|count| at.plus_nanos(rate.nanos_at(count.into()).0));
            self.window_end = after.into_iter().chain(last).min();
        } else {
            self.limit = rate::share(counted, self.worker, self.workers);
            self.next = at;
            self.until = after;
            self.window_end = after;
        }
    }

    /// The next record if it is due by `now`.
    #[inline]
    pub fn take(&mut self, now: Instant) -> Option<Due> {
        if self.taken >= self.limit || now < self.next {
            return None;
        }
        let at = match self.rate {
            Some(rate) => {
                let at = self.next;
                self.advance(rate);
                Some(at)
            }
            None if self.until.is_some_and(|until| now >= until) => {
                self.limit = self.taken;
                return None;
            }
            None => None,
        };
        let record = self.record;
        self.record += self.workers;
        self.taken += 1;
        Some(Due { record, at })
    }

    /// When the next record is due, in the past if it is late; `None` when there is none. Without a
    /// rate: the start.
    #[must_use]
    pub const fn next_due(&self) -> Option<Instant> {
        if self.taken < self.limit { Some(self.next) } else { None }
    }

    /// How many of this phase's records of this worker are due by `now` (at that instant included),
    /// taken or not, within the stop rule. Without a rate: those taken.
    #[must_use]
    pub fn due_by(&self, now: Instant) -> u64 {
        match self.rate {
            Some(_) if now < self.start => 0,
            Some(rate) => {
                let after = u128::from(now.nanos_since(self.start)) + 1;
                rate::share(rate.positions_before(after), self.worker, self.workers).min(self.limit)
            }
            None => self.taken,
        }
    }

    /// The number that the next record gets, in whichever phase it is taken.
    #[must_use]
    pub const fn next_record(&self) -> u64 {
        self.record
    }

    /// Records of this worker taken in this phase.
    #[must_use]
    pub const fn taken(&self) -> u64 {
        self.taken
    }

    /// Whether every record of the phase was taken. Without a rate, the end of its time counts from
    /// the first `take` after it.
    #[must_use]
    pub const fn finished(&self) -> bool {
        self.taken >= self.limit
    }

    /// When the phase's window ends: the start plus its time; under a rate with a record count, the
    /// instant at which one more record would be due, if that is earlier. `None` without a rate and
    /// a time: nobody can know.
    #[must_use]
    pub const fn window_end(&self) -> Option<Instant> {
        self.window_end
    }

    /// Ends the phase with what was taken: nothing more comes, and nothing more was due.
    pub const fn end(&mut self) {
        self.limit = self.taken;
    }

    /// Ends the phase at `now`: what is due by then can still be taken, and counts as due; nothing
    /// later.
    pub fn cut(&mut self, now: Instant) {
        self.limit = self.due_by(now).max(self.taken);
        if self.window_end.is_none_or(|end| end > now) {
            self.window_end = Some(now);
        }
    }

    /// Moves `next` one record of this worker on. Both rests are below the denominator of at most
    /// 10¹⁸: no overflow.
    #[inline]
    const fn advance(&mut self, rate: Rate) {
        let mut step = self.step;
        self.rest += self.step_rest;
        if self.rest >= rate.denominator() {
            self.rest -= rate.denominator();
            step = step.saturating_add(1);
        }
        self.next = self.next.plus_nanos(step);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const START: Instant = Instant::from_nanos(1_000);

    fn schedule(rate: f64, workers: u32, worker: u32) -> Schedule {
        let plan = SchedulePlan { rate: Some(Rate::per_second(rate).unwrap()), workers };
        Schedule::new(&plan, WorkerIndex(worker))
    }

    fn seconds(seconds: u64) -> Stop {
        Stop { after: Some(Duration::from_secs(seconds)), records: None }
    }

    fn records(records: u64) -> Stop {
        Stop { after: None, records: Some(records) }
    }

    fn take_all(schedule: &mut Schedule) -> Vec<Due> {
        core::iter::from_fn(|| schedule.take(Instant::FAR_FUTURE)).collect()
    }

    #[test]
    fn a_third_of_a_second_is_not_rounded_up_over_time() {
        let mut three = schedule(3.0, 1, 0);
        three.start(START, seconds(1_000_000));
        let dues = take_all(&mut three);
        assert_eq!(dues.len(), 3_000_000);
        assert_eq!(dues[1].at, Some(START.plus_nanos(333_333_333)));
        assert_eq!(dues[2].at, Some(START.plus_nanos(666_666_666)));
        assert_eq!(dues[2_999_997].at, Some(START + Duration::from_secs(999_999)));
    }

    #[test]
    fn a_fractional_rate_is_taken_exactly() {
        let mut half = schedule(0.5, 1, 0);
        half.start(START, seconds(5));
        let dues: Vec<_> = take_all(&mut half).iter().map(|due| due.at.unwrap()).collect();
        assert_eq!(dues, [0, 2, 4].map(|second| START + Duration::from_secs(second)));
    }

    #[test]
    fn a_record_due_at_the_end_is_not_part_of_the_phase() {
        let mut ten = schedule(10.0, 1, 0);
        ten.start(START, seconds(1));
        assert_eq!(take_all(&mut ten).len(), 10);
        assert!(ten.finished());
        assert_eq!(ten.next_due(), None);
        assert_eq!(ten.window_end(), Some(START + Duration::from_secs(1)));
    }

    #[test]
    fn a_record_comes_at_its_instant_and_not_before() {
        let mut schedule = schedule(1_000.0, 2, 1);
        schedule.start(START, seconds(1));
        let due = START.plus_nanos(1_000_000);
        assert_eq!(schedule.next_due(), Some(due));
        assert_eq!(schedule.take(Instant::from_nanos(due.as_nanos() - 1)), None);
        assert_eq!(schedule.take(due), Some(Due { record: 1, at: Some(due) }));
        assert_eq!(schedule.take(due), None);
        assert_eq!(schedule.next_due(), Some(START.plus_nanos(3_000_000)));
    }

    #[test]
    fn a_restart_forgets_debt_and_keeps_numbers() {
        let mut schedule = schedule(100.0, 4, 2);
        schedule.start(START, seconds(100));
        let now = START + Duration::from_secs(10);
        for _ in 0..3 {
            assert!(schedule.take(now).is_some());
        }
        schedule.start(now, records(10));
        assert_eq!(schedule.next_record(), 14);
        assert_eq!(schedule.taken(), 0);
        assert_eq!(schedule.due_by(now), 0);
        let dues = take_all(&mut schedule);
        assert_eq!(dues.iter().map(|due| due.record).collect::<Vec<_>>(), [14, 18]);
        assert_eq!(dues[0].at, Some(now + Duration::from_millis(20)));
    }

    #[test]
    fn without_a_rate_time_and_count_stop_it() {
        let plan = SchedulePlan { rate: None, workers: 2 };
        let mut saturating = Schedule::new(&plan, WorkerIndex(1));
        assert_eq!(saturating.take(START), None);
        saturating.start(START, seconds(1));
        assert_eq!(saturating.take(Instant::ZERO), None);
        assert_eq!(saturating.take(START), Some(Due { record: 1, at: None }));
        assert_eq!(saturating.take(START), Some(Due { record: 3, at: None }));
        assert_eq!(saturating.due_by(START), 2);
        assert_eq!(saturating.take(START + Duration::from_secs(1)), None);
        assert!(saturating.finished());

        saturating.start(START, records(5));
        assert_eq!(take_all(&mut saturating).len(), 2);
        assert!(saturating.finished());
    }

    #[test]
    fn ending_drops_what_is_due_and_cutting_keeps_it() {
        let now = START + Duration::from_secs(1);
        let mut ended = schedule(10.0, 1, 0);
        ended.start(START, seconds(100));
        let mut cut = ended.clone();
        assert!(ended.take(now).is_some());
        ended.end();
        assert!(ended.finished());
        assert_eq!(ended.due_by(Instant::FAR_FUTURE), 1);

        cut.cut(now);
        assert_eq!(cut.due_by(Instant::FAR_FUTURE), 11);
        assert_eq!(take_all(&mut cut).len(), 11);
        assert_eq!(cut.window_end(), Some(now));
    }

    /// Due instants straight from the definition, in 128 bits.
    fn expected(billionths: u128, position: u128) -> u128 {
        position * 1_000_000_000_000_000_000 / billionths
    }

    proptest! {
        #[test]
        fn every_due_instant_is_the_floor_of_the_exact_one(
            billionths in 1_000u64..1_000_000_000_000_000,
            workers in 1u32..9,
            count in 1u64..500,
        ) {
            #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
            let rate = billionths as f64 / 1e9;
            // What the double means is what the rate holds, to the billionth.
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive")]
            let billionths = if rate.fract() == 0.0 { rate as u128 * 1_000_000_000 }
                else { (rate * 1e9).round() as u128 };
            let mut seen = Vec::new();
            for worker in 0..workers {
                let mut schedule = schedule(rate, workers, worker);
                schedule.start(Instant::ZERO, records(count));
                for due in take_all(&mut schedule) {
                    let at = u128::from(due.at.unwrap().as_nanos());
                    prop_assert_eq!(at, expected(billionths, u128::from(due.record)));
                    seen.push(due.record);
                }
            }
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..count).collect::<Vec<_>>());
        }

        #[test]
        fn counting_what_is_due_agrees_with_taking_it(
            rate in 0.01f64..5e6,
            workers in 1u32..5,
            at in 0u64..3_000_000,
            window in 1u64..2_000_000,
        ) {
            let stop = Stop { after: Some(Duration::from_nanos(window)), records: Some(5_000) };
            for worker in 0..workers {
                let mut schedule = schedule(rate, workers, worker);
                schedule.start(START, stop);
                let now = START.plus_nanos(at);
                let due = schedule.due_by(now);
                let taken = core::iter::from_fn(|| schedule.take(now)).count();
                prop_assert_eq!(due, u64::try_from(taken).unwrap());
                prop_assert_eq!(schedule.due_by(now), due);
                let end = START.plus_nanos(window);
                let rest = take_all(&mut schedule);
                prop_assert!(rest.iter().all(|due| due.at.unwrap() < end));
            }
        }
    }
}
