//! The recorder against latencies worked out record by record.

use proptest::prelude::*;

use super::*;
use crate::base::{BrokerId, PartitionSlot};
use crate::kafka::accumulator::{CloseReason, Place, SealTime};
use crate::kafka::producer::{BatchTimes, Failure};

const PLAN: RecorderPlan = RecorderPlan {
    paced: true,
    varying: false,
    kind: Kind::Acked,
    highest_trackable: Duration::from_secs(130),
    interval: Duration::from_secs(1),
};

const ACKED: Outcome = Outcome::Acked { base_offset: 0 };
const REFUSED: ErrorSource = ErrorSource::Refused;

const fn at(nanos: u64) -> Instant {
    Instant::from_nanos(nanos)
}

fn delivery(stamps: Stamps, times: BatchTimes, outcome: Outcome) -> Delivery {
    Delivery {
        slot: PartitionSlot(0),
        first: Place::default(),
        broker: Some(BrokerId(1)),
        outcome,
        times,
        stamps,
        retries: 0,
        wire_bytes: 1_000,
        uncompressed_bytes: 939,
        payload_bytes: 800,
        capacity: 2_000,
        close_reason: CloseReason::Linger,
        seal: SealTime { took: 2, waited: 1 },
        reordered: false,
    }
}

/// Goal: what the acks say of the order reaches the result, by partition.
#[test]
fn reordered_records_are_counted_by_partition() {
    let mut recorder = Recorder::new(&PLAN, at(0));
    for (slot, reordered) in [(0, false), (2, true), (2, true), (1, true)] {
        let told = single(10, 40, ACKED);
        recorder.delivered(&Delivery { slot: PartitionSlot(slot), reordered, ..told });
    }
    let tally = recorder.finish(at(100));
    let counts: Vec<_> = tally.partitions.all().iter().map(|count| count.reordered).collect();
    assert_eq!(counts, [0, 1, 2]);
    assert_eq!(tally.ledger.acked, 4, "they are in the log all the same");
}

/// Goal: workers of two topics add up though their slots are the same. Method: each has one record
/// in its slot 1, the second a gap there as well; the second topic's slots begin at 3.
#[test]
fn slots_of_another_topic_are_moved_out_of_the_way() {
    let of_slot_1 = |sent: u64, ended: u64| {
        let mut recorder = Recorder::new(&PLAN, at(0));
        let told = single(sent, ended, ACKED);
        recorder.delivered(&Delivery { slot: PartitionSlot(1), ..told });
        recorder.finish(at(ended))
    };
    let mut one = of_slot_1(10, 40);
    let mut other = of_slot_1(10, 3_000_000_000);
    other.shift_slots(3);
    one.merge(other);
    let counts: Vec<_> = one.partitions.all().iter().map(|count| count.records).collect();
    assert_eq!(counts, [0, 1, 0, 0, 1]);
    let gaps: Vec<_> = one.unavailability().iter().map(|gap| gap.slot).collect();
    assert_eq!(gaps, [PartitionSlot(4)]);
}

/// Batches under a codec once read as 4.7 times full: batch.size bounds compressed bytes.
#[test]
fn a_batch_is_as_full_as_it_is_on_the_wire() {
    let recorder = Recorder::new(&PLAN, at(0));
    assert_eq!(recorder.finish(at(1)).batches.fill_ratio(), None);
    let mut recorder = Recorder::new(&PLAN, at(0));
    for wire_bytes in [1_800, 1_200] {
        let told = single(10, 40, ACKED);
        recorder.delivered(&Delivery { wire_bytes, uncompressed_bytes: 9_000, ..told });
    }
    assert_eq!(recorder.finish(at(100)).batches.fill_ratio(), Some(0.75));
}

fn failure(code: ErrorCode) -> Failure {
    Failure { code, message: "it failed".to_owned() }
}

/// One record as the model sees it.
#[derive(Clone, Copy, Debug)]
struct Record {
    due: u64,
    seen: u64,
    handed: u64,
    appended: u64,
}

/// A batch: its records, and its stations after the last append.
#[derive(Clone, Debug)]
struct Model {
    records: Vec<Record>,
    first_drained: u64,
    last_drained: u64,
    written: u64,
    ended: u64,
}

impl Model {
    fn delivery(&self, paced: bool, outcome: Outcome) -> Delivery {
        let mut stamps = Stamps::default();
        for record in &self.records {
            let due = paced.then(|| at(record.due));
            let stamp =
                Stamp { due, seen: at(record.seen), handed: at(record.handed), number: None };
            stamps.push(&stamp, at(record.appended));
        }
        let times = BatchTimes {
            created: at(self.records.first().map_or(0, |record| record.appended)),
            first_drained: Some(at(self.first_drained)),
            last_drained: at(self.last_drained),
            written: at(self.written),
            ended: at(self.ended),
        };
        delivery(stamps, times, outcome)
    }
}

