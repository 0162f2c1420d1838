//! Results that earlier builds wrote, as they are in `tests/data/results/` (from
//! `bench-results/2026-11-23-first-light`, histograms and most intervals taken out): whatever is
//! added to a result, these must load.

use std::path::Path;

use kprod_bench::app::report::model::Status;
use kprod_bench::app::report::stored;

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/results")
}

#[test]
fn results_of_earlier_builds_load() {
    let results = stored::read(&folder()).expect("all of them are results");
    let [paced, saturated] = &results[..] else { panic!("{} results", results.len()) };
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
