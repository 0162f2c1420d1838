//! What `--timestamps` and `--time-origin` say. Cost class: once a process.

use core::time::Duration;

use super::Cell;
use super::matrix::Choice;
use super::problems::Problems;
use super::profile::Given;
use super::value::share;
use crate::base::units::parse_duration;
use crate::load::source::{Lateness, TimestampPlan};

/// The timestamps of one cell.
pub(super) fn timestamps(choice: &Choice, problems: &mut Problems) -> TimestampPlan {
    let Some(text) = choice.get("timestamps") else { return TimestampPlan::Now };
    timestamp(text).unwrap_or_else(|expected| {
        problems.flag("timestamps", text, expected);
        TimestampPlan::Now
    })
}

/// When the run began as its records tell it, Unix milliseconds; `None`: when it begins.
pub(super) fn time_origin(choice: &Choice, problems: &mut Problems) -> Option<i64> {
    let text = choice.get("time-origin")?;
    let origin = unix_ms(text);
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    match origin {
        None => problems.flag("time-origin", text, format_args!("expected {MOMENT}")),
        Some(ms) if is_number && ms < YEAR_2000_MS => {
            let expected = format!(
                "expected {MOMENT}, and as milliseconds it is before the year 2000; of seconds \
                 write {text}000; a moment so early is written 1970-01-31T08:00:00Z"
            );
            problems.flag("time-origin", text, expected);
        }
        Some(_) => {}
    }
    origin
}

/// Refuses an origin of times where no record of any cell tells one. Where a profile has it and
/// somebody typed other records, nothing is said.
pub(super) fn check_origin(given: &Given, cells: &[Cell], problems: &mut Problems) {
    let Some(text) = given.args.data.time_origin.as_deref() else { return };
    let mut streams = cells.iter().flat_map(|cell| &cell.plan.streams);
    let is_displaced = || {
        let others = ["generator", "template", "payload-file", "record-size", "timestamps"];
        given.is_from_profile("time-origin") && others.iter().any(|flag| given.is_typed(flag))
    };
    if !streams.any(|stream| stream.source.tells_time()) && !is_displaced() {
        let expected = "nothing in these records tells a time; leave it out, or give timestamps \
                        (event, or step:origin:1ms), a header such as sent-at=time(), or a \
                        template with {{timestamp}}";
        problems.flag("time-origin", text, expected);
    }
}

/// Reads `--timestamps`.
///
/// # Errors
/// What was expected.
pub(super) fn timestamp(text: &str) -> Result<TimestampPlan, String> {
    match text.split_once(':') {
        None if text == "now" => Ok(TimestampPlan::Now),
        None if text == "event" => {
            Ok(TimestampPlan::Event { share: 0.0, late: Lateness::Fixed(Duration::ZERO) })
        }
        Some(("step", rest)) => step(rest).ok_or_else(|| {
            format!(
                "expected step:START:STEP with origin (--time-origin) or {MOMENT} as START and a \
                 time as STEP, such as step:origin:1ms"
            )
        }),
        Some(("event", rest)) => event(rest).ok_or_else(|| {
            "expected event:LATENESS or event:SHARE%:LATENESS, where LATENESS is a time such as \
             5s, uniform:0s..5s or exponential:2s, such as event:10%:exponential:30s"
                .to_owned()
        }),
        _ => Err("expected now, step:START:STEP, event, or event:LATENESS such as \
                  event:exponential:2s"
            .to_owned()),
    }
}

fn step(rest: &str) -> Option<TimestampPlan> {
    let (start, step) = rest.rsplit_once(':')?;
    let start_ms = if start == "origin" { None } else { Some(unix_ms(start)?) };
    Some(TimestampPlan::Step { start_ms, step: span(step)? })
}

fn event(rest: &str) -> Option<TimestampPlan> {
    let (share, late) = match rest.split_once(':') {
        Some((percent, late)) if percent.ends_with('%') => (share(percent)?, late),
        _ => (1.0, rest),
    };
    let late = match late.split_once(':') {
        None => Lateness::Fixed(span(late)?),
        Some(("uniform", range)) => {
            let (least, most) = range.split_once("..")?;
            let (least, most) = (span(least)?, span(most)?);
            (least <= most).then_some(Lateness::Uniform(least, most))?
        }
        Some(("exponential", mean)) => {
            Lateness::Exponential(span(mean).filter(|mean| !mean.is_zero())?)
        }
        Some(_) => return None,
    };
    Some(TimestampPlan::Event { share, late })
}

/// A time with its unit; without one it isn't clear enough here.
fn span(text: &str) -> Option<Duration> {
    let bare = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let span = parse_duration(text, Duration::from_millis(1)).ok()?;
    (!bare || span.is_zero()).then_some(span)
}

