//! Two groups of results held against each other: what is said, how far each metric may have
//! changed, and every run behind it.

use std::fmt::Write as _;

use super::svg::{WIDTH, escape, float, open};
use super::{Section, figure, none, section, table};
use crate::app::judge::compare::cell_name;
use crate::app::judge::metric::Unit;
use crate::app::judge::shown::{between, chance, change, ends, median, share, value};
use crate::app::judge::text::{NO_MEASUREMENT, because, grouped, no_measurement};
use crate::app::report::figures::plural;
use crate::app::report::files::folder::command;
use crate::app::report::model::{
    CellComparisonModel, ComparisonModel, ComparisonReport, MetricComparisonModel, OutcomeModel,
    SideModel,
};

/// The sections of a comparison's own page.
pub(super) fn sections(report: &ComparisonReport) -> Vec<Section> {
    let found = &report.comparison;
    vec![
        section("verdict", "Verdict", verdict(found)),
        section("compare", "How much it changed", changes(found)),
        section("runs", "Run by run", runs(found)),
        section("setup", "What differs in the setup", setup(found)),
        section("place", "What was compared", place(report)),
    ]
}

/// The section of a result that was held against a baseline.
pub(super) fn of_result(found: &ComparisonModel) -> String {
    format!(
        "{}{}{}<h3>What differs in the setup</h3>{}",
        verdict(found),
        changes(found),
        runs(found),
        setup(found)
    )
}

/// The outcome, and what is to be known of it.
fn verdict(found: &ComparisonModel) -> String {
    let (class, word, why) = match no_measurement(found) {
        Some(which) => ("fail", NO_MEASUREMENT.to_owned(), which),
        None => (badge(found.outcome), found.outcome.name().to_uppercase(), because(found)),
    };
    let mut text = format!(
        "<div class=\"strip\"><span class=\"badge {}\">{}</span><span class=\"big\">{}</span>\
         </div><p class=\"sub\">A is {}, B is {}. Worse: p below {} and all of the interval beyond \
         {}.</p>",
        class,
        word,
        escape(&why),
        escape(&side(&found.baseline)),
        escape(&side(&found.candidate)),
        found.alpha,
        share(found.min_effect)
    );
    let grouped = grouped(&found.unmeasured);
    let said = grouped.iter().chain(&found.reasons);
    let said: String = said.map(|reason| format!("<li>{}</li>", escape(reason))).collect();
    if !said.is_empty() {
        let _ = write!(text, "<ul class=\"plain\">{said}</ul>");
    }
    text
}

fn side(side: &SideModel) -> String {
    format!("{} ({})", side.source, plural(side.runs, "run"))
}

const fn badge(outcome: OutcomeModel) -> &'static str {
    match outcome {
        OutcomeModel::Better | OutcomeModel::Same => "valid",
        OutcomeModel::Inconclusive => "suspect",
        OutcomeModel::Worse => "fail",
    }
}

/// A table and a drawing of each cell.
fn changes(found: &ComparisonModel) -> String {
    if found.cells.is_empty() {
        return none("No cell is on both sides.");
    }
    let one = |(at, cell): (usize, &CellComparisonModel)| {
        let name = heading(cell);
        format!(
            "{name}{}<div class=\"grid\">{}</div>",
            figures(cell, found),
            forest(at, cell, found)
        )
    };
    found.cells.iter().enumerate().map(one).collect()
}

fn heading(cell: &CellComparisonModel) -> String {
    if cell.cell.is_empty() {
        return String::new();
    }
    format!("<h3>{}</h3>", escape(&cell_name(&cell.cell)))
}