/// Pumps of a few records each, some of them blocked: then the records were seen before they were
/// due, or long before the append.
fn model() -> impl Strategy<Value = Model> {
    let pump = (0u64..2_000_000_000, 0u64..300_000_000, 1usize..20, 0u64..5_000_000);
    let stations = prop::array::uniform4(0u64..3_000_000_000);
    (prop::collection::vec(pump, 1..8), stations).prop_map(|(pumps, stations)| {
        let (mut now, mut due, mut records) = (0, 0, Vec::new());
        for (wait, blocked, count, step) in pumps {
            now = now.max(due) + wait;
            let seen = now;
            let appended = now + blocked;
            for _ in 0..count {
                if due + step > appended {
                    break;
                }
                due += step;
                records.push(Record { due, seen, handed: seen.max(due), appended });
            }
            now = appended;
        }
        let mut station = now;
        let [first_drained, last_drained, written, ended] = stations.map(|step| {
            station += step;
            station
        });
        Model { records, first_drained, last_drained, written, ended }
    })
}

fn exact(values: impl Iterator<Item = u64>) -> Measured {
    let mut exact = Measured::new(PLAN.highest_trackable);
    values.for_each(|value| exact.record(value));
    exact
}

proptest! {
    #[test]
    fn every_record_is_measured_and_its_stages_add_up(
        models in prop::collection::vec(model(), 1..6),
    ) {
        let mut recorder = Recorder::new(&PLAN, Instant::ZERO);
        for model in &models {
            recorder.delivered(&model.delivery(true, ACKED));
        }
        let tally = recorder.finish(at(100_000_000_000));
        let all = || models.iter().flat_map(|m| m.records.iter().map(move |r| (m, r)));

        let response = tally.response.as_ref().unwrap();
        prop_assert_eq!(response, &exact(all().map(|(m, r)| m.ended - r.due)));
        prop_assert_eq!(&tally.service, &exact(all().map(|(m, r)| m.ended - r.handed)));
        let stages = &tally.stages;
        let seen = |r: &Record| r.seen.max(r.due);
        prop_assert_eq!(&stages.schedule_lag, &exact(all().map(|(_, r)| seen(r) - r.due)));
        prop_assert_eq!(&stages.buffer_wait, &exact(all().map(|(_, r)| r.appended - seen(r))));
        prop_assert_eq!(
            &stages.batch_wait,
            &exact(all().map(|(m, r)| m.first_drained - r.appended))
        );
        prop_assert_eq!(
            &stages.retry,
            &exact(all().map(|(m, _)| m.last_drained - m.first_drained))
        );
        prop_assert_eq!(&stages.broker, &exact(all().map(|(m, _)| m.ended - m.written)));
        let sum: u128 = stages.all().iter().map(|(_, stage)| stage.sum()).sum();
        prop_assert_eq!(sum, response.sum());

        // Intervals hold every record once, in the second in which it was due.
        for (index, interval) in tally.intervals().enumerate() {
            let due = all().filter(|(_, r)| r.due / 1_000_000_000 == index as u64);
            prop_assert_eq!(interval.latency.count(), due.count() as u64);
            let acked = all().filter(|(m, _)| m.ended / 1_000_000_000 == index as u64);
            prop_assert_eq!(interval.acked, acked.count() as u64);
        }
        let partition = tally.partitions.all()[0];
        prop_assert_eq!(partition.latency_sum, response.sum());
        prop_assert_eq!(Some(partition.latency_max), response.max());
    }

    #[test]
    fn without_a_rate_five_stages_add_up_to_service(
        models in prop::collection::vec(model(), 1..6),
    ) {
        let mut recorder = Recorder::new(&RecorderPlan { paced: false, ..PLAN }, Instant::ZERO);
        for model in &models {
            recorder.delivered(&model.delivery(false, ACKED));
        }
        let tally = recorder.finish(at(100_000_000_000));
        prop_assert_eq!(&tally.response, &None);
        let all = models.iter().flat_map(|m| m.records.iter().map(move |r| m.ended - r.handed));
        prop_assert_eq!(&tally.service, &exact(all));
        let sum: u128 = tally.stages.all().iter().map(|(_, stage)| stage.sum()).sum();
        prop_assert_eq!(sum, tally.service.sum());
        prop_assert_eq!(tally.stages.schedule_lag.count(), 0);
    }

    #[test]
    fn stations_out_of_order_still_add_up(
        model in model(),
        order in prop::array::uniform4(0usize..4),
    ) {
        let stations = [model.first_drained, model.last_drained, model.written, model.ended];
        let [first_drained, last_drained, written, _] = order.map(|index| stations[index]);
        let model = Model { first_drained, last_drained, written, ..model };
        let mut recorder = Recorder::new(&PLAN, Instant::ZERO);
        recorder.delivered(&model.delivery(true, ACKED));
        let tally = recorder.finish(at(100_000_000_000));
        let sum: u128 = tally.stages.all().iter().map(|(_, stage)| stage.sum()).sum();
        prop_assert_eq!(sum, tally.response.unwrap().sum());
    }

    #[test]
    fn merged_tallies_count_what_one_recorder_would(
        left in prop::collection::vec(model(), 0..5),
        right in prop::collection::vec(model(), 0..5),
    ) {
        let end = at(100_000_000_000);
        let mut recorders = [(); 3].map(|()| Recorder::new(&PLAN, Instant::ZERO));
        for (index, models) in [&left, &right].into_iter().enumerate() {
            for model in models {
                for recorder in [index, 2] {
                    recorders[recorder].generated(model.records.len() as u64);
                    recorders[recorder].delivered(&model.delivery(true, ACKED));
                }
            }
        }
        let [left, right, both] = recorders.map(|recorder| recorder.finish(end));
        let mut merged = left;
        merged.merge(right);
        prop_assert_eq!(&merged.response, &both.response);
        prop_assert_eq!(&merged.service, &both.service);
        prop_assert_eq!(merged.ledger, both.ledger);
        prop_assert_eq!(merged.last_delivered, both.last_delivered);
        prop_assert_eq!(merged.first_sent, both.first_sent);
        prop_assert_eq!(merged.batches, both.batches);
        prop_assert_eq!(&merged.partitions, &both.partitions);
        for ((name, merged), (_, both)) in merged.stages.all().into_iter().zip(both.stages.all()) {
            prop_assert_eq!(merged, both, "{}", name);
        }
        for (merged, both) in merged.intervals().zip(both.intervals()) {
            prop_assert_eq!(merged.latency, both.latency);
            prop_assert_eq!((merged.acked, merged.due), (both.acked, both.due));
        }
        prop_assert_eq!(merged.intervals().count(), both.intervals().count());
    }
}

