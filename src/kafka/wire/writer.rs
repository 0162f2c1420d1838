//! Writes protocol values at the end of a vector.
//!
//! Cost class: per request. No allocation beyond the vector's growth. Legacy strings hold at most
//! 32,767 bytes and everything else fewer than 2 GiB: longer ones are a caller's mistake.

use super::{Uuid, varint};

/// Appends to a borrowed vector; what is there already stays.
#[derive(Debug)]
pub struct Writer<'a>(pub &'a mut Vec<u8>);

macro_rules! fixed {
    ($($(#[$doc:meta])* $name:ident($type:ty);)*) => {$(
        $(#[$doc])*
        pub fn $name(&mut self, value: $type) {
            self.0.extend_from_slice(&value.to_be_bytes());
        }
    )*};
}

impl Writer<'_> {
    fixed! {
        /// One byte.
        u8(u8);
        /// A signed byte.
        i8(i8);
        /// Two bytes, big-endian, signed.
        i16(i16);
        /// Two bytes, big-endian.
        u16(u16);
        /// Four bytes, big-endian, signed.
        i32(i32);
        /// Four bytes, big-endian.
        u32(u32);
        /// Eight bytes, big-endian, signed.
        i64(i64);
    }

    /// One byte, 0 or 1.
    pub fn bool(&mut self, value: bool) {
        self.u8(u8::from(value));
    }

    /// Sixteen bytes.
    pub fn uuid(&mut self, value: Uuid) {
        self.0.extend_from_slice(&value.0);
    }

    /// Bytes as they are, no length before them.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// A plain variable-length number.
    pub fn uvarint(&mut self, value: u64) {
        let mut buffer = [0; varint::MAX_LEN];
        let end = varint::put(&mut buffer, 0, value);
        self.0.extend_from_slice(&buffer[..end]);
    }

    /// A string, `None` as null; `compact` is the form of flexible versions.
    ///
    /// # Panics
    /// When a string that isn't compact is longer than 32,767 bytes.
    pub fn string(&mut self, value: Option<&str>, compact: bool) {
        let length = value.map(str::len);
        if compact {
            self.compact_len(length);
        } else {
            let length = length.map_or(Ok(-1), i16::try_from);
            self.i16(length.expect("a legacy string is at most 32,767 bytes long"));
        }
        self.raw(value.unwrap_or_default().as_bytes());
    }

    /// Bytes, `None` as null; `compact` is the form of flexible versions.
    ///
    /// # Panics
    /// When there are 2 GiB or more.
    pub fn bytes(&mut self, value: Option<&[u8]>, compact: bool) {
        self.bytes_len(value.map(<[u8]>::len), compact);
        self.raw(value.unwrap_or_default());
    }

    /// Only the length that stands before bytes or an array, `None` as null; `compact` is the form
    /// of flexible versions.
    ///
    /// # Panics
    /// When it is 2 Gi or more.
    pub fn bytes_len(&mut self, length: Option<usize>, compact: bool) {
        if compact {
            self.compact_len(length);
        } else {
            let length = length.map_or(Ok(-1), i32::try_from);
            self.i32(length.expect("what is sent is below 2 GiB"));
        }
    }

    /// The number of elements of an array; see [`bytes_len`](Self::bytes_len).
    ///
    /// # Panics
    /// When there are 2 Gi or more.
    pub fn array_len(&mut self, count: Option<usize>, compact: bool) {
        self.bytes_len(count, compact);
    }

    /// The end of a flexible structure without tagged fields.
    pub fn no_tags(&mut self) {
        self.u8(0);
    }

    /// One more than the length, so that 0 is null.
    fn compact_len(&mut self, length: Option<usize>) {
        self.uvarint(length.map_or(0, |length| length as u64 + 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::wire::Reader;

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read(
            text: Option<String>,
            bytes: Option<Vec<u8>>,
            compact: bool,
            number: u32,
        ) {
            let mut out = vec![0xaa];
            let mut writer = Writer(&mut out);
            writer.string(text.as_deref(), compact);
            writer.bytes(bytes.as_deref(), compact);
            writer.uvarint(u64::from(number));
            writer.bool(true);
            let mut reader = Reader::new(&out[1..]);
            assert_eq!(reader.string(compact), Ok(text.as_deref()));
            assert_eq!(reader.bytes(compact), Ok(bytes.as_deref()));
            assert_eq!(reader.uvarint(), Ok(number));
            assert_eq!(reader.bool(), Ok(true));
            assert_eq!(reader.finish(), Ok(()));
        }
    }
}
