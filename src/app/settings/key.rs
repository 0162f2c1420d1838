//! What the data flags say of keys. Cost class: once a process.

use core::str::FromStr;

use super::load::whole;
use super::matrix::Choice;
use super::problems::Problems;
use super::value::share;
use crate::base::units::parse_bytes;
use crate::load::source::{KeyError, KeyForm, KeyPlan, KeyType};

/// The keys of one cell; `default` holds where no flag says otherwise.
pub(super) fn keys(
    choice: &Choice,
    default: Option<&KeyPlan>,
    problems: &mut Problems,
) -> (KeyPlan, KeyForm) {
    let read = choice.get("key").map(|text| (text, key(text)));
    let plan = match read {
        None => default.cloned().unwrap_or(KeyPlan::None),
        Some((_, Ok(plan))) => plan,
        Some((text, Err(expected))) => {
            problems.flag("key", text, expected);
            return (KeyPlan::None, KeyForm::default());
        }
    };
    let Some(form) = form(choice, problems) else { return (plan, KeyForm::default()) };
    let (plan, form) = match plan {
        KeyPlan::List(listed) => {
            (typed(&listed, form.kind, choice, problems), KeyForm { kind: KeyType::Text, ..form })
        }
        plan => (plan, form),
    };
    if let Err(error) = plan.check(form) {
        match error {
            KeyError::NoForm => formless(choice, &plan, problems),
            error => blame(choice, &error.to_string(), problems),
        }
        return (KeyPlan::None, KeyForm::default());
    }
    (plan, form)
}

/// Names the flag that has to change for keys to be possible: the last one that was given.
fn blame(choice: &Choice, error: &str, problems: &mut Problems) {
    let mut flags = ["key-size", "key-type", "key"].into_iter();
    match flags.find_map(|flag| Some((flag, choice.get(flag)?))) {
        Some((flag, text)) => problems.flag(flag, text, error),
        None => problems.add(format!("the profile's keys: {error}")),
    }
}

/// Says of size and type that these keys have none, and why.
fn formless(choice: &Choice, plan: &KeyPlan, problems: &mut Problems) {
    for flag in ["key-size", "key-type"] {
        // Listed keys may be numbers in the bytes of a type.
        let is_wrong = flag == "key-size" || !matches!(plan, KeyPlan::List(_));
        let Some(text) = choice.get(flag).filter(|_| is_wrong) else { continue };
        let expected = match plan {
            KeyPlan::List(_) => "listed keys are as long as they are written; leave it out",
            KeyPlan::Field(_) => "a key from a template is as long as its field; leave it out",
            _ if problems.is_of_profile(flag) => {
                "records have no keys; give some, such as key: {kind: uniform, cardinality: 10k}, \
                 or leave it out"
            }
            _ => "records have no keys; give some, such as --key uniform:10k, or leave it out",
        };
        problems.flag(flag, text, expected);
    }
}

/// Reads `--key`.
///
/// # Errors
/// What was expected.
pub(super) fn key(text: &str) -> Result<KeyPlan, &'static str> {
    let (word, rest) = match text.split_once(':') {
        Some((word, rest)) => (word, rest),
        None if text == "none" => return Ok(KeyPlan::None),
        None if text == "sequence" => return Ok(KeyPlan::Sequence),
        None => return Err(EXPECTED),
    };
    match word {
        "field" if !rest.is_empty() => Ok(KeyPlan::Field(rest.to_owned())),
        "field" => Err("expected the name of a template's field, such as field:user"),
        "uniform" => count(rest)
            .map(|cardinality| KeyPlan::Uniform { cardinality })
            .ok_or("expected uniform:N with N of 1 or more, such as uniform:10k"),
        "roundrobin" => count(rest)
            .map(|cardinality| KeyPlan::RoundRobin { cardinality })
            .ok_or("expected roundrobin:N with N of 1 or more, such as roundrobin:12"),
        "zipf" => zipf(rest).ok_or(
            "expected zipf:N:EXPONENT with N keys and an exponent of 0 to 10, such as zipf:1M:0.99",
        ),
        "hot" => hot(rest).ok_or(
            "expected hot:P%:N or hot:P%:N/OTHERS: P percent of the records go to N keys and the \
             rest to OTHERS more (100k unless given), such as hot:80%:10/100k",
        ),
        // A comma would make a matrix, and keys hold colons more often than bars.
        "list" if rest.is_empty() => Err("expected keys between bars, such as list:Pangyo|Seoul"),
        "list" => {
            Ok(KeyPlan::List(rest.split('|').map(|key| Some(key.as_bytes().to_vec())).collect()))
        }
        _ => Err(EXPECTED),
    }
}

fn zipf(rest: &str) -> Option<KeyPlan> {
    let (cardinality, exponent) = rest.split_once(':')?;
    let exponent = f64::from_str(exponent.trim()).ok().filter(|it| (0.0..=10.0).contains(it))?;
    Some(KeyPlan::Zipf { cardinality: count(cardinality)?, exponent })
}

