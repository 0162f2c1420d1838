//! Where every record went. Cost class: per batch.

/// Records by what became of them; each generated record is in exactly one of acked to unsent, or
/// still in progress.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Ledger {
    /// Made and handed to the producer.
    pub generated: u64,
    /// Due but left out because the producer was full.
    pub dropped: u64,
    /// Due but left out because it was too late for them.
    pub skipped: u64,
    /// Acknowledged with an offset.
    pub acked: u64,
    /// Acknowledged: the broker said that it had them already.
    pub duplicate: u64,
    /// Written to the socket (acks=0).
    pub written: u64,
    /// Certainly not in the log.
    pub failed: u64,
    /// Sent, and nobody knows.
    pub indeterminate: u64,
    /// Not in any log, without an error: the drain was cut.
    pub unsent: u64,
}

/// A ledger that doesn't balance: a record was lost or counted twice on the way, so nothing it says
/// can be believed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "the ledger does not balance: {generated} records generated, {ended} ended \
     and {in_progress} in progress"
)]
pub struct Imbalance {
    /// Records made.
    pub generated: u64,
    /// Records with an outcome.
    pub ended: u64,
    /// Records that the producer still holds.
    pub in_progress: u64,
}

impl Ledger {
    /// Records that the cluster has taken: acked, duplicate or written.
    #[must_use]
    pub const fn delivered(&self) -> u64 {
        self.acked + self.duplicate + self.written
    }

    /// Records with an outcome.
    #[must_use]
    pub const fn ended(&self) -> u64 {
        self.delivered() + self.failed + self.indeterminate + self.unsent
    }

    /// Records that fell due, so far as they were met: generated, dropped or skipped.
    #[must_use]
    pub const fn due(&self) -> u64 {
        self.generated + self.dropped + self.skipped
    }

    /// Records that fell due and weren't made on purpose.
    #[must_use]
    pub const fn left_out(&self) -> u64 {
        self.dropped + self.skipped
    }

    /// Holds what was generated against the outcomes and `in_progress`, the records that the
    /// producer says it holds.
    ///
    /// # Errors
    /// When they differ.
    pub const fn balance(&self, in_progress: u64) -> Result<(), Imbalance> {
        let ended = self.ended();
        if self.generated == ended + in_progress {
            return Ok(());
        }
        Err(Imbalance { generated: self.generated, ended, in_progress })
    }

    /// Adds another worker's.
    pub const fn merge(&mut self, other: &Self) {
        self.generated += other.generated;
        self.dropped += other.dropped;
        self.skipped += other.skipped;
        self.acked += other.acked;
        self.duplicate += other.duplicate;
        self.written += other.written;
        self.failed += other.failed;
        self.indeterminate += other.indeterminate;
        self.unsent += other.unsent;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_is_in_the_balance() {
        let ledger = Ledger {
            generated: 63,
            dropped: 1_000,
            skipped: 2_000,
            acked: 1,
            duplicate: 2,
            written: 4,
            failed: 8,
            indeterminate: 16,
            unsent: 30,
        };
        assert_eq!(ledger.balance(2), Ok(()));
        assert_eq!(ledger.due(), 3_063);
        let error = ledger.balance(0).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the ledger does not balance: 63 records generated, 61 ended and 0 in progress"
        );
    }

    #[test]
    fn merging_adds_every_field() {
        let one = Ledger {
            generated: 1,
            dropped: 2,
            skipped: 3,
            acked: 4,
            duplicate: 5,
            written: 6,
            failed: 7,
            indeterminate: 8,
            unsent: 9,
        };
        let mut sum = one;
        sum.merge(&one);
        let twice = Ledger {
            generated: 2,
            dropped: 4,
            skipped: 6,
            acked: 8,
            duplicate: 10,
            written: 12,
            failed: 14,
            indeterminate: 16,
            unsent: 18,
        };
        assert_eq!(sum, twice);
    }
}
