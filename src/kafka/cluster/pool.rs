//! The brokers and the streams to them: connecting, backing off, and passing bytes both ways.
//!
//! Cost class: per request. A request or a read costs a look-up among the brokers; deadlines stand
//! in one ordered set, writers in one queue, so nothing walks all brokers except a pick for
//! metadata. Connection ids are never used twice. Knows metadata only as a list of brokers.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::config::NetworkConfig;
use super::event::{NodeEvent, RequestError};
use super::node::{Link, Node};
use super::topics::Broker;
use crate::base::{Action, BrokerId, ConnectionId, Instant, NoJob, Outbound, Rng};
use crate::kafka::connection::{Connection, Event, Fault, Lost, Phase, Problem, Request};
use crate::kafka::wire::{ApiKey, Message};
use bytes::Bytes;

/// What the pool hands to the cluster.
#[derive(Debug)]
pub(super) enum PoolEvent<R> {
    /// For the owner.
    Owner(NodeEvent<R>),
    /// The answer to a request of the cluster's own.
    Own { node: BrokerId, api: ApiKey, version: i16, body: Bytes },
    /// A request of the cluster's own got no answer.
    OwnLost(ApiKey),
    /// A connection, or an attempt at one, failed: leaders may have moved.
    Down,
}

/// The brokers.
#[derive(Debug)]
pub(super) struct NodePool<R> {
    config: NetworkConfig,
    pub(super) nodes: BTreeMap<BrokerId, Node<R>>,
    pub(super) by_connection: BTreeMap<ConnectionId, BrokerId>,
    next_connection: u64,
    /// When to look at which node; at most one entry each, see [`Node::alarm`].
    pub(super) alarms: BTreeSet<(Instant, BrokerId)>,
    writers: VecDeque<BrokerId>,
    actions: VecDeque<Action<NoJob>>,
    events: VecDeque<PoolEvent<R>>,
    /// Reused for what one call into a connection brings.
    pub(super) scratch: VecDeque<Event<R>>,
    pub(super) rng: Rng,
}

impl<R: Request> NodePool<R> {
    pub(super) fn new(config: NetworkConfig, seed: u64) -> Self {
        let mut pool = Self {
            config,
            nodes: BTreeMap::new(),
            by_connection: BTreeMap::new(),
            next_connection: 0,
            alarms: BTreeSet::new(),
            writers: VecDeque::new(),
            actions: VecDeque::new(),
            events: VecDeque::new(),
            scratch: VecDeque::new(),
            rng: Rng::new(seed),
        };
        pool.list_bootstrap();
        pool
    }

    /// Makes the entries of `bootstrap.servers` the listed nodes, with ids −1, −2, …
    fn list_bootstrap(&mut self) {
        for (id, entry) in (1..).map(|n: i32| BrokerId(-n)).zip(&self.config.bootstrap) {
            let (host, port) = (&entry.host, entry.port);
            let node = self.nodes.entry(id).or_insert_with(|| Node::new(id, host.clone(), port));
            node.listed = true;
        }
    }

    /// Starts again from the bootstrap servers. `close`: whether open connections end as well.
    pub(super) fn rebootstrap(&mut self, close: bool, now: Instant) {
        for id in self.ids() {
            self.node_mut(id).listed = false;
            if close {
                self.drop_link(id, Fault::ByUs, now);
            }
            self.retire(id);
        }
        self.list_bootstrap();
    }

    /// Whether the listed nodes are the bootstrap servers.
    pub(super) fn is_bootstrap(&self) -> bool {
        self.nodes.values().filter(|node| node.listed).all(|node| node.id.0 < 0)
    }

    /// Takes the brokers of a metadata answer over.
    pub(super) fn list(&mut self, brokers: &[Broker]) {
        for node in self.nodes.values_mut() {
            node.listed = false;
        }
        for broker in brokers {
            self.insert(broker);
        }
        for id in self.ids() {
            self.retire(id);
        }
    }

    /// Adds a broker, or takes its new address over.
    pub(super) fn insert(&mut self, broker: &Broker) {
        let node = self
            .nodes
            .entry(broker.id)
            .or_insert_with(|| Node::new(broker.id, broker.host.clone(), broker.port));
        node.listed = true;
        node.moved(&broker.host, broker.port);
    }

    fn ids(&self) -> Vec<BrokerId> {
        self.nodes.keys().copied().collect()
    }

    pub(super) fn node(&self, id: BrokerId) -> Option<&Node<R>> {
        self.nodes.get(&id)
    }

    pub(super) fn node_mut(&mut self, id: BrokerId) -> &mut Node<R> {
        self.nodes.get_mut(&id).expect("ids come from the table, and only retire removes")
    }

