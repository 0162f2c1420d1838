//! The broker by its bytes: requests made with the wire room's client side, answers read with it.

mod admin;
mod fetch;
mod machine;
mod oracle;
mod produce;

use core::time::Duration;
use std::collections::BTreeMap;

use super::*;
use crate::base::RecordView;
use crate::kafka::wire::create_topics::{CreatableTopic, CreateTopicsRequest};
use crate::kafka::wire::produce::{
    Layout, PartitionEntry, PartitionProduceResponse, ProduceHead, ProduceResponse, TopicEntry,
    layout,
};
use crate::kafka::wire::record_batch::{BatchHeader, append_record};
use crate::kafka::wire::{
    ApiKey, ErrorCode, Message, Reader, RequestHeader, Uuid, decode_response_header, frame,
};

/// The broker's clock at its origin.
const UNIX_MS: i64 = 1_700_000_000_000;

/// A broker, driven as a shell would, with what it wrote to each connection.
struct Lab {
    broker: Broker,
    now: Instant,
    next_conn: u64,
    correlation: i32,
    written: BTreeMap<ConnectionId, Vec<u8>>,
    closed: Vec<ConnectionId>,
    /// Bytes that a stream takes in one write; fewer than offered blocks it.
    appetite: usize,
}

impl Lab {
    fn new() -> Self {
        Self::with(BrokerPlan { partitions: 3, ..BrokerPlan::three("localhost") })
    }

    fn with(plan: BrokerPlan) -> Self {
        Self {
            broker: Broker::new(plan, UNIX_MS, 42),
            now: Instant::from_nanos(5),
            next_conn: 0,
            correlation: 0,
            written: BTreeMap::new(),
            closed: Vec::new(),
            appetite: usize::MAX,
        }
    }

    /// With topic `t`: three partitions whose leaders are nodes 1, 2, 3.
    fn with_topic() -> Self {
        let mut lab = Self::new();
        let conn = lab.connect(0);
        lab.create(conn, CreatableTopic { name: "t".to_owned(), ..Default::default() });
        lab
    }

    fn connect(&mut self, listener: u32) -> ConnectionId {
        let conn = ConnectionId(self.next_conn);
        self.next_conn += 1;
        self.broker.handle_accepted(conn, ListenerIndex(listener), self.now);
        self.pump();
        conn
    }

    fn create(&mut self, conn: ConnectionId, topic: CreatableTopic) -> ErrorCode {
        let request = CreateTopicsRequest { topics: vec![topic], ..Default::default() };
        let response: crate::kafka::wire::create_topics::CreateTopicsResponse =
            self.call(conn, 7, &request);
        response.topics[0].error_code
    }

    fn topic_id(&self) -> Uuid {
        self.broker.cluster().topic("t").unwrap().id()
    }

    fn receive(&mut self, conn: ConnectionId, bytes: &[u8]) {
        self.broker.handle_read(conn, bytes, self.now);
        self.pump();
    }

    /// Lets time pass; a deadline on the way is kept.
    fn pass(&mut self, span: Duration) {
        self.now += span;
        if self.broker.poll_timeout().is_some_and(|deadline| deadline <= self.now) {
            self.broker.handle_timeout(self.now);
        }
        self.pump();
    }

    fn pump(&mut self) {
        while let Some(action) = self.broker.poll_action() {
            match action {
                Action::Close { conn } => self.closed.push(conn),
                other => panic!("a broker only closes: {other:?}"),
            }
        }
        while let Some(outbound) = self.broker.poll_write(self.now) {
            let parts: Vec<&[u8]> = outbound.slices.as_io().iter().map(|part| &part[..]).collect();
            let (conn, bytes) = (outbound.conn, parts.concat());
            assert!(!bytes.is_empty() && !self.closed.contains(&conn));
            let taken = bytes.len().min(self.appetite);
            self.written.entry(conn).or_default().extend_from_slice(&bytes[..taken]);
            self.broker.handle_written(conn, taken, self.now);
        }
        while let Some(Action::Close { conn }) = self.broker.poll_action() {
            self.closed.push(conn);
        }
    }

    /// The next answer on a connection, without its length.
    fn answer(&mut self, conn: ConnectionId) -> Option<Vec<u8>> {
        let written = self.written.entry(conn).or_default();
        let (frame, used) = frame::split(written, u32::MAX).unwrap()?;
        let frame = frame.to_vec();
        written.drain(..used);
        Some(frame)
    }

