//! Why a result is not simply valid, in words that say what to do about it. Cost class: once a run.

use core::fmt;
use core::time::Duration;

use super::{Headroom, Status};
use crate::base::units::thousands;
use crate::kafka::producer::Failure;
use crate::kafka::wire::ErrorCode;

/// One thing that speaks against a result. `Display` gives a sentence with the figure, and what to
/// do.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// Records were sent so late that the client's lateness is a good part of what was measured.
    ScheduleLagTooHigh {
        /// p99 of schedule lag, nanoseconds.
        p99: u64,
        /// p99 of response, nanoseconds.
        response_p99: u64,
    },
    /// Less than the asked rate, and the client was the limit.
    ClientTooSlow {
        /// The share that was achieved, 0 to 1.
        ratio: f64,
        /// The busiest worker's share of one core, 0 to 1.
        busy: Option<f64>,
    },
    /// Values above a histogram's range.
    Overflow {
        /// How many.
        values: u64,
    },
    /// Somebody else wrote to the topic.
    OtherWriter {
        /// Records that this run can't have written.
        records: u64,
    },
    /// No record came back.
    NothingMeasured {
        /// The run ended before its measurement began.
        unmeasured: bool,
    },
    /// The producer refused records before they were sent.
    Refused {
        /// How many.
        records: u64,
        /// Of so many.
        offered: u64,
        /// How many others have a latency.
        delivered: u64,
    },
    /// Records that were due were left out, as the user had asked for.
    LeftOut {
        /// For want of room in `buffer.memory`.
        dropped: u64,
        /// For being late.
        skipped: u64,
        /// Of so many.
        offered: u64,
    },
    /// Records were sent, or waited to be, and failed.
    Failed {
        /// How many.
        records: u64,
        /// Of so many.
        offered: u64,
        /// How many others have a latency.
        delivered: u64,
        /// What most of them failed with.
        code: Option<ErrorCode>,
    },
    /// A fatal error ended a producer.
    Fatal {
        /// Which, in its own words.
        failure: Failure,
        /// How many records ended with it.
        records: u64,
        /// Of so many.
        offered: u64,
    },
    /// A quota held requests back.
    Throttled {
        /// How many.
        times: u64,
    },
    /// Leaders moved inside the window.
    LeadersMoved {
        /// How many changes.
        times: u64,
    },
    /// Less than the asked rate, and the client wasn't the limit.
    ClusterTooSlow {
        /// The share that was achieved, 0 to 1.
        ratio: f64,
        /// The part of the window in which a worker waited for a core, where that was much.
        waited: Option<f64>,
        /// What is missing was left out as the user had asked for, so that no queue grew.
        left_out: bool,
    },
    /// Records were sent somewhat late.
    ScheduleLagHigh {
        /// p99 of schedule lag, nanoseconds.
        p99: u64,
        /// p99 of response, nanoseconds.
        response_p99: u64,
    },
    /// A worker had little time to spare.
    WorkerBusy {
        /// Its share of one core, 0 to 1.
        busy: f64,
    },
    /// The client can do hardly more than it did.
    LittleHeadroom {
        /// Both figures.
        headroom: Headroom,
        /// There was a rate; without one a client comes near its ceiling by design.
        paced: bool,
    },
    /// A worker waited for a core.
    RunDelay {
        /// The part of the window, 0 to 1.
        share: f64,
        /// The part in which the same worker ran; both together are at most 1.
        busy: Option<f64>,
    },
    /// The hypervisor gave the cores to somebody else.
    Steal {
        /// The part of the window, 0 to 1.
        share: f64,
    },
    /// Client and brokers share a machine.
    BrokersOnHost,
    /// The highest percentile rests on few records.
    FewRecords {
        /// In percent.
        percentile: f64,
        /// Records beyond it.
        beyond: u64,
    },
    /// The window was short.
    FewIntervals {
        /// How many intervals it had.
        intervals: u64,
        /// How long it was.
        window: Duration,
    },
    /// Nobody knows whether some records were written.
    Indeterminate {
        /// How many.
        records: u64,
    },
    /// The wall clock was set.
    ClockStep {
        /// By how much.
        step: Duration,
    },
}

