//! Schedules of one rate: instants, counts and ends. Those that vary have files of their own.

mod arrivals;
mod shapes;
mod streams;
mod timetable;

use core::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::base::{Instant, WorkerIndex};

const START: Instant = Instant::from_nanos(1_000);

fn schedule(rate: f64, workers: u32, worker: u32) -> Schedule {
    let plan = SchedulePlan::of(Some(Rate::per_second(rate).unwrap()), workers);
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
    let plan = SchedulePlan::of(None, 2);
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
