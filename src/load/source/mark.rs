//! The mark of a record whose value doesn't name it: a header `kprod` of 20 bytes.
//!
//! | bytes | field |
//! |---|---|
//! | 0–3 | the run's tag |
//! | 4–7 | the producer's index |
//! | 8–15 | the record's number within its producer |
//! | 16–19 | CRC-32C over key, value and bytes 0–15 |
//!
//! All numbers are big-endian, as Kafka's are. A null key or value is covered as an empty one.
//! Cost class: per record, where a run is to be verified; nothing is allocated.

use crc_fast::{CrcAlgorithm::Crc32Iscsi, Digest};

/// What a marked record says of itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Mark {
    /// Tells this run's records from those of another.
    pub run: u32,
    /// The worker that made it.
    pub producer: u32,
    /// Its number within that worker, from 0.
    pub number: u64,
}

impl Mark {
    /// The header's name.
    pub const NAME: &str = "kprod";
    /// Bytes of the header's value.
    pub const LEN: usize = 20;
    /// Bytes of name and value: what a mark takes from the size asked for a record.
    pub const SIZE: u32 = 25;

    /// The header's value for a record of this key and value.
    #[must_use]
    pub fn bytes(&self, key: Option<&[u8]>, value: Option<&[u8]>) -> [u8; Self::LEN] {
        let mut out = [0; Self::LEN];
        out[..4].copy_from_slice(&self.run.to_be_bytes());
        out[4..8].copy_from_slice(&self.producer.to_be_bytes());
        out[8..COVERED].copy_from_slice(&self.number.to_be_bytes());
        let checksum = checksum(key, value, &out[..COVERED]);
        out[COVERED..].copy_from_slice(&checksum.to_be_bytes());
        out
    }

    /// Reads a header's value back; `None` when it has another length.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; Self::LEN] = bytes.try_into().ok()?;
        let word = |at: usize| u32::from_be_bytes([0, 1, 2, 3].map(|i| bytes[at + i]));
        let number = u64::from(word(8)) << 32 | u64::from(word(12));
        Some(Self { run: word(0), producer: word(4), number })
    }

    /// Whether `bytes` is the header's value for this key and value, undamaged.
    #[must_use]
    pub fn is_intact(bytes: &[u8], key: Option<&[u8]>, value: Option<&[u8]>) -> bool {
        bytes.len() == Self::LEN
            && bytes[COVERED..] == checksum(key, value, &bytes[..COVERED]).to_be_bytes()
    }
}

fn checksum(key: Option<&[u8]>, value: Option<&[u8]>, fields: &[u8]) -> u32 {
    let mut digest = Digest::new(Crc32Iscsi);
    digest.update(key.unwrap_or_default());
    digest.update(value.unwrap_or_default());
    digest.update(fields);
    u32::try_from(digest.finalize()).expect("a 32-bit checksum has 32 bits")
}

/// Bytes of the fields before the checksum.
const COVERED: usize = 16;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_layout_is_as_documented() {
        let mark = Mark { run: 0x0102_0304, producer: 5, number: 0x0607_0809_0a0b_0c0d };
        let bytes = mark.bytes(Some(b"1234"), Some(b"56789"));
        let fields = [1, 2, 3, 4, 0, 0, 0, 5, 6, 7, 8, 9, 10, 11, 12, 13];
        assert_eq!(bytes[..16], fields);
        let covered = [&b"123456789"[..], &fields].concat();
        let crc = crc_fast::checksum(Crc32Iscsi, &covered);
        assert_eq!(u64::from(u32::from_be_bytes(bytes[16..].try_into().unwrap())), crc);
        assert_eq!(Mark::SIZE as usize, Mark::NAME.len() + Mark::LEN);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            run: u32, producer: u32, number: u64, key: Option<Vec<u8>>, value: Vec<u8>,
        ) {
            let mark = Mark { run, producer, number };
            let bytes = mark.bytes(key.as_deref(), Some(&value));
            prop_assert_eq!(Mark::read(&bytes), Some(mark));
            prop_assert!(Mark::is_intact(&bytes, key.as_deref(), Some(&value)));
        }

        #[test]
        fn a_flipped_bit_is_found(number: u64, at in 0usize..60, bit in 0u8..8) {
            let mark = Mark { run: 1, producer: 2, number };
            let mut key = [3; 10];
            let mut value = [4; 30];
            let mut bytes = mark.bytes(Some(&key), Some(&value));
            let byte = match at {
                0..20 => &mut bytes[at],
                20..30 => &mut key[at - 20],
                _ => &mut value[at - 30],
            };
            *byte ^= 1 << bit;
            prop_assert!(!Mark::is_intact(&bytes, Some(&key), Some(&value)));
        }

        #[test]
        fn any_bytes_never_panic(bytes: Vec<u8>) {
            let _ = Mark::read(&bytes);
            let _ = Mark::is_intact(&bytes, None, None);
        }
    }
}
