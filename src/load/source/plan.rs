//! What records are to hold, decided before the first one. Cost class: once a run.

use std::sync::Arc;

use super::clock::PayloadClock;
use super::corpus::{Corpus, PieceOrder};
use super::header::{HeaderPlan, HeaderValue};
use super::key::{KeyError, KeyForm, KeyPlan};
use super::pool::Pool;
use super::size::SizePlan;
use super::template::{FieldError, FieldId, Template};
use super::timestamp::{TimestampError, TimestampPlan};
use super::{digits, sequence};

/// What all workers of a run share.
#[derive(Clone, Debug, PartialEq)]
pub struct SourcePlan {
    /// Decides every random byte.
    pub seed: u64,
    /// The keys.
    pub key: KeyPlan,
    /// How their numbers are written; the default for keys that have none.
    pub key_form: KeyForm,
    /// The values.
    pub value: ValuePlan,
    /// The share of records without a value, 0 to 1.
    pub tombstones: f64,
    /// The id of a schema that values are said to have: a zero byte and these four, the most
    /// significant first, stand before them, as Confluent's serializers put them. Tombstones have
    /// none.
    pub schema_id: Option<i32>,
    /// Values are made once and repeated: so many bytes of memory for them, over all workers.
    pub pool: Option<u64>,
    /// Bytes of a value, where values have no length of their own.
    pub size: SizePlan,
    /// Bytes of every size that are left for something else than the value: a
    /// [`Mark`](super::Mark).
    pub reserved: u32,
    /// In their order, at most [`HeaderPlan::MOST`].
    pub headers: Arc<[HeaderPlan]>,
    /// What records are stamped with.
    pub timestamps: TimestampPlan,
    /// When records happened, as far as their contents are concerned.
    pub clock: PayloadClock,
    /// The partition that every record names; `None` leaves it to the partitioner.
    pub partition: Option<u32>,
    /// How many workers share the record numbers, 1 or more.
    pub workers: u32,
}

impl Default for SourcePlan {
    /// Seed 1, no keys, 100 random bytes, one worker.
    fn default() -> Self {
        Self {
            seed: 1,
            key: KeyPlan::None,
            key_form: KeyForm::default(),
            value: ValuePlan::Random,
            tombstones: 0.0,
            schema_id: None,
            pool: None,
            size: SizePlan::Fixed(100),
            reserved: 0,
            headers: Arc::from([]),
            timestamps: TimestampPlan::Now,
            clock: PayloadClock::default(),
            partition: None,
            workers: 1,
        }
    }
}

/// How values are made.
#[derive(Clone, Debug, PartialEq)]
pub enum ValuePlan {
    /// Fresh uniform bytes.
    Random,
    /// The same uniform bytes in every record; smaller ones are the beginning of larger ones.
    Fixed,
    /// Fresh uniform bytes and zeros, so mixed that lz4 and zstd make them about this long.
    Compressible {
        /// What is left after compression of each byte; above 0, at most 1.
        ratio: f64,
    },
    /// `kprod <producer> <number> <crc32c>`, see [`parse_sequence`](super::parse_sequence).
    Sequence,
    /// A piece of files (perf-test's `--payload-file`); there is at least one.
    Corpus {
        /// The pieces, which all workers share.
        corpus: Arc<Corpus>,
        /// Which of them.
        order: PieceOrder,
    },
    /// What a template makes.
    Template(Arc<Template>),
    /// The record's number (as text: perf-test's `--payload-monotonic`).
    Increasing(NumberType),
    /// No value: tombstones.
    Null,
}

/// How a number is written as a value.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum NumberType {
    /// Decimal digits.
    #[default]
    Text,
    /// Four bytes, the most significant first, as Kafka's `IntegerSerializer` writes them; behind
    /// 2,147,483,647 comes 0.
    Int32,
    /// Eight bytes, the most significant first, as Kafka's `LongSerializer` writes them.
    Int64,
}

impl NumberType {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Text, Self::Int32, Self::Int64];

    /// What it is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
        }
    }

    /// Bytes of a number below `end`, on average.
    fn mean_len(self, end: u64) -> f64 {
        match self {
            Self::Text => digits::mean(end),
            Self::Int32 => 4.0,
            Self::Int64 => 8.0,
        }
    }
}

/// A plan that can't be carried out.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SourceError {
    /// What a value has to hold has no room.
    #[error("{what} a record size of at least {smallest} bytes, not {asked}")]
    TooSmall {
        /// What has to be held.
        what: &'static str,
        /// The smallest size asked for.
        asked: u32,
        /// What is needed.
        smallest: u32,
    },
    /// The sizes can't be.
    #[error("{0}")]
    Size(super::size::SizeError),
    /// Values that a pool can't hold.
    #[error(
        "only random values are repeated from a pool: others cost little or are their record's"
    )]
    Pool,
    /// A pool that there is no memory for.
    #[error("a pool of {0} bytes doesn't fit into this machine's memory; give less")]
    PoolMemory(u64),
    /// The timestamps can't be.
    #[error("{0}")]
    Timestamps(TimestampError),
    /// More than a record has.
    #[error("a record has {most} headers at most, not {0}", most = HeaderPlan::MOST)]
    Headers(usize),
    /// A share that is none.
    #[error("a share of tombstones is 0 to 1, not {0}")]
    Tombstones(f64),
    /// A compression that can't be.
    #[error("a compress ratio is above 0 and at most 1, not {0}")]
    Ratio(f64),
    /// No pieces to choose from.
    #[error("the payload file holds no payload")]
    NoPieces,
    /// A key from a template that isn't there.
    #[error("keys come from a template's field only with --template FILE")]
    NoTemplate,
    /// A key from a field that isn't there.
    #[error("{0}")]
    Field(FieldError),
    /// The keys can't be.
    #[error("{0}")]
    Key(KeyError),
}

