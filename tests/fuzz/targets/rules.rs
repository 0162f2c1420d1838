//! Bounds on a run (`--assert`): any text is one or says where it isn't.

use kprod_bench::app::judge::expression::Rule;
use kprod_bench::base::Rng;

use super::{below, noise};

/// A text as a bound.
pub(crate) fn run(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    match Rule::parse(&text) {
        Ok(rule) => {
            assert!(!rule.metrics().is_empty(), "{text:?} compares no metric");
            let again = Rule::parse(rule.text());
            assert_eq!(again.as_ref().map(Rule::metrics), Ok(rule.metrics()), "{text:?}");
        }
        Err(wrong) => {
            // Behind the last character where something is missing.
            assert!((1..=text.chars().count() + 1).contains(&wrong.column), "{text:?}: {wrong}");
            assert!(!wrong.what.is_empty());
        }
    }
}

/// Comparisons that fit, mostly.
pub(crate) fn seed(rng: &mut Rng) -> Vec<u8> {
    let mut text = String::new();
    for nth in 0..1 + rng.below(6) {
        if nth > 0 {
            text.push_str([" and ", " or ", "and(", ") or (", " AND "][below(rng, 5)]);
        }
        text.push_str(PARTS[below(rng, PARTS.len())]);
    }
    let mut bytes = text.into_bytes();
    if rng.below(4) == 0 {
        let len = below(rng, 9);
        bytes.extend(noise(rng, len));
    }
    bytes
}

const PARTS: &[&str] = &[
    "response.p99 < 20ms",
    "service.p99.9 <= 1s",
    "error_rate < 0.1%",
    "records_per_second >= 0.95 * target",
    "(response.p50<response.p99)",
    "((lost == 0))",
    "bytes_per_second > 16MiB",
    "20ms > response.max",
    "achieved != 1e400",
    "response.p99 < -0",
    "1 < 2",
    "not response.p99",
];
