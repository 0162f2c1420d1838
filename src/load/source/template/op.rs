//! A template as a flat program: what is done for each piece of it, one after the other.
//!
//! Cost class: per record. A program is read from front to back; only the end of a repeat goes
//! back. What an operation needs stands in it, or in a table of the template beside it, so that
//! nothing is looked up by name or called through a pointer.

use super::{lists, numbers, write};
use crate::base::Rng;
use crate::load::draw::{Exponential, LogNormal, Normal, Uniform, Weighted, Zipf};

/// Bytes of the template's pool.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) from: u32,
    pub(super) to: u32,
}

impl Span {
    pub(super) const EMPTY: Self = Self { from: 0, to: 0 };

    pub(super) fn of(self, bytes: &[u8]) -> &[u8] {
        &bytes[self.from as usize..self.to as usize]
    }

    pub(super) const fn len(self) -> u32 {
        self.to - self.from
    }
}

/// One step.
#[derive(Clone, Debug)]
pub(super) enum Op {
    /// Writes text as it stands.
    Text(Span),
    /// Makes a value.
    Value(Value),
    /// Makes a value and keeps its place under the field's number.
    Field(u32, Value),
    /// Writes a field again.
    Ref(u32),
    /// Writes the number of this turn of the innermost repeat, from 0.
    Index,
    /// Begins so many turns; none goes on at `over`.
    Repeat { turns: Uniform, over: u32 },
    /// Ends a turn; unless it was the last, a separator is written and it goes on at `start`.
    Again { start: u32, separator: Span },
}

/// What makes a value.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Uuid,
    /// The record's number, counted from here.
    Sequence(u64),
    Time(Time),
    Int(Uniform),
    Fixed(Fixed),
    Real(Real),
    Zipf(Zipf),
    /// Whether a word is below this.
    Bool(u64),
    /// One of the template's picks.
    Pick(u32),
    Hex(Uniform),
    Characters(&'static [u8], Uniform),
    /// One of a list.
    Listed(&'static [&'static str]),
    /// So many words, blanks between them.
    Words(Uniform),
    Name,
    Email,
    Ipv4,
}

/// The payload clock's forms.
#[derive(Clone, Copy, Debug)]
pub(super) enum Time {
    Iso8601,
    Date,
    /// A whole number of units of so many nanoseconds since 1970.
    Unix(i64),
}

/// Numbers with decimals, each of a range as likely.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fixed {
    pub(super) units: Uniform,
    pub(super) decimals: u8,
}

/// Numbers with decimals of a distribution, held within bounds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Real {
    pub(super) shape: Shape,
    pub(super) decimals: u8,
    /// In units of the last decimal.
    pub(super) least: i64,
    pub(super) most: i64,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    Normal(Normal),
    LogNormal(LogNormal),
    Exponential(Exponential),
}

/// Texts to choose from, each as often as it weighs.
#[derive(Clone, Debug)]
pub(super) struct Pick {
    pub(super) weights: Weighted,
    pub(super) items: Box<[Span]>,
    /// The mean of their bytes.
    pub(super) mean: f64,
}

/// What values are made of beside their words: the record's number, the payload clock, and what
/// the template keeps in tables.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    pub(super) number: u64,
    pub(super) time: i64,
    pub(super) pool: &'a [u8],
    pub(super) picks: &'a [Pick],
}

impl Value {
    /// Writes a value.
    #[inline]
    pub(super) fn write(&self, given: Given<'_>, rng: &mut Rng, out: &mut Vec<u8>) {
        match self {
            Self::Uuid => write::uuid(rng.next_u64(), rng.next_u64(), out),
            Self::Sequence(start) => write::unsigned(start.wrapping_add(given.number), out),
            Self::Time(Time::Iso8601) => write::iso8601(given.time, out),
            Self::Time(Time::Date) => write::date(given.time, out),
            Self::Time(Time::Unix(unit)) => write::signed(given.time.div_euclid(*unit), out),
            Self::Int(range) => write::signed(range.draw(rng.next_u64()), out),
            Self::Fixed(fixed) => {
                write::fixed(fixed.units.draw(rng.next_u64()), fixed.decimals, out);
            }
            Self::Real(real) => write::fixed(real.draw(rng.next_u64()), real.decimals, out),
            Self::Zipf(zipf) => write::unsigned(zipf.draw(rng.next_u64()), out),
            Self::Bool(below) => {
                let text: &[u8] = if rng.next_u64() < *below { b"true" } else { b"false" };
                out.extend_from_slice(text);
            }
            Self::Pick(pick) => {
                let pick = &given.picks[*pick as usize];
                let item = pick.items[pick.weights.draw(rng.next_u64())];
                out.extend_from_slice(item.of(given.pool));
            }
            Self::Hex(count) => write::hex(draw_count(count, rng), rng, out),
            Self::Characters(alphabet, count) => {
                write::characters(alphabet, draw_count(count, rng), rng, out);
            }
            Self::Listed(list) => out.extend_from_slice(one_of(list, rng).as_bytes()),
            Self::Words(count) => words(draw_count(count, rng), rng, out),
            Self::Name => name(rng, out),
            Self::Email => email(rng, out),
            Self::Ipv4 => write::ipv4(rng.next_u64(), out),
        }
    }

