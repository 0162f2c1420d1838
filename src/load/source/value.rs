//! Values: in place where that is all a record holds, in a buffer that is kept otherwise. Cost
//! class: per record; nothing is allocated.

use std::sync::Arc;

use super::compressible::Compressible;
use super::corpus::{Corpus, PieceOrder};
use super::digits;
use super::plan::{NumberType, SCHEMA_PREFIX, SourcePlan, ValuePlan};
use super::pool::Pool;
use super::sequence::SequenceValue;
use super::size::Sizes;
use super::template::{FieldId, Rendering, Template};
use crate::base::{Rng, WorkerIndex, fill_words, mix};

/// Makes the values of a plan.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// Random ones of one size, what is most common: how they are written, and room for one.
    Random { plain: Plain, room: Vec<u8> },
    /// All others.
    Made(Box<Maker>),
    /// Those of a pool.
    Pool(Box<Pool>),
}

/// Makes values that take more than a row of random words.
#[derive(Clone, Debug)]
pub(super) struct Maker {
    seed: u64,
    kind: Kind,
    tombstones: Tombstones,
    /// The schema's prefix, then room for the rest of a value where `kind` has none of its own.
    room: Vec<u8>,
    /// Bytes of the prefix, which stay as they are.
    prefix: usize,
}

#[derive(Clone, Debug)]
enum Kind {
    Random { sizes: Sizes },
    Compressible { maker: Compressible, sizes: Sizes },
    Fixed { sizes: Sizes },
    Sequence { workers: u64, sizes: Sizes, values: SequenceValue },
    Corpus { corpus: Arc<Corpus>, order: PieceOrder },
    Template(Templated),
    Increasing(NumberType),
    Null,
}

/// Makes values by a template.
#[derive(Clone, Debug)]
struct Templated {
    template: Arc<Template>,
    rendering: Rendering,
    /// The record that was rendered last: its key is asked for before its value.
    made: Option<u64>,
}

impl Templated {
    fn make(&mut self, seed: u64, n: u64, time: i64) -> &Rendering {
        if self.made != Some(n) {
            self.template.render(seed, n, time, &mut self.rendering);
            self.made = Some(n);
        }
        &self.rendering
    }
}

/// Which records are tombstones.
#[derive(Clone, Copy, Debug)]
struct Tombstones {
    seed: u64,
    share: f64,
}

impl Tombstones {
    #[inline]
    fn has(self, n: u64) -> bool {
        self.share > 0.0 && Rng::new(Rng::word(self.seed, n)).unit() < self.share
    }
}

impl Value {
    pub(super) fn new(plan: &SourcePlan, worker: WorkerIndex) -> Self {
        match plan.values_of_a_worker() {
            None => Self::fresh(plan, worker),
            Some(count) => {
                Self::Pool(Box::new(Pool::new(plan, count, worker, Self::fresh(plan, worker))))
            }
        }
    }

    /// The value of record `n`, which happened at `time` (nanoseconds since 1970); `None` is a
    /// tombstone.
    #[inline(always)]
    pub(super) fn write(&mut self, n: u64, time: i64) -> Option<&[u8]> {
        match self {
            Self::Random { plain, room } => {
                plain.write(n, room);
                Some(&room[..plain.size])
            }
            Self::Made(maker) => maker.write(n, time),
            Self::Pool(pool) => pool.value(n),
        }
    }

    /// Bytes of the value of record `n`, which isn't made for that; 0 of a tombstone. Only for
    /// values that a pool may hold.
    pub(super) fn pooled_len(&self, n: u64) -> usize {
        match self {
            Self::Random { plain, .. } => plain.size,
            Self::Made(maker) => maker.sized_len(n),
            Self::Pool(_) => panic!("{NO_POOL}"),
        }
    }

    /// Values that are made for each record.
    fn fresh(plan: &SourcePlan, worker: WorkerIndex) -> Self {
        let seed = plan.seed;
        if let (ValuePlan::Random, Some(size), true) =
            (&plan.value, plan.size.fixed(), plan.tombstones <= 0.0 && plan.schema_id.is_none())
        {
            let size = (size - plan.reserved) as usize;
            let room = vec![0; size.next_multiple_of(8)];
            return Self::Random { plain: Plain { seed, size }, room };
        }
        let mut room = Vec::new();
        if let Some(id) = plan.schema_id {
            room.push(0);
            room.extend_from_slice(&id.to_be_bytes());
        }
        let prefix = room.len();
        debug_assert!(prefix == 0 || prefix == SCHEMA_PREFIX as usize);
        let sizes = || Sizes::new(&plan.size, plan.reserved_of_value(), seed);
        let kind = match &plan.value {
            ValuePlan::Random => Kind::Random { sizes: sizes() },
            ValuePlan::Compressible { ratio } => {
                Kind::Compressible { maker: Compressible::new(*ratio, seed), sizes: sizes() }
            }
            ValuePlan::Fixed => Kind::Fixed { sizes: sizes() },
            ValuePlan::Sequence => {
                let sizes = sizes();
                let values = SequenceValue::new(worker.0, sizes.largest());
                Kind::Sequence { workers: plan.workers.into(), sizes, values }
            }
            ValuePlan::Corpus { corpus, order } => {
                Kind::Corpus { corpus: Arc::clone(corpus), order: *order }
            }
            ValuePlan::Template(template) => Kind::Template(Templated {
                template: Arc::clone(template),
                rendering: template.rendering_behind(&room),
                made: None,
            }),
            ValuePlan::Increasing(number) => Kind::Increasing(*number),
            ValuePlan::Null => Kind::Null,
        };
        // In whole words, as which random bytes are written.
        room.resize(prefix + kind.room(prefix).next_multiple_of(8), 0);
        if let Kind::Fixed { sizes } = &kind {
            fill_words(mix(seed ^ FIXED_STREAM), sizes.largest(), &mut room[prefix..]);
        }
        let tombstones = Tombstones { seed: mix(seed ^ TOMBSTONE_STREAM), share: plan.tombstones };
        Self::Made(Box::new(Maker { seed, kind, tombstones, room, prefix }))
    }
}

