//! A whole engine without sockets: what a producer costs when the network costs nothing.
//!
//! The peer is the embedded broker for everything but data. A produce request is copied once, as a
//! kernel would, then counted, answered and dropped, so that what is measured is the engine. Time
//! is virtual, unless a case asks for the real one.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::time::Duration;
use std::collections::BTreeMap;

use kprod_bench::base::{
    Action, CloseCause, ConnectionId, Instant, Job, ListenerIndex, Machine, Server, Slices,
    WorkerIndex,
};
use kprod_bench::kafka::broker::{Broker, BrokerPlan};
use kprod_bench::kafka::compression::{Codec, Compression};
use kprod_bench::kafka::config::{Acks, HostPort, ProducerConfig};
use kprod_bench::kafka::wire::produce::{
    PartitionProduceResponse, ProduceRequest, ProduceResponse, TopicProduceResponse,
};
use kprod_bench::kafka::wire::{ApiKey, ErrorCode, Reader, RequestHeader, frame};
use kprod_bench::load::engine::{
    Engine, EngineCommand, EnginePlan, EngineReport, Load, Origin, PhaseEnd, Trace,
};
use kprod_bench::load::recorder::{Kind, RecorderPlan};
use kprod_bench::load::schedule::{Rate, SchedulePlan, Stop};
use kprod_bench::load::source::{
    HeaderPlan, HeaderValue, KeyPlan, Mark, SizePlan, SourcePlan, ValuePlan,
};

/// What one case is about; the rest is as Java has it by default.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    /// What it is called.
    pub(crate) name: &'static str,
    /// Bytes of a value.
    pub(crate) record_size: u32,
    /// `batch.size`.
    pub(crate) batch_size: u32,
    /// Partitions of the topic.
    pub(crate) partitions: i32,
    /// How many keys there are; 0 is records without a key.
    pub(crate) keys: u64,
    /// Records a second of virtual time; 0 is as fast as it goes.
    pub(crate) rate: u64,
    /// `acks`; with all of them `enable.idempotence`, too.
    pub(crate) acks: Acks,
    /// What stands in a record besides its size.
    pub(crate) shape: Shape,
    /// `compression.type`.
    pub(crate) codec: Codec,
    /// Each record's fate is kept, and a mark in it names it, as `--verify sequence` has it.
    pub(crate) marked: bool,
}

/// What records are like, besides keys.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Shape {
    /// Random values of one size.
    Plain,
    /// Values of which codecs leave a fifth.
    Compressible,
    /// A fixed header, and one that differs from record to record.
    Headers,
    /// Sizes from a fifth of `record_size` to twice as much.
    Sizes,
}

/// The usual case: 100 bytes, 128 KiB, 12 partitions, no keys, no rate, acks=1.
pub(crate) const PLAIN: Case = Case {
    name: "plain",
    record_size: 100,
    batch_size: 128 * 1024,
    partitions: 12,
    keys: 0,
    rate: 0,
    acks: Acks::Leader,
    shape: Shape::Plain,
    codec: Codec::None,
    marked: false,
};

/// Every case, by name.
pub(crate) const CASES: &[Case] = &[
    PLAIN,
    Case { name: "batch-16k", batch_size: 16 * 1024, ..PLAIN },
    Case { name: "bytes-10", record_size: 10, ..PLAIN },
    Case { name: "bytes-1000", record_size: 1_000, ..PLAIN },
    Case { name: "keys", keys: 10_000, ..PLAIN },
    Case { name: "paced", rate: 2_000_000, ..PLAIN },
    Case { name: "idempotent", acks: Acks::All, ..PLAIN },
    Case { name: "partitions-1000", partitions: 1_000, ..PLAIN },
    Case { name: "acks-0", acks: Acks::None, ..PLAIN },
    Case { name: "sizes", shape: Shape::Sizes, ..PLAIN },
    Case { name: "headers", shape: Shape::Headers, ..PLAIN },
    Case { name: "marked", marked: true, ..PLAIN },
    Case { name: "lz4", shape: Shape::Compressible, codec: Codec::Lz4, ..PLAIN },
];

/// What stands around every call of the engine.
pub(crate) trait Around {
    /// Makes the call.
    fn call<T>(&mut self, call: impl FnOnce() -> T) -> T;
}

/// Nothing.
pub(crate) struct Nothing;

impl Around for Nothing {
    fn call<T>(&mut self, call: impl FnOnce() -> T) -> T {
        call()
    }
}

/// An engine that is connected, and its peer.
pub(crate) struct World<A = Nothing> {
    /// What stands around every call of the engine.
    pub(crate) around: A,
    engine: Engine,
    peer: Peer,
    now: Instant,
    reports: Vec<EngineReport>,
}

