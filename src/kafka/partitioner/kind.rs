//! The partitioners by name: ours, Java's classes, other clients' settings. Cost class: once a run.

/// Who chooses the partition of a record that names none (`partitioner.class`).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum PartitionerKind {
    /// Java since 3.3: murmur2 over keys; sticky and load-aware without one (KIP-794).
    #[default]
    BuiltIn,
    /// Java: every partition in turn, keys or not.
    RoundRobin,
    /// Java 2.4 to 3.9: one partition a batch, keys or not (KIP-480).
    UniformSticky,
    /// Java 2.4 to 3.2: murmur2 over keys, one partition a batch without one (KIP-480).
    LegacyDefault,
    /// librdkafka's `random`.
    RdkafkaRandom,
    /// librdkafka's `consistent`: CRC-32; no key is an empty key.
    RdkafkaConsistent,
    /// librdkafka's default: CRC-32; no key and an empty key are spread.
    RdkafkaConsistentRandom,
    /// librdkafka's `murmur2`: no key is an empty key.
    RdkafkaMurmur2,
    /// librdkafka's `murmur2_random`: Java's partitions for keys; no key is spread.
    RdkafkaMurmur2Random,
    /// librdkafka's `fnv1a`: no key is an empty key.
    RdkafkaFnv1a,
    /// librdkafka's `fnv1a_random`: no key is spread.
    RdkafkaFnv1aRandom,
    /// Sarama's default, `NewHashPartitioner`: FNV-1a; no key is random.
    SaramaHash,
    /// Sarama's `NewReferenceHashPartitioner`: FNV-1a masked as Java masks; no key is random.
    SaramaReferenceHash,
}

/// Where a class of Java's stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct JavaClass {
    name: &'static str,
    /// Whether Kafka 4.0 took it away.
    removed: bool,
}

impl PartitionerKind {
    /// All of them, in the order of the help.
    pub const ALL: [Self; 13] = [
        Self::BuiltIn,
        Self::RoundRobin,
        Self::UniformSticky,
        Self::LegacyDefault,
        Self::RdkafkaRandom,
        Self::RdkafkaConsistent,
        Self::RdkafkaConsistentRandom,
        Self::RdkafkaMurmur2,
        Self::RdkafkaMurmur2Random,
        Self::RdkafkaFnv1a,
        Self::RdkafkaFnv1aRandom,
        Self::SaramaHash,
        Self::SaramaReferenceHash,
    ];

    /// Its short name: `default`, `round-robin`, `rdkafka-consistent-random`, …
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BuiltIn => "default",
            Self::RoundRobin => "round-robin",
            Self::UniformSticky => "uniform-sticky",
            Self::LegacyDefault => "legacy-default",
            Self::RdkafkaRandom => "rdkafka-random",
            Self::RdkafkaConsistent => "rdkafka-consistent",
            Self::RdkafkaConsistentRandom => "rdkafka-consistent-random",
            Self::RdkafkaMurmur2 => "rdkafka-murmur2",
            Self::RdkafkaMurmur2Random => "rdkafka-murmur2-random",
            Self::RdkafkaFnv1a => "rdkafka-fnv1a",
            Self::RdkafkaFnv1aRandom => "rdkafka-fnv1a-random",
            Self::SaramaHash => "sarama-hash",
            Self::SaramaReferenceHash => "sarama-reference-hash",
        }
    }

    /// The partitioner of that short name; `builtin` and `roundrobin` are words for the first two.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "builtin" => Some(Self::BuiltIn),
            "roundrobin" => Some(Self::RoundRobin),
            name => Self::ALL.into_iter().find(|kind| kind.name() == name),
        }
    }

    /// The Java class that does this in the producer's `partitioner.class`; `None` for the default,
    /// which has no class there since 4.0, and for other clients'.
    #[must_use]
    pub fn class(self) -> Option<&'static str> {
        self.java().map(|class| class.name)
    }

    /// The partitioner that a Java class of Kafka's is, those that 4.0 took away among them.
    #[must_use]
    pub fn from_class(class: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.class() == Some(class))
    }

    /// Whether it is a Java class that Kafka 4.0 took away: an application can name it only up to
    /// 3.9.
    #[must_use]
    pub fn removed_in_java(self) -> bool {
        self.java().is_some_and(|class| class.removed)
    }

    const fn java(self) -> Option<JavaClass> {
        const fn class(name: &'static str, removed: bool) -> Option<JavaClass> {
            Some(JavaClass { name, removed })
        }
        match self {
            Self::RoundRobin => {
                class("org.apache.kafka.clients.producer.RoundRobinPartitioner", false)
            }
            Self::UniformSticky => {
                class("org.apache.kafka.clients.producer.UniformStickyPartitioner", true)
            }
            Self::LegacyDefault => {
                class("org.apache.kafka.clients.producer.internals.DefaultPartitioner", true)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_classes_lead_back_to_their_partitioners() {
        for kind in PartitionerKind::ALL {
            assert_eq!(PartitionerKind::from_name(kind.name()), Some(kind));
            if let Some(class) = kind.class() {
                assert_eq!(PartitionerKind::from_class(class), Some(kind));
                assert_eq!(PartitionerKind::from_name(class), None);
            }
        }
        assert_eq!(PartitionerKind::from_name("builtin"), Some(PartitionerKind::BuiltIn));
        assert_eq!(PartitionerKind::from_name("roundrobin"), Some(PartitionerKind::RoundRobin));
        assert_eq!(PartitionerKind::from_name("murmur3"), None);
        assert_eq!(PartitionerKind::from_class("a.B"), None);
        assert!(PartitionerKind::UniformSticky.removed_in_java());
        assert!(!PartitionerKind::RoundRobin.removed_in_java());
    }
}
