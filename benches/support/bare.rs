//! A bare client: sockets to the leaders of a topic, batches of one value, no producer at all.
//!
//! What the floor programs share. It knows acks=1 of Produce 11 and Metadata 12, panics at whatever
//! it doesn't expect, and retries nothing.

#![allow(dead_code, reason = "each floor program uses its own part of this module")]

use std::io::{ErrorKind, IoSlice, Read, Write};
use std::net::TcpStream;

use kprod_bench::base::RecordView;
use kprod_bench::kafka::wire::metadata::{MetadataRequest, MetadataRequestTopic, MetadataResponse};
use kprod_bench::kafka::wire::produce::{
    Layout, PartitionEntry, ProduceHead, ProduceResponse, TopicEntry, layout,
};
use kprod_bench::kafka::wire::record_batch::{self, BatchHeader, HEADER_LEN, SLACK};
use kprod_bench::kafka::wire::{
    ApiKey, ErrorCode, Message, Reader, RequestHeader, Uuid, decode_response_header, frame,
};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::time::ClockId;

/// Seconds of a clock.
#[expect(clippy::cast_precision_loss, reason = "nanoseconds of some minutes fit a double")]
pub(crate) fn seconds(clock: ClockId) -> f64 {
    nanos(clock) as f64 / 1e9
}

/// Nanoseconds of a clock.
pub(crate) fn nanos(clock: ClockId) -> u64 {
    let now = rustix::time::clock_gettime(clock);
    u64::try_from(now.tv_sec * 1_000_000_000 + now.tv_nsec).expect("a clock after its origin")
}

/// A broker's socket.
pub(crate) struct Leader {
    stream: TcpStream,
    /// Requests without an answer.
    pub(crate) unanswered: u32,
    correlation: i32,
    /// Bytes of answers that aren't whole yet.
    heard: Vec<u8>,
    answer: Vec<u8>,
}

/// Every partition's index and leader.
pub(crate) struct Partitions {
    /// A partition's index, and where its leader stands in `leaders`.
    pub(crate) of: Vec<(i32, usize)>,
    /// The brokers.
    pub(crate) leaders: Vec<Leader>,
}

impl Leader {
    fn new(address: &str) -> Self {
        let stream = TcpStream::connect(address).expect("a broker listens there");
        stream.set_nodelay(true).expect("a socket option");
        let (heard, answer) = (Vec::new(), Vec::new());
        Self { stream, unanswered: 0, correlation: 0, heard, answer }
    }

    fn header(&mut self, api: ApiKey, version: i16) -> RequestHeader {
        self.correlation += 1;
        RequestHeader {
            api,
            version,
            correlation: self.correlation,
            client_id: Some("floor".to_owned()),
        }
    }

    fn read<M: Message>(&mut self, version: i16) -> M {
        let mut len = [0; 4];
        self.stream.read_exact(&mut len).expect("an answer");
        self.answer.resize(u32::from_be_bytes(len) as usize, 0);
        self.stream.read_exact(&mut self.answer).expect("a whole answer");
        let mut r = Reader::new(&self.answer);
        decode_response_header(&mut r, M::API, version).expect("a response's header");
        M::decode(&mut r, version).expect("a response")
    }

    /// Waits for an answer to a batch.
    pub(crate) fn read_ack(&mut self) {
        let answer: ProduceResponse = self.read(PRODUCE);
        self.unanswered -= 1;
        check(&answer);
    }

