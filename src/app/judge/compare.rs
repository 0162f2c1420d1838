//! Two groups of runs held against each other: what they differ in, and which metric is worse.
//! Cost class: once a process.
//!
//! Figures prove something only between like runs, so everything that was or was used is compared
//! first. Producer keys and the program's version are what a comparison is about; what else differs
//! makes it inconclusive unless it was named as meant. Two kinds of runs are never compared:
//! embedded brokers with real ones, and what ends at the write with what ends at the ack.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::{Area, Held, ends_at, facts, minor};
use super::group::{Group, Run, on_both_sides};
use super::metric::{Better, Metric};
use super::shown::change;
use crate::app::report::model::{
    CellComparisonModel, ComparisonModel, DifferenceModel, MetricComparisonModel, OutcomeModel,
    SideModel,
};
use crate::app::stats::{self, Finding, Outcome, Series, Terms};
use crate::kafka::config::nearest_of;

/// What is asked of two groups.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// The gated metrics; without any, response p50 and p99, or the acked rate of runs without a
    /// rate.
    pub metrics: Vec<Metric>,
    /// Level and floor.
    pub terms: Terms,
    /// Keys, or areas, that are meant to differ.
    pub vary: Vec<String>,
}

/// Compares.
///
/// # Errors
/// Why these runs can't be compared at all, a sentence each.
pub fn compare(
    base: &Group,
    new: &Group,
    question: &Question,
) -> Result<ComparisonModel, Vec<String>> {
    let (pairs, left_out) = pairs(base, new)?;
    let mut reasons = remarks(base, new);
    reasons.extend(left_out);
    let mut problems = Vec::new();
    let mut differences: Vec<DifferenceModel> = Vec::new();
    let mut known = BTreeSet::new();
    for (_, base, new) in &pairs {
        never_compared(base, new, &mut problems);
        for found in differing(base, new, question, &mut known, &mut problems) {
            if !differences.contains(&found) {
                differences.push(found);
            }
        }
    }
    unknown_vary(question, &known, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let unlike: Vec<&str> =
        differences.iter().filter(|one| !one.meant).map(|one| one.key.as_str()).collect();
    if !unlike.is_empty() {
        reasons.push(format!(
            "the sides differ in {}; make them alike, or name what is meant to differ (--vary {})",
            unlike.join(", "),
            unlike[0]
        ));
    }
    let cells = judged(&pairs, question);
    let unmeasured: Vec<String> = [("A", base), ("B", new)]
        .iter()
        .flat_map(|(side, group)| {
            group.unmeasured().into_iter().map(move |text| format!("{side}: {text}"))
        })
        .collect();
    let outcome = if unlike.is_empty() { overall(&cells) } else { OutcomeModel::Inconclusive };
    Ok(ComparisonModel {
        outcome,
        reasons,
        unmeasured,
        alpha: question.terms.alpha,
        min_effect: question.terms.min_effect,
        baseline: side(base),
        candidate: side(new),
        differences,
        cells,
    })
}

/// What is to be known of the runs themselves.
fn remarks(base: &Group, new: &Group) -> Vec<String> {
    let sides = [("A", base), ("B", new)];
    let of_each = sides.iter().flat_map(|(side, group)| {
        group.remarks.iter().map(move |remark| format!("{side}: {remark}"))
    });
    of_each.chain(on_both_sides(base, new)).collect()
}

type Pair<'a> = (BTreeMap<String, String>, Vec<&'a Run>, Vec<&'a Run>);

/// The cells that both sides have; two that stand alone are a pair whatever they are called.
fn pairs<'a>(base: &'a Group, new: &'a Group) -> Result<(Vec<Pair<'a>>, Vec<String>), Vec<String>> {
    let (mut of_base, of_new) = (base.cells(), new.cells());
    if of_base.len() == 1 && of_new.len() == 1 {
        let cell = of_new.keys().next().map(|cell| (*cell).clone()).unwrap_or_default();
        let runs =
            |cells: BTreeMap<_, Vec<&'a Run>>| cells.into_values().next().unwrap_or_default();
        return Ok((vec![(cell, runs(of_base), runs(of_new))], Vec::new()));
    }
    let (mut pairs, mut reasons) = (Vec::new(), Vec::new());
    for (cell, runs) in of_new {
        match of_base.remove(cell) {
            Some(base) => pairs.push((cell.clone(), base, runs)),
            None => reasons.push(format!("only B has the cell {}", cell_name(cell))),
        }
    }
    reasons.extend(of_base.keys().map(|cell| format!("only A has the cell {}", cell_name(cell))));
    if pairs.is_empty() {
        reasons.insert(0, "A and B have no cell of a matrix in common".to_owned());
        return Err(reasons);
    }
    Ok((pairs, reasons))
}

