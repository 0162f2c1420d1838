//! A hash over records: the same records have the same. Cost class: per byte.

use core::fmt;

use crc_fast::CrcAlgorithm::Crc64Nvme;

use super::form::Made;

/// CRC-64/NVME over what brokers get of each record: key, value, headers and, where records have
/// one of their own, the timestamp; each with its length in front, so that no two sequences of
/// records are the same bytes.
pub(super) struct Digest(crc_fast::Digest);

impl Default for Digest {
    fn default() -> Self {
        Self(crc_fast::Digest::new(Crc64Nvme))
    }
}

impl Digest {
    /// Adds a record.
    pub(super) fn add(&mut self, made: &Made<'_>) {
        let timestamp = made.timestamp_ms.map(i64::to_be_bytes);
        self.field(timestamp.as_ref().map(|bytes| &bytes[..]));
        self.field(made.view.key);
        self.field(made.view.value);
        self.0.update(&(made.view.headers.len() as u64).to_be_bytes());
        for header in made.view.headers {
            self.field(Some(header.name.as_bytes()));
            self.field(header.value);
        }
    }

    /// Bytes behind their length; nothing has one that no bytes have.
    fn field(&mut self, bytes: Option<&[u8]>) {
        let length = bytes.map_or(u64::MAX, |bytes| bytes.len() as u64);
        self.0.update(&length.to_be_bytes());
        self.0.update(bytes.unwrap_or_default());
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "crc64-nvme {:016x}", self.0.finalize())
    }
}
