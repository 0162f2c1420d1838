//! Texts to numbers and words by the letter of the Java library. Cost class: once per run.
//!
//! What Java reads, this reads: digits of other scripts, hexadecimal doubles, `NaN`, words without
//! case. Compared with Java itself by `tests/java_proof.rs`.

/// `String.trim`: what is at or below U+0020 goes, other white space stays.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches(|c| c <= ' ')
}

/// `Long.parseLong`: an optional sign and digits of any script of the Basic Multilingual Plane.
pub(super) fn integer(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.is_empty() {
        return None;
    }
    digits.chars().try_fold(0_i64, |number, c| {
        let digit = i64::from(digit(c)?);
        let tens = number.checked_mul(10)?;
        if negative { tens.checked_sub(digit) } else { tens.checked_add(digit) }
    })
}

/// `Character.digit(c, 10)`.
fn digit(c: char) -> Option<u32> {
    let code = u32::from(c);
    ZEROS.iter().map(|&zero| code.wrapping_sub(u32::from(zero))).find(|&digit| digit < 10)
}

/// The zeros of all sets of decimal digits that Java 17 knows in 16 bits.
const ZEROS: [u16; 37] = [
    0x0030, 0x0660, 0x06f0, 0x07c0, 0x0966, 0x09e6, 0x0a66, 0x0ae6, 0x0b66, 0x0be6, 0x0c66, 0x0ce6,
    0x0d66, 0x0de6, 0x0e50, 0x0ed0, 0x0f20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80,
    0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0,
    0xff10,
];

/// `Double.parseDouble` of a text without white space around it.
pub(super) fn double(text: &str) -> Option<f64> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    match rest {
        "NaN" => return Some(f64::NAN),
        "Infinity" => return Some(sign * f64::INFINITY),
        _ => {}
    }
    let digits = rest.strip_suffix(['f', 'F', 'd', 'D']).unwrap_or(rest);
    let number = match rest.strip_prefix("0x").or_else(|| rest.strip_prefix("0X")) {
        Some(hexadecimal) => hexadecimal_double(hexadecimal)?,
        // Rust's grammar is Java's, but for a sign, which is gone, and words.
        None if digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') => {
            digits.parse().ok()?
        }
        None => return None,
    };
    Some(sign * number)
}

/// `1.8p3`, with an optional suffix: the exponent, of 2, must be there.
fn hexadecimal_double(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once(['p', 'P'])?;
    let exponent = exponent.strip_suffix(['f', 'F', 'd', 'D']).unwrap_or(exponent);
    let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    if unsigned.is_empty() || !unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // Past 32 bits it is nothing or infinity whatever the digits say.
    let negative = exponent.starts_with('-');
    let exponent = exponent.parse().unwrap_or(if negative { i32::MIN / 2 } else { i32::MAX / 2 });
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut digits = whole.chars().chain(fraction.chars());
    let number = digits.try_fold(0.0, |sum, c| Some(sum * 16.0 + f64::from(c.to_digit(16)?)))?;
    let places = i32::try_from(fraction.len()).ok()?.checked_mul(4)?;
    Some(libm::scalbn(number, exponent.saturating_sub(places)))
}

/// `String.equalsIgnoreCase`.
pub(super) fn same_word(one: &str, other: &str) -> bool {
    let fold = |c: char| {
        let mut upper = c.to_uppercase();
        if upper.len() == 1 { upper.next().unwrap_or(c) } else { c }
    };
    one.chars().map(fold).eq(other.chars().map(fold))
}

/// The elements of a list as `ConfigDef` splits a trimmed text: at commas, with the white space
/// around them that a Java pattern knows. Empty text is an empty list.
pub(super) fn elements(text: &str) -> Vec<&str> {
    const SPACE: [char; 6] = [' ', '\t', '\n', '\u{b}', '\u{c}', '\r'];
    if text.is_empty() {
        return Vec::new();
    }
    let mut elements: Vec<&str> = text.split(',').collect();
    let last = elements.len() - 1;
    for (at, element) in elements.iter_mut().enumerate() {
        if at > 0 {
            *element = element.trim_start_matches(SPACE);
        }
        if at < last {
            *element = element.trim_end_matches(SPACE);
        }
    }
    elements
}

/// Whether a class can have this name: nothing empty between dots, no sign that ends a name, and
/// not `null`, which Kafka's documentation gives as a default.
pub(super) fn is_class_name(text: &str) -> bool {
    let legal = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
    text.split('.').all(|part| {
        part != "null"
            && !part.is_empty()
            && part.chars().all(legal)
            && !part.starts_with(|c: char| c.is_numeric())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_javas() {
        for (text, number) in [
            ("5", 5),
            ("+5", 5),
            ("-0", 0),
            ("007", 7),
            ("\u{665}", 5),
            ("\u{ff11}\u{0967}1", 111),
            ("9223372036854775807", i64::MAX),
            ("-9223372036854775808", i64::MIN),
        ] {
            assert_eq!(integer(text), Some(number), "{text}");
        }
        for text in ["", "+", "-", "+-5", " 5", "5L", "1_0", "9223372036854775808", "\u{1d7d8}"] {
            assert_eq!(integer(text), None, "{text}");
        }
    }

    #[test]
    fn doubles_are_javas() {
        for (text, number) in [
            ("0x1p3", 8.0),
            ("-0x1.8p1f", -3.0),
            ("0X.8P+1", 1.0),
            ("0x1p-99999999999", 0.0),
            ("0x1p99999999999", f64::INFINITY),
            ("1.", 1.0),
            (".5", 0.5),
            ("1e+5D", 1e5),
            ("-Infinity", f64::NEG_INFINITY),
            ("0.8f", 0.8),
        ] {
            assert_eq!(double(text), Some(number), "{text}");
        }
        assert!(double("+NaN").is_some_and(f64::is_nan));
        for text in ["", ".", "inf", "nan", "1e", "1_0", "0x.p1", "0x1", "\u{665}.5", "++1", "f"] {
            assert_eq!(double(text), None, "{text}");
        }
    }

    #[test]
    fn words_lists_and_names_are_javas() {
        assert!(same_word("TRUE", "true") && same_word("fal\u{17f}e", "false"));
        assert!(!same_word("true", "true "));
        assert_eq!(elements(""), Vec::<&str>::new());
        assert_eq!(elements("a , b\u{b},c"), ["a", "b", "c"]);
        assert_eq!(elements("a,,b,"), ["a", "", "b", ""]);
        assert_eq!(elements("a\u{1},b"), ["a\u{1}", "b"]);
        assert!(is_class_name("a.B$C") && is_class_name("\u{e9}"));
        for text in ["", "a b", "a..B", ".a", "a/b", "a.1b", "a,b", "null"] {
            assert!(!is_class_name(text), "{text}");
        }
    }
}
