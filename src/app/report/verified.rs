//! What was proved of the delivery, from what the driver found. Cost class: once a run.

use super::distill::topic_of;
use super::model::{LogModel, MissingModel, VerificationModel, VerifiedPartitionModel};
use crate::host::driver::plan::Verify;
use crate::host::driver::result::{OffsetDelta, PartitionDelta, Readback};
use crate::host::driver::{RunPlan, RunResult};
use crate::kafka::config::Acks;
use crate::load::source::Mark;
use crate::load::verify::Findings;

/// The proof; `None` when none was asked for, or neither offsets nor records could be read.
pub(super) fn verification(plan: &RunPlan, result: &RunResult) -> Option<VerificationModel> {
    let promised = plan.producer.acks != Acks::None;
    match (plan.verify, &result.readback, &result.offsets) {
        (Verify::Sequence, Some(readback), _) => Some(by_records(plan, result, readback, promised)),
        (Verify::None, ..) => None,
        (_, _, offsets) => offsets.as_ref().map(|delta| by_offsets(result, delta)),
    }
}

/// Which partition a slot of the result is: its topic's name, where there are several, and its
/// index.
fn place(result: &RunResult, slot: u32) -> (Option<String>, u32) {
    let found = result.partitions().nth(slot as usize);
    found.map_or((None, slot), |place| (topic_of(result, place.topic), place.index.unsigned_abs()))
}

fn by_offsets(result: &RunResult, delta: &OffsetDelta) -> VerificationModel {
    let partition = |(slot, one): (u32, &PartitionDelta)| {
        let (topic, partition) = place(result, slot);
        VerifiedPartitionModel {
            topic,
            partition,
            log: LogModel {
                expected: one.delivered,
                found: one.grew,
                lost: one.lost(),
                other_writer: one.other_writer(),
                ..LogModel::default()
            },
            written_missing: one.missing() - one.lost(),
        }
    };
    let disagrees = |(_, one): &(u32, &PartitionDelta)| one.missing() > 0 || !one.confirms();
    let lost = delta.lost();
    VerificationModel {
        mode: "offsets".to_owned(),
        log: LogModel {
            expected: delta.partitions.iter().map(|one| one.delivered).sum(),
            found: delta.grew(),
            lost,
            other_writer: delta.other_writer(),
            ..LogModel::default()
        },
        written_missing: delta.missing() - lost,
        partitions: (0..).zip(&delta.partitions).filter(disagrees).map(partition).collect(),
        ..VerificationModel::default()
    }
}

fn by_records(
    plan: &RunPlan,
    result: &RunResult,
    readback: &Readback,
    promised: bool,
) -> VerificationModel {
    let offsets = result.offsets.as_ref();
    let delta = |at: usize| offsets.and_then(|offsets| offsets.partitions.get(at));
    let logs = readback.found.partitions.iter().enumerate();
    let logs: Vec<_> = logs.map(|(at, one)| (settled(one, delta(at)), delta(at))).collect();
    let mut total = Findings::default();
    logs.iter().for_each(|(one, _)| total += *one);
    let partition = |(slot, (one, delta)): (u32, &(Findings, Option<&PartitionDelta>))| {
        let (topic, partition) = place(result, slot);
        let other_writer = delta.is_some_and(PartitionDelta::other_writer);
        let (lost, written_missing) = if promised { (one.lost, 0) } else { (0, one.lost) };
        let log = LogModel { lost, ..log(one, other_writer) };
        VerifiedPartitionModel { topic, partition, written_missing, log }
    };
    let missing = readback.found.missing.iter().map(|one| MissingModel {
        producer: one.producer,
        first: one.first,
        last: one.last,
    });
    let (carried_by, header_bytes) = carrier(plan);
    let all = log(&total, offsets.is_some_and(OffsetDelta::other_writer));
    VerificationModel {
        mode: "sequence".to_owned(),
        written_missing: if promised { 0 } else { total.lost },
        log: LogModel { lost: if promised { total.lost } else { 0 }, ..all },
        earlier: Some(total.earlier),
        failed_found: Some(total.failed_found),
        unread: Some(total.unread),
        carried_by: Some(carried_by),
        header_bytes: Some(header_bytes),
        cut_short: readback.cut_short.clone(),
        seconds: Some(readback.span.as_secs_f64()),
        missing: missing.collect(),
        partitions: (0..).zip(&logs).map(partition).collect(),
    }
}

/// What names each record, and the bytes that it takes.
fn carrier(plan: &RunPlan) -> (String, u32) {
    let header = format!("header {}", Mark::NAME);
    let mut marks = plan.streams.iter().map(|stream| plan.marks(stream));
    match (marks.clone().any(|marked| marked), marks.all(|marked| marked)) {
        (false, _) => ("value".to_owned(), 0),
        (true, true) => (header, Mark::SIZE),
        (true, false) => (format!("{header} or value"), Mark::SIZE),
    }
}

/// A partition's findings with what the end offsets say of it: records may be beyond reach and yet
/// known to be missing, since the log grew by fewer than were delivered. Those are lost, and
/// unknown no more, so that each record still counts once.
fn settled(found: &Findings, offsets: Option<&PartitionDelta>) -> Findings {
    let missing = offsets.map_or(0, PartitionDelta::missing);
    let known = missing.saturating_sub(found.lost).min(found.unknown);
    Findings { lost: found.lost + known, unknown: found.unknown - known, ..*found }
}

/// What records say of one log, or of all.
fn log(found: &Findings, other_writer: bool) -> LogModel {
    LogModel {
        expected: found.expected,
        found: i64::try_from(found.found).unwrap_or(i64::MAX),
        lost: found.lost,
        other_writer: found.foreign > 0 || other_writer,
        unknown: Some(found.unknown),
        duplicated: Some(found.duplicated),
        reordered: Some(found.reordered),
        corrupted: Some(found.corrupted),
        foreign: Some(found.foreign),
        unacked_found: Some(found.unacked_found()),
        removed: Some(found.removed),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_the_end_offsets_prove_missing_is_lost_and_not_unknown_as_well() {
        let found =
            Findings { expected: 100, found: 40, lost: 5, unknown: 55, ..Findings::default() };
        let grew = |grew| PartitionDelta { grew, delivered: 100, at_least: 100, at_most: 100 };
        let counts = |delta: Option<&PartitionDelta>| {
            let one = settled(&found, delta);
            (one.lost, one.unknown)
        };
        assert_eq!(counts(Some(&grew(70))), (30, 30));
        assert_eq!(counts(Some(&grew(98))), (5, 55));
        assert_eq!(counts(Some(&grew(0))), (60, 0));
        assert_eq!(counts(None), (5, 55));
    }

    proptest! {
        /// Whatever offsets and records say together, each delivered record counts once.
        #[test]
        fn found_lost_and_unknown_are_what_was_expected(
            [found, lost, unknown] in [0u64..1_000, 0u64..1_000, 0u64..1_000],
            grew in 0i64..4_000,
        ) {
            let expected = found + lost + unknown;
            let one = Findings { expected, found, lost, unknown, ..Findings::default() };
            let delta =
                PartitionDelta { grew, delivered: expected, at_least: 0, at_most: expected };
            let after = settled(&one, Some(&delta));
            prop_assert_eq!(after.found + after.lost + after.unknown, expected);
            prop_assert!(after.lost >= lost);
            // What can be known to be missing is never less than the offsets prove.
            prop_assert!(after.lost >= delta.missing().min(lost + unknown));
        }
    }
}
