//! What a cluster's client tells its owner. Cost class: per request.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use crate::base::{BrokerId, Instant, PartitionSlot, TopicSlot};
use crate::kafka::connection::{Answered, Problem};
use crate::kafka::wire::ApiKey;

/// Something that happened; structured, so that nobody pays for words that nobody reads.
#[derive(Debug)]
pub enum NodeEvent<R> {
    /// A request is complete.
    Answered(Answered<R>),
    /// A request got no answer.
    Failed {
        /// The request, as it was given to `send`.
        request: R,
        /// The broker that it was sent to.
        node: BrokerId,
        /// Why.
        cause: RequestError,
        /// Whether the broker may have the whole request: then it may have acted on it.
        maybe_written: bool,
        /// When `send` took it.
        drained: Instant,
    },
    /// A metadata answer was taken over; topics, leaders or errors may be new.
    MetadataChanged,
    /// A partition's leader is another one, or none.
    LeaderChanged {
        /// The partition.
        slot: PartitionSlot,
        /// Who led it so far.
        from: Option<BrokerId>,
        /// Who leads it now.
        to: Option<BrokerId>,
    },
    /// A topic was deleted and made anew: the logs of its partitions are other ones.
    TopicRecreated(TopicSlot),
    /// A connection is ready for requests.
    NodeReady(BrokerId),
    /// A connection ended, or an attempt at one failed. Requests in flight follow as `Failed`.
    NodeLost {
        /// The broker.
        node: BrokerId,
        /// What happened.
        problem: Arc<Problem>,
    },
    /// A broker asked for a pause (KIP-219).
    Throttled {
        /// The broker.
        node: BrokerId,
        /// How long.
        span: Duration,
    },
    /// The client starts again from `bootstrap.servers` (KIP-899, KIP-1102).
    Rebootstrapped,
}

/// Why a request got no answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum RequestError {
    /// A request on the connection took too long (Errors.REQUEST_TIMED_OUT).
    TimedOut(Arc<Problem>),
    /// The connection ended (Errors.NETWORK_EXCEPTION).
    Disconnected(Arc<Problem>),
    /// Broker and client have no version of the API in common (Errors.UNSUPPORTED_VERSION).
    Unsupported {
        /// Which.
        api: ApiKey,
        /// The broker's lowest and highest version; `None` when it doesn't know the API.
        broker: Option<(i16, i16)>,
    },
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut(problem) | Self::Disconnected(problem) => problem.fmt(f),
            Self::Unsupported { api, broker } => {
                let ours = api.client_versions();
                let (low, high) = (ours.start(), ours.end());
                match broker {
                    Some((min, max)) => {
                        write!(f, "the broker offers {api:?} in versions {min} to {max}")?;
                    }
                    None => write!(f, "the broker does not offer {api:?}")?,
                }
                write!(f, "; expected one of versions {low} to {high}")
            }
        }
    }
}
