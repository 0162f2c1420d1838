//! The producer as a machine: every input is passed to the cluster, whose events are then taken
//! over; every output is asked of the sender first.
//!
//! Cost class: per request.

use core::net::SocketAddr;

use crate::base::{Action, CloseCause, ConnectionId, Instant, Machine, Outbound};
use crate::kafka::accumulator::SealJob;

use super::event::ProducerEvent;
use super::producer::Producer;

/// What a producer's owner orders.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ProducerCommand {
    /// Send everything appended so far without waiting for linger.
    Flush,
    /// Send everything, then end.
    Close,
}

impl Machine for Producer {
    type Job = SealJob;
    type Command = ProducerCommand;
    type Report = ProducerEvent;

    fn command(&mut self, command: ProducerCommand, now: Instant) {
        match command {
            ProducerCommand::Flush => self.flush(now),
            ProducerCommand::Close => {
                self.closing = true;
                self.accumulator.close_all(now);
            }
        }
    }

    fn handle_resolved(
        &mut self,
        host: &str,
        found: Result<&[SocketAddr], CloseCause>,
        now: Instant,
    ) {
        self.cluster.handle_resolved(host, found, now);
        self.after_input(now);
    }

    fn handle_connected(&mut self, conn: ConnectionId, now: Instant) {
        self.cluster.handle_connected(conn, now);
        self.after_input(now);
    }

    fn handle_read(&mut self, conn: ConnectionId, bytes: &[u8], now: Instant) {
        self.cluster.handle_read(conn, bytes, now);
        self.after_input(now);
    }

    fn handle_written(&mut self, conn: ConnectionId, len: usize, now: Instant) {
        self.cluster.handle_written(conn, len, now);
        self.after_input(now);
    }

    fn handle_writable(&mut self, conn: ConnectionId, now: Instant) {
        self.cluster.handle_writable(conn, now);
        self.after_input(now);
    }

    fn handle_closed(&mut self, conn: ConnectionId, cause: CloseCause, now: Instant) {
        self.cluster.handle_closed(conn, cause, now);
        self.after_input(now);
    }

    fn handle_sealed(&mut self, job: SealJob, took: u64, now: Instant) {
        self.now = now;
        self.accumulator.handle_sealed(job, took, now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.cluster.handle_timeout(now);
        self.accumulator.handle_timeout(now);
        self.after_input(now);
        self.expire(now);
    }

    fn poll_action(&mut self) -> Option<Action<SealJob>> {
        if let Some(action) = self.cluster.poll_action() {
            return Some(action);
        }
        if let Some(job) = self.accumulator.poll_job() {
            return Some(Action::Seal(job));
        }
        self.prepare();
        let action = self.cluster.poll_action();
        action.or_else(|| self.accumulator.poll_job().map(Action::Seal))
    }

    fn poll_write(&mut self, now: Instant) -> Option<Outbound<'_>> {
        self.now = now;
        self.fill(now);
        self.cluster.poll_write()
    }

    fn poll_report(&mut self) -> Option<ProducerEvent> {
        self.events.pop_front()
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let deadlines = [
            self.cluster.poll_timeout(),
            self.accumulator.next_timeout(),
            self.next_expiry,
            // Once due, it goes out as soon as the cluster can take it.
            self.identity.deadline().filter(|at| *at > self.now && self.wants_identity()),
        ];
        deadlines.into_iter().flatten().min()
    }

    fn is_done(&self) -> bool {
        self.closing && self.incomplete() == 0
    }
}

impl Producer {
    fn after_input(&mut self, now: Instant) {
        self.now = now;
        self.take_events(now);
    }
}
