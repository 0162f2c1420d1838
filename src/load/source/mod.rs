//! What a record holds: key and value, made anew for every record.
//!
//! Cost class: per record; [`Source::record`] writes into buffers that are kept and lends them, it
//! never allocates. Invariant: record n depends on the seed and on n alone, so that any record can
//! be made again, alone and in any order. Random values are uniform bytes and so don't compress: a
//! fixed payload would flatter every codec.
//!
//! Sizes: `record_size` is the length of the value alone, as kafka-producer-perf-test's
//! `--record-size`; keys come on top. Values that have a length of their own (lines, increasing
//! integers) don't obey it.

mod digits;
mod mark;
mod sequence;

use std::sync::Arc;

pub use mark::Mark;
pub use sequence::{SequenceError, parse_sequence};

use crate::base::{RecordView, Rng, WorkerIndex, fill_words};
use sequence::SequenceValue;

/// What all workers of a run share.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SourcePlan {
    /// Decides every random byte.
    pub seed: u64,
    /// The keys.
    pub key: KeyPlan,
    /// The values.
    pub value: ValuePlan,
    /// The partition that every record names; `None` leaves it to the partitioner.
    pub partition: Option<u32>,
    /// Bytes of a value; 0 is an empty one.
    pub record_size: u32,
    /// How many workers share the record numbers, 1 or more.
    pub workers: u32,
}

/// How keys are made.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum KeyPlan {
    /// Null keys: the partitioner spreads them.
    None,
    /// One of `cardinality` keys, each as likely: the text `key-` and a number below it, with zeros
    /// in front to the length of the largest, so that all keys of a run are of one size
    /// (uniform:1000 has `key-000` to `key-999`).
    Uniform {
        /// How many keys there are, 1 or more.
        cardinality: u64,
    },
    /// One of these, each place as likely, so that a key that stands there twice comes twice as
    /// often; `None` is a record without a key. At least one.
    List(Arc<[Option<Vec<u8>>]>),
}

/// How values are made.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ValuePlan {
    /// Fresh uniform bytes.
    Random,
    /// `kprod <producer> <number> <crc32c>`, see [`parse_sequence`].
    Sequence,
    /// One of these, each as likely (perf-test's `--payload-file`); at least one.
    Lines(Arc<[Vec<u8>]>),
    /// The record's number as decimal text (perf-test's `--payload-monotonic`).
    Monotonic,
}

/// A plan that can't be carried out.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SourceError {
    /// Sequence values have no room.
    #[error("the sequence generator needs a record size of at least {smallest} bytes, not {asked}")]
    TooSmall {
        /// What was asked for.
        asked: u32,
        /// What is needed.
        smallest: usize,
    },
    /// No lines to choose from.
    #[error("the payload file holds no payload")]
    NoLines,
    /// No keys to choose from.
    #[error("keys need at least one value to choose from")]
    NoKeys,
}

impl SourcePlan {
    /// Whether the plan can be carried out.
    ///
    /// # Errors
    /// Says what stands in the way.
    pub fn check(&self) -> Result<(), SourceError> {
        match &self.key {
            KeyPlan::Uniform { cardinality: 0 } => return Err(SourceError::NoKeys),
            KeyPlan::List(keys) if keys.is_empty() => return Err(SourceError::NoKeys),
            KeyPlan::None | KeyPlan::Uniform { .. } | KeyPlan::List(_) => {}
        }
        match &self.value {
            ValuePlan::Sequence => {
                let smallest = sequence::smallest_size(self.workers);
                if (self.record_size as usize) < smallest {
                    return Err(SourceError::TooSmall { asked: self.record_size, smallest });
                }
            }
            ValuePlan::Lines(lines) if lines.is_empty() => return Err(SourceError::NoLines),
            ValuePlan::Lines(_) | ValuePlan::Random | ValuePlan::Monotonic => {}
        }
        Ok(())
    }
}

/// One worker's maker of records.
#[derive(Clone, Debug)]
pub struct Source {
    key_seed: u64,
    value_seed: u64,
    partition: Option<u32>,
    key: Key,
    value: Value,
}

#[derive(Clone, Debug)]
enum Key {
    None,
    Uniform(UniformKey),
    List(Arc<[Option<Vec<u8>>]>),
}