/// One record due at `due` ms, seen and appended 1 ms later, ended at `ended` ms.
fn single(due: u64, ended: u64, outcome: Outcome) -> Delivery {
    let ms = 1_000_000;
    let model = Model {
        records: vec![Record {
            due: due * ms,
            seen: (due + 1) * ms,
            handed: (due + 1) * ms,
            appended: (due + 1) * ms,
        }],
        first_drained: ended * ms,
        last_drained: ended * ms,
        written: ended * ms,
        ended: ended * ms,
    };
    model.delivery(true, outcome)
}

#[test]
fn each_outcome_has_its_column_and_its_family() {
    let mut recorder = Recorder::new(&PLAN, Instant::ZERO);
    recorder.generated(9);
    let failed = Outcome::Failed(failure(ErrorCode(10)));
    let unknown = Outcome::Indeterminate(failure(ErrorCode(7)));
    for outcome in [ACKED, Outcome::Duplicate, Outcome::Written, failed, unknown] {
        recorder.delivered(&single(10, 30, outcome));
    }
    let stamp = Stamp { due: Some(at(0)), seen: at(0), handed: at(5), number: None };
    recorder.refused(&stamp, (ErrorCode(10), REFUSED), at(40), || "too large".to_owned());
    recorder.unsent(&stamp, at(2_000_000_000));
    recorder.unsent_batch(&single(10, 30, ACKED).stamps, at(2_000_000_000));
    assert_eq!(recorder.ledger().balance(1), Ok(()));

    let tally = recorder.finish(at(2_000_000_000));
    let ledger = tally.ledger;
    assert_eq!((ledger.acked, ledger.duplicate, ledger.written), (1, 1, 1));
    assert_eq!((ledger.failed, ledger.indeterminate, ledger.unsent), (2, 1, 2));
    assert_eq!(tally.headline().count(), 3);
    assert_eq!(tally.failure.count(), 3);
    assert_eq!(tally.unsent.max(), Some(2_000_000_000));
    assert_eq!(tally.stages.broker.count(), 2, "a written record has no broker stage");
    let worst = tally.worst_case();
    assert_eq!(worst.count(), 8);
    assert_eq!(worst.sum(), tally.headline().sum() + tally.failure.sum() + tally.unsent.sum());
    let errors: Vec<_> = tally.errors.iter().map(|(code, e)| (code.0, e.records)).collect();
    assert_eq!(errors, [(7, 1), (10, 1), (10, 1)], "the last one was refused by the client");
    assert_eq!(tally.intervals().map(|interval| interval.errors).sum::<u64>(), 3);
}

