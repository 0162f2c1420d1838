//! Producer, admin client and broker as a whole, told nonsense by the other side.
//!
//! Whatever comes, every record ends in exactly one outcome and every call in one answer, each in
//! its time, and nothing goes on without end.

use core::time::Duration;
use std::collections::VecDeque;

use kprod_bench::base::{
    Action, CloseCause, ConnectionId, Instant, ListenerIndex, Machine, RecordView, Rng, Server,
};
use kprod_bench::kafka::accumulator::Stamp;
use kprod_bench::kafka::admin::{Admin, AdminCall, Ask, OffsetSpec};
use kprod_bench::kafka::broker::{Broker, BrokerPlan};
use kprod_bench::kafka::cluster::NetworkConfig;
use kprod_bench::kafka::config::{Acks, Codec, Compression, ProducerConfig};
use kprod_bench::kafka::producer::{Producer, ProducerCommand, Sent};
use kprod_bench::kafka::wire::frame::{PREFIX_LEN, response_version};
use kprod_bench::kafka::wire::{ApiKey, Reader, RequestHeader, Writer, decode_response_header};

use super::network::{FIRST_PORT, Network, requests};
use super::{Script, below, noise};

/// `delivery.timeout.ms` and the time of an admin call.
const PATIENCE: Duration = Duration::from_secs(4);
/// `request.timeout.ms`.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);
/// By when all must be over: the time of a record or of every call, and one answer waited for.
const TOPIC: &str = "t";

fn config() -> ProducerConfig {
    let server = format!("127.0.0.1:{FIRST_PORT}").parse().expect("an address");
    let mut config = ProducerConfig::java_defaults(vec![server], "fuzz".to_owned());
    config.delivery_timeout = PATIENCE;
    config.request_timeout = ANSWER_WITHIN;
    config.metadata_max_age = Duration::from_secs(2);
    config.batch_size = 300;
    config.buffer_memory = 4_000;
    config
}

/// A producer whose settings are one byte of the script's.
pub(crate) fn new_producer(script: &mut Script<'_>, now: Instant) -> Producer {
    let choice = script.u8();
    let mut config = config();
    match choice % 4 {
        0 => {}
        1 => config.acks = Acks::Leader,
        2 => config.acks = Acks::None,
        _ => config.max_in_flight = 1,
    }
    config.enable_idempotence = config.acks == Acks::All && choice & 4 == 0;
    let codec = Codec::ALL[usize::from(choice >> 3) % Codec::ALL.len()];
    config.compression = Compression::of(codec);
    Producer::new(config, 1, now)
}

/// Settings, then sends and misdeeds.
pub(crate) fn producer(input: &[u8]) {
    let mut script = Script::new(input);
    let start = Instant::from_nanos(1_000_000_000);
    let mut network = Network::new(new_producer(&mut script, start), start);
    let topic = network.client.add_topic(TOPIC, start);
    let (mut appended, mut ended) = (0, 0);
    while !script.is_over() {
        if !script.u8().is_multiple_of(3) {
            network.misbehave(&mut script);
        } else {
            let value = [7; 100];
            for _ in 0..script.u8() % 16 {
                let record = RecordView {
                    partition: None,
                    key: None,
                    value: Some(&value[..usize::from(script.u8()) % 100]),
                    headers: &[],
                    timestamp_ms: 1_700_000_000_000,
                };
                let sent =
                    network.client.send(topic, &record, &Stamp::at(network.now), network.now);
                appended += u32::from(matches!(sent, Sent::Appended { .. }));
            }
            network.settle();
        }
        ended += deliveries(&mut network.client);
    }
    network.heal();
    network.client.command(ProducerCommand::Close, network.now);
    let last = network.now;
    while !network.client.is_done() {
        network.settle();
        if !network.deliver() {
            network.pass_to_next();
        }
        let waited = network.now.since(last);
        assert!(waited < 3 * PATIENCE, "{} batches still wait", network.client.incomplete());
    }
    ended += deliveries(&mut network.client);
    assert_eq!(ended, appended, "every record ends once");
}

fn deliveries(producer: &mut Producer) -> u32 {
    let mut records = 0;
    while let Some(delivery) = producer.poll_delivery() {
        records += delivery.records();
        producer.recycle(delivery.stamps);
    }
    records
}

