//! Proofs against the Java client's own classes: its jars are needed, a cluster is not.
//!
//! The Java programs stand in `tests/java/`. `scripts/test` names the folder of the jars in
//! `KPROD_TEST_JARS`; without it these tests say SKIP, or fail with `KPROD_REQUIRE_CLUSTER=1`.

#[path = "java_proof/batches.rs"]
mod batches;
#[path = "java_proof/codecs.rs"]
mod codecs;
#[path = "java_proof/grid.rs"]
mod grid;
#[path = "java_proof/histograms.rs"]
mod histograms;
#[path = "java_proof/java.rs"]
mod java;
#[path = "java_proof/partitions.rs"]
mod partitions;
#[path = "java_proof/properties.rs"]
mod properties;
#[path = "java_proof/verdicts.rs"]
mod verdicts;
