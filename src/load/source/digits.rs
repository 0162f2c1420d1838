//! Decimal digits into a buffer that is there, since `format!` allocates. Cost class: per record.

/// Digits of the longest 64-bit number.
pub(super) const LONGEST: usize = 20;

/// How many digits a number has.
pub(super) const fn count(number: u64) -> usize {
    match number.checked_ilog10() {
        Some(log) => log as usize + 1,
        None => 1,
    }
}

/// The mean number of digits of the numbers from 0 to below `end`; 1 where there are none.
#[expect(clippy::cast_precision_loss, reason = "a mean need not be exact beyond 2^53")]
pub(super) fn mean(end: u64) -> f64 {
    let powers = (1..20).map(|power| 10_u64.pow(power)).take_while(|first| *first < end);
    let longer: f64 = powers.map(|first| (end - first) as f64).sum();
    1.0 + longer / end.max(1) as f64
}

/// Writes `number` at the start of `out` and returns how many digits it has.
///
/// # Panics
/// When `out` is too short; [`LONGEST`] bytes are always enough.
pub(super) fn write(number: u64, out: &mut [u8]) -> usize {
    let count = count(number);
    write_padded(number, &mut out[..count]);
    count
}

/// Fills `out` with the last digits of `number`, zeros in front.
pub(super) fn write_padded(mut number: u64, out: &mut [u8]) {
    for digit in out.iter_mut().rev() {
        *digit = b'0' + (number % 10).to_le_bytes()[0];
        number /= 10;
    }
}

/// Reads decimal digits, nothing else; `None` for anything that `write!` wouldn't have written.
pub(super) fn parse(text: &[u8]) -> Option<u64> {
    if text.is_empty() || (text[0] == b'0' && text.len() > 1) {
        return None;
    }
    text.iter().try_fold(0u64, |number, &digit| {
        let digit = digit.is_ascii_digit().then(|| digit - b'0')?;
        number.checked_mul(10)?.checked_add(digit.into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_is_written_and_read() {
        let mut powers: Vec<u64> = (0..20).map(|power| 10u64.pow(power)).collect();
        powers.extend([0, 9, 99, u64::MAX]);
        for number in powers {
            let mut out = [b'x'; LONGEST];
            let count = write(number, &mut out);
            assert_eq!(&out[..count], number.to_string().as_bytes());
            assert_eq!(super::count(number), count);
            assert_eq!(parse(&out[..count]), Some(number));
        }
    }

    #[test]
    fn the_mean_is_that_of_the_numbers_one_by_one() {
        for end in [1, 9, 10, 11, 100, 1_234, 100_001] {
            let all: usize = (0..end).map(count).sum();
            let exact = all as f64 / end as f64;
            assert!((mean(end) - exact).abs() < 1e-9, "{end}: {} for {exact}", mean(end));
        }
        assert!((mean(0) - 1.0).abs() < 1e-9);
        assert!((19.0..20.0).contains(&mean(u64::MAX)));
    }

    #[test]
    fn only_digits_are_read() {
        assert_eq!(parse(b""), None);
        assert_eq!(parse(b"-1"), None);
        assert_eq!(parse(b"007"), None);
        assert_eq!(parse(b"18446744073709551616"), None);
    }
}