/// A run without faults, to have its bytes.
pub(crate) fn run_well(network: &mut Network<Producer>) {
    let topic = network.client.add_topic(TOPIC, network.now);
    let mut appended = 0;
    while appended < 20 {
        let record = RecordView {
            partition: None,
            key: Some(b"key"),
            value: Some(b"a value"),
            headers: &[],
            timestamp_ms: 1_700_000_000_000,
        };
        let sent = network.client.send(topic, &record, &Stamp::at(network.now), network.now);
        appended += u32::from(matches!(sent, Sent::Appended { .. }));
        network.settle();
        if !network.deliver() {
            network.pass_to_next();
        }
    }
}

pub(crate) fn new_admin(now: Instant) -> Admin {
    Admin::new(&NetworkConfig::from(&config()), PATIENCE, 1, now)
}

/// Every kind of call, one after another.
pub(crate) fn ask_all(network: &mut Network<Admin>) -> usize {
    let topic = || TOPIC.to_owned();
    let asks = [
        Ask::Describe { topic: None },
        Ask::CreateTopic {
            name: topic(),
            partitions: 3,
            replication_factor: -1,
            configs: vec![("retention.ms".to_owned(), "60000".to_owned())],
        },
        Ask::Describe { topic: Some(topic()) },
        Ask::DescribeConfigs { topic: topic() },
        Ask::ListOffsets { topic: topic(), spec: OffsetSpec::Latest },
        Ask::ListOffsets { topic: topic(), spec: OffsetSpec::Earliest },
        Ask::DeleteTopic { name: topic() },
    ];
    let count = asks.len();
    for ask in asks {
        network.client.command(AdminCall::new(ask, PATIENCE), network.now);
    }
    network.client.command(AdminCall::close(), network.now);
    count
}

/// Misdeeds, while every kind of call is made.
pub(crate) fn admin(input: &[u8]) {
    let mut script = Script::new(input);
    let start = Instant::from_nanos(1_000_000_000);
    let mut network = Network::new(new_admin(start), start);
    let calls = ask_all(&mut network);
    let count = u32::try_from(calls).expect("a few");
    while !script.is_over() {
        network.misbehave(&mut script);
    }
    network.heal();
    let last = network.now;
    while !network.client.is_done() {
        network.settle();
        if !network.deliver() {
            network.pass_to_next();
        }
        assert!(network.now.since(last) < (count + 1) * PATIENCE, "a call goes on without end");
    }
    network.settle();
    assert_eq!(network.reports.len(), calls, "every call has one answer");
    for report in &network.reports {
        if let Err(error) = report {
            assert!(!error.to_string().is_empty());
        }
    }
}

/// Misdeeds of random kinds, a few hundred bytes of them.
pub(crate) fn seed(rng: &mut Rng) -> Vec<u8> {
    let len = 20 + below(rng, 200);
    noise(rng, len)
}

/// Frames with any body under a good header, raw bytes, and streams that are slow to take answers.
pub(crate) fn broker(input: &[u8]) {
    let mut script = Script::new(input);
    let mut now = Instant::from_nanos(1_000_000_000);
    let mut plan = BrokerPlan::of(2, "127.0.0.1", FIRST_PORT);
    plan.log_bytes_per_partition = 16 * 1024;
    plan.max_request_bytes = 64 * 1024;
    let mut broker = Broker::new(plan, 1_700_000_000_000, 1);
    let mut peers: Vec<Peer> = Vec::new();
    while !script.is_over() {
        let deed = script.u8();
        if deed.is_multiple_of(16) || peers.is_empty() {
            let conn = ConnectionId(peers.len() as u64);
            broker.handle_accepted(conn, ListenerIndex(u32::from(deed >> 4) % 2), now);
            peers.push(Peer { conn, ..Peer::default() });
        }
        let nth = usize::from(deed >> 4) % peers.len();
        let peer = &mut peers[nth];
        match deed % 16 {
            0..10 => {
                let frame = peer.request(&mut script);
                let split = usize::from(script.u8()).min(frame.len());
                for part in [&frame[..split], &frame[split..]] {
                    if !part.is_empty() && !peer.closed {
                        broker.handle_read(peer.conn, part, now);
                    }
                }
            }
            10 => {
                let len = usize::from(script.u8());
                let raw = script.take(len);
                if !raw.is_empty() && !peer.closed {
                    peer.asked.clear();
                    peer.strayed = true;
                    broker.handle_read(peer.conn, raw, now);
                }
            }
            11 if !peer.closed => {
                peer.closed = true;
                broker.handle_closed(peer.conn, CloseCause::Reset, now);
            }
            12 => {
                now += Duration::from_millis(u64::from(script.u8()) * 10);
                broker.handle_timeout(now);
            }
            13 if !peer.closed => broker.handle_writable(peer.conn, now),
            _ => {}
        }
        let take = if deed % 16 == 14 { usize::from(script.u8()) } else { usize::MAX };
        exchange(&mut broker, &mut peers, take, now);
    }
}

