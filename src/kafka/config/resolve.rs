//! From texts to the configuration that the engine works with. Cost class: once per run.

use core::time::Duration;

use super::keys::level_key;
use super::rules::{self, Findings};
use super::settings::Settings;
use super::{
    Acks, Backoff, Codec, Compression, IdempotenceReason, Note, Overridden, Problem,
    ProducerConfig, Raw, RefusedBy, Source,
};

/// An accepted configuration and how it came about.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Resolved {
    /// What the engine works with.
    pub config: ProducerConfig,
    /// Every key with its value after the rules and its source, by name.
    pub effective: Vec<Effective>,
    /// What the user should know.
    pub notes: Vec<Note>,
    /// Why idempotence is on or off.
    pub idempotence: IdempotenceReason,
}

/// One key of the effective configuration.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Effective {
    /// As Java spells it.
    pub key: &'static str,
    /// As Java would read it; a password is replaced.
    pub value: String,
    /// Who set it.
    pub source: Source,
}

/// What becomes of a configuration: with Java's producer, and in a run here.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Judgement {
    /// What the engine works with; `None` while a run refuses something.
    pub config: Option<ProducerConfig>,
    /// Everything that is wrong: texts by key, then what isn't built, then rules between keys.
    pub problems: Vec<Problem>,
    /// Every key with its value after the rules and its source, by name; a wrong one as given.
    pub effective: Vec<Effective>,
    /// What was given and doesn't hold, in the order in which it was overridden.
    pub overridden: Vec<Overridden>,
    /// What the user should know.
    pub notes: Vec<Note>,
    /// Why idempotence is on or off.
    pub idempotence: IdempotenceReason,
}

impl Judgement {
    /// Whether Java's `new KafkaProducer(…)` would take it. The names of brokers are not looked up
    /// and classes outside of Kafka's own packages are taken to exist; key stores, JAAS texts and
    /// the names of the JVM's security algorithms are not looked into.
    #[must_use]
    pub fn java_accepts(&self) -> bool {
        self.refused_by_java().next().is_none()
    }

    /// The problems that keep Java's producer from starting, whether or not a run here starts.
    pub fn refused_by_java(&self) -> impl Iterator<Item = &Problem> {
        let javas = [RefusedBy::Java, RefusedBy::JavaAlone];
        self.problems.iter().filter(move |problem| javas.contains(&problem.refused_by))
    }

    /// The problems that these refuse.
    pub fn refused_by(&self, by: RefusedBy) -> impl Iterator<Item = &Problem> {
        self.problems.iter().filter(move |problem| problem.refused_by == by)
    }
}

/// Parses, checks and completes what was given, for a run.
///
/// # Errors
/// Every problem at once: texts by key, then what isn't built, then rules between keys.
pub fn resolve(raw: &Raw) -> Result<Resolved, Vec<Problem>> {
    let Judgement { config, problems, effective, notes, idempotence, .. } = judge(raw);
    let config = config.ok_or(problems)?;
    Ok(Resolved { config, effective, notes, idempotence })
}

/// Parses, checks and completes what was given, and says who refuses what of it.
#[must_use]
pub fn judge(raw: &Raw) -> Judgement {
    let mut settings = Settings::new(raw);
    let findings = rules::apply(&mut settings);
    let idempotence = findings.idempotence;
    let problems = core::mem::take(&mut settings.problems);
    let notes = core::mem::take(&mut settings.notes);
    let acks = rules::acks(&settings);
    let client_id = client_id(&settings, raw.producer_number);
    let refused = problems.iter().any(|problem| problem.refused_by != RefusedBy::JavaAlone);
    let config = (!refused).then(|| build(&settings, findings, client_id.clone()));
    let effective = settings
        .into_rows()
        .map(|(key, value, source)| {
            let value = match (key, acks) {
                ("acks", Some(acks)) => acks.name().to_owned(),
                ("client.id", _) => client_id.clone(),
                _ => value,
            };
            Effective { key, value, source }
        })
        .collect();
    let overridden = raw.overridden.clone();
    Judgement { config, problems, effective, overridden, notes, idempotence }
}

