//! One record as the caller lends it. Cost class: per record; nothing is owned, nothing is copied.

/// A header: a name and an optional value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Header<'a> {
    /// UTF-8, may be empty, may repeat.
    pub name: &'a str,
    /// `None` is Kafka's null, which differs from an empty value.
    pub value: Option<&'a [u8]>,
}

/// A record lent for the length of one call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RecordView<'a> {
    /// `None` leaves the choice to the partitioner.
    pub partition: Option<u32>,
    /// `None` is Kafka's null key; an empty key counts as a key.
    pub key: Option<&'a [u8]>,
    /// `None` is a tombstone.
    pub value: Option<&'a [u8]>,
    /// In the order in which they are written.
    pub headers: &'a [Header<'a>],
    /// Milliseconds since the Unix epoch, 0 or more.
    pub timestamp_ms: i64,
}

impl RecordView<'_> {
    /// Bytes of key, value and headers, without any length.
    #[must_use]
    #[inline]
    pub fn payload(&self) -> usize {
        let plain = self.key.map_or(0, <[u8]>::len) + self.value.map_or(0, <[u8]>::len);
        if self.headers.is_empty() { plain } else { plain + self.headers_payload() }
    }

    #[inline(never)]
    fn headers_payload(&self) -> usize {
        let of_one = |header: &Header<'_>| header.name.len() + header.value.map_or(0, <[u8]>::len);
        self.headers.iter().map(of_one).sum()
    }
}