impl Reason {
    /// What this reason alone makes of a result.
    #[must_use]
    pub const fn status(&self) -> Status {
        match self {
            Self::ScheduleLagTooHigh { .. }
            | Self::ClientTooSlow { .. }
            | Self::Overflow { .. }
            | Self::OtherWriter { .. }
            | Self::NothingMeasured { .. }
            | Self::Fatal { .. }
            | Self::Throttled { .. }
            | Self::LeadersMoved { .. } => Status::Invalid,
            Self::Refused { delivered: 0, .. } | Self::Failed { delivered: 0, .. } => {
                Status::Invalid
            }
            // What is left is a load that nobody asked for.
            Self::Refused { records, offered, .. } | Self::Failed { records, offered, .. }
                if records.saturating_mul(2) >= *offered =>
            {
                Status::Invalid
            }
            Self::LeftOut { dropped, skipped, offered }
                if dropped.saturating_add(*skipped).saturating_mul(2) >= *offered =>
            {
                Status::Invalid
            }
            Self::ClusterTooSlow { .. } => Status::Overloaded,
            Self::ScheduleLagHigh { .. }
            | Self::WorkerBusy { .. }
            | Self::LittleHeadroom { .. }
            | Self::Refused { .. }
            | Self::LeftOut { .. }
            | Self::Failed { .. }
            | Self::RunDelay { .. }
            | Self::Steal { .. }
            | Self::BrokersOnHost
            | Self::FewRecords { .. }
            | Self::FewIntervals { .. }
            | Self::Indeterminate { .. }
            | Self::ClockStep { .. } => Status::Suspect,
        }
    }

    /// A stable word for machines.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ScheduleLagTooHigh { .. } => "schedule_lag_too_high",
            Self::ClientTooSlow { .. } => "client_too_slow",
            Self::Overflow { .. } => "histogram_overflow",
            Self::OtherWriter { .. } => "other_writer",
            Self::NothingMeasured { .. } => "nothing_measured",
            Self::Refused { .. } => "refused",
            Self::LeftOut { .. } => "left_out",
            Self::Failed { .. } => "failed",
            Self::Fatal { .. } => "fatal",
            Self::Throttled { .. } => "throttled",
            Self::LeadersMoved { .. } => "leaders_moved",
            Self::ClusterTooSlow { .. } => "cluster_too_slow",
            Self::ScheduleLagHigh { .. } => "schedule_lag_high",
            Self::WorkerBusy { .. } => "worker_busy",
            Self::LittleHeadroom { .. } => "little_headroom",
            Self::RunDelay { .. } => "run_delay",
            Self::Steal { .. } => "steal",
            Self::BrokersOnHost => "brokers_on_host",
            Self::FewRecords { .. } => "few_records",
            Self::FewIntervals { .. } => "few_intervals",
            Self::Indeterminate { .. } => "indeterminate",
            Self::ClockStep { .. } => "clock_step",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Fatal { ref failure, records, offered } => write!(
                f,
                "a producer could not go on: {failure}; {} of {} record{} ended with it, so the \
                 load that was asked for was not measured",
                thousands(records),
                thousands(offered),
                s(offered)
            ),
            Self::ScheduleLagTooHigh { p99, response_p99 } => {
                lag(f, p99, response_p99)?;
                f.write_str(
                    ": this client's lateness is much of what was measured; lower --rate, ",
                )?;
                f.write_str("add --producers, or give the client more CPU")
            }
            Self::ScheduleLagHigh { p99, response_p99 } => {
                lag(f, p99, response_p99)?;
                f.write_str(
                    ": look at the stages before trusting the tail; a quieter machine helps",
                )
            }
            Self::ClientTooSlow { ratio, busy } => {
                behind(f, ratio)?;
                f.write_str(", and the client was the limit")?;
                if let Some(busy) = busy {
                    write!(f, " (busiest worker {})", percent(busy))?;
                }
                f.write_str("; lower --rate, add --producers or give the client more CPU")
            }
            Self::ClusterTooSlow { ratio, left_out: true, .. } => write!(
                f,
                "{} of the records due were left out: at the asked rate the cluster is the limit; \
                 lower --rate or add brokers or partitions",
                percent(1.0 - ratio)
            ),
            Self::ClusterTooSlow { ratio, waited, left_out: false } => {
                behind(f, ratio)?;
                match waited {
                    None => f.write_str(" while the client had time to spare")?,
                    Some(share) => {
                        let share = percent(share);
                        write!(f, " (a worker waited for a core for {share} of the window)")?;
                    }
                }
                f.write_str(": latencies describe a growing queue, ")?;
                f.write_str("not a steady state; lower --rate or add brokers or partitions")
            }
            _ => self.fmt_outside(f),
        }
    }
}

