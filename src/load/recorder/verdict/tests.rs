//! One test a rule; each starts from a run that nothing speaks against.

use super::*;
use crate::kafka::wire::ErrorCode;

const MS: u64 = 1_000_000;

fn good() -> Evidence {
    Evidence {
        paced: true,
        achieved_ratio: Some(1.0),
        schedule_lag_p99: Some(MS / 5),
        response_p99: Some(12 * MS),
        busy_max: Some(0.04),
        run_delay: Some(0.001),
        steal: Some(0.0),
        highest_percentile: Some((99.99, 600)),
        intervals: 30,
        delivered: 6_000_000,
        ..Evidence::default()
    }
}

/// The status and the names of the reasons after `change`.
fn after(change: impl FnOnce(&mut Evidence)) -> (Status, Vec<&'static str>) {
    let mut evidence = good();
    change(&mut evidence);
    let verdict = judge(&evidence);
    (verdict.status, verdict.reasons.iter().map(Reason::name).collect())
}

/// 200,000 records/s of a client that can do `ratio` times that.
fn headroom(ratio: f64) -> Option<Headroom> {
    Some(Headroom { ceiling: ratio * 200_000.0, rate: 200_000.0, at_least: false })
}

#[test]
fn a_good_run_is_valid() {
    assert_eq!(after(|_| {}), (Status::Valid, vec![]));
}

#[test]
fn what_was_not_assessed_is_not_held_against_a_run() {
    let (status, _) = after(|run| {
        (run.busy_max, run.run_delay, run.steal, run.headroom) = (None, None, None, None);
        (run.achieved_ratio, run.highest_percentile) = (None, None);
    });
    assert_eq!(status, Status::Valid);
}

#[test]
fn schedule_lag_is_held_against_the_larger_of_its_bounds() {
    let lag = |p99, response| {
        after(|run| {
            run.schedule_lag_p99 = Some(p99);
            run.response_p99 = Some(response);
        })
    };
    assert_eq!(lag(MS, 12 * MS).0, Status::Valid);
    assert_eq!(lag(MS + 1, 12 * MS), (Status::Suspect, vec!["schedule_lag_high"]));
    assert_eq!(lag(2 * MS, 40 * MS).0, Status::Valid);
    assert_eq!(lag(5 * MS, 12 * MS).0, Status::Suspect);
    assert_eq!(lag(5 * MS + 1, 12 * MS), (Status::Invalid, vec!["schedule_lag_too_high"]));
    assert_eq!(lag(24 * MS, 100 * MS).0, Status::Suspect);
    assert_eq!(lag(26 * MS, 100 * MS).0, Status::Invalid);
}

#[test]
fn a_shortfall_with_headroom_is_the_clusters() {
    let short = |busy| {
        after(|run| {
            run.achieved_ratio = Some(0.994);
            run.busy_max = busy;
        })
    };
    assert_eq!(short(Some(0.3)), (Status::Overloaded, vec!["cluster_too_slow"]));
    assert_eq!(short(None), (Status::Overloaded, vec!["cluster_too_slow"]));
    assert_eq!(short(Some(0.97)), (Status::Invalid, vec!["client_too_slow", "worker_busy"]));
    assert_eq!(after(|run| run.achieved_ratio = Some(0.995)).0, Status::Valid);
    // 90 % of 93 % that the hypervisor left is all that there was.
    for (steal, reason) in [(0.005, "cluster_too_slow"), (0.07, "client_too_slow")] {
        let (_, reasons) = after(|run| {
            (run.achieved_ratio, run.busy_max) = (Some(0.9), Some(0.9));
            run.steal = Some(steal);
        });
        assert_eq!(reasons[0], reason, "{steal}");
    }
}

#[test]
fn a_shortfall_of_a_client_that_came_too_late_is_its_own() {
    let (status, reasons) = after(|run| {
        run.achieved_ratio = Some(0.9);
        run.schedule_lag_p99 = Some(50 * MS);
    });
    assert_eq!(status, Status::Invalid);
    assert_eq!(reasons, ["schedule_lag_too_high", "client_too_slow"]);
}