/// Actions and writes of the broker; a stream takes at most `take` bytes.
fn exchange(broker: &mut Broker, peers: &mut [Peer], take: usize, now: Instant) {
    for _ in 0..1_000 {
        while let Some(action) = broker.poll_action() {
            match action {
                Action::Close { conn } => {
                    peers[usize::try_from(conn.0).expect("a few")].closed = true;
                }
                other => panic!("a broker only closes: {other:?}"),
            }
        }
        let Some(out) = broker.poll_write(now) else { return };
        let conn = out.conn;
        let parts = out.slices.as_io();
        let mut bytes: Vec<u8> = parts.iter().flat_map(|part| part.to_vec()).collect();
        bytes.truncate(take);
        let peer = &mut peers[usize::try_from(conn.0).expect("a few")];
        assert!(!peer.closed, "nothing is written to a closed stream");
        peer.read.extend(&bytes);
        peer.check();
        broker.handle_written(conn, bytes.len(), now);
    }
    panic!("a broker writes without end");
}

/// Somebody who asks a broker.
#[derive(Default)]
struct Peer {
    conn: ConnectionId,
    next: i32,
    /// What was asked with a whole frame and not answered.
    asked: VecDeque<(i32, ApiKey, i16)>,
    /// Bytes went over that are no frames of ours, so answers can't be told any more.
    strayed: bool,
    read: Vec<u8>,
    closed: bool,
}

impl Peer {
    /// A frame: an API, a version, a client's own body or any bytes.
    fn request(&mut self, script: &mut Script<'_>) -> Vec<u8> {
        let choice = script.u8();
        let known = &requests()[usize::from(choice) % requests().len()];
        let (api, version, body) = match choice % 2 {
            0 => {
                let mut body = known.2.clone();
                for _ in 0..script.u8() % 4 {
                    let at = usize::from(script.u8()) % body.len().max(1);
                    let value = script.u8();
                    body.iter_mut().skip(at).take(1).for_each(|byte| *byte = value);
                }
                (known.0, known.1, body)
            }
            _ => {
                let api = ApiKey::ALL[usize::from(script.u8()) % ApiKey::ALL.len()];
                let version = i16::from(script.u8() % 16);
                let len = usize::from(script.u8());
                (api, version, script.take(len).to_vec())
            }
        };
        let header = RequestHeader { api, version, correlation: self.next, client_id: None };
        self.asked.push_back((self.next, api, version));
        self.next += 1;
        let mut frame = vec![0; PREFIX_LEN];
        header.encode(&mut Writer(&mut frame));
        frame.extend(body);
        let length = u32::try_from(frame.len() - PREFIX_LEN).expect("short");
        frame[..PREFIX_LEN].copy_from_slice(&length.to_be_bytes());
        frame
    }

    /// Answers come whole, in the order of the requests; only acks=0 has none.
    fn check(&mut self) {
        while let Some(length) = self.read.first_chunk::<PREFIX_LEN>() {
            let end = PREFIX_LEN + u32::from_be_bytes(*length) as usize;
            if self.read.len() < end {
                return;
            }
            let rest = self.read.split_off(end);
            let frame = core::mem::replace(&mut self.read, rest);
            if self.strayed {
                continue;
            }
            let found = i32::from_be_bytes(frame[4..8].try_into().expect("four bytes"));
            let (api, version) = loop {
                let (asked, api, version) = self.asked.pop_front().expect("something was asked");
                if asked == found {
                    break (api, version);
                }
                assert_eq!(api, ApiKey::Produce, "request {asked} was passed over for {found}");
            };
            let mut reader = Reader::new(&frame[PREFIX_LEN..]);
            let version = response_version(api, version);
            decode_response_header(&mut reader, api, version).expect("a good header");
        }
    }
}

/// Requests of a client's own, damaged here and there, and whatever else.
pub(crate) fn seed_broker(rng: &mut Rng) -> Vec<u8> {
    let mut input = Vec::new();
    for _ in 0..1 + rng.below(20) {
        let len = below(rng, 12);
        input.push(u8::try_from(rng.below(256)).expect("a byte"));
        // An even choice is a client's own request.
        input.push(u8::try_from(rng.below(128)).expect("a byte") * 2);
        input.extend(noise(rng, len));
    }
    input
}
