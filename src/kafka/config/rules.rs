//! The rules between keys, in the order of Java's `ProducerConfig` and `KafkaProducer`, and our
//! own refusals. Cost class: once per run.
//!
//! "Given" means that somebody set the key, even to its default: Java raises or switches off what
//! nobody asked for, and refuses what somebody did. Every broken rule is reported, not only the
//! first. Stricter than Java, and marked [`RefusedBy::Run`]: what isn't built, a batch that memory
//! can't hold (Java fails at the first record), connection time-outs below 1 ms, and brokers
//! without a host or with port 0.

use super::java_text::is_class_name;
use super::keys::{Effect, KEYS, Preset};
use super::settings::{BYTES, Settings};
use super::values::Value;
use super::{
    Acks, HostPort, HostPortError, IdempotenceReason, NoteKind, PartitionerKind, RefusedBy, Source,
};

/// What the rules found out beside the values.
pub(super) struct Findings {
    pub(super) idempotence: IdempotenceReason,
    pub(super) bootstrap: Vec<HostPort>,
    pub(super) partitioner: PartitionerKind,
}

/// Applies every rule.
pub(super) fn apply(settings: &mut Settings) -> Findings {
    not_built(settings);
    security(settings);
    serializers(settings);
    plug_ins(settings);
    constant_backoffs(settings);
    let idempotence = idempotence(settings);
    transactions(settings, idempotence);
    let partitioner = partitioner(settings);
    linger(settings);
    delivery_timeout(settings);
    let bootstrap = bootstrap(settings);
    batch_in_memory(settings);
    setup_timeouts(settings);
    levels_of_other_codecs(settings);
    rebootstrap(settings);
    Findings { idempotence, bootstrap, partitioner }
}

/// The number of `acks`; its words are checked by the table.
pub(super) fn acks(settings: &Settings) -> Option<Acks> {
    settings.text("acks").map(|text| match text {
        "0" => Acks::None,
        "1" => Acks::Leader,
        _ => Acks::All,
    })
}

fn not_built(settings: &mut Settings) {
    for key in KEYS {
        let Effect::NotBuilt(what) = key.effect else { continue };
        let wanted = match key.default {
            Preset::Text("") | Preset::Null | Preset::Required => {
                settings.is_given(key.name).then_some("no value")
            }
            Preset::Text(default) => Some(default),
        };
        let Some(wanted) = wanted else { continue };
        let asks = match key.default {
            Preset::Null => settings.text(key.name).is_some(),
            _ => settings.differs_from_default(key),
        };
        if asks {
            let expected = format!("{wanted}, since {what} isn't built yet");
            let advice =
                if wanted == "no value" { "leave it out" } else { "leave it at its default" };
            settings.refuse_by(RefusedBy::Run, key.name, expected, advice.to_owned());
        }
    }
}

/// What `security.protocol` wants, and which keys it leaves without effect.
fn security(settings: &mut Settings) {
    const KEY: &str = "security.protocol";
    let Some(protocol) = settings.text(KEY).map(str::to_uppercase) else { return };
    let (tls, sasl) = (protocol.ends_with("SSL"), protocol.starts_with("SASL_"));
    if sasl && settings.text("sasl.mechanism") == Some("") {
        let expected = format!("the name of a mechanism with {}", settings.cite(KEY));
        settings.refuse("sasl.mechanism", expected, "write PLAIN or SCRAM-SHA-512".to_owned());
    }
    if sasl && !settings.is_given("sasl.jaas.config") {
        let expected = "sasl.jaas.config beside it".to_owned();
        let advice = "give it, even where the JVM has a file of its own for that";
        settings.refuse(KEY, expected, advice.to_owned());
    }
    for key in KEYS.iter().filter(|key| key.effect == Effect::Security) {
        let (used, wanted) = match key.name.starts_with("sasl.") {
            true => (sasl, "SASL_PLAINTEXT or SASL_SSL"),
            false => (tls, "SSL or SASL_SSL"),
        };
        if !used {
            let when =
                format!("with {}: it needs {wanted}, which isn't built yet", settings.cite(KEY));
            without_effect(settings, key.name, &when);
        }
    }
}

