//! The part of a result that says whether it is a measurement, and how the process ended. Cost
//! class: once a run.

use serde::{Deserialize, Serialize};

/// How far a run can be trusted.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// A measurement.
    Valid,
    /// One with doubts.
    Suspect,
    /// The cluster missed the rate: latencies describe a growing queue.
    Overloaded,
    /// Not a measurement of the cluster.
    Invalid,
}

impl Status {
    /// In capitals, as the summary shows it.
    #[must_use]
    pub const fn shout(self) -> &'static str {
        match self {
            Self::Valid => "VALID",
            Self::Suspect => "SUSPECT",
            Self::Overloaded => "OVERLOADED",
            Self::Invalid => "INVALID",
        }
    }
}

/// The verdict.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ValidityModel {
    /// The worst that any reason asks for.
    pub status: Status,
    /// Every reason, worst first.
    pub reasons: Vec<ReasonModel>,
    /// What kept the rate from being higher, as a stable word: nothing, refused, client_cpu,
    /// compression, run_delay, client_lateness, throttle, unavailable, buffer_memory, in_flight,
    /// linger, network, broker or unknown.
    #[serde(default)]
    pub limit: String,
    /// The same in words, with what to change.
    pub limited_by: String,
}

/// One reason.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ReasonModel {
    /// A stable word for scripts.
    pub name: String,
    /// What it alone would make of the run.
    pub status: Status,
    /// A sentence with its figures.
    pub text: String,
}

/// How it ended.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ExitModel {
    /// The process's exit code.
    pub code: u8,
    /// Its name.
    pub name: String,
}