impl Reason {
    /// The reasons that aren't about keeping up.
    fn fmt_outside(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Overflow { values } => {
                write!(f, "latencies above the histograms' range: {values}; lower --rate")
            }
            Self::OtherWriter { records } => write!(
                f,
                "{} record{} in the topic not written by this run: somebody else writes to it; \
                 use --fresh-topic",
                thousands(records),
                s(records)
            ),
            Self::NothingMeasured { unmeasured: true } => {
                f.write_str("the run ended before its measurement began: nothing was measured")
            }
            Self::NothingMeasured { unmeasured: false } => {
                f.write_str("no record came back in time: nothing was measured; run it for longer")
            }
            Self::Refused { records, offered, delivered } => {
                let others = if delivered == 0 { "nothing" } else { "only the others" };
                write!(
                    f,
                    "{} of {} record{} were refused before they were sent (the errors say by \
                     what): {others} was measured, not the load that was asked for",
                    thousands(records),
                    thousands(offered),
                    s(offered)
                )
            }
            Self::LeftOut { dropped, skipped, offered } => {
                write!(f, "of {} record{} due ", thousands(offered), s(offered))?;
                let parts = [
                    (dropped, "dropped for want of room in buffer.memory (--on-full drop)"),
                    (skipped, "skipped for being late (--on-late skip)"),
                ];
                let parts = parts.iter().filter(|(count, _)| *count > 0);
                let parts: Vec<_> =
                    parts.map(|(count, why)| format!("{} were {why}", thousands(*count))).collect();
                write!(f, "{}: the latencies are those of the others", parts.join(" and "))
            }
            Self::Failed { records, offered, delivered, code } => {
                let others = if delivered == 0 { "nothing" } else { "only the others" };
                let (bad, all) = (thousands(records), thousands(offered));
                write!(f, "{bad} of {all} record{} failed", s(offered))?;
                if let Some(code) = code {
                    write!(f, ", most by {code}")?;
                }
                write!(
                    f,
                    " (see the errors): {others} was measured, not the load that was asked "
                )?;
                f.write_str("for")
            }
            Self::Throttled { times } => write!(
                f,
                "a quota held {times} request{} back, so it was measured rather than the cluster; \
                 raise the client's quota or lower --rate",
                s(times)
            ),
            Self::LeadersMoved { times } => write!(
                f,
                "partition leaders moved {times} time{} in the window; wait until the cluster has \
                 settled (--wait-balanced-leaders 30s) and run again",
                s(times)
            ),
            _ => self.fmt_doubt(f),
        }
    }

    /// The doubts that the machine, the window or the log leave.
    fn fmt_doubt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::WorkerBusy { busy } => write!(
                f,
                "a worker was {} busy, with little reserve for bursts; add --producers",
                percent(busy)
            ),
            Self::LittleHeadroom { ref headroom, paced } => little_headroom(f, headroom, paced),
            Self::RunDelay { share, busy } => {
                write!(f, "a worker waited for a core for {} of the window", percent(share))?;
                if let Some(busy) = busy {
                    write!(f, ", and ran for {} of it", percent(busy))?;
                }
                f.write_str("; stop other programs or use a larger machine")
            }
            Self::Steal { share } => write!(
                f,
                "the hypervisor took {} of the window; use a machine that isn't shared",
                percent(share)
            ),
            Self::BrokersOnHost => f.write_str(
                "brokers run on this machine and compete with the client for its cores; \
                 run the client elsewhere",
            ),
            Self::FewRecords { percentile, beyond } => write!(
                f,
                "only {beyond} record{} beyond p{percentile}; a longer --duration steadies it",
                s(beyond)
            ),
            Self::FewIntervals { window, .. } => write!(
                f,
                "the window lasted {}; a --duration of 10s or more shows whether it was steady",
                lasted(window)
            ),
            Self::Indeterminate { records } => write!(
                f,
                "of {} record{} sent nobody knows whether the log has them; see the errors",
                thousands(records),
                s(records)
            ),
            Self::ClockStep { step } => write!(
                f,
                "the wall clock jumped by {:.0} ms: times of day in the result are off \
                 (latencies are not); look at the time service",
                step.as_secs_f64() * 1e3
            ),
            _ => f.write_str(self.name()),
        }
    }
}

