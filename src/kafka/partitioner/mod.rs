//! Which partition a record goes to.
//!
//! Cost class: per record; no allocation, no dyn call. The partitioners see leaders and queue depths
//! only through what the caller passes in at a switch, never the cluster itself.
//!
//! Order of choice (KafkaProducer.partition): the record's own partition, the configured
//! partitioner, the key's hash, the built-in sticky choice.

mod keyed;
mod round_robin;
mod sticky;

pub use keyed::{key_hash, partition_for_key};
pub use round_robin::RoundRobin;
pub use sticky::{Candidate, Sticky};
