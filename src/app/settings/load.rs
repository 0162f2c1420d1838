//! The load flags into rates, spans and counts. Cost class: once a process.

use core::time::Duration;

use super::matrix::Choice;
use super::problems::Problems;
use super::profile::LoadDefaults;
use crate::base::units::{parse_bytes, parse_count, parse_duration};
use crate::host::driver::plan::{AbortMetric, AbortRule, Warmup};
use crate::load::schedule::Rate;

/// How much, how long and by how many, for one cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Load {
    /// `None`: as fast as the producer takes records.
    pub rate: Option<Rate>,
    /// Of the measurement.
    pub duration: Option<Duration>,
    /// Of the measurement, the warm-up's left out.
    pub records: Option<u64>,
    /// What goes before.
    pub warmup: Warmup,
    /// 1 or more.
    pub producers: u32,
    /// `None`: the default, which depends on linger.
    pub pacing_quantum: Option<Duration>,
}

/// Reads the load flags of one cell. `payload_bytes` is the mean size of a record's key and value,
/// for a rate in bytes.
pub(super) fn load(
    choice: &Choice,
    defaults: &LoadDefaults,
    payload_bytes: f64,
    problems: &mut Problems,
) -> Load {
    let mut read = Reader { choice, problems };
    let rate = match (choice.get("rate"), choice.get("throughput")) {
        (Some(text), _) => read.rate(text, payload_bytes),
        (None, Some(text)) => read.throughput(text),
        (None, None) => defaults.rate,
    };
    let records = read.positive("num-records");
    let counted = choice.get("num-records").is_some();
    let duration = read
        .span("duration", SECOND)
        .filter(|span| read.above_zero("duration", *span))
        .or_else(|| (!counted).then_some(defaults.duration));
    let warmup = read.warmup(if counted { Duration::ZERO } else { defaults.warmup });
    let rest = match (records, warmup) {
        (Some(all), Warmup::Records(before)) if before >= all => {
            let text = before.to_string();
            read.problems.flag("warmup-records", &text, "expected fewer than --num-records");
            None
        }
        (Some(all), Warmup::Records(before)) => Some(all - before),
        (records, _) => records,
    };
    let producers = read.positive("producers").unwrap_or(1);
    if producers > MAX_PRODUCERS {
        let expected = format!("expected at most {MAX_PRODUCERS}");
        read.problems.flag("producers", choice.get("producers").unwrap_or(""), expected);
    }
    let pacing_quantum = read.quantum();
    Load {
        rate,
        duration,
        records: rest,
        warmup,
        producers: u32::try_from(producers.min(MAX_PRODUCERS)).unwrap_or(1),
        pacing_quantum,
    }
}

/// Linger's twentieth within 100 µs and 1 ms: a wake-up costs CPU, and lateness below that share of
/// linger doesn't show.
#[must_use]
pub(super) fn default_quantum(linger: Duration) -> Duration {
    (linger / 20).clamp(Duration::from_micros(100), Duration::from_millis(1))
}

/// Reads `metric > bound`.
pub(super) fn abort_rule(text: &str, problems: &mut Problems) -> Option<AbortRule> {
    let rule = parse_abort_rule(text);
    if rule.is_none() {
        problems.flag(
            "abort-on",
            text,
            "expected METRIC > BOUND, with error_rate (1%), errors, backlog (50k) or p99 (20ms)",
        );
    }
    rule
}

/// A whole number, 1 or more, with decimal multiples.
pub(super) fn whole(text: &str) -> Option<u64> {
    parse_count(text).ok().and_then(to_whole)
}

fn parse_abort_rule(text: &str) -> Option<AbortRule> {
    let (metric, bound) = text.split_once('>')?;
    let bound = bound.trim();
    let (metric, above) = match metric.trim() {
        "error_rate" => (AbortMetric::ErrorRate, share(bound)?),
        "errors" => (AbortMetric::Errors, parse_count(bound).ok()?),
        "backlog" => (AbortMetric::Backlog, parse_count(bound).ok()?),
        "p99" => {
            let span = parse_duration(bound, MILLISECOND).ok()?;
            (AbortMetric::LapP99, span.as_secs_f64() * 1e9)
        }
        _ => return None,
    };
    Some(AbortRule { metric, above, text: text.trim().to_owned() })
}

