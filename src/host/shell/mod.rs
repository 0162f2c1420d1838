//! The only sockets and clocks of the project: one loop that drives any [`crate::base::Machine`].
//!
//! [`Shell`] owns a machine, its streams, its timer and its inbox, and runs as a single task on
//! whichever tokio runtime polls it; [`spawn`] gives it a thread and a runtime of its own. A turn
//! of the loop takes the inputs that are ready, then settles: actions until there are none, bytes
//! until there are none, reports until there are none, then the next deadline.
//!
//! Cost class: per request. The shell knows bytes, names and deadlines; nothing here knows Kafka.

pub mod clock;
mod drive;
mod listen;
mod mailbox;
mod resolve;
mod seal;
#[allow(clippy::module_inception, reason = "the room is named after its one main type")]
mod shell;
mod stats;
mod stream;
#[cfg(test)]
mod tests;
mod thread;
mod timer;
mod wake;

pub use listen::{Bound, bind};
pub use mailbox::Mailbox;
pub use shell::Shell;
pub use stats::{LAG_BUCKETS, LoopSnapshot, LoopStats};
pub use thread::{Worker, WorkerError, spawn, spawn_server};
