//! What a client's ceiling depends on, and ceilings from a file. Cost class: once a process.
//!
//! A ceiling holds for the configuration that it was measured with, on its machine, by its program.
//! Rate, duration, cluster and topic are no part of that: they are what is held against it.

use std::collections::BTreeMap;
use std::fs;

use super::Cell;
use super::problems::Problems;
use crate::app::cli::judge_args::JudgementArgs;
use crate::app::report::model::{CalibrationModel, CalibrationReport};
use crate::base::mix;
use crate::host::driver::Environment;
use crate::host::driver::calibrate::partitions;
use crate::host::driver::plan::{RunPlan, StreamPlan, Verify};
use crate::kafka::config::Effective;
use crate::load::schedule::Arrivals;
use crate::load::source::{
    HeaderPlan, KeyForm, KeyPlan, SizePlan, SourcePlan, TimestampPlan, ValuePlan,
};

/// Where the ceilings that runs are held against come from.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Ceilings {
    /// Nobody asked for any.
    #[default]
    None,
    /// They are measured before the runs.
    Measured,
    /// From a file: one for each cell.
    Given(Vec<CalibrationModel>),
}

/// Everything that a cell's ceiling depends on, by name.
#[must_use]
pub fn configuration(cell: &Cell, machine: &Environment) -> BTreeMap<String, String> {
    let plan = &cell.plan;
    let codec = cell.effective.iter().find(|row| row.key == "compression.type");
    // The level of a codec that isn't used makes no difference.
    let level = codec.map(|codec| format!("compression.{}.level", codec.value));
    let of_key = |row: &&Effective| KEYS.contains(&row.key) || Some(row.key) == level.as_deref();
    let keys = cell.effective.iter().filter(of_key);
    let mut rows: BTreeMap<String, String> =
        keys.map(|row| (row.key.to_owned(), row.value.clone())).collect();
    let build = if cfg!(debug_assertions) { "debug" } else { "release" };
    let cpu = machine.cpu.as_deref().unwrap_or("unknown CPU");
    let marks = |stream: &StreamPlan| match plan.verify {
        Verify::None | Verify::Offsets => "none",
        Verify::Sequence if plan.marks(stream) => "in a header",
        Verify::Sequence => "in the value",
    };
    let partitions = (0..plan.topics.len()).map(|topic| partitions(plan, topic).to_string());
    for (name, value) in [
        ("producers", of_each(plan, |stream| stream.producers().to_string())),
        ("partitions", partitions.collect::<Vec<_>>().join(JOINT)),
        ("partitioner", partitioner(cell)),
        ("key", of_each(plan, |stream| key(&stream.source))),
        ("value", of_each(plan, |stream| value(&stream.source))),
        ("marks", of_each(plan, |stream| marks(stream).to_owned())),
        ("time", of_each(plan, |stream| time(plan, stream).to_owned())),
        ("machine", format!("{cpu}, {} cores", machine.cores)),
        ("program", format!("{} ({build})", env!("CARGO_PKG_VERSION"))),
    ] {
        rows.insert(name.to_owned(), value);
    }
    if plan.streams.len() > 1 {
        let topics = of_each(plan, |stream| stream.topic.to_string());
        rows.insert("topic of each stream".to_owned(), topics);
        let shared = plan.schedule.is_paced() || plan.records.is_some();
        let weights = of_each(plan, |stream| stream.weight.to_string());
        let weights = if shared { weights } else { "none".to_owned() };
        rows.insert("weights".to_owned(), weights);
    }
    rows
}

/// What records tell of time, by how dear it is to know.
fn time(plan: &RunPlan, stream: &StreamPlan) -> &'static str {
    match (&stream.source.clock.timetable, plan.schedule.arrivals) {
        (None, _) if stream.source.tells_time() => "by number",
        (None, _) => "none",
        (Some(_), Arrivals::Uniform) => "of even arrivals",
        (Some(_), Arrivals::Bursts { .. }) => "of bursts",
        (Some(_), Arrivals::Poisson { .. }) => "of random arrivals",
    }
}

