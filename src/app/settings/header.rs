//! What `--header` says. Cost class: once a process.

use super::problems::Problems;
use crate::load::source::{HeaderPlan, HeaderValue, Mark};

/// The headers that the flags ask for, in their order.
pub(super) fn headers(texts: &[String], problems: &mut Problems) -> Vec<HeaderPlan> {
    let read = |text: &String| {
        header(text).map_err(|expected| problems.flag("header", text, expected)).ok()
    };
    let mut headers: Vec<HeaderPlan> = texts.iter().filter_map(read).collect();
    if headers.len() > HeaderPlan::MOST {
        problems.add(format!(
            "--header is given {} times: expected {} at most",
            headers.len(),
            HeaderPlan::MOST
        ));
        headers.truncate(HeaderPlan::MOST);
    }
    headers
}

/// Reads `name=value`, where a value that ends with brackets is made for each record.
///
/// # Errors
/// What was expected.
pub(super) fn header(text: &str) -> Result<HeaderPlan, String> {
    let (name, value) = text.split_once('=').ok_or(
        "expected NAME=VALUE, such as source=test, or a value that is made for each record, such \
         as trace-id=uuid()",
    )?;
    if name.trim().is_empty() {
        return Err("expected a name before the =, such as source=test".to_owned());
    }
    if name == Mark::NAME {
        return Err(format!(
            "the name {} is that of the header by which --verify sequence finds records; choose \
             another",
            Mark::NAME
        ));
    }
    Ok(HeaderPlan { name: name.to_owned(), value: header_value(value)? })
}

/// Reads a header's value: `uuid()`, `sequence()`, `random(16)`, `time()`, `null()`, or the text
/// itself, a backslash in front of it left out.
///
/// # Errors
/// What was expected.
pub(super) fn header_value(text: &str) -> Result<HeaderValue, String> {
    if let Some(literal) = text.strip_prefix('\\') {
        return Ok(HeaderValue::Fixed(literal.as_bytes().to_vec()));
    }
    let call = text.strip_suffix(')').and_then(|rest| rest.split_once('('));
    // Words alone are names of what could be made; other brackets are just text.
    let call = call.filter(|(word, _)| word.bytes().all(|byte| byte.is_ascii_lowercase()));
    let Some((word, argument)) = call.filter(|(word, _)| !word.is_empty()) else {
        return Ok(HeaderValue::Fixed(text.as_bytes().to_vec()));
    };
    let made = match (word, argument) {
        ("uuid", "") => Some(HeaderValue::Uuid),
        ("sequence", "") => Some(HeaderValue::Sequence),
        ("time", "") => Some(HeaderValue::Time),
        ("null", "") => Some(HeaderValue::Null),
        ("random", digits) => {
            let digits = digits.trim().parse().ok();
            let digits = digits.filter(|it| (1..=HeaderValue::MOST_DIGITS).contains(it));
            digits.map(HeaderValue::Random)
        }
        _ => None,
    };
    made.ok_or_else(|| {
        format!(
            "expected uuid(), sequence(), random(N) with 1 to {} hexadecimal digits, time() or \
             null(); write a backslash before the value for the text itself",
            HeaderValue::MOST_DIGITS
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_texts_or_made_for_each_record() {
        let fixed = |text: &str| HeaderValue::Fixed(text.as_bytes().to_vec());
        for (text, name, value) in [
            ("source=test", "source", fixed("test")),
            ("a=", "a", fixed("")),
            ("a=b=c", "a", fixed("b=c")),
            ("a=uuid()", "a", HeaderValue::Uuid),
            ("a=sequence()", "a", HeaderValue::Sequence),
            ("a=random(16)", "a", HeaderValue::Random(16)),
            ("a=time()", "a", HeaderValue::Time),
            ("a=null()", "a", HeaderValue::Null),
            ("a=\\uuid()", "a", fixed("uuid()")),
            ("a=Agent (Linux)", "a", fixed("Agent (Linux)")),
            ("a=(x)", "a", fixed("(x)")),
        ] {
            let expected = HeaderPlan { name: name.to_owned(), value };
            assert_eq!(header(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn every_wrong_header_is_named() {
        let mut problems = Problems::default();
        let texts = ["novalue", "a=guid()", "a=random(0)", "a=random(10001)", "kprod=1"];
        let mut texts = texts.map(str::to_owned).to_vec();
        texts.resize(38, "a=b".to_owned());
        assert_eq!(headers(&texts, &mut problems).len(), 32);
        let lines = problems.lines();
        assert_eq!(lines.len(), 6);
        assert!(lines[0].starts_with("--header = \"novalue\": expected NAME=VALUE"));
        assert!(lines[1].contains("uuid()") && lines[2].contains("random(N)"));
        assert!(lines[4].contains("--verify sequence"));
        assert_eq!(lines[5], "--header is given 33 times: expected 32 at most");
    }
}
