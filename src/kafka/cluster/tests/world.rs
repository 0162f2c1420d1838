//! Hosts with a script each, a name service, and a driver that counts.

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::BTreeMap;

use crate::base::{
    Action, BrokerId, CloseCause, ConnectionId, Instant, NoJob, PartitionSlot, Slices, TopicSlot,
};
use crate::kafka::cluster::scripted::{self, brokers, frame};
use crate::kafka::cluster::{Cluster, NetworkConfig, NodeEvent};
use crate::kafka::config::{HostPort, ProducerConfig};
use crate::kafka::connection::Request;
use crate::kafka::wire::frame::encode_request;
use crate::kafka::wire::init_producer_id::{InitProducerIdRequest, InitProducerIdResponse};
use crate::kafka::wire::metadata::{MetadataRequest, MetadataResponse, MetadataResponseTopic};
use crate::kafka::wire::{ApiKey, ErrorCode, Message, Reader, RequestHeader};

pub(super) const fn at(ms: u64) -> Instant {
    Instant::from_nanos(ms * 1_000_000)
}

/// What a host does with who connects.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Host {
    Refuses,
    /// Neither refuses nor accepts.
    Swallows,
    /// Accepts and never answers.
    Silent,
    /// A web server.
    Http,
    /// A broker.
    Kafka,
    /// A broker that answers the handshake and nothing else.
    Stopped,
}

/// The owner's request.
#[derive(Debug, Default)]
pub(super) struct Probe {
    pub(super) name: u32,
    frame: Vec<u8>,
}

impl Probe {
    pub(super) fn new(name: u32) -> Self {
        Self { name, frame: Vec::new() }
    }
}

impl Request for Probe {
    fn api(&self) -> ApiKey {
        ApiKey::InitProducerId
    }

    fn expects_response(&self) -> bool {
        true
    }

    fn prepare(&mut self, header: &RequestHeader) {
        self.frame.clear();
        encode_request(header, &InitProducerIdRequest::default(), &mut self.frame);
    }

    fn len(&self) -> usize {
        self.frame.len()
    }

    fn gather<'a>(&'a self, skip: usize, slices: &mut Slices<'a>) {
        slices.push(&self.frame[skip..]);
    }
}

/// A metadata request that a host got.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) port: u16,
    pub(super) at: Instant,
    pub(super) topics: Vec<String>,
    pub(super) creates: bool,
}

pub(super) struct World {
    pub(super) cluster: Cluster<Probe>,
    pub(super) now: Instant,
    /// By port; a port without a script refuses.
    pub(super) hosts: BTreeMap<u16, Host>,
    /// Names to addresses without ports; a name that isn't there is 127.0.0.1.
    pub(super) names: BTreeMap<&'static str, Vec<&'static str>>,
    /// Addresses that refuse whatever the port's script says.
    pub(super) dead_addresses: Vec<&'static str>,
    pub(super) answer: MetadataResponse,
    /// The highest versions that brokers offer, where they aren't ours.
    pub(super) offers: BTreeMap<ApiKey, Option<i16>>,
    streams: BTreeMap<ConnectionId, SocketAddr>,
    /// Every attempt to connect.
    pub(super) attempts: Vec<(u16, Instant)>,
    pub(super) asked: Vec<Asked>,
    pub(super) events: Vec<NodeEvent<Probe>>,
}

impl World {
    /// Bootstrap servers `boot:PORT`, all of them brokers, of a cluster whose broker 1 is at port
    /// 101 and broker 2 at port 102.
    pub(super) fn new(ports: &[u16]) -> Self {
        Self::with(ports, |_| {})
    }

    pub(super) fn with(ports: &[u16], change: impl FnOnce(&mut ProducerConfig)) -> Self {
        let entry = |port: &u16| HostPort { host: "boot".to_owned(), port: *port };
        let servers = ports.iter().map(entry).collect();
        let mut config = ProducerConfig::java_defaults(servers, "client".to_owned());
        change(&mut config);
        let cluster = Cluster::new(&NetworkConfig::from(&config), true, 7, at(0));
        let hosts = ports.iter().chain(&[101, 102]).map(|port| (*port, Host::Kafka)).collect();
        Self {
            cluster,
            now: at(0),
            hosts,
            names: BTreeMap::new(),
            dead_addresses: Vec::new(),
            answer: brokers(&[1, 2]),
            offers: BTreeMap::new(),
            streams: BTreeMap::new(),
            attempts: Vec::new(),
            asked: Vec::new(),
            events: Vec::new(),
        }
    }

    /// Lets everything happen that needs no time.
    pub(super) fn settle(&mut self) {
        loop {
            let mut idle = true;
            while let Some(action) = self.cluster.poll_action::<NoJob>() {
                idle = false;
                self.act(action);
            }
            while let Some(outbound) = self.cluster.poll_write() {
                idle = false;
                let conn = outbound.conn;
                let parts = outbound.slices.as_io();
                let bytes: Vec<u8> = parts.iter().flat_map(|part| part.to_vec()).collect();
                self.cluster.handle_written(conn, bytes.len(), self.now);
                self.serve(conn, &bytes);
            }
            while let Some(event) = self.cluster.poll_event() {
                self.events.push(event);
            }
            if idle {
                return;
            }
        }
    }

    /// Lets time pass, deadline by deadline.
    pub(super) fn until(&mut self, ms: u64) {
        self.settle();
        for step in 0.. {
            assert!(step < 100_000, "the deadline never moves on");
            match self.cluster.poll_timeout() {
                Some(next) if next <= at(ms) => {
                    self.now = self.now.max(next);
                    self.cluster.handle_timeout(self.now);
                    self.settle();
                }
                _ => break,
            }
        }
        self.now = at(ms);
    }

