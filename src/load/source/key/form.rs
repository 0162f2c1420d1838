//! A key's number into bytes. Cost class: per record; nothing is allocated.

use core::fmt;

use super::KeyError;
use crate::base::{fill_words, mix};
use crate::load::source::digits;

/// How a key's number is written.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct KeyForm {
    /// In which form.
    pub kind: KeyType,
    /// In how many bytes; `None`: as many as the form has by itself.
    pub size: Option<u32>,
}

/// The forms of keys.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum KeyType {
    /// `key-` and the number, with zeros in front to the length of the largest, so that all keys of
    /// a run are of one size (of 1,000 keys `key-000` to `key-999`). A size asked for is filled
    /// with zeros; one that is too short for `key-` and all digits has the digits alone.
    #[default]
    Text,
    /// Bytes that look random, 16 unless asked otherwise.
    Bytes,
    /// Four bytes, the most significant first, as Kafka's `IntegerSerializer` writes them.
    Int32,
    /// Eight bytes, the most significant first, as Kafka's `LongSerializer` writes them.
    Int64,
    /// The text as a JSON object: `{"id":"key-000"}`. A size asked for has room for the object and
    /// all digits.
    Json,
}

impl KeyType {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Text, Self::Bytes, Self::Int32, Self::Int64, Self::Json];

    /// What it is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Bytes => "bytes",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::Json => "json",
        }
    }
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl KeyForm {
    /// The largest key that can be asked for, in bytes.
    pub const LARGEST: u32 = 1 << 20;

    /// Bytes of a key, for keys with numbers below `numbers`.
    #[must_use]
    pub fn len(self, numbers: u64) -> u32 {
        let digits = count_digits(numbers);
        let own = match self.kind {
            KeyType::Text => 4 + digits,
            KeyType::Bytes => 16,
            KeyType::Int32 => return 4,
            KeyType::Int64 => return 8,
            KeyType::Json => JSON + 4 + digits,
        };
        self.size.unwrap_or(own)
    }

    /// Whether keys with numbers below `numbers` can be written so.
    pub(super) fn check(self, numbers: u64) -> Result<(), KeyError> {
        let (kind, size) = (self.kind, self.len(numbers));
        if let Some(asked) = self.size.filter(|asked| *asked != size || *asked > Self::LARGEST) {
            return Err(KeyError::Size { kind, size: size.min(Self::LARGEST), asked });
        }
        if kind == KeyType::Json {
            let least = JSON + count_digits(numbers);
            if size < least {
                return Err(KeyError::Short { kind, asked: size, least, numbers });
            }
        }
        let most = match kind {
            // A sequence begins anew there.
            KeyType::Int32 | KeyType::Int64 if numbers == super::SEQUENCE => u64::MAX,
            KeyType::Int32 => 1 << 31,
            KeyType::Int64 => 1 << 63,
            KeyType::Text => ten_to(size),
            KeyType::Json => u64::MAX,
            KeyType::Bytes => 1u64.checked_shl(size * 8).unwrap_or(u64::MAX),
        };
        if numbers > most {
            return Err(KeyError::TooMany { kind, size, most, asked: numbers });
        }
        Ok(())
    }
}

/// Writes numbers into a buffer of its own.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    kind: KeyType,
    buffer: Vec<u8>,
    /// Bytes of a key.
    len: usize,
    /// Where the digits stand.
    digits: core::ops::Range<usize>,
}

impl Writer {
    /// Of numbers below `numbers`, in a form that was checked.
    pub(super) fn new(form: KeyForm, numbers: u64) -> Self {
        let len = form.len(numbers) as usize;
        let (before, after): (&[u8], &[u8]) =
            if form.kind == KeyType::Json { (b"{\"id\":\"", b"\"}") } else { (b"", b"") };
        let mut buffer = before.to_vec();
        let room = len.saturating_sub(before.len() + after.len());
        if room >= PREFIX.len() + digits::count(numbers.saturating_sub(1)) {
            buffer.extend_from_slice(PREFIX);
        }
        let digits = buffer.len()..len.saturating_sub(after.len()).max(buffer.len());
        buffer.resize(digits.end, b'0');
        buffer.extend_from_slice(after);
        // Random bytes are written in whole words.
        buffer.resize(len.next_multiple_of(8).max(8), 0);
        Self { kind: form.kind, buffer, len, digits }
    }

    /// The key with this number.
    pub(super) fn write(&mut self, number: u64) -> &[u8] {
        match self.kind {
            KeyType::Text | KeyType::Json => {
                digits::write_padded(number, &mut self.buffer[self.digits.clone()]);
            }
            KeyType::Bytes => self.write_bytes(number),
            // A sequence stays positive.
            KeyType::Int32 => {
                let [.., a, b, c, d] = (number & 0x7fff_ffff).to_be_bytes();
                self.buffer[..4].copy_from_slice(&[a, b, c, d]);
            }
            KeyType::Int64 => self.buffer[..8].copy_from_slice(&number.to_be_bytes()),
        }
        &self.buffer[..self.len]
    }

    /// Different numbers, different bytes: the first eight are a bijection of the number, and so
    /// are as many as there are of a number that fits them.
    fn write_bytes(&mut self, number: u64) {
        if self.len < 8 {
            let scattered = number.wrapping_mul(ODD).to_le_bytes();
            self.buffer[..self.len].copy_from_slice(&scattered[..self.len]);
            return;
        }
        let word = mix(number ^ ODD);
        fill_words(word, self.len, &mut self.buffer);
        self.buffer[..8].copy_from_slice(&word.to_be_bytes());
    }
}

