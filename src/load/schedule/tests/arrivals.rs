//! Arrivals that aren't even: bursts, and the theory of random ones.

use super::shapes::planned;
use super::*;
use crate::load::draw::fit::kolmogorov_smirnov;

fn constant(rate: f64, arrivals: Arrivals, workers: u32) -> SchedulePlan {
    SchedulePlan { arrivals, ..SchedulePlan::of(Rate::per_second(rate).ok(), workers) }
}

/// Nanoseconds after the start at which all workers' records are due, in order.
fn instants(plan: &SchedulePlan, stop: Stop) -> Vec<u64> {
    let mut all: Vec<u64> = (0..plan.workers)
        .flat_map(|worker| {
            let mut schedule = Schedule::new(plan, WorkerIndex(worker));
            schedule.start(START, stop);
            take_all(&mut schedule)
        })
        .map(|due| due.at.unwrap().nanos_since(START))
        .collect();
    all.sort_unstable();
    all
}

const fn bursts(records: u64, period: Option<Duration>) -> Arrivals {
    Arrivals::Bursts { records, period }
}

#[test]
fn a_burst_is_due_at_once_over_all_workers() {
    let plan = constant(1_000.0, bursts(250, None), 3);
    let all = instants(&plan, seconds(2));
    assert_eq!(all.len(), 2_000);
    for (index, at) in (0u64..).zip(all) {
        assert_eq!(at, index / 250 * 250_000_000);
    }
    // A burst that begins before the end is whole, also for a worker that has none of its first.
    let plan = constant(1_000.0, bursts(300, None), 7);
    assert_eq!(instants(&plan, seconds(1)).len(), 1_200);
}

/// A rate rounded up to a billionth has every burst a little early, so that the one at the end of
/// the window falls inside: a period of whole nanoseconds isn't rounded at all.
#[test]
fn bursts_with_a_period_come_exactly_then() {
    for (size, seconds_between, workers) in [(200, 3, 1), (20, 30, 3), (500, 6, 2), (1_000, 7, 4)] {
        let period = Duration::from_secs(seconds_between);
        let rate = size as f64 / period.as_secs_f64();
        let plan = constant(rate, bursts(size, Some(period)), workers);
        for times in [1, 2, 20] {
            let all = instants(&plan, seconds(seconds_between * times));
            assert_eq!(all.len() as u64, size * times, "{size}@{seconds_between}s, {times} times");
            for (index, at) in (0u64..).zip(all) {
                assert_eq!(at, index / size * seconds_between * 1_000_000_000);
            }
        }
        // By count: the last burst's turn ends when the next one would come.
        let mut schedule = Schedule::new(&plan, WorkerIndex(0));
        schedule.start(START, records(size * 5));
        assert_eq!(schedule.window_end(), Some(START + 5 * period));
        assert_eq!(instants(&plan, records(size * 5)).len() as u64, size * 5);
        let first = schedule.due_by(START + period - Duration::from_nanos(1));
        assert_eq!(schedule.skip_before(START + period), first);
        assert_eq!(schedule.next_due(), Some(START + period));
    }
}

#[test]
fn bursts_follow_a_rate_that_varies() {
    let ramp =
        [Stage::Ramp { to: Level::per_second(2_000.0).unwrap(), span: Duration::from_secs(1) }];
    let all = instants(&planned(&ramp, bursts(100, None), 1), Stop::default());
    // After x seconds 1,000 · x² are planned.
    let begins: Vec<_> = all.iter().step_by(100).map(|at| *at as f64 / 1e9).collect();
    for (burst, begin) in begins.iter().enumerate() {
        let exact = libm::sqrt(burst as f64 / 10.0);
        assert!((begin - exact).abs() < 1e-8, "{begin} for {exact}");
    }
    assert_eq!(begins.len(), 10);
}

/// How well gaps with the mean 1 fit the exponential distribution.
fn fit(mut gaps: Vec<f64>) -> f64 {
    kolmogorov_smirnov(&mut gaps, |gap| 1.0 - libm::exp(-gap))
}