/// Of each stream, in their order.
fn of_each(plan: &RunPlan, of: impl Fn(&StreamPlan) -> String) -> String {
    plan.streams.iter().map(of).collect::<Vec<_>>().join(JOINT)
}

/// Stands between the values of streams or topics.
const JOINT: &str = " + ";

fn key(source: &SourcePlan) -> String {
    match &source.key {
        KeyPlan::List(keys) => {
            let bytes: usize = keys.iter().flatten().map(Vec::len).sum();
            let all = keys.iter().map(|key| key.as_deref());
            format!("list:{} of {bytes} bytes together, {:016x}", keys.len(), fingerprint(all))
        }
        made if source.key_form == KeyForm::default() => made.to_string(),
        made => {
            let form = source.key_form;
            format!("{made} as {}, {} bytes", form.kind, made.mean_len(form))
        }
    }
}

fn value(source: &SourcePlan) -> String {
    let made = match &source.value {
        ValuePlan::Random => format!("random, {}", size(source)),
        ValuePlan::Compressible { ratio } => {
            format!("random of compress ratio {ratio}, {}", size(source))
        }
        ValuePlan::Sequence => format!("sequence, {}", size(source)),
        ValuePlan::Corpus { corpus, order } => {
            let all = (0..corpus.len()).map(|index| Some(corpus.piece(index)));
            let (count, mean) = (corpus.len(), corpus.mean_len());
            format!("{count} pieces of {mean} bytes, {order:?}, {:016x}", fingerprint(all))
        }
        ValuePlan::Template(template) => {
            let text = template.text().as_bytes();
            format!("template of {} bytes, {:016x}", text.len(), fingerprint([Some(text)]))
        }
        ValuePlan::Increasing(number) => format!("numbers, {}", number.name()),
        ValuePlan::Fixed => format!("one value, {}", size(source)),
        ValuePlan::Null => "none".to_owned(),
    };
    let tombstones = match source.tombstones {
        0.0 => String::new(),
        share => format!(", {share} of them tombstones"),
    };
    let headers: usize = source.headers.iter().map(HeaderPlan::longest).sum();
    let headers = match source.headers.len() {
        0 => String::new(),
        count => format!(", {count} headers of {headers} bytes together"),
    };
    let stamped = match &source.timestamps {
        TimestampPlan::Now => String::new(),
        planned => format!(", stamped {planned:?}"),
    };
    let pool = match source.pool_values() {
        None => String::new(),
        Some(values) => format!(", repeated from {values}"),
    };
    let prefix = if source.schema_id.is_some() { ", with a schema's prefix" } else { "" };
    format!("{made}{tombstones}{prefix}{pool}{headers}{stamped}")
}

fn size(source: &SourcePlan) -> String {
    match (&source.size, source.reserved) {
        (SizePlan::Fixed(size), reserved) => format!("{} bytes", size - reserved),
        (drawn, 0) => format!("sizes {drawn}"),
        (drawn, reserved) => format!("sizes {drawn} less {reserved}"),
    }
}

/// Tells one list of byte strings from another, for who doesn't mean to deceive.
fn fingerprint<'a>(all: impl IntoIterator<Item = Option<&'a [u8]>>) -> u64 {
    all.into_iter().fold(0, |sum, one| {
        let start = mix(sum ^ one.map_or(u64::MAX, |bytes| bytes.len() as u64));
        one.unwrap_or_default().iter().fold(start, |sum, byte| mix(sum ^ u64::from(*byte)))
    })
}

/// The partitioner; rules by what they say, not by their file's name alone.
fn partitioner(cell: &Cell) -> String {
    let rules = cell.plan.producer.key_rules.as_ref().map(|rules| format!("{rules:?}"));
    match rules {
        Some(said) => {
            format!(
                "{}, {:016x}",
                cell.partitioner,
                fingerprint([Some(said.as_bytes())].into_iter())
            )
        }
        None => cell.partitioner.clone(),
    }
}