/// The axes' values of a cell: `acks=1 linger-ms=5`.
#[must_use]
pub fn cell_name(cell: &BTreeMap<String, String>) -> String {
    if cell.is_empty() {
        return "without axes".to_owned();
    }
    let parts = cell.iter().map(|(flag, value)| format!("{flag}={value}"));
    parts.collect::<Vec<_>>().join(" ")
}

/// Kinds that mean different things by the same names.
fn never_compared(base: &[&Run], new: &[&Run], problems: &mut Vec<String>) {
    let all = || base.iter().chain(new);
    let kinds: BTreeSet<String> =
        all().map(|run| format!("{:?}", run.report.cluster.kind).to_lowercase()).collect();
    let ends: BTreeSet<&str> = all().map(|run| ends_at(&run.report)).collect();
    let mut add = |problem: &str| {
        if !problems.iter().any(|known| known == problem) {
            problems.push(problem.to_owned());
        }
    };
    if kinds.len() > 1 {
        add("embedded brokers are never compared with a real cluster");
    }
    if ends.len() > 1 {
        add("acks=0 is never compared with acks=1 or all: its times end at the write, theirs at \
             the ack");
    }
}

/// The values of a fact on one side, in order of appearance.
type Values = Vec<Held>;
type Key = (Area, String);

/// What isn't the same on both sides, producer keys first.
fn differing(
    base: &[&Run],
    new: &[&Run],
    question: &Question,
    known: &mut BTreeSet<String>,
    problems: &mut Vec<String>,
) -> Vec<DifferenceModel> {
    let mut found = Vec::new();
    for ((area, key), [base, new]) in held(base, new) {
        known.insert(key.clone());
        let shown =
            |values: &Values| values.iter().map(Held::shown).collect::<Vec<_>>().join(" | ");
        for (side, values) in [("A", &base), ("B", &new)] {
            if values.len() > 1 {
                mixed(side, area, &key, &shown(values), problems);
            }
        }
        // What one side doesn't know differs from nothing.
        let is_known = !base.is_empty() && !new.is_empty();
        let alike = base.len() == 1 && new.len() == 1 && base[0].is_like(&new[0]);
        if !is_known || alike {
            continue;
        }
        let named = question.vary.iter().any(|vary| is_named(vary, &key));
        found.push(DifferenceModel {
            area: area.name().to_owned(),
            meant: area.may_differ() || named,
            baseline: shown(&base),
            candidate: shown(&new),
            key,
        });
    }
    found
}

/// What each side holds of every fact that any run has. A run without it holds `none`, but not
/// one of an older schema than another of these: it may have had no words for it.
fn held(base: &[&Run], new: &[&Run]) -> BTreeMap<Key, [Values; 2]> {
    let newest = base.iter().chain(new).map(|run| minor(&run.report)).max();
    let of_run = |run: &&Run| -> BTreeMap<Key, Held> {
        let of_run = facts(&run.report).into_iter();
        of_run.map(|fact| ((fact.area, fact.key), fact.value)).collect()
    };
    let sides = [base, new].map(|runs| {
        let of_run = |run| (of_run(run), Some(minor(&run.report)) == newest);
        runs.iter().map(of_run).collect::<Vec<_>>()
    });
    let mut rows: BTreeMap<Key, [Values; 2]> = BTreeMap::new();
    for (facts, _) in sides.iter().flatten() {
        for key in facts.keys() {
            rows.entry(key.clone()).or_default();
        }
    }
    for (key, row) in &mut rows {
        for (runs, values) in sides.iter().zip(row) {
            for (facts, is_newest) in runs {
                let value = match facts.get(key) {
                    Some(Held::Unknown) => continue,
                    Some(value) => value.clone(),
                    None if *is_newest => Held::none(),
                    None => continue,
                };
                if !values.iter().any(|seen| seen.is_like(&value)) {
                    values.push(value);
                }
            }
        }
    }
    rows
}