fn gaps(instants: &[f64]) -> Vec<f64> {
    instants.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

#[test]
fn random_gaps_are_exponential_for_each_worker_and_for_all() {
    for (seed, workers) in [(1, 1), (2, 3), (3, 8)] {
        let plan = constant(100_000.0, Arrivals::Poisson { seed }, workers);
        let records: Vec<_> =
            instants(&plan, seconds(2)).iter().map(|at| *at as f64 / 1e4).collect();
        let fit = fit(gaps(&records));
        assert!(fit > 0.001, "{fit} with {workers} workers");
        // Within four deviations of the mean.
        assert!((records.len() as f64 - 200_000.0).abs() < 4.0 * 447.0, "{}", records.len());
        // Correlated gaps would show in neither: neighbours' products have the mean 1.
        let all = gaps(&records);
        let products = all.windows(2).map(|pair| pair[0] * pair[1]).sum::<f64>();
        let mean = products / (all.len() - 1) as f64;
        assert!((mean - 1.0).abs() < 0.03, "{mean}");
    }
}

#[test]
fn random_arrivals_follow_a_rate_that_varies() {
    let level = |rate| Level::per_second(rate).unwrap();
    let second = Duration::from_secs(1);
    let stages = [
        Stage::Ramp { to: level(100_000.0), span: second },
        Stage::Sine {
            mean: level(50_000.0),
            amplitude: level(50_000.0),
            period: second,
            span: second,
        },
        Stage::Hold { rate: level(20_000.0), span: second },
    ];
    let plan = planned(&stages, Arrivals::Poisson { seed: 5 }, 2);
    let all = instants(&plan, Stop::default());
    // In planned records instead of seconds the gaps are those of a constant rate.
    let spans = |at: &u64| Duration::from_nanos(*at);
    let records: Vec<_> =
        all.iter().map(|at| plan.planned(Duration::ZERO, spans(at)).unwrap()).collect();
    let fit = fit(gaps(&records));
    assert!(fit > 0.001, "{fit}");
    for (second, expected) in [(0, 50_000.0), (1, 50_000.0), (2, 20_000.0f64)] {
        let within = second * 1_000_000_000..(second + 1) * 1_000_000_000;
        let count = all.iter().filter(|at| within.contains(*at)).count() as f64;
        assert!((count - expected).abs() < 4.0 * libm::sqrt(expected), "{count} for {expected}");
    }
}

#[test]
fn a_seed_decides_the_gaps_and_phases_have_their_own() {
    let plan = |seed| constant(1_000.0, Arrivals::Poisson { seed }, 2);
    let one = instants(&plan(1), seconds(1));
    assert_eq!(one, instants(&plan(1), seconds(1)));
    assert_ne!(one, instants(&plan(2), seconds(1)));
    let mut schedule = Schedule::new(&plan(1), WorkerIndex(0));
    let mut phase = || {
        schedule.start(START, seconds(1));
        take_all(&mut schedule)
    };
    let (first, second) = (phase(), phase());
    assert_ne!(first[0].at, second[0].at);
    assert_eq!(second[0].record, first.last().unwrap().record + 2);
}

#[test]
fn a_count_of_random_arrivals_is_kept_and_its_window_is_the_plan_s() {
    let plan = constant(1_000.0, Arrivals::Poisson { seed: 9 }, 3);
    assert_eq!(instants(&plan, records(1_000)).len(), 1_000);
    let mut schedule = Schedule::new(&plan, WorkerIndex(0));
    schedule.start(START, records(1_000));
    assert_eq!(schedule.window_end(), Some(START + Duration::from_secs(1)));
}

/// Skipping by a bound asks for an earlier instant than the count of what is due: the engine does
/// both in turn.
#[test]
fn what_was_counted_further_on_does_not_hide_what_is_skipped() {
    let plan = constant(1_000.0, Arrivals::Poisson { seed: 9 }, 1);
    let at = |millis| START + Duration::from_millis(millis);
    let mut fresh = Schedule::new(&plan, WorkerIndex(0));
    fresh.start(START, seconds(10));
    let mut counted = fresh.clone();
    for half in 1..10 {
        assert!(counted.due_by(at(half * 1_000)) > 0);
        let (skipped, expected) =
            (counted.skip_before(at(half * 500)), fresh.skip_before(at(half * 500)));
        assert!(expected > 300, "{expected}");
        assert_eq!((skipped, counted.next_due()), (expected, fresh.next_due()));
        assert!(counted.next_due().unwrap() >= at(half * 500));
        // And counting goes on behind it, forward and back.
        let ahead = counted.due_by(at(half * 1_000));
        assert_eq!(ahead, fresh.clone().due_by(at(half * 1_000)));
        assert_eq!(counted.due_by(at(half * 600)), fresh.clone().due_by(at(half * 600)));
    }
    assert_eq!(take_all(&mut counted), take_all(&mut fresh));
}

/// There is no instant at which an endless rate is over: the count is the end.
#[test]
fn random_arrivals_by_count_are_counted_to_their_end() {
    let plan = constant(1_000.0, Arrivals::Poisson { seed: 9 }, 2);
    let mut schedule = Schedule::new(&plan, WorkerIndex(1));
    schedule.start(START, records(5_000));
    assert_eq!(schedule.due_by(Instant::FAR_FUTURE), 2_500);
    schedule.cut(START + Duration::from_secs(1));
    let due = schedule.due_by(Instant::FAR_FUTURE);
    assert!((400..600).contains(&due), "{due}");
    assert_eq!(take_all(&mut schedule).len() as u64, due);
    schedule.start(START, records(5_000));
    assert_eq!(schedule.skip_before(Instant::FAR_FUTURE), 2_500);
    assert!(schedule.finished());
}
