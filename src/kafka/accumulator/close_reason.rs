//! Why a batch was closed. Cost class: per batch.

/// Why a batch took no more records.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum CloseReason {
    /// The next record had no room, or `batch.size` was reached exactly.
    Full,
    /// `linger.ms` was over.
    #[default]
    Linger,
    /// A flush or close asked for everything.
    Flush,
    /// `buffer.memory` was exhausted.
    Memory,
}
