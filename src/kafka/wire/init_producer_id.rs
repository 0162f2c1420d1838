//! InitProducerId (key 22, KIP-98, KIP-360): who an idempotent producer is. Cost class: per run.

use super::{ErrorCode, field::message};

message! {
    /// Asks for a producer id and epoch.
    pub struct InitProducerIdRequest for InitProducerId {
        /// `None` for a producer without transactions.
        [0..] transactional_id: Option<String>,
        /// Milliseconds until the coordinator aborts an open transaction.
        [0..] transaction_timeout_ms: i32,
        /// The id whose epoch is to be raised, −1 for a new one.
        [3..] producer_id: i64 = -1,
        /// The epoch to be raised, −1 for a new id.
        [3..] producer_epoch: i16 = -1,
    }
}

message! {
    /// A producer id and epoch.
    pub struct InitProducerIdResponse for InitProducerId {
        /// Milliseconds the client should wait.
        [0..] throttle_time_ms: i32,
        /// 0, or why there is none.
        [0..] error_code: ErrorCode,
        /// The id, −1 on error.
        [0..] producer_id: i64 = -1,
        /// The epoch, −1 on error.
        [0..] producer_epoch: i16,
    }
}
