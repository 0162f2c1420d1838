//! A judgement as JUnit's XML, which every CI server shows. Cost class: once a process.
//!
//! A case that failed is a `failure`, a run that is no measurement an `error`, and what is open is
//! `skipped`, or a `failure` where that was asked to fail.

use core::fmt::Write as _;

use super::group::Group;
use super::verdicts::{Case, Verdict, cases};
use crate::app::report::exit::Exit;
use crate::app::report::outcome::Outcome;

/// The document of a result; what is inconclusive fails there where it failed the process.
#[must_use]
pub fn of(outcome: &Outcome) -> String {
    let exit = match outcome {
        Outcome::Run(report) => &report.exit,
        Outcome::Matrix(matrix) => &matrix.exit,
    };
    let strict = exit.code == Exit::Inconclusive.code();
    junit(&cases(Some(&Group::of(outcome)), outcome.comparison()), strict)
}

/// The document of these cases.
#[must_use]
pub fn junit(cases: &[Case], fail_on_inconclusive: bool) -> String {
    let element = |case: &Case| match case.verdict {
        Verdict::Passed => "system-out",
        Verdict::Failed => "failure",
        Verdict::Open if fail_on_inconclusive => "failure",
        Verdict::Open => "skipped",
        Verdict::Unmeasured => "error",
    };
    let count = |name: &str| cases.iter().filter(|case| element(case) == name).count();
    let counts = format!(
        "tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\"",
        cases.len(),
        count("failure"),
        count("error"),
        count("skipped")
    );
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"kprod-bench\" {counts}>\n  \
         <testsuite name=\"kprod-bench\" {counts}>\n"
    );
    for case in cases {
        let (name, text) = (escaped(&case.name), escaped(&case.text));
        let element = element(case);
        let message = match element {
            "system-out" => format!("<system-out>{text}</system-out>"),
            _ => format!("<{element} message=\"{text}\"/>"),
        };
        // Writing to a text can't fail.
        let _ = writeln!(
            xml,
            "    <testcase classname=\"kprod-bench.{}\" name=\"{name}\">{message}</testcase>",
            case.kind
        );
    }
    xml.push_str("  </testsuite>\n</testsuites>\n");
    xml
}

/// Text as XML takes it; control characters, which XML 1.0 has no form for, become spaces.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => safe.push(' '),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(name: &str, verdict: Verdict) -> Case {
        Case { kind: "gate", name: name.to_owned(), verdict, text: "5 \"ms\"".to_owned() }
    }

    #[test]
    fn cases_are_counted_and_escaped() {
        let cases = [
            case("response.p99 < 20ms", Verdict::Failed),
            case("a & b\u{1}", Verdict::Passed),
            case("open", Verdict::Open),
            case("void", Verdict::Unmeasured),
        ];
        let xml = junit(&cases, false);
        let counts = "tests=\"4\" failures=\"1\" errors=\"1\" skipped=\"1\"";
        assert_eq!(xml.matches(counts).count(), 2, "{xml}");
        assert!(
            xml.contains("name=\"response.p99 &lt; 20ms\"><failure message=\"5 &quot;ms&quot;\"")
        );
        assert!(xml.contains("name=\"a &amp; b \"><system-out>"), "{xml}");
        let strict = junit(&cases, true);
        assert!(strict.contains("failures=\"2\" errors=\"1\" skipped=\"0\""), "{strict}");
    }
}
