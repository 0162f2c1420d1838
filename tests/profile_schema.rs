//! `docs/profile.schema.json`, the parser of profiles and the profiles that ship, held against each
//! other.
//!
//! The schema is made from the parser's own tables; `KPROD_WRITE_SNAPSHOTS=1 cargo test --test
//! profile_schema` writes it anew.

use std::fs;

use clap::Parser as _;
use kprod_bench::app::cli::args::Cli;
use kprod_bench::app::settings::{self, BUILT_IN, profile_schema};
use serde_json::{Map, Value};

#[path = "result_schema/check.rs"]
mod check;

const FILE: &str = "docs/profile.schema.json";

/// Goal: editors know what this version reads. Method: the committed file against what the program
/// prints.
#[test]
fn the_committed_schema_is_the_program_s_own() {
    let schema = profile_schema();
    if std::env::var_os("KPROD_WRITE_SNAPSHOTS").is_some() {
        fs::write(FILE, &schema).unwrap();
    }
    let kept = fs::read_to_string(FILE).unwrap();
    for (now, kept) in schema.lines().zip(kept.lines()) {
        assert_eq!(now, kept, "KPROD_WRITE_SNAPSHOTS=1 writes {FILE} anew");
    }
    assert_eq!(schema.lines().count(), kept.lines().count());
}

/// What the schema finds wrong with a profile.
fn faults(text: &str) -> Vec<String> {
    let schema: Value = serde_json::from_str(&profile_schema()).unwrap();
    let profile = json(&serde_yaml::from_str(text).unwrap());
    check::faults(&schema, &schema, &profile)
}

/// As an editor sees YAML: names are texts.
fn json(value: &serde_yaml::Value) -> Value {
    match value {
        serde_yaml::Value::Sequence(items) => items.iter().map(json).collect(),
        serde_yaml::Value::Mapping(fields) => {
            let name = |name: &serde_yaml::Value| match name.as_str() {
                Some(text) => text.to_owned(),
                None => json(name).to_string(),
            };
            let fields = fields.iter().map(|(field, value)| (name(field), json(value)));
            Value::Object(fields.collect::<Map<_, _>>())
        }
        other => serde_json::to_value(other).unwrap(),
    }
}

/// What a run finds wrong with a profile; files that it names don't count.
fn problems(text: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.yaml");
    fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap();
    let cli = Cli::try_parse_from(["kprod-bench", "--embedded", "--profile", path]).unwrap();
    let found = settings::build(&cli.run, &|name| (name == "SET").then(|| "5".to_owned()));
    let found = found.map_or_else(|found| found.lines().to_vec(), |_| Vec::new());
    found.into_iter().filter(|line| !line.contains("can't read it")).collect()
}

#[test]
fn every_profile_that_ships_is_as_the_schema_has_it() {
    for known in BUILT_IN {
        assert_eq!(faults(known.text), [""; 0], "{}", known.name);
    }
}

/// Goal: an editor's complaint is a run's. Method: profiles with every field and form, right ones
/// and ones whose form is wrong, judged by both.
#[test]
fn schema_and_parser_judge_forms_alike() {
    for body in RIGHT {
        let text = format!("version: 1\nname: x\n{body}\n");
        assert_eq!(faults(&text), [""; 0], "{body}");
        assert_eq!(problems(&text), [""; 0], "{body}");
    }
    for body in WRONG {
        let text = format!("version: 1\nname: x\n{body}\n");
        assert!(!faults(&text).is_empty(), "the schema takes {body}");
        assert!(!problems(&text).is_empty(), "the parser takes {body}");
    }
    assert!(!faults("{version: 2, name: x}").is_empty());
    assert!(!faults("{version: 1}").is_empty());
}

