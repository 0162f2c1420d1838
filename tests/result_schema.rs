//! `docs/result.schema.json` against results as the command writes them.

use assert_cmd::Command;
use kprod_bench::app::report::model::{
    FaultModel, GapModel, LeaderChangeModel, LimitsModel, MissingModel,
};
use serde_json::{Value, json};

#[path = "result_schema/check.rs"]
mod check;

use check::faults;

fn schema() -> Value {
    let text = include_str!("../docs/result.schema.json");
    serde_json::from_str(text).expect("the schema is JSON")
}

/// The result of a run on embedded brokers that ends with `code`.
fn result(line: &str, code: i32) -> Value {
    written(&format!("{line} --embedded"), code)
}

/// What a command writes that ends with `code`.
fn written(line: &str, code: i32) -> Value {
    let run = Command::new(env!("CARGO_BIN_EXE_kprod-bench"))
        .env_remove("KPROD_BOOTSTRAP_SERVER")
        .args(line.split_whitespace())
        .args(["--output-format", "json"])
        .assert()
        .code(code);
    serde_json::from_slice(&run.get_output().stdout).expect("JSON alone")
}

/// Goal: whoever reads results can rely on the schema, and a field that is added is in it. Method:
/// results of all shapes (paced, as fast as it goes, by count, matrix, repeated, acks=0, read back,
/// unverified, failed records), each held against it.
#[test]
fn results_of_every_shape_are_as_the_schema_has_them() {
    let schema = schema();
    for (line, code) in [
        ("--rate 5k --duration 1s --warmup 200ms", 0),
        ("--duration 1s --warmup 0 --compression-type zstd --producers 2 --label a=b", 0),
        ("--num-records 500 --fresh-topic --verify none --generator sequence --rate 1MB", 0),
        (
            "--num-records 500 --compress-ratio 0.5 --compression-type lz4 --record-size 50:1+90:2",
            0,
        ),
        ("--num-records 500 --key hot:80%:3/9,sequence,zipf:9:1 --key-type int64", 0),
        ("--num-records 500 --generator fixed,increasing --tombstones 5% --schema-id 7", 0),
        ("--num-records 500 --generator fixed,increasing,null", 0),
        ("--num-records 500 --header a=uuid() --header b=1 --timestamps now,event:1s", 0),
        ("--num-records 500 --pool-mb 1", 0),
        ("--num-records 500 --acks 0,all --verify sequence --warmup-records 100", 0),
        ("--num-records 500 --rate 50k --repeat 2 --key uniform:10 --payload-monotonic", 0),
        ("--num-records 50 --key none --key-rules profiles/pangyo.rules.yaml", 4),
        ("--num-records 500 --assert retries==0 --slo service.p99<1ns", 10),
    ] {
        let result = result(line, code);
        let found = faults(&schema, &schema, &result);
        assert!(found.is_empty(), "{line}:\n{}", found.join("\n"));
    }
}

/// Goal: the same of calibrations. Method: two configurations, and two runs held against theirs.
#[test]
fn calibrations_are_as_the_schema_has_them() {
    let schema = schema();
    let calibration = written("calibrate --compression-type none,lz4 --rate 1k,2k", 0);
    assert_eq!(faults(&schema, &schema, &calibration), [""; 0]);
    assert_eq!(calibration["calibrations"].as_array().map(Vec::len), Some(2));
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), calibration.to_string()).expect("it can be written");
    let path = file.path().display();
    let runs = result(
        &format!("--compression-type none,lz4 --rate 1k --duration 1s --calibration {path}"),
        0,
    );
    assert_eq!(faults(&schema, &schema, &runs), [""; 0]);
    for nth in [0, 1] {
        let ceiling = &calibration["calibrations"][nth]["engine"];
        let client = &runs["runs"][nth]["client"]["calibration"];
        assert_eq!(&client["engine"], ceiling);
        assert_eq!(client["rate"], 1_000.0);
        let ceiling = ceiling["records_per_second"].as_f64().expect("a number");
        assert!(ceiling > 0.0);
        // A number that is read again may differ from the one written in its last digit.
        let headroom = client["headroom"].as_f64().expect("a number");
        assert!((headroom * 1_000.0 / ceiling - 1.0).abs() < 1e-12, "{headroom}, {ceiling}");
    }
}

/// Goal: the same of comparisons. Method: stored results held against themselves, which differ in
/// nothing, and against others, which differ in everything.
#[test]
fn comparisons_are_as_the_schema_has_them() {
    let schema = schema();
    let (paced, other) = ("tests/data/results/paced-1.0.json", "saturated-1.0.json");
    for line in [
        format!("compare {paced} {paced}"),
        format!("compare {paced} tests/data/results/{other} --metric service.p99"),
    ] {
        let comparison = written(&line, 0);
        assert_eq!(faults(&schema, &schema, &comparison), [""; 0], "{line}");
        assert_eq!(comparison["comparison"]["outcome"], "inconclusive");
    }
}

/// What a healthy run has none of, and so the test above may not see.
#[test]
fn rare_parts_of_a_result_are_in_the_schema() {
    let schema = schema();
    let fault = FaultModel { broker: None, text: String::new(), count: 1, first_at: 1, last_at: 2 };
    let gap = GapModel { topic: None, partition: 0, start: 1, end: 2, from: Some(1), to: None };
    let moved = LeaderChangeModel { at: 1, topic: None, partition: 0, from: None, to: 2 };
    let parts = [
        ("fault", serde_json::to_value(fault)),
        ("gap", serde_json::to_value(gap)),
        ("leaderChange", serde_json::to_value(moved)),
        ("limits", serde_json::to_value(LimitsModel { cpus: Some(0.5), memory: None })),
        ("missing", serde_json::to_value(MissingModel { producer: 0, first: 1, last: 2 })),
    ];
    for (name, part) in parts {
        let part = part.expect("plain figures");
        let rule = &schema["$defs"][name];
        assert_eq!(faults(&schema, rule, &part), [""; 0], "{name}");
    }
}

/// Goal: the check can fail. Method: a result with one thing changed, everywhere the schema says
/// something.
#[test]
fn what_is_not_as_the_schema_has_it_is_found() {
    let schema = schema();
    let good = result("--num-records 100 --acks 1,all", 0);
    assert_eq!(faults(&schema, &schema, &good), [""; 0]);
    let at = "/runs/1/latency/service";
    for (place, value, said) in [
        (at, json!({}), "count is missing"),
        (at, json!("fast"), "expected"),
        ("/runs/0/newer", json!(1), "newer isn't in the schema"),
        ("/runs/0/validity/status", json!("good"), "not one of"),
        ("/runs/0/retries", json!(-1), "minimum"),
        ("/runs/0/retries", json!(0.5), "expected \"integer\""),
        ("/matrix/summary/0/records_per_second_range", json!([1.0]), "minItems"),
        ("/matrix/summary/0/cell/acks", json!(1), "expected \"string\""),
        ("/schema_version", json!("2.0"), "not as"),
    ] {
        let mut bad = good.clone();
        let (parent, name) = place.rsplit_once('/').expect("a path");
        bad.pointer_mut(parent).expect("the parent is there")[name] = value;
        let found = faults(&schema, &schema, &bad).join("\n");
        assert!(found.contains(said), "{place}: {found}");
    }
    let mut bad = good;
    bad["runs"][0].as_object_mut().expect("a run").remove("cell");
    assert!(faults(&schema, &schema, &bad).join("\n").contains("cell is missing"));
}
