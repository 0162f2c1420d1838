//! Brokers that answer connections, metadata and producer ids by themselves and keep Produce
//! requests until the test answers them, in plain-number time.

use core::net::SocketAddr;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::base::{
    Action, BrokerId, CloseCause, ConnectionId, Instant, Job, Machine, RecordView, TopicSlot,
};
use crate::kafka::accumulator::Stamp;
use crate::kafka::cluster::scripted::{self, brokers, frame};
use crate::kafka::config::{HostPort, ProducerConfig};
use crate::kafka::producer::{Delivery, Outcome, Producer, ProducerEvent, Sent};
use crate::kafka::wire::init_producer_id::InitProducerIdResponse;
use crate::kafka::wire::metadata::{MetadataRequest, MetadataResponse};
use crate::kafka::wire::produce::{
    PartitionProduceResponse, ProduceRequest, ProduceResponse, TopicProduceResponse,
};
use crate::kafka::wire::record_batch::{self, BatchHeader};
use crate::kafka::wire::{ApiKey, ErrorCode, Message, Reader, RequestHeader, Uuid};

pub(super) const fn at(ms: u64) -> Instant {
    Instant::from_nanos(ms * 1_000_000)
}

/// A batch as a broker read it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Arrived {
    pub(super) partition: i32,
    pub(super) header: BatchHeader,
    /// First byte of every record's value.
    pub(super) marks: Vec<u8>,
    pub(super) bytes: usize,
}

impl Arrived {
    /// Epoch, base sequence and count.
    pub(super) const fn numbers(&self) -> (i16, i32, i32) {
        (self.header.producer_epoch, self.header.base_sequence, self.header.record_count)
    }
}

/// A Produce request that waits for its answer.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) conn: ConnectionId,
    pub(super) node: i32,
    pub(super) at: Instant,
    pub(super) acks: i16,
    pub(super) topic_id: Uuid,
    pub(super) batches: Vec<Arrived>,
    header: RequestHeader,
}

/// A producer of topic `t`, and brokers 1 and 2 at ports 101 and 102.
pub(super) struct World {
    pub(super) producer: Producer,
    pub(super) topic: TopicSlot,
    pub(super) now: Instant,
    pub(super) metadata: MetadataResponse,
    /// What InitProducerId is answered with, one after the other; then id 7, epoch 0.
    pub(super) identities: VecDeque<InitProducerIdResponse>,
    /// When InitProducerId was asked for.
    pub(super) identity_asked: Vec<Instant>,
    /// When metadata was asked for, and for how many topics.
    pub(super) metadata_asked: Vec<(Instant, usize)>,
    /// The highest versions that brokers offer, where they aren't ours.
    pub(super) offers: BTreeMap<ApiKey, Option<i16>>,
    /// Ports that refuse connections.
    pub(super) down: BTreeSet<u16>,
    /// Nodes whose sockets take no bytes.
    pub(super) stuck: BTreeSet<i32>,
    /// Produce requests without an answer, oldest first.
    pub(super) asked: Vec<Asked>,
    pub(super) deliveries: Vec<Delivery>,
    pub(super) events: Vec<ProducerEvent>,
    streams: BTreeMap<ConnectionId, u16>,
    blocked: BTreeSet<ConnectionId>,
}

impl World {
    /// Topic `t` with `partitions` partitions, all led by broker 1 in epoch 5; connected, and for
    /// an idempotent producer identified.
    pub(super) fn new(partitions: usize, tune: impl FnOnce(&mut ProducerConfig)) -> Self {
        let mut world = Self::unsettled(partitions, tune);
        for node in [1, 2].map(BrokerId) {
            for _ in 0..50 {
                world.pass(20);
                if world.producer.cluster.ready(node, world.now) {
                    break;
                }
            }
        }
        world.settle();
        world.events.clear();
        world
    }

