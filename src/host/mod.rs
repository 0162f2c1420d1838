//! Where a run takes place: sockets, clocks, threads, signals. The one storey that does I/O.
//!
//! [`shell`] drives any [`Machine`](crate::base::Machine) over sockets and knows no Kafka;
//! [`driver`] gives each worker a shell and a thread, leads them through warm-up and measurement,
//! and asks the cluster what must be known around both; [`sim`] drives engines and brokers in
//! virtual time instead, and breaks what can break.
pub mod driver;
pub mod shell;
pub mod sim;