/// Serializers that Kafka doesn't have. Others are taken to exist, and do nothing here.
fn serializers(settings: &mut Settings) {
    const ITS_TYPES: [&str; 12] = [
        "Boolean",
        "ByteArray",
        "ByteBuffer",
        "Bytes",
        "Double",
        "Float",
        "Integer",
        "Long",
        "Short",
        "String",
        "UUID",
        "Void",
    ];
    for name in ["key.serializer", "value.serializer"] {
        let Some(class) = settings.text(name).filter(|class| is_kafkas(class)) else { continue };
        let known = class
            .strip_prefix("org.apache.kafka.common.serialization.")
            .and_then(|class| class.strip_suffix("Serializer"))
            .is_some_and(|its_type| ITS_TYPES.contains(&its_type));
        if !known {
            let expected =
                "a serializer that Kafka 4.3.1 has and that needs no settings".to_owned();
            let advice = format!("leave it out, or write {BYTES}");
            settings.refuse(name, expected, advice);
        }
    }
}

/// Lists of classes that Java makes objects of: one that Kafka doesn't have stops it.
fn plug_ins(settings: &mut Settings) {
    for (name, known) in [("interceptor.classes", ""), ("metric.reporters", JMX)] {
        let Some(classes) = settings.list(name) else { continue };
        let missing = classes.iter().find(|class| *class != known && is_kafkas(class)).cloned();
        if let Some(class) = missing {
            let expected = format!("classes for this purpose, which {class} isn't");
            settings.refuse(name, expected, "leave it out".to_owned());
        }
    }
}

/// Whether it is known which classes the package of `class` has: Java's own and the client's.
fn is_kafkas(class: &str) -> bool {
    ["java.", "org.apache.kafka.clients.", "org.apache.kafka.common."]
        .iter()
        .any(|package| class.starts_with(package))
}

/// `reconnect.backoff.ms` alone sets its maximum too; an initial wait above the maximum is cut.
fn constant_backoffs(settings: &mut Settings) {
    const PAIRS: [(&str, &str); 3] = [
        ("retry.backoff.ms", "retry.backoff.max.ms"),
        ("socket.connection.setup.timeout.ms", "socket.connection.setup.timeout.max.ms"),
        ("reconnect.backoff.ms", "reconnect.backoff.max.ms"),
    ];
    let (first, longest) = PAIRS[2];
    if settings.is_given(first)
        && !settings.is_given(longest)
        && let Some(wait) = settings.int(first)
    {
        settings.derive(longest, Value::Int(wait), first);
        let text = format!(
            "{longest} is {wait} like {first} ({}), so the wait doesn't grow; set both to let it",
            settings.source(first)
        );
        settings.note(NoteKind::Changed, longest, text);
    }
    for (first, longest) in PAIRS {
        if let (Some(wait), Some(max)) = (settings.int(first), settings.int(longest))
            && wait > max
        {
            let text =
                format!("{first} ({wait}) is above {longest} ({max}), so it is always {max} ms");
            settings.note(NoteKind::Limited, first, text);
        }
    }
}

/// KIP-679's table: refused when idempotence was asked for, else switched off.
fn idempotence(settings: &mut Settings) -> IdempotenceReason {
    const KEY: &str = "enable.idempotence";
    let given = settings.is_given(KEY);
    if settings.bool(KEY) != Some(true) {
        return IdempotenceReason::Refused;
    }
    let beside = settings.cite(KEY);
    let mut off = None;
    if settings.int("retries") == Some(0) {
        let expected = format!("1 or more with {beside}");
        let advice = "write retries=2147483647 or enable.idempotence=false";
        off = Some((IdempotenceReason::NoRetries, "retries"));
        conflict(settings, given, "retries", expected, advice);
    }
    if let Some(acks @ (Acks::None | Acks::Leader)) = acks(settings) {
        let advice = "write acks=all or enable.idempotence=false";
        off = off.or(Some((IdempotenceReason::Acks(acks), "acks")));
        conflict(settings, given, "acks", format!("all with {beside}"), advice);
    }
    // Since 4.0 an error even if the default is all that speaks for idempotence.
    const IN_FLIGHT: &str = "max.in.flight.requests.per.connection";
    if settings.int(IN_FLIGHT).is_some_and(|limit| limit > 5) {
        let advice = "write 5, or enable.idempotence=false".to_owned();
        settings.refuse(IN_FLIGHT, format!("at most 5 with {beside}"), advice);
    }
    match off {
        Some((reason, because)) if !given => {
            settings.derive(KEY, Value::Bool(false), because);
            reason
        }
        _ if given => IdempotenceReason::Asked,
        _ => IdempotenceReason::Default,
    }
}

/// `name` speaks against idempotence: an error beside an explicit wish, else a note.
fn conflict(settings: &mut Settings, wished: bool, name: &str, expected: String, advice: &str) {
    if wished {
        settings.refuse(name, expected, advice.to_owned());
    } else {
        let text = format!(
            "idempotence is off because of {}; a retry may store records twice or out of order",
            settings.cite(name)
        );
        settings.note(NoteKind::Changed, "enable.idempotence", text);
    }
}

