//! What results are judged by. Cost class: once a process.

use super::problems::Problems;
use crate::app::cli::args::TermsArgs;
use crate::app::judge::compare::Question;
use crate::app::judge::metric::{Better, Metric};
use crate::app::stats::Terms;
use crate::base::units::parse_count;

/// What two sets of results are held against each other by.
#[must_use]
pub fn question(args: &TermsArgs, problems: &mut Problems) -> Question {
    let metrics = args.metric.iter().filter_map(|name| gated(name, problems)).collect();
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
    Question { metrics, terms: Terms { alpha, min_effect }, vary: args.vary.clone() }
}

/// A metric that can be better or worse.
fn gated(name: &str, problems: &mut Problems) -> Option<Metric> {
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
