//! Numbers as people read them. Cost class: once a run.

pub(in crate::app) use crate::base::units::thousands;

/// A figure without decimals, thousands apart.
#[must_use]
pub(in crate::app) fn whole(figure: f64) -> String {
    thousands(rounded(figure))
}

/// A rate without decimals, thousands apart; below 100 with one decimal.
#[must_use]
pub(in crate::app) fn rate(per_second: f64) -> String {
    if per_second < 100.0 && per_second.fract() > 0.0 {
        return format!("{per_second:.1}");
    }
    thousands(rounded(per_second))
}

/// Nanoseconds as milliseconds with three significant digits, at most three decimals: `5.41`,
/// `12.3`, `1,853`.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
pub(in crate::app) fn millis(nanos: u64) -> String {
    millis_of(nanos as f64)
}

/// The same for a mean.
#[must_use]
pub(in crate::app) fn millis_of(nanos: f64) -> String {
    let ms = nanos / 1e6;
    if ms >= 999.5 {
        thousands(rounded(ms))
    } else if ms >= 99.95 {
        format!("{ms:.0}")
    } else if ms >= 9.995 {
        format!("{ms:.1}")
    } else if ms >= 0.0995 || ms == 0.0 {
        format!("{ms:.2}")
    } else {
        format!("{ms:.3}")
    }
}

/// Bytes with three significant digits and a decimal unit: `15.9 KB`.
#[must_use]
pub(in crate::app) fn bytes(count: f64) -> String {
    scaled(count, 1e3, ["B", "KB", "MB", "GB"])
}

/// Bytes with three significant digits and a binary unit: `46.0 MiB`.
#[must_use]
pub(in crate::app) fn binary_bytes(count: f64) -> String {
    scaled(count, 1024.0, ["B", "KiB", "MiB", "GiB"])
}

/// A span as people say it: `21 ms`, `2.1 s`.
#[must_use]
pub(in crate::app) fn seconds(span: f64) -> String {
    if span < 0.9995 { format!("{:.0} ms", span * 1e3) } else { format!("{span:.1} s") }
}

/// A share as percent with one decimal.
#[must_use]
pub(in crate::app) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// A share as whole percent; under one as "under 1 %".
#[must_use]
pub(in crate::app) fn whole_percent(share: f64) -> String {
    if share > 0.0 && share < 0.005 {
        return "under 1 %".to_owned();
    }
    format!("{:.0} %", share * 100.0)
}

/// `n thing` or `n things`.
#[must_use]
pub(in crate::app) fn plural(count: u64, thing: &str) -> String {
    format!("{} {thing}{}", thousands(count), if count == 1 { "" } else { "s" })
}

fn scaled(count: f64, step: f64, units: [&str; 4]) -> String {
    let mut value = count;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < units.len() {
        value /= step;
        unit += 1;
    }
    let decimals = match value {
        _ if unit == 0 && value.fract() == 0.0 => 0,
        v if v >= 99.95 => 0,
        v if v >= 9.995 => 1,
        _ => 2,
    };
    format!("{value:.decimals$} {}", units[unit])
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rates and spans for people, never negative; a cast saturates"
)]
fn rounded(value: f64) -> u64 {
    value.round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_digits_and_units() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(6_000_000), "6,000,000");
        assert_eq!(millis(5_412_345), "5.41");
        assert_eq!(millis(12_340_000), "12.3");
        assert_eq!(millis(1_853_400_000), "1,853");
        assert_eq!(millis(40_000), "0.040");
        assert_eq!(millis(0), "0.00");
        assert_eq!(bytes(15_890.0), "15.9 KB");
        assert_eq!(bytes(100.0), "100 B");
        assert_eq!(binary_bytes(48_234_496.0), "46.0 MiB");
        assert_eq!([seconds(0.0214), seconds(2.06)], ["21 ms", "2.1 s"]);
        assert_eq!(percent(0.9995), "100.0 %");
        assert_eq!(whole_percent(0.001), "under 1 %");
        assert_eq!(rate(0.5), "0.5");
        assert_eq!(plural(1, "broker"), "1 broker");
    }
}
