//! The typed, validated configuration that the engine works with. Cost class: once per run.
//!
//! Invariant: a value made from a user's settings satisfies every range and cross-key rule.

use core::time::Duration;
use std::sync::Arc;

use super::{Backoff, Codec, Compression, HostPort, PartitionerKind};
use crate::kafka::partitioner::KeyRules;

/// How many replicas must have a batch before the broker answers (`acks`).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Acks {
    /// 0: the broker doesn't answer at all.
    None,
    /// 1: the leader has it.
    Leader,
    /// -1, "all": every in-sync replica has it.
    #[default]
    All,
}

impl Acks {
    /// The number in a Produce request.
    #[must_use]
    pub const fn wire(self) -> i16 {
        match self {
            Self::None => 0,
            Self::Leader => 1,
            Self::All => -1,
        }
    }

    /// As people write it: `0`, `1` or `all`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "0",
            Self::Leader => "1",
            Self::All => "all",
        }
    }
}

/// What one producer does, in the engine's own types. One field per key that has an effect.
///
/// Times are whole milliseconds. Ranges are those of Java's 4.3.1 `ProducerConfig`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ProducerConfig {
    /// `bootstrap.servers`: at least one for a run against a cluster; no duplicates.
    pub bootstrap_servers: Vec<HostPort>,
    /// `client.id`: goes into every request header.
    pub client_id: String,
    /// `acks`.
    pub acks: Acks,
    /// `enable.idempotence` after the rules: true only with acks=all, retries > 0 and at most five
    /// requests in flight.
    pub enable_idempotence: bool,
    /// `retries`: re-sends per batch, 0 to 2,147,483,647.
    pub retries: u32,
    /// `max.in.flight.requests.per.connection`: 1 or more; 1 keeps the order of retried batches.
    pub max_in_flight: u32,
    /// `batch.size`: bytes, 1 or more (0, Java's "no batching", has become 1).
    pub batch_size: u32,
    /// `linger.ms`: at most 2,147,483,647 ms.
    pub linger: Duration,
    /// `buffer.memory`: bytes, `batch_size` or more.
    pub buffer_memory: u64,
    /// `max.block.ms`: bound of the wait for metadata plus the wait for buffer memory.
    pub max_block: Duration,
    /// `max.request.size`: bytes of a request, and of one uncompressed record.
    pub max_request_size: u32,
    /// `delivery.timeout.ms` after the rules: from a batch's creation to its outcome; at least
    /// `linger` + `request_timeout`, unless that sum passes 2,147,483,647 ms.
    pub delivery_timeout: Duration,
    /// `request.timeout.ms`: wait for one answer; also the time-out in Produce requests.
    pub request_timeout: Duration,
    /// `compression.type` and the level of that codec.
    pub compression: Compression,
    /// `retry.backoff.ms` and `.max.ms`: between attempts of a batch or of a metadata refresh.
    pub retry_backoff: Backoff,
    /// `reconnect.backoff.ms` and `.max.ms`: between connection attempts to one broker.
    pub reconnect_backoff: Backoff,
    /// `socket.connection.setup.timeout.ms` and `.max.ms`: how long one attempt to connect may
    /// take; grows with consecutive failures like a backoff.
    pub setup_timeout: Backoff,
    /// `metadata.max.age.ms`: metadata is refreshed at least this often.
    pub metadata_max_age: Duration,
    /// `metadata.max.idle.ms`: a topic not produced to for this long is forgotten; 5 s or more.
    pub metadata_max_idle: Duration,
    /// `connections.max.idle.ms`: `None` (a negative number in Java) never closes idle ones.
    pub connections_max_idle: Option<Duration>,
    /// `send.buffer.bytes`: SO_SNDBUF; `None` (-1) leaves the system's default.
    pub send_buffer: Option<u32>,
    /// `receive.buffer.bytes`: SO_RCVBUF; `None` (-1) leaves the system's default.
    pub receive_buffer: Option<u32>,
    /// `partitioner.class`.
    pub partitioner: PartitionerKind,
    /// Rules in the place of `partitioner`; no key of Kafka's, the caller sets them.
    pub key_rules: Option<Arc<KeyRules>>,
    /// `partitioner.adaptive.partitioning.enable`; only the built-in partitioner reads it.
    pub adaptive_partitioning: bool,
    /// `partitioner.availability.timeout.ms`: zero is off; needs `adaptive_partitioning`.
    pub availability_timeout: Duration,
    /// `partitioner.ignore.keys`; only the built-in partitioner reads it.
    pub ignore_keys: bool,
    /// `metadata.recovery.rebootstrap.trigger.ms` (KIP-1102): without usable metadata for this
    /// long, start again from the bootstrap servers. `None`: `metadata.recovery.strategy=none`.
    pub rebootstrap_trigger: Option<Duration>,
    /// `client.dns.lookup`: whether every address of a name is tried. Always true: the other mode,
    /// `resolve_canonical_bootstrap_servers_only`, isn't built and is refused.
    pub use_all_dns_ips: bool,
}

impl ProducerConfig {
    /// The configuration of a Java 4.3.1 producer that was given only its bootstrap servers.
    ///
    /// `client_id` is the caller's, since Java counts producers per process and this crate keeps
    /// no such state: [`ProducerConfig::default_client_id`] gives Java's form.
    #[must_use]
    pub fn java_defaults(bootstrap_servers: Vec<HostPort>, client_id: String) -> Self {
        Self {
            bootstrap_servers,
            client_id,
            acks: Acks::All,
            enable_idempotence: true,
            retries: 2_147_483_647,
            max_in_flight: 5,
            batch_size: 16_384,
            linger: Duration::from_millis(5),
            buffer_memory: 33_554_432,
            max_block: Duration::from_secs(60),
            max_request_size: 1_048_576,
            delivery_timeout: Duration::from_secs(120),
            request_timeout: Duration::from_secs(30),
            compression: Compression { codec: Codec::None, level: 0 },
            retry_backoff: Backoff::from_millis(100, 1_000),
            reconnect_backoff: Backoff::from_millis(50, 1_000),
            setup_timeout: Backoff::from_millis(10_000, 30_000),
            metadata_max_age: Duration::from_secs(300),
            metadata_max_idle: Duration::from_secs(300),
            connections_max_idle: Some(Duration::from_secs(540)),
            send_buffer: Some(131_072),
            receive_buffer: Some(32_768),
            partitioner: PartitionerKind::BuiltIn,
            key_rules: None,
            adaptive_partitioning: true,
            availability_timeout: Duration::ZERO,
            ignore_keys: false,
            rebootstrap_trigger: Some(Duration::from_secs(300)),
            use_all_dns_ips: true,
        }
    }

    /// Java's client id of the `number`-th producer of a process, counted from 1.
    #[must_use]
    pub fn default_client_id(number: u32) -> String {
        format!("producer-{number}")
    }
}

impl Default for ProducerConfig {
    /// Java's defaults, no bootstrap server, client id `producer-1`.
    fn default() -> Self {
        Self::java_defaults(Vec::new(), Self::default_client_id(1))
    }
}
