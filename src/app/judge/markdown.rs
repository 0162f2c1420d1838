//! A judgement as Markdown, for a CI job's summary or a comment. Cost class: once a process.

use core::fmt::Write as _;

use super::compare::cell_name;
use super::group::Group;
use super::shown::{between, chance, change, ends, median, share};
use super::text::{NO_MEASUREMENT, because, difference, grouped, no_measurement};
use super::verdicts::{self, Case, Verdict};
use crate::app::report::figures::plural;
use crate::app::report::files::markdown::plain;
use crate::app::report::model::{ComparisonModel, MetricComparisonModel, OutcomeModel};
use crate::app::report::outcome::Outcome;

/// A comparison: verdict, what differs, a table for each cell.
#[must_use]
pub fn comparison(found: &ComparisonModel) -> String {
    let mut page = match no_measurement(found) {
        Some(which) => format!("### ⚠️ {NO_MEASUREMENT}: {which}\n\n"),
        None => {
            let outcome = found.outcome.name().to_uppercase();
            format!("### {} {outcome}: {}\n\n", mark(found.outcome), plain(&because(found)))
        }
    };
    let mut line = |text: &str| {
        // Writing to a text can't fail.
        let _ = writeln!(page, "{text}");
    };
    line(&format!(
        "A is {} ({}), B is {} ({}).",
        plain(&found.baseline.source),
        plural(found.baseline.runs, "run"),
        plain(&found.candidate.source),
        plural(found.candidate.runs, "run")
    ));
    for text in grouped(&found.unmeasured).iter().chain(&found.reasons) {
        line(&format!("\n> {}", plain(text)));
    }
    for one in &found.cells {
        if !one.cell.is_empty() {
            line(&format!("\n**{}**", plain(&cell_name(&one.cell))));
        }
        line("\n| | A | B | change | between | p | outcome |");
        line("|---|--:|--:|--:|:-:|--:|---|");
        one.metrics.iter().for_each(|metric| line(&row(metric)));
        let gated = one.metrics.iter().filter(|metric| metric.gated);
        for (metric, reason) in gated.filter_map(|one| Some((one, one.reason.as_ref()?))) {
            line(&format!("\n{}: {}", plain(&metric.name), plain(reason)));
        }
    }
    if !found.differences.is_empty() {
        line("\n<details><summary>What differs</summary>\n");
        for one in &found.differences {
            let meant = if one.meant { "" } else { " (not meant to)" };
            line(&format!("- {}: {}{meant}", plain(&one.area), plain(&difference(one))));
        }
        line("\n</details>");
    }
    let ends = ends(found).map_or_else(String::new, |ends| format!("; between: {}", plain(&ends)));
    line(&format!(
        "\n<sub>Medians over runs; change by Hodges–Lehmann{ends}; p by the exact one-sided \
         Mann–Whitney test, Holm over the gated metrics. Worse: p below {} and all of the interval \
         beyond {}.</sub>",
        found.alpha,
        share(found.min_effect)
    ));
    page
}

/// What was judged of a result; nothing where nobody asked.
#[must_use]
pub fn judged(outcome: &Outcome) -> String {
    let mut page = String::new();
    if outcome.runs().iter().any(|run| !run.report.gates.is_empty()) {
        page.push('\n');
        page.push_str(&cases(&verdicts::cases(Some(&Group::of(outcome)), None)));
    }
    if let Some(found) = outcome.comparison() {
        page.push('\n');
        page.push_str(&comparison(found));
    }
    page
}

/// Gates and measurements, a row each.
#[must_use]
pub fn cases(cases: &[Case]) -> String {
    let mut page = "| | gate | seen |\n|---|---|---|\n".to_owned();
    for case in cases {
        let mark = match case.verdict {
            Verdict::Passed => "✅",
            Verdict::Failed => "❌",
            Verdict::Open | Verdict::Unmeasured => "⚠️",
        };
        let (name, text) = (plain(&case.name), plain(&case.text));
        let _ = writeln!(page, "| {mark} {} | {name} | {text} |", case.verdict.name());
    }
    page
}

fn row(metric: &MetricComparisonModel) -> String {
    let name = plain(&metric.name);
    let (name, p, outcome) = match metric.gated {
        true => (
            format!("**{name}**"),
            chance(metric.p_adjusted),
            format!("{} {}", mark(metric.outcome), metric.outcome.name()),
        ),
        false => (name, String::new(), String::new()),
    };
    format!(
        "| {name} | {} | {} | {} | {} | {p} | {outcome} |",
        median(metric, metric.baseline_median),
        median(metric, metric.candidate_median),
        change(metric.change),
        between(metric)
    )
}

const fn mark(outcome: OutcomeModel) -> &'static str {
    match outcome {
        OutcomeModel::Better | OutcomeModel::Same => "✅",
        OutcomeModel::Inconclusive => "⚠️",
        OutcomeModel::Worse => "❌",
    }
}
