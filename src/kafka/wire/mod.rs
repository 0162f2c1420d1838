//! Kafka's wire format in both directions: what a client writes and reads, and what a broker does.
//!
//! Cost class: per record in [`record_batch`], per request elsewhere. Invariants: no byte from a
//! peer makes a decoder panic, and no length it claims is believed before it is held against the
//! bytes that are really there. Knows nothing of sockets, retries or what a message means.

mod api_key;
pub mod api_versions;
pub mod create_topics;
pub mod delete_topics;
pub mod describe_cluster;
pub mod describe_configs;
mod error_code;
pub mod fetch;
mod field;
pub mod frame;
mod header;
pub mod init_producer_id;
pub mod list_offsets;
pub mod metadata;
#[cfg(test)]
mod oracle;
pub mod produce;
mod reader;
pub mod record_batch;
mod uuid;
pub(crate) mod varint;
mod writer;

pub use api_key::ApiKey;
pub use error_code::ErrorCode;
pub use field::{Field, Message, Version};
pub use header::{RequestHeader, decode_response_header, encode_response_header};
pub use reader::{Reader, WireError};
pub use uuid::Uuid;
pub use writer::Writer;
