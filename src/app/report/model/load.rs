//! The part of a result that says when records were due. Cost class: once a run.

use serde::{Deserialize, Serialize};

/// How records fell due, and what was to become of those that couldn't be sent in time.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct LoadModel {
    /// What `--pacing` says: uniform, poisson or `burst:N`; null without a rate.
    pub pacing: Option<String>,
    /// What `--on-late` says: catchup or `skip:BOUND`; null without a rate.
    pub on_late: Option<String>,
    /// What `--on-full` says: block or drop; null without a rate.
    pub on_full: Option<String>,
    /// Of a rate that varies: planned records/s, in [`LoadModel::PARTS`] equal parts of its time.
    /// Empty for a constant one, and without any.
    pub rates: Vec<f64>,
    /// Of a rate that varies: seconds from its begin to its end.
    pub span_seconds: Option<f64>,
}

impl LoadModel {
    /// As many tell any two plans apart that people would call different.
    pub const PARTS: u32 = 100;
}
