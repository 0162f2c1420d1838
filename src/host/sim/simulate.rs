//! One simulation from its setup to its verdict, in stages: connect; load while things go wrong;
//! heal, and require that all of it ends; then load again, and require that all of it arrives.
//!
//! Cost class: once a simulation.

use core::time::Duration;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::base::{Instant, Machine as _};
use crate::load::engine::EngineCommand;
use crate::load::recorder::Ledger;
use crate::load::schedule::Stop;

use super::log::{self, Stored};
use super::notary::{Seen, Told};
use super::request::SeenRequest;
use super::setup::Setup;
use super::violation::Violation;
use super::world::World;

/// What is kept of a simulation besides its verdict.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Keep {
    /// A line for everything that happens.
    pub trace: bool,
    /// Every request that a node got.
    pub requests: bool,
}

/// What a simulation came to.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What must never be and was; empty when all is well.
    pub violations: Vec<Violation>,
    /// Faults that were done, by kind.
    pub faults: BTreeMap<&'static str, u64>,
    /// Records by what became of them, over all workers and phases.
    pub ledger: Ledger,
    /// The same for the same seed, on every platform and in every build.
    pub hash: u64,
    /// When the load began, in virtual time; 0 when it never did.
    pub begun: Instant,
    /// How long it took, in virtual time.
    pub lasted: Duration,
    /// Events that it took.
    pub events: u64,
    /// By worker: every record in the order in which it was handed over.
    pub records: Vec<Vec<Seen>>,
    /// By worker: every outcome in its order.
    pub told: Vec<Vec<Told>>,
    /// What the logs hold, log by log.
    pub stored: Vec<Stored>,
    /// Every request that a node got, if kept.
    pub requests: Vec<SeenRequest>,
    /// A line for everything that happened, if kept.
    pub trace: Vec<String>,
}

