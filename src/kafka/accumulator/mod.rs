//! Where records wait for the sender: batches by partition.
mod close_reason;
mod stamps;
pub use close_reason::CloseReason;
pub use stamps::{Run, Stamp, Stamps};
