//! One deadline that wakes the loop on time.
//!
//! Tokio's own timer counts in milliseconds, which would make a paced load 2 ms late. On Linux this
//! is an absolute timerfd on the clock that [`clock::now`](super::clock::now) reads; elsewhere a
//! helper thread waits on a condition variable. Cost class: per tick; a system call only when the
//! deadline has changed.

use std::io;
use std::sync::Arc;

use super::wake::{Hub, Line, Token};
use crate::base::Instant;

#[cfg(not(target_os = "linux"))]
use thread_timer::Alarm;
#[cfg(target_os = "linux")]
use timerfd::Alarm;

/// The loop's deadline.
#[derive(Debug)]
pub(super) struct Timer {
    alarm: Alarm,
    line: Line,
    armed: Option<Instant>,
}

impl Timer {
    /// Without a deadline. Belongs to the runtime in whose context it is made.
    pub(super) fn new(hub: &Arc<Hub>) -> io::Result<Self> {
        let line = Line::new(Token::Timer, hub);
        let mut alarm = Alarm::new(&line)?;
        alarm.listen(&line);
        Ok(Self { alarm, line, armed: None })
    }

    /// Rings at `deadline`, and no more at an earlier one; `None`: not at all.
    pub(super) fn arm(&mut self, deadline: Option<Instant>) -> io::Result<()> {
        if self.armed == deadline {
            return Ok(());
        }
        self.armed = deadline;
        self.alarm.set(deadline)
    }

    /// To be called when it rang.
    pub(super) fn answer(&mut self) {
        self.line.answer();
        // Forgotten even if it was an older ring: arming once too often is harmless, once too
        // rarely would put the loop to sleep for good.
        self.armed = None;
        self.alarm.listen(&self.line);
    }
}

/// The timer of a Linux kernel.
#[cfg(target_os = "linux")]
mod timerfd {
    use std::io;
    use std::os::fd::OwnedFd;
    use std::task::Poll;

    use rustix::time::{
        Itimerspec, Nsecs, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec,
        timerfd_create, timerfd_settime,
    };
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;

    use super::{Instant, Line};

    #[derive(Debug)]
    pub(super) struct Alarm {
        fd: AsyncFd<OwnedFd>,
    }

    impl Alarm {
        pub(super) fn new(_line: &Line) -> io::Result<Self> {
            let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
            let fd = timerfd_create(TimerfdClockId::Monotonic, flags)?;
            // Its successor is an unsafe function, for types whose descriptor may change under
            // tokio's hands; an `OwnedFd` keeps its one descriptor for life.
            #[expect(deprecated, reason = "the one safe way to hand a descriptor to tokio")]
            let fd = AsyncFd::with_interest(fd, Interest::READABLE)?;
            Ok(Self { fd })
        }

        pub(super) fn set(&mut self, deadline: Option<Instant>) -> io::Result<()> {
            // All zero means "off" to the kernel, so the origin itself is moved by a nanosecond.
            let at = deadline.map_or(0, |deadline| deadline.as_nanos().max(1));
            let seconds = i64::try_from(at / 1_000_000_000).map_err(io::Error::other)?;
            let rest = Nsecs::try_from(at % 1_000_000_000).map_err(io::Error::other)?;
            let zero = Timespec { tv_sec: 0, tv_nsec: 0 };
            let value = Timespec { tv_sec: seconds, tv_nsec: rest };
            let spec = Itimerspec { it_interval: zero, it_value: value };
            timerfd_settime(self.fd.get_ref(), TimerfdTimerFlags::ABSTIME, &spec)?;
            Ok(())
        }

        /// Forgets what rang and rings `line` at the next expiry. The descriptor isn't read: tokio
        /// asks the kernel for edges, setting the timer resets its count, and the next expiry is a
        /// new edge.
        pub(super) fn listen(&mut self, line: &Line) {
            while let Poll::Ready(Ok(mut guard)) = self.fd.poll_read_ready(&mut line.context()) {
                guard.clear_ready();
            }
        }
    }
}

