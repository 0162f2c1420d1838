//! Were the records that a run sent written once, undamaged and in order? Their logs, read back,
//! say it.
//!
//! [`Fates`] holds what the producer knows of each record, [`Verifier`] the log against that,
//! [`Findings`] what came of it, by partition. Cost class: per record, but only in a run that is to
//! be verified: two bits of memory and a store while it sends; a bit, two checksums and one record
//! made again while it reads. Invariants: a batch is judged by its checksum before its records are
//! looked at; a record is what its source makes of seed and number, or it is damaged; what a log no
//! longer holds is unknown and not lost.
//!
//! What it doesn't do: fetch, wait, or judge what a finding means for the run.

mod fates;
mod findings;
#[cfg(test)]
mod tests;
mod verifier;

pub use fates::{Fate, Fates};
pub use findings::{Findings, Missing, Verification};
pub use verifier::{Traced, Verifier, VerifyPlan};
