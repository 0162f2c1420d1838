//! The one place that reads the system's clocks.
//!
//! Cost class: per request; a monotonic reading takes about 20 ns. Invariant: all threads of a
//! process read the same monotonic time line, so that one instant can be handed to several workers.

#[cfg(not(target_os = "linux"))]
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

#[cfg(unix)]
use rustix::time::{ClockId, Timespec, clock_gettime};

use crate::base::Instant;

/// The monotonic time now. On Linux its origin is that of `CLOCK_MONOTONIC`, which the timer
/// shares.
#[cfg(target_os = "linux")]
#[must_use]
pub fn now() -> Instant {
    Instant::from_nanos(nanos(clock_gettime(ClockId::Monotonic)))
}

/// The monotonic time now, counted from the first reading in this process.
#[cfg(not(target_os = "linux"))]
#[expect(clippy::disallowed_methods, reason = "the one clock of the project")]
#[must_use]
pub fn now() -> Instant {
    static ORIGIN: OnceLock<std::time::Instant> = OnceLock::new();
    // One second in, so that a deadline "before now" exists from the start.
    let origin = *ORIGIN.get_or_init(std::time::Instant::now);
    Instant::from_nanos(1_000_000_000) + origin.elapsed()
}

/// Milliseconds since 1970 by the system's wall clock, which may step; 0 for a clock set before
/// that.
#[must_use]
pub fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Nanoseconds of processor time that the calling thread has used; `None` where the system doesn't
/// tell.
///
/// A real system call, about 0.3 µs: for every few milliseconds, not for every request.
#[must_use]
pub fn thread_cpu() -> Option<u64> {
    #[cfg(unix)]
    {
        Some(nanos(clock_gettime(ClockId::ThreadCPUTime)))
    }
    #[cfg(not(unix))]
    {
        None
    }
}

/// A clock's reading as nanoseconds.
#[cfg(unix)]
fn nanos(reading: Timespec) -> u64 {
    let seconds = u64::try_from(reading.tv_sec).unwrap_or(0);
    let rest = u64::try_from(reading.tv_nsec).unwrap_or(0);
    seconds.saturating_mul(1_000_000_000).saturating_add(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_go_forward() {
        let first = now();
        let cpu = thread_cpu();
        let mut sum = 0_u64;
        while now() == first {
            sum = sum.wrapping_add(1);
        }
        assert!(now() > first);
        assert!(thread_cpu() >= cpu);
        // 2020-01-01: a reading in the wrong unit would be far below or above.
        assert!(unix_ms() > 1_577_836_800_000);
        assert!(unix_ms() < 10_000_000_000_000);
    }
}
