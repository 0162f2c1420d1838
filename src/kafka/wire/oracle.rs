//! Every message in every version against the `kafka-protocol` crate, whose code is generated from
//! Kafka's own schemas.
//!
//! One pair of types at a time: what we write it reads, and writes again to the same bytes; what
//! those bytes hold has the same names and values on both sides.

use bytes::{Buf, Bytes, BytesMut};
use kafka_protocol::messages as theirs;
use kafka_protocol::protocol::{Decodable, Encodable, decode_request_header_from_buffer};
use proptest::prelude::*;

use super::produce::{Layout, PartitionEntry, ProduceHead, ProduceRequest, TopicEntry, layout};
use super::*;
use crate::base::Rng;

/// Calls `check::<ours, theirs>(arguments)` for every message.
macro_rules! for_each_message {
    ($check:ident $arguments:tt) => {
        for_each_message! {
            $check $arguments:
            api_versions ApiVersionsRequest ApiVersionsResponse,
            create_topics CreateTopicsRequest CreateTopicsResponse,
            delete_topics DeleteTopicsRequest DeleteTopicsResponse,
            describe_cluster DescribeClusterRequest DescribeClusterResponse,
            describe_configs DescribeConfigsRequest DescribeConfigsResponse,
            fetch FetchRequest FetchResponse,
            init_producer_id InitProducerIdRequest InitProducerIdResponse,
            list_offsets ListOffsetsRequest ListOffsetsResponse,
            metadata MetadataRequest MetadataResponse,
            produce ProduceResponse,
        }
    };
    ($check:ident $arguments:tt: $($api:ident $($name:ident)+,)*) => {
        $($($check::<$api::$name, theirs::$name>$arguments;)+)*
    };
}

trait Ours: Message + Default + PartialEq + std::fmt::Debug {}
impl<M: Message + Default + PartialEq + std::fmt::Debug> Ours for M {}
trait Theirs: Encodable + Decodable + std::fmt::Debug {}
impl<M: Encodable + Decodable + std::fmt::Debug> Theirs for M {}

fn encoded<M: Message>(message: &M, version: i16) -> Vec<u8> {
    let mut out = Vec::new();
    message.encode(&mut Writer(&mut out), version);
    out
}

/// What their reader makes of `bytes`, once it has written them again just the same.
fn read_by_them<T: Theirs>(bytes: &[u8], version: i16) -> T {
    let name = std::any::type_name::<T>();
    let mut input = Bytes::copy_from_slice(bytes);
    let message = T::decode(&mut input, version)
        .unwrap_or_else(|error| panic!("{name} version {version}: {error}"));
    assert_eq!(input.remaining(), 0, "{name} version {version}");
    let mut again = BytesMut::new();
    message.encode(&mut again, version).unwrap();
    assert!(again == bytes, "{name} version {version}: {message:#?}");
    message
}

/// The `name: value` pairs of a debug text whose values are single words, newtypes taken off.
fn pairs(debug: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (at, _) in debug.match_indices(": ") {
        let name = debug[..at].rsplit(|c: char| !(c.is_alphanumeric() || c == '_')).next();
        let mut value = &debug[at + 2..];
        while let Some((newtype, inner)) = value.split_once('(')
            && newtype.chars().all(|c| c.is_alphanumeric() || c == '_')
        {
            value = inner;
        }
        let value = value.split([',', ')', '}', ']']).next().unwrap_or_default().trim();
        // A tag that isn't there is a default over there.
        if !value.contains(['{', '[']) && !["", "None"].contains(&value) {
            found.push((name.unwrap_or_default().to_owned(), value.to_owned()));
        }
    }
    found
}

fn agree<O: Ours, T: Theirs>(seed: u64) {
    let sample = O::sample(&mut Rng::new(seed));
    for version in O::API.client_versions() {
        read_by_them::<T>(&encoded(&O::default(), version), version);
        let bytes = encoded(&sample, version);
        let there = pairs(&format!("{:?}", read_by_them::<T>(&bytes, version)));

        let mut reader = Reader::new(&bytes);
        let read = O::decode(&mut reader, version).unwrap();
        assert_eq!(reader.finish(), Ok(()), "{read:?} version {version}");
        assert_eq!(encoded(&read, version), bytes, "{read:?} version {version}");
        // Read over another message it is the same, whatever that one held.
        let mut over = O::sample(&mut Rng::new(seed + 1_000));
        for bytes in [&encoded(&O::default(), version), &bytes] {
            over.decode_over(&mut Reader::new(bytes), version).unwrap();
            let anew = O::decode(&mut Reader::new(bytes), version).unwrap();
            assert_eq!(over, anew, "version {version}");
        }
        // Every name and value that is ours is theirs too; numbers are random enough to tell two
        // fields apart that stand side by side.
        for pair in pairs(&format!("{read:?}")) {
            assert!(there.contains(&pair), "version {version}: {pair:?} is not in {there:?}");
        }
    }
}