/// A side must be of one mind about producer and program, or its runs are no repetitions.
fn mixed(side: &str, area: Area, key: &str, values: &str, problems: &mut Vec<String>) {
    let what = match area {
        Area::Producer => "configuration",
        Area::Tool => "build",
        Area::Workload | Area::Cluster | Area::Host => return,
    };
    let problem = format!(
        "{side} mixes runs with {key} = {values}: expected repetitions of one {what}; give their \
         files apart"
    );
    if !problems.contains(&problem) {
        problems.push(problem);
    }
}

/// Whether `--vary` names that key: in full, its area, or without the area.
fn is_named(vary: &str, key: &str) -> bool {
    let within = |rest: Option<&str>| rest.is_some_and(|rest| rest.starts_with('.'));
    let ends = key.strip_suffix(vary).is_some_and(|rest| rest.ends_with('.'));
    key == vary || within(key.strip_prefix(vary)) || ends
}

fn unknown_vary(question: &Question, known: &BTreeSet<String>, problems: &mut Vec<String>) {
    for vary in &question.vary {
        if known.iter().any(|key| is_named(vary, key)) {
            continue;
        }
        let near = nearest_of(vary, known.iter().map(String::as_str));
        let near = near.map_or_else(
            || "expected a key such as workload.rate, cluster.id, or host for all of it".to_owned(),
            |near| format!("no such key in these results; the nearest is {near}"),
        );
        problems.push(format!("--vary = \"{vary}\": {near}"));
    }
}

