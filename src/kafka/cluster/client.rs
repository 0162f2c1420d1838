//! The client of one cluster: the pool of brokers joined with what metadata says of them.
//!
//! Cost class: per request; a look at a partition or topic is an index, a look at a broker a search
//! among brokers. After each input the client settles: it passes on what the pool brought, and
//! asks for metadata when that is due.

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::VecDeque;
use std::sync::Arc;

use super::config::NetworkConfig;
use super::event::NodeEvent;
use super::node::Link;
use super::pick::Pick;
use super::pool::NodePool;
use super::refresh::Refresh;
use super::topics::{Broker, LeaderChange, Partition, Topic, Topics};
use crate::base::{
    Action, BrokerId, CloseCause, ConnectionId, Instant, Outbound, PartitionSlot, TopicSlot,
};
use crate::kafka::config::HostPort;
use crate::kafka::connection::{Connection, Fault, Problem, Request, Versions};
use crate::kafka::wire::{ApiKey, ErrorCode};

/// A cluster as one client sees it; `R` is what its owner sends.
#[derive(Debug)]
pub struct Cluster<R> {
    pub(super) pool: NodePool<R>,
    pub(super) topics: Topics,
    pub(super) refresh: Refresh,
    pub(super) allow_auto_create: bool,
    pub(super) rebootstrap_trigger: Option<Duration>,
    pub(super) max_idle: Duration,
    pub(super) cluster_id: Option<String>,
    pub(super) controller: Option<BrokerId>,
    pub(super) brokers: Vec<Broker>,
    /// Whose last answer couldn't be used, and its error: none when it named no broker.
    pub(super) unusable: Option<(BrokerId, ErrorCode)>,
    pub(super) events: VecDeque<NodeEvent<R>>,
    /// Reused for the leader changes of one update.
    pub(super) changes: Vec<LeaderChange>,
    /// When the clockwork of metadata has something to do.
    pub(super) wake: Instant,
    /// When an owner that found no broker should ask again.
    nudge: Instant,
    pub(super) closed: bool,
}

impl<R: Request> Cluster<R> {
    /// A client that begins to connect at once.
    ///
    /// `allow_auto_create` is what its metadata requests say of missing topics: Java's producer
    /// lets the broker create them, an admin client doesn't. `seed` feeds jitter and picks.
    #[must_use]
    pub fn new(config: &NetworkConfig, allow_auto_create: bool, seed: u64, now: Instant) -> Self {
        let mut cluster = Self {
            pool: NodePool::new(config.clone(), seed),
            topics: Topics::default(),
            refresh: Refresh::new(config.retry_backoff, config.metadata_max_age),
            allow_auto_create,
            rebootstrap_trigger: config.rebootstrap_trigger,
            max_idle: config.metadata_max_idle,
            cluster_id: None,
            controller: None,
            brokers: Vec::new(),
            unusable: None,
            events: VecDeque::new(),
            changes: Vec::new(),
            wake: Instant::FAR_FUTURE,
            nudge: Instant::FAR_FUTURE,
            closed: false,
        };
        cluster.settle(now);
        cluster
    }

    /// The topic of that name; the first call asks the cluster for it, whatever the backoffs say.
    pub fn add_topic(&mut self, name: &str, now: Instant) -> TopicSlot {
        let (slot, new) = self.topics.add(name);
        if new {
            self.refresh.request_new(now);
            self.settle(now);
        }
        slot
    }

    /// Says that data for the topic is at hand. A topic for which this is ever called is left out
    /// of refreshes once the last call is `metadata.max.idle.ms` ago, and asked for again by the
    /// next. Costs an index and a store.
    pub fn use_topic(&mut self, slot: TopicSlot, now: Instant) {
        let topic = self.topics.topic_mut(slot);
        topic.last_used = Some(now);
        if topic.asleep {
            topic.asleep = false;
            topic.answered = false;
            self.refresh.request_new(now);
            self.settle(now);
        }
    }

    /// A topic.
    ///
    /// # Panics
    /// When the slot isn't of this client.
    #[must_use]
    pub fn topic(&self, slot: TopicSlot) -> &Topic {
        self.topics.topic(slot)
    }

    /// A partition.
    ///
    /// # Panics
    /// When the slot isn't of this client.
    #[must_use]
    pub fn partition(&self, slot: PartitionSlot) -> &Partition {
        self.topics.partition(slot)
    }

