//! What is simulated: a cluster, workers, a load, and what goes wrong. Plain data.
//!
//! Cost class: once a simulation.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use crate::kafka::broker::TopicSettings;
use crate::kafka::config::ProducerConfig;
use crate::load::schedule::{Arrivals, Curve, Full, Late, Rate, SchedulePlan, Shape, Stage, Stop};
use crate::load::source::{KeyPlan, ValuePlan};

use super::fault::FaultPlan;
use super::physics::Physics;

/// One simulation, whole.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Decides everything that chance has a part in.
    pub seed: u64,
    /// Nodes, 1 or more; a partition has up to three replicas.
    pub brokers: u16,
    /// Of the topic, 1 or more.
    pub partitions: i32,
    /// The topic's settings.
    pub topic: TopicSettings,
    /// Engines, 1 or more.
    pub workers: u32,
    /// Each worker's producer; bootstrap servers and client id are filled in.
    pub producer: ProducerConfig,
    /// Records a second of all workers together; `None`: as fast as it goes.
    pub rate: Option<f64>,
    /// The rate over time in its place, where it varies; `rate` is then about its mean.
    pub stages: Vec<Stage>,
    /// How records fall due; evenly without a rate.
    pub arrivals: Arrivals,
    /// What becomes of late records.
    pub late: Late,
    /// What becomes of records without room.
    pub full: Full,
    /// When the load stops.
    pub stop: Stop,
    /// The records' keys.
    pub key: KeyPlan,
    /// The records' values.
    pub value: ValuePlan,
    /// Bytes of a value.
    pub record_size: u32,
    /// The pacing grid.
    pub quantum: Duration,
    /// How fast things are.
    pub physics: Physics,
    /// What goes wrong.
    pub faults: FaultPlan,
    /// So long after the load's begin it is stopped, with so long for the drain.
    pub interrupt: Option<(Duration, Duration)>,
    /// Records that are sent when all is well again, of all workers together: none may fail.
    pub afterwards: u64,
}

impl Setup {
    /// When records are due.
    ///
    /// # Panics
    /// When rate or stages are none.
    #[must_use]
    pub fn schedule(&self) -> SchedulePlan {
        let rate = self.rate.map(|rate| Rate::per_second(rate).expect("a rate above 0"));
        let constant = SchedulePlan::of(rate, self.workers);
        if rate.is_none() {
            return constant;
        }
        let curve = || Curve::new(&self.stages).expect("stages with records");
        let shape = match self.stages.is_empty() {
            true => constant.shape,
            false => Shape::Curve(Arc::new(curve())),
        };
        let Self { arrivals, late, full, .. } = *self;
        SchedulePlan { shape, arrivals, late, full, ..SchedulePlan::of(None, self.workers) }
    }
}

impl fmt::Display for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { producer, physics, .. } = self;
        writeln!(
            f,
            "  {} brokers, {} partitions, {} workers, rate {:?}, {:?}, {:?} {:?} of {} bytes",
            self.brokers,
            self.partitions,
            self.workers,
            self.rate,
            self.stop,
            self.key,
            self.value,
            self.record_size
        )?;
        let Self { stages, arrivals, late, full, .. } = self;
        writeln!(f, "  {stages:?} {arrivals:?} {late:?} {full:?}")?;
        writeln!(
            f,
            "  acks={} enable.idempotence={} max.in.flight={} retries={} batch.size={} linger={:?} \
             buffer.memory={} compression.type={}",
            producer.acks.name(),
            producer.enable_idempotence,
            producer.max_in_flight,
            producer.retries,
            producer.batch_size,
            producer.linger,
            producer.buffer_memory,
            producer.compression.codec.name(),
        )?;
        writeln!(
            f,
            "  delivery.timeout={:?} request.timeout={:?} max.block={:?} partitioner={:?} \
             min.insync.replicas={}",
            producer.delivery_timeout,
            producer.request_timeout,
            producer.max_block,
            producer.partitioner,
            self.topic.min_insync_replicas,
        )?;
        writeln!(f, "  {physics:?}")?;
        if let Some((at, within)) = self.interrupt {
            writeln!(f, "  stopped at {at:?}, drained within {within:?}")?;
        }
        write!(f, "{}", self.faults)
    }
}
