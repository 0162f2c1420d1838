//! When each record of a run is due by plan, asked for by its number: what records say of time.
//!
//! Cost class: per record, for records that tell when they happened; in order it is the schedule's
//! own step, an addition where the rate is constant. Invariant: the instant depends on the record's
//! number alone, whatever was asked before. It is the one that [`Schedule`] has for that record,
//! counted from the run's begin as if the measurement followed the warm-up at once: the drain in
//! between is as long as it is.

use super::plan::{Arrivals, Full, Late, SchedulePlan, Shape, Stop};
use super::schedule::Schedule;
use crate::base::{Instant, WorkerIndex};

/// The plan of a run's records over all phases.
#[derive(Clone, Debug, PartialEq)]
pub struct Timetable {
    plan: SchedulePlan,
    warmup: Option<Stop>,
}

impl Timetable {
    /// Of records that `plan` has fall due, behind a warm-up that ends by `warmup`.
    ///
    /// # Panics
    /// When nothing is due by the plan, as there is no rate.
    #[must_use]
    pub fn new(plan: SchedulePlan, warmup: Option<Stop>) -> Self {
        assert!(plan.is_paced(), "without a rate nothing is due");
        // What becomes of records doesn't change when they were due.
        Self { plan: SchedulePlan { late: Late::CatchUp, full: Full::Block, ..plan }, warmup }
    }

    /// The same where nobody knows when the warm-up ends: records that can't be told to be its own
    /// are due at the planned rate's mean.
    #[must_use]
    pub fn unsettled(plan: SchedulePlan) -> Self {
        let mean = plan.mean_rate().map_or(Shape::Saturating, Shape::Constant);
        Self::new(SchedulePlan { shape: mean, ..plan }, None)
    }
}

/// One worker's way along a timetable.
#[derive(Clone, Debug)]
pub struct Dues {
    timetable: Timetable,
    worker: WorkerIndex,
    at: Place,
    /// The record that was asked for last, and its nanoseconds after the run's begin.
    found: Option<(u64, u64)>,
    /// Places on the way, in order: where there is no other way than step by step, once somebody
    /// has gone back.
    marks: Option<Vec<Place>>,
}

/// A place on the way.
#[derive(Clone, Debug)]
struct Place {
    schedule: Schedule,
    warms_up: bool,
}

impl Place {
    fn first(timetable: &Timetable, worker: WorkerIndex) -> Self {
        let mut schedule = Schedule::new(&timetable.plan, worker);
        match timetable.warmup {
            Some(stop) => schedule.start_flat(Instant::ZERO, stop),
            None => schedule.start(Instant::ZERO, Stop::default()),
        }
        Self { schedule, warms_up: timetable.warmup.is_some() }
    }

    /// Goes on to `record` or to the first behind it in this phase; its number and instant, `None`
    /// when the phase has no more.
    fn go_to(&mut self, record: u64) -> Option<(u64, u64)> {
        self.schedule.skip_to(record);
        let due = self.schedule.take(Instant::FAR_FUTURE)?;
        Some((due.record, due.at.map_or(0, Instant::as_nanos)))
    }

    /// When the phase ends, nanoseconds after the run's begin.
    fn end(&self) -> u64 {
        self.schedule.window_end().unwrap_or(Instant::FAR_FUTURE).as_nanos()
    }

    /// The measurement begins where the warm-up ends.
    fn measure(&mut self) {
        let at = Instant::from_nanos(self.end());
        self.schedule.start(at, Stop::default());
        self.warms_up = false;
    }
}

impl Dues {
    /// Of one of the plan's workers.
    ///
    /// # Panics
    /// When `worker` isn't below the plan's workers.
    #[must_use]
    pub fn new(timetable: &Timetable, worker: WorkerIndex) -> Self {
        let (at, timetable) = (Place::first(timetable, worker), timetable.clone());
        Self { timetable, worker, at, found: None, marks: None }
    }

    /// When record `n`, one of this worker's, is due: nanoseconds after the run's begin. Behind the
    /// plan's end it is that end.
    #[inline]
    pub fn of(&mut self, n: u64) -> u64 {
        match self.found {
            Some((found, at)) if found == n => at,
            _ => self.find(n),
        }
    }

    fn find(&mut self, n: u64) -> u64 {
        if n < self.at.schedule.next_record() {
            self.go_back(n);
        }
        let at = loop {
            match self.at.go_to(self.next_mark(n)) {
                Some((record, at)) if record >= n => break at,
                Some(_) => self.mark(),
                None if self.at.warms_up => self.at.measure(),
                None => break self.at.end(),
            }
        };
        self.found = Some((n, at));
        at
    }

    /// To the last mark before `n`, or to the begin.
    fn go_back(&mut self, n: u64) {
        if matches!(self.timetable.plan.arrivals, Arrivals::Poisson { .. }) {
            self.marks.get_or_insert_default();
        }
        let marks = self.marks.as_deref().unwrap_or_default();
        let behind = marks.partition_point(|mark| mark.schedule.next_record() <= n);
        self.at = match behind.checked_sub(1) {
            Some(last) => marks[last].clone(),
            None => Place::first(&self.timetable, self.worker),
        };
    }

    /// How far to go towards `n` before the next mark is left.
    fn next_mark(&self, n: u64) -> u64 {
        let Some(marks) = &self.marks else { return n };
        let step = u64::from(self.timetable.plan.workers) * MARK_EVERY;
        let last = marks.last().map_or(0, |mark| mark.schedule.next_record());
        n.min(last.saturating_add(step).max(self.at.schedule.next_record()))
    }

    /// Leaves a mark, unless the way has been marked here.
    fn mark(&mut self) {
        let here = self.at.schedule.next_record();
        let Some(marks) = &mut self.marks else { return };
        if marks.last().is_none_or(|mark| mark.schedule.next_record() < here) {
            marks.push(self.at.clone());
        }
    }
}

/// Records of a worker between two marks: some milliseconds of random gaps.
const MARK_EVERY: u64 = 1 << 16;
