//! DeleteTopics (key 20). Cost class: per run.

use super::{ErrorCode, Uuid, field::message};

message! {
    /// Deletes topics.
    pub struct DeleteTopicsRequest for DeleteTopics {
        /// By name or id, from version 6 on.
        [6..] topics: Vec<DeleteTopicState>,
        /// By name, up to version 5.
        [..=5] topic_names: Vec<String>,
        /// Milliseconds to wait until they are gone.
        [0..] timeout_ms: i32,
    }
}

impl DeleteTopicsRequest {
    /// A request for topics by their names that is right in every version.
    #[must_use]
    pub fn by_name(names: &[String], timeout_ms: i32) -> Self {
        let named = |name: &String| DeleteTopicState {
            name: Some(name.clone()),
            ..DeleteTopicState::default()
        };
        Self { topics: names.iter().map(named).collect(), topic_names: names.to_vec(), timeout_ms }
    }
}

message! {
    /// A topic to delete.
    pub struct DeleteTopicState {
        /// Its name, `None` when the id is given.
        [6..] name: Option<String>,
        /// Its id, zero when the name is given.
        [6..] topic_id: Uuid,
    }
}

message! {
    /// What became of the topics.
    pub struct DeleteTopicsResponse for DeleteTopics {
        /// Milliseconds the client should wait.
        [1..] throttle_time_ms: i32,
        /// One entry per topic asked for.
        [0..] responses: Vec<DeletableTopicResult>,
    }
}

message! {
    /// What became of one topic.
    pub struct DeletableTopicResult {
        /// Its name; `None` only from version 6 on.
        [0..] name: Option<String>,
        /// Its id.
        [6..] topic_id: Uuid,
        /// 0, or why it was not deleted.
        [0..] error_code: ErrorCode,
        /// The same in the broker's words.
        [5..] error_message: Option<String>,
    }
}
