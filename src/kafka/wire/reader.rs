//! Reads protocol values from bytes a peer supplied.
//!
//! Cost class: per request, and per record when batches are read back. Invariants: nothing here
//! panics on any input; a length is held against the bytes left before anything is allocated, so
//! memory stays proportional to what really arrived.

use super::{ApiKey, Uuid, varint};

/// Why bytes could not be read as what they should be.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum WireError {
    /// The bytes end in the middle of a value.
    #[error("the bytes end too early: {needed} needed, {left} left")]
    Truncated {
        /// Bytes the value takes.
        needed: usize,
        /// Bytes that were left.
        left: usize,
    },
    /// A length or count is negative, or more than the bytes left could hold.
    #[error("a length of {claimed} is impossible with {left} bytes left")]
    Length {
        /// What the peer wrote.
        claimed: i64,
        /// Bytes that were left.
        left: usize,
    },
    /// A string isn't UTF-8.
    #[error("a string is not valid UTF-8")]
    Utf8,
    /// A variable-length number has too many bytes or bits.
    #[error("a variable-length number is too long")]
    Varint,
    /// Null where the schema allows none.
    #[error("null where a value is required")]
    Null,
    /// Bytes are left after the last field.
    #[error("{0} bytes are left after the last field")]
    Trailing(usize),
    /// A request for an API that isn't spoken here.
    #[error("unknown API key {0}")]
    UnknownApi(i16),
    /// A version that isn't spoken here.
    #[error("version {version} of {api:?} is not supported")]
    Version {
        /// The API.
        api: ApiKey,
        /// What was asked for.
        version: i16,
    },
    /// A frame longer than the receiver allows.
    #[error("a frame of {length} bytes exceeds the limit of {limit}")]
    FrameTooLarge {
        /// What the peer wrote.
        length: u32,
        /// The receiver's limit.
        limit: u32,
    },
    /// A record batch contradicts itself.
    #[error("invalid record batch: {0}")]
    Batch(&'static str),
}

/// A cursor over borrowed bytes; every read is checked and moves it forward.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
}

