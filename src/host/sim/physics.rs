//! How fast things are in the simulated world, as data.
//!
//! Cost class: per event. Work takes time here too: without a price for it a saturated engine would
//! stand still in virtual time, and no loop would ever be late.

use core::time::Duration;

use crate::base::{Instant, Rng};

/// The world's constants.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Physics {
    /// From one end of a stream to the other, at least.
    pub latency: Duration,
    /// What chance adds to it, at most.
    pub jitter: Duration,
    /// Of one stream in one direction, in bytes a second; 1 or more.
    pub bytes_per_second: u64,
    /// Bytes that a stream takes before it is blocked, 1 or more: the socket's send buffer.
    pub window: usize,
    /// Into how many pieces, at most, the bytes of one write are cut on their way; 1 or more.
    pub pieces: u64,
    /// Processor time of one turn of a worker, in nanoseconds, 1 or more.
    pub turn_nanos: u64,
    /// Processor time of one record, in nanoseconds.
    pub record_nanos: u64,
    /// Processor time of writing or reading a KiB, in nanoseconds.
    pub io_nanos_per_kib: u64,
    /// Processor time of compressing a KiB, in nanoseconds.
    pub seal_nanos_per_kib: u64,
    /// A broker's time for one request, in nanoseconds.
    pub serve_nanos: u64,
    /// A broker's time for a KiB of request, in nanoseconds.
    pub serve_nanos_per_kib: u64,
}

impl Default for Physics {
    /// A calm network and brokers that keep up: half a millisecond each way, a gigabit.
    fn default() -> Self {
        Self {
            latency: Duration::from_micros(500),
            jitter: Duration::ZERO,
            bytes_per_second: 125_000_000,
            window: 128 * 1024,
            pieces: 1,
            turn_nanos: 5_000,
            record_nanos: 150,
            io_nanos_per_kib: 300,
            seal_nanos_per_kib: 10_000,
            serve_nanos: 50_000,
            serve_nanos_per_kib: 1_000,
        }
    }
}

/// One direction of a stream: bytes arrive in the order in which they left.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pipe {
    /// When the last bytes taken have left.
    free_at: Instant,
    last_arrival: Instant,
    /// Bytes that have not arrived yet.
    pub(super) under_way: usize,
}

impl Pipe {
    /// When `len` bytes arrive that are sent at `now`.
    pub(super) fn send(
        &mut self,
        len: usize,
        physics: &Physics,
        rng: &mut Rng,
        now: Instant,
    ) -> Instant {
        let bytes = u64::try_from(len).unwrap_or(u64::MAX);
        let nanos = bytes.saturating_mul(1_000_000_000) / physics.bytes_per_second.max(1);
        self.free_at = self.free_at.max(now).plus_nanos(nanos);
        let jitter = u64::try_from(physics.jitter.as_nanos()).unwrap_or(0);
        let arrival = (self.free_at + physics.latency).plus_nanos(rng.below(jitter + 1));
        self.last_arrival = self.last_arrival.max(arrival);
        self.under_way += len;
        self.last_arrival
    }

    /// Nothing arrives before this any more: an answer that is late.
    pub(super) fn hold_until(&mut self, at: Instant) {
        self.free_at = self.free_at.max(at);
    }
}

/// `bytes` at this price a KiB, in nanoseconds.
pub(super) fn price(bytes: usize, nanos_per_kib: u64) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX).saturating_mul(nanos_per_kib) / 1024
}