/// The ceilings that the flags ask for.
pub(super) fn ceilings(args: &JudgementArgs, cells: &[Cell], problems: &mut Problems) -> Ceilings {
    let Some(path) = &args.calibration else {
        return if args.calibrate { Ceilings::Measured } else { Ceilings::None };
    };
    let known = match read(path) {
        Ok(known) => known,
        Err(expected) => {
            problems.flag("calibration", path, expected);
            return Ceilings::None;
        }
    };
    let machine = Environment::read();
    let mut given = Vec::new();
    for cell in cells {
        match nearest(&known, &configuration(cell, &machine)) {
            Ok(found) => given.push(found.clone()),
            Err(differences) => {
                let expected = format!(
                    "made for another configuration: {differences}; calibrate this one \
                     (kprod-bench calibrate with the run's flags and --json FILE)"
                );
                problems.flag("calibration", path, expected);
            }
        }
    }
    Ceilings::Given(given)
}

/// The calibrations of a file; what is wrong with it otherwise.
fn read(path: &str) -> Result<Vec<CalibrationModel>, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("can't read it: {error}"))?;
    let expected = "expected what kprod-bench calibrate --json writes";
    let found: CalibrationReport =
        serde_json::from_str(&text).map_err(|error| format!("{expected}: {error}"))?;
    if !found.schema_version.starts_with("1.") {
        return Err(format!("{expected}, schema version 1, not {}", found.schema_version));
    }
    let measured = |one: &&CalibrationModel| one.ceilings.engine.records_per_second > 0.0;
    if found.calibrations.is_empty() || !found.calibrations.iter().all(|one| measured(&one)) {
        return Err(format!("{expected}: it has no rate"));
    }
    Ok(found.calibrations)
}

/// The calibration of `wanted`; without one, how the most similar differs.
fn nearest<'a>(
    known: &'a [CalibrationModel],
    wanted: &BTreeMap<String, String>,
) -> Result<&'a CalibrationModel, String> {
    let compared = known.iter().map(|one| (one, differences(&one.configuration, wanted)));
    match compared.min_by_key(|(_, differences)| differences.len()) {
        Some((found, differences)) if differences.is_empty() => Ok(found),
        Some((_, differences)) => Err(differences.join(", ")),
        None => Err("it has none".to_owned()),
    }
}

/// What isn't the same in both.
fn differences(there: &BTreeMap<String, String>, here: &BTreeMap<String, String>) -> Vec<String> {
    let mut names: Vec<_> = there.keys().chain(here.keys()).collect();
    names.sort();
    names.dedup();
    let said = |rows: &BTreeMap<String, String>, name: &str| {
        rows.get(name).map_or_else(|| "not given".to_owned(), |value| format!("\"{value}\""))
    };
    let differing = names.into_iter().filter(|name| there.get(*name) != here.get(*name));
    differing
        .map(|name| format!("{name} is {} there, {} here", said(there, name), said(here, name)))
        .collect()
}

