//! A comparison as a page: what differs in the setup on top, the verdict, then the figures.
//! Cost class: once a process.

use super::compare::cell_name;
use super::shown::{between, chance, change, ends, median, share};
use crate::app::report::figures::plural;
use crate::app::report::model::{
    CellComparisonModel, ComparisonModel, DifferenceModel, GateModel, MetricComparisonModel,
    OutcomeModel, SideModel,
};
use crate::app::report::outcome::Outcome;
use crate::app::report::page::{field, fold};
use crate::app::report::paint::Paint;

/// What was judged of a result: its gates, a line each, and how it compares; nothing where nobody
/// asked.
#[must_use]
pub fn judged(outcome: &Outcome, paint: Paint) -> String {
    let runs = outcome.runs();
    let mut lines = Vec::new();
    for run in &runs {
        let place = match run.place {
            None => String::new(),
            Some((cell, _)) if cell.is_empty() => format!("run {}, ", run.number),
            Some((cell, _)) => format!("run {} ({}), ", run.number, cell_name(cell)),
        };
        lines.extend(run.report.gates.iter().map(|one| gate(&place, one, paint)));
    }
    let mut page = if lines.is_empty() { String::new() } else { format!("\n{}", fold(&lines)) };
    if let Some(comparison) = outcome.comparison() {
        page.push('\n');
        page.push_str(&self::page(comparison, paint));
    }
    page
}

fn gate(place: &str, gate: &GateModel, paint: Paint) -> String {
    let (word, outcome) = match gate.pass {
        true => ("passed", OutcomeModel::Same),
        false => ("FAILED", OutcomeModel::Worse),
    };
    let room = " ".repeat(17 - word.len());
    format!("{}{room}{place}{}: {}", paint.outcome(outcome, word), gate.expr, gate.text)
}

/// The page.
#[must_use]
pub fn page(comparison: &ComparisonModel, paint: Paint) -> String {
    let mut lines = vec![field(
        "compare",
        &format!("A {}   B {}", side(&comparison.baseline), side(&comparison.candidate)),
    )];
    lines.extend(differences(comparison));
    lines.push(String::new());
    lines.push(verdict(comparison, paint));
    lines.extend(grouped(&comparison.unmeasured).iter().map(|text| field("", text)));
    lines.extend(comparison.reasons.iter().map(|text| field("", text)));
    for cell in &comparison.cells {
        lines.push(String::new());
        lines.extend(figures(cell, paint));
    }
    lines.push(String::new());
    lines.push(field("read as", &legend(comparison)));
    fold(&lines)
}

fn side(side: &SideModel) -> String {
    format!("{} ({})", side.source, plural(side.runs, "run"))
}

/// What isn't the same, an area a line.
fn differences(comparison: &ComparisonModel) -> Vec<String> {
    let mut lines: Vec<(String, Vec<String>)> = Vec::new();
    for one in &comparison.differences {
        let area = if one.meant { one.area.clone() } else { format!("{}!", one.area) };
        let text = difference(one);
        match lines.iter_mut().find(|(known, _)| *known == area) {
            Some((_, texts)) => texts.push(text),
            None => lines.push((area, vec![text])),
        }
    }
    if lines.is_empty() {
        return vec![field("setup", "the same on both sides")];
    }
    lines.iter().map(|(area, texts)| field(area, &texts.join("   "))).collect()
}

/// `linger.ms 5 → 10`.
pub(super) fn difference(one: &DifferenceModel) -> String {
    format!("{} {} → {}", one.key, one.baseline, one.candidate)
}

/// The outcome, and which metrics brought it about.
fn verdict(comparison: &ComparisonModel, paint: Paint) -> String {
    if let Some(which) = no_measurement(comparison) {
        let word = paint.outcome(OutcomeModel::Worse, NO_MEASUREMENT);
        return format!("{word}   {which}, so that the figures below prove nothing");
    }
    let word = comparison.outcome.name().to_uppercase();
    let room = " ".repeat(17_usize.saturating_sub(word.chars().count()));
    format!("{}{room}{}", paint.outcome(comparison.outcome, &word), because(comparison))
}

/// What stands in the place of an outcome where runs are no measurement.
pub(in crate::app) const NO_MEASUREMENT: &str = "NO MEASUREMENT";

/// How many runs are none: `4 of 10 runs`; `None` where all are.
pub(in crate::app) fn no_measurement(comparison: &ComparisonModel) -> Option<String> {
    let all = plural(comparison.baseline.runs + comparison.candidate.runs, "run");
    let count = comparison.unmeasured.len();
    (count > 0).then(|| format!("{count} of {all}"))
}

