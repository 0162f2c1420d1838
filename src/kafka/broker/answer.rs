//! From a request's frame to its answer: reads the header, asks the file that knows the API, writes
//! what it says.
//!
//! Cost class: per request. Nothing is kept here; a request changes the cluster, its answer is
//! appended to the connection's bytes.

use super::cluster::Cluster;
use super::fetch::{self, Waiting};
use super::{Counters, admin, list_offsets, metadata, produce};
use crate::base::{BrokerId, ConnectionId, Instant};
use crate::kafka::wire::api_versions::{ApiVersion, ApiVersionsRequest, ApiVersionsResponse};
use crate::kafka::wire::{ApiKey, ErrorCode, Message, Reader, RequestHeader, WireError, frame};

/// Where and when a request is answered.
pub(super) struct Scene<'a> {
    pub(super) cluster: &'a mut Cluster,
    pub(super) counters: &'a mut Counters,
    /// Which node was asked, as an index.
    pub(super) node: usize,
    pub(super) conn: ConnectionId,
    pub(super) now: Instant,
    /// The time of day, in milliseconds since the Unix epoch.
    pub(super) unix_ms: i64,
}

/// What became of a request.
#[derive(Debug)]
pub(super) enum Done {
    /// Its answer, if it gets one, is written.
    Answered,
    /// It is a fetch without enough to answer with.
    Waiting(Waiting),
}

/// Why the connection has to end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Close {
    /// The bytes are no request that is spoken here. Kafka closes too.
    Malformed,
    /// A batch with acks=0 was refused; closing is the one way to say so (Kafka's
    /// `KafkaApis.handleProduceRequest`).
    Unacknowledged,
}

impl From<WireError> for Close {
    fn from(_: WireError) -> Self {
        Self::Malformed
    }
}

impl Scene<'_> {
    /// The node that was asked.
    pub(super) fn node_id(&self) -> BrokerId {
        self.cluster.nodes()[self.node].id
    }
}

/// The request's number and version, which its answer needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    pub(super) version: i16,
    pub(super) correlation: i32,
}

impl Call {
    /// Writes an answer.
    pub(super) fn reply<M: Message>(self, message: &M, out: &mut Vec<u8>) {
        frame::encode_response(self.correlation, self.version, message, out);
    }
}

/// Answers one request, given as a frame without its length.
///
/// # Errors
/// When the connection has to end.
pub(super) fn answer(mut scene: Scene<'_>, frame: &[u8], out: &mut Vec<u8>) -> Result<Done, Close> {
    let mut r = Reader::new(frame);
    let RequestHeader { api, version, correlation, .. } = RequestHeader::decode(&mut r)?;
    let call = Call { version, correlation };
    let scene = &mut scene;
    match api {
        ApiKey::Produce => produce::answer(scene, &mut r, call, out)?,
        ApiKey::Fetch => return fetch::answer(scene, read(&mut r, version)?, call, out),
        ApiKey::ListOffsets => {
            call.reply(&list_offsets::answer(scene, read(&mut r, version)?)?, out);
        }
        ApiKey::Metadata => call.reply(&metadata::answer(scene, read(&mut r, version)?), out),
        ApiKey::ApiVersions => api_versions(&mut r, call, out)?,
        ApiKey::CreateTopics => {
            call.reply(&admin::create_topics(scene, read(&mut r, version)?)?, out);
        }
        ApiKey::DeleteTopics => {
            call.reply(&admin::delete_topics(scene, read(&mut r, version)?, version)?, out);
        }
        ApiKey::InitProducerId => {
            call.reply(&admin::init_producer_id(scene, &read(&mut r, version)?), out);
        }
        ApiKey::DescribeConfigs => {
            call.reply(&admin::describe_configs(scene, read(&mut r, version)?)?, out);
        }
        ApiKey::DescribeCluster => {
            call.reply(&admin::describe_cluster(scene, &read(&mut r, version)?), out);
        }
    }
    Ok(Done::Answered)
}

/// A body, and nothing behind it.
fn read<M: Message>(r: &mut Reader<'_>, version: i16) -> Result<M, Close> {
    let message = M::decode(r, version)?;
    r.finish()?;
    Ok(message)
}

/// Tells what is spoken here; to a client that is too new in version 0, so that it can ask again
/// (KIP-511).
fn api_versions(r: &mut Reader<'_>, call: Call, out: &mut Vec<u8>) -> Result<(), Close> {
    let known = ApiKey::ApiVersions.client_versions().contains(&call.version);
    if known {
        read::<ApiVersionsRequest>(r, call.version)?;
    }
    let api_keys = ApiKey::ALL.iter().map(|api| {
        let versions = api.client_versions();
        ApiVersion {
            api_key: api.code(),
            min_version: *versions.start(),
            max_version: *versions.end(),
        }
    });
    let response = ApiVersionsResponse {
        error_code: if known { ErrorCode::NONE } else { ErrorCode::UNSUPPORTED_VERSION },
        api_keys: api_keys.collect(),
        ..ApiVersionsResponse::default()
    };
    let version = frame::response_version(ApiKey::ApiVersions, call.version);
    Call { version, ..call }.reply(&response, out);
    Ok(())
}

/// Checks that a request names no more things than an answer can hold: what answers one entry may
/// take a hundred times its bytes, and a frame ends at 2 GiB.
///
/// # Errors
/// [`Close::Malformed`] above the bound, which is far from anything a client needs.
pub(super) fn check_count(entries: usize) -> Result<(), Close> {
    if entries > MAX_ENTRIES { Err(Close::Malformed) } else { Ok(()) }
}

const MAX_ENTRIES: usize = 200_000;
