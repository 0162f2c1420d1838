//! Environment variables in a file's values: `${NAME}` and `${NAME:-default}`. Cost class: once a
//! value.
//!
//! As in a shell the default also stands for a variable that is set to nothing. `$${` is a dollar
//! and a brace; any other dollar is one. What a variable holds isn't looked into again.

/// What a text came to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Expanded {
    /// Nothing in it stands for anything.
    Plain,
    /// With the variables' values in their places.
    Text(String),
    /// Why it comes to nothing, as the end of the sentence "expected …".
    Wrong(String),
}

/// Puts values into a text. `variable` looks an environment variable up.
pub(super) fn expand(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> Expanded {
    if !text.contains("${") {
        return Expanded::Plain;
    }
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, from) = rest.split_at(at);
        if let Some(kept) = before.strip_suffix('$') {
            out.push_str(kept);
            out.push_str("${");
            rest = &from[2..];
            continue;
        }
        out.push_str(before);
        let Some((inner, after)) = from[2..].split_once('}') else {
            return Expanded::Wrong("} after the variable's name; $${ stands for ${".to_owned());
        };
        rest = after;
        match value(inner, variable) {
            Ok(value) => out.push_str(&value),
            Err(expected) => return Expanded::Wrong(expected),
        }
        if out.len() > LONGEST {
            return Expanded::Wrong(format!("variables of less than {LONGEST} bytes"));
        }
    }
    out.push_str(rest);
    Expanded::Text(out)
}

/// What stands for `NAME` or `NAME:-default`.
fn value(inner: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    let (name, default) = match inner.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (inner, None),
    };
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let digit = name.starts_with(|c: char| c.is_ascii_digit());
    if name.is_empty() || digit || !name.chars().all(legal) {
        return Err("a variable's name between the braces: letters, digits and _, such as \
                    ${KAFKA} or ${KAFKA:-localhost:9092}"
            .to_owned());
    }
    match (variable(name), default) {
        (Some(value), default) if !value.is_empty() || default.is_none() => Ok(value),
        (_, Some(default)) => Ok(default.to_owned()),
        (_, None) => Err(format!(
            "the environment variable {name} to be set; set it, or write ${{{name}:-default}}"
        )),
    }
}

/// Bytes that a text may come to: many small places may name one large variable.
pub(super) const LONGEST: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Expanded {
        expand(text, &|name| match name {
            "A" => Some("one".to_owned()),
            "NOTHING" => Some(String::new()),
            "LIKE" => Some("${A}".to_owned()),
            _ => None,
        })
    }

    fn text(text: &str) -> Expanded {
        Expanded::Text(text.to_owned())
    }

    #[test]
    fn variables_stand_for_their_values_and_defaults_for_what_is_not_there() {
        assert_eq!(of("$A {A}"), Expanded::Plain);
        assert_eq!(of("a-${A}-${A}b"), text("a-one-oneb"));
        assert_eq!(of("${B:-two:-}${NOTHING:-three}${A:-four}"), text("two:-threeone"));
        assert_eq!((of("${B:-}"), of("${NOTHING}")), (text(""), text("")));
    }

    #[test]
    fn values_are_taken_as_they_are_and_a_doubled_dollar_is_one() {
        assert_eq!(of("${LIKE}"), text("${A}"));
        assert_eq!(of("$${A} ${A}"), text("${A} one"));
    }

    #[test]
    fn what_stands_for_nothing_is_said() {
        let wrong = |text| match of(text) {
            Expanded::Wrong(expected) => expected,
            other => panic!("{text} is {other:?}"),
        };
        assert_eq!(
            wrong("${B}"),
            "the environment variable B to be set; set it, or write ${B:-default}"
        );
        for name in ["${}", "${1A}", "${A B}", "${:-x}"] {
            assert!(wrong(name).starts_with("a variable's name between the braces"), "{name}");
        }
        assert_eq!(wrong("${A"), "} after the variable's name; $${ stands for ${");
    }
}
