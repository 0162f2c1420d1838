//! The 61 bytes before the records of a batch. Cost class: per batch.

use crc_fast::{CrcAlgorithm::Crc32Iscsi, Digest};

use crate::kafka::wire::{Reader, WireError};

/// Bytes of a batch header.
pub const HEADER_LEN: usize = 61;
/// Bytes up to the end of the length field: what a batch's own length does not count.
pub const LENGTH_OFFSET: usize = 12;

/// Where the CRC's coverage begins.
const CRC_FROM: usize = 21;
/// The record format's number.
const MAGIC: i8 = 2;

/// The bits of [`BatchHeader::attributes`].
pub mod attributes {
    /// The codec's number.
    pub const CODEC: i16 = 0b111;
    /// Set when the broker stamps the records.
    pub const LOG_APPEND_TIME: i16 = 1 << 3;
    /// Set in a transaction.
    pub const TRANSACTIONAL: i16 = 1 << 4;
    /// Set on a transaction's markers.
    pub const CONTROL: i16 = 1 << 5;
}

/// A batch header without its length and checksum, which follow from the body.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BatchHeader {
    /// Offset of the first record; 0 from a producer.
    pub base_offset: i64,
    /// The leader's epoch at the append; −1 from a producer. Not covered by the checksum.
    pub partition_leader_epoch: i32,
    /// Codec and flags, see [`attributes`].
    pub attributes: i16,
    /// Records − 1, unless the batch was compacted.
    pub last_offset_delta: i32,
    /// The first record's timestamp, Unix milliseconds.
    pub base_timestamp: i64,
    /// The largest timestamp, Unix milliseconds.
    pub max_timestamp: i64,
    /// −1 without idempotence.
    pub producer_id: i64,
    /// −1 without idempotence.
    pub producer_epoch: i16,
    /// The first record's sequence, −1 without idempotence.
    pub base_sequence: i32,
    /// Records in the body.
    pub record_count: i32,
}

impl BatchHeader {
    /// The header's bytes before `body`, with its length and its CRC-32C in one pass over both.
    ///
    /// # Panics
    /// When the body reaches 2 GiB.
    #[must_use]
    pub fn write(&self, body: &[u8]) -> [u8; HEADER_LEN] {
        let length = i32::try_from(HEADER_LEN - LENGTH_OFFSET + body.len());
        let length = length.expect("a batch is below 2 GiB");
        let mut out = [0; HEADER_LEN];
        let mut at = 0;
        let mut put = |bytes: &[u8]| {
            out[at..at + bytes.len()].copy_from_slice(bytes);
            at += bytes.len();
        };
        put(&self.base_offset.to_be_bytes());
        put(&length.to_be_bytes());
        put(&self.partition_leader_epoch.to_be_bytes());
        put(&MAGIC.to_be_bytes());
        put(&[0; 4]);
        put(&self.attributes.to_be_bytes());
        put(&self.last_offset_delta.to_be_bytes());
        put(&self.base_timestamp.to_be_bytes());
        put(&self.max_timestamp.to_be_bytes());
        put(&self.producer_id.to_be_bytes());
        put(&self.producer_epoch.to_be_bytes());
        put(&self.base_sequence.to_be_bytes());
        put(&self.record_count.to_be_bytes());
        let crc = crc32c(&[&out[CRC_FROM..], body]);
        out[CRC_FROM - 4..CRC_FROM].copy_from_slice(&crc.to_be_bytes());
        out
    }

    /// Reads a header from the first 61 bytes: it, the batch's own length (bytes after
    /// [`LENGTH_OFFSET`], at least 49) and the CRC it claims, which is not checked.
    ///
    /// # Errors
    /// When there are too few bytes, the format is another, or a count is impossible.
    pub fn read(bytes: &[u8]) -> Result<(Self, u32, u32), WireError> {
        let mut r = Reader::new(bytes);
        let base_offset = r.i64()?;
        let length = r.i32()?;
        let partition_leader_epoch = r.i32()?;
        if r.i8()? != MAGIC {
            return Err(WireError::Batch("the format is not version 2"));
        }
        let crc = r.u32()?;
        let header = Self {
            base_offset,
            partition_leader_epoch,
            attributes: r.i16()?,
            last_offset_delta: r.i32()?,
            base_timestamp: r.i64()?,
            max_timestamp: r.i64()?,
            producer_id: r.i64()?,
            producer_epoch: r.i16()?,
            base_sequence: r.i32()?,
            record_count: r.i32()?,
        };
        let length = u32::try_from(length)
            .ok()
            .filter(|&length| length as usize >= HEADER_LEN - LENGTH_OFFSET)
            .ok_or(WireError::Batch("the length is smaller than a header"))?;
        if header.record_count < 0 || header.last_offset_delta < 0 {
            return Err(WireError::Batch("a count is negative"));
        }
        Ok((header, length, crc))
    }

    /// The codec's number in the attributes, 0 to 7.
    #[must_use]
    pub const fn codec_id(&self) -> i16 {
        self.attributes & attributes::CODEC
    }
}

/// Whether `batch`, header and body, has the CRC it claims; false when it is no whole header.
#[must_use]
pub fn verify_crc(batch: &[u8]) -> bool {
    match BatchHeader::read(batch) {
        Ok((_, _, claimed)) => crc32c(&[&batch[CRC_FROM..]]) == claimed,
        Err(_) => false,
    }
}

/// CRC-32C (Castagnoli, RFC 3720) of the parts one after another.
fn crc32c(parts: &[&[u8]]) -> u32 {
    let mut digest = Digest::new(Crc32Iscsi);
    parts.iter().for_each(|part| digest.update(part));
    u32::try_from(digest.finalize()).expect("a 32-bit checksum has 32 bits")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crc_is_castagnolis_in_any_parts() {
        assert_eq!(crc32c(&[b"123456789"]), 0xe306_9283);
        assert_eq!(crc32c(&[b"Some String"]), 608_512_271);
        assert_eq!(crc32c(&[b"Some ", b"", b"String"]), 608_512_271);
        // Beyond the widths at which an implementation switches to folding.
        let long: Vec<u8> = (0..=255).cycle().take(5_000).collect();
        let expected = long.iter().fold(!0u32, |crc, &byte| {
            (0..8).fold(crc ^ u32::from(byte), |crc, _| {
                (crc >> 1) ^ (0x82f6_3b78 & (0u32.wrapping_sub(crc & 1)))
            })
        });
        assert_eq!(crc32c(&[&long[..40], &long[40..]]), !expected);
    }
}