const RIGHT: &[&str] = &[
    "target: {bootstrap-server: \"a:1\", wait-balanced-leaders: 5s}",
    "target: {bootstrap-server: \"${SET}:1\", command-config: client.properties}",
    "topic: {name: t, fresh: true, keep: \"${KEEP:-false}\", partitions: 5, config: {a: 1, b: x}}",
    "topic: {create: false, replication-factor: -1}",
    "producer: {acks: 1, linger.ms: \"${SET}\", enable.idempotence: false}",
    "clients: {producers: 2}",
    "generator: {seed: 7, size: 100, key: none, value: sequence}",
    "generator: {size: 1KiB, key: {kind: none}, value: {kind: random}}",
    "generator: {size: {weights: {512: 70, 1KiB: 30.5}}, key: {kind: list, values: [a, ~]}}",
    "generator: {size: {kind: normal, mean: 500, deviation: 100}}",
    "generator: {size: {kind: normal, mean: 500, deviation: 100, least: 1, most: 900}}",
    "generator: {size: {kind: zipf, exponent: 1, least: 1, most: 900}, key: uniform:10}",
    "generator: {key: {kind: uniform, cardinality: 10k}, key-rules: r.yaml}",
    "generator: {key: {kind: zipf, cardinality: 1M, exponent: 0.99, size: 16, type: bytes}}",
    "generator: {key: {kind: hot, share: 80%, keys: 10}}",
    "generator: {key: {kind: hot, share: 0.8, keys: 10, others: 1000}}",
    "generator: {key: {kind: list, values: [\"1\", \"2\"], type: int32}}",
    "generator: {key: {kind: list, values: a|b}, compress-ratio: 0.5}",
    "generator: {key: sequence, key-type: int64, value: {kind: random, compress-ratio: 50%}}",
    "generator: {value: {kind: increasing, type: int64, tombstones: 5%, schema-id: 42}}",
    "generator: {value: {kind: template, file: a.tmpl, tombstones: 0.1, schema-id: 1}}",
    "generator: {value: {kind: corpus, file: a, format: length32, order: random}, seed: 3}",
    "generator: {value: {kind: corpus, file: \"${SET}\", delimiter: x}}",
    "generator: {value: {kind: ~}}",
    "generator: {value: ~, headers: []}",
    "generator: {headers: [a=b, 'c=uuid()', {name: d, value: e}, {name: f, value: 5}]}",
    "generator: {headers: [{name: a, kind: uuid}, {name: b, kind: random, digits: 3}]}",
    "generator: {headers: [{name: a, kind: ~}, {name: b, kind: time}, {name: c, kind: sequence}]}",
    "load: {stages: [{rate: 5k, for: 3s}, {ramp-to: 9k, for: 3s}], duration: 5s}",
    "load: {warmup: 0, rate: 10k, duration: 1m, abort-on: [errors > 5, 'p99 > 1s']}",
    "load: {stages: [{rate: 150MB, for: 30}], pacing-quantum: 250us, abort-on: errors > 5}",
    "load: {stages: [{for: 30s}]}",
    "load: {stages: [{rate: 5k, for: 3s}, {ramp-to: 9k, for: 3s}, '5k:3s']}",
    "load: {stages: [{kind: saw, low: 1k, high: 9k, period: 1s, for: 3s}], pacing: poisson}",
    "load: {pacing: 'burst:100@1s', duration: 5s}",
    "matrix: {acks: [0, 1, all], linger.ms: [0], metadata.max.age.ms: [1000, 2000]}",
    "matrix: {size: [10, {kind: uniform, least: 1, most: 5}], rate: [1k, 2k], producers: [1, 2]}",
    "matrix: {record-size: [10, 20], key: [none, {kind: uniform, cardinality: 5}]}",
    "gates: {strict: true, verify: sequence, calibrate: false}",
    "output: {json: out.json, output-format: quiet, log-level: \"${LEVEL:-warn}\"}",
    "repeat: 3\ncooldown: 1s\nlabels: {commit: 1a2b, build: 7}",
];

const WRONG: &[&str] = &[
    "target: {servers: a}",
    "target: [a]",
    "topic: t",
    "topic: {fresh: perhaps}",
    "topic: {config: [a]}",
    "producer: {ack: all}",
    "producer: {acks: [1]}",
    "clients: 3",
    "generator: {keys: none}",
    "generator: {size: [1, 2]}",
    "generator: {size: {kind: pareto}}",
    "generator: {size: {kind: normal, mean: 5}}",
    "generator: {size: {weights: [5]}}",
    "generator: {key: {kind: uniform}}",
    "generator: {key: {kind: uniform, cardinality: 5, sise: 3}}",
    "generator: {key: {kind: list, values: [5]}}",
    "generator: {value: {type: random}}",
    "generator: {value: {kind: random, ratio: 0.5}}",
    "generator: {key: {kind: zipf, cardinality: 5}}",
    "generator: {key: {kind: field}}",
    "generator: {value: {kind: json}}",
    "generator: {value: {kind: template}}",
    "generator: {value: {kind: template, file: a, format: lines}}",
    "generator: {value: {kind: corpus, format: lines}}",
    "generator: {value: {kind: random, file: a}}",
    "generator: {header: [a=b]}",
    "generator: {headers: [{name: a}]}",
    "generator: {headers: [{value: a}]}",
    "generator: {headers: [{name: a, kind: guid}]}",
    "generator: {headers: [{name: a, kind: random}]}",
    "generator: {headers: [{name: a, kind: uuid, value: b}]}",
    "generator: {headers: a=b}",
    "load: {throughput: 5}",
    "load: {stages: [{rate: 5}]}",
    "load: {stages: {rate: 5, for: 1s}}",
    "load: {stages: []}",
    "load: {stages: [{rate: 5, for: 1s}, {for: 1s}]}",
    "load: {stages: [{kind: sine, mean: 5, for: 1s}]}",
    "load: {stages: [{ramp-to: 5, rate: 4, for: 1s}]}",
    "matrix: {acks: 5}",
    "matrix: {acks: []}",
    "matrix: {topic: [a, b]}",
    "gates: {strikt: true}",
    "output: {output-format: yaml}",
    "labels: [a]",
    "repeats: 5",
];
