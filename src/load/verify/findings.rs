//! What reading a log back came to, as plain figures. Cost class: once a run.

use core::ops::AddAssign;

/// What one partition's log holds of the phase; or, added up, what all of them hold.
///
/// Every record read is in exactly one of `found`, `indeterminate_found`, `failed_found`,
/// `duplicated`, `corrupted`, `foreign` and `earlier`; `reordered` are some of the first three.
/// Every delivered record is in exactly one of `found`, `lost`, `unknown` and (as far as a damaged
/// one could be told) `corrupted`: the first three never exceed `expected`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Findings {
    /// Records delivered: acknowledged, or with acks=0 written to the socket.
    pub expected: u64,
    /// Of those, the ones that are there, undamaged.
    pub found: u64,
    /// Of those, the ones that are not.
    pub lost: u64,
    /// Of those, the ones that may have been there: the log no longer holds as many offsets, or
    /// they could not be read.
    pub unknown: u64,
    /// Second and further copies.
    pub duplicated: u64,
    /// Records that stand behind a later one of their producer; only first copies count.
    pub reordered: u64,
    /// Records whose checksum is wrong, or that hold something else than was sent.
    pub corrupted: u64,
    /// Records of somebody else.
    pub foreign: u64,
    /// Records of an earlier phase of the same run, such as the warm-up.
    pub earlier: u64,
    /// Records of unknown fate that did arrive.
    pub indeterminate_found: u64,
    /// Records that had failed for certain, and are there all the same.
    pub failed_found: u64,
    /// Offsets that the log no longer held when it was read: retention, deletion, compaction.
    pub removed: u64,
    /// Offsets that could not be read.
    pub unread: u64,
    /// Offsets that hold a transaction's markers.
    pub markers: u64,
}

impl Findings {
    /// Records that arrived although nobody acknowledged them.
    #[must_use]
    pub const fn unacked_found(&self) -> u64 {
        self.indeterminate_found + self.failed_found
    }

    /// Whether every delivered record is there once, undamaged and in order, and nothing else is.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.found == self.expected
            && self.duplicated == 0
            && self.reordered == 0
            && self.corrupted == 0
            && self.foreign == 0
            && self.earlier == 0
            && self.unacked_found() == 0
            && self.removed == 0
            && self.unread == 0
    }
}

impl AddAssign for Findings {
    fn add_assign(&mut self, other: Self) {
        self.expected += other.expected;
        self.found += other.found;
        self.lost += other.lost;
        self.unknown += other.unknown;
        self.duplicated += other.duplicated;
        self.reordered += other.reordered;
        self.corrupted += other.corrupted;
        self.foreign += other.foreign;
        self.earlier += other.earlier;
        self.indeterminate_found += other.indeterminate_found;
        self.failed_found += other.failed_found;
        self.removed += other.removed;
        self.unread += other.unread;
        self.markers += other.markers;
    }
}

/// Neighbouring records of one producer that were delivered and not found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Missing {
    /// The worker that made them.
    pub producer: u32,
    /// The first one's number.
    pub first: u64,
    /// The last one's number.
    pub last: u64,
}

/// What reading a phase's records back came to.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Verification {
    /// By partition index.
    pub partitions: Vec<Findings>,
    /// The sum of them.
    pub total: Findings,
    /// The first [`Verification::MOST_MISSING`] stretches of records that were delivered and not
    /// found, by producer.
    pub missing: Vec<Missing>,
}

impl Verification {
    /// How many stretches of missing records are named.
    pub const MOST_MISSING: usize = 8;
}
