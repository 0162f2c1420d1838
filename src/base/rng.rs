//! The one source of pseudo-random numbers: SplitMix64 (Steele, Lea, Flood: "Fast splittable
//! pseudorandom number generators", OOPSLA 2014). Pinned by name, so that a seed means the same
//! records on every platform and in every version.
//!
//! Cost class: per record. Not for secrets.

/// A seeded generator of 64-bit words; period 2^64.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rng {
    state: u64,
}

impl Rng {
    /// A generator whose output depends on `seed` alone.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A generator for item `n` of the stream `seed`: items can be made in any order, or one alone.
    #[must_use]
    #[inline]
    pub const fn nth(seed: u64, n: u64) -> Self {
        Self { state: mix(seed ^ mix(n.wrapping_add(GOLDEN_GAMMA))) }
    }

    /// The next word, uniform over all 64-bit values.
    #[inline]
    pub const fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN_GAMMA);
        mix(self.state)
    }

    /// Uniform in `0..bound` without modulo bias worth naming (below 2^-32 for bounds under 2^32).
    /// 0 for a bound of 0.
    ///
    /// Method: the high half of a 64 × 64 bit product (Lemire, 2019).
    pub const fn below(&mut self, bound: u64) -> u64 {
        ((self.next_u64() as u128 * bound as u128) >> 64) as u64
    }

    /// Uniform in [0, 1), 53 bits of it.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
    pub const fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Fills `out` with uniform bytes, as `fill_blocks` makes them; takes one word of the
    /// generator.
    pub fn fill(&mut self, out: &mut [u8]) {
        let (blocks, rest) = out.as_chunks_mut::<32>();
        let word = fill_blocks(self.next_u64(), blocks);
        let mut last = [[0; 32]];
        if !rest.is_empty() {
            fill_blocks(word, &mut last);
            rest.copy_from_slice(&last[0][..rest.len()]);
        }
    }

    /// Word `n` of the stream `seed`, from 0: what the n-th call of [`Rng::next_u64`] after
    /// [`Rng::new`] gives.
    #[must_use]
    #[inline]
    pub const fn word(seed: u64, n: u64) -> u64 {
        mix(seed.wrapping_add(n.wrapping_add(1).wrapping_mul(GOLDEN_GAMMA)))
    }
}

/// Fills `out` with uniform bytes that depend on `word` alone; returns the word to go on with.
///
/// They come from wyrand (Wang Yi, wyhash final version 4) seeded with that word: one
/// multiplication for eight bytes, none waiting for another, where SplitMix64 has two in a row.
/// Four of them a turn, and nothing left over, so that there is no end to look after.
#[inline]
fn fill_blocks(word: u64, out: &mut [[u8; 32]]) -> u64 {
    let mut state = word;
    for block in out {
        let (words, _) = block.as_chunks_mut::<8>();
        for word in words {
            *word = wyrand(&mut state).to_le_bytes();
        }
    }
    state
}

/// The same bytes, for a length that is no whole number of blocks: `out` is filled from its start
/// for at least `len` bytes, up to seven more are spoiled.
///
/// # Panics
/// When `out` has no room for `len` bytes in whole words of eight.
#[inline]
pub fn fill_words(word: u64, len: usize, out: &mut [u8]) {
    let (blocks, rest) = out[..len.next_multiple_of(8)].as_chunks_mut::<32>();
    let mut state = fill_blocks(word, blocks);
    for word in rest.as_chunks_mut::<8>().0 {
        *word = wyrand(&mut state).to_le_bytes();
    }
}

/// The next word of wyrand.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the two halves of a 128-bit product")]
const fn wyrand(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x2d35_8dcc_aa6c_78a5);
    let product = *state as u128 * (*state ^ 0x8bb8_4b93_962e_acc9) as u128;
    (product >> 64) as u64 ^ product as u64
}

/// SplitMix64's finalizer: a bijection of 64-bit words in which every input bit reaches every
/// output bit.
#[must_use]
#[inline]
pub const fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

const GOLDEN_GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

#[cfg(test)]
mod tests {
    use super::*;

    const PINNED: [u8; 12] = [44, 106, 176, 100, 17, 253, 15, 95, 33, 29, 116, 219];

    #[test]
    fn words_and_blocks_make_the_same_bytes() {
        for len in [0, 1, 7, 8, 9, 31, 32, 33, 100, 128] {
            let (mut blocks, mut words) = ([[0; 32]; 4], [0; 128]);
            fill_blocks(77, &mut blocks);
            fill_words(77, len, &mut words);
            assert_eq!(blocks.as_flattened()[..len], words[..len]);
            assert!(words[len.next_multiple_of(8)..].iter().all(|byte| *byte == 0));
        }
    }

    /// The published first outputs of SplitMix64 for seed 1234567.
    #[test]
    fn agrees_with_the_published_sequence() {
        let mut rng = Rng::new(1_234_567);
        let words = [rng.next_u64(), rng.next_u64(), rng.next_u64()];
        assert_eq!(
            words,
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
    }

    #[test]
    fn a_word_alone_is_the_streams() {
        let mut rng = Rng::new(42);
        assert!((0..20).all(|n| Rng::word(42, n) == rng.next_u64()));
    }

    /// Pinned: another value means that every stored seed now makes other records.
    #[test]
    fn filled_bytes_are_pinned() {
        let mut bytes = [0; 12];
        Rng::new(1).fill(&mut bytes);
        assert_eq!(bytes, PINNED);
    }

    #[test]
    fn fill_covers_lengths_that_are_no_multiple_of_a_block() {
        for len in 0..100 {
            let mut bytes = vec![0u8; len];
            Rng::new(7).fill(&mut bytes);
            let mut longer = vec![0u8; 100];
            Rng::new(7).fill(&mut longer);
            assert_eq!(bytes, longer[..len]);
        }
    }

    #[test]
    fn below_stays_below_and_reaches_both_ends() {
        let mut rng = Rng::new(3);
        let mut seen = [0u32; 5];
        for _ in 0..1_000 {
            seen[usize::try_from(rng.below(5)).unwrap()] += 1;
        }
        assert!(seen.iter().all(|&count| count > 120), "{seen:?}");
        assert_eq!(rng.below(0), 0);
    }
}
