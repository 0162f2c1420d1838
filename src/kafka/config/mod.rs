//! The producer's configuration: Java's keys, Java's rules, and what comes of them.
//!
//! Cost class: once per run, except [`Backoff`], which is per request. Reads no file and no
//! environment: the caller collects texts with their [sources](Source) in a [`Raw`], and
//! [`resolve()`] gives the typed [`ProducerConfig`], or every [`Problem`] at once. [`judge`] says
//! what Java's own producer makes of the same texts, whether or not a run here would.

mod backoff;
mod host_port;
mod java_text;
pub mod keys;
mod nearest;
mod problem;
pub mod properties;
mod resolve;
mod rules;
mod settings;
mod source;
mod types;
mod values;

#[cfg(test)]
mod tests;

pub use crate::kafka::compression::{Codec, Compression};
pub use crate::kafka::partitioner::PartitionerKind;
pub use backoff::Backoff;
pub use host_port::{HostPort, HostPortError};
pub use nearest::{nearest, nearest_of};
pub use problem::{IdempotenceReason, Note, NoteKind, Problem, RefusedBy, masked};
pub use resolve::{Effective, Judgement, Resolved, judge, resolve};
pub use source::{Overridden, Raw, Source};
pub use types::{Acks, ProducerConfig};
