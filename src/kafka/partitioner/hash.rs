//! The hashes by which clients map keys to partitions. Cost class: per record; no allocation.
//!
//! Two clients that share a topic must agree on one of these, or records of one key end in two
//! partitions. Java and franz-go use murmur2, librdkafka's default (and so Python, Go and .NET)
//! CRC-32, Sarama FNV-1a.

use crc_fast::CrcAlgorithm;

use super::keyed::partition_for_key;

/// How a key's bytes become a partition.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyHash {
    /// Murmur2 with Kafka's seed, masked to 31 bits: Java's, librdkafka's `murmur2`.
    Murmur2,
    /// CRC-32 as zlib has it (IEEE), unsigned: librdkafka's `consistent`.
    Crc32,
    /// FNV-1a, 32 bits, as a signed number made absolute: librdkafka's `fnv1a`, Sarama's
    /// `NewHashPartitioner`.
    Fnv1a,
    /// FNV-1a, 32 bits, masked to 31: Sarama's `NewReferenceHashPartitioner`.
    Fnv1aMasked,
}

impl KeyHash {
    /// The partition of `key` among `partitions` of them, leaderless ones included.
    ///
    /// # Panics
    /// When `partitions` is 0.
    #[must_use]
    pub fn partition(self, key: &[u8], partitions: u32) -> u32 {
        match self {
            Self::Murmur2 => partition_for_key(key, partitions),
            Self::Crc32 => crc32(key) % partitions,
            // Sarama takes the remainder first and negates it then, librdkafka the other way round:
            // the results are equal.
            Self::Fnv1a => fnv1a(key).cast_signed().unsigned_abs() % partitions,
            Self::Fnv1aMasked => (fnv1a(key) & 0x7fff_ffff) % partitions,
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the library gives 32 bits in 64")]
fn crc32(bytes: &[u8]) -> u32 {
    crc_fast::checksum(CrcAlgorithm::Crc32IsoHdlc, bytes) as u32
}

/// FNV-1a of 32 bits (Fowler, Noll, Vo).
fn fnv1a(bytes: &[u8]) -> u32 {
    let step = |hash: u32, byte: &u8| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
    bytes.iter().fold(0x811c_9dc5, step)
}

#[cfg(test)]
mod tests {
    use super::super::keyed::key_hash;
    use super::*;

    /// Key, then its partition among 7, 10, 12 and 17 by CRC-32, FNV-1a and masked FNV-1a, with the
    /// bare hashes of the first two in front. Made from librdkafka's and Sarama's rules; those of
    /// librdkafka's own unit tests and of its test 0048 are among them.
    type Row = (&'static str, u32, [u32; 4], u32, [u32; 4], [u32; 4]);
    #[rustfmt::skip]
    const OTHERS: [Row; 23] = [
        ("", 0x0000_0000, [0, 0, 0, 0], 0x811c_9dc5, [2, 5, 3, 0], [0, 3, 5, 9]),
        ("1", 0x83dc_efb7, [2, 3, 11, 8], 0x340c_a71c, [2, 4, 4, 4], [2, 4, 4, 4]),
        ("21", 0xfd77_46b4, [6, 2, 4, 10], 0x8cf2_97ec, [3, 2, 0, 14], [6, 6, 8, 12]),
        ("4", 0xf3b6_1b38, [1, 8, 4, 15], 0x310c_a263, [1, 7, 7, 16], [1, 7, 7, 16]),
        ("34", 0x9406_837a, [1, 2, 2, 16], 0x8bf0_57c2, [5, 6, 10, 4], [4, 2, 10, 5]),
        ("234", 0x0d71_7969, [2, 7, 1, 12], 0x2dea_3cd2, [4, 4, 6, 5], [4, 4, 6, 5]),
        ("1234", 0x9be3_e0a3, [2, 9, 7, 4], 0xfdc4_22fd, [6, 5, 3, 13], [3, 3, 5, 13]),
        ("abc", 0x3524_41c2, [5, 8, 6, 8], 0x1a47_e90b, [5, 1, 11, 1], [5, 1, 11, 1]),
        ("key", 0x8a90_aba9, [5, 7, 1, 10], 0x6815_c86c, [4, 8, 4, 8], [4, 8, 4, 8]),
        ("kafka", 0x5bbc_7517, [6, 9, 11, 11], 0x0d33_c4e1, [4, 5, 5, 9], [4, 5, 5, 9]),
        ("foobar", 0x9ef6_1f95, [6, 9, 5, 6], 0xbf9c_f968, [4, 6, 0, 15], [5, 2, 8, 11]),
        ("hejsan", 0xd077_037e, [3, 6, 6, 14], 0xe84e_1d86, [3, 8, 2, 4], [6, 0, 6, 5]),
        ("23456", 0xb1b4_51d7, [5, 3, 11, 7], 0x27e6_f469, [5, 3, 9, 6], [5, 3, 9, 6]),
        ("user-42", 0x7d06_b873, [1, 5, 7, 5], 0x0260_73ab, [6, 9, 3, 10], [6, 9, 3, 10]),
        ("a-little-bit-long-string", 0xee71_cd62, [3, 4, 6, 8], 0xdda3_0828, [1, 4, 4, 11], [1, 4, 4, 15]),
        ("a-little-bit-longer-string", 0x87bf_b12a, [0, 0, 2, 1], 0x2e87_f629, [4, 3, 9, 9], [4, 3, 9, 9]),
        ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", 0xe0ab_b921, [2, 3, 1, 1], 0x1731_f50e, [2, 6, 10, 8], [2, 6, 10, 8]),
        ("giberish123456789", 0x7b3a_8e3f, [2, 1, 11, 12], 0x77a5_8295, [5, 3, 5, 2], [5, 3, 5, 2]),
        ("this is another string with more length to it perhaps", 0xb015_0df7, [6, 7, 7, 15], 0x155e_3e5f, [6, 7, 11, 0], [6, 7, 11, 0]),
        ("PreAmbleWillBeRemoved,ThePrePartThatIs", 0xddcb_a83a, [6, 0, 2, 4], 0x65cb_d69c, [0, 4, 8, 11], [0, 4, 8, 11]),
        ("reAmbleWillBeRemoved,ThePrePartThatIs", 0x6f09_78f7, [2, 7, 7, 11], 0x91b6_3866, [2, 6, 2, 9], [0, 2, 6, 0]),
        ("eAmbleWillBeRemoved,ThePrePartThatIs", 0x0e3b_0c4b, [3, 5, 7, 7], 0x69ee_d356, [6, 0, 10, 11], [6, 0, 10, 11]),
        ("AmbleWillBeRemoved,ThePrePartThatIs", 0xea41_22a0, [2, 8, 4, 0], 0x9543_3fdd, [4, 1, 11, 11], [5, 7, 9, 15]),
    ];

    #[test]
    fn crc32_and_fnv1a_agree_with_librdkafka_and_sarama() {
        for (key, crc, consistent, fnv, hash, reference) in OTHERS {
            let key = key.as_bytes();
            assert_eq!((crc32(key), fnv1a(key)), (crc, fnv), "{key:?}");
            for (at, partitions) in [7, 10, 12, 17].into_iter().enumerate() {
                let of = |hash: KeyHash| hash.partition(key, partitions);
                assert_eq!(of(KeyHash::Crc32), consistent[at], "{key:?} of {partitions}");
                assert_eq!(of(KeyHash::Fnv1a), hash[at], "{key:?} of {partitions}");
                assert_eq!(of(KeyHash::Fnv1aMasked), reference[at], "{key:?} of {partitions}");
            }
        }
    }

    /// librdkafka's unit test states FNV-1a after the negation of negative numbers.
    #[test]
    fn negated_fnv1a_agrees_with_librdkafka_s_unit_test() {
        let expected = [
            ("kafka", 0x0d33_c4e1),
            ("giberish123456789", 0x77a5_8295),
            ("1234", 0x023b_dd03),
            ("234", 0x2dea_3cd2),
            ("34", 0x740f_a83e),
            ("4", 0x310c_a263),
            ("", 0x7ee3_623b),
        ];
        for (key, hash) in expected {
            assert_eq!(fnv1a(key.as_bytes()).cast_signed().unsigned_abs(), hash, "{key}");
        }
    }

    /// Kafka's UtilsTest, librdkafka's unit tests, and keys that aren't text: hash, then the
    /// partition among each of [`COUNTS`].
    const COUNTS: [u32; 10] = [2, 3, 6, 7, 10, 12, 16, 17, 32, 100];
    #[rustfmt::skip]
    const MURMUR2: [(&[u8], u32, [u32; 10]); 32] = [
        (b"", 0x106e_08d9, [1, 0, 3, 2, 1, 9, 9, 11, 25, 81]),
        (b"1", 0x892e_6f8f, [1, 0, 3, 2, 9, 3, 15, 3, 15, 59]),
        (b"21", 0xc5f2_f8ec, [0, 0, 0, 3, 0, 0, 12, 13, 12, 40]),
        (b"4", 0x5a4b_5ca1, [1, 1, 1, 6, 3, 1, 1, 10, 1, 53]),
        (b"34", 0x8739_30da, [0, 0, 0, 6, 0, 6, 10, 7, 26, 70]),
        (b"234", 0xe7c0_09ca, [0, 2, 2, 4, 6, 2, 10, 13, 10, 66]),
        (b"1234", 0x9fc9_7b14, [0, 0, 0, 0, 0, 0, 4, 1, 20, 40]),
        (b"abc", 0x1c94_221b, [1, 0, 3, 4, 7, 3, 11, 16, 27, 7]),
        (b"key", 0xbfa1_76a9, [1, 1, 1, 4, 1, 1, 9, 1, 9, 81]),
        (b"kafka", 0xd067_cf64, [0, 1, 4, 3, 0, 4, 4, 14, 4, 80]),
        (b"foobar", 0xd0e4_7bbe, [0, 0, 0, 0, 6, 6, 14, 9, 30, 66]),
        (b"hejsan", 0x5ec1_9395, [1, 1, 1, 6, 3, 1, 5, 5, 21, 33]),
        (b"23456", 0x858d_780f, [1, 2, 5, 5, 1, 11, 15, 9, 15, 91]),
        (b"user-42", 0x5700_682c, [0, 1, 4, 1, 0, 4, 12, 14, 12, 60]),
        (b"a-little-bit-long-string", 0xc53b_1da0, [0, 2, 2, 1, 2, 8, 0, 11, 0, 12]),
        (b"a-little-bit-longer-string", 0xa768_c9c3, [1, 2, 5, 0, 9, 11, 3, 12, 3, 19]),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", 0xfc7d_49cd, [1, 2, 5, 3, 7, 5, 13, 0, 13, 77]),
        (b"giberish123456789", 0x8f55_2b0c, [0, 2, 2, 5, 0, 8, 12, 2, 12, 20]),
        (b"this is another string with more length to it perhaps", 0xcf77_03da, [0, 2, 2, 1, 4, 2, 10, 11, 26, 34]),
        (b"PreAmbleWillBeRemoved,ThePrePartThatIs", 0x7842_4f1c, [0, 2, 2, 1, 8, 8, 12, 4, 28, 48]),
        (b"reAmbleWillBeRemoved,ThePrePartThatIs", 0x4a62_b377, [1, 2, 5, 6, 5, 11, 7, 11, 23, 55]),
        (b"eAmbleWillBeRemoved,ThePrePartThatIs", 0xe0e4_e09e, [0, 1, 4, 3, 6, 10, 14, 9, 30, 46]),
        (b"AmbleWillBeRemoved,ThePrePartThatIs", 0x62b8_b43f, [1, 0, 3, 3, 5, 3, 15, 15, 31, 35]),
        (&[0x00], 0x1661_97bc, [0, 2, 2, 0, 8, 8, 12, 16, 28, 88]),
        (&[0, 0, 0, 0], 0x32b8_9340, [0, 1, 4, 6, 0, 4, 0, 3, 0, 20]),
        (&[0xff], 0xed6f_615b, [1, 0, 3, 5, 3, 3, 11, 0, 27, 63]),
        (&[0x80, 0x81, 0x82, 0x83], 0x54ab_fd9a, [0, 2, 2, 3, 2, 2, 10, 16, 26, 22]),
        (&[0xff; 8], 0x0b15_60bd, [1, 2, 5, 3, 7, 5, 13, 11, 29, 97]),
        (&[0, 0, 0, 1], 0xf5ae_7e30, [0, 0, 0, 2, 0, 0, 0, 6, 16, 40]),
        (&[0, 0, 0, 0, 0, 0, 0, 0x2a], 0x1e36_1fc0, [0, 1, 4, 6, 2, 4, 0, 1, 0, 52]),
        (&[0xd0, 0xba, 0xd0, 0xbb, 0xd1, 0x8e, 0xd1, 0x87], 0x7e80_6270, [0, 2, 2, 4, 4, 8, 0, 5, 16, 24]),
        (&ALL_BYTES, 0x8bde_9476, [0, 1, 4, 3, 4, 10, 6, 6, 22, 74]),
    ];
    const ALL_BYTES: [u8; 256] = {
        let mut bytes = [0u8; 256];
        let mut at = 0u8;
        while at < u8::MAX {
            bytes[at as usize] = at;
            at += 1;
        }
        bytes[255] = 255;
        bytes
    };

    #[test]
    fn murmur2_agrees_with_java_for_every_kind_of_key() {
        for (key, hash, partitions) in MURMUR2 {
            assert_eq!(key_hash(key), hash, "{key:?}");
            for (count, partition) in COUNTS.into_iter().zip(partitions) {
                assert_eq!(KeyHash::Murmur2.partition(key, count), partition, "{key:?} of {count}");
            }
        }
    }
}