impl SourcePlan {
    /// The records that means are of where nobody says how many there will be.
    pub const ASSUMED: u64 = 1_000_000;

    /// Whether the plan can be carried out.
    ///
    /// # Errors
    /// Says what stands in the way.
    pub fn check(&self) -> Result<(), SourceError> {
        self.key.check(self.key_form).map_err(SourceError::Key)?;
        match &self.value {
            ValuePlan::Corpus { corpus, .. } if corpus.is_empty() => {
                return Err(SourceError::NoPieces);
            }
            ValuePlan::Compressible { ratio } if !(*ratio > 0.0 && *ratio <= 1.0) => {
                return Err(SourceError::Ratio(*ratio));
            }
            _ => {}
        }
        if let KeyPlan::Field(name) = &self.key {
            let ValuePlan::Template(template) = &self.value else {
                return Err(SourceError::NoTemplate);
            };
            template.field(name).map_err(SourceError::Field)?;
        }
        if self.pool.is_some() && !self.value.is_pooled() {
            return Err(SourceError::Pool);
        }
        self.pool.map_or(Ok(()), reservable)?;
        self.timestamps.check().map_err(SourceError::Timestamps)?;
        if self.headers.len() > HeaderPlan::MOST {
            return Err(SourceError::Headers(self.headers.len()));
        }
        if !(0.0..=1.0).contains(&self.tombstones) {
            return Err(SourceError::Tombstones(self.tombstones));
        }
        if !self.value.is_sized() {
            return Ok(());
        }
        self.size.check().map_err(SourceError::Size)?;
        let (asked, smallest) = (self.size.least(), self.smallest_size());
        if asked < smallest {
            let what = match (self.value == ValuePlan::Sequence, self.schema_id.is_some()) {
                (true, false) => "the sequence generator needs",
                (true, true) => "the sequence generator and the schema's prefix need",
                (false, _) => "the schema's prefix needs",
            };
            return Err(SourceError::TooSmall { what, asked, smallest });
        }
        Ok(())
    }

    /// The smallest size that a record may be asked to have.
    #[must_use]
    pub fn smallest_size(&self) -> u32 {
        let value = match self.value {
            ValuePlan::Sequence => sequence::smallest_size(self.workers),
            _ => 0,
        };
        self.reserved_of_value() + value
    }

    /// Bytes of every size that a value's own bytes don't get: the mark's and the schema's.
    pub(super) fn reserved_of_value(&self) -> u32 {
        self.reserved + self.prefix()
    }

    /// Bytes before a value's own.
    const fn prefix(&self) -> u32 {
        if self.schema_id.is_some() { SCHEMA_PREFIX } else { 0 }
    }

    /// Whether values say which record they are, so that no mark is needed.
    #[must_use]
    pub fn names_itself(&self) -> bool {
        self.value == ValuePlan::Sequence && self.tombstones <= 0.0 && self.schema_id.is_none()
    }

    /// How many values the pool has over all workers; `None` without one.
    #[must_use]
    pub fn pool_values(&self) -> Option<u64> {
        Some(self.values_of_a_worker()? * u64::from(self.workers))
    }

