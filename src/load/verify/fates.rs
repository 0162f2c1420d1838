//! What became of each record of one worker, in two bits a record.
//!
//! Cost class: per record where a run is to be verified, a shift and a mask; a quarter of a byte of
//! memory for each. Grows with the highest number, so an hour at 100,000 a second takes 90 MB.

/// How a record ended, as far as its producer knows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fate {
    /// Acknowledged; with acks=0 written to the socket.
    Delivered,
    /// Certainly not in the log: failed, refused or never sent.
    Failed,
    /// Sent, and nobody knows.
    Indeterminate,
}

/// The fates of one worker's records in one phase, by number.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Fates {
    /// The first number of the phase: those below it are of an earlier one.
    first: u64,
    /// Two bits a record from `first` on; 0 for a record without a fate.
    words: Vec<u64>,
}

impl Fates {
    /// No record yet, of a phase whose numbers begin with `first`.
    #[must_use]
    pub const fn new(first: u64) -> Self {
        Self { first, words: Vec::new() }
    }

    /// The first number of the phase.
    #[must_use]
    pub const fn first(&self) -> u64 {
        self.first
    }

    /// Numbers below this one have been given fates, or were left out; at most 31 more than were
    /// given.
    #[must_use]
    pub const fn end(&self) -> u64 {
        self.first + self.words.len() as u64 * PER_WORD
    }

    /// Record `number` ended so. A later call replaces an earlier one; numbers of an earlier phase
    /// are left out.
    #[inline]
    pub fn set(&mut self, number: u64, fate: Fate) {
        let Some(at) = number.checked_sub(self.first) else { return };
        let (word, shift) = place(at);
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        let bits = match fate {
            Fate::Delivered => 1,
            Fate::Failed => 2,
            Fate::Indeterminate => 3,
        };
        self.words[word] = self.words[word] & !(0b11 << shift) | bits << shift;
    }

    /// How record `number` ended; `None` when it is none of this phase.
    #[inline]
    #[must_use]
    pub fn get(&self, number: u64) -> Option<Fate> {
        let (word, shift) = place(number.checked_sub(self.first)?);
        match self.words.get(word)? >> shift & 0b11 {
            1 => Some(Fate::Delivered),
            2 => Some(Fate::Failed),
            3 => Some(Fate::Indeterminate),
            _ => None,
        }
    }

    /// How many records ended so.
    #[must_use]
    pub fn count(&self, fate: Fate) -> u64 {
        let numbers = self.first..self.end();
        numbers.filter(|number| self.get(*number) == Some(fate)).count() as u64
    }
}

/// One bit a record.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    words: Vec<u64>,
}

impl Seen {
    /// Sets the bit of `at`; whether it was set before.
    #[inline]
    pub(super) fn set(&mut self, at: u64) -> bool {
        let (word, bit) = Self::place(at);
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        let before = self.words[word] & bit != 0;
        self.words[word] |= bit;
        before
    }

    pub(super) fn has(&self, at: u64) -> bool {
        let (word, bit) = Self::place(at);
        self.words.get(word).is_some_and(|word| word & bit != 0)
    }

    fn place(at: u64) -> (usize, u64) {
        (usize::try_from(at / 64).expect("a bit a record fits memory"), 1 << (at % 64))
    }
}

/// The word of a record, and where its bits begin there.
#[inline]
fn place(at: u64) -> (usize, u64) {
    (usize::try_from(at / PER_WORD).expect("two bits a record fit memory"), at % PER_WORD * 2)
}

/// Records in a word.
const PER_WORD: u64 = 32;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_of_an_earlier_phase_have_no_fate() {
        let mut fates = Fates::new(100);
        fates.set(99, Fate::Delivered);
        assert_eq!(fates, Fates::new(100));
        fates.set(100, Fate::Failed);
        assert_eq!(
            (fates.get(99), fates.get(100), fates.get(101)),
            (None, Some(Fate::Failed), None)
        );
        assert_eq!(fates.get(u64::MAX), None);
        assert_eq!((fates.first(), fates.end()), (100, 132));
    }

    proptest! {
        #[test]
        fn fates_are_a_map(
            given in proptest::collection::vec((50u64..500, 0u8..3), 0..300)
        ) {
            let mut fates = Fates::new(50);
            let mut map = BTreeMap::new();
            for (number, fate) in given {
                let fate = [Fate::Delivered, Fate::Failed, Fate::Indeterminate][usize::from(fate)];
                fates.set(number, fate);
                map.insert(number, fate);
            }
            for number in 0..600 {
                prop_assert_eq!(fates.get(number), map.get(&number).copied());
            }
            for fate in [Fate::Delivered, Fate::Failed, Fate::Indeterminate] {
                let expected = map.values().filter(|found| **found == fate).count() as u64;
                prop_assert_eq!(fates.count(fate), expected);
            }
        }
    }
}
