//! Numbers, times and strings at the end of a buffer, without the formatting machinery. Cost class:
//! per record.

use crate::base::Rng;

/// Decimal digits.
pub(super) fn unsigned(mut number: u64, out: &mut Vec<u8>) {
    let mut room = [0; 20];
    let mut at = room.len();
    while number >= 100 {
        at -= 2;
        room[at..at + 2].copy_from_slice(&pair(number % 100));
        number /= 100;
    }
    let last = pair(number);
    let skipped = usize::from(number < 10);
    at -= 2 - skipped;
    room[at..at + 2 - skipped].copy_from_slice(&last[skipped..]);
    out.extend_from_slice(&room[at..]);
}

/// Decimal digits with a minus in front where there is one.
pub(super) fn signed(number: i64, out: &mut Vec<u8>) {
    if number < 0 {
        out.push(b'-');
    }
    unsigned(number.unsigned_abs(), out);
}

/// A number in units of its last decimal, with a point before those.
pub(super) fn fixed(units: i64, decimals: u8, out: &mut Vec<u8>) {
    if decimals == 0 {
        return signed(units, out);
    }
    if units < 0 {
        out.push(b'-');
    }
    let scale = 10u64.pow(decimals.into());
    let units = units.unsigned_abs();
    unsigned(units / scale, out);
    out.push(b'.');
    padded(units % scale, decimals.into(), out);
}

/// The last `width` digits, at most 10, with zeros in front.
fn padded(mut number: u64, width: usize, out: &mut Vec<u8>) {
    let mut room = [b'0'; 10];
    for digit in room.iter_mut().rev().take(width) {
        *digit = DIGITS[(number % 10) as usize];
        number /= 10;
    }
    out.extend_from_slice(&room[10 - width..]);
}

/// `2026-11-23T12:39:44.123Z` of nanoseconds since 1970.
pub(super) fn iso8601(nanos: i64, out: &mut Vec<u8>) {
    date(nanos, out);
    let millis = nanos.div_euclid(1_000_000).rem_euclid(86_400_000).unsigned_abs();
    let seconds = millis / 1_000;
    let mut room = *b"T00:00:00.";
    for (at, number) in [(1, seconds / 3_600), (4, seconds / 60 % 60), (7, seconds % 60)] {
        room[at..at + 2].copy_from_slice(&pair(number));
    }
    out.extend_from_slice(&room);
    padded(millis % 1_000, 3, out);
    out.push(b'Z');
}

/// `2026-11-23` of nanoseconds since 1970: years 1677 to 2262. Method: eras of 400 years that begin
/// in March, so that the leap day is the last of its year.
pub(super) fn date(nanos: i64, out: &mut Vec<u8>) {
    let days = nanos.div_euclid(86_400_000_000_000) + DAYS_TO_1970;
    let era = days / DAYS_OF_ERA;
    let day_of_era = days % DAYS_OF_ERA;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = 400 * era + year_of_era + i64::from(month <= 2);
    let mut room = *b"0000-00-00";
    for (at, number) in [(0, year / 100), (2, year % 100), (5, month), (8, day)] {
        room[at..at + 2].copy_from_slice(&pair(number.unsigned_abs()));
    }
    out.extend_from_slice(&room);
}

/// A UUID of version 4 (RFC 9562): 122 bits of these words.
pub(super) fn uuid(high: u64, low: u64, out: &mut Vec<u8>) {
    let high = high & !0xf000 | 0x4000;
    let low = low >> 2 | 1 << 63;
    let [a, b] = halves(high).map(hex8);
    let [c, d] = halves(low).map(hex8);
    let mut room = [b'-'; 36];
    room[..8].copy_from_slice(&a);
    room[9..13].copy_from_slice(&b[..4]);
    room[14..18].copy_from_slice(&b[4..]);
    room[19..23].copy_from_slice(&c[..4]);
    room[24..28].copy_from_slice(&c[4..]);
    room[28..].copy_from_slice(&d);
    out.extend_from_slice(&room);
}

/// So many random hex digits.
pub(super) fn hex(mut count: usize, rng: &mut Rng, out: &mut Vec<u8>) {
    while count > 0 {
        let digits = halves(rng.next_u64()).map(hex8);
        let taken = count.min(16);
        out.extend_from_slice(&digits.as_flattened()[..taken]);
        count -= taken;
    }
}

/// So many random characters of an alphabet of at most 64.
///
/// A word is multiplied by the alphabet's size again and again, each time the part above the word
/// is a character and the rest goes on. Eight characters leave at least 16 bits, so that none is
/// more likely than another by more than 2^-16.
pub(super) fn characters(alphabet: &[u8], mut count: usize, rng: &mut Rng, out: &mut Vec<u8>) {
    while count > 0 {
        let mut word = rng.next_u64();
        let mut room = [0; 8];
        for character in &mut room {
            let product = u128::from(word) * alphabet.len() as u128;
            let place = usize::try_from(product >> 64).expect("below the alphabet's length");
            *character = alphabet[place];
            #[expect(clippy::cast_possible_truncation, reason = "the part below goes on")]
            let rest = product as u64;
            word = rest;
        }
        let taken = count.min(room.len());
        out.extend_from_slice(&room[..taken]);
        count -= taken;
    }
}

