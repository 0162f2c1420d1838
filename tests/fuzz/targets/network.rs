//! A client and a cluster in memory, in virtual time, with somebody between them who damages what
//! the cluster says; and what they say to each other undamaged, as seeds.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use kprod_bench::base::{
    Action, CloseCause, ConnectionId, Instant, Job, ListenerIndex, Machine, Rng, Server, Slices,
};
use kprod_bench::kafka::broker::{Broker, BrokerPlan};
use kprod_bench::kafka::wire::frame::PREFIX_LEN;
use kprod_bench::kafka::wire::{ApiKey, Reader, RequestHeader, decode_response_header};

use super::machines::{new_admin, new_producer};
use super::{Script, below};

/// Client, cluster, and the bytes between them.
pub(crate) struct Network<M: Machine> {
    pub(crate) client: M,
    broker: Broker,
    pub(crate) now: Instant,
    /// What the cluster said on each open stream and the client hasn't read.
    unread: BTreeMap<ConnectionId, Vec<u8>>,
    /// Nobody connects or finds a name while set.
    broken: bool,
    /// Everything said, with the stream's id; kept only for seeds.
    said: Option<Vec<(ConnectionId, bool, Vec<u8>)>>,
    pub(crate) reports: Vec<M::Report>,
    /// Inputs so far: what never ends is found by its number.
    steps: u32,
}

impl<M: Machine> Network<M> {
    pub(crate) fn new(client: M, now: Instant) -> Self {
        let mut plan = BrokerPlan::of(3, "127.0.0.1", FIRST_PORT);
        plan.partitions = 3;
        plan.log_bytes_per_partition = 64 * 1024;
        Self {
            client,
            broker: Broker::new(plan, 1_700_000_000_000, 1),
            now,
            unread: BTreeMap::new(),
            broken: false,
            said: None,
            reports: Vec::new(),
            steps: 0,
        }
    }

    /// Everything that needs no time and no reading by the client.
    pub(crate) fn settle(&mut self) {
        self.steps += 1;
        assert!(self.steps < MOST_STEPS, "it goes on without end at {}", self.now);
        while let Some(action) = self.client.poll_action() {
            self.act(action);
        }
        while let Some(out) = self.client.poll_write(self.now) {
            let (conn, bytes) = (out.conn, flat(&out.slices));
            assert!(!bytes.is_empty(), "a write has bytes");
            self.client.handle_written(conn, bytes.len(), self.now);
            if self.unread.contains_key(&conn) {
                self.broker.handle_read(conn, &bytes, self.now);
                self.said.iter_mut().for_each(|said| said.push((conn, false, bytes.clone())));
            }
        }
        while let Some(out) = self.broker.poll_write(self.now) {
            let (conn, bytes) = (out.conn, flat(&out.slices));
            self.broker.handle_written(conn, bytes.len(), self.now);
            self.said.iter_mut().for_each(|said| said.push((conn, true, bytes.clone())));
            self.unread.entry(conn).or_default().extend(bytes);
        }
        while let Some(report) = self.client.poll_report() {
            self.reports.push(report);
        }
    }

