//! From the recorder's figures to the result's. Cost class: once a run.

use core::time::Duration;

use super::files::hdr::encode;
use super::model::{
    BatchesModel, BrokerLatencyModel, CloseReasonModel, Distribution, ErrorModel, FailuresModel,
    FaultModel, GapModel, IntervalModel, LatencyModel, LeaderChangeModel, PartitionModel,
    RecordsModel, RequestsModel, StagesModel,
};
use crate::base::{Instant, WorkerIndex};
use crate::host::driver::RunResult;
use crate::host::driver::result::{BrokerFault, LeaderMove};
use crate::kafka::wire::record_batch;
use crate::load::recorder::{ErrorSource, Kind, Measured, Tally};
use crate::load::schedule::{Arrivals, Part, Schedule, SchedulePlan, Stop};

/// A family or stage; `None` when it holds nothing.
pub(super) fn distribution(measured: &Measured, kind: Kind) -> Option<Distribution> {
    let quantile = |share| measured.quantile(share);
    let hdr = measured.hdr();
    Some(Distribution {
        kind: match kind {
            Kind::Acked => "acked".to_owned(),
            Kind::Written => "written".to_owned(),
        },
        count: measured.count(),
        min: measured.min()?,
        mean: measured.mean()?,
        stddev: hdr.stdev(),
        max: measured.max()?,
        p50: quantile(0.5)?,
        p75: quantile(0.75)?,
        p90: quantile(0.9)?,
        p95: quantile(0.95)?,
        p99: quantile(0.99)?,
        p999: quantile(0.999)?,
        p9999: quantile(0.9999)?,
        p99999: quantile(0.99999)?,
        overflow: measured.overflow(),
        hdr: encode(&hdr),
    })
}

pub(super) fn latency(tally: &Tally) -> LatencyModel {
    let of = |measured: &Measured| distribution(measured, tally.kind());
    LatencyModel {
        response: tally.response.as_ref().and_then(of),
        service: of(&tally.service),
        worst_case: tally.response.is_some().then(|| of(&tally.worst_case())).flatten(),
        failure: of(&tally.failure),
    }
}

pub(super) fn stages(tally: &Tally) -> StagesModel {
    let of = |measured: &Measured| distribution(measured, tally.kind());
    let stages = &tally.stages;
    StagesModel {
        schedule_lag: of(&stages.schedule_lag),
        buffer_wait: of(&stages.buffer_wait),
        batch_wait: of(&stages.batch_wait),
        retry: of(&stages.retry),
        send_queue: of(&stages.send_queue),
        broker: of(&stages.broker),
    }
}

pub(super) fn records(tally: &Tally) -> RecordsModel {
    let ledger = &tally.ledger;
    let reordered = tally.partitions.all().iter().map(|count| count.reordered);
    let (reordered, reordered_partitions) =
        reordered.fold((0, 0), |(sum, some), count| (sum + count, some + u64::from(count > 0)));
    RecordsModel {
        due: ledger.due(),
        generated: ledger.generated,
        dropped: ledger.dropped,
        skipped: ledger.skipped,
        acked: ledger.acked,
        duplicate: ledger.duplicate,
        written: ledger.written,
        failed: ledger.failed,
        indeterminate: ledger.indeterminate,
        unsent: ledger.unsent,
        cut_in_flight: tally.cut_in_flight,
        reordered,
        reordered_partitions,
    }
}

pub(super) fn batches(tally: &Tally) -> BatchesModel {
    let batches = &tally.batches;
    BatchesModel {
        count: batches.count,
        records_mean: ratio(batches.records, batches.count).unwrap_or(0.0),
        bytes_mean: ratio(batches.wire_bytes, batches.count).unwrap_or(0.0),
        fill_ratio: batches.fill_ratio().unwrap_or(0.0),
        close_reason: CloseReasonModel {
            full: batches.full,
            linger: batches.linger,
            flush: batches.flush,
            memory: batches.memory,
        },
        compress_ratio: compress_ratio(tally).unwrap_or(1.0),
        splits: batches.splits,
    }
}

/// Bytes of batch bodies after compression per byte before; `None` without batches.
pub(super) fn compress_ratio(tally: &Tally) -> Option<f64> {
    let batches = &tally.batches;
    let headers = batches.count.saturating_mul(record_batch::HEADER_LEN as u64);
    ratio(batches.wire_bytes.saturating_sub(headers), batches.uncompressed_bytes)
}

