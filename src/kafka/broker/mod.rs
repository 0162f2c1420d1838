//! A small Kafka cluster in memory, without I/O: real logs, epochs, replicas in sync, idempotence,
//! and nothing on disk.
//!
//! One [`Broker`] holds all nodes of the cluster, one listener each, so that a client meets leaders
//! on several connections as it would in earnest. Cost class: per request and per batch; a record
//! is never looked at. State ([`Cluster`]) and answers (one file per group of APIs) are apart, so
//! whoever drives the machine can change the first between two requests.
//!
//! Behaviour follows Kafka 4: versions offered, error codes, the five batches remembered per
//! producer, one request of a connection answered at a time. Not here: consumer groups,
//! transactions, compaction, quotas, authentication, and replicas as anything but names. Requests
//! of those APIs close the connection, as Kafka does with ones unknown to it.
//!
//! No bytes of a peer can make it panic or take memory beyond what was received: a frame's length
//! is bounded, its parts are checked before they are read, and a peer that sends without reading is
//! closed.

mod admin;
mod answer;
mod batch;
mod cluster;
mod controller;
mod fetch;
mod list_offsets;
mod log;
mod metadata;
mod produce;
mod producers;
mod session;
mod settings;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

pub use cluster::{Cluster, Partition, Topic, is_embedded};
pub use controller::Trouble;
pub use log::Log;
pub use producers::{Appended, MAX_PRODUCERS, ProducerState, Producers, REMEMBERED_BATCHES};
pub use settings::TopicSettings;

use crate::base::{
    Action, BrokerId, CloseCause, ConnectionId, Instant, ListenerIndex, Machine, NoJob, Outbound,
    Server, Slices,
};
use answer::{Close, Done, Scene};
use core::net::SocketAddr;
use session::{Inbound, Session};

/// What a cluster is made of.
#[derive(Clone, Debug)]
pub struct BrokerPlan {
    /// The nodes, at least one; the node at index i is reached through listener i.
    pub nodes: Vec<Listener>,
    /// `num.partitions`: of a topic that doesn't say how many, 1 or more.
    pub partitions: i32,
    /// `default.replication.factor`: of a topic that doesn't say, 1 to the number of nodes.
    pub replication_factor: i16,
    /// `auto.create.topics.enable`: whether asking for a topic may create it.
    pub auto_create_topics: bool,
    /// `socket.request.max.bytes`: the largest frame taken, in bytes.
    pub max_request_bytes: usize,
    /// Memory of a partition's log in bytes; the oldest records make room.
    pub log_bytes_per_partition: usize,
    /// Memory of all logs of a topic together, which its partitions share out; one batch in each is
    /// always kept.
    pub log_bytes_per_topic: usize,
    /// Settings of topics that don't say otherwise.
    pub topics: TopicSettings,
}

impl BrokerPlan {
    /// Three nodes 1, 2, 3 on `host` without ports yet, topics of twelve partitions on all of them,
    /// 8 MiB a partition and no more than 1 GiB a topic.
    #[must_use]
    pub fn three(host: &str) -> Self {
        Self::of(3, host, 0)
    }

    /// As [`BrokerPlan::three`] with `nodes` nodes at `first_port` and the ports after it; all at
    /// port 0 when that is 0. Topics that don't say get three replicas, or as many as there are
    /// nodes.
    ///
    /// # Panics
    /// When there are no nodes, or a port would pass 65,535.
    #[must_use]
    pub fn of(nodes: u16, host: &str, first_port: u16) -> Self {
        assert!(nodes > 0, "a cluster has at least one node");
        let port = |nth: u16| match first_port {
            0 => 0,
            first => first.checked_add(nth).expect("ports end at 65,535"),
        };
        let node = |nth: u16| Listener {
            id: BrokerId(i32::from(nth) + 1),
            host: host.to_owned(),
            port: port(nth),
        };
        let replication_factor = i16::try_from(nodes.min(3)).expect("at most three");
        Self {
            nodes: (0..nodes).map(node).collect(),
            partitions: 12,
            replication_factor,
            auto_create_topics: true,
            max_request_bytes: 104_857_600,
            log_bytes_per_partition: 8 * 1024 * 1024,
            log_bytes_per_topic: 1024 * 1024 * 1024,
            topics: TopicSettings::default(),
        }
    }
}

