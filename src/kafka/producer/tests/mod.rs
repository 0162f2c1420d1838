//! The producer against brokers made by hand: one decision a test, in plain-number time.

mod drain;
mod expiry;
mod identity;
mod metadata;
mod retries;
mod sequences;
mod sticky;
mod stretch;
mod world;
