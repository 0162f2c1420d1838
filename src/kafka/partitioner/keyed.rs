//! The key's partition: murmur2 as `Utils.murmur2` and `BuiltInPartitioner.partitionForKey` have
//! it.

/// Murmur2 of `key` with Kafka's seed, 32 bits.
#[must_use]
pub fn key_hash(key: &[u8]) -> u32 {
    murmur2::murmur2(key, murmur2::KAFKA_SEED)
}

/// The partition of `key` among `partitions` of them, leaderless ones included. An empty key is a
/// key.
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

    #[test]
    fn the_hash_is_masked_not_made_absolute() {
        assert_eq!(partition_for_key(b"foobar", 12), 6);
        assert_eq!(partition_for_key(b"21", 100), 40);
        assert_eq!(partition_for_key(b"", 10), 1);
    }
}
