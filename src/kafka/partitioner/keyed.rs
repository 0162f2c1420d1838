//! The key's partition: murmur2 as `Utils.murmur2` and `BuiltInPartitioner.partitionForKey` have it.

/// Murmur2 of `key` with Kafka's seed, 32 bits.
#[must_use]
pub fn key_hash(key: &[u8]) -> u32 {
    murmur2::murmur2(key, murmur2::KAFKA_SEED)
}

/// The partition of `key` among `partitions` of them, leaderless ones included. An empty key is a key.
///
/// The hash is masked to 31 bits, not made absolute (`Utils.toPositive`).
///
/// # Panics
/// When `partitions` is 0.
#[must_use]
pub fn partition_for_key(key: &[u8], partitions: u32) -> u32 {
    (key_hash(key) & 0x7fff_ffff) % partitions
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Vectors of Kafka's UtilsTest, franz-go and librdkafka's unit tests.
    #[test]
    fn agrees_with_published_vectors() {
        let vectors: [(&[u8], u32); 9] = [
            (b"", 0x106e_08d9),
            (b"21", 0xc5f2_f8ec),
            (b"abc", 0x1c94_221b),
            (b"foobar", 0xd0e4_7bbe),
            (b"kafka", 0xd067_cf64),
            (b"a-little-bit-long-string", 0xc53b_1da0),
            (b"a-little-bit-longer-string", 0xa768_c9c3),
            (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", 0xfc7d_49cd),
            (b"giberish123456789", 0x8f55_2b0c),
        ];
        for (key, hash) in vectors {
            assert_eq!(key_hash(key), hash, "{}", String::from_utf8_lossy(key));
        }
    }

    #[test]
    fn the_hash_is_masked_not_made_absolute() {
        assert_eq!(partition_for_key(b"foobar", 12), 6);
        assert_eq!(partition_for_key(b"21", 100), 40);
        assert_eq!(partition_for_key(b"", 10), 1);
    }
}
