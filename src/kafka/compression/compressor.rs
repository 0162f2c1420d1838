//! One face for all codecs. Cost class: per batch.

use std::io::Read;

use super::{Codec, Compression, gzip, lz4, snappy, zstd};

/// Why bytes could not be packed or unpacked.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CompressionError {
    /// The codec has no such level.
    #[error("{} has no level {level}", codec.name())]
    Level {
        /// The codec.
        codec: Codec,
        /// What was asked for.
        level: i32,
    },
    /// The codec's library failed, for want of memory most likely.
    #[error("{} failed: {reason}", codec.name())]
    Failed {
        /// The codec.
        codec: Codec,
        /// The library's words.
        reason: String,
    },
    /// The bytes aren't what this codec writes, or are cut short.
    #[error("not valid {}: {reason}", codec.name())]
    Malformed {
        /// The codec.
        codec: Codec,
        /// What is wrong.
        reason: String,
    },
    /// The bytes would unpack to more than the caller allows.
    #[error("more than {limit} bytes when unpacked")]
    TooLarge {
        /// The caller's limit.
        limit: usize,
    },
}

impl CompressionError {
    pub(super) fn failed(codec: Codec, reason: &dyn ToString) -> Self {
        Self::Failed { codec, reason: reason.to_string() }
    }

    pub(super) fn malformed(codec: Codec, reason: &dyn ToString) -> Self {
        Self::Malformed { codec, reason: reason.to_string() }
    }
}

/// Packs batch after batch with one codec and level; one per worker.
pub struct Compressor {
    compression: Compression,
    state: State,
}

/// What a codec keeps between batches.
enum State {
    None,
    Gzip(Box<gzip::Packer>),
    Snappy(Box<snappy::Packer>),
    Lz4(lz4::Packer),
    Zstd(zstd::Packer),
}

impl core::fmt::Debug for Compressor {
    /// Names the codec; a library's state has nothing to show.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Compressor").field("compression", &self.compression).finish_non_exhaustive()
    }
}

impl Compressor {
    /// Prepares a codec.
    ///
    /// # Errors
    /// When the codec has no such level, or there is no memory for its state.
    pub fn new(compression: Compression) -> Result<Self, CompressionError> {
        let Compression { codec, level } = compression;
        if !codec.accepts_level(level) {
            return Err(CompressionError::Level { codec, level });
        }
        let state = match codec {
            Codec::None => State::None,
            Codec::Gzip => State::Gzip(Box::new(gzip::Packer::new(level))),
            Codec::Snappy => State::Snappy(Box::new(snappy::Packer::new())),
            Codec::Lz4 => State::Lz4(lz4::Packer::new(level)),
            Codec::Zstd => State::Zstd(zstd::Packer::new(level)?),
        };
        Ok(Self { compression, state })
    }

    /// The codec and level it was made for.
    #[must_use]
    pub const fn compression(&self) -> Compression {
        self.compression
    }

    /// Appends `body`, packed, to `out`; [`Codec::None`] copies it.
    ///
    /// # Errors
    /// When the codec's library fails; `out` is then what it was.
    pub fn compress(&mut self, body: &[u8], out: &mut Vec<u8>) -> Result<(), CompressionError> {
        let start = out.len();
        self.pack(body, out, start)
    }

    /// Makes `out` into `body`, packed. What `out` holds is lost, but its length is worth having:
    /// room that was written once need not be filled with zeros for libraries that ask for it.
    ///
    /// # Errors
    /// When the codec's library fails; `out` is then empty.
    pub fn replace(&mut self, body: &[u8], out: &mut Vec<u8>) -> Result<(), CompressionError> {
        self.pack(body, out, 0)
    }

    /// Writes `body`, packed, to `out` from `start` on, over whatever is there.
    fn pack(
        &mut self,
        body: &[u8],
        out: &mut Vec<u8>,
        start: usize,
    ) -> Result<(), CompressionError> {
        let done = match &mut self.state {
            State::None => {
                out.truncate(start);
                out.extend_from_slice(body);
                Ok(())
            }
            State::Gzip(packer) => packer.pack(body, out, start),
            State::Snappy(packer) => packer.pack(body, out, start),
            State::Lz4(packer) => {
                packer.pack(body, out, start);
                Ok(())
            }
            State::Zstd(packer) => packer.pack(body, out, start),
        };
        if done.is_err() {
            out.truncate(start);
        }
        done
    }
}

/// Makes room for `len` bytes from `start` on; what was written there before stays.
pub(super) fn reach(out: &mut Vec<u8>, start: usize, len: usize) {
    let end = start + len;
    if out.len() < end {
        out.resize(end, 0);
    }
}

/// Appends `body`, packed, to `out`. For one batch; for many keep a [`Compressor`].
///
/// # Errors
/// As [`Compressor::new`] and [`Compressor::compress`].
pub fn compress(
    compression: Compression,
    body: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), CompressionError> {
    Compressor::new(compression)?.compress(body, out)
}

/// Appends `bytes`, unpacked, to `out`: at most `limit` bytes, however small the input. Snappy is
/// read with and without xerial's framing, as some clients write it raw.
///
/// # Errors
/// When the bytes make no sense or would become more than `limit`; `out` is then what it was.
pub fn decompress(
    codec: Codec,
    bytes: &[u8],
    out: &mut Vec<u8>,
    limit: usize,
) -> Result<(), CompressionError> {
    let start = out.len();
    let done = match codec {
        Codec::None => read_all(codec, bytes, out, limit),
        Codec::Gzip => gzip::unpack(bytes, out, limit),
        Codec::Snappy => snappy::unpack(bytes, out, limit),
        Codec::Lz4 => lz4::unpack(bytes, out, limit),
        Codec::Zstd => zstd::unpack(bytes, out, limit),
    };
    if done.is_err() {
        out.truncate(start);
    }
    done
}

/// Appends what `reader` gives, up to `limit` bytes.
pub(super) fn read_all(
    codec: Codec,
    reader: impl Read,
    out: &mut Vec<u8>,
    limit: usize,
) -> Result<(), CompressionError> {
    // One more than allowed tells "just enough" from "too much".
    let most = (limit as u64).saturating_add(1);
    let read = reader.take(most).read_to_end(out);
    let read = read.map_err(|error| CompressionError::malformed(codec, &error))?;
    match read > limit {
        true => Err(CompressionError::TooLarge { limit }),
        false => Ok(()),
    }
}
