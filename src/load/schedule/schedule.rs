//! One worker's part of the schedule: what is due by now, taken or left out.

use core::time::Duration;
use std::sync::Arc;

use super::curve::Curve;
use super::part::Place;
use super::plan::{Arrivals, Due, SchedulePlan, Shape, Stop};
use super::rate::Rate;
use super::walk::Walk;
use crate::base::{Instant, WorkerIndex};

/// One worker's part of the schedule.
#[derive(Clone, Debug)]
pub struct Schedule {
    plan: SchedulePlan,
    place: Place,
    pace: Pace,
    /// The number of the next record, over all phases.
    record: u64,
    start: Instant,
    /// When the next record is due. Without a rate: the start.
    next: Instant,
    /// Nothing is due from here on. At a constant rate, and where the planned rate can be added up,
    /// `limit` says it exactly.
    until: Option<Instant>,
    /// Records of this worker in this phase, and how many of them were taken or skipped.
    limit: u64,
    taken: u64,
    window_end: Option<Instant>,
}

/// How the next due instant is found.
#[derive(Clone, Debug)]
enum Pace {
    /// There is none.
    Saturating,
    /// By addition.
    Even(Even),
    /// Along the planned rate.
    Varying(Box<Varying>),
}

/// A constant rate, record after record.
#[derive(Clone, Copy, Debug)]
struct Even {
    rate: Rate,
    /// Whole nanoseconds between two records of this worker, and the rest in the rate's
    /// denominator.
    step: u64,
    step_rest: u64,
    /// The rest that the next record's instant was rounded down by.
    rest: u64,
}

/// A planned rate that varies, or arrivals that aren't even.
#[derive(Clone, Debug)]
struct Varying {
    walk: Walk,
    /// Ahead of `walk`, where arrivals are random and more of them are due than were taken.
    ahead: Option<Ahead>,
}

/// A way that counts what is due.
#[derive(Clone, Debug)]
struct Ahead {
    walk: Walk,
    /// Records before its next one.
    passed: u64,
    /// Nanoseconds after the start up to which it was sent: what was passed is due by then.
    upto: u64,
}

/// Where random arrivals stand in their phase, to come back to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stand {
    /// The number of the next record.
    pub(super) record: u64,
    taken: u64,
    limit: u64,
    units: u128,
}

/// How far a phase goes.
#[derive(Clone, Copy, Debug)]
struct Ends {
    /// Nothing is due from so many nanoseconds after the start on.
    horizon: u64,
    /// Nor are more records than this.
    limit: u64,
}

impl Schedule {
    /// A schedule that hasn't been started: nothing is due.
    ///
    /// # Panics
    /// When `worker` isn't below the plan's workers.
    #[must_use]
    pub fn new(plan: &SchedulePlan, worker: WorkerIndex) -> Self {
        assert!(worker.0 < plan.workers, "worker {worker} of {}", plan.workers);
        let (part, workers) = (plan.part.clone(), u64::from(plan.workers));
        Self {
            plan: plan.clone(),
            place: Place { part, worker: worker.0.into(), workers },
            pace: Pace::Saturating,
            record: u64::from(worker.0),
            start: Instant::ZERO,
            next: Instant::FAR_FUTURE,
            until: None,
            limit: 0,
            taken: 0,
            window_end: None,
        }
    }

    /// Starts a phase at `at`: what was due before and not taken is forgotten, positions count from
    /// 0 again, record numbers go on where they were.
    pub fn start(&mut self, at: Instant, stop: Stop) {
        let shape = self.plan.shape.clone();
        self.start_with(shape, at, stop);
    }

    /// Starts a phase whose rate doesn't vary: a planned rate's
    /// [`warmup_rate`](SchedulePlan::warmup_rate). Arrivals stay as they are.
    pub fn start_flat(&mut self, at: Instant, stop: Stop) {
        let rate = self.plan.warmup_rate();
        self.start_with(rate.map_or(Shape::Saturating, Shape::Constant), at, stop);
    }

