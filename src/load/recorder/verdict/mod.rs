//! Whether a result may be believed, with every reason: rule 10 as a pure function of figures.
//!
//! Cost class: once a run. It judges and words; it measures nothing, and what wasn't measured
//! (`None`) is not held against a run. The thresholds are constants at the end of the file.

mod limit;
mod reason;

pub use limit::{Limit, Limits, limited_by};
pub use reason::Reason;

use core::fmt;
use core::time::Duration;

use super::Tally;
use crate::kafka::producer::Failure;
use crate::kafka::wire::ErrorCode;

/// How far a result can be trusted; ordered from best to worst.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Status {
    /// Nothing speaks against it.
    Valid,
    /// Something may have touched the figures.
    Suspect,
    /// The cluster couldn't keep up: latencies describe a growing queue, not a steady state.
    Overloaded,
    /// The figures don't say what they seem to.
    Invalid,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Valid => "valid",
            Self::Suspect => "suspect",
            Self::Overloaded => "overloaded",
            Self::Invalid => "invalid",
        })
    }
}

/// A status and everything that led to it, the worst first.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The worst of the reasons' own; valid without any.
    pub status: Status,
    /// All that was found, also what a worse reason makes unimportant.
    pub reasons: Vec<Reason>,
}

/// How far a run was from what its client can do without a cluster (`calibrate`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Headroom {
    /// What the client can do, records/s.
    pub ceiling: f64,
    /// What was asked of it, or without a rate what it did, records/s; above 0.
    pub rate: f64,
    /// Something else was the limit when the ceiling was measured: it is higher, nobody knows by
    /// how much, and no run is doubted for its sake.
    pub at_least: bool,
}

impl Headroom {
    /// The ceiling in terms of what was done.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        self.ceiling / self.rate
    }
}

/// The figures that a verdict rests on. `None` means not assessed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    /// There was a rate.
    pub paced: bool,
    /// The run ended before its measurement began.
    pub unmeasured: bool,
    /// The window lasted a few milliseconds: what limited it can't be told, only what happened.
    pub brief: bool,
    /// Of the offered records, the share that the cluster kept up with, 0 to 1.
    pub achieved_ratio: Option<f64>,
    /// p99 of schedule lag, nanoseconds.
    pub schedule_lag_p99: Option<u64>,
    /// p99 of response, nanoseconds.
    pub response_p99: Option<u64>,
    /// Records with a latency.
    pub delivered: u64,
    /// Records that were offered to the producer.
    pub offered: u64,
    /// Records that were due and left out for want of room (`--on-full drop`).
    pub dropped: u64,
    /// Records that were due and left out for being late (`--on-late skip`).
    pub skipped: u64,
    /// Of the offered ones, those that it refused: they were never sent.
    pub refused: u64,
    /// Of those, the ones that failed for another reason: they were refused by brokers, expired, or
    /// found no room or metadata.
    pub failed: u64,
    /// Of the failed ones, those that brokers refused for good.
    pub rejected: u64,
    /// The error that most records failed with.
    pub failure: Option<ErrorCode>,
    /// What ended a producer for good.
    pub fatal: Option<Failure>,
    /// The records that ended with it.
    pub fatal_records: u64,
    /// Values above the range of a histogram.
    pub overflow: u64,
    /// Records in the topic that this run can't have written.
    pub foreign_records: u64,
    /// Requests that a quota held back.
    pub throttled: u64,
    /// Leader changes inside the window.
    pub leaders_moved: u64,
    /// The busiest worker's share of one core, 0 to 1.
    pub busy_max: Option<f64>,
    /// The part of the way from append to ack that delivered records spent in the compressor or
    /// waiting for it, 0 to 1.
    pub seal_share: Option<f64>,
    /// What of that went by before a thread was free to compress, 0 to 1.
    pub seal_wait_share: Option<f64>,
    /// What the client can do at most beside what it did.
    pub headroom: Option<Headroom>,
    /// The part of the window in which a worker was ready but had no core, 0 to 1: the worst one.
    pub run_delay: Option<f64>,
    /// The part of the window in which that same worker ran; with `run_delay` at most 1.
    pub run_delay_busy: Option<f64>,
    /// The part of the window that the hypervisor took, 0 to 1.
    pub steal: Option<f64>,
    /// Brokers run on this machine.
    pub brokers_on_host: bool,
    /// The highest percentile that is printed (99.9, say) and the records beyond it.
    pub highest_percentile: Option<(f64, u64)>,
    /// Intervals in the window.
    pub intervals: u64,
    /// How long the window was.
    pub window: Duration,
    /// Records sent whose fate is unknown, but for those that the end of the drain cut off.
    pub indeterminate: u64,
    /// How far the wall clock jumped against the monotonic one.
    pub clock_step: Duration,
}

