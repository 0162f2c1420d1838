//! The codecs of record batches, framed as Kafka's Java client frames them.
//!
//! Cost class: per batch. A [`Compressor`] keeps what its codec's library lets one keep, so that a
//! batch costs no allocation beyond its output's growth; lz4's high levels take their tables anew
//! each time. `benches/codecs.rs` holds it against the libraries called in a loop. What a peer sent
//! is only ever unpacked up to a limit. Frames: one gzip member, snappy blocks of 32 KiB in
//! xerial's framing, one LZ4 frame of independent 64 KiB blocks, one Zstandard frame.

mod compressor;
mod gzip;
mod lz4;
mod snappy;
mod zstd;

#[cfg(test)]
mod tests;

pub use compressor::{CompressionError, Compressor, compress, decompress};

/// A codec, by its number in a batch's attributes.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Codec {
    /// Records as they are.
    #[default]
    None = 0,
    /// RFC 1952.
    Gzip = 1,
    /// Snappy blocks in xerial's framing.
    Snappy = 2,
    /// LZ4 frames.
    Lz4 = 3,
    /// Zstandard; needs Produce version 7 or above (KIP-110).
    Zstd = 4,
}

impl Codec {
    /// All of them, by ascending number.
    pub const ALL: &'static [Self] = &[Self::None, Self::Gzip, Self::Snappy, Self::Lz4, Self::Zstd];

    /// The number in a batch's attributes.
    #[must_use]
    pub const fn id(self) -> i16 {
        self as i16
    }

    /// The codec with this number.
    #[must_use]
    pub const fn from_id(id: i16) -> Option<Self> {
        match id {
            0 => Some(Self::None),
            1 => Some(Self::Gzip),
            2 => Some(Self::Snappy),
            3 => Some(Self::Lz4),
            4 => Some(Self::Zstd),
            _ => None,
        }
    }

    /// What `compression.type` calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Snappy => "snappy",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        }
    }

    /// The codec that `compression.type` calls `name`, in lower case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|codec| codec.name() == name)
    }

    /// The levels it takes; 0 alone where it has none.
    ///
    /// gzip: −1 is zlib's own default. lz4: 9 is the fast compressor, as in Java, every other the
    /// high compressor at that level. zstd: negative ones trade size for speed.
    #[must_use]
    pub const fn levels(self) -> core::ops::RangeInclusive<i32> {
        match self {
            Self::None | Self::Snappy => 0..=0,
            Self::Gzip => -1..=9,
            Self::Lz4 => 1..=17,
            Self::Zstd => -131_072..=22,
        }
    }

    /// Whether `level` is one of its levels: within [`Codec::levels`], and for gzip not 0, which
    /// Java's client refuses as well.
    #[must_use]
    pub fn accepts_level(self, level: i32) -> bool {
        self.levels().contains(&level) && !(self == Self::Gzip && level == 0)
    }

    /// The level that Java's client uses unless told otherwise.
    #[must_use]
    pub const fn default_level(self) -> i32 {
        match self {
            Self::None | Self::Snappy => 0,
            Self::Gzip => -1,
            Self::Lz4 => 9,
            Self::Zstd => 3,
        }
    }
}

/// A codec and how hard it tries.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Compression {
    /// The codec.
    pub codec: Codec,
    /// In the numbers of Java's `compression.<codec>.level`: gzip −1 or 1 to 9, lz4 1 to 17 (9 is
    /// the fast compressor), zstd −131,072 to 22; 0 and without meaning for the others.
    pub level: i32,
}

impl Compression {
    /// A codec at its default level.
    #[must_use]
    pub const fn of(codec: Codec) -> Self {
        Self { codec, level: codec.default_level() }
    }
}
