//! The APIs spoken here, and in which versions. Cost class: per request.

use core::ops::RangeInclusive;

macro_rules! apis {
    ($(
        $(#[$doc:meta])*
        $name:ident = $code:literal, versions $versions:expr, flexible $flex:literal;
    )*) => {
        /// A Kafka API, named as in Kafka's `ApiKeys`.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub enum ApiKey {
            $($(#[$doc])* $name = $code,)*
        }

        impl ApiKey {
            /// All of them, by ascending code.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The number on the wire.
            #[must_use]
            pub const fn code(self) -> i16 {
                self as i16
            }

            /// The API with this number, `None` for one that isn't spoken here.
            #[must_use]
            pub const fn from_code(code: i16) -> Option<Self> {
                match code {
                    $($code => Some(Self::$name),)*
                    _ => None,
                }
            }

            /// Kafka's name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                }
            }

            /// The versions read and written here; a client picks the highest that the broker
            /// knows too.
            #[must_use]
            pub const fn client_versions(self) -> RangeInclusive<i16> {
                match self {
                    $(Self::$name => $versions,)*
                }
            }

            /// The first flexible version: compact lengths and tagged fields (KIP-482).
            #[must_use]
            pub const fn flexible_from(self) -> i16 {
                match self {
                    $(Self::$name => $flex,)*
                }
            }
        }
    };
}

apis! {
    /// Appends record batches.
    Produce = 0, versions 3..=13, flexible 9;
    /// Reads record batches.
    Fetch = 1, versions 4..=16, flexible 12;
    /// The first or last offset of a partition, or the one at a time.
    ListOffsets = 2, versions 1..=10, flexible 6;
    /// Brokers, topics and the leaders of their partitions.
    Metadata = 3, versions 1..=13, flexible 9;
    /// What the broker speaks; the first request of a connection.
    ApiVersions = 18, versions 0..=4, flexible 3;
    /// Creates topics.
    CreateTopics = 19, versions 2..=7, flexible 5;
    /// Deletes topics.
    DeleteTopics = 20, versions 1..=6, flexible 4;
    /// A producer id and epoch for idempotence.
    InitProducerId = 22, versions 0..=5, flexible 2;
    /// The settings of a topic or broker.
    DescribeConfigs = 32, versions 1..=4, flexible 4;
    /// The brokers of the cluster and its id.
    DescribeCluster = 60, versions 0..=2, flexible 0;
}

impl ApiKey {
    /// Whether `version` has compact lengths and tagged fields.
    #[must_use]
    pub const fn is_flexible(self, version: i16) -> bool {
        version >= self.flexible_from()
    }

    /// The version to speak with a peer that knows `min` to `max`: the highest that both know.
    #[must_use]
    pub fn common_version(self, min: i16, max: i16) -> Option<i16> {
        let ours = self.client_versions();
        let version = max.min(*ours.end());
        (version >= min.max(*ours.start())).then_some(version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_come_back() {
        for &api in ApiKey::ALL {
            assert_eq!(ApiKey::from_code(api.code()), Some(api));
        }
        assert_eq!(ApiKey::from_code(11), None);
        assert_eq!(ApiKey::from_code(-1), None);
    }

    #[test]
    fn the_common_version_is_the_highest_of_both() {
        assert_eq!(ApiKey::Produce.common_version(0, 9), Some(9));
        assert_eq!(ApiKey::Produce.common_version(3, 99), Some(13));
        assert_eq!(ApiKey::Produce.common_version(0, 2), None);
        assert_eq!(ApiKey::Produce.common_version(14, 20), None);
    }
}