    /// As `new`, before anything has happened.
    pub(super) fn unsettled(partitions: usize, tune: impl FnOnce(&mut ProducerConfig)) -> Self {
        let server = HostPort { host: "boot".to_owned(), port: 101 };
        let mut config = ProducerConfig::java_defaults(vec![server], "client".to_owned());
        config.linger = core::time::Duration::ZERO;
        tune(&mut config);
        let mut producer = Producer::new(config, 7, at(1_000));
        let topic = producer.add_topic("t", at(1_000));
        let mut world = Self {
            producer,
            topic,
            now: at(1_000),
            metadata: brokers(&[1, 2]),
            identities: VecDeque::new(),
            identity_asked: Vec::new(),
            metadata_asked: Vec::new(),
            offers: BTreeMap::new(),
            down: BTreeSet::new(),
            stuck: BTreeSet::new(),
            asked: Vec::new(),
            deliveries: Vec::new(),
            events: Vec::new(),
            streams: BTreeMap::new(),
            blocked: BTreeSet::new(),
        };
        world.set_topic(1, &vec![(1, 5); partitions]);
        world
    }

    /// What metadata says of `t` from now on: its id, and leader and epoch of each partition.
    pub(super) fn set_topic(&mut self, id: u8, partitions: &[(i32, i32)]) {
        self.metadata.topics = vec![scripted::topic(id, partitions)];
    }

    /// Hands a record over whose value is ten times `mark`.
    pub(super) fn send(&mut self, partition: u32, mark: u8) -> Sent {
        self.send_sized(partition, mark, 10)
    }

    pub(super) fn send_sized(&mut self, partition: u32, mark: u8, size: usize) -> Sent {
        let value = vec![mark; size];
        let record = RecordView {
            partition: Some(partition),
            key: None,
            value: Some(&value),
            headers: &[],
            timestamp_ms: 1_000,
        };
        self.producer.send(self.topic, &record, &Stamp::at(self.now), self.now)
    }

    /// Hands records over that make one batch a mark, and lets them leave.
    pub(super) fn send_batches(&mut self, partition: u32, marks: &[u8]) {
        for &mark in marks {
            assert!(matches!(self.send(partition, mark), Sent::Appended { .. }));
            self.settle();
        }
    }

    /// Hands records over that make one batch together, and lets it leave.
    pub(super) fn send_one_batch(&mut self, partition: u32, marks: &[u8]) {
        for &mark in marks {
            assert!(matches!(self.send(partition, mark), Sent::Appended { .. }));
        }
        self.settle();
    }

    /// Lets everything happen that needs no time.
    pub(super) fn settle(&mut self) {
        for _ in 0..10_000 {
            let mut idle = true;
            while let Some(action) = self.producer.poll_action() {
                idle = false;
                self.act(action);
            }
            while self.write() {
                idle = false;
            }
            while let Some(event) = self.producer.poll_report() {
                self.events.push(event);
            }
            while let Some(delivery) = self.producer.poll_delivery() {
                self.deliveries.push(delivery);
            }
            if idle {
                return;
            }
        }
        panic!("it never settles");
    }

    fn write(&mut self) -> bool {
        let Some(outbound) = self.producer.poll_write(self.now) else { return false };
        let conn = outbound.conn;
        let bytes: Vec<u8> =
            outbound.slices.as_io().iter().flat_map(|part| part.to_vec()).collect();
        let port = self.streams.get(&conn).copied().unwrap_or(0);
        if self.stuck.contains(&(i32::from(port) - 100)) {
            self.blocked.insert(conn);
            self.producer.handle_written(conn, 0, self.now);
            return true;
        }
        self.producer.handle_written(conn, bytes.len(), self.now);
        self.serve(conn, &bytes);
        true
    }

    /// Lets the sockets of a node take bytes again.
    pub(super) fn unstick(&mut self, node: i32) {
        self.stuck.remove(&node);
        for conn in core::mem::take(&mut self.blocked) {
            self.producer.handle_writable(conn, self.now);
        }
        self.settle();
    }