fn figures(cell: &CellComparisonModel, found: &ComparisonModel) -> String {
    let head = ["metric", "A", "B", "change", "between", "p", "outcome"].map(str::to_owned);
    let mut rows = vec![head.to_vec()];
    for metric in &cell.metrics {
        let gated = |text: String| if metric.gated { text } else { String::new() };
        rows.push(vec![
            metric.name.clone(),
            median(metric, metric.baseline_median),
            median(metric, metric.candidate_median),
            change(metric.change),
            between(metric),
            gated(chance(metric.p_adjusted)),
            gated(metric.outcome.name().to_owned()),
        ]);
    }
    let ends = ends(found).map_or_else(String::new, |ends| format!(" (between: {ends})"));
    let caption = format!(
        "Medians over runs; the change by Hodges–Lehmann{}, p by the exact one-sided Mann–Whitney \
         test towards worse, Holm over the gated metrics. Those without an outcome decide nothing.",
        escape(&ends)
    );
    let reasons = cell.metrics.iter().filter(|metric| metric.gated);
    let reasons = reasons.filter_map(|metric| Some((metric, metric.reason.as_ref()?)));
    let reasons: String = reasons
        .map(|(metric, reason)| format!("<li>{}: {}</li>", escape(&metric.name), escape(reason)))
        .collect();
    let reasons =
        if reasons.is_empty() { reasons } else { format!("<ul class=\"plain\">{reasons}</ul>") };
    format!("{}<p class=\"sub\">{caption}</p>{reasons}", table("", "", &rows))
}

/// The change of each metric and its interval, on one axis of factors.
fn forest(at: usize, cell: &CellComparisonModel, found: &ComparisonModel) -> String {
    let rows: Vec<_> = cell.metrics.iter().filter(|it| it.change.is_some()).take(MOST).collect();
    if rows.is_empty() {
        return none("No metric has a value on both sides.");
    }
    let axis = Axis::over(&rows, found.min_effect);
    let height = ROW * float(rows.len() as u64) + 34.0;
    let bottom = height - 24.0;
    let (low, high) = (1.0 / (1.0 + found.min_effect) - 1.0, found.min_effect);
    let words: Vec<_> =
        rows.iter().map(|it| format!("{} {}", it.name, change(it.change))).collect();
    let title = "Change of B against A, with its interval";
    let mut text = open(&format!("forest-{at}"), title, &words.join(", "), height);
    let _ = write!(
        text,
        "<rect class=\"gap\" x=\"{:.1}\" y=\"4\" width=\"{:.1}\" height=\"{:.1}\"><title>changes \
         within {} don't count</title></rect>",
        axis.x(low),
        axis.x(high) - axis.x(low),
        bottom - 4.0,
        share(found.min_effect)
    );
    for (tick, words) in axis.ticks() {
        let x = axis.x(tick);
        let class = if tick == 0.0 { "axis" } else { "gl" };
        let _ = write!(
            text,
            "<path class=\"{class}\" d=\"M{x:.1} 4V{bottom:.1}\"/><text x=\"{x:.1}\" y=\"{:.1}\" \
             text-anchor=\"middle\">{words}</text>",
            bottom + 16.0
        );
    }
    for (row, metric) in rows.iter().enumerate() {
        text.push_str(&bar(metric, &axis, ROW * float(row as u64) + ROW / 2.0 + 2.0));
    }
    let caption = format!(
        "B against A: the dot is the estimate, the line what the change may be. Within the shaded \
         {} it doesn't count.",
        share(found.min_effect)
    );
    figure(&(text + "</svg>"), &caption, "")
}

fn bar(metric: &MetricComparisonModel, axis: &Axis, y: f64) -> String {
    let colour = match metric.outcome {
        _ if !metric.gated => 1,
        OutcomeModel::Better => 3,
        OutcomeModel::Same => 1,
        OutcomeModel::Inconclusive => 5,
        OutcomeModel::Worse => 6,
    };
    let words = format!("{}: {}, between {}", metric.name, change(metric.change), between(metric));
    let mut text = format!("<text x=\"0\" y=\"{:.1}\">{}</text>", y + 4.0, escape(&metric.name));
    if let (Some(low), Some(high)) = (metric.change_low, metric.change_high) {
        let (from, to) = (axis.x(low), axis.x(high));
        let _ = write!(text, "<path class=\"ln s{colour}\" d=\"M{from:.1} {y:.1}H{to:.1}\"/>");
    }
    let at = axis.x(metric.change.unwrap_or(0.0));
    let _ = write!(
        text,
        "<circle class=\"f{colour}\" cx=\"{at:.1}\" cy=\"{y:.1}\" r=\"5\"><title>{}</title>\
         </circle>",
        escape(&words)
    );
    text
}