    fn start_with(&mut self, shape: Shape, at: Instant, stop: Stop) {
        self.start = at;
        self.taken = 0;
        self.until = None;
        match (shape, self.plan.arrivals) {
            (Shape::Saturating, _) => self.start_saturating(at, stop),
            (Shape::Constant(rate), Arrivals::Uniform) if let Some(step) = self.place.step() => {
                self.start_even(rate, step, at, stop);
            }
            (Shape::Constant(rate), _) => {
                self.start_varying(&Arc::new(Curve::endless(rate)), at, stop);
            }
            (Shape::Curve(curve), _) => self.start_varying(&curve, at, stop),
        }
    }

    fn start_saturating(&mut self, at: Instant, stop: Stop) {
        self.pace = Pace::Saturating;
        self.limit = self.place.count(stop.records.unwrap_or(u64::MAX));
        self.next = at;
        self.until = stop.after.map(|span| at + span);
        self.window_end = self.until;
    }

    /// `step` positions lie between two records of this worker.
    fn start_even(&mut self, rate: Rate, step: u64, at: Instant, stop: Stop) {
        let timed = stop.after.map_or(u64::MAX, |span| rate.positions_before(span.as_nanos()));
        let counted = stop.records.unwrap_or(u64::MAX);
        self.limit = self.place.count(counted.min(timed));
        let (nanos, rest) = rate.nanos_at(self.place.position(0).into());
        self.next = at.plus_nanos(nanos);
        let (step, step_rest) = rate.nanos_at(step.into());
        self.pace = Pace::Even(Even { rate, step, step_rest, rest });
        let last = stop.records.map(|count| at.plus_nanos(rate.nanos_at(count.into()).0));
        self.window_end = stop.after.map(|span| at + span).into_iter().chain(last).min();
    }

    fn start_varying(&mut self, curve: &Arc<Curve>, at: Instant, stop: Stop) {
        let after = stop.after.map(|span| u64::try_from(span.as_nanos()).unwrap_or(u64::MAX));
        let horizon = after.unwrap_or(u64::MAX).min(curve.nanos());
        let arrivals = self.plan.arrivals;
        let walk = Walk::new(curve, arrivals, self.record, self.place.clone());
        self.limit = self.place.count(stop.records.unwrap_or(u64::MAX));
        // By count: when one more record is planned. Random arrivals may end a little before or
        // after.
        let last = stop.records.and_then(|count| walk.planned_end(count)).unwrap_or(u64::MAX);
        let end = horizon.min(last);
        self.window_end = (end < u64::MAX).then(|| at.plus_nanos(end));
        if walk.is_random() {
            self.until = (horizon < u64::MAX).then(|| at.plus_nanos(horizon));
        } else {
            self.limit = self.limit.min(walk.due_before(horizon));
        }
        self.pace = Pace::Varying(Box::new(Varying { walk, ahead: None }));
        self.look_ahead();
    }

    /// Sets `next` by the walk, and the limit when there is none within the phase.
    fn look_ahead(&mut self) {
        let Pace::Varying(varying) = &self.pace else { return };
        let next = varying.walk.next().map(|nanos| self.start.plus_nanos(nanos));
        match next.filter(|next| self.until.is_none_or(|until| *next < until)) {
            Some(next) => self.next = next,
            None => self.limit = self.limit.min(self.taken),
        }
    }

    /// The next record if it is due by `now`.
    #[inline]
    pub fn take(&mut self, now: Instant) -> Option<Due> {
        if self.taken >= self.limit || now < self.next {
            return None;
        }
        let at = match &mut self.pace {
            Pace::Even(even) => {
                let at = self.next;
                self.next = even.after(at);
                Some(at)
            }
            Pace::Saturating if self.until.is_some_and(|until| now >= until) => {
                self.limit = self.taken;
                return None;
            }
            Pace::Saturating => None,
            Pace::Varying(_) => return Some(self.take_varying()),
        };
        let record = self.record;
        self.record = record.saturating_add(self.place.workers);
        self.taken += 1;
        Some(Due { record, at })
    }