    fn act(&mut self, action: Action<NoJob>) {
        match action {
            Action::Resolve { host, port } => {
                let literals = self.names.get(host.as_str()).cloned();
                let literals = literals.unwrap_or_else(|| vec!["127.0.0.1"]);
                let found: Vec<SocketAddr> =
                    literals.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), port)).collect();
                let found = match found.is_empty() {
                    true => Err(CloseCause::NotFound("no such host".to_owned())),
                    false => Ok(&found[..]),
                };
                self.cluster.handle_resolved(&host, found, self.now);
            }
            Action::Connect { conn, addr, .. } => {
                assert!(!self.streams.contains_key(&conn), "ids are never used twice");
                self.attempts.push((addr.port(), self.now));
                let dead = self.dead_addresses.contains(&addr.ip().to_string().as_str());
                match self.hosts.get(&addr.port()) {
                    None | Some(Host::Refuses) => self.refuse(conn),
                    Some(_) if dead => self.refuse(conn),
                    Some(Host::Swallows) => {}
                    Some(_) => {
                        self.streams.insert(conn, addr);
                        self.cluster.handle_connected(conn, self.now);
                    }
                }
            }
            Action::Close { conn } => {
                self.streams.remove(&conn);
            }
            Action::Seal(never) => match never {},
        }
    }

    fn refuse(&mut self, conn: ConnectionId) {
        self.cluster.handle_closed(conn, CloseCause::Refused, self.now);
    }

    /// Breaks every stream to a port, and does with later attempts as told.
    pub(super) fn fell(&mut self, port: u16, then: Host) {
        self.hosts.insert(port, then);
        let open: Vec<ConnectionId> =
            self.streams.iter().filter(|(_, addr)| addr.port() == port).map(|(c, _)| *c).collect();
        for conn in open {
            self.streams.remove(&conn);
            self.cluster.handle_closed(conn, CloseCause::Reset, self.now);
        }
        self.settle();
    }

    /// Ports with an open stream.
    pub(super) fn connected_ports(&self) -> Vec<u16> {
        let mut ports: Vec<u16> = self.streams.values().map(SocketAddr::port).collect();
        ports.sort_unstable();
        ports
    }

    /// A host gets a request; requests come whole, since the driver takes all it is offered.
    fn serve(&mut self, conn: ConnectionId, bytes: &[u8]) {
        let Some(addr) = self.streams.get(&conn).copied() else { return };
        let host = self.hosts.get(&addr.port()).copied().unwrap_or(Host::Refuses);
        let mut reader = Reader::new(&bytes[4..]);
        let header = RequestHeader::decode(&mut reader).unwrap();
        let answer = match (host, header.api) {
            (Host::Http, _) => b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
            (Host::Kafka | Host::Stopped, ApiKey::ApiVersions) => {
                frame(&header, &scripted::versions(&self.offers))
            }
            (Host::Kafka, ApiKey::Metadata) => self.metadata(&header, &mut reader, addr.port()),
            (Host::Kafka, ApiKey::InitProducerId) => {
                frame(&header, &InitProducerIdResponse::default())
            }
            _ => return,
        };
        self.cluster.handle_read(conn, &answer, self.now);
    }

    fn metadata(&mut self, header: &RequestHeader, reader: &mut Reader<'_>, port: u16) -> Vec<u8> {
        let request = MetadataRequest::decode(reader, header.version).unwrap();
        let names = request.topics.unwrap().into_iter().map(|topic| topic.name.unwrap());
        let topics: Vec<String> = names.collect();
        let mut answer = self.answer.clone();
        answer.topics = topics.iter().map(|name| self.topic_answer(name)).collect();
        let creates = request.allow_auto_topic_creation;
        self.asked.push(Asked { port, at: self.now, topics, creates });
        frame(header, &answer)
    }

    fn topic_answer(&self, name: &str) -> MetadataResponseTopic {
        let found = self.answer.topics.iter().find(|topic| topic.name.as_deref() == Some(name));
        found.cloned().unwrap_or_else(|| MetadataResponseTopic {
            error_code: ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
            name: Some(name.to_owned()),
            ..MetadataResponseTopic::default()
        })
    }

    /// Sets what metadata says of topic `t`: leader and epoch of each partition.
    pub(super) fn set_topic(&mut self, id: u8, partitions: &[(i32, i32)]) {
        self.answer.topics = vec![scripted::topic(id, partitions)];
    }

    /// Asks for a refresh and lets it happen.
    pub(super) fn refresh(&mut self) {
        self.cluster.request_update(self.now);
        let now = self.now.as_nanos() / 1_000_000;
        self.until(now + 3_000);
    }

    /// Leader and epoch of every partition of a topic.
    pub(super) fn leaders(&self, topic: TopicSlot) -> Vec<(i32, i32)> {
        let slots = self.cluster.topic(topic).partitions();
        let leader = |slot: &PartitionSlot| {
            let partition = self.cluster.partition(*slot);
            (partition.leader.map_or(-1, |id| id.0), partition.leader_epoch)
        };
        slots.iter().map(leader).collect()
    }

    /// Connects to a broker until it is ready.
    pub(super) fn make_ready(&mut self, node: i32) {
        let node = BrokerId(node);
        for _ in 0..50 {
            if self.cluster.ready(node, self.now) {
                return;
            }
            let now = self.now.as_nanos() / 1_000_000;
            self.until(now + 100);
        }
        panic!("broker {node} never got ready: {:?}", self.cluster.problems());
    }
}

/// The gaps between instants, in milliseconds.
pub(super) fn gaps(instants: impl Iterator<Item = Instant>) -> Vec<u128> {
    let instants: Vec<Instant> = instants.collect();
    instants.windows(2).map(|pair| pair[1].since(pair[0]).as_millis()).collect()
}

pub(super) const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}