pub(super) fn requests(tally: &Tally) -> RequestsModel {
    let requests = &tally.requests;
    RequestsModel {
        count: requests.count,
        batches_mean: ratio(requests.batches, requests.count).unwrap_or(0.0),
        in_flight_p50: requests.in_flight_p50().unwrap_or(0).into(),
        in_flight_max: requests.in_flight_max().into(),
    }
}

/// By topic, and then by partition index.
pub(super) fn partitions(result: &RunResult) -> Vec<PartitionModel> {
    let counted = result.tally.partitions.all().iter().zip(result.partitions());
    counted
        .map(|(count, place)| PartitionModel {
            topic: topic_of(result, place.topic),
            partition: place.index,
            count: count.records,
            bytes: count.wire_bytes,
            mean: count.mean().unwrap_or(0.0),
            max: count.latency_max,
        })
        .collect()
}

/// A topic's name, where there are several.
pub(super) fn topic_of(result: &RunResult, name: &str) -> Option<String> {
    (result.topics.len() > 1).then(|| name.to_owned())
}

/// By broker id, with rates over `window_seconds`.
pub(super) fn brokers(tally: &Tally, window_seconds: f64) -> Vec<BrokerLatencyModel> {
    let row = |(id, count): (crate::base::BrokerId, &crate::load::recorder::BrokerCount)| {
        BrokerLatencyModel {
            id: id.0,
            count: count.records,
            rate: per_second(count.records, window_seconds),
            p50: count.latency.quantile(0.5).unwrap_or(0),
            p99: count.latency.quantile(0.99).unwrap_or(0),
            max: count.latency.max().unwrap_or(0),
        }
    };
    tally.brokers.iter().map(row).collect()
}

/// Over a `window` from the phase's start, in which records were planned.
pub(super) fn intervals(
    result: &RunResult,
    plan: &SchedulePlan,
    window: Duration,
) -> Vec<IntervalModel> {
    let moved = |from: Duration, to: Duration| {
        let moves = result.leader_moves.iter();
        moves.filter(|it| (from..to).contains(&it.since)).count() as u64
    };
    let mut bursts = Bursts::of(plan);
    let mut planned = |from: Duration, length: Duration| {
        let (from, to) = (from.min(window), (from + length).min(window));
        let records = match &mut bursts {
            Some(bursts) => bursts.due(from, to),
            None => plan.planned(from, to)?,
        };
        Some(records / length.as_secs_f64())
    };
    let row = |interval: crate::load::recorder::Interval<'_>| IntervalModel {
        start: nanos(interval.from),
        length: nanos(interval.length),
        due: interval.due,
        planned_rps: planned(interval.from, interval.length),
        acked: interval.acked,
        errors: interval.errors,
        p50: interval.latency.quantile(0.5),
        p99: interval.latency.quantile(0.99),
        max: interval.latency.max(),
        lag_p99: interval.lag.quantile(0.99),
        backlog: interval.backlog,
        cpu: result.cpu.cores(interval.from, interval.from + interval.length),
        leader_changes: moved(interval.from, interval.from + interval.length),
        hdr: (interval.latency.count() > 0).then(|| encode(&interval.latency.hdr())),
    };
    result.tally.intervals().map(row).collect()
}

/// What a plan has fall due in bursts, whose rate doesn't say when.
struct Bursts(Schedule);

impl Bursts {
    /// `None` where records fall due one by one.
    fn of(plan: &SchedulePlan) -> Option<Self> {
        let whole = SchedulePlan { workers: 1, part: Part::whole(), ..plan.clone() };
        let mut schedule = Schedule::new(&whole, WorkerIndex(0));
        schedule.start(Instant::ZERO, Stop::default());
        matches!(plan.arrivals, Arrivals::Bursts { .. }).then_some(Self(schedule))
    }

    /// Records due from `from` on, before `to`.
    #[expect(clippy::cast_precision_loss, reason = "records of a second")]
    fn due(&mut self, from: Duration, to: Duration) -> f64 {
        let mut before = |at: Duration| self.0.due_before(Instant::ZERO + at);
        before(to).saturating_sub(before(from)) as f64
    }
}

