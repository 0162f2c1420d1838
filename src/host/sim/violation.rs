//! What a checker says. Cost class: rare.

use core::fmt;

use crate::base::Instant;

/// Something that must never be, and was.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Violation {
    /// The invariant's name.
    pub name: &'static str,
    /// When it was seen, in virtual time.
    pub at: Instant,
    /// What was seen.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: {}", self.name, self.at, self.what)
    }
}
