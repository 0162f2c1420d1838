//! The workers of a run: a thread each, orders to all, one stream of reports back.
//!
//! Cost class: per tick. What must happen together carries its instant.

use core::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::environment::WORKER_THREAD_PREFIX;
use super::error::RunError;
use super::plan::{Post, RunPlan, Verify};
use super::result::TopicFacts;
use crate::base::WorkerIndex;
use crate::host::shell::{Worker, WorkerError, clock, spawn};
use crate::kafka::config::{Acks, HostPort};
use crate::load::engine::{Engine, EngineCommand, EnginePlan, EngineReport, Origin, Trace};
use crate::load::recorder::{Kind, RecorderPlan};

/// What a worker told, and which one.
pub(super) type Told = (usize, EngineReport);

/// The running workers.
pub(super) struct Crew {
    workers: Vec<Worker<EngineCommand>>,
    /// By worker, where there are several topics: which it writes to.
    topics: Vec<String>,
    told: UnboundedReceiver<Told>,
}

impl Crew {
    /// Starts the plan's workers, which begin to connect to `bootstrap` and write to `topics`.
    pub(super) fn start(
        plan: &RunPlan,
        topics: &[TopicFacts],
        bootstrap: &[HostPort],
        origin: Origin,
        tag: u32,
    ) -> Result<Self, RunError> {
        let (tell, told) = unbounded_channel();
        let mut crew = Self { workers: Vec::new(), topics: Vec::new(), told };
        for (index, post) in (0..).map(WorkerIndex).zip(plan.posts()) {
            let topic = &topics[post.topic].name;
            let mut engine = engine_plan(plan, post, topic, origin);
            engine.producer.bootstrap_servers = bootstrap.to_vec();
            engine.producer.client_id = plan.client_id(index);
            engine.trace = trace(plan, post.stream, tag);
            let tell = tell.clone();
            let at = crew.len();
            let name = worker_name(at);
            let on_report = move |report| {
                // Nobody listens once the run has given up on its workers.
                let _ = tell.send((at, report));
            };
            let worker = spawn(&name, move || Engine::new(engine, clock::now()), on_report)
                .map_err(|error| RunError::Internal(format!("cannot start {name}: {error}")))?;
            crew.workers.push(worker);
            crew.topics.extend((topics.len() > 1).then(|| topic.clone()));
        }
        Ok(crew)
    }

    /// The topic of a worker; `None` where there is one for all.
    pub(super) fn topic(&self, worker: usize) -> Option<&str> {
        self.topics.get(worker).map(String::as_str)
    }

    /// How many.
    pub(super) fn len(&self) -> usize {
        self.workers.len()
    }

    /// The same order to every worker that still runs.
    pub(super) fn order(&self, command: EngineCommand) {
        for worker in &self.workers {
            // A worker that has ended is noticed by `next`.
            let _ = worker.send(command);
        }
    }

    /// How often the workers' loops were woken so far, all together.
    pub(super) fn wakeups(&self) -> u64 {
        self.workers.iter().map(|worker| worker.stats().snapshot().wakeups).sum()
    }

    /// The longest turn of any worker's loop so far: for so long it read nothing.
    pub(super) fn longest_turn(&self) -> Duration {
        let turns = self.workers.iter().map(|it| it.stats().snapshot().turn_max_nanos);
        Duration::from_nanos(turns.max().unwrap_or(0))
    }

    /// The next thing any worker tells; `None` when all have ended and nothing is left to hear.
    pub(super) async fn next(&mut self) -> Option<Told> {
        self.told.recv().await
    }

    /// A worker that has died: it isn't among those in `ended`, which may have finished.
    ///
    /// A worker tells before it ends, so one that has ended with nothing left to hear has died.
    pub(super) fn dead(&self, ended: &[usize]) -> Option<usize> {
        let mut workers = self.workers.iter().enumerate();
        let dead = workers.find(|(at, worker)| worker.is_finished() && !ended.contains(at));
        dead.map(|(at, _)| at).filter(|_| self.told.is_empty())
    }

    /// Why a worker died; waits until its thread is gone.
    pub(super) fn autopsy(&mut self, worker: usize) -> String {
        match self.workers[worker].wait() {
            Err(error) => error.to_string(),
            Ok(()) => format!("thread {} ended before its work", worker_name(worker)),
        }
    }

    /// Makes one worker panic.
    pub(super) fn strike(&self, worker: usize) {
        // One that has ended already has had its end.
        let _ = self.workers[worker].send(EngineCommand::Panic);
    }

    /// Ends all workers and waits for their threads. One that is known to have died is passed over.
    pub(super) fn end(mut self) -> Result<(), WorkerError> {
        self.order(EngineCommand::Close);
        for worker in self.workers.drain(..) {
            worker.stop();
            worker.join()?;
        }
        Ok(())
    }
}

/// The thread of a worker, from 0.
fn worker_name(worker: usize) -> String {
    format!("{WORKER_THREAD_PREFIX}{}", worker + 1)
}

/// What recorders measure a run of `plan` with.
pub(super) fn recorder_plan(plan: &RunPlan) -> RecorderPlan {
    RecorderPlan {
        paced: plan.schedule.is_paced(),
        varying: plan.schedule.is_varying(),
        kind: if plan.producer.acks == Acks::None { Kind::Written } else { Kind::Acked },
        highest_trackable: longest_latency(plan),
        interval: Duration::from_secs(1),
    }
}

/// What the worker at `post` is made of, but for its servers and its name.
fn engine_plan(plan: &RunPlan, post: Post, topic: &str, origin: Origin) -> EnginePlan {
    let stream = &plan.streams[post.stream];
    let producer = plan.producer.clone();
    EnginePlan {
        worker: post.producer,
        producer,
        topic: topic.to_owned(),
        schedule: plan.schedule_of(post.stream),
        source: stream.source.clone(),
        quantum: plan.pacing_quantum,
        recorder: recorder_plan(plan),
        seed: stream.source.seed ^ SEED_OF_JITTER,
        origin,
        trace: Trace::Off,
    }
}

/// How the records of a stream are found again.
fn trace(plan: &RunPlan, stream: usize, tag: u32) -> Trace {
    match plan.verify {
        Verify::None | Verify::Offsets => Trace::Off,
        Verify::Sequence if plan.marks(&plan.streams[stream]) => Trace::ByMark(tag_of(tag, stream)),
        Verify::Sequence => Trace::ByValue,
    }
}

/// Tells the records of a stream from those of others, in a run whose tag tells it from other runs.
pub(super) fn tag_of(run: u32, stream: usize) -> u32 {
    run.wrapping_add(u32::try_from(stream).unwrap_or(u32::MAX))
}

/// A record may be due a whole window before it is taken, wait out the drain, and end by the
/// delivery timeout.
fn longest_latency(plan: &RunPlan) -> Duration {
    let delivery = plan.producer.delivery_timeout;
    let window = plan.duration.unwrap_or(delivery).min(LONGEST_WINDOW);
    (delivery * 2 + plan.producer.request_timeout + window).max(Duration::from_secs(120))
}

/// Keeps jitter and sticky draws apart from what the records hold.
const SEED_OF_JITTER: u64 = 0x6a69_7474_6572_2121;
/// Past an hour of window a record isn't late but lost; it counts as overflow.
const LONGEST_WINDOW: Duration = Duration::from_secs(3_600);
