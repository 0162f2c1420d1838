//! Values: in place where that is all a record holds, in a buffer that is kept otherwise. Cost
//! class: per record; nothing is allocated.

use std::sync::Arc;

use super::compressible::Compressible;
use super::digits;
use super::plan::{SourcePlan, ValuePlan};
use super::sequence::SequenceValue;
use super::size::Sizes;
use crate::base::{Rng, WorkerIndex, fill_words};

/// Makes the values of a plan.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// Random ones of one size, what is most common: how they are written, and room for one.
    Random { plain: Plain, room: Vec<u8> },
    /// All others.
    Made(Box<Maker>),
}

/// Makes values that take more than a row of random words.
#[derive(Clone, Debug)]
pub(super) struct Maker {
    seed: u64,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Random { sizes: Sizes, room: Vec<u8> },
    Compressible { maker: Compressible, sizes: Sizes, room: Vec<u8> },
    Sequence { workers: u64, sizes: Sizes, values: SequenceValue },
    Lines(Arc<[Vec<u8>]>),
    Monotonic([u8; digits::LONGEST]),
}

impl Value {
    pub(super) fn new(plan: &SourcePlan, worker: WorkerIndex) -> Self {
        let seed = plan.seed;
        let sizes = || Sizes::new(&plan.size, plan.reserved, seed);
        let kind = match (&plan.value, plan.size.fixed()) {
            (ValuePlan::Random, Some(size)) => {
                let size = (size - plan.reserved) as usize;
                let room = vec![0; size.next_multiple_of(8)];
                return Self::Random { plain: Plain { seed, size }, room };
            }
            (ValuePlan::Random, None) => {
                let sizes = sizes();
                Kind::Random { room: room_for(&sizes), sizes }
            }
            (ValuePlan::Compressible { ratio }, _) => {
                let (maker, sizes) = (Compressible::new(*ratio, seed), sizes());
                Kind::Compressible { maker, room: room_for(&sizes), sizes }
            }
            (ValuePlan::Sequence, _) => {
                let sizes = sizes();
                let values = SequenceValue::new(worker.0, sizes.largest());
                Kind::Sequence { workers: plan.workers.into(), sizes, values }
            }
            (ValuePlan::Lines(lines), _) => Kind::Lines(Arc::clone(lines)),
            (ValuePlan::Monotonic, _) => Kind::Monotonic([0; digits::LONGEST]),
        };
        Self::Made(Box::new(Maker { seed, kind }))
    }
}

/// For the largest value in whole words, as which random bytes are written.
fn room_for(sizes: &Sizes) -> Vec<u8> {
    vec![0; sizes.largest().next_multiple_of(8)]
}

impl Maker {
    /// The value of record `n`.
    #[inline(never)]
    pub(super) fn write(&mut self, n: u64) -> &[u8] {
        match &mut self.kind {
            Kind::Random { sizes, room } => {
                let size = sizes.of(n);
                fill_words(Rng::word(self.seed, n), size, room);
                &room[..size]
            }
            Kind::Compressible { maker, sizes, room } => {
                let size = sizes.of(n);
                maker.write(n, size, room);
                &room[..size]
            }
            Kind::Sequence { workers, sizes, values } => values.write(n / *workers, sizes.of(n)),
            Kind::Lines(lines) => {
                let pick = Rng::nth(self.seed, n).below(lines.len() as u64);
                &lines[usize::try_from(pick).expect("below the count of lines")]
            }
            Kind::Monotonic(buffer) => {
                let count = digits::write(n, buffer);
                &buffer[..count]
            }
        }
    }
}

/// Records that are a random value of one size and nothing else, written where they are wanted:
/// their bytes are those of [`Source::record`](super::Source::record).
#[derive(Clone, Copy, Debug)]
pub struct Plain {
    seed: u64,
    pub(super) size: usize,
}

impl Plain {
    /// Bytes of a value.
    #[must_use]
    #[inline(always)]
    pub const fn size(self) -> usize {
        self.size
    }

    /// Writes the value of record `n` to the start of `room`, up to seven bytes behind it included.
    ///
    /// # Panics
    /// When there is less room than that.
    #[inline(always)]
    pub fn write(self, n: u64, room: &mut [u8]) {
        fill_words(Rng::word(self.seed, n), self.size, room);
    }
}