/// What was given, even if empty; else Java's own name: after the transaction or by number.
fn client_id(settings: &Settings, producer_number: u32) -> String {
    match (settings.text("client.id"), settings.text("transactional.id")) {
        (Some(id), _) if settings.is_given("client.id") => id.to_owned(),
        (_, Some(transaction)) => format!("producer-{transaction}"),
        _ => ProducerConfig::default_client_id(producer_number),
    }
}

/// The typed fields; every value has passed its range.
fn build(settings: &Settings, findings: Findings, client_id: String) -> ProducerConfig {
    let from = Typed(settings);
    ProducerConfig {
        bootstrap_servers: findings.bootstrap,
        client_id,
        acks: rules::acks(settings).unwrap_or(Acks::All),
        enable_idempotence: findings.idempotence.is_on(),
        retries: from.size("retries"),
        max_in_flight: from.size("max.in.flight.requests.per.connection"),
        batch_size: from.size("batch.size").max(1),
        linger: from.millis("linger.ms"),
        buffer_memory: from.number("buffer.memory"),
        max_block: from.millis("max.block.ms"),
        max_request_size: from.size("max.request.size"),
        delivery_timeout: from.millis("delivery.timeout.ms"),
        request_timeout: from.millis("request.timeout.ms"),
        compression: compression(settings),
        retry_backoff: from.backoff("retry.backoff.ms", "retry.backoff.max.ms"),
        reconnect_backoff: from.backoff("reconnect.backoff.ms", "reconnect.backoff.max.ms"),
        setup_timeout: from.backoff(
            "socket.connection.setup.timeout.ms",
            "socket.connection.setup.timeout.max.ms",
        ),
        metadata_max_age: from.millis("metadata.max.age.ms"),
        metadata_max_idle: from.millis("metadata.max.idle.ms"),
        connections_max_idle: from.unless_negative("connections.max.idle.ms").map(millis),
        send_buffer: from.unless_negative("send.buffer.bytes").map(bytes),
        receive_buffer: from.unless_negative("receive.buffer.bytes").map(bytes),
        partitioner: findings.partitioner,
        key_rules: None,
        adaptive_partitioning: from.flag("partitioner.adaptive.partitioning.enable"),
        availability_timeout: from.millis("partitioner.availability.timeout.ms"),
        ignore_keys: from.flag("partitioner.ignore.keys"),
        rebootstrap_trigger: settings
            .text("metadata.recovery.strategy")
            .is_some_and(|strategy| strategy.eq_ignore_ascii_case("rebootstrap"))
            .then(|| from.millis("metadata.recovery.rebootstrap.trigger.ms")),
        use_all_dns_ips: true,
    }
}

fn compression(settings: &Settings) -> Compression {
    let codec = match settings.text("compression.type") {
        Some("gzip") => Codec::Gzip,
        Some("snappy") => Codec::Snappy,
        Some("lz4") => Codec::Lz4,
        Some("zstd") => Codec::Zstd,
        _ => Codec::None,
    };
    let level = level_key(codec).and_then(|key| settings.int(key)).unwrap_or(0);
    let level = i32::try_from(level).expect("levels are of type int");
    Compression { codec, level }
}

/// Reads values that have passed their range.
struct Typed<'a>(&'a Settings);

impl Typed<'_> {
    fn unless_negative(&self, name: &str) -> Option<u64> {
        let number = self.0.int(name).expect("a number without problem is there");
        u64::try_from(number).ok()
    }

    fn number(&self, name: &str) -> u64 {
        self.unless_negative(name).expect("the range begins at 0 or above")
    }

    fn size(&self, name: &str) -> u32 {
        bytes(self.number(name))
    }

    fn millis(&self, name: &str) -> Duration {
        millis(self.number(name))
    }

    fn flag(&self, name: &str) -> bool {
        self.0.bool(name).expect("a boolean without problem is there")
    }

    fn backoff(&self, initial: &str, max: &str) -> Backoff {
        Backoff { initial: self.millis(initial), max: self.millis(max) }
    }
}

const fn millis(number: u64) -> Duration {
    Duration::from_millis(number)
}

fn bytes(number: u64) -> u32 {
    u32::try_from(number).expect("the key is of type int")
}
