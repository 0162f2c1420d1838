//! A rate as people write it: records or bytes a second. Cost class: once a process.

use crate::base::units::{parse_bytes, parse_count};
use crate::load::schedule::{Level, RateError};

/// A rate that becomes one of records once their size is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::app::settings) enum Speed {
    /// Records a second.
    Records(f64),
    /// Bytes of keys and values a second.
    Bytes(f64),
}

impl Speed {
    /// Reads `200k` (records/s) or `150MB` (bytes/s); 0 is a rate, too. `None` for what is neither.
    #[must_use]
    pub(in crate::app::settings) fn parse(text: &str) -> Option<Self> {
        if text.ends_with('B') {
            #[expect(clippy::cast_precision_loss, reason = "sizes that people write: below 2^53")]
            return parse_bytes(text).ok().map(|bytes| Self::Bytes(bytes as f64));
        }
        parse_count(text).ok().map(Self::Records)
    }

    /// Records a second, each with `payload_bytes` of key and value on average.
    #[must_use]
    pub(in crate::app::settings) fn records(self, payload_bytes: f64) -> f64 {
        match self {
            Self::Records(records) => records,
            Self::Bytes(bytes) => bytes / payload_bytes,
        }
    }

    /// The same as a planned rate.
    pub(in crate::app::settings) fn level(self, payload_bytes: f64) -> Result<Level, RateError> {
        Level::per_second(self.records(payload_bytes))
    }
}

/// What is expected of a rate, in messages.
pub(super) const EXPECTED: &str = "records/s such as 200k, or payload bytes/s such as 150MB";
