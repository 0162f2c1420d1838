//! A run from its plan to its result: ground, crew, warm-up, measurement, proof, sum.
//!
//! Cost class: once a run. Everything that happens between two phases (offsets, leaders, orders) is
//! asked while nothing is sent.

use core::pin::pin;

use tokio::runtime::Builder;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

use super::crew::Crew;
use super::desk::Desk;
use super::embedded::Embedded;
use super::environment::raise_open_files;
use super::error::RunError;
use super::observer::{LogLevel, Observer};
use super::offsets::{Offsets, first_offsets, offsets};
use super::patience::Patience;
use super::phase::{PhaseOutcome, Watch};
use super::plan::{RunPlan, Target, Verify};
use super::proof::Proof;
use super::result::{PhaseKind, PhaseResult, Readback, RunResult, Signal};
use super::signals::Signals;
use super::sums::service_of;
use super::topic::{self, Ground};
use crate::base::{Instant, mix};
use crate::host::shell::clock;
use crate::kafka::admin::NetworkConfig;
use crate::kafka::broker::BrokerPlan;
use crate::kafka::config::HostPort;
use crate::load::engine::{EngineCommand, EngineReport, Origin, PhaseEnd};
use crate::load::schedule::Stop;

/// Carries a plan out.
///
/// # Errors
/// When the cluster can't be used, the plan can't be carried out, or a promise of our own was
/// broken. A signal is none: what is known by then is the result.
pub fn run(plan: &RunPlan, observer: &mut dyn Observer) -> Result<RunResult, RunError> {
    begin(plan, observer, true)
}

/// The same without proof of delivery, whatever the plan says of it: records carry the marks that
/// it asks for, but neither offsets nor records are read.
pub(super) fn run_unproved(
    plan: &RunPlan,
    observer: &mut dyn Observer,
) -> Result<RunResult, RunError> {
    begin(plan, observer, false)
}

fn begin(plan: &RunPlan, observer: &mut dyn Observer, proves: bool) -> Result<RunResult, RunError> {
    let (started_unix_ms, started) = (clock::unix_ms(), clock::now());
    let plan = &plan.begun_at(i64::try_from(started_unix_ms).unwrap_or(i64::MAX));
    raise_open_files();
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| RunError::Internal(format!("no runtime: {error}")))?;
    let embedded = match plan.target {
        Target::Cluster => None,
        Target::Embedded { brokers } => Some(start_embedded(brokers)?),
    };
    let bootstrap =
        embedded.as_ref().map_or(&*plan.producer.bootstrap_servers, Embedded::bootstrap);
    let mut network = NetworkConfig::from(&plan.producer);
    network.bootstrap = bootstrap.to_vec();
    let (tell, notices) = unbounded_channel();
    let seed = plan.streams.first().map_or(0, |stream| stream.source.seed);
    let mut desk = Desk::new(&runtime, &network, plan.producer.max_block, seed, tell)?;
    let result = runtime.block_on(async {
        let mut run = Run {
            plan,
            verify: if proves { plan.verify } else { Verify::None },
            observer,
            signals: Signals::listen()?,
            notices,
            interrupted_late: None,
            started_unix_ms,
            started,
            so_far: Vec::new(),
            embedded: embedded.is_some(),
            tag: tag(started_unix_ms, started),
        };
        run.carry_out(&mut desk, bootstrap).await
    });
    drop(desk);
    if let Some(embedded) = embedded {
        embedded.stop().map_err(|error| RunError::Internal(error.to_string()))?;
    }
    result
}

/// Our own brokers, with `brokers` nodes on loopback.
pub(super) fn start_embedded(brokers: u32) -> Result<Embedded, RunError> {
    let nodes = u16::try_from(brokers).unwrap_or(u16::MAX);
    let plan = BrokerPlan::of(nodes, "127.0.0.1", 0);
    Embedded::start(plan, clock::unix_ms()).map_err(|error| RunError::Internal(error.to_string()))
}

