//! gzip: one RFC 1952 member. Cost class: per batch.

use flate2::{Compress, Compression as Level, FlushCompress, Status, bufread::MultiGzDecoder};

use super::{Codec, CompressionError, compressor::read_all};

/// The largest window, 32 KiB, which zlib uses unless told otherwise.
const WINDOW_BITS: u8 = 15;

/// zlib's state, which takes a quarter of a mebibyte.
pub(super) struct Packer(Compress);

impl Packer {
    /// `level`: −1 for zlib's default, 1 to 9.
    pub(super) fn new(level: i32) -> Self {
        let level = u32::try_from(level).map_or_else(|_| Level::default(), Level::new);
        Self(Compress::new_gzip(level, WINDOW_BITS))
    }

    /// See [`super::Compressor::replace`]; it writes into room without zeros.
    pub(super) fn pack(
        &mut self,
        body: &[u8],
        out: &mut Vec<u8>,
        start: usize,
    ) -> Result<(), CompressionError> {
        out.truncate(start);
        self.0.reset();
        let mut room = body.len() / 2 + 64;
        loop {
            out.reserve(room);
            // What an earlier round took; below the body's length, hence a usize.
            let taken = usize::try_from(self.0.total_in()).expect("no more than was given");
            let status = self.0.compress_vec(&body[taken..], out, FlushCompress::Finish);
            match status.map_err(|error| CompressionError::failed(Codec::Gzip, &error))? {
                Status::StreamEnd => return Ok(()),
                Status::Ok | Status::BufError => room = body.len() / 4 + 4_096,
            }
        }
    }
}

pub(super) fn unpack(
    bytes: &[u8],
    out: &mut Vec<u8>,
    limit: usize,
) -> Result<(), CompressionError> {
    read_all(Codec::Gzip, MultiGzDecoder::new(bytes), out, limit)
}