    /// A number that changes with every change of a leader or of a number of partitions: as long as
    /// it stays, what was derived from those holds.
    #[must_use]
    pub const fn leaders_version(&self) -> u64 {
        self.topics.version()
    }

    /// All partitions, by slot.
    #[must_use]
    pub fn partitions(&self) -> &[Partition] {
        self.topics.partitions()
    }

    /// All topics, by slot.
    #[must_use]
    pub fn topics(&self) -> &[Topic] {
        self.topics.all()
    }

    /// The cluster's id; `None` before the first metadata, or from a broker that has none.
    #[must_use]
    pub fn cluster_id(&self) -> Option<&str> {
        self.cluster_id.as_deref()
    }

    /// The live brokers by id; empty before the first metadata.
    #[must_use]
    pub fn brokers(&self) -> &[Broker] {
        &self.brokers
    }

    /// The broker that metadata names as controller (under KRaft any broker that passes on).
    #[must_use]
    pub const fn controller(&self) -> Option<BrokerId> {
        self.controller
    }

    /// Whether `send` may be called for this broker now: connected, handshaken, not throttled, the
    /// last request wholly written, fewer in flight than allowed, no metadata refresh due.
    ///
    /// If not, and nothing stands, a connection is begun when the backoff allows; an input or
    /// `handle_timeout` comes when it is worth asking again.
    pub fn ready(&mut self, node: BrokerId, now: Instant) -> bool {
        if self.refresh.is_due(now) {
            self.settle(now);
            if self.refresh.is_due(now) {
                return false;
            }
        }
        let Some(found) = self.pool.node(node).filter(|found| found.listed && !self.closed) else {
            return false;
        };
        match &found.link {
            Link::Open(stream) => stream.can_send(now),
            Link::Resolving { .. } => false,
            Link::Down if found.can_connect(now) => {
                self.pool.connect(node, now);
                false
            }
            Link::Down => {
                let retry_at = found.retry_at;
                self.pool.arm(node, retry_at);
                false
            }
        }
    }

    /// Sends a request; its answer or loss comes as an event.
    ///
    /// # Panics
    /// When the broker isn't `ready`.
    pub fn send(&mut self, node: BrokerId, request: R, now: Instant) {
        assert!(self.pool.can_send(node, now), "the caller asked ready");
        self.pool.send(node, request, now);
        self.absorb(now);
    }

    /// Ends the connection whose answer the owner couldn't read: nothing after it can be trusted.
    /// What else is in flight there comes back as failed, and the reason as
    /// [`NodeEvent::NodeLost`].
    pub fn distrust(
        &mut self,
        node: BrokerId,
        api: ApiKey,
        version: i16,
        why: String,
        now: Instant,
    ) {
        let fault = Fault::Malformed { api, version, why };
        self.pool.distrust(node, fault, now);
        self.absorb(now);
    }

    /// Asks for a metadata refresh as soon as the backoffs allow.
    pub fn request_update(&mut self, now: Instant) {
        self.refresh.request();
        self.settle(now);
    }

    /// Takes over the leader that a produce answer named (KIP-951), if its epoch is newer than
    /// the one known and the broker is known or among `endpoints`; whether it did. A refresh is
    /// asked for in any case.
    pub fn leader_hint(
        &mut self,
        slot: PartitionSlot,
        leader: BrokerId,
        epoch: i32,
        endpoints: &[Broker],
        now: Instant,
    ) -> bool {
        let endpoint = endpoints.iter().find(|broker| broker.id == leader);
        let known = self.pool.node(leader).is_some_and(|node| node.listed);
        let taken = (known || endpoint.is_some())
            && self.topics.hint(slot, leader, epoch, &mut self.changes);
        if let (true, Some(broker)) = (taken, endpoint) {
            self.pool.insert(broker);
            if let Err(at) = self.brokers.binary_search_by_key(&broker.id, |broker| broker.id) {
                self.brokers.insert(at, broker.clone());
            }
        }
        self.tell_changes();
        self.request_update(now);
        taken
    }

    /// Observes the throttle time of an answer that the owner decoded (KIP-219); zero is nothing.
    pub fn throttle(
        &mut self,
        node: BrokerId,
        api: ApiKey,
        version: i16,
        span: Duration,
        now: Instant,
    ) {
        self.pool.throttle(node, api, version, span, now);
        self.absorb(now);
    }

