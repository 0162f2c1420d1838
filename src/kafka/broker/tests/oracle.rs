//! The same broker asked by another encoder: the `kafka-protocol` crate.

use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{
    ApiKey as TheirKey, ApiVersionsRequest, ApiVersionsResponse, MetadataRequest, MetadataResponse,
    ProduceRequest, ProduceResponse, RequestHeader as TheirHeader, ResponseHeader, TopicName,
};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, StrBytes};

use super::*;

/// Asks in their encoding and decodes the answer with their decoder.
fn call<Q, A>(lab: &mut Lab, conn: ConnectionId, key: TheirKey, version: i16, request: &Q) -> A
where
    Q: Encodable + HeaderVersion,
    A: Decodable + HeaderVersion,
{
    let header = TheirHeader::default()
        .with_request_api_key(key as i16)
        .with_request_api_version(version)
        .with_correlation_id(77)
        .with_client_id(Some(StrBytes::from_static_str("oracle")));
    let mut body = BytesMut::new();
    header.encode(&mut body, Q::header_version(version)).unwrap();
    request.encode(&mut body, version).unwrap();
    let mut bytes = u32::try_from(body.len()).unwrap().to_be_bytes().to_vec();
    bytes.extend_from_slice(&body);
    lab.receive(conn, &bytes);
    let mut answer = Bytes::from(lab.answer(conn).expect("an answer"));
    let header = ResponseHeader::decode(&mut answer, A::header_version(version)).unwrap();
    assert_eq!(header.correlation_id, 77);
    let response = A::decode(&mut answer, version).unwrap();
    assert!(answer.is_empty(), "version {version} of {key:?} leaves bytes");
    response
}

#[test]
fn metadata_and_versions_are_understood() {
    let mut lab = Lab::with_topic();
    let conn = lab.connect(0);
    for version in 0..=4 {
        let request = ApiVersionsRequest::default()
            .with_client_software_name(StrBytes::from_static_str("oracle"))
            .with_client_software_version(StrBytes::from_static_str("1"));
        let response: ApiVersionsResponse =
            call(&mut lab, conn, TheirKey::ApiVersions, version, &request);
        assert_eq!(response.api_keys.len(), ApiKey::ALL.len());
    }
    for version in 1..=13 {
        let name = TopicName(StrBytes::from_static_str("t"));
        let topic = MetadataRequestTopic::default().with_name(Some(name));
        let request = MetadataRequest::default().with_topics(Some(vec![topic]));
        let response: MetadataResponse =
            call(&mut lab, conn, TheirKey::Metadata, version, &request);
        assert_eq!(response.topics[0].error_code, 0);
        let leaders: Vec<_> = response.topics[0].partitions.iter().map(|p| p.leader_id.0).collect();
        assert_eq!(leaders, [1, 2, 3]);
    }
}

#[test]
fn their_produce_requests_are_taken() {
    let mut lab = Lab::with_topic();
    let conn = lab.connect(0);
    let id = lab.topic_id();
    for (offset, version) in (0i64..).zip(3i16..=13) {
        let partition = PartitionProduceData::default()
            .with_index(0)
            .with_records(Some(Bytes::from(batch(&["theirs"]))));
        let mut topic = TopicProduceData::default().with_partition_data(vec![partition]);
        if version >= 13 {
            topic.topic_id = format!("{:032x}", u128::from_be_bytes(id.0)).parse().unwrap();
        } else {
            topic.name = TopicName(StrBytes::from_static_str("t"));
        }
        let request = ProduceRequest::default()
            .with_acks(-1)
            .with_timeout_ms(1_000)
            .with_topic_data(vec![topic]);
        let response: ProduceResponse = call(&mut lab, conn, TheirKey::Produce, version, &request);
        let one = &response.responses[0].partition_responses[0];
        assert_eq!((one.error_code, one.base_offset), (0, offset), "{version}");
    }
}
