//! An engine and an in-memory broker in virtual time: byte pipes with a latency, splits anywhere,
//! connections that can be broken.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::base::{
    Action, CloseCause, ConnectionId, Instant, Job, ListenerIndex, Machine, Server, Slices,
};
use crate::kafka::broker::{Broker, BrokerPlan};
use crate::load::engine::{
    Blind, Engine, EngineCommand, EnginePlan, EngineReport, PhaseEnd, Witness,
};

/// What crosses the pipes.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Event {
    Resolved(String, u16),
    Connected(ConnectionId, u16),
    ToBroker(ConnectionId, Vec<u8>),
    ToEngine(ConnectionId, Vec<u8>),
    Broken(ConnectionId),
    Writable(ConnectionId),
}

/// The two machines and what is under way between them.
pub(super) struct World<W: Witness = Blind> {
    pub(super) engine: Engine<W>,
    pub(super) broker: Broker,
    pub(super) now: Instant,
    pub(super) latency: Duration,
    /// What a turn of the engine takes.
    pub(super) work: Duration,
    /// Bytes a pipe hands over at once.
    pub(super) chunk: usize,
    /// While set, the broker hears and says nothing.
    pub(super) paused: bool,
    /// What it will hear first, in order.
    unheard: VecDeque<(ConnectionId, Vec<u8>)>,
    /// A link so thin that the first write on an idle connection is taken a byte at first, and the
    /// rest so much later.
    pub(super) thin: Option<Duration>,
    /// Connections whose link has room.
    roomy: BTreeSet<ConnectionId>,
    /// Changes what the broker says.
    pub(super) spoil: Option<Spoil>,
    pub(super) reports: Vec<EngineReport>,
    under_way: BTreeMap<(Instant, u64), Event>,
    sent: u64,
    /// Which node each open connection leads to, by port.
    open: BTreeMap<ConnectionId, u16>,
    /// Ports that refuse connections.
    down: BTreeSet<u16>,
}

impl World {
    pub(super) fn new(plan: impl FnOnce(&str) -> EnginePlan) -> Self {
        Self::watched(plan, Blind)
    }
}

impl<W: Witness> World<W> {
    /// With a witness of every record.
    pub(super) fn watched(plan: impl FnOnce(&str) -> EnginePlan, witness: W) -> Self {
        let now = Instant::from_nanos(1_000_000_000);
        let mut brokers = BrokerPlan::three("127.0.0.1");
        for (port, node) in (FIRST_PORT..).zip(&mut brokers.nodes) {
            node.port = port;
        }
        Self {
            engine: Engine::watched(plan("127.0.0.1:9001"), witness, now),
            broker: Broker::new(brokers, 1_700_000_000_000, 1),
            now,
            latency: Duration::from_millis(1),
            work: Duration::from_micros(20),
            chunk: usize::MAX,
            paused: false,
            unheard: VecDeque::new(),
            thin: None,
            roomy: BTreeSet::new(),
            spoil: None,
            reports: Vec::new(),
            under_way: BTreeMap::new(),
            sent: 0,
            open: BTreeMap::new(),
            down: BTreeSet::new(),
        }
    }

    /// Runs until a report satisfies `wanted`; returns it.
    pub(super) fn until(&mut self, wanted: impl Fn(&EngineReport) -> bool) -> EngineReport {
        for _ in 0..5_000_000 {
            self.settle();
            if let Some(at) = self.reports.iter().position(&wanted) {
                return self.reports.remove(at);
            }
            self.step();
        }
        panic!("nothing came of it by {}", self.now);
    }

    /// Runs to `at`.
    pub(super) fn run_to(&mut self, at: Instant) {
        self.settle();
        while self.next_at().is_some_and(|next| next <= at) {
            self.step();
            self.settle();
        }
        self.now = at;
    }

