//! What people touch: flags, files, results.

pub mod cli;
pub mod judge;
pub mod report;
pub mod settings;
pub mod stats;
