//! Comparisons of results made by hand.

use std::collections::BTreeMap;

use super::compare::{Question, compare};
use super::expression::Rule;
use super::figures::{bmf, github, of_candidate};
use super::gates::Gates;
use super::group::{Group, Run};
use super::metric::Metric;
use super::text::{judged, page};
use super::verdicts::{Verdict, cases};
use super::{exit_of, markdown};
use crate::app::report::exit::Exit;
use crate::app::report::html;
use crate::app::report::model::{
    ClusterKind, ComparisonModel, ComparisonReport, LoadModel, OutcomeModel, ReasonModel, Report,
    SCHEMA_VERSION, Status,
};
use crate::app::report::outcome::Outcome;
use crate::app::report::paint::Paint;
use crate::app::report::sample;
use crate::app::stats::Terms;

/// Seven runs whose response is the sample's times `factor`, each a little different.
pub(super) fn group(factor: f64, change: impl Fn(&mut Report)) -> Group {
    repeated(7, factor, change)
}

pub(super) fn repeated(runs: usize, factor: f64, change: impl Fn(&mut Report)) -> Group {
    let run = |at: usize| {
        let mut report = sample::report();
        let scatter = 1.0 + (at * 5 % 7) as f64 * 0.004;
        let times = |nanos: u64| -> u64 {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a test")]
            let scaled = (nanos as f64 * factor * scatter) as u64;
            scaled
        };
        let response = report.latency.response.as_mut().unwrap();
        (response.p50, response.p99) = (times(response.p50), times(response.p99));
        report.run_id = format!("run-{factor}-{at}");
        change(&mut report);
        Run { cell: BTreeMap::new(), place: format!("r.json: runs[{at}]"), report }
    };
    let runs = (0..runs).map(run).collect();
    Group { source: format!("{factor}/"), runs, remarks: Vec::new() }
}

pub(super) fn question() -> Question {
    let terms = Terms { alpha: 0.01, min_effect: 0.05 };
    Question { metrics: Vec::new(), terms, vary: Vec::new() }
}

pub(super) fn compared(base: &Group, new: &Group) -> ComparisonModel {
    compare(base, new, &question()).unwrap()
}

fn ended(comparison: &ComparisonModel) -> (OutcomeModel, Exit) {
    (comparison.outcome, exit_of(comparison, false))
}

#[test]
fn a_slower_side_is_worse_and_a_like_one_the_same() {
    let base = group(1.0, |_| {});
    let of = |factor| ended(&compared(&base, &group(factor, |_| {})));
    assert_eq!(of(1.3), (OutcomeModel::Worse, Exit::Worse));
    assert_eq!(of(1.001), (OutcomeModel::Same, Exit::Passed));
    assert_eq!(of(0.7), (OutcomeModel::Better, Exit::Passed));
}

/// Goal: producer keys are what is compared. Method: linger differs; it stands on top and decides
/// nothing.
#[test]
fn producer_keys_may_differ_and_stand_at_the_top() {
    let linger = |report: &mut Report| {
        report.config.effective.insert("linger.ms".to_owned(), "10".to_owned());
        report.tool.git = Some("abc".to_owned());
    };
    let found = compared(&group(1.0, |_| {}), &group(1.3, linger));
    assert_eq!(found.outcome, OutcomeModel::Worse);
    let seen = page(&found, Paint::Off);
    let second = seen.lines().nth(1).unwrap();
    assert_eq!(second, "producer         linger.ms 5 → 10", "{seen}");
    assert!(seen.lines().all(|line| line.chars().count() <= 100), "{seen}");
}

/// Goal: a repeated run is the same work. Method: one that began later, so that its payloads' time
/// does, too.
#[test]
fn when_a_run_began_is_no_difference() {
    let later = repeated(7, 1.0, |report| {
        report.started_at = "2024-02-01T12:00:00.000Z".to_owned();
        report.generator.time_origin = report.started_at.clone();
        report.run_id = "another".to_owned();
    });
    let found = compared(&repeated(7, 1.0, |_| ()), &later);
    assert_eq!(found.differences, []);
    assert_eq!(found.outcome, OutcomeModel::Same);
}

