//! The face of everything that talks over a network without doing I/O.
//!
//! A machine is told what happened, and when; it answers with bytes to write, actions to take and
//! one deadline. `host::shell` drives any machine over sockets, `host::sim` over virtual time. Cost
//! class: per request.
//!
//! The order that a driver keeps: after every batch of inputs, [`Machine::poll_action`] until
//! `None`, [`Machine::poll_write`] until `None`, [`Machine::poll_report`] until `None`, then
//! [`Machine::poll_timeout`] once. `now` never goes back.

use core::fmt;
use core::net::SocketAddr;
use std::io::IoSlice;

use super::{ConnectionId, Instant, ListenerIndex};

/// Bytes, answers and time in; bytes, actions and one deadline out.
pub trait Machine {
    /// Work that may be done elsewhere, such as compressing a batch.
    type Job: Job;
    /// What its owner tells it.
    type Command: Send + 'static;
    /// What it tells its owner.
    type Report: Send + 'static;

    /// An order from the owner.
    fn command(&mut self, command: Self::Command, now: Instant);
    /// The answer to [`Action::Resolve`]: at least one address, or why there is none.
    fn handle_resolved(
        &mut self,
        host: &str,
        found: Result<&[SocketAddr], CloseCause>,
        now: Instant,
    );
    /// The stream stands (under TLS: after its handshake).
    fn handle_connected(&mut self, conn: ConnectionId, now: Instant);
    /// Bytes arrived, split anywhere; never empty.
    fn handle_read(&mut self, conn: ConnectionId, bytes: &[u8], now: Instant);
    /// `len` bytes of the last [`Outbound`] were taken. Fewer than offered: the stream is blocked
    /// until `handle_writable`.
    fn handle_written(&mut self, conn: ConnectionId, len: usize, now: Instant);
    /// A blocked stream takes bytes again.
    fn handle_writable(&mut self, conn: ConnectionId, now: Instant);
    /// The stream is gone, or never stood. Not called for a connection that the machine closed
    /// itself.
    fn handle_closed(&mut self, conn: ConnectionId, cause: CloseCause, now: Instant);
    /// A job of [`Action::Seal`] is done; it ran for `took` nanoseconds, waiting left out.
    fn handle_sealed(&mut self, job: Self::Job, took: u64, now: Instant);
    /// The deadline of [`Machine::poll_timeout`] has come. May be called early or late.
    fn handle_timeout(&mut self, now: Instant);

    /// The next thing to do, or `None`.
    fn poll_action(&mut self) -> Option<Action<Self::Job>>;
    /// The next bytes to write, on the connection that the machine chooses; never for a blocked
    /// one.
    fn poll_write(&mut self, now: Instant) -> Option<Outbound<'_>>;
    /// The next thing the owner should know.
    fn poll_report(&mut self) -> Option<Self::Report>;
    /// When [`Machine::handle_timeout`] should come next; `None`: not before another input. In the
    /// past means "at once".
    fn poll_timeout(&self) -> Option<Instant>;
    /// Whether it has ended: nothing to send, nothing to wait for; the driver may drop it.
    fn is_done(&self) -> bool;
    /// What it can still tell after a call of it panicked. Nothing else is called any more. Any of
    /// its parts may be half changed, so that this may panic, too.
    fn last_words(&mut self, now: Instant) -> Option<Self::Report> {
        let _ = now;
        None
    }
}

/// A machine that also answers incoming streams.
pub trait Server: Machine {
    /// A peer connected to `listener`; the driver chose `conn`.
    fn handle_accepted(&mut self, conn: ConnectionId, listener: ListenerIndex, now: Instant);
}

/// Work taken out of the machine because it takes long: it owns all that it needs and carries its
/// result back.
pub trait Job: Send + 'static {
    /// Does the work. Called once, on any thread.
    fn run(&mut self);
    /// Whether it takes so long (above about half a millisecond) that it belongs on another thread.
    fn is_slow(&self) -> bool;
}

/// The job type of a machine that has no jobs; no value of it exists.
#[derive(Debug)]
pub enum NoJob {}

impl Job for NoJob {
    fn run(&mut self) {
        match *self {}
    }

    fn is_slow(&self) -> bool {
        match *self {}
    }
}

