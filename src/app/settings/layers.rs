//! The layers of Kafka keys: flags over environment over files over profile. Cost class: once a
//! process.

use std::fs;

use super::matrix::Choice;
use super::problems::Problems;
use super::profile::Profile;
use super::target::key_value;
use crate::app::cli::args::RunArgs;
use crate::kafka::config::properties::{self, Property};
use crate::kafka::config::{PartitionerKind, Raw, Source};

/// What is the same in every cell: read once, so that a file is opened once and complained about
/// once.
#[derive(Clone, Debug)]
pub(super) struct Layers {
    file: Option<(String, Vec<Property>)>,
    pairs: Vec<(String, String, Source)>,
    bootstrap: Option<(String, Source)>,
    embedded: bool,
    profile: Option<Profile>,
    client_id: Option<&'static str>,
}

impl Layers {
    /// Reads what isn't a scalar flag. `variable` looks an environment variable up.
    pub(super) fn read(
        args: &RunArgs,
        variable: &dyn Fn(&str) -> Option<String>,
        profile: Option<Profile>,
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
            profile,
            client_id: perf_test.then_some("perf-producer-client"),
        }
    }

    /// Everything given for one cell.
    pub(super) fn raw(&self, choice: &Choice, problems: &mut Problems) -> Raw {
        let mut raw = Raw::new(1);
        let mut set = |key: &str, value: &str, source: Source| raw.set(key, value, source);
        if let Some(id) = self.client_id {
            let file = "kafka-producer-perf-test".to_owned();
            set("client.id", id, Source::Profile { file, line: 1 });
        }
        if let Some(profile) = &self.profile {
            for (key, value, line) in &profile.producer {
                set(key, value, Source::Profile { file: profile.file.clone(), line: *line });
            }
        }
        if let Some((path, properties)) = &self.file {
            for Property { key, value, line } in properties {
                set(key, value, Source::File { path: path.clone(), line: *line });
            }
        }
        for (key, value, source) in &self.pairs {
            set(key, value, source.clone());
        }
        if let Some((value, source)) = &self.bootstrap {
            set(BOOTSTRAP_KEY, value, source.clone());
        }
        for (flag, key) in KAFKA_FLAGS {
            if let Some(value) = choice.get(flag) {
                set(key, value, Source::Flag(format!("--{flag}")));
            }
        }
        let by_flag = Source::Flag("--partitioner".to_owned());
        match choice.get("partitioner").map(named) {
            Some(Named::Class(name)) => raw.set(PARTITIONER_KEY, name, by_flag),
            Some(Named::Default) => raw.unset(PARTITIONER_KEY, by_flag),
            None => {}
        }
        if self.embedded {
            raw.unset(BOOTSTRAP_KEY, Source::Flag("--embedded".to_owned()));
        }
        self.level(choice, &mut raw, problems);
        raw
    }

    /// `--compression-level` is the level of the codec that holds, whoever chose that.
    fn level(&self, choice: &Choice, raw: &mut Raw, problems: &mut Problems) {
        let Some(level) = choice.get("compression-level") else { return };
        let codec = raw.value("compression.type").unwrap_or("none").to_owned();
        match codec.as_str() {
            "gzip" | "lz4" | "zstd" => {
                let key = format!("compression.{codec}.level");
                raw.set(&key, level, Source::Flag("--compression-level".to_owned()));
            }
            _ => problems.flag(
                "compression-level",
                level,
                format_args!("compression.type={codec} has no levels; expected gzip, lz4 or zstd"),
            ),
        }
    }
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
