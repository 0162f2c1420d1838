//! What `doctor` found, as text and as JSON. Cost class: once a process.

use serde_json::json;

use super::exit::Exit;
use super::page::{field, fold};
use super::paint::Paint;
use crate::host::driver::doctor::{Check, Finding};

/// A line a check: how it came out, what was looked at, what was found and what to do.
#[must_use]
pub fn page(checks: &[Check], paint: Paint) -> String {
    let lines = checks.iter().map(|check| {
        let word = word(check.finding);
        let name = format!("{word:<6}{}", check.name);
        let line = field(&name, &check.text);
        match check.finding {
            Finding::Good | Finding::Note => line,
            Finding::Doubt | Finding::Fault => line.replacen(word, &paint.warn(word), 1),
        }
    });
    let mut lines: Vec<String> = lines.collect();
    lines.push(verdict(checks));
    fold(&lines)
}

/// The same as JSON.
#[must_use]
pub fn json_of(checks: &[Check], exit: Exit) -> String {
    let rows = checks.iter().map(|check| {
        json!({
            "name": check.name,
            "finding": word(check.finding).to_lowercase(),
            "text": check.text,
        })
    });
    let rows: Vec<_> = rows.collect();
    super::output::json(&json!({ "checks": rows, "exit": exit.model() }))
}

fn verdict(checks: &[Check]) -> String {
    let count = |finding| checks.iter().filter(|check| check.finding == finding).count();
    match (count(Finding::Fault), count(Finding::Doubt)) {
        (0, 0) => "a run can begin".to_owned(),
        (0, doubts) => format!("a run can begin, with {doubts} doubtful"),
        (faults, _) => format!("a run would fail: {faults} to mend first"),
    }
}

const fn word(finding: Finding) -> &'static str {
    match finding {
        Finding::Good => "ok",
        Finding::Note => "note",
        Finding::Doubt => "doubt",
        Finding::Fault => "FAULT",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_check_has_a_line_and_the_last_says_whether_to_begin() {
        let check = |name, finding, text: &str| Check { name, finding, text: text.to_owned() };
        let mut checks = vec![check("connection", Finding::Good, "cluster x")];
        assert_eq!(page(&checks, Paint::Off), "ok    connection cluster x\na run can begin\n");
        checks.push(check("leaders", Finding::Fault, "none; start brokers"));
        let text = page(&checks, Paint::Off);
        assert!(text.ends_with(
            "FAULT leaders    none; start brokers\na run would fail: 1 to mend first\n"
        ));
        let value: serde_json::Value =
            serde_json::from_str(&json_of(&checks, Exit::Unusable)).unwrap();
        assert_eq!(value["checks"][1]["finding"], "fault");
        assert_eq!(value["exit"]["code"], 3);
    }
}
