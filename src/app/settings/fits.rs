//! Whether records fit into a request: the producer refuses every one that doesn't. Cost class:
//! once a cell.

use super::data::Told;
use super::problems::Problems;
use crate::kafka::config::ProducerConfig;
use crate::load::source::{HeaderPlan, SizePlan, SourcePlan, ValuePlan};

/// Bytes of a record by what they are of.
#[derive(Clone, Copy)]
struct Parts {
    value: u64,
    key: u64,
    headers: u64,
}

impl Parts {
    /// Of the largest record.
    fn largest(source: &SourcePlan) -> Self {
        Self {
            value: source.largest_value() as u64,
            key: source.largest_key() as u64,
            headers: source.largest_headers() as u64,
        }
    }

    /// Of a record whose value, and the key that is a part of it, are neither small nor large.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "bytes of a record, far below 2^53"
    )]
    fn usual(source: &SourcePlan) -> Self {
        let whole = |mean: f64| libm::round(mean) as u64;
        Self {
            value: whole(source.mean_value()),
            key: whole(source.mean_key()),
            ..Self::largest(source)
        }
    }

    const fn sum(self) -> u64 {
        self.value + self.key + self.headers
    }
}

/// Says what is too large for `max.request.size`: a problem where most records would be refused, or
/// all of one size, and a note where only the largest that a template might make would be.
pub(super) fn fits(
    source: &SourcePlan,
    config: &ProducerConfig,
    told: Told<'_>,
    problems: &mut Problems,
) -> Option<String> {
    let limit = u64::from(config.max_request_size);
    let fit = |parts: Parts| parts.sum() + SMALLEST_FRAME <= limit;
    let largest = Parts::largest(source);
    if fit(largest) {
        return None;
    }
    if !matches!(source.value, ValuePlan::Template(_)) {
        blame(source, largest, limit, told, problems);
        return None;
    }
    let usual = Parts::usual(source);
    if !fit(usual) {
        blame(source, usual, limit, told, problems);
        return None;
    }
    Some(format!(
        "records of the template {} may have up to {} bytes, more than max.request.size ({limit} \
         bytes), and {} on average; the producer refuses those that are too large: lower the upper \
         ends of lengths and repeats in it, or raise --max-request-size",
        told.args.template.as_deref().unwrap_or_default(),
        largest.sum(),
        usual.sum(),
    ))
}

/// Names the flag behind the largest part.
fn blame(source: &SourcePlan, parts: Parts, limit: u64, told: Told<'_>, problems: &mut Problems) {
    let Parts { value, key, headers } = parts;
    let largest = value.max(key).max(headers);
    let beside = match parts.sum() - largest {
        0 => String::new(),
        beside => format!(", {beside} bytes beside it"),
    };
    let expected = format!(
        "expected less than max.request.size ({limit} bytes), with room for the record's own \
         header{beside}"
    );
    if value == largest {
        too_large_value(source, value, &expected, told, problems);
    } else if key == largest {
        let flags = ["key-size", "key"].into_iter();
        match flags.filter_map(|flag| Some((flag, told.choice.get(flag)?))).next() {
            Some((flag, text)) => {
                problems.flag(flag, text, format!("keys of {key} bytes: {expected}"))
            }
            None => problems.add(format!("the profile's keys have {key} bytes: {expected}")),
        }
    } else {
        let longest = source.headers.iter().zip(&told.args.header);
        let longest = longest.max_by_key(|(plan, _)| HeaderPlan::longest(plan));
        let text = longest.map_or("", |(_, text)| text);
        problems.flag("header", text, format!("headers of {headers} bytes: {expected}"));
    }
}

fn too_large_value(
    source: &SourcePlan,
    bytes: u64,
    expected: &str,
    told: Told<'_>,
    problems: &mut Problems,
) {
    let path = |path: &Option<String>| path.clone().unwrap_or_default();
    match &source.value {
        ValuePlan::Corpus { .. } => problems.flag(
            "payload-file",
            &path(&told.args.payload_file),
            format!("its longest piece has {bytes} bytes, {expected}"),
        ),
        ValuePlan::Template(_) => problems.flag(
            "template",
            &path(&told.args.template),
            format!("its records have {bytes} bytes on average, {expected}"),
        ),
        value if value.is_sized() => {
            let most = match &source.size {
                SizePlan::Fixed(_) => String::new(),
                drawn => format!("sizes up to {} bytes, ", drawn.most()),
            };
            problems.flag("record-size", &source.size.to_string(), format!("{most}{expected}"));
        }
        // A number at most.
        _ => problems.add(format!(
            "max.request.size is too small for any record: values of {bytes} bytes, {expected}"
        )),
    }
}

/// Header of a batch and of a record, about.
const SMALLEST_FRAME: u64 = 61 + 21;
