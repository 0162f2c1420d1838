//! What the data flags say of values. Cost class: once a process.

use core::str::FromStr;
use std::sync::Arc;

use super::matrix::Choice;
use super::payload::Payload;
use super::problems::Problems;
use super::profile::{FROM_CORPUS, FROM_TEMPLATE};
use crate::load::source::{NumberType, ValuePlan};

/// The values of a cell: those that its generator makes, or, unless it names another, those of a
/// file.
pub(super) fn value(choice: &Choice, payload: &Payload, problems: &mut Problems) -> ValuePlan {
    let plan = match (choice.get("generator"), payload) {
        (None | Some("template"), Payload::Template(template)) => {
            ValuePlan::Template(Arc::clone(template))
        }
        (None | Some("corpus"), Payload::Corpus(corpus, order)) => {
            ValuePlan::Corpus { corpus: Arc::clone(corpus), order: *order }
        }
        (None, Payload::Generated) | (Some("random"), _) => ValuePlan::Random,
        (Some("sequence"), _) => ValuePlan::Sequence,
        (Some("fixed"), _) => ValuePlan::Fixed,
        (None, Payload::Monotonic) | (Some("increasing"), _) => {
            ValuePlan::Increasing(NumberType::Text)
        }
        (Some("null"), _) => ValuePlan::Null,
        (Some(other), _) => {
            let in_profile = problems.is_of_profile("generator");
            let expected = match other {
                "template" if in_profile => format!("expected its file as in {FROM_TEMPLATE}"),
                "corpus" if in_profile => format!("expected its file as in {FROM_CORPUS}"),
                "template" => "it needs --template FILE".to_owned(),
                "corpus" => "it needs --payload-file FILE, or a folder of files".to_owned(),
                _ => "expected random, fixed, sequence, increasing, null, template or corpus"
                    .to_owned(),
            };
            problems.flag("generator", other, expected);
            return ValuePlan::Random;
        }
    };
    let plan = numbered(plan, choice, problems);
    let Some(text) = choice.get("compress-ratio") else { return plan };
    match compress_ratio(text) {
        Err(expected) => problems.flag("compress-ratio", text, expected),
        Ok(_) if plan != ValuePlan::Random => {
            let expected = "only --generator random makes values of a compress ratio; leave one \
                            of the two out";
            problems.flag("compress-ratio", text, expected);
        }
        // All of it stays: plain random bytes, which no codec makes shorter.
        Ok(1.0) => {}
        Ok(ratio) => return ValuePlan::Compressible { ratio },
    }
    plan
}

/// Increasing numbers in the type that `--value-type` says.
fn numbered(plan: ValuePlan, choice: &Choice, problems: &mut Problems) -> ValuePlan {
    let Some(text) = choice.get("value-type") else { return plan };
    let number = NumberType::ALL.into_iter().find(|number| number.name() == text);
    match (&plan, number) {
        (_, None) => problems.flag("value-type", text, "expected text, int32 or int64"),
        (ValuePlan::Increasing(_), Some(number)) => return ValuePlan::Increasing(number),
        _ => problems.flag("value-type", text, "only --generator increasing has a value type"),
    }
    plan
}

/// What `--generator` calls them.
pub(super) const fn kind_of(value: &ValuePlan) -> &'static str {
    match value {
        ValuePlan::Random | ValuePlan::Compressible { .. } => "random",
        ValuePlan::Fixed => "fixed",
        ValuePlan::Sequence => "sequence",
        ValuePlan::Corpus { .. } => "corpus",
        ValuePlan::Template(_) => "template",
        ValuePlan::Increasing(_) => "increasing",
        ValuePlan::Null => "null",
    }
}

/// The share of records without a value.
pub(super) fn tombstones(choice: &Choice, value: &ValuePlan, problems: &mut Problems) -> f64 {
    let Some(text) = choice.get("tombstones") else { return 0.0 };
    if *value == ValuePlan::Null {
        let expected = "null values are tombstones, all of them; leave one of the two out";
        problems.flag("tombstones", text, expected);
    }
    share(text).unwrap_or_else(|| {
        problems.flag("tombstones", text, "expected a share of 0 to 1, such as 5% or 0.05");
        0.0
    })
}

/// Bytes of values that are made once and repeated.
pub(super) fn pool(choice: &Choice, problems: &mut Problems) -> Option<u64> {
    let text = choice.get("pool-mb")?;
    let megabytes = text.parse().ok().filter(|megabytes| (1..=MOST_MB).contains(megabytes));
    let Some(megabytes) = megabytes else {
        let expected = format!("expected 1 to {MOST_MB} million bytes of memory, such as 100");
        problems.flag("pool-mb", text, expected);
        return None;
    };
    Some(megabytes * 1_000_000)
}

/// The schema id that stands before values.
pub(super) fn schema_id(
    choice: &Choice,
    value: &ValuePlan,
    problems: &mut Problems,
) -> Option<i32> {
    let text = choice.get("schema-id")?;
    if *value == ValuePlan::Null {
        let expected = "it stands before values, and null makes none; leave one of the two out";
        problems.flag("schema-id", text, expected);
    }
    let id = text.parse().ok().filter(|id| *id >= 0);
    if id.is_none() {
        let expected = "expected a registry's schema id, 0 to 2147483647, such as 42";
        problems.flag("schema-id", text, expected);
    }
    id
}

/// Reads what is left after compression of each byte: `0.5`, or `50%`.
///
/// # Errors
/// What was expected.
pub(super) fn compress_ratio(text: &str) -> Result<f64, &'static str> {
    let share = share(text).filter(|ratio| *ratio > 0.0);
    share.ok_or(
        "expected the share that is left after compression, above 0 and at most 1, such as 0.5 \
         (1: random bytes that don't compress)",
    )
}

/// A share of 0 to 1: `0.05` or `5%`.
pub(super) fn share(text: &str) -> Option<f64> {
    let (number, unit) = match text.trim().strip_suffix('%') {
        Some(percent) => (percent, 100.0),
        None => (text.trim(), 1.0),
    };
    let share = f64::from_str(number).ok()? / unit;
    (0.0..=1.0).contains(&share).then_some(share)
}

/// A terabyte; more is a typing error.
const MOST_MB: u64 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_read_as_numbers_and_percents() {
        assert_eq!(compress_ratio("0.5"), Ok(0.5));
        assert_eq!(compress_ratio("50%"), Ok(0.5));
        assert_eq!(compress_ratio("1"), Ok(1.0));
        for wrong in ["0", "1.1", "-0.5", "half", "", "101%", "NaN"] {
            assert!(compress_ratio(wrong).unwrap_err().contains("such as 0.5"), "{wrong}");
        }
    }
}
