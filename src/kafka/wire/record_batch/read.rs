//! Reads batches and records back. Cost class: per record read; nothing is copied.

use crate::base::Header;
use crate::kafka::wire::{Reader, WireError};

use super::{BatchHeader, HEADER_LEN, LENGTH_OFFSET, verify_crc};

/// A whole batch in borrowed bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Batch<'a> {
    /// Its header.
    pub header: BatchHeader,
    /// All of its bytes, header and body.
    pub bytes: &'a [u8],
}

impl<'a> Batch<'a> {
    /// Reads the first batch of `bytes` and returns what stands behind it. The checksum is not
    /// checked, and neither are the records.
    ///
    /// # Errors
    /// When the header is impossible or the batch is not all there.
    pub fn parse(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), WireError> {
        let (header, length, _) = BatchHeader::read(bytes)?;
        let mut r = Reader::new(bytes);
        let bytes = r.take(LENGTH_OFFSET + length as usize)?;
        Ok((Self { header, bytes }, r.rest()))
    }

    /// Passes over the first batch of `bytes` by its length alone, whatever else its header says.
    /// Returns its base offset and what stands behind it.
    ///
    /// # Errors
    /// When the length is impossible or the batch is not all there.
    pub fn pass_over(bytes: &'a [u8]) -> Result<(i64, &'a [u8]), WireError> {
        let mut r = Reader::new(bytes);
        let base_offset = r.i64()?;
        let length = usize::try_from(r.i32()?).unwrap_or(0);
        if length < HEADER_LEN - LENGTH_OFFSET {
            return Err(WireError::Batch("the length is smaller than a header"));
        }
        r.take(length)?;
        Ok((base_offset, r.rest()))
    }

    /// What stands behind the header: the records, or what a codec made of them.
    #[must_use]
    pub fn body(&self) -> &'a [u8] {
        &self.bytes[HEADER_LEN..]
    }

    /// Whether the checksum is right.
    #[must_use]
    pub fn crc_ok(&self) -> bool {
        verify_crc(self.bytes)
    }

    /// Walks the records of an uncompressed batch.
    #[must_use]
    pub fn records(&self) -> Records<'a> {
        Records::new(self.body(), self.header.record_count)
    }
}

/// A record read back, still in the bytes of its batch.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Record<'a> {
    /// Its offset less the batch's base offset.
    pub offset_delta: i32,
    /// Its timestamp less the batch's base timestamp, milliseconds.
    pub timestamp_delta: i64,
    /// `None` is null.
    pub key: Option<&'a [u8]>,
    /// `None` is null.
    pub value: Option<&'a [u8]>,
    /// How many headers it has.
    pub header_count: usize,
    header_bytes: &'a [u8],
}

impl<'a> Record<'a> {
    /// Its headers in the order in which they were written; checked when the record was read.
    #[must_use]
    pub const fn headers(&self) -> Headers<'a> {
        Headers { reader: Reader::new(self.header_bytes), left: self.header_count }
    }

    /// Reads the record and nothing else from `bytes`.
    fn parse(bytes: &'a [u8]) -> Result<Self, WireError> {
        let mut r = Reader::new(bytes);
        let _attributes = r.i8()?;
        let timestamp_delta = r.varlong()?;
        let offset_delta = r.varint()?;
        let key = r.varint_bytes()?;
        let value = r.varint_bytes()?;
        let count = r.varint()?;
        // A header takes two bytes at least, so this refuses more than could be there.
        let header_count = usize::try_from(count)
            .ok()
            .filter(|&count| count <= r.remaining() / 2)
            .ok_or_else(|| WireError::Length { claimed: i64::from(count), left: r.remaining() })?;
        let header_bytes = r.rest();
        for _ in 0..header_count {
            read_header(&mut r)?;
        }
        r.finish()?;
        Ok(Self { offset_delta, timestamp_delta, key, value, header_count, header_bytes })
    }
}

/// The headers of one record.
#[derive(Clone, Debug)]
pub struct Headers<'a> {
    reader: Reader<'a>,
    left: usize,
}

impl<'a> Iterator for Headers<'a> {
    type Item = Header<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        Some(read_header(&mut self.reader).expect("the headers were checked with the record"))
    }
}

fn read_header<'a>(r: &mut Reader<'a>) -> Result<Header<'a>, WireError> {
    let name = r.varint_bytes()?.ok_or(WireError::Null)?;
    let name = str::from_utf8(name).map_err(|_| WireError::Utf8)?;
    Ok(Header { name, value: r.varint_bytes()? })
}

/// Walks the records of an uncompressed body; ends after the first error.
///
/// Bytes left after the last record, or too few records, are an error too.
#[derive(Clone, Debug)]
pub struct Records<'a> {
    reader: Reader<'a>,
    left: i32,
    done: bool,
}

impl<'a> Records<'a> {
    /// Walks `count` records in `body`.
    #[must_use]
    pub const fn new(body: &'a [u8], count: i32) -> Self {
        Self { reader: Reader::new(body), left: count, done: false }
    }

    fn read(&mut self) -> Result<Option<Record<'a>>, WireError> {
        if self.left <= 0 {
            return self.reader.finish().map(|()| None);
        }
        self.left -= 1;
        let bytes = self.reader.varint_bytes()?.ok_or(WireError::Null)?;
        Record::parse(bytes).map(Some)
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Record<'a>, WireError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let next = self.read().transpose();
        self.done = !matches!(next, Some(Ok(_)));
        next
    }
}
