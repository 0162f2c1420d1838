//! ApiVersions (key 18, KIP-35, KIP-511): what a broker speaks. Cost class: per connection.

use super::{ErrorCode, field::message};

message! {
    /// Asks what the broker speaks; the first request on a connection.
    pub struct ApiVersionsRequest for ApiVersions {
        /// The client's name; letters, digits, dots and dashes.
        [3..] client_software_name: String,
        /// The client's version; letters, digits, dots and dashes.
        [3..] client_software_version: String,
    }
}

message! {
    /// What the broker speaks.
    pub struct ApiVersionsResponse for ApiVersions {
        /// 35 when the request's version is unknown; the response is then in version 0.
        [0..] error_code: ErrorCode,
        /// One entry per API.
        [0..] api_keys: Vec<ApiVersion>,
        /// Milliseconds the client should wait.
        [1..] throttle_time_ms: i32,
        tags {
            /// Features the broker supports.
            0 [3..] supported_features: Vec<SupportedFeature>,
            /// Epoch of the finalized features, −1 if unknown.
            1 [3..] finalized_features_epoch: i64,
            /// Features that are in force in the cluster.
            2 [3..] finalized_features: Vec<FinalizedFeature>,
            /// Whether a migration from ZooKeeper may begin.
            3 [3..] zk_migration_ready: bool,
        }
    }
}

message! {
    /// One API of the broker; the code may be one we don't know.
    pub struct ApiVersion {
        /// The API's number.
        [0..] api_key: i16,
        /// The lowest version.
        [0..] min_version: i16,
        /// The highest version.
        [0..] max_version: i16,
    }
}

message! {
    /// A feature the broker supports.
    pub struct SupportedFeature {
        /// Its name.
        [3..] name: String,
        /// The lowest level.
        [3..] min_version: i16,
        /// The highest level.
        [3..] max_version: i16,
    }
}

message! {
    /// A feature in force in the cluster.
    pub struct FinalizedFeature {
        /// Its name.
        [3..] name: String,
        /// The highest level.
        [3..] max_version_level: i16,
        /// The lowest level.
        [3..] min_version_level: i16,
    }
}