    /// How many values each worker's share of the pool has: 1 or more.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "bytes of memory, far below 2^53; and a conversion to an integer saturates"
    )]
    pub(super) fn values_of_a_worker(&self) -> Option<u64> {
        let share = self.pool? as f64 / f64::from(self.workers.max(1));
        let mean = (self.size.mean() - f64::from(self.reserved)) * (1.0 - self.tombstones);
        let each = mean.max(0.0) + Pool::PLACE as f64;
        Some(((share / each) as u64).clamp(1, MOST_POOLED))
    }

    /// The same plan for a run that began at `unix_ms`: what happens in its records goes by that
    /// unless it has an origin of its own.
    #[must_use]
    pub fn begun_at(&self, unix_ms: i64) -> Self {
        Self { clock: self.clock.begun_at(unix_ms), ..self.clone() }
    }

    /// Bytes that a record has besides its value at most: key, headers, mark.
    #[must_use]
    pub fn largest_rest(&self) -> usize {
        self.largest_key() + self.largest_headers() + self.reserved as usize
    }

    /// The most bytes of a key; of a template's field an upper bound.
    #[must_use]
    pub fn largest_key(&self) -> usize {
        match (&self.value, self.key_field()) {
            (ValuePlan::Template(template), Some(field)) => template.largest_field(field) as usize,
            _ => self.key.longest(self.key_form),
        }
    }

    /// The most bytes of all headers, names included, a mark left out.
    #[must_use]
    pub fn largest_headers(&self) -> usize {
        self.headers.iter().map(HeaderPlan::longest).sum()
    }

    /// The mean size of a record's key, value, headers and mark, in bytes; 0 where records hold
    /// nothing at all. Values that are their record's number count with those of the first million.
    #[must_use]
    pub fn mean_payload(&self) -> f64 {
        self.mean_payload_of(Self::ASSUMED)
    }

    /// The same of this many records from the first on.
    #[must_use]
    pub fn mean_payload_of(&self, records: u64) -> f64 {
        let value = (1.0 - self.tombstones) * self.mean_value_of(records);
        self.mean_key() + self.mean_headers() + f64::from(self.reserved) + value
    }

    /// The mean size in bytes of a value that is there, a schema's prefix included; numbers as in
    /// the first million records.
    #[must_use]
    pub fn mean_value(&self) -> f64 {
        self.mean_value_of(Self::ASSUMED)
    }

    fn mean_value_of(&self, records: u64) -> f64 {
        let prefix = f64::from(self.prefix());
        match &self.value {
            ValuePlan::Null => 0.0,
            ValuePlan::Corpus { corpus, .. } => corpus.mean_len() + prefix,
            ValuePlan::Template(template) => template.mean_len(None) + prefix,
            ValuePlan::Increasing(number) => number.mean_len(records) + prefix,
            // What is reserved is there with tombstones, too.
            _ => self.size.mean() - f64::from(self.reserved),
        }
    }

    /// The mean size of a key in bytes.
    #[must_use]
    pub fn mean_key(&self) -> f64 {
        match (&self.value, self.key_field()) {
            (ValuePlan::Template(template), Some(field)) => template.mean_len(Some(field)),
            _ => self.key.mean_len(self.key_form),
        }
    }

    fn mean_headers(&self) -> f64 {
        self.headers.iter().map(HeaderPlan::mean_len).sum()
    }

    /// Whether something in its records says when it happened, by the payload clock.
    #[must_use]
    pub fn tells_time(&self) -> bool {
        let from_origin = matches!(self.timestamps, TimestampPlan::Step { start_ms: None, .. });
        from_origin || self.goes_by_clock()
    }

    /// Whether what is in its records depends on when each of them happened.
    pub(super) fn goes_by_clock(&self) -> bool {
        let in_stamp = matches!(self.timestamps, TimestampPlan::Event { .. });
        let in_value = match &self.value {
            ValuePlan::Template(template) => template.tells_time(),
            _ => false,
        };
        let in_header = self.headers.iter().any(|header| header.value == HeaderValue::Time);
        in_stamp || in_value || in_header
    }

    /// The field that keys come from; `None` also where there is no such field.
    pub(super) fn key_field(&self) -> Option<FieldId> {
        match (&self.key, &self.value) {
            (KeyPlan::Field(name), ValuePlan::Template(template)) => template.field(name).ok(),
            _ => None,
        }
    }

    /// The largest value that a record may have, in bytes; of a template an upper bound.
    #[must_use]
    pub fn largest_value(&self) -> usize {
        let prefix = self.prefix() as usize;
        match &self.value {
            ValuePlan::Corpus { corpus, .. } => corpus.longest() + prefix,
            ValuePlan::Template(template) => template.largest() as usize + prefix,
            ValuePlan::Increasing(_) => digits::LONGEST + prefix,
            ValuePlan::Null => 0,
            _ => (self.size.most() - self.reserved) as usize,
        }
    }
}

impl ValuePlan {
    /// Whether a pool may hold them.
    #[must_use]
    pub const fn is_pooled(&self) -> bool {
        matches!(self, Self::Random | Self::Compressible { .. })
    }

    /// Whether values have the size that is asked for, rather than one of their own.
    #[must_use]
    pub const fn is_sized(&self) -> bool {
        match self {
            Self::Random | Self::Compressible { .. } | Self::Fixed | Self::Sequence => true,
            Self::Corpus { .. } | Self::Template(_) | Self::Increasing(_) | Self::Null => false,
        }
    }
}

/// Whether the machine would give so many bytes: asked for and given back untouched, before the
/// workers fill their shares, who could only abort. Where memory is promised beyond what there is,
/// that shows later.
fn reservable(bytes: u64) -> Result<(), SourceError> {
    let refused = || SourceError::PoolMemory(bytes);
    let size = usize::try_from(bytes).map_err(|_| refused())?;
    Vec::<u8>::new().try_reserve_exact(size).map_err(|_| refused())
}

/// The most values of a worker's share of a pool: its places take memory, too.
const MOST_POOLED: u64 = 1 << 28;
/// Bytes of a schema's prefix.
pub(super) const SCHEMA_PREFIX: u32 = 5;

#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^53")]
pub(super) const fn float(bytes: usize) -> f64 {
    bytes as f64
}
