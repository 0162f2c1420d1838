//! The floor under every producer on this machine: a bare loop that encodes records into a batch,
//! computes its CRC-32C, writes it to a broker's socket and reads acks.
//!
//! It has no linger, no retries, no partitioner, no measurement of records, and sends one value
//! again and again. `kprod-bench` against the same broker, in the same minute, over this is what
//! all of that costs. One thread, a blocking socket a broker, one batch a request, five in flight.

use std::io::{IoSlice, Read, Write};
use std::net::TcpStream;

use kprod_bench::base::RecordView;
use kprod_bench::kafka::wire::metadata::{MetadataRequest, MetadataRequestTopic, MetadataResponse};
use kprod_bench::kafka::wire::produce::{
    Layout, PartitionEntry, ProduceHead, ProduceResponse, TopicEntry, layout,
};
use kprod_bench::kafka::wire::record_batch::{self, BatchHeader, HEADER_LEN};
use kprod_bench::kafka::wire::{
    ApiKey, ErrorCode, Message, Reader, RequestHeader, Uuid, decode_response_header, frame,
};

const USAGE: &str = "floor HOST:PORT TOPIC RECORDS RECORD_SIZE BATCH_SIZE: an existing topic of a \
                     broker that speaks Produce 11 and Metadata 12, acks=1";

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let [server, topic, records, size, batch] = &args[..] else {
        println!("{USAGE}");
        return;
    };
    let number = |text: &String| text.parse::<usize>().expect(USAGE);
    let (records, size, batch) = (number(records), number(size), number(batch));
    let mut partitions = connect(server, topic);
    let value = vec![0x5a; size];
    // Once to warm up, once to count.
    send(&mut partitions, topic, &value, batch, records / 10);
    let (wall, cpu) = (seconds(rustix::time::ClockId::Monotonic), thread_seconds());
    let sent = send(&mut partitions, topic, &value, batch, records);
    let (wall, cpu) = (seconds(rustix::time::ClockId::Monotonic) - wall, thread_seconds() - cpu);
    let count = f64::from(u32::try_from(sent).expect("some millions"));
    println!(
        "{:.0} records/s, {:.1} MB/s, {:.1} ns of CPU a record",
        count / wall,
        count * f64::from(u32::try_from(size).expect("a size")) / wall / 1e6,
        cpu / count * 1e9
    );
}

fn thread_seconds() -> f64 {
    seconds(rustix::time::ClockId::ThreadCPUTime)
}

#[expect(clippy::cast_precision_loss, reason = "nanoseconds of some minutes fit a double")]
fn seconds(clock: rustix::time::ClockId) -> f64 {
    let now = rustix::time::clock_gettime(clock);
    now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
}

/// A broker's socket.
struct Leader {
    stream: TcpStream,
    unanswered: u32,
    correlation: i32,
    answer: Vec<u8>,
}

/// Every partition's index and leader, leaders last.
struct Partitions {
    of: Vec<(i32, usize)>,
    leaders: Vec<Leader>,
}

impl Leader {
    fn new(address: &str) -> Self {
        let stream = TcpStream::connect(address).expect("a broker listens there");
        stream.set_nodelay(true).expect("a socket option");
        Self { stream, unanswered: 0, correlation: 0, answer: Vec::new() }
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

    fn read_ack(&mut self) {
        let answer: ProduceResponse = self.read(PRODUCE);
        self.unanswered -= 1;
        let mut codes = answer.topics.iter().flat_map(|topic| &topic.partitions);
        assert!(
            codes.all(|it| it.error_code == ErrorCode::NONE),
            "a batch was refused: {answer:?}"
        );
    }
}

fn connect(server: &str, topic: &str) -> Partitions {
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

/// Sends at least `records` in whole batches and reads all acks; returns how many it sent.
fn send(at: &mut Partitions, topic: &str, value: &[u8], batch: usize, records: usize) -> usize {
    let record = RecordView {
        partition: None,
        key: None,
        value: Some(value),
        headers: &[],
        timestamp_ms: 1_700_000_000_000,
    };
    let mut body = Vec::with_capacity(batch);
    let mut glue = Layout::default();
    let mut sent = 0;
    for (index, leader) in at.of.iter().cycle() {
        if sent >= records {
            break;
        }
        body.clear();
        let mut count = 0;
        while count == 0
            || HEADER_LEN + body.len() + record_batch::record_len(count, 0, &record) <= batch
        {
            record_batch::append_record(&mut body, count, 0, &record);
            count += 1;
        }
        sent += count as usize;
        let header = batch_header(count).write(&body);
        let leader = &mut at.leaders[*leader];
        let batch_len = u32::try_from(HEADER_LEN + body.len()).expect("a batch");
        let partitions = [PartitionEntry { index: *index, batch_len }];
        let entry = TopicEntry { name: topic, id: Uuid::ZERO, partitions: &partitions };
        let head = ProduceHead { transactional_id: None, acks: 1, timeout_ms: 30_000 };
        let asked = leader.header(ApiKey::Produce, PRODUCE);
        layout(&mut glue, &asked, &head, std::iter::once(entry));
        let parts = [glue.piece(0), &header, &body, glue.piece(1)];
        write_all(&mut leader.stream, parts.map(IoSlice::new));
        leader.unanswered += 1;
        if leader.unanswered == IN_FLIGHT {
            leader.read_ack();
        }
    }
    for leader in &mut at.leaders {
        while leader.unanswered > 0 {
            leader.read_ack();
        }
    }
    sent
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

fn write_all(stream: &mut TcpStream, mut parts: [IoSlice<'_>; 4]) {
    let mut left = &mut parts[..];
    while !left.is_empty() {
        let written = stream.write_vectored(left).expect("the broker takes bytes");
        IoSlice::advance_slices(&mut left, written);
    }
}

const PRODUCE: i16 = 11;
const METADATA: i16 = 12;
const IN_FLIGHT: u32 = 5;