    fn act(&mut self, action: Action<M::Job>) {
        match action {
            Action::Resolve { host, port } => {
                let found = [SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)];
                let missing = CloseCause::NotFound("nobody knows it".to_owned());
                let known = host == "127.0.0.1" && !self.broken;
                let answer = if known { Ok(&found[..]) } else { Err(missing) };
                self.client.handle_resolved(&host, answer, self.now);
            }
            Action::Connect { conn, addr, .. } => {
                let node = addr.port().wrapping_sub(FIRST_PORT);
                if self.broken || node >= 3 {
                    self.client.handle_closed(conn, CloseCause::Refused, self.now);
                    return;
                }
                self.unread.insert(conn, Vec::new());
                self.broker.handle_accepted(conn, ListenerIndex(u32::from(node)), self.now);
                self.client.handle_connected(conn, self.now);
            }
            Action::Close { conn } => {
                if self.unread.remove(&conn).is_some() {
                    self.broker.handle_closed(conn, CloseCause::PeerClosed, self.now);
                }
            }
            Action::Seal(mut job) => {
                job.run();
                self.client.handle_sealed(job, 0, self.now);
            }
        }
    }

    /// Lets the client read all that is there.
    pub(crate) fn deliver(&mut self) -> bool {
        let mut any = false;
        for conn in self.unread.keys().copied().collect::<Vec<_>>() {
            any |= self.deliver_on(conn, usize::MAX);
        }
        any
    }

    fn deliver_on(&mut self, conn: ConnectionId, most: usize) -> bool {
        let Some(unread) = self.unread.get_mut(&conn) else { return false };
        let bytes: Vec<u8> = unread.drain(..most.min(unread.len())).collect();
        if !bytes.is_empty() {
            self.client.handle_read(conn, &bytes, self.now);
        }
        self.settle();
        !bytes.is_empty()
    }

    /// Moves time.
    pub(crate) fn pass(&mut self, span: Duration) {
        self.now += span;
        self.client.handle_timeout(self.now);
        self.broker.handle_timeout(self.now);
        self.settle();
    }

    /// Moves time to where somebody has something to do.
    pub(crate) fn pass_to_next(&mut self) {
        let deadlines = [self.client.poll_timeout(), self.broker.poll_timeout()];
        let next = deadlines.into_iter().flatten().min().unwrap_or(self.now);
        // Work takes time, or one who is always late would stand still.
        self.pass(next.since(self.now) + Duration::from_micros(20));
    }

    /// From here on nothing is damaged.
    pub(crate) fn heal(&mut self) {
        self.broken = false;
        self.settle();
    }

    /// One misdeed.
    pub(crate) fn misbehave(&mut self, script: &mut Script<'_>) {
        let deed = script.u8() % 12;
        let conn = self.pick(script.u8());
        match deed {
            0 | 1 => drop(self.deliver()),
            2 => drop(self.deliver_on(conn, usize::from(script.u8()))),
            3 => self.pass(Duration::from_millis(u64::from(script.u8()).pow(2))),
            4 => self.pass_to_next(),
            5 => self.broken = !self.broken,
            6 => self.hang_up(conn, script.u8()),
            7 => {
                let bytes = self.unread.entry(conn).or_default();
                let (len, xor) = (bytes.len(), script.u16());
                if let Some(byte) = bytes.get_mut(usize::from(xor >> 3) % len.max(1)) {
                    *byte ^= 1 << (xor & 7);
                }
            }
            8 => {
                let bytes = self.unread.entry(conn).or_default();
                let at = usize::from(script.u16()) % bytes.len().max(1);
                let value = NASTY[usize::from(script.u8()) % NASTY.len()].to_be_bytes();
                bytes.iter_mut().skip(at).zip(value).for_each(|(byte, to)| *byte = to);
            }
            9 => {
                let len = usize::from(script.u8());
                let raw = script.take(len);
                self.unread.entry(conn).or_default().extend(raw);
            }
            10 => {
                let bytes = self.unread.entry(conn).or_default();
                // What is said twice may be said twice again, but not without end.
                let again = bytes[..bytes.len().min(1_000)].to_vec();
                bytes.extend(again);
            }
            _ => {
                // The right correlation id, and a body of the script's own.
                let len = usize::from(script.u8());
                let body = script.take(len);
                let bytes = self.unread.entry(conn).or_default();
                if bytes.len() >= 8 {
                    bytes.truncate(8);
                    bytes.extend(body);
                    let len = u32::try_from(bytes.len() - PREFIX_LEN).expect("short");
                    bytes[..PREFIX_LEN].copy_from_slice(&len.to_be_bytes());
                }
            }
        }
        // A stream that isn't open has nobody who reads it.
        self.unread.remove(&NOBODY);
        self.settle();
    }

    fn pick(&self, byte: u8) -> ConnectionId {
        let nth = usize::from(byte) % self.unread.len().max(1);
        self.unread.keys().nth(nth).copied().unwrap_or(NOBODY)
    }

    /// The cluster closes a stream; what was unread is lost, but for its beginning.
    fn hang_up(&mut self, conn: ConnectionId, keep: u8) {
        self.deliver_on(conn, usize::from(keep));
        if self.unread.remove(&conn).is_some() {
            let cause =
                if keep.is_multiple_of(2) { CloseCause::PeerClosed } else { CloseCause::Reset };
            self.broker.handle_closed(conn, CloseCause::Reset, self.now);
            self.client.handle_closed(conn, cause, self.now);
        }
    }
}

fn flat(slices: &Slices<'_>) -> Vec<u8> {
    slices.as_io().iter().flat_map(|part| part.iter().copied()).collect()
}

/// Number of a message (see `messages.rs`), its version byte, its body.
type Body = (u8, u8, Vec<u8>);

/// Bodies that producer, admin and cluster send each other.
pub(crate) fn traffic(_: &mut Rng) -> &'static [Body] {
    static BODIES: LazyLock<Vec<Body>> = LazyLock::new(bodies);
    &BODIES
}

/// Frames of the same, their lengths first.
pub(crate) fn streams(rng: &mut Rng) -> Vec<Vec<u8>> {
    static FRAMES: LazyLock<Vec<Vec<u8>>> =
        LazyLock::new(|| frames().into_iter().map(|(_, _, frame)| frame).collect());
    let mut found = FRAMES.clone();
    let at = below(rng, found.len());
    found.rotate_left(at);
    found
}

