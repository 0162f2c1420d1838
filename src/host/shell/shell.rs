//! A machine and all that it needs of the outside: streams, names, helper threads, a timer and an
//! inbox.
//!
//! Cost class: per request. This file holds the parts and hands each kind of input over; `drive.rs`
//! decides when. Every input comes with a clock reading taken just before the call (for bytes: just
//! after they arrived).

use core::task::Poll;
use std::collections::BTreeMap;
use std::io;
use std::panic::resume_unwind;
use std::sync::Arc;

use super::clock;
use super::listen::{Accept, Bound, Listener};
use super::mailbox::Mailbox;
use super::resolve::Resolver;
use super::seal::{Done, Sealer};
use super::stats::LoopStats;
use super::stream::{Read, Stream};
use super::timer::Timer;
use super::wake::{Hub, Token};
use crate::base::{CloseCause, ConnectionId, Instant, Job, ListenerIndex, Machine, Server};

/// Drives one machine over sockets, as a single task.
///
/// Made and run in the context of a tokio runtime with I/O enabled. Dropping it closes all streams
/// and its mailbox.
pub struct Shell<M: Machine> {
    pub(super) machine: M,
    inbox: Inbox<M::Command>,
    pub(super) hub: Arc<Hub>,
    pub(super) streams: BTreeMap<ConnectionId, Stream>,
    listeners: Vec<Listener<M>>,
    accepted: u64,
    pub(super) resolver: Resolver,
    sealer: Sealer<M::Job>,
    pub(super) timer: Timer,
    pub(super) stats: Arc<LoopStats>,
    /// One for all streams: bytes are handed over before the next read.
    buffer: Box<[u8]>,
    /// What this turn looks at.
    pub(super) ready: Vec<Token>,
    /// What the next turn looks at even if nothing rings.
    pub(super) again: Vec<Token>,
    commands: Vec<M::Command>,
    sealed: Vec<Done<M::Job>>,
    /// The last reading of the clock.
    pub(super) now: Instant,
    /// The machine's deadline, if it lay ahead when the last turn ended.
    pub(super) ahead: Option<Instant>,
    /// Since when the loop has been busy; `None` after a wait.
    pub(super) busy_since: Option<Instant>,
    /// When the thread's processor time was last published.
    pub(super) cpu_read: Instant,
    /// For how long jobs ran in place in this turn.
    pub(super) sealed_nanos: u64,
    /// Bytes that this turn wrote.
    pub(super) written: usize,
    pub(super) stopping: bool,
}

/// Closes the mailbox when the machine goes, or is never built, so that senders learn of it.
pub(super) struct Inbox<C>(pub(super) Mailbox<C>);

impl<C> Drop for Inbox<C> {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl<M: Machine> Shell<M> {
    /// A shell around `machine`; nothing runs yet.
    ///
    /// # Errors
    /// When the system has no timer left.
    ///
    /// # Panics
    /// Outside the context of a tokio runtime with I/O enabled.
    pub fn new(machine: M) -> io::Result<Self> {
        let hub = Arc::new(Hub::default());
        let inbox = Inbox(Mailbox::new(&hub));
        Self::assemble(machine, hub, inbox, Arc::new(LoopStats::new()))
    }

    /// As [`Shell::new`], with what others hold already: `inbox` rings at `hub`.
    pub(super) fn assemble(
        machine: M,
        hub: Arc<Hub>,
        inbox: Inbox<M::Command>,
        stats: Arc<LoopStats>,
    ) -> io::Result<Self> {
        Ok(Self {
            machine,
            inbox,
            streams: BTreeMap::new(),
            listeners: Vec::new(),
            accepted: 0,
            resolver: Resolver::new(&hub),
            sealer: Sealer::new(&hub),
            timer: Timer::new(&hub)?,
            stats,
            buffer: vec![0; READ_BUFFER].into_boxed_slice(),
            ready: Vec::new(),
            again: Vec::new(),
            commands: Vec::new(),
            sealed: Vec::new(),
            now: clock::now(),
            ahead: None,
            busy_since: None,
            cpu_read: Instant::ZERO,
            sealed_nanos: 0,
            written: 0,
            stopping: false,
            hub,
        })
    }

    /// Takes listening sockets over; their indexes go on after those taken before.
    ///
    /// # Errors
    /// When the runtime can't watch one of them.
    pub fn listen(&mut self, bound: Bound) -> io::Result<()>
    where
        M: Server,
    {
        let first = self.listeners.len();
        let adopted = Listener::adopt(bound, first, M::handle_accepted, &self.hub)?;
        self.listeners.extend(adopted);
        Ok(())
    }

    /// What the machine still tells after it panicked.
    pub(super) fn last_words(&mut self) -> Option<M::Report> {
        self.machine.last_words(clock::now())
    }

    /// An address for commands that any thread may use.
    #[must_use]
    pub fn mailbox(&self) -> Mailbox<M::Command> {
        self.inbox.0.clone()
    }

    /// The loop's running counts.
    #[must_use]
    pub fn stats(&self) -> Arc<LoopStats> {
        Arc::clone(&self.stats)
    }

    /// The machine as it stands.
    #[must_use]
    pub const fn machine(&self) -> &M {
        &self.machine
    }

    /// The machine, for its owner; what it wants done is done once the shell runs.
    pub const fn machine_mut(&mut self) -> &mut M {
        &mut self.machine
    }

    /// Gives the machine back; its streams are closed.
    #[must_use]
    pub fn into_machine(self) -> M {
        self.machine
    }

    /// Hands a command over without the mailbox.
    pub fn command(&mut self, command: M::Command) {
        self.now = clock::now();
        self.machine.command(command, self.now);
    }

