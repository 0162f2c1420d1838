//! A cluster as one client sees it: its brokers, streams to them, topics, partitions and leaders.
//!
//! Cost class: per request; only a metadata answer walks partitions. Pure, like a machine with
//! another report type: the owner ([`Machine`](crate::base::Machine)s of the rooms above) passes
//! inputs in and polls actions, writes, events and one deadline. Invariants: slots are dense and
//! append-only; connection ids are never used twice; while a metadata refresh is due no broker
//! counts as ready (metadata first). It decides about no request: what fails goes back.

mod client;
mod config;
mod event;
mod inputs;
mod node;
mod pick;
mod pool;
mod refresh;
#[cfg(test)]
pub(in crate::kafka) mod scripted;
#[cfg(test)]
mod tests;
mod topics;
mod update;

pub use client::Cluster;
pub use config::NetworkConfig;
pub use event::{NodeEvent, RequestError};
pub use topics::{Broker, Partition, Topic};
pub use update::brokers_of;
