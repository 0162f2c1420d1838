//! Keys of the producer proper. Cost class: once per run.

use super::Effect::{None, NotBuilt, Works};
use super::Importance::{High, Low, Medium};
use super::Kind::{Boolean, Class, Int, List, Long, String};
use super::Preset::{Null, Required, Text};
use super::Valid::{Any, AtLeast, Between, GzipLevel, NonEmpty, OneOf};
use super::{Key, key};

/// By name.
pub(super) const KEYS: &[Key] = &[
    key(
        "acks",
        (String, Text("all"), OneOf(&["all", "-1", "0", "1"])),
        Low,
        Works,
        "Replicas that must hold a batch before the broker answers: 0 no answer at all, 1 the \
         leader, all (or -1) every in-sync replica.",
    ),
    key(
        "batch.size",
        (Int, Text("16384"), AtLeast(0)),
        Medium,
        Works,
        "Bytes collected for one partition before they are sent as a batch; also how many bytes \
         go to a partition before records without a key move on. 0 means no batching.",
    ),
    key(
        "buffer.memory",
        (Long, Text("33554432"), AtLeast(0)),
        High,
        Works,
        "Bytes of records that may wait in one producer; when they are used up, new records \
         block for up to max.block.ms.",
    ),
    key(
        "compression.gzip.level",
        (Int, Text("-1"), GzipLevel),
        Medium,
        Works,
        "How hard gzip tries, 1 to 9; -1 is zlib's own default (6).",
    ),
    key(
        "compression.lz4.level",
        (Int, Text("9"), Between(1, 17)),
        Medium,
        Works,
        "How hard lz4 tries; 9 stands for the fast compressor, every other level for the \
         high-compression one.",
    ),
    key(
        "compression.type",
        (String, Text("none"), OneOf(&["none", "gzip", "snappy", "lz4", "zstd"])),
        High,
        Works,
        "What whole batches are compressed with; larger batches compress better.",
    ),
    key(
        "compression.zstd.level",
        (Int, Text("3"), Between(-131_072, 22)),
        Medium,
        Works,
        "How hard zstd tries; negative levels are its fast ones.",
    ),
    key(
        "config.providers",
        (List, Text(""), Any),
        Low,
        NotBuilt("reading values through Java's config providers"),
        "Names of Java classes that fetch values such as passwords from elsewhere.",
    ),
    key(
        "delivery.timeout.ms",
        (Int, Text("120000"), AtLeast(0)),
        Medium,
        Works,
        "From a batch's creation to its success or failure, waiting and retries included. At \
         least linger.ms + request.timeout.ms.",
    ),
    key(
        "enable.idempotence",
        (Boolean, Text("true"), Any),
        Low,
        Works,
        "Whether batches carry a producer id and sequence, so that a retry is neither stored \
         twice nor out of order. Needs acks=all, retries and at most five requests in flight.",
    ),
    key(
        "interceptor.classes",
        (List, Text(""), Any),
        Low,
        NotBuilt("calling Java interceptors"),
        "Java classes that see or change every record before it is sent.",
    ),
    key(
        "key.serializer",
        (Class, Required, Any),
        High,
        None("keys are bytes here, as with Java's ByteArraySerializer"),
        "Java class that turns keys into bytes.",
    ),
    key(
        "linger.ms",
        (Long, Text("5"), AtLeast(0)),
        Medium,
        Works,
        "How long a batch that isn't full waits for more records.",
    ),
    key(
        "max.block.ms",
        (Long, Text("60000"), AtLeast(0)),
        Medium,
        Works,
        "How long one record may wait for metadata and buffer memory together before it fails.",
    ),
    key(
        "max.in.flight.requests.per.connection",
        (Int, Text("5"), AtLeast(1)),
        Low,
        Works,
        "Requests sent to one broker and not answered yet. With idempotence at most 5; without \
         it, more than 1 lets a retry change the order of records.",
    ),
    key(
        "max.request.size",
        (Int, Text("1048576"), AtLeast(0)),
        Medium,
        Works,
        "Bytes of one request, and of one record before compression. The broker's own limit is \
         message.max.bytes.",
    ),
    key(
        "metadata.max.idle.ms",
        (Long, Text("300000"), AtLeast(5_000)),
        Low,
        Works,
        "After how long without a record a topic's metadata is forgotten.",
    ),
    key(
        "partitioner.adaptive.partitioning.enable",
        (Boolean, Text("true"), Any),
        Low,
        Works,
        "Whether records without a key go more often to partitions whose brokers keep up \
         (KIP-794). Built-in partitioner only.",
    ),
    key(
        "partitioner.availability.timeout.ms",
        (Long, Text("0"), AtLeast(0)),
        Low,
        Works,
        "Records without a key avoid partitions whose broker has taken nothing for this long; 0 \
         is off. Needs adaptive partitioning.",
    ),
    key(
        "partitioner.class",
        (Class, Null, Any),
        Medium,
        Works,
        "Who chooses a partition: none given (by key, else sticky), or one of Kafka's own classes, \
         those that 4.0 removed among them. --partitioner knows other clients' as well.",
    ),
    key(
        "partitioner.ignore.keys",
        (Boolean, Text("false"), Any),
        Medium,
        Works,
        "Whether records with a key are spread as if they had none. Built-in partitioner only.",
    ),
    key(
        "request.timeout.ms",
        (Int, Text("30000"), AtLeast(0)),
        Medium,
        Works,
        "How long a broker may take to answer a request before its connection is given up.",
    ),
    key(
        "retries",
        (Int, Text("2147483647"), Between(0, 2_147_483_647)),
        High,
        Works,
        "How often a batch is sent again after an error that may pass; delivery.timeout.ms \
         usually ends it first.",
    ),
    key(
        "transaction.timeout.ms",
        (Int, Text("60000"), Any),
        Low,
        None("only transactions read it, and they aren't built yet"),
        "How long a transaction may stay open before the broker aborts it.",
    ),
    key(
        "transaction.two.phase.commit.enable",
        (Boolean, Text("false"), Any),
        Low,
        NotBuilt("two-phase commit"),
        "Whether transactions never expire because an outside coordinator ends them (KIP-939).",
    ),
    key(
        "transactional.id",
        (String, Null, NonEmpty),
        Low,
        NotBuilt("sending in transactions"),
        "Name under which a producer's transactions survive its restart.",
    ),
    key(
        "value.serializer",
        (Class, Required, Any),
        High,
        None("values are bytes here, as with Java's ByteArraySerializer"),
        "Java class that turns values into bytes.",
    ),
];