    /// Lets an unlisted node go once nothing is in flight. Bootstrap servers keep their backoff
    /// for the next start from them, and their problem for messages.
    pub(super) fn retire(&mut self, id: BrokerId) {
        let Some(node) = self.nodes.get_mut(&id) else { return };
        let busy = node.connection().is_some_and(|connection| connection.in_flight() > 0);
        if node.listed || busy {
            return;
        }
        if let Link::Open(connection) = core::mem::replace(&mut node.link, Link::Down) {
            self.by_connection.remove(&connection.id());
            self.actions.push_back(Action::Close { conn: connection.id() });
        }
        if id.0 >= 0 {
            let alarm = node.alarm;
            self.alarms.remove(&(alarm, id));
            self.nodes.remove(&id);
        }
    }

    /// Begins an attempt to connect.
    pub(super) fn connect(&mut self, id: BrokerId, now: Instant) {
        let node = self.nodes.get_mut(&id).expect("the caller found it");
        let setup = node.setup_span(self.config.setup_timeout, &mut self.rng);
        node.last_attempt = now;
        if !self.open(id, setup, now) {
            let node = self.node_mut(id);
            let (host, port) = (node.host.clone(), node.port);
            node.link = Link::Resolving { since: now, setup };
            self.actions.push_back(Action::Resolve { host, port });
            self.arm(id, now + setup);
        }
    }

    /// Opens a stream to the next address; false when there is none.
    pub(super) fn open(&mut self, id: BrokerId, setup: Duration, since: Instant) -> bool {
        let node = self.nodes.get_mut(&id).expect("the caller found it");
        let Some(addr) = node.next_address() else { return false };
        let conn = ConnectionId(self.next_connection);
        self.next_connection += 1;
        let (settings, client) = (self.config.connection, &self.config.client_id);
        node.link = Link::Open(Box::new(Connection::new(conn, id, settings, client, setup, since)));
        let (host, options) = (node.host.clone(), self.config.socket);
        self.by_connection.insert(conn, id);
        self.actions.push_back(Action::Connect { conn, addr, host, options });
        self.arm(id, since + setup);
        true
    }

    /// Passes what a connection brought on to the cluster.
    pub(super) fn pass_on(&mut self, id: BrokerId, out: &mut VecDeque<Event<R>>) {
        for event in out.drain(..) {
            let event = match event {
                Event::Ready => {
                    self.node_mut(id).ready();
                    PoolEvent::Owner(NodeEvent::NodeReady(id))
                }
                Event::Answered(answered) => PoolEvent::Owner(NodeEvent::Answered(answered)),
                Event::Own { api, version, body } => {
                    PoolEvent::Own { node: id, api, version, body }
                }
                Event::Throttled(span) => PoolEvent::Owner(NodeEvent::Throttled { node: id, span }),
            };
            self.events.push_back(event);
        }
    }

    /// After an input to a connection: its deadline, its wish to write, and whether it may go.
    pub(super) fn after(&mut self, id: BrokerId) {
        let node = self.node_mut(id);
        let Some(connection) = node.connection() else { return };
        let (deadline, wants_write) = (connection.deadline(), connection.wants_write());
        if wants_write && !node.queued {
            node.queued = true;
            self.writers.push_back(id);
        }
        if let Some(deadline) = deadline {
            self.arm(id, deadline);
        }
        self.retire(id);
    }

    /// Makes sure that the node is looked at by `at`.
    pub(super) fn arm(&mut self, id: BrokerId, at: Instant) {
        let node = self.nodes.get_mut(&id).expect("the caller found it");
        if at < node.alarm {
            self.alarms.remove(&(node.alarm, id));
            node.alarm = at;
            self.alarms.insert((at, id));
        }
    }

    /// Ends the stream from our side because of a fault.
    pub(super) fn drop_link(&mut self, id: BrokerId, fault: Fault, now: Instant) {
        if let Some(connection) = self.node_mut(id).connection() {
            let conn = connection.id();
            self.by_connection.remove(&conn);
            self.actions.push_back(Action::Close { conn });
        } else if matches!(self.node_mut(id).link, Link::Down) {
            return;
        }
        self.fail(id, fault, now);
    }

    /// An unused connection goes without a word; the next use opens another.
    pub(super) fn close_idle(&mut self, id: BrokerId) {
        let node = self.node_mut(id);
        if let Link::Open(connection) = core::mem::replace(&mut node.link, Link::Down) {
            self.by_connection.remove(&connection.id());
            self.actions.push_back(Action::Close { conn: connection.id() });
        }
    }

    /// The attempt or connection is over: everything in flight fails, oldest first.
    pub(super) fn fail(&mut self, id: BrokerId, fault: Fault, now: Instant) {
        let backoff = self.config.reconnect_backoff;
        let node = self.nodes.get_mut(&id).expect("the caller found it");
        let ours = fault == Fault::ByUs;
        let problem = node.problem_of(fault);
        let link = core::mem::replace(&mut node.link, Link::Down);
        if !ours {
            node.failed(&problem, backoff, now, &mut self.rng);
        }
        let lost = NodeEvent::NodeLost { node: id, problem: Arc::clone(&problem) };
        self.events.push_back(PoolEvent::Owner(lost));
        if let Link::Open(connection) = link {
            self.lose(id, *connection, &problem);
        }
        let node = self.node_mut(id);
        if node.listed && !ours {
            self.events.push_back(PoolEvent::Down);
        }
        self.retire(id);
    }

