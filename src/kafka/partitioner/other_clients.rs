//! librdkafka's and Sarama's partitioners, so that a migration from or to them can be measured.
//!
//! Cost class: per record; no allocation. "Available" is a partition with a leader here; librdkafka
//! also wants a connection to it, which shows only while a broker is down.

use super::draw::{TimedDraw, among_led, with_second_draw};
use super::{KeyHash, Leaders, PartitionerKind};
use crate::base::{Instant, Rng};

use core::time::Duration;

/// One topic's partitioner of another client.
#[derive(Clone, Copy, Debug)]
pub struct OtherClient {
    /// `None`: keys don't matter.
    hash: Option<KeyHash>,
    keyless: Keyless,
    /// An empty key counts as none.
    empty_is_keyless: bool,
}

/// Where records without a key go.
#[derive(Clone, Copy, Debug)]
enum Keyless {
    /// Where an empty key would go.
    AsEmpty,
    /// Anywhere, for a time.
    Timed(TimedDraw),
    /// Anywhere, each anew.
    Random,
}

impl OtherClient {
    /// The partitioner of that kind; `None` for Java's. `linger` is `linger.ms`, from which
    /// librdkafka derives how long a random choice is kept.
    #[must_use]
    pub fn new(kind: PartitionerKind, linger: Duration) -> Option<Self> {
        use PartitionerKind as Kind;
        let timed = Keyless::Timed(TimedDraw::beside(linger));
        let (hash, keyless) = match kind {
            Kind::BuiltIn | Kind::RoundRobin | Kind::UniformSticky | Kind::LegacyDefault => {
                return None;
            }
            Kind::RdkafkaRandom => (None, timed),
            Kind::RdkafkaConsistent => (Some(KeyHash::Crc32), Keyless::AsEmpty),
            Kind::RdkafkaConsistentRandom => (Some(KeyHash::Crc32), timed),
            Kind::RdkafkaMurmur2 => (Some(KeyHash::Murmur2), Keyless::AsEmpty),
            Kind::RdkafkaMurmur2Random => (Some(KeyHash::Murmur2), timed),
            Kind::RdkafkaFnv1a => (Some(KeyHash::Fnv1a), Keyless::AsEmpty),
            Kind::RdkafkaFnv1aRandom => (Some(KeyHash::Fnv1a), timed),
            Kind::SaramaHash => (Some(KeyHash::Fnv1a), Keyless::Random),
            Kind::SaramaReferenceHash => (Some(KeyHash::Fnv1aMasked), Keyless::Random),
        };
        let empty_is_keyless = kind == Kind::RdkafkaConsistentRandom;
        Some(Self { hash, keyless, empty_is_keyless })
    }

    /// The partition that the key alone decides; `None` where it doesn't.
    ///
    /// # Panics
    /// When `partitions` is 0.
    #[must_use]
    pub fn by_key(&self, key: Option<&[u8]>, partitions: u32) -> Option<u32> {
        let hash = self.hash?;
        match key {
            Some(key) if !(self.empty_is_keyless && key.is_empty()) => {
                Some(hash.partition(key, partitions))
            }
            _ if matches!(self.keyless, Keyless::AsEmpty) => Some(hash.partition(b"", partitions)),
            _ => None,
        }
    }

    /// Draws for a record whose key decides nothing; `None` without partitions.
    pub fn draw(
        &mut self,
        key: Option<&[u8]>,
        leaders: Leaders<'_>,
        now: Instant,
        rng: &mut Rng,
    ) -> Option<u32> {
        match &mut self.keyless {
            Keyless::Timed(draw) if key.is_none_or(<[u8]>::is_empty) => {
                draw.next(leaders, now, rng)
            }
            Keyless::Timed(_) => with_second_draw(leaders, rng),
            Keyless::AsEmpty | Keyless::Random => among_led(leaders, rng),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::leaders::tests::topic;
    use super::*;

    /// Partitions of 17 by librdkafka's test 0048: no key, "", three keys; 99 is anything.
    #[test]
    fn librdkafka_s_own_test_of_its_partitioners_holds() {
        use PartitionerKind as Kind;
        let keys: [Option<&[u8]>; 5] = [
            None,
            Some(b""),
            Some(b"23456"),
            Some(b"this is another string with more length to it perhaps"),
            Some(b"hejsan"),
        ];
        const ANY: u32 = 99;
        let expected = [
            (Kind::RdkafkaRandom, [ANY, ANY, ANY, ANY, ANY]),
            (Kind::RdkafkaConsistent, [0, 0, 7, 15, 14]),
            (Kind::RdkafkaConsistentRandom, [ANY, ANY, 7, 15, 14]),
            (Kind::RdkafkaMurmur2, [11, 11, 9, 11, 5]),
            (Kind::RdkafkaMurmur2Random, [ANY, 11, 9, 11, 5]),
            (Kind::RdkafkaFnv1a, [0, 0, 6, 0, 4]),
            (Kind::RdkafkaFnv1aRandom, [ANY, 0, 6, 0, 4]),
        ];
        let mut rng = Rng::new(1);
        for (kind, wanted) in expected {
            let mut client = OtherClient::new(kind, Duration::ZERO).unwrap();
            for (key, wanted) in keys.into_iter().zip(wanted) {
                let fixed = client.by_key(key, 17);
                if wanted != ANY {
                    assert_eq!(fixed, Some(wanted), "{kind:?} {key:?}");
                    continue;
                }
                assert_eq!(fixed, None, "{kind:?} {key:?}");
                let all = topic(&[true; 17]);
                let mut draw = || client.draw(key, all.view(), Instant::ZERO, &mut rng).unwrap();
                let mut draws: Vec<_> = (0..200).map(|_| draw()).collect();
                draws.sort_unstable();
                draws.dedup();
                assert!(draws.len() > 10, "{kind:?} {key:?}: {draws:?}");
            }
        }
    }

    #[test]
    fn sarama_spreads_records_without_a_key_over_partitions_with_a_leader() {
        let mut rng = Rng::new(1);
        for kind in [PartitionerKind::SaramaHash, PartitionerKind::SaramaReferenceHash] {
            let mut client = OtherClient::new(kind, Duration::ZERO).unwrap();
            let some = topic(&[true, false, true]);
            let mut draw = || client.draw(None, some.view(), Instant::ZERO, &mut rng);
            assert!((0..100).all(|_| draw() != Some(1)));
            assert_eq!(client.draw(None, topic(&[]).view(), Instant::ZERO, &mut rng), None);
            assert_eq!(client.by_key(None, 3), None);
            assert!(client.by_key(Some(b""), 3).is_some());
        }
        assert!(OtherClient::new(PartitionerKind::BuiltIn, Duration::ZERO).is_none());
    }
}
