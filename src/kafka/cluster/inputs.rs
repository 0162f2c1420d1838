//! What the driver tells the pool, passed to the connection that it concerns.
//!
//! Cost class: per request. An input for a stream that is no longer known is ignored: it was under
//! way when the stream was closed.

use core::net::SocketAddr;
use core::time::Duration;

use super::node::Link;
use super::pool::NodePool;
use crate::base::{BrokerId, CloseCause, ConnectionId, Instant};
use crate::kafka::connection::{Fault, Request};

impl<R: Request> NodePool<R> {
    /// The name service answered. An answer says its host and, by the addresses, its port.
    pub(super) fn handle_resolved(
        &mut self,
        host: &str,
        found: &Result<&[SocketAddr], CloseCause>,
        now: Instant,
    ) {
        let port = found.as_ref().ok().and_then(|found| found.first()).map(SocketAddr::port);
        let asked: Vec<(BrokerId, Instant, Duration)> = self
            .nodes
            .values()
            .filter(|node| node.host == host && port.is_none_or(|port| port == node.port))
            .filter_map(|node| match node.link {
                Link::Resolving { since, setup } => Some((node.id, since, setup)),
                Link::Down | Link::Open(_) => None,
            })
            .collect();
        for (id, since, setup) in asked {
            match found {
                Ok(addresses) if !addresses.is_empty() => {
                    self.node_mut(id).resolved(addresses);
                    self.open(id, setup, since);
                }
                Ok(_) => {
                    let cause = CloseCause::NotFound("no address".to_owned());
                    self.fail(id, Fault::Closed(cause), now);
                }
                Err(cause) => self.fail(id, Fault::Closed(cause.clone()), now),
            }
        }
    }

    pub(super) fn handle_connected(&mut self, conn: ConnectionId, now: Instant) {
        let Some(id) = self.by_connection.get(&conn).copied() else { return };
        let node = self.node_mut(id);
        node.connected();
        let connection = node.connection_mut().expect("by_connection names open streams");
        connection.connected(now);
        self.after(id);
    }

    pub(super) fn handle_read(&mut self, conn: ConnectionId, bytes: &[u8], now: Instant) {
        let Some(id) = self.by_connection.get(&conn).copied() else { return };
        let mut out = core::mem::take(&mut self.scratch);
        let connection = self.node_mut(id).connection_mut();
        let connection = connection.expect("by_connection names open streams");
        let outcome = connection.read(bytes, now, &mut out);
        self.pass_on(id, &mut out);
        self.scratch = out;
        match outcome {
            Ok(()) => self.after(id),
            Err(fault) => self.drop_link(id, fault, now),
        }
    }

    pub(super) fn handle_written(&mut self, conn: ConnectionId, len: usize, now: Instant) {
        let Some(id) = self.by_connection.get(&conn).copied() else { return };
        let mut out = core::mem::take(&mut self.scratch);
        let connection = self.node_mut(id).connection_mut();
        connection.expect("by_connection names open streams").written(len, now, &mut out);
        self.pass_on(id, &mut out);
        self.scratch = out;
        self.after(id);
    }

    pub(super) fn handle_writable(&mut self, conn: ConnectionId) {
        let Some(id) = self.by_connection.get(&conn).copied() else { return };
        let connection = self.node_mut(id).connection_mut();
        connection.expect("by_connection names open streams").writable();
        self.after(id);
    }

    pub(super) fn handle_closed(&mut self, conn: ConnectionId, cause: CloseCause, now: Instant) {
        if let Some(id) = self.by_connection.remove(&conn) {
            self.fail(id, Fault::Closed(cause), now);
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        while let Some((at, id)) = self.alarms.first().copied() {
            if at > now {
                break;
            }
            self.alarms.pop_first();
            self.node_mut(id).alarm = Instant::FAR_FUTURE;
            self.alarm(id, now);
        }
    }

    /// Looks at what has come due at one node.
    fn alarm(&mut self, id: BrokerId, now: Instant) {
        let node = self.node_mut(id);
        match &mut node.link {
            Link::Down => {}
            Link::Resolving { since, setup } => {
                let (until, setup) = (*since + *setup, *setup);
                if until <= now {
                    self.fail(id, Fault::SetupTimeout(setup), now);
                } else {
                    self.arm(id, until);
                }
            }
            Link::Open(connection) => match connection.timeout(now) {
                Ok(()) => self.after(id),
                Err(Fault::Idle) => self.close_idle(id),
                Err(fault) => self.drop_link(id, fault, now),
            },
        }
    }
}
