//! The data flags into a [`SourcePlan`]. Cost class: once a process.

use super::key::keys;
use super::matrix::Choice;
use super::payload::Payload;
use super::problems::Problems;
use super::size::size;
use super::timestamps::{time_origin, timestamps};
use super::value::{pool, schema_id, tombstones, value};
use crate::load::source::{KeyPlan, PayloadClock, SizePlan, SourceError, SourcePlan, ValuePlan};

/// What the records of one cell hold. `workers` is filled in by the caller once it is known.
pub(super) fn source(
    choice: &Choice,
    default_key: Option<&KeyPlan>,
    payload: &Payload,
    seed: u64,
    problems: &mut Problems,
) -> SourcePlan {
    let (key, key_form) = keys(choice, default_key, problems);
    let value = value(choice, payload, problems);
    let size = sizes(choice, &value, problems);
    SourcePlan {
        seed,
        key,
        key_form,
        value,
        partition: partition(choice, problems),
        tombstones: tombstones(choice, problems),
        schema_id: schema_id(choice, problems),
        timestamps: timestamps(choice, problems),
        clock: PayloadClock::new(time_origin(choice, problems), PayloadClock::SATURATED, 1),
        pool: pool(choice, problems),
        size,
        ..SourcePlan::default()
    }
}

/// The partition that every record names, with `--partitioner partition:N`.
fn partition(choice: &Choice, problems: &mut Problems) -> Option<u32> {
    let text = choice.get("partitioner")?;
    let number = text.strip_prefix(FIXED_PARTITION)?;
    // As many as a signed number of 32 bits counts, Kafka's own limit.
    let partition = number.parse().ok().filter(|partition| *partition < 1 << 31);
    if partition.is_none() {
        let expected = "expected a partition's number, such as partition:0";
        problems.flag("partitioner", text, expected);
    }
    partition
}

fn sizes(choice: &Choice, value: &ValuePlan, problems: &mut Problems) -> SizePlan {
    let Some(text) = choice.get("record-size") else { return SourcePlan::default().size };
    if !value.is_sized() {
        let generator = choice.get("generator").unwrap_or("random");
        let expected = format!(
            "values of --generator {generator} have a length of their own; leave one of the two out"
        );
        problems.flag("record-size", text, expected);
    }
    size(text).unwrap_or_else(|expected| {
        problems.flag("record-size", text, expected);
        SourcePlan::default().size
    })
}

/// Says what can't be, with the flag to blame for it.
pub(super) fn blame(source: &SourcePlan, error: &SourceError, problems: &mut Problems) {
    let flag = match (error, &source.value) {
        (SourceError::NoTemplate | SourceError::Field(_), _) => {
            return problems.flag("key", &source.key.to_string(), error);
        }
        (SourceError::Pool | SourceError::PoolMemory(_), _) => "pool-mb",
        (SourceError::Timestamps(_), _) => "timestamps",
        (_, ValuePlan::Corpus { .. }) => "payload-file",
        _ => "record-size",
    };
    let flag = problems.named(flag);
    problems.add(format!("{flag}: {error}"));
}

/// What stands before the number of the partition that all records go to.
pub(super) const FIXED_PARTITION: &str = "partition:";
