//! What results are judged by. Cost class: once a process.

use std::path::Path;

use super::Cell;
use super::problems::Problems;
use crate::app::cli::judge_args::{JudgementArgs, TermsArgs};
use crate::app::judge::compare::Question;
use crate::app::judge::expression::Rule;
use crate::app::judge::gates::{Baseline, Gates};
use crate::app::judge::group::{Group, Run};
use crate::app::judge::metric::{Better, Metric, Proof};
use crate::app::report::model::ClusterKind;
use crate::app::report::stored;
use crate::app::stats::Terms;
use crate::base::units::parse_count;
use crate::host::driver::plan::{Target, Verify};
use crate::kafka::config::Acks;

/// What two sets of results are held against each other by.
#[must_use]
pub fn question(args: &TermsArgs, problems: &mut Problems) -> Question {
    let metrics = gated(&args.metric, problems);
    let alpha = share("alpha", args.alpha.as_deref(), DEFAULT_ALPHA, problems);
    if !(alpha > 0.0 && alpha < 0.5) {
        let text = args.alpha.as_deref().unwrap_or("");
        problems.flag("alpha", text, "expected a chance above 0 and below 0.5, such as 0.01");
    }
    let min_effect = share("min-effect", args.min_effect.as_deref(), DEFAULT_EFFECT, problems);
    if min_effect > LARGEST_EFFECT {
        let text = args.min_effect.as_deref().unwrap_or("");
        problems.flag("min-effect", text, "expected 0 to 1000%, such as 5%");
    }
    let bare = args.min_effect.as_deref().filter(|text| !text.ends_with('%'));
    if let Some(text) = bare.filter(|_| (1.0..=LARGEST_EFFECT).contains(&min_effect)) {
        let share = "a share; expected a number such as 5% or 0.05";
        let whole = format!("{share}, and with its % from 100% on: --min-effect {text}%");
        problems.flag("min-effect", text, whole);
    }
    Question { metrics, terms: Terms { alpha, min_effect }, vary: args.vary.clone() }
}

/// What the runs of these cells must pass.
pub(super) fn gates(args: &JudgementArgs, cells: &[Cell], problems: &mut Problems) -> Gates {
    let rules = rules(args, cells, problems);
    Gates { rules, baseline: baseline(args, cells, problems) }
}

/// The bounds that the runs must keep.
pub(super) fn rules(args: &JudgementArgs, cells: &[Cell], problems: &mut Problems) -> Vec<Rule> {
    let asserts = args.assert.iter().map(|text| ("assert", text));
    let all = asserts.chain(args.slo.iter().map(|text| ("slo", text)));
    let rules = all.filter_map(|(flag, text)| {
        let rule = Rule::parse(text).map_err(|wrong| problems.flag(flag, text, wrong)).ok()?;
        for why in rule.metrics().iter().filter_map(|metric| lacking(metric, args, cells)) {
            problems.flag(flag, text, why);
        }
        Some(rule)
    });
    rules.collect()
}

/// Why the runs won't have a metric: said before them, since a bound on what isn't there fails.
fn lacking(metric: &Metric, args: &JudgementArgs, cells: &[Cell]) -> Option<String> {
    let verify = |found: Verify| cells.iter().any(|cell| cell.plan.verify == found);
    let why = if metric.needs_rate() && !cells.iter().all(|cell| cell.plan.schedule.is_paced()) {
        "without --rate nothing is due; give one, or bound service instead"
    } else if metric.needs_proof().is_some() && verify(Verify::None) {
        "with --verify none nothing is proved; give --verify offsets or sequence"
    } else if metric.needs_proof() == Some(Proof::Records) && verify(Verify::Offsets) {
        "offsets don't show it; give --verify sequence, which reads every record back"
    } else if metric.needs_calibration() && !args.calibrate && args.calibration.is_none() {
        "nobody measured what the client can do; give --calibrate, or --calibration FILE"
    } else {
        return None;
    };
    Some(format!("a run has no {metric}: {why}"))
}

/// The results that the runs are held against: read before anything is measured.
fn baseline(args: &JudgementArgs, cells: &[Cell], problems: &mut Problems) -> Option<Baseline> {
    let question = question(&args.terms, problems);
    let Some(source) = &args.baseline else {
        for (flag, given) in given(&args.terms) {
            if given {
                problems.add(format!("--{flag} needs --baseline: it says how to compare"));
            }
        }
        return None;
    };
    let group = Group::read(source);
    let group = group.map_err(|found| {
        found.into_iter().for_each(|one| problems.add(format!("--baseline: {one}")));
    });
    let group = group.ok()?;
    comparable(&group, cells, problems);
    let fail_on_inconclusive = args.terms.fail_on_inconclusive;
    Some(Baseline { group, question, fail_on_inconclusive })
}

/// The files that a side's folders hold and that are no JSON, a warning each; `source` is a file, a
/// folder, or several with commas.
#[must_use]
pub fn passed_over(source: &str) -> Vec<String> {
    let parts = stored::parts(source).into_iter();
    parts.flat_map(|part| stored::passed_over(Path::new(part))).collect()
}

