//! What each stream of several came to. Cost class: once a run.

use super::assemble::{generator_of, throughput};
use super::distill;
use super::model::{GeneratorModel, SizesModel, StreamModel};
use crate::host::driver::result::PhaseResult;
use crate::host::driver::{RunPlan, RunResult};

/// The streams; none where there is one only, of which the whole result tells.
pub(super) fn streams(
    plan: &RunPlan,
    result: &RunResult,
    measured: &PhaseResult,
) -> Vec<StreamModel> {
    let rows = plan.streams.iter().zip(&result.streams).map(|(stream, found)| {
        let tally = &found.tally;
        let of_stream = PhaseResult {
            due: found.due,
            payload_bytes: tally.batches.payload_bytes,
            drain: found.drain,
            ..measured.clone()
        };
        StreamModel {
            name: stream.name.clone(),
            topic: result.topics[stream.topic].name.clone(),
            weight: stream.weight,
            producers: stream.producers(),
            generator: generator_of(stream, result, tally),
            records: distill::records(tally),
            throughput: throughput(plan, tally, &of_stream, None),
            latency: distill::latency(tally),
        }
    });
    rows.collect()
}

/// What the records of all streams hold, as far as they are alike: what differs is null, or in
/// words `mixed`. What was measured and the seed are the first one's. Each stands with its weight.
///
/// # Panics
/// When there are none.
pub(super) fn mixed(of_each: &[(GeneratorModel, u32)]) -> GeneratorModel {
    let all = of_each.first().expect("a run has a stream").0.clone();
    let weights: f64 = of_each.iter().map(|(_, weight)| f64::from(*weight)).sum();
    let tombstones = of_each.iter().map(|(one, weight)| one.tombstones * f64::from(*weight));
    let word = |of: fn(&GeneratorModel) -> &String| {
        same(of_each, of).cloned().unwrap_or_else(|| "mixed".to_owned())
    };
    GeneratorModel {
        kind: word(|one| &one.kind),
        tombstones: tombstones.sum::<f64>() / weights,
        schema_id: same(of_each, |one| &one.schema_id).copied().flatten(),
        // Each stream has one of its own.
        pool: if of_each.len() > 1 { None } else { all.pool },
        headers: same(of_each, |one| &one.headers).cloned().unwrap_or_default(),
        timestamps: word(|one| &one.timestamps),
        key: word(|one| &one.key),
        sizes: SizesModel {
            asked: same(of_each, |one| &one.sizes.asked).copied().flatten(),
            value: same(of_each, |one| &one.sizes.value).copied().flatten(),
            distribution: same(of_each, |one| &one.sizes.distribution).cloned().flatten(),
            mean: same(of_each, |one| &one.sizes.mean).copied().flatten(),
            ..all.sizes
        },
        key_type: same(of_each, |one| &one.key_type).cloned().flatten(),
        compress_ratio_asked: same(of_each, |one| &one.compress_ratio_asked).copied().flatten(),
        distinct_keys: same(of_each, |one| &one.distinct_keys).copied().flatten(),
        ..all
    }
}

/// What all have alike; `None` when they differ.
fn same<'a, T: PartialEq>(
    of_each: &'a [(GeneratorModel, u32)],
    of: impl Fn(&'a GeneratorModel) -> &'a T,
) -> Option<&'a T> {
    let (first, others) = of_each.split_first()?;
    let first = of(&first.0);
    others.iter().all(|(one, _)| of(one) == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn what_streams_have_alike_stands_for_all() {
        let one = sample::report().generator;
        let mut other = one.clone();
        other.key = "uniform:9".to_owned();
        other.distinct_keys = Some(9);
        other.tombstones = 0.5;
        let all = mixed(&[(one.clone(), 3), (other, 1)]);
        assert_eq!((all.key.as_str(), all.distinct_keys), ("mixed", None));
        assert_eq!(all.tombstones, 0.125);
        assert_eq!((&all.kind, &all.sizes), (&one.kind, &one.sizes));
        assert_eq!(mixed(&[(one.clone(), 3), (one.clone(), 1)]), one);
    }
}
