//! Streams that share a run by their weights.

use super::shapes::planned;
use super::*;

/// The schedules of all workers of streams, given as (weight, workers), that share `whole`; those
/// of one stream together.
fn streams(whole: &SchedulePlan, streams: &[(u32, u32)]) -> Vec<Vec<Schedule>> {
    let weights: Vec<u32> = streams.iter().map(|(weight, _)| *weight).collect();
    let of = |(index, (_, workers)): (usize, &(u32, u32))| {
        let part = Part::of(&weights, index);
        let plan = SchedulePlan { workers: *workers, part, ..whole.clone() };
        (0..*workers).map(|worker| Schedule::new(&plan, WorkerIndex(worker))).collect()
    };
    streams.iter().enumerate().map(of).collect()
}

#[test]
fn three_quarters_of_a_rate_are_three_of_four_instants() {
    let whole = SchedulePlan::of(Rate::per_second(1_000.0).ok(), 1);
    let mut both = streams(&whole, &[(3, 1), (1, 1)]);
    let mut taken = both.iter_mut().flatten().map(|schedule| {
        schedule.start(START, records(10));
        let dues = take_all(schedule);
        let numbers: Vec<u64> = dues.iter().map(|due| due.record).collect();
        assert_eq!(numbers, (0..dues.len() as u64).collect::<Vec<_>>(), "each counts its own");
        assert_eq!(schedule.window_end(), Some(START + Duration::from_millis(10)));
        dues.iter().map(|due| due.at.unwrap().nanos_since(START) / 1_000_000).collect::<Vec<_>>()
    });
    assert_eq!(taken.next().unwrap(), [0, 1, 3, 4, 5, 7, 8, 9]);
    assert_eq!(taken.next().unwrap(), [2, 6]);
}

#[test]
fn without_a_rate_a_count_is_shared_by_weight() {
    let mut both = streams(&SchedulePlan::of(None, 1), &[(3, 2), (1, 1)]);
    let counts: Vec<_> = both
        .iter_mut()
        .map(|workers| {
            workers.iter_mut().for_each(|schedule| schedule.start(START, records(1_000)));
            workers.iter_mut().map(|schedule| take_all(schedule).len()).sum::<usize>()
        })
        .collect();
    assert_eq!(counts, [750, 250]);
}

pub(super) fn plans() -> impl Strategy<Value = SchedulePlan> {
    let arrivals = prop_oneof![
        Just(Arrivals::Uniform),
        (1u64..40).prop_map(|records| Arrivals::Bursts { records, period: None }),
        (1u64..40, 1u64..40_000_000).prop_map(|(records, nanos)| {
            Arrivals::Bursts { records, period: Some(Duration::from_nanos(nanos)) }
        }),
    ];
    let curve = |arrivals| {
        let level = |records| Level::per_second(records).unwrap();
        let span = Duration::from_millis(400);
        let hold = Stage::Hold { rate: level(333.3), span };
        planned(&[hold.clone(), Stage::Ramp { to: level(900.0), span }, hold], arrivals, 1)
    };
    (any::<bool>(), 1.0f64..5_000.0, arrivals).prop_map(move |(varies, rate, arrivals)| {
        if varies {
            curve(arrivals)
        } else {
            SchedulePlan { arrivals, ..SchedulePlan::of(Rate::per_second(rate).ok(), 1) }
        }
    })
}

proptest! {
    /// Goal: the streams of a run are the run, at every instant. Method: against one worker that
    /// has it all: what is due when, how much is due by any time, and the end.
    #[test]
    fn streams_add_up_to_the_run_at_every_instant(
        whole in plans(),
        shares in proptest::collection::vec((1u32..12, 1u32..4), 1..5),
        count in 1u64..600,
        looks in proptest::collection::vec(0u64..1_300_000_000, 1..6),
    ) {
        let stop = Stop { after: Some(Duration::from_millis(1_100)), records: Some(count) };
        let mut alone = Schedule::new(&whole, WorkerIndex(0));
        alone.start(START, stop);
        let mut shared: Vec<_> = streams(&whole, &shares).into_iter().flatten().collect();
        shared.iter_mut().for_each(|schedule| schedule.start(START, stop));
        for look in looks {
            let now = START.plus_nanos(look);
            let sum: u64 = shared.iter_mut().map(|schedule| schedule.due_by(now)).sum();
            prop_assert_eq!(sum, alone.due_by(now));
        }
        for schedule in &shared {
            prop_assert_eq!(schedule.window_end(), alone.window_end());
        }
        let mut found: Vec<_> = shared.iter_mut().flat_map(take_all).map(|due| due.at).collect();
        found.sort_unstable();
        let expected: Vec<_> = take_all(&mut alone).iter().map(|due| due.at).collect();
        prop_assert_eq!(found, expected);
    }

    /// What is skipped is skipped as if it had been taken.
    #[test]
    fn skipping_in_a_stream_is_taking_without_a_record(
        whole in plans(),
        shares in proptest::collection::vec((1u32..12, 1u32..4), 1..4),
        at in 0u64..900_000_000,
    ) {
        let at = START.plus_nanos(at);
        let stop = Stop { after: Some(Duration::from_secs(1)), records: None };
        for mut skips in streams(&whole, &shares).into_iter().flatten() {
            skips.start(START, stop);
            let mut takes = skips.clone();
            let before = at - Duration::from_nanos(1);
            let taken = core::iter::from_fn(|| takes.take(before)).count() as u64;
            prop_assert_eq!(skips.skip_before(at), taken);
            prop_assert_eq!(take_all(&mut skips), take_all(&mut takes));
        }
    }
}
