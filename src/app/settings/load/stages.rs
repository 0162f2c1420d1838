//! `--stage`: one stage of a planned rate as text. Cost class: once a process.
//!
//! A stage is words between colons, the last but for `linear` its length: `200k:30s`,
//! `300k:60s:linear`, `steps:FROM:TO:N:30s`, `sine:MEAN:AMPLITUDE:PERIOD:60s`,
//! `square:LOW:HIGH:PERIOD:60s`, `saw:LOW:HIGH:PERIOD:60s`. A comma would make a matrix, so there
//! is none.

use core::time::Duration;

use super::speed::{self, Speed};
use crate::base::units::parse_duration;
use crate::load::schedule::Stage;

/// Reads a stage; the error is the end of a message about it.
///
/// # Errors
/// What was expected, and where.
pub(in crate::app::settings) fn stage(text: &str) -> Result<Stage<Speed>, String> {
    let words: Vec<&str> = text.split(':').map(str::trim).collect();
    match *words {
        ["steps", from, to, count, long] => Ok(Stage::Steps {
            from: rate("the first step", from)?,
            to: rate("the last step", to)?,
            count: steps(count)?,
            span: span("the stage's length", long)?,
        }),
        ["sine", mean, amplitude, period, long] => Ok(Stage::Sine {
            mean: rate("the mean", mean)?,
            amplitude: rate("the amplitude", amplitude)?,
            period: span("the period", period)?,
            span: span("the stage's length", long)?,
        }),
        ["square", low, high, period, long] => Ok(Stage::Square {
            low: rate("the low rate", low)?,
            high: rate("the high rate", high)?,
            period: span("the period", period)?,
            span: span("the stage's length", long)?,
        }),
        ["saw", low, high, period, long] => Ok(Stage::Saw {
            low: rate("the low rate", low)?,
            high: rate("the high rate", high)?,
            period: span("the period", period)?,
            span: span("the stage's length", long)?,
        }),
        [shape, ..] if FORMS.iter().any(|(name, _)| *name == shape) => {
            let form = FORMS.iter().find(|(name, _)| *name == shape).map_or("", |(_, form)| form);
            Err(format!("expected {form}"))
        }
        [to, long, "linear"] => {
            Ok(Stage::Ramp { to: rate("the rate", to)?, span: span("the stage's length", long)? })
        }
        [held, long] => Ok(Stage::Hold {
            rate: rate("the rate", held)?,
            span: span("the stage's length", long)?,
        }),
        _ => Err(format!(
            "expected RATE:DURATION such as 200k:30s, RATE:DURATION:linear for a ramp, or one of \
             {}; another stage is another --stage",
            FORMS.map(|(_, form)| form).join(", ")
        )),
    }
}

fn rate(what: &str, text: &str) -> Result<Speed, String> {
    Speed::parse(text)
        .ok_or_else(|| format!("expected {} for {what}, not \"{text}\"", speed::EXPECTED))
}

fn span(what: &str, text: &str) -> Result<Duration, String> {
    let span = parse_duration(text, Duration::from_secs(1)).ok().filter(|span| !span.is_zero());
    span.ok_or_else(|| format!("expected a time above 0 such as 30s for {what}, not \"{text}\""))
}

fn steps(text: &str) -> Result<u32, String> {
    let count = text.parse().ok().filter(|count| (2..=MOST_STEPS).contains(count));
    count.ok_or_else(|| format!("expected 2 to {MOST_STEPS} steps, not \"{text}\""))
}

/// The shapes with a name, and how each is written.
const FORMS: [(&str, &str); 4] = [
    ("steps", "steps:FROM:TO:COUNT:DURATION"),
    ("sine", "sine:MEAN:AMPLITUDE:PERIOD:DURATION"),
    ("square", "square:LOW:HIGH:PERIOD:DURATION"),
    ("saw", "saw:LOW:HIGH:PERIOD:DURATION"),
];
/// A staircase with more is a ramp.
const MOST_STEPS: u32 = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn every_form_is_read() {
        let records = Speed::Records;
        let period = Duration::from_secs(10);
        let cases = [
            ("200k:60s", Stage::Hold { rate: records(200_000.0), span: MINUTE }),
            ("0:1m", Stage::Hold { rate: records(0.0), span: MINUTE }),
            ("20MB:60", Stage::Hold { rate: Speed::Bytes(20e6), span: MINUTE }),
            ("300k : 60s : linear", Stage::Ramp { to: records(300_000.0), span: MINUTE }),
            (
                "steps:1k:5k:5:1m",
                Stage::Steps { from: records(1e3), to: records(5e3), count: 5, span: MINUTE },
            ),
            (
                "sine:2k:1k:10s:1m",
                Stage::Sine { mean: records(2e3), amplitude: records(1e3), period, span: MINUTE },
            ),
            (
                "square:1k:2k:10s:1m",
                Stage::Square { low: records(1e3), high: records(2e3), period, span: MINUTE },
            ),
            (
                "saw:1k:2k:10s:1m",
                Stage::Saw { low: records(1e3), high: records(2e3), period, span: MINUTE },
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(stage(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_stage_is_named() {
        let cases = [
            ("200k", "expected RATE:DURATION such as 200k:30s, RATE:DURATION:linear"),
            ("200k:30s:square", "expected RATE:DURATION such as 200k:30s"),
            ("fast:30s", "for the rate, not \"fast\""),
            ("200k:0s", "expected a time above 0 such as 30s for the stage's length, not \"0s\""),
            ("200k:30s,300k:30s", "expected RATE:DURATION such as"),
            ("sine:2k:1k:10s", "expected sine:MEAN:AMPLITUDE:PERIOD:DURATION"),
            ("sine:2k:x:10s:1m", "for the amplitude, not \"x\""),
            ("steps:1:2:1:1m", "expected 2 to 10000 steps, not \"1\""),
        ];
        for (text, expected) in cases {
            let said = stage(text).unwrap_err();
            assert!(said.contains(expected), "{text}: {said}");
        }
    }
}