    /// Hands over what waits behind `token`. `left` is how many bytes this turn may still read,
    /// about.
    pub(super) fn input(&mut self, token: Token, left: &mut usize) {
        match token {
            Token::Stream(id) => self.serve(id, left),
            Token::Listener(index) => self.accept(index),
            Token::Timer => self.timer.answer(),
            Token::Mailbox => self.deliver(),
            Token::Resolver => self.answer_lookups(),
            Token::Sealer => self.return_jobs(),
        }
    }

    /// Tries again those listening sockets that had no descriptor for a peer.
    pub(super) fn feed_starved(&mut self) {
        for index in 0..self.listeners.len() {
            if self.listeners[index].starved {
                self.accept(index);
            }
        }
    }

    /// Runs `job` here, or on a helper thread if it is slow.
    pub(super) fn seal(&mut self, job: M::Job) {
        let mut job = job;
        if job.is_slow() {
            match self.sealer.submit(job) {
                Ok(()) => return,
                Err(back) => job = back,
            }
        }
        let began = clock::now();
        job.run();
        self.now = clock::now();
        let took = self.now.nanos_since(began);
        self.sealed_nanos += took;
        self.machine.handle_sealed(job, took, self.now);
    }

    /// The stream is gone, and the machine learns why.
    pub(super) fn lose(&mut self, id: ConnectionId, cause: CloseCause) {
        self.streams.remove(&id);
        self.now = clock::now();
        self.machine.handle_closed(id, cause, self.now);
    }

    /// A stream rang.
    fn serve(&mut self, id: ConnectionId, left: &mut usize) {
        let Some(stream) = self.streams.get_mut(&id) else {
            // Closed while its token was on the list.
            return;
        };
        if *left == 0 {
            self.again.push(Token::Stream(id));
            return;
        }
        stream.answer();
        if stream.is_connecting() {
            match stream.poll_connect() {
                Poll::Pending => return,
                Poll::Ready(Err(cause)) => return self.lose(id, cause),
                Poll::Ready(Ok(())) => {
                    self.now = clock::now();
                    self.machine.handle_connected(id, self.now);
                }
            }
        } else if stream.is_blocked() && stream.broken().is_none() && stream.takes_bytes() {
            stream.unblock();
            self.now = clock::now();
            self.machine.handle_writable(id, self.now);
        }
        self.read(id, left);
    }

    /// Reads from a stream, within bounds, so that one fast peer can't hold up the others.
    ///
    /// Of a stream whose write failed, what arrived before that still counts: answers may lie in
    /// the socket whose records would otherwise be called uncertain.
    fn read(&mut self, id: ConnectionId, left: &mut usize) {
        let Some(stream) = self.streams.get(&id) else { return };
        for _ in 0..READS_PER_TURN {
            match stream.read(&mut self.buffer) {
                Read::Bytes(len) => {
                    self.now = clock::now();
                    self.machine.handle_read(id, &self.buffer[..len], self.now);
                    *left = left.saturating_sub(len);
                }
                Read::Nothing => match stream.broken() {
                    Some(cause) => return self.lose(id, cause.clone()),
                    None => return,
                },
                Read::Closed(cause) => {
                    // The failed write took the socket's error with it: what the read found then
                    // looks like an end in good order.
                    let cause = stream.broken().cloned().unwrap_or(cause);
                    return self.lose(id, cause);
                }
            }
        }
        self.again.push(Token::Stream(id));
    }

    /// A listening socket rang.
    fn accept(&mut self, index: usize) {
        let listener = &mut self.listeners[index];
        listener.answer();
        let number = u32::try_from(index).expect("fewer listeners than ports");
        for _ in 0..ACCEPTS_PER_TURN {
            let peer = listener.accept();
            listener.starved = matches!(peer, Accept::Starved);
            let Accept::Peer(peer) = peer else { return };
            let id = ConnectionId(FIRST_ACCEPTED + self.accepted);
            self.accepted += 1;
            self.streams.insert(id, Stream::accepted(id, peer, &self.hub));
            self.again.push(Token::Stream(id));
            self.now = clock::now();
            (listener.accepted)(&mut self.machine, id, ListenerIndex(number), self.now);
        }
        self.again.push(Token::Listener(index));
    }

    /// Commands came.
    fn deliver(&mut self) {
        self.stopping |= self.inbox.0.take(&mut self.commands);
        for command in self.commands.drain(..) {
            self.now = clock::now();
            self.machine.command(command, self.now);
        }
    }

    /// Names were looked up.
    fn answer_lookups(&mut self) {
        while let Some((host, found)) = self.resolver.poll() {
            self.now = clock::now();
            self.machine.handle_resolved(&host, found.as_deref().map_err(Clone::clone), self.now);
        }
    }

    /// Helper threads finished jobs. A job's panic becomes the loop's: its batch can't be sent and
    /// must not be forgotten.
    fn return_jobs(&mut self) {
        self.sealer.take(&mut self.sealed);
        for done in self.sealed.drain(..) {
            match done {
                Ok((job, took)) => {
                    self.now = clock::now();
                    self.machine.handle_sealed(job, took, self.now);
                }
                Err(panic) => resume_unwind(panic),
            }
        }
    }
}

/// Bytes of the read buffer: a Produce request of an ordinary batch in one piece, and it stays in
/// the second-level cache.
const READ_BUFFER: usize = 128 * 1024;

/// How often one stream is read before the others have their turn.
const READS_PER_TURN: u32 = 4;

/// How many peers one listening socket takes in before the streams have their turn.
const ACCEPTS_PER_TURN: u32 = 64;

/// Ids of accepted streams start here, where no machine gets to by counting its own up from 0.
const FIRST_ACCEPTED: u64 = 1 << 63;
