//! A run from its plan to its result. Cost class: once a run.
//!
//! The plan and the result are plain data, so that what chooses a run and what reports it need not
//! know how it is carried out.

pub mod calibrate;
pub mod course;
mod crew;
mod desk;
pub mod doctor;
mod embedded;
mod ending;
pub mod environment;
mod error;
mod events;
mod observer;
mod offsets;
mod patience;
mod phase;
pub mod plan;
mod proof;
pub mod result;
mod retention;
mod run;
mod serve;
mod settle;
mod signals;
mod sums;
mod topic;

pub use calibrate::{Calibration, Pace, calibrate};
pub use embedded::{Embedded, EmbeddedError};
pub use environment::Environment;
pub use error::RunError;
pub use observer::{Lap, LogLevel, Observer, Progress};
pub use plan::RunPlan;
pub use result::RunResult;
pub use run::run;
pub use serve::serve;
