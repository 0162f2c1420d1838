//! Between engines and brokers: look-ups, connections, bytes under way.
//!
//! Cost class: per write. Bytes of one stream arrive in order; what was sent before the sender
//! closed may arrive or be lost, as after FIN or RST. Requests are put together here, so that a
//! fault can be chosen per request; what becomes of them at the broker stands in `node.rs`.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::time::Duration;
use std::collections::BTreeMap;

use crate::base::{CloseCause, ConnectionId, Instant, ListenerIndex, Machine, Rng, Server, Slices};
use crate::kafka::accumulator::SealJob;
use crate::kafka::broker::{Broker, Topic};
use crate::kafka::wire::{ApiKey, Reader, RequestHeader};
use crate::load::engine::EngineCommand;

use super::agenda::Agenda;
use super::fault::{Fault, FaultPlan};
use super::node::{Node, Request};
use super::physics::{Physics, Pipe};
use super::request::SeenRequest;
use super::strike::Recovery;
use super::violation::Violation;

/// What an engine is told.
#[derive(Debug)]
pub(super) enum Input {
    Resolved { host: String, found: Result<Vec<SocketAddr>, CloseCause> },
    Connected(ConnectionId),
    Read { conn: ConnectionId, bytes: Vec<u8> },
    Writable(ConnectionId),
    Closed { conn: ConnectionId, cause: CloseCause },
    Sealed(SealJob, u64),
    Command(EngineCommand),
}

/// What happens.
#[derive(Debug)]
pub(super) enum Event {
    Turn { worker: usize },
    Input { worker: usize, input: Input },
    Connect { link: u64 },
    ToBroker { link: u64, bytes: Vec<u8> },
    ToEngine { link: u64, bytes: Vec<u8>, answers: u32 },
    EngineCut { link: u64, cause: CloseCause },
    BrokerCut { link: u64 },
    Serve { node: usize },
    Strike { index: usize },
    Recover(Recovery),
}

/// One connection.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) worker: usize,
    pub(super) conn: ConnectionId,
    pub(super) node: usize,
    pub(super) to_broker: Pipe,
    pub(super) to_engine: Pipe,
    /// Bytes that arrived at the broker and are no whole request yet.
    inbound: Vec<u8>,
    /// Bytes of the request that is arriving, and what will become of it.
    arriving: Option<(usize, Fault)>,
    /// The engine has it; the broker has it.
    pub(super) engine_open: bool,
    pub(super) broker_open: bool,
    /// Bytes that still arrive are lost.
    deaf: bool,
    /// The engine waits for `handle_writable`.
    blocked: bool,
    /// Nothing on it is answered any more.
    pub(super) muted: bool,
    /// Requests that wait at the node.
    pub(super) pending: u32,
    /// Requests that the engine was not answered yet.
    pub(super) outstanding: u32,
}

/// The network and everything behind it.
#[derive(Debug)]
pub(super) struct Net {
    pub(super) now: Instant,
    pub(super) agenda: Agenda<Event>,
    pub(super) rng: Rng,
    pub(super) physics: Physics,
    pub(super) broker: Broker,
    pub(super) nodes: Vec<Node>,
    pub(super) links: BTreeMap<u64, Link>,
    by_conn: BTreeMap<(usize, ConnectionId), u64>,
    next_link: u64,
    pub(super) plan: FaultPlan,
    /// Chance and clock strike: the load has begun and nothing is healed yet.
    pub(super) troubled: bool,
    pub(super) struck: BTreeMap<&'static str, u64>,
    pub(super) max_in_flight: u32,
    pub(super) violations: Vec<Violation>,
    /// Topics that were deleted, oldest first.
    pub(super) graves: Vec<Topic>,
    /// When what brokers remember of producers was lost, and of which partition (`None`: of all).
    pub(super) losses: Vec<(Instant, Option<i32>)>,
    pub(super) requests: Option<Vec<SeenRequest>>,
    pub(super) trace: Option<Vec<String>>,
}

impl Net {
    pub(super) fn new(broker: Broker, physics: Physics, plan: FaultPlan, seed: u64) -> Self {
        let nodes = broker.cluster().nodes().iter().map(|_| Node::default()).collect();
        Self {
            now: START,
            agenda: Agenda::new(),
            rng: Rng::new(seed ^ NET_STREAM),
            physics,
            broker,
            nodes,
            links: BTreeMap::new(),
            by_conn: BTreeMap::new(),
            next_link: 0,
            plan,
            troubled: false,
            struck: BTreeMap::new(),
            max_in_flight: u32::MAX,
            violations: Vec::new(),
            graves: Vec::new(),
            losses: Vec::new(),
            requests: None,
            trace: None,
        }
    }

