//! Exit codes: what a script learns without reading a word. Cost class: once a process.

use super::model::{ExitModel, Report, Status};
use crate::host::driver::RunError;
use crate::host::driver::result::Signal;

/// How the process ends; the codes are public and don't change.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Exit {
    /// Everything passed.
    Passed,
    /// Not a measurement, or overloaded, where a gate was asked for.
    NotAMeasurement,
    /// Records lost, failed or indeterminate.
    Records,
    /// An error of this program.
    Internal,
    /// The cluster can't be reached, or the topic can't be used.
    Unusable,
    /// A bad flag or configuration.
    BadInput,
    /// SIGTERM.
    Terminated,
    /// Ctrl-C.
    Interrupted,
}

impl Exit {
    /// The number.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Passed => 0,
            Self::Internal => 1,
            Self::BadInput => 2,
            Self::Unusable => 3,
            Self::Records => 4,
            Self::NotAMeasurement => 5,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }

    /// The name in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Internal => "internal",
            Self::BadInput => "bad-input",
            Self::Unusable => "unusable",
            Self::Records => "records",
            Self::NotAMeasurement => "not-a-measurement",
            Self::Interrupted => "interrupted",
            Self::Terminated => "terminated",
        }
    }

    /// Whether the runs that are left to do can't be worth doing: the user ended it, or what is
    /// wrong isn't this run's alone.
    #[must_use]
    pub const fn ends_everything(self) -> bool {
        !matches!(self, Self::Passed | Self::NotAMeasurement | Self::Records)
    }

    /// Both, for a result.
    #[must_use]
    pub fn model(self) -> ExitModel {
        ExitModel { code: self.code(), name: self.name().to_owned() }
    }
}

impl From<Signal> for Exit {
    fn from(signal: Signal) -> Self {
        match signal {
            Signal::Interrupt => Self::Interrupted,
            Signal::Terminate => Self::Terminated,
        }
    }
}

impl From<&RunError> for Exit {
    fn from(error: &RunError) -> Self {
        match error {
            RunError::Unusable(_) => Self::Unusable,
            RunError::Configuration(_) => Self::BadInput,
            RunError::Interrupted(signal) => (*signal).into(),
            RunError::Internal(_) => Self::Internal,
        }
    }
}

/// How a process ends whose only run is `report`; `strict` asks that the run be a measurement.
#[must_use]
pub fn of_report(report: &Report, interrupted: Option<Signal>, strict: bool) -> Exit {
    if let Some(signal) = interrupted {
        return signal.into();
    }
    let records = &report.records;
    let lost = report.verification.lost.unwrap_or(0);
    if records.failed + records.indeterminate + lost > 0 {
        return Exit::Records;
    }
    if strict && matches!(report.validity.status, Status::Invalid | Status::Overloaded) {
        return Exit::NotAMeasurement;
    }
    Exit::Passed
}
