//! How a Kafka producer works. Pure: no I/O, no clock, no randomness but a seed.
pub mod accumulator;
pub mod admin;
pub mod broker;
pub mod cluster;
pub mod compression;
pub mod config;
pub mod connection;
pub mod partitioner;
pub mod producer;
pub mod wire;
