//! Values that say which record they are: `kprod <producer> <number> <crc32c>`, padded with dots.
//!
//! `number` counts 0, 1, 2, … within its producer, the checksum covers the text `<producer>
//! <number>` in eight lower-case hex digits. A reader of the topic can so tell a lost record from a
//! repeated, a moved or a damaged one, without knowing the run. Cost class: per record; writes into
//! a buffer that is kept.

use crc_fast::CrcAlgorithm;

use super::digits;

/// Reads a value of the sequence source back: producer and number.
///
/// # Errors
/// When the value isn't one, or was damaged.
pub fn parse_sequence(value: &[u8]) -> Result<(u32, u64), SequenceError> {
    let rest = value.strip_prefix(PREFIX).ok_or(SequenceError::Foreign)?;
    let space = rest.iter().position(|&byte| byte == b' ').ok_or(SequenceError::Foreign)?;
    let length =
        rest[space + 1..].iter().position(|&byte| byte == b' ').ok_or(SequenceError::Foreign)?;
    let (covered, rest) = rest.split_at(space + 1 + length);
    let (checksum, padding) = rest[1..].split_at_checked(8).ok_or(SequenceError::Foreign)?;
    if checksum != hex(checksum_of(covered)) || padding.iter().any(|&byte| byte != b'.') {
        return Err(SequenceError::Damaged);
    }
    let producer = digits::parse(&covered[..space]).and_then(|number| u32::try_from(number).ok());
    let number = digits::parse(&covered[space + 1..]);
    producer.zip(number).ok_or(SequenceError::Foreign)
}

/// Why a value couldn't be read as one of the sequence source.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SequenceError {
    /// Not of the form `kprod <producer> <number> <crc32c>`.
    #[error("the value doesn't have the form `kprod <producer> <number> <crc32c>`")]
    Foreign,
    /// Of that form, but checksum or padding are wrong.
    #[error("the value's checksum or padding is wrong: it was damaged")]
    Damaged,
}

/// Writes values of one producer into a buffer of its own.
#[derive(Clone, Debug)]
pub(super) struct SequenceValue {
    /// `kprod <producer> `, then room for the longest number, checksum and padding.
    buffer: Vec<u8>,
    /// Where the number starts.
    number_at: usize,
}

impl SequenceValue {
    /// Of values of up to `largest` bytes.
    pub(super) fn new(producer: u32, largest: usize) -> Self {
        let mut buffer = PREFIX.to_vec();
        buffer.extend_from_slice(producer.to_string().as_bytes());
        buffer.push(b' ');
        let number_at = buffer.len();
        buffer.resize(largest.max(number_at + digits::LONGEST + CHECKSUM_LEN), b'.');
        Self { buffer, number_at }
    }

    /// The longest value, in bytes.
    pub(super) const fn longest(&self) -> usize {
        self.buffer.len()
    }

    /// The value of the producer's record `number`, of `size` bytes or as many as it needs.
    pub(super) fn write(&mut self, number: u64, size: usize) -> &[u8] {
        let covered_end =
            self.number_at + digits::write(number, &mut self.buffer[self.number_at..]);
        let checksum = hex(checksum_of(&self.buffer[PREFIX.len()..covered_end]));
        let end = covered_end + CHECKSUM_LEN;
        self.buffer[covered_end] = b' ';
        self.buffer[covered_end + 1..end].copy_from_slice(&checksum);
        let size = size.max(end);
        self.buffer[end..size].fill(b'.');
        &self.buffer[..size]
    }
}

/// The smallest record size whose values have room for the numbers that a run of `workers`
/// producers can reach: 10¹³ records each, which is 115 days at a million a second.
pub(super) fn smallest_size(workers: u32) -> u32 {
    let producer = workers.saturating_sub(1).to_string().len();
    u32::try_from(PREFIX.len() + producer + 1 + 13 + CHECKSUM_LEN).expect("some dozen bytes")
}

fn checksum_of(covered: &[u8]) -> u32 {
    let crc = crc_fast::checksum(CrcAlgorithm::Crc32Iscsi, covered);
    u32::try_from(crc).expect("a 32-bit checksum fits 32 bits")
}

fn hex(word: u32) -> [u8; 8] {
    let mut shift = 32;
    [(); 8].map(|()| {
        shift -= 4;
        b"0123456789abcdef"[(word >> shift & 0xf) as usize]
    })
}

const PREFIX: &[u8] = b"kprod ";

/// A space and eight hex digits.
const CHECKSUM_LEN: usize = 9;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// CRC-32C of "123456789" is e3069283 in the catalogue of parametrised CRC algorithms
    /// (CRC-32/ISCSI).
    #[test]
    fn the_checksum_is_the_catalogued_one() {
        assert_eq!(checksum_of(b"123456789"), 0xe306_9283);
        assert_eq!(&hex(0xe306_9283), b"e3069283");
        assert_eq!(&hex(0x0000_00a1), b"000000a1");
    }

    #[test]
    fn values_shrink_back_after_a_longer_number() {
        let mut values = SequenceValue::new(3, 40);
        let long = values.write(1_234_567, 40).to_vec();
        let short = values.write(8, 40).to_vec();
        assert_eq!(long.len(), 40);
        assert_eq!(short.len(), 40);
        assert!(long.starts_with(b"kprod 3 1234567 "));
        assert!(short.starts_with(b"kprod 3 8 "));
        assert_eq!(short, SequenceValue::new(3, 40).write(8, 40));
        assert_eq!(parse_sequence(&long), Ok((3, 1_234_567)));
        assert_eq!(parse_sequence(&short), Ok((3, 8)));
    }

    #[test]
    fn other_and_damaged_values_are_told_apart() {
        assert_eq!(parse_sequence(b""), Err(SequenceError::Foreign));
        assert_eq!(parse_sequence(b"hello"), Err(SequenceError::Foreign));
        assert_eq!(parse_sequence(b"kprod 1 2"), Err(SequenceError::Foreign));
        assert_eq!(parse_sequence(b"kprod 1 2 abc"), Err(SequenceError::Foreign));
        assert_eq!(parse_sequence(b"kprod 1 2 00000000"), Err(SequenceError::Damaged));
        let mut value = SequenceValue::new(0, 64).write(77, 64).to_vec();
        *value.last_mut().unwrap() = b'x';
        assert_eq!(parse_sequence(&value), Err(SequenceError::Damaged));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(producer: u32, number: u64, size in 0usize..200) {
            let mut values = SequenceValue::new(producer, size);
            let value = values.write(number, size).to_vec();
            prop_assert!(value.len() >= size);
            prop_assert_eq!(parse_sequence(&value), Ok((producer, number)));
        }

        #[test]
        fn any_bytes_never_panic(value: Vec<u8>) {
            let _ = parse_sequence(&value);
            let _ = parse_sequence(&[PREFIX, &value].concat());
        }

        #[test]
        fn a_flipped_bit_is_found(number: u64, byte in 0usize..60, bit in 0u8..8) {
            let mut value = SequenceValue::new(12, 60).write(number, 60).to_vec();
            value[byte] ^= 1 << bit;
            prop_assert!(parse_sequence(&value).is_err());
        }
    }
}