macro_rules! fixed {
    ($($(#[$doc:meta])* $name:ident -> $type:ty;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// When the bytes end before it.
        #[inline]
        pub fn $name(&mut self) -> Result<$type, WireError> {
            Ok(<$type>::from_be_bytes(self.array()?))
        }
    )*};
}

impl<'a> Reader<'a> {
    /// Starts at the first of `bytes`.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// Bytes not read yet.
    #[must_use]
    pub const fn remaining(&self) -> usize {
        self.bytes.len()
    }

    /// The bytes not read yet, without reading them.
    #[must_use]
    pub const fn rest(&self) -> &'a [u8] {
        self.bytes
    }

    /// Checks that everything was read.
    ///
    /// # Errors
    /// [`WireError::Trailing`] when something is left.
    pub const fn finish(&self) -> Result<(), WireError> {
        match self.bytes.len() {
            0 => Ok(()),
            left => Err(WireError::Trailing(left)),
        }
    }

    /// The next `length` bytes.
    ///
    /// # Errors
    /// When fewer are left.
    #[inline]
    pub fn take(&mut self, length: usize) -> Result<&'a [u8], WireError> {
        let Some((head, tail)) = self.bytes.split_at_checked(length) else {
            return Err(WireError::Truncated { needed: length, left: self.bytes.len() });
        };
        self.bytes = tail;
        Ok(head)
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let Some((head, tail)) = self.bytes.split_first_chunk() else {
            return Err(WireError::Truncated { needed: N, left: self.bytes.len() });
        };
        self.bytes = tail;
        Ok(*head)
    }

    fixed! {
        /// One byte.
        u8 -> u8;
        /// A signed byte.
        i8 -> i8;
        /// Two bytes, big-endian, signed.
        i16 -> i16;
        /// Two bytes, big-endian.
        u16 -> u16;
        /// Four bytes, big-endian, signed.
        i32 -> i32;
        /// Four bytes, big-endian.
        u32 -> u32;
        /// Eight bytes, big-endian, signed.
        i64 -> i64;
    }

    /// One byte, any but 0 being true.
    ///
    /// # Errors
    /// When the bytes end before it.
    pub fn bool(&mut self) -> Result<bool, WireError> {
        Ok(self.u8()? != 0)
    }

    /// Sixteen bytes.
    ///
    /// # Errors
    /// When the bytes end before it.
    pub fn uuid(&mut self) -> Result<Uuid, WireError> {
        Ok(Uuid(self.array()?))
    }

    /// A plain variable-length number of at most 32 bits.
    ///
    /// # Errors
    /// When the bytes end before it or it has more bits.
    #[inline]
    pub fn uvarint(&mut self) -> Result<u32, WireError> {
        u32::try_from(self.long_varint(5)?).map_err(|_| WireError::Varint)
    }

    /// A zig-zag number of at most 32 bits.
    ///
    /// # Errors
    /// When the bytes end before it or it has more bits.
    #[inline]
    pub fn varint(&mut self) -> Result<i32, WireError> {
        i32::try_from(varint::unzigzag(self.long_varint(5)?)).map_err(|_| WireError::Varint)
    }

    /// A zig-zag number of at most 64 bits.
    ///
    /// # Errors
    /// When the bytes end before it or it has more bits.
    #[inline]
    pub fn varlong(&mut self) -> Result<i64, WireError> {
        Ok(varint::unzigzag(self.long_varint(varint::MAX_LEN)?))
    }

    #[inline]
    fn long_varint(&mut self, most: usize) -> Result<u64, WireError> {
        let mut value = 0;
        for position in 0..most {
            let byte = self.u8()?;
            // The tenth byte has room for one bit only.
            if position == varint::MAX_LEN - 1 && byte > 1 {
                return Err(WireError::Varint);
            }
            value |= u64::from(byte & 0x7f) << (7 * position);
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(WireError::Varint)
    }

    /// A string, `None` for null; `compact` is the form of flexible versions.
    ///
    /// # Errors
    /// When its length is impossible or it isn't UTF-8.
    pub fn string(&mut self, compact: bool) -> Result<Option<&'a str>, WireError> {
        let length = match compact {
            true => self.compact_len()?,
            false => i64::from(self.i16()?),
        };
        let Some(bytes) = self.slice(length)? else { return Ok(None) };
        str::from_utf8(bytes).map(Some).map_err(|_| WireError::Utf8)
    }

    /// Bytes, `None` for null; `compact` is the form of flexible versions.
    ///
    /// # Errors
    /// When its length is impossible.
    pub fn bytes(&mut self, compact: bool) -> Result<Option<&'a [u8]>, WireError> {
        let length = match compact {
            true => self.compact_len()?,
            false => i64::from(self.i32()?),
        };
        self.slice(length)
    }

    /// Bytes with a zig-zag length before them, `None` for null: a record's key or value.
    ///
    /// # Errors
    /// When its length is impossible.
    #[inline]
    pub fn varint_bytes(&mut self) -> Result<Option<&'a [u8]>, WireError> {
        let length = self.varint()?;
        self.slice(i64::from(length))
    }

    /// The number of elements of an array, `None` for null; `compact` is the form of flexible
    /// versions. Every element takes at least a byte, so a count above the bytes left is refused.
    ///
    /// # Errors
    /// When the count is impossible.
    pub fn array_len(&mut self, compact: bool) -> Result<Option<usize>, WireError> {
        let count = match compact {
            true => self.compact_len()?,
            false => i64::from(self.i32()?),
        };
        self.length(count)
    }

    /// Calls `each` with every tag and a reader over that tag's own bytes.
    ///
    /// # Errors
    /// When a length is impossible, or `each` fails.
    pub fn tags(
        &mut self,
        mut each: impl FnMut(u32, &mut Self) -> Result<(), WireError>,
    ) -> Result<(), WireError> {
        for _ in 0..self.uvarint()? {
            let tag = self.uvarint()?;
            let length = i64::from(self.uvarint()?);
            let bytes = self.slice(length)?.ok_or(WireError::Null)?;
            each(tag, &mut Self::new(bytes))?;
        }
        Ok(())
    }

    /// Reads past tags that mean nothing here.
    ///
    /// # Errors
    /// When a length is impossible.
    pub fn skip_tags(&mut self) -> Result<(), WireError> {
        self.tags(|_, _| Ok(()))
    }

    /// A compact length: one more than it means, so that 0 is null (−1 here).
    fn compact_len(&mut self) -> Result<i64, WireError> {
        Ok(i64::from(self.uvarint()?) - 1)
    }

    #[inline]
    fn slice(&mut self, length: i64) -> Result<Option<&'a [u8]>, WireError> {
        match self.length(length)? {
            Some(length) => self.take(length).map(Some),
            None => Ok(None),
        }
    }

    /// Holds a claimed length against the bytes left; −1 is null.
    #[inline]
    fn length(&self, claimed: i64) -> Result<Option<usize>, WireError> {
        if claimed == -1 {
            return Ok(None);
        }
        match usize::try_from(claimed) {
            Ok(length) if length <= self.bytes.len() => Ok(Some(length)),
            _ => Err(WireError::Length { claimed, left: self.bytes.len() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_billion_elements_are_refused_before_memory_is_taken() {
        let claim = [0x7f, 0xff, 0xff, 0xff, 1, 2, 3];
        assert_eq!(
            Reader::new(&claim).array_len(false),
            Err(WireError::Length { claimed: i64::from(i32::MAX), left: 3 })
        );
        let compact = [0xff, 0xff, 0xff, 0xff, 0x0f, 1];
        assert_eq!(
            Reader::new(&compact).array_len(true),
            Err(WireError::Length { claimed: i64::from(u32::MAX) - 1, left: 1 })
        );
        assert!(Reader::new(&claim).bytes(false).is_err());
        assert!(Reader::new(&compact).string(true).is_err());
    }

    #[test]
    fn null_and_negative_lengths_differ() {
        assert_eq!(Reader::new(&[0xff, 0xff]).string(false), Ok(None));
        assert_eq!(Reader::new(&[0]).string(true), Ok(None));
        assert_eq!(Reader::new(&[0, 0]).string(false), Ok(Some("")));
        assert_eq!(
            Reader::new(&[0xff, 0xfe]).string(false),
            Err(WireError::Length { claimed: -2, left: 0 })
        );
    }

    #[test]
    fn overlong_numbers_are_refused() {
        assert_eq!(Reader::new(&[0xff; 11]).varlong(), Err(WireError::Varint));
        assert_eq!(Reader::new(&[0xff, 0xff, 0xff, 0xff, 0x1f]).uvarint(), Err(WireError::Varint));
        assert_eq!(
            Reader::new(&[0x80]).uvarint(),
            Err(WireError::Truncated { needed: 1, left: 0 })
        );
    }

    #[test]
    fn unknown_tags_are_read_past() {
        let mut reader = Reader::new(&[2, 7, 1, 0xaa, 9, 0, 0x55]);
        assert_eq!(reader.skip_tags(), Ok(()));
        assert_eq!(reader.rest(), [0x55]);
        assert_eq!(reader.finish(), Err(WireError::Trailing(1)));
    }
}