/// The timer of systems without timerfd; about 50 µs later than that.
#[cfg(any(test, not(target_os = "linux")))]
#[cfg_attr(target_os = "linux", allow(dead_code, reason = "compiled for its tests only"))]
mod thread_timer {
    use std::io;
    use std::sync::{Arc, Condvar, Mutex, PoisonError};
    use std::task::Waker;
    use std::thread::{Builder, JoinHandle};

    use super::super::clock;
    use super::super::wake::lock;
    use super::{Instant, Line};

    #[derive(Debug)]
    pub(super) struct Alarm {
        shared: Arc<Shared>,
        thread: Option<JoinHandle<()>>,
    }

    #[derive(Debug)]
    struct Shared {
        state: Mutex<State>,
        changed: Condvar,
    }

    #[derive(Debug, Default)]
    struct State {
        deadline: Option<Instant>,
        ended: bool,
    }

    impl Alarm {
        pub(super) fn new(line: &Line) -> io::Result<Self> {
            let state = Mutex::new(State::default());
            let shared = Arc::new(Shared { state, changed: Condvar::new() });
            let waker = line.context().waker().clone();
            let theirs = Arc::clone(&shared);
            let thread = Builder::new().name("timer".into()).spawn(move || theirs.run(&waker))?;
            Ok(Self { shared, thread: Some(thread) })
        }

        #[expect(clippy::unnecessary_wraps, reason = "the other timer can fail here")]
        pub(super) fn set(&mut self, deadline: Option<Instant>) -> io::Result<()> {
            lock(&self.shared.state).deadline = deadline;
            self.shared.changed.notify_one();
            Ok(())
        }

        /// Nothing to do: the thread rings by itself.
        #[expect(clippy::unused_self, reason = "the other timer needs it")]
        pub(super) fn listen(&mut self, _line: &Line) {}
    }

    impl Shared {
        fn run(&self, waker: &Waker) {
            let mut state = lock(&self.state);
            while !state.ended {
                let Some(deadline) = state.deadline else {
                    state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                    continue;
                };
                let left = deadline.since(clock::now());
                if left.is_zero() {
                    state.deadline = None;
                    waker.wake_by_ref();
                    continue;
                }
                let waited = self.changed.wait_timeout(state, left);
                state = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
        }
    }

    impl Drop for Alarm {
        fn drop(&mut self) {
            lock(&self.shared.state).ended = true;
            self.shared.changed.notify_one();
            if let Some(thread) = self.thread.take() {
                // It holds nothing that could have failed; there is nothing to report.
                drop(thread.join());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use core::future::poll_fn;
    use core::task::Poll;

    use super::super::clock;
    use super::*;

    /// Waits until the hub's list isn't empty.
    async fn rung(hub: &Hub) -> Vec<Token> {
        poll_fn(|cx| {
            let mut ready = Vec::new();
            hub.take(&mut ready, cx.waker());
            if ready.is_empty() { Poll::Pending } else { Poll::Ready(ready) }
        })
        .await
    }

    #[tokio::test]
    async fn it_never_rings_early_and_can_be_set_again() {
        let hub = Arc::new(Hub::default());
        let mut timer = Timer::new(&hub).unwrap();
        for nanos in [0, 1_000_000, 200_000, 3_000_000] {
            let deadline = clock::now().plus_nanos(nanos);
            timer.arm(Some(Instant::FAR_FUTURE)).unwrap();
            timer.arm(Some(deadline)).unwrap();
            assert_eq!(rung(&hub).await, [Token::Timer]);
            assert!(clock::now() >= deadline);
            timer.answer();
        }
    }

    #[tokio::test]
    async fn the_thread_rings_too() {
        let hub = Arc::new(Hub::default());
        let line = Line::new(Token::Timer, &hub);
        let mut alarm = thread_timer::Alarm::new(&line).unwrap();
        for nanos in [1_000_000, 0, 500_000] {
            let deadline = clock::now().plus_nanos(nanos);
            alarm.set(Some(Instant::FAR_FUTURE)).unwrap();
            alarm.set(Some(deadline)).unwrap();
            assert_eq!(rung(&hub).await, [Token::Timer]);
            assert!(clock::now() >= deadline);
            line.answer();
        }
    }
}
