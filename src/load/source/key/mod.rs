//! Which key a record has, and in which bytes it is written.
//!
//! Cost class: per record; nothing is allocated. A key is a number first, drawn from seed and
//! record number, then its bytes, which depend on that number alone: the same key looks the same
//! under every seed, and so goes to the same partition. Different numbers have different bytes.

mod form;

use core::fmt;
use std::sync::Arc;

pub use form::{KeyForm, KeyType};

use self::form::Writer;
use super::digits;
use super::plan::float;
use super::template::FieldId;
use crate::base::Rng;
use crate::load::draw::{DrawError, Zipf};

/// Which keys there are and how often each comes.
#[derive(Clone, Debug, PartialEq)]
pub enum KeyPlan {
    /// Null keys: the partitioner spreads them.
    None,
    /// The record's number: every key once.
    Sequence,
    /// One of `cardinality` keys, each as likely.
    Uniform {
        /// How many keys there are, 1 or more.
        cardinality: u64,
    },
    /// One of `cardinality` keys, the k-th, from 1, as often as k^−`exponent`.
    Zipf {
        /// How many keys there are, 1 or more.
        cardinality: u64,
        /// 0 to 10; 0.99 is what YCSB made usual.
        exponent: f64,
    },
    /// The keys in turn, over all workers together.
    RoundRobin {
        /// How many keys there are, 1 or more.
        cardinality: u64,
    },
    /// A few keys that most records have, and others for the rest, each as likely among its like.
    Hot {
        /// The share of records with a hot key, 0 to 1.
        share: f64,
        /// How many hot keys there are, 1 or more: numbers 0 and up.
        hot: u64,
        /// How many others, 1 or more: the numbers behind them.
        others: u64,
    },
    /// One of these, each place as likely, so that a key that stands there twice comes twice as
    /// often; `None` is a record without a key. At least one.
    List(Arc<[Option<Vec<u8>>]>),
    /// What the field of this name holds in the record's template.
    Field(String),
}

/// Keys that can't be.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum KeyError {
    /// No keys to choose from.
    #[error("keys need at least one value to choose from")]
    NoKeys,
    /// The distribution can't be.
    #[error("{0}")]
    Draw(DrawError),
    /// A share that is none.
    #[error("a share of hot keys is 0 to 1, not {0}")]
    Share(f64),
    /// More keys than the form has.
    #[error("{kind} of {size} bytes are {most} different keys at most, not {asked}")]
    TooMany {
        /// The form.
        kind: KeyType,
        /// Its bytes.
        size: u32,
        /// What it has.
        most: u64,
        /// What was asked for.
        asked: u64,
    },
    /// The form has one size.
    #[error("{kind} keys have {size} bytes, not {asked}")]
    Size {
        /// The form.
        kind: KeyType,
        /// Its bytes.
        size: u32,
        /// What was asked for.
        asked: u32,
    },
    /// The form takes more bytes.
    #[error("{numbers} different {kind} keys have {least} bytes or more each, not {asked}")]
    Short {
        /// The form.
        kind: KeyType,
        /// What was asked for.
        asked: u32,
        /// What it takes.
        least: u32,
        /// How many numbers there are to write.
        numbers: u64,
    },
    /// The keys have the bytes that they have.
    #[error("there are no keys to give a size or a type to, or they are listed as they are")]
    NoForm,
}

impl KeyPlan {
    /// How many different keys there are; `None` without keys and where every record has its own.
    #[must_use]
    pub fn cardinality(&self) -> Option<u64> {
        match self {
            Self::None | Self::Sequence | Self::Field(_) => None,
            Self::Uniform { cardinality }
            | Self::Zipf { cardinality, .. }
            | Self::RoundRobin { cardinality } => Some(*cardinality),
            Self::Hot { hot, others, .. } => Some(hot.saturating_add(*others)),
            Self::List(keys) => {
                let distinct: std::collections::BTreeSet<_> = keys.iter().flatten().collect();
                Some(distinct.len() as u64)
            }
        }
    }

    /// How many key numbers there are to write.
    fn numbers(&self) -> u64 {
        match self {
            Self::Sequence => SEQUENCE,
            drawn => drawn.cardinality().unwrap_or(0),
        }
    }