impl BrokerPlan {
    /// Bytes for the log of each of a topic's `partitions`.
    fn log_bytes(&self, partitions: usize) -> usize {
        self.log_bytes_per_partition.min(self.log_bytes_per_topic / partitions.max(1))
    }
}

/// A node and the address that clients are told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Listener {
    /// The node's id, 0 or more, one of its own.
    pub id: BrokerId,
    /// A name or literal address that clients can reach.
    pub host: String,
    /// Its port.
    pub port: u16,
}

/// What the broker is told by its owner. Each is answered by one [`Counters`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BrokerCommand {
    /// Says what was done so far.
    Count,
    /// Closes all connections and ends.
    Stop,
}

/// What was done since the start. All counts only grow.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counters {
    /// Connections taken.
    pub connections: u64,
    /// Requests answered, or with acks=0 carried out.
    pub requests: u64,
    /// Batches appended.
    pub batches: u64,
    /// Records appended, by the batches' headers.
    pub records: u64,
    /// Bytes of the batches appended.
    pub bytes: u64,
    /// Batches that were there already (idempotence).
    pub duplicates: u64,
    /// Batches refused with an error.
    pub refused: u64,
    /// Connections closed because of what the peer sent.
    pub offences: u64,
}

/// The cluster as one machine; a [`Server`] with one listener per node.
#[derive(Debug)]
pub struct Broker {
    cluster: Cluster,
    counters: Counters,
    /// Unix time at the origin of the machine's clock, in milliseconds.
    unix_ms_at_origin: i64,
    sessions: BTreeMap<ConnectionId, Session>,
    /// Connections with something to write; one that is closed or blocked meanwhile is left out
    /// when its turn comes.
    writers: VecDeque<ConnectionId>,
    /// When waiting fetches are answered whatever was found.
    deadlines: BTreeSet<(Instant, ConnectionId)>,
    closing: VecDeque<ConnectionId>,
    reports: VecDeque<Counters>,
    stopped: bool,
}

impl Broker {
    /// A cluster without topics. `seed` alone decides topic ids and the cluster's id.
    ///
    /// # Panics
    /// When the plan has no nodes.
    #[must_use]
    pub fn new(plan: BrokerPlan, unix_ms_at_origin: i64, seed: u64) -> Self {
        assert!(!plan.nodes.is_empty(), "a cluster has at least one node");
        Self {
            cluster: Cluster::new(plan, seed),
            counters: Counters::default(),
            unix_ms_at_origin,
            sessions: BTreeMap::new(),
            writers: VecDeque::new(),
            deadlines: BTreeSet::new(),
            closing: VecDeque::new(),
            reports: VecDeque::new(),
            stopped: false,
        }
    }

    /// What the cluster knows.
    #[must_use]
    pub const fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// What the cluster knows, to be changed between two inputs.
    pub const fn cluster_mut(&mut self) -> &mut Cluster {
        &mut self.cluster
    }

    /// What was done so far.
    #[must_use]
    pub const fn counters(&self) -> Counters {
        self.counters
    }

    /// The batches that a partition holds, oldest first, as a fetch would give them; none for an
    /// unknown partition.
    pub fn log(&self, topic: &str, partition: i32) -> impl Iterator<Item = &[u8]> {
        self.cluster.partition(topic, partition).into_iter().flat_map(|found| found.log.batches())
    }