#[test]
fn each_outside_influence_makes_a_run_invalid() {
    let invalid = |name| (Status::Invalid, vec![name]);
    assert_eq!(after(|run| run.overflow = 1), invalid("histogram_overflow"));
    assert_eq!(after(|run| run.foreign_records = 1), invalid("other_writer"));
    assert_eq!(after(|run| run.throttled = 1), invalid("throttled"));
    assert_eq!(after(|run| run.leaders_moved = 1), invalid("leaders_moved"));
}

#[test]
fn each_doubt_makes_a_run_suspect() {
    let suspect = |name| (Status::Suspect, vec![name]);
    assert_eq!(after(|run| run.busy_max = Some(0.81)), suspect("worker_busy"));
    assert_eq!(after(|run| run.headroom = headroom(1.4)), suspect("little_headroom"));
    assert_eq!(after(|run| run.run_delay = Some(0.021)), suspect("run_delay"));
    assert_eq!(after(|run| run.steal = Some(0.011)), suspect("steal"));
    assert_eq!(after(|run| run.brokers_on_host = true), suspect("brokers_on_host"));
    assert_eq!(after(|run| run.highest_percentile = Some((99.9, 99))), suspect("few_records"));
    assert_eq!(after(|run| run.intervals = 9), suspect("few_intervals"));
    assert_eq!(after(|run| run.indeterminate = 1), suspect("indeterminate"));
    assert_eq!(after(|run| run.clock_step = Duration::from_millis(51)), suspect("clock_step"));
}

#[test]
fn at_the_bound_of_a_doubt_a_run_is_still_valid() {
    let (status, _) = after(|run| {
        run.busy_max = Some(0.8);
        run.headroom = headroom(1.5);
        run.run_delay = Some(0.02);
        run.steal = Some(0.01);
        run.highest_percentile = Some((99.9, 100));
        run.intervals = 10;
        run.clock_step = Duration::from_millis(50);
    });
    assert_eq!(status, Status::Valid);
}

#[test]
fn without_a_rate_a_busy_worker_is_an_answer_and_no_fault() {
    let mut run = Evidence { paced: false, busy_max: Some(0.99), ..good() };
    run.achieved_ratio = Some(0.2);
    assert_eq!(judge(&run).status, Status::Valid);
    assert_eq!(limited_by(&run, &Limits::default()), Limit::Cpu);
}

#[test]
fn the_worst_reason_stands_first_and_decides() {
    let (status, reasons) = after(|run| {
        run.brokers_on_host = true;
        run.achieved_ratio = Some(0.5);
        run.leaders_moved = 2;
    });
    assert_eq!(status, Status::Invalid);
    assert_eq!(reasons, ["leaders_moved", "cluster_too_slow", "brokers_on_host"]);
}

#[test]
fn reasons_say_the_figure_and_what_to_do() {
    let worded = |change: fn(&mut Evidence)| {
        let mut evidence = good();
        change(&mut evidence);
        judge(&evidence).reasons.iter().map(Reason::to_string).collect::<Vec<_>>()
    };
    assert_eq!(
        worded(|run| run.achieved_ratio = Some(0.612)),
        ["between the first and the last tenth of the window 38.8 % of the records due piled \
          up (achieved ratio 61.2 %; the rate above counts acks over the whole window) while \
          the client had time to spare: latencies describe a growing queue, not a steady \
          state; lower --rate or add brokers or partitions"]
    );
    assert_eq!(
        worded(|run| run.schedule_lag_p99 = Some(9 * MS)),
        ["one record in a hundred was sent 9.00 ms or more late (response p99 12.00 ms): this \
          client's lateness is much of what was measured; lower --rate, add --producers, or give \
          the client more CPU"]
    );
    assert_eq!(
        worded(|run| run.highest_percentile = Some((99.99, 25))),
        ["only 25 records beyond p99.99; a longer --duration steadies it"]
    );
    assert_eq!(
        worded(|run| (run.intervals, run.window) = (8, Duration::from_secs(8))),
        ["the window lasted 8 seconds; a --duration of 10s or more shows whether it was steady"]
    );
    for (ms, said) in [(1_000, "1 second;"), (7_460, "7.5 seconds;"), (300, "300 ms;")] {
        let short = Reason::FewIntervals { intervals: 1, window: Duration::from_millis(ms) };
        let seen = short.to_string();
        assert!(seen.starts_with(&format!("the window lasted {said}")), "{seen}");
    }
    assert_eq!(
        worded(|run| run.foreign_records = 7),
        ["7 records in the topic not written by this run: somebody else writes to it; use \
          --fresh-topic"]
    );
}

