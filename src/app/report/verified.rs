//! What was proved of the delivery, from what the driver found. Cost class: once a run.

use super::model::{MissingModel, VerificationModel, VerifiedPartitionModel};
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
        (Verify::Sequence, Some(readback), offsets) => {
            Some(by_records(plan, readback, offsets.as_ref(), promised))
        }
        (Verify::None, ..) => None,
        (_, _, offsets) => offsets.as_ref().map(by_offsets),
    }
}

fn by_offsets(delta: &OffsetDelta) -> VerificationModel {
    let partition = |(partition, one): (u32, &PartitionDelta)| VerifiedPartitionModel {
        partition,
        expected: one.delivered,
        found: one.grew,
        lost: one.missing(),
        other_writer: one.other_writer(),
        ..VerifiedPartitionModel::default()
    };
    let disagrees = |(_, one): &(u32, &PartitionDelta)| one.missing() > 0 || !one.confirms();
    let lost = delta.lost();
    VerificationModel {
        mode: "offsets".to_owned(),
        expected: delta.partitions.iter().map(|one| one.delivered).sum(),
        found: delta.grew(),
        lost,
        written_missing: delta.missing() - lost,
        other_writer: delta.other_writer(),
        partitions: (0..).zip(&delta.partitions).filter(disagrees).map(partition).collect(),
        ..VerificationModel::default()
    }
}

fn by_records(
    plan: &RunPlan,
    readback: &Readback,
    offsets: Option<&OffsetDelta>,
    promised: bool,
) -> VerificationModel {
    let total = &readback.found.total;
    // Records may be beyond reach and yet known to be missing, by the end offsets.
    let lost = total.lost.max(offsets.map_or(0, OffsetDelta::missing));
    let partition = |(partition, one): (u32, &Findings)| VerifiedPartitionModel {
        partition,
        expected: one.expected,
        found: i64::try_from(one.found).unwrap_or(i64::MAX),
        lost: one.lost,
        other_writer: one.foreign > 0,
        unknown: Some(one.unknown),
        duplicated: Some(one.duplicated),
        reordered: Some(one.reordered),
        corrupted: Some(one.corrupted),
        foreign: Some(one.foreign),
        unacked_found: Some(one.unacked_found()),
        removed: Some(one.removed),
    };
    let missing = readback.found.missing.iter().map(|one| MissingModel {
        producer: one.producer,
        first: one.first,
        last: one.last,
    });
    let marks = plan.marks();
    VerificationModel {
        mode: "sequence".to_owned(),
        expected: total.expected,
        found: i64::try_from(total.found).unwrap_or(i64::MAX),
        lost: if promised { lost } else { 0 },
        written_missing: if promised { 0 } else { lost },
        other_writer: total.foreign > 0 || offsets.is_some_and(OffsetDelta::other_writer),
        unknown: Some(total.unknown),
        duplicated: Some(total.duplicated),
        reordered: Some(total.reordered),
        corrupted: Some(total.corrupted),
        foreign: Some(total.foreign),
        earlier: Some(total.earlier),
        unacked_found: Some(total.unacked_found()),
        failed_found: Some(total.failed_found),
        removed: Some(total.removed),
        unread: Some(total.unread),
        carried_by: Some(if marks { format!("header {}", Mark::NAME) } else { "value".to_owned() }),
        header_bytes: Some(if marks { Mark::SIZE } else { 0 }),
        cut_short: readback.cut_short.clone(),
        seconds: Some(readback.span.as_secs_f64()),
        missing: missing.collect(),
        partitions: (0..).zip(&readback.found.partitions).map(partition).collect(),
    }
}