    /// The same where the way to the next record is longer.
    fn take_varying(&mut self) -> Due {
        let due = Due { record: self.record, at: Some(self.next) };
        self.record = self.record.saturating_add(self.place.workers);
        self.taken += 1;
        if let Pace::Varying(varying) = &mut self.pace {
            varying.walk.advance();
        }
        self.look_ahead();
        due
    }

    /// Leaves out what is due before `at` and wasn't taken; returns how many records that are.
    /// Their numbers aren't used again. Nothing without a rate.
    pub fn skip_before(&mut self, at: Instant) -> u64 {
        if self.next >= at || self.taken >= self.limit || !self.plan.is_paced() {
            return 0;
        }
        // What is due by the nanosecond before.
        let last = at - Duration::from_nanos(1);
        let (ends, after) = (self.ends(), last.nanos_since(self.start));
        let skipped = match &mut self.pace {
            Pace::Varying(varying) if varying.walk.is_random() => {
                varying.skip(self.taken, after, ends)
            }
            _ => self.due_by(last).saturating_sub(self.taken),
        };
        if skipped > 0 {
            self.pass(skipped);
        }
        skipped
    }

    /// Leaves out what comes before number `record`, whenever it is due: the next record is that
    /// one, or the first of this worker's behind it. Random arrivals are passed one by one.
    #[inline]
    pub fn skip_to(&mut self, record: u64) {
        if record > self.record {
            self.skip_far(record);
        }
    }

    fn skip_far(&mut self, record: u64) {
        if let Pace::Varying(varying) = &self.pace
            && varying.walk.is_random()
        {
            while self.record < record && self.taken < self.limit {
                self.take_varying();
            }
            return;
        }
        let ahead = (record - self.record).div_ceil(self.place.workers);
        let skipped = ahead.min(self.limit - self.taken);
        if skipped > 0 {
            self.pass(skipped);
        }
    }

    /// Where this phase stands; only of random arrivals.
    pub(super) fn stand(&self) -> Option<Stand> {
        let Pace::Varying(varying) = &self.pace else { return None };
        let Self { record, taken, limit, .. } = *self;
        let units = varying.walk.units();
        varying.walk.is_random().then_some(Stand { record, taken, limit, units })
    }

    /// Goes where this phase's random arrivals stood.
    pub(super) fn resume(&mut self, stand: Stand) {
        (self.record, self.taken, self.limit) = (stand.record, stand.taken, stand.limit);
        if let Pace::Varying(varying) = &mut self.pace {
            varying.ahead = None;
            varying.walk.resume(stand.record, stand.units);
        }
        self.look_ahead();
    }

    /// Counts `skipped` records as gone, and finds the next one; random arrivals have been passed.
    fn pass(&mut self, skipped: u64) {
        self.taken += skipped;
        self.record = self.record.saturating_add(skipped.saturating_mul(self.place.workers));
        match &mut self.pace {
            Pace::Saturating => {}
            Pace::Even(even) => {
                let position = self.place.position(self.taken);
                let (nanos, rest) = even.rate.nanos_at(position.into());
                even.rest = rest;
                self.next = self.start.plus_nanos(nanos);
            }
            Pace::Varying(varying) => {
                if !varying.walk.is_random() {
                    varying.walk.go_to_record(self.taken);
                }
                self.look_ahead();
            }
        }
    }

    /// When the next record is due, in the past if it is late; `None` when there is none. Without a
    /// rate: the start.
    #[must_use]
    pub const fn next_due(&self) -> Option<Instant> {
        if self.taken < self.limit { Some(self.next) } else { None }
    }