/// Reads damaged bytes: nothing may panic, and what is read is no larger than its bytes allow.
fn survive<O: Ours, T: Theirs>(bytes: &[u8], at: usize, with: u8) {
    let sample = O::sample(&mut Rng::new(at as u64));
    for version in O::API.client_versions() {
        let _ = O::decode(&mut Reader::new(bytes), version);
        let mut damaged = encoded(&sample, version);
        // An ApiVersions request has no bytes at first.
        let at = at % damaged.len().max(1);
        let _ = O::decode(&mut Reader::new(&damaged[..at]), version);
        if let Some(byte) = damaged.get_mut(at) {
            *byte = with;
        }
        let _ = O::decode(&mut Reader::new(&damaged), version);
    }
}

#[test]
fn every_message_agrees_in_every_version() {
    for seed in 0..8 {
        for_each_message!(agree(seed));
    }
}

#[test]
fn names_and_values_are_found_in_debug_texts() {
    let found = pairs("A { x: 1, y: Some(Name(\"t\")), z: [B { w: Id(-3) }], v: C { u: true } }");
    let found: Vec<_> = found.iter().map(|(name, value)| (&name[..], &value[..])).collect();
    assert_eq!(found, [("x", "1"), ("y", "\"t\""), ("w", "-3"), ("u", "true")]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn damaged_messages_never_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        at in 0usize..2_000,
        with: u8,
    ) {
        for_each_message!(survive(&bytes, at, with));
        for version in ApiKey::Produce.client_versions() {
            let _ = ProduceRequest::decode(&mut Reader::new(&bytes), version);
            let (mut frame, _) = produce_frame(version);
            let at = at % frame.len();
            frame[at] = with;
            let _ = ProduceRequest::decode(&mut Reader::new(&frame[at..]), version);
        }
        let _ = RequestHeader::decode(&mut Reader::new(&bytes));
    }
}

/// A whole produce frame of two topics and three batches, and where its body begins.
fn produce_frame(version: i16) -> (Vec<u8>, usize) {
    let header = RequestHeader {
        api: ApiKey::Produce,
        version,
        correlation: 77,
        client_id: Some("kprod".to_owned()),
    };
    let head = ProduceHead { transactional_id: Some("t"), acks: -1, timeout_ms: 1_500 };
    let batches: [&[u8]; 3] = [&[1; 300], &[2; 61], &[3; 20_000]];
    let entry = |index: i32, batch: &[u8]| PartitionEntry {
        index,
        batch_len: u32::try_from(batch.len()).unwrap(),
    };
    let first = [entry(4, batches[0]), entry(0, batches[1])];
    let second = [entry(9, batches[2])];
    let topics = [
        TopicEntry { name: "one", id: Uuid([1; 16]), partitions: &first },
        TopicEntry { name: "two", id: Uuid([2; 16]), partitions: &second },
    ];
    // Something is left from an earlier request.
    let mut laid = Layout { glue: vec![9; 30], cuts: vec![3, 4], batch_bytes: 5 };
    layout(&mut laid, &header, &head, topics.into_iter());
    let mut frame = laid.piece(0).to_vec();
    for (index, batch) in batches.iter().enumerate() {
        frame.extend_from_slice(batch);
        frame.extend_from_slice(laid.piece(index + 1));
    }
    assert_eq!((laid.batches(), laid.frame_len()), (3, frame.len() as u64));
    let mut header_bytes = Vec::new();
    header.encode(&mut Writer(&mut header_bytes));
    (frame, frame::PREFIX_LEN + header_bytes.len())
}