/// `10.0.0.0` to `10.255.255.255`: private addresses (RFC 1918), nobody's on the internet.
pub(super) fn ipv4(word: u64, out: &mut Vec<u8>) {
    let [a, b, c, ..] = word.to_le_bytes();
    out.extend_from_slice(b"10");
    for part in [a, b, c] {
        out.push(b'.');
        unsigned(part.into(), out);
    }
}

/// The two halves of a word, the high one first.
#[expect(clippy::cast_possible_truncation, reason = "the low half")]
const fn halves(word: u64) -> [u32; 2] {
    [(word >> 32) as u32, word as u32]
}

/// Eight hex digits at once: every half byte gets a byte, and from 10 on those of letters.
const fn hex8(word: u32) -> [u8; 8] {
    let mut spread = word as u64;
    spread = (spread << 16 | spread) & 0x0000_ffff_0000_ffff;
    spread = (spread << 8 | spread) & 0x00ff_00ff_00ff_00ff;
    spread = (spread << 4 | spread) & 0x0f0f_0f0f_0f0f_0f0f;
    let letters = (spread + 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101;
    (spread + 0x3030_3030_3030_3030 + letters * (b'a' - b'9' - 1) as u64).to_be_bytes()
}

/// Two digits of a number below 100.
const fn pair(number: u64) -> [u8; 2] {
    [DIGITS[(number / 10 % 10) as usize], DIGITS[(number % 10) as usize]]
}

const DIGITS: &[u8; 10] = b"0123456789";
/// From March 1st of the year 0.
const DAYS_TO_1970: i64 = 719_468;
const DAYS_OF_ERA: i64 = 146_097;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn times_are_those_of_the_calendar() {
        for (nanos, iso) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000_000_000, "2000-02-29T00:00:00.000Z"),
            (951_868_799_999_999_999, "2000-02-29T23:59:59.999Z"),
            (1_709_251_199_000_000_000, "2024-02-29T23:59:59.000Z"),
            (4_107_542_400_000_000_000, "2100-03-01T00:00:00.000Z"),
            (1_764_034_784_123_456_789, "2025-11-25T01:39:44.123Z"),
            (i64::MAX, "2262-04-11T23:47:16.854Z"),
            (i64::MIN, "1677-09-21T00:12:43.145Z"),
        ] {
            assert_eq!(text(|out| iso8601(nanos, out)), iso);
            assert_eq!(text(|out| date(nanos, out)), iso[..10]);
        }
    }

    #[test]
    fn identifiers_have_the_shape_of_version_4() {
        assert_eq!(text(|out| uuid(0, 0, out)), "00000000-0000-4000-8000-000000000000");
        assert_eq!(text(|out| uuid(!0, !0, out)), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        let words = (0x0123_4567_89ab_cdef, 0x0000_0123_4567_89ab << 2);
        assert_eq!(text(|out| uuid(words.0, words.1, out)), "01234567-89ab-4def-8000-0123456789ab");
    }

    proptest! {
        #[test]
        fn numbers_are_as_std_writes_them(number: i64, small in 0u64..1_000, word: u32) {
            prop_assert_eq!(text(|out| signed(number, out)), number.to_string());
            prop_assert_eq!(text(|out| unsigned(small, out)), small.to_string());
            prop_assert_eq!(hex8(word).to_vec(), format!("{word:08x}").into_bytes());
        }

        #[test]
        fn decimals_are_as_std_writes_them(units in -1_000_000_000_000i64..1_000_000_000_000) {
            let hundredths = text(|out| fixed(units, 2, out));
            prop_assert_eq!(hundredths, format!("{:.2}", units as f64 / 100.0));
            prop_assert_eq!(text(|out| fixed(units, 0, out)), units.to_string());
        }

        #[test]
        fn strings_have_the_length_and_letters_asked_for(seed: u64, count in 0usize..100) {
            let mut rng = crate::base::Rng::new(seed);
            let digits = text(|out| hex(count, &mut rng, out));
            prop_assert_eq!(digits.len(), count);
            prop_assert!(digits.bytes().all(|digit| b"0123456789abcdef".contains(&digit)));
            let letters = text(|out| characters(b"abc", count, &mut rng, out));
            prop_assert_eq!(letters.len(), count);
            prop_assert!(letters.bytes().all(|letter| b"abc".contains(&letter)));
        }
    }
}