#[test]
fn what_else_differs_is_listed_and_inconclusive_unless_meant() {
    let other = |report: &mut Report| report.environment.cores = 4;
    let (base, new) = (group(1.0, |_| {}), group(1.3, other));
    let found = compared(&base, &new);
    assert_eq!(ended(&found), (OutcomeModel::Inconclusive, Exit::Passed));
    assert_eq!(exit_of(&found, true), Exit::Inconclusive);
    assert!(found.reasons[0].contains("host.cores"), "{:?}", found.reasons);
    assert!(page(&found, Paint::Off).contains("host!            host.cores 2 → 4"));
    for vary in ["host.cores", "host", "cores"] {
        let meant = Question { vary: vec![vary.to_owned()], ..question() };
        let found = compare(&base, &new, &meant).unwrap();
        assert_eq!(found.outcome, OutcomeModel::Worse, "{vary}");
    }
    let misspelt = Question { vary: vec!["host.core".to_owned()], ..question() };
    let problems = compare(&base, &new, &misspelt).unwrap_err();
    assert!(problems[0].contains("the nearest is host.cores"), "{problems:?}");
}

/// Goal: loads that differ are told apart though their mean rate is the same. Method: one word of
/// the load after another.
#[test]
fn runs_that_were_due_otherwise_differ() {
    let differs = |change: fn(&mut LoadModel)| {
        let other = |report: &mut Report| change(report.load.as_mut().unwrap());
        let found = compared(&group(1.0, |_| {}), &group(1.3, other));
        assert_eq!(found.outcome, OutcomeModel::Inconclusive);
        found.differences.iter().map(|it| it.key.clone()).collect::<Vec<_>>()
    };
    assert_eq!(differs(|load| load.on_late = Some("skip:100ms".to_owned())), ["workload.on_late"]);
    assert_eq!(differs(|load| load.on_full = Some("drop".to_owned())), ["workload.on_full"]);
    assert_eq!(differs(|load| load.pacing = Some("poisson".to_owned())), ["workload.pacing"]);
    // Old results don't say, and differ from nothing.
    let old = compared(&group(1.0, |report| report.load = None), &group(1.3, |_| {}));
    assert_eq!(old.outcome, OutcomeModel::Worse);
    let wave = |rates: [f64; 3]| {
        group(1.0, move |report| {
            let load = report.load.as_mut().unwrap();
            (load.rates, load.span_seconds) = (rates.to_vec(), Some(30.0));
        })
    };
    let found = compared(&wave([1.0, 2.0, 3.0]), &wave([1.0, 3.0, 2.0]));
    let [difference] = &found.differences[..] else { panic!("{:?}", found.differences) };
    assert_eq!(difference.key, "workload.rates");
    assert!(difference.baseline.starts_with("1 to 3/s over 30 s (course "), "{difference:?}");
    // How a client wakes is its setting.
    let spun = group(1.3, |report| report.client.pacing_quantum = Some(0));
    assert_eq!(compared(&group(1.0, |_| {}), &spun).outcome, OutcomeModel::Worse);
}

#[test]
fn a_side_that_differs_within_is_told() {
    let mixed = |key: &'static str| {
        let mut group = group(1.0, |_| {});
        let effective = &mut group.runs[3].report.config.effective;
        effective.insert(key.to_owned(), "77".to_owned());
        group
    };
    let problems = compare(&group(1.0, |_| {}), &mixed("linger.ms"), &question()).unwrap_err();
    assert!(problems[0].starts_with("B mixes runs with linger.ms = 5 | 77"), "{problems:?}");
    let mut group = group(1.0, |_| {});
    group.runs[6].report.cluster.id = Some("other".to_owned());
    let found = compared(&group, &group);
    assert_eq!(found.differences[0].baseline, "abc | other");
    assert_eq!(found.outcome, OutcomeModel::Inconclusive);
}

#[test]
fn kinds_that_mean_different_things_are_refused() {
    let base = group(1.0, |_| {});
    let embedded = group(1.0, |report| report.cluster.kind = ClusterKind::Embedded);
    let problems = compare(&base, &embedded, &question()).unwrap_err();
    assert_eq!(problems, ["embedded brokers are never compared with a real cluster"]);
    let written = group(1.0, |report| {
        report.config.effective.insert("acks".to_owned(), "0".to_owned());
    });
    let problems = compare(&base, &written, &question()).unwrap_err();
    assert!(problems[0].starts_with("acks=0 is never compared"), "{problems:?}");
    assert!(compare(&written, &written, &question()).is_ok());
    assert!(compare(&embedded, &embedded, &question()).is_ok());
}

