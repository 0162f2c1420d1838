//! How Kafka works: its wire format, its codecs, its producer and its broker. Pure: no I/O, no clock,
//! no randomness but a seed.
//!
//! Cost class: each room states its own.
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