    /// Lets time pass up to `ms`, deadline by deadline.
    pub(super) fn until(&mut self, ms: u64) {
        self.until_instant(at(ms));
    }

    pub(super) fn until_instant(&mut self, end: Instant) {
        self.settle();
        for step in 0.. {
            assert!(step < 100_000, "the deadline never moves on");
            match self.producer.poll_timeout() {
                Some(next) if next <= end => {
                    self.now = self.now.max(next);
                    self.producer.handle_timeout(self.now);
                    self.settle();
                }
                _ => break,
            }
        }
        self.now = end;
    }

    /// Lets this many milliseconds pass.
    pub(super) fn pass(&mut self, ms: u64) {
        self.until_instant(self.now + core::time::Duration::from_millis(ms));
    }

    fn act(&mut self, action: Action<crate::kafka::accumulator::SealJob>) {
        match action {
            Action::Resolve { host, port } => {
                let found = [SocketAddr::from(([127, 0, 0, 1], port))];
                self.producer.handle_resolved(&host, Ok(&found), self.now);
            }
            Action::Connect { conn, addr, .. } if self.down.contains(&addr.port()) => {
                self.producer.handle_closed(conn, CloseCause::Refused, self.now);
            }
            Action::Connect { conn, addr, .. } => {
                self.streams.insert(conn, addr.port());
                self.producer.handle_connected(conn, self.now);
            }
            Action::Close { conn } => {
                self.streams.remove(&conn);
                self.asked.retain(|asked| asked.conn != conn);
            }
            Action::Seal(mut job) => {
                job.run();
                self.producer.handle_sealed(job, 0, self.now);
            }
        }
    }

    /// A broker gets a request; requests come whole, since sockets take all or nothing.
    fn serve(&mut self, conn: ConnectionId, bytes: &[u8]) {
        let Some(port) = self.streams.get(&conn).copied() else { return };
        let mut reader = Reader::new(&bytes[4..]);
        let header = RequestHeader::decode(&mut reader).unwrap();
        let answer = match header.api {
            ApiKey::ApiVersions => frame(&header, &scripted::versions(&self.offers)),
            ApiKey::Metadata => self.describe(&header, &mut reader),
            ApiKey::InitProducerId => {
                self.identity_asked.push(self.now);
                let answer = self.identities.pop_front().unwrap_or_else(|| identity(7));
                frame(&header, &answer)
            }
            ApiKey::Produce => return self.keep(conn, i32::from(port) - 100, header, reader),
            other => panic!("{other:?}"),
        };
        self.producer.handle_read(conn, &answer, self.now);
    }

