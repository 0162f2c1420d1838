//! The engine as a machine: every input goes to the producer, then the engine takes its turn.
//!
//! Cost class: per input.

use core::net::SocketAddr;

use crate::base::{Action, CloseCause, ConnectionId, Instant, Machine, Outbound};
use crate::kafka::accumulator::SealJob;

use super::engine::Engine;
use super::phase::Phase;
use super::plan::{EngineCommand, EngineReport};
use super::witness::Witness;

impl<W: Witness> Machine for Engine<W> {
    type Job = SealJob;
    type Command = EngineCommand;
    type Report = EngineReport;

    fn command(&mut self, command: EngineCommand, now: Instant) {
        self.obey(command, now);
        self.turn(now);
    }

    fn handle_resolved(
        &mut self,
        host: &str,
        found: Result<&[SocketAddr], CloseCause>,
        now: Instant,
    ) {
        self.producer.handle_resolved(host, found, now);
        self.turn(now);
    }

    fn handle_connected(&mut self, conn: ConnectionId, now: Instant) {
        self.producer.handle_connected(conn, now);
        self.turn(now);
    }

    fn handle_read(&mut self, conn: ConnectionId, bytes: &[u8], now: Instant) {
        self.producer.handle_read(conn, bytes, now);
        self.turn(now);
    }

    fn handle_written(&mut self, conn: ConnectionId, len: usize, now: Instant) {
        self.producer.handle_written(conn, len, now);
        self.turn(now);
    }

    fn handle_writable(&mut self, conn: ConnectionId, now: Instant) {
        self.producer.handle_writable(conn, now);
        self.turn(now);
    }

    fn handle_closed(&mut self, conn: ConnectionId, cause: CloseCause, now: Instant) {
        self.producer.handle_closed(conn, cause, now);
        self.turn(now);
    }

    fn handle_sealed(&mut self, job: SealJob, took: u64, now: Instant) {
        self.producer.handle_sealed(job, took, now);
        self.turn(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        let asked = self.poll_timeout().filter(|asked| *asked > self.now && *asked <= now);
        if let Some(asked) = asked {
            self.recorder.loop_lag(now.nanos_since(asked));
        }
        self.producer.handle_timeout(now);
        self.turn(now);
    }

    fn poll_action(&mut self) -> Option<Action<SealJob>> {
        if matches!(self.phase, Phase::Done) { None } else { self.producer.poll_action() }
    }

    fn poll_write(&mut self, now: Instant) -> Option<Outbound<'_>> {
        self.producer.poll_write(now)
    }

    fn poll_report(&mut self) -> Option<EngineReport> {
        self.reports.pop_front()
    }

    fn poll_timeout(&self) -> Option<Instant> {
        [self.producer.poll_timeout(), self.own_deadline()].into_iter().flatten().min()
    }

    fn is_done(&self) -> bool {
        matches!(self.phase, Phase::Done) && self.reports.is_empty()
    }

    fn last_words(&mut self, now: Instant) -> Option<EngineReport> {
        self.break_off(now)
    }
}