    pub(super) fn phase_end(&mut self) -> PhaseEnd {
        match self.until(|report| matches!(report, EngineReport::PhaseEnded(_))) {
            EngineReport::PhaseEnded(end) => *end,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn command(&mut self, command: EngineCommand) {
        self.engine.command(command, self.now);
    }

    /// Breaks every connection; what is under way on them is lost.
    pub(super) fn break_all(&mut self) {
        self.break_those(|_| true);
    }

    /// Node `index` dies: its connections break, new ones are refused.
    pub(super) fn kill_node(&mut self, index: u16) {
        self.down.insert(FIRST_PORT + index);
        self.break_those(|port| port == FIRST_PORT + index);
    }

    /// Node `index` takes connections again.
    pub(super) fn start_node(&mut self, index: u16) {
        self.down.remove(&(FIRST_PORT + index));
    }

    fn break_those(&mut self, wanted: impl Fn(u16) -> bool) {
        let broken: Vec<_> =
            self.open.iter().filter(|(_, port)| wanted(**port)).map(|(conn, _)| *conn).collect();
        for conn in broken {
            self.open.remove(&conn);
            self.under_way.retain(|_, event| {
                !matches!(event, Event::ToBroker(c, _) | Event::ToEngine(c, _) if *c == conn)
            });
            self.broker.handle_closed(conn, CloseCause::Reset, self.now);
            self.later(Duration::ZERO, Event::Broken(conn));
        }
    }

    fn next_at(&self) -> Option<Instant> {
        let event = self.under_way.keys().next().map(|(at, _)| *at);
        [event, self.engine.poll_timeout(), self.broker.poll_timeout()].into_iter().flatten().min()
    }

    fn step(&mut self) {
        let at = self.next_at().expect("somebody has something to do");
        self.now = self.now.max(at);
        self.hear();
        if self.under_way.keys().next().is_some_and(|(at, _)| *at <= self.now) {
            let (_, event) = self.under_way.pop_first().expect("just seen");
            return self.happen(event);
        }
        if self.engine.poll_timeout().is_some_and(|at| at <= self.now) {
            self.engine.handle_timeout(self.now);
            // Work takes time, or a saturated engine would stand still in virtual time.
            self.now += self.work;
        }
        if self.broker.poll_timeout().is_some_and(|at| at <= self.now) {
            self.broker.handle_timeout(self.now);
        }
    }

    fn happen(&mut self, event: Event) {
        let now = self.now;
        match event {
            Event::Resolved(host, port) => {
                let found = [SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)];
                self.engine.handle_resolved(&host, Ok(&found), now);
            }
            Event::Connected(conn, port) if self.down.contains(&port) => {
                self.engine.handle_closed(conn, CloseCause::Refused, now);
            }
            Event::Connected(conn, port) => {
                self.open.insert(conn, port);
                let listener = ListenerIndex(u32::from(port - FIRST_PORT));
                self.broker.handle_accepted(conn, listener, now);
                self.engine.handle_connected(conn, now);
            }
            Event::ToBroker(conn, bytes) => {
                self.unheard.push_back((conn, bytes));
                self.hear();
            }
            Event::ToEngine(conn, bytes) if self.open.contains_key(&conn) => {
                for part in bytes.chunks(self.chunk) {
                    self.engine.handle_read(conn, part, now);
                }
            }
            Event::Writable(conn) => {
                self.roomy.insert(conn);
                self.engine.handle_writable(conn, now);
            }
            Event::Broken(conn) => self.engine.handle_closed(conn, CloseCause::Reset, now),
            Event::ToEngine(..) => {}
        }
    }

    /// The broker hears what has arrived, unless it is paused.
    fn hear(&mut self) {
        while !self.paused
            && let Some((conn, bytes)) = self.unheard.pop_front()
        {
            if self.open.contains_key(&conn) {
                for part in bytes.chunks(self.chunk) {
                    self.broker.handle_read(conn, part, self.now);
                }
            }
        }
    }

    fn later(&mut self, after: Duration, event: Event) {
        self.sent += 1;
        self.under_way.insert((self.now + after, self.sent), event);
    }

    fn settle(&mut self) {
        while let Some(action) = self.engine.poll_action() {
            match action {
                Action::Resolve { host, port } => {
                    self.later(Duration::ZERO, Event::Resolved(host, port));
                }
                Action::Connect { conn, addr, .. } => {
                    self.later(self.latency, Event::Connected(conn, addr.port()));
                }
                Action::Close { conn } => {
                    if self.open.remove(&conn).is_some() {
                        self.broker.handle_closed(conn, CloseCause::PeerClosed, self.now);
                    }
                }
                Action::Seal(mut job) => {
                    job.run();
                    self.engine.handle_sealed(job, 0, self.now);
                }
            }
        }
        while let Some(outbound) = self.engine.poll_write(self.now) {
            let conn = outbound.conn;
            let mut bytes = flat(&outbound.slices);
            if let Some(span) = self.thin.filter(|_| bytes.len() > 1 && !self.roomy.remove(&conn)) {
                bytes.truncate(1);
                self.later(span, Event::Writable(conn));
            }
            self.engine.handle_written(conn, bytes.len(), self.now);
            self.later(self.latency, Event::ToBroker(conn, bytes));
        }
        while let Some(outbound) = self.broker.poll_write(self.now) {
            let conn = outbound.conn;
            let mut bytes = flat(&outbound.slices);
            self.broker.handle_written(conn, bytes.len(), self.now);
            if let Some(spoil) = &self.spoil {
                spoil(&mut bytes);
            }
            self.later(self.latency, Event::ToEngine(conn, bytes));
        }
        while let Some(report) = self.engine.poll_report() {
            self.reports.push(report);
        }
    }
}

/// What makes another answer of one.
pub(super) type Spoil = Box<dyn Fn(&mut [u8])>;

/// Of node 0; the others follow.
const FIRST_PORT: u16 = 9_001;

fn flat(slices: &Slices<'_>) -> Vec<u8> {
    slices.as_io().iter().flat_map(|part| part.iter().copied()).collect()
}
