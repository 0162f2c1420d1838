//! A machine that does what it is told and tells what it saw; it checks the driver's side of the
//! contract while it is at it.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::thread::{self, ThreadId};

use crate::base::{
    Action, CloseCause, ConnectionId, Instant, Job, ListenerIndex, Machine, Outbound, Rng, Server,
    Slices, SocketOptions,
};

/// What a puppet can be told.
#[derive(Debug)]
pub(super) enum Order {
    Resolve(&'static str, u16),
    Connect(ConnectionId, SocketAddr, SocketOptions),
    Write(ConnectionId, Vec<u8>),
    Close(ConnectionId),
    Seal(Work),
    /// Deadlines, to be kept one after the other.
    Deadlines(VecDeque<Instant>),
    /// From now on the deadline is always in the past.
    Saturate,
    /// Passed on as a report.
    Echo(u32),
    Panic(&'static str),
    Finish,
}

/// What a puppet saw.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Saw {
    Resolved(String, Result<Vec<SocketAddr>, CloseCause>),
    Accepted(ConnectionId, ListenerIndex),
    Connected(ConnectionId),
    Read(ConnectionId, Vec<u8>),
    /// All of what was to be written has been, in this many short writes and whole ones.
    Written {
        conn: ConnectionId,
        short: u32,
    },
    Writable(ConnectionId),
    Closed(ConnectionId, CloseCause),
    Sealed(Work),
    /// A deadline, and when it was handled.
    Timeout(Instant, Instant),
    Echo(u32),
}

/// A job that notes where it ran.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Work {
    pub(super) number: u32,
    pub(super) slow: bool,
    pub(super) fails: bool,
    pub(super) ran_on: Option<ThreadId>,
}

impl Job for Work {
    fn run(&mut self) {
        assert!(self.ran_on.is_none(), "a job runs once");
        assert!(!self.fails, "job {} fails", self.number);
        self.ran_on = Some(thread::current().id());
    }

    fn is_slow(&self) -> bool {
        self.slow
    }
}

#[derive(Debug, Default)]
struct Peer {
    out: Vec<u8>,
    sent: usize,
    offered: usize,
    blocked: bool,
    short: u32,
    stands: bool,
}

/// See the file's head.
#[derive(Debug)]
pub(super) struct Puppet {
    /// Whether it writes back what it reads.
    pub(super) echoes: bool,
    /// Whether it asks for another job as soon as one is done, and tells of none.
    pub(super) reseals: bool,
    /// Whether it writes what it was given again and again, and tells nothing of it.
    pub(super) rewrites: bool,
    peers: BTreeMap<ConnectionId, Peer>,
    actions: VecDeque<Action<Work>>,
    reports: VecDeque<Saw>,
    deadlines: VecDeque<Instant>,
    saturated: bool,
    done: bool,
    last: Instant,
    rng: Rng,
}

impl Puppet {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            echoes: false,
            reseals: false,
            rewrites: false,
            peers: BTreeMap::new(),
            actions: VecDeque::new(),
            reports: VecDeque::new(),
            deadlines: VecDeque::new(),
            saturated: false,
            done: false,
            last: Instant::ZERO,
            rng: Rng::new(seed),
        }
    }

    pub(super) fn echo(seed: u64) -> Self {
        Self { echoes: true, ..Self::new(seed) }
    }

    fn at(&mut self, now: Instant) {
        assert!(now >= self.last, "time never goes back");
        self.last = now;
    }

    fn peer(&mut self, conn: ConnectionId) -> &mut Peer {
        self.peers.get_mut(&conn).expect("no input for a stream that is gone")
    }
}

impl Machine for Puppet {
    type Job = Work;
    type Command = Order;
    type Report = Saw;

    fn command(&mut self, command: Order, now: Instant) {
        self.at(now);
        match command {
            Order::Resolve(host, port) => {
                self.actions.push_back(Action::Resolve { host: host.to_owned(), port });
            }
            Order::Connect(conn, addr, options) => {
                self.peers.insert(conn, Peer::default());
                let host = String::new();
                self.actions.push_back(Action::Connect { conn, addr, host, options });
            }
            // Unlike the driver, who gives orders can't know yet that a stream is gone.
            Order::Write(conn, bytes) => {
                if let Some(peer) = self.peers.get_mut(&conn) {
                    peer.out.extend_from_slice(&bytes);
                }
            }
            Order::Close(conn) => {
                self.peers.remove(&conn);
                self.actions.push_back(Action::Close { conn });
            }
            Order::Seal(work) => self.actions.push_back(Action::Seal(work)),
            Order::Deadlines(deadlines) => self.deadlines = deadlines,
            Order::Saturate => self.saturated = true,
            Order::Echo(number) => self.reports.push_back(Saw::Echo(number)),
            Order::Panic(words) => panic!("{words}"),
            Order::Finish => self.done = true,
        }
    }

