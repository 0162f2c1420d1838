//! The sum of a phase over its workers: of all, and of each stream. Cost class: once a phase.

use super::error::RunError;
use super::offsets::Layout;
use super::plan::RunPlan;
use super::result::StreamResult;
use crate::load::engine::PhaseEnd;
use crate::load::recorder::{Kind, Measured, Tally};

/// What all workers counted.
pub(super) struct Sums {
    /// All together, by the slots of `layout`.
    pub(super) tally: Tally,
    /// Each stream for itself; none where there is one only.
    pub(super) streams: Vec<StreamResult>,
}

/// Adds up what the workers of `plan` counted.
///
/// # Errors
/// When a record has no outcome, or two: a bug.
pub(super) fn sums(plan: &RunPlan, layout: &Layout, ends: Vec<PhaseEnd>) -> Result<Sums, RunError> {
    let mut ends = ends.into_iter();
    let mut streams = Vec::new();
    let mut whole: Option<Tally> = None;
    for stream in &plan.streams {
        let of_stream = ends.by_ref().take(stream.producers() as usize);
        let StreamResult { due, drain, mut tally } = sum(of_stream)?;
        if plan.streams.len() > 1 {
            streams.push(StreamResult { due, drain, tally: tally.clone() });
        }
        tally.shift_slots(u32::try_from(layout.first(stream.topic)).unwrap_or(u32::MAX));
        match &mut whole {
            Some(whole) => whole.merge(tally),
            None => whole = Some(tally),
        }
    }
    let tally = whole.ok_or_else(nobody)?;
    let balance = tally.ledger.balance(0);
    balance.map_err(|imbalance| RunError::Internal(imbalance.to_string()))?;
    Ok(Sums { tally, streams })
}

/// Of workers that share a topic.
fn sum(mut ends: impl Iterator<Item = PhaseEnd>) -> Result<StreamResult, RunError> {
    let first = ends.next().ok_or_else(nobody)?;
    let drained = |end: &PhaseEnd| end.drained.since(end.end);
    let mut sum = StreamResult { due: first.due, drain: drained(&first), tally: first.tally };
    for end in ends {
        sum.due += end.due;
        sum.drain = sum.drain.max(drained(&end));
        sum.tally.merge(end.tally);
    }
    Ok(sum)
}

fn nobody() -> RunError {
    RunError::Internal("a run without workers".to_owned())
}

/// The service latencies of all workers.
pub(super) fn service_of(ends: &[PhaseEnd]) -> Option<(Measured, Kind)> {
    let (first, others) = ends.split_first()?;
    let mut sum = first.tally.service.clone();
    others.iter().for_each(|end| sum.merge(&end.tally.service));
    Some((sum, first.tally.kind()))
}