impl Kind {
    /// The most bytes that are written to the maker's room behind a prefix of so many.
    fn room(&self, prefix: usize) -> usize {
        match self {
            Self::Random { sizes } | Self::Compressible { sizes, .. } | Self::Fixed { sizes } => {
                sizes.largest()
            }
            Self::Sequence { values, .. } => values.longest(),
            // Lent from where they are, unless something stands before them.
            Self::Corpus { .. } if prefix == 0 => 0,
            Self::Corpus { corpus, .. } => corpus.longest(),
            Self::Increasing(_) => digits::LONGEST,
            Self::Template(_) | Self::Null => 0,
        }
    }
}

impl Maker {
    /// See [`Value::pooled_len`].
    fn sized_len(&self, n: u64) -> usize {
        match &self.kind {
            _ if self.tombstones.has(n) => 0,
            Kind::Random { sizes } | Kind::Compressible { sizes, .. } => self.prefix + sizes.of(n),
            _ => panic!("{NO_POOL}"),
        }
    }

    /// See [`Value::write`].
    #[inline(never)]
    pub(super) fn write(&mut self, n: u64, time: i64) -> Option<&[u8]> {
        if self.tombstones.has(n) {
            return None;
        }
        let prefix = self.prefix;
        let out = &mut self.room[prefix..];
        let size = match &mut self.kind {
            Kind::Random { sizes } => {
                let size = sizes.of(n);
                fill_words(Rng::word(self.seed, n), size, out);
                size
            }
            Kind::Compressible { maker, sizes } => {
                let size = sizes.of(n);
                maker.write(n, size, out);
                size
            }
            Kind::Fixed { sizes } => sizes.of(n),
            Kind::Increasing(number) => number.write(n, out),
            Kind::Sequence { workers, sizes, values } => {
                let value = values.write(n / *workers, sizes.of(n));
                if prefix == 0 {
                    return Some(value);
                }
                out[..value.len()].copy_from_slice(value);
                value.len()
            }
            Kind::Corpus { corpus, order } => {
                let count = corpus.len() as u64;
                let pick = match order {
                    PieceOrder::Random => Rng::nth(self.seed, n).below(count),
                    PieceOrder::Sequence => n % count,
                };
                let pick = usize::try_from(pick).expect("below the count of pieces");
                let piece = corpus.piece(pick);
                if prefix == 0 {
                    return Some(piece);
                }
                out[..piece.len()].copy_from_slice(piece);
                piece.len()
            }
            Kind::Template(templated) => {
                return Some(templated.make(self.seed, n, time).with_prefix());
            }
            Kind::Null => return None,
        };
        Some(&self.room[..prefix + size])
    }
}

impl Value {
    /// The field of record `n` that is its key, and its value, as [`Value::write`] has it; a
    /// tombstone has that key, too.
    ///
    /// # Panics
    /// When values aren't those of the field's template.
    #[inline(never)]
    pub(super) fn with_field(
        &mut self,
        n: u64,
        time: i64,
        field: FieldId,
    ) -> (Option<&[u8]>, Option<&[u8]>) {
        let Self::Made(maker) = self else { panic!("{NO_TEMPLATE}") };
        let Kind::Template(templated) = &mut maker.kind else { panic!("{NO_TEMPLATE}") };
        let rendering = templated.make(maker.seed, n, time);
        let value = if maker.tombstones.has(n) { None } else { Some(rendering.with_prefix()) };
        (Some(rendering.field(field)), value)
    }
}

impl NumberType {
    /// Writes `number` to the start of `out` and returns its bytes.
    fn write(self, number: u64, out: &mut [u8]) -> usize {
        match self {
            Self::Text => digits::write(number, out),
            Self::Int32 => {
                let [.., a, b, c, d] = (number & 0x7fff_ffff).to_be_bytes();
                out[..4].copy_from_slice(&[a, b, c, d]);
                4
            }
            Self::Int64 => {
                out[..8].copy_from_slice(&number.to_be_bytes());
                8
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

const NO_POOL: &str = "only random values are pooled, and once: the plan was checked";
const NO_TEMPLATE: &str = "a key is a field of a template only: the plan was checked";

/// Keep what is drawn for one seed apart; any constants do.
const TOMBSTONE_STREAM: u64 = 0x746f_6d62_746f_6d62;
const FIXED_STREAM: u64 = 0x6669_7865_6466_6978;
