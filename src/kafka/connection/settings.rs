//! What all connections of one client have in common. Cost class: once per run.

use core::time::Duration;

/// Limits of a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Settings {
    /// `max.in.flight.requests.per.connection`: 1 or more.
    pub max_in_flight: usize,
    /// `request.timeout.ms`.
    pub request_timeout: Duration,
    /// `connections.max.idle.ms`; `None` never closes an idle connection.
    pub max_idle: Option<Duration>,
    /// The longest answer that is taken, in bytes without its length.
    pub max_answer: usize,
}

/// The longest answer that any of our requests has reason to get, like Kafka's
/// `socket.request.max.bytes`.
pub const MAX_ANSWER: usize = 100 << 20;
