//! What a cluster's client needs of a configuration. Cost class: once per run.

use core::time::Duration;

use crate::base::SocketOptions;
use crate::kafka::config::{Backoff, HostPort, ProducerConfig};
use crate::kafka::connection::{MAX_ANSWER, Settings};

/// The network half of a client's configuration.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NetworkConfig {
    /// `bootstrap.servers`, in the order given; one at least.
    pub bootstrap: Vec<HostPort>,
    /// `client.id`.
    pub client_id: String,
    /// Limits of each connection.
    pub connection: Settings,
    /// `retry.backoff.ms` and `.max.ms`: between metadata refreshes.
    pub retry_backoff: Backoff,
    /// `reconnect.backoff.ms` and `.max.ms`: between connection attempts to one broker.
    pub reconnect_backoff: Backoff,
    /// `socket.connection.setup.timeout.ms` and `.max.ms`.
    pub setup_timeout: Backoff,
    /// `metadata.max.age.ms`.
    pub metadata_max_age: Duration,
    /// `metadata.max.idle.ms`; acts on topics for which `Cluster::use_topic` is called.
    pub metadata_max_idle: Duration,
    /// `metadata.recovery.rebootstrap.trigger.ms`; `None`: `metadata.recovery.strategy=none`.
    pub rebootstrap_trigger: Option<Duration>,
    /// What to set on sockets.
    pub socket: SocketOptions,
}

impl From<&ProducerConfig> for NetworkConfig {
    fn from(config: &ProducerConfig) -> Self {
        Self {
            bootstrap: config.bootstrap_servers.clone(),
            client_id: config.client_id.clone(),
            connection: Settings {
                max_in_flight: usize::try_from(config.max_in_flight.max(1)).unwrap_or(usize::MAX),
                request_timeout: config.request_timeout,
                max_idle: config.connections_max_idle,
                max_answer: MAX_ANSWER,
            },
            retry_backoff: config.retry_backoff,
            reconnect_backoff: config.reconnect_backoff,
            setup_timeout: config.setup_timeout,
            metadata_max_age: config.metadata_max_age,
            metadata_max_idle: config.metadata_max_idle,
            rebootstrap_trigger: config.rebootstrap_trigger,
            socket: SocketOptions {
                send_buffer: config.send_buffer,
                receive_buffer: config.receive_buffer,
            },
        }
    }
}
