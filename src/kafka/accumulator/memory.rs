//! `buffer.memory` as a budget: what a batch takes when it is created and gives back when it is
//! done.
//!
//! Cost class: per batch. Java's `BufferPool` keeps the buffers themselves; here the budget is a
//! number and the vectors are reused by the accumulator.

/// Bytes that batches may hold together.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Memory {
    total: u64,
    used: u64,
    peak: u64,
}

impl Memory {
    /// A budget of `total` bytes (`buffer.memory`).
    #[must_use]
    pub const fn new(total: u64) -> Self {
        Self { total, used: 0, peak: 0 }
    }

    /// Takes `bytes`; false, and nothing taken, when they aren't free.
    #[must_use]
    pub fn take(&mut self, bytes: u64) -> bool {
        if bytes > self.total - self.used {
            return false;
        }
        self.used += bytes;
        self.peak = self.peak.max(self.used);
        true
    }

    /// Gives `bytes` back.
    ///
    /// # Panics
    /// When more is given back than was taken: the ledger of memory would no longer be true.
    pub fn give(&mut self, bytes: u64) {
        assert!(bytes <= self.used, "{bytes} bytes given back, {} taken", self.used);
        self.used -= bytes;
    }

    /// The whole budget in bytes.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// Bytes taken now.
    #[must_use]
    pub const fn used(&self) -> u64 {
        self.used
    }

    /// The most that was ever taken, in bytes.
    #[must_use]
    pub const fn peak(&self) -> u64 {
        self.peak
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_only_what_is_free() {
        let mut memory = Memory::new(100);
        assert!(memory.take(60));
        assert!(!memory.take(41));
        assert!(memory.take(40));
        memory.give(60);
        assert_eq!((memory.used(), memory.peak(), memory.total()), (40, 100, 100));
    }

    /// `BufferPoolTest.testLargeAvailableMemory`.
    #[test]
    fn more_than_two_gibibytes_are_counted_right() {
        let mut memory = Memory::new(6 << 30);
        assert!(memory.take(5 << 30));
        assert!(!memory.take(2 << 30));
        memory.give(4 << 30);
        assert!(memory.take(5 << 30));
        assert_eq!((memory.used(), memory.peak()), (6 << 30, 6 << 30));
    }

    #[test]
    #[should_panic(expected = "given back")]
    fn giving_back_too_much_is_a_bug() {
        Memory::new(10).give(1);
    }
}
