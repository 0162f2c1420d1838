//! When each record is due: a planned rate, constant or varying, or none (as fast as the producer
//! takes records); evenly, at random or in bursts.
//!
//! Cost class: [`Schedule::take`] is per record; at a constant rate it adds a step and a rest, no
//! multiplication, no float. Everything else is per phase or per tick. Invariants: record i of
//! worker p is due where the planned rate has planned i·P + p records, in whole nanoseconds rounded
//! down, whatever was taken when; at a constant rate that is start + floor((i·P + p) / rate).
//! Of streams that share a run each has the instants of its [`Part`], and numbers of its own.
//! Record numbers never repeat, also not over phases. It doesn't know the clock, nor whether there
//! was room for a record: what is late stays due until it is taken or skipped.
//!
//! Rooms inside: rate (exact fractions), plan, stage (what a planned rate is made of), curve (all
//! stages, added up), leg (one straight line and its inverse), part (which records are whose), walk
//! (one worker's way along them), timetable (instants by record number, over all phases).

mod curve;
mod leg;
mod part;
mod plan;
mod rate;
#[expect(clippy::module_inception, reason = "the room is named after what it is about")]
mod schedule;
mod stage;
#[cfg(test)]
mod tests;
mod timetable;
mod walk;

pub use curve::{Curve, CurveError};
pub use part::Part;
pub use plan::{Arrivals, Due, Full, Late, SchedulePlan, Shape, Stop};
pub use rate::{Level, Rate, RateError};
pub use schedule::Schedule;
pub use stage::{Line, SINE_LINES, Stage};
pub use timetable::{Dues, Timetable};
