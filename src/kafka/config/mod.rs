//! The producer's configuration: Java's keys, Java's rules, and what comes of them.
//!
//! Cost class: once per run, except [`Backoff`], which is per request. Reads no file and no
//! environment: the caller hands in texts and says where each came from.

mod backoff;
mod host_port;
pub mod keys;
pub mod properties;
mod types;

pub use crate::kafka::compression::{Codec, Compression};
pub use backoff::Backoff;
pub use host_port::{HostPort, HostPortError};
pub use types::{Acks, PartitionerKind, ProducerConfig};