impl Evidence {
    /// What a tally itself tells about a window of `window` in which `offered` records were due;
    /// everything else is as in [`Evidence::default`], for the caller to fill in.
    #[must_use]
    pub fn of(tally: &Tally, window: Duration, offered: u64) -> Self {
        let within = |interval: &super::Interval<'_>| interval.from < window;
        Self {
            paced: tally.response.is_some(),
            brief: window < BRIEF,
            achieved_ratio: tally.achieved_ratio(window, offered),
            schedule_lag_p99: tally.stages.schedule_lag.quantile(0.99),
            response_p99: tally.response.as_ref().and_then(|family| family.quantile(0.99)),
            delivered: tally.headline().count(),
            offered,
            dropped: tally.ledger.dropped,
            skipped: tally.ledger.skipped,
            refused: tally.causes.refused,
            failed: tally.ledger.failed.saturating_sub(tally.causes.refused + tally.causes.fatal),
            rejected: tally.causes.rejected,
            failure: most_frequent(tally),
            fatal: tally.fatal.clone(),
            fatal_records: tally.causes.fatal,
            overflow: tally.overflow(),
            throttled: tally.throttle.count(),
            seal_share: seal_share(tally),
            seal_wait_share: seal_wait_share(tally),
            indeterminate: tally.ledger.indeterminate.saturating_sub(tally.cut_in_flight),
            intervals: tally.intervals().filter(within).count() as u64,
            window,
            ..Self::default()
        }
    }

    /// How schedule lag stands against its bounds, which scale with what is measured.
    fn lag(&self) -> Option<Reason> {
        let p99 = self.schedule_lag_p99?;
        let response = self.response_p99.unwrap_or(0);
        if p99 > INVALID_LAG.max(response / 4) {
            return Some(Reason::ScheduleLagTooHigh { p99, response_p99: response });
        }
        let suspect = p99 > SUSPECT_LAG.max(response / 20);
        suspect.then_some(Reason::ScheduleLagHigh { p99, response_p99: response })
    }

    /// Whether the run fell short of its rate, and whose limit that was: the client's when a worker
    /// had no time left, got too little of a core, waited for its compressor or came to its
    /// schedule too late; the cluster's otherwise.
    fn shortfall(&self) -> Option<Reason> {
        // Who can't go on falls behind for that.
        let ratio = self.achieved_ratio.filter(|_| self.paced && self.fatal.is_none())?;
        if ratio >= ACHIEVED {
            return None;
        }
        let late = matches!(self.lag(), Some(Reason::ScheduleLagTooHigh { .. }));
        let limited = self.is_client_limited() || self.is_starved();
        if late || limited || self.is_compression_limited() {
            return Some(Reason::ClientTooSlow { ratio, busy: self.busy_max });
        }
        let waited = above(self.run_delay, MOST_RUN_DELAY);
        Some(Reason::ClusterTooSlow { ratio, waited, left_out: self.is_short_by_choice(ratio) })
    }

    /// Whether what was left out is all that this ratio lacks.
    #[expect(clippy::cast_precision_loss, reason = "shares, compared with a round number")]
    fn is_short_by_choice(&self, ratio: f64) -> bool {
        let left_out = (self.dropped + self.skipped) as f64;
        let share = left_out / (self.offered as f64).max(left_out).max(1.0);
        share > 0.0 && 1.0 - ratio <= share + (1.0 - ACHIEVED)
    }

