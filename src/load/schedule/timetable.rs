//! When each record of a run is due by plan, asked for by its number: what records say of time.
//!
//! Cost class: per record, for records that tell when they happened; in order it is the schedule's
//! own step, an addition where the rate is constant. Who goes back, as the proof of a read-back
//! does from partition to partition, copies a schedule, and under random arrivals leaves marks.
//! Invariant: the instant depends on the record's number alone, whatever was asked before. It is
//! the one that [`Schedule`] has for that record, counted from the run's begin as if the
//! measurement followed the warm-up at once, where that is planned to end: the drain in between
//! takes as long as it takes, and random arrivals that a count ends may come later than planned.

use super::plan::{Arrivals, Full, Late, SchedulePlan, Shape, Stop};
use super::schedule::{Schedule, Stand};
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

    /// The same where nobody knows when the warm-up ends, and so not which records are its own: all
    /// are due evenly at the planned rate's mean.
    ///
    /// # Panics
    /// As [`Timetable::new`].
    #[must_use]
    pub fn unsettled(plan: SchedulePlan) -> Self {
        let shape = plan.mean_rate().map_or(Shape::Saturating, Shape::Constant);
        Self::new(SchedulePlan { shape, arrivals: Arrivals::Uniform, ..plan }, None)
    }

    /// The same arrivals at the planned rate's mean, without a warm-up and without an end: what
    /// telling the time costs, for as long as somebody asks.
    #[must_use]
    pub fn endless(&self) -> Self {
        let shape = self.plan.mean_rate().map_or(Shape::Saturating, Shape::Constant);
        Self::new(SchedulePlan { shape, ..self.plan.clone() }, None)
    }

    /// How many workers share it.
    #[must_use]
    pub const fn workers(&self) -> u32 {
        self.plan.workers
    }

    fn is_random(&self) -> bool {
        matches!(self.plan.arrivals, Arrivals::Poisson { .. })
    }
}

/// One worker's way along a timetable.
#[derive(Clone, Debug)]
pub struct Dues {
    worker: WorkerIndex,
    workers: u32,
    phase: Phase,
    /// The phases that were reached, as they begin.
    begins: Vec<Phase>,
    /// The record that was asked for last, and its nanoseconds after the run's begin.
    found: Option<(u64, u64)>,
    is_random: bool,
    /// On the way, in order: where there is no other way than step by step, once somebody has gone
    /// back.
    marks: Option<Vec<Mark>>,
}

/// A phase under way.
#[derive(Clone, Debug)]
struct Phase {
    schedule: Schedule,
    warms_up: bool,
}

/// A place to go on from.
#[derive(Clone, Copy, Debug)]
struct Mark {
    /// Which of the phases.
    phase: usize,
    stand: Stand,
}

impl Phase {
    fn first(timetable: &Timetable, worker: WorkerIndex) -> Self {
        let mut schedule = Schedule::new(&timetable.plan, worker);
        match timetable.warmup {
            Some(stop) => schedule.start_flat(Instant::ZERO, stop),
            None => schedule.start(Instant::ZERO, Stop::default()),
        }
        Self { schedule, warms_up: timetable.warmup.is_some() }
    }

    /// Goes on to `record` or to the first behind it in this phase; its number and nanoseconds
    /// after the run's begin, `None` when the phase has no more.
    fn go_to(&mut self, record: u64) -> Option<(u64, u64)> {
        self.schedule.skip_to(record);
        let due = self.schedule.take(Instant::FAR_FUTURE)?;
        Some((due.record, due.at.map_or(0, Instant::as_nanos)))
    }

    /// When it ends, nanoseconds after the run's begin.
    fn end(&self) -> u64 {
        self.schedule.window_end().unwrap_or(Instant::FAR_FUTURE).as_nanos()
    }

    /// The measurement, which begins where the warm-up ends.
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
        let phase = Phase::first(timetable, worker);
        Self {
            worker,
            workers: timetable.workers(),
            begins: vec![phase.clone()],
            phase,
            found: None,
            is_random: timetable.is_random(),
            marks: None,
        }
    }

    /// When record `n`, one of this worker's, is due: nanoseconds after the run's begin. Behind the
    /// plan's end it is that end.
    #[inline]
    pub fn of(&mut self, n: u64) -> u64 {
        debug_assert_eq!(n % u64::from(self.workers), u64::from(self.worker.0), "another worker's");
        match self.found {
            Some((found, at)) if found == n => at,
            _ => self.find(n),
        }
    }

    fn find(&mut self, n: u64) -> u64 {
        self.go_near(n);
        let at = loop {
            match self.phase.go_to(self.next_mark(n)) {
                Some((record, at)) if record >= n => break at,
                Some(_) => self.mark(),
                None if self.phase.warms_up => {
                    self.phase.measure();
                    if self.begins.len() == 1 {
                        self.begins.push(self.phase.clone());
                    }
                }
                None => break self.phase.end(),
            }
        };
        self.found = Some((n, at));
        at
    }

    /// To the last mark or begin before `n`, unless that is behind where we are and `n` is not.
    fn go_near(&mut self, n: u64) {
        let here = self.phase.schedule.next_record();
        let is_back = n < here;
        if is_back && self.is_random {
            self.marks.get_or_insert_default();
        }
        let marks = self.marks.as_deref().unwrap_or_default();
        let behind = marks.partition_point(|mark| mark.stand.record <= n);
        match behind.checked_sub(1).map(|last| marks[last]) {
            Some(mark) if is_back || mark.stand.record > here => {
                self.phase = self.begins[mark.phase].clone();
                self.phase.schedule.resume(mark.stand);
            }
            None if is_back => {
                let before = |begin: &&Phase| begin.schedule.next_record() <= n;
                let begin = self.begins.iter().rfind(before).unwrap_or(&self.begins[0]);
                self.phase = begin.clone();
            }
            _ => {}
        }
    }

    /// How far to go towards `n` before the next mark is left.
    fn next_mark(&self, n: u64) -> u64 {
        let Some(marks) = &self.marks else { return n };
        let step = u64::from(self.workers) * MARK_EVERY;
        let last = marks.last().map_or(0, |mark| mark.stand.record);
        n.min(last.saturating_add(step).max(self.phase.schedule.next_record()))
    }

    /// Leaves a mark, unless the way is marked farther than here.
    fn mark(&mut self) {
        let (Some(marks), Some(stand)) = (&mut self.marks, self.phase.schedule.stand()) else {
            return;
        };
        if marks.last().is_none_or(|mark| mark.stand.record < stand.record) {
            let phase = if self.phase.warms_up { 0 } else { self.begins.len() - 1 };
            marks.push(Mark { phase, stand });
        }
    }
}

/// Records of a worker between two marks: some microseconds of walking, a quarter of a byte a
/// record.
const MARK_EVERY: u64 = 256;