    /// A broker to ask when any will do: idle and connected before all others. `ready` may still
    /// be false for it, and begins the connection then. `None`: ask again after the next input.
    pub fn least_loaded(&mut self, now: Instant) -> Option<BrokerId> {
        match self.pool.pick(now) {
            Pick::Send(node) | Pick::Connect(node) => Some(node),
            Pick::Wait => None,
            Pick::NoneBefore(at) => {
                self.nudge = at;
                None
            }
        }
    }

    /// The version of an API to speak with a broker; `None` while no handshaken connection
    /// stands, or without a common version.
    #[must_use]
    pub fn version(&self, node: BrokerId, api: ApiKey) -> Option<i16> {
        self.pool.version(node, api)
    }

    /// What a broker offers; `None` while no handshaken connection stands.
    #[must_use]
    pub fn versions(&self, node: BrokerId) -> Option<&Versions> {
        let connection = self.pool.node(node).and_then(|node| node.connection());
        connection.map(Connection::versions).filter(|versions| !versions.ranges().is_empty())
    }

    /// Whether a handshaken connection to the broker stands.
    #[must_use]
    pub fn is_connected(&self, node: BrokerId) -> bool {
        self.pool.is_ready(node)
    }

    /// Requests in flight to a broker, the client's own included.
    #[must_use]
    pub fn in_flight(&self, node: BrokerId) -> u32 {
        let stream = self.pool.node(node).and_then(|node| node.connection());
        u32::try_from(stream.map_or(0, |stream| stream.in_flight())).unwrap_or(u32::MAX)
    }

    /// The owner's requests in flight at all brokers: to whom each was sent, when it was wholly
    /// written (taken, as long as it isn't), and itself. What it lends to a socket must stay.
    pub fn in_flight_mut(&mut self) -> impl Iterator<Item = (BrokerId, Instant, &mut R)> {
        self.pool.nodes.values_mut().flat_map(|node| {
            let id = node.id;
            let stream = node.connection_mut().into_iter();
            stream.flat_map(|stream| stream.in_flight_mut()).map(move |(at, found)| (id, at, found))
        })
    }

    /// For every address that failed since it was last in use, why: bootstrap servers in the
    /// order given, then brokers by id. Empty while all is well.
    #[must_use]
    pub fn problems(&self) -> Vec<Arc<Problem>> {
        let nodes = &self.pool.nodes;
        let bootstrap = nodes.range(..BrokerId(0)).rev();
        let brokers = nodes.range(BrokerId(0)..);
        bootstrap.chain(brokers).filter_map(|(_, node)| node.problem.clone()).collect()
    }

    /// What makes the cluster's last metadata answer useless, in words; `None` while it is of use.
    #[must_use]
    pub fn metadata_problem(&self) -> Option<String> {
        let (node, code) = self.unusable?;
        let broker = self.broker_words(node);
        Some(match code {
            ErrorCode::NONE => format!(
                "{broker} answers Metadata without naming any broker; expected one at least; check \
                 that it has joined its cluster"
            ),
            code => format!("{broker} answers Metadata with {code}: {}", code.meaning()),
        })
    }

    /// Takes the error by which the last metadata answer refused a topic for good, an invalid name
    /// or a missing right: each answer is told once, and asked again for, as in Java.
    pub fn take_topic_refusal(&mut self, slot: TopicSlot, now: Instant) -> Option<ErrorCode> {
        let topic = self.topics.topic_mut(slot);
        if !core::mem::take(&mut topic.unreported) {
            return None;
        }
        let error = topic.error;
        self.request_update(now);
        error
    }

    /// Whether every address that would be tried now has failed since it was last in use: those
    /// of the brokers in the last metadata, before the first of the bootstrap servers.
    #[must_use]
    pub fn all_failed(&self) -> bool {
        self.pool.nodes.values().filter(|node| node.listed).all(|node| node.problem.is_some())
    }

    /// Whether all of them failed in ways that another attempt won't cure
    /// ([`Fault::is_final`](crate::kafka::connection::Fault::is_final)).
    #[must_use]
    pub fn all_failed_for_good(&self) -> bool {
        let mut listed = self.pool.nodes.values().filter(|node| node.listed);
        listed.all(|node| node.problem.as_ref().is_some_and(|problem| problem.fault.is_final()))
    }