/// The Kafka keys that a ceiling depends on: those that change what is done for a record, a batch
/// or a request. Time-outs and retries aren't among them: nothing fails in a calibration.
const KEYS: [&str; 12] = [
    "acks",
    "batch.size",
    "buffer.memory",
    "compression.type",
    "enable.idempotence",
    "linger.ms",
    "max.in.flight.requests.per.connection",
    "max.request.size",
    "partitioner.adaptive.partitioning.enable",
    "partitioner.ignore.keys",
    "receive.buffer.bytes",
    "send.buffer.bytes",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::report::model::{CeilingsModel, PaceModel};
    use crate::app::settings::build;
    use crate::kafka::config::keys;

    fn rows(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn calibration(configuration: BTreeMap<String, String>) -> CalibrationModel {
        let pace = PaceModel {
            records: 3,
            seconds: 1.0,
            records_per_second: 3.0,
            mb_s: 0.1,
            cpu_ns_per_record: None,
        };
        let ceilings = CeilingsModel {
            generator: pace.clone(),
            engine: pace,
            busy_max: Some(1.0),
            cores: 2,
            brokers: 3,
        };
        CalibrationModel { started_at: String::new(), configuration, ceilings }
    }

    /// The configuration of a command line, on a machine of two cores.
    fn of(line: &str) -> BTreeMap<String, String> {
        use clap::Parser;
        let words = core::iter::once("kprod-bench").chain(line.split_whitespace());
        let cli = crate::app::cli::args::Cli::try_parse_from(words).unwrap();
        let settings = build(&cli.run, &|_| None).unwrap();
        let machine = Environment { cores: 2, ..Environment::default() };
        configuration(&settings.cells[0], &machine)
    }

    #[test]
    fn every_key_named_is_one_of_kafkas() {
        assert!(KEYS.iter().all(|key| keys::find(key).is_some()));
        let plain = of("--acks 1");
        assert!(KEYS.iter().all(|key| plain.contains_key(*key)), "{plain:?}");
    }

    #[test]
    fn a_ceiling_depends_on_the_client_and_not_on_the_load() {
        let plain = of("--acks 1");
        let load = "--acks 1 --rate 5k --duration 1s --warmup 0 --num-records 9 --topic t --seed 5";
        assert_eq!(of(load), plain);
        assert_eq!(of("--acks 1 --bootstrap-server a:1 --verify offsets"), plain);
        assert_eq!(of("--acks 1 -X compression.zstd.level=9"), plain);
        let zstd = "--acks 1 --compression-type zstd -X compression.zstd.level=";
        assert_ne!(of(&format!("{zstd}1")), of(&format!("{zstd}9")));
        assert_ne!(of("--acks 1 --key list:A|B"), of("--acks 1 --key list:A|C"));
        for other in [
            "--acks all",
            "--acks 1 --batch-size 128KiB",
            "--acks 1 --compression-type lz4",
            "--acks 1 --compression-type zstd",
            "--acks 1 --producers 2",
            "--acks 1 --record-size 1000",
            "--acks 1 --key uniform:10",
            "--acks 1 --partitions 100",
            "--acks 1 --partitioner partition:50",
            "--acks 1 --generator sequence",
            "--acks 1 --payload-monotonic",
            "--acks 1 --key list:A|B",
            "--acks 1 --key uniform:9 -X partitioner.ignore.keys=true",
            "--acks 1 --embedded --verify sequence",
            "--acks 1 --embedded --verify sequence --generator sequence",
            "--acks 1 --enable-idempotence false --max-in-flight 9",
        ] {
            assert_ne!(of(other), plain, "{other}");
        }
    }

    #[test]
    fn another_configurations_ceiling_is_refused_by_what_differs() {
        let known =
            [rows(&[("acks", "1"), ("linger.ms", "5")]), rows(&[("acks", "all"), ("old", "x")])]
                .map(calibration);
        let found = |wanted: &[(&str, &str)]| nearest(&known, &rows(wanted)).map(|_| ());
        assert_eq!(found(&[("acks", "1"), ("linger.ms", "5")]), Ok(()));
        let error = found(&[("acks", "1"), ("linger.ms", "0")]).unwrap_err();
        assert_eq!(error, "linger.ms is \"5\" there, \"0\" here");
        let error = found(&[("acks", "all"), ("new", "y")]).unwrap_err();
        assert_eq!(error, "new is not given there, \"y\" here, old is \"x\" there, not given here");
    }

    #[test]
    fn a_file_that_holds_no_calibration_says_what_was_expected() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.json");
        let path = path.to_str().unwrap();
        assert!(read(path).unwrap_err().starts_with("can't read it"));
        for text in ["{}", "[", "{\"runs\": []}"] {
            fs::write(path, text).unwrap();
            let error = read(path).unwrap_err();
            assert!(error.starts_with("expected what kprod-bench calibrate --json writes"));
        }
    }
}
