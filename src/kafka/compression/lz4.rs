//! LZ4 frames (version 1.5.1) as Java's client writes them. Cost class: per batch.
//!
//! The frame is put together here, because the Java reader insists on independent blocks and the
//! frame's descriptor never changes: independent 64 KiB blocks, no checksums, no content size.

use ::lz4::{
    Decoder,
    block::{CompressionMode, compress_to_buffer},
};

use super::{Codec, CompressionError, compressor::reach, compressor::read_all};

/// The frame's magic number.
const MAGIC: [u8; 4] = [0x04, 0x22, 0x4d, 0x18];
/// Magic, flags (version 1, independent blocks), 64 KiB blocks, and the descriptor's checksum.
const PREFIX: [u8; 7] = [0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82];
/// Input bytes of a block.
const BLOCK: usize = 64 * 1024;
/// The bit of a block's length that says the block is stored as it was.
const STORED: u32 = 1 << 31;
/// The flag that says blocks don't look back into earlier ones.
const INDEPENDENT: u8 = 1 << 5;
/// The level at which Java's client takes the fast compressor.
const FAST_LEVEL: i32 = 9;

/// How the blocks are packed.
pub(super) struct Packer(CompressionMode);

impl Packer {
    /// `level`: 9 for the fast compressor, any other of 1 to 17 for the high compressor, whose
    /// own levels end at 12.
    pub(super) const fn new(level: i32) -> Self {
        Self(match level {
            FAST_LEVEL => CompressionMode::DEFAULT,
            _ => CompressionMode::HIGHCOMPRESSION(level),
        })
    }

    /// See [`super::Compressor::replace`].
    pub(super) fn pack(&self, body: &[u8], out: &mut Vec<u8>, start: usize) {
        let mut at = start;
        let blocks = body.len().div_ceil(BLOCK);
        // No block becomes longer than its input and its length field.
        reach(out, at, PREFIX.len() + body.len() + 4 * blocks + 4);
        out[at..at + PREFIX.len()].copy_from_slice(&PREFIX);
        at += PREFIX.len();
        for block in body.chunks(BLOCK) {
            at += self.pack_block(block, &mut out[at..]);
        }
        // The end mark: a block of no length. The room was used before, hence not zero any more.
        out[at..at + 4].fill(0);
        out.truncate(at + 4);
    }

    /// Writes one block with its length and returns the bytes of both.
    fn pack_block(&self, block: &[u8], out: &mut [u8]) -> usize {
        let (field, data) = out.split_at_mut(4);
        let data = &mut data[..block.len()];
        // It fails when the block would not become shorter: then it is stored as it is.
        let packed = compress_to_buffer(block, Some(self.0), false, data).ok();
        let (length, flag) = match packed.filter(|&length| length < block.len()) {
            Some(length) => (length, 0),
            None => {
                data.copy_from_slice(block);
                (block.len(), STORED)
            }
        };
        let length_field = u32::try_from(length).expect("a block is at most 64 KiB") | flag;
        field.copy_from_slice(&length_field.to_le_bytes());
        4 + length
    }
}

pub(super) fn unpack(
    bytes: &[u8],
    out: &mut Vec<u8>,
    limit: usize,
) -> Result<(), CompressionError> {
    let malformed = |reason: &str| CompressionError::malformed(Codec::Lz4, &reason);
    let Some([flags, ..]) = bytes.strip_prefix(&MAGIC) else {
        return Err(malformed("not an LZ4 frame"));
    };
    // Java's reader refuses these, so nobody should believe that they can be read.
    if flags & INDEPENDENT == 0 {
        return Err(malformed("blocks depend on each other"));
    }
    let decoder = Decoder::new(bytes);
    let mut decoder = decoder.map_err(|error| CompressionError::failed(Codec::Lz4, &error))?;
    read_all(Codec::Lz4, &mut decoder, out, limit)?;
    // The decoder takes the end of its input for the end of the frame.
    decoder.finish().1.map_err(|_| malformed("the frame is cut short"))
}
