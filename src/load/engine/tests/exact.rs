//! Percentiles of a whole run against an exact sort of its latencies.

use std::collections::BTreeMap;

use super::*;
use crate::base::{Instant, RecordView};
use crate::kafka::accumulator::Place;
use crate::kafka::producer::Delivery;

const RATE: u64 = 100_000;

/// Every record's latency, worked out from its number alone and the end of its batch.
struct Ends {
    start: Instant,
    /// Numbers of the records of each batch that is under way, in their order.
    batches: BTreeMap<(PartitionSlot, u64), Vec<u64>>,
    latencies: Vec<u64>,
}

impl Witness for Ends {
    fn appended<'a>(
        &mut self,
        number: u64,
        _: impl FnOnce() -> RecordView<'a>,
        slot: PartitionSlot,
        place: Place,
        _: Instant,
    ) {
        let numbers = self.batches.entry((slot, place.batch.0)).or_default();
        assert_eq!(numbers.len(), place.index as usize, "records follow one by one");
        numbers.push(number);
    }

    fn refused(&mut self, number: u64, code: ErrorCode, _: Instant) {
        panic!("record {number} was refused: {code:?}");
    }

    fn left_out(&mut self, why: LeftOut, records: u64) {
        panic!("{records} records were left out: {why:?}");
    }

    fn delivered(&mut self, delivery: &Delivery) {
        let batch = (delivery.slot, delivery.first.batch.0);
        let numbers = self.batches.remove(&batch).expect("a batch that was filled");
        assert_eq!(numbers.len(), delivery.records() as usize, "no batch is split here");
        let due = |number: u64| self.start.plus_nanos(number * (1_000_000_000 / RATE));
        let ended = delivery.times.ended;
        self.latencies.extend(numbers.iter().map(|&number| ended.nanos_since(due(number))));
    }

    fn cut(&mut self, delivery: &Delivery) {
        panic!("a batch was cut off: {delivery:?}");
    }
}

/// Goal: each percentile told of a run is that of its records, within 0.1 %. Method: a million
/// records from some ten microseconds to seconds (a quick network, a slow one, three pauses); a
/// witness takes each one's due instant from its number, sorts all latencies, and reads the ranks.
#[test]
fn percentiles_of_a_million_records_are_those_of_an_exact_sort() {
    let rate = f64::from(u32::try_from(RATE).unwrap());
    let start = Instant::from_nanos(2_000_000_000);
    let ends = Ends { start, batches: BTreeMap::new(), latencies: Vec::new() };
    let tuned = |bootstrap: &str| {
        let mut plan = plan(bootstrap, Some(rate), |config| config.linger = Duration::ZERO);
        plan.quantum = Duration::from_micros(200);
        plan
    };
    let mut world = World::watched(tuned, ends);
    world.latency = Duration::from_micros(3);
    world.work = Duration::from_micros(1);
    world.until(|report| matches!(report, EngineReport::Ready { .. }));
    world.run_to(start);
    begin(&mut world, Stop { after: None, records: Some(1_000_000) });
    for (second, pause_ms, latency_us) in [(1, 30, 3), (3, 400, 700), (6, 2_500, 90)] {
        world.run_to(start + Duration::from_secs(second));
        world.paused = true;
        world.run_to(start + Duration::from_millis(second * 1_000 + pause_ms));
        world.paused = false;
        world.latency = Duration::from_micros(latency_us);
    }
    let told = world.phase_end().tally.response.expect("a rate, so a response");
    let mut exact = core::mem::take(&mut world.engine.witness.latencies);
    exact.sort_unstable();
    assert_eq!((exact.len(), told.count()), (1_000_000, 1_000_000));
    let (least, most) = (exact[0], exact[999_999]);
    assert!(least < 20_000 && most > 2_000_000_000, "{least} to {most} ns");
    let mut worst = 0.0f64;
    for millionths in (1..=1_000_000).step_by(37).chain([500_000, 990_000, 999_990, 1_000_000]) {
        let exact = exact[millionths - 1] as f64;
        let told = told.quantile(millionths as f64 / 1e6).unwrap() as f64;
        worst = worst.max((told - exact).abs() / exact);
    }
    println!("largest relative error of 27,031 percentiles: {:.4} %", worst * 100.0);
    assert!(worst < 0.001, "{worst}");
    assert_eq!(told.max(), exact.last().copied());
    assert_eq!(told.sum(), exact.iter().map(|&nanos| u128::from(nanos)).sum::<u128>());
}
