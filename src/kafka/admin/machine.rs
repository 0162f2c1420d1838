//! The admin client itself: a queue of calls on top of a cluster client. Cost class: per run.

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::VecDeque;

use super::answer::{Sender, Step, judge};
use super::call::{AdminCall, AdminReply, Ask};
use super::error::{AdminCause, AdminError};
use super::job::{Job, Target};
use super::request::AdminRequest;
use crate::base::{
    Action, BrokerId, CloseCause, ConnectionId, Instant, Machine, NoJob, Outbound, Rng,
};
use crate::kafka::cluster::{Cluster, NetworkConfig, NodeEvent, RequestError};
use crate::kafka::config::Backoff;
use crate::kafka::connection::{Answered, Request, Versions, in_words};

/// A client for topics, settings and offsets; see [`AdminCall`].
#[derive(Debug)]
pub struct Admin {
    cluster: Cluster<AdminRequest>,
    queue: VecDeque<AdminCall>,
    current: Option<Job>,
    reports: VecDeque<Result<AdminReply, AdminError>>,
    retry_backoff: Backoff,
    /// How long to go on when every address has failed and no broker of the cluster was reached.
    give_up_after: Duration,
    /// When to look whether to give up; `None` once that was done.
    give_up_at: Option<Instant>,
    /// Whether anything ever spoke Kafka to us, be it a bootstrap server.
    ever_connected: bool,
    /// Whether a broker was ever reached where the cluster says that it is.
    ever_at_home: bool,
    closing: bool,
    /// Counts calls and tries; an answer to a request of an earlier one is nobody's.
    round: u64,
    rng: Rng,
}

impl Admin {
    /// A client that begins to connect at once.
    ///
    /// As long as no broker was ever reached at the address that the cluster gives for it, a call
    /// ends early, `give_up_after` after it began, if by then every address has failed: wrong
    /// bootstrap servers or advertised listeners need not cost the whole time of a call. It ends at
    /// once when all of them turned out not to be brokers for us.
    #[must_use]
    pub fn new(config: &NetworkConfig, give_up_after: Duration, seed: u64, now: Instant) -> Self {
        Self {
            cluster: Cluster::new(config, false, seed, now),
            queue: VecDeque::new(),
            current: None,
            reports: VecDeque::new(),
            retry_backoff: config.retry_backoff,
            give_up_after,
            give_up_at: None,
            ever_connected: false,
            ever_at_home: false,
            closing: false,
            round: 0,
            rng: Rng::nth(seed, 1),
        }
    }

    /// What the call under way waits for, where it is known: what stood in its way last, or the
    /// last failure of each address. `None` without a call.
    #[must_use]
    pub fn obstacle(&self) -> Option<String> {
        let job = self.current.as_ref()?;
        let problems = self.cluster.problems();
        let known = job.trouble.clone();
        known.or_else(|| (!problems.is_empty()).then(|| in_words(&problems)))
    }

    /// What a broker offers; `None` while no handshaken connection to it stands.
    #[must_use]
    pub fn versions(&self, node: BrokerId) -> Option<&Versions> {
        self.cluster.versions(node)
    }

    /// After an input: takes events, sends what can be sent, ends what is over.
    fn settle(&mut self, now: Instant) {
        while let Some(event) = self.cluster.poll_event() {
            self.take(event, now);
        }
        self.begin_next(now);
        self.check_time(now);
        self.pump(now);
        // Sending may bring a refusal at once, and a call's end lets the next one begin.
        while let Some(event) = self.cluster.poll_event() {
            self.take(event, now);
        }
        self.begin_next(now);
        self.pump(now);
    }

    fn begin_next(&mut self, now: Instant) {
        while self.current.is_none() && !self.closing {
            let Some(call) = self.queue.pop_front() else { return };
            if call.ask == Ask::Close {
                self.close(now);
                return;
            }
            self.round += 1;
            self.give_up_at = Some(now + self.give_up_after);
            self.current = Some(Job::new(call, now));
        }
    }