    /// Reads the answers that have come, and waits for none.
    pub(crate) fn read_acks(&mut self) {
        let mut piece = [0; 4_096];
        while self.unanswered > 0 {
            match self.stream.read(&mut piece) {
                Ok(0) => panic!("the broker closed the connection"),
                Ok(len) => self.heard.extend_from_slice(&piece[..len]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => panic!("no answer: {error}"),
            }
            let mut used = 0;
            while let Ok(Some((body, len))) = frame::split(&self.heard[used..], u32::MAX) {
                let mut r = Reader::new(body);
                decode_response_header(&mut r, ApiKey::Produce, PRODUCE).expect("a header");
                check(&ProduceResponse::decode(&mut r, PRODUCE).expect("a response"));
                self.unanswered -= 1;
                used += len;
            }
            self.heard.drain(..used);
        }
    }

    /// Reads answers until all have come, from a socket that doesn't block.
    pub(crate) fn wait_for_acks(&mut self) {
        while self.unanswered > 0 {
            let mut wait = [PollFd::new(&self.stream, PollFlags::IN)];
            poll(&mut wait, None).expect("a socket to wait for");
            self.read_acks();
        }
    }

    /// From here on neither reads nor writes block.
    pub(crate) fn set_nonblocking(&mut self) {
        self.stream.set_nonblocking(true).expect("a socket option");
    }

    /// Writes a batch in a request of its own; waits while the socket takes none.
    pub(crate) fn write(&mut self, topic: &str, partition: i32, batch: &Batch, glue: &mut Layout) {
        let header = batch.header.write(batch.body());
        let batch_len = u32::try_from(HEADER_LEN + batch.filled).expect("a batch");
        let partitions = [PartitionEntry { index: partition, batch_len }];
        let entry = TopicEntry { name: topic, id: Uuid::ZERO, partitions: &partitions };
        let head = ProduceHead { transactional_id: None, acks: 1, timeout_ms: 30_000 };
        let asked = self.header(ApiKey::Produce, PRODUCE);
        layout(glue, &asked, &head, std::iter::once(entry));
        let mut parts = [glue.piece(0), &header, batch.body(), glue.piece(1)].map(IoSlice::new);
        let mut left = &mut parts[..];
        while !left.is_empty() {
            match self.stream.write_vectored(left) {
                Ok(written) => IoSlice::advance_slices(&mut left, written),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    let mut wait = [PollFd::new(&self.stream, PollFlags::OUT)];
                    poll(&mut wait, None).expect("a socket to wait for");
                }
                Err(error) => panic!("the broker takes no bytes: {error}"),
            }
        }
        self.unanswered += 1;
    }
}

fn check(answer: &ProduceResponse) {
    let mut codes = answer.topics.iter().flat_map(|topic| &topic.partitions);
    assert!(codes.all(|it| it.error_code == ErrorCode::NONE), "a batch was refused: {answer:?}");
}

/// Records of one value, encoded.
pub(crate) struct Batch {
    room: Vec<u8>,
    filled: usize,
    header: BatchHeader,
    limit: usize,
}

impl Batch {
    /// Of at most `limit` bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self { room: vec![0; limit + SLACK], filled: 0, header: batch_header(0), limit }
    }

    /// Makes it anew of up to `most` records, 1 or more, as far as they find room; returns how
    /// many it holds.
    pub(crate) fn fill(&mut self, value: &[u8], most: u32) -> u32 {
        let record = RecordView {
            partition: None,
            key: None,
            value: Some(value),
            headers: &[],
            timestamp_ms: 1_700_000_000_000,
        };
        self.filled = 0;
        let mut count = 0;
        while count < most {
            let body = record_batch::body_len(count, 0, &record);
            if HEADER_LEN + self.filled + record_batch::framed_len(body) > self.limit {
                break;
            }
            let room = &mut self.room[self.filled..];
            self.filled += record_batch::write_record(room, count, 0, &record, body);
            count += 1;
        }
        assert!(count > 0, "a record of {} bytes fits no batch", value.len());
        self.header = batch_header(count);
        count
    }

    fn body(&self) -> &[u8] {
        &self.room[..self.filled]
    }
}

fn batch_header(count: u32) -> BatchHeader {
    let count = i32::try_from(count).expect("some thousands");
    BatchHeader {
        base_offset: 0,
        partition_leader_epoch: -1,
        attributes: 0,
        last_offset_delta: count - 1,
        base_timestamp: 1_700_000_000_000,
        max_timestamp: 1_700_000_000_000,
        producer_id: -1,
        producer_epoch: -1,
        base_sequence: -1,
        record_count: count,
    }
}

/// Connects to every broker of the cluster behind `server`, and finds the leaders of `topic`.
pub(crate) fn connect(server: &str, topic: &str) -> Partitions {
    let mut first = Leader::new(server);
    let header = first.header(ApiKey::Metadata, METADATA);
    let topics = vec![MetadataRequestTopic { topic_id: Uuid::ZERO, name: Some(topic.to_owned()) }];
    let request = MetadataRequest { topics: Some(topics), ..MetadataRequest::default() };
    let mut bytes = Vec::new();
    frame::encode_request(&header, &request, &mut bytes);
    first.stream.write_all(&bytes).expect("a request");
    let answer: MetadataResponse = first.read(METADATA);
    let leaders = answer.brokers.iter().map(|it| Leader::new(&format!("{}:{}", it.host, it.port)));
    let found = answer.topics.first().filter(|it| it.error_code == ErrorCode::NONE);
    let of = found.expect("the topic is there").partitions.iter().map(|partition| {
        let leader = answer.brokers.iter().position(|it| it.node_id == partition.leader_id);
        (partition.partition_index, leader.expect("a leader"))
    });
    Partitions { of: of.collect(), leaders: leaders.collect() }
}

const PRODUCE: i16 = 11;
const METADATA: i16 = 12;
