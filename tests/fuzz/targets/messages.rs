//! Bodies, headers and frames in both directions, held against the `kafka-protocol` crate.

use bytes::{Buf, Bytes, BytesMut};
use kafka_protocol::messages as theirs;
use kafka_protocol::protocol::{Decodable, Encodable};
use kprod_bench::base::Rng;
use kprod_bench::kafka::wire::*;

use super::{Script, below, network, noise};

/// Gives each message of each API a number, and calls `$check::<ours, theirs>` for `$number`.
macro_rules! message_number {
    ($number:expr, $check:ident $arguments:tt) => {
        message_number! {
            $number, $check $arguments:
            0 api_versions ApiVersionsRequest,
            1 api_versions ApiVersionsResponse,
            2 create_topics CreateTopicsRequest,
            3 create_topics CreateTopicsResponse,
            4 delete_topics DeleteTopicsRequest,
            5 delete_topics DeleteTopicsResponse,
            6 describe_cluster DescribeClusterRequest,
            7 describe_cluster DescribeClusterResponse,
            8 describe_configs DescribeConfigsRequest,
            9 describe_configs DescribeConfigsResponse,
            10 fetch FetchRequest,
            11 fetch FetchResponse,
            12 init_producer_id InitProducerIdRequest,
            13 init_producer_id InitProducerIdResponse,
            14 list_offsets ListOffsetsRequest,
            15 list_offsets ListOffsetsResponse,
            16 metadata MetadataRequest,
            17 metadata MetadataResponse,
            18 produce ProduceResponse,
        }
    };
    ($of:expr, $check:ident $arguments:tt: $($number:literal $api:ident $name:ident,)*) => {
        match $of % MESSAGES {
            $($number => $check::<$api::$name, theirs::$name>$arguments,)*
            _ => produce_request $arguments,
        }
    };
}

/// Messages, the produce request last.
const MESSAGES: u8 = 20;

trait Ours: Message + Default + PartialEq + std::fmt::Debug {}
impl<M: Message + Default + PartialEq + std::fmt::Debug> Ours for M {}

/// Message, version, body.
pub(crate) fn run(input: &[u8]) {
    let mut script = Script::new(input);
    let (number, version) = (script.u8(), script.u8());
    let body = script.rest();
    message_number!(number, check(version, body));
}

/// A body out of real traffic, or of random bytes that are small numbers mostly.
pub(crate) fn seed(rng: &mut Rng) -> Vec<u8> {
    if rng.below(2) == 0 {
        let frames = network::traffic(rng);
        let (number, version, body) = &frames[below(rng, frames.len())];
        return [&[*number, *version][..], body].concat();
    }
    let mut bytes = noise(rng, 160);
    for byte in &mut bytes[1..] {
        *byte = match *byte % 8 {
            0..4 => 0,
            4..6 => *byte / 64,
            6 => *byte / 16,
            _ => *byte,
        };
    }
    bytes
}

/// The version that a byte names: spoken here, or just outside.
fn version_of(api: ApiKey, byte: u8) -> i16 {
    let versions = api.client_versions();
    let count = versions.end() - versions.start() + 2;
    versions.start() + i16::from(byte) % count
}

fn encoded<M: Message>(message: &M, version: i16) -> Vec<u8> {
    let mut out = Vec::new();
    message.encode(&mut Writer(&mut out), version);
    out
}

/// What can be read is written to bytes that the other implementation reads and writes the same.
fn check<O: Ours, T: Encodable + Decodable + std::fmt::Debug>(version: u8, body: &[u8]) {
    let version = version_of(O::API, version);
    let mut reader = Reader::new(body);
    let Ok(message) = O::decode(&mut reader, version) else { return };
    let bytes = encoded(&message, version);
    let mut again = Reader::new(&bytes);
    let read = O::decode(&mut again, version).expect("our own bytes");
    assert_eq!(again.finish(), Ok(()), "{read:?}");
    assert_eq!(read, message, "version {version}");
    let mut theirs = Bytes::copy_from_slice(&bytes);
    let there = T::decode(&mut theirs, version)
        .unwrap_or_else(|error| panic!("version {version}: {error} in {message:?}"));
    assert_eq!(theirs.remaining(), 0, "version {version}: {message:?}");
    let mut rewritten = BytesMut::new();
    there.encode(&mut rewritten, version).expect("it was read");
    // A tag that came with its default value is kept by us and left out by them; nothing else
    // may differ.
    let shorter = rewritten.len() < bytes.len();
    assert!(shorter || rewritten == bytes[..], "version {version}: {message:?} is {there:?}");
    let mut reader = Reader::new(&rewritten);
    let back = O::decode(&mut reader, version).expect("their bytes");
    assert_eq!(reader.finish(), Ok(()), "{back:?}");
    assert!(encoded(&back, version) == rewritten[..], "version {version}: {back:?}");
}

/// A produce request: lends its batches, and is only ever read by the broker.
fn produce_request(version: u8, body: &[u8]) {
    let version = version_of(ApiKey::Produce, version);
    let Ok(request) = produce::ProduceRequest::decode(&mut Reader::new(body), version) else {
        return;
    };
    let lent: usize = request
        .topics
        .iter()
        .flat_map(|topic| &topic.partitions)
        .filter_map(|partition| partition.records)
        .map(<[u8]>::len)
        .sum();
    assert!(lent <= body.len(), "{lent} bytes lent of {}", body.len());
}

/// Frames of a stream, read as requests and as responses.
pub(crate) fn run_frames(input: &[u8]) {
    const LIMIT: u32 = 4_096;
    let mut rest = input;
    while let Ok(Some((frame, used))) = frame::split(rest, LIMIT) {
        assert_eq!(used, frame.len() + frame::PREFIX_LEN);
        rest = &rest[used..];
        let mut reader = Reader::new(frame);
        if let Ok(header) = RequestHeader::decode(&mut reader) {
            let mut again = Vec::new();
            header.encode(&mut Writer(&mut again));
            assert_eq!(RequestHeader::decode(&mut Reader::new(&again)).as_ref(), Ok(&header));
            let number = frame.len().to_le_bytes()[0];
            message_number!(number, check(again[3], reader.rest()));
        }
        for &api in ApiKey::ALL {
            for version in [*api.client_versions().start(), *api.client_versions().end()] {
                let _ = decode_response_header(&mut Reader::new(frame), api, version);
            }
        }
    }
}

/// Some frames one after another.
pub(crate) fn seed_frames(rng: &mut Rng) -> Vec<u8> {
    let frames = network::streams(rng);
    frames.into_iter().take(1 + below(rng, 8)).flatten().collect()
}