/// The flags that say how to compare, and whether they were given.
fn given(terms: &TermsArgs) -> [(&'static str, bool); 5] {
    [
        ("metric", !terms.metric.is_empty()),
        ("min-effect", terms.min_effect.is_some()),
        ("alpha", terms.alpha.is_some()),
        ("vary", !terms.vary.is_empty()),
        ("fail-on-inconclusive", terms.fail_on_inconclusive),
    ]
}

/// Says before a run what would only be refused after it.
fn comparable(group: &Group, cells: &[Cell], problems: &mut Problems) {
    if cells.is_empty() {
        return; // Something else is wrong with them, and said.
    }
    let embedded = cells.iter().any(|cell| cell.plan.target != Target::Cluster);
    let toys = group.runs.iter().any(|run| run.report.cluster.kind == ClusterKind::Embedded);
    let no_acks = |cell: &Cell| cell.plan.producer.acks == Acks::None;
    let written = |run: &Run| run.report.config.effective.get("acks").is_some_and(|it| it == "0");
    if cells.iter().all(no_acks) != group.runs.iter().all(written) {
        problems.add(
            "--baseline: acks=0 is never compared with acks=1 or all, whose times end at the ack"
                .to_owned(),
        );
    }
    if embedded && !toys {
        problems.add(
            "--baseline is of a real cluster: embedded brokers are never compared with one; give \
             --bootstrap-server"
                .to_owned(),
        );
    }
}

/// The metrics that decide, each once: a second time it would raise the bar for all of them.
fn gated(names: &[String], problems: &mut Problems) -> Vec<Metric> {
    let mut metrics = Vec::new();
    for name in names {
        let Some(metric) = judged(name, problems) else { continue };
        if metrics.contains(&metric) {
            problems.flag("metric", name, format_args!("{metric} is listed twice"));
        }
        metrics.push(metric);
    }
    metrics
}

/// A metric that can be better or worse.
fn judged(name: &str, problems: &mut Problems) -> Option<Metric> {
    let found = Metric::find(name).and_then(|metric| match metric.better {
        Better::Neither => Err(format!(
            "{metric} is neither better nor worse when it is higher; bound it with --assert"
        )),
        Better::Lower | Better::Higher => Ok(metric),
    });
    found.map_err(|error| problems.flag("metric", name, error)).ok()
}

/// `5%` or `0.05`.
fn share(flag: &str, text: Option<&str>, default: f64, problems: &mut Problems) -> f64 {
    let Some(text) = text else { return default };
    let found = match text.strip_suffix('%') {
        Some(percent) => parse_count(percent.trim_end()).map(|percent| percent / 100.0),
        None => parse_count(text),
    };
    found.unwrap_or_else(|_| {
        problems.flag(flag, text, "expected a share such as 5% or 0.05");
        default
    })
}

const DEFAULT_ALPHA: f64 = 0.01;
const DEFAULT_EFFECT: f64 = 0.05;
const LARGEST_EFFECT: f64 = 10.0;

#[cfg(test)]
mod tests {
    use super::super::tests::{problems, settings};
    use super::*;

    #[test]
    fn a_metric_that_is_listed_twice_is_a_problem() {
        let names = ["response.p99.9", "acked_rps", "response.p999"].map(str::to_owned);
        let mut problems = Problems::default();
        let _ = gated(&names, &mut problems);
        let expected = "--metric = \"response.p999\": response.p999 is listed twice";
        assert_eq!(problems.lines(), [expected]);
        let mut none = Problems::default();
        assert_eq!((gated(&names[..2], &mut none).len(), none.lines()), (2, &[][..]));
    }

    #[test]
    fn a_least_effect_of_five_is_no_share() {
        let of = |text: &str| {
            let args = TermsArgs { min_effect: Some(text.to_owned()), ..TermsArgs::default() };
            let mut problems = Problems::default();
            let _ = question(&args, &mut problems);
            problems.lines().to_vec()
        };
        for wrong in ["1", "5", "10"] {
            let found = of(wrong);
            let said = found.len() == 1 && found[0].contains("such as 5% or 0.05");
            assert!(said, "{found:?}");
        }
        for fine in ["5%", "500%", "0.05", "0"] {
            assert_eq!(of(fine), [""; 0]);
        }
        assert_eq!(of("11").len(), 1);
    }

    /// Goal: a bound that can't hold is told before the run. Method: metrics that runs have only
    /// with a certain flag, without and with it.
    #[test]
    fn a_bound_on_what_a_run_will_not_have_is_refused_before_it() {
        for (bound, without, with, said) in [
            ("verification.lost==0", "--verify none", "", "give --verify offsets or sequence"),
            ("verification.duplicated==0", "--verify none", "--verify sequence", "or sequence"),
            ("verification.reordered==0", "", "--verify sequence", "give --verify sequence"),
            ("headroom>2", "", "--calibrate", "give --calibrate"),
            ("response.p99<5ms", "", "--rate 100", "without --rate nothing is due"),
        ] {
            let line = |flags: &str| format!("--embedded --duration 9s --assert {bound} {flags}");
            let found = problems(&line(without));
            assert!(found.len() == 1 && found[0].contains(said), "{bound}: {found:?}");
            let named = found[0].starts_with(&format!("--assert = \"{bound}\": a run has no "));
            assert!(named, "{found:?}");
            assert_eq!(settings(&line(with)).gates.rules.len(), 1);
        }
    }
}
