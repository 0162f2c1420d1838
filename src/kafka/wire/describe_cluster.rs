//! DescribeCluster (key 60, KIP-700). Cost class: per run.

use super::{ErrorCode, field::message};
use crate::base::BrokerId;

message! {
    /// Asks for the cluster's id and brokers.
    pub struct DescribeClusterRequest for DescribeCluster {
        /// Whether to tell what the client may do with the cluster.
        [0..] include_cluster_authorized_operations: bool,
        /// 1 brokers, 2 controllers.
        [1..] endpoint_type: i8 = 1,
        /// Whether to list brokers that are fenced off.
        [2..] include_fenced_brokers: bool,
    }
}

message! {
    /// The cluster's id and brokers.
    pub struct DescribeClusterResponse for DescribeCluster {
        /// Milliseconds the client should wait.
        [0..] throttle_time_ms: i32,
        /// 0, or why there is no answer.
        [0..] error_code: ErrorCode,
        /// The same in the broker's words.
        [0..] error_message: Option<String>,
        /// 1 brokers, 2 controllers.
        [1..] endpoint_type: i8 = 1,
        /// The cluster's id.
        [0..] cluster_id: String,
        /// The controller, −1 when unknown.
        [0..] controller_id: BrokerId = BrokerId(-1),
        /// The brokers.
        [0..] brokers: Vec<DescribeClusterBroker>,
        /// What the client may do with the cluster, a set of bits.
        [0..] cluster_authorized_operations: i32 = i32::MIN,
    }
}

message! {
    /// A broker.
    pub struct DescribeClusterBroker {
        /// Its node id.
        [0..] broker_id: BrokerId,
        /// Where clients find it.
        [0..] host: String,
        /// Its port.
        [0..] port: i32,
        /// The rack it stands in.
        [0..] rack: Option<String>,
        /// Whether it is fenced off.
        [2..] is_fenced: bool,
    }
}
