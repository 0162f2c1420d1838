//! Zstandard: one frame. Cost class: per batch.

use std::io::Cursor;

use ::zstd::{bulk::Compressor, stream::read::Decoder, zstd_safe::compress_bound};

use super::{Codec, CompressionError, compressor::read_all};

/// The library's context, kept from batch to batch.
pub(super) struct Packer(Compressor<'static>);

impl Packer {
    /// `level`: −131,072 to 22; 0 is the library's default, 3.
    pub(super) fn new(level: i32) -> Result<Self, CompressionError> {
        Compressor::new(level)
            .map(Self)
            .map_err(|error| CompressionError::failed(Codec::Zstd, &error))
    }

    /// See [`super::Compressor::replace`]; it writes into room without zeros.
    pub(super) fn pack(
        &mut self,
        body: &[u8],
        out: &mut Vec<u8>,
        start: usize,
    ) -> Result<(), CompressionError> {
        out.truncate(start);
        // With this much room it never fails for want of it.
        out.reserve(compress_bound(body.len()));
        let mut end = Cursor::new(&mut *out);
        end.set_position(end.get_ref().len() as u64);
        let packed = self.0.compress_to_buffer(body, &mut end);
        packed.map(drop).map_err(|error| CompressionError::failed(Codec::Zstd, &error))
    }
}

pub(super) fn unpack(
    bytes: &[u8],
    out: &mut Vec<u8>,
    limit: usize,
) -> Result<(), CompressionError> {
    let decoder = Decoder::with_buffer(bytes);
    let decoder = decoder.map_err(|error| CompressionError::failed(Codec::Zstd, &error))?;
    read_all(Codec::Zstd, decoder.single_frame(), out, limit)
}
