//! What `--record-size` says. Cost class: once a process.

use core::str::FromStr;

use crate::base::units::parse_bytes;
use crate::load::source::{SizePlan, SizeWeight};

/// Reads sizes.
///
/// # Errors
/// What was expected.
pub(super) fn size(text: &str) -> Result<SizePlan, String> {
    let plan = match text.split_once(':') {
        None => bytes(text).map(SizePlan::Fixed),
        Some(("uniform", rest)) => {
            range(rest).map(|(least, most)| SizePlan::Uniform { least, most })
        }
        Some(("normal", rest)) => normal(rest),
        Some(("lognormal", rest)) => lognormal(rest),
        Some(("zipf", rest)) => zipf(rest),
        Some(_) => weighted(text),
    };
    let plan = plan.ok_or_else(|| swapped(text).unwrap_or_else(|| expected(text).to_owned()))?;
    match plan.check() {
        Ok(()) if plan.most() > 0 => Ok(plan),
        Ok(()) => Err(expected(text).to_owned()),
        Err(error) => Err(format!("{error}; {}", expected(text))),
    }
}

/// What is said of bounds the wrong way round.
fn swapped(text: &str) -> Option<String> {
    let (from, to) = text.split_once("..")?;
    let (before, least) = from.rsplit_once(':')?;
    let (most, behind) = to.split_at(to.find(':').unwrap_or(to.len()));
    (bytes(most)? < bytes(least)?).then(|| {
        format!(
            "the ends are swapped: expected the smaller one first; write \
             {before}:{most}..{least}{behind}"
        )
    })
}

/// What is expected where something like `text` stands.
fn expected(text: &str) -> &'static str {
    match text.split_once(':').map(|(word, _)| word) {
        None => {
            "expected 1 to 1GiB bytes, such as 100 or 1KiB, or a distribution: uniform:100..2000, \
             100:70+1024:25+10240:5 (weights), normal:500:100, lognormal:200:0.8, zipf:10000:1.1"
        }
        Some("uniform") => {
            "expected uniform:LEAST..MOST in bytes up to 1GiB, such as uniform:100..2000"
        }
        Some("normal") => {
            "expected normal:MEAN:DEVIATION, or with bounds normal:MEAN:DEVIATION:LEAST..MOST, in \
             bytes up to 1GiB, such as normal:500:100:200..1000"
        }
        Some("lognormal") => {
            "expected lognormal:MEDIAN:SIGMA, or with bounds lognormal:MEDIAN:SIGMA:LEAST..MOST, \
             in bytes up to 1GiB, sigma 0 to 20, such as lognormal:200:0.8:50..10000"
        }
        Some("zipf") => {
            "expected zipf:MOST:EXPONENT or zipf:LEAST..MOST:EXPONENT in bytes up to 1GiB, \
             exponent 0 to 10, such as zipf:10000:1.1"
        }
        Some(_) => {
            "expected sizes with their weights, SIZE:WEIGHT+SIZE:WEIGHT, in bytes up to 1GiB, such \
             as 100:70+1024:25+10240:5"
        }
    }
}

fn normal(rest: &str) -> Option<SizePlan> {
    let (mean, deviation, bounds) = two_and_bounds(rest)?;
    let (mean, deviation) = (size_number(mean)?, size_number(deviation)?);
    let (least, most) = bounds.unwrap_or_else(|| (1, reach(mean + FAR * deviation)));
    (mean > 0.0).then_some(SizePlan::Normal { mean, deviation, least, most })
}

fn lognormal(rest: &str) -> Option<SizePlan> {
    let (median, sigma, bounds) = two_and_bounds(rest)?;
    let median = size_number(median)?;
    let sigma = number(sigma).filter(|sigma| *sigma <= STEEPEST)?;
    let (least, most) = bounds.unwrap_or_else(|| (1, reach(median * libm::exp(FAR * sigma))));
    (median > 0.0).then_some(SizePlan::LogNormal { median, sigma, least, most })
}

fn zipf(rest: &str) -> Option<SizePlan> {
    let (sizes, exponent) = rest.split_once(':')?;
    let exponent = number(exponent)?;
    let (least, most) = match range(sizes) {
        Some(bounds) => bounds,
        None => (1, bytes(sizes)?),
    };
    Some(SizePlan::Zipf { exponent, least, most })
}

fn weighted(text: &str) -> Option<SizePlan> {
    let one = |pair: &str| {
        let (size, text) = pair.split_once(':')?;
        Some(SizeWeight { bytes: bytes(size)?, weight: weight(text)? })
    };
    let sizes: Option<Vec<_>> = text.split('+').map(one).collect();
    Some(SizePlan::Weighted(sizes?.into()))
}

