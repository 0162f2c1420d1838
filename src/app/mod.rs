//! What people touch: flags, files, results.

pub mod cli;
