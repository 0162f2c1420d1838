//! Where records wait for the sender: batches by partition (`RecordAccumulator`).
//!
//! `batch` is one batch's life (open, sealing, sealed), `queue` one partition's batches,
//! `accumulator` all of them: appending and opening there, many records in a row in `stretch` and,
//! to many partitions, in `fan`, linger and readiness in `ready`, taking and bringing back in
//! `drain`, cutting a batch that is too large in `split`. `memory` is the budget of
//! `buffer.memory`, `ratio` the compression estimate, `stamps` the instants that the measurement
//! needs.

#[expect(clippy::module_inception, reason = "the room is named after its one public machine")]
mod accumulator;
mod batch;
mod body;
mod close_reason;
mod drain;
mod fan;
mod memory;
mod queue;
mod ratio;
mod ready;
mod split;
mod stamps;
mod stretch;
#[cfg(test)]
mod tests;

pub use accumulator::{Accumulator, Append, Appended};
pub use batch::{Batch, BatchId, BatchState, Identity, Place, SealJob, SealTime, Sending};
pub use close_reason::CloseReason;
pub use drain::Head;
pub use fan::Fan;
pub use memory::Memory;
pub use ratio::Ratio;
pub use stamps::{Run, Stamp, Stamps};
pub use stretch::Stretch;