fn transactions(settings: &mut Settings, idempotence: IdempotenceReason) {
    let readable = settings.bool("enable.idempotence").is_some();
    if readable && !idempotence.is_on() && settings.text("transactional.id").is_some() {
        let (against, advice) = match idempotence {
            IdempotenceReason::NoRetries => ("retries", "write retries=2147483647"),
            IdempotenceReason::Acks(_) => ("acks", "write acks=all"),
            _ => ("enable.idempotence", "write enable.idempotence=true"),
        };
        let expected = format!("idempotence to be on, but {}", settings.cite(against));
        settings.refuse("transactional.id", expected, advice.to_owned());
    }
    const TWO_PHASE: &str = "transaction.two.phase.commit.enable";
    if settings.bool(TWO_PHASE) == Some(true) && settings.is_given("transaction.timeout.ms") {
        let expected =
            format!("no value with {}: such transactions never expire", settings.cite(TWO_PHASE));
        settings.refuse("transaction.timeout.ms", expected, "leave it out".to_owned());
    }
}

fn partitioner(settings: &mut Settings) -> PartitionerKind {
    const KEY: &str = "partitioner.class";
    const BUILT_IN_ONLY: [&str; 3] = [
        "partitioner.adaptive.partitioning.enable",
        "partitioner.availability.timeout.ms",
        "partitioner.ignore.keys",
    ];
    let Some(class) = settings.text(KEY).map(str::to_owned) else {
        if settings.bool(BUILT_IN_ONLY[0]) == Some(false) {
            without_effect(settings, BUILT_IN_ONLY[1], "without adaptive partitioning");
        }
        return PartitionerKind::BuiltIn;
    };
    let from_flag = matches!(settings.source(KEY), Source::Flag(_));
    let named = PartitionerKind::from_name(&class).filter(|_| from_flag);
    let Some(kind) = PartitionerKind::from_class(&class).or(named) else {
        unknown_partitioner(settings, KEY, &class, from_flag);
        return PartitionerKind::BuiltIn;
    };
    for name in BUILT_IN_ONLY {
        without_effect(settings, name, "beside partitioner.class");
    }
    if kind.removed_in_java() && !from_flag {
        let text = format!(
            "{KEY} ({}): Kafka 4.0 removed this class; what it did up to 3.9 is done here",
            settings.source(KEY)
        );
        settings.note(NoteKind::Changed, KEY, text);
    }
    if kind.removed_in_java() {
        let expected = "a class that Kafka 4.3.1 has: 4.0 removed this one".to_owned();
        let advice = "leave it out: the default does its work".to_owned();
        settings.refuse_by(RefusedBy::JavaAlone, KEY, expected, advice);
    } else if kind.class().is_none() {
        let expected = "a class that Kafka 4.3.1 has: this is another client's, which only a run \
                        here follows"
            .to_owned();
        let advice = "for Java, write a class that does the same".to_owned();
        settings.refuse_by(RefusedBy::JavaAlone, KEY, expected, advice);
    }
    kind
}

/// A file must name a class as Java loads it; the flag knows our own names as well.
fn unknown_partitioner(settings: &mut Settings, key: &str, class: &str, from_flag: bool) {
    let names = PartitionerKind::ALL.map(PartitionerKind::name).join(", ");
    let classes: Vec<_> = PartitionerKind::ALL.iter().filter_map(|kind| kind.class()).collect();
    let advice = if !from_flag && PartitionerKind::from_name(class).is_some() {
        format!("write --partitioner {class}")
    } else {
        "leave it out for the default".to_owned()
    };
    let expected = if from_flag {
        format!("{names}, partition:N, or a class of Kafka's")
    } else {
        format!("no value, or one of Kafka's classes: {}", classes.join(", "))
    };
    // A user's own class may well be on the class path of the application.
    let by = match is_class_name(class) && !is_kafkas(class) {
        true if class.contains('.') || !from_flag => RefusedBy::Run,
        _ => RefusedBy::Java,
    };
    settings.refuse_by(by, key, expected, advice);
}

/// Says that `name`, if somebody gave it, changes nothing.
fn without_effect(settings: &mut Settings, name: &str, when: &str) {
    if settings.is_given(name) {
        let text = format!("{name} ({}) has no effect {when}", settings.source(name));
        settings.note(NoteKind::NoEffect, name, text);
    }
}

