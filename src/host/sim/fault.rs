//! Everything that can go wrong, as data.
//!
//! Cost class: per request, connection or event. A [`FaultPlan`] is a description: it prints as
//! text, is compared and copied, and with the same seed does the same again. What a fault does
//! stands in `node.rs` (to requests), `net.rs` (to connections) and `strike.rs` (to the cluster).

use core::fmt;
use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use crate::kafka::wire::{ApiKey, ErrorCode};

/// One thing that goes wrong.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Fault {
    /// Nothing: lets one request, connection or look-up of a script pass.
    Pass,
    /// A look-up: the name has no address.
    NameNotFound,
    /// A connection: nothing listens.
    Refuse,
    /// A connection: nobody answers at all.
    ConnectSilence,
    /// A request: the connection is reset before it is carried out.
    ResetBefore,
    /// A request: the connection is reset when half of it has arrived.
    ResetMidRequest,
    /// A request: it is carried out, then the connection is reset in place of the answer.
    ResetAfter,
    /// A request: neither carried out nor answered; its connection is dead from then on.
    Swallow,
    /// A request: carried out and never answered; its connection is dead from then on.
    SwallowAnswer,
    /// A request: carried out, the answer comes this much later.
    Delay(Duration),
    /// A Produce request: carried out, and the answer asks to hold back this long (KIP-219).
    Throttle(Duration),
    /// A request: refused with this code, nothing is written.
    Error(ErrorCode),
    /// A Produce request: about half of its partitions are refused with this code.
    ErrorOnSome(ErrorCode),
    /// A Produce request: written, and answered with this code all the same.
    ErrorAfterAppend(ErrorCode),
    /// A request: carried out, the answer is cut off inside its frame.
    CorruptFrame,
    /// A request: carried out, the answer's length is impossible.
    OversizedFrame,
    /// A request: not carried out, and answered well under another correlation id.
    WrongCorrelation,
    /// A node reads and answers nothing for a while; its connections stay.
    Stall {
        /// Its index.
        node: usize,
        /// How long.
        span: Duration,
    },
    /// A node takes this many times as long for every request.
    Slow {
        /// Its index.
        node: usize,
        /// How many times.
        factor: u64,
        /// How long.
        span: Duration,
    },
    /// A partition gets another leader, its `nth` other replica counted round.
    MoveLeader {
        /// The partition's index.
        partition: i32,
        /// Which of the other replicas.
        nth: usize,
    },
    /// A node answers metadata requests with what it knows now.
    StaleMetadata {
        /// Its index.
        node: usize,
        /// How long.
        span: Duration,
    },
    /// The topic is deleted with its records; the next metadata request makes a new one.
    DeleteTopic,
    /// The topic gets more partitions.
    AddPartitions {
        /// How many more.
        more: i32,
    },
    /// A node dies, and comes back.
    Restart {
        /// Its index.
        node: usize,
        /// How long it is down.
        span: Duration,
    },
    /// All nodes die, and come back.
    RestartAll {
        /// How long they are down.
        span: Duration,
    },
    /// Every partition's replicas in sync shrink to its leader.
    ShrinkIsr {
        /// How long.
        span: Duration,
    },
    /// The topic's `max.message.bytes` is this.
    LowerMaxMessage {
        /// In bytes.
        bytes: i32,
        /// How long.
        span: Duration,
    },
    /// A partition forgets all idempotent producers.
    ForgetProducers {
        /// Its index.
        partition: i32,
    },
}

impl Fault {
    /// Whether it strikes requests.
    #[must_use]
    pub const fn is_of_request(&self) -> bool {
        matches!(
            self,
            Self::ResetBefore
                | Self::ResetMidRequest
                | Self::ResetAfter
                | Self::Swallow
                | Self::SwallowAnswer
                | Self::Delay(_)
                | Self::Throttle(_)
                | Self::Error(_)
                | Self::ErrorOnSome(_)
                | Self::ErrorAfterAppend(_)
                | Self::CorruptFrame
                | Self::OversizedFrame
                | Self::WrongCorrelation
        )
    }

    /// The kind's name, as counts have it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Pass => "none",
            Self::NameNotFound => "name not found",
            Self::Refuse => "connection refused",
            Self::ConnectSilence => "connection never answered",
            Self::ResetBefore => "reset before the request",
            Self::ResetMidRequest => "reset within the request",
            Self::ResetAfter => "reset in place of the answer",
            Self::Swallow => "request swallowed",
            Self::SwallowAnswer => "answer swallowed",
            Self::Delay(_) => "answer late",
            Self::Throttle(_) => "throttle",
            Self::Error(_) => "error code",
            Self::ErrorOnSome(_) => "error code for some partitions",
            Self::ErrorAfterAppend(_) => "error code after the append",
            Self::CorruptFrame => "corrupt frame",
            Self::OversizedFrame => "oversized frame",
            Self::WrongCorrelation => "wrong correlation id",
            Self::Stall { .. } => "broker stalled",
            Self::Slow { .. } => "broker slow",
            Self::MoveLeader { .. } => "leader moved",
            Self::StaleMetadata { .. } => "stale metadata",
            Self::DeleteTopic => "topic deleted",
            Self::AddPartitions { .. } => "partitions added",
            Self::Restart { .. } => "broker restarted",
            Self::RestartAll { .. } => "all brokers restarted",
            Self::ShrinkIsr { .. } => "replicas out of sync",
            Self::LowerMaxMessage { .. } => "max.message.bytes lowered",
            Self::ForgetProducers { .. } => "producer state lost",
        }
    }
}

/// A fault that strikes by chance.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Chance {
    /// What: a fault of a request, a connection or a look-up.
    pub fault: Fault,
    /// Of which requests; `None`: of any. Connections and look-ups have none.
    pub api: Option<ApiKey>,
    /// How many of 1,000 are struck.
    pub per_mille: u64,
}

/// What goes wrong in one simulation, and when.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct FaultPlan {
    /// Each look-up takes one; with none left, chance decides.
    pub lookups: VecDeque<Fault>,
    /// Each attempt to connect takes one; with none left, chance decides.
    pub connects: VecDeque<Fault>,
    /// By API: each request takes one; with none left, chance decides.
    pub requests: BTreeMap<ApiKey, VecDeque<Fault>>,
    /// At so much after the load's begin.
    pub timed: Vec<(Duration, Fault)>,
    /// By chance, from the load's begin on.
    pub chances: Vec<Chance>,
    /// So much after the load's begin all is well again, and nothing goes wrong any more.
    pub heal_after: Duration,
}

impl fmt::Display for FaultPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fault in &self.lookups {
            writeln!(f, "  look-up: {fault:?}")?;
        }
        for fault in &self.connects {
            writeln!(f, "  connection: {fault:?}")?;
        }
        for (api, faults) in &self.requests {
            writeln!(f, "  {} requests in turn: {faults:?}", api.name())?;
        }
        for (at, fault) in &self.timed {
            writeln!(f, "  at {at:?}: {fault:?}")?;
        }
        for Chance { fault, api, per_mille } in &self.chances {
            let of = api.map_or("any", ApiKey::name);
            writeln!(f, "  {per_mille} of 1000 ({of}): {fault:?}")?;
        }
        write!(f, "  healed after {:?}", self.heal_after)
    }
}
