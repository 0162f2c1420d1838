//! What a producer tells besides deliveries: for counters, logs and the reader's understanding.
//!
//! Cost class: per request or rarer.

use core::time::Duration;
use std::sync::Arc;

use crate::base::{BrokerId, PartitionSlot};
use crate::kafka::connection::Problem;
use crate::kafka::wire::ErrorCode;

use super::Failure;

/// Something that happened.
#[derive(Clone, Debug)]
pub enum ProducerEvent {
    /// A Produce request was handed to a connection.
    RequestSent {
        /// To whom.
        node: BrokerId,
        /// How many batches it carries.
        batches: u32,
        /// Requests in flight on that connection, this one included.
        in_flight: u32,
    },
    /// A batch goes back into its queue.
    Retried {
        /// Its partition.
        slot: PartitionSlot,
        /// Who refused it, or whose answer is missing.
        node: BrokerId,
        /// Why.
        code: ErrorCode,
        /// How many records.
        records: u32,
        /// Without idempotence and with other requests in flight, records may have changed order.
        may_reorder: bool,
    },
    /// A batch was too large for the broker and goes on in pieces.
    Split {
        /// Its partition.
        slot: PartitionSlot,
        /// How many pieces.
        pieces: u32,
    },
    /// A partition has another leader, or none.
    LeaderChanged {
        /// The partition.
        slot: PartitionSlot,
        /// Who led it.
        from: Option<BrokerId>,
        /// Who leads it.
        to: Option<BrokerId>,
    },
    /// A connection is ready.
    NodeReady(BrokerId),
    /// A connection ended or couldn't be made.
    NodeLost {
        /// To whom.
        node: BrokerId,
        /// What happened.
        problem: Arc<Problem>,
    },
    /// A broker asked for a pause (a quota, KIP-219).
    Throttled {
        /// Which.
        node: BrokerId,
        /// How long.
        span: Duration,
    },
    /// The client starts again from its bootstrap servers.
    Rebootstrapped,
    /// The idempotent producer raised its epoch: a batch was lost or refused for good.
    EpochBumped {
        /// The new epoch.
        epoch: i16,
        /// What the batch was given up for; of several the last one's. `None` when none was given
        /// up: its sequence was lost otherwise.
        code: Option<ErrorCode>,
    },
    /// Nothing can be sent any more.
    Fatal(Failure),
}
