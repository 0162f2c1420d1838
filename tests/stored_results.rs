//! Results that earlier builds wrote, as they are in `tests/data/results/` (from
//! `bench-results/2026-11-23-first-light`, histograms and most intervals taken out): whatever is
//! added to a result, these must load. `gated-1.1.json` is one of them with gates and a comparison
//! put in as 1.1 had them, one gate in the shape that others write: expression, value, pass.

use std::path::Path;

use kprod_bench::app::report::model::Status;
use kprod_bench::app::report::stored;

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/results")
}

#[test]
fn results_of_earlier_builds_load() {
    let results = stored::read(&folder()).expect("all of them are results");
    let [gated, paced, saturated] = &results[..] else { panic!("{} results", results.len()) };
    assert_eq!(gated.runs[0].report.gates.len(), 2);
    assert!(gated.runs[0].report.comparison.is_some());
    let (paced, saturated) = (&paced.runs[0].report, &saturated.runs[0].report);
    assert_eq!(paced.latency.response.as_ref().map(|one| one.p99), Some(104_529_919));
    assert_eq!(paced.validity.status, Status::Suspect);
    assert!(saturated.latency.response.is_none());
    // What those builds didn't know has its default.
    assert_eq!(saturated.failures.rejected, 0);
    assert_eq!(saturated.throughput.delivered_rps, None);
}

/// Goal: a result of schema 1.0 is compared and shown like one of today. Method: seven of it
/// against seven whose response takes half as long again; then the page of one.
#[test]
fn results_of_earlier_builds_compare_and_are_shown() {
    let text = std::fs::read_to_string(folder().join("paced-1.0.json")).expect("it is there");
    let old: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let parent = tempfile::tempdir().expect("a folder");
    let sides = [("a", 100_u64), ("b", 150)].map(|(side, percent)| {
        let place = parent.path().join(side);
        std::fs::create_dir(&place).expect("a folder");
        for run in 0..7_u64 {
            let mut one = old.clone();
            one["run_id"] = format!("{side}-{run}").into();
            for percentile in ["p50", "p99"] {
                let span = &mut one["latency"]["response"][percentile];
                let nanos = span.as_u64().expect("nanoseconds");
                *span = (nanos * percent / 100 + run * nanos / 1_000).into();
            }
            std::fs::write(place.join(format!("{run}.json")), one.to_string()).expect("written");
        }
        place.display().to_string()
    });
    let page = parent.path().join("page.html").display().to_string();
    let ended = assert_cmd::Command::new(env!("CARGO_BIN_EXE_kprod-bench"))
        .args(["compare", &sides[0], &sides[1], "--html", &page, "--json", "-"])
        .assert()
        .code(11);
    let found: serde_json::Value =
        serde_json::from_slice(&ended.get_output().stdout).expect("JSON alone");
    assert_eq!(found["comparison"]["outcome"], "worse");
    let html = std::fs::read_to_string(&page).expect("a page");
    assert!(html.contains("WORSE") && html.contains("id=\"forest-0-t\""));
    let out = parent.path().join("again").display().to_string();
    assert_cmd::Command::new(env!("CARGO_BIN_EXE_kprod-bench"))
        .args(["report", "tests/data/results/paced-1.0.json", "--html", &out])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .assert()
        .code(0);
    assert!(std::fs::read_to_string(&out).expect("a page").contains("SUSPECT"));
}

#[test]
fn a_stored_judgement_is_shown_whole() {
    let page = assert_cmd::Command::new(env!("CARGO_BIN_EXE_kprod-bench"))
        .args(["report", "tests/data/results/gated-1.1.json"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .assert()
        .code(0);
    let page = String::from_utf8_lossy(&page.get_output().stdout).into_owned();
    let gate = "response.p99 < 200ms: response.p99 105 ms";
    for said in [gate, "throttle.max unknown", "response.p50"] {
        assert!(page.contains(said), "{said}:\n{page}");
    }
}

/// Goal: no command destroys what it reads, and none keeps a secret. Method: `compare` and `report`
/// told to write where they read, or twice in one place; then into a file of its own, with words
/// that sound secret.
#[test]
fn what_is_read_stays_and_secrets_do_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = std::fs::read_to_string(self::folder().join("paced-1.0.json")).expect("there");
    let path = |name: &str| folder.path().join(name).display().to_string();
    for name in ["a.json", "b.json"] {
        std::fs::write(path(name), &text).expect("written");
    }
    let (a, b, page) = (path("a.json"), path("./b.json"), path("page"));
    let all = folder.path().display().to_string();
    let command = |words: &[&str]| {
        let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_kprod-bench"));
        command.args(words).assert()
    };
    for (words, said) in [
        (vec!["compare", &a, &path("b.json"), "--json", &b], "compare reads it"),
        (vec!["compare", &all, &a, "--markdown", &page, "--html", &page], "a place of its own"),
        (vec!["compare", &a, &all, "--json", &b, "--alpha", "7"], "compare reads it"),
        (vec!["report", &a, "--html", &a], "report reads it"),
        (vec!["report", &all, "--json", &b, "--csv", "none/at/all"], "report reads it"),
        (vec!["report", &a, "--csv", &page, "--json", &page], "a place of its own"),
    ] {
        let ended = command(&words).code(2);
        let complaint = String::from_utf8_lossy(&ended.get_output().stderr).into_owned();
        assert!(complaint.contains(said), "{words:?}: {complaint}");
        assert_eq!(complaint.contains("--alpha"), words.contains(&"--alpha"), "{complaint}");
        for name in ["a.json", "b.json"] {
            assert_eq!(std::fs::read_to_string(path(name)).expect("it stays"), text);
        }
        assert!(!folder.path().join("page").exists());
    }
    let (secret, out) = (path("my-token=abc"), tempfile::tempdir().expect("a folder"));
    std::fs::copy(&a, &secret).expect("copied");
    let page = out.path().join("page.html").display().to_string();
    let ended = command(&["compare", &a, &secret, "--html", &page, "--json", "-"]);
    let found: serde_json::Value =
        serde_json::from_slice(&ended.get_output().stdout).expect("JSON alone");
    let words = found["command"].as_array().expect("words");
    let hidden = words[3].as_str().expect("a word");
    assert!(hidden.ends_with("my-token=[hidden]"), "{hidden}");
    std::fs::remove_file(&secret).expect("removed");
    // A file that is no JSON is named, and doesn't close the folder.
    std::fs::write(path("notes.json"), "// notes").expect("written");
    let ended = command(&["report", &all]).code(0);
    let said = String::from_utf8_lossy(&ended.get_output().stderr).into_owned();
    assert!(said.contains("passed over: ") && said.contains("notes.json"), "{said}");
    let ended = command(&["compare", &a, &all]);
    let said = String::from_utf8_lossy(&ended.get_output().stderr).into_owned();
    assert!(said.contains("passed over: "), "{said}");
    command(&["report", &path("notes.json")]).code(2);
}
