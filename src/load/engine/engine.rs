//! The engine's parts, and what it is asked from outside.

use std::collections::VecDeque;

use crate::base::{Instant, TopicSlot};
use crate::kafka::producer::Producer;
use crate::load::recorder::Recorder;
use crate::load::schedule::Schedule;
use crate::load::source::Source;
use crate::load::verify::Fates;

use super::phase::Phase;
use super::plan::{EnginePlan, EngineReport};
use super::pump::Feed;
use super::witness::{Blind, Witness};

/// One worker. See the room's documentation. `W` looks on; usually nobody does.
#[derive(Debug)]
pub struct Engine<W = Blind> {
    pub(super) plan: EnginePlan,
    pub(super) producer: Producer,
    pub(super) topic: TopicSlot,
    pub(super) schedule: Schedule,
    pub(super) source: Source,
    pub(super) recorder: Recorder,
    /// Of the phase, where records are traced.
    pub(super) fates: Option<Fates>,
    pub(super) feed: Feed,
    pub(super) phase: Phase,
    pub(super) next_sample: Instant,
    pub(super) reports: VecDeque<EngineReport>,
    pub(super) now: Instant,
    pub(super) witness: W,
}

impl Engine {
    /// An engine that begins to connect with the first input.
    ///
    /// # Panics
    /// When the source's plan can't be carried out: the settings check it.
    #[must_use]
    pub fn new(plan: EnginePlan, now: Instant) -> Self {
        Self::watched(plan, Blind, now)
    }
}

impl<W: Witness> Engine<W> {
    /// As [`Engine::new`], before a witness.
    ///
    /// # Panics
    /// When the source's plan can't be carried out.
    #[must_use]
    pub fn watched(plan: EnginePlan, witness: W, now: Instant) -> Self {
        let seed = plan.seed.wrapping_add(u64::from(plan.worker.0));
        let mut producer = Producer::new(plan.producer.clone(), seed, now);
        let topic = producer.add_topic(&plan.topic, now);
        Self {
            producer,
            topic,
            schedule: Schedule::new(&plan.schedule, plan.worker),
            source: Source::new(&plan.source, plan.worker),
            recorder: Recorder::new(&plan.recorder, now),
            fates: None,
            feed: Feed::default(),
            phase: Phase::Connect { give_up: now + plan.producer.max_block },
            next_sample: now,
            reports: VecDeque::new(),
            now,
            witness,
            plan,
        }
    }

    /// The producer, to look at.
    #[must_use]
    pub const fn producer(&self) -> &Producer {
        &self.producer
    }

    /// Who looks on.
    #[must_use]
    pub const fn witness(&self) -> &W {
        &self.witness
    }

    /// Records that were handed over and have no outcome yet.
    #[must_use]
    pub const fn in_progress(&self) -> u64 {
        let ledger = self.recorder.ledger();
        ledger.generated - ledger.ended()
    }
}