    /// The most bytes that it writes; their mean is in `extent.rs`.
    pub(super) fn longest(&self, picks: &[Pick]) -> u64 {
        match self {
            Self::Uuid => 36,
            Self::Sequence(_) | Self::Time(Time::Unix(_)) => 20,
            Self::Time(Time::Iso8601) => 24,
            Self::Time(Time::Date) => 10,
            Self::Int(range) => longest_of(range),
            // A leading zero and the point.
            Self::Fixed(fixed) => longest_of(&fixed.units).max(fixed.decimals.into()) + 3,
            Self::Real(real) => {
                let [least, most] = [real.least, real.most].map(|it| it.to_string().len() as u64);
                least.max(most).max(real.decimals.into()) + 3
            }
            Self::Zipf(zipf) => (zipf.cardinality() - 1).to_string().len() as u64,
            Self::Bool(_) => 5,
            Self::Pick(pick) => {
                let items = picks[*pick as usize].items.iter();
                items.map(|item| u64::from(item.len())).max().unwrap_or(0)
            }
            Self::Hex(count) | Self::Characters(_, count) => most(count),
            Self::Listed(list) => longest_in(list),
            Self::Words(count) => most(count) * (longest_in(lists::WORDS) + 1),
            Self::Name => longest_in(lists::FIRST_NAMES) + 1 + longest_in(lists::LAST_NAMES),
            Self::Email => {
                let names = longest_in(lists::FIRST_NAMES) + 1 + longest_in(lists::LAST_NAMES);
                names + 3 + longest_in(lists::DOMAINS)
            }
            Self::Ipv4 => 14,
        }
    }
}

impl Real {
    /// In units of the last decimal.
    #[expect(clippy::cast_possible_truncation, reason = "too large becomes the largest, in `as`")]
    fn draw(&self, word: u64) -> i64 {
        let drawn = match &self.shape {
            Shape::Normal(normal) => normal.draw(word),
            Shape::LogNormal(lognormal) => lognormal.draw(word),
            Shape::Exponential(exponential) => exponential.draw(word),
        };
        let units = libm::round(drawn * numbers::scale(self.decimals)) as i64;
        units.clamp(self.least, self.most)
    }
}

fn words(count: usize, rng: &mut Rng, out: &mut Vec<u8>) {
    for word in 0..count {
        if word > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(one_of(lists::WORDS, rng).as_bytes());
    }
}

fn name(rng: &mut Rng, out: &mut Vec<u8>) {
    out.extend_from_slice(one_of(lists::FIRST_NAMES, rng).as_bytes());
    out.push(b' ');
    out.extend_from_slice(one_of(lists::LAST_NAMES, rng).as_bytes());
}

/// Two names in small letters, a number below 1,000 and a domain.
fn email(rng: &mut Rng, out: &mut Vec<u8>) {
    let start = out.len();
    name(rng, out);
    out[start..].make_ascii_lowercase();
    let blank = out[start..].iter().position(|&byte| byte == b' ').expect("between two names");
    out[start + blank] = b'.';
    write::unsigned(rng.below(1_000), out);
    out.extend_from_slice(one_of(lists::DOMAINS, rng).as_bytes());
}

fn one_of<'a>(list: &[&'a str], rng: &mut Rng) -> &'a str {
    let pick = rng.below(list.len() as u64);
    list[usize::try_from(pick).expect("below the list's length")]
}

/// How many of something; a single number costs a word, too, so that a length may become a range
/// without other fields changing.
fn draw_count(range: &Uniform, rng: &mut Rng) -> usize {
    usize::try_from(range.draw(rng.next_u64())).expect("counts are 0 or more and below 2^30")
}

/// The upper end of a range of counts.
pub(super) fn most(count: &Uniform) -> u64 {
    count.draw(u64::MAX).unsigned_abs()
}

fn longest_of(range: &Uniform) -> u64 {
    let ends = [0, u64::MAX].map(|word| range.draw(word).to_string().len() as u64);
    ends[0].max(ends[1])
}

fn longest_in(list: &[&str]) -> u64 {
    list.iter().map(|word| word.len() as u64).max().unwrap_or(0)
}
