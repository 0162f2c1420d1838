//! The evidence of a run, collected for the verdict, and the verdict in words. Cost class: once a
//! run.

use super::limit::Facts;
use super::model::{ReasonModel, RunCalibrationModel, Status, ValidityModel};
use super::text::shown;
use crate::host::driver::result::PhaseResult;
use crate::host::driver::{RunPlan, RunResult};
use crate::load::recorder::verdict::{self, Evidence, Headroom, Limits, judge, limited_by};

/// Judges the measurement.
pub(super) fn validity(
    plan: &RunPlan,
    result: &RunResult,
    measured: &PhaseResult,
    calibration: Option<&RunCalibrationModel>,
) -> ValidityModel {
    let headroom = calibration.filter(|known| known.rate > 0.0).map(headroom);
    let evidence = Evidence { headroom, ..evidence(plan, result, measured) };
    let verdict = judge(&evidence);
    let reasons = verdict.reasons.iter().map(|reason| ReasonModel {
        name: reason.name().to_owned(),
        status: status(reason.status()),
        text: reason.to_string(),
    });
    let window = measured.end.saturating_sub(measured.start);
    let (in_flight, linger) = (plan.producer.max_in_flight, plan.producer.linger);
    let limits = Limits::of(&result.tally, window, in_flight, linger);
    let limit = limited_by(&evidence, &limits);
    let facts = Facts {
        limit,
        evidence: &evidence,
        limits: &limits,
        fill: result.tally.batches.fill_ratio().unwrap_or(0.0),
        producer: &plan.producer,
    };
    ValidityModel {
        status: status(verdict.status),
        reasons: reasons.collect(),
        limit: limit.to_string(),
        limited_by: facts.in_words(),
    }
}

fn evidence(plan: &RunPlan, result: &RunResult, measured: &PhaseResult) -> Evidence {
    let window = measured.end.saturating_sub(measured.start);
    let (tally, client) = (&result.tally, &result.client);
    let seconds = client.window.as_secs_f64();
    let share = |spent: core::time::Duration, cores: f64| {
        (seconds > 0.0).then(|| spent.as_secs_f64() / seconds / cores)
    };
    let cores = f64::from(result.environment.cores.max(1));
    let foreign = result.offsets.as_ref().map_or(0, |offsets| {
        let parts = offsets.partitions.iter();
        parts.map(|one| one.grew.saturating_sub_unsigned(one.at_most).max(0).unsigned_abs()).sum()
    });
    Evidence {
        foreign_records: foreign,
        leaders_moved: result.leader_changes(),
        busy_max: client.busy_max(),
        run_delay: client.run_delay.and_then(|spent| share(spent, 1.0)),
        run_delay_busy: client.run_delay_busy.and_then(|spent| share(spent, 1.0)),
        steal: client.steal.and_then(|spent| share(spent, cores)),
        brokers_on_host: result.cluster.on_this_host || result.cluster.embedded,
        highest_percentile: highest_percentile(tally.headline().count()),
        clock_step: client.clock_step,
        ..Evidence::of(tally, window, offered(plan, measured))
    }
}

fn headroom(known: &RunCalibrationModel) -> Headroom {
    Headroom {
        ceiling: known.ceilings.engine.records_per_second,
        rate: known.rate,
        at_least: known.ceilings.is_least(),
    }
}

/// Records that were due in the window.
const fn offered(plan: &RunPlan, measured: &PhaseResult) -> u64 {
    if plan.schedule.is_paced() { measured.due } else { measured.generated }
}

/// The highest percentile that the summary prints of `count` records, and how many lie beyond it.
fn highest_percentile(count: u64) -> Option<(f64, u64)> {
    let (percentile, one_in) = if shown(count, 10_000) {
        (99.99, 10_000)
    } else if shown(count, 1_000) {
        (99.9, 1_000)
    } else {
        (99.0, 100)
    };
    (count > 0).then_some((percentile, count / one_in))
}

const fn status(status: verdict::Status) -> Status {
    match status {
        verdict::Status::Valid => Status::Valid,
        verdict::Status::Suspect => Status::Suspect,
        verdict::Status::Overloaded => Status::Overloaded,
        verdict::Status::Invalid => Status::Invalid,
    }
}
