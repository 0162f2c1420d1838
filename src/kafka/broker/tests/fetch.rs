//! Records and offsets read back.

use super::*;
use crate::kafka::wire::delete_topics::DeleteTopicsRequest;
use crate::kafka::wire::fetch::{
    FetchPartition, FetchRequest, FetchResponse, FetchTopic, PartitionData,
};
use crate::kafka::wire::list_offsets::{
    EARLIEST, LATEST, ListOffsetsPartition, ListOffsetsRequest, ListOffsetsResponse,
    ListOffsetsTopic,
};
use crate::kafka::wire::record_batch::Batch;

/// A fetch of partition 0 of `t`, waiting half a second for one byte.
fn request(lab: &Lab, offset: i64) -> FetchRequest {
    let partition = FetchPartition {
        fetch_offset: offset,
        partition_max_bytes: 1_000_000,
        ..Default::default()
    };
    let topic =
        FetchTopic { topic: "t".to_owned(), topic_id: lab.topic_id(), partitions: vec![partition] };
    FetchRequest {
        max_wait_ms: 500,
        min_bytes: 1,
        max_bytes: 50_000_000,
        topics: vec![topic],
        ..Default::default()
    }
}

fn only(response: FetchResponse) -> PartitionData {
    response.responses.into_iter().next().unwrap().partitions.into_iter().next().unwrap()
}

/// The values of all records in `data`, with their offsets.
fn values(data: &PartitionData) -> Vec<(i64, String)> {
    let records = data.records.as_ref().unwrap();
    let mut rest = &records[..];
    let mut found = Vec::new();
    while !rest.is_empty() {
        let (batch, behind) = Batch::parse(rest).unwrap();
        assert!(batch.crc_ok());
        for record in batch.records() {
            let record = record.unwrap();
            let value = String::from_utf8(record.value.unwrap().to_vec()).unwrap();
            found.push((batch.header.base_offset + i64::from(record.offset_delta), value));
        }
        rest = behind;
    }
    found
}

fn texts(data: &PartitionData) -> Vec<String> {
    values(data).into_iter().map(|(_, value)| value).collect()
}

#[test]
fn what_was_produced_is_fetched_in_every_version() {
    let mut lab = Lab::with_topic();
    let conn = lab.connect(0);
    lab.append(conn, 0, &batch(&["a", "b"]));
    lab.append(conn, 0, &batch(&["c"]));
    for version in ApiKey::Fetch.client_versions() {
        let asked = request(&lab, 1);
        let data = only(lab.call(conn, version, &asked));
        assert_eq!((data.error_code, data.high_watermark), (ErrorCode::NONE, 3));
        let expected = [(0, "a"), (1, "b"), (2, "c")].map(|(n, v)| (n, v.to_owned()));
        assert_eq!(values(&data), expected, "whole batches, {version}");
    }
}

#[test]
fn a_fetch_waits_for_records_or_its_deadline() {
    let mut lab = Lab::with_topic();
    let (consumer, producer) = (lab.connect(0), lab.connect(0));
    let asked = request(&lab, 0);
    let bytes = lab.request(16, &asked);
    lab.receive(consumer, &bytes);
    assert!(lab.response::<FetchResponse>(consumer, 16).is_none());
    assert_eq!(lab.broker.poll_timeout(), Some(lab.now + Duration::from_millis(500)));
    lab.append(producer, 0, &batch(&["now"]));
    assert_eq!(texts(&only(lab.response(consumer, 16).unwrap())), ["now"]);
    assert_eq!(lab.broker.poll_timeout(), None);

    let asked = request(&lab, 1);
    let bytes = lab.request(16, &asked);
    lab.receive(consumer, &bytes);
    lab.pass(Duration::from_millis(499));
    assert!(lab.response::<FetchResponse>(consumer, 16).is_none());
    lab.pass(Duration::from_millis(1));
    let data = only(lab.response(consumer, 16).unwrap());
    assert_eq!((data.error_code, texts(&data).len()), (ErrorCode::NONE, 0));
    assert_eq!(lab.broker.poll_timeout(), None);
}

#[test]
fn min_bytes_counts_over_partitions() {
    let mut lab = Lab::with_topic();
    lab.broker.cluster_mut().partition_mut("t", 1).unwrap().move_leader(BrokerId(1));
    let (consumer, producer) = (lab.connect(0), lab.connect(0));
    let one = batch(&["x"]);
    let mut asked = request(&lab, 0);
    asked.min_bytes = i32::try_from(2 * one.len()).unwrap();
    let second = FetchPartition { partition: 1, ..asked.topics[0].partitions[0].clone() };
    asked.topics[0].partitions.push(second);
    let bytes = lab.request(12, &asked);
    lab.receive(consumer, &bytes);
    lab.append(producer, 0, &one);
    assert!(lab.response::<FetchResponse>(consumer, 12).is_none());
    lab.append(producer, 1, &one);
    let response: FetchResponse = lab.response(consumer, 12).unwrap();
    let found: Vec<_> = response.responses[0].partitions.iter().map(texts).collect();
    assert_eq!(found, [["x"], ["x"]]);
}

#[test]
fn requests_behind_a_waiting_fetch_are_answered_after_it() {
    let mut lab = Lab::with_topic();
    let (consumer, producer) = (lab.connect(0), lab.connect(0));
    let asked = request(&lab, 0);
    let mut bytes = lab.request(16, &asked);
    bytes.extend(lab.produce_frame(13, 1, 0, &batch(&["mine"])));
    lab.receive(consumer, &bytes);
    assert_eq!(lab.broker.log("t", 0).count(), 0);
    lab.append(producer, 0, &batch(&["theirs"]));
    assert_eq!(texts(&only(lab.response(consumer, 16).unwrap())), ["theirs"]);
    let mine: ProduceResponse = lab.response(consumer, 13).unwrap();
    assert_eq!(mine.topics[0].partitions[0].base_offset, 1);
}