    fn request<M: Message>(&mut self, version: i16, message: &M) -> Vec<u8> {
        self.correlation += 1;
        let header = self.header(M::API, version);
        let mut bytes = Vec::new();
        frame::encode_request(&header, message, &mut bytes);
        bytes
    }

    fn header(&self, api: ApiKey, version: i16) -> RequestHeader {
        let client_id = Some("lab".to_owned());
        RequestHeader { api, version, correlation: self.correlation, client_id }
    }

    fn call<M: Message, R: Message>(&mut self, conn: ConnectionId, version: i16, message: &M) -> R {
        let bytes = self.request(version, message);
        self.receive(conn, &bytes);
        self.response(conn, version).expect("an answer")
    }

    /// The next answer, decoded to its last byte.
    fn response<R: Message>(&mut self, conn: ConnectionId, version: i16) -> Option<R> {
        let frame = self.answer(conn)?;
        let mut r = Reader::new(&frame);
        decode_response_header(&mut r, R::API, version).unwrap();
        let response = R::decode(&mut r, version).unwrap();
        r.finish().unwrap();
        Some(response)
    }

    /// A whole Produce request's bytes for one batch of topic `t`.
    fn produce_frame(&mut self, version: i16, acks: i16, index: i32, batch: &[u8]) -> Vec<u8> {
        self.correlation += 1;
        let id = self.broker.cluster().topic("t").map_or(Uuid::ZERO, Topic::id);
        let partitions = [PartitionEntry { index, batch_len: u32::try_from(batch.len()).unwrap() }];
        let topic = TopicEntry { name: "t", id, partitions: &partitions };
        let head = ProduceHead { transactional_id: None, acks, timeout_ms: 1_000 };
        let mut made = Layout::default();
        layout(&mut made, &self.header(ApiKey::Produce, version), &head, [topic].into_iter());
        [made.piece(0), batch, made.piece(1)].concat()
    }

    /// Produces one batch to topic `t`; `None` when nothing is answered.
    fn produce(
        &mut self,
        conn: ConnectionId,
        (version, acks): (i16, i16),
        index: i32,
        batch: &[u8],
    ) -> Option<(PartitionProduceResponse, ProduceResponse)> {
        let bytes = self.produce_frame(version, acks, index, batch);
        self.receive(conn, &bytes);
        let response: ProduceResponse = self.response(conn, version)?;
        Some((response.topics[0].partitions[0].clone(), response))
    }

    /// Produces with acks=all in the newest version; error and base offset.
    fn append(&mut self, conn: ConnectionId, index: i32, batch: &[u8]) -> (ErrorCode, i64) {
        let (one, _) = self.produce(conn, (13, -1), index, batch).expect("an answer");
        (one.error_code, one.base_offset)
    }
}

/// A header for `values` of no producer.
fn plain_header(values: &[&str]) -> BatchHeader {
    let count = i32::try_from(values.len()).unwrap();
    BatchHeader {
        base_offset: 0,
        partition_leader_epoch: -1,
        attributes: 0,
        last_offset_delta: count - 1,
        base_timestamp: UNIX_MS,
        max_timestamp: UNIX_MS + i64::from(count) - 1,
        producer_id: -1,
        producer_epoch: -1,
        base_sequence: -1,
        record_count: count,
    }
}

/// A batch whose records are a millisecond apart, after `change` to its header.
fn batch_with(values: &[&str], change: impl FnOnce(&mut BatchHeader)) -> Vec<u8> {
    let mut header = plain_header(values);
    change(&mut header);
    let mut body = Vec::new();
    for (delta, value) in (0..).zip(values) {
        let record = RecordView {
            partition: None,
            key: None,
            value: Some(value.as_bytes()),
            headers: &[],
            timestamp_ms: UNIX_MS,
        };
        append_record(&mut body, delta, i64::from(delta), &record);
    }
    [&header.write(&body)[..], &body].concat()
}

fn batch(values: &[&str]) -> Vec<u8> {
    batch_with(values, |_| {})
}

/// A batch of an idempotent producer at epoch 0.
fn sequenced(id: i64, base_sequence: i32, values: &[&str]) -> Vec<u8> {
    batch_with(values, |header| {
        header.producer_id = id;
        header.producer_epoch = 0;
        header.base_sequence = base_sequence;
    })
}
