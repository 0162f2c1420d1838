//! The deterministic simulator: whole engines against whole brokers in virtual time, with anything
//! between them going wrong.
//!
//! The same machines that run on sockets are driven here by a heap of events, keyed by instant and
//! insertion number: bytes cross pipes with latency, bandwidth, cuts anywhere and writes taken in
//! part; brokers serve one request after another; processor time is charged as data; compression
//! comes back when its time has passed. A seed decides everything, so a failure is replayed by
//! naming it. Cost class: per event; a seed of some thousand records takes about ten milliseconds.
//!
//! Rooms inside: `world` (the loop), `worker` (one engine, driven as `host::shell` would), `net`
//! (streams), `node` (a broker's queue, and faults of requests), `strike` (faults of the cluster),
//! `notary` (sees each record and its outcome), `check` and `log` (what must hold), `simulate` (the
//! stages: connect, load under faults, heal, load again), `swarm` ([`sample`]: setups by seed),
//! `campaign` (many seeds) and `scenario` ([`Scenario`]: setups by hand).
//!
//! What is checked, by the name that a [`Violation`] has: *ledger*, *one outcome a record*,
//! *histogram*, *stages add up*, *max.in.flight*, *buffer.memory*, *memory given back*, *linger*,
//! *liveness*, *requests*, *no end*, *same again*, *panic*; of requests *crc as sent*; and of the
//! logs *crc*, *offsets*, *content*, *sequence*, *exactly once*, *order*, *order of acks*, *acked
//! and missing*, *failed and stored*, *wrong partition*.
//!
//! Faults live here, the broker has only states that a real one gets into. Replicas share one log,
//! so an ack at acks=1 is as good as one at acks=all; no TLS, no transactions.
//!
//! # A scenario
//!
//! ```
//! use kprod_bench::host::sim::{Fault, Scenario};
//! use kprod_bench::kafka::wire::ApiKey;
//!
//! // The first Produce request is carried out, but its connection breaks before the answer.
//! let end = Scenario::new().records(20).script(ApiKey::Produce, [Fault::ResetAfter]).run();
//! assert_eq!(end.ledger.acked, 20);
//! assert_eq!(end.log(0), (0..20).collect::<Vec<u64>>());
//! let [first, again] = end.produced()[..] else { panic!("two requests") };
//! assert_eq!(first.batches, again.batches);
//! ```
//!
//! `run` holds every invariant and panics with the whole trace when one breaks, so a scenario says
//! only what is special about it: the requests that brokers saw ([`Outcome::produced`]), the logs
//! ([`Outcome::log`]), the fate of a record ([`Outcome::fate`]), the ledger, the codes of what
//! ended badly ([`Outcome::codes`]). With `batch.size` 1 every record is a batch of its own.
//! Scripts count from the very first request, what stands under [`Scenario::at`] from the load's
//! begin.

mod agenda;
mod campaign;
mod check;
mod fault;
mod log;
mod net;
mod node;
mod notary;
mod physics;
mod request;
mod scenario;
mod setup;
mod simulate;
mod strike;
mod swarm;
mod violation;
mod worker;
mod world;

pub use campaign::{Campaign, campaign, try_seed};
pub use fault::{Chance, Fault, FaultPlan};
pub use log::Stored;
pub use notary::{Fate, Seen, Told};
pub use physics::Physics;
pub use request::{SeenBatch, SeenRequest};
pub use scenario::Scenario;
pub use setup::Setup;
pub use simulate::{Keep, Outcome, simulate};
pub use swarm::sample;
pub use violation::Violation;

/// The one topic of a simulation.
const TOPIC: &str = "t";
