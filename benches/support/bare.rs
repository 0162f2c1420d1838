//! A bare client: sockets to the leaders of a topic, batches of one value, no producer at all.
//!
//! What the floor programs share. It knows acks=1 of Produce 11 and Metadata 12, panics at whatever
//! it doesn't expect, and retries nothing. A record costs it two words, a copy of the value and its
//! share of a checksum; a request one `writev`; all answers that are there one `read`.

#![allow(dead_code, reason = "each floor program uses its own part of this module")]

use std::collections::VecDeque;
use std::io::{ErrorKind, IoSlice, Read, Write};
use std::net::TcpStream;

use kprod_bench::base::RecordView;
use kprod_bench::kafka::wire::metadata::{MetadataRequest, MetadataRequestTopic, MetadataResponse};
use kprod_bench::kafka::wire::produce::{
    Layout, PartitionEntry, ProduceHead, ProduceResponse, TopicEntry, layout,
};
use kprod_bench::kafka::wire::record_batch::{
    BatchHeader, Envelope, HEADER_LEN, SLACK, body_len, framed_len, write_record,
};
use kprod_bench::kafka::wire::{
    ApiKey, ErrorCode, Message, Reader, RequestHeader, Uuid, decode_response_header, frame,
};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::time::ClockId;
use socket2::SockRef;

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
    /// Requests without an answer, the oldest first: correlation id and batches.
    unanswered: VecDeque<(i32, usize)>,
    header: RequestHeader,
    /// Room for answers; the first `heard` bytes are read and not whole yet.
    answers: Vec<u8>,
    heard: usize,
    /// Requests written.
    pub(crate) requests: u64,
    /// Batches acked.
    pub(crate) acked_batches: u64,
}

/// Every partition's index and leader.
pub(crate) struct Partitions {
    /// A partition's index, and where its leader stands in `leaders`.
    pub(crate) of: Vec<(i32, usize)>,
    /// The brokers.
    pub(crate) leaders: Vec<Leader>,
}

impl Leader {
    fn new(address: &str, send_buffer: Option<usize>) -> Self {
        let stream = TcpStream::connect(address).expect("a broker listens there");
        stream.set_nodelay(true).expect("a socket option");
        if let Some(bytes) = send_buffer {
            SockRef::from(&stream).set_send_buffer_size(bytes).expect("a socket option");
        }
        Self {
            stream,
            unanswered: VecDeque::new(),
            header: RequestHeader {
                api: ApiKey::Metadata,
                version: METADATA,
                correlation: 0,
                client_id: Some("floor".to_owned()),
            },
            answers: vec![0; ROOM],
            heard: 0,
            requests: 0,
            acked_batches: 0,
        }
    }

    /// Requests without an answer.
    pub(crate) fn in_flight(&self) -> usize {
        self.unanswered.len()
    }

    /// Asks before any batch is sent, and waits for the answer.
    fn ask<M: Message>(&mut self, request: &impl Message) -> M {
        let mut bytes = Vec::new();
        frame::encode_request(&self.header, request, &mut bytes);
        self.stream.write_all(&bytes).expect("a request");
        let mut len = [0; 4];
        self.stream.read_exact(&mut len).expect("an answer");
        let mut answer = vec![0; u32::from_be_bytes(len) as usize];
        self.stream.read_exact(&mut answer).expect("a whole answer");
        let mut r = Reader::new(&answer);
        let version = self.header.version;
        decode_response_header(&mut r, M::API, version).expect("a response's header");
        M::decode(&mut r, version).expect("a response")
    }

    /// Reads the answers that are there by one system call; it waits for one if there is none and
    /// the socket blocks. Without requests in flight it does nothing.
    pub(crate) fn read_acks(&mut self) {
        if self.unanswered.is_empty() {
            return;
        }
        match self.stream.read(&mut self.answers[self.heard..]) {
            Ok(0) => panic!("the broker closed the connection"),
            Ok(len) => self.heard += len,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return,
            Err(error) => panic!("no answer: {error}"),
        }
        let mut used = 0;
        while let Some((body, len)) =
            frame::split(&self.answers[used..self.heard], u32::MAX).expect("no limit")
        {
            let asked = self.unanswered.pop_front().expect("an answer to a request");
            check(body, asked);
            self.acked_batches += asked.1 as u64;
            used += len;
        }
        self.answers.copy_within(used..self.heard, 0);
        self.heard -= used;
    }

