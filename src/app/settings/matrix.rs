//! Comma lists into cells. Cost class: once a process.
//!
//! A comma in a scalar Kafka, load or data flag means "each of these"; the cells are the product of
//! all such lists, the last flag varying fastest. Flags that name things (topic, files, servers)
//! never make a matrix.

use std::collections::BTreeMap;

use super::problems::Problems;
use crate::app::cli::args::RunArgs;
use crate::base::Rng;

/// A flag with more than one value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Axis {
    /// The flag, without dashes in front.
    pub flag: &'static str,
    /// Its values as written, in that order.
    pub values: Vec<String>,
}

/// One value of every scalar flag that was given.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Choice(BTreeMap<&'static str, String>);

impl Choice {
    /// What was given for `flag`, if anything.
    #[must_use]
    pub fn get(&self, flag: &str) -> Option<&str> {
        self.0.get(flag).map(String::as_str)
    }

    /// The same with another value for `flag`, or with none.
    #[must_use]
    pub fn with(mut self, flag: &'static str, value: Option<String>) -> Self {
        match value {
            Some(value) => self.0.insert(flag, value),
            None => self.0.remove(flag),
        };
        self
    }
}

/// The cells that the flags ask for, one when no flag has a list; `more` are axes that no flag
/// stands for.
pub fn expand(
    args: &RunArgs,
    more: Vec<(&'static str, Vec<String>)>,
    problems: &mut Problems,
) -> (Vec<Axis>, Vec<Choice>) {
    let mut axes = Vec::new();
    let mut cells = vec![Choice::default()];
    let split = |text: &String| text.split(',').map(|value| value.trim().to_owned()).collect();
    let given = scalars(args).into_iter().filter_map(|(flag, text)| Some((flag, split(text?))));
    for (flag, values) in given.chain(more) {
        let values: Vec<String> = values;
        let text = &values.join(",");
        if is_grouped(&values) {
            let joined = values.concat();
            problems.flag(
                flag,
                text,
                format_args!(
                    "a comma makes a matrix of several values, and doesn't group digits; write \
                     {joined} (or 1k for a thousand)"
                ),
            );
            continue;
        }
        let twice = values.iter().enumerate().find(|(i, value)| values[..*i].contains(value));
        if let Some((_, value)) = twice {
            problems.flag(flag, text, format_args!("\"{value}\" is listed twice"));
        }
        if cells.len().saturating_mul(values.len()) > MAX_CELLS {
            problems.flag(flag, text, format_args!("more than {MAX_CELLS} cells in the matrix"));
            continue;
        }
        let with = |cell: &Choice, value: &String| {
            let mut cell = cell.clone();
            cell.0.insert(flag, value.clone());
            cell
        };
        cells = cells.iter().flat_map(|cell| values.iter().map(move |v| with(cell, v))).collect();
        if values.len() > 1 {
            axes.push(Axis { flag, values });
        }
    }
    (axes, cells)
}

/// Whether commas stand between groups of three digits, as in 1,000 and 20,000,000.
fn is_grouped(values: &[String]) -> bool {
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let Some((first, rest)) = values.split_first().filter(|(_, rest)| !rest.is_empty()) else {
        return false;
    };
    let is_group = |text: &String| text.len() == 3 && is_digits(text);
    (1..=3).contains(&first.len())
        && is_digits(first)
        && rest.iter().all(is_group)
        && rest.iter().any(|text| text.starts_with('0'))
}

/// The flags that may have several values.
#[must_use]
pub fn names() -> Vec<&'static str> {
    scalars(&RunArgs::default()).into_iter().map(|(flag, _)| flag).collect()
}

/// The order of `cells` × `repeat` runs, as (cell, repetition from 0). Repetitions are interleaved,
/// each in an order of its own that depends on `seed`, so that a slow change of the cluster doesn't
/// favour a cell. A single repetition keeps the given order.
#[must_use]
pub fn order(cells: usize, repeat: u32, seed: u64) -> Vec<(usize, u32)> {
    let mut runs = Vec::new();
    for repetition in 0..repeat {
        let mut round: Vec<usize> = (0..cells).collect();
        if repeat > 1 {
            shuffle(&mut round, &mut Rng::nth(seed, u64::from(repetition)));
        }
        runs.extend(round.into_iter().map(|cell| (cell, repetition)));
    }
    runs
}

/// Fisher and Yates's shuffle.
fn shuffle(items: &mut [usize], rng: &mut Rng) {
    for last in (1..items.len()).rev() {
        let bound = u64::try_from(last + 1).expect("an index fits 64 bits");
        let other = usize::try_from(rng.below(bound)).expect("below an index");
        items.swap(last, other);
    }
}

