//! kprod-bench: a Kafka load generator with a producer engine of its own.
//!
//! ```text
//!  schedule ──▶ source ──▶ partitioner ──▶ accumulator ──▶ sender ──▶ connection ──▶ broker
//!  (when)       (what)     (where)         (batches)       (requests)  (bytes)          │
//!                                                                                       ▼
//!  report ◀── recorder ◀── delivery (outcome, stations, stamps) ◀── verdict ◀────── response
//! ```
//!
//! Storeys, each built on those before it:
//!
//! - [`base`]: words that all share: [`Instant`](base::Instant) as a plain number, ids, the record
//!   as lent, and [`Machine`](base::Machine), the face of everything that talks over a network
//!   without doing I/O;
//! - [`kafka`]: how Kafka works: configuration by Java's rules, wire format, a producer, an admin
//!   client, and a small broker in memory;
//! - [`load`]: what is sent, when, and what came of it;
//! - [`host`]: the one storey with sockets, clocks and threads;
//! - [`app`]: flags, files and results.
//!
//! The command is the product; the library is how it is built and tested. Who wants a run inside a
//! program of their own fills a [`RunPlan`](host::driver::RunPlan) (or has
//! [`app::settings::build`] fill it from flags) and gives it to [`host::driver::run`], which
//! returns a [`RunResult`](host::driver::RunResult). Who wants a producer without that drives a
//! [`Producer`](kafka::producer::Producer), by hand or with [`host::shell::Shell`].
//!
//! # A record's way without a network
//!
//! Machines take bytes and instants in and give bytes, actions and one deadline out, so producer
//! and broker can be joined in memory, on a clock that is moved by hand:
//!
//! ```
//! use core::time::Duration;
//!
//! use kprod_bench::base::{Action, Instant, Job, ListenerIndex, Machine, RecordView, Server};
//! use kprod_bench::kafka::accumulator::Stamp;
//! use kprod_bench::kafka::broker::{Broker, BrokerPlan};
//! use kprod_bench::kafka::config::ProducerConfig;
//! use kprod_bench::kafka::producer::{Outcome, Producer, Sent};
//!
//! /// Carries everything that `from` has to write over to `to`.
//! fn carry(from: &mut impl Machine, to: &mut impl Machine, now: Instant) {
//!     while let Some(out) = from.poll_write(now) {
//!         let conn = out.conn;
//!         let bytes: Vec<u8> = out.slices.as_io().iter().flat_map(|part| part.to_vec()).collect();
//!         from.handle_written(conn, bytes.len(), now);
//!         to.handle_read(conn, &bytes, now);
//!     }
//! }
//!
//! let mut now = Instant::from_nanos(1_000_000_000);
//! let servers = vec!["127.0.0.1:9092".parse().expect("an address")];
//! let mut broker = Broker::new(BrokerPlan::of(1, "127.0.0.1", 9092), 1_700_000_000_000, 1);
//! let config = ProducerConfig::java_defaults(servers, "example".to_owned());
//! let mut producer = Producer::new(config, 1, now);
//! let topic = producer.add_topic("greetings", now);
//!
//! let record = RecordView {
//!     partition: None,
//!     key: Some(b"en"),
//!     value: Some(b"hello"),
//!     headers: &[],
//!     timestamp_ms: 1_700_000_000_000,
//! };
//! let mut sent = false;
//! let delivery = loop {
//!     while let Some(action) = producer.poll_action() {
//!         match action {
//!             Action::Resolve { host, port } => {
//!                 let found = [format!("{host}:{port}").parse().expect("a literal address")];
//!                 producer.handle_resolved(&host, Ok(&found), now);
//!             }
//!             Action::Connect { conn, .. } => {
//!                 producer.handle_connected(conn, now);
//!                 broker.handle_accepted(conn, ListenerIndex(0), now);
//!             }
//!             Action::Close { .. } => {}
//!             Action::Seal(mut job) => {
//!                 job.run();
//!                 producer.handle_sealed(job, 0, now);
//!             }
//!         }
//!     }
//!     carry(&mut producer, &mut broker, now);
//!     carry(&mut broker, &mut producer, now);
//!     if !sent {
//!         // Until metadata is known the answer is `Sent::NoMetadata`: the record stays ours.
//!         let answer = producer.send(topic, &record, &Stamp::at(now), now);
//!         sent = matches!(answer, Sent::Appended { .. });
//!     }
//!     if let Some(delivery) = producer.poll_delivery() {
//!         break delivery;
//!     }
//!     now += Duration::from_millis(1);
//!     producer.handle_timeout(now);
//!     broker.handle_timeout(now);
//!     assert!(now < Instant::from_nanos(10_000_000_000), "nine seconds are plenty");
//! };
//! assert_eq!(delivery.outcome, Outcome::Acked { base_offset: 0 });
//! assert_eq!(delivery.records(), 1);
//! ```
pub mod app;
pub mod base;
pub mod host;
pub mod kafka;
pub mod load;