#[test]
fn produce_requests_agree_in_every_version() {
    for version in ApiKey::Produce.client_versions() {
        let (frame, body) = produce_frame(version);
        let (content, used) = frame::split(&frame, 1_000_000).unwrap().unwrap();
        assert_eq!(used, frame.len());

        let mut input = Bytes::copy_from_slice(content);
        let header = decode_request_header_from_buffer(&mut input).unwrap();
        assert_eq!((header.correlation_id, header.request_api_version), (77, version));
        assert_eq!(header.client_id.unwrap().as_str(), "kprod");
        assert_eq!(input.len(), frame.len() - body);
        let there: theirs::ProduceRequest = read_by_them(&frame[body..], version);
        assert_eq!((there.acks, there.timeout_ms), (-1, 1_500));

        let mut reader = Reader::new(&frame[body..]);
        let ours = ProduceRequest::decode(&mut reader, version).unwrap();
        assert_eq!(reader.finish(), Ok(()));
        assert_eq!((ours.transactional_id, ours.acks, ours.timeout_ms), (Some("t"), -1, 1_500));
        for (ours, there) in ours.topics.iter().zip(&there.topic_data) {
            assert_eq!(ours.name, there.name.as_str());
            assert_eq!(&ours.topic_id.0, there.topic_id.as_bytes());
            for (ours, there) in ours.partitions.iter().zip(&there.partition_data) {
                assert_eq!((ours.index, ours.records), (there.index, there.records.as_deref()));
            }
        }
        let sizes = |topic: &produce::ProduceTopic<'_>| topic.partitions.len();
        assert_eq!(ours.topics.iter().map(sizes).collect::<Vec<_>>(), [2, 1]);
    }
}

#[test]
fn record_batches_agree() {
    use crate::base::{Header, RecordView};
    use kafka_protocol::records::RecordBatchDecoder;
    let headers = [Header { name: "a", value: None }, Header { name: "b", value: Some(b"c") }];
    let record = |key, value, headers| RecordView {
        partition: None,
        key,
        value,
        headers,
        timestamp_ms: 1_000,
    };
    let long = vec![7; 20_000];
    let records = [
        record(None, Some(&long[..]), &[]),
        record(Some(b""), None, &headers[..]),
        record(Some(b"key"), Some(b"value"), &headers[1..]),
    ];
    let mut body = Vec::new();
    for (delta, record) in (0..).zip(&records) {
        record_batch::append_record(&mut body, delta, -i64::from(delta), record);
    }
    let header = record_batch::BatchHeader {
        base_offset: 40,
        partition_leader_epoch: 6,
        attributes: record_batch::attributes::TRANSACTIONAL,
        last_offset_delta: 2,
        base_timestamp: 1_000,
        max_timestamp: 1_000,
        producer_id: 5,
        producer_epoch: 4,
        base_sequence: 3,
        record_count: 3,
    };
    let mut batch = Bytes::from([&header.write(&body)[..], &body].concat());
    let read = RecordBatchDecoder::decode(&mut batch).unwrap().records;
    assert_eq!(read.len(), 3);
    for (index, (there, ours)) in (0..).zip(read.iter().zip(&records)) {
        assert_eq!((there.key.as_deref(), there.value.as_deref()), (ours.key, ours.value));
        assert_eq!((there.offset, there.timestamp), (40 + index, 1_000 - index));
        assert_eq!((there.producer_id, there.producer_epoch), (5, 4));
        assert_eq!(i64::from(there.sequence), 3 + index);
        assert!(there.transactional);
        let headers = there.headers.iter().map(|(name, value)| (name.as_str(), value.as_deref()));
        assert!(headers.eq(ours.headers.iter().map(|header| (header.name, header.value))));
    }
}

#[test]
fn error_codes_agree() {
    for &code in ErrorCode::ALL {
        let Some(there) = kafka_protocol::error::ResponseError::try_from_code(code.0) else {
            assert!(code.is_ok());
            continue;
        };
        // Theirs stops before codes of later Kafka versions, and has one class from an older one:
        // Java's ConcurrentTransactionsException is retriable.
        if there != kafka_protocol::error::ResponseError::Unknown(code.0) {
            let retriable = there.is_retriable() || code == ErrorCode::CONCURRENT_TRANSACTIONS;
            assert_eq!(code.is_retriable(), retriable, "{code}");
            let name = code.name().replace('_', "").to_lowercase();
            assert_eq!(format!("{there:?}").to_lowercase(), name);
        }
    }
}
