//! Words that every storey shares: time, ids, records, randomness, units and the face of a machine.
//!
//! Cost class: per record. Nothing here does I/O, reads a clock or knows Kafka.

mod ids;
mod instant;
mod machine;
mod record;
mod rng;
pub mod units;

pub use ids::{BrokerId, ConnectionId, ListenerIndex, PartitionSlot, TopicSlot, WorkerIndex};
pub use instant::Instant;
pub use machine::{
    Action, CloseCause, Job, Machine, NoJob, Outbound, Server, Slices, SocketOptions,
};
pub use record::{Header, RecordView};
pub use rng::{Rng, fill_words, mix};
