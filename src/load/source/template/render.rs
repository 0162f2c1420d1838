//! A template's program at work. Cost class: per record; once its buffers have grown to what the
//! template needs, nothing is allocated.

use super::op::{Given, Op, Span};
use super::{FieldId, Template, write};
use crate::base::Rng;

/// A rendered record, and what is needed to make the next one.
#[derive(Clone, Debug)]
pub struct Rendering {
    /// What stands before every record, then the record.
    bytes: Vec<u8>,
    prefix: usize,
    /// Where each field stands in those bytes.
    fields: Box<[Span]>,
    turns: [Turn; DEEPEST],
}

/// A repeat that is under way.
#[derive(Clone, Copy, Debug, Default)]
struct Turn {
    index: u32,
    left: u32,
}

impl Rendering {
    /// The record.
    #[must_use]
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[self.prefix..]
    }

    /// The record and what stands before it.
    #[must_use]
    #[inline]
    pub fn with_prefix(&self) -> &[u8] {
        &self.bytes
    }

    /// A field of the record.
    ///
    /// # Panics
    /// When the field is another template's.
    #[must_use]
    #[inline]
    pub fn field(&self, field: FieldId) -> &[u8] {
        self.fields[field.0 as usize].of(&self.bytes)
    }
}

impl Template {
    /// Room for rendering. Records of up to 64 KiB never make it grow.
    #[must_use]
    pub fn rendering(&self) -> Rendering {
        self.rendering_behind(&[])
    }

    /// The same for records that all have these bytes before them.
    #[must_use]
    pub fn rendering_behind(&self, prefix: &[u8]) -> Rendering {
        let mut bytes = Vec::with_capacity(self.largest.min(64 << 10) as usize + prefix.len());
        bytes.extend_from_slice(prefix);
        Rendering {
            bytes,
            prefix: prefix.len(),
            fields: vec![Span::EMPTY; self.fields.len()].into(),
            turns: [Turn::default(); DEEPEST],
        }
    }

    /// Makes record `number` of the stream `seed`; `time` is the payload clock, nanoseconds since
    /// 1970.
    ///
    /// # Panics
    /// When `out` was made by another template.
    pub fn render(&self, seed: u64, number: u64, time: i64, out: &mut Rendering) {
        let given = Given { number, time, pool: &self.pool, picks: &self.picks };
        let mut rng = Rng::nth(seed, number);
        let Rendering { bytes, prefix, fields, turns } = out;
        bytes.truncate(*prefix);
        let (mut at, mut depth) = (0, 0);
        while let Some(op) = self.ops.get(at) {
            at += 1;
            match op {
                Op::Text(text) => bytes.extend_from_slice(text.of(&self.pool)),
                Op::Value(value) => value.write(given, &mut rng, bytes),
                Op::Field(field, value) => {
                    let from = position(bytes);
                    value.write(given, &mut rng, bytes);
                    fields[*field as usize] = Span { from, to: position(bytes) };
                }
                Op::Ref(field) => {
                    let Span { from, to } = fields[*field as usize];
                    bytes.extend_from_within(from as usize..to as usize);
                }
                Op::Index => write::unsigned(turns[depth - 1].index.into(), bytes),
                Op::Repeat { turns: count, over } => {
                    let count = count.draw(rng.next_u64());
                    match u32::try_from(count).expect("counts are 0 or more and below 2^30") {
                        0 => at = *over as usize,
                        count => {
                            turns[depth] = Turn { index: 0, left: count - 1 };
                            depth += 1;
                        }
                    }
                }
                Op::Again { start, separator } => {
                    let turn = &mut turns[depth - 1];
                    if turn.left == 0 {
                        depth -= 1;
                    } else {
                        *turn = Turn { index: turn.index + 1, left: turn.left - 1 };
                        bytes.extend_from_slice(separator.of(&self.pool));
                        at = *start as usize;
                    }
                }
            }
        }
    }
}

fn position(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).expect("a record is never longer than Template::LONGEST_RECORD")
}

/// How many repeats may stand within one another.
pub(super) const DEEPEST: usize = 8;