    /// Reads `fresh` and what was held back before, as far as answers may be given.
    fn serve(&mut self, conn: ConnectionId, fresh: &[u8], now: Instant) {
        let Some(session) = self.sessions.get_mut(&conn) else {
            return;
        };
        let mut inbound = core::mem::take(&mut session.inbound);
        let served = self.serve_frames(conn, &mut inbound, fresh, now);
        let Some(session) = self.sessions.get_mut(&conn) else {
            return;
        };
        session.inbound = inbound;
        if let Err(cause) = served {
            self.counters.offences += u64::from(cause == Close::Malformed);
            session.closing = true;
        }
        if session.closing && session.outbound.unsent() == 0 {
            self.close(conn);
        } else {
            self.queue_writer(conn);
        }
    }

    /// Answers whole frames until one has to wait.
    ///
    /// # Errors
    /// When the connection can't go on.
    fn serve_frames(
        &mut self,
        conn: ConnectionId,
        inbound: &mut Inbound,
        fresh: &[u8],
        now: Instant,
    ) -> Result<(), Close> {
        let limit = self.cluster.plan().max_request_bytes;
        let mut fresh = fresh;
        loop {
            let Some(session) = self.sessions.get_mut(&conn) else {
                return Ok(());
            };
            if session.closing {
                return Ok(());
            }
            if session.holds_back() {
                inbound.hold(fresh);
                let patient = inbound.held() <= limit + HELD_BACK_BYTES;
                return if patient { Ok(()) } else { Err(Close::Malformed) };
            }
            let frame = match inbound.next(&mut fresh, limit) {
                Ok(Some(frame)) => frame,
                Ok(None) => return Ok(()),
                Err(_) => return Err(Close::Malformed),
            };
            let scene = Scene {
                cluster: &mut self.cluster,
                counters: &mut self.counters,
                node: session.node,
                conn,
                now,
                unix_ms: unix_ms(self.unix_ms_at_origin, now),
            };
            match answer::answer(scene, frame, session.outbound.tail())? {
                Done::Answered => {}
                Done::Waiting(waiting) => {
                    self.deadlines.insert((waiting.deadline, conn));
                    session.waiting = Some(waiting);
                }
            }
            self.counters.requests += 1;
        }
    }

    /// Answers fetches whose partitions got records, until no more are woken by what follows from
    /// that.
    fn settle(&mut self, now: Instant) {
        while let Some(conn) = self.cluster.woken.pop() {
            self.revisit(conn, now);
        }
    }

    /// Answers a waiting fetch if it has enough or has waited long enough, then what came behind
    /// it.
    fn revisit(&mut self, conn: ConnectionId, now: Instant) {
        let Some(session) = self.sessions.get_mut(&conn) else {
            return;
        };
        let Some(waiting) = session.waiting.take_if(|waiting| {
            waiting.deadline <= now || fetch::is_satisfied(&self.cluster, session.node, waiting)
        }) else {
            return;
        };
        fetch::stop_waiting(&mut self.cluster, conn, &waiting);
        self.deadlines.remove(&(waiting.deadline, conn));
        fetch::answer_waiting(&self.cluster, session.node, &waiting, session.outbound.tail());
        self.serve(conn, &[], now);
    }

    /// Puts a connection that has something to write in the queue, once.
    fn queue_writer(&mut self, conn: ConnectionId) {
        if let Some(session) = self.sessions.get_mut(&conn)
            && session.outbound.unsent() > 0
            && !session.blocked
            && !session.queued
        {
            session.queued = true;
            self.writers.push_back(conn);
        }
    }

    fn forget(&mut self, conn: ConnectionId) -> bool {
        let Some(session) = self.sessions.remove(&conn) else {
            return false;
        };
        if let Some(waiting) = session.waiting {
            fetch::stop_waiting(&mut self.cluster, conn, &waiting);
            self.deadlines.remove(&(waiting.deadline, conn));
        }
        true
    }

    fn close(&mut self, conn: ConnectionId) {
        if self.forget(conn) {
            self.closing.push_back(conn);
        }
    }
}

impl Machine for Broker {
    type Job = NoJob;
    type Command = BrokerCommand;
    type Report = Counters;

