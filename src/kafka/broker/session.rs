//! One client's connection as the broker sees it: frames out of bytes, answers waiting to be
//! written.
//!
//! Cost class: per request. A frame that arrives whole is read where it lies; one that arrives in
//! pieces is put together once, in memory that is used again. Memory grows with what was received,
//! never with what a length claims.

use super::fetch::Waiting;

/// A connection.
#[derive(Debug)]
pub(super) struct Session {
    /// Which of the broker's nodes the peer connected to, as an index.
    pub(super) node: usize,
    pub(super) inbound: Inbound,
    pub(super) outbound: Outbound,
    /// The stream takes no bytes until `handle_writable`.
    pub(super) blocked: bool,
    /// Bytes of the last `Outbound`.
    pub(super) offered: usize,
    /// Stands in the queue of those that have something to write.
    pub(super) queued: bool,
    /// To be closed as soon as earlier answers are written; nothing more is read.
    pub(super) closing: bool,
    /// A fetch that waits for records; later requests wait behind it.
    pub(super) waiting: Option<Waiting>,
}

impl Session {
    pub(super) fn new(node: usize) -> Self {
        Self {
            node,
            inbound: Inbound::default(),
            outbound: Outbound::default(),
            blocked: false,
            offered: 0,
            queued: false,
            closing: false,
            waiting: None,
        }
    }

    /// Whether requests have to wait: behind a fetch, or because the peer doesn't read its answers.
    pub(super) const fn holds_back(&self) -> bool {
        self.waiting.is_some() || self.outbound.unsent() > MAX_UNSENT
    }
}

/// Bytes received and not yet answered.
#[derive(Debug, Default)]
pub(super) struct Inbound {
    held: Vec<u8>,
    /// How many of `held` were given out already.
    taken: usize,
}

/// A length that no frame may have: negative, or above the limit.
#[derive(Debug)]
pub(super) struct BadFrame;

impl Inbound {
    /// The next whole frame without its length, from what is held and then from `fresh`, which gets
    /// shorter by what was taken; `None` when more bytes are needed, and then all of `fresh` is
    /// held.
    ///
    /// # Errors
    /// When the length is negative or above `limit`.
    pub(super) fn next<'held, 'fresh: 'held>(
        &'held mut self,
        fresh: &mut &'fresh [u8],
        limit: usize,
    ) -> Result<Option<&'held [u8]>, BadFrame> {
        if self.taken == self.held.len() {
            self.held.clear();
            self.taken = 0;
            return match frame_end(fresh, limit)? {
                Some(end) if end <= fresh.len() => {
                    let (frame, rest) = fresh.split_at(end);
                    *fresh = rest;
                    Ok(Some(&frame[LENGTH..]))
                }
                _ => {
                    self.hold(fresh);
                    *fresh = &[];
                    Ok(None)
                }
            };
        }
        self.top_up(fresh, LENGTH);
        let Some(end) = frame_end(&self.held[self.taken..], limit)? else {
            return Ok(None);
        };
        self.top_up(fresh, end);
        if self.held.len() - self.taken < end {
            return Ok(None);
        }
        let frame = self.taken + LENGTH..self.taken + end;
        self.taken = frame.end;
        Ok(Some(&self.held[frame]))
    }

    /// Keeps `bytes` for later.
    pub(super) fn hold(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
    }

    /// Bytes held that no frame was made of.
    pub(super) const fn held(&self) -> usize {
        self.held.len() - self.taken
    }

    /// Moves bytes of `fresh` behind the held ones until `wanted` are there, or none is left.
    fn top_up(&mut self, fresh: &mut &[u8], wanted: usize) {
        let missing = wanted.saturating_sub(self.held()).min(fresh.len());
        if missing == 0 {
            return;
        }
        if self.taken > 0 {
            self.held.drain(..self.taken);
            self.taken = 0;
        }
        let (now, later) = fresh.split_at(missing);
        self.held.extend_from_slice(now);
        *fresh = later;
    }
}

