//! The loop: what is ready comes in, then the machine is settled, then the loop waits or goes round
//! again.
//!
//! Cost class: per request. One future polled in place, outside tokio's cooperative budget (which
//! would cut a turn short). A machine whose deadline is in the past is never waited for, yet the
//! reactor is polled every turn, so that acks are read under full load.

use core::convert::Infallible;
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::{Context, Poll};
use core::time::Duration;

use tokio::task::{unconstrained, yield_now};

use super::clock;
use super::shell::Shell;
use super::stream::Stream;
use super::wake::Token;
use crate::base::{Action, Machine};

impl<M: Machine> Shell<M> {
    /// Runs until the machine is done or the mailbox asks to stop.
    ///
    /// Can be dropped at any await and called again: all state is the shell's.
    pub async fn run(&mut self, mut on_report: impl FnMut(M::Report)) {
        let never = |report| {
            on_report(report);
            None::<Infallible>
        };
        self.run_until(never).await;
    }

    /// Runs until `on_report` returns something, which is handed on; `None` when the machine was
    /// done, or asked to stop, before that. Reports behind that one stay with the machine for the
    /// next run.
    ///
    /// Can be dropped at any await and called again: all state is the shell's.
    pub async fn run_until<T>(
        &mut self,
        mut on_report: impl FnMut(M::Report) -> Option<T>,
    ) -> Option<T> {
        unconstrained(poll_fn(|cx| self.turn(cx, &mut on_report))).await
    }

    /// Once round.
    fn turn<T>(
        &mut self,
        cx: &mut Context<'_>,
        on_report: &mut impl FnMut(M::Report) -> Option<T>,
    ) -> Poll<Option<T>> {
        self.now = clock::now();
        let woken = self.busy_since.is_none();
        let since = self.busy_since.unwrap_or(self.now);
        (self.sealed_nanos, self.written) = (0, 0);
        self.take_inputs(cx);
        self.keep_deadline();
        let found = self.settle(on_report);
        self.now = clock::now();
        let ended = found.is_some() || self.stopping || self.machine.is_done();
        let waits = !ended && self.wait_or_go_on(cx);
        self.busy_since = (!ended && !waits).then_some(self.now);
        self.stats.turn(self.now.nanos_since(since), woken);
        self.publish_cpu(ended);
        if ended { Poll::Ready(found) } else { Poll::Pending }
    }

    /// Hands over all that is ready, a bounded number of bytes.
    fn take_inputs(&mut self, cx: &Context<'_>) {
        let mut ready = core::mem::take(&mut self.ready);
        ready.append(&mut self.again);
        self.hub.take(&mut ready, cx.waker());
        let mut left = BYTES_PER_TURN;
        for token in ready.drain(..) {
            self.input(token, &mut left);
        }
        self.ready = ready;
        self.feed_starved();
    }

    /// Tells the machine that its deadline has come.
    fn keep_deadline(&mut self) {
        let due = |deadline: &_| *deadline <= self.now;
        if let Some(deadline) = self.ahead.take_if(|deadline| due(deadline)) {
            self.stats.lag(self.now.nanos_since(deadline));
        }
        if self.machine.poll_timeout().as_ref().is_some_and(due) {
            self.machine.handle_timeout(self.now);
        }
    }

    /// Takes all that the machine wants done, sent and known. What it is told meanwhile may make it
    /// want more.
    fn settle<T>(&mut self, on_report: &mut impl FnMut(M::Report) -> Option<T>) -> Option<T> {
        loop {
            let acted = self.act();
            let wrote = self.write();
            while let Some(report) = self.machine.poll_report() {
                let found = on_report(report);
                if found.is_some() {
                    return found;
                }
            }
            if self.did_enough() || !acted && !wrote {
                return None;
            }
        }
    }

    /// Whether so much was compressed in place or written in this turn that sockets and mailbox
    /// should be looked at before the next. Without that bound, a machine that makes records as
    /// fast as their batches are compressed, or written where no ack is waited for, would never
    /// come to read an ack or a command.
    fn did_enough(&self) -> bool {
        self.sealed_nanos >= SEALING_A_TURN_NANOS || self.written >= WRITTEN_A_TURN
    }