/// Changes as factors: twice as much is as far from nothing as half of it.
struct Axis {
    /// The logarithm at either end.
    reach: f64,
}

impl Axis {
    fn over(rows: &[&MetricComparisonModel], min_effect: f64) -> Self {
        let ends = rows.iter().flat_map(|it| [it.change, it.change_low, it.change_high]);
        let far = ends.flatten().map(|change| log(change).abs());
        Self { reach: far.fold(log(min_effect) * 1.5, f64::max).clamp(0.02, 7.0) * 1.06 }
    }

    fn x(&self, change: f64) -> f64 {
        let half = (WIDTH - NAMES - 24.0) / 2.0;
        NAMES + half + (log(change) / self.reach).clamp(-1.0, 1.0) * half
    }

    /// Round changes with room for their words.
    fn ticks(&self) -> Vec<(f64, String)> {
        let mut ticks: Vec<(f64, String)> = Vec::new();
        for tick in TICKS {
            let apart = |(other, _): &(f64, String)| (self.x(*other) - self.x(tick)).abs() > 52.0;
            if log(tick).abs() < self.reach * 0.97 && ticks.iter().all(apart) {
                let words = if tick == 0.0 { "0".to_owned() } else { whole(tick) };
                ticks.push((tick, words));
            }
        }
        ticks
    }
}

/// `+50 %`, `−5 %`.
fn whole(change: f64) -> String {
    let sign = if change < 0.0 { "−" } else { "+" };
    format!("{sign}{:.0} %", change.abs() * 100.0)
}

fn log(change: f64) -> f64 {
    (1.0 + change).max(1e-3).ln()
}

/// Every run's value of the gated metrics, A above B.
fn runs(found: &ComparisonModel) -> String {
    let gated = found.cells.iter().enumerate().flat_map(|(at, cell)| {
        let metrics = cell.metrics.iter().filter(|metric| metric.gated);
        metrics.map(move |metric| (at, cell, metric))
    });
    let drawn: Vec<String> =
        gated.take(MOST).map(|(at, cell, metric)| dots(at, cell, metric)).collect();
    if drawn.is_empty() {
        return none("No metric was gated.");
    }
    format!("<div class=\"grid\">{}</div>", drawn.concat())
}

fn dots(at: usize, cell: &CellComparisonModel, metric: &MetricComparisonModel) -> String {
    let all = || metric.baseline.iter().chain(&metric.candidate).copied();
    let (low, high) = (all().fold(f64::INFINITY, f64::min), all().fold(0.0, f64::max));
    let name = if cell.cell.is_empty() {
        metric.name.clone()
    } else {
        format!("{} ({})", metric.name, cell_name(&cell.cell))
    };
    if !low.is_finite() {
        return none(&format!("{name}: no run has a value."));
    }
    let unit = Unit::named(&metric.unit);
    let span = if high > low { high - low } else { 1.0 };
    let x = |figure: f64| 30.0 + (figure - low) / span * (WIDTH - 60.0);
    let title = format!("{name} of every run");
    let description = format!("from {} to {}", value(unit, low), value(unit, high));
    let id = format!("runs-{at}-{}", metric.name.replace('.', "-"));
    let mut text = open(&id, &title, &description, 92.0);
    let sides = [("A", 2, 24.0, &metric.baseline), ("B", 1, 54.0, &metric.candidate)];
    for (side, colour, y, figures) in sides {
        let _ = write!(
            text,
            "<text class=\"v\" x=\"0\" y=\"{:.1}\">{side}</text>\
             <path class=\"gl\" d=\"M24 {y}H{:.1}\"/>",
            y + 4.0,
            WIDTH - 24.0
        );
        for (run, figure) in figures.iter().enumerate() {
            let words = format!("{side}, run {}: {}", run + 1, value(unit, *figure));
            let _ = write!(
                text,
                "<circle class=\"f{colour}\" cx=\"{:.1}\" cy=\"{y}\" r=\"5\" opacity=\"0.7\">\
                 <title>{}</title></circle>",
                x(*figure),
                escape(&words)
            );
        }
    }
    let _ = write!(
        text,
        "<text x=\"24\" y=\"84\">{}</text><text x=\"{:.1}\" y=\"84\" text-anchor=\"end\">{}</text>\
         </svg>",
        escape(&value(unit, low)),
        WIDTH - 24.0,
        escape(&value(unit, high))
    );
    figure(&text, &format!("{name}: a dot is a run, A above, B below."), "")
}

