//! Where records wait for the sender: batches by partition.
mod stamps;
pub use stamps::{Run, Stamp, Stamps};