/// A size's weight: a number of 0 or more, whether it is called percent or not.
pub(super) fn weight(text: &str) -> Option<f64> {
    number(text.strip_suffix('%').unwrap_or(text))
}

/// The smallest size and the largest.
type Bounds = (u32, u32);

/// `A:B` or `A:B:LEAST..MOST`.
fn two_and_bounds(rest: &str) -> Option<(&str, &str, Option<Bounds>)> {
    let (first, rest) = rest.split_once(':')?;
    match rest.split_once(':') {
        None => Some((first, rest, None)),
        Some((second, bounds)) => Some((first, second, Some(range(bounds)?))),
    }
}

/// `LEAST..MOST`.
fn range(text: &str) -> Option<Bounds> {
    let (least, most) = text.split_once("..")?;
    let (least, most) = (parse_bytes(least).ok()?, bytes(most)?);
    let least = u32::try_from(least).ok()?;
    (least <= most).then_some((least, most))
}

/// A size, 1 byte or more.
pub(super) fn bytes(text: &str) -> Option<u32> {
    let size = u32::try_from(parse_bytes(text).ok()?).ok()?;
    (1..=SizePlan::LARGEST).contains(&size).then_some(size)
}

/// A size in bytes that need not be whole.
fn size_number(text: &str) -> Option<f64> {
    let whole = parse_bytes(text).ok().and_then(|size| u32::try_from(size).ok());
    let size = whole.map(f64::from).or_else(|| number(text))?;
    (size <= f64::from(SizePlan::LARGEST)).then_some(size)
}

/// A number, 0 or more.
fn number(text: &str) -> Option<f64> {
    f64::from_str(text.trim()).ok().filter(|number| (0.0..f64::INFINITY).contains(number))
}

/// The bound that nobody gave: so far out that it hardly ever holds anything.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to LARGEST")]
fn reach(far: f64) -> u32 {
    far.clamp(1.0, f64::from(SizePlan::LARGEST)) as u32
}

/// Standard deviations to that bound; one size in a thousand million is beyond.
const FAR: f64 = 6.0;
/// The largest sigma: more is a typing error.
const STEEPEST: f64 = 20.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read() {
        for (text, plan) in [
            ("100", "100"),
            ("1KiB", "1024"),
            ("uniform:100..2000", "uniform:100..2000"),
            ("uniform:0..2KiB", "uniform:0..2048"),
            ("100:70+1KiB:25+10240:5", "100:70+1024:25+10240:5"),
            ("100:70%+1024:29.5%+10240:0.5%", "100:70+1024:29.5+10240:0.5"),
            ("normal:500:100", "normal:500:100:1..1100"),
            ("normal:1KiB:0:200..2000", "normal:1024:0:200..2000"),
            ("lognormal:200:0.5", "lognormal:200:0.5:1..4017"),
            ("lognormal:200:0.8:50..10000", "lognormal:200:0.8:50..10000"),
            ("zipf:10000:1.1", "zipf:1..10000:1.1"),
            ("zipf:64..1MiB:0.9", "zipf:64..1048576:0.9"),
        ] {
            let read = size(text).map(|plan| plan.to_string());
            assert_eq!(read.as_deref(), Ok(plan), "{text}");
            // What is written reads back.
            assert_eq!(size(plan).map(|plan| plan.to_string()).as_deref(), Ok(plan));
        }
    }

    #[test]
    fn what_is_no_size_says_what_one_is() {
        for (text, word) in [
            ("", "such as 100"),
            ("0", "such as 100"),
            ("2GiB", "such as 100"),
            ("lots", "lognormal:200:0.8"),
            ("uniform:2000..100", "uniform:100..2000"),
            ("uniform:100", "uniform:100..2000"),
            ("normal:0:1", "normal:500:100:200..1000"),
            ("normal:500", "normal:500:100:200..1000"),
            ("lognormal:200:-1", "lognormal:200:0.8:50..10000"),
            ("lognormal:200:1:5", "lognormal:200:0.8:50..10000"),
            ("zipf:100:11", "zipf:10000:1.1"),
            ("zipf:100", "zipf:10000:1.1"),
            ("100:0", "100:70+1024:25+10240:5"),
            ("100:70+", "100:70+1024:25+10240:5"),
            ("pareto:1:2", "100:70+1024:25+10240:5"),
        ] {
            let error = size(text).unwrap_err();
            assert!(error.contains("expected") && error.contains(word), "{text}: {error}");
        }
    }
}
