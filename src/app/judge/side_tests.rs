//! What the runs of two sides must be, and what they must have in common.

use super::compare::compare;
use super::exit_of;
use super::group::Group;
use super::tests::{compared, group, question};
use super::text::page;
use crate::app::report::exit::Exit;
use crate::app::report::model::{
    DifferenceModel, LimitsModel, LoadModel, PoolModel, Report, SCHEMA_VERSION, Status,
};
use crate::app::report::output::json;
use crate::app::report::paint::Paint;
use crate::app::report::sample;

/// Goal: survivors of a loss are no better. Method: a side twice as fast, one run of which is short
/// of records in each way there is.
#[test]
fn a_side_that_lost_records_is_no_measurement() {
    let said = |change: fn(&mut Report)| {
        let mut new = group(0.5, |_| {});
        change(&mut new.runs[1].report);
        let found = compared(&group(1.0, |_| {}), &new);
        assert_eq!(exit_of(&found, false), Exit::NotAMeasurement);
        let [said] = &found.unmeasured[..] else { panic!("{:?}", found.unmeasured) };
        said.strip_prefix("B: r.json: runs[1] ").unwrap().to_owned()
    };
    let short = "didn't deliver all: of 6,000,000 records";
    assert_eq!(said(|report| report.records.failed = 1_200), format!("{short} 1,200 failed"));
    assert_eq!(said(|run| run.records.indeterminate = 3), format!("{short} 3 of unknown fate"));
    assert_eq!(said(|report| report.records.unsent = 5), format!("{short} 5 unsent"));
    let lost = |report: &mut Report| report.verification.as_mut().unwrap().log.lost = 2;
    assert_eq!(said(lost), format!("{short} 2 lost"));
    let moved = |report: &mut Report| {
        (report.exit, report.records.reordered) = (Exit::Records.model(), 9);
    };
    assert_eq!(said(moved), format!("{short} 9 reordered"));
    let unsaid = |report: &mut Report| report.exit = Exit::Records.model();
    assert_eq!(said(unsaid), "didn't deliver all: it ended with exit code 4 (records)");
    let slow = |report: &mut Report| {
        (report.validity.status, report.records.unsent) = (Status::Overloaded, 7);
    };
    assert_eq!(said(slow), "is overloaded; of 6,000,000 records 7 unsent");
    // Copies that nobody promised to avoid are none of it.
    let mut tidy = group(0.5, |_| {});
    tidy.runs[1].report.records.reordered = 9;
    assert_eq!(compared(&group(1.0, |_| {}), &tidy).unmeasured, [""; 0]);
}

/// Goal: a copy of a result is no repetition. Method: files of two runs, one of them twice; then
/// files of runs without an id.
#[test]
fn a_run_counts_once_on_its_side_and_is_told_on_both() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, id: &str| {
        let path = folder.path().join(name);
        let report = Report { run_id: id.to_owned(), ..sample::report() };
        std::fs::write(&path, json(&report)).unwrap();
        path.display().to_string()
    };
    let [a, copy, b] = [("a", "x"), ("copy", "x"), ("b", "y")].map(|(name, id)| write(name, id));
    let side = Group::read(&format!("{a},{copy},{b}")).unwrap();
    assert_eq!(side.runs.len(), 2);
    let found = compared(&side, &Group::read(&b).unwrap());
    assert_eq!(found.baseline.runs, 2);
    let copied = format!("A: run x stands in 2 files and counts once: {a}, {copy}");
    assert_eq!(found.reasons, [&*copied, "the same run stands on both sides: y"]);
    assert!(page(&found, Paint::Off).contains("the same run stands on both sides: y"));
    let nobodys = [write("c", ""), write("d", "")].join(",");
    let nobodys = Group::read(&nobodys).unwrap();
    assert_eq!((nobodys.runs.len(), &nobodys.remarks[..]), (2, &[][..]));
    assert_eq!(compared(&nobodys, &nobodys).reasons, [""; 0]);
    // Of many copies a few are told.
    let many: Vec<String> =
        (0..10).map(|at| write(&format!("{at}"), &format!("{}", at / 2))).collect();
    let many = Group::read(&many.join(",")).unwrap();
    assert_eq!((many.runs.len(), many.remarks.len()), (5, 4));
    let rest = "and 2 more runs that stand in several files and count once";
    assert_eq!(many.remarks[3], rest);
}

