//! What a run found, for people and for scripts. Cost class: once a run.
//!
//! Everything is made from [`model::Report`], so that what was shown once can be shown again from a
//! file.

pub mod assemble;
pub mod calibration;
mod dates;
mod distill;
pub mod doctor;
pub mod exit;
pub(in crate::app) mod figures;
pub mod files;
pub mod html;
mod limit;
mod load;
pub mod matrix;
pub mod metrics;
pub mod model;
pub mod outcome;
pub mod output;
pub(in crate::app) mod page;
pub mod paint;
pub mod perf_test;
pub mod plot;
pub mod progress;
#[cfg(test)]
pub(in crate::app) mod sample;
pub mod secrets;
pub mod stored;
mod streams;
pub mod table;
pub mod table_notes;
pub mod text;
mod verdict;
mod verified;

pub(in crate::app) use dates::rfc3339;
