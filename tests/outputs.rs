//! Everything that a run writes beside its summary: which files, what is in them, and what never
//! is.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use hdrhistogram::{Histogram, serialization::Deserializer};
use serde_json::Value;

fn run(line: &str, more: &[&str]) -> assert_cmd::assert::Assert {
    Command::new(env!("CARGO_BIN_EXE_kprod-bench"))
        .env_remove("KPROD_BOOTSTRAP_SERVER")
        .args(line.split_whitespace())
        .args(more)
        .assert()
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

fn the_only_folder(parent: &Path) -> PathBuf {
    let mut entries = fs::read_dir(parent).expect("a folder").flatten();
    let folder = entries.next().expect("a run's folder").path();
    assert!(entries.next().is_none(), "only one");
    folder
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).expect("a file")).expect("JSON")
}

/// The untagged lines of a log together.
fn untagged(log: &str) -> Histogram<u64> {
    use base64::Engine as _;
    let mut sum = Histogram::<u64>::new_with_bounds(1, 1 << 40, 3).expect("a range");
    for entry in IntervalLogIterator::new(log.as_bytes()) {
        let Ok(LogEntry::Interval(line)) = entry else { continue };
        if line.tag().is_some() {
            continue;
        }
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(line.encoded_histogram())
            .expect("base64");
        let one: Histogram<u64> = Deserializer::new().deserialize(&mut &bytes[..]).expect("V2");
        sum.add(&one).expect("within the range");
    }
    sum
}

/// Goal: one flag keeps everything, and the forms agree. Method: a paced run with `--out`; the
/// log's seconds together give the JSON's percentiles, the CSV has a line a second.
#[test]
fn a_run_leaves_a_folder_whose_files_agree() {
    let parent = tempfile::tempdir().expect("a folder");
    let out = parent.path().join("new/below");
    let out_text = out.display().to_string();
    let said = run("--embedded --rate 2k --duration 2s --warmup 300ms", &["--out", &out_text])
        .code(0)
        .get_output()
        .stdout
        .clone();
    let folder = the_only_folder(&out);
    let said = String::from_utf8(said).expect("text");
    let place = folder.join("result.json").display().to_string();
    assert!(said.contains(&format!("written          {place}  latency.hlog")), "{said}");
    let result = json(&folder.join("result.json"));
    let response = &result["latency"]["response"];
    let log = fs::read_to_string(folder.join("latency.hlog")).expect("a log");
    let sum = untagged(&log);
    assert_eq!(Some(sum.len()), response["count"].as_u64());
    assert_eq!(Some(sum.value_at_quantile(0.99)), response["p99"].as_u64());
    assert_eq!(Some(sum.value_at_quantile(0.5)), response["p50"].as_u64());
    let seconds = fs::read_to_string(folder.join("intervals.csv")).expect("a table");
    let rows = result["intervals"].as_array().expect("intervals").len();
    assert_eq!(seconds.lines().count(), rows + 1);
    for family in ["response", "service"] {
        let text = fs::read_to_string(folder.join(format!("{family}.hgrm"))).expect("percentiles");
        let count = result["latency"][family]["count"].as_u64().expect("a count");
        assert!(text.contains(&format!("Total count    = {count:12}]")), "{text}");
    }
    let command = fs::read_to_string(folder.join("command.txt")).expect("a command");
    assert!(command.ends_with(&format!("--out {out_text}\n")), "{command}");
}

/// Goal: a form goes where its own flag says, and several runs are one result. Method: a matrix of
/// two cells with a flag for each form, and `--hgrm`, which can't hold two.
#[test]
fn a_matrix_is_written_as_one_result_with_a_folder_a_run() {
    let parent = tempfile::tempdir().expect("a folder");
    let at = |name: &str| parent.path().join(name).display().to_string();
    let line = "--embedded --num-records 2000 --acks 1,all --output-format quiet";
    let (hlog, csv, markdown, out) = (at("a.hlog"), at("a.csv"), at("a.md"), at("out"));
    let flags = ["--hlog", &hlog, "--csv", &csv, "--markdown", &markdown, "--out", &out];
    run(line, &flags).code(0).stdout("");
    let log = fs::read_to_string(&hlog).expect("a log");
    assert!(log.contains("\nTag=1,") && log.contains("\nTag=2,"), "{log}");
    let rows = fs::read_to_string(&csv).expect("a table");
    assert_eq!(rows.lines().count(), 3, "{rows}");
    assert!(rows.starts_with("run,acks,repetition,verdict,"), "{rows}");
    assert!(fs::read_to_string(&markdown).expect("a page").contains("| acks | records/s |"));
    let folder = the_only_folder(Path::new(&out));
    assert_eq!(json(&folder.join("result.json"))["runs"].as_array().map(Vec::len), Some(2));
    let runs = fs::read_dir(folder.join("runs")).expect("runs").count();
    assert_eq!(runs, 2);
    let refused = run(line, &["--hgrm", &at("a.hgrm")]).code(2).get_output().stderr.clone();
    let refused = String::from_utf8(refused).expect("text");
    assert!(refused.contains("--hgrm = ") && refused.contains("use --out"), "{refused}");
}