/// Carries a simulation out. A panic of what is simulated is a violation.
#[must_use]
pub fn simulate(setup: &Setup, keep: Keep) -> Outcome {
    let done = catch_unwind(AssertUnwindSafe(|| {
        let mut world = World::new(setup);
        world.net.trace = keep.trace.then(Vec::new);
        world.net.requests = keep.requests.then(Vec::new);
        stages(&mut world);
        conclude(world)
    }));
    done.unwrap_or_else(|cause| {
        let what = cause.downcast_ref::<String>().cloned();
        let what = what.or_else(|| cause.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        let what = what.unwrap_or_else(|| "without words".to_owned());
        let violation = Violation { name: "panic", at: Instant::ZERO, what };
        Outcome { violations: vec![violation], ..Outcome::default() }
    })
}

fn stages(world: &mut World) {
    let setup = world.setup.clone();
    let patience = setup.producer.max_block + Duration::from_secs(1);
    let bound = world.net.now + patience;
    let answered = world.run_until(bound, |world| {
        world.workers.iter().all(|worker| worker.ready || worker.not_ready.is_some())
    });
    if !answered {
        return world.net.violated("liveness", format!("neither ready nor not in {patience:?}"));
    }
    if world.workers.iter().any(|worker| worker.not_ready.is_some()) {
        // Faults of the connecting may be the whole of a scenario; others see it in the ledger.
        return;
    }
    let begun = world.begin(setup.stop, false);
    world.begun = begun;
    world.net.begin_trouble();
    if let Some((after, within)) = setup.interrupt {
        world.order(EngineCommand::Stop { within }, begun + after);
    }
    let window = setup.stop.after.unwrap_or_default();
    let config = &setup.producer;
    let bound = begun
        + window.max(setup.faults.heal_after)
        + config.delivery_timeout
        + config.request_timeout
        + config.setup_timeout.max
        + config.max_block
        + SLACK;
    if !world.run_until(bound, |world| world.workers.iter().all(|worker| worker.ended.len() == 1)) {
        let stuck: Vec<String> = world.workers.iter().map(|worker| worker.standing()).collect();
        let what = format!("no end by {bound}, long after all was healed; {}", stuck.join("; "));
        return world.net.violated("liveness", what);
    }
    world.net.heal();
    if setup.afterwards == 0 {
        return;
    }
    // Throttles, backoffs and attempts to connect that began before may still last.
    let mut rested = world.net.now + REST;
    if setup.producer.retries <= FEW_RETRIES {
        // Who may hardly try again pays for what it doesn't know: a topic that was made anew while
        // it had nothing to send. Without a backoff the retries are over before metadata is there,
        // and only age makes it ask before.
        rested += setup.producer.metadata_max_age;
    }
    world.run_until(rested, |_| false);
    world.net.now = rested;
    afterwards(world, setup.afterwards);
}

/// All is well: what is sent now arrives.
fn afterwards(world: &mut World, records: u64) {
    let over = |worker: &super::worker::Worker| {
        worker.engine.is_done() || worker.engine.producer().fatal().is_some()
    };
    if world.workers.iter().any(over) {
        return;
    }
    world.begin(Stop { after: None, records: Some(records) }, true);
    #[expect(clippy::cast_precision_loss, reason = "a few hundred records")]
    let window =
        world.setup.schedule().warmup_rate().map_or(0.0, |rate| records as f64 / rate.as_f64());
    let config = &world.setup.producer;
    let bound = world.net.now
        + Duration::from_secs_f64(window)
        + config.linger
        + config.setup_timeout.max
        + SLACK;
    if !world.run_until(bound, |world| world.workers.iter().all(|worker| worker.ended.len() == 2)) {
        let stuck: Vec<String> = world.workers.iter().map(|worker| worker.standing()).collect();
        let what = format!("no end by {bound}, with nothing wrong any more; {}", stuck.join("; "));
        return world.net.violated("liveness", what);
    }
    for index in 0..world.workers.len() {
        let ledger = world.workers[index].ended[1].tally.ledger;
        if ledger.delivered() != ledger.generated {
            let what = format!("worker {index}, with nothing wrong any more: {ledger:?}");
            world.net.violated("liveness", what);
        }
    }
}

fn conclude(mut world: World) -> Outcome {
    let stored = log::check(&mut world);
    linger(&mut world);
    let offences = world.net.broker.counters().offences;
    if offences > 0 {
        world.net.violated("requests", format!("{offences} that no broker understands"));
    }
    let hash = world.hash(&stored);
    let mut ledger = Ledger::default();
    for end in world.workers.iter().flat_map(|worker| &worker.ended) {
        ledger.merge(&end.tally.ledger);
    }
    let notaries = world.workers.iter().map(|worker| worker.engine.witness());
    Outcome {
        records: notaries.clone().map(|notary| notary.records().to_vec()).collect(),
        told: notaries.map(|notary| notary.told().to_vec()).collect(),
        begun: world.begun,
        events: world.events,
        lasted: world.net.now.since(super::net::START),
        violations: world.net.violations,
        faults: world.net.struck,
        requests: world.net.requests.unwrap_or_default(),
        trace: world.net.trace.unwrap_or_default(),
        ledger,
        hash,
        stored,
    }
}

/// A batch whose linger is over leaves as soon as a connection can take it.
fn linger(world: &mut World) {
    let linger = world.setup.producer.linger;
    let mut late = Vec::new();
    for (index, worker) in world.workers.iter().enumerate() {
        for told in worker.engine.witness().told() {
            let (ripe, Some(drained)) = (told.created + linger, told.drained) else { continue };
            let first = worker.idle.partition_point(|(_, to)| *to <= ripe);
            let spans = worker.idle[first..].iter().take_while(|(from, _)| *from < drained);
            let idle: u64 =
                spans.map(|(from, to)| (*to).min(drained).nanos_since((*from).max(ripe))).sum();
            if idle > 0 {
                late.push(format!(
                    "worker {index}: a batch of partition {} created at {} left at {drained}, \
                     {idle} ns of which nothing was in its way",
                    told.slot, told.created
                ));
            }
        }
    }
    for what in late.into_iter().take(4) {
        world.net.violated("linger", what);
    }
}

/// For what no timeout names: retries, backoffs, a queue at a broker.
const SLACK: Duration = Duration::from_secs(30);
/// So few may be used up in the time of one metadata request.
const FEW_RETRIES: u32 = 3;
/// Between healing and the second load.
const REST: Duration = Duration::from_secs(10);
