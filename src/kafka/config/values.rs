//! One text to one typed value, as Java's `ConfigDef` parses and checks it.
//!
//! Cost class: once per run. A flag's number may carry a unit; elsewhere a unit is an error that
//! gives the number to write.

use core::time::Duration;

use crate::base::units;

use super::Source;
use super::java_text::{double, elements, integer, is_class_name, same_word, trim};
use super::keys::{Key, Kind, Unit, Valid};
use super::nearest::distance;

/// A parsed value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Double(f64),
    /// String, class name or password.
    Text(String),
    List(Vec<String>),
}

/// Why a text is no value of its key: the parts of a [`super::Problem`].
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) expected: String,
    pub(super) advice: Option<String>,
}

/// Parses `text` as a value of `key`.
pub(super) fn parse(key: &Key, text: &str, source: &Source) -> Result<Value, Fault> {
    let text = trim(text);
    let with_unit = matches!(source, Source::Flag(_));
    let number = with_unit.then(|| without_unit(key, text)).flatten();
    let bare = number.as_deref().unwrap_or(text);
    read(key, bare).ok_or_else(|| {
        let mut expected = expectation(key, too_large(key, bare));
        if with_unit {
            expected += flag_examples(key);
        }
        Fault { expected, advice: correction(key, text).map(|right| format!("write {right}")) }
    })
}

/// Type and range; `None` if either is wrong.
fn read(key: &Key, text: &str) -> Option<Value> {
    match key.kind {
        Kind::Boolean => match text {
            _ if same_word(text, "true") => Some(Value::Bool(true)),
            _ if same_word(text, "false") => Some(Value::Bool(false)),
            _ => None,
        },
        Kind::Short | Kind::Int | Kind::Long => {
            let number = integer(text)?;
            let fits = key.kind.min() <= Some(number) && Some(number) <= key.kind.max();
            (fits && in_range(key.valid, number)).then_some(Value::Int(number))
        }
        Kind::Double => {
            let number = double(text)?;
            let inside = match key.valid {
                // NaN is neither below nor above, and so it passes in Java.
                Valid::Within(min, max) => (min..=max).contains(&number) || number.is_nan(),
                _ => true,
            };
            inside.then_some(Value::Double(number))
        }
        Kind::String => allowed(key.valid, text).then(|| Value::Text(text.to_owned())),
        Kind::List => list(text),
        // What partitioners may be called is a rule's matter: some names are this tool's own.
        Kind::Class => {
            let legal = match key.name {
                "partitioner.class" => !text.is_empty(),
                _ => is_class_name(text),
            };
            legal.then(|| Value::Text(text.to_owned()))
        }
        Kind::Password => Some(Value::Text(text.to_owned())),
    }
}

fn in_range(valid: Valid, number: i64) -> bool {
    match valid {
        Valid::AtLeast(min) => number >= min,
        Valid::Between(min, max) => (min..=max).contains(&number),
        Valid::GzipLevel => number == -1 || (1..=9).contains(&number),
        _ => true,
    }
}

fn allowed(valid: Valid, text: &str) -> bool {
    match valid {
        Valid::OneOf(words) => words.contains(&text),
        Valid::OneOfAnyCase(words) => words.contains(&text.to_uppercase().as_str()),
        Valid::NonEmpty => !text.is_empty(),
        _ => true,
    }
}

/// An empty element makes no list.
fn list(text: &str) -> Option<Value> {
    let elements: Vec<String> = elements(text).into_iter().map(str::to_owned).collect();
    (!elements.iter().any(String::is_empty)).then_some(Value::List(elements))
}

/// Whether the text is a number past the largest of the key's type.
fn too_large(key: &Key, text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let max = key.kind.max().and_then(|max| u128::try_from(max).ok());
    !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && max.is_some_and(|max| digits.parse::<u128>().map_or(true, |number| number > max))
}