    /// Reads answers until all have come, from a socket that doesn't block.
    pub(crate) fn wait_for_acks(&mut self) {
        while !self.unanswered.is_empty() {
            let mut wait = [PollFd::new(&self.stream, PollFlags::IN)];
            poll(&mut wait, None).expect("a socket to wait for");
            self.read_acks();
        }
    }

    /// From here on neither reads nor writes block.
    pub(crate) fn set_nonblocking(&mut self) {
        self.stream.set_nonblocking(true).expect("a socket option");
    }

    /// Writes a request with these batches, each of another partition; waits while the socket takes
    /// none.
    pub(crate) fn write(&mut self, topic: &str, batches: &[(i32, &Batch)], glue: &mut Layout) {
        let entries = batches.iter().map(|(index, batch)| PartitionEntry {
            index: *index,
            batch_len: u32::try_from(HEADER_LEN + batch.filled).expect("a batch"),
        });
        let entries: Vec<_> = entries.collect();
        let entry = TopicEntry { name: topic, id: Uuid::ZERO, partitions: &entries };
        let head = ProduceHead { transactional_id: None, acks: 1, timeout_ms: 30_000 };
        (self.header.api, self.header.version) = (ApiKey::Produce, PRODUCE);
        self.header.correlation += 1;
        layout(glue, &self.header, &head, std::iter::once(entry));
        let headers: Vec<_> = batches.iter().map(|(_, batch)| batch.header()).collect();
        let mut parts = Vec::with_capacity(3 * batches.len() + 1);
        for (at, (header, (_, batch))) in headers.iter().zip(batches).enumerate() {
            parts.extend([glue.piece(at), header, batch.body()].map(IoSlice::new));
        }
        parts.push(IoSlice::new(glue.piece(batches.len())));
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
        self.unanswered.push_back((self.header.correlation, batches.len()));
        self.requests += 1;
    }
}

/// An answer has to be that to the oldest request, and to have taken each of its batches.
fn check(body: &[u8], (correlation, batches): (i32, usize)) {
    let mut r = Reader::new(body);
    let told = decode_response_header(&mut r, ApiKey::Produce, PRODUCE).expect("a header");
    assert_eq!(told, correlation, "answers come in the order of their requests");
    let answer = ProduceResponse::decode(&mut r, PRODUCE).expect("a response");
    let mut told = 0;
    for partition in answer.topics.iter().flat_map(|topic| &topic.partitions) {
        assert_eq!(partition.error_code, ErrorCode::NONE, "a batch was refused: {answer:?}");
        told += 1;
    }
    assert_eq!(told, batches, "each batch has its answer: {answer:?}");
}

/// Records of one value, encoded.
pub(crate) struct Batch {
    room: Vec<u8>,
    filled: usize,
    count: u32,
    limit: usize,
}

