//! What travels over a connection: requests that own or lend their bytes, and their answers.
//!
//! Cost class: per request. A request is asked for its memory each time the stream takes bytes, so
//! batches are written from where they lie.

use bytes::Bytes;

use crate::base::{BrokerId, Instant, Slices};
use crate::kafka::wire::{ApiKey, RequestHeader};

/// A request that a connection can write.
///
/// After [`Request::prepare`], `len` and the bytes of `gather` stay the same until it is answered
/// or lost.
pub trait Request {
    /// Which API it calls.
    fn api(&self) -> ApiKey;
    /// Whether an answer comes. A Produce request with acks=0 is complete once it is written.
    fn expects_response(&self) -> bool;
    /// Builds the frame's own bytes: the 4-byte length, `header`, and what stands around lent
    /// memory.
    fn prepare(&mut self, header: &RequestHeader);
    /// Bytes of the whole frame, its 4-byte length included.
    fn len(&self) -> usize;
    /// Lends the frame without its first `skip` bytes, as far as `slices` has room.
    fn gather<'a>(&'a self, skip: usize, slices: &mut Slices<'a>);
    /// Whether there are no bytes; a prepared request has some.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A request with its answer.
#[derive(Debug)]
pub struct Answered<R> {
    /// What was asked.
    pub request: R,
    /// Who answered.
    pub node: BrokerId,
    /// The version of the request.
    pub version: i16,
    /// The answer after its header; empty for a request that expects none.
    pub body: Bytes,
    /// When the connection took the request.
    pub drained: Instant,
    /// When the stream had taken its last byte.
    pub written: Instant,
    /// When the answer was read; `written` for a request that expects none.
    pub read: Instant,
}