impl World {
    /// Connects.
    pub(crate) fn new(case: &Case) -> Self {
        Self::around(case, Nothing)
    }
}

impl<A: Around> World<A> {
    /// Connects, with `around` around every call of the engine.
    pub(crate) fn around(case: &Case, around: A) -> Self {
        let now = Instant::from_nanos(1_000_000_000);
        let engine = Engine::new(plan(case), now);
        let mut world = Self { around, engine, peer: Peer::new(case), now, reports: Vec::new() };
        while !world.told(|report| matches!(report, EngineReport::Ready { .. })) {
            world.turn();
        }
        world
    }

    /// Sends `records` and waits for their acks.
    pub(crate) fn send(&mut self, records: u64) -> PhaseEnd {
        self.reports.clear();
        let stop = Stop { after: None, records: Some(records) };
        let drain_within = Duration::from_secs(600);
        let load = Load { at: self.now, stop, flat: false, drain_within, leave_after: None };
        let (engine, now) = (&mut self.engine, self.now);
        self.around.call(|| engine.command(EngineCommand::Begin(load), now));
        loop {
            self.turn();
            let ended = |report: &EngineReport| matches!(report, EngineReport::PhaseEnded(_));
            let Some(at) = self.reports.iter().position(ended) else { continue };
            let EngineReport::PhaseEnded(end) = self.reports.remove(at) else { continue };
            let ledger = &end.tally.ledger;
            assert_eq!(ledger.acked + ledger.written, records, "all is sent");
            return *end;
        }
    }

    fn told(&self, wanted: impl Fn(&EngineReport) -> bool) -> bool {
        if let Some(EngineReport::NotReady(why)) = self.reports.last() {
            panic!("it doesn't connect: {why:?}");
        }
        self.reports.iter().any(wanted)
    }

    fn turn(&mut self) {
        self.settle();
        // One answer at a time, as a socket would tell them.
        if let Some((conn, bytes)) = self.peer.answers.pop_first() {
            self.now = self.now.plus_nanos(10_000);
            let (engine, now) = (&mut self.engine, self.now);
            self.around.call(|| engine.handle_read(conn, &bytes, now));
            self.peer.spare.push(bytes);
            return;
        }
        let engine = &self.engine;
        if let Some(at) = self.around.call(|| engine.poll_timeout()) {
            self.now = self.now.plus_nanos(10_000).max(at);
            let (engine, now) = (&mut self.engine, self.now);
            self.around.call(|| engine.handle_timeout(now));
        }
    }

    fn settle(&mut self) {
        let Self { around, engine, peer, reports, now, .. } = self;
        let now = *now;
        while let Some(action) = around.call(|| engine.poll_action()) {
            match action {
                Action::Resolve { host, port } => {
                    let found = [SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)];
                    around.call(|| engine.handle_resolved(&host, Ok(&found), now));
                }
                Action::Connect { conn, .. } => {
                    peer.broker.handle_accepted(conn, ListenerIndex(0), now);
                    around.call(|| engine.handle_connected(conn, now));
                }
                Action::Close { conn } => {
                    peer.broker.handle_closed(conn, CloseCause::PeerClosed, now);
                }
                Action::Seal(mut job) => around.call(|| {
                    job.run();
                    engine.handle_sealed(job, 0, now);
                }),
            }
        }
        while let Some(outbound) = around.call(|| engine.poll_write(now)) {
            let (conn, len) = (outbound.conn, outbound.slices.bytes());
            peer.take(conn, &outbound.slices, now);
            around.call(|| engine.handle_written(conn, len, now));
        }
        while let Some(report) = around.call(|| engine.poll_report()) {
            reports.push(report);
        }
    }
}

/// Takes bytes, answers.
struct Peer {
    broker: Broker,
    heard: BTreeMap<ConnectionId, Vec<u8>>,
    answers: BTreeMap<ConnectionId, Vec<u8>>,
    spare: Vec<Vec<u8>>,
    offset: i64,
}

impl Peer {
    fn new(case: &Case) -> Self {
        let mut plan = BrokerPlan::three("127.0.0.1");
        plan.nodes.truncate(1);
        plan.nodes[0].port = 9_001;
        plan.partitions = case.partitions;
        plan.replication_factor = 1;
        Self {
            broker: Broker::new(plan, 1_700_000_000_000, 1),
            heard: BTreeMap::new(),
            answers: BTreeMap::new(),
            spare: Vec::new(),
            offset: 0,
        }
    }

