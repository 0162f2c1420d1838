//! Do HdrHistogram's own tools read our logs and percentile files?

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::java::{java, say};

/// Goal: whoever gives our log to the tools of HdrHistogram gets our percentiles, and our
/// percentile file is theirs. Method: a run with `--out`; its log through `HistogramLogReader` and
/// the whole of `HistogramLogProcessor`, whose file is compared with ours figure by figure.
#[test]
#[ignore = "needs the jars of Kafka: scripts/test"]
fn hdr_histograms_own_tools_read_our_files() {
    let Some(java) = java() else { return };
    let parent = tempfile::tempdir().expect("a folder");
    let folder = run(parent.path());
    let log = folder.join("latency.hlog").display().to_string();
    let result: Value = serde_json::from_str(&text(&folder.join("result.json"))).expect("JSON");
    let families = [
        ("-", &result["latency"]["response"]),
        ("service", &result["latency"]["service"]),
        ("batch_wait", &result["stages"]["batch_wait"]),
    ];
    let tags = families.map(|(tag, _)| tag).join("\n");
    let answer = java.run("LogPercentiles.java", &[&log], &tags);
    let mut compared = 0;
    for ((tag, family), said) in families.iter().zip(answer.lines()) {
        let mut words = said.split(' ');
        assert_eq!(words.next(), Some(*tag));
        let lines: u64 = words.next().expect("lines").parse().expect("a number");
        assert!(if *tag == "-" { lines >= 3 } else { lines == 1 }, "{said}");
        for field in ["count", "p50", "p90", "p99", "p999"] {
            let java: u64 = words.next().expect("a figure").parse().expect("a number");
            // A percentile in the highest bucket is the largest value here, its bucket's end there.
            let ours = family[field].as_u64().expect("a figure");
            let max = family["max"].as_u64().expect("a figure");
            assert!(
                java == ours || (ours == max && java.abs_diff(max) * 1_000 <= max),
                "{tag} {field}: {java}, {ours}"
            );
            compared += 1;
        }
    }
    assert_eq!(compared, 15);
    let base = parent.path().join("processed").display().to_string();
    java.class("org.HdrHistogram.HistogramLogProcessor", &["-i", &log, "-o", &base]);
    let theirs = figures(&text(Path::new(&format!("{base}.hgrm"))));
    let ours = figures(&text(&folder.join("response.hgrm")));
    assert!(ours.len() > 30, "{ours:?}");
    let differ = ours.iter().zip(&theirs).position(|(ours, theirs)| !same(ours, theirs));
    let near = |at: usize| (&ours[at.saturating_sub(4)..], &theirs[at.saturating_sub(4)..]);
    assert!(differ.is_none() && ours.len() == theirs.len(), "{:?}", differ.map(near));
    say(&format!("java: {compared} percentiles of a log, {} figures of an .hgrm", ours.len()));
}

/// A paced run of three seconds, and its folder.
fn run(parent: &Path) -> std::path::PathBuf {
    let ended = Command::new(env!("CARGO_BIN_EXE_kprod-bench"))
        .env_remove("KPROD_BOOTSTRAP_SERVER")
        .args("--embedded --rate 5k --duration 3s --warmup 300ms --out".split(' '))
        .arg(parent.join("out"))
        .output()
        .expect("the program can be started");
    assert!(ended.status.success(), "{ended:?}");
    let mut folders = std::fs::read_dir(parent.join("out")).expect("a folder");
    folders.next().expect("a run's folder").expect("readable").path()
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The same word, or the same share: half a last digit goes up in Java, to the even one here.
fn same(ours: &str, theirs: &str) -> bool {
    let close = |(ours, theirs): (f64, f64)| (ours - theirs).abs() < 1.1e-12;
    ours == theirs || ours.parse().ok().zip(theirs.parse().ok()).is_some_and(close)
}

/// The words of a percentile file but for what tells of the log, and for the number of buckets,
/// which is a matter of the range.
fn figures(text: &str) -> Vec<String> {
    let others = ["#[Overall", "#[StartTime", "#[Buckets"];
    let lines = text.lines().filter(|line| !others.iter().any(|other| line.starts_with(other)));
    lines.flat_map(str::split_whitespace).map(str::to_owned).collect()
}
