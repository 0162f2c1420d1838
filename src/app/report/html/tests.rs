//! The page as a whole: every section is there, nothing is fetched, nothing becomes markup.

use super::*;
use crate::app::report::model::{
    ErrorModel, FaultModel, GapModel, LeaderChangeModel, PartitionModel,
};
use crate::app::report::sample;

const SECTIONS: [&str; 11] = [
    "verdict", "latency", "time", "stages", "batches", "brokers", "errors", "matrix", "curve",
    "compare", "place",
];

/// Every tag that is opened is closed, in order.
fn assert_nested(page: &str) {
    const VOID: [&str; 4] = ["meta", "link", "!doctype", "br"];
    let mut open: Vec<&str> = Vec::new();
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let end = rest.find('>').expect("a tag ends");
        let (tag, after) = rest.split_at(end);
        let name = tag.trim_start_matches('/').split([' ', '/', '\n']).next().unwrap_or_default();
        if let Some(closed) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(closed), "near {}", &after[..after.len().min(80)]);
        } else if !tag.ends_with('/') && !VOID.contains(&name) {
            open.push(name);
        }
        rest = after;
    }
    assert_eq!(open, [""; 0]);
}

fn check(page: &str) {
    check_for(page, &SECTIONS);
}

fn check_for(page: &str, sections: &[&str]) {
    assert_nested(page);
    for id in sections {
        assert_eq!(page.matches(&format!("<section id=\"{id}\">")).count(), 1, "{id}");
        assert!(page.contains(&format!("href=\"#{id}\"")), "{id}");
    }
    for fetched in ["http", "src=", "@import", "url(", "<script"] {
        assert!(!page.contains(fetched), "{fetched}");
    }
    for none in ["NaN", "\"inf", " inf", "Minf", "Linf"] {
        assert!(!page.contains(none), "{none}: a figure that is none");
    }
    // Ids are names of one thing each.
    let ids: Vec<&str> =
        page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!(distinct.len(), ids.len(), "{ids:?}");
    let drawings = page.matches("<svg ").count();
    assert_eq!(page.matches("role=\"img\" aria-labelledby=\"").count(), drawings);
}

#[test]
fn a_run_has_every_section_and_says_what_is_missing() {
    let page = html(&sample::outcome());
    check(&page);
    assert!(page.contains("<span class=\"badge valid\">VALID</span>"));
    assert!(page.contains("<title id=\"spectrum-t\">Latency by percentile</title>"));
    assert!(page.contains("class=\"gap\""), "response and service have an area between them");
    assert!(page.contains("One run: cells stand beside each other"), "why there is no matrix");
    assert!(page.contains("prefers-color-scheme:dark") && page.contains("@media print"));
}

#[test]
fn a_matrix_has_every_section_too() {
    let page = html(&sample::matrix());
    check(&page);
    assert!(page.contains("2 cells</span>") && page.contains("1 cell</span>"), "by verdict");
    assert!(page.contains("Each run has its own"));
    assert_eq!(page.matches("<circle ").count(), 3);
}

/// Goal: no setting of the first run passes for that of all. Method: producers as an axis, and acks
/// that differ.
#[test]
fn what_a_matrix_varies_is_in_no_list_of_settings() {
    let Outcome::Matrix(mut matrix) = sample::matrix() else { panic!() };
    for (run, acks) in matrix.runs.iter_mut().zip(["0", "1", "all"]) {
        run.report.config.effective.insert("acks".to_owned(), acks.to_owned());
        run.report.ended_at = format!("ended-{acks}");
    }
    matrix.matrix.axes[0].flag = "producers".to_owned();
    let page = html(&Outcome::Matrix(matrix));
    assert!(!page.contains("<td>producers</td>") && !page.contains("<td>acks</td>"));
    assert!(page.contains("<td>cores</td>") && page.contains("<td>linger.ms</td>"));
    assert!(page.contains("ended-all") && !page.contains("ended-0"));
}

