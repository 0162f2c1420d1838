//! What is sent, when, and what came of it. Pure: time comes in as an argument, nothing here does
//! I/O.
//!
//! [`schedule`] says when a record is due, [`source`] what it holds, [`recorder`] what came of it;
//! [`engine`] is a producer between them. The first three don't know one another, and nothing reads
//! the recorder but the end of a phase, progress and the report. [`verify`] holds what a log gives
//! back against what was sent. Below the first two lies [`draw`], the distributions.

pub mod draw;
pub mod engine;
pub mod recorder;
pub mod schedule;
pub mod source;
pub mod verify;