#[derive(Clone, Debug)]
struct UniformKey {
    cardinality: u64,
    /// `key-` and the digits.
    text: Vec<u8>,
}

#[derive(Clone, Debug)]
enum Value {
    /// How they are written, and room for one.
    Random {
        plain: Plain,
        room: Vec<u8>,
    },
    Sequence {
        workers: u64,
        values: SequenceValue,
    },
    Lines(Arc<[Vec<u8>]>),
    Monotonic([u8; digits::LONGEST]),
}

impl Source {
    /// The source of one worker.
    ///
    /// # Panics
    /// When [`SourcePlan::check`] finds fault, or `worker` isn't below the plan's workers.
    #[must_use]
    pub fn new(plan: &SourcePlan, worker: WorkerIndex) -> Self {
        assert_eq!(plan.check(), Ok(()), "a source needs a plan that was checked");
        assert!(worker.0 < plan.workers, "worker {worker} of {}", plan.workers);
        let size = plan.record_size as usize;
        Self {
            key_seed: plan.seed ^ KEY_STREAM,
            value_seed: plan.seed,
            partition: plan.partition,
            key: match &plan.key {
                KeyPlan::None => Key::None,
                KeyPlan::Uniform { cardinality } => Key::Uniform(UniformKey::new(*cardinality)),
                KeyPlan::List(keys) => Key::List(Arc::clone(keys)),
            },
            value: match &plan.value {
                ValuePlan::Random => Value::random(plan.seed, size),
                ValuePlan::Sequence => Value::Sequence {
                    workers: plan.workers.into(),
                    values: SequenceValue::new(worker.0, size),
                },
                ValuePlan::Lines(lines) => Value::Lines(Arc::clone(lines)),
                ValuePlan::Monotonic => Value::Monotonic([0; digits::LONGEST]),
            },
        }
    }

    /// Record `n` (the schedule's global number; n ÷ workers is its number within this worker),
    /// stamped `timestamp_ms`.
    #[inline(always)]
    pub fn record(&mut self, n: u64, timestamp_ms: i64) -> RecordView<'_> {
        let key = match &mut self.key {
            Key::None => None,
            Key::Uniform(key) => Some(key.write(self.key_seed, n)),
            Key::List(keys) => listed(keys, self.key_seed, n),
        };
        let value = match &mut self.value {
            Value::Random { plain, room } => {
                plain.write(n, room);
                &room[..plain.size]
            }
            Value::Sequence { workers, values } => values.write(n / *workers),
            Value::Lines(lines) => line(lines, self.value_seed, n),
            Value::Monotonic(buffer) => {
                let count = digits::write(n, buffer);
                &buffer[..count]
            }
        };
        let partition = self.partition;
        RecordView { partition, key, value: Some(value), headers: &[], timestamp_ms }
    }
}

/// Records that are a random value and nothing else, written where they are wanted: their bytes are
/// those of [`Source::record`].
#[derive(Clone, Copy, Debug)]
pub struct Plain {
    seed: u64,
    size: usize,
}

impl Source {
    /// How its records are written in place; `None` when they have a key, name a partition, or have
    /// other values than random ones.
    #[must_use]
    pub const fn plain(&self) -> Option<Plain> {
        match (&self.key, self.partition, &self.value) {
            (Key::None, None, Value::Random { plain, .. }) => Some(*plain),
            _ => None,
        }
    }
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

#[inline(never)]
fn listed(keys: &[Option<Vec<u8>>], seed: u64, n: u64) -> Option<&[u8]> {
    let pick = Rng::nth(seed, n).below(keys.len() as u64);
    keys[usize::try_from(pick).expect("below the count of keys")].as_deref()
}

#[inline(never)]
fn line(lines: &[Vec<u8>], seed: u64, n: u64) -> &[u8] {
    let pick = Rng::nth(seed, n).below(lines.len() as u64);
    &lines[usize::try_from(pick).expect("below the count of lines")]
}

impl Value {
    fn random(seed: u64, size: usize) -> Self {
        Self::Random { plain: Plain { seed, size }, room: vec![0; size.next_multiple_of(8)] }
    }
}

impl UniformKey {
    fn new(cardinality: u64) -> Self {
        let digits = (cardinality - 1).to_string().len();
        let mut text = KEY_PREFIX.to_vec();
        text.resize(KEY_PREFIX.len() + digits, b'0');
        Self { cardinality, text }
    }

