//! Topics, settings, offsets and logs of a cluster: calls in, one result each out, in order.
//!
//! Cost class: per run. [`Admin`] is a machine on top of a cluster client of its own. Calls are
//! done one at a time; each has a deadline and is retried until then, as far as the error class
//! says that this can help. A topic is never created by asking for it.

mod answer;
mod call;
mod error;
mod job;
mod machine;
mod request;
#[cfg(test)]
mod tests;

pub use crate::kafka::cluster::NetworkConfig;
pub use crate::kafka::connection::Versions;
pub use call::{
    AdminCall, AdminReply, Ask, ClusterDescription, ConfigEntry, Fetched, OffsetSpec,
    PartitionDescription, TopicDescription,
};
pub use error::{AdminCause, AdminError};
pub use machine::Admin;
pub use request::AdminRequest;
