//! Where a run takes place: sockets, clocks, threads, signals. The one storey that does I/O.
pub mod driver;
pub mod shell;
