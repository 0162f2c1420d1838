//! Numbers with units as people write them in flags, and as they read them in reports.

use core::time::Duration;

/// Why a number with a unit couldn't be read; the caller adds where it stood.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("expected {expected}")]
pub struct UnitError {
    /// What would have been right, as the end of the sentence "expected …".
    pub expected: &'static str,
}

/// A count with thousands apart: `6,000,000`.
#[must_use]
pub fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count such as `200k`, `1.5M`, `2_000`: decimal multiples k, M, G.
///
/// # Errors
/// When it isn't a number, 0 or more, with one of these letters.
pub fn parse_count(text: &str) -> Result<f64, UnitError> {
    let error = UnitError { expected: "a number such as 200000, 200k or 1.5M" };
    let (digits, unit) = split(text);
    let factor = match unit {
        "" => 1.0,
        "k" | "K" => 1e3,
        "m" | "M" => 1e6,
        "g" | "G" => 1e9,
        _ => return Err(error),
    };
    number(digits).map(|value| value * factor).ok_or(error)
}

/// Bytes such as `16KiB`, `1MB`, `512`: KB, MB, GB are decimal, KiB, MiB, GiB binary.
///
/// # Errors
/// When it isn't a whole number of bytes.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be whole and below 2^53"
)]
pub fn parse_bytes(text: &str) -> Result<u64, UnitError> {
    let error = UnitError { expected: "a size such as 16384, 16KiB or 1MB" };
    let (digits, unit) = split(text);
    let factor = match unit {
        "" | "B" => 1.0,
        "KB" | "kB" => 1e3,
        "MB" => 1e6,
        "GB" => 1e9,
        "KiB" => 1024.0,
        "MiB" => 1_048_576.0,
        "GiB" => 1_073_741_824.0,
        _ => return Err(error),
    };
    match number(digits).map(|value| value * factor) {
        Some(bytes) if bytes.fract() == 0.0 && bytes < 9e15 => Ok(bytes as u64),
        _ => Err(error),
    }
}

/// A span such as `5ms`, `250us`, `30s`, `2m`, `1h`; a bare number is in `bare`.
///
/// # Errors
/// When it isn't a number, 0 or more, with one of these units.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be below 2^63 nanoseconds"
)]
pub fn parse_duration(text: &str, bare: Duration) -> Result<Duration, UnitError> {
    let error = UnitError { expected: "a time such as 5ms, 30s or 2m" };
    let (digits, unit) = split(text);
    let nanos = match unit {
        "" => bare.as_secs_f64() * 1e9,
        "ns" => 1.0,
        "us" | "µs" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        "m" | "min" => 60e9,
        "h" => 3_600e9,
        _ => return Err(error),
    };
    match number(digits).map(|value| value * nanos) {
        Some(nanos) if nanos < 9e18 => Ok(Duration::from_nanos(nanos.round() as u64)),
        _ => Err(error),
    }
}

/// Splits a number from the letters behind it.
fn split(text: &str) -> (&str, &str) {
    let text = text.trim();
    let end =
        text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '_')).unwrap_or(text.len());
    (&text[..end], text[end..].trim_start())
}

/// A non-negative decimal number; underscores may group digits.
fn number(digits: &str) -> Option<f64> {
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    digits.replace('_', "").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_know_decimal_multiples() {
        assert_eq!(parse_count("200k"), Ok(200_000.0));
        assert_eq!(parse_count("1.5M"), Ok(1_500_000.0));
        assert_eq!(parse_count("2_000"), Ok(2_000.0));
        assert!(parse_count("-1").is_err());
        assert!(parse_count("5ms").is_err());
        assert!(parse_count("").is_err());
    }

    #[test]
    fn bytes_know_both_families() {
        assert_eq!(parse_bytes("16KiB"), Ok(16_384));
        assert_eq!(parse_bytes("1MB"), Ok(1_000_000));
        assert_eq!(parse_bytes("100"), Ok(100));
        assert!(parse_bytes("0.3").is_err());
        assert!(parse_bytes("16k").is_err());
    }

    #[test]
    fn durations_take_the_bare_unit_of_their_key() {
        let ms = Duration::from_millis(1);
        assert_eq!(parse_duration("5", ms), Ok(Duration::from_millis(5)));
        assert_eq!(parse_duration("250us", ms), Ok(Duration::from_micros(250)));
        assert_eq!(parse_duration("2m", ms), Ok(Duration::from_secs(120)));
        assert!(parse_duration("5 parsecs", ms).is_err());
    }
}