    fn take(&mut self, conn: ConnectionId, slices: &Slices<'_>, now: Instant) {
        let heard = self.heard.entry(conn).or_default();
        for part in slices.as_io() {
            heard.extend_from_slice(part);
        }
        let mut used = 0;
        while let Ok(Some((body, len))) = frame::split(&heard[used..], u32::MAX) {
            let mut reader = Reader::new(body);
            let head = RequestHeader::decode(&mut reader).expect("the engine's own header");
            if head.api == ApiKey::Produce {
                let spare = &mut self.spare;
                let out = self.answers.entry(conn).or_insert_with(|| {
                    let mut spare = spare.pop().unwrap_or_default();
                    spare.clear();
                    spare
                });
                answer(&head, &mut reader, &mut self.offset, out);
                // With acks=0 nothing is said.
                self.answers.retain(|_, out| !out.is_empty());
            } else {
                self.broker.handle_read(conn, &heard[used..used + len], now);
            }
            used += len;
        }
        if used == heard.len() {
            heard.clear();
        } else {
            heard.drain(..used);
        }
        while let Some(outbound) = self.broker.poll_write(now) {
            let (conn, len) = (outbound.conn, outbound.slices.bytes());
            let out = self.answers.entry(conn).or_default();
            for part in outbound.slices.as_io() {
                out.extend_from_slice(part);
            }
            self.broker.handle_written(conn, len, now);
        }
    }
}

/// Every batch of a produce request is acked.
fn answer(head: &RequestHeader, r: &mut Reader<'_>, offset: &mut i64, out: &mut Vec<u8>) {
    let request = ProduceRequest::decode(r, head.version).expect("the engine's own request");
    if request.acks == 0 {
        return;
    }
    let topics = request.topics.iter().map(|topic| TopicProduceResponse {
        name: topic.name.to_owned(),
        topic_id: topic.topic_id,
        partitions: topic
            .partitions
            .iter()
            .map(|partition| {
                *offset += 1_000_000;
                PartitionProduceResponse {
                    index: partition.index,
                    error_code: ErrorCode::NONE,
                    base_offset: *offset,
                    log_start_offset: 0,
                    ..PartitionProduceResponse::default()
                }
            })
            .collect(),
    });
    let response = ProduceResponse { topics: topics.collect(), ..ProduceResponse::default() };
    frame::encode_response(head.correlation, head.version, &response, out);
}

fn plan(case: &Case) -> EnginePlan {
    let server: HostPort = "127.0.0.1:9001".parse().expect("an address");
    let mut producer = ProducerConfig::java_defaults(vec![server], "bench".to_owned());
    producer.batch_size = case.batch_size;
    producer.enable_idempotence = case.acks == Acks::All;
    producer.acks = case.acks;
    producer.compression = Compression::of(case.codec);
    let rate = (case.rate > 0).then(|| {
        let rate = u32::try_from(case.rate).expect("a rate of some millions");
        Rate::per_second(f64::from(rate)).expect("a rate above 0")
    });
    EnginePlan {
        worker: WorkerIndex(0),
        topic: "t".to_owned(),
        schedule: SchedulePlan::of(rate, 1),
        source: source(case),
        quantum: Duration::from_micros(250),
        recorder: RecorderPlan {
            paced: rate.is_some(),
            varying: false,
            kind: if case.acks == Acks::None { Kind::Written } else { Kind::Acked },
            highest_trackable: Duration::from_secs(300),
            interval: Duration::from_secs(1),
        },
        seed: 5,
        origin: Origin { instant: Instant::ZERO, unix_ms: 1_700_000_000_000 },
        trace: if case.marked { Trace::ByMark(7) } else { Trace::Off },
        producer,
    }
}

fn source(case: &Case) -> SourcePlan {
    let key = match case.keys {
        0 => KeyPlan::None,
        cardinality => KeyPlan::Uniform { cardinality },
    };
    let mut source =
        SourcePlan { key, size: SizePlan::Fixed(case.record_size), ..SourcePlan::default() };
    if case.marked {
        source.reserved = Mark::SIZE;
    }
    match case.shape {
        Shape::Plain => {}
        Shape::Compressible => source.value = ValuePlan::Compressible { ratio: 0.2 },
        Shape::Headers => {
            let header = |name: &str, value| HeaderPlan { name: name.to_owned(), value };
            let fixed = header("origin", HeaderValue::Fixed(b"bench".to_vec()));
            source.headers = [fixed, header("trace", HeaderValue::Uuid)].into();
        }
        Shape::Sizes => {
            let (least, most) = (case.record_size / 5, case.record_size * 2);
            source.size = SizePlan::Uniform { least, most };
        }
    }
    source
}