/// Digits of the largest of so many numbers.
fn count_digits(numbers: u64) -> u32 {
    u32::try_from(digits::count(numbers.saturating_sub(1))).expect("20 at most")
}

fn ten_to(digits: u32) -> u64 {
    10u64.checked_pow(digits).unwrap_or(u64::MAX)
}

/// What stands before a key's digits.
pub(super) const PREFIX: &[u8] = b"key-";
/// Bytes of the JSON around a text.
const JSON: u32 = 9;
/// Odd, so that multiplication by it is a bijection of the low bytes, however few.
const ODD: u64 = 0x9e37_79b9_7f4a_7c15;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn key(kind: KeyType, size: Option<u32>, numbers: u64, number: u64) -> Vec<u8> {
        let form = KeyForm { kind, size };
        assert_eq!(form.check(numbers), Ok(()));
        let key = Writer::new(form, numbers).write(number).to_vec();
        assert_eq!(key.len(), form.len(numbers) as usize);
        key
    }

    /// Pinned: other bytes would send keys to other partitions.
    #[test]
    fn each_form_has_its_bytes() {
        use KeyType::{Bytes, Int32, Int64, Json, Text};
        assert_eq!(key(Text, None, 1_000, 7), b"key-007");
        assert_eq!(key(Text, None, 1, 0), b"key-0");
        assert_eq!(key(Text, Some(12), 1_000, 7), b"key-00000007");
        assert_eq!(key(Text, Some(7), 1_000, 7), b"key-007");
        assert_eq!(key(Text, Some(6), 1_000, 7), b"000007");
        assert_eq!(key(Text, Some(3), 1_000, 7), b"007");
        assert_eq!(key(Json, None, 1_000, 7), br#"{"id":"key-007"}"#);
        assert_eq!(key(Json, Some(13), 1_000, 7), br#"{"id":"0007"}"#);
        // Kafka's IntegerSerializer and LongSerializer.
        assert_eq!(key(Int32, None, 1 << 31, 0x0102_0304), [1, 2, 3, 4]);
        assert_eq!(key(Int32, Some(4), 5, 3), [0, 0, 0, 3]);
        assert_eq!(key(Int64, None, 1 << 40, 0x01_0203_0405), [0, 0, 0, 1, 2, 3, 4, 5]);
        let bytes = [226, 32, 168, 57, 123, 29, 205, 175, 76, 104, 164, 96, 248, 150, 143, 180];
        assert_eq!(key(Bytes, None, 1_000, 0), bytes);
        assert_eq!(key(Bytes, Some(3), 1_000, 1), [0x15, 0x7c, 0x4a]);
        // Beyond its numbers a sequence begins anew.
        assert_eq!(key(Text, None, super::super::SEQUENCE, 3), b"key-000000000003");
        assert_eq!(key(Int32, None, super::super::SEQUENCE, (1 << 31) + 5), [0, 0, 0, 5]);
    }

    #[test]
    fn different_numbers_have_different_bytes() {
        for size in [2, 3, 8, 9, 16, 100] {
            let form = KeyForm { kind: KeyType::Bytes, size: Some(size) };
            let mut writer = Writer::new(form, 65_536);
            let keys: BTreeSet<_> = (0..65_536).map(|n| writer.write(n).to_vec()).collect();
            assert_eq!(keys.len(), 65_536, "{size}");
        }
    }

    #[test]
    fn a_form_has_room_for_its_numbers_or_says_so() {
        let check = |kind, size, numbers| KeyForm { kind, size }.check(numbers).is_ok();
        assert!(check(KeyType::Bytes, Some(1), 256) && !check(KeyType::Bytes, Some(1), 257));
        assert!(check(KeyType::Json, Some(10), 10) && !check(KeyType::Json, Some(10), 11));
        assert!(!check(KeyType::Json, Some(9), 2) && !check(KeyType::Int64, Some(4), 2));
        assert!(!check(KeyType::Text, Some((1 << 20) + 1), 2));
        assert!(!check(KeyType::Json, Some(5), 1) && !check(KeyType::Json, Some(9), 1));
        let short = KeyForm { kind: KeyType::Json, size: Some(11) }.check(1_000).unwrap_err();
        assert_eq!(
            short.to_string(),
            "1000 different json keys have 12 bytes or more each, not 11"
        );
    }

    proptest! {
        #[test]
        fn what_is_called_json_is_json(
            size in prop::option::of(0u32..40),
            numbers in 1u64..2_000,
            number in any::<u64>(),
        ) {
            let form = KeyForm { kind: KeyType::Json, size };
            prop_assume!(form.check(numbers).is_ok());
            let number = number % numbers;
            let key = Writer::new(form, numbers).write(number).to_vec();
            prop_assert_eq!(u32::try_from(key.len()).unwrap(), form.len(numbers));
            let json: serde_json::Value = serde_json::from_slice(&key).unwrap();
            let id = json["id"].as_str().unwrap();
            let digits = id.strip_prefix("key-").unwrap_or(id);
            prop_assert_eq!(digits.parse::<u64>().unwrap(), number);
        }
    }
}