/// A span as people say it: `8 seconds`, `7.5 seconds`, `300 ms`.
fn lasted(span: Duration) -> String {
    let tenths = (span.as_millis() + 50) / 100;
    match (tenths / 10, tenths % 10) {
        (0, _) => format!("{} ms", span.as_millis()),
        (1, 0) => "1 second".to_owned(),
        (whole, 0) => format!("{whole} seconds"),
        (whole, part) => format!("{whole}.{part} seconds"),
    }
}

/// How far the run fell behind: the backlog's growth, which the achieved ratio is made of. The rate
/// in the summary's headline counts acks instead, from the first instant on, and so differs.
fn behind(f: &mut fmt::Formatter<'_>, ratio: f64) -> fmt::Result {
    write!(
        f,
        "between the first and the last tenth of the window {} of the records due piled up \
         (achieved ratio {}; the rate above counts acks over the whole window)",
        percent(1.0 - ratio),
        percent(ratio)
    )
}

/// A run near its client's own ceiling: what that makes of it, and what raises the ceiling.
fn little_headroom(f: &mut fmt::Formatter<'_>, headroom: &Headroom, paced: bool) -> fmt::Result {
    let Headroom { ceiling, rate, .. } = *headroom;
    write!(f, "{rate:.0} records/s ")?;
    f.write_str(if paced { "were asked of" } else { "were acked of" })?;
    write!(
        f,
        " a client that can do {ceiling:.0} without a cluster, {:.1} times that",
        headroom.ratio()
    )?;
    f.write_str(if paced {
        ": too little to catch up after a pause; lower --rate, "
    } else {
        ": the client was measured as much as the cluster; "
    })?;
    f.write_str("add --producers or give the client more CPU")
}

/// The plural's ending.
const fn s(count: u64) -> &'static str {
    if count == 1 { "" } else { "s" }
}

fn lag(f: &mut fmt::Formatter<'_>, p99: u64, response_p99: u64) -> fmt::Result {
    write!(
        f,
        "one record in a hundred was sent {} or more late (response p99 {})",
        millis(p99),
        millis(response_p99)
    )
}

#[expect(clippy::cast_precision_loss, reason = "three digits are printed")]
fn millis(nanos: u64) -> String {
    format!("{:.2} ms", nanos as f64 / 1e6)
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}
