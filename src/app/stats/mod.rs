//! Whether two groups of runs differ: rank statistics on one figure per run. Cost class: once a
//! judgement.
//!
//! The run is the unit, since the records of one run are correlated. Nothing here assumes a
//! distribution: the test is Mann and Whitney's, the effect Hodges and Lehmann's on logarithms, so
//! that it is a factor. Pure: no files, no clock, no randomness; logarithms are libm's, the same on
//! every machine. What a figure is called and where it comes from is no matter of this room.

mod decide;
mod holm;
mod mann_whitney;
mod shift;

pub use decide::{Doubt, Finding, Outcome, Series, Terms, decide, describe};
pub use holm::{Rank, holm};
pub use mann_whitney::{EXACT_PAIRS, critical_u, p_greater, repeats_needed, smallest_p};
pub use shift::{Shift, shift};