    fn close(&mut self, now: Instant) {
        self.closing = true;
        self.cluster.close(now);
        while self.cluster.poll_event().is_some() {}
        for call in core::mem::take(&mut self.queue) {
            if call.ask != Ask::Close {
                let wanted = Job::new(call, now).wanted();
                self.reports.push_back(Err(AdminError { wanted, cause: AdminCause::Closed }));
            }
        }
    }

    fn take(&mut self, event: NodeEvent<AdminRequest>, now: Instant) {
        match event {
            NodeEvent::Answered(answered) => self.answered(&answered, now),
            NodeEvent::Failed { request, cause, maybe_written, .. } => {
                self.failed(&request, &cause, maybe_written, now);
            }
            NodeEvent::NodeReady(node) => {
                self.ever_connected = true;
                self.ever_at_home |= node.0 >= 0;
            }
            // A leader that can't be reached may soon be another: asking it on would take the whole
            // time of the call.
            NodeEvent::NodeLost { node, problem } => {
                if self.current.as_ref().is_some_and(|job| job.waits_for(node)) {
                    self.retry(problem.to_string(), now);
                    self.cluster.request_update(now);
                }
            }
            NodeEvent::MetadataChanged
            | NodeEvent::TopicRecreated(_)
            | NodeEvent::LeaderChanged { .. }
            | NodeEvent::Throttled { .. }
            | NodeEvent::Rebootstrapped => {}
        }
    }

    fn answered(&mut self, answered: &Answered<AdminRequest>, now: Instant) {
        let sender = self.sender(answered.node);
        let Some(job) = &mut self.current else { return };
        if answered.request.round != self.round {
            return;
        }
        job.waiting -= 1;
        let (api, version) = (answered.request.api(), answered.version);
        let (step, pause) = judge(job, &sender, api, version, &answered.body);
        if let Step::Fail(AdminCause::Malformed { why, .. }) = &step {
            self.cluster.distrust(answered.node, api, version, why.clone(), now);
        }
        match step {
            Step::Done(reply) => self.finish(Ok(reply)),
            Step::Fail(cause) => self.finish_failed(cause),
            Step::Retry(trouble) => {
                // The controller or a leader may have moved.
                self.retry(trouble, now);
                self.cluster.request_update(now);
            }
            Step::Next(stage) => {
                job.attempts = 0;
                job.enter(stage, now);
            }
            Step::AskLeaders(topic) => job.ask_leaders(&topic),
            Step::Wait => {}
        }
        self.cluster.throttle(answered.node, api, version, pause, now);
    }

    fn failed(
        &mut self,
        request: &AdminRequest,
        cause: &RequestError,
        maybe_written: bool,
        now: Instant,
    ) {
        let Some(job) = &mut self.current else { return };
        if request.round != self.round {
            return;
        }
        job.waiting -= 1;
        if let RequestError::Unsupported { .. } = cause {
            self.finish_failed(AdminCause::Unsupported(cause.clone()));
            return;
        }
        job.maybe_done |= maybe_written;
        let api = request.api();
        self.retry(format!("{api:?} got no answer: {cause}"), now);
    }

    /// Starts the stage over after the backoff; answers still under way no longer count.
    fn retry(&mut self, trouble: String, now: Instant) {
        let Some(job) = &mut self.current else { return };
        self.round += 1;
        job.attempts = job.attempts.saturating_add(1);
        job.retry_at = Some(now + self.retry_backoff.delay(job.attempts, &mut self.rng));
        job.trouble = Some(trouble);
        job.stage = job.stage_after_failure();
        job.outbox.clear();
        job.waiting = 0;
    }

    fn check_time(&mut self, now: Instant) {
        let Some(job) = &mut self.current else { return };
        if job.retry_at.is_some_and(|at| at <= now) {
            job.retry_at = None;
            job.fill(now);
        }
        let waited = now.since(job.since);
        let (late, trouble) = (job.deadline <= now, job.trouble.clone());
        let lost = (late || waited >= self.give_up_after) && self.cluster.all_failed();
        let give_up = !self.ever_at_home && (lost || self.cluster.all_failed_for_good());
        self.give_up_at = self.give_up_at.filter(|at| *at > now);
        if give_up || (late && !self.ever_connected) {
            let problems = self.cluster.problems();
            let advertised = self.ever_connected && !self.ever_at_home;
            self.finish_failed(AdminCause::Unreachable { waited, problems, advertised });
        } else if late {
            let problems = self.cluster.problems();
            let trouble = trouble.or_else(|| (!problems.is_empty()).then(|| in_words(&problems)));
            self.finish_failed(AdminCause::TimedOut { waited, trouble });
        }
    }

