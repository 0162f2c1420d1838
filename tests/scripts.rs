//! Scripts that measure, each tried once on a few records: that they run, read what the command
//! reports, and keep what they are to keep. What they find on a machine that does other things says
//! nothing, and isn't looked at.

use std::path::Path;
use std::process::{Command, Output};

/// Runs a script on the binary under test; they need Python, as `scripts/test` does.
fn script(name: &str, line: &str, out: &Path) -> Output {
    let ours = env!("CARGO_BIN_EXE_kprod-bench");
    Command::new(format!("{}/scripts/{name}", env!("CARGO_MANIFEST_DIR")))
        .args(line.split_whitespace())
        .args(["--out".as_ref(), out.as_os_str()])
        .env("KPROD_BENCH", ours)
        .env("KPROD_BENCH_BARE", ours)
        .env_remove("KPROD_BOOTSTRAP_SERVER")
        .output()
        .unwrap()
}

/// What it prints, once it ended well.
fn page(name: &str, line: &str, out: &Path) -> String {
    let done = script(name, line, out);
    let said = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(0), "{name} {line}:\n{said}");
    String::from_utf8(done.stdout).unwrap()
}

#[test]
fn costs_prints_a_table_for_each_section_and_keeps_every_run() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("costs");
    let text = page("costs", "--smoke --codecs --idempotence --latency", &out);
    for expected in [
        "none, random",
        "gzip, JSON lines",
        "zstd, JSON lines",
        "off, 1,000,000/s",
        "medians of 1 runs of 20,000 records",
    ] {
        assert!(text.contains(expected), "{expected}:\n{text}");
    }
    assert!(!text.contains("NOT WHOLE"), "{text}");
    // Without a whole second there is no CPU to tell a difference of.
    assert!(!text.contains("on less off:"), "{text}");
    assert_eq!(std::fs::read_to_string(out.join("table.txt")).unwrap(), text);
    let report = std::fs::read(out.join("costs.json")).unwrap();
    let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
    assert_eq!(report["runs"].as_array().unwrap().len(), 10 + 2 + 4);
    let run = std::fs::read(out.join("codecs-09-01.json")).unwrap();
    let run: serde_json::Value = serde_json::from_slice(&run).unwrap();
    let ratio = run["figures"]["ratio"].as_f64().unwrap();
    assert!((0.05..0.7).contains(&ratio), "JSON lines compress: {ratio}");
}

#[test]
fn peers_prints_a_table_of_those_that_are_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("peers");
    let text = page("peers", "--smoke --clients kprod-bench", &out);
    assert!(text.contains("CPU ns/record") && text.contains("200,000 records"), "{text}");
    assert!(out.join("peers.json").exists() && out.join("01-kprod-bench.json").exists());
}

#[test]
fn profiles_prints_a_row_for_each_run() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("profiles");
    let text = page("profiles", "--seconds 1 --profiles key-rules,throughput", &out);
    for expected in ["embedded brokers; 1 s of each profile", "\nkey-rules ", "\nthroughput "] {
        assert!(text.contains(expected), "{expected}:\n{text}");
    }
    let row = text.lines().find(|line| line.starts_with("throughput")).unwrap();
    assert!(row.contains("  0.50  "), "the ratio asked: {row}");
    assert!(out.join("key-rules.json").exists());
    assert_eq!(std::fs::read_to_string(out.join("table.txt")).unwrap(), text);
    let done = script("profiles", "--profiles none", folder.path());
    assert_eq!(done.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&done.stderr).contains("none: expected profiles among"));
}

#[test]
fn what_is_missing_ends_a_trial() {
    let folder = tempfile::tempdir().unwrap();
    let done = script("costs", "--smoke --idempotence --with=--no-such-flag", folder.path());
    assert_eq!(done.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&done.stderr).contains("--no-such-flag"));
}