#[test]
fn runs_that_are_no_measurement_prove_nothing() {
    let reason = ReasonModel {
        name: "cluster_too_slow".to_owned(),
        status: Status::Overloaded,
        text: "half of the records piled up".to_owned(),
    };
    let mut new = group(1.0, |_| {});
    let validity = &mut new.runs[2].report.validity;
    (validity.status, validity.reasons) = (Status::Overloaded, vec![reason]);
    let base = group(1.0, |_| {});
    let found = compared(&base, &new);
    assert_eq!(exit_of(&found, false), Exit::NotAMeasurement);
    let expected = "B: r.json: runs[2] is overloaded: half of the records piled up";
    assert_eq!(found.unmeasured, [expected]);
    new.runs[2] = base.runs[2].clone();
    assert_eq!(exit_of(&compared(&base, &new), false), Exit::Passed);
    new.runs[2].report.partial = Some("interrupted".to_owned());
    assert_eq!(exit_of(&compared(&base, &new), false), Exit::NotAMeasurement);
}

/// Goal: figures that prove nothing have no outcome above them. Method: a slower side three runs of
/// which are overloaded for one reason; every form.
#[test]
fn runs_that_are_no_measurement_are_the_headline_of_every_form() {
    let mut new = group(1.3, |_| {});
    for run in &mut new.runs[2..5] {
        run.report.validity.status = Status::Overloaded;
        run.report.validity.reasons = vec![ReasonModel {
            name: "cluster_too_slow".to_owned(),
            status: Status::Overloaded,
            text: "half of the records piled up".to_owned(),
        }];
    }
    let found = compared(&group(1.0, |_| {}), &new);
    assert_eq!(found.outcome, OutcomeModel::Worse);
    let why = "B: 3 runs are overloaded: half of the records piled up (r.json: runs[2] and 2 more)";
    let text = page(&found, Paint::Off);
    assert!(text.contains("\nNO MEASUREMENT   3 of 14 runs, so that the figures"), "{text}");
    assert!(!text.contains("WORSE"), "{text}");
    assert_eq!(text.matches("piled up").count(), 1, "{text}");
    let marked = markdown::comparison(&found);
    assert!(marked.starts_with("### ⚠️ NO MEASUREMENT: 3 of 14 runs\n"), "{marked}");
    assert!(
        marked.contains(&crate::app::report::files::markdown::plain(why))
            && !marked.contains("WORSE"),
        "{marked}"
    );
    let html = html::comparison(&ComparisonReport {
        schema_version: SCHEMA_VERSION.to_owned(),
        tool: sample::report().tool,
        command: Vec::new(),
        comparison: found,
        exit: Exit::NotAMeasurement.model(),
    });
    assert!(html.contains(">NO MEASUREMENT</span><span class=\"big\">3 of 14 runs</span>"));
    assert!(html.contains(why) && !html.contains("WORSE"));
}

/// Goal: runs that scatter too much to show a difference don't pass for alike without a word.
/// Method: both sides scatter by a factor of ten around one median.
#[test]
fn the_same_says_in_every_form_what_it_does_not_exclude() {
    let wide = |factor: f64| {
        let mut group = group(factor, |_| {});
        for (run, percent) in group.runs.iter_mut().zip([100, 30, 310, 55, 180, 98, 105]) {
            let response = run.report.latency.response.as_mut().unwrap();
            response.p99 = response.p99 * percent / 100;
        }
        group
    };
    let found = compared(&wide(1.0), &wide(1.001));
    assert_eq!(found.outcome, OutcomeModel::Same);
    assert_eq!(exit_of(&found, true), Exit::Passed);
    let [p50, p99] = &found.cells[0].metrics[..2] else { panic!("two are gated") };
    assert_eq!(p50.reason, None);
    let reason = p99.reason.clone().unwrap();
    let shape = reason.starts_with("no difference shown; up to +")
        && reason.ends_with(" % isn't excluded: repeat more often");
    assert!(shape, "{reason}");
    let text = page(&found, Paint::Off);
    assert!(text.contains("same             response.p99: no difference shown; up to"), "{text}");
    assert!(markdown::comparison(&found).contains(&format!("\nresponse.p99: {reason}\n")));
    let case = cases(None, Some(&found)).remove(1);
    assert!(case.verdict == Verdict::Passed && case.text.ends_with(&reason), "{case:?}");
    let html = html::comparison(&ComparisonReport {
        schema_version: SCHEMA_VERSION.to_owned(),
        tool: sample::report().tool,
        command: Vec::new(),
        comparison: found,
        exit: Exit::Passed.model(),
    });
    assert!(html.contains("response.p99: no difference shown; up to"));
    let sure = "beyond either end with a chance of at most 0.005 to 0.01";
    assert!(html.contains(sure));
}

