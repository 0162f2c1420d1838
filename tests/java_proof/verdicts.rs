//! Does `explain` give Java's own verdict?

use std::collections::BTreeMap;
use std::fmt::Write as _;

use assert_cmd::Command;
use kprod_bench::kafka::config::{Judgement, Raw, Source, judge};

use super::grid::{Given, configurations};
use super::java::{java, say};

/// Goal: what Java's producer accepts is accepted, what it refuses is refused, and what it makes of
/// acks, idempotence, retries, requests in flight, the delivery time-out and the reconnect backoff
/// is what is printed. Method: thousands of configurations (every key with values of every sort,
/// whole products over the keys that rules join, all pairs of values, mixtures) through
/// `ProducerConfig` and the constructor of `KafkaProducer`. With TLS, or SASL and a JAAS text, the
/// constructor would read key stores, so there the former alone. Classes outside of Kafka's
/// packages are those that exist: what a user's class path holds can't be known.
#[test]
#[ignore = "needs the jars of Kafka: scripts/test"]
fn every_verdict_is_java_s() {
    let Some(java) = java() else { return };
    let all = configurations();
    assert!(all.len() >= 2_000, "{}", all.len());
    let input: String = all.iter().map(|given| line(given) + "\n").collect();
    let answer = java.run("ConfigVerdicts.java", &[], &input);
    let answers: Vec<&str> = answer.lines().collect();
    assert_eq!(answers.len(), all.len());

    let mut disagreements = Vec::new();
    for (given, java) in all.iter().zip(&answers) {
        let ours = verdict(&judgement(given));
        if ours != *java && !(ours == "refused" && java.starts_with("refused\t")) {
            disagreements.push(format!("{given:?}\n  java: {java}\n  ours: {ours}"));
        }
    }
    let refused = answers.iter().filter(|answer| answer.starts_with("refused")).count();
    say(&format!(
        "java: {} configurations, {} accepted, {refused} refused; {} disagreements",
        all.len(),
        all.len() - refused,
        disagreements.len()
    ));
    assert!(disagreements.is_empty(), "{}", disagreements.join("\n"));
    // The grid must be able to tell.
    assert!(refused > 500 && all.len() - refused > 500, "{refused}");
}

/// Goal: the table of keys is Java's. Method: the client prints its own; the library's unit test
/// holds every row of ours against the same file.
#[test]
#[ignore = "needs the jars of Kafka: scripts/test"]
fn the_table_of_keys_is_the_clients_own() {
    const TSV: &str = include_str!("../data/producer-config-4.3.1.tsv");
    let Some(java) = java() else { return };
    let kept: String = TSV
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.to_owned() + "\n")
        .collect();
    assert_eq!(java.run("ConfigVerdicts.java", &["--keys"], ""), kept);
}

/// Goal: the command says what the library found. Method: some of the grid through the binary, as a
/// file, which must end with 0 or 2 and print the same values.
#[test]
#[ignore = "needs the jars of Kafka: scripts/test"]
fn the_command_gives_the_same_verdict() {
    let Some(java) = java() else { return };
    let all = configurations();
    let some: Vec<&Given> = all.iter().step_by(all.len() / 60).collect();
    let input: String = some.iter().map(|given| line(given) + "\n").collect();
    let answer = java.run("ConfigVerdicts.java", &[], &input);
    let file = tempfile::NamedTempFile::new().unwrap();
    for (given, java) in some.iter().zip(answer.lines()) {
        let text: String = given
            .iter()
            .map(|(key, value)| format!("{}={}\n", escaped(key), escaped(value)))
            .collect();
        std::fs::write(file.path(), text).unwrap();
        let run = Command::new(env!("CARGO_BIN_EXE_kprod-bench"))
            .env_remove("KPROD_BOOTSTRAP_SERVER")
            .args(["explain", "--output-format", "json", "--command-config"])
            .arg(file.path())
            .assert()
            .code(if java.starts_with("accepted") { 0 } else { 2 });
        let found: serde_json::Value = serde_json::from_slice(&run.get_output().stdout).unwrap();
        let cell = &found["cells"][0];
        assert_eq!(cell["java_accepts"], java.starts_with("accepted"), "{given:?}: {java}");
        if let ["accepted", _, idempotence, ..] = java.split('\t').collect::<Vec<_>>()[..] {
            assert_eq!(cell["idempotence"]["enabled"].to_string(), idempotence, "{given:?}");
        }
    }
    say(&format!("java: {} configurations through the command, 0 disagreements", some.len()));
}

fn judgement(given: &Given) -> Judgement {
    let mut raw = Raw::new(1);
    raw.set("bootstrap.servers", "127.0.0.1:1", Source::ProducerProps);
    for (key, value) in given {
        raw.set(key, value, Source::ProducerProps);
    }
    judge(&raw)
}

/// In the words of the Java program.
fn verdict(judgement: &Judgement) -> String {
    if !judgement.java_accepts() {
        return "refused".to_owned();
    }
    let rows: BTreeMap<&str, &str> =
        judgement.effective.iter().map(|row| (row.key, row.value.as_str())).collect();
    let acks = if rows["acks"] == "all" { "-1" } else { rows["acks"] };
    let values = [
        "accepted",
        acks,
        rows["enable.idempotence"],
        rows["retries"],
        rows["max.in.flight.requests.per.connection"],
        rows["delivery.timeout.ms"],
        rows["reconnect.backoff.max.ms"],
        &rows["security.protocol"].to_uppercase(),
    ];
    values.join("\t")
}

/// A configuration for the Java program.
fn line(given: &Given) -> String {
    let pair = |(key, value): (&String, &String)| format!("{}={}", escaped(key), escaped(value));
    given.iter().map(pair).collect::<Vec<_>>().join("\t")
}

/// Letters, digits and dots as they are; everything else as `\uXXXX`.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for unit in text.encode_utf16() {
        match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii_alphanumeric() || byte == b'.' => out.push(byte.into()),
            _ => write!(out, "\\u{unit:04x}").expect("a string takes everything"),
        }
    }
    out
}
