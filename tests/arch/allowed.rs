//! Exceptions to the rules, each with its reason. One that isn't needed any more fails a test.

/// Functions longer than the limit: file, function, reason.
pub(crate) const LONG_FUNCTIONS: &[(&str, &str, &str)] = &[];

/// Files longer than the limit: file, reason.
pub(crate) const LONG_FILES: &[(&str, &str)] = &[];

/// Files with lines wider than the limit: file, reason.
pub(crate) const WIDE_FILES: &[(&str, &str)] = &[(
    "src/kafka/partitioner/hash.rs",
    "tables of vectors, a key with all of its hashes in a line",
)];

/// Words and paths banned in the pure storeys: file, what the rule finds, reason.
pub(crate) const BANNED: &[(&str, &str, &str)] = &[];