    fn command(&mut self, command: BrokerCommand, _: Instant) {
        self.reports.push_back(self.counters);
        if command == BrokerCommand::Stop {
            while let Some((&conn, _)) = self.sessions.first_key_value() {
                self.close(conn);
            }
            self.stopped = true;
        }
    }

    /// Never asked for.
    fn handle_resolved(&mut self, _: &str, _: Result<&[SocketAddr], CloseCause>, _: Instant) {}

    /// Never asked for: peers connect here, not the other way round.
    fn handle_connected(&mut self, _: ConnectionId, _: Instant) {}

    fn handle_read(&mut self, conn: ConnectionId, bytes: &[u8], now: Instant) {
        self.serve(conn, bytes, now);
        self.settle(now);
    }

    fn handle_written(&mut self, conn: ConnectionId, len: usize, now: Instant) {
        let Some(session) = self.sessions.get_mut(&conn) else {
            return;
        };
        let held_back = session.holds_back();
        session.blocked = len < session.offered;
        session.outbound.advance(len);
        if session.closing && session.outbound.unsent() == 0 {
            self.close(conn);
        } else if held_back && !session.holds_back() {
            self.serve(conn, &[], now);
            self.settle(now);
        }
    }

    fn handle_writable(&mut self, conn: ConnectionId, _: Instant) {
        if let Some(session) = self.sessions.get_mut(&conn) {
            session.blocked = false;
            self.queue_writer(conn);
        }
    }

    fn handle_closed(&mut self, conn: ConnectionId, _: CloseCause, _: Instant) {
        self.forget(conn);
    }

    fn handle_sealed(&mut self, job: NoJob, _: u64, _: Instant) {
        match job {}
    }

    fn handle_timeout(&mut self, now: Instant) {
        while let Some(&(deadline, conn)) = self.deadlines.first() {
            if deadline > now {
                break;
            }
            self.revisit(conn, now);
        }
        self.settle(now);
    }

    fn poll_action(&mut self) -> Option<Action<NoJob>> {
        self.closing.pop_front().map(|conn| Action::Close { conn })
    }

    fn poll_write(&mut self, _: Instant) -> Option<Outbound<'_>> {
        while let Some(&conn) = self.writers.front() {
            match self.sessions.get_mut(&conn) {
                Some(session) if !session.blocked && session.outbound.unsent() > 0 => break,
                Some(session) => session.queued = false,
                None => {}
            }
            self.writers.pop_front();
        }
        let conn = *self.writers.front()?;
        let mut slices = Slices::new();
        let session = self.sessions.get_mut(&conn)?;
        session.offered = session.outbound.unsent();
        slices.push(session.outbound.pending());
        Some(Outbound { conn, slices })
    }

    fn poll_report(&mut self) -> Option<Counters> {
        self.reports.pop_front()
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.deadlines.first().map(|&(deadline, _)| deadline)
    }

    fn is_done(&self) -> bool {
        self.stopped && self.closing.is_empty() && self.reports.is_empty()
    }
}

impl Server for Broker {
    fn handle_accepted(&mut self, conn: ConnectionId, listener: ListenerIndex, _: Instant) {
        let node =
            usize::try_from(listener.0).ok().filter(|&node| node < self.cluster.nodes().len());
        match node {
            Some(node) if !self.stopped => {
                self.counters.connections += 1;
                self.sessions.insert(conn, Session::new(node));
            }
            _ => self.closing.push_back(conn),
        }
    }
}

/// The time of day at `now`, in milliseconds since the Unix epoch.
fn unix_ms(at_origin: i64, now: Instant) -> i64 {
    at_origin.saturating_add(i64::try_from(now.as_nanos() / 1_000_000).unwrap_or(i64::MAX))
}

/// What a peer may send behind a request that waits, in bytes past one largest frame.
const HELD_BACK_BYTES: usize = 4 * 1024 * 1024;
