//! Instants by record number against the schedules that a run goes by.

use super::shapes::planned;
use super::streams::plans;
use super::*;

/// What each record of a worker is due at, the measurement straight behind the warm-up.
fn run(plan: &SchedulePlan, worker: u32, warmup: Option<Stop>, stop: Stop) -> Vec<(u64, u64)> {
    let mut schedule = Schedule::new(plan, WorkerIndex(worker));
    let mut dues = Vec::new();
    let mut at = Instant::ZERO;
    if let Some(warmup) = warmup {
        schedule.start_flat(at, warmup);
        dues = take_all(&mut schedule);
        at = schedule.window_end().unwrap();
    }
    schedule.start(at, stop);
    dues.extend(take_all(&mut schedule));
    dues.iter().map(|due| (due.record, due.at.unwrap().as_nanos())).collect()
}

fn arrivals() -> impl Strategy<Value = SchedulePlan> {
    let random = (plans(), any::<u64>()).prop_map(|(plan, seed)| {
        let arrivals = Arrivals::Poisson { seed };
        SchedulePlan { arrivals, ..plan }
    });
    prop_oneof![2 => plans(), 1 => random]
}

fn warmups() -> impl Strategy<Value = Option<Stop>> {
    prop_oneof![
        Just(None),
        (1u64..600_000_000).prop_map(|nanos| {
            Some(Stop { after: Some(Duration::from_nanos(nanos)), records: None })
        }),
        (1u64..500).prop_map(|count| Some(records(count))),
    ]
}

proptest! {
    /// Goal: a record says it happened when it was due. Method: against the schedule itself, phase
    /// after phase; records asked for in any order.
    #[test]
    fn a_record_is_due_when_the_run_s_schedule_has_it(
        plan in arrivals(),
        workers in 1u32..5,
        shares in proptest::collection::vec(1u32..9, 1..4),
        warmup in warmups(),
        picks in proptest::collection::vec(any::<proptest::sample::Index>(), 1..40),
    ) {
        let part = Part::of(&shares, 0);
        let plan = SchedulePlan { workers, part, ..plan };
        let timetable = Timetable::new(plan.clone(), warmup);
        for worker in 0..workers {
            let stop = Stop { after: Some(Duration::from_millis(500)), records: None };
            let expected = run(&plan, worker, warmup, stop);
            let mut in_order = Dues::new(&timetable, WorkerIndex(worker));
            for (record, at) in &expected {
                prop_assert_eq!(in_order.of(*record), *at);
            }
            if expected.is_empty() {
                continue;
            }
            let mut anyhow = Dues::new(&timetable, WorkerIndex(worker));
            for pick in &picks {
                let (record, at) = pick.get(&expected);
                prop_assert_eq!(anyhow.of(*record), *at);
                prop_assert_eq!(anyhow.of(*record), *at);
            }
        }
    }
}

/// Marks are left on the way back, and what lies between two of them is found from there.
#[test]
fn random_arrivals_are_found_again_far_from_the_begin() {
    let arrivals = Arrivals::Poisson { seed: 7 };
    let plan = SchedulePlan { arrivals, ..SchedulePlan::of(Rate::per_second(1e6).ok(), 2) };
    let warmup = Some(records(1_000));
    let timetable = Timetable::new(plan.clone(), warmup);
    let all = run(&plan, 1, warmup, records(1_000_000));
    let mut dues = Dues::new(&timetable, WorkerIndex(1));
    for place in [400_000, 0, 300_000, 140_000, 299_999, 65_536, 65_535, 65_537, 480_000, 131_072] {
        assert_eq!(dues.of(all[place].0), all[place].1, "{place}");
    }
    // As a read-back does: two partitions, in turns.
    for place in (0..5_000).flat_map(|turn| [turn, 200_000 + turn]) {
        assert_eq!(dues.of(all[place].0), all[place].1, "{place}");
    }
}

/// As far as numbers go: nothing overflows.
#[test]
fn the_last_number_of_all_is_due_at_the_end_of_time() {
    for (workers, warmup) in [(1, None), (2, None), (1, Some(records(10))), (3, Some(seconds(1)))] {
        let plan = SchedulePlan::of(Rate::per_second(1e6).ok(), workers);
        let timetable = Timetable::new(plan, warmup);
        let worker = u64::MAX % u64::from(workers);
        let mut dues = Dues::new(&timetable, WorkerIndex(u32::try_from(worker).unwrap()));
        assert_eq!(dues.of(u64::MAX), u64::MAX, "{workers} {warmup:?}");
    }
}

#[test]
fn behind_the_end_of_a_plan_everything_is_due_at_its_end() {
    let level = Level::per_second(10.0).unwrap();
    let hold = Stage::Hold { rate: level, span: Duration::from_secs(1) };
    let timetable = Timetable::new(planned(&[hold], Arrivals::Uniform, 1), Some(records(10)));
    let mut dues = Dues::new(&timetable, WorkerIndex(0));
    assert_eq!(
        [9, 10, 19, 20, 1_000].map(|n| dues.of(n) / 1_000_000),
        [900, 1_000, 1_900, 2_000, 2_000]
    );
}

#[test]
fn a_warm_up_without_a_known_end_leaves_the_mean() {
    let level = |rate| Level::per_second(rate).unwrap();
    let ramp = Stage::Ramp { to: level(200.0), span: Duration::from_secs(1) };
    for arrivals in [
        Arrivals::Uniform,
        Arrivals::Bursts { records: 7, period: None },
        Arrivals::Poisson { seed: 1 },
    ] {
        let plan = planned(core::slice::from_ref(&ramp), arrivals, 1);
        let mut dues = Dues::new(&Timetable::unsettled(plan), WorkerIndex(0));
        assert_eq!([0, 100, 1_000].map(|n| dues.of(n)), [0, 1_000_000_000, 10_000_000_000]);
    }
}
