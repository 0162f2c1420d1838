//! The layers of Kafka keys: flags over environment over files over profile. Cost class: once a
//! process.

use std::collections::BTreeMap;
use std::fs;

use super::matrix::Choice;
use super::problems::Problems;
use super::profile::{Profile, Said, Value};
use super::target::key_value;
use crate::app::cli::args::RunArgs;
use crate::kafka::config::properties::{self, Property};
use crate::kafka::config::{PartitionerKind, Raw, Source, keys};

/// What is the same in every cell: read once, so that a file is opened once and complained about
/// once.
#[derive(Clone, Debug)]
pub(super) struct Layers {
    file: Option<(String, Vec<Property>)>,
    pairs: Vec<(String, String, Source)>,
    bootstrap: Option<(String, Source)>,
    embedded: bool,
    client_id: Option<&'static str>,
    /// What a profile gives, in Java's form.
    profile: Vec<(String, Value)>,
    /// The file that it names, which stands below it.
    profile_file: Option<(String, Vec<Property>)>,
    /// Values of its axes, by the name in a [`Choice`].
    axes: BTreeMap<String, Vec<Value>>,
}

impl Layers {
    /// Reads what isn't a scalar flag. `variable` looks an environment variable up.
    pub(super) fn read(
        args: &RunArgs,
        variable: &dyn Fn(&str) -> Option<String>,
        perf_test: bool,
        problems: &mut Problems,
    ) -> Self {
        let producer = &args.producer;
        let path = producer.command_config.as_ref().or(producer.producer_config.as_ref());
        let from_x = producer.command_property.iter();
        let from_x = from_x.map(|pair| ("command-property", pair, Source::CommandProperty));
        let from_props = producer.producer_props.iter();
        let from_props = from_props.map(|pair| ("producer-props", pair, Source::ProducerProps));
        let mut pairs = Vec::new();
        for (flag, pair, source) in from_x.chain(from_props) {
            let split = key_value(flag, pair, problems);
            pairs.extend(split.map(|(key, value)| (key, value, source)));
        }
        let transactional = producer.transactional_id.clone();
        let named =
            |id| ("transactional.id".to_owned(), id, Source::Flag(TRANSACTIONAL.to_owned()));
        pairs.extend(transactional.map(named));
        let flag = args.target.bootstrap_server.clone();
        let flag = flag.map(|value| (value, Source::Flag("--bootstrap-server".to_owned())));
        let from_environment = || {
            let value = variable(BOOTSTRAP_VARIABLE).filter(|value| !value.trim().is_empty())?;
            Some((value, Source::Environment(BOOTSTRAP_VARIABLE.to_owned())))
        };
        Self {
            file: path.and_then(|path| read_file(path, problems)),
            pairs,
            bootstrap: flag.or_else(from_environment),
            embedded: args.target.embedded,
            client_id: perf_test.then_some("perf-producer-client"),
            profile: Vec::new(),
            profile_file: None,
            axes: BTreeMap::new(),
        }
    }

    /// Puts a profile under them: its own keys, those of the file that it names, and of what it
    /// says in the place of flags (`held`) the axes.
    pub(super) fn put_under(
        &mut self,
        profile: &Profile,
        held: &[Said],
        path: Option<&str>,
        problems: &mut Problems,
    ) {
        let owned = |(key, value): (&str, &Value)| (key.to_owned(), value.clone());
        self.profile = profile.kafka().map(owned).collect();
        self.profile_file = path.and_then(|path| read_file(path, problems));
        let flags = held.iter().filter(|said| said.is_axis);
        let flags = flags.map(|said| (said.flag.clone(), said.values.clone()));
        let keys = profile.axes.iter().map(|(key, values)| ((*key).to_owned(), values.clone()));
        self.axes = flags.chain(keys).collect();
    }

    /// What stands above a profile for a key, unless that is a flag of the key's own.
    pub(super) fn above_profile(&self, key: &str) -> Option<(&str, Source)> {
        let pairs = self.pairs.iter().rev().map(|(key, value, source)| (key, value, source));
        let mut pairs = pairs.filter(|(known, ..)| *known == key);
        if let Some((_, value, source)) = pairs.next() {
            return Some((value, source.clone()));
        }
        if let Some((value, source)) = self.bootstrap.as_ref().filter(|_| key == BOOTSTRAP_KEY) {
            return Some((value, source.clone()));
        }
        let (path, properties) = self.file.as_ref()?;
        let property = properties.iter().rev().find(|property| property.key == key)?;
        let source = Source::File { path: path.clone(), line: property.line };
        Some((&property.value, source))
    }

    /// Everything given for one cell.
    pub(super) fn raw(&self, choice: &Choice, problems: &mut Problems) -> Raw {
        let mut raw = Raw::new(1);
        if let Some(id) = self.client_id {
            let file = "kafka-producer-perf-test".to_owned();
            raw.set("client.id", id, Source::Profile { file, line: 0, column: 0 });
        }
        set_file(&mut raw, self.profile_file.as_ref());
        for (key, value) in &self.profile {
            // A file that the profile itself names isn't above it.
            raw.unset(key, value.source());
            raw.set(key, &value.text, value.source());
        }
        self.axes(choice, &mut raw);
        set_file(&mut raw, self.file.as_ref());
        for (key, value, source) in &self.pairs {
            raw.set(key, value, source.clone());
        }
        if let Some((value, source)) = &self.bootstrap {
            raw.set(BOOTSTRAP_KEY, value, source.clone());
        }
        for (flag, key) in KAFKA_FLAGS {
            if let Some(value) = choice.get(flag).filter(|_| !self.axes.contains_key(flag)) {
                raw.set(key, value, Source::Flag(format!("--{flag}")));
            }
        }
        let source = |text| self.source("partitioner", text);
        if let Some(text) = choice.get("partitioner") {
            match named(text) {
                Named::Class(name) => raw.set(PARTITIONER_KEY, name, source(text)),
                Named::Default => raw.unset(PARTITIONER_KEY, source(text)),
            }
        }
        if self.embedded {
            raw.unset(BOOTSTRAP_KEY, Source::Flag("--embedded".to_owned()));
        }
        self.level(choice, &mut raw, problems);
        raw
    }

