//! What kept a run from going faster. Cost class: once a run.

use core::fmt;

use super::{ACHIEVED, Evidence, Reason};
use crate::load::recorder::{Measured, Stages};

/// Who was the limit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Limit {
    /// The asked rate was reached; nobody.
    Nothing,
    /// A worker of this client had no time left.
    Client,
    /// Bytes left the client slowly: network, or a broker that doesn't read.
    Network,
    /// Brokers answered slowly, or let too little through at a time.
    Broker,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nothing => "nothing",
            Self::Client => "client",
            Self::Network => "network",
            Self::Broker => "broker",
        })
    }
}

/// The limit, and the stage in which records spent most of their time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LimitedBy {
    /// Who.
    pub limit: Limit,
    /// The stage with the largest mean, as results name it ("buffer_wait"); `None` without
    /// deliveries.
    pub stage: Option<&'static str>,
}

/// What limited a run.
///
/// Under a rate that was reached nothing did. Otherwise the client, when its workers had no time
/// left or came to the schedule too late; else network or broker, by whether the records waited
/// longer to be written out or to be answered: a full buffer (buffer wait) and a queue of batches
/// (batch wait) are only where that shows, so the stage is named beside.
#[must_use]
pub fn limited_by(evidence: &Evidence, stages: &Stages) -> LimitedBy {
    let mean = |stage: &Measured| stage.mean().unwrap_or(0.0);
    let longest = stages.all().into_iter().max_by(|a, b| mean(a.1).total_cmp(&mean(b.1)));
    let stage = longest.filter(|(_, stage)| mean(stage) > 0.0).map(|(name, _)| name);
    let late = matches!(evidence.lag(), Some(Reason::ScheduleLagTooHigh { .. }));
    let reached = evidence.paced && evidence.achieved_ratio.is_none_or(|ratio| ratio >= ACHIEVED);
    let limit = if reached {
        Limit::Nothing
    } else if late || evidence.is_client_limited() {
        Limit::Client
    } else if mean(&stages.send_queue) > mean(&stages.broker) {
        Limit::Network
    } else {
        Limit::Broker
    };
    LimitedBy { limit, stage }
}