    /// Does all that the machine asks for. Returns whether there was anything.
    fn act(&mut self) -> bool {
        let mut acted = false;
        while !self.did_enough()
            && let Some(action) = self.machine.poll_action()
        {
            acted = true;
            match action {
                Action::Resolve { host, port } => self.resolver.start(host, port),
                Action::Connect { conn, addr, host: _, options } => {
                    let stream = Stream::connect(conn, addr, options, &self.hub);
                    let before = self.streams.insert(conn, stream);
                    assert!(before.is_none(), "connection id {conn} was used before");
                    self.again.push(Token::Stream(conn));
                }
                Action::Close { conn } => drop(self.streams.remove(&conn)),
                Action::Seal(job) => self.seal(job),
            }
        }
        acted
    }

    /// Writes all that the machine offers. Returns whether there was anything.
    fn write(&mut self) -> bool {
        let mut wrote = false;
        while !self.did_enough()
            && let Some(outbound) = self.machine.poll_write(self.now)
        {
            wrote = true;
            let (id, offered) = (outbound.conn, outbound.slices.bytes());
            let stream = self.streams.get_mut(&id).expect("bytes are for a stream that stands");
            assert!(!stream.is_blocked(), "stream {id} is blocked and must not be written to");
            assert!(offered > 0, "a write to stream {id} without bytes would never end");
            if cfg!(kprod_slow_writes) {
                slow_down();
            }
            let len = stream.write(outbound.slices.as_io(), offered);
            if len < offered && (stream.broken().is_some() || stream.takes_bytes()) {
                // It won't ring: it is gone, or took bytes again in the meantime. The turn after
                // this one looks at it, with the reactor polled in between, so that bytes which
                // arrived before the end are seen.
                self.again.push(Token::Stream(id));
            }
            self.written += len;
            self.now = clock::now();
            self.machine.handle_written(id, len, self.now);
        }
        wrote
    }

    /// Sees to it that the task is polled again: at once, or when something rings. Returns whether
    /// it waits.
    fn wait_or_go_on(&mut self, cx: &mut Context<'_>) -> bool {
        let deadline = self.machine.poll_timeout();
        self.ahead = deadline.filter(|deadline| *deadline > self.now);
        if self.again.is_empty() && self.ahead == deadline && !self.did_enough() {
            self.timer.arm(deadline).expect("our own timer takes every deadline");
            return true;
        }
        // The first poll of a yield leaves the waker with the scheduler, which polls the reactor
        // without waiting before it wakes the task. A plain wake-up would skip the reactor.
        assert!(pin!(yield_now()).poll(cx).is_pending(), "a yield takes two polls");
        false
    }

    /// Publishes the thread's processor time now and then; reading it costs a system call.
    fn publish_cpu(&mut self, ended: bool) {
        if !ended && self.now.nanos_since(self.cpu_read) < CPU_INTERVAL_NANOS {
            return;
        }
        self.cpu_read = self.now;
        if let Some(nanos) = clock::thread_cpu() {
            self.stats.cpu(nanos);
        }
    }
}

/// For how long jobs run in place before the loop goes on, in nanoseconds: a batch or a few.
const SEALING_A_TURN_NANOS: u64 = 500_000;
/// About how many bytes one turn writes over all streams: some eight full batches, and below a
/// millisecond.
const WRITTEN_A_TURN: usize = 1024 * 1024;
/// About how many bytes one turn reads over all streams, before the machine is settled.
const BYTES_PER_TURN: usize = 1024 * 1024;

/// How old the published processor time may become while the loop is busy.
const CPU_INTERVAL_NANOS: u64 = 10_000_000;
/// A slowdown that is there to be found: `scripts/study`.
#[expect(clippy::disallowed_methods, reason = "to wait is its purpose")]
fn slow_down() {
    std::thread::sleep(SLOW_WRITE);
}

/// How long a build that is slow on purpose waits before every write.
const SLOW_WRITE: Duration = Duration::from_millis(2);
