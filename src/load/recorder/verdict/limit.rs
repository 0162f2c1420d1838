//! What kept a run from going faster. Cost class: once a run.
//!
//! A pure function of measured figures. What comes first in a record's way is asked first: a full
//! buffer or a long wait for an answer is also what a client without time to send sees.

use core::fmt;
use core::time::Duration;

use super::{ACHIEVED, Evidence, Reason};
use crate::load::recorder::{Measured, Tally};

/// Who was the limit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Limit {
    /// Nothing came back, or the run was too short to tell.
    Unknown,
    /// The asked rate was reached; nobody.
    Nothing,
    /// A fatal error ended a producer.
    Fatal,
    /// The producer refused records, and kept up with the others.
    Refused,
    /// Brokers refused records for good, and kept up with the others.
    Rejected,
    /// A worker of this client had no time left.
    Cpu,
    /// Batches spent most of their time being compressed.
    Compression,
    /// A worker was ready to go on, but other threads and programs had the cores.
    RunDelay,
    /// The client came to its schedule too late.
    Lateness,
    /// A quota of the brokers.
    Throttle,
    /// Partitions took nothing for long: a broker was down, paused or without a leader's rights.
    Unavailable,
    /// buffer.memory was full while connections had room for more requests.
    Memory,
    /// Connections had as many unanswered requests as they may.
    InFlight,
    /// Batches waited for linger.ms, and then not for a request.
    Linger,
    /// Bytes left the client slowly: network, or a broker that doesn't read.
    Network,
    /// Brokers answered slowly.
    Broker,
}

impl fmt::Display for Limit {
    /// A stable word for machines.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "unknown",
            Self::Nothing => "nothing",
            Self::Fatal => "fatal",
            Self::Refused => "refused",
            Self::Rejected => "rejected",
            Self::Cpu => "client_cpu",
            Self::Compression => "compression",
            Self::RunDelay => "run_delay",
            Self::Lateness => "client_lateness",
            Self::Throttle => "throttle",
            Self::Unavailable => "unavailable",
            Self::Memory => "buffer_memory",
            Self::InFlight => "in_flight",
            Self::Linger => "linger",
            Self::Network => "network",
            Self::Broker => "broker",
        })
    }
}

/// The figures that tell what limited a run, besides its [`Evidence`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Limits {
    /// Means of the stages by record, nanoseconds; 0 without records: buffer wait, batch wait, send
    /// queue and broker.
    pub buffer_wait: f64,
    /// Without a rate, the part of the window in which a record waited for room, 0 to 1 for each
    /// producer; 0 under a rate, where `buffer_wait` says it.
    pub blocked: f64,
    /// See `buffer_wait`.
    pub batch_wait: f64,
    /// See `buffer_wait`.
    pub send_queue: f64,
    /// See `buffer_wait`.
    pub broker: f64,
    /// Requests unanswered on a connection when one was sent, that one included: the median.
    pub in_flight: u32,
    /// max.in.flight.requests.per.connection.
    pub most_in_flight: u32,
    /// The share of batches that linger.ms closed, 0 to 1.
    pub by_linger: f64,
    /// linger.ms, in nanoseconds.
    pub linger: f64,
    /// The part of the window in which some partition took nothing, 0 to 1.
    pub unavailable: f64,
    /// Pauses that brokers asked for ÷ window; more than 1 when several asked at once.
    pub throttled: f64,
}

impl Limits {
    /// What a tally tells about a window of `window`, of a producer with these settings.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "shares, compared with round numbers")]
    pub fn of(tally: &Tally, window: Duration, most_in_flight: u32, linger: Duration) -> Self {
        let mean = |stage: &Measured| stage.mean().unwrap_or(0.0);
        let stages = &tally.stages;
        let batches = &tally.batches;
        let throttled = mean(&tally.throttle) * tally.throttle.count() as f64;
        // Without a rate only the record that finds no room waits; the next one is made after it.
        let waited = if tally.response.is_some() { 0 } else { stages.buffer_wait.sum() };
        Self {
            buffer_wait: mean(&stages.buffer_wait),
            blocked: waited as f64 / (window.as_nanos() as f64).max(1.0),
            batch_wait: mean(&stages.batch_wait),
            send_queue: mean(&stages.send_queue),
            broker: mean(&stages.broker),
            in_flight: tally.requests.in_flight_p50().unwrap_or(0),
            most_in_flight,
            by_linger: batches.linger as f64 / batches.count.max(1) as f64,
            linger: linger.as_nanos() as f64,
            unavailable: unavailable(tally, window),
            throttled: throttled / (window.as_nanos() as f64).max(1.0),
        }
    }

