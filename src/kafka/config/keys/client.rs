//! Keys that all Kafka clients share, without TLS and SASL. Cost class: once per run.

use super::Effect::{None, NotBuilt, Works};
use super::Importance::{High, Low, Medium};
use super::Kind::{Boolean, Int, List, Long, String};
use super::Preset::{Required, Text};
use super::Valid::{Any, AtLeast, OneOf, OneOfAnyCase};
use super::{Effect, Key, key};

/// Why keys of the Java client's own metrics do nothing.
const METRICS: Effect = None("it sets up the Java client's own metrics");

/// By name.
pub(super) const KEYS: &[Key] = &[
    key(
        "bootstrap.servers",
        (List, Required, Any),
        High,
        Works,
        "Addresses host:port of some brokers, from which the others are learnt. Without it the \
         embedded broker is used.",
    ),
    key(
        "client.dns.lookup",
        (
            String,
            Text("use_all_dns_ips"),
            OneOf(&["use_all_dns_ips", "resolve_canonical_bootstrap_servers_only"]),
        ),
        Medium,
        NotBuilt("replacing bootstrap addresses by their canonical names"),
        "Whether every address of a host name is tried in turn.",
    ),
    key(
        "client.id",
        (String, Text(""), Any),
        Medium,
        Works,
        "Name in every request, seen in the broker's logs and quotas. Not given: producer-1, \
         producer-2 and so on.",
    ),
    key(
        "connections.max.idle.ms",
        (Long, Text("540000"), Any),
        Medium,
        Works,
        "After how long without traffic a connection is closed; negative: never.",
    ),
    key(
        "enable.metrics.push",
        (Boolean, Text("true"), Any),
        Low,
        None("client metrics are never pushed to the cluster"),
        "Whether a client sends its metrics to brokers that subscribe to them (KIP-714).",
    ),
    key(
        "metadata.max.age.ms",
        (Long, Text("300000"), AtLeast(0)),
        Low,
        Works,
        "After how long metadata is fetched again even if nothing went wrong.",
    ),
    key(
        "metadata.recovery.rebootstrap.trigger.ms",
        (Long, Text("300000"), AtLeast(0)),
        Low,
        Works,
        "After how long without an answer from any known broker the client starts again from \
         bootstrap.servers (KIP-1102).",
    ),
    key(
        "metadata.recovery.strategy",
        (String, Text("rebootstrap"), OneOfAnyCase(&["REBOOTSTRAP", "NONE"])),
        Low,
        Works,
        "What to do when no known broker can be reached: rebootstrap or none (KIP-899).",
    ),
    key(
        "metric.reporters",
        (List, Text("org.apache.kafka.common.metrics.JmxReporter"), Any),
        Low,
        METRICS,
        "Java classes that are told of the client's metrics.",
    ),
    key(
        "metrics.num.samples",
        (Int, Text("2"), AtLeast(1)),
        Low,
        METRICS,
        "How many windows a metric of the Java client is computed over.",
    ),
    key(
        "metrics.recording.level",
        (String, Text("INFO"), OneOf(&["INFO", "DEBUG", "TRACE"])),
        Low,
        METRICS,
        "Which of the Java client's metrics are recorded.",
    ),
    key(
        "metrics.sample.window.ms",
        (Long, Text("30000"), AtLeast(0)),
        Low,
        METRICS,
        "Length of a window of the Java client's metrics.",
    ),
    key(
        "receive.buffer.bytes",
        (Int, Text("32768"), AtLeast(-1)),
        Medium,
        Works,
        "Size of the socket's receive buffer; -1 leaves it to the system.",
    ),
    key(
        "reconnect.backoff.max.ms",
        (Long, Text("1000"), AtLeast(0)),
        Low,
        Works,
        "Longest wait before another attempt to connect to a broker that keeps failing.",
    ),
    key(
        "reconnect.backoff.ms",
        (Long, Text("50"), AtLeast(0)),
        Low,
        Works,
        "First wait before another attempt to connect to a broker; doubles with every failure. \
         Given without reconnect.backoff.max.ms it is the constant wait.",
    ),
    key(
        "retry.backoff.max.ms",
        (Long, Text("1000"), AtLeast(0)),
        Low,
        Works,
        "Longest wait before a failed request is sent again.",
    ),
    key(
        "retry.backoff.ms",
        (Long, Text("100"), AtLeast(0)),
        Low,
        Works,
        "First wait before a failed request is sent again; doubles with every failure.",
    ),
    key(
        "security.protocol",
        (
            String,
            Text("PLAINTEXT"),
            OneOfAnyCase(&["SASL_SSL", "PLAINTEXT", "SSL", "SASL_PLAINTEXT"]),
        ),
        Medium,
        NotBuilt("support of TLS and SASL"),
        "How connections are encrypted and authenticated.",
    ),
    key(
        "send.buffer.bytes",
        (Int, Text("131072"), AtLeast(-1)),
        Medium,
        Works,
        "Size of the socket's send buffer; -1 leaves it to the system.",
    ),
    key(
        "socket.connection.setup.timeout.max.ms",
        (Long, Text("30000"), Any),
        Medium,
        Works,
        "Longest time that one attempt to connect may take.",
    ),
    key(
        "socket.connection.setup.timeout.ms",
        (Long, Text("10000"), Any),
        Medium,
        Works,
        "Time that the first attempt to connect may take; doubles with every failure.",
    ),
];
