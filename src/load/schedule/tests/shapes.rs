//! Planned rates that vary.

use std::sync::Arc;

use super::*;

fn level(records: f64) -> Level {
    Level::per_second(records).unwrap()
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn hold(records: f64, ms: u64) -> Stage {
    Stage::Hold { rate: level(records), span: millis(ms) }
}

fn ramp(to: f64, ms: u64) -> Stage {
    Stage::Ramp { to: level(to), span: millis(ms) }
}

pub(super) fn planned(stages: &[Stage], arrivals: Arrivals, workers: u32) -> SchedulePlan {
    let shape = Shape::Curve(Arc::new(Curve::new(stages).unwrap()));
    SchedulePlan { shape, arrivals, ..SchedulePlan::of(None, workers) }
}

/// All that is due, worker by worker, as (position, nanoseconds after the start).
fn dues(stages: &[Stage], workers: u32) -> Vec<(u64, u64)> {
    let plan = planned(stages, Arrivals::Uniform, workers);
    let mut all: Vec<_> = (0..workers)
        .flat_map(|worker| {
            let mut schedule = Schedule::new(&plan, WorkerIndex(worker));
            schedule.start(START, Stop::default());
            take_all(&mut schedule)
        })
        .map(|due| (due.record, due.at.unwrap().nanos_since(START)))
        .collect();
    all.sort_unstable();
    all
}

#[test]
fn steps_follow_one_another_without_a_record_lost_between() {
    let all = dues(&[hold(10.0, 250), hold(0.0, 1_000), hold(4.0, 1_000)], 1);
    let at: Vec<_> = all.iter().map(|(_, at)| at / 1_000_000).collect();
    // Half of record 3 was planned before the pause, the other half takes 125 ms at 4/s.
    assert_eq!(at, [0, 100, 200, 1_375, 1_625, 1_875, 2_125]);
    assert_eq!(all.last().unwrap().0, 6);
}

#[test]
fn equal_stages_are_the_constant_rate_to_the_nanosecond() {
    let mut constant = schedule(33_333.3, 3, 1);
    constant.start(START, Stop { after: Some(millis(3_000)), records: None });
    let plan = planned(&[hold(33_333.3, 1_001), hold(33_333.3, 1_999)], Arrivals::Uniform, 3);
    let mut staged = Schedule::new(&plan, WorkerIndex(1));
    staged.start(START, Stop::default());
    assert_eq!(staged.window_end(), Some(START + millis(3_000)));
    assert_eq!(take_all(&mut staged), take_all(&mut constant));
}

#[test]
fn a_ramp_plans_half_of_what_its_end_would() {
    let all = dues(&[ramp(10_000.0, 10_000), ramp(0.0, 10_000)], 2);
    assert_eq!(all.len(), 100_000);
    assert_eq!(all[0], (0, 0));
    // x² · 500 = k on the way up, and its mirror image on the way down.
    for (position, at) in &all {
        let up = if *position < 50_000 { *position } else { 100_000 - *position };
        let exact = libm::sqrt(up as f64 / 500.0) * 1e9;
        let exact = if *position < 50_000 { exact } else { 20e9 - exact };
        assert!((*at as f64 - exact).abs() <= 1.0, "record {position} at {at}, not {exact}");
    }
    assert!(all.windows(2).all(|pair| pair[0].1 <= pair[1].1));
}

#[test]
fn waves_come_round_and_round() {
    let period = millis(2_000);
    let sine = Stage::Sine {
        mean: level(1_000.0),
        amplitude: level(1_000.0),
        period,
        span: millis(7_000),
    };
    let plan = planned(&[sine], Arrivals::Uniform, 1);
    let Shape::Curve(curve) = &plan.shape else { panic!() };
    // ∫ of a half wave: 1,000 ± 2,000 ÷ π.
    let swing = 2_000.0 / core::f64::consts::PI;
    for (from, expected) in
        [(0, 1_000.0 + swing), (1_000, 1_000.0 - swing), (4_000, 1_000.0 + swing)]
    {
        let found = curve.planned(millis(from), millis(from + 1_000));
        assert!((found - expected).abs() < 0.01, "{found} from {from} ms");
    }
    assert_eq!(curve.peak(), level(2_000.0));
    let mut schedule = Schedule::new(&plan, WorkerIndex(0));
    schedule.start(START, Stop::default());
    let all = take_all(&mut schedule);
    assert!((7_636..=7_637).contains(&all.len()), "{}", all.len());
    // The third wave is the first, three periods later.
    for (first, third) in all.iter().zip(&all[4_000..]).take(2_000) {
        let apart = third.at.unwrap().nanos_since(first.at.unwrap());
        assert!(apart.abs_diff(4_000_000_000) <= 1, "{apart}");
    }
}

#[test]
fn a_warm_up_keeps_the_first_rate_and_numbers_go_on() {
    let plan = planned(&[ramp(2_000.0, 1_000), hold(5_000.0, 1_000)], Arrivals::Uniform, 2);
    assert_eq!(plan.warmup_rate(), Rate::per_second(1_000.0).ok());
    assert_eq!(plan.mean_rate(), Rate::per_second(3_000.0).ok());
    let mut schedule = Schedule::new(&plan, WorkerIndex(1));
    schedule.start_flat(START, seconds(2));
    let warm = take_all(&mut schedule);
    assert_eq!(warm.len(), 1_000);
    assert_eq!(warm[999].at, Some(START.plus_nanos(1_999_000_000)));
    schedule.start(START, Stop::default());
    let next = schedule.take(Instant::FAR_FUTURE).unwrap();
    assert_eq!(next.record, warm[999].record + 2);
}

#[test]
fn a_count_and_a_time_end_a_planned_rate_early() {
    let plan = planned(&[hold(1_000.0, 1_000), hold(100.0, 9_000)], Arrivals::Uniform, 1);
    let mut schedule = Schedule::new(&plan, WorkerIndex(0));
    schedule.start(START, records(1_100));
    assert_eq!(schedule.window_end(), Some(START + millis(2_000)));
    assert_eq!(take_all(&mut schedule).len(), 1_100);
    schedule.start(START, Stop { after: Some(millis(1_500)), records: Some(5_000) });
    assert_eq!(schedule.window_end(), Some(START + millis(1_500)));
    assert_eq!(schedule.due_by(Instant::FAR_FUTURE), 1_050);
    schedule.start(START, Stop::default());
    assert_eq!(schedule.due_by(Instant::FAR_FUTURE), 1_900);
    schedule.cut(START + millis(1_000));
    assert_eq!(schedule.due_by(Instant::FAR_FUTURE), 1_001);
    assert_eq!(schedule.window_end(), Some(START + millis(1_000)));
}

#[test]
fn stages_that_make_no_rate_are_refused() {
    let sine = |mean, amplitude, period| Stage::Sine {
        mean: level(mean),
        amplitude: level(amplitude),
        period: Duration::from_micros(period),
        span: millis(10),
    };
    let error = |stages: &[Stage]| Curve::new(stages).unwrap_err();
    assert_eq!(error(&[]), CurveError::Nothing);
    assert_eq!(error(&[hold(0.0, 5)]), CurveError::Nothing);
    assert_eq!(error(&[hold(1.0, 5), hold(1.0, 0)]), CurveError::NoTime { stage: 1 });
    assert_eq!(error(&[sine(5.0, 6.0, 5_000)]), CurveError::BelowZero { stage: 0 });
    assert_eq!(error(&[sine(5.0, 5.0, 999)]), CurveError::ShortWave { stage: 0 });
    assert_eq!(error(&[hold(1.0, 8_640_000_001)]), CurveError::TooLong);
}

/// Stages of whatever kind, short ones.
fn stages() -> impl Strategy<Value = Vec<Stage>> {
    let rate = || prop_oneof![Just(0.0), 1.0..50_000.0].prop_map(level);
    let span = || (1u64..300_000_000).prop_map(Duration::from_nanos);
    let period = || (1_000_000u64..100_000_000).prop_map(Duration::from_nanos);
    let stage =
        prop_oneof![
            (rate(), span()).prop_map(|(rate, span)| Stage::Hold { rate, span }),
            (rate(), span()).prop_map(|(to, span)| Stage::Ramp { to, span }),
            (rate(), rate(), 2u32..6, span()).prop_map(|(from, to, count, span)| Stage::Steps {
                from,
                to,
                count,
                span
            }),
            (rate(), rate(), period(), span()).prop_map(|(one, other, period, span)| {
                Stage::Sine { mean: one.max(other), amplitude: one.min(other), period, span }
            }),
            (rate(), rate(), period(), span())
                .prop_map(|(low, high, period, span)| Stage::Square { low, high, period, span }),
            (rate(), rate(), period(), span()).prop_map(|(low, high, period, span)| Stage::Saw {
                low,
                high,
                period,
                span
            }),
        ];
    prop::collection::vec(stage, 1..5).prop_filter("no records", |it| Curve::new(it).is_ok())
}

pub(super) fn arrivals() -> impl Strategy<Value = Arrivals> {
    prop_oneof![
        Just(Arrivals::Uniform),
        (0u64..1_000).prop_map(|seed| Arrivals::Poisson { seed }),
        (1u64..500).prop_map(|records| Arrivals::Bursts { records, period: None }),
    ]
}

proptest! {
    /// Straight from the definition, in whole numbers.
    #[test]
    fn constant_stages_are_exact(
        spans in prop::collection::vec((0u64..2_000_000_000_000_000, 1u64..40_000_000), 1..6),
        workers in 1u32..4,
    ) {
        let stages: Vec<_> = spans
            .iter()
            .map(|&(billionths, nanos)| Stage::Hold {
                rate: Level::from_billionths(billionths),
                span: Duration::from_nanos(nanos),
            })
            .collect();
        prop_assume!(Curve::new(&stages).is_ok());
        let mut expected = Vec::new();
        let (mut begin, mut planned) = (0u64, 0u128);
        for (billionths, nanos) in spans {
            let end = planned + u128::from(billionths) * u128::from(nanos);
            while u128::from(expected.len() as u64) * 1_000_000_000_000_000_000 < end {
                let position = expected.len() as u64;
                let inside = u128::from(position) * 1_000_000_000_000_000_000 - planned;
                let offset = u64::try_from(inside / u128::from(billionths)).unwrap();
                expected.push((position, begin + offset));
            }
            planned = end;
            begin += nanos;
        }
        prop_assert_eq!(dues(&stages, workers), expected);
    }

    #[test]
    fn counting_agrees_with_taking_whatever_varies(
        stages in stages(),
        arrivals in arrivals(),
        workers in 1u32..4,
        looks in prop::collection::vec(0u64..400_000_000, 1..6),
        window in 1u64..1_000_000_000,
    ) {
        let plan = planned(&stages, arrivals, workers);
        let stop = Stop { after: Some(Duration::from_nanos(window)), records: Some(20_000) };
        let mut looks = looks;
        looks.sort_unstable();
        for worker in 0..workers {
            let mut schedule = Schedule::new(&plan, WorkerIndex(worker));
            schedule.start(START, stop);
            let mut taken = 0;
            let mut last = START;
            for now in looks.iter().map(|at| START.plus_nanos(*at)) {
                let due = schedule.due_by(now);
                while let Some(due) = schedule.take(now) {
                    let at = due.at.unwrap();
                    prop_assert!(last <= at && at <= now, "{at} after {last}");
                    last = at;
                    taken += 1;
                }
                prop_assert_eq!(due, taken);
                prop_assert_eq!(schedule.due_by(now), taken);
            }
            let end = START.plus_nanos(window);
            let rest = take_all(&mut schedule);
            prop_assert!(rest.iter().all(|due| due.at.unwrap() < end));
            prop_assert!(schedule.finished());
            prop_assert_eq!(schedule.due_by(Instant::FAR_FUTURE), taken + rest.len() as u64);
        }
    }

    #[test]
    fn skipping_is_taking_and_dropping(
        stages in stages(),
        arrivals in arrivals(),
        rate in prop::option::of(1.0f64..50_000.0),
        cuts in prop::collection::vec(0u64..600_000_000, 1..5),
    ) {
        let plan = match rate {
            Some(rate) => {
                SchedulePlan { arrivals, ..SchedulePlan::of(Rate::per_second(rate).ok(), 2) }
            }
            None => planned(&stages, arrivals, 2),
        };
        let mut skipping = Schedule::new(&plan, WorkerIndex(1));
        skipping.start(START, Stop { after: Some(millis(700)), records: Some(9_000) });
        let mut taking = skipping.clone();
        let mut cuts = cuts;
        cuts.sort_unstable();
        for cut in cuts {
            let at = START.plus_nanos(cut);
            let mut dropped = 0;
            while taking.next_due().is_some_and(|due| due < at) {
                taking.take(at);
                dropped += 1;
            }
            prop_assert_eq!(skipping.skip_before(at), dropped);
            prop_assert_eq!(skipping.next_due(), taking.next_due());
            prop_assert_eq!(skipping.take(at), taking.take(at));
        }
        prop_assert_eq!(take_all(&mut skipping), take_all(&mut taking));
    }
}
