//! Damages an input: what a hostile or broken peer would do, pinned by a seed.

use kprod_bench::base::Rng;

use crate::targets::{below, noise};

/// Numbers that lengths, counts and codes break at.
const NASTY: [i64; 14] = [
    0,
    1,
    -1,
    -2,
    i32::MAX as i64,
    i32::MIN as i64,
    i16::MAX as i64,
    i16::MIN as i64,
    2_000_000_000,
    0xffff_ffff,
    0x00ff_ffff,
    i64::MAX,
    i64::MIN,
    127,
];
/// An input never grows beyond this.
const LONGEST: usize = 4_096;

/// One to five changes; `other` lends a piece of itself.
pub(crate) fn mutate(input: &mut Vec<u8>, other: &[u8], rng: &mut Rng) {
    for _ in 0..1 + rng.below(5) {
        change(input, other, rng);
        input.truncate(LONGEST);
    }
}

fn change(input: &mut Vec<u8>, other: &[u8], rng: &mut Rng) {
    let at = below(rng, input.len() + 1);
    match rng.below(10) {
        0 => input.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << rng.below(8)),
        1 => {
            let len = 1 + below(rng, 4);
            let some = noise(rng, len);
            input.iter_mut().skip(at).zip(some).for_each(|(byte, new)| *byte = new);
        }
        2 => input.truncate(at),
        3 => {
            let end = (at + 1 + below(rng, 16)).min(input.len());
            input.drain(at..end);
        }
        4 => {
            let len = 1 + below(rng, 16);
            let some = noise(rng, len);
            input.splice(at..at, some);
        }
        // A length or a number, in any width.
        5 | 6 => {
            let value = NASTY[below(rng, NASTY.len())].to_be_bytes();
            let width = [1, 2, 4, 8][below(rng, 4)];
            let bytes = &value[8 - width..];
            input.iter_mut().skip(at).zip(bytes).for_each(|(byte, new)| *byte = *new);
        }
        // A variable-length number, its largest or any.
        7 => {
            let len = below(rng, 10);
            let mut number = vec![0xff; len];
            number.push(u8::try_from(rng.below(128)).expect("below 128"));
            let end = (at + 1).min(input.len());
            input.splice(at..end, number);
        }
        8 => {
            let end = (at + 1 + below(rng, 32)).min(input.len());
            let again = input[at..end].to_vec();
            input.splice(at..at, again);
        }
        _ => {
            let from = below(rng, other.len() + 1);
            let end = (from + 1 + below(rng, 64)).min(other.len());
            let upto = (at + below(rng, 8)).min(input.len());
            input.splice(at..upto, other[from..end].iter().copied());
        }
    }
}
