//! DescribeConfigs (key 32). Cost class: per run.

use super::{ErrorCode, field::message};

/// The resource type of a topic.
pub const RESOURCE_TOPIC: i8 = 2;
/// The resource type of a broker.
pub const RESOURCE_BROKER: i8 = 4;

message! {
    /// Asks for the settings of topics or brokers.
    pub struct DescribeConfigsRequest for DescribeConfigs {
        /// Whose settings.
        [0..] resources: Vec<DescribeConfigsResource>,
        /// Whether to tell what a setting falls back to.
        [1..] include_synonyms: bool,
        /// Whether to tell what a setting is for.
        [3..] include_documentation: bool,
    }
}

message! {
    /// Whose settings.
    pub struct DescribeConfigsResource {
        /// [`RESOURCE_TOPIC`] or [`RESOURCE_BROKER`].
        [0..] resource_type: i8,
        /// A topic's name or a broker's id in digits.
        [0..] resource_name: String,
        /// Which settings, `None` for all.
        [0..] configuration_keys: Option<Vec<String>>,
    }
}

message! {
    /// Settings.
    pub struct DescribeConfigsResponse for DescribeConfigs {
        /// Milliseconds the client should wait.
        [0..] throttle_time_ms: i32,
        /// One entry per resource asked for.
        [0..] results: Vec<DescribeConfigsResult>,
    }
}

message! {
    /// The settings of one resource.
    pub struct DescribeConfigsResult {
        /// 0, or why there are none.
        [0..] error_code: ErrorCode,
        /// The same in the broker's words.
        [0..] error_message: Option<String>,
        /// As in the request.
        [0..] resource_type: i8,
        /// As in the request.
        [0..] resource_name: String,
        /// The settings.
        [0..] configs: Vec<DescribeConfigsResourceResult>,
    }
}

message! {
    /// One setting.
    pub struct DescribeConfigsResourceResult {
        /// Its name.
        [0..] name: String,
        /// Its value, `None` when secret.
        [0..] value: Option<String>,
        /// Whether it can't be changed.
        [0..] read_only: bool,
        /// Where it comes from: 1 topic, 2 and 3 dynamic broker, 4 static broker, 5 default;
        /// −1 unknown.
        [1..] config_source: i8 = -1,
        /// Whether its value is kept secret.
        [0..] is_sensitive: bool,
        /// What it falls back to, nearest first.
        [1..] synonyms: Vec<DescribeConfigsSynonym>,
        /// Its type: 1 boolean, 2 string, 3 int, 4 short, 5 long, 6 double, 7 list, 8 class,
        /// 9 password; 0 unknown.
        [3..] config_type: i8,
        /// What it is for.
        [3..] documentation: Option<String>,
    }
}

message! {
    /// A setting that another one falls back to.
    pub struct DescribeConfigsSynonym {
        /// Its name.
        [1..] name: String,
        /// Its value.
        [1..] value: Option<String>,
        /// Where it comes from, numbered as in
        /// [`config_source`](DescribeConfigsResourceResult::config_source).
        [1..] source: i8,
    }
}
