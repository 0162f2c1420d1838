//! Snappy in the framing of xerial's snappy-java. Cost class: per batch.
//!
//! Sixteen bytes (a magic, version 1, compatible with version 1), then blocks: a big-endian length
//! and a raw Snappy block of at most 32 KiB of input.

use snap::raw::{Decoder, Encoder, decompress_len, max_compress_len};

use super::{Codec, CompressionError, compressor::reach};
use crate::kafka::wire::Reader;

const MAGIC: &[u8; 8] = b"\x82SNAPPY\0";
const HEADER: &[u8; 16] = b"\x82SNAPPY\0\0\0\0\x01\0\0\0\x01";
/// Input bytes of a block.
const BLOCK: usize = 32 * 1024;
/// A Snappy copy makes 64 bytes of 3, so nothing grows by more than this.
const MOST_GROWTH: usize = 22;

/// The encoder's hash table.
pub(super) struct Packer(Encoder);

impl Packer {
    pub(super) fn new() -> Self {
        Self(Encoder::new())
    }

    /// See [`super::Compressor::replace`].
    pub(super) fn pack(
        &mut self,
        body: &[u8],
        out: &mut Vec<u8>,
        start: usize,
    ) -> Result<(), CompressionError> {
        reach(out, start, HEADER.len());
        let mut at = start + HEADER.len();
        out[start..at].copy_from_slice(HEADER);
        for block in body.chunks(BLOCK) {
            let data = at + 4;
            reach(out, data, max_compress_len(block.len()));
            let packed = self.0.compress(block, &mut out[data..]);
            let packed = packed.map_err(|error| CompressionError::failed(Codec::Snappy, &error))?;
            let length = u32::try_from(packed).expect("a block is below 64 KiB");
            out[at..data].copy_from_slice(&length.to_be_bytes());
            at = data + packed;
        }
        out.truncate(at);
        Ok(())
    }
}

pub(super) fn unpack(
    bytes: &[u8],
    out: &mut Vec<u8>,
    limit: usize,
) -> Result<(), CompressionError> {
    let end = out.len().saturating_add(limit);
    if !bytes.starts_with(MAGIC) {
        return unpack_block(bytes, out, end, limit);
    }
    let mut r = Reader::new(bytes);
    let malformed = |error| CompressionError::malformed(Codec::Snappy, &error);
    r.take(HEADER.len()).map_err(malformed)?;
    while r.remaining() > 0 {
        let block = r.bytes(false).map_err(malformed)?.unwrap_or_default();
        unpack_block(block, out, end, limit)?;
    }
    Ok(())
}

/// Appends one raw block to `out`, which may grow up to `end`.
fn unpack_block(
    block: &[u8],
    out: &mut Vec<u8>,
    end: usize,
    limit: usize,
) -> Result<(), CompressionError> {
    let malformed = |error| CompressionError::malformed(Codec::Snappy, &error);
    let length = decompress_len(block).map_err(malformed)?;
    // The length is the peer's claim: held against the limit and what the block could hold.
    if length > end - out.len() {
        return Err(CompressionError::TooLarge { limit });
    }
    if length > block.len().saturating_mul(MOST_GROWTH) {
        let reason = format!("{} bytes can't hold {length}", block.len());
        return Err(CompressionError::malformed(Codec::Snappy, &reason));
    }
    let start = out.len();
    out.resize(start + length, 0);
    Decoder::new().decompress(block, &mut out[start..]).map_err(malformed)?;
    Ok(())
}
