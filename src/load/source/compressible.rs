//! Random values of which a codec leaves about the share that was asked for: a stretch of random
//! bytes, then zeros.
//!
//! Cost class: per record, at the speed of random bytes and of zeros. Record n depends on seed and
//! number alone, and so does how much of it is random.
//!
//! A codec also spends bytes on what isn't random: on the frame around a value, and on saying that
//! the rest repeats. lz4 spends some 5 to 9 a record, zstd 2 to 3, and small records have no more
//! to give, so that the random stretch is shorter than the ratio alone would make it: by what lies
//! between the two codecs. What is then left to be random isn't cut up over many records, since
//! every cut costs twice as much with lz4 as with zstd: a stretch is at least [`BURST`] bytes or
//! the whole value, and fewer values get one. Which ones, a sequence of Weyl's decides, whose
//! shares are even over any stretch of numbers, and over every second or third of them.
//!
//! So lz4 and zstd come within 10 % of ratios from 0.2 up for values of 100 bytes, and from 0.1 up
//! for values of 500 bytes and more; the tests hold that. gzip comes within 10 % from 0.2 up as
//! well. Snappy has no long matches: 64 bytes of zeros take three, which adds a twentieth of what
//! isn't random. Keys and headers come on top and compress as they do.

use crate::base::{Rng, fill_words, mix};

/// Writes values of one ratio.
#[derive(Clone, Copy, Debug)]
pub(super) struct Compressible {
    ratio: f64,
    value_seed: u64,
    /// Where the sequence of Weyl's begins.
    first: u64,
}

impl Compressible {
    pub(super) const fn new(ratio: f64, seed: u64) -> Self {
        Self { ratio, value_seed: seed, first: mix(seed ^ SHARE_STREAM) }
    }

    /// Writes the value of record `n`, of `size` bytes, to the start of `room`, and spoils up to
    /// seven bytes behind it.
    ///
    /// # Panics
    /// When there is less room than that.
    #[inline]
    pub(super) fn write(self, n: u64, size: usize, room: &mut [u8]) {
        let random = self.random_bytes(n, size);
        fill_words(Rng::word(self.value_seed, n), random, room);
        room[random..size].fill(0);
    }

    /// How many bytes of the value of record `n` are random.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "sizes are far below 2^53, and the result is held within 0 and the size"
    )]
    fn random_bytes(self, n: u64, size: usize) -> usize {
        let word = self.first.wrapping_add(n.wrapping_mul(GOLDEN_GAMMA));
        let unit = (word >> 11) as f64 * (1.0 / (1u64 << 53) as f64);
        let bytes = size as f64;
        let framed = bytes + frame(size);
        let wanted = self.ratio * framed;
        let even = (wanted - MIXED - RUN * bytes) / (1.0 - RUN);
        let burst = BURST.min(size);
        if even >= burst as f64 {
            return (((even + unit) as usize).max(burst)).min(size);
        }
        let filler = FILLER + RUN * bytes;
        let with_burst = if burst == size {
            framed - FRAMES_SHARED
        } else {
            let burst = burst as f64;
            burst + MIXED + RUN * (bytes - burst)
        };
        let share = (wanted - filler) / (with_burst - filler);
        if unit < share { burst } else { 0 }
    }
}

/// Bytes of a record around its value, as most batches have it: attributes, timestamp, no key, no
/// headers; two of the offset, and the lengths.
fn frame(size: usize) -> f64 {
    let length = |length: usize| match length {
        0..64 => 1.0,
        64..8_192 => 2.0,
        _ => 3.0,
    };
    6.0 + length(size) + length(size + 8)
}