/// What a machine asks of its driver.
#[derive(Debug)]
pub enum Action<J> {
    /// Look a host name up; answered by `handle_resolved`. Literal addresses are looked up the same
    /// way.
    Resolve {
        /// A name or a literal address, without brackets.
        host: String,
        /// The port that the answer's addresses carry.
        port: u16,
    },
    /// Open a stream; answered by `handle_connected` or `handle_closed`.
    Connect {
        /// Chosen by the machine, never used before.
        conn: ConnectionId,
        /// Where to.
        addr: SocketAddr,
        /// The host name as configured, for TLS and for messages.
        host: String,
        /// What to set on the socket.
        options: SocketOptions,
    },
    /// Drop a stream; not answered. Inputs for it that are under way are ignored.
    Close {
        /// Which.
        conn: ConnectionId,
    },
    /// Run a job; answered by `handle_sealed`.
    Seal(J),
}

/// What a machine wants set on a socket before it connects.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct SocketOptions {
    /// SO_SNDBUF in bytes; `None` leaves the system's default.
    pub send_buffer: Option<u32>,
    /// SO_RCVBUF in bytes; `None` leaves the system's default.
    pub receive_buffer: Option<u32>,
}

/// Bytes to write to one connection, in order.
#[derive(Debug)]
pub struct Outbound<'a> {
    /// Where they go.
    pub conn: ConnectionId,
    /// What goes.
    pub slices: Slices<'a>,
}

/// Up to [`Slices::CAPACITY`] pieces of memory that are written as one; never allocates.
#[derive(Debug)]
pub struct Slices<'a> {
    parts: [IoSlice<'a>; Slices::CAPACITY],
    len: usize,
    bytes: usize,
}

impl<'a> Slices<'a> {
    /// How many pieces fit: the kernel takes up to 1,024, past 64 nothing is gained.
    pub const CAPACITY: usize = 64;

    /// No piece yet.
    #[must_use]
    pub fn new() -> Self {
        Self { parts: [IoSlice::new(&[]); Slices::CAPACITY], len: 0, bytes: 0 }
    }

    /// Adds a piece; an empty one is left out. Returns false, and adds nothing, when there is no
    /// room.
    pub fn push(&mut self, part: &'a [u8]) -> bool {
        if part.is_empty() {
            return true;
        }
        if self.len == Self::CAPACITY {
            return false;
        }
        self.parts[self.len] = IoSlice::new(part);
        self.len += 1;
        self.bytes += part.len();
        true
    }

    /// Adds `part` without its first `*skip` bytes, and takes what was left out off `*skip`.
    /// Returns false when there is no room.
    pub fn push_after(&mut self, part: &'a [u8], skip: &mut usize) -> bool {
        let left_out = part.len().min(*skip);
        *skip -= left_out;
        self.push(&part[left_out..])
    }

    /// The pieces, for a vectored write.
    #[must_use]
    pub fn as_io(&self) -> &[IoSlice<'a>] {
        &self.parts[..self.len]
    }

    /// The sum of the pieces' lengths.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether nothing was added.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl Default for Slices<'_> {
    fn default() -> Self {
        Self::new()
    }
}

/// Why a stream ended or never stood. Holds words, not system types, so that the simulator can make
/// every one of them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum CloseCause {
    /// The peer refused: nothing listens there.
    Refused,
    /// The peer closed in good order (end of stream).
    PeerClosed,
    /// The connection broke (reset, broken pipe, aborted).
    Reset,
    /// The host or network can't be reached, or the attempt timed out in the system.
    Unreachable(String),
    /// The name has no address.
    NotFound(String),
    /// TLS failed: certificate, version, or a peer that doesn't speak it.
    Tls(String),
    /// Anything else, in the system's words.
    Other(String),
}

impl fmt::Display for CloseCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused => f.write_str("connection refused"),
            Self::PeerClosed => f.write_str("closed by the other side"),
            Self::Reset => f.write_str("connection reset"),
            Self::Unreachable(why) => write!(f, "unreachable: {why}"),
            Self::NotFound(why) => write!(f, "name not found: {why}"),
            Self::Tls(why) => write!(f, "TLS: {why}"),
            Self::Other(why) => f.write_str(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_skip_what_was_written_before() {
        let mut slices = Slices::new();
        let mut skip = 5;
        assert!(slices.push_after(b"abc", &mut skip));
        assert!(slices.push_after(b"defg", &mut skip));
        assert!(slices.push_after(b"hi", &mut skip));
        assert_eq!(skip, 0);
        let parts: Vec<&[u8]> = slices.as_io().iter().map(|part| &part[..]).collect();
        assert_eq!(parts, [&b"fg"[..], b"hi"]);
        assert_eq!(slices.bytes(), 4);
    }

    #[test]
    fn slices_are_bounded() {
        let mut slices = Slices::new();
        for _ in 0..Slices::CAPACITY {
            assert!(slices.push(b"x"));
        }
        assert!(!slices.push(b"x"));
        assert!(slices.push(b""));
        assert_eq!(slices.bytes(), Slices::CAPACITY);
    }
}
