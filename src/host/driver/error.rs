//! Why a run gave no result. Cost class: once a run.

use super::result::Signal;

/// A run that ended before it had anything to report. The text is one sentence or a few, for
/// people.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RunError {
    /// The cluster can't be reached, refuses us, or the topic can't be used.
    #[error("{0}")]
    Unusable(String),
    /// The plan can't be carried out as given, whatever the cluster: a configuration error found
    /// late.
    #[error("{0}")]
    Configuration(String),
    /// A signal came before anything was measured.
    #[error("interrupted before anything was measured")]
    Interrupted(Signal),
    /// A broken promise of our own: a worker that died, a ledger that doesn't balance.
    #[error("internal error: {0}")]
    Internal(String),
}
