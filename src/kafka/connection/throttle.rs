//! Who pauses when a broker throttles (KIP-219). Cost class: per request.

use crate::kafka::wire::ApiKey;

/// Whether an answer's throttle time binds the client. In older versions the broker has already
/// waited before it answered.
#[must_use]
pub fn is_clients_duty(api: ApiKey, version: i16) -> bool {
    version >= first_version(api)
}

/// The first version of which Kafka's schema says that the client throttles.
const fn first_version(api: ApiKey) -> i16 {
    match api {
        ApiKey::Produce | ApiKey::Metadata => 6,
        ApiKey::Fetch => 8,
        ApiKey::ListOffsets => 3,
        ApiKey::ApiVersions | ApiKey::DeleteTopics => 2,
        ApiKey::CreateTopics => 3,
        ApiKey::InitProducerId => 1,
        ApiKey::DescribeConfigs => 2,
        ApiKey::DescribeCluster => 0,
    }
}