/// One run under way.
pub(super) struct Run<'a> {
    pub(super) plan: &'a RunPlan,
    /// How delivery is proved.
    verify: Verify,
    observer: &'a mut dyn Observer,
    signals: Signals,
    /// What the desk has to say while it waits.
    notices: UnboundedReceiver<String>,
    /// A signal that came when the measurement was over, but not all that is asked after it.
    interrupted_late: Option<Signal>,
    pub(super) started_unix_ms: u64,
    pub(super) started: Instant,
    /// The phases that are over.
    pub(super) so_far: Vec<PhaseResult>,
    pub(super) embedded: bool,
    /// Tells this run's records from those of any other.
    tag: u32,
}

/// What the phases came to.
pub(super) struct Phases {
    pub(super) measured: PhaseOutcome,
    pub(super) offsets: Option<(Offsets, Offsets)>,
    pub(super) readback: Option<Readback>,
}

impl Run<'_> {
    async fn carry_out(
        &mut self,
        desk: &mut Desk,
        bootstrap: &[HostPort],
    ) -> Result<RunResult, RunError> {
        self.observer.phase(PhaseKind::Connect);
        let mut ground = Ground::default();
        let outcome = self.on_ground(desk, bootstrap, &mut ground).await;
        self.clean_up(desk, &mut ground).await;
        match outcome {
            Ok(phases) => self.sum_up(phases, ground),
            Err(error) => self.sum_up_unmeasured(error, ground),
        }
    }

    /// Prepares the topics and runs the phases.
    async fn on_ground(
        &mut self,
        desk: &mut Desk,
        bootstrap: &[HostPort],
        ground: &mut Ground,
    ) -> Result<Phases, RunError> {
        let prepared = topic::prepare(desk, self.plan, self.embedded, ground);
        self.interruptible(prepared).await?;
        for warning in ground.warnings.drain(..) {
            self.observer.log(LogLevel::Warn, &warning);
        }
        let mut crew = self.connect(ground, bootstrap).await?;
        let phases = self.phases(desk, &mut crew, ground).await;
        let ended = crew.end().map_err(|error| RunError::Internal(error.to_string()));
        phases.and_then(|phases| ended.map(|()| phases))
    }

    /// Starts the workers and waits until each is ready.
    async fn connect(
        &mut self,
        ground: &mut Ground,
        bootstrap: &[HostPort],
    ) -> Result<Crew, RunError> {
        let origin = self.origin();
        let mut crew = Crew::start(self.plan, &ground.topics, bootstrap, origin, self.tag)?;
        let mut patience = Patience::begin();
        let mut ready = 0;
        while ready < crew.len() {
            let told = timeout(patience.next_look(), crew.next());
            let told = self.interruptible(async { Ok(told.await) }).await?;
            let Ok(Some((_, report))) = told else {
                if let Some(worker) = crew.dead(&[]) {
                    return Err(RunError::Internal(crew.autopsy(worker)));
                }
                if patience.is_over() {
                    crew.order(EngineCommand::Look);
                }
                continue;
            };
            match report {
                EngineReport::Ready { produce_version } => {
                    ready += 1;
                    let known = &mut ground.cluster.produce_version;
                    *known = (*known).max(produce_version);
                }
                EngineReport::Waiting(reasons) => {
                    if let Some(words) = patience.words(&reasons.join("; ")) {
                        self.observer.log(LogLevel::Warn, &words);
                    }
                }
                EngineReport::NotReady(reasons) => {
                    return Err(RunError::Unusable(format!(
                        "a producer could not get ready within max.block.ms = {} ms: {}",
                        self.plan.producer.max_block.as_millis(),
                        reasons.join("; ")
                    )));
                }
                _ => {}
            }
        }
        let cooldown = self.plan.cooldown;
        self.interruptible(async {
            tokio::time::sleep(cooldown).await;
            Ok(())
        })
        .await?;
        Ok(crew)
    }

    fn origin(&self) -> Origin {
        let unix_ms = i64::try_from(clock::unix_ms()).unwrap_or(i64::MAX);
        Origin { instant: clock::now(), unix_ms }
    }

    /// Warm-up and measurement with the offsets around them.
    async fn phases(
        &mut self,
        desk: &mut Desk,
        crew: &mut Crew,
        ground: &mut Ground,
    ) -> Result<Phases, RunError> {
        let names = ground.names();
        let reached = self.interruptible(desk.all_offsets(&names)).await?;
        let hash = desk.api_versions_hash(&ground.cluster.brokers);
        ground.cluster.api_versions_hash = hash;
        self.observer.connected(&ground.cluster, &ground.topics);
        let asked = first_offsets(self.verify, desk, &names, &reached);
        let mut before = self.interruptible(asked).await?;
        if let Some(stop) = self.plan.warmup.stop() {
            before = self.warm_up(stop, desk, crew, &names, &before).await?;
        }
        let leaders = topic::leaders(desk, &names);
        let leaders = self.interruptible(leaders).await?;
        ground.topics.iter_mut().zip(leaders).for_each(|(it, now)| it.leaders_before = now);
        let stop = Stop { after: self.plan.duration, records: self.plan.records };
        let mut measured = self.watch(crew, PhaseKind::Measure).run(stop).await?;
        let mut after = None;
        // What a dead worker had under way is in no partition's account, so that offsets prove
        // nothing.
        if !measured.at_once && measured.crashed.is_none() {
            after = self.ask_after(offsets(self.verify, desk, &names)).await.flatten();
            let leaders = self.ask_after(topic::leaders(desk, &names)).await.unwrap_or_default();
            ground.topics.iter_mut().zip(leaders).for_each(|(it, now)| it.leaders_after = now);
            measured.interrupted = measured.interrupted.or(self.interrupted_late);
        }
        self.note_topics(ground, &measured, after.as_ref());
        self.so_far.push(self.phase_result(PhaseKind::Measure, &measured, &before, &after));
        let offsets = before.zip(after);
        let readback = match self.verify {
            Verify::None | Verify::Offsets => None,
            // Who doesn't want to wait doesn't want to read everything back either.
            Verify::Sequence if measured.at_once => None,
            // Of a worker that died nobody knows which records it was told to have arrived.
            Verify::Sequence if measured.crashed.is_some() => None,
            Verify::Sequence => {
                let layout = ground.layout();
                let Self { signals, observer, plan, tag, .. } = self;
                let (observer, topics, layout, tag) = (&mut **observer, &names[..], &layout, *tag);
                let proof = Proof { desk, signals, observer, plan, topics, layout, tag };
                let offsets = offsets.as_ref().map(|(before, after)| (before, after));
                Some(proof.read_back(&mut measured.ends, offsets).await)
            }
        };
        Ok(Phases { measured, offsets, readback })
    }

    /// The warm-up; gives the offsets after it. What came of it is kept also where the run ends in
    /// it.
    async fn warm_up(
        &mut self,
        stop: Stop,
        desk: &mut Desk,
        crew: &mut Crew,
        topics: &[String],
        before: &Option<Offsets>,
    ) -> Result<Option<Offsets>, RunError> {
        let outcome = self.watch(crew, PhaseKind::Warmup).run(stop).await?;
        let ended = outcome.interrupted.map(RunError::Interrupted);
        if let Some(error) = ended.or_else(|| outcome.crashed.clone().map(RunError::Internal)) {
            self.so_far.push(self.phase_result(PhaseKind::Warmup, &outcome, before, &None));
            return Err(error);
        }
        if outcome.ends.iter().any(|end| end.cut) {
            return Err(RunError::Unusable(format!(
                "the warm-up's records had no outcome {} s after its end, though \
                 delivery.timeout.ms = {} ms; lower --rate, or leave the warm-up out (--warmup 0)",
                outcome.drained().as_secs(),
                self.plan.producer.delivery_timeout.as_millis()
            )));
        }
        let asked = offsets(self.verify, desk, topics);
        let asked = self.interruptible(asked).await;
        let after = asked.as_ref().ok().cloned().flatten();
        let warmup = self.phase_result(PhaseKind::Warmup, &outcome, before, &after);
        for words in warmup.shortfall().into_iter().chain(warmup.unsettled()) {
            let line = format!("{words}; the measurement goes on");
            self.observer.log(LogLevel::Warn, &line);
        }
        self.so_far.push(warmup);
        asked
    }

    /// What the measurement showed of the topics: the leaders that changed, and partitions that are
    /// new.
    fn note_topics(&self, ground: &mut Ground, outcome: &PhaseOutcome, after: Option<&Offsets>) {
        for (post, end) in self.plan.posts().zip(&outcome.ends) {
            ground.topics[post.topic].grown_to(end.tally.partitions.all().len());
        }
        for (topic, offsets) in ground.topics.iter_mut().zip(after.into_iter().flatten()) {
            topic.grown_to(offsets.len());
        }
        for (post, changes) in self.plan.posts().zip(&outcome.leader_changes) {
            let topic = &mut ground.topics[post.topic];
            topic.leader_changes = topic.leader_changes.max(changes.count);
        }
    }

    fn watch<'b>(&'b mut self, crew: &'b mut Crew, kind: PhaseKind) -> Watch<'b> {
        let Self { signals, observer, plan, .. } = self;
        Watch { crew, signals, observer: &mut **observer, plan, kind }
    }

    /// A question after the measurement. A failure is said, not raised: the measurement stands, and
    /// a cluster that broke under it is when it is wanted most. After a signal nothing is asked.
    async fn ask_after<T>(
        &mut self,
        question: impl Future<Output = Result<T, RunError>>,
    ) -> Option<T> {
        if self.interrupted_late.is_some() {
            return None;
        }
        match self.interruptible(question).await {
            Ok(answer) => Some(answer),
            Err(RunError::Interrupted(signal)) => {
                self.interrupted_late = Some(signal);
                None
            }
            Err(error) => {
                let line = format!("not known after the measurement: {error}");
                self.observer.log(LogLevel::Warn, &line);
                None
            }
        }
    }

    /// The first signal ends whatever comes before the load, or after it. What the desk says
    /// meanwhile is passed on.
    async fn interruptible<T>(
        &mut self,
        work: impl Future<Output = Result<T, RunError>>,
    ) -> Result<T, RunError> {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                signal = self.signals.next() => return Err(RunError::Interrupted(signal)),
                Some(line) = self.notices.recv() => self.observer.log(LogLevel::Warn, &line),
            }
        }
    }

    fn phase_result(
        &self,
        kind: PhaseKind,
        outcome: &PhaseOutcome,
        before: &Option<Offsets>,
        after: &Option<Offsets>,
    ) -> PhaseResult {
        let ends = &outcome.ends;
        let sum = |part: fn(&PhaseEnd) -> u64| ends.iter().map(part).sum();
        let at = |instant: Option<Instant>| instant.unwrap_or(self.started).since(self.started);
        let end = ends.iter().map(|end| end.end).max();
        let drained = ends.iter().map(|end| end.drained).max();
        let first_sent = ends.iter().filter_map(|end| end.tally.first_sent).min();
        PhaseResult {
            kind,
            start: at(ends.iter().map(|end| end.start).min()),
            end: at(end),
            first_sent: first_sent.map(|at| at.since(self.started)),
            due: sum(|end| end.due),
            generated: sum(|end| end.tally.ledger.generated),
            acked: sum(|end| end.tally.ledger.acked + end.tally.ledger.duplicate),
            written: sum(|end| end.tally.ledger.written),
            failed: sum(|end| end.tally.ledger.failed),
            indeterminate: sum(|end| end.tally.ledger.indeterminate),
            unsent: sum(|end| end.tally.ledger.unsent),
            drain: at(drained).saturating_sub(at(end)),
            settled: outcome.settled,
            service: (kind == PhaseKind::Warmup).then(|| service_of(ends)).flatten(),
            payload_bytes: sum(|end| end.tally.batches.payload_bytes),
            offset_before: before.as_ref().map(|offsets| offsets.iter().flatten().sum()),
            offset_after: after.as_ref().map(|offsets| offsets.iter().flatten().sum()),
        }
    }

    /// Deletes the topics that were made for this run alone. A failure is said, not raised: the
    /// measurement stands.
    async fn clean_up(&mut self, desk: &mut Desk, ground: &mut Ground) {
        for (asked, topic) in self.plan.topics.iter().zip(&mut ground.topics) {
            if !asked.fresh || asked.keep || !topic.created {
                continue;
            }
            match desk.delete(&topic.name).await {
                Ok(()) => topic.deleted = true,
                Err(error) => {
                    let line = format!("the fresh topic is left behind: {error}");
                    self.observer.log(LogLevel::Warn, &line);
                }
            }
        }
    }
}

/// A run's tag: another one every time.
fn tag(unix_ms: u64, now: Instant) -> u32 {
    let word = mix(unix_ms ^ mix(now.as_nanos()) ^ u64::from(std::process::id()));
    u32::try_from(word >> 32).expect("the upper half of a word")
}
