//! One worker's engine: a producer, fed by a schedule and a source, read by a recorder.
//!
//! `pump` is the way of a record, in one function; `phase` leads through connect, load, drain and
//! the end; `machine` is the face towards sockets; a `witness` may look on. Cost class: per record
//! in `pump`, the rest per batch. It owns all that it touches; what several workers do together is
//! a command that carries the instant.

#[expect(clippy::module_inception, reason = "the room is named after its one public machine")]
mod engine;
mod machine;
mod phase;
mod plan;
mod policy;
mod pump;
#[cfg(test)]
mod tests;
mod witness;

pub use crate::kafka::producer::ProducerEvent;
pub use engine::Engine;
pub use plan::{EngineCommand, EnginePlan, EngineReport, Load, Origin, PhaseEnd, Trace};
pub use witness::{Blind, LeftOut, Witness};