    fn keep(&mut self, conn: ConnectionId, node: i32, header: RequestHeader, mut r: Reader<'_>) {
        let request = ProduceRequest::decode(&mut r, header.version).unwrap();
        let topic = &request.topics[0];
        let arrived = |partition: &crate::kafka::wire::produce::ProducePartition<'_>| {
            let (batch, rest) = record_batch::Batch::parse(partition.records.unwrap()).unwrap();
            assert!(batch.crc_ok() && rest.is_empty());
            let plain = batch.header.attributes & record_batch::attributes::CODEC == 0;
            let mark = |record: Result<record_batch::Record<'_>, _>| {
                record.unwrap().value.and_then(|value| value.first().copied()).unwrap_or(0)
            };
            let marks = if plain { batch.records().map(mark).collect() } else { Vec::new() };
            Arrived {
                partition: partition.index,
                header: batch.header,
                marks,
                bytes: batch.bytes.len(),
            }
        };
        self.asked.push(Asked {
            conn,
            node,
            at: self.now,
            acks: request.acks,
            topic_id: topic.topic_id,
            batches: topic.partitions.iter().map(arrived).collect(),
            header,
        });
    }

    fn describe(&mut self, header: &RequestHeader, reader: &mut Reader<'_>) -> Vec<u8> {
        let request = MetadataRequest::decode(reader, header.version).unwrap();
        let wanted = request.topics.unwrap();
        self.metadata_asked.push((self.now, wanted.len()));
        let mut answer = self.metadata.clone();
        if wanted.is_empty() {
            answer.topics.clear();
        }
        frame(header, &answer)
    }

    /// Answers the oldest Produce request.
    pub(super) fn answer(&mut self, partitions: &[PartitionProduceResponse]) {
        self.answer_at(0, partitions, |_| {});
    }

    /// Answers the `at`-th Produce request, after `tune` had its say.
    pub(super) fn answer_at(
        &mut self,
        at: usize,
        partitions: &[PartitionProduceResponse],
        tune: impl FnOnce(&mut ProduceResponse),
    ) {
        let asked = self.asked.remove(at);
        let topic = TopicProduceResponse {
            name: "t".to_owned(),
            topic_id: asked.topic_id,
            partitions: partitions.to_vec(),
        };
        let mut response = ProduceResponse { topics: vec![topic], ..ProduceResponse::default() };
        tune(&mut response);
        let bytes = frame(&asked.header, &response);
        self.producer.handle_read(asked.conn, &bytes, self.now);
        self.settle();
    }

    /// Breaks every connection to a node.
    pub(super) fn break_node(&mut self, node: i32) {
        let port = u16::try_from(100 + node).unwrap();
        let open: Vec<ConnectionId> =
            self.streams.iter().filter(|(_, to)| **to == port).map(|(conn, _)| *conn).collect();
        for conn in open {
            self.streams.remove(&conn);
            self.asked.retain(|asked| asked.conn != conn);
            self.producer.handle_closed(conn, CloseCause::Reset, self.now);
        }
        self.settle();
    }

    /// Numbers (epoch, base, count) of every batch that waits for its answer.
    pub(super) fn numbers(&self) -> Vec<(i16, i32, i32)> {
        self.asked.iter().flat_map(|asked| &asked.batches).map(Arrived::numbers).collect()
    }

    /// First bytes of every record that waits for its answer.
    pub(super) fn marks(&self) -> Vec<u8> {
        let batches = self.asked.iter().flat_map(|asked| &asked.batches);
        batches.flat_map(|batch| batch.marks.iter().copied()).collect()
    }

    /// What became of the batches that ended, oldest end first, in a word each.
    pub(super) fn outcomes(&self) -> Vec<String> {
        self.deliveries.iter().map(|delivery| word(&delivery.outcome)).collect()
    }

    /// Asserts that nothing is held any more.
    pub(super) fn assert_empty(&self) {
        assert_eq!(self.producer.incomplete(), 0);
        assert_eq!(self.producer.accumulator().live(), 0);
        assert_eq!(self.producer.accumulator().memory().used(), 0);
    }
}

fn word(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Acked { base_offset } => format!("acked {base_offset}"),
        Outcome::Duplicate => "duplicate".to_owned(),
        Outcome::Written => "written".to_owned(),
        Outcome::Failed(failure) => format!("failed {}", failure.code.name()),
        Outcome::Indeterminate(failure) => format!("indeterminate {}", failure.code.name()),
    }
}

pub(super) fn acked(partition: i32, base_offset: i64) -> PartitionProduceResponse {
    PartitionProduceResponse { index: partition, base_offset, ..Default::default() }
}

pub(super) fn refused(partition: i32, error_code: ErrorCode) -> PartitionProduceResponse {
    PartitionProduceResponse { index: partition, error_code, ..Default::default() }
}

pub(super) fn identity(producer_id: i64) -> InitProducerIdResponse {
    InitProducerIdResponse { producer_id, producer_epoch: 0, ..Default::default() }
}

pub(super) fn no_identity(error_code: ErrorCode) -> InitProducerIdResponse {
    InitProducerIdResponse { error_code, producer_id: -1, ..Default::default() }
}
