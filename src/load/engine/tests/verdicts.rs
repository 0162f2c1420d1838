//! Every reason of a verdict, and every limit, that a load or a cluster brings about: each provoked
//! in a whole run in virtual time, and judged by what the run counted. What only the machine brings
//! about (CPU, run delay, steal, clocks) is provoked in `app/report/verdict.rs`.

use super::*;
use crate::load::recorder::verdict::{Evidence, Limit, Limits, Reason, judge, limited_by};

/// A run to be judged.
struct Case {
    name: &'static str,
    rate: Option<f64>,
    /// Seconds of the window.
    seconds: u64,
    tune: fn(&mut ProducerConfig),
    change: fn(&mut EnginePlan),
    /// What happens meanwhile, from the window's start on.
    meanwhile: fn(&mut World),
    /// A reason that it must give; none: it must give no reason at all.
    reason: Option<&'static str>,
    limit: Limit,
}

/// Nothing is wrong, and ten seconds are enough to know.
const GOOD: Case = Case {
    name: "a good run",
    rate: Some(500.0),
    seconds: 11,
    tune: |_| {},
    change: |_| {},
    meanwhile: |_| {},
    reason: None,
    limit: Limit::Nothing,
};

/// One that is as fast as it goes, for a second.
const SATURATED: Case =
    Case { rate: None, seconds: 1, reason: Some("few_intervals"), limit: Limit::Broker, ..GOOD };

fn wait(world: &mut World, ms: u64) {
    world.run_to(world.now + Duration::from_millis(ms));
}

/// After a second, brokers that say nothing for so long.
fn outage(world: &mut World, ms: u64) {
    wait(world, 1_000);
    world.paused = true;
    wait(world, ms);
    world.paused = false;
}

/// Gives a record up within what an outage takes.
const fn impatient(config: &mut ProducerConfig) {
    config.request_timeout = Duration::from_millis(800);
    config.delivery_timeout = Duration::from_millis(1_500);
}

/// The reasons' names, and what limited the run.
fn judged(case: &Case) -> (Vec<&'static str>, Limit) {
    let mut world = World::new(|bootstrap| {
        let mut plan = plan(bootstrap, case.rate, case.tune);
        (case.change)(&mut plan);
        plan
    });
    world.until(|report| matches!(report, EngineReport::Ready { .. }));
    world.reports.clear();
    let window = Duration::from_secs(case.seconds);
    let load = Load {
        at: world.now,
        stop: for_seconds(case.seconds),
        flat: false,
        drain_within: Duration::from_secs(20),
        leave_after: None,
    };
    world.command(EngineCommand::Begin(load));
    (case.meanwhile)(&mut world);
    let end = world.phase_end();
    let moved = |report: &&EngineReport| {
        matches!(
            report,
            EngineReport::Event { event: ProducerEvent::LeaderChanged { to: Some(_), .. }, .. }
        )
    };
    let moved = world.reports.iter().filter(moved).count() as u64;
    let evidence = Evidence { leaders_moved: moved, ..Evidence::of(&end.tally, window, end.due) };
    let config = world.engine.producer().config();
    let limits = Limits::of(&end.tally, window, config.max_in_flight, config.linger);
    let reasons = judge(&evidence).reasons.iter().map(Reason::name).collect();
    (reasons, limited_by(&evidence, &limits))
}

fn assert_judged(cases: &[Case]) {
    for case in cases {
        let (reasons, limit) = judged(case);
        let name = case.name;
        match case.reason {
            None => assert_eq!(reasons, [""; 0], "{name}"),
            Some(reason) => assert!(reasons.contains(&reason), "{name}: {reasons:?}"),
        }
        assert_eq!(limit, case.limit, "{name}: {reasons:?}");
    }
}

#[test]
fn what_the_load_or_the_producer_brings_about_has_its_reason() {
    assert_judged(&[
        GOOD,
        Case { name: "a short run", seconds: 3, reason: Some("few_intervals"), ..GOOD },
        Case {
            name: "records above the limit",
            tune: |config| config.max_request_size = 90,
            reason: Some("refused"),
            limit: Limit::Refused,
            ..GOOD
        },
        Case {
            name: "records without room that are dropped",
            tune: |config| config.buffer_memory = 32 * 1_024,
            change: |plan| plan.schedule.full = Full::Drop,
            meanwhile: |world| {
                world.paused = true;
                wait(world, 3_000);
                world.paused = false;
            },
            reason: Some("left_out"),
            limit: Limit::Unavailable,
            ..GOOD
        },
        Case {
            name: "latencies above the range",
            change: |plan| plan.recorder.highest_trackable = Duration::from_millis(20),
            meanwhile: |world| world.latency = Duration::from_millis(50),
            reason: Some("histogram_overflow"),
            ..GOOD
        },
        Case {
            name: "a client that comes late now and then",
            meanwhile: |world| stall(world, 3),
            reason: Some("schedule_lag_high"),
            ..GOOD
        },
        Case {
            name: "a client that comes late all the time",
            meanwhile: |world| stall(world, 40),
            reason: Some("schedule_lag_too_high"),
            ..GOOD
        },
        Case {
            name: "a client that comes too late to keep up",
            seconds: 1,
            meanwhile: |world| {
                wait(world, 300);
                world.now += Duration::from_millis(650);
            },
            reason: Some("client_too_slow"),
            limit: Limit::Lateness,
            ..GOOD
        },
    ]);
}