/// Goal: nothing that a name holds is taken for markup. Method: a side and a cell's axis of such
/// names.
#[test]
fn names_are_no_markup_in_a_page_of_markdown() {
    let mut base = group(1.0, |_| {});
    base.source = "a*b_c`d|e&f<g>".to_owned();
    let page = markdown::comparison(&compared(&base, &group(1.001, |_| {})));
    assert!(page.contains("A is a\\*b\\_c\\`d\\|e&amp;f&lt;g&gt; (7 runs), B is 1.001/"), "{page}");
    assert!(page.contains("with a chance of at most 0.005 to 0.01"), "{page}");
}

#[test]
fn few_repeats_are_inconclusive_and_say_how_many_are_needed() {
    let found = compared(&repeated(3, 1.0, |_| {}), &repeated(3, 2.0, |_| {}));
    assert_eq!(found.outcome, OutcomeModel::Inconclusive);
    let seen = page(&found, Paint::Off);
    assert!(seen.contains("3 + 3 runs can't prove anything"), "{seen}");
    assert!(seen.contains("5 + 5 are"), "{seen}");
}

#[test]
fn without_a_rate_the_rate_decides() {
    let saturated = |rps: f64| {
        group(1.0, move |report| {
            report.latency.response = None;
            report.phases[0].target_rate = None;
            report.throughput.acked_rps = rps * report.latency.service.as_ref().unwrap().mean;
        })
    };
    let found = compared(&saturated(1.0), &saturated(0.8));
    assert_eq!(ended(&found).0, OutcomeModel::Worse);
    assert_eq!(found.cells[0].metrics[0].name, "acked_rps");
    assert!(found.cells[0].metrics[1..].iter().all(|metric| !metric.gated));
}

#[test]
fn a_metric_that_a_run_does_not_have_is_open() {
    let asked = Question { metrics: vec![Metric::find("seal.p99").unwrap()], ..question() };
    let (base, new) = (group(1.0, |_| {}), group(1.0, |_| {}));
    let found = compare(&base, &new, &asked).unwrap();
    assert_eq!(found.outcome, OutcomeModel::Inconclusive);
    let reason = found.cells[0].metrics[0].reason.as_deref();
    assert_eq!(reason, Some("r.json: runs[0] has no seal.p99"));
}

/// Goal: cells are held against their own. Method: two cells on each side, one of them slower, and
/// one that only a side has.
#[test]
fn cells_of_a_matrix_are_compared_one_by_one() {
    let cell = |group: Group, acks: &str| {
        let with = |mut run: Run| {
            run.cell.insert("acks".to_owned(), acks.to_owned());
            run
        };
        group.runs.into_iter().map(with).collect::<Vec<_>>()
    };
    let matrix = |factors: &[(&str, f64)]| Group {
        source: "m.json".to_owned(),
        runs: factors.iter().flat_map(|(acks, by)| cell(group(*by, |_| {}), acks)).collect(),
        remarks: Vec::new(),
    };
    let base = matrix(&[("1", 1.0), ("all", 2.0), ("-1", 3.0)]);
    let found = compared(&base, &matrix(&[("1", 1.001), ("all", 2.5)]));
    assert_eq!(found.outcome, OutcomeModel::Worse);
    assert_eq!(found.reasons, ["only A has the cell acks=-1"]);
    let outcomes: Vec<_> = found.cells.iter().map(|cell| cell.metrics[0].outcome).collect();
    assert_eq!(outcomes, [OutcomeModel::Same, OutcomeModel::Worse]);
    let problems = compare(&base, &matrix(&[("2", 1.0), ("3", 1.0)]), &question()).unwrap_err();
    assert!(problems[0].contains("no cell of a matrix in common"), "{problems:?}");
}