/// The metrics of every cell; all gated ones are one family.
fn judged(pairs: &[Pair<'_>], question: &Question) -> Vec<CellComparisonModel> {
    let mut rows: Vec<Vec<Row>> = Vec::new();
    for (_, base, new) in pairs {
        let gated = gated(base, new, question);
        let others = Metric::telling().filter(|metric| !gated.contains(metric));
        let row = |metric: Metric, gated: bool| Row::of(metric, gated, base, new);
        let mut of_cell: Vec<Row> = gated.iter().map(|metric| row(*metric, true)).collect();
        of_cell.extend(others.map(|metric| row(metric, false)).filter(|row| row.is_known()));
        rows.push(of_cell);
    }
    let family: Vec<Series> = rows
        .iter()
        .flatten()
        .filter(|row| row.gated)
        .filter_map(|row| row.series.clone())
        .collect();
    let mut findings = stats::decide(&family, question.terms).into_iter();
    let cells = pairs.iter().zip(rows);
    let models = cells.map(|((cell, ..), rows)| {
        let metrics = rows.into_iter().map(|row| {
            let finding = match &row.series {
                Some(_) if row.gated => findings.next(),
                Some(series) => Some(stats::describe(series, question.terms)),
                None => None,
            };
            row.model(finding)
        });
        CellComparisonModel { cell: cell.clone(), metrics: metrics.collect() }
    });
    models.collect()
}

/// The metrics that decide.
fn gated(base: &[&Run], new: &[&Run], question: &Question) -> Vec<Metric> {
    if !question.metrics.is_empty() {
        return question.metrics.clone();
    }
    let paced = base.iter().chain(new).all(|run| run.report.latency.response.is_some());
    // A run that is too short for a window has hardly an ack in it.
    let short = base.iter().chain(new).any(|run| run.report.throughput.short);
    let names: &[&str] = match (paced, short) {
        (true, _) => &["response.p50", "response.p99"],
        (false, false) => &["acked_rps"],
        (false, true) => &["delivered_rps"],
    };
    names.iter().filter_map(|name| Metric::find(name).ok()).collect()
}

/// One metric of one cell.
struct Row {
    metric: Metric,
    gated: bool,
    /// Places of runs that don't have it.
    missing: Vec<String>,
    values: (Vec<f64>, Vec<f64>),
    /// `None` when a run doesn't have it.
    series: Option<Series>,
}

impl Row {
    fn of(metric: Metric, gated: bool, base: &[&Run], new: &[&Run]) -> Self {
        let values = |runs: &[&Run]| -> Vec<f64> {
            runs.iter().filter_map(|run| metric.of(&run.report)).collect()
        };
        let all = base.iter().chain(new);
        let missing: Vec<String> = all
            .filter(|run| metric.of(&run.report).is_none())
            .map(|run| run.place.clone())
            .collect();
        let values = (values(base), values(new));
        let series = missing.is_empty().then(|| Series {
            base: values.0.clone(),
            new: values.1.clone(),
            higher_is_better: metric.better == Better::Higher,
        });
        Self { metric, gated, missing, values, series }
    }

    const fn is_known(&self) -> bool {
        self.series.is_some()
    }

    fn model(self, finding: Option<Finding>) -> MetricComparisonModel {
        let less_1 = |factor: Option<f64>| factor.map(|factor| factor - 1.0);
        let medians = Series {
            base: self.values.0.clone(),
            new: self.values.1.clone(),
            higher_is_better: false,
        }
        .medians();
        let reason = match &finding {
            None => Some(format!("{} has no {}", self.missing[0], self.metric)),
            Some(found) => match (found.doubt, found.unexcluded) {
                (Some(doubt), _) => Some(doubt.to_string()),
                (None, Some(factor)) if self.gated => Some(not_excluded(factor)),
                (None, _) => None,
            },
        };
        MetricComparisonModel {
            name: self.metric.to_string(),
            gated: self.gated,
            unit: self.metric.unit.name().to_owned(),
            better: if self.metric.better == Better::Higher { "higher" } else { "lower" }
                .to_owned(),
            baseline: self.values.0,
            candidate: self.values.1,
            baseline_median: medians.0,
            candidate_median: medians.1,
            change: finding.and_then(|found| less_1(found.factor)),
            change_low: finding.and_then(|found| less_1(found.low)),
            change_high: finding.and_then(|found| less_1(found.high)),
            level: finding.map_or(1.0, |found| found.level),
            p: finding.map_or(1.0, |found| found.p),
            p_adjusted: finding.map_or(1.0, |found| found.p_adjusted),
            smallest_p: finding.map_or(1.0, |found| found.smallest_p),
            outcome: finding.map_or(OutcomeModel::Inconclusive, |found| found.outcome.into()),
            reason,
        }
    }
}

/// What a figure that came out the same may still hide.
fn not_excluded(factor: f64) -> String {
    let to = if factor > 1.0 { "up to" } else { "down to" };
    let change = change(Some(factor - 1.0));
    format!("no difference shown; {to} {change} isn't excluded: repeat more often")
}

impl From<Outcome> for OutcomeModel {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Better => Self::Better,
            Outcome::Same => Self::Same,
            Outcome::Inconclusive => Self::Inconclusive,
            Outcome::Worse => Self::Worse,
        }
    }
}

/// The worst of the gated metrics; better when one is and none is worse or open.
fn overall(cells: &[CellComparisonModel]) -> OutcomeModel {
    let gated = || {
        let metrics = cells.iter().flat_map(|cell| &cell.metrics);
        metrics.filter(|metric| metric.gated).map(|metric| metric.outcome)
    };
    match gated().max().unwrap_or(OutcomeModel::Inconclusive) {
        OutcomeModel::Same if gated().any(|one| one == OutcomeModel::Better) => {
            OutcomeModel::Better
        }
        outcome => outcome,
    }
}

fn side(group: &Group) -> SideModel {
    SideModel {
        source: group.source.clone(),
        runs: group.runs.len() as u64,
        run_ids: group.runs.iter().map(|run| run.report.run_id.clone()).collect(),
    }
}
