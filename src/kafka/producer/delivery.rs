//! What became of a batch, told once for all its records.
//!
//! Cost class: per batch. A delivery carries the batch's stamps out; whoever reads it gives it back
//! through `Producer::recycle`, so that their memory is used again.

use core::fmt;

use crate::base::{BrokerId, Instant, PartitionSlot};
use crate::kafka::accumulator::{Batch, CloseReason, Place, SealTime, Stamps};
use crate::kafka::wire::ErrorCode;

/// How a batch ended. Every record ends in exactly one of these.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// Written; the first record's offset, or −1 when the broker didn't say.
    Acked {
        /// Of the first record; the others follow one by one.
        base_offset: i64,
    },
    /// Written by an earlier attempt whose answer was lost (DUPLICATE_SEQUENCE_NUMBER).
    Duplicate,
    /// Written to the socket with acks=0; nobody knows more.
    Written,
    /// Not written.
    Failed(Failure),
    /// Sent, and no answer ever said whether it was written.
    Indeterminate(Failure),
}

impl Outcome {
    /// A batch that is given up: indeterminate when a broker may have it.
    pub(super) const fn given_up(failure: Failure, maybe_written: bool) -> Self {
        if maybe_written { Self::Indeterminate(failure) } else { Self::Failed(failure) }
    }
}

/// Why a batch wasn't acked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Failure {
    /// Kafka's code; for an error made by this client, Kafka's code of the same meaning.
    pub code: ErrorCode,
    /// What happened, as one sentence; names partition and time where they matter.
    pub message: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.code.name(), self.code.0, self.message)
    }
}

/// When a batch passed its stations.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BatchTimes {
    /// Its first record opened it.
    pub created: Instant,
    /// First taken off its queue; `None` when it never was.
    pub first_drained: Option<Instant>,
    /// Taken off for the attempt that ended it.
    pub last_drained: Instant,
    /// That request was fully in the socket's buffer.
    pub written: Instant,
    /// The answer was read; with acks=0 the same as `written`; without an answer, when it was given
    /// up.
    pub ended: Instant,
}

/// The end of one batch.
#[derive(Debug)]
pub struct Delivery {
    /// Its partition.
    pub slot: PartitionSlot,
    /// Where its first record was appended, as `Producer::send` said; the others follow one by one.
    /// A piece of a batch that was split names that batch.
    pub first: Place,
    /// Who answered, or was last asked; `None` when it was never sent.
    pub broker: Option<BrokerId>,
    /// How it ended.
    pub outcome: Outcome,
    /// Its stations.
    pub times: BatchTimes,
    /// One stamp a record, in order.
    pub stamps: Stamps,
    /// Retries: 0 when the first attempt ended it.
    pub retries: u32,
    /// Bytes on the wire, header included.
    pub wire_bytes: u64,
    /// Bytes of its records before compression, header left out.
    pub uncompressed_bytes: u64,
    /// Bytes of keys, values and headers.
    pub payload_bytes: u64,
    /// `batch.size` bytes or more (one large record): what a full batch would have taken.
    pub capacity: u64,
    /// Why it took no more records.
    pub close_reason: CloseReason,
    /// Compression; nothing without.
    pub seal: SealTime,
    /// A batch of its partition that was appended later stands before it in the log.
    pub reordered: bool,
}

impl Delivery {
    /// How many records.
    #[must_use]
    pub const fn records(&self) -> u32 {
        self.stamps.count()
    }

    /// The delivery of `batch`, whose stamps it takes.
    pub(super) fn of(
        batch: &mut Batch,
        broker: Option<BrokerId>,
        outcome: Outcome,
        written: Instant,
        ended: Instant,
    ) -> Self {
        let sending = &batch.sending;
        let times = BatchTimes {
            created: batch.created,
            first_drained: sending.first_drained,
            last_drained: sending.last_drained,
            written,
            ended,
        };
        Self {
            slot: batch.slot,
            first: batch.first(),
            broker,
            outcome,
            times,
            retries: sending.attempts,
            wire_bytes: batch.wire_len() as u64,
            uncompressed_bytes: batch.uncompressed() as u64,
            payload_bytes: batch.payload(),
            capacity: batch.capacity_limit() as u64,
            close_reason: batch.close_reason(),
            seal: batch.seal(),
            reordered: false,
            stamps: batch.take_stamps(),
        }
    }
}