fn setup(found: &ComparisonModel) -> String {
    if found.differences.is_empty() {
        return none("Nothing: the same on both sides.");
    }
    let head = ["area", "key", "A", "B", ""].map(str::to_owned).to_vec();
    let rows = found.differences.iter().map(|one| {
        let meant = if one.meant { "" } else { "not meant to differ" };
        let cells = [&one.area, &one.key, &one.baseline, &one.candidate];
        cells.into_iter().cloned().chain([meant.to_owned()]).collect()
    });
    let rows: Vec<Vec<String>> = core::iter::once(head).chain(rows).collect();
    table("text", "What isn't the same on both sides.", &rows)
}

fn place(report: &ComparisonReport) -> String {
    let found = &report.comparison;
    let head = ["side", "results", "runs", "ids"].map(str::to_owned).to_vec();
    let row = |name: &str, side: &SideModel| {
        let ids = side.run_ids.join(", ");
        vec![name.to_owned(), side.source.clone(), side.runs.to_string(), ids]
    };
    let rows = [head, row("A", &found.baseline), row("B", &found.candidate)];
    let tool = format!("Compared by {} {}.", report.tool.name, report.tool.version);
    format!(
        "{}<h3>Again</h3><pre>{}</pre>",
        table("text", &tool, &rows),
        escape(command(&report.command).trim_end())
    )
}

/// Of rows in a drawing, and of drawings.
const MOST: usize = 24;
const NAMES: f64 = 170.0;
const ROW: f64 = 24.0;
/// From the middle outwards, so that nothing crowds the zero.
const TICKS: [f64; 17] = [
    0.0, 1.0, -0.5, 0.25, -0.2, 9.0, -0.9, 3.0, -0.75, 0.5, -0.33, 0.1, -0.1, 0.05, -0.05, 0.02,
    -0.02,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::report::sample;

    #[test]
    fn the_axis_has_round_changes_with_room_between_them() {
        let found = sample::comparison(1.31);
        let rows: Vec<_> = found.cells[0].metrics.iter().collect();
        let axis = Axis::over(&rows, found.min_effect);
        let ticks = axis.ticks();
        assert!((3..=9).contains(&ticks.len()), "{ticks:?}");
        assert!(ticks.contains(&(0.0, "0".to_owned())));
        let mut places: Vec<f64> = ticks.iter().map(|(tick, _)| axis.x(*tick)).collect();
        places.sort_by(f64::total_cmp);
        assert!(places.windows(2).all(|pair| pair[1] - pair[0] > 52.0), "{places:?}");
        assert!(places.iter().all(|x| (NAMES..=WIDTH).contains(x)));
        assert_eq!((whole(0.25), whole(-0.5)), ("+25 %".to_owned(), "−50 %".to_owned()));
    }

    #[test]
    fn each_run_has_a_dot_and_each_metric_its_interval() {
        let found = sample::comparison(1.31);
        let text = of_result(&found);
        let gated = found.cells[0].metrics.iter().filter(|metric| metric.gated);
        let runs: usize = gated.map(|it| it.baseline.len() + it.candidate.len()).sum();
        let shown = found.cells[0].metrics.iter().filter(|it| it.change.is_some()).count();
        assert_eq!(text.matches("<circle ").count(), runs + shown.min(MOST));
        assert!(text.contains("<span class=\"badge fail\">WORSE</span>"), "{text}");
        assert!(text.contains("response.p99"));
    }
}
