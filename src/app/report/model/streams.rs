//! The part of a result that tells streams apart. Cost class: once a run.

use serde::{Deserialize, Serialize};

use super::{GeneratorModel, LatencyModel, RecordsModel, ThroughputModel};

/// One stream of several: producers that send records of one kind to one topic.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct StreamModel {
    /// Its name.
    pub name: String,
    /// The topic that it writes to.
    pub topic: String,
    /// Its share of the run's records is this by the sum of all streams' weights; without a rate,
    /// of a count of records alone.
    pub weight: u32,
    /// How many producers it has. The run's producers are counted through all streams, from 0.
    pub producers: u32,
    /// What its records held.
    pub generator: GeneratorModel,
    /// Its ledger.
    pub records: RecordsModel,
    /// Its rates. Offsets are the topic's, which it may share: they are null here.
    pub throughput: ThroughputModel,
    /// Its latencies.
    pub latency: LatencyModel,
}
