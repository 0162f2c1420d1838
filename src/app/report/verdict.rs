//! The evidence of a run, collected for the verdict, and the verdict in words. Cost class: once a
//! run.

use super::figures::whole_percent;
use super::model::{ReasonModel, Status, ValidityModel};
use super::text::shown;
use crate::host::driver::result::PhaseResult;
use crate::host::driver::{RunPlan, RunResult};
use crate::load::recorder::verdict::{self, Evidence, Limit, LimitedBy, judge, limited_by};

/// Judges the measurement.
pub(super) fn validity(
    plan: &RunPlan,
    result: &RunResult,
    measured: &PhaseResult,
) -> ValidityModel {
    let evidence = evidence(plan, result, measured);
    let verdict = judge(&evidence);
    let reasons = verdict.reasons.iter().map(|reason| ReasonModel {
        name: reason.name().to_owned(),
        status: status(reason.status()),
        text: reason.to_string(),
    });
    let limit = limited_by(&evidence, &result.tally.stages);
    ValidityModel {
        status: status(verdict.status),
        reasons: reasons.collect(),
        limited_by: limit_in_words(limit, evidence.busy_max),
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
        leaders_moved: result.topic.leader_changes,
        busy_max: client.busy_max(),
        run_delay: client.run_delay.and_then(|spent| share(spent, 1.0)),
        steal: client.steal.and_then(|spent| share(spent, cores)),
        brokers_on_host: result.cluster.on_this_host || result.cluster.embedded,
        highest_percentile: highest_percentile(tally.headline().count()),
        clock_step: client.clock_step,
        ..Evidence::of(tally, window, offered(plan, measured))
    }
}

/// Records that were due in the window.
const fn offered(plan: &RunPlan, measured: &PhaseResult) -> u64 {
    if plan.schedule.rate.is_some() { measured.due } else { measured.generated }
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

fn limit_in_words(limited: LimitedBy, busy: Option<f64>) -> String {
    let most = limited.stage.map_or_else(String::new, |stage| {
        format!(": records spent most of their time in {}", stage.replace('_', " "))
    });
    match (limited.limit, busy) {
        (Limit::Nothing, Some(busy)) => {
            let spare = whole_percent((1.0 - busy).max(0.0));
            format!("nothing: at the asked rate with {spare} of a core to spare")
        }
        (Limit::Nothing, None) => "nothing: at the asked rate".to_owned(),
        (Limit::Client, Some(busy)) => {
            format!("the client: its busiest producer used {} of a core", whole_percent(busy))
        }
        (Limit::Client, None) => format!("the client{most}"),
        (Limit::Network, _) => format!("the network, or a broker that reads slowly{most}"),
        (Limit::Broker, _) => format!("the cluster{most}"),
    }
}

const fn status(status: verdict::Status) -> Status {
    match status {
        verdict::Status::Valid => Status::Valid,
        verdict::Status::Suspect => Status::Suspect,
        verdict::Status::Overloaded => Status::Overloaded,
        verdict::Status::Invalid => Status::Invalid,
    }
}
