//! Which partition a record goes to.
//!
//! Cost class: per record; no allocation, no dyn call. The partitioners see leaders and queue
//! depths only through what the caller passes in, and walk all partitions only where the built-in
//! one draws; never the cluster itself.
//!
//! Order of choice (KafkaProducer.partition): the record's own partition, the configured
//! partitioner, the key's hash, the built-in sticky choice. [`PartitionerKind`] names what can be
//! configured; [`KeyRules`] stand for an application's own partitioner.

mod batch_sticky;
mod draw;
mod hash;
mod key_rules;
mod keyed;
mod kind;
mod leaders;
mod other_clients;
mod round_robin;
mod sticky;

pub use batch_sticky::BatchSticky;
pub use draw::TimedDraw;
pub use hash::KeyHash;
pub use key_rules::{Among, KeyRules, NoKey, Over, Pin, Refusal, Ruled, Rules};
pub use keyed::{key_hash, partition_for_key};
pub use kind::PartitionerKind;
pub use leaders::Leaders;
pub use other_clients::OtherClient;
pub use round_robin::RoundRobin;
pub use sticky::{Candidate, Sticky};
