//! Numbers and ranges as they stand in a template. Cost class: once a template.

/// A whole number: digits, maybe with `_` between them, a minus in front, k, M or G behind.
pub(super) fn whole(text: &str) -> Option<i64> {
    let (digits, factor) = factor(text);
    let number: i64 = plain(digits)?.parse().ok()?;
    number.checked_mul(factor)
}

/// A number with or without a decimal point, as above.
#[expect(clippy::cast_precision_loss, reason = "at most a billion")]
pub(super) fn real(text: &str) -> Option<f64> {
    let (digits, factor) = factor(text);
    let number: f64 = plain(digits)?.parse().ok()?;
    Some(number * factor as f64).filter(|number| number.is_finite())
}

/// `LOW..HIGH`; both ends by the same reading.
pub(super) fn range<T>(text: &str, read: impl Fn(&str) -> Option<T>) -> Option<(T, T)> {
    let (low, high) = text.split_once("..")?;
    Some((read(low)?, read(high)?))
}

/// A number of things: `COUNT` or `LEAST..MOST`, 0 and more.
pub(super) fn counts(text: &str) -> Option<(i64, i64)> {
    let single = || whole(text).map(|count| (count, count));
    let (least, most) = range(text, whole).or_else(single)?;
    (0 <= least && least <= most && most <= MOST).then_some((least, most))
}

/// A share: `5%` or `0.05`, 0 to 1.
pub(super) fn share(text: &str) -> Option<f64> {
    let share = match text.strip_suffix('%') {
        Some(percent) => real(percent)? / 100.0,
        None => real(text)?,
    };
    (0.0..=1.0).contains(&share).then_some(share)
}

/// A number in units of its last decimal, exact as far as doubles are.
#[expect(clippy::cast_possible_truncation, reason = "held within 2^53 before")]
pub(super) fn units(number: f64, decimals: u8) -> Option<i64> {
    let units = libm::round(number * scale(decimals));
    (units.abs() <= MOST_UNITS).then_some(units as i64)
}

/// 10^`decimals`.
pub(super) fn scale(decimals: u8) -> f64 {
    f64::from(10u32.pow(decimals.into()))
}

/// What stands before a suffix, and what that means.
fn factor(text: &str) -> (&str, i64) {
    let by = |suffix: char| text.strip_suffix(suffix);
    if let Some(rest) = by('k') {
        (rest, 1_000)
    } else if let Some(rest) = by('M') {
        (rest, 1_000_000)
    } else if let Some(rest) = by('G') {
        (rest, 1_000_000_000)
    } else {
        (text, 1)
    }
}

/// Only what we call a number: neither `inf` nor `1e5`.
fn plain(text: &str) -> Option<String> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_number = digits.starts_with(|first: char| first.is_ascii_digit())
        && digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'_' | b'.'));
    is_number.then(|| text.replace('_', ""))
}

/// The longest repeat and string; a record is bounded anyway.
const MOST: i64 = 1 << 30;

/// The most units, 2^53: beyond it doubles don't tell neighbours apart.
pub(super) const MOST_UNITS: f64 = 9_007_199_254_740_992.0;

/// The most decimals.
pub(super) const MOST_DECIMALS: u8 = 9;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        assert_eq!(whole("-1_000"), Some(-1_000));
        assert_eq!(whole("3M"), Some(3_000_000));
        assert_eq!(whole("9223372036854775807"), Some(i64::MAX));
        assert_eq!(real("1.5k"), Some(1_500.0));
        assert_eq!(real("-0.25"), Some(-0.25));
        for text in ["", "-", "1e5", "inf", ".5", "1,5", "0x1", "k", "9223372036854775808", "9G9"] {
            assert_eq!(whole(text), None, "{text:?}");
        }
        assert_eq!(whole("10000000000G"), None);
        assert_eq!(real("1.2.3"), None);
    }

    #[test]
    fn ranges_counts_and_shares() {
        assert_eq!(range("-5..5", whole), Some((-5, 5)));
        assert_eq!(range("0.5..1.5", real), Some((0.5, 1.5)));
        assert_eq!(range("5", whole), None);
        assert_eq!(counts("3"), Some((3, 3)));
        assert_eq!(counts("0..3"), Some((0, 3)));
        assert_eq!((counts("-1"), counts("3..1"), counts("2G")), (None, None, None));
        assert_eq!(share("5%"), Some(0.05));
        assert_eq!((share("0.5"), share("2"), share("101%")), (Some(0.5), None, None));
        assert_eq!(units(12.345, 2), Some(1_235));
        assert_eq!(units(1e16, 0), None);
    }
}