fn linger(settings: &mut Settings) {
    if settings.int("linger.ms").is_some_and(|linger| linger > INT_MAX) {
        settings.derive("linger.ms", Value::Int(INT_MAX), "linger.ms");
        let text = format!("linger.ms is cut to {INT_MAX}, the most that Java waits");
        settings.note(NoteKind::Changed, "linger.ms", text);
    }
}

fn delivery_timeout(settings: &mut Settings) {
    const KEY: &str = "delivery.timeout.ms";
    let (Some(delivery), Some(linger), Some(request)) =
        (settings.int(KEY), settings.int("linger.ms"), settings.int("request.timeout.ms"))
    else {
        return;
    };
    let least = linger.saturating_add(request).min(INT_MAX);
    if delivery >= least {
        return;
    }
    let sum = format!("linger.ms ({linger}) + request.timeout.ms ({request})");
    if settings.is_given(KEY) {
        settings.refuse(KEY, format!("at least {sum}"), format!("write {least} or more"));
    } else {
        let because = if request > linger { "request.timeout.ms" } else { "linger.ms" };
        settings.derive(KEY, Value::Int(least), because);
        settings.note(NoteKind::Changed, KEY, format!("{KEY} is raised to {least}: {sum}"));
    }
}

fn bootstrap(settings: &mut Settings) -> Vec<HostPort> {
    const KEY: &str = "bootstrap.servers";
    let Some(entries) = settings.list(KEY).map(<[String]>::to_vec) else { return Vec::new() };
    if entries.is_empty() && settings.is_given(KEY) {
        settings.refuse(KEY, "at least one host:port".to_owned(), None);
    }
    let mut servers: Vec<HostPort> = Vec::new();
    for entry in entries {
        match entry.parse::<HostPort>() {
            Ok(server) if servers.contains(&server) => {
                let text = format!("{KEY} names {server} more than once; it counts once");
                settings.note(NoteKind::Changed, KEY, text);
            }
            Ok(server) => servers.push(server),
            Err(error) => {
                let guess = format!("{entry}:9092");
                let advice = (!entry.contains(':') && guess.parse::<HostPort>().is_ok())
                    .then(|| format!("write {guess} if that is its port"));
                let expected = format!("{}, but there is {entry:?}", error.expected());
                let by = match error {
                    HostPortError::NoHost | HostPortError::PortZero => RefusedBy::Run,
                    HostPortError::Form | HostPortError::Port => RefusedBy::Java,
                };
                settings.refuse_by(by, KEY, expected, advice);
            }
        }
    }
    servers
}

fn batch_in_memory(settings: &mut Settings) {
    let (Some(batch), Some(memory)) = (settings.int("batch.size"), settings.int("buffer.memory"))
    else {
        return;
    };
    if batch.max(1) <= memory {
        return;
    }
    // The one that was given is to blame; between two, the batch.
    if settings.is_given("batch.size") && memory > 0 {
        let beside = settings.cite("buffer.memory");
        let expected = format!("at most the memory for all batches, {beside}");
        let advice = format!("write {memory} or less");
        settings.refuse_by(RefusedBy::Run, "batch.size", expected, advice);
    } else {
        let beside = settings.cite("batch.size");
        let expected = format!("room for at least one batch, {beside}");
        let advice = format!("write {} or more", batch.max(1));
        settings.refuse_by(RefusedBy::Run, "buffer.memory", expected, advice);
    }
}

fn setup_timeouts(settings: &mut Settings) {
    for name in ["socket.connection.setup.timeout.max.ms", "socket.connection.setup.timeout.ms"] {
        if settings.int(name).is_some_and(|timeout| timeout < 1) {
            let expected = "milliseconds, 1 or more: no connection would ever stand".to_owned();
            settings.refuse_by(RefusedBy::Run, name, expected, None);
        }
    }
}

fn levels_of_other_codecs(settings: &mut Settings) {
    let Some(codec) = settings.text("compression.type").map(str::to_owned) else { return };
    for other in ["gzip", "lz4", "zstd"] {
        if other != codec {
            let when = format!("with compression.type={codec}");
            without_effect(settings, &format!("compression.{other}.level"), &when);
        }
    }
}

fn rebootstrap(settings: &mut Settings) {
    if settings.text("metadata.recovery.strategy").is_some_and(|s| s.eq_ignore_ascii_case("none")) {
        let name = "metadata.recovery.rebootstrap.trigger.ms";
        without_effect(settings, name, "with metadata.recovery.strategy=none");
    }
}

/// Java's `Integer.MAX_VALUE`, in milliseconds where it bounds a time.
const INT_MAX: i64 = 2_147_483_647;
const JMX: &str = "org.apache.kafka.common.metrics.JmxReporter";