    /// Whether keys have numbers that a form writes.
    const fn is_made(&self) -> bool {
        !matches!(self, Self::None | Self::List(_) | Self::Field(_))
    }

    /// Whether such keys can be, written in `form`.
    ///
    /// # Errors
    /// Says what stands in the way.
    pub fn check(&self, form: KeyForm) -> Result<(), KeyError> {
        match self {
            Self::None | Self::List(_) | Self::Field(_) if form != KeyForm::default() => {
                return Err(KeyError::NoForm);
            }
            Self::List(keys) if keys.is_empty() => return Err(KeyError::NoKeys),
            Self::Uniform { cardinality: 0 } | Self::RoundRobin { cardinality: 0 } => {
                return Err(KeyError::NoKeys);
            }
            Self::Zipf { cardinality, exponent } => {
                Zipf::new(*cardinality, *exponent).map_err(KeyError::Draw)?;
            }
            Self::Hot { hot: 0, .. } | Self::Hot { others: 0, .. } => return Err(KeyError::NoKeys),
            Self::Hot { share, .. } if !(0.0..=1.0).contains(share) => {
                return Err(KeyError::Share(*share));
            }
            _ => {}
        }
        if self.is_made() { form.check(self.numbers()) } else { Ok(()) }
    }

    /// The longest key, in bytes; 0 of a field, whose template knows it.
    #[must_use]
    pub fn longest(&self, form: KeyForm) -> usize {
        match self {
            Self::None | Self::Field(_) => 0,
            Self::List(keys) => keys.iter().flatten().map(Vec::len).max().unwrap_or(0),
            made => form.len(made.numbers()) as usize,
        }
    }

    /// The mean length of a record's key, in bytes; 0 of a field, whose template knows it.
    #[must_use]
    pub fn mean_len(&self, form: KeyForm) -> f64 {
        match self {
            Self::None | Self::Field(_) => 0.0,
            Self::List(keys) => {
                float(keys.iter().flatten().map(Vec::len).sum()) / float(keys.len().max(1))
            }
            made => f64::from(form.len(made.numbers())),
        }
    }
}

impl fmt::Display for KeyPlan {
    /// As it is written on a command line; a list by its length.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Sequence => f.write_str("sequence"),
            Self::Uniform { cardinality } => write!(f, "uniform:{cardinality}"),
            Self::Zipf { cardinality, exponent } => write!(f, "zipf:{cardinality}:{exponent}"),
            Self::RoundRobin { cardinality } => write!(f, "roundrobin:{cardinality}"),
            Self::Hot { share, hot, others } => write!(f, "hot:{}%:{hot}/{others}", share * 100.0),
            Self::List(keys) => write!(f, "list:{}", keys.len()),
            Self::Field(name) => write!(f, "field:{name}"),
        }
    }
}

/// Makes the keys of a plan.
#[derive(Clone, Debug)]
pub(super) enum Key {
    None,
    /// What is most common, without a look at the others.
    Uniform(UniformKey),
    List(Arc<[Option<Vec<u8>>]>),
    Made(Box<Maker>),
    /// A part of the value, which is made first.
    Field(FieldId),
}

/// Makes keys of any kind and form.
#[derive(Clone, Debug)]
pub(super) struct Maker {
    kind: Kind,
    writer: Writer,
}

#[derive(Clone, Debug)]
enum Kind {
    Sequence,
    Uniform { cardinality: u64 },
    Zipf(Zipf),
    RoundRobin { cardinality: u64 },
    Hot { below: f64, hot: u64, others: u64 },
}