/// Goal: nothing is a value, and what an old result has no words for isn't. Method: one thing that
/// one side hasn't, in results of one schema and of two.
#[test]
fn what_only_one_side_has_is_a_difference() {
    let differs = |old: bool, change: fn(&mut Report)| {
        let version = if old { "1.0" } else { SCHEMA_VERSION };
        let base = group(1.0, |report| report.schema_version = version.to_owned());
        let found = compared(&base, &group(1.0, change));
        let one = |it: &DifferenceModel| format!("{} {} → {}", it.key, it.baseline, it.candidate);
        found.differences.iter().map(one).collect::<Vec<_>>()
    };
    let schema_id: fn(&mut Report) = |report| report.generator.schema_id = Some(7);
    let governor: fn(&mut Report) =
        |report| report.environment.governor = Some("powersave".to_owned());
    let limits: fn(&mut Report) = |report| {
        report.environment.container_limits = Some(LimitsModel { cpus: Some(2.0), memory: None });
    };
    let build: fn(&mut Report) = |report| report.tool.git = Some("abc".to_owned());
    for (change, expected) in [
        (schema_id, "workload.schema_id none → 7"),
        (governor, "host.governor none → powersave"),
        (limits, "host.container_limits.cpus none → 2.0"),
        (build, "tool.git none → abc"),
    ] {
        assert_eq!(differs(false, change), [expected]);
        assert_eq!(differs(true, change), [""; 0], "{expected}");
    }
    // What the older one says, the newer one would say, too.
    let bare: fn(&mut Report) = |report| report.cluster.topic.configs.clear();
    for old in [false, true] {
        assert_eq!(differs(old, bare), ["cluster.topic.min.insync.replicas 2 → none"]);
    }
}

/// Goal: repetitions are alike, whatever they lack and however much they sent. Method: runs without
/// a rate, whose pools were sent a different number of times; ids of transactions, two and one.
#[test]
fn what_a_run_has_not_or_only_measured_is_no_difference() {
    let saturated = |repeats: f64| {
        group(1.0, move |report| {
            report.latency.response = None;
            report.phases[0].target_rate = None;
            report.load = Some(LoadModel::default());
            report.client.pacing_quantum = None;
            report.generator.pool = Some(PoolModel { bytes: 100_000, values: 1_000, repeats });
        })
    };
    assert_eq!(compared(&saturated(5.5), &saturated(6.1)).differences, []);
    let transactional = |id: &'static str| {
        group(1.0, move |report| {
            report.config.effective.insert("transactional.id".to_owned(), id.to_owned());
        })
    };
    assert_eq!(compared(&transactional("a"), &transactional("b")).differences, []);
    assert_eq!(compared(&transactional("null"), &group(1.0, |_| {})).differences, []);
    let found = compared(&transactional("null"), &transactional("b"));
    let [found] = &found.differences[..] else { panic!("{:?}", found.differences) };
    let seen = [&*found.key, &found.baseline, &found.candidate, &found.area];
    assert_eq!((seen, found.meant), (["transactional", "no", "yes", "producer"], true));
}

#[test]
fn a_side_of_several_builds_is_told() {
    let mut new = group(1.0, |_| {});
    new.runs[3].report.tool.git = Some("abc".to_owned());
    new.runs[4].report.tool.version = "0.0.9".to_owned();
    let problems = compare(&group(1.1, |_| {}), &new, &question()).unwrap_err();
    let expected = "B mixes runs with tool.git = none | abc: expected repetitions of one build; \
                    give their files apart";
    assert_eq!(problems[0], expected);
    assert!(problems[1].starts_with("B mixes runs with tool.version = 0.1.0 | 0.0.9"));
}
