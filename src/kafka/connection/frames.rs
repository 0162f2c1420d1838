//! Cuts a stream of bytes into frames: a 4-byte big-endian length, then that many bytes.
//!
//! Cost class: per request. Memory grows with the bytes that arrived, never with the length that a
//! peer claims; a length that no answer can have ends the stream before anything is kept for it.

use bytes::{Buf, Bytes, BytesMut};

use super::fault::{Fault, Foreign};

/// Collects arriving bytes and gives out whole frames.
#[derive(Debug)]
pub(super) struct Frames {
    buffer: BytesMut,
    limit: usize,
}

impl Frames {
    /// No byte yet; frames longer than `limit` bytes are a fault.
    pub(super) fn new(limit: usize) -> Self {
        Self { buffer: BytesMut::new(), limit }
    }

    /// Adds what arrived.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole frame without its length, or `None` when more bytes are needed.
    ///
    /// # Errors
    /// [`Fault::Foreign`] when the first bytes belong to another protocol,
    /// [`Fault::FrameLength`] when the length is below that of a header or above the limit.
    pub(super) fn next(&mut self) -> Result<Option<Bytes>, Fault> {
        let Some(prefix) = self.buffer.first_chunk::<4>() else {
            return Ok(None);
        };
        let claimed = i32::from_be_bytes(*prefix);
        let len = match usize::try_from(claimed) {
            Ok(len) if (SHORTEST..=self.limit).contains(&len) => len,
            // Every protocol that is told apart here starts with bytes that are no sane length.
            _ => {
                return Err(match Foreign::recognise(&self.buffer) {
                    Some(foreign) => Fault::Foreign(foreign),
                    None => Fault::FrameLength { claimed, limit: self.limit },
                });
            }
        };
        if self.buffer.len() - 4 < len {
            return Ok(None);
        }
        self.buffer.advance(4);
        Ok(Some(self.buffer.split_to(len).freeze()))
    }
}

/// A response header is at least its correlation id.
const SHORTEST: usize = 4;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bytes_that_come_one_by_one_make_the_same_frames() {
        let stream = [0, 0, 0, 5, 1, 2, 3, 4, 5, 0, 0, 0, 4, 6, 7, 8, 9, 0];
        let mut frames = Frames::new(100);
        let mut found = Vec::new();
        for byte in stream {
            frames.push(&[byte]);
            found.extend(frames.next().unwrap());
        }
        assert_eq!(found, [&[1u8, 2, 3, 4, 5][..], &[6, 7, 8, 9]]);
        assert!(!frames.buffer.is_empty());
    }

    #[test]
    fn a_claim_of_two_billion_bytes_ends_the_stream_without_memory_for_it() {
        let mut frames = Frames::new(100 << 20);
        frames.push(&2_000_000_000_i32.to_be_bytes());
        let fault = frames.next().unwrap_err();
        assert_eq!(fault, Fault::FrameLength { claimed: 2_000_000_000, limit: 100 << 20 });
        assert!(frames.buffer.capacity() < 4_096);
    }

    #[test]
    fn a_claim_within_the_limit_takes_memory_only_for_what_arrived() {
        let mut frames = Frames::new(100 << 20);
        frames.push(&(90_i32 << 20).to_be_bytes());
        frames.push(&[7; 1_000]);
        assert_eq!(frames.next(), Ok(None));
        assert!(frames.buffer.capacity() < 16_384);
    }

    #[test]
    fn lengths_below_a_header_and_negative_ones_are_faults() {
        for claimed in [-1, i32::MIN, 0, 3] {
            let mut frames = Frames::new(100);
            frames.push(&claimed.to_be_bytes());
            assert_eq!(frames.next(), Err(Fault::FrameLength { claimed, limit: 100 }));
        }
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_frames(
            bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 4..40), 0..8),
            step in 1_usize..50,
        ) {
            let mut stream = Vec::new();
            for body in &bodies {
                stream.extend_from_slice(&u32::try_from(body.len()).unwrap().to_be_bytes());
                stream.extend_from_slice(body);
            }
            let mut frames = Frames::new(1_000);
            let mut found = Vec::new();
            for part in stream.chunks(step) {
                frames.push(part);
                while let Some(frame) = frames.next().unwrap() {
                    found.push(frame.to_vec());
                }
            }
            prop_assert_eq!(found, bodies);
            prop_assert!(frames.buffer.is_empty());
        }

        #[test]
        fn any_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut frames = Frames::new(64);
            frames.push(&bytes);
            while let Ok(Some(_)) = frames.next() {}
        }
    }
}
