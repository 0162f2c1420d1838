//! Kafka's error codes: their names, what they mean, and whether trying again can help.
//!
//! Cost class: per request. The classes are those of Kafka's exceptions (`RetriableException`,
//! `InvalidMetadataException`). What a producer does about an error is decided elsewhere.

use core::fmt;

/// An error code as on the wire; 0 is no error, and a code we don't know stays what it is.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ErrorCode(pub i16);

/// Whether trying again can help, as a row of the table says it.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Class {
    /// Not an error that goes away.
    Final,
    /// May go away by itself.
    Retriable,
    /// May go away, once the metadata has been refreshed.
    Stale,
}

macro_rules! codes {
    ($($name:ident = $code:literal $class:ident $meaning:literal;)*) => {
        impl ErrorCode {
            $(
                #[doc = $meaning]
                pub const $name: Self = Self($code);
            )*

            /// Every code with a name, ascending.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Kafka's name, such as `NOT_LEADER_OR_FOLLOWER`; `UNKNOWN` for a code we don't know.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                    _ => "UNKNOWN",
                }
            }

            /// What the code means, in a sentence.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self {
                    $(Self::$name => $meaning,)*
                    _ => "The broker sent a code unknown to this client.",
                }
            }

            const fn class(self) -> Class {
                match self {
                    $(Self::$name => Class::$class,)*
                    _ => Class::Final,
                }
            }
        }
    };
}