/// A case: its name, a change to a good run that is too slow, the other figures, the answer.
type Case = (&'static str, fn(&mut Evidence), Limits, Limit);

/// In the nanoseconds of means.
const ONE_MS: f64 = 1e6;
/// A producer whose requests are all under way, and whose records wait for memory behind them.
const FULL: Limits = Limits {
    buffer_wait: 900.0 * ONE_MS,
    blocked: 0.0,
    batch_wait: 50.0 * ONE_MS,
    send_queue: ONE_MS,
    broker: 40.0 * ONE_MS,
    in_flight: 5,
    most_in_flight: 5,
    by_linger: 0.0,
    linger: 60.0 * ONE_MS,
    unavailable: 0.0,
    throttled: 0.0,
};
const FREE: Limits = Limits { in_flight: 2, buffer_wait: 0.0, ..FULL };
const SHORT: Limits = Limits { by_linger: 0.9, linger: 5.0 * ONE_MS, ..FREE };

#[test]
fn the_first_limit_that_the_figures_show_is_the_answer() {
    let cases: [Case; 21] = [
        ("a reached rate", |run| run.achieved_ratio = Some(0.995), FULL, Limit::Nothing),
        (
            "an outage that was caught up with",
            |run| run.achieved_ratio = Some(1.0),
            Limits { unavailable: 0.66, ..FULL },
            Limit::Unavailable,
        ),
        ("nothing came back", |run| run.delivered = 0, FULL, Limit::Unknown),
        ("too short to tell", |run| run.achieved_ratio = None, FULL, Limit::Unknown),
        ("a busy worker", |run| run.busy_max = Some(0.96), FULL, Limit::Cpu),
        ("a slow codec", |run| run.seal_share = Some(0.6), FULL, Limit::Compression),
        (
            "no core to be had",
            |run| (run.busy_max, run.run_delay) = (Some(0.6), Some(0.31)),
            FULL,
            Limit::RunDelay,
        ),
        (
            "a quick codec and some delay",
            |run| (run.seal_share, run.run_delay) = (Some(0.4), Some(0.2)),
            FULL,
            Limit::InFlight,
        ),
        ("a late client", |run| run.schedule_lag_p99 = Some(9_000_000), FULL, Limit::Lateness),
        ("a quota", |_| {}, Limits { throttled: 0.2, ..FULL }, Limit::Throttle),
        ("a small buffer", |_| {}, Limits { in_flight: 2, ..FULL }, Limit::Memory),
        ("a full window", |_| {}, FULL, Limit::InFlight),
        ("a long linger", |_| {}, Limits { by_linger: 0.9, ..FREE }, Limit::Linger),
        ("batches that linger.ms closed and no request carried", |_| {}, SHORT, Limit::Broker),
        (
            "the same with acks=0",
            |_| {},
            Limits { broker: 0.0, send_queue: 0.1 * ONE_MS, ..SHORT },
            Limit::Network,
        ),
        ("an outage", |_| {}, Limits { unavailable: 0.3, ..SHORT }, Limit::Unavailable),
        (
            "a paused broker behind a full buffer",
            |_| {},
            Limits { unavailable: 0.3, in_flight: 2, ..FULL },
            Limit::Unavailable,
        ),
        ("nothing but a short linger", |_| {}, Limits { batch_wait: 0.1, ..SHORT }, Limit::Broker),
        ("a thin link", |_| {}, Limits { send_queue: 60.0 * ONE_MS, ..FREE }, Limit::Network),
        (
            "a thin link behind a full buffer",
            |_| {},
            Limits { send_queue: 60.0 * ONE_MS, in_flight: 2, ..FULL },
            Limit::Network,
        ),
        ("a slow broker", |_| {}, FREE, Limit::Broker),
    ];
    for (name, change, limits, answer) in cases {
        let mut run = Evidence { achieved_ratio: Some(0.5), ..good() };
        change(&mut run);
        assert_eq!(limited_by(&run, &limits), answer, "{name}");
        let unpaced = Evidence { paced: false, achieved_ratio: None, ..run };
        let bound_to_a_rate = matches!(answer, Limit::Nothing | Limit::Unknown | Limit::Lateness);
        assert!(bound_to_a_rate || limited_by(&unpaced, &limits) == answer, "{name}, no rate");
    }
}

#[test]
fn a_buffer_that_is_full_most_of_the_time_is_the_limit_of_a_run_without_a_rate() {
    let run = Evidence { paced: false, achieved_ratio: None, ..good() };
    let limit = |blocked, in_flight| {
        limited_by(&run, &Limits { blocked, in_flight, buffer_wait: 0.0, ..FULL })
    };
    assert_eq!([limit(0.6, 2), limit(0.4, 2)], [Limit::Memory, Limit::Broker]);
    assert_eq!(limit(0.9, 5), Limit::InFlight, "a full buffer behind a full window");
}

#[test]
fn a_client_without_a_core_or_behind_its_compressor_is_the_limit() {
    let (_, reasons) = after(|run| {
        run.achieved_ratio = Some(0.5);
        (run.busy_max, run.run_delay) = (Some(0.7), Some(0.25));
    });
    assert_eq!(reasons, ["client_too_slow", "run_delay"]);
    let (_, reasons) = after(|run| {
        run.achieved_ratio = Some(0.5);
        run.seal_share = Some(0.7);
    });
    assert_eq!(reasons, ["client_too_slow"]);
}

#[test]
fn what_the_producer_refused_is_called_that_and_not_overload() {
    let refused = |delivered, ratio| {
        after(|run| {
            (run.offered, run.refused, run.delivered) = (10_000, 4_000, delivered);
            run.achieved_ratio = ratio;
        })
    };
    assert_eq!(refused(6_000, Some(1.0)), (Status::Suspect, vec!["refused"]));
    let half = |refused| after(|run| (run.offered, run.refused) = (10_000, refused));
    assert_eq!(half(4_999), (Status::Suspect, vec!["refused"]));
    assert_eq!(half(5_000), (Status::Invalid, vec!["refused"]));
    assert_eq!(refused(0, Some(1.0)), (Status::Invalid, vec!["refused"]));
    assert_eq!(refused(0, None), (Status::Invalid, vec!["refused"]));
    let slow = refused(3_000, Some(0.5));
    assert_eq!(slow, (Status::Overloaded, vec!["cluster_too_slow", "refused"]));
    let mut run = Evidence { offered: 10_000, refused: 4_000, ..good() };
    let limit = |run: &Evidence| limited_by(run, &Limits::default());
    assert_eq!(limit(&run), Limit::Refused);
    let words = judge(&run).reasons[0].to_string();
    assert!(
        words.starts_with("4,000 of 10,000 records were refused before they were sent"),
        "{words}"
    );
    run.delivered = 0;
    assert_eq!(limit(&run), Limit::Refused);
    (run.delivered, run.refused) = (9_960, 40);
    assert_eq!(limit(&run), Limit::Nothing);
}

#[test]
fn what_was_left_out_is_never_quite_valid() {
    let run = |dropped, skipped| Evidence { offered: 10_000, dropped, skipped, ..good() };
    let one = judge(&run(0, 1));
    assert_eq!(one.status, Status::Suspect);
    assert_eq!(
        one.reasons[0].to_string(),
        "of 10,000 records due 1 were skipped for being late (--on-late skip): the latencies are \
         those of the others"
    );
    assert_eq!(judge(&run(3_000, 2_000)).status, Status::Invalid);
    assert_eq!(judge(&run(3_000, 2_000)).reasons[0].name(), "left_out");
}

/// Goal: what was left out grew no queue. Method: a run that lacks what was dropped, and one that
/// lacks more.
#[test]
fn a_shortfall_by_choice_is_called_that() {
    let run = |achieved_ratio| Evidence {
        offered: 10_000,
        dropped: 3_000,
        achieved_ratio: Some(achieved_ratio),
        ..good()
    };
    let chosen = judge(&run(0.7));
    assert_eq!(chosen.status, Status::Overloaded);
    let words = chosen.reasons[0].to_string();
    assert!(words.starts_with("30.0 % of the records due were left out: at the asked"), "{words}");
    assert!(judge(&run(0.6)).reasons[0].to_string().contains("describe a growing queue"));
}

#[test]
fn what_brokers_refuse_is_called_that_and_not_overload() {
    let run = |failed, delivered| Evidence {
        offered: 10_000,
        failed,
        rejected: failed,
        failure: Some(ErrorCode::INVALID_RECORD),
        delivered,
        achieved_ratio: Some(1.0),
        ..good()
    };
    let limit = |run: &Evidence| limited_by(run, &Limits::default());
    for (failed, delivered, status) in [
        (4_999, 5_001, Status::Suspect),
        (5_000, 5_000, Status::Invalid),
        (10_000, 0, Status::Invalid),
    ] {
        let run = run(failed, delivered);
        let verdict = judge(&run);
        assert_eq!((verdict.status, verdict.reasons.len()), (status, 1), "{:?}", verdict.reasons);
        assert_eq!(verdict.reasons[0].name(), "failed");
        assert_eq!(limit(&run), Limit::Rejected);
    }
    assert_eq!(
        judge(&run(10_000, 0)).reasons[0].to_string(),
        "10,000 of 10,000 records failed, most by INVALID_RECORD (87) (see the errors): nothing \
         was measured, not the load that was asked for"
    );
    assert_eq!(limit(&run(40, 9_960)), Limit::Nothing);
}

#[test]
fn a_producer_that_could_not_go_on_measured_nothing_and_is_the_limit() {
    let fatal = |run: &mut Evidence| {
        let message = "the client may not write".to_owned();
        run.fatal = Some(Failure { code: ErrorCode::CLUSTER_AUTHORIZATION_FAILED, message });
        (run.offered, run.fatal_records, run.achieved_ratio) = (10_000, 7_000, Some(0.3));
    };
    assert_eq!(after(fatal), (Status::Invalid, vec!["fatal"]));
    let mut run = good();
    fatal(&mut run);
    let words = judge(&run).reasons[0].to_string();
    assert_eq!(
        words,
        "a producer could not go on: CLUSTER_AUTHORIZATION_FAILED (31): the client may not write; \
         7,000 of 10,000 records ended with it, so the load that was asked for was not measured"
    );
    for delivered in [3_000, 0] {
        run.delivered = delivered;
        assert_eq!(limited_by(&run, &Limits::default()), Limit::Fatal);
        assert_eq!(judge(&run).reasons.len(), 1, "nothing else explains it");
    }
}

#[test]
fn a_worker_that_waited_for_a_core_had_no_time_to_spare() {
    let slow = |run_delay| Evidence {
        achieved_ratio: Some(0.5),
        run_delay: Some(run_delay),
        run_delay_busy: Some(0.2),
        ..good()
    };
    let words = |run: &Evidence| judge(run).reasons[0].to_string();
    assert!(words(&slow(0.001)).contains("while the client had time to spare: latencies"));
    let starved = words(&slow(0.41));
    assert!(starved.contains("(a worker waited for a core for 41.0 % of the window): latencies"));
    assert!(!starved.contains("time to spare"), "{starved}");
}

#[test]
fn a_worker_waits_and_runs_for_the_window_at_most() {
    let mut run = Evidence { run_delay: Some(0.3), run_delay_busy: Some(0.65), ..good() };
    run.busy_max = Some(0.9);
    let words = judge(&run).reasons.iter().map(Reason::to_string).collect::<Vec<_>>();
    assert!(
        words.iter().any(|it| it.contains("for 30.0 % of the window, and ran for 65.0 % of it"))
    );
    // The busiest worker isn't the one that starves.
    run.achieved_ratio = Some(0.5);
    (run.run_delay, run.run_delay_busy, run.busy_max) = (Some(0.1), Some(0.2), Some(0.85));
    assert_eq!(limited_by(&run, &Limits::default()), Limit::Broker);
}

#[test]
fn a_run_without_any_outcome_measured_nothing() {
    let invalid = (Status::Invalid, vec!["nothing_measured"]);
    assert_eq!(after(|run| (run.delivered, run.achieved_ratio) = (0, None)), invalid);
    // When everything piled up, that is the reason.
    let piled = after(|run| (run.delivered, run.achieved_ratio) = (0, Some(0.1)));
    assert_eq!(piled, (Status::Overloaded, vec!["cluster_too_slow"]));
}

#[test]
fn a_tally_gives_its_part_of_the_evidence() {
    use crate::base::Instant;
    use crate::load::recorder::{Kind, Recorder, RecorderPlan};
    let plan = RecorderPlan {
        paced: true,
        varying: false,
        kind: Kind::Acked,
        highest_trackable: Duration::from_secs(1),
        interval: Duration::from_secs(1),
    };
    let mut recorder = Recorder::new(&plan, Instant::ZERO);
    recorder.throttle(5);
    for tenth in 0..=100 {
        let now = Instant::ZERO + Duration::from_millis(tenth * 100);
        recorder.sample(now, tenth * 10);
    }
    let tally = recorder.finish(Instant::ZERO + Duration::from_secs(10));
    let evidence = Evidence::of(&tally, Duration::from_secs(10), 1_000);
    assert!(evidence.paced);
    assert_eq!((evidence.throttled, evidence.overflow, evidence.intervals), (1, 0, 0));
    // Nothing was ever acked: 90 % of the growth lies between the medians of first and last tenth.
    let ratio = evidence.achieved_ratio.unwrap();
    assert!((0.08..0.12).contains(&ratio), "{ratio}");
}

#[test]
fn the_least_that_a_client_can_do_is_no_ground_for_doubt() {
    for (at_least, paced) in [(true, false), (true, true), (false, false), (false, true)] {
        let headroom = headroom(0.8).map(|both| Headroom { at_least, ..both });
        let verdict = judge(&Evidence { paced, headroom, ..good() });
        assert_eq!(verdict.reasons.is_empty(), at_least, "{at_least} {paced}");
    }
}

#[test]
fn little_headroom_names_both_rates_and_what_to_do() {
    let said = |paced| {
        let verdict = judge(&Evidence { paced, headroom: headroom(1.25), ..good() });
        verdict.reasons[0].to_string()
    };
    assert_eq!(
        said(true),
        "200000 records/s were asked of a client that can do 250000 without a cluster, 1.2 times \
         that: too little to catch up after a pause; lower --rate, add --producers or give the \
         client more CPU"
    );
    assert_eq!(
        said(false),
        "200000 records/s were acked of a client that can do 250000 without a cluster, 1.2 times \
         that: the client was measured as much as the cluster; add --producers or give the client \
         more CPU"
    );
}