/// Where the frame at the start of `bytes` ends, its length included; `None` while the length isn't
/// there whole.
fn frame_end(bytes: &[u8], limit: usize) -> Result<Option<usize>, BadFrame> {
    let Some(length) = bytes.first_chunk::<LENGTH>() else {
        return Ok(None);
    };
    let length = usize::try_from(i32::from_be_bytes(*length)).map_err(|_| BadFrame)?;
    if length > limit { Err(BadFrame) } else { Ok(Some(LENGTH + length)) }
}

/// Answers in the order of their requests.
#[derive(Debug, Default)]
pub(super) struct Outbound {
    bytes: Vec<u8>,
    sent: usize,
}

impl Outbound {
    /// Where an answer is written, behind those that are there.
    pub(super) const fn tail(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    pub(super) const fn unsent(&self) -> usize {
        self.bytes.len() - self.sent
    }

    pub(super) fn pending(&self) -> &[u8] {
        &self.bytes[self.sent..]
    }

    /// The stream took `len` of the pending bytes.
    pub(super) fn advance(&mut self, len: usize) {
        self.sent = self.bytes.len().min(self.sent + len);
        if self.sent == self.bytes.len() {
            self.bytes.clear();
            self.bytes.shrink_to(KEPT_CAPACITY);
            self.sent = 0;
        } else if self.sent > KEPT_CAPACITY {
            self.bytes.drain(..self.sent);
            self.sent = 0;
        }
    }
}

/// Bytes of a frame's length.
const LENGTH: usize = 4;
/// Past this many unsent bytes a peer's further requests wait.
const MAX_UNSENT: usize = 4 * 1024 * 1024;
/// Memory for answers that a connection keeps while it has none.
const KEPT_CAPACITY: usize = 1024 * 1024;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn framed(bodies: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for body in bodies {
            bytes.extend_from_slice(&u32::try_from(body.len()).unwrap().to_be_bytes());
            bytes.extend_from_slice(body);
        }
        bytes
    }

    #[test]
    fn lengths_out_of_range_are_refused() {
        for length in [-1i32, 101, i32::MAX, i32::MIN] {
            let bytes = length.to_be_bytes();
            assert!(Inbound::default().next(&mut &bytes[..], 100).is_err(), "{length}");
        }
        let bytes = framed(&[vec![7; 100]]);
        let mut inbound = Inbound::default();
        assert_eq!(inbound.next(&mut &bytes[..], 100).unwrap(), Some(&[7u8; 100][..]));
    }

    #[test]
    fn a_huge_claim_takes_no_memory() {
        let mut inbound = Inbound::default();
        let bytes = [0x05, 0xf5, 0xe1, 0x00, 1, 2];
        assert!(inbound.next(&mut &bytes[..], 100_000_000).unwrap().is_none());
        assert!(inbound.held.capacity() < 1_000);
    }

    proptest! {
        /// However the bytes are split, and whatever was held back for a time, the same frames come
        /// out.
        #[test]
        fn any_split_gives_the_same_frames(
            bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..12),
            cuts in prop::collection::vec((1usize..90, any::<bool>()), 1..40),
        ) {
            let bytes = framed(&bodies);
            let (mut inbound, mut found, mut rest) = (Inbound::default(), Vec::new(), &bytes[..]);
            for (cut, hold) in cuts.into_iter().cycle().take(2_000) {
                let (mut fresh, later) = rest.split_at(cut.min(rest.len()));
                rest = later;
                if hold && !rest.is_empty() {
                    inbound.hold(fresh);
                    continue;
                }
                while let Some(frame) = inbound.next(&mut fresh, 60).unwrap() {
                    found.push(frame.to_vec());
                }
                prop_assert!(fresh.is_empty());
                if rest.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(found, bodies);
            prop_assert_eq!(inbound.held(), 0);
        }
    }
}