/// Goal: what is secret is in no file and on no screen. Method: a word that occurs nowhere else, as
/// the value of every sort of secret, looked for in all that was written.
#[test]
fn secrets_are_written_nowhere() {
    let parent = tempfile::tempdir().expect("a folder");
    let out = parent.path().join("out").display().to_string();
    let properties = parent.path().join("client.properties");
    fs::write(&properties, "ssl.truststore.password=Sesame1\n").expect("written");
    let properties = properties.display().to_string();
    let ended = run(
        "--embedded --num-records 100 --rate 1k -vv",
        &[
            "-X",
            "ssl.key.password=Sesame1",
            "sasl.jaas.config=x required password=\"Sesame1\";",
            "ssl.keystore.key=Sesame1",
            "--command-config",
            &properties,
            "--label",
            "api-token=Sesame1",
            "--label",
            "team=blue",
            "--out",
            &out,
        ],
    )
    .code(0);
    let screen = ended.get_output();
    for bytes in [&screen.stdout, &screen.stderr] {
        assert!(!String::from_utf8_lossy(bytes).contains("Sesame"), "on the screen");
    }
    let files = files(Path::new(&out));
    assert!(files.len() >= 6, "{files:?}");
    for file in files {
        let text = fs::read_to_string(&file).expect("text");
        assert!(!text.contains("Sesame"), "{}", file.display());
    }
    let result = json(&the_only_folder(Path::new(&out)).join("result.json"));
    assert_eq!(result["labels"]["api-token"], "[hidden]");
    assert_eq!(result["labels"]["team"], "blue");
    let words = result["command"].to_string();
    assert!(words.contains("ssl.key.password=[hidden]"), "{words}");
    assert_eq!(result["config"]["effective"]["ssl.key.password"], "[hidden]");
}

/// Goal: a stored result gives every form that its run gave. Method: `report` of what `--out` left,
/// each file compared with that of the run; then of two results together.
#[test]
fn stored_results_are_shown_again_in_every_form() {
    let parent = tempfile::tempdir().expect("a folder");
    let at = |name: &str| parent.path().join(name).display().to_string();
    for name in ["one", "two"] {
        let line = "--embedded --rate 2k --duration 1s --warmup 0 --output-format quiet";
        run(line, &["--out", &at(name)]).code(0);
    }
    let folder = the_only_folder(Path::new(&at("one")));
    let stored = folder.join("result.json").display().to_string();
    let forms = [
        ("--json", "result.json"),
        ("--html", "report.html"),
        ("--hlog", "latency.hlog"),
        ("--hgrm", "response.hgrm"),
        ("--csv", "intervals.csv"),
        ("--markdown", "summary.md"),
    ];
    for (flag, name) in forms {
        run("report --output-format quiet", &[&stored, flag, &at("again")]).code(0).stdout("");
        let again = fs::read_to_string(at("again")).expect("a file");
        assert!(again == fs::read_to_string(folder.join(name)).expect("a file"), "{flag}");
    }
    let said = run("report", &[&at("one"), &at("two")]).code(0).get_output().stdout.clone();
    let said = String::from_utf8(said).expect("text");
    assert!(said.contains("result") && said.matches("result.json").count() >= 2, "{said}");
    let said = run("report", &[&at("none.json")]).code(2).get_output().stderr.clone();
    assert!(String::from_utf8_lossy(&said).contains("none.json: can't read it"), "{said:?}");
}

/// Goal: a place that can't be written to costs nobody a run. Method: a file where a folder should
/// be, a folder where a file should be; nothing is connected to.
#[test]
fn places_that_cannot_be_written_to_are_found_before_the_run() {
    let parent = tempfile::tempdir().expect("a folder");
    let file = parent.path().join("file");
    fs::write(&file, "").expect("written");
    let folder = parent.path().display().to_string();
    let file = file.display().to_string();
    let none = "--bootstrap-server 127.0.0.1:1 --num-records 1";
    for (flag, place) in [("--out", &file), ("--hlog", &folder), ("--csv", &folder)] {
        let said = run(none, &[flag, place]).code(2).get_output().stderr.clone();
        let said = String::from_utf8(said).expect("text");
        assert!(said.contains(&format!("{flag} = \"{place}\": can't write there")), "{said}");
    }
}