/// The end of the sentence "expected …".
fn expectation(key: &Key, too_large: bool) -> String {
    let unit = match key.unit() {
        Unit::Plain => "a whole number",
        Unit::Milliseconds => "milliseconds",
        Unit::Seconds => "seconds",
        Unit::Bytes => "bytes",
    };
    let max = key.kind.max().unwrap_or(i64::MAX);
    match (key.kind, key.valid) {
        (Kind::Boolean, _) => "true or false".to_owned(),
        (Kind::Double, Valid::Within(min, max)) => format!("a number from {min} to {max}"),
        (Kind::Double, _) => "a number".to_owned(),
        (Kind::List, _) => "values between commas, none of them empty".to_owned(),
        (Kind::Class, _) => "the name of a Java class".to_owned(),
        (_, Valid::OneOf(words) | Valid::OneOfAnyCase(words)) => {
            format!("one of {}", words.join(", "))
        }
        (_, Valid::NonEmpty) => "at least one character".to_owned(),
        (_, Valid::GzipLevel) => format!("{unit} from 1 to 9, or -1"),
        (_, Valid::Between(min, max)) => format!("{unit} from {min} to {max}"),
        (_, Valid::AtLeast(min)) if too_large => format!("{unit}, {min} to {max}"),
        (_, Valid::AtLeast(min)) => format!("{unit}, {min} or more"),
        _ if too_large => format!("{unit}, at most {max}"),
        _ if key.unit() == Unit::Plain => unit.to_owned(),
        _ => format!("{unit}, a whole number"),
    }
}

/// What a flag takes besides the bare number.
fn flag_examples(key: &Key) -> &'static str {
    match (key.unit(), key.kind) {
        (Unit::Milliseconds, _) => ", or a time such as 5ms or 2s",
        (Unit::Seconds, _) => ", or a time such as 30s or 5m",
        (Unit::Bytes, _) => ", or a size such as 16KiB or 1MB",
        (Unit::Plain, Kind::Int | Kind::Long) => ", or a count such as 10k",
        _ => "",
    }
}

/// The text that was probably meant, if it would be accepted.
fn correction(key: &Key, text: &str) -> Option<String> {
    let right = match (key.kind, key.valid) {
        (Kind::Boolean, _) => match text.to_ascii_lowercase().as_str() {
            "yes" | "on" | "1" => "true".to_owned(),
            "no" | "off" | "0" => "false".to_owned(),
            _ => return None,
        },
        (Kind::Short | Kind::Int | Kind::Long, _) => without_unit(key, text)?,
        (_, Valid::OneOf(words)) => similar(words, text)?,
        (_, Valid::OneOfAnyCase(words)) => similar(words, text)?,
        (Kind::List, _) => {
            let elements: Vec<&str> =
                text.split(',').map(trim).filter(|element| !element.is_empty()).collect();
            elements.join(",")
        }
        _ => return None,
    };
    (!right.is_empty() && right != text && read(key, &right).is_some()).then_some(right)
}

/// The word at most two edits away, whatever the case.
fn similar(words: &[&str], text: &str) -> Option<String> {
    let text: Vec<char> = text.to_lowercase().chars().take(40).collect();
    let edits = |word: &str| distance(&text, &word.to_lowercase().chars().collect::<Vec<_>>());
    words
        .iter()
        .map(|word| (edits(word), *word))
        .filter(|(edits, word)| *edits <= 2 && *edits < word.len())
        .min()
        .map(|(_, word)| word.to_owned())
}

/// A number with a unit as the bare number in the key's own unit; `None` if there is no whole one.
fn without_unit(key: &Key, text: &str) -> Option<String> {
    if integer(text).is_some() {
        return None;
    }
    let number = match (key.unit(), key.kind) {
        (Unit::Milliseconds, _) => {
            whole(units::parse_duration(text, MILLISECOND).ok()?, MILLISECOND)?
        }
        (Unit::Seconds, _) => whole(units::parse_duration(text, SECOND).ok()?, SECOND)?,
        (Unit::Bytes, _) => u128::from(units::parse_bytes(text).ok()?),
        (Unit::Plain, Kind::Short | Kind::Int | Kind::Long) => count(text)?,
        _ => return None,
    };
    Some(number.to_string())
}

/// How many `unit`s `span` is, if that is a whole number.
fn whole(span: Duration, unit: Duration) -> Option<u128> {
    let (span, unit) = (span.as_nanos(), unit.as_nanos());
    span.is_multiple_of(unit).then(|| span / unit)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be whole, not negative and below 2^53"
)]
fn count(text: &str) -> Option<u128> {
    let number = units::parse_count(text).ok()?;
    (number.fract() == 0.0 && (0.0..9e15).contains(&number)).then_some(number as u128)
}

const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