    #[inline(never)]
    fn write(&mut self, seed: u64, n: u64) -> &[u8] {
        let number = Rng::nth(seed, n).below(self.cardinality);
        digits::write_padded(number, &mut self.text[KEY_PREFIX.len()..]);
        &self.text
    }
}

const KEY_PREFIX: &[u8] = b"key-";

/// Keeps keys and values of one seed apart; any constant does.
const KEY_STREAM: u64 = 0x6b65_7973_6b65_7973;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::mix;

    fn plan(key: KeyPlan, value: ValuePlan) -> SourcePlan {
        SourcePlan { seed: 1, key, value, partition: None, record_size: 100, workers: 3 }
    }

    fn owned(source: &mut Source, n: u64) -> (Option<Vec<u8>>, Vec<u8>) {
        let record = source.record(n, 7);
        assert_eq!(record.timestamp_ms, 7);
        (record.key.map(<[u8]>::to_vec), record.value.unwrap().to_vec())
    }

    #[test]
    fn a_record_depends_on_seed_and_number_alone() {
        let lines: Arc<[Vec<u8>]> = (0..9u8).map(|line| vec![line; 3]).collect();
        let values =
            [ValuePlan::Random, ValuePlan::Sequence, ValuePlan::Lines(lines), ValuePlan::Monotonic];
        for value in values {
            let plan = plan(KeyPlan::Uniform { cardinality: 50 }, value);
            let mut forward = Source::new(&plan, WorkerIndex(1));
            let mut backward = Source::new(&plan, WorkerIndex(1));
            let there: Vec<_> = (0..64).map(|n| owned(&mut forward, n)).collect();
            let mut back: Vec<_> = (0..64).rev().map(|n| owned(&mut backward, n)).collect();
            back.reverse();
            assert_eq!(there, back);
        }
    }

    #[test]
    fn random_values_are_of_the_size_asked_for_and_differ() {
        let mut source = Source::new(&plan(KeyPlan::None, ValuePlan::Random), WorkerIndex(0));
        let (key, first) = owned(&mut source, 0);
        let (_, second) = owned(&mut source, 1);
        assert_eq!(key, None);
        assert_eq!(first.len(), 100);
        assert_ne!(first, second);
        let mut other = plan(KeyPlan::None, ValuePlan::Random);
        other.seed = 2;
        assert_ne!(owned(&mut Source::new(&other, WorkerIndex(0)), 0).1, first);
    }

    #[test]
    fn what_is_written_in_place_is_the_same() {
        for size in [0, 1, 10, 100, 1_000] {
            let plan = SourcePlan { record_size: size, ..plan(KeyPlan::None, ValuePlan::Random) };
            let mut source = Source::new(&plan, WorkerIndex(0));
            let plain = source.plain().unwrap();
            let mut room = [0; 1_008];
            plain.write(77, &mut room);
            assert_eq!(&room[..plain.size()], source.record(77, 0).value.unwrap());
        }
        let sequence = plan(KeyPlan::None, ValuePlan::Sequence);
        let keyed = plan(KeyPlan::Uniform { cardinality: 9 }, ValuePlan::Random);
        let placed = SourcePlan { partition: Some(1), ..plan(KeyPlan::None, ValuePlan::Random) };
        for other in [sequence, keyed, placed] {
            assert!(Source::new(&other, WorkerIndex(0)).plain().is_none());
        }
    }

    /// Pinned: other bytes mean that every stored seed now makes other records, which CHANGELOG
    /// must say.
    #[test]
    fn what_a_seed_makes_is_pinned() {
        let plan = plan(KeyPlan::Uniform { cardinality: 1_000 }, ValuePlan::Random);
        let mut source = Source::new(&plan, WorkerIndex(0));
        let mut sums = Vec::new();
        for n in [0, 123_456] {
            let (key, value) = owned(&mut source, n);
            assert_eq!(value.len(), 100);
            let sum = value.iter().fold(0u64, |sum, &byte| mix(sum ^ u64::from(byte)));
            sums.push((String::from_utf8(key.unwrap()).unwrap(), value[0], value[99], sum));
        }
        let pinned = [
            ("key-282".to_owned(), 44, 111, 9_032_973_663_531_410_293),
            ("key-337".to_owned(), 17, 100, 9_454_667_329_113_010_543),
        ];
        assert_eq!(sums, pinned);
    }