codes! {
    UNKNOWN_SERVER_ERROR = -1 Final "The broker failed for a reason it does not know.";
    NONE = 0 Final "No error.";
    OFFSET_OUT_OF_RANGE = 1 Final "The offset is outside what the partition holds.";
    CORRUPT_MESSAGE = 2 Retriable "The batch failed its checksum or is malformed.";
    UNKNOWN_TOPIC_OR_PARTITION = 3 Stale
        "The broker doesn't host this topic or partition, or the client may not see it.";
    INVALID_FETCH_SIZE = 4 Final "The fetch size is invalid.";
    LEADER_NOT_AVAILABLE = 5 Stale "The partition has no leader at the moment.";
    NOT_LEADER_OR_FOLLOWER = 6 Stale
        "The broker does not lead this partition, or holds no replica of it.";
    REQUEST_TIMED_OUT = 7 Retriable
        "The request timed out at the broker; whether it took effect is unknown.";
    BROKER_NOT_AVAILABLE = 8 Final "The broker is not available.";
    REPLICA_NOT_AVAILABLE = 9 Stale "The replica is not available.";
    MESSAGE_TOO_LARGE = 10 Final "The batch is larger than the topic's max.message.bytes.";
    STALE_CONTROLLER_EPOCH = 11 Final "The controller moved to another broker.";
    OFFSET_METADATA_TOO_LARGE = 12 Final "The text stored with an offset is too long.";
    NETWORK_EXCEPTION = 13 Stale "The connection broke before a response arrived.";
    COORDINATOR_LOAD_IN_PROGRESS = 14 Retriable "The coordinator is still loading.";
    COORDINATOR_NOT_AVAILABLE = 15 Retriable "The coordinator is not available.";
    NOT_COORDINATOR = 16 Retriable "The broker is not the coordinator.";
    INVALID_TOPIC_EXCEPTION = 17 Final
        "The topic's name is invalid, or the topic may not be written.";
    RECORD_LIST_TOO_LARGE = 18 Final "The batch is larger than the broker's segment size.";
    NOT_ENOUGH_REPLICAS = 19 Retriable
        "Fewer replicas are in sync than min.insync.replicas; nothing was written.";
    NOT_ENOUGH_REPLICAS_AFTER_APPEND = 20 Retriable
        "Written, but to fewer replicas than min.insync.replicas.";
    INVALID_REQUIRED_ACKS = 21 Final "acks is none of -1, 0 and 1.";
    ILLEGAL_GENERATION = 22 Final "The group's generation is not the current one.";
    UNKNOWN_MEMBER_ID = 25 Final "The group doesn't know this member.";
    TOPIC_AUTHORIZATION_FAILED = 29 Final "The client may not do this with the topic.";
    GROUP_AUTHORIZATION_FAILED = 30 Final "The client may not do this with the group.";
    CLUSTER_AUTHORIZATION_FAILED = 31 Final "The client may not do this with the cluster.";
    INVALID_TIMESTAMP = 32 Final "A record's timestamp is out of the range the topic accepts.";
    UNSUPPORTED_SASL_MECHANISM = 33 Final "The broker does not offer this SASL mechanism.";
    ILLEGAL_SASL_STATE = 34 Final "The request is not valid at this point of the SASL exchange.";
    UNSUPPORTED_VERSION = 35 Final "The broker does not know this version of the API.";
    TOPIC_ALREADY_EXISTS = 36 Final "A topic of this name exists.";
    INVALID_PARTITIONS = 37 Final "The number of partitions is below 1.";
    INVALID_REPLICATION_FACTOR = 38 Final
        "The replication factor is below 1 or above the number of brokers.";
    INVALID_REPLICA_ASSIGNMENT = 39 Final "The replica assignment is invalid.";
    INVALID_CONFIG = 40 Final "A setting is invalid.";
    NOT_CONTROLLER = 41 Retriable "The broker is not the controller.";
    INVALID_REQUEST = 42 Final "The request contradicts itself or the protocol.";
    UNSUPPORTED_FOR_MESSAGE_FORMAT = 43 Final "The topic's message format does not support this.";
    POLICY_VIOLATION = 44 Final "A policy of the cluster forbids this.";
    OUT_OF_ORDER_SEQUENCE_NUMBER = 45 Final
        "The batch's sequence is not the one the broker expects next.";
    DUPLICATE_SEQUENCE_NUMBER = 46 Final "The broker has this batch already.";
    INVALID_PRODUCER_EPOCH = 47 Final "The producer's epoch is older than the broker's.";
    INVALID_TXN_STATE = 48 Final "The transaction is not in a state that allows this.";
    INVALID_PRODUCER_ID_MAPPING = 49 Final
        "The producer id does not belong to this transactional id.";
    INVALID_TRANSACTION_TIMEOUT = 50 Final "The transaction timeout exceeds the broker's limit.";
    CONCURRENT_TRANSACTIONS = 51 Retriable
        "The previous transaction of this producer is still being completed.";
    TRANSACTION_COORDINATOR_FENCED = 52 Final
        "The transaction coordinator was replaced by a newer one.";
    TRANSACTIONAL_ID_AUTHORIZATION_FAILED = 53 Final
        "The client may not use this transactional id.";
    SECURITY_DISABLED = 54 Final "The cluster's security features are switched off.";
    OPERATION_NOT_ATTEMPTED = 55 Final "Not attempted, because another part of the request failed.";
    KAFKA_STORAGE_ERROR = 56 Stale "The broker's disk failed.";
    LOG_DIR_NOT_FOUND = 57 Final "The log directory does not exist.";
    SASL_AUTHENTICATION_FAILED = 58 Final "The credentials were refused.";
    UNKNOWN_PRODUCER_ID = 59 Final "The broker holds nothing of this producer id any more.";
    REASSIGNMENT_IN_PROGRESS = 60 Final "The partition is being reassigned.";
    FETCH_SESSION_ID_NOT_FOUND = 70 Retriable "The broker does not know this fetch session.";
    INVALID_FETCH_SESSION_EPOCH = 71 Retriable "The fetch session's epoch is not the one expected.";
    LISTENER_NOT_FOUND = 72 Stale "The leader has no listener of the kind the client came in by.";
    TOPIC_DELETION_DISABLED = 73 Final "Deleting topics is switched off.";
    FENCED_LEADER_EPOCH = 74 Stale "The client's leader epoch is older than the broker's.";
    UNKNOWN_LEADER_EPOCH = 75 Retriable "The client's leader epoch is newer than the broker's.";
    UNSUPPORTED_COMPRESSION_TYPE = 76 Final "The broker does not know this codec.";
    STALE_BROKER_EPOCH = 77 Final "The broker's epoch is out of date.";
    OFFSET_NOT_AVAILABLE = 78 Retriable "The new leader does not know its high watermark yet.";
    PREFERRED_LEADER_NOT_AVAILABLE = 80 Stale "The preferred leader is not available.";
    FENCED_INSTANCE_ID = 82 Final "Another member took over this group instance id.";
    ELIGIBLE_LEADERS_NOT_AVAILABLE = 83 Stale "No replica may become leader.";
    ELECTION_NOT_NEEDED = 84 Stale "The partition needs no election.";
    INVALID_RECORD = 87 Final "The broker refused a record of the batch.";
    UNSTABLE_OFFSET_COMMIT = 88 Retriable "Offsets are still held by an open transaction.";
    THROTTLING_QUOTA_EXCEEDED = 89 Retriable "A quota is exhausted.";
    PRODUCER_FENCED = 90 Final "A newer producer with the same transactional id took over.";
    UNKNOWN_TOPIC_ID = 100 Stale "The broker does not know this topic id.";
    INCONSISTENT_TOPIC_ID = 103 Stale "The topic id is not the one the broker has for the topic.";
    FETCH_SESSION_TOPIC_ID_ERROR = 106 Retriable "The fetch session's topic ids are inconsistent.";
    TRANSACTION_ABORTABLE = 120 Final "The transaction failed and must be aborted.";
    REBOOTSTRAP_REQUIRED = 129 Final "The client should start again from its bootstrap servers.";
}

