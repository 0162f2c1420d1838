//! The data flags into a [`SourcePlan`]. Cost class: once a process.

use std::sync::Arc;

use super::key::keys;
use super::matrix::Choice;
use super::problems::Problems;
use super::size::size;
use super::timestamps::{time_origin, timestamps};
use super::value::{pool, schema_id, tombstones, value};
use crate::load::source::{KeyPlan, NumberType, PayloadClock, SizePlan, SourcePlan, ValuePlan};

/// The values that a payload file or `--payload-monotonic` asks for, the same in every cell.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) enum Payload {
    /// Neither: the generator makes them.
    #[default]
    Generated,
    /// The pieces of a file.
    Lines(Arc<[Vec<u8>]>),
    /// 0, 1, 2, …
    Monotonic,
}

/// Cuts a payload file into its pieces. The delimiter is taken literally, except that `\n`, `\r`
/// and `\t` written as two characters stand for the control character; an empty last piece is left
/// out, as Java's `split` does.
#[must_use]
pub(super) fn cut(text: &[u8], delimiter: &str) -> Arc<[Vec<u8>]> {
    let delimiter = delimiter.replace("\\n", "\n").replace("\\r", "\r").replace("\\t", "\t");
    let delimiter = delimiter.as_bytes();
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = find(rest, delimiter) {
        pieces.push(rest[..at].to_vec());
        rest = &rest[at + delimiter.len()..];
    }
    pieces.push(rest.to_vec());
    while pieces.last().is_some_and(Vec::is_empty) {
        pieces.pop();
    }
    pieces.into()
}

/// What the records of one cell hold. `workers` is filled in by the caller once it is known.
pub(super) fn source(
    choice: &Choice,
    default_key: Option<&KeyPlan>,
    payload: &Payload,
    seed: u64,
    problems: &mut Problems,
) -> SourcePlan {
    let value = match payload {
        Payload::Lines(lines) => ValuePlan::Lines(Arc::clone(lines)),
        Payload::Monotonic => ValuePlan::Increasing(NumberType::Text),
        Payload::Generated => value(choice, problems),
    };
    let (key, key_form) = keys(choice, default_key, problems);
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

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    if wanted.is_empty() {
        return None;
    }
    text.windows(wanted.len()).position(|window| window == wanted)
}

/// What stands before the number of the partition that all records go to.
pub(super) const FIXED_PARTITION: &str = "partition:";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_file_is_cut_at_its_delimiter() {
        let pieces = |text: &str, delimiter: &str| -> Vec<String> {
            cut(text.as_bytes(), delimiter)
                .iter()
                .map(|piece| String::from_utf8(piece.clone()).unwrap())
                .collect()
        };
        assert_eq!(pieces("a\nbb\n", "\\n"), ["a", "bb"]);
        assert_eq!(pieces("a\n\nb", "\n"), ["a", "", "b"]);
        assert_eq!(pieces("a--b-c--", "--"), ["a", "b-c"]);
        assert_eq!(pieces("", "\n"), Vec::<String>::new());
    }
}
