//! How Kafka works, seen from a producer. Pure: no I/O, no clock, no randomness but a seed.
//!
//! ```text
//!  config  wire  compression  partitioner      (know no other machine room)
//!     └──────┬───────┴──────────────┘
//!     accumulator        connection            (batches by partition │ one stream)
//!            │           cluster               (metadata, all streams)
//!            └─────┬────────┘ └────┐
//!              producer          admin         (records in, deliveries out │ calls, results)
//! ```
//!
//! [`producer`] and [`admin`] are the machines of a client; [`broker`] is a small cluster in memory
//! that answers them and any other client, and knows [`wire`] and [`compression`] only. Names of
//! classes in the docs (`RecordAccumulator`, `Sender`) are the Java client's: where behaviour could
//! differ, theirs is the reference.
pub mod accumulator;
pub mod admin;
pub mod broker;
pub mod cluster;
pub mod compression;
pub mod config;
pub mod connection;
pub mod partitioner;
pub mod producer;
pub mod wire;
