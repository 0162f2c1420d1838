//! Memory: while hostile bytes are read, in proportion to what arrived, whatever it claims; and of
//! whole runs, within what `buffer.memory` and the promise beside it allow.
//!
//! A program of its own, since its allocator counts; the whole runs are processes, and tell the
//! system's count. The bounds stand at the end, with what was measured when they were set.

use core::time::Duration;
use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use kprod_bench::base::{BrokerId, ConnectionId, Instant, ListenerIndex, Machine, Server};
use kprod_bench::kafka::broker::{Broker, BrokerPlan};
use kprod_bench::kafka::compression::{Codec, Compression, compress, decompress};
use kprod_bench::kafka::connection::{Connection, MAX_ANSWER, Settings};
use kprod_bench::kafka::producer::ProducerRequest;
use kprod_bench::kafka::wire::*;

/// The most bytes held at once by `work`, over what was held before.
fn peak(work: impl FnOnce()) -> u64 {
    allocation_counter::measure(work).bytes_max
}

/// Two billion as a plain and as a compact count.
const CLAIMS: [&[u8]; 2] = [&[0x77, 0x35, 0x94, 0x00], &[0x81, 0xa8, 0xd6, 0xb9, 0x07]];

/// Writes the claim over every position of an otherwise good body, once with nothing behind it and
/// once with a lot; returns the highest peak.
fn worst<M: Message + Default>() -> u64 {
    let mut worst = 0;
    for version in M::API.client_versions() {
        let mut good = Vec::new();
        M::default().encode(&mut Writer(&mut good), version);
        for (at, claim) in (0..=good.len()).flat_map(|at| CLAIMS.map(|claim| (at, claim))) {
            for behind in [0, 5_000] {
                let body = [&good[..at], claim, &vec![1; behind]].concat();
                let used = peak(|| drop(M::decode(&mut Reader::new(&body), version)));
                assert!(
                    used <= BASE + PER_BYTE * body.len() as u64,
                    "{:?} version {version}: {used} bytes for {}",
                    M::API,
                    body.len()
                );
                worst = worst.max(used);
            }
        }
    }
    worst
}

#[test]
fn two_billion_entries_buy_no_memory_in_any_message() {
    let peaks = [
        worst::<api_versions::ApiVersionsRequest>(),
        worst::<api_versions::ApiVersionsResponse>(),
        worst::<create_topics::CreateTopicsRequest>(),
        worst::<create_topics::CreateTopicsResponse>(),
        worst::<delete_topics::DeleteTopicsRequest>(),
        worst::<delete_topics::DeleteTopicsResponse>(),
        worst::<describe_cluster::DescribeClusterRequest>(),
        worst::<describe_cluster::DescribeClusterResponse>(),
        worst::<describe_configs::DescribeConfigsRequest>(),
        worst::<describe_configs::DescribeConfigsResponse>(),
        worst::<fetch::FetchRequest>(),
        worst::<fetch::FetchResponse>(),
        worst::<init_producer_id::InitProducerIdRequest>(),
        worst::<init_producer_id::InitProducerIdResponse>(),
        worst::<list_offsets::ListOffsetsRequest>(),
        worst::<list_offsets::ListOffsetsResponse>(),
        worst::<metadata::MetadataRequest>(),
        worst::<metadata::MetadataResponse>(),
        worst::<produce::ProduceResponse>(),
    ];
    println!("most bytes held, message by message: {peaks:?}");
}

#[test]
fn a_produce_request_of_two_billion_topics_buys_no_memory() {
    for version in ApiKey::Produce.client_versions() {
        for claim in CLAIMS {
            for at in 0..12 {
                let body = [&vec![0; at][..], claim, &[1; 5_000]].concat();
                let read =
                    || drop(produce::ProduceRequest::decode(&mut Reader::new(&body), version));
                let used = peak(read);
                assert!(used <= BASE + PER_BYTE * body.len() as u64, "{version}: {used}");
            }
        }
    }
}

#[test]
fn a_claimed_frame_buys_no_memory_on_either_side() {
    let now = Instant::from_nanos(1);
    let second = Duration::from_secs(1);
    // 90 MiB, which is allowed, and 2 GiB, which isn't; 1,000 bytes come.
    for claim in [90 << 20, i32::MAX] {
        let bytes = [&i32::to_be_bytes(claim)[..], &[0; 1_000]].concat();
        let settings = Settings {
            max_in_flight: 5,
            request_timeout: second,
            max_idle: None,
            max_answer: MAX_ANSWER,
        };
        let (id, node) = (ConnectionId(1), BrokerId(1));
        let mut client = Connection::<ProducerRequest>::new(id, node, settings, "c", second, now);
        client.connected(now);
        let used = peak(|| drop(client.read(&bytes, now, &mut VecDeque::new())));
        assert!(used < 16 * 1_024, "the client held {used} bytes");

        let mut broker = Broker::new(BrokerPlan::of(1, "127.0.0.1", 9_092), 0, 1);
        broker.handle_accepted(id, ListenerIndex(0), now);
        let used = peak(|| broker.handle_read(id, &bytes, now));
        assert!(used < 16 * 1_024, "the broker held {used} bytes");
    }
}

