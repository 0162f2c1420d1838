//! The producer: records in, deliveries out.
//!
//! `producer` is what the caller sees, `stretch` its short way for many records without keys and
//! `fan` for those with; `topics` chooses partitions, `routes` sorts ready ones by broker, `sender`
//! drains them into requests, `answers` turns responses into outcomes by the rules of `retry` and
//! `idempotence`; `machine` is the face towards sockets.

mod answers;
mod blocked;
mod delivery;
mod event;
mod expiry;
mod fan;
mod idempotence;
mod identity;
mod machine;
mod order;
mod outcome;
#[expect(clippy::module_inception, reason = "the room is named after its one public machine")]
mod producer;
mod request;
mod retry;
mod routes;
mod sender;
mod split;
mod stretch;
#[cfg(test)]
mod tests;
mod topics;

pub use delivery::{BatchTimes, Delivery, Failure, Outcome};
pub use event::ProducerEvent;
pub use fan::Fan;
pub use idempotence::{ProducerId, SequenceVerdict, Sequences, advance};
pub use machine::ProducerCommand;
pub use producer::{Producer, Sent};
pub use request::{ProduceBatches, ProducerRequest};
pub use retry::{Case, Verdict, judge, may_be_written};
pub use stretch::Stretch;