    /// How many of this phase's records of this worker are due by `now` (at that instant included),
    /// taken or not, within the stop rule. Without a rate: those taken.
    ///
    /// Random arrivals are counted one by one, each once: the count goes on from the last call as
    /// long as instants don't go back.
    #[must_use]
    pub fn due_by(&mut self, now: Instant) -> u64 {
        if now < self.start {
            return 0;
        }
        let after = now.nanos_since(self.start);
        let ends = self.ends();
        match &mut self.pace {
            Pace::Saturating => self.taken,
            Pace::Even(even) => {
                let positions = even.rate.positions_before(u128::from(after) + 1);
                self.place.count(positions).min(self.limit)
            }
            Pace::Varying(varying) if varying.walk.is_random() => {
                if self.taken >= self.limit || now < self.next {
                    return self.taken.min(self.limit);
                }
                varying.count(self.taken, after, ends).min(self.limit)
            }
            Pace::Varying(varying) => {
                varying.walk.due_before(after.saturating_add(1)).min(self.limit)
            }
        }
    }

    /// As [`Schedule::due_by`], of what is due strictly before `at`.
    #[must_use]
    pub fn due_before(&mut self, at: Instant) -> u64 {
        if at <= self.start { 0 } else { self.due_by(at - Duration::from_nanos(1)) }
    }

    fn ends(&self) -> Ends {
        let horizon = self.until.map_or(u64::MAX, |until| until.nanos_since(self.start));
        Ends { horizon, limit: self.limit }
    }

    /// The number that the next record gets, in whichever phase it is taken.
    #[must_use]
    pub const fn next_record(&self) -> u64 {
        self.record
    }

    /// Records of this worker taken or skipped in this phase.
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

    /// When the phase's window ends: the start plus its time, or the planned rate's own; under a
    /// rate with a record count, the instant at which one more record would be planned, if that is
    /// earlier. `None` without a rate and a time: nobody can know.
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
}

impl Even {
    /// The instant after `at`. Both rests are below the denominator of at most 10¹⁸: no overflow.
    #[inline]
    const fn after(&mut self, at: Instant) -> Instant {
        let mut step = self.step;
        self.rest += self.step_rest;
        if self.rest >= self.rate.denominator() {
            self.rest -= self.rate.denominator();
            step = step.saturating_add(1);
        }
        at.plus_nanos(step)
    }
}

impl Varying {
    /// Random arrivals up to and at `after`; `taken` of them are behind the walk.
    fn count(&mut self, taken: u64, after: u64, ends: Ends) -> u64 {
        let mut ahead = self.ahead_until(taken, after);
        ahead.go_on(after, ends);
        self.ahead.insert(ahead).passed
    }

    /// Moves the walk behind the random arrivals up to and at `after`, and says how many those
    /// are. What was counted further ahead stays.
    fn skip(&mut self, taken: u64, after: u64, ends: Ends) -> u64 {
        let mut way = self.ahead_until(taken, after);
        way.go_on(after, ends);
        self.walk = way.walk;
        way.passed.min(ends.limit) - taken
    }

    /// What was counted ahead, if that went no further than `after`; else the walk itself.
    fn ahead_until(&mut self, taken: u64, after: u64) -> Ahead {
        let ahead = self.ahead.take_if(|ahead| ahead.passed < taken || ahead.upto <= after);
        let behind = || Ahead { walk: self.walk.clone(), passed: taken, upto: 0 };
        ahead.filter(|ahead| ahead.passed >= taken).unwrap_or_else(behind)
    }
}

impl Ahead {
    /// Passes what is due by `after`, too.
    fn go_on(&mut self, after: u64, ends: Ends) {
        let is_due = |next: u64| next <= after && next < ends.horizon;
        while self.passed < ends.limit && self.walk.next().is_some_and(is_due) {
            self.walk.advance();
            self.passed += 1;
        }
        self.upto = after;
    }
}
