//! Codecs of record batches. Cost class: per batch.

/// What a batch's records are compressed with; the number is the wire's (attributes bits 0–2).
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[repr(u8)]
pub enum Codec {
    /// Not compressed.
    #[default]
    None = 0,
    /// RFC 1952.
    Gzip = 1,
    /// Snappy blocks in xerial framing.
    Snappy = 2,
    /// An LZ4 frame with independent blocks.
    Lz4 = 3,
    /// One Zstandard frame.
    Zstd = 4,
}

/// A codec and how hard it tries.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Compression {
    /// Which codec.
    pub codec: Codec,
    /// The level in the numbers of Java's `compression.<codec>.level`: gzip −1 or 1 to 9, lz4 1 to
    /// 17 (9 is the fast compressor), zstd −131072 to 22; 0 and without meaning for the others.
    pub level: i32,
}
