//! What records are to hold, decided before the first one. Cost class: once a run.

use std::sync::Arc;

use super::key::{KeyError, KeyForm, KeyPlan};
use super::sequence;
use super::size::SizePlan;

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
    /// Bytes of a value, where values have no length of their own.
    pub size: SizePlan,
    /// Bytes of every size that are left for something else than the value: a
    /// [`Mark`](super::Mark).
    pub reserved: u32,
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
            size: SizePlan::Fixed(100),
            reserved: 0,
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
    /// Fresh uniform bytes and zeros, so mixed that lz4 and zstd make them about this long.
    Compressible {
        /// What is left after compression of each byte; above 0, at most 1.
        ratio: f64,
    },
    /// `kprod <producer> <number> <crc32c>`, see [`parse_sequence`](super::parse_sequence).
    Sequence,
    /// One of these, each as likely (perf-test's `--payload-file`); at least one.
    Lines(Arc<[Vec<u8>]>),
    /// The record's number as decimal text (perf-test's `--payload-monotonic`).
    Monotonic,
}

/// A plan that can't be carried out.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SourceError {
    /// Sequence values have no room.
    #[error("the sequence generator needs a record size of at least {smallest} bytes, not {asked}")]
    TooSmall {
        /// The smallest size asked for.
        asked: u32,
        /// What is needed.
        smallest: u32,
    },
    /// The sizes can't be.
    #[error("{0}")]
    Size(super::size::SizeError),
    /// A compression that can't be.
    #[error("a compress ratio is above 0 and at most 1, not {0}")]
    Ratio(f64),
    /// No lines to choose from.
    #[error("the payload file holds no payload")]
    NoLines,
    /// The keys can't be.
    #[error("{0}")]
    Key(KeyError),
}

impl SourcePlan {
    /// Whether the plan can be carried out.
    ///
    /// # Errors
    /// Says what stands in the way.
    pub fn check(&self) -> Result<(), SourceError> {
        self.key.check(self.key_form).map_err(SourceError::Key)?;
        match &self.value {
            ValuePlan::Lines(lines) if lines.is_empty() => return Err(SourceError::NoLines),
            ValuePlan::Compressible { ratio } if !(*ratio > 0.0 && *ratio <= 1.0) => {
                return Err(SourceError::Ratio(*ratio));
            }
            _ => {}
        }
        if !self.value.is_sized() {
            return Ok(());
        }
        self.size.check().map_err(SourceError::Size)?;
        let (asked, smallest) = (self.size.least(), self.smallest_size());
        if asked < smallest {
            return Err(SourceError::TooSmall { asked, smallest });
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
        self.reserved + value
    }

    /// Whether values say which record they are, so that no mark is needed.
    #[must_use]
    pub fn names_itself(&self) -> bool {
        self.value == ValuePlan::Sequence
    }

    /// The mean size of a record's key, value and mark, in bytes; never 0, so that a rate in bytes
    /// can be divided by it.
    #[must_use]
    pub fn mean_payload(&self) -> f64 {
        let value = match &self.value {
            ValuePlan::Lines(lines) => {
                float(lines.iter().map(Vec::len).sum()) / float(lines.len().max(1))
            }
            ValuePlan::Random | ValuePlan::Compressible { .. } | ValuePlan::Sequence => {
                self.size.mean()
            }
            // As many digits as a run of some million records has.
            ValuePlan::Monotonic => 7.0,
        };
        (self.key.mean_len(self.key_form) + value).max(1.0)
    }

    /// The largest value that a record may have, in bytes; `None` where the record's number decides
    /// how long it is.
    #[must_use]
    pub fn largest_value(&self) -> Option<usize> {
        match &self.value {
            ValuePlan::Random | ValuePlan::Compressible { .. } | ValuePlan::Sequence => {
                Some((self.size.most() - self.reserved) as usize)
            }
            ValuePlan::Lines(lines) => lines.iter().map(Vec::len).max(),
            ValuePlan::Monotonic => None,
        }
    }
}

impl ValuePlan {
    /// Whether values have the size that is asked for, rather than one of their own.
    #[must_use]
    pub const fn is_sized(&self) -> bool {
        match self {
            Self::Random | Self::Compressible { .. } | Self::Sequence => true,
            Self::Lines(_) | Self::Monotonic => false,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^53")]
pub(super) const fn float(bytes: usize) -> f64 {
    bytes as f64
}