    /// Hands back what was in flight.
    fn lose(&mut self, id: BrokerId, connection: Connection<R>, problem: &Arc<Problem>) {
        let cause = if problem.fault.is_timeout() {
            RequestError::TimedOut(Arc::clone(problem))
        } else {
            RequestError::Disconnected(Arc::clone(problem))
        };
        for lost in connection.lost() {
            self.events.push_back(match lost {
                Lost::Own(api) => PoolEvent::OwnLost(api),
                Lost::Theirs { request, maybe_written, drained } => {
                    let (node, cause) = (id, cause.clone());
                    PoolEvent::Owner(NodeEvent::Failed {
                        request,
                        node,
                        cause,
                        maybe_written,
                        drained,
                    })
                }
            });
        }
    }

    /// Whether `send` may be called.
    pub(super) fn can_send(&self, id: BrokerId, now: Instant) -> bool {
        self.node(id).and_then(Node::connection).is_some_and(|stream| stream.can_send(now))
    }

    /// Whether its connection has finished the handshake.
    pub(super) fn is_ready(&self, id: BrokerId) -> bool {
        let stream = self.node(id).and_then(Node::connection);
        stream.is_some_and(|stream| stream.phase() == Phase::Ready)
    }

    /// The version to speak; `None` without a common one or before the handshake is over.
    pub(super) fn version(&self, id: BrokerId, api: ApiKey) -> Option<i16> {
        self.node(id)?.connection()?.versions().choose(api)
    }

    /// Sends a request of the owner's.
    pub(super) fn send(&mut self, id: BrokerId, request: R, now: Instant) {
        let api = request.api();
        let connection = self.node_mut(id).connection_mut().expect("the caller asked can_send");
        match connection.versions().choose(api) {
            Some(version) => {
                connection.send(request, version, now);
                self.after(id);
            }
            None => {
                let cause =
                    RequestError::Unsupported { api, broker: connection.versions().offered(api) };
                self.events.push_back(PoolEvent::Owner(NodeEvent::Failed {
                    request,
                    node: id,
                    cause,
                    maybe_written: false,
                    drained: now,
                }));
            }
        }
    }

    /// Sends a request of the cluster's own; ends the connection when there is no common version.
    /// Returns whether it was sent.
    pub(super) fn send_own<M: Message>(
        &mut self,
        id: BrokerId,
        message: impl FnOnce(i16) -> M,
        now: Instant,
    ) -> bool {
        let connection = self.node_mut(id).connection_mut().expect("the caller asked can_send");
        let Some(version) = connection.versions().choose(M::API) else {
            let broker = connection.versions().offered(M::API);
            self.drop_link(id, Fault::NoCommonVersion { api: M::API, broker }, now);
            return false;
        };
        connection.send_own(&message(version), version, now);
        self.after(id);
        true
    }

    /// An answer of the cluster's own could not be read or trusted: its connection ends.
    pub(super) fn distrust(&mut self, id: BrokerId, fault: Fault, now: Instant) {
        if self.nodes.contains_key(&id) {
            self.drop_link(id, fault, now);
        }
    }

    /// Observes a throttle time that an answer carried.
    pub(super) fn throttle(
        &mut self,
        id: BrokerId,
        api: ApiKey,
        version: i16,
        span: Duration,
        now: Instant,
    ) {
        let mut out = core::mem::take(&mut self.scratch);
        let connection = self.nodes.get_mut(&id).and_then(Node::connection_mut);
        if let Some(connection) = connection {
            connection.throttle(api, version, span, now, &mut out);
            self.pass_on(id, &mut out);
            self.after(id);
        }
        self.scratch = out;
    }

    /// Ends every connection and attempt.
    pub(super) fn close(&mut self, now: Instant) {
        for id in self.ids() {
            self.drop_link(id, Fault::ByUs, now);
        }
    }

    /// Whether no connection stands or is being made.
    pub(super) fn is_closed(&self) -> bool {
        self.nodes.values().all(|node| matches!(node.link, Link::Down))
    }

    pub(super) fn poll_action(&mut self) -> Option<Action<NoJob>> {
        self.actions.pop_front()
    }

    pub(super) fn poll_event(&mut self) -> Option<PoolEvent<R>> {
        self.events.pop_front()
    }

    pub(super) fn poll_write(&mut self) -> Option<Outbound<'_>> {
        loop {
            let id = *self.writers.front()?;
            let node = self.nodes.get_mut(&id);
            let ready = node.as_ref().and_then(|node| node.connection());
            if ready.is_some_and(Connection::wants_write) {
                break;
            }
            if let Some(node) = node {
                node.queued = false;
            }
            self.writers.pop_front();
        }
        let id = *self.writers.front()?;
        let connection = self.nodes.get_mut(&id)?.connection_mut()?;
        let conn = connection.id();
        Some(Outbound { conn, slices: connection.gather() })
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.alarms.first().map(|alarm| alarm.0)
    }
}