fn hot(rest: &str) -> Option<KeyPlan> {
    let (share_text, keys) = rest.split_once(':')?;
    let share = share(share_text)?;
    let (hot, others) = match keys.split_once('/') {
        Some((hot, others)) => (count(hot)?, count(others)?),
        None => (count(keys)?, OTHERS),
    };
    Some(KeyPlan::Hot { share, hot, others })
}

fn count(text: &str) -> Option<u64> {
    whole(text).filter(|count| *count > 0)
}

/// `--key-type` and `--key-size`; `None` when either is wrong.
fn form(choice: &Choice, problems: &mut Problems) -> Option<KeyForm> {
    let kind = choice.get("key-type").map(|text| {
        let kind = key_type(text);
        if kind.is_none() {
            problems.flag("key-type", text, "expected text, bytes, int32, int64 or json");
        }
        kind
    });
    let size = choice.get("key-size").map(|text| {
        let size = key_size(text);
        if size.is_none() {
            problems.flag("key-size", text, "expected 1 to 1MiB bytes, such as 16");
        }
        size
    });
    Some(KeyForm { kind: kind.unwrap_or(Some(KeyType::Text))?, size: transposed(size)? })
}

/// Nothing given is fine, something wrong isn't.
#[expect(clippy::option_option, reason = "given or not, and then right or wrong")]
const fn transposed(size: Option<Option<u32>>) -> Option<Option<u32>> {
    match size {
        None => Some(None),
        Some(None) => None,
        Some(size) => Some(size),
    }
}

/// Reads `--key-type`.
pub(super) fn key_type(text: &str) -> Option<KeyType> {
    KeyType::ALL.into_iter().find(|kind| kind.name() == text)
}

/// Reads `--key-size`.
pub(super) fn key_size(text: &str) -> Option<u32> {
    let size = u32::try_from(parse_bytes(text).ok()?).ok()?;
    (1..=KeyForm::LARGEST).contains(&size).then_some(size)
}

/// Listed keys in the bytes of their type.
fn typed(
    keys: &[Option<Vec<u8>>],
    kind: KeyType,
    choice: &Choice,
    problems: &mut Problems,
) -> KeyPlan {
    let mut wrong = |expected: String| {
        problems.flag("key-type", choice.get("key-type").unwrap_or_else(|| kind.name()), expected);
    };
    let number = |key: &[u8]| core::str::from_utf8(key).ok().and_then(|text| text.parse().ok());
    let mut made = Vec::with_capacity(keys.len());
    for key in keys {
        let Some(text) = key else {
            made.push(None);
            continue;
        };
        let bytes = match kind {
            KeyType::Text | KeyType::Bytes => Some(text.clone()),
            KeyType::Int32 => {
                let narrow = |number: i64| i32::try_from(number).ok();
                number(text).and_then(narrow).map(|number| number.to_be_bytes().to_vec())
            }
            KeyType::Int64 => number(text).map(|number: i64| number.to_be_bytes().to_vec()),
            KeyType::Json => {
                wrong(
                    "listed keys are sent as they are written: write them as JSON and leave \
                       json out, or give int32 or int64"
                        .to_owned(),
                );
                break;
            }
        };
        if bytes.is_none() {
            let text = String::from_utf8_lossy(text);
            wrong(format!("the listed key \"{text}\" is no {kind}"));
        }
        made.push(bytes);
    }
    KeyPlan::List(made.into())
}

const EXPECTED: &str = "expected none, sequence, uniform:N such as uniform:10k, zipf:N:EXPONENT, \
                        roundrobin:N, hot:P%:N/OTHERS, field:NAME of a template, or keys such as \
                        list:Pangyo|Seoul";
/// Keys besides the hot ones, unless their number is given.
const OTHERS: u64 = 100_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read() {
        for (text, plan) in [
            ("none", "none"),
            ("sequence", "sequence"),
            ("uniform:10k", "uniform:10000"),
            ("zipf:1M:0.99", "zipf:1000000:0.99"),
            ("roundrobin:12", "roundrobin:12"),
            ("hot:80%:10", "hot:80%:10/100000"),
            ("hot:0.5:10/2k", "hot:50%:10/2000"),
            ("list:a|b|c", "list:3"),
            ("field:user", "field:user"),
        ] {
            assert_eq!(key(text).map(|plan| plan.to_string()).as_deref(), Ok(plan), "{text}");
        }
    }

    #[test]
    fn what_is_no_key_says_what_one_is() {
        for (text, word) in [
            ("some", "expected none, sequence"),
            ("pareto:5", "expected none, sequence"),
            ("uniform:0", "uniform:10k"),
            ("uniform:1.5", "uniform:10k"),
            ("roundrobin:x", "roundrobin:12"),
            ("zipf:1000", "zipf:1M:0.99"),
            ("zipf:1000:11", "zipf:1M:0.99"),
            ("hot:80%", "hot:80%:10/100k"),
            ("hot:120%:3", "hot:80%:10/100k"),
            ("hot:80%:0/5", "hot:80%:10/100k"),
            ("list:", "list:Pangyo|Seoul"),
            ("field:", "field:user"),
        ] {
            let expected = key(text).unwrap_err();
            assert!(expected.contains(word), "{text}: {expected}");
        }
    }
}