impl Key {
    /// Of a plan and its field, if it names one.
    ///
    /// # Panics
    /// When [`KeyPlan::check`] finds fault, or the field isn't given.
    pub(super) fn new(plan: &KeyPlan, form: KeyForm, field: Option<FieldId>) -> Self {
        let kind = match plan {
            KeyPlan::None => return Self::None,
            KeyPlan::Field(_) => return Self::Field(field.expect("a field that was checked")),
            KeyPlan::List(keys) => return Self::List(Arc::clone(keys)),
            KeyPlan::Uniform { cardinality } if form == KeyForm::default() => {
                return Self::Uniform(UniformKey::new(*cardinality));
            }
            KeyPlan::Uniform { cardinality } => Kind::Uniform { cardinality: *cardinality },
            KeyPlan::Sequence => Kind::Sequence,
            KeyPlan::Zipf { cardinality, exponent } => {
                Kind::Zipf(Zipf::new(*cardinality, *exponent).expect("keys that were checked"))
            }
            KeyPlan::RoundRobin { cardinality } => Kind::RoundRobin { cardinality: *cardinality },
            KeyPlan::Hot { share, hot, others } => {
                Kind::Hot { below: *share, hot: *hot, others: *others }
            }
        };
        Self::Made(Box::new(Maker { kind, writer: Writer::new(form, plan.numbers()) }))
    }

    /// The key of record `n`; none where it is a field, since that is a part of the value.
    #[inline(always)]
    pub(super) fn of(&mut self, seed: u64, n: u64) -> Option<&[u8]> {
        match self {
            Self::None => None,
            Self::Uniform(key) => Some(key.write(seed, n)),
            Self::List(keys) => listed(keys, seed, n),
            Self::Made(maker) => Some(maker.write(seed, n)),
            Self::Field(_) => None,
        }
    }
}

impl Maker {
    /// The key of record `n`.
    #[inline(never)]
    pub(super) fn write(&mut self, seed: u64, n: u64) -> &[u8] {
        let number = match &self.kind {
            Kind::Sequence => n,
            Kind::RoundRobin { cardinality } => n % cardinality,
            Kind::Uniform { cardinality } => Rng::nth(seed, n).below(*cardinality),
            Kind::Zipf(zipf) => zipf.draw(Rng::nth(seed, n).next_u64()),
            Kind::Hot { below, hot, others } => {
                let mut rng = Rng::nth(seed, n);
                // A unit is below 1, so that a share of 1 leaves none to the others.
                let is_hot = rng.unit() < *below;
                if is_hot { rng.below(*hot) } else { hot + rng.below(*others) }
            }
        };
        self.writer.write(number)
    }
}

/// One of many keys of one length.
#[derive(Clone, Debug)]
pub(super) struct UniformKey {
    cardinality: u64,
    /// `key-` and the digits.
    text: Vec<u8>,
}

impl UniformKey {
    fn new(cardinality: u64) -> Self {
        let mut text = form::PREFIX.to_vec();
        text.resize(text.len() + digits::count(cardinality - 1), b'0');
        Self { cardinality, text }
    }

    #[inline(never)]
    pub(super) fn write(&mut self, seed: u64, n: u64) -> &[u8] {
        let number = Rng::nth(seed, n).below(self.cardinality);
        digits::write_padded(number, &mut self.text[form::PREFIX.len()..]);
        &self.text
    }
}

/// The key of record `n` among `keys`.
#[inline(never)]
fn listed(keys: &[Option<Vec<u8>>], seed: u64, n: u64) -> Option<&[u8]> {
    let pick = Rng::nth(seed, n).below(keys.len() as u64);
    keys[usize::try_from(pick).expect("below the count of keys")].as_deref()
}