/// The engine isn't called for so long, again and again.
fn stall(world: &mut World, ms: u64) {
    for _ in 0..100 {
        wait(world, 50);
        world.now += Duration::from_millis(ms);
    }
}

#[test]
fn what_the_cluster_brings_about_has_its_reason() {
    assert_judged(&[
        Case {
            name: "a quota",
            meanwhile: |world| world.broker.cluster_mut().set_throttle(20),
            reason: Some("throttled"),
            ..GOOD
        },
        Case {
            name: "leaders that move",
            meanwhile: |world| {
                wait(world, 1_000);
                assert!(world.broker.cluster_mut().elect(TOPIC, 3, 0));
            },
            reason: Some("leaders_moved"),
            ..GOOD
        },
        Case {
            name: "a cluster that is too slow",
            rate: Some(20_000.0),
            tune: |config| (config.max_in_flight, config.batch_size) = (1, 1_000),
            meanwhile: |world| world.latency = Duration::from_millis(50),
            reason: Some("cluster_too_slow"),
            limit: Limit::InFlight,
            ..GOOD
        },
        Case {
            name: "an outage that records outlive",
            meanwhile: |world| outage(world, 3_000),
            limit: Limit::Unavailable,
            ..GOOD
        },
        Case {
            name: "an outage that they don't",
            tune: impatient,
            meanwhile: |world| outage(world, 4_000),
            reason: Some("failed"),
            limit: Limit::Unavailable,
            ..GOOD
        },
        Case {
            name: "the same, of those that may have arrived",
            tune: impatient,
            meanwhile: |world| outage(world, 4_000),
            reason: Some("indeterminate"),
            limit: Limit::Unavailable,
            ..GOOD
        },
        Case {
            name: "a right that is taken away",
            meanwhile: |world| {
                wait(world, 1_000);
                let id = world.broker.cluster().topic(TOPIC).unwrap().id().0;
                world.spoil = Some(Box::new(move |answer| forbid(answer, &id, 31)));
            },
            reason: Some("fatal"),
            limit: Limit::Fatal,
            ..GOOD
        },
        Case {
            name: "records that brokers refuse",
            tune: |config| config.enable_idempotence = false,
            meanwhile: |world| {
                wait(world, 1_000);
                let id = world.broker.cluster().topic(TOPIC).unwrap().id().0;
                world.spoil = Some(Box::new(move |answer| forbid(answer, &id, 87)));
            },
            reason: Some("failed"),
            limit: Limit::Rejected,
            ..GOOD
        },
        Case {
            name: "brokers that say nothing",
            meanwhile: |world| world.paused = true,
            reason: Some("nothing_measured"),
            limit: Limit::Unknown,
            ..SATURATED
        },
    ]);
}

#[test]
fn each_limit_is_named_from_the_stages() {
    assert_judged(&[
        Case {
            name: "a small buffer under a rate",
            rate: Some(20_000.0),
            tune: |config| config.buffer_memory = 64 * 1_024,
            meanwhile: |world| world.latency = Duration::from_millis(30),
            reason: Some("cluster_too_slow"),
            limit: Limit::Memory,
            ..SATURATED
        },
        Case {
            name: "a small buffer",
            tune: |config| config.buffer_memory = 64 * 1_024,
            meanwhile: |world| world.latency = Duration::from_millis(30),
            limit: Limit::Memory,
            ..SATURATED
        },
        Case {
            name: "one request at a time",
            tune: |config| config.max_in_flight = 1,
            meanwhile: |world| world.latency = Duration::from_millis(30),
            limit: Limit::InFlight,
            ..SATURATED
        },
        Case {
            name: "a quota",
            meanwhile: |world| world.broker.cluster_mut().set_throttle(200),
            limit: Limit::Throttle,
            ..SATURATED
        },
        Case {
            name: "batches that wait for half of the window",
            rate: Some(100.0),
            seconds: 2,
            tune: |config| config.linger = Duration::from_millis(980),
            reason: Some("cluster_too_slow"),
            limit: Limit::Linger,
            ..GOOD
        },
        Case {
            name: "brokers that answer later and later",
            seconds: 2,
            tune: many_in_flight,
            meanwhile: |world| {
                for ms in (0..300).step_by(15) {
                    world.latency = Duration::from_millis(ms);
                    wait(world, 90);
                }
            },
            reason: Some("cluster_too_slow"),
            limit: Limit::Broker,
            ..GOOD
        },
        Case {
            name: "a link that gets thinner and thinner",
            seconds: 2,
            tune: many_in_flight,
            meanwhile: |world| {
                for ms in (15..600).step_by(30) {
                    world.thin = Some(Duration::from_millis(ms));
                    wait(world, 95);
                }
            },
            reason: Some("cluster_too_slow"),
            limit: Limit::Network,
            ..GOOD
        },
    ]);
}

/// More requests at once than a run of two seconds sends.
fn many_in_flight(config: &mut ProducerConfig) {
    (config.max_in_flight, config.enable_idempotence) = (1_000, false);
}