    /// A broker in words: `broker 1 at host:9092`, or `host:9092` for a bootstrap server.
    #[must_use]
    pub fn broker_words(&self, id: BrokerId) -> String {
        match self.pool.node(id) {
            Some(node) => {
                let at = HostPort { host: node.host.clone(), port: node.port };
                if id.0 < 0 { at.to_string() } else { format!("broker {id} at {at}") }
            }
            None => format!("broker {id}"),
        }
    }

    /// Ends every connection; what is in flight fails. Nothing is begun any more.
    pub fn close(&mut self, now: Instant) {
        self.closed = true;
        self.wake = Instant::FAR_FUTURE;
        self.nudge = Instant::FAR_FUTURE;
        self.pool.close(now);
        self.absorb(now);
    }

    /// As [`Machine::handle_resolved`](crate::base::Machine::handle_resolved).
    #[expect(clippy::needless_pass_by_value, reason = "the shape of the machine's method")]
    pub fn handle_resolved(
        &mut self,
        host: &str,
        found: Result<&[SocketAddr], CloseCause>,
        now: Instant,
    ) {
        self.pool.handle_resolved(host, &found, now);
        self.settle(now);
    }

    /// As [`Machine::handle_connected`](crate::base::Machine::handle_connected).
    pub fn handle_connected(&mut self, conn: ConnectionId, now: Instant) {
        self.pool.handle_connected(conn, now);
        self.settle(now);
    }

    /// As [`Machine::handle_read`](crate::base::Machine::handle_read).
    pub fn handle_read(&mut self, conn: ConnectionId, bytes: &[u8], now: Instant) {
        self.pool.handle_read(conn, bytes, now);
        self.settle(now);
    }

    /// As [`Machine::handle_written`](crate::base::Machine::handle_written).
    pub fn handle_written(&mut self, conn: ConnectionId, len: usize, now: Instant) {
        self.pool.handle_written(conn, len, now);
        self.settle(now);
    }

    /// As [`Machine::handle_writable`](crate::base::Machine::handle_writable).
    pub fn handle_writable(&mut self, conn: ConnectionId, now: Instant) {
        self.pool.handle_writable(conn);
        self.settle(now);
    }

    /// As [`Machine::handle_closed`](crate::base::Machine::handle_closed).
    pub fn handle_closed(&mut self, conn: ConnectionId, cause: CloseCause, now: Instant) {
        self.pool.handle_closed(conn, cause, now);
        self.settle(now);
    }

    /// As [`Machine::handle_timeout`](crate::base::Machine::handle_timeout).
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.nudge <= now {
            self.nudge = Instant::FAR_FUTURE;
        }
        self.pool.handle_timeout(now);
        self.settle(now);
    }

    /// As [`Machine::poll_action`](crate::base::Machine::poll_action), for an owner with jobs of
    /// any kind: there is never one of the cluster's.
    pub fn poll_action<J>(&mut self) -> Option<Action<J>> {
        Some(match self.pool.poll_action()? {
            Action::Resolve { host, port } => Action::Resolve { host, port },
            Action::Connect { conn, addr, host, options } => {
                Action::Connect { conn, addr, host, options }
            }
            Action::Close { conn } => Action::Close { conn },
            Action::Seal(never) => match never {},
        })
    }

    /// As [`Machine::poll_write`](crate::base::Machine::poll_write).
    pub fn poll_write(&mut self) -> Option<Outbound<'_>> {
        self.pool.poll_write()
    }

    /// The next thing that happened.
    pub fn poll_event(&mut self) -> Option<NodeEvent<R>> {
        self.events.pop_front()
    }

    /// As [`Machine::poll_timeout`](crate::base::Machine::poll_timeout).
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.closed && self.pool.is_closed() {
            return None;
        }
        let alarm = self.pool.poll_timeout().unwrap_or(Instant::FAR_FUTURE);
        let next = alarm.min(self.wake).min(self.nudge);
        (next < Instant::FAR_FUTURE).then_some(next)
    }

    /// Whether it was closed and has nothing left to tell.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.closed && self.pool.is_closed() && self.events.is_empty()
    }
}