/// What several runs of a side share is said once: `B: 3 runs are overloaded: … (r.json, 2 more)`.
pub(in crate::app) fn grouped(unmeasured: &[String]) -> Vec<String> {
    let mut groups: Vec<(&str, &str, Vec<&str>)> = Vec::new();
    for text in unmeasured {
        let (side, rest) = text.split_once(": ").unwrap_or(("", text));
        // A place, and what it is or didn't do.
        let verb = [" is ", " didn't deliver all: "].iter().filter_map(|verb| rest.find(verb));
        let (place, what) = rest.split_at(verb.min().unwrap_or(rest.len()));
        match groups.iter_mut().find(|(of, said, _)| (*of, *said) == (side, what)) {
            Some((.., places)) => places.push(place),
            None => groups.push((side, what, vec![place])),
        }
    }
    let sentence = |(side, what, places): (&str, &str, Vec<&str>)| match &places[..] {
        [place] if side.is_empty() => format!("{place}{what}"),
        [place] => format!("{side}: {place}{what}"),
        [first, others @ ..] => {
            let what = what
                .strip_prefix(" is ")
                .map_or_else(|| what.to_owned(), |is| format!(" are {is}"));
            format!("{side}: {} runs{what} ({first} and {} more)", places.len(), others.len())
        }
        [] => String::new(),
    };
    groups.into_iter().map(sentence).collect()
}

/// The gated metrics in a sentence.
pub(in crate::app) fn because(comparison: &ComparisonModel) -> String {
    let single = comparison.cells.len() == 1;
    let gated = comparison.cells.iter().flat_map(|cell| {
        let metrics = cell.metrics.iter().filter(|metric| metric.gated);
        metrics.map(move |metric| (cell, metric))
    });
    let named = |(cell, metric): (&CellComparisonModel, &MetricComparisonModel)| {
        let place = if single { String::new() } else { format!(" ({})", cell_name(&cell.cell)) };
        let (name, change) = (&metric.name, change(metric.change));
        match metric.outcome {
            OutcomeModel::Inconclusive => format!("{name}{place} {change}, open"),
            _ => format!("{name}{place} {change}"),
        }
    };
    let worst = gated.clone().filter(|(_, metric)| metric.outcome == comparison.outcome);
    let told: Vec<String> = match comparison.outcome {
        OutcomeModel::Same => gated.map(named).collect(),
        _ => worst.map(named).collect(),
    };
    if told.is_empty() { "whatever the figures say".to_owned() } else { told.join(", ") }
}

/// The table of a cell.
fn figures(cell: &CellComparisonModel, paint: Paint) -> Vec<String> {
    let mut lines = Vec::new();
    if !cell.cell.is_empty() {
        lines.push(cell_name(&cell.cell));
    }
    let header = ["", "A", "B", "change", "between", "p", "outcome"].map(str::to_owned);
    lines.push(row(&header));
    for metric in cell.metrics.iter().filter(|metric| metric.gated) {
        let name = metric.outcome.name();
        let last = paint.outcome(metric.outcome, name);
        lines.push(row(&cells(metric, chance(metric.p_adjusted), last)));
    }
    let mut open = cell.metrics.iter().filter(|metric| !metric.gated).peekable();
    if open.peek().is_some() {
        lines.push("not gated".to_owned());
    }
    lines.extend(open.map(|metric| row(&cells(metric, String::new(), String::new()))));
    let gated = cell.metrics.iter().filter(|metric| metric.gated);
    let reasons = gated.filter_map(|metric| {
        let reason = metric.reason.as_ref()?;
        Some(field(metric.outcome.name(), &format!("{}: {reason}", metric.name)))
    });
    lines.extend(reasons);
    lines
}

fn cells(metric: &MetricComparisonModel, p: String, outcome: String) -> [String; 7] {
    [
        metric.name.clone(),
        median(metric, metric.baseline_median),
        median(metric, metric.candidate_median),
        change(metric.change),
        between(metric),
        p,
        outcome,
    ]
}

/// The name, then columns to the right, then the outcome.
fn row([name, a, b, change, between, p, outcome]: &[String; 7]) -> String {
    let text = format!("{name:<25}{a:>11}  {b:>9}{change:>10}{between:>20}{p:>9}  {outcome}");
    text.trim_end().to_owned()
}

fn legend(comparison: &ComparisonModel) -> String {
    let ends = ends(comparison).map_or_else(String::new, |ends| format!(": {ends}"));
    format!(
        "A and B are medians over runs; change is B against A (Hodges–Lehmann), and between says \
         what it may be{ends}; p is the chance of such a difference towards worse were both alike \
         (exact Mann–Whitney, Holm over the gated ones). Worse: p below {} and all of the interval \
         beyond {}",
        comparison.alpha,
        share(comparison.min_effect)
    )
}