    /// Nothing at all came back, and neither a shortfall nor refusals explain it.
    fn nothing(&self) -> Option<Reason> {
        let ended = self.fatal.is_some();
        let refused = self.refusals().is_some() || self.failures().is_some();
        let explained = ended || refused || self.shortfall().is_some();
        let unmeasured = self.unmeasured;
        (self.delivered == 0 && !explained).then_some(Reason::NothingMeasured { unmeasured })
    }

    /// Records that were never sent, so that another load was measured than was asked for.
    fn refusals(&self) -> Option<Reason> {
        let Self { refused, offered, delivered, .. } = *self;
        (refused > 0).then_some(Reason::Refused { records: refused, offered, delivered })
    }

    /// Records that were left out on purpose, so that the latencies are of the others alone.
    fn left_out(&self) -> Option<Reason> {
        let Self { dropped, skipped, offered, .. } = *self;
        (dropped + skipped > 0).then_some(Reason::LeftOut { dropped, skipped, offered })
    }

    /// Records that failed, so that the latencies are of the others alone.
    fn failures(&self) -> Option<Reason> {
        let Self { failed, offered, delivered, failure, .. } = *self;
        let reason = Reason::Failed { records: failed, offered, delivered, code: failure };
        (failed > 0).then_some(reason)
    }

    /// A producer that couldn't go on.
    fn end(&self) -> Option<Reason> {
        let failure = self.fatal.clone()?;
        Some(Reason::Fatal { failure, records: self.fatal_records, offered: self.offered })
    }

    /// More records were refused than a run may fall short by.
    fn is_refused(&self) -> bool {
        self.share_refused() > 1.0 - ACHIEVED
    }

    /// Refused ÷ offered records, 0 to 1.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a share, compared with a round number")]
    pub fn share_refused(&self) -> f64 {
        self.refused as f64 / self.offered.max(self.refused).max(1) as f64
    }

    /// Brokers refused more records for good than a run may fall short by.
    fn is_rejected(&self) -> bool {
        self.share_rejected() > 1.0 - ACHIEVED
    }

    /// Rejected ÷ offered records, 0 to 1.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a share, compared with a round number")]
    pub fn share_rejected(&self) -> f64 {
        self.rejected as f64 / self.offered.max(self.rejected).max(1) as f64
    }

    /// A worker that ran nearly all of the time that there was: what the hypervisor took, on
    /// average of all cores, nobody could have used.
    fn is_client_limited(&self) -> bool {
        let left = 1.0 - self.steal.unwrap_or(0.0);
        self.busy_max.is_some_and(|busy| busy > CLIENT_LIMITED * left)
    }

    /// A worker that ran or waited for a core nearly all of the time.
    fn is_starved(&self) -> bool {
        let delay = self.run_delay.unwrap_or(0.0);
        let busy = self.run_delay_busy.or(self.busy_max).unwrap_or(0.0);
        delay > MOST_RUN_DELAY && busy + delay > NO_TIME_LEFT
    }

    /// More than half of the way from the append to the ack was the compressor's.
    fn is_compression_limited(&self) -> bool {
        self.seal_share.is_some_and(|share| share > 0.5)
    }
}