/// Requests only: API, version, body.
pub(crate) fn requests() -> &'static [(ApiKey, i16, Vec<u8>)] {
    static REQUESTS: LazyLock<Vec<(ApiKey, i16, Vec<u8>)>> = LazyLock::new(|| {
        let frames = frames().into_iter().filter(|(_, from_cluster, _)| !from_cluster);
        frames.map(|(_, _, frame)| split_request(&frame)).collect()
    });
    &REQUESTS
}

fn split_request(frame: &[u8]) -> (ApiKey, i16, Vec<u8>) {
    let mut reader = Reader::new(&frame[PREFIX_LEN..]);
    let header = RequestHeader::decode(&mut reader).expect("a client's own header");
    (header.api, header.version, reader.rest().to_vec())
}

fn bodies() -> Vec<Body> {
    let mut asked = BTreeMap::new();
    let mut found = Vec::new();
    for (conn, from_cluster, frame) in frames() {
        let correlation: [u8; 4];
        if from_cluster {
            correlation = frame[4..8].try_into().expect("four bytes");
            let Some((api, version)) = asked.remove(&(conn, correlation)) else { continue };
            let mut reader = Reader::new(&frame[PREFIX_LEN..]);
            decode_response_header(&mut reader, api, version).expect("the cluster's own header");
            found.push((number_of(api, true), version_byte(api, version), reader.rest().to_vec()));
        } else {
            correlation = frame[8..12].try_into().expect("four bytes");
            let (api, version, body) = split_request(&frame);
            asked.insert((conn, correlation), (api, version));
            found.push((number_of(api, false), version_byte(api, version), body));
        }
    }
    found
}

/// What a producer, an admin client and the cluster say to each other in a good run, frame by
/// frame: on which stream, whether the cluster says it, and the bytes.
fn frames() -> Vec<(u64, bool, Vec<u8>)> {
    let now = Instant::from_nanos(1_000_000_000);
    let mut producer = Network::new(new_producer(&mut Script::new(&[]), now), now);
    producer.said = Some(Vec::new());
    super::machines::run_well(&mut producer);
    let mut admin = Network::new(new_admin(now), now);
    admin.said = Some(Vec::new());
    super::machines::ask_all(&mut admin);
    for _ in 0..1_000 {
        admin.settle();
        if !admin.deliver() {
            admin.pass_to_next();
        }
    }
    let said = producer.said.into_iter().chain(admin.said).zip([0, 1_000_000]);
    said.flat_map(|(said, base)| cut(said, base)).collect()
}

/// Pieces as they were written, as frames.
fn cut(said: Vec<(ConnectionId, bool, Vec<u8>)>, base: u64) -> Vec<(u64, bool, Vec<u8>)> {
    let mut streams: BTreeMap<(ConnectionId, bool), Vec<u8>> = BTreeMap::new();
    let mut found = Vec::new();
    for (conn, from_cluster, bytes) in said {
        let stream = streams.entry((conn, from_cluster)).or_default();
        stream.extend(bytes);
        while let Some(length) = stream.first_chunk::<PREFIX_LEN>() {
            let end = PREFIX_LEN + u32::from_be_bytes(*length) as usize;
            if stream.len() < end {
                break;
            }
            let rest = stream.split_off(end);
            found.push((base + conn.0, from_cluster, core::mem::replace(stream, rest)));
        }
    }
    found
}

fn number_of(api: ApiKey, response: bool) -> u8 {
    let base = match api {
        ApiKey::ApiVersions => 0,
        ApiKey::CreateTopics => 2,
        ApiKey::DeleteTopics => 4,
        ApiKey::DescribeCluster => 6,
        ApiKey::DescribeConfigs => 8,
        ApiKey::Fetch => 10,
        ApiKey::InitProducerId => 12,
        ApiKey::ListOffsets => 14,
        ApiKey::Metadata => 16,
        ApiKey::Produce if response => return 18,
        ApiKey::Produce => return 19,
    };
    base + u8::from(response)
}

fn version_byte(api: ApiKey, version: i16) -> u8 {
    u8::try_from(version - api.client_versions().start()).expect("a few versions")
}

/// Of the first node.
pub(crate) const FIRST_PORT: u16 = 9_001;
const NOBODY: ConnectionId = ConnectionId(u64::MAX);
/// Inputs that a script of a few thousand bytes can bring about, and a hundred times more.
const MOST_STEPS: u32 = 200_000;
/// Lengths and codes that hurt.
const NASTY: [i32; 10] = [
    i32::MAX,
    i32::MIN,
    -1,
    -2,
    0,
    2_000_000_000,
    0x00ff_ffff,
    0x7fff_0001,
    0x0001_0000,
    0x0081_a8d6,
];
