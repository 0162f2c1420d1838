//! The requests of an admin client. Cost class: per run.

use crate::base::Slices;
use crate::kafka::connection::Request;
use crate::kafka::wire::create_topics::CreateTopicsRequest;
use crate::kafka::wire::delete_topics::DeleteTopicsRequest;
use crate::kafka::wire::describe_configs::DescribeConfigsRequest;
use crate::kafka::wire::fetch::FetchRequest;
use crate::kafka::wire::list_offsets::ListOffsetsRequest;
use crate::kafka::wire::metadata::MetadataRequest;
use crate::kafka::wire::{ApiKey, RequestHeader, frame::encode_request};

/// A request and, once prepared, its frame.
#[derive(Clone, Debug)]
pub struct AdminRequest {
    pub(super) body: Body,
    /// The try that it belongs to.
    pub(super) round: u64,
    frame: Vec<u8>,
}

/// What is asked.
#[derive(Clone, Debug)]
pub(super) enum Body {
    Metadata(MetadataRequest),
    CreateTopics(CreateTopicsRequest),
    DeleteTopics(DeleteTopicsRequest),
    DescribeConfigs(DescribeConfigsRequest),
    ListOffsets(ListOffsetsRequest),
    Fetch(FetchRequest),
}

impl AdminRequest {
    pub(super) const fn new(body: Body) -> Self {
        Self { body, round: 0, frame: Vec::new() }
    }
}

impl Request for AdminRequest {
    fn api(&self) -> ApiKey {
        match self.body {
            Body::Metadata(_) => ApiKey::Metadata,
            Body::CreateTopics(_) => ApiKey::CreateTopics,
            Body::DeleteTopics(_) => ApiKey::DeleteTopics,
            Body::DescribeConfigs(_) => ApiKey::DescribeConfigs,
            Body::ListOffsets(_) => ApiKey::ListOffsets,
            Body::Fetch(_) => ApiKey::Fetch,
        }
    }

    fn expects_response(&self) -> bool {
        true
    }

    fn prepare(&mut self, header: &RequestHeader) {
        self.frame.clear();
        match &self.body {
            Body::Metadata(body) => encode_request(header, body, &mut self.frame),
            Body::CreateTopics(body) => encode_request(header, body, &mut self.frame),
            Body::DeleteTopics(body) => encode_request(header, body, &mut self.frame),
            Body::DescribeConfigs(body) => encode_request(header, body, &mut self.frame),
            Body::ListOffsets(body) => encode_request(header, body, &mut self.frame),
            Body::Fetch(body) => encode_request(header, body, &mut self.frame),
        }
    }

    fn len(&self) -> usize {
        self.frame.len()
    }

    fn gather<'a>(&'a self, skip: usize, slices: &mut Slices<'a>) {
        slices.push(&self.frame[skip..]);
    }
}
