//! The in-memory Kafka cluster of a run that names no other: one thread, one port per node.
//!
//! Cost class: per run here; the thread's own work is the broker's. Ports are bound before the
//! broker is built, since it tells clients where its nodes are. Nothing is kept when it stops.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};

use crate::host::shell::{LoopStats, Worker, WorkerError, bind, clock, spawn_server};
use crate::kafka::broker::{Broker, BrokerCommand, BrokerPlan, Counters};
use crate::kafka::config::HostPort;

/// A running cluster. Dropping it stops it without waiting.
#[derive(Debug)]
pub struct Embedded {
    worker: Worker<BrokerCommand>,
    bootstrap: Vec<HostPort>,
    counters: Receiver<Counters>,
}

/// Why the embedded cluster didn't start or didn't end well.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// A port is taken, or the system gave no thread.
    #[error("the embedded broker could not start: {0}")]
    Start(#[from] io::Error),
    /// Its thread ended by itself.
    #[error("the embedded broker failed: {0}")]
    Failed(#[from] WorkerError),
    /// Its thread ended without a last word; after [`WorkerError`] the only other way is a second
    /// stop.
    #[error("the embedded broker had ended before")]
    Ended,
}

impl Embedded {
    /// Starts the planned nodes; port 0 lets the system choose. From here on connections are taken.
    /// `seed` decides topic ids and the cluster's id.
    ///
    /// # Errors
    /// When a host is neither an IP address nor `localhost`, a port is taken, or the system has no
    /// thread left.
    ///
    /// # Panics
    /// When the plan has no nodes.
    pub fn start(mut plan: BrokerPlan, seed: u64) -> Result<Self, EmbeddedError> {
        let wanted = plan.nodes.iter().map(|node| Ok((ip(&node.host)?, node.port).into()));
        let wanted = wanted.collect::<io::Result<Vec<SocketAddr>>>()?;
        let bound = bind(&wanted)?;
        for (node, addr) in plan.nodes.iter_mut().zip(bound.local_addrs()) {
            node.host = addr.ip().to_string();
            node.port = addr.port();
        }
        let nodes = plan.nodes.iter();
        let bootstrap = nodes.map(|node| HostPort { host: node.host.clone(), port: node.port });
        let bootstrap = bootstrap.collect();
        let unix_ms = unix_ms_at_origin();
        let (told, counters) = mpsc::channel();
        let tell = move |report| {
            // Nobody listens any more once the handle is dropped.
            let _ = told.send(report);
        };
        let build = move || Broker::new(plan, unix_ms, seed);
        let worker = spawn_server("embedded-broker", bound, build, tell)?;
        Ok(Self { worker, bootstrap, counters })
    }

    /// Where its nodes listen, by node.
    #[must_use]
    pub fn bootstrap(&self) -> &[HostPort] {
        &self.bootstrap
    }

    /// Running counts of its thread's loop, processor time among them: what the broker costs the
    /// machine that it shares with the producers.
    #[must_use]
    pub fn stats(&self) -> Arc<LoopStats> {
        self.worker.stats()
    }

    /// What it has done so far. Waits for its thread's next turn.
    ///
    /// # Errors
    /// When it has ended.
    pub fn count(&self) -> Result<Counters, EmbeddedError> {
        self.worker.send(BrokerCommand::Count).map_err(|_| EmbeddedError::Ended)?;
        self.counters.recv().map_err(|_| EmbeddedError::Ended)
    }

    /// Closes all connections, ends the thread and says what was done.
    ///
    /// # Errors
    /// When its thread failed.
    pub fn stop(self) -> Result<Counters, EmbeddedError> {
        // An error means that the thread has ended; joining it says why.
        let asked = self.worker.send(BrokerCommand::Stop);
        self.worker.join()?;
        asked.map_err(|_| EmbeddedError::Ended)?;
        self.counters.try_iter().last().ok_or(EmbeddedError::Ended)
    }
}

/// The address to listen at. Names aren't looked up: what they mean here and to a client may
/// differ.
fn ip(host: &str) -> io::Result<IpAddr> {
    match host {
        "localhost" => Ok(Ipv4Addr::LOCALHOST.into()),
        _ => host.parse().map_err(|_| {
            let message = format!("cannot listen on {host}: it is no IP address");
            io::Error::new(io::ErrorKind::InvalidInput, message)
        }),
    }
}

/// The wall clock's reading at the monotonic clock's origin, in milliseconds since the Unix epoch.
fn unix_ms_at_origin() -> i64 {
    let since_origin = clock::now().as_nanos() / 1_000_000;
    let signed = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX);
    signed(clock::unix_ms()) - signed(since_origin)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;

    use super::*;
    use crate::kafka::wire::metadata::{MetadataRequest, MetadataResponse};
    use crate::kafka::wire::{
        ApiKey, Message, Reader, RequestHeader, decode_response_header, frame,
    };

    fn ask(stream: &mut TcpStream) -> MetadataResponse {
        let header =
            RequestHeader { api: ApiKey::Metadata, version: 13, correlation: 5, client_id: None };
        let mut bytes = Vec::new();
        frame::encode_request(&header, &MetadataRequest::default(), &mut bytes);
        stream.write_all(&bytes).unwrap();
        let mut length = [0; 4];
        stream.read_exact(&mut length).unwrap();
        let mut answer = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap()];
        stream.read_exact(&mut answer).unwrap();
        let mut r = Reader::new(&answer);
        assert_eq!(decode_response_header(&mut r, ApiKey::Metadata, 13), Ok(5));
        MetadataResponse::decode(&mut r, 13).unwrap()
    }

    #[test]
    fn clients_are_told_the_ports_that_the_system_chose() {
        let embedded = Embedded::start(BrokerPlan::three("localhost"), 7).unwrap();
        let ports: Vec<i32> = embedded.bootstrap().iter().map(|at| i32::from(at.port)).collect();
        let mut streams = Vec::new();
        for at in embedded.bootstrap() {
            let mut stream = TcpStream::connect((at.host.as_str(), at.port)).unwrap();
            let told: Vec<i32> = ask(&mut stream).brokers.iter().map(|node| node.port).collect();
            assert_eq!(told, ports);
            streams.push(stream);
        }
        assert_eq!(embedded.count().unwrap().requests, 3);
        let counters = embedded.stop().unwrap();
        assert_eq!((counters.connections, counters.requests), (3, 3));
        for mut stream in streams {
            // Closed, in good order or by a reset.
            assert!(matches!(stream.read(&mut [0; 8]), Ok(0) | Err(_)));
        }
    }

    #[test]
    fn a_port_that_is_taken_is_named() {
        let embedded = Embedded::start(BrokerPlan::three("127.0.0.1"), 7).unwrap();
        let mut plan = BrokerPlan::three("127.0.0.1");
        plan.nodes[1].port = embedded.bootstrap()[0].port;
        let error = Embedded::start(plan, 7).unwrap_err().to_string();
        let port = embedded.bootstrap()[0].port;
        assert!(error.contains(&format!("cannot listen on 127.0.0.1:{port}")), "{error}");
    }

    #[test]
    fn a_name_is_not_looked_up() {
        let error = Embedded::start(BrokerPlan::three("kafka.example"), 7).unwrap_err();
        let expected = "the embedded broker could not start: cannot listen on kafka.example: \
                        it is no IP address";
        assert_eq!(error.to_string(), expected);
    }
}