    fn finish(&mut self, outcome: Result<AdminReply, AdminError>) {
        self.current = None;
        self.round += 1;
        self.reports.push_back(outcome);
    }

    fn finish_failed(&mut self, cause: AdminCause) {
        let wanted = self.current.as_ref().map(Job::wanted).unwrap_or_default();
        self.finish(Err(AdminError { wanted, cause }));
    }

    /// Sends what waits, as far as brokers are ready.
    fn pump(&mut self, now: Instant) {
        let Some(job) = &mut self.current else { return };
        let mut waits = Vec::new();
        for (target, mut request) in core::mem::take(&mut job.outbox) {
            let node = match target {
                Target::Leader(node) => Some(node),
                Target::Controller if self.cluster.controller().is_some() => {
                    self.cluster.controller()
                }
                // Not before metadata had its chance to name one.
                Target::Controller if self.cluster.brokers().is_empty() => None,
                Target::Controller | Target::Any => self.cluster.least_loaded(now),
            };
            match node {
                Some(node) if self.cluster.ready(node, now) => {
                    request.round = self.round;
                    self.cluster.send(node, request, now);
                    job.waiting += 1;
                }
                _ => waits.push((target, request)),
            }
        }
        job.outbox = waits;
    }

    /// The words for a broker.
    fn sender(&self, node: BrokerId) -> Sender {
        Sender { words: self.cluster.broker_words(node), brokers: self.cluster.brokers().len() }
    }
}

impl Machine for Admin {
    type Job = NoJob;
    type Command = AdminCall;
    type Report = Result<AdminReply, AdminError>;

    fn command(&mut self, call: AdminCall, now: Instant) {
        self.queue.push_back(call);
        if self.closing {
            self.close(now);
        }
        self.settle(now);
    }

    fn handle_resolved(
        &mut self,
        host: &str,
        found: Result<&[SocketAddr], CloseCause>,
        now: Instant,
    ) {
        self.cluster.handle_resolved(host, found, now);
        self.settle(now);
    }

    fn handle_connected(&mut self, conn: ConnectionId, now: Instant) {
        self.cluster.handle_connected(conn, now);
        self.settle(now);
    }

    fn handle_read(&mut self, conn: ConnectionId, bytes: &[u8], now: Instant) {
        self.cluster.handle_read(conn, bytes, now);
        self.settle(now);
    }

    fn handle_written(&mut self, conn: ConnectionId, len: usize, now: Instant) {
        self.cluster.handle_written(conn, len, now);
        self.settle(now);
    }

    fn handle_writable(&mut self, conn: ConnectionId, now: Instant) {
        self.cluster.handle_writable(conn, now);
        self.settle(now);
    }

    fn handle_closed(&mut self, conn: ConnectionId, cause: CloseCause, now: Instant) {
        self.cluster.handle_closed(conn, cause, now);
        self.settle(now);
    }

    fn handle_sealed(&mut self, job: NoJob, _took: u64, _now: Instant) {
        match job {}
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.cluster.handle_timeout(now);
        self.settle(now);
    }

    fn poll_action(&mut self) -> Option<Action<NoJob>> {
        self.cluster.poll_action()
    }

    fn poll_write(&mut self, _now: Instant) -> Option<Outbound<'_>> {
        self.cluster.poll_write()
    }

    fn poll_report(&mut self) -> Option<Self::Report> {
        self.reports.pop_front()
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let job = self.current.as_ref();
        let give_up = job.and(self.give_up_at);
        let retry = job.and_then(|job| job.retry_at);
        let deadline = job.map(|job| job.deadline);
        [self.cluster.poll_timeout(), retry, deadline, give_up].into_iter().flatten().min()
    }

    fn is_done(&self) -> bool {
        self.closing && self.cluster.is_done() && self.reports.is_empty()
    }
}
