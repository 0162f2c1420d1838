//! The producer: records in, deliveries out.
mod delivery;
pub use delivery::{BatchTimes, Delivery, Failure, Outcome};
