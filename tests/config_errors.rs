//! Every rule between the producer's keys as a user reads it.
//!
//! `tests/data/config-errors.txt` is the page; after a change of a text on purpose,
//! `KPROD_WRITE_SNAPSHOTS=1 cargo test --test config_errors` writes it anew.

use std::fmt::Write as _;
use std::path::Path;

use kprod_bench::kafka::config::{Raw, RefusedBy, Source, judge};

/// Goal: the texts are looked at when they change. Method: one of each rule, on both sides of
/// "given" and "not given", against the committed page.
#[test]
fn every_rule_is_told_as_the_page_has_it() {
    let page: String = RULES.iter().map(|(title, cases)| rule(title, cases)).collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/config-errors.txt");
    if std::env::var_os("KPROD_WRITE_SNAPSHOTS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap();
    for (now, kept) in page.lines().zip(kept.lines()) {
        assert_eq!(now, kept);
    }
    assert_eq!(page.lines().count(), kept.lines().count());
}

fn rule(title: &str, cases: &[&str]) -> String {
    let mut text = format!("{title}\n");
    for case in cases {
        let mut raw = Raw::new(1);
        raw.set("bootstrap.servers", "broker1:9092", Source::Default);
        for (line, pair) in (1..).zip(case.split("; ").filter(|pair| !pair.is_empty())) {
            let (key, value) = pair.split_once('=').expect("KEY=VALUE");
            raw.set(key, value, Source::File { path: "client.properties".to_owned(), line });
        }
        let judged = judge(&raw);
        let verdict = match (judged.java_accepts(), judged.config.is_some()) {
            (false, false) => "refused, as by Java".to_owned(),
            (false, true) => "refused by Java, taken by a run".to_owned(),
            (true, false) => "taken by Java, refused by a run".to_owned(),
            (true, true) => format!("taken; idempotence {}", judged.idempotence),
        };
        writeln!(text, "  {case}\n    {verdict}").expect("a string takes everything");
        for problem in &judged.problems {
            let whose = if problem.refused_by == RefusedBy::Run { " (a run)" } else { "" };
            writeln!(text, "    error{whose}: {problem}").expect("a string takes everything");
        }
        for note in &judged.notes {
            writeln!(text, "    note: {note}").expect("a string takes everything");
        }
    }
    text.push('\n');
    text
}

const RULES: &[(&str, &[&str])] = &[
    (
        "1. Idempotence needs retries",
        &["retries=0; enable.idempotence=true", "retries=0", "retries=0; enable.idempotence=false"],
    ),
    (
        "2. Idempotence needs acks=all",
        &[
            "acks=1; enable.idempotence=true",
            "acks=0; enable.idempotence=true",
            "acks=1",
            "acks=0",
            "acks=1; enable.idempotence=false",
            "acks=-1; enable.idempotence=true",
        ],
    ),
    (
        "3. Idempotence needs at most five requests in flight",
        &[
            "max.in.flight.requests.per.connection=6; enable.idempotence=true",
            "max.in.flight.requests.per.connection=6",
            "max.in.flight.requests.per.connection=6; acks=1",
            "max.in.flight.requests.per.connection=6; enable.idempotence=false",
        ],
    ),
    (
        "1 to 3 at once",
        &["acks=1; retries=0; max.in.flight.requests.per.connection=6; enable.idempotence=true"],
    ),
    (
        "4. A transaction needs idempotence",
        &[
            "transactional.id=t; enable.idempotence=false",
            "transactional.id=t; acks=1",
            "transactional.id=t; retries=0",
            "transactional.id=",
            "transactional.id=t",
        ],
    ),
    (
        "5. Two-phase commit has no time-out",
        &[
            "transaction.two.phase.commit.enable=true; transaction.timeout.ms=60000",
            "transaction.two.phase.commit.enable=true",
        ],
    ),
    (
        "delivery.timeout.ms holds linger.ms and request.timeout.ms",
        &[
            "delivery.timeout.ms=30004",
            "delivery.timeout.ms=120000; request.timeout.ms=200000",
            "request.timeout.ms=200000",
            "linger.ms=9223372036854775807",
        ],
    ),
    (
        "Backoffs",
        &[
            "reconnect.backoff.ms=500",
            "reconnect.backoff.ms=500; reconnect.backoff.max.ms=1000",
            "reconnect.backoff.ms=2000; reconnect.backoff.max.ms=1000",
            "retry.backoff.ms=2000",
            "socket.connection.setup.timeout.ms=60000",
        ],
    ),
    (
        "SASL needs a mechanism and a login, and both need SASL",
        &[
            "security.protocol=SASL_SSL; sasl.mechanism=",
            "security.protocol=SASL_PLAINTEXT; sasl.mechanism=PLAIN",
            "sasl.mechanism=PLAIN",
            "ssl.truststore.location=/etc/trust.pem",
        ],
    ),
    (
        "Bootstrap servers",
        &[
            "bootstrap.servers=",
            "bootstrap.servers=broker1",
            "bootstrap.servers=broker1:9092,,broker2:9092",
            "bootstrap.servers=broker1:port,http://broker2:9092/",
            "bootstrap.servers=broker1:70000",
            "bootstrap.servers=:9092",
            "bootstrap.servers=broker1:0",
            "bootstrap.servers=broker1:9092,broker1:9092",
        ],
    ),
    (
        "partitioner.class leaves the built-in partitioner's keys without effect",
        &[
            "partitioner.class=org.apache.kafka.clients.producer.RoundRobinPartitioner; \
             partitioner.ignore.keys=true; partitioner.availability.timeout.ms=100; \
             partitioner.adaptive.partitioning.enable=false",
            "partitioner.adaptive.partitioning.enable=false; partitioner.availability.timeout.ms=5",
            "partitioner.class=org.apache.kafka.clients.producer.internals.DefaultPartitioner",
        ],
    ),
    (
        "buffer.memory holds a batch",
        &["batch.size=65536; buffer.memory=32768", "buffer.memory=1000"],
    ),
    (
        "What isn't built",
        &[
            "security.protocol=SSL",
            "security.protocol=SASL_PLAINTEXT; sasl.mechanism=PLAIN; sasl.jaas.config=secret",
            "client.dns.lookup=resolve_canonical_bootstrap_servers_only",
            "interceptor.classes=com.example.Audit",
            "config.providers=file",
            "partitioner.class=com.example.Mine",
            "socket.connection.setup.timeout.ms=0",
        ],
    ),
    (
        "Values and names",
        &[
            "linger.ms=5s",
            "acks=ALL",
            "enable.idempotence=yes",
            "compression.type=ztsd",
            "batch.size=16KiB",
            "retries=2147483648",
            "linger.m=5",
            "group.id=g",
            "key.serializer=com.example.Mine",
            "key.serializer=org.apache.kafka.common.serialization.StringDeserializer",
        ],
    ),
];