    /// Notes what happens, if anybody wants to read it.
    pub(super) fn note(&mut self, text: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.push(format!("{} {}", self.now, text()));
        }
    }

    pub(super) fn violated(&mut self, name: &'static str, what: String) {
        self.note(|| format!("VIOLATION {name}: {what}"));
        self.violations.push(Violation { name, at: self.now, what });
    }

    /// Counts a fault that was done.
    pub(super) fn strike(&mut self, fault: &Fault) {
        *self.struck.entry(fault.kind()).or_default() += 1;
        self.note(|| format!("FAULT {fault:?}"));
    }

    pub(super) fn later(&mut self, after: Duration, event: Event) {
        self.agenda.put(self.now + after, event);
    }

    pub(super) fn tell(&mut self, worker: usize, input: Input) {
        self.agenda.put(self.now, Event::Input { worker, input });
    }

    pub(super) fn coin(&mut self) -> bool {
        self.rng.below(2) == 0
    }

    /// The next of a script, or what chance says.
    fn chosen(&mut self, scripted: Option<Fault>, wanted: impl Fn(&Fault) -> bool) -> Fault {
        if let Some(fault) = scripted {
            return fault;
        }
        if self.troubled {
            for chance in &self.plan.chances {
                if wanted(&chance.fault) && self.rng.below(1_000) < chance.per_mille {
                    return chance.fault.clone();
                }
            }
        }
        Fault::Pass
    }

    pub(super) fn resolve(&mut self, worker: usize, host: String, port: u16) {
        let scripted = self.plan.lookups.pop_front();
        let fault = self.chosen(scripted, |fault| *fault == Fault::NameNotFound);
        let found = if fault == Fault::NameNotFound {
            self.strike(&fault);
            Err(CloseCause::NotFound(host.clone()))
        } else {
            Ok(vec![SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)])
        };
        let input = Input::Resolved { host, found };
        self.later(LOOKUP, Event::Input { worker, input });
    }

    pub(super) fn connect(&mut self, worker: usize, conn: ConnectionId, port: u16) {
        let node = self.broker.cluster().nodes().iter().position(|node| node.port == port);
        let id = self.next_link;
        self.next_link += 1;
        let link = Link {
            worker,
            conn,
            node: node.expect("engines connect to nodes that they were told of"),
            to_broker: Pipe::default(),
            to_engine: Pipe::default(),
            inbound: Vec::new(),
            arriving: None,
            engine_open: true,
            broker_open: false,
            deaf: false,
            blocked: false,
            muted: false,
            pending: 0,
            outstanding: 0,
        };
        self.links.insert(id, link);
        self.by_conn.insert((worker, conn), id);
        self.later(self.physics.latency * 2, Event::Connect { link: id });
    }

    /// The attempt has reached the node.
    pub(super) fn connected(&mut self, id: u64) {
        let Some(link) = self.links.get(&id).filter(|link| link.engine_open) else {
            self.links.remove(&id);
            return;
        };
        let (worker, conn, node) = (link.worker, link.conn, link.node);
        let scripted = self.plan.connects.pop_front();
        let connects = |fault: &Fault| matches!(fault, Fault::Refuse | Fault::ConnectSilence);
        let fault = self.chosen(scripted, connects);
        if fault != Fault::Pass {
            self.strike(&fault);
        }
        if fault == Fault::ConnectSilence {
            return;
        }
        if fault == Fault::Refuse || !self.nodes[node].up {
            self.links.remove(&id);
            self.by_conn.remove(&(worker, conn));
            return self.tell(worker, Input::Closed { conn, cause: CloseCause::Refused });
        }
        let listener = ListenerIndex(u32::try_from(node).expect("nodes are few"));
        self.broker.handle_accepted(ConnectionId(id), listener, self.now);
        self.links.get_mut(&id).expect("found above").broker_open = true;
        self.note(|| format!("worker {worker} connection {conn} to node {node} stands"));
        self.tell(worker, Input::Connected(conn));
    }

    /// Takes what there is room for of the bytes that an engine offers; returns how many.
    pub(super) fn write(
        &mut self,
        worker: usize,
        conn: ConnectionId,
        slices: &Slices<'_>,
    ) -> usize {
        let Some(&id) = self.by_conn.get(&(worker, conn)) else {
            // The stream broke and the engine hasn't heard of it yet.
            return slices.bytes();
        };
        let link = self.links.get_mut(&id).expect("an open connection has a link");
        assert!(!link.blocked, "connection {conn} is blocked and must not be written to");
        let room = self.physics.window.saturating_sub(link.to_broker.under_way);
        let taken = room.min(slices.bytes());
        link.blocked = taken < slices.bytes();
        let mut bytes = Vec::with_capacity(taken);
        for part in slices.as_io() {
            let part = &part[..part.len().min(taken - bytes.len())];
            bytes.extend_from_slice(part);
        }
        for piece in pieces(bytes, self.physics.pieces, &mut self.rng) {
            let at = link.to_broker.send(piece.len(), &self.physics, &mut self.rng, self.now);
            self.agenda.put(at, Event::ToBroker { link: id, bytes: piece });
        }
        taken
    }

    /// An engine drops a connection.
    pub(super) fn close(&mut self, worker: usize, conn: ConnectionId) {
        let Some(id) = self.by_conn.remove(&(worker, conn)) else { return };
        let lost = self.coin();
        let link = self.links.get_mut(&id).expect("an open connection has a link");
        link.engine_open = false;
        link.deaf = lost;
        let at = if lost {
            self.now + self.physics.latency
        } else {
            link.to_broker.send(0, &self.physics, &mut self.rng, self.now)
        };
        self.agenda.put(at, Event::BrokerCut { link: id });
        self.note(|| format!("worker {worker} closes connection {conn}, tail lost: {lost}"));
    }

    /// Bytes have arrived at a node.
    pub(super) fn arrive(&mut self, id: u64, bytes: &[u8]) {
        let Some(link) = self.links.get_mut(&id) else { return };
        link.to_broker.under_way -= bytes.len();
        if link.blocked && link.engine_open && link.to_broker.under_way * 2 <= self.physics.window {
            link.blocked = false;
            let (worker, input) = (link.worker, Input::Writable(link.conn));
            self.agenda.put(self.now, Event::Input { worker, input });
        }
        if link.deaf || !link.broker_open {
            return;
        }
        link.inbound.extend_from_slice(bytes);
        while self.take_request(id) {}
    }

    /// Takes the next whole request off a connection's bytes; false when there is none.
    fn take_request(&mut self, id: u64) -> bool {
        let Some(link) = self.links.get_mut(&id).filter(|link| link.broker_open) else {
            return false;
        };
        let Some((total, fault)) = link.arriving.take() else {
            let Some((total, api)) = beginning(&link.inbound) else { return false };
            let scripted = self.plan.requests.get_mut(&api).and_then(|faults| faults.pop_front());
            let fault = self.chosen_for(scripted, api);
            let link = self.links.get_mut(&id).expect("found above");
            link.arriving = Some((total, fault));
            return true;
        };
        if fault == Fault::ResetMidRequest && link.inbound.len() * 2 >= total {
            self.strike(&fault);
            self.reset(id, CloseCause::Reset);
            return false;
        }
        if link.inbound.len() < total {
            link.arriving = Some((total, fault));
            return false;
        }
        let rest = link.inbound.split_off(total);
        let frame = core::mem::replace(&mut link.inbound, rest);
        self.requested(id, frame, fault);
        true
    }

    fn chosen_for(&mut self, scripted: Option<Fault>, api: ApiKey) -> Fault {
        if let Some(fault) = scripted {
            return fault;
        }
        if self.troubled {
            for chance in &self.plan.chances {
                let wanted = chance.api.is_none_or(|of| of == api) && chance.fault.is_of_request();
                if wanted && self.rng.below(1_000) < chance.per_mille {
                    return chance.fault.clone();
                }
            }
        }
        Fault::Pass
    }

    /// A whole request is at a node.
    fn requested(&mut self, id: u64, frame: Vec<u8>, fault: Fault) {
        let link = &self.links[&id];
        let (worker, node) = (link.worker, link.node);
        let seen = SeenRequest::read(&frame, worker, node, self.now);
        self.note(|| format!("node {node} has of worker {worker}: {seen}"));
        // Streams lose bytes here and change none: a wrong checksum was sent so.
        for batch in seen.batches.iter().filter(|batch| !batch.crc_ok) {
            let what = format!(
                "worker {worker} sends partition {} a batch whose checksum is wrong: epoch {} \
                 sequence {}",
                batch.partition, batch.epoch, batch.base_sequence
            );
            self.violated("crc as sent", what);
        }
        let link = self.links.get_mut(&id).expect("it brought the request");
        link.pending += 1;
        link.outstanding += u32::from(seen.is_answered);
        if link.outstanding > self.max_in_flight {
            let what =
                format!("{} in flight to node {node}, {}", link.outstanding, self.max_in_flight);
            self.violated("max.in.flight", what);
        }
        if let Some(requests) = &mut self.requests {
            requests.push(seen);
        }
        self.enqueue(node, Request { link: id, frame, fault });
    }

    /// Sends an answer back, or part of one.
    pub(super) fn answer(&mut self, id: u64, bytes: Vec<u8>, answers: u32) {
        let Some(link) = self.links.get_mut(&id).filter(|link| link.engine_open) else { return };
        let mut parts = pieces(bytes, self.physics.pieces, &mut self.rng);
        let last = parts.pop();
        for part in parts {
            let at = link.to_engine.send(part.len(), &self.physics, &mut self.rng, self.now);
            self.agenda.put(at, Event::ToEngine { link: id, bytes: part, answers: 0 });
        }
        if let Some(part) = last {
            let at = link.to_engine.send(part.len(), &self.physics, &mut self.rng, self.now);
            self.agenda.put(at, Event::ToEngine { link: id, bytes: part, answers });
        }
    }

    /// Bytes have arrived at an engine.
    pub(super) fn answered(&mut self, id: u64, bytes: Vec<u8>, answers: u32) {
        let Some(link) = self.links.get_mut(&id).filter(|link| link.engine_open) else { return };
        link.outstanding = link.outstanding.saturating_sub(answers);
        let (worker, conn) = (link.worker, link.conn);
        self.tell(worker, Input::Read { conn, bytes });
    }

    /// The broker's side ends a connection, behind the answers that are under way or at once.
    pub(super) fn reset(&mut self, id: u64, cause: CloseCause) {
        let at_once = cause == CloseCause::Reset && self.rng.below(4) == 0;
        let Some(link) = self.links.get_mut(&id).filter(|link| link.broker_open) else { return };
        link.broker_open = false;
        let at = if at_once {
            self.now + self.physics.latency
        } else {
            link.to_engine.send(0, &self.physics, &mut self.rng, self.now)
        };
        self.agenda.put(at, Event::EngineCut { link: id, cause });
        self.forget(id);
    }

    /// An engine hears that its connection broke.
    pub(super) fn engine_cut(&mut self, id: u64, cause: CloseCause) {
        let Some(link) = self.links.get_mut(&id).filter(|link| link.engine_open) else { return };
        link.engine_open = false;
        let (worker, conn) = (link.worker, link.conn);
        self.by_conn.remove(&(worker, conn));
        self.note(|| format!("worker {worker} connection {conn} broke: {cause}"));
        self.tell(worker, Input::Closed { conn, cause });
        self.forget(id);
    }

    /// A node hears that an engine dropped its connection.
    pub(super) fn broker_cut(&mut self, id: u64) {
        if let Some(link) = self.links.get_mut(&id) {
            link.broker_open = false;
            self.forget(id);
        }
    }

    /// Lets go of a connection that neither side has and no request waits on.
    pub(super) fn forget(&mut self, id: u64) {
        let Some(link) = self.links.get(&id).filter(|link| !link.broker_open) else { return };
        if link.pending > 0 {
            return;
        }
        if !link.engine_open {
            self.links.remove(&id);
        }
        self.broker.handle_closed(ConnectionId(id), CloseCause::PeerClosed, self.now);
    }
}

