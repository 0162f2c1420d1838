//! Instants of the calendar, for results. Cost class: once a run.

/// Unix milliseconds as RFC 3339 in UTC: `2026-01-31T08:05:09.120Z`.
#[must_use]
pub(in crate::app) fn rfc3339(unix_ms: u64) -> String {
    let (days, in_day) = (unix_ms / DAY_MS, unix_ms % DAY_MS);
    let (year, month, day) = civil(days);
    let (seconds, ms) = (in_day / 1_000, in_day % 1_000);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
}

/// The Unix milliseconds of what [`rfc3339`] wrote; `None` for any other form.
#[must_use]
pub(super) fn unix_ms(text: &str) -> Option<u64> {
    let part = |range: core::ops::Range<usize>| text.get(range)?.parse::<u64>().ok();
    let (year, month, day) = (part(0..4)?, part(5..7)?, part(8..10)?);
    let (hour, minute, second) = (part(11..13)?, part(14..16)?, part(17..19)?);
    let in_day = (hour * 60 + minute) * 60 + second;
    let guess = year.checked_sub(1_970)? * 365 + (month.checked_sub(1)?) * 28 + day;
    // The guess is early by the leap days and the longer months: two months in a century.
    let days =
        (guess.saturating_sub(1)..guess + 120).find(|&it| civil(it) == (year, month, day))?;
    let ms = days * DAY_MS + in_day * 1_000 + part(20..23)?;
    (rfc3339(ms) == text).then_some(ms)
}

/// Days since 1970-01-01 as year, month, day, by counting eras of 400 years that begin on the first
/// of March, so that the leap day is the last of its year.
const fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = era * 400 + year_of_era + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

const DAY_MS: u64 = 86_400_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_in_utc() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(rfc3339(951_782_400_000), "2000-02-29T00:00:00.000Z");
        assert_eq!(rfc3339(1_735_689_599_999), "2024-12-31T23:59:59.999Z");
        assert_eq!(rfc3339(4_107_542_400_000), "2100-03-01T00:00:00.000Z");
    }

    #[test]
    fn what_was_written_is_read() {
        for day in 0..60_000 {
            let ms = day * DAY_MS + 12_345_678;
            assert_eq!(unix_ms(&rfc3339(ms)), Some(ms), "{}", rfc3339(ms));
        }
        for wrong in ["", "yesterday", "2024-02-30T00:00:00.000Z", "2024-01-01 00:00:00.000Z"] {
            assert_eq!(unix_ms(wrong), None, "{wrong}");
        }
    }
}