/// The verdict on a run.
#[must_use]
pub fn judge(evidence: &Evidence) -> Verdict {
    let found = [
        evidence.end(),
        evidence.failures(),
        evidence.lag(),
        evidence.shortfall(),
        evidence.nothing(),
        evidence.refusals(),
        evidence.left_out(),
        (evidence.overflow > 0).then_some(Reason::Overflow { values: evidence.overflow }),
        (evidence.foreign_records > 0)
            .then_some(Reason::OtherWriter { records: evidence.foreign_records }),
        (evidence.throttled > 0).then_some(Reason::Throttled { times: evidence.throttled }),
        (evidence.leaders_moved > 0)
            .then_some(Reason::LeadersMoved { times: evidence.leaders_moved }),
        above(evidence.busy_max.filter(|_| evidence.paced), SUSPECT_BUSY)
            .map(|busy| Reason::WorkerBusy { busy }),
        evidence
            .headroom
            .filter(|headroom| headroom.ratio() < LEAST_HEADROOM)
            // Who comes near the least that a client can do has come near nothing.
            .filter(|headroom| !headroom.at_least)
            .map(|headroom| Reason::LittleHeadroom { headroom, paced: evidence.paced }),
        above(evidence.run_delay, MOST_RUN_DELAY)
            .map(|share| Reason::RunDelay { share, busy: evidence.run_delay_busy }),
        above(evidence.steal, MOST_STEAL).map(|share| Reason::Steal { share }),
        evidence.brokers_on_host.then_some(Reason::BrokersOnHost),
        evidence
            .highest_percentile
            .filter(|(_, beyond)| *beyond < LEAST_BEYOND)
            .map(|(percentile, beyond)| Reason::FewRecords { percentile, beyond }),
        (evidence.intervals < LEAST_INTERVALS && !evidence.unmeasured).then_some(
            Reason::FewIntervals { intervals: evidence.intervals, window: evidence.window },
        ),
        (evidence.indeterminate > 0)
            .then_some(Reason::Indeterminate { records: evidence.indeterminate }),
        (evidence.clock_step > LARGEST_CLOCK_STEP)
            .then_some(Reason::ClockStep { step: evidence.clock_step }),
    ];
    let mut reasons: Vec<Reason> = found.into_iter().flatten().collect();
    reasons.sort_by_key(|reason| core::cmp::Reverse(reason.status()));
    let status = reasons.first().map_or(Status::Valid, Reason::status);
    Verdict { status, reasons }
}

/// See [`Evidence::failure`].
fn most_frequent(tally: &Tally) -> Option<ErrorCode> {
    let failed = tally.errors.iter().filter(|(_, count)| count.records > count.refused);
    failed.max_by_key(|(_, count)| count.records - count.refused).map(|(code, _)| code)
}

/// See [`Evidence::seal_share`]; `None` without compression.
fn seal_share(tally: &Tally) -> Option<f64> {
    let mean = |stage: &super::Measured| stage.mean().unwrap_or(0.0);
    let stages = &tally.stages;
    let way = mean(&stages.batch_wait) + mean(&stages.send_queue) + mean(&stages.broker);
    let seal = mean(&tally.seal) + mean(&tally.seal_wait);
    (seal > 0.0 && way > 0.0).then(|| seal / way)
}

/// See [`Evidence::seal_wait_share`]; `None` without compression.
fn seal_wait_share(tally: &Tally) -> Option<f64> {
    let (ran, waited) = (tally.seal.mean()?, tally.seal_wait.mean()?);
    (ran + waited > 0.0).then(|| waited / (ran + waited))
}

fn above(value: Option<f64>, bound: f64) -> Option<f64> {
    value.filter(|value| *value > bound)
}

/// The share of the asked rate that counts as reaching it.
const ACHIEVED: f64 = 0.995;
/// Schedule-lag p99, nanoseconds, above which (and a quarter of response p99) a run is invalid.
const INVALID_LAG: u64 = 5_000_000;
/// The same, and a twentieth, for suspect.
const SUSPECT_LAG: u64 = 1_000_000;
/// Under a rate a worker this busy has no reserve for a burst.
const SUSPECT_BUSY: f64 = 0.8;
/// A worker this busy, of the time that there was, is what limits a run.
const CLIENT_LIMITED: f64 = 0.95;
/// A worker that ran or waited for a core so much of the time had none to spare.
const NO_TIME_LEFT: f64 = 0.9;
/// Below this much headroom ([`Headroom::ratio`]) a run is suspect.
pub const LEAST_HEADROOM: f64 = 1.5;
const MOST_RUN_DELAY: f64 = 0.02;
const MOST_STEAL: f64 = 0.01;
/// Of a window below this, beginning and end are most.
const BRIEF: Duration = Duration::from_millis(100);
const LEAST_BEYOND: u64 = 100;
const LEAST_INTERVALS: u64 = 10;
/// NTP slews by up to half a millisecond a second: 30 ms a minute; a step is more at once.
const LARGEST_CLOCK_STEP: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests;
