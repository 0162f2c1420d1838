//! How a Kafka producer works. Pure: no I/O, no clock, no randomness but a seed.
pub mod accumulator;
pub mod compression;
pub mod config;
pub mod partitioner;