#[test]
fn a_run_in_which_much_went_wrong_has_it_all_and_no_markup_of_strangers() {
    let mut report = sample::report();
    report.partial = Some("interrupted <b>".to_owned());
    report.cluster.topic.name = "<i>t".to_owned();
    report.command.push("a'<script>".to_owned());
    report.partitions = (0..30)
        .map(|partition| PartitionModel {
            topic: None,
            partition,
            count: 10,
            bytes: 1_000,
            mean: 1e6 * f64::from(partition),
            max: 1,
        })
        .collect();
    report.errors = vec![ErrorModel {
        code: 7,
        name: "REQUEST_TIMED_OUT".to_owned(),
        cause: "cluster".to_owned(),
        refusal: Some("<u>".to_owned()),
        retriable: true,
        count: 2,
        records: 1,
        refused: 0,
        first_at: 0,
        last_at: 1_500_000_000,
    }];
    report.faults = vec![FaultModel {
        broker: None,
        text: "nonsense <s>".to_owned(),
        count: 3,
        first_at: 0,
        last_at: 0,
    }];
    let gap = |partition| GapModel {
        topic: None,
        partition,
        start: 1_000_000_000,
        end: 3_000_000_000,
        from: Some(1),
        to: None,
    };
    report.unavailability = vec![gap(1), gap(4)];
    report.cluster.topic.leaders_after = vec![2; 12];
    report.intervals[3].errors = 9;
    let page = html(&Outcome::Run(report.into()));
    check(&page);
    for said in ["interrupted &lt;b&gt;", "REQUEST_TIMED_OUT (7): &lt;u&gt;", "nonsense &lt;s&gt;"]
    {
        assert!(page.contains(said), "{said}");
    }
    for drawn in ["id=\"tiles-t\"", "id=\"gaps-t\"", "failed in the second", "Leaders moved: part"]
    {
        assert!(page.contains(drawn), "{drawn}");
    }
}

#[test]
fn a_run_that_delivered_nothing_has_a_page() {
    let mut report = sample::report();
    report.latency = crate::app::report::model::LatencyModel {
        response: None,
        service: None,
        worst_case: None,
        failure: None,
    };
    let stages = &mut report.stages;
    for stage in [
        &mut stages.schedule_lag,
        &mut stages.buffer_wait,
        &mut stages.batch_wait,
        &mut stages.retry,
        &mut stages.send_queue,
        &mut stages.broker,
    ] {
        *stage = None;
    }
    report.intervals.clear();
    report.batches.count = 0;
    let page = html(&Outcome::Run(report.into()));
    check(&page);
    assert!(page.contains("No record was delivered, so there is no latency."));
}

/// Goal: a comparison has a page of its own, and its section where a run was held against a
/// baseline; nothing in it is markup of strangers. Method: a side with a hostile name.
#[test]
fn a_comparison_has_its_page_and_its_section() {
    let mut found = sample::comparison(1.31);
    found.baseline.source = "<b>old</b>".to_owned();
    found.reasons.push("<i>why</i>".to_owned());
    let sample = sample::report();
    let report = ComparisonReport {
        schema_version: sample.schema_version.clone(),
        tool: sample.tool.clone(),
        command: vec!["kprod-bench".to_owned(), "compare".to_owned(), "a<u>".to_owned()],
        comparison: found.clone(),
        exit: sample.exit.clone(),
    };
    let page = comparison(&report);
    check_for(&page, &["verdict", "compare", "runs", "setup", "place"]);
    for said in ["WORSE", "response.p99", "id=\"forest-0-t\"", "Nothing: the same on both sides."] {
        assert!(page.contains(said), "{said}");
    }
    let run = Report { comparison: Some(found), ..sample };
    let page = html(&Outcome::Run(run.into()));
    check(&page);
    assert!(page.contains("id=\"forest-0-t\"") && !page.contains("held against no other"));
}

/// Goal: CPU and leader changes stand beside rates and latencies. Method: a leader that moved once.
#[test]
fn cpu_and_leader_changes_are_in_the_course_of_time() {
    let mut report = sample::report();
    let still = html(&Outcome::Run(report.clone().into()));
    assert!(still.contains("id=\"cpu-t\"") && !still.contains("class=\"ln s5 dash\""));
    report.leader_changes = vec![LeaderChangeModel {
        at: 3_500_000_000,
        topic: None,
        partition: 4,
        from: Some(1),
        to: 2,
    }];
    let page = html(&Outcome::Run(report.into()));
    check(&page);
    assert_eq!(page.matches("3.5 s: partition 4 from broker 1 to 2").count(), 3);
}
