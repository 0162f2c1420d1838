//! Profiles in, flags and problems out.

use super::*;
use crate::kafka::partitioner::Ruled;

fn read_in(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> (Option<Profile>, Problems) {
    let mut problems = Problems::default();
    let beside = Beside::Folder(PathBuf::from("in"));
    let profile = read::read("p.yaml", text.to_owned(), beside, variable, &mut problems);
    (profile, problems)
}

fn problems_of(text: &str) -> Vec<String> {
    read_in(text, &|_| None).1.lines().to_vec()
}

/// What a profile says, a line each.
fn said(text: &str) -> Vec<String> {
    let (profile, problems) = read_in(text, &|_| None);
    assert_eq!(problems.lines(), [""; 0]);
    let text = |values: &[Value]| values.iter().map(|it| it.text.clone()).collect::<Vec<_>>();
    let said = profile.unwrap().said.into_iter();
    said.map(|said| format!("{}={}", said.flag, text(&said.values).join(","))).collect()
}

#[test]
fn every_section_says_flags() {
    let text = "\
version: 1
name: all
target: {command-config: client.properties, wait-balanced-leaders: 5s}
topic:
  {name: t, fresh: true, keep: true, partitions: 3, replication-factor: -1, create: true,
   config: {retention.ms: 1000, a: b=c}}
producer: {acks: all}
clients: {producers: 2}
generator: {seed: 7, size: 10KiB, value: {kind: sequence}, key: {kind: uniform, cardinality: 10k}}
load: {pacing-quantum: 0, warmup: 0, stages: [{rate: 5, for: 1m}], abort-on: errors > 5}
gates: {strict: true, verify: sequence, calibrate: false}
output: {json: out.json, output-format: quiet, print-metrics: true}
matrix: {linger.ms: [0, 5], record-size: [1, 2], key: [none, {kind: uniform, cardinality: 5}]}
repeat: 3
cooldown: 1s
labels: {commit: 1a2b}
";
    assert_eq!(
        said(text),
        [
            "command-config=in/client.properties",
            "wait-balanced-leaders=5s",
            "topic=t",
            "fresh-topic=true",
            "keep-topic=true",
            "partitions=3",
            "replication-factor=-1",
            "topic-config=retention.ms=1000,a=b=c",
            "producers=2",
            "seed=7",
            "key=uniform:10k",
            "generator=sequence",
            "record-size=10KiB",
            "warmup=0",
            "pacing-quantum=0",
            "abort-on=errors > 5",
            "duration=1m",
            "rate=5",
            "verify=sequence",
            "strict=true",
            "json=out.json",
            "output-format=quiet",
            "print-metrics=true",
            "repeat=3",
            "cooldown=1s",
            "label=commit=1a2b",
            "linger-ms=0,5",
            "record-size=1,2",
            "key=none,uniform:5",
        ]
    );
}

#[test]
fn sizes_are_words_or_mappings() {
    for (form, word) in [
        ("512", "512"),
        ("uniform:1..5", "uniform:1..5"),
        ("{weights: {512: 70, 1KiB: 25, 10240: 5.5}}", "512:70+1KiB:25+10240:5.5"),
        ("{kind: uniform, least: 5, most: 1KiB}", "uniform:5..1KiB"),
        ("{kind: normal, mean: 500, deviation: 100}", "normal:500:100"),
        ("{kind: lognormal, median: 9, sigma: 0.8, least: 1, most: 50}", "lognormal:9:0.8:1..50"),
        ("{kind: zipf, exponent: 1.1, least: 1, most: 50}", "zipf:1..50:1.1"),
    ] {
        let text = format!("{{version: 1, name: x, generator: {{size: {form}}}}}");
        assert_eq!(said(&text), [format!("record-size={word}")]);
        assert!(super::super::size::size(word).is_ok());
    }
    let wrong = |form: &str| {
        problems_of(&format!("version: 1\nname: x\ngenerator:\n  size: {form}\n")).join("\n")
    };
    assert_eq!(
        wrong("{kind: lognorml}"),
        "kind = \"lognorml\" (p.yaml:4:16): expected one of uniform, normal, lognormal, zipf; the \
         nearest is lognormal"
    );
    assert!(wrong("{weights: {}}").contains("expected sizes with their weights"));
    assert_eq!(
        wrong("{weights: {512: 70, 1024: -5, 5x: 1, 0: .nan, 9: 1}}"),
        "1024 = -5 (p.yaml:4:35): expected a weight, a number of 0 or more such as 70\n\
         \"5x\" (p.yaml:4:39): expected a size of 1 to 1GiB bytes, such as 512 or 1KiB\n\
         \"0\" (p.yaml:4:46): expected a size of 1 to 1GiB bytes, such as 512 or 1KiB\n\
         0 = .nan (p.yaml:4:49): expected a weight, a number of 0 or more such as 70"
    );
    assert_eq!(
        wrong("{weights: {5: [1]}}"),
        "5 = a list (p.yaml:4:23): expected a weight, a number of 0 or more such as 70"
    );
    assert_eq!(
        wrong("{kind: normal, mean: 5, deviaton: 3, least: 1}"),
        "\"deviaton\" (p.yaml:4:33): expected one of kind, mean, deviation, least, most; the \
         nearest is deviation\np.yaml:4:9: deviation is missing: expected it as in {kind: normal, \
         mean: 500, deviation: 100, least: 100, most: 1000}\np.yaml:4:9: most is missing: expected \
         it as in {kind: normal, mean: 500, deviation: 100, least: 100, most: 1000}"
    );
}

#[test]
fn values_and_headers_are_words_or_mappings() {
    for (form, flags) in [
        ("value: sequence", &["generator=sequence"][..]),
        ("value: ~", &["generator=null"]),
        ("value: {kind: null, tombstones: 5%}", &["generator=null", "tombstones=5%"]),
        (
            "value: {kind: template, file: a.tmpl, schema-id: 7}",
            &["template=in/a.tmpl", "schema-id=7"],
        ),
        (
            "value: {kind: corpus, file: lines, format: varint, order: sequence}",
            &["payload-file=in/lines", "payload-format=varint", "payload-order=sequence"],
        ),
        (
            "value: {kind: corpus, file: a.csv, delimiter: ;}",
            &["payload-file=in/a.csv", "payload-delimiter=;"],
        ),
        ("key: {kind: field, field: user}", &["key=field:user"]),
        ("headers: [source=web, {name: id, kind: uuid}]", &["header=source=web,id=uuid()"]),
        ("headers: [{name: a, value: b=c}, {name: d, value: 5}]", &["header=a=b=c,d=5"]),
        (
            "headers: [{name: a, value: uuid()}, {name: b, value: guid()}]",
            &["header=a=\\uuid(),b=\\guid()"],
        ),
        (
            "headers: [{name: a, kind: random, digits: 8}, {name: b, kind: null}]",
            &["header=a=random(8),b=null()"],
        ),
    ] {
        assert_eq!(said(&format!("{{version: 1, name: x, generator: {{{form}}}}}")), flags);
    }
    let wrong = |form: &str| {
        problems_of(&format!("version: 1\nname: x\ngenerator:\n  {form}\n")).join("\n")
    };
    assert_eq!(
        wrong("value: {kind: template}"),
        "p.yaml:4:10: file is missing: expected it as in {kind: template, file: order.json.tmpl}"
    );
    assert_eq!(
        wrong("value: {kind: corpus, file: a, formt: file}"),
        "\"formt\" (p.yaml:4:34): expected one of kind, file, format, order, delimiter, \
         tombstones, schema-id; the nearest is format"
    );
    assert_eq!(
        wrong("headers: [{name: a, kind: guid}]"),
        "kind = \"guid\" (p.yaml:4:29): expected one of uuid, sequence, random, time, null; the \
         nearest is uuid"
    );
    assert_eq!(
        wrong("headers: [{name: a=b, value: c}, {name: d}, {value: e}]"),
        "name = \"a=b\" (p.yaml:4:20): expected a name without =\np.yaml:4:36: kind is missing: \
         expected it as in {name: trace-id, kind: uuid}, one of uuid, sequence, random, time, \
         null\np.yaml:4:47: name is missing: expected it as in {name: source, value: web}"
    );
    assert!(wrong("headers: {a: b}").contains("expected a list of headers, such as"));
}

/// Goal: what is shown to somebody who left something out works. Method: every kind's example as a
/// profile, its word as the flags' own readers take it.
#[test]
fn examples_of_kinds_are_right() {
    let said = |field: &str, example: &str| {
        said(&format!("{{version: 1, name: x, {field}: {example}}}}}")).join(" ")
    };
    for kind in kinds::KEYS {
        let word = said("generator: {key", kind.example);
        let is_list = kind.name == kinds::LIST;
        let word = word.strip_prefix("key=").unwrap_or(if is_list { "none" } else { "" });
        assert!(super::super::key::key(word).is_ok(), "{word}");
    }
    for kind in kinds::SIZES {
        let word = said("generator: {size", kind.example);
        assert!(super::super::size::size(word.strip_prefix("record-size=").unwrap()).is_ok());
    }
    for kind in kinds::HEADERS.iter().chain([&kinds::TEXT_HEADER]) {
        let word = said("generator: {headers", &format!("[{}]", kind.example));
        assert!(super::super::header::header(word.strip_prefix("header=").unwrap()).is_ok());
    }
    for kind in kinds::STAGES.iter().chain([&kinds::HOLD, &kinds::RAMP]) {
        let text = format!("version: 1\nname: x\nload: {{stages: [{}, 5:5s]}}\n", kind.example);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.yaml");
        std::fs::write(&path, text).unwrap();
        super::super::tests::plan(&format!("--profile {}", path.display()));
    }
    let text = "{version: 1, name: x, matrix: {foo: [1]}}";
    assert_eq!(
        problems_of(text),
        ["\"foo\" (p.yaml:1:32): expected a Kafka producer setting or a flag of which a comma \
             list makes a matrix, such as acks, linger.ms, rate, record-size or key"]
    );
}

#[test]
fn stages_are_words_or_mappings() {
    let text = "\
version: 1
name: x
load:
  stages:
    - {rate: 100k, for: 60s}
    - {ramp-to: 300k, for: 1m}
    - {kind: sine, mean: 2k, amplitude: 1k, period: 10s, for: 60s}
    - {kind: steps, from: 1k, to: 5k, count: 5, for: 60s}
    - square:1k:2k:10s:1m
";
    assert_eq!(
        said(text),
        ["stage=100k:60s,300k:1m:linear,sine:2k:1k:10s:60s,steps:1k:5k:5:60s,square:1k:2k:10s:1m"]
    );
    let wrong = "{version: 1, name: x, load: {stages: [{rampto: 2k, for: 1s}]}}";
    let found = problems_of(wrong);
    assert_eq!(
        found,
        ["\"rampto\" (p.yaml:1:40): expected one of rate, ramp-to, kind, for; the nearest is \
             ramp-to"]
    );
    let one = "{version: 1, name: x, load: {stages: [{ramp-to: 5, for: 3s}]}}";
    assert_eq!(said(one), ["stage=5:3s:linear"]);
}

#[test]
fn every_builtin_profile_is_without_fault_and_found_by_its_own_name() {
    for known in BUILT_IN {
        let mut problems = Problems::default();
        let profile = Profile::load(known.name, &|_| None, &mut problems).unwrap();
        assert_eq!(problems.lines(), [""; 0]);
        assert_eq!(profile.name, known.name);
    }
}

/// The shipped rules are the textbook's: Pangyo to 0, the rest by murmur2, no key refused.
#[test]
fn the_key_rules_profile_has_the_textbook_s_partitioner() {
    let mut problems = Problems::default();
    let path = format!("{BUILT_IN_FOLDER}pangyo.rules.yaml");
    let text = Beside::BuiltIn.carried(&path).unwrap();
    let rules = super::super::key_rules::read(&path, text.to_owned(), &mut problems).unwrap();
    let rule = |key| rules.rule(key, None, 12, &mut Vec::new());
    assert_eq!(rule(Some(b"Pangyo")), Ruled::To(0));
    assert_eq!(rule(Some(b"foobar")), Ruled::To(6));
    assert!(matches!(rule(None), Ruled::Refused(why) if rules.reason(why) == "Need message key"));
    let profile = Profile::load("key-rules", &|_| None, &mut problems).unwrap();
    let Some((KeyPlan::List(keys), _)) = profile.key else { panic!() };
    assert!(keys.contains(&Some(b"Pangyo".to_vec())));
    assert!(keys.iter().all(Option::is_some));
}

#[test]
fn variables_stand_in_any_value() {
    let text = "version: ${V}\nname: n-${N:-x}\nproducer: {linger.ms: \"${L}\"}\n";
    let (profile, problems) = read_in(text, &|name| (name != "N").then(|| "1".to_owned()));
    assert_eq!(problems.lines(), [""; 0]);
    let profile = profile.unwrap();
    assert_eq!(profile.name, "n-x");
    let linger = &profile.producer[0];
    assert_eq!((linger.0.as_str(), linger.1.text.as_str()), ("linger.ms", "1"));
    assert_eq!(
        problems_of("version: 1\nname: ${N}\n"),
        ["name = \"${N}\" (p.yaml:2:7): expected the environment variable N to be set; \
             set it, or write ${N:-default}"]
    );
}

#[test]
fn thousands_of_kafka_keys_are_one_mistake() {
    let keys: String = (0..3_000).map(|nth| format!("  key{nth}: 1\n")).collect();
    assert_eq!(
        problems_of(&format!("version: 1\nname: x\nproducer:\n{keys}")),
        ["producer = fields (p.yaml:4:3): expected at most 300 Kafka keys"]
    );
}

#[test]
fn every_mistake_in_a_profile_is_said_at_once() {
    let found = problems_of(
        "\
version: 2
nmae: x
producer: {acks: [1]}
generator:
  key: {kind: list, values: [a, 5, ~]}
  value: {kind: [random]}
load:
  warm-up: 5s
  rate: 1k, 2k
  stages: [{rate: 5}]
topic: {fresh: perhaps}
output: {output-format: yaml}
matrix: {acks: [], lingr.ms: [5], rate: 5, batch.size: [\"1,2\"]}
labels: []
",
    );
    let known = "version, name, producer, target, topic, clients, generator, load, gates, output, \
                 streams, matrix, repeat, cooldown, labels";
    let expected = [
        format!("\"nmae\" (p.yaml:2:1): expected one of {known}; the nearest is name"),
        "version = 2 (p.yaml:1:10): expected 1".to_owned(),
        "p.yaml:1:1: name is missing: expected it as in name: orders".to_owned(),
        "acks = a list (p.yaml:3:18): expected a text, a number, true or false".to_owned(),
        "fresh = \"perhaps\" (p.yaml:11:16): expected true or false".to_owned(),
        "values = 5 (p.yaml:5:33): expected a text (numbers in quotes), or ~ for no key".to_owned(),
        "kind = a list (p.yaml:6:17): expected a text, a number, true or false".to_owned(),
    ];
    assert_eq!(found[..expected.len()], expected);
    let rest = found[expected.len()..].join("\n");
    for part in [
        "\"warm-up\" (p.yaml:8:3): expected one of stages, rate",
        "; the nearest is warmup",
        "rate = \"1k, 2k\" (p.yaml:9:9): expected one value; for several write matrix: {rate: [1k, \
         2k]}",
        "p.yaml:10:12: for is missing: expected it as in {rate: 100k, for: 60s}",
        "output-format = \"yaml\" (p.yaml:12:25): expected one of text, json, quiet",
        "\"lingr.ms\" (p.yaml:13:20): expected a Kafka producer setting or a flag of which a comma \
         list makes a matrix; the nearest is linger.ms",
        "rate = 5 (p.yaml:13:41): expected a list of values, such as [1, 2]",
        "batch.size = \"1,2\" (p.yaml:13:57): expected a value without a comma",
        "labels = a list (p.yaml:14:9): expected labels, such as {commit: 1a2b3c}",
    ] {
        assert!(rest.contains(part), "no {part} in\n{rest}");
    }
}