#[test]
fn what_unpacks_to_gigabytes_takes_no_more_than_the_limit_allows() {
    const LIMIT: usize = 1 << 20;
    let zeros = vec![0; 64 << 20];
    for &codec in &Codec::ALL[1..] {
        let mut bomb = Vec::new();
        compress(Compression::of(codec), &zeros, &mut bomb).expect("it packs");
        let mut out = Vec::new();
        let used = peak(|| {
            decompress(codec, &bomb, &mut out, LIMIT).expect_err("it is above the limit");
        });
        println!("{}: {} bytes claim 64 MiB, {used} held", codec.name(), bomb.len());
        assert!(used <= 4 * LIMIT as u64, "{}: {used} bytes", codec.name());
    }
    // A block of Snappy that says it is 4 GiB long.
    let claim = [&[0xff, 0xff, 0xff, 0xff, 0x0f][..], &[0; 95]].concat();
    let used = peak(|| {
        decompress(Codec::Snappy, &claim, &mut Vec::new(), usize::MAX).expect_err("it can't be");
    });
    assert!(used < 1_024, "{used} bytes");
}

/// Embedded brokers in a process of their own, which ends with its input.
struct Brokers(Child);

impl Brokers {
    /// So many, and where the first of them listens.
    fn start(brokers: u32) -> (Self, String) {
        let count = brokers.to_string();
        let mut child = Command::new(env!("CARGO_BIN_EXE_kprod-bench"))
            .args(["broker", "--listen", "127.0.0.1:0", "--until-eof", "--brokers", &count])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let first = line.trim().split(',').next().unwrap().to_owned();
        (Self(child), first)
    }
}

impl Drop for Brokers {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// Sends more than `buffer.memory` holds, as fast as it goes; the process's peak in bytes. Every
/// record is acked.
fn peak_of_a_run(bootstrap: &str, flags: &str) -> u64 {
    let usual = "--record-size 1000 --num-records 30000 --warmup 0 --buffer-memory 16777216 \
                 --linger-ms 5 --output-format json";
    let out = Command::new(env!("CARGO_BIN_EXE_kprod-bench"))
        .args(["run", "--bootstrap-server", bootstrap])
        .args(usual.split_whitespace())
        .args(flags.split_whitespace())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{flags}: {said}");
    let result: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(result["records"]["acked"], 30_000, "{flags}: {said}");
    let peak = result["client"]["rss_peak"].as_u64();
    println!("{flags}: {peak:?} bytes");
    // Where the system doesn't tell there is nothing to hold against.
    peak.unwrap_or(0)
}

#[test]
fn a_run_holds_its_buffer_and_little_beside_it() {
    let (_brokers, bootstrap) = Brokers::start(1);
    for (producers, flags) in [
        (1, "--topic plain"),
        (1, "--topic many --partitions 1000 --partitioner round-robin"),
        (1, "--topic most --partitions 10000 --partitioner round-robin"),
        (1, "--topic plain --compression-type gzip --batch-size 131072"),
        (1, "--topic plain --compression-type zstd --batch-size 131072"),
        // Bodies of several times batch.size.
        (1, "--topic plain --compression-type gzip --batch-size 131072 --compress-ratio 0.15"),
        (1, "--topic plain --compression-type zstd --batch-size 131072 --compress-ratio 0.15"),
        (1, "--topic plain --compression-type lz4 --batch-size 131072 --compress-ratio 0.15"),
        (2, "--topic plain --producers 2"),
    ] {
        let peak = peak_of_a_run(&bootstrap, flags);
        assert!(peak <= producers * (BUFFER + BESIDE_BUFFER), "{flags}: {peak} bytes");
    }
}

#[test]
fn a_thousand_connections_hold_no_more() {
    let (_brokers, bootstrap) = Brokers::start(1_000);
    let peak = peak_of_a_run(&bootstrap, "--topic t --partitions 1000 --partitioner round-robin");
    assert!(peak <= BUFFER + BESIDE_BUFFER, "{peak} bytes");
}

/// `buffer.memory` of the runs.
const BUFFER: u64 = 16 << 20;
/// What each producer may take beside it, the program itself included.
const BESIDE_BUFFER: u64 = 64 << 20;
/// Room for the first elements of an array, taken before they are read.
const BASE: u64 = 16 * 1_024;
/// An element in memory over its bytes on the wire, with a vector's growth; 22 is the most met, in
/// a DeleteTopics answer.
const PER_BYTE: u64 = 32;
