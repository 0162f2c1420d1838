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

#[test]
fn a_burst_is_due_at_once_over_all_workers() {
    let plan = constant(1_000.0, Arrivals::Bursts { records: 250 }, 3);
    let all = instants(&plan, seconds(2));
    assert_eq!(all.len(), 2_000);
    for (index, at) in (0u64..).zip(all) {
        assert_eq!(at, index / 250 * 250_000_000);
    }
    // A burst that begins before the end is whole, also for a worker that has none of its first.
    let plan = constant(1_000.0, Arrivals::Bursts { records: 300 }, 7);
    assert_eq!(instants(&plan, seconds(1)).len(), 1_200);
}

#[test]
fn bursts_follow_a_rate_that_varies() {
    let ramp =
        [Stage::Ramp { to: Level::per_second(2_000.0).unwrap(), span: Duration::from_secs(1) }];
    let all = instants(&planned(&ramp, Arrivals::Bursts { records: 100 }, 1), Stop::default());
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