    /// Records waited longest for a place in the buffer, though more requests could have gone out.
    fn is_memory(&self) -> bool {
        let rest = self.batch_wait.max(self.send_queue).max(self.broker);
        let waits = self.buffer_wait > rest || self.blocked > MUCH_BLOCKED;
        waits && self.in_flight < self.most_in_flight && !self.is_network()
    }

    fn is_in_flight(&self) -> bool {
        self.in_flight >= self.most_in_flight && self.most_in_flight > 0
    }

    /// Records waited about as long as linger.ms lets them. Those that wait for longer wait for a
    /// request to carry their batch, whoever closed it, and what keeps requests is the limit.
    fn is_linger(&self) -> bool {
        let lingered = (self.linger / 4.0..=self.linger * 1.5).contains(&self.batch_wait);
        self.by_linger > 0.5 && lingered && self.batch_wait > self.send_queue.max(self.broker)
    }

    const fn is_unavailable(&self) -> bool {
        self.unavailable > MUCH_UNAVAILABLE
    }

    fn is_network(&self) -> bool {
        self.send_queue > self.broker
    }
}

/// What limited a run.
///
/// A producer that a fatal error ended was the limit, whatever else shows. Under a rate that was
/// reached nothing did, but for records that were refused for good and for an outage, after which
/// all was caught up with: that is then most of the latencies. Otherwise
/// the first of these that the figures show: the client's own processor time, its compressor, the
/// cores that it didn't get; a quota or an outage, which make all queues behind them grow;
/// buffer.memory; the requests in flight; linger.ms; and last network or broker, by whether records
/// waited longer to be written out or to be answered.
#[must_use]
pub fn limited_by(evidence: &Evidence, limits: &Limits) -> Limit {
    let reached = evidence.achieved_ratio.is_some_and(|ratio| ratio >= ACHIEVED);
    let late = matches!(evidence.lag(), Some(Reason::ScheduleLagTooHigh { .. }));
    let unknown = evidence.delivered == 0
        || evidence.brief
        || (evidence.paced && evidence.achieved_ratio.is_none());
    let answers = [
        (evidence.fatal.is_some(), Limit::Fatal),
        (evidence.is_refused() && (reached || evidence.delivered == 0), Limit::Refused),
        (evidence.is_rejected() && (reached || evidence.delivered == 0), Limit::Rejected),
        (unknown, Limit::Unknown),
        (evidence.paced && reached && limits.is_unavailable(), Limit::Unavailable),
        (evidence.paced && reached, Limit::Nothing),
        (evidence.is_client_limited(), Limit::Cpu),
        (evidence.is_compression_limited(), Limit::Compression),
        (evidence.is_starved(), Limit::RunDelay),
        (late, Limit::Lateness),
        (limits.throttled > MUCH_THROTTLED, Limit::Throttle),
        (limits.is_unavailable(), Limit::Unavailable),
        (limits.is_memory(), Limit::Memory),
        (limits.is_in_flight(), Limit::InFlight),
        (limits.is_linger(), Limit::Linger),
        (limits.is_network(), Limit::Network),
    ];
    answers.into_iter().find_map(|(holds, limit)| holds.then_some(limit)).unwrap_or(Limit::Broker)
}

/// The part of the window in which at least one partition took nothing, 0 to 1.
#[expect(clippy::cast_precision_loss, reason = "a share, compared with a round number")]
fn unavailable(tally: &Tally, window: Duration) -> f64 {
    let end = tally.start + window;
    let mut gaps = tally.unavailability();
    gaps.sort_by_key(|gap| gap.start);
    let (mut covered, mut until) = (0, tally.start);
    for gap in gaps {
        let (from, to) = (gap.start.max(until), gap.end.min(end));
        covered += to.nanos_since(from);
        until = until.max(to);
    }
    covered as f64 / (window.as_nanos() as f64).max(1.0)
}

/// Of the window; a failover that clients ride out takes less of a run that is long enough.
const MUCH_UNAVAILABLE: f64 = 0.1;
/// Without a rate, a buffer that is full for most of the time.
const MUCH_BLOCKED: f64 = 0.5;
/// Pauses of so much of the window, one broker's or several brokers' together, are a limit.
const MUCH_THROTTLED: f64 = 0.1;
