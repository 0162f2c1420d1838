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

/// Stands in for both binaries: `compare` ends with the next line of the file `codes`, and a run of
/// the side that is named in `losing` loses records. What it is asked is in `log`.
#[cfg(unix)]
const STAND_IN: &str = r#"#!/bin/sh
side=$(basename "$0") dir=$(dirname "$0")
echo "$side $*" >> "$dir/log"
case "$1" in
explain) exit 0 ;;
compare)
    echo >> "$dir/turns"
    code=$(sed -n "$(wc -l < "$dir/turns")p" "$dir/codes")
    while [ $# -gt 0 ]; do
        case "$1" in --json | --junit | --markdown) echo "said $code" > "$2" ;; esac
        shift
    done
    exit "$code" ;;
*)
    [ "$side" != "$(cat "$dir/losing")" ] || { echo "3 records were lost" >&2; exit 4; } ;;
esac
"#;

/// A trial whose comparisons end with these codes: the folder, and its exit.
#[cfg(unix)]
fn regression(codes: &str, losing: &str, more: &str) -> (tempfile::TempDir, Option<i32>) {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for side in ["base", "head"] {
        std::fs::write(path(side), STAND_IN).unwrap();
        std::fs::set_permissions(path(side), std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    std::fs::write(path("codes"), codes).unwrap();
    std::fs::write(path("losing"), losing).unwrap();
    let here = folder.path().display();
    let line = format!(
        "--base-binary {here}/base --head-binary {here}/head --bootstrap-server a:1 --repeat 2 \
         --markdown {here}/page.md {more}"
    );
    // The words behind -- are the last.
    let (own, added) = line.split_once(" -- ").unwrap_or((&line, ""));
    let out = format!("{own} --out {here}/out -- {added}");
    let done = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/regression"))
        .args(out.split_whitespace())
        .output()
        .unwrap();
    let code = done.status.code();
    (folder, code)
}

#[cfg(unix)]
#[test]
fn a_regression_that_is_not_confirmed_is_none_in_any_file() {
    for (codes, code, said) in [
        ("11\n0\n", 0, "the first finding was not confirmed"),
        ("11\n12\n", 0, "the first finding was not confirmed"),
        ("11\n11\n", 11, "worse both times"),
        ("11\n5\n", 5, "the second runs are no measurement"),
    ] {
        let (folder, ended) = regression(codes, "", "");
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(ended, Some(code), "{codes}");
        let second = codes.lines().nth(1).unwrap();
        for name in ["compare.json", "junit.xml"] {
            assert_eq!(read(&format!("out/{name}")), format!("said {second}\n"));
            assert_eq!(read(&format!("out/first-{name}")), "said 11\n");
        }
        assert!(read("out/summary.md").starts_with(&format!("Measured twice: {said}.")));
        assert_eq!(read("out/summary.md"), read("page.md"));
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_measurement_or_loses_records_ends_with_its_own_code_and_a_page() {
    let (folder, code) = regression("5\n", "", "");
    assert_eq!(code, Some(5));
    assert_eq!(std::fs::read_to_string(folder.path().join("page.md")).unwrap(), "said 5\n");
    for (side, expected, whose) in [("head", 4, "this tree"), ("base", 2, "the base commit")] {
        let (folder, code) = regression("0\n", side, "");
        assert_eq!(code, Some(expected), "{side}");
        let page = std::fs::read_to_string(folder.path().join("page.md")).unwrap();
        assert!(page.contains(whose) && page.contains("3 records were lost"), "{page}");
        assert_eq!(page, std::fs::read_to_string(folder.path().join("out/summary.md")).unwrap());
    }
}

#[cfg(unix)]
#[test]
fn a_regression_runs_on_one_topic_and_a_flag_that_comes_again_counts() {
    let (folder, code) = regression("0\n", "", "-- --rate=100k -X acks=1 --duration=3s");
    assert_eq!(code, Some(0));
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    let runs: Vec<&str> = log.lines().filter(|line| line.contains("--topic")).collect();
    assert_eq!(runs.len(), 1 + 4, "{log}");
    assert!(runs.iter().all(|line| line.contains("--topic regression")), "{log}");
    assert!(runs.iter().all(|line| line.contains(" --rate=100k -X acks=1")), "{log}");
    assert!(runs[0].ends_with("--duration 60s") && !runs[0].contains("3s"), "{log}");
    assert!(runs[1..].iter().all(|line| line.contains("--duration=3s")), "{log}");
    let profile = std::fs::read_to_string(folder.path().join("out/profile.yaml")).unwrap();
    assert!(!profile.contains("fresh:") && profile.contains("linger.ms"), "{profile}");
}