    fn handle_resolved(
        &mut self,
        host: &str,
        found: Result<&[SocketAddr], CloseCause>,
        now: Instant,
    ) {
        self.at(now);
        self.reports.push_back(Saw::Resolved(host.to_owned(), found.map(<[_]>::to_vec)));
    }

    fn handle_connected(&mut self, conn: ConnectionId, now: Instant) {
        self.at(now);
        self.peer(conn).stands = true;
        self.reports.push_back(Saw::Connected(conn));
    }

    fn handle_read(&mut self, conn: ConnectionId, bytes: &[u8], now: Instant) {
        self.at(now);
        assert!(!bytes.is_empty());
        let echoes = self.echoes;
        let peer = self.peer(conn);
        assert!(peer.stands);
        if echoes {
            peer.out.extend_from_slice(bytes);
        } else {
            self.reports.push_back(Saw::Read(conn, bytes.to_vec()));
        }
    }

    fn handle_written(&mut self, conn: ConnectionId, len: usize, now: Instant) {
        self.at(now);
        let rewrites = self.rewrites;
        let peer = self.peer(conn);
        assert!(len <= peer.offered);
        peer.sent += len;
        if len < peer.offered {
            peer.blocked = true;
            peer.short += 1;
        }
        if rewrites && peer.sent == peer.out.len() {
            peer.sent = 0;
        } else if peer.sent == peer.out.len() {
            peer.out.clear();
            peer.sent = 0;
            let short = peer.short;
            if !self.echoes {
                self.reports.push_back(Saw::Written { conn, short });
            }
        }
    }

    fn handle_writable(&mut self, conn: ConnectionId, now: Instant) {
        self.at(now);
        let peer = self.peer(conn);
        assert!(peer.blocked, "only a blocked stream becomes writable");
        peer.blocked = false;
        if !self.echoes {
            self.reports.push_back(Saw::Writable(conn));
        }
    }

    fn handle_closed(&mut self, conn: ConnectionId, cause: CloseCause, now: Instant) {
        self.at(now);
        self.peers.remove(&conn).expect("a stream closes once");
        self.reports.push_back(Saw::Closed(conn, cause));
    }

    fn handle_sealed(&mut self, job: Work, _took: u64, now: Instant) {
        self.at(now);
        if self.reseals {
            self.actions.push_back(Action::Seal(Work { ran_on: None, ..job }));
        } else {
            self.reports.push_back(Saw::Sealed(job));
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.at(now);
        while self.deadlines.front().is_some_and(|deadline| *deadline <= now) {
            let deadline = self.deadlines.pop_front().unwrap();
            self.reports.push_back(Saw::Timeout(deadline, now));
        }
    }

    fn poll_action(&mut self) -> Option<Action<Work>> {
        self.actions.pop_front()
    }

    fn poll_write(&mut self, now: Instant) -> Option<Outbound<'_>> {
        self.at(now);
        let open = |peer: &Peer| peer.stands && !peer.blocked && peer.sent < peer.out.len();
        let (conn, peer) = self.peers.iter_mut().find(|(_, peer)| open(peer))?;
        let mut slices = Slices::new();
        let mut left = &peer.out[peer.sent..];
        // Pieces of any size, empty ones among them, and any number.
        let largest = 1 << self.rng.below(18);
        for _ in 0..=self.rng.below(Slices::CAPACITY as u64) {
            let len = usize::try_from(self.rng.below(largest)).unwrap().min(left.len());
            slices.push(&left[..len]);
            left = &left[len..];
        }
        if slices.is_empty() {
            slices.push(left);
        }
        peer.offered = slices.bytes();
        Some(Outbound { conn: *conn, slices })
    }

    fn poll_report(&mut self) -> Option<Saw> {
        self.reports.pop_front()
    }

    fn poll_timeout(&self) -> Option<Instant> {
        if self.saturated { Some(Instant::ZERO) } else { self.deadlines.front().copied() }
    }

    fn is_done(&self) -> bool {
        self.done
    }

    fn last_words(&mut self, _: Instant) -> Option<Saw> {
        Some(Saw::Echo(LAST_WORDS))
    }
}

impl Server for Puppet {
    fn handle_accepted(&mut self, conn: ConnectionId, listener: ListenerIndex, now: Instant) {
        self.at(now);
        let before = self.peers.insert(conn, Peer { stands: true, ..Peer::default() });
        assert!(before.is_none(), "ids are never used again");
        self.reports.push_back(Saw::Accepted(conn, listener));
    }
}

/// What a puppet says that has panicked.
pub(super) const LAST_WORDS: u32 = 4_711;