pub(super) fn errors(tally: &Tally) -> Vec<ErrorModel> {
    let since = |at: Instant| at.nanos_since(tally.start);
    let row =
        |(code, count): (crate::kafka::wire::ErrorCode, &crate::load::recorder::ErrorCount)| {
            ErrorModel {
                code: code.0,
                name: code.name().to_owned(),
                cause: cause(count.source).to_owned(),
                refusal: tally.errors.words(code, count.source).map(str::to_owned),
                retriable: code.is_retriable(),
                count: count.records + count.retried_records,
                records: count.records,
                refused: count.refused,
                first_at: since(count.first),
                last_at: since(count.last),
            }
        };
    tally.errors.iter().map(row).collect()
}

/// A stable word for scripts.
const fn cause(source: ErrorSource) -> &'static str {
    match source {
        ErrorSource::Cluster => "cluster",
        ErrorSource::BufferExhausted => "buffer_exhausted",
        ErrorSource::NoMetadata => "no_metadata",
        ErrorSource::Refused => "refused",
    }
}

pub(super) fn leader_changes(result: &RunResult) -> Vec<LeaderChangeModel> {
    let places: Vec<_> = result.partitions().collect();
    let place = |one: &LeaderMove| places.get(one.slot.index());
    let row = |one: &LeaderMove| LeaderChangeModel {
        at: nanos(one.since),
        topic: place(one).and_then(|place| topic_of(result, place.topic)),
        partition: place(one).map_or(-1, |place| place.index),
        from: one.from.map(|broker| broker.0),
        to: one.to.0,
    };
    result.leader_moves.iter().map(row).collect()
}

pub(super) fn faults(faults: &[BrokerFault]) -> Vec<FaultModel> {
    let row = |fault: &BrokerFault| FaultModel {
        broker: fault.broker,
        text: fault.text.clone(),
        count: fault.count,
        first_at: nanos(fault.first),
        last_at: nanos(fault.last),
    };
    faults.iter().map(row).collect()
}

pub(super) fn failures(tally: &Tally) -> FailuresModel {
    let causes = &tally.causes;
    let ledger = &tally.ledger;
    let all = (ledger.failed + ledger.indeterminate).saturating_sub(tally.cut_in_flight);
    FailuresModel {
        buffer_exhausted: causes.buffer_exhausted,
        no_metadata: causes.no_metadata,
        expired: causes.expired,
        refused: causes.refused,
        fatal: causes.fatal,
        rejected: causes.rejected,
        other: all.saturating_sub(causes.sum()),
    }
}

pub(super) fn unavailability(result: &RunResult) -> Vec<GapModel> {
    let tally = &result.tally;
    let places: Vec<_> = result.partitions().collect();
    let since = |at: Instant| at.nanos_since(tally.start);
    let gaps = tally.unavailability();
    let place = |gap: &crate::load::recorder::Gap| places.get(gap.slot.index());
    let row = |gap: &crate::load::recorder::Gap| GapModel {
        topic: place(gap).and_then(|place| topic_of(result, place.topic)),
        partition: place(gap).map_or(-1, |place| place.index),
        start: since(gap.start),
        end: since(gap.end),
        from: gap.from.map(|broker| broker.0),
        to: gap.to.map(|broker| broker.0),
    };
    gaps.iter().map(row).collect()
}

/// `part ÷ whole`; `None` for a whole of 0.
#[expect(clippy::cast_precision_loss, reason = "means and shares, read to a few digits")]
pub(super) fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// A rate; 0 without time.
#[expect(clippy::cast_precision_loss, reason = "rates are read to a few digits")]
pub(super) fn per_second(count: u64, seconds: f64) -> f64 {
    if seconds > 0.0 { count as f64 / seconds } else { 0.0 }
}

/// A span in whole nanoseconds; 584 years at most.
pub(super) fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::schedule::Rate;

    #[test]
    fn bursts_are_planned_where_they_fall_due() {
        let planned = |rate: f64, records, period| {
            let arrivals = Arrivals::Bursts { records, period };
            let whole = SchedulePlan::of(Rate::per_second(rate).ok(), 3);
            let mut bursts = Bursts::of(&SchedulePlan { arrivals, ..whole }).unwrap();
            let second = Duration::from_secs;
            [0, 1, 2, 3].map(|at| bursts.due(second(at), second(at + 1)))
        };
        assert_eq!(planned(100_000.0, 1_000, None), [100_000.0; 4]);
        assert_eq!(planned(50.0, 100, Some(Duration::from_secs(2))), [100.0, 0.0, 100.0, 0.0]);
        assert!(Bursts::of(&SchedulePlan::of(Rate::per_second(5.0).ok(), 1)).is_none());
        assert!(Bursts::of(&SchedulePlan::of(None, 1)).is_none());
    }
}