/// How many numbers a sequence has before it begins anew: 11 days at a million records a second.
const SEQUENCE: u64 = 1_000_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(plan: &KeyPlan, count: u64) -> Vec<u64> {
        let form = KeyForm { kind: KeyType::Int64, size: None };
        assert_eq!(plan.check(form), Ok(()));
        let Key::Made(mut maker) = Key::new(plan, form, None) else { panic!("a made key") };
        let number = |n| u64::from_be_bytes(maker.write(9, n).try_into().unwrap());
        (0..count).map(number).collect()
    }

    #[test]
    fn sequences_and_turns_go_by_the_record_s_number() {
        assert_eq!(numbers(&KeyPlan::Sequence, 5), [0, 1, 2, 3, 4]);
        assert_eq!(numbers(&KeyPlan::RoundRobin { cardinality: 3 }, 5), [0, 1, 2, 0, 1]);
    }

    #[test]
    fn hot_keys_take_their_share_and_the_others_the_rest() {
        let plan = KeyPlan::Hot { share: 0.8, hot: 10, others: 1_000 };
        let keys = numbers(&plan, 100_000);
        let hot = keys.iter().filter(|key| **key < 10).count();
        // A standard deviation of 126.
        assert!((79_400..80_600).contains(&hot), "{hot}");
        assert!(keys.iter().all(|key| *key < 1_010));
        for one in [3, 500] {
            let count = keys.iter().filter(|key| **key == one).count();
            let expected: usize = if one < 10 { 8_000 } else { 20 };
            assert!(count.abs_diff(expected) < expected / 5 + 20, "{one}: {count}");
        }
        assert!(
            numbers(&KeyPlan::Hot { share: 1.0, hot: 2, others: 9 }, 1_000).iter().all(|k| *k < 2)
        );
        assert!(
            numbers(&KeyPlan::Hot { share: 0.0, hot: 2, others: 9 }, 1_000).iter().all(|k| *k > 1)
        );
    }

    /// The k-th key comes as often as k^−s of the sum: within five standard deviations.
    #[test]
    fn zipf_s_first_keys_come_as_often_as_theory_says() {
        let keys = numbers(&KeyPlan::Zipf { cardinality: 1_000, exponent: 0.99 }, 100_000);
        let weight = |k: u32| libm::pow(f64::from(k), -0.99);
        let sum: f64 = (1..=1_000).map(weight).sum();
        for k in [1, 2, 3, 10, 100] {
            let count = keys.iter().filter(|key| **key == u64::from(k - 1)).count();
            let share = weight(k) / sum;
            let (expected, deviation) = (share * 1e5, libm::sqrt(share * 1e5));
            let off = (f64::from(u32::try_from(count).unwrap()) - expected).abs();
            assert!(off < 5.0 * deviation, "{k}: {count}, not {expected}");
        }
    }

    #[test]
    fn keys_that_cannot_be_say_why() {
        let text = KeyForm::default();
        let int32 = KeyForm { kind: KeyType::Int32, size: None };
        let why = |plan: KeyPlan, form| plan.check(form).unwrap_err().to_string();
        assert_eq!(
            why(KeyPlan::Uniform { cardinality: 1 << 32 }, int32),
            "int32 of 4 bytes are 2147483648 different keys at most, not 4294967296"
        );
        assert_eq!(
            why(KeyPlan::Sequence, KeyForm { size: Some(3), ..int32 }),
            "int32 keys have 4 bytes, not 3"
        );
        assert_eq!(
            why(KeyPlan::Uniform { cardinality: 1_000 }, KeyForm { size: Some(2), ..text }),
            "text of 2 bytes are 100 different keys at most, not 1000"
        );
        assert!(why(KeyPlan::None, int32).contains("no keys"));
        assert!(why(KeyPlan::Zipf { cardinality: 5, exponent: 11.0 }, text).contains("exponent"));
        for plan in [
            KeyPlan::RoundRobin { cardinality: 0 },
            KeyPlan::Hot { share: 0.5, hot: 0, others: 1 },
            KeyPlan::List(Arc::from([])),
        ] {
            assert_eq!(plan.check(text), Err(KeyError::NoKeys));
        }
    }

    /// Pinned: other keys mean that stored seeds make other records, which CHANGELOG must say.
    #[test]
    fn what_a_seed_draws_is_pinned() {
        let zipf = KeyPlan::Zipf { cardinality: 1_000_000, exponent: 0.99 };
        assert_eq!(numbers(&zipf, 6), [58, 137, 8_126, 73, 132, 54]);
        let hot = KeyPlan::Hot { share: 0.8, hot: 10, others: 100_000 };
        assert_eq!(numbers(&hot, 6), [0, 4, 0, 7, 2, 2]);
        // As the text keys of version 0.1.0.
        let uniform = KeyPlan::Uniform { cardinality: 1_000 };
        let Key::Uniform(mut text) = Key::new(&uniform, KeyForm::default(), None) else { panic!() };
        let text: Vec<_> = (0..6).map(|n| text.write(9, n).to_vec()).collect();
        let made: Vec<_> =
            numbers(&uniform, 6).iter().map(|n| format!("key-{n:03}").into_bytes()).collect();
        assert_eq!(text, made);
    }
}