    #[test]
    fn random_bytes_are_uniform_enough_not_to_compress() {
        let mut source = Source::new(&plan(KeyPlan::None, ValuePlan::Random), WorkerIndex(0));
        let mut counts = [0u32; 256];
        for n in 0..2_560 {
            for &byte in source.record(n, 0).value.unwrap() {
                counts[usize::from(byte)] += 1;
            }
        }
        // 1,000 expected each, a standard deviation of 32: eight of them on either side.
        assert!(counts.iter().all(|count| (750..1_250).contains(count)), "{counts:?}");
    }

    #[test]
    fn sequence_values_name_producer_and_own_number() {
        let plan = plan(KeyPlan::None, ValuePlan::Sequence);
        for worker in 0..3 {
            let mut source = Source::new(&plan, WorkerIndex(worker));
            for number in 0..5 {
                let (_, value) = owned(&mut source, number * 3 + u64::from(worker));
                assert_eq!(parse_sequence(&value), Ok((worker, number)));
                assert_eq!(value.len(), 100);
            }
        }
    }

    #[test]
    fn keys_are_of_one_size_and_all_come_up() {
        let mut source = Source::new(
            &plan(KeyPlan::Uniform { cardinality: 100 }, ValuePlan::Random),
            WorkerIndex(0),
        );
        let mut keys: Vec<_> = (0..3_000).map(|n| owned(&mut source, n).0.unwrap()).collect();
        assert!(keys.iter().all(|key| key.len() == 6));
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), 100);
        assert_eq!(keys[7], b"key-07");
    }

    #[test]
    fn listed_keys_come_up_as_often_as_they_are_listed() {
        let keys = [Some(b"a".to_vec()), Some(b"a".to_vec()), Some(b"b".to_vec()), None];
        let plan = plan(KeyPlan::List(keys.into()), ValuePlan::Random);
        let mut source = Source::new(&plan, WorkerIndex(0));
        let keys: Vec<_> = (0..4_000).map(|n| owned(&mut source, n).0).collect();
        let count =
            |wanted: Option<&[u8]>| keys.iter().filter(|key| key.as_deref() == wanted).count();
        assert!((1_850..2_150).contains(&count(Some(b"a"))), "{}", count(Some(b"a")));
        assert!((850..1_150).contains(&count(Some(b"b"))), "{}", count(Some(b"b")));
        assert!((850..1_150).contains(&count(None)), "{}", count(None));
        // In any order, alone, by another worker: the same key.
        let mut other = Source::new(&plan, WorkerIndex(2));
        assert!((0..100).rev().all(|n| owned(&mut other, n as u64).0 == keys[n]));
    }

    #[test]
    fn lines_all_come_up_and_integers_increase() {
        let lines: Arc<[Vec<u8>]> = Arc::from([b"a".to_vec(), Vec::new(), b"ccc".to_vec()]);
        let mut source = Source::new(&plan(KeyPlan::None, ValuePlan::Lines(lines)), WorkerIndex(0));
        let mut seen: Vec<_> = (0..100).map(|n| owned(&mut source, n).1).collect();
        seen.sort();
        seen.dedup();
        assert_eq!(seen, [b"".to_vec(), b"a".to_vec(), b"ccc".to_vec()]);
        let mut source = Source::new(&plan(KeyPlan::None, ValuePlan::Monotonic), WorkerIndex(0));
        assert_eq!(owned(&mut source, 0).1, b"0");
        assert_eq!(owned(&mut source, 1_205).1, b"1205");
    }

    #[test]
    fn plans_that_cannot_be_carried_out_say_why() {
        let mut small = plan(KeyPlan::None, ValuePlan::Sequence);
        small.record_size = 20;
        assert_eq!(
            small.check().unwrap_err().to_string(),
            "the sequence generator needs a record size of at least 30 bytes, not 20"
        );
        small.record_size = 30;
        assert_eq!(small.check(), Ok(()));
        let none = plan(KeyPlan::None, ValuePlan::Lines(Arc::from([])));
        assert_eq!(none.check(), Err(SourceError::NoLines));
        for none in [KeyPlan::Uniform { cardinality: 0 }, KeyPlan::List(Arc::from([]))] {
            assert_eq!(plan(none, ValuePlan::Random).check(), Err(SourceError::NoKeys));
        }
    }
}
