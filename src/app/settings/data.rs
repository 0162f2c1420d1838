//! The data flags into a [`SourcePlan`]. Cost class: once a process.

use super::key::keys;
use super::matrix::Choice;
use super::payload::Payload;
use super::problems::Problems;
use super::profile::FROM_TEMPLATE;
use super::size::size;
use super::timestamps::{time_origin, timestamps};
use super::value::{kind_of, pool, schema_id, tombstones, value};
use crate::app::cli::args::DataArgs;
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
        partition: partition(choice, problems),
        tombstones: tombstones(choice, &value, problems),
        schema_id: schema_id(choice, &value, problems),
        timestamps: timestamps(choice, problems),
        clock: PayloadClock { origin_ms: time_origin(choice, problems), timetable: None },
        pool: pool(choice, problems),
        size,
        value,
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
        let expected = format!(
            "values of --generator {} have a length of their own; leave one of the two out",
            kind_of(value)
        );
        problems.flag("record-size", text, expected);
    }
    size(text).unwrap_or_else(|expected| {
        problems.flag("record-size", text, expected);
        SourcePlan::default().size
    })
}

/// What was said of the data of a run, or of one of its streams.
#[derive(Clone, Copy)]
pub(super) struct Told<'a> {
    /// Flags that may have other values in other cells.
    pub choice: &'a Choice,
    /// All of them.
    pub args: &'a DataArgs,
}

/// Says what can't be, with the flag to blame for it and what that was given.
pub(super) fn blame(
    source: &SourcePlan,
    error: &SourceError,
    told: Told<'_>,
    problems: &mut Problems,
) {
    let given = |flag: &str| told.choice.get(flag).unwrap_or_default();
    match error {
        SourceError::NoTemplate => {
            let expected = fieldless(told, problems);
            problems.flag("key", &source.key.to_string(), expected);
        }
        SourceError::Field(_) | SourceError::Key(_) => {
            problems.flag("key", &source.key.to_string(), error);
        }
        SourceError::Pool => problems.flag(
            "pool-mb",
            given("pool-mb"),
            format_args!(
                "only random values are repeated from a pool, and {} ones cost little or are their \
                 record's; leave one of the two out",
                kind_of(&source.value)
            ),
        ),
        SourceError::PoolMemory(_) => problems.flag("pool-mb", given("pool-mb"), error),
        SourceError::Timestamps(_) => problems.flag("timestamps", given("timestamps"), error),
        SourceError::NoPieces => problems.flag(
            "payload-file",
            told.args.payload_file.as_deref().unwrap_or_default(),
            "it holds no payload; expected one piece at least, such as a line: give another file, \
             or the format in which this one is cut (lines, length32, varint or file)",
        ),
        SourceError::Headers(_) => {
            let flag = problems.named("header");
            problems.add(format!("{flag}: {error}"));
        }
        SourceError::Tombstones(_) => problems.flag("tombstones", given("tombstones"), error),
        SourceError::Ratio(_) => problems.flag("compress-ratio", given("compress-ratio"), error),
        SourceError::TooSmall { .. } | SourceError::Size(_) => {
            let flag = problems.named("record-size");
            problems.add(format!("{flag}: {error}"));
        }
    }
}

/// What to do about keys of a template's field where values come out of no template. Where a
/// profile has both and somebody typed other values, it is the keys that have to go, too.
fn fieldless(told: Told<'_>, problems: &Problems) -> String {
    let Told { choice, args } = told;
    if !problems.is_of_profile("key") {
        return "keys come from a template's field only with --template FILE".to_owned();
    }
    let file = args.payload_file.as_deref();
    let of_values = ["generator", "record-size", "compress-ratio", "value-type"];
    let of_values = of_values.into_iter().filter_map(|flag| Some((flag, choice.get(flag)?)));
    let mut typed = of_values
        .chain(file.map(|path| ("payload-file", path)))
        .chain(args.payload_monotonic.then_some(("payload-monotonic", "")))
        .filter(|(flag, _)| !problems.is_of_profile(flag));
    match typed.next() {
        Some((flag, text)) => {
            let typed = format!("--{flag} {text}");
            let typed = typed.trim_end();
            format!(
                "keys come from a template's field, and with {typed} there is no template; give \
                 --key none, or other keys, as well"
            )
        }
        None => format!("keys come from a template's field only with value: {FROM_TEMPLATE}"),
    }
}

/// What stands before the number of the partition that all records go to.
pub(super) const FIXED_PARTITION: &str = "partition:";
