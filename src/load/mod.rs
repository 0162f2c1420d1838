//! What is sent, when, and what came of it. Pure: time comes in as an argument, nothing here does
//! I/O.
//!
//! [`schedule`] says when a record is due, [`source`] says what it holds.

pub mod recorder;
pub mod schedule;
pub mod source;
