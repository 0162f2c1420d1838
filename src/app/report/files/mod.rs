//! Results as files of other tools' forms: HdrHistogram's logs and percentile files, CSV,
//! Markdown. Cost class: once a process.
//!
//! Each is made from an [`super::outcome::Outcome`] alone. None of them holds anything that the
//! JSON doesn't.

pub mod csv;
pub mod folder;
pub mod hdr;
pub mod hgrm;
pub mod hlog;
pub mod markdown;