    /// The values of a profile's axes: Kafka keys by the name of their flag or by their own.
    fn axes(&self, choice: &Choice, raw: &mut Raw) {
        for name in self.axes.keys() {
            let key = key_of_flag(name).unwrap_or(name);
            let is_key = keys::find(key).is_some() && key != PARTITIONER_KEY;
            if let Some(value) = choice.get(name).filter(|_| is_key) {
                raw.unset(key, self.source(name, value));
                raw.set(key, value, self.source(name, value));
            }
        }
    }

    /// Whose a value of a flag is: the profile's, or that of the one who types.
    fn source(&self, flag: &str, text: &str) -> Source {
        let values = self.axes.get(flag).into_iter().flatten();
        let value = values.into_iter().find(|value| value.text == text);
        value.map_or_else(|| Source::Flag(format!("--{flag}")), Value::source)
    }

    /// `--compression-level` is the level of the codec that holds, whoever chose that.
    fn level(&self, choice: &Choice, raw: &mut Raw, problems: &mut Problems) {
        let Some(level) = choice.get("compression-level") else { return };
        let codec = raw.value("compression.type").unwrap_or("none").to_owned();
        match codec.as_str() {
            "gzip" | "lz4" | "zstd" => {
                let key = format!("compression.{codec}.level");
                raw.set(&key, level, self.source("compression-level", level));
            }
            _ => problems.flag(
                "compression-level",
                level,
                format_args!("compression.type={codec} has no levels; expected gzip, lz4 or zstd"),
            ),
        }
    }
}

fn set_file(raw: &mut Raw, file: Option<&(String, Vec<Property>)>) {
    let Some((path, properties)) = file else { return };
    for Property { key, value, line } in properties {
        raw.set(key, value, Source::File { path: path.clone(), line: *line });
    }
}

/// The Kafka key that a flag stands for.
pub(super) fn key_of_flag(flag: &str) -> Option<&'static str> {
    let known = KAFKA_FLAGS.iter().find(|(known, _)| *known == flag).map(|(_, key)| *key);
    known.or_else(|| (flag == "partitioner").then_some(PARTITIONER_KEY))
}

/// The flag that stands for a Kafka key.
pub(super) fn flag_of_key(key: &str) -> Option<&'static str> {
    let known = KAFKA_FLAGS.iter().find(|(_, known)| *known == key).map(|(flag, _)| *flag);
    known.or_else(|| (key == PARTITIONER_KEY).then_some("partitioner"))
}

fn read_file(path: &str, problems: &mut Problems) -> Option<(String, Vec<Property>)> {
    let bytes = fs::read(path)
        .map_err(|error| {
            problems.flag("command-config", path, format_args!("can't read it: {error}"))
        })
        .ok()?;
    match properties::parse(&bytes) {
        Ok(properties) => Some((path.to_owned(), properties)),
        Err(errors) => {
            for error in errors {
                problems.add(format!("{path}: {error}"));
            }
            None
        }
    }
}

/// What `--partitioner` asks of `partitioner.class`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Named<'a> {
    /// No class at all, whatever a file says: the default, or records that name their partition.
    Default,
    /// This one: Java's name where there is one, else ours, or a text that the rules refuse.
    Class(&'a str),
}

fn named(text: &str) -> Named<'_> {
    match PartitionerKind::from_name(text) {
        Some(PartitionerKind::BuiltIn) => Named::Default,
        Some(kind) => Named::Class(kind.class().unwrap_or_else(|| kind.name())),
        None if text.starts_with(super::data::FIXED_PARTITION) => Named::Default,
        None => Named::Class(text),
    }
}

/// The environment's word for `--bootstrap-server`.
pub(super) const BOOTSTRAP_VARIABLE: &str = "KPROD_BOOTSTRAP_SERVER";
const BOOTSTRAP_KEY: &str = "bootstrap.servers";
/// Java's default is no class, which no text stands for: the built-in one is chosen by leaving
/// every other out.
const PARTITIONER_KEY: &str = "partitioner.class";

const TRANSACTIONAL: &str = "--transactional-id";

/// Scalar flags that stand for one key each.
const KAFKA_FLAGS: [(&str, &str); 15] = [
    ("acks", "acks"),
    ("linger-ms", "linger.ms"),
    ("batch-size", "batch.size"),
    ("compression-type", "compression.type"),
    ("max-in-flight-requests-per-connection", "max.in.flight.requests.per.connection"),
    ("buffer-memory", "buffer.memory"),
    ("enable-idempotence", "enable.idempotence"),
    ("retries", "retries"),
    ("delivery-timeout-ms", "delivery.timeout.ms"),
    ("request-timeout-ms", "request.timeout.ms"),
    ("retry-backoff-ms", "retry.backoff.ms"),
    ("max-block-ms", "max.block.ms"),
    ("max-request-size", "max.request.size"),
    ("client-id", "client.id"),
    ("send-buffer-bytes", "send.buffer.bytes"),
];