#[test]
fn what_ends_while_a_fetch_waits() {
    let mut lab = Lab::with_topic();
    let (consumer, gone, other) = (lab.connect(0), lab.connect(0), lab.connect(0));
    for conn in [consumer, gone] {
        let asked = request(&lab, 0);
        let bytes = lab.request(16, &asked);
        lab.receive(conn, &bytes);
    }
    lab.broker.handle_closed(gone, CloseCause::PeerClosed, lab.now);
    let request = DeleteTopicsRequest::by_name(&["t".to_owned()], 1);
    let _: crate::kafka::wire::delete_topics::DeleteTopicsResponse = lab.call(other, 6, &request);
    let data = only(lab.response(consumer, 16).unwrap());
    assert_eq!(data.error_code, ErrorCode::UNKNOWN_TOPIC_ID);
    assert_eq!(lab.broker.poll_timeout(), None);
}

#[test]
fn errors_are_told_at_once() {
    let mut lab = Lab::with_topic();
    let conn = lab.connect(0);
    lab.append(conn, 0, &batch(&["a"]));
    let mut code = |change: fn(&mut FetchPartition)| {
        let mut asked = request(&lab, 0);
        change(&mut asked.topics[0].partitions[0]);
        only(lab.call(conn, 16, &asked)).error_code
    };
    assert_eq!(code(|p| p.fetch_offset = 2), ErrorCode::OFFSET_OUT_OF_RANGE);
    assert_eq!(code(|p| p.fetch_offset = -1), ErrorCode::OFFSET_OUT_OF_RANGE);
    assert_eq!(code(|p| p.partition = 1), ErrorCode::NOT_LEADER_OR_FOLLOWER);
    assert_eq!(code(|p| p.partition = 7), ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    assert_eq!(code(|p| p.current_leader_epoch = 1), ErrorCode::UNKNOWN_LEADER_EPOCH);
    let mut asked = request(&lab, 0);
    asked.session_id = 5;
    let refused: FetchResponse = lab.call(conn, 16, &asked);
    assert_eq!(refused.error_code, ErrorCode::FETCH_SESSION_ID_NOT_FOUND);
}

#[test]
fn small_limits_still_get_one_batch() {
    let mut lab = Lab::with_topic();
    let conn = lab.connect(0);
    for value in ["a", "b"] {
        lab.append(conn, 0, &batch(&[value]));
    }
    let mut asked = request(&lab, 0);
    asked.max_bytes = 1;
    asked.topics[0].partitions[0].partition_max_bytes = 1;
    assert_eq!(texts(&only(lab.call(conn, 16, &asked))), ["a"]);
}

#[test]
fn offsets_by_name_and_by_time() {
    let mut lab = Lab::with_topic();
    let conn = lab.connect(0);
    let offsets = |lab: &mut Lab, timestamp| {
        let partition = ListOffsetsPartition { timestamp, ..Default::default() };
        let topic = ListOffsetsTopic { name: "t".to_owned(), partitions: vec![partition] };
        let request = ListOffsetsRequest { topics: vec![topic], ..Default::default() };
        let response: ListOffsetsResponse = lab.call(conn, 10, &request);
        let one = &response.topics[0].partitions[0];
        assert_eq!(one.error_code, ErrorCode::NONE);
        (one.offset, one.timestamp)
    };
    assert_eq!(offsets(&mut lab, -3), (-1, -1), "no record has the largest time");
    for _ in 0..2 {
        lab.append(conn, 0, &batch(&["a", "b", "c"]));
    }
    assert_eq!(offsets(&mut lab, EARLIEST), (0, -1));
    assert_eq!(offsets(&mut lab, LATEST), (6, -1));
    assert_eq!(offsets(&mut lab, UNIX_MS + 1), (1, UNIX_MS + 1));
    assert_eq!(offsets(&mut lab, -3), (2, UNIX_MS + 2), "the first one with the largest time");
    assert_eq!(offsets(&mut lab, UNIX_MS + 3), (-1, -1));
    assert_eq!(offsets(&mut lab, 0), (0, UNIX_MS));
}

#[test]
fn a_time_is_found_in_a_packed_batch_too() {
    use crate::kafka::compression::{Codec, Compression, compress};
    let mut lab = Lab::with_topic();
    let conn = lab.connect(0);
    let plain = batch(&["a", "b", "c"]);
    for (at, codec) in
        (0i64..).zip([Codec::Gzip, Codec::Snappy, Codec::Lz4, Codec::Zstd, Codec::None])
    {
        let mut header = plain_header(&["a", "b", "c"]);
        header.attributes = codec.id();
        header.base_timestamp += at * 10;
        header.max_timestamp += at * 10;
        let mut body = Vec::new();
        compress(Compression::of(codec), &plain[61..], &mut body).unwrap();
        let packed = [&header.write(&body)[..], &body].concat();
        assert_eq!(lab.append(conn, 0, &packed), (ErrorCode::NONE, at * 3));
    }
    for at in 0..5 {
        let timestamp = UNIX_MS + at * 10 + 1;
        let partition = ListOffsetsPartition { timestamp, ..Default::default() };
        let topic = ListOffsetsTopic { name: "t".to_owned(), partitions: vec![partition] };
        let request = ListOffsetsRequest { topics: vec![topic], ..Default::default() };
        let response: ListOffsetsResponse = lab.call(conn, 10, &request);
        let one = &response.topics[0].partitions[0];
        assert_eq!((one.offset, one.timestamp), (at * 3 + 1, timestamp));
    }
}