/// The flags that may make a matrix, in the order of the help.
#[rustfmt::skip]
pub(super) fn scalars(args: &RunArgs) -> Vec<(&'static str, Option<&String>)> {
    let (producer, load, data) = (&args.producer, &args.load, &args.data);
    vec![
        ("acks", producer.acks.as_ref()),
        ("linger-ms", producer.linger_ms.as_ref()),
        ("batch-size", producer.batch_size.as_ref()),
        ("compression-type", producer.compression_type.as_ref()),
        ("compression-level", producer.compression_level.as_ref()),
        ("max-in-flight-requests-per-connection",
            producer.max_in_flight_requests_per_connection.as_ref()),
        ("buffer-memory", producer.buffer_memory.as_ref()),
        ("enable-idempotence", producer.enable_idempotence.as_ref()),
        ("retries", producer.retries.as_ref()),
        ("delivery-timeout-ms", producer.delivery_timeout_ms.as_ref()),
        ("request-timeout-ms", producer.request_timeout_ms.as_ref()),
        ("retry-backoff-ms", producer.retry_backoff_ms.as_ref()),
        ("max-block-ms", producer.max_block_ms.as_ref()),
        ("max-request-size", producer.max_request_size.as_ref()),
        ("partitioner", producer.partitioner.as_ref()),
        ("client-id", producer.client_id.as_ref()),
        ("send-buffer-bytes", producer.send_buffer_bytes.as_ref()),
        ("rate", load.rate.as_ref()),
        ("throughput", load.throughput.as_ref()),
        ("duration", load.duration.as_ref()),
        ("num-records", load.num_records.as_ref()),
        ("warmup", load.warmup.as_ref()),
        ("warmup-records", load.warmup_records.as_ref()),
        ("producers", load.producers.as_ref()),
        ("pacing", load.pacing.as_ref()),
        ("pacing-quantum", load.pacing_quantum.as_ref()),
        ("on-late", load.on_late.as_ref()),
        ("on-full", load.on_full.as_ref()),
        ("record-size", data.record_size.as_ref()),
        ("compress-ratio", data.compress_ratio.as_ref()),
        ("generator", data.generator.as_ref()),
        ("value-type", data.value_type.as_ref()),
        ("tombstones", data.tombstones.as_ref()),
        ("schema-id", data.schema_id.as_ref()),
        ("key", data.key.as_ref()),
        ("key-size", data.key_size.as_ref()),
        ("key-type", data.key_type.as_ref()),
        ("pool-mb", data.pool_mb.as_ref()),
        ("timestamps", data.timestamps.as_ref()),
        ("time-origin", data.time_origin.as_ref()),
    ]
}

/// More would run for days; a typing error is likelier.
const MAX_CELLS: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(words: &[&str]) -> (Vec<Axis>, Vec<Choice>, Problems) {
        use clap::Parser;
        let words = core::iter::once("kprod-bench").chain(words.iter().copied());
        let cli = crate::app::cli::args::Cli::try_parse_from(words).unwrap();
        let mut problems = Problems::default();
        let (axes, cells) = expand(&cli.run, Vec::new(), &mut problems);
        (axes, cells, problems)
    }

    #[test]
    fn lists_multiply_and_the_last_flag_varies_fastest() {
        let (axes, cells, problems) =
            expanded(&["--linger-ms", "0,5,20", "--acks", "0,all", "--rate", "50k"]);
        assert!(problems.is_empty());
        assert_eq!(axes.iter().map(|axis| axis.flag).collect::<Vec<_>>(), ["acks", "linger-ms"]);
        let seen: Vec<_> = cells
            .iter()
            .map(|cell| {
                [cell.get("acks"), cell.get("linger-ms"), cell.get("rate")].map(Option::unwrap)
            })
            .collect();
        assert_eq!(seen.len(), 6);
        assert_eq!(seen[0], ["0", "0", "50k"]);
        assert_eq!(seen[1], ["0", "5", "50k"]);
        assert_eq!(seen[3], ["all", "0", "50k"]);
    }

    #[test]
    fn files_properties_and_names_never_make_a_matrix() {
        let (axes, cells, _) =
            expanded(&["-X", "acks=0,1", "--topic", "a,b", "--bootstrap-server", "a:1,b:2"]);
        assert!(axes.is_empty());
        assert_eq!(cells.len(), 1);
    }

    #[test]
    fn a_value_listed_twice_is_a_problem() {
        let (_, _, problems) = expanded(&["--acks", "1,1"]);
        assert_eq!(problems.lines(), ["--acks = \"1,1\": \"1\" is listed twice"]);
    }

    #[test]
    fn repetitions_are_interleaved_and_shuffled_by_the_seed() {
        assert_eq!(order(3, 1, 7), [(0, 0), (1, 0), (2, 0)]);
        let runs = order(20, 3, 7);
        assert_eq!(runs, order(20, 3, 7));
        assert_ne!(runs, order(20, 3, 8));
        for repetition in 0..3 {
            let start = repetition as usize * 20;
            let mut round: Vec<_> = runs[start..start + 20].to_vec();
            assert!(round.iter().all(|run| run.1 == repetition));
            assert!(!round.is_sorted());
            round.sort_unstable();
            assert_eq!(round, (0..20).map(|cell| (cell, repetition)).collect::<Vec<_>>());
        }
    }
}