/// The shortest random stretch, if the value isn't shorter: what is cut into less costs codecs more
/// to say than it holds.
const BURST: usize = 256;
/// What follows is in bytes, in the middle between lz4 and zstd. A record without random bytes.
const FILLER: f64 = 4.0;
/// Of one with some, besides these.
const MIXED: f64 = 7.5;
/// What a byte that repeats costs: lz4 says 255 of them with one.
const RUN: f64 = 0.004;
/// What is saved of the frames between values that are random throughout.
const FRAMES_SHARED: f64 = 2.0;
/// Keeps this and the values apart; any constant does.
const SHARE_STREAM: u64 = 0x7368_6172_6573_6861;
/// 2^64 divided by the golden ratio, whose multiples are spread most evenly.
const GOLDEN_GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::RecordView;
    use crate::kafka::compression::{Codec, Compression, Compressor};
    use crate::kafka::wire::record_batch::{append_record, record_len};

    /// Bytes after compression per byte before, of about a megabyte in batches of `limit` bytes.
    fn achieved(ratio: f64, size: usize, limit: usize, codec: Codec) -> f64 {
        let maker = Compressible::new(ratio, 1);
        let mut compressor = Compressor::new(Compression::of(codec)).unwrap();
        let (mut room, mut body, mut out) = (vec![0; size + 7], Vec::new(), Vec::new());
        let (mut before, mut after, mut count) = (0, 0, 0);
        let mut seal = |body: &mut Vec<u8>| {
            compressor.replace(body, &mut out).unwrap();
            before += body.len();
            after += out.len();
            body.clear();
            before >= 1 << 20
        };
        for n in 0.. {
            maker.write(n, size, &mut room);
            // A millisecond passes every twenty records.
            let timestamp_ms = i64::try_from(n % 1_000 / 20).unwrap();
            let value = Some(&room[..size]);
            let record =
                RecordView { partition: None, key: None, value, headers: &[], timestamp_ms };
            if !body.is_empty() && body.len() + record_len(count, timestamp_ms, &record) > limit {
                count = 0;
                if seal(&mut body) {
                    break;
                }
            }
            append_record(&mut body, count, timestamp_ms, &record);
            count += 1;
        }
        f64::from(u32::try_from(after).unwrap()) / f64::from(u32::try_from(before).unwrap())
    }

    /// The largest deviation from the ratio asked for, over `ratios`, sizes and batches.
    fn worst(codec: Codec, sizes: &[usize], ratios: &[f64]) -> (f64, String) {
        let mut worst = (0.0, String::new());
        for &size in sizes {
            for &ratio in ratios {
                for limit in [16 << 10, 128 << 10] {
                    let off = achieved(ratio, size, limit, codec) / ratio - 1.0;
                    if off.abs() > worst.0 {
                        worst = (off.abs(), format!("{ratio} of {size} bytes, {limit}: {off:+.3}"));
                    }
                }
            }
        }
        worst
    }

    const RATIOS: [f64; 6] = [0.2, 0.3, 0.5, 0.7, 0.9, 1.0];
    const SIZES: [usize; 8] = [100, 150, 200, 300, 1_000, 3_000, 10_240, 102_400];

    #[test]
    fn lz4_and_zstd_leave_what_was_asked_for() {
        for codec in [Codec::Lz4, Codec::Zstd] {
            let (off, case) = worst(codec, &SIZES, &RATIOS);
            assert!(off < 0.10, "{}: {case}", codec.name());
            let (off, case) = worst(codec, &[500, 1_000, 10_240, 102_400], &[0.1, 0.15]);
            assert!(off < 0.10, "{}: {case}", codec.name());
        }
    }

    /// What the documentation says of the other codecs.
    #[test]
    fn gzip_is_near_and_snappy_s_runs_cost_a_twentieth() {
        let (off, case) = worst(Codec::Gzip, &SIZES, &RATIOS);
        assert!(off < 0.10, "gzip: {case}");
        for size in [1_000, 10_240, 102_400] {
            for ratio in [0.2, 0.5, 0.8] {
                let found = achieved(ratio, size, 16 << 10, Codec::Snappy);
                let expected = ratio + 0.047 * (1.0 - ratio);
                assert!((found / expected - 1.0).abs() < 0.1, "{ratio} of {size}: {found}");
            }
        }
        assert!((achieved(0.5, 100, 16 << 10, Codec::None) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn the_random_share_is_even_for_every_worker() {
        let maker = Compressible::new(0.5, 7);
        let mean = |first: u64, step: u64| {
            let sum: usize = (0..1_000).map(|k| maker.random_bytes(first + k * step, 100)).sum();
            sum / 1_000
        };
        for (first, step) in [(0, 1), (500, 1), (0, 2), (1, 2), (2, 12), (7, 1_000)] {
            assert!(
                (47..=51).contains(&mean(first, step)),
                "{first} {step}: {}",
                mean(first, step)
            );
        }
    }

    /// Pinned: other bytes mean that stored seeds make other records, which CHANGELOG must say.
    #[test]
    fn what_a_seed_makes_is_pinned() {
        let maker = Compressible::new(0.3, 1);
        let random = |size| (0..6).map(|n| maker.random_bytes(n, size)).collect::<Vec<_>>();
        assert_eq!(random(100), [100, 0, 0, 100, 0, 0]);
        assert_eq!(random(1_000), [292, 293, 293, 292, 293, 293]);
        let mut room = [9; 1_007];
        maker.write(3, 1_000, &mut room);
        let random = maker.random_bytes(3, 1_000);
        assert!(room[random..1_000].iter().all(|byte| *byte == 0));
        assert_eq!(room[1_000..], [9; 7]);
    }
}
