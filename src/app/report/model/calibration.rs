//! The client's own ceiling, as files hold it. Cost class: once a configuration.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{EnvironmentModel, Tool};

/// What `calibrate` writes: a result of its own kind, told by its field `calibrations`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct CalibrationReport {
    /// As of a run's result.
    pub schema_version: String,
    /// The program.
    pub tool: Tool,
    /// The command line, word by word.
    pub command: Vec<String>,
    /// The machine.
    pub environment: EnvironmentModel,
    /// One for each configuration; several where the command line is that of a matrix.
    pub calibrations: Vec<CalibrationModel>,
    /// Flags that were given and make no difference to a ceiling.
    pub unused: Vec<String>,
}

/// The ceilings of one configuration.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct CalibrationModel {
    /// RFC 3339, UTC.
    pub started_at: String,
    /// All that the ceiling depends on, by name: a run's must be the same.
    pub configuration: BTreeMap<String, String>,
    /// The ceilings.
    #[serde(flatten)]
    pub ceilings: CeilingsModel,
}

/// Two ceilings and what they rest on.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct CeilingsModel {
    /// Schedule and source alone.
    pub generator: PaceModel,
    /// The whole client against embedded brokers in another process, as fast as it goes.
    pub engine: PaceModel,
    /// The busiest producer's share of a core with the engine; well below 1, brokers or cores were
    /// the limit, and the client can do more.
    pub busy_max: Option<f64>,
    /// Embedded brokers that the engine wrote to.
    pub brokers: u32,
    /// Cores that this process and they shared; 0 in results of 1.0.
    #[serde(default)]
    pub cores: u32,
}

/// So much in so much time.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct PaceModel {
    /// Records.
    pub records: u64,
    /// In so many seconds.
    pub seconds: f64,
    /// Records a second.
    pub records_per_second: f64,
    /// 10^6 bytes of keys and values a second.
    pub mb_s: f64,
    /// Nanoseconds of this process's CPU a record; brokers aren't in it.
    pub cpu_ns_per_record: Option<f64>,
}

/// A run held against its configuration's ceiling.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RunCalibrationModel {
    /// When the ceiling was measured: RFC 3339, UTC.
    pub started_at: String,
    /// The ceilings.
    #[serde(flatten)]
    pub ceilings: CeilingsModel,
    /// What the run is held against them with, records/s: the rate asked for; without one the rate
    /// at which records were acked.
    pub rate: f64,
    /// The engine's ceiling ÷ that rate; null when nothing was acked.
    pub headroom: Option<f64>,
}

impl CeilingsModel {
    /// Whether the client could have done more than was seen: no producer was out of time.
    #[must_use]
    pub fn is_least(&self) -> bool {
        self.busy_max.is_none_or(|busy| busy < OUT_OF_TIME) && self.cores_share() < NO_CORE_LEFT
    }

    /// The part of all cores that this process used with the engine, 0 to 1; 0 where that isn't
    /// known. Under a codec helper threads have most of it.
    fn cores_share(&self) -> f64 {
        let used = self.engine.cpu_ns_per_record.unwrap_or(0.0) * self.engine.records_per_second;
        if self.cores == 0 { 0.0 } else { used / 1e9 / f64::from(self.cores) }
    }
}

/// A process that uses so much of all cores has none left; the rest is the brokers' and the
/// system's.
const NO_CORE_LEFT: f64 = 0.85;

/// A producer that is so busy has no time left.
const OUT_OF_TIME: f64 = 0.95;
