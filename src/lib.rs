//! kprod-bench: a Kafka load generator with a producer engine of its own.
//!
//! The storeys, each built on those before it: [`base`], `kafka`, `load`, `host`, `app`.
pub mod app;
pub mod base;
pub mod host;
pub mod kafka;
pub mod load;
