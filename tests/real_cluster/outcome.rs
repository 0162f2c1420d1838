//! What the proofs share: a run's result, and what Kafka's own tools say of the topic afterwards.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::process::{Output, Stdio};

use serde_json::Value;

use crate::support::{self, Cluster};

/// The line's words after those that name the cluster.
fn words<'a>(cluster: &'a Cluster, line: &'a str) -> Vec<&'a str> {
    let target = ["--bootstrap-server", cluster.bootstrap()];
    target.into_iter().chain(line.split_whitespace()).collect()
}

/// Our own binary with the line's words, to its end.
pub(super) fn bench(cluster: &Cluster, line: &str) -> Output {
    support::kprod(&words(cluster, line))
}

/// The result of a run that must pass.
pub(super) fn passed(cluster: &Cluster, line: &str) -> Value {
    let output = bench(cluster, &format!("--output-format json {line}"));
    result_of(line, &output)
}

/// The result of an ended run of `--output-format json`, which must have passed.
pub(super) fn result_of(line: &str, output: &Output) -> Value {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{line}:\n{said}");
    let result: Value = serde_json::from_slice(&output.stdout).expect("stdout holds JSON alone");
    assert_eq!(result["exit"]["code"], 0, "{line}");
    result
}

/// The result of a run that must pass and is watched from outside: `tick` gets its process id and
/// how many seconds of the measurement are over, with every line of progress.
pub(super) fn watched(cluster: &Cluster, line: &str, tick: impl FnMut(u32, f64)) -> Value {
    watched_to(cluster, line, 0, tick).0
}

/// The result and the summary of a run that must end with `code`, watched as by [`watched`].
pub(super) fn watched_to(
    cluster: &Cluster,
    line: &str,
    code: i32,
    mut tick: impl FnMut(u32, f64),
) -> (Value, String) {
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("result.json");
    let summary = folder.path().join("summary.txt");
    let words = [&words(cluster, line)[..], &["--json", json.to_str().unwrap()]].concat();
    let mut child = support::kprod_command(&words)
        .stdout(std::fs::File::create(&summary).unwrap())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary can be started");
    let mut said = String::new();
    let stderr = child.stderr.take().expect("stderr is piped");
    for row in BufReader::new(stderr).lines().map(Result::unwrap) {
        let seconds = row.strip_prefix("measure ").and_then(|rest| rest.split(' ').next());
        if let Some(seconds) = seconds.and_then(|seconds| seconds.parse().ok()) {
            tick(child.id(), seconds);
        }
        said.push_str(&row);
        said.push('\n');
    }
    let summary = || std::fs::read_to_string(&summary).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(code), "{line}:\n{said}\n{}", summary());
    let result: Value =
        serde_json::from_slice(&std::fs::read(json).unwrap()).expect("the file holds JSON");
    assert_eq!(result["exit"]["code"], code, "{line}");
    (result, summary())
}

/// A count of a result, by JSON pointer.
pub(super) fn count(result: &Value, pointer: &str) -> u64 {
    let value = result.pointer(pointer);
    value.and_then(Value::as_u64).unwrap_or_else(|| panic!("{pointer} is {value:?}"))
}

/// Records that ended well: with acks=0 as written, else as acknowledged.
pub(super) fn delivered(records: &Value) -> u64 {
    ["/acked", "/duplicate", "/written"]
        .iter()
        .filter_map(|part| records.pointer(part))
        .filter_map(Value::as_u64)
        .sum()
}

/// The sum of a topic's end offsets, as GetOffsetShell prints them.
pub(super) fn log_end(cluster: &Cluster, topic: &str) -> i64 {
    cluster.end_offsets(topic).values().sum()
}

/// Holds the six stages of a paced run against its response: each stage counts every record, and
/// their sums make up the sum of the responses (and so do their means).
pub(super) fn stages_add_up(result: &Value) {
    let records = delivered(&result["records"]);
    let response = &result["latency"]["response"];
    assert_eq!(count(response, "/count"), records, "responses");
    let mut sum = 0.0;
    for stage in ["schedule_lag", "buffer_wait", "batch_wait", "retry", "send_queue", "broker"] {
        let spans = &result["stages"][stage];
        if stage == "broker" && response["kind"] == "written" {
            assert_eq!(*spans, Value::Null, "nobody answers with acks=0");
            continue;
        }
        assert_eq!(count(spans, "/count"), records, "{stage}");
        sum += spans["mean"].as_f64().expect("a mean");
    }
    let mean = response["mean"].as_f64().expect("a mean");
    assert!(mean > 0.0);
    assert!((sum - mean).abs() <= mean * 1e-9, "stages {sum} ns, response {mean} ns");
}

/// A record as the console consumer prints it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Seen {
    pub(super) offset: i64,
    pub(super) key: String,
    pub(super) value: String,
}

/// Reads `records` records from the start of a topic, by partition in the order of their offsets.
/// Keys and values must be text without tabs and line ends.
pub(super) fn consume(cluster: &Cluster, topic: &str, records: u64) -> BTreeMap<u32, Vec<Seen>> {
    let most = records.to_string();
    let mut args = vec!["--topic", topic, "--from-beginning", "--max-messages", &most];
    args.extend(["--timeout-ms", "30000"]);
    for print in ["print.partition=true", "print.offset=true", "print.key=true"] {
        args.extend(["--formatter-property", print]);
    }
    let mut seen: BTreeMap<u32, Vec<Seen>> = BTreeMap::new();
    let printed = cluster.kafka("console-consumer", &args);
    assert_eq!(printed.lines().count() as u64, records, "records of {topic}");
    for line in printed.lines() {
        let (partition, record) = parse(line).unwrap_or_else(|| panic!("not a record: {line}"));
        seen.entry(partition).or_default().push(record);
    }
    for (partition, records) in &seen {
        let offsets = records.iter().map(|record| record.offset);
        assert!(offsets.eq((0..).take(records.len())), "offsets of {topic}-{partition}");
    }
    seen
}

fn parse(line: &str) -> Option<(u32, Seen)> {
    let mut fields = line.splitn(4, '\t');
    let partition = fields.next()?.strip_prefix("Partition:")?.parse().ok()?;
    let offset = fields.next()?.strip_prefix("Offset:")?.parse().ok()?;
    let key = fields.next()?.to_owned();
    let value = fields.next()?.to_owned();
    Some((partition, Seen { offset, key, value }))
}