#[test]
fn acks_after_the_window_are_the_drains() {
    let mut recorder = Recorder::new(&PLAN, Instant::ZERO);
    recorder.end_window(Instant::ZERO + Duration::from_millis(1_000));
    for (due, ended) in [(10, 500), (900, 999), (990, 1_000), (999, 1_400)] {
        recorder.delivered(&single(due, ended, ACKED));
    }
    let tally = recorder.finish(at(2_000_000_000));
    assert_eq!((tally.window.records, tally.window.payload_bytes), (2, 1_600));
    assert_eq!(tally.ledger.acked, 4);
    assert_eq!(tally.intervals().map(|i| i.acked).collect::<Vec<_>>(), [2, 2]);
}

#[test]
fn a_latency_above_the_range_shows_as_overflow() {
    let mut recorder = Recorder::new(&PLAN, Instant::ZERO);
    recorder.delivered(&single(0, 200_000, ACKED));
    let tally = recorder.finish(at(300_000_000_000));
    // Response, service, batch wait: the others are short.
    assert_eq!(tally.overflow(), 3);
    assert_eq!(tally.headline().max(), Some(200_000_000_000));
}

#[test]
fn snapshots_tell_what_is_new() {
    let mut recorder = Recorder::new(&PLAN, Instant::ZERO);
    recorder.generated(5);
    for due in [0, 10, 20] {
        recorder.delivered(&single(due, due + 5, ACKED));
    }
    recorder.sample(at(30_000_000), 5);
    let first = recorder.snapshot();
    assert_eq!((first.lap.latency.count(), first.lap.latency_sum), (3, 15_000_000));
    assert_eq!((first.due, first.backlog()), (5, 2));
    recorder.delivered(&single(30, 80, ACKED));
    let mut second = recorder.snapshot();
    let p50 = second.lap.latency.quantile(0.5).unwrap();
    assert!((50_000_000..50_050_000).contains(&p50), "{p50}");
    assert_eq!((second.lap.payload_bytes, second.ledger.acked), (800, 4));
    assert_eq!(recorder.snapshot().lap, Lap::default());
    second.merge(&first);
    assert_eq!(second.lap.latency.count(), 4);
}

#[test]
fn a_restart_forgets_everything() {
    let mut recorder = Recorder::new(&PLAN, Instant::ZERO);
    recorder.generated(1);
    recorder.delivered(&single(0, 5, ACKED));
    recorder.start(at(1_000_000_000));
    assert_eq!(*recorder.ledger(), Ledger::default());
    assert_eq!(recorder.snapshot(), Snapshot::default());
    assert_eq!(recorder.finish(at(1_000_000_000)).intervals().count(), 0);
}

/// The tally goes from the worker's thread to the run's.
#[test]
fn a_tally_is_send() {
    const fn send<T: Send>() {}
    send::<Tally>();
    send::<Snapshot>();
}

/// The words of the first refusal stand for all of its code, also when workers' are merged.
#[test]
fn a_refusal_s_words_are_asked_for_once_a_code() {
    let mut recorder = Recorder::new(&PLAN, at(0));
    let stamp = Stamp::at(at(1));
    recorder.generated(2);
    recorder.refused(&stamp, (ErrorCode(87), REFUSED), at(2), || "no key".to_owned());
    recorder.refused(&stamp, (ErrorCode(87), REFUSED), at(3), || panic!("they are there already"));
    let mut tally = recorder.finish(at(4));
    assert_eq!(tally.errors.words(ErrorCode(87), REFUSED), Some("no key"));
    assert_eq!(tally.errors.words(ErrorCode(10), REFUSED), None);
    assert_eq!(tally.ledger.failed, 2);
    let mut later = tally.errors.clone();
    later.refused(ErrorCode(10), REFUSED, at(4), || "too large".to_owned());
    tally.errors.merge(&later);
    assert_eq!(tally.errors.words(ErrorCode(10), REFUSED), Some("too large"));
    assert_eq!(tally.errors.words(ErrorCode(87), REFUSED), Some("no key"));
}

#[test]
fn what_goes_by_one_code_is_told_apart_by_who_gave_it() {
    let mut errors = Errors::default();
    let code = ErrorCode::REQUEST_TIMED_OUT;
    errors.ended(code, 5, at(1));
    let full = || "no room".to_owned();
    errors.refused(code, ErrorSource::BufferExhausted, at(2), full);
    errors.refused(code, ErrorSource::BufferExhausted, at(3), || panic!("they are there already"));
    errors.retried(code, 7, at(4));
    let mut sum = errors.clone();
    sum.merge(&errors);
    let rows: Vec<_> =
        sum.iter().map(|(_, it)| (it.source, it.records, it.refused, it.retried_records)).collect();
    let (cluster, buffer) = (ErrorSource::Cluster, ErrorSource::BufferExhausted);
    assert_eq!(rows, [(cluster, 10, 0, 14), (buffer, 4, 4, 0)]);
    assert_eq!((sum.words(code, buffer), sum.words(code, cluster)), (Some("no room"), None));
}