/// Length and API of the request whose first bytes these are; `None` while they are too few.
fn beginning(bytes: &[u8]) -> Option<(usize, ApiKey)> {
    let length = u32::from_be_bytes(*bytes.first_chunk()?);
    let code = i16::from_be_bytes(*bytes.get(4..)?.first_chunk()?);
    let api = ApiKey::from_code(code).expect("engines speak APIs that are known");
    Some((length as usize + 4, api))
}

/// `bytes` in up to `most` pieces, cut where chance says.
fn pieces(mut bytes: Vec<u8>, most: u64, rng: &mut Rng) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    for _ in 1..1 + rng.below(most.max(1)) {
        if bytes.len() < 2 {
            break;
        }
        let len = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let at = usize::try_from(1 + rng.below(len - 1)).unwrap_or(1);
        let rest = bytes.split_off(at);
        out.push(core::mem::replace(&mut bytes, rest));
    }
    if !bytes.is_empty() {
        out.push(bytes);
    }
    out
}

/// The header of a request's frame.
pub(super) fn header(frame: &[u8]) -> (RequestHeader, Reader<'_>) {
    let mut reader = Reader::new(&frame[4..]);
    let header = RequestHeader::decode(&mut reader);
    (header.expect("an engine's requests are well formed"), reader)
}

/// The world begins here: an instant of 0 would hide subtractions that saturate.
pub(super) const START: Instant = Instant::from_nanos(1_000_000_000);
/// How long a look-up takes.
const LOOKUP: Duration = Duration::from_micros(300);
/// Keeps the network's draws apart from everybody else's.
const NET_STREAM: u64 = 0x6e65_7477_6f72_6b73;