impl Batch {
    /// Of at most `limit` bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self { room: vec![0; limit + SLACK], filled: 0, count: 0, limit }
    }

    /// Empties it.
    pub(crate) fn clear(&mut self) {
        (self.filled, self.count) = (0, 0);
    }

    /// How many records it holds.
    pub(crate) fn records(&self) -> u32 {
        self.count
    }

    /// Appends up to `most` records, as far as they find room; returns how many. What is the same
    /// in all of them is put together once; of each the offset delta and the value are written.
    pub(crate) fn append(&mut self, value: &[u8], most: u32) -> u32 {
        let (before, until) = (self.count, self.count.saturating_add(most));
        while self.count < until {
            let appended = match Envelope::new(value.len(), 0, self.count) {
                Some(envelope) => self.append_alike(&envelope, value, until),
                None => self.append_long(value),
            };
            if !appended {
                break;
            }
        }
        assert!(self.count > 0, "a record of {} bytes fits no batch", value.len());
        self.count - before
    }

    /// Appends records until there are `until`, the envelope is another one, or the batch is full:
    /// `false`.
    fn append_alike(&mut self, envelope: &Envelope, value: &[u8], until: u32) -> bool {
        let last = (self.limit - HEADER_LEN).checked_sub(envelope.total());
        let (mut at, mut count) = (self.filled, self.count);
        let mut room = true;
        while count < until && envelope.serves(value.len(), count) {
            room = last.is_some_and(|last| at <= last);
            if !room {
                break;
            }
            envelope.write(&mut self.room[at..], count, |place| {
                place[..value.len()].copy_from_slice(value);
            });
            at += envelope.total();
            count += 1;
        }
        (self.filled, self.count) = (at, count);
        room
    }

    /// Appends a record whose lengths are too long for an envelope; `false` without room.
    fn append_long(&mut self, value: &[u8]) -> bool {
        let record = RecordView {
            partition: None,
            key: None,
            value: Some(value),
            headers: &[],
            timestamp_ms: TIMESTAMP_MS,
        };
        let body = body_len(self.count, 0, &record);
        if HEADER_LEN + self.filled + framed_len(body) > self.limit {
            return false;
        }
        let room = &mut self.room[self.filled..];
        self.filled += write_record(room, self.count, 0, &record, body);
        self.count += 1;
        true
    }

    fn body(&self) -> &[u8] {
        &self.room[..self.filled]
    }

    fn header(&self) -> [u8; HEADER_LEN] {
        batch_header(self.count).write(self.body())
    }
}

fn batch_header(count: u32) -> BatchHeader {
    let count = i32::try_from(count).expect("some thousands");
    BatchHeader {
        base_offset: 0,
        partition_leader_epoch: -1,
        attributes: 0,
        last_offset_delta: count - 1,
        base_timestamp: TIMESTAMP_MS,
        max_timestamp: TIMESTAMP_MS,
        producer_id: -1,
        producer_epoch: -1,
        base_sequence: -1,
        record_count: count,
    }
}

/// Connects to every broker of the cluster behind `server`, and finds the leaders of `topic`.
/// `send_buffer` is SO_SNDBUF in bytes, without it the system's own.
pub(crate) fn connect(server: &str, topic: &str, send_buffer: Option<usize>) -> Partitions {
    let mut first = Leader::new(server, send_buffer);
    let topics = vec![MetadataRequestTopic { topic_id: Uuid::ZERO, name: Some(topic.to_owned()) }];
    let request = MetadataRequest { topics: Some(topics), ..MetadataRequest::default() };
    let answer: MetadataResponse = first.ask(&request);
    let connect = |host, port| Leader::new(&format!("{host}:{port}"), send_buffer);
    let leaders = answer.brokers.iter().map(|it| connect(&it.host, it.port));
    let found = answer.topics.first().filter(|it| it.error_code == ErrorCode::NONE);
    let of = found.expect("the topic is there").partitions.iter().map(|partition| {
        let leader = answer.brokers.iter().position(|it| it.node_id == partition.leader_id);
        (partition.partition_index, leader.expect("a leader"))
    });
    Partitions { of: of.collect(), leaders: leaders.collect() }
}

/// Takes `name` and the number after it out of a program's words; `None` where it isn't given.
pub(crate) fn option(words: &mut Vec<String>, name: &str) -> Option<u64> {
    let at = words.iter().position(|word| word == name)?;
    let number = words.get(at + 1).and_then(|number| number.parse().ok());
    let number = number.unwrap_or_else(|| panic!("{name}: expected a whole number behind it"));
    words.drain(at..at + 2);
    Some(number)
}

/// Bytes for answers; one to a request of a hundred batches takes some five thousand.
const ROOM: usize = 64 * 1024;
const TIMESTAMP_MS: i64 = 1_700_000_000_000;
const PRODUCE: i16 = 11;
const METADATA: i16 = 12;
