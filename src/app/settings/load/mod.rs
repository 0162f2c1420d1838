//! The load flags into a planned rate, spans and counts. Cost class: once a process.

mod abort;
mod arrivals;
mod planned;
mod policies;
mod rate_file;
mod speed;
mod stages;

use core::time::Duration;

pub(super) use self::abort::abort_rule;
use self::arrivals::{Pacing, pacing};
pub(super) use self::planned::Planned;
use super::matrix::Choice;
use super::problems::Problems;
use crate::base::units::{parse_count, parse_duration};
use crate::host::driver::plan::Warmup;
use crate::load::schedule::{Arrivals, SchedulePlan, Shape};

/// How much, how long and by how many, for one cell.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Load {
    /// When records are due.
    pub schedule: SchedulePlan,
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

/// What the load flags are read beside.
#[derive(Clone, Copy, Debug)]
pub(super) struct Given<'a> {
    /// The planned rate, as far as it is no part of a matrix.
    pub planned: &'a Planned,
    /// The mean size of a record's key and value, for rates in bytes.
    pub payload_bytes: f64,
    /// The run's.
    pub seed: u64,
}

/// Reads the load flags of one cell.
pub(super) fn load(choice: &Choice, given: &Given<'_>, problems: &mut Problems) -> Load {
    let Given { planned, payload_bytes, seed } = *given;
    // What is wrong with it is said below.
    let asked = choice.get("duration").and_then(|text| parse_duration(text, SECOND).ok());
    let planned = &planned.as_long_as(asked);
    let mut read = Reader { choice, problems };
    let pacing = read.pacing(seed);
    let shape = planned.shape(choice, payload_bytes, read.problems);
    let shape = read.at_own_rate(shape, &pacing, planned);
    let records = read.positive("num-records");
    let counted = choice.get("num-records").is_some();
    let duration = read.duration(planned, (!counted).then_some(DURATION));
    let warmup = read.warmup(if counted { Duration::ZERO } else { WARMUP });
    let rest = match (records, warmup) {
        (Some(all), Warmup::Records(before)) if before >= all => {
            let text = before.to_string();
            read.problems.flag("warmup-records", &text, "expected fewer than --num-records");
            None
        }
        (Some(all), Warmup::Records(before)) => Some(all - before),
        (records, _) => records,
    };
    let producers = read.producers();
    let pacing_quantum = read.quantum();
    let late = read.policy("on-late", policies::late, shape != Shape::Saturating);
    let full = read.policy("on-full", policies::full, shape != Shape::Saturating);
    let arrivals = pacing.arrivals;
    let schedule =
        SchedulePlan { shape, arrivals, late, full, ..SchedulePlan::of(None, producers) };
    Load { schedule, duration, records: rest, warmup, producers, pacing_quantum }
}

/// Linger's twentieth within 100 µs and 1 ms: a wake-up costs CPU, and lateness below that share of
/// linger doesn't show.
#[must_use]
pub(super) fn default_quantum(linger: Duration) -> Duration {
    (linger / 20).clamp(Duration::from_micros(100), Duration::from_millis(1))
}

/// A whole number, 1 or more, with decimal multiples.
pub(super) fn whole(text: &str) -> Option<u64> {
    parse_count(text).ok().and_then(to_whole)
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
            return Warmup::Auto;
        }
        if let Some(span) = self.span("warmup", SECOND) {
            return if span.is_zero() { Warmup::None } else { Warmup::For(span) };
        }
        if default.is_zero() { Warmup::None } else { Warmup::For(default) }
    }

    /// What `--pacing` says; the seed is kept apart from what records hold.
    fn pacing(&mut self, seed: u64) -> Pacing {
        let uniform = Pacing { arrivals: Arrivals::Uniform, rate: None };
        let Some(text) = self.choice.get("pacing") else { return uniform };
        pacing(text, seed ^ ARRIVALS).unwrap_or_else(|expected| {
            self.problems.flag("pacing", text, expected);
            uniform
        })
    }

    /// The planned rate, or that of bursts which have their own.
    fn at_own_rate(&mut self, shape: Shape, pacing: &Pacing, planned: &Planned) -> Shape {
        let text = self.choice.get("pacing").unwrap_or("");
        let is_given = self.choice.get("rate").is_some()
            || self.choice.get("throughput").is_some()
            || planned.span().is_some();
        match (pacing.rate, pacing.arrivals) {
            (Some(rate), _) if is_given => {
                let expected = format!(
                    "expected no --rate, --throughput, --stage or --rate-file beside it, since it \
                     is {} records/s by itself; for bursts at their pace leave @ and the time out",
                    rate.as_f64()
                );
                self.problems.flag("pacing", text, expected);
                shape
            }
            (Some(rate), _) => Shape::Constant(rate),
            (None, arrivals) if arrivals != Arrivals::Uniform && shape == Shape::Saturating => {
                let expected = "expected a rate for it: give --rate, --stage or --rate-file";
                self.problems.flag("pacing", text, expected);
                shape
            }
            (None, _) => shape,
        }
    }

    /// A policy; any but the usual one needs a rate.
    fn policy<T: Default + PartialEq>(
        &mut self,
        flag: &'static str,
        parse: fn(&str) -> Result<T, String>,
        paced: bool,
    ) -> T {
        let Some(text) = self.choice.get(flag) else { return T::default() };
        match parse(text) {
            Ok(policy) if paced || policy == T::default() => return policy,
            Ok(_) => self.problems.flag(
                flag,
                text,
                "expected a rate for it (--rate, --stage or --rate-file): without one no record \
                 is due, so none is late or left out",
            ),
            Err(expected) => self.problems.flag(flag, text, expected),
        }
        T::default()
    }

    /// The measurement's time: what is asked for, or that of the stages, where there are some.
    fn duration(&mut self, planned: &Planned, default: Option<Duration>) -> Option<Duration> {
        let span = self.span("duration", SECOND).filter(|span| self.above_zero("duration", *span));
        span.or_else(|| planned.span()).or(default)
    }

    fn producers(&mut self) -> u32 {
        let producers = self.positive("producers").unwrap_or(1);
        if producers > MAX_PRODUCERS {
            let expected = format!("expected at most {MAX_PRODUCERS}");
            let text = self.choice.get("producers").unwrap_or("");
            self.problems.flag("producers", text, expected);
        }
        u32::try_from(producers.min(MAX_PRODUCERS)).unwrap_or(1)
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

/// Of a measurement that nothing limits.
const DURATION: Duration = Duration::from_secs(30);
/// Before it.
const WARMUP: Duration = Duration::from_secs(5);
const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
/// Each is a thread with connections of its own; more is a typing error.
const MAX_PRODUCERS: u64 = 1_000;
/// Keeps the gaps between records apart from what they hold.
const ARRIVALS: u64 = 0x6172_7269_7661_6c73;