/// `1%` or `0.01`.
fn share(text: &str) -> Option<f64> {
    let share = match text.strip_suffix('%') {
        Some(percent) => parse_count(percent).ok()? / 100.0,
        None => parse_count(text).ok()?,
    };
    (share <= 1.0).then_some(share)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be whole and from 0 to 2^53"
)]
fn to_whole(value: f64) -> Option<u64> {
    (value.fract() == 0.0 && (0.0..9e15).contains(&value)).then_some(value as u64)
}

/// Reads one flag after the other and collects what is wrong.
struct Reader<'a> {
    choice: &'a Choice,
    problems: &'a mut Problems,
}

impl Reader<'_> {
    fn positive(&mut self, flag: &'static str) -> Option<u64> {
        let text = self.choice.get(flag)?;
        let value = whole(text).filter(|value| *value > 0);
        if value.is_none() {
            self.problems.flag(flag, text, "expected a whole number, 1 or more, such as 500 or 2M");
        }
        value
    }

    fn span(&mut self, flag: &'static str, bare: Duration) -> Option<Duration> {
        let text = self.choice.get(flag)?;
        parse_duration(text, bare).map_err(|error| self.problems.flag(flag, text, error)).ok()
    }

    fn above_zero(&mut self, flag: &'static str, span: Duration) -> bool {
        if span.is_zero() {
            let text = self.choice.get(flag).unwrap_or("");
            self.problems.flag(flag, text, "expected a time above 0");
        }
        !span.is_zero()
    }

    fn warmup(&mut self, default: Duration) -> Warmup {
        if self.choice.get("warmup-records").is_some() {
            // perf-test's own default is 0, and old command lines spell it out.
            return match self.choice.get("warmup-records").and_then(whole) {
                Some(0) => Warmup::None,
                _ => self.positive("warmup-records").map_or(Warmup::None, Warmup::Records),
            };
        }
        if self.choice.get("warmup") == Some("auto") {
            let expected = "auto isn't available yet; expected a time such as 5s, or 0";
            self.problems.flag("warmup", "auto", expected);
        } else if let Some(span) = self.span("warmup", SECOND) {
            return if span.is_zero() { Warmup::None } else { Warmup::For(span) };
        }
        if default.is_zero() { Warmup::None } else { Warmup::For(default) }
    }

    fn rate(&mut self, text: &str, payload_bytes: f64) -> Option<Rate> {
        let per_second = if text.ends_with('B') {
            parse_bytes(text).ok().map(|bytes| to_float(bytes) / payload_bytes)
        } else {
            parse_count(text).ok()
        };
        let Some(per_second) = per_second else {
            let expected = "expected records/s such as 200k, or payload bytes/s such as 150MB";
            self.problems.flag("rate", text, expected);
            return None;
        };
        self.checked("rate", text, per_second)
    }

    fn throughput(&mut self, text: &str) -> Option<Rate> {
        match text.trim().parse::<f64>() {
            Ok(unlimited) if unlimited < 0.0 => None,
            Ok(per_second) => self.checked("throughput", text, per_second),
            Err(_) => {
                self.problems.flag("throughput", text, "expected records/s, or -1 for unlimited");
                None
            }
        }
    }

    fn checked(&mut self, flag: &str, text: &str, per_second: f64) -> Option<Rate> {
        Rate::per_second(per_second).map_err(|error| self.problems.flag(flag, text, error)).ok()
    }

    fn quantum(&mut self) -> Option<Duration> {
        let quantum = self.span("pacing-quantum", MILLISECOND)?;
        if quantum > SECOND {
            let text = self.choice.get("pacing-quantum").unwrap_or("");
            self.problems.flag("pacing-quantum", text, "expected 0 to 1s, such as 250us");
            return None;
        }
        Some(quantum)
    }
}

#[expect(clippy::cast_precision_loss, reason = "sizes that people write are below 2^53")]
const fn to_float(bytes: u64) -> f64 {
    bytes as f64
}

const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
/// Each is a thread with connections of its own; more is a typing error.
const MAX_PRODUCERS: u64 = 1_000;