#[test]
fn the_page_reads_as_documented() {
    let linger = |report: &mut Report| {
        report.config.effective.insert("linger.ms".to_owned(), "10".to_owned());
        report.environment.cores = 4;
    };
    let meant = Question { vary: vec!["host".to_owned()], ..question() };
    let found = compare(&group(1.0, |_| {}), &group(1.3, linger), &meant).unwrap();
    let seen = page(&found, Paint::Off);
    let expected = include_str!("page_snapshot.txt");
    assert!(seen == expected, "got:\n{seen}\nexpected:\n{expected}");
}

/// Goal: every form says the same. Method: one metric worse, one the same, in all of them.
#[test]
fn every_form_says_what_the_page_says() {
    let slower = |report: &mut Report| {
        let response = report.latency.response.as_mut().unwrap();
        response.p50 = response.p50 * 10 / 13;
    };
    let found = compared(&group(1.0, |_| {}), &group(1.3, slower));
    let cases = cases(None, Some(&found));
    let verdicts: Vec<_> = cases.iter().map(|case| (case.kind, case.verdict)).collect();
    assert_eq!(verdicts, [("comparison", Verdict::Passed), ("comparison", Verdict::Failed)]);
    assert_eq!(cases[1].name, "response.p99 no worse than 1/");
    assert!(cases[1].text.starts_with("12.4 ms → 16.2 ms, +30.0 % ("), "{}", cases[1].text);
    let page = markdown::comparison(&found);
    assert!(page.starts_with("### ❌ WORSE: response.p99 +30.0 %\n"), "{page}");
    assert!(page.contains("| **response.p99** | 12.4 ms | 16.2 ms | +30.0 % |"), "{page}");
    assert!(page.contains("| response.p999 | 31.0 ms |"), "{page}");
    let figures = of_candidate(&found);
    let kept = &bmf(&figures)["kprod-bench"]["response-p99"];
    let ends = [&kept["lower_value"], &kept["value"], &kept["upper_value"]];
    let ends = ends.map(|figure| figure.as_f64().unwrap());
    assert!(ends.is_sorted() && (16.0e6..16.5e6).contains(&ends[1]), "{ends:?}");
    let list = github(&figures);
    let named = |name: &str| {
        list.as_array().unwrap().iter().find(|one| one["name"] == name).unwrap().clone()
    };
    assert_eq!(named("kprod-bench response.p99")["unit"], "ns");
    // 199,998 records a second, each 5 µs.
    let inverse = named("kprod-bench 1/acked_rps")["value"].as_f64().unwrap();
    assert!((inverse - 5_000.05).abs() < 0.01, "{inverse}");
}

#[test]
fn sides_that_are_unlike_leave_every_case_open() {
    let other = |report: &mut Report| report.environment.cores = 4;
    let found = compared(&group(1.0, |_| {}), &group(1.3, other));
    let cases = cases(None, Some(&found));
    assert!(cases.iter().all(|case| case.verdict == Verdict::Open), "{cases:?}");
    assert!(cases[0].text.contains("the sides differ in host.cores"), "{}", cases[0].text);
    let page = markdown::comparison(&found);
    assert!(page.contains("- host: host.cores 2 → 4 (not meant to)"), "{page}");
}

/// Goal: what was judged stands on the page, in the Markdown and among the cases of a run. Method:
/// one bound that holds and one that doesn't, on a run that is no measurement.
#[test]
fn a_run_says_what_its_bounds_came_to() {
    let mut report = sample::report();
    let rules = ["response.p99 < 20ms", "retries > 0"].map(|text| Rule::parse(text).unwrap());
    let gates = Gates { rules: rules.into(), baseline: None };
    assert_eq!(gates.hold(&mut report), Exit::GateFailed);
    report.validity.status = Status::Invalid;
    let outcome = Outcome::Run(report.into());
    let said = judged(&outcome, Paint::Off);
    let expected = "\npassed           response.p99 < 20ms: response.p99 12.3 ms\n\
                    FAILED           retries > 0: retries 0\n";
    assert_eq!(said, expected);
    let cases = cases(Some(&Group::of(&outcome)), None);
    let verdicts: Vec<_> = cases.iter().map(|case| case.verdict).collect();
    assert_eq!(verdicts, [Verdict::Unmeasured, Verdict::Passed, Verdict::Failed]);
    assert!(markdown::judged(&outcome).contains("| ❌ FAILED | retries &gt; 0 | retries 0 |"));
    let plain = Outcome::Run(sample::report().into());
    assert_eq!((judged(&plain, Paint::Off), markdown::judged(&plain)), Default::default());
}
