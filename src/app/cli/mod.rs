//! The command line. Cost class: once a process.

pub mod args;
