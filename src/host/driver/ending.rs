//! From the phases of a run to its result, also of one that ended before its time. Cost class: once
//! a run.

use core::time::Duration;

use super::course::CpuCourse;
use super::crew::recorder_plan;
use super::environment::Environment;
use super::error::RunError;
use super::events::Moves;
use super::offsets::{Layout, Offsets};
use super::phase::PhaseOutcome;
use super::plan::RunPlan;
use super::proof;
use super::result::{ClientCost, ClusterFacts, LeaderMove, RunResult, TopicFacts};
use super::run::{Phases, Run};
use super::sums::{Sums, sums};
use super::topic::Ground;
use crate::base::PartitionSlot;
use crate::host::shell::clock;
use crate::load::recorder::{Recorder, Tally};

impl Run<'_> {
    /// The result of a run that came to its measurement.
    pub(super) fn sum_up(&self, phases: Phases, ground: Ground) -> Result<RunResult, RunError> {
        let Phases { measured, offsets, readback } = phases;
        let PhaseOutcome { ends, usage, usage_span, leader_changes, .. } = measured;
        let layout = ground.layout();
        let Sums { tally, streams } = sums(self.plan, &layout, ends)?;
        let delta = |(before, after): (Offsets, Offsets)| {
            let (before, after) = (layout.flat(before), layout.flat(after));
            proof::delta(&self.plan.producer, &tally.partitions, &before, &after)
        };
        let offsets = offsets.map(delta);
        let mut client = usage.1.since(&usage.0, usage_span);
        client.clock_step = self.clock_step();
        Ok(RunResult {
            streams,
            offsets,
            readback,
            faults: measured.faults,
            leader_moves: leader_moves(self.plan, &layout, &leader_changes),
            client,
            cpu: measured.cpu,
            interrupted: measured.interrupted,
            crashed: measured.crashed,
            aborted: measured.aborted,
            ..self.result(tally, ground)
        })
    }

    /// What is known of a run that ended before its measurement, by a signal or by a defect of
    /// ours: how far it came. Whoever stopped it gets a result even if nothing was sent.
    ///
    /// # Errors
    /// `error` itself for every other cause, and for a defect before anything was sent.
    pub(super) fn sum_up_unmeasured(
        &self,
        error: RunError,
        ground: Ground,
    ) -> Result<RunResult, RunError> {
        let (interrupted, crashed) = match error {
            RunError::Interrupted(signal) => (Some(signal), None),
            RunError::Internal(words) if !self.so_far.is_empty() => (None, Some(words)),
            other => return Err(other),
        };
        let now = clock::now();
        let nothing = Recorder::new(&recorder_plan(self.plan), now).finish(now);
        Ok(RunResult { interrupted, crashed, ..self.result(nothing, ground) })
    }

    /// A result with nothing in it but where, when and what was counted.
    fn result(&self, tally: Tally, ground: Ground) -> RunResult {
        // Who ended before the first answer spoke to our own brokers all the same.
        let embedded = self.embedded || ground.cluster.embedded;
        let asked = self.plan.topics.iter();
        let asked = asked.map(|it| TopicFacts { name: it.name.clone(), ..TopicFacts::default() });
        let topics = if ground.topics.is_empty() { asked.collect() } else { ground.topics };
        RunResult {
            started_unix_ms: self.started_unix_ms,
            ended_unix_ms: clock::unix_ms(),
            cluster: ClusterFacts { embedded, ..ground.cluster },
            topics,
            streams: Vec::new(),
            phases: self.so_far.clone(),
            tally,
            offsets: None,
            readback: None,
            faults: Vec::new(),
            leader_moves: Vec::new(),
            client: ClientCost::default(),
            cpu: CpuCourse::default(),
            environment: Environment::read(),
            interrupted: None,
            crashed: None,
            aborted: None,
        }
    }

    /// How far the wall clock has moved against the monotonic one since the start.
    fn clock_step(&self) -> Duration {
        let passed = clock::now().since(self.started);
        let shown = Duration::from_millis(clock::unix_ms().saturating_sub(self.started_unix_ms));
        let step = passed.abs_diff(shown);
        if step < CLOCK_GRAIN { Duration::ZERO } else { step }
    }
}

/// The changes of leaders by the run's slots: of each topic what that worker saw that saw most.
fn leader_moves(plan: &RunPlan, layout: &Layout, seen: &[Moves]) -> Vec<LeaderMove> {
    let mut all = Vec::new();
    for topic in 0..plan.topics.len() {
        let of_topic = plan.posts().zip(seen).filter(|(post, _)| post.topic == topic);
        let Some((_, most)) = of_topic.max_by_key(|(_, moves)| moves.count) else { continue };
        let first = u32::try_from(layout.first(topic)).unwrap_or(u32::MAX);
        let of_run = |one: &LeaderMove| {
            let slot = PartitionSlot(first.saturating_add(one.slot.0));
            LeaderMove { slot, ..*one }
        };
        all.extend(most.first.iter().map(of_run));
    }
    all.sort_by_key(|one| one.since);
    all
}

/// The wall clock is read in milliseconds, and disciplined by a few more.
const CLOCK_GRAIN: Duration = Duration::from_millis(20);