impl ErrorCode {
    /// Whether this is [`ErrorCode::NONE`].
    #[must_use]
    pub const fn is_ok(self) -> bool {
        self.0 == 0
    }

    /// `Ok` for no error.
    ///
    /// # Errors
    /// Itself, for any other code.
    pub const fn check(self) -> Result<(), Self> {
        match self.0 {
            0 => Ok(()),
            _ => Err(self),
        }
    }

    /// Whether the same request may succeed later (`RetriableException`).
    #[must_use]
    pub const fn is_retriable(self) -> bool {
        !matches!(self.class(), Class::Final)
    }

    /// Whether the metadata that led to the request is out of date (`InvalidMetadataException`).
    #[must_use]
    pub const fn is_invalid_metadata(self) -> bool {
        matches!(self.class(), Class::Stale)
    }
}

impl fmt::Display for ErrorCode {
    /// The name and the number, such as `NOT_LEADER_OR_FOLLOWER (6)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name(), self.0)
    }
}

impl core::error::Error for ErrorCode {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_ascending_and_each_is_named_once() {
        assert!(ErrorCode::ALL.is_sorted_by(|a, b| a < b));
        for code in ErrorCode::ALL {
            assert_ne!(code.name(), "UNKNOWN", "{}", code.0);
            assert!(code.meaning().ends_with('.'), "{code}");
        }
    }

    #[test]
    fn exactly_these_ask_for_new_metadata() {
        let stale: Vec<i16> =
            ErrorCode::ALL.iter().filter(|c| c.is_invalid_metadata()).map(|c| c.0).collect();
        assert_eq!(stale, [3, 5, 6, 9, 13, 56, 72, 74, 80, 83, 84, 100, 103]);
        assert!(ErrorCode::ALL.iter().all(|c| !c.is_invalid_metadata() || c.is_retriable()));
    }

    #[test]
    fn an_unknown_code_is_final_and_keeps_its_number() {
        let code = ErrorCode(999);
        assert!(!code.is_retriable());
        assert_eq!(code.to_string(), "UNKNOWN (999)");
        assert_eq!(ErrorCode::REQUEST_TIMED_OUT.to_string(), "REQUEST_TIMED_OUT (7)");
        assert_eq!(ErrorCode::NONE.check(), Ok(()));
        assert_eq!(code.check(), Err(code));
    }
}
