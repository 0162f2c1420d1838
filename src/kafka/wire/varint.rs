//! Variable-length integers, seven bits a byte, low bits first.
//!
//! Cost class: per record. Protocol lengths and tags are plain; a record's own fields are
//! zig-zagged first, so that small negative numbers stay short.

/// Most bytes a 64-bit number takes.
pub(crate) const MAX_LEN: usize = 10;
/// The first number that takes more than two bytes.
pub(crate) const TWO_BYTES: u64 = 0x4000;

/// Folds the sign into the lowest bit: 0, −1, 1, −2 become 0, 1, 2, 3.
///
/// The 32-bit zig-zag of a 32-bit number gives the same value, so one function serves both.
#[inline]
pub(crate) const fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

/// Undoes [`zigzag`].
#[inline]
pub(crate) const fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -((value & 1).cast_signed())
}

/// Bytes that `value` takes, 1 to 10.
///
/// Compares first: nearly every field of a record takes one or two bytes, and counting leading
/// zeros is slow on the baseline of x86-64 (five of them were half of a record's time).
#[inline]
pub(crate) const fn len(value: u64) -> usize {
    match value {
        0..0x80 => 1,
        0x80..TWO_BYTES => 2,
        _ => long_len(value),
    }
}

const fn long_len(value: u64) -> usize {
    let bits = 64 - (value | 1).leading_zeros() as usize;
    // Division by seven without dividing; right for every width from 1 to 64.
    (bits * 9 + 64) / 64
}

/// Writes `value` at `at` and returns the position after it.
///
/// # Panics
/// When fewer than [`len`] bytes are left in `buffer`.
#[inline]
pub(crate) fn put(buffer: &mut [u8], at: usize, value: u64) -> usize {
    // Nearly every field of a record takes one or two bytes.
    if value < 0x80 {
        buffer[at] = low_byte(value);
        return at + 1;
    }
    if value < TWO_BYTES {
        buffer[at] = low_byte(value) | 0x80;
        buffer[at + 1] = low_byte(value >> 7);
        return at + 2;
    }
    put_long(buffer, at, value)
}

#[cold]
fn put_long(buffer: &mut [u8], mut at: usize, mut value: u64) -> usize {
    while value >= 0x80 {
        buffer[at] = low_byte(value) | 0x80;
        value >>= 7;
        at += 1;
    }
    buffer[at] = low_byte(value);
    at + 1
}

#[inline]
const fn low_byte(value: u64) -> u8 {
    value.to_le_bytes()[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::wire::Reader;

    fn hex(value: u64) -> String {
        let mut buffer = [0; MAX_LEN];
        let end = put(&mut buffer, 0, value);
        assert_eq!(end, len(value), "{value}");
        buffer[..end].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The values of Kafka's `ByteUtilsTest`.
    const SIGNED: &[(i64, &str)] = &[
        (0, "00"),
        (-1, "01"),
        (1, "02"),
        (63, "7e"),
        (-64, "7f"),
        (64, "8001"),
        (-65, "8101"),
        (8191, "fe7f"),
        (-8192, "ff7f"),
        (8192, "808001"),
        (-8193, "818001"),
        (1_048_575, "feff7f"),
        (1_048_576, "80808001"),
        (134_217_727, "feffff7f"),
        (134_217_728, "8080808001"),
        (i32::MAX as i64, "feffffff0f"),
        (i32::MIN as i64, "ffffffff0f"),
        (17_179_869_183, "feffffff7f"),
        (17_179_869_184, "808080808001"),
        (i64::MAX, "feffffffffffffffff01"),
        (i64::MIN, "ffffffffffffffffff01"),
    ];

    #[test]
    fn signed_numbers_have_kafkas_bytes() {
        for &(value, bytes) in SIGNED {
            assert_eq!(hex(zigzag(value)), bytes, "{value}");
            assert_eq!(unzigzag(zigzag(value)), value);
        }
    }

    #[test]
    fn unsigned_numbers_have_kafkas_bytes() {
        for (value, bytes) in [
            (0, "00"),
            (63, "3f"),
            (64, "40"),
            (8191, "ff3f"),
            (8192, "8040"),
            (1_048_575, "ffff3f"),
            (1_048_576, "808040"),
            (u64::from(i32::MAX.cast_unsigned()), "ffffffff07"),
            (u64::from(u32::MAX), "ffffffff0f"),
            (u64::from(i32::MIN.cast_unsigned()), "8080808008"),
        ] {
            assert_eq!(hex(value), bytes, "{value}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_number_comes_back(value: i64, small in -70_000i64..70_000) {
            for value in [value, small] {
                let mut buffer = [0; MAX_LEN];
                let end = put(&mut buffer, 0, zigzag(value));
                assert_eq!(end, len(zigzag(value)));
                assert_eq!(Reader::new(&buffer[..end]).varlong(), Ok(value));
                if let Ok(narrow) = i32::try_from(value) {
                    assert_eq!(Reader::new(&buffer[..end]).varint(), Ok(narrow));
                }
            }
        }
    }
}