/// Unix milliseconds, or an instant of RFC 3339 in UTC: `2026-01-31`, `2026-01-31T08:05:09Z`,
/// `2026-01-31T08:05:09.120Z`.
pub(super) fn unix_ms(text: &str) -> Option<i64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok().filter(|ms| *ms <= LATEST_MS);
    }
    let (date, time) = match text.split_once(['T', ' ']) {
        Some((date, time)) => (date, time.strip_suffix('Z')?),
        None => (text, "00:00:00"),
    };
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let (clock, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
    let in_range = (1970..=9999).contains(&year) && hour < 24 && minute < 60 && second < 60;
    if !in_range || !(1..=12).contains(&month) || !(1..=days_of(year, month)).contains(&day) {
        return None;
    }
    let digits = fraction.bytes().all(|byte| byte.is_ascii_digit());
    let fraction = format!("{fraction:0<3}");
    let ms: i64 = fraction.get(..3).filter(|_| digits)?.parse().ok()?;
    let days = days_before(year) + (1..month).map(|month| days_of(year, month)).sum::<i64>();
    let seconds = ((days + day - 1) * 24 + hour) * 3_600 + minute * 60 + second;
    Some(seconds * 1_000 + ms).filter(|ms| *ms <= LATEST_MS)
}

/// Three numbers of these many digits.
fn numbers(text: &str, separator: char, digits: [usize; 3]) -> Option<[i64; 3]> {
    let mut parts = text.split(separator);
    let mut next = |digits: usize| -> Option<i64> {
        let part = parts.next()?;
        let right = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse().ok().filter(|_| right)
    };
    let read = [next(digits[0])?, next(digits[1])?, next(digits[2])?];
    parts.next().is_none().then_some(read)
}

const fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

const fn days_of(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970 to a year's first.
fn days_before(year: i64) -> i64 {
    let leaps = |year: i64| year / 4 - year / 100 + year / 400;
    (year - 1970) * 365 + leaps(year - 1) - leaps(1969)
}

/// How a moment is written.
const MOMENT: &str = "a moment such as 2026-01-31T08:00:00Z, or Unix milliseconds";
/// Smaller numbers are mostly seconds.
const YEAR_2000_MS: i64 = 946_684_800_000;
/// The end of 2261: nanoseconds since 1970 fit 64 bits until then.
const LATEST_MS: i64 = 9_214_646_399_999;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_dates_or_milliseconds() {
        for (text, ms) in [
            ("0", 0),
            ("1970-01-01", 0),
            ("1970-01-01T00:00:01Z", 1_000),
            ("2000-02-29T00:00:00Z", 951_782_400_000),
            ("2024-12-31T23:59:59.999Z", 1_735_689_599_999),
            ("2100-03-01 00:00:00Z", 4_107_542_400_000),
            ("2024-12-31T23:59:59.5Z", 1_735_689_599_500),
        ] {
            assert_eq!(unix_ms(text), Some(ms), "{text}");
        }
        for wrong in [
            "",
            "today",
            "2023-02-29",
            "2024-13-01",
            "2024-1-1",
            "2024-01-01T24:00:00Z",
            "2024-01-01T00:00:00",
            "1969-12-31",
            "9999-01-01",
            "2024-01-01T00:00:00.xZ",
        ] {
            assert_eq!(unix_ms(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn every_form_of_timestamps_is_read() {
        let second = Duration::from_secs(1);
        let event = |share, late| TimestampPlan::Event { share, late };
        for (text, plan) in [
            ("now", TimestampPlan::Now),
            ("step:origin:1s", TimestampPlan::Step { start_ms: None, step: second }),
            (
                "step:2026-01-01T00:00:00Z:1s",
                TimestampPlan::Step { start_ms: Some(1_767_225_600_000), step: second },
            ),
            ("step:5000:1s", TimestampPlan::Step { start_ms: Some(5_000), step: second }),
            ("event", event(0.0, Lateness::Fixed(Duration::ZERO))),
            ("event:1s", event(1.0, Lateness::Fixed(second))),
            ("event:10%:1s", event(0.1, Lateness::Fixed(second))),
            ("event:uniform:0s..1s", event(1.0, Lateness::Uniform(Duration::ZERO, second))),
            ("event:5%:exponential:1s", event(0.05, Lateness::Exponential(second))),
        ] {
            assert_eq!(timestamp(text), Ok(plan), "{text}");
        }
        for wrong in [
            "then",
            "step:1s",
            "step:origin:5",
            "step:soon:1s",
            "event:",
            "event:5",
            "event:200%:1s",
            "event:uniform:2s..1s",
            "event:exponential:0s",
            "event:normal:1s",
        ] {
            assert!(timestamp(wrong).unwrap_err().starts_with("expected"), "{wrong}");
        }
    }
}
