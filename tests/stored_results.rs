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
