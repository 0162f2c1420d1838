//! One broker of the pool: where it is, whether a stream to it stands, and when to try again.
//!
//! Cost class: per tick, except the look at the connection, which is per request.

use core::net::SocketAddr;
use std::sync::Arc;

use crate::base::{BrokerId, Instant, Rng};
use crate::kafka::config::Backoff;
use crate::kafka::connection::{Connection, Fault, Phase, Problem, Request};
use core::time::Duration;

/// What stands between the client and a broker.
#[derive(Debug)]
pub(super) enum Link<R> {
    /// Nothing; an attempt may begin once the backoff is over.
    Down,
    /// Its name is being looked up.
    Resolving {
        /// When the attempt began.
        since: Instant,
        /// How long the attempt may take.
        setup: Duration,
    },
    /// A stream, at least on its way.
    Open(Box<Connection<R>>),
}

/// A broker, or an entry of `bootstrap.servers`.
#[derive(Debug)]
pub(super) struct Node<R> {
    pub(super) id: BrokerId,
    pub(super) host: String,
    pub(super) port: u16,
    /// Whether it is in the current list: an unlisted one finishes what is in flight and goes.
    pub(super) listed: bool,
    pub(super) link: Link<R>,
    /// Answers of the name service that are left to try.
    addresses: Vec<SocketAddr>,
    next_address: usize,
    addr: Option<SocketAddr>,
    /// Attempts and connections lost since one was last ready.
    failures: u32,
    /// Attempts that never connected, in a row.
    setup_failures: u32,
    /// No attempt before this.
    pub(super) retry_at: Instant,
    pub(super) last_attempt: Instant,
    /// The last failure, until a connection is ready.
    pub(super) problem: Option<Arc<Problem>>,
    /// When the pool looks at it next; it may look too early, never too late.
    pub(super) alarm: Instant,
    /// Whether it stands in the pool's queue of writers.
    pub(super) queued: bool,
}

impl<R: Request> Node<R> {
    pub(super) const fn new(id: BrokerId, host: String, port: u16) -> Self {
        Self {
            id,
            host,
            port,
            listed: true,
            link: Link::Down,
            addresses: Vec::new(),
            next_address: 0,
            addr: None,
            failures: 0,
            setup_failures: 0,
            retry_at: Instant::ZERO,
            last_attempt: Instant::ZERO,
            problem: None,
            alarm: Instant::FAR_FUTURE,
            queued: false,
        }
    }

    /// The stream, if there is one.
    pub(super) fn connection(&self) -> Option<&Connection<R>> {
        match &self.link {
            Link::Open(connection) => Some(connection),
            Link::Down | Link::Resolving { .. } => None,
        }
    }

    /// The stream, if there is one.
    pub(super) fn connection_mut(&mut self) -> Option<&mut Connection<R>> {
        match &mut self.link {
            Link::Open(connection) => Some(connection),
            Link::Down | Link::Resolving { .. } => None,
        }
    }

    /// Whether an attempt may begin.
    pub(super) fn can_connect(&self, now: Instant) -> bool {
        matches!(self.link, Link::Down) && self.retry_at <= now
    }

    /// The next address to try; `None`: the name must be looked up first.
    pub(super) fn next_address(&mut self) -> Option<SocketAddr> {
        let addr = self.addresses.get(self.next_address).copied();
        if addr.is_some() {
            self.addr = addr;
        }
        addr
    }

    /// The name service answered.
    pub(super) fn resolved(&mut self, found: &[SocketAddr]) {
        self.addresses.clear();
        self.addresses.extend_from_slice(found);
        self.next_address = 0;
    }

    /// The broker moved: the next attempt goes there.
    pub(super) fn moved(&mut self, host: &str, port: u16) {
        if self.host == host && self.port == port {
            return;
        }
        host.clone_into(&mut self.host);
        self.port = port;
        self.addresses.clear();
        self.addr = None;
    }

    /// How long the next attempt may take.
    pub(super) fn setup_span(&self, timeout: Backoff, rng: &mut Rng) -> Duration {
        timeout.delay(self.setup_failures + 1, rng)
    }

    /// The stream stands.
    pub(super) const fn connected(&mut self) {
        self.setup_failures = 0;
    }

    /// The handshake is over.
    pub(super) fn ready(&mut self) {
        self.failures = 0;
        self.problem = None;
    }

    /// Words for what ended the current attempt or connection.
    pub(super) fn problem_of(&self, fault: Fault) -> Arc<Problem> {
        let phase = match &self.link {
            Link::Open(connection) => connection.phase(),
            Link::Down | Link::Resolving { .. } => Phase::Resolving,
        };
        let addr = if phase == Phase::Resolving { None } else { self.addr };
        let (host, port) = (self.host.clone(), self.port);
        Arc::new(Problem { node: self.id, host, port, addr, phase, fault })
    }

    /// The attempt or connection is over; the next attempt waits for the backoff.
    pub(super) fn failed(
        &mut self,
        problem: &Arc<Problem>,
        backoff: Backoff,
        now: Instant,
        rng: &mut Rng,
    ) {
        match problem.phase {
            // A name may have new addresses by the time that a connection in use breaks.
            Phase::Resolving | Phase::Ready => self.addresses.clear(),
            Phase::Connecting => {
                self.setup_failures = self.setup_failures.saturating_add(1);
                self.next_address += 1;
            }
            Phase::Handshaking => self.next_address += 1,
        }
        self.failures = self.failures.saturating_add(1);
        self.retry_at = now + backoff.delay(self.failures, rng);
        self.problem = Some(Arc::clone(problem));
    }
}
