//! The evidence of a run, collected for the verdict, and the verdict in words. Cost class: once a
//! run.

use super::assemble;
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
        client.is_long_enough().then(|| spent.as_secs_f64() / seconds / cores)
    };
    let cores = f64::from(result.environment.cores.max(1));
    let foreign = result.offsets.as_ref().map_or(0, |offsets| {
        let parts = offsets.partitions.iter();
        parts.map(|one| one.grew.saturating_sub_unsigned(one.at_most).max(0).unsigned_abs()).sum()
    });
    Evidence {
        unmeasured: !assemble::measured(result),
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

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::super::assemble::tests::{grown, plan, result};
    use super::super::model::RunCalibrationModel;
    use super::*;

    /// The names of the reasons, and the word for the limit, after `change` to what a run found in
    /// which nothing speaks against it but that it delivered nothing.
    fn after(change: impl FnOnce(&mut RunResult)) -> (Vec<String>, String) {
        let mut found = result();
        (found.cluster.embedded, found.offsets) = (false, None);
        found.phases[0].end = found.phases[0].start + Duration::from_secs(10);
        change(&mut found);
        let measured = found.phases[0].clone();
        let validity = validity(&plan(), &found, &measured, None);
        let names = validity.reasons.into_iter().map(|reason| reason.name).collect();
        (names, validity.limit)
    }

    /// Goal: what only the machine and the driver see comes to the verdict. Method: each in what a
    /// run found. What a load and a cluster bring about is provoked in the engine's own tests.
    #[test]
    fn each_reason_that_the_driver_sees_is_given() {
        let without = after(|_| {}).0;
        type Change = fn(&mut RunResult);
        let cases: [(&str, Change); 8] = [
            ("worker_busy", |run| run.client.worker_cpu = vec![Duration::from_millis(8_100)]),
            ("run_delay", |run| run.client.run_delay = Some(Duration::from_millis(210))),
            // Of two cores.
            ("steal", |run| run.client.steal = Some(Duration::from_millis(210))),
            ("brokers_on_host", |run| run.cluster.on_this_host = true),
            ("brokers_on_host", |run| run.cluster.embedded = true),
            ("other_writer", |run| run.offsets = Some(grown(7, 0, 6))),
            ("leaders_moved", |run| run.topics[0].leader_changes = 1),
            ("clock_step", |run| run.client.clock_step = Duration::from_millis(51)),
        ];
        for (name, change) in cases {
            assert!(without.iter().all(|known| known != name), "{name}: {without:?}");
            let (reasons, _) = after(change);
            assert!(reasons.iter().any(|found| found == name), "{name}: {reasons:?}");
        }
        // At the bound none is given.
        let (reasons, _) = after(|run| {
            run.client.worker_cpu = vec![Duration::from_millis(8_000)];
            run.client.run_delay = Some(Duration::from_millis(200));
            run.client.steal = Some(Duration::from_millis(200));
            run.client.clock_step = Duration::from_millis(50);
        });
        assert_eq!(reasons, without);
    }

    #[test]
    fn few_records_beyond_the_highest_percentile_are_a_reason() {
        for (count, beyond) in [(5_000, 50), (50_000, 500)] {
            let (_, found) = highest_percentile(count).unwrap();
            assert_eq!(found, beyond, "{count}");
        }
        let mut ceilings = calibration();
        let validity = |known: &RunCalibrationModel| {
            let found = result();
            validity(&plan(), &found, &found.phases[0].clone(), Some(known))
        };
        let names = |known: &RunCalibrationModel| {
            validity(known).reasons.into_iter().map(|it| it.name).collect::<Vec<_>>()
        };
        assert!(names(&ceilings).contains(&"little_headroom".to_owned()));
        ceilings.rate = 10.0;
        assert!(!names(&ceilings).contains(&"little_headroom".to_owned()));
    }

    /// A client that can do 140 records/s, of which 100 are asked.
    fn calibration() -> RunCalibrationModel {
        let mut ceilings = super::super::calibration::tests::calibration(0.99);
        ceilings.ceilings.engine.records_per_second = 140.0;
        super::super::calibration::of_run(&ceilings, 100.0)
    }

    /// Goal: a few milliseconds give no share of a core and no diagnosis. Method: the same run, its
    /// window long and short.
    #[test]
    fn a_run_of_a_few_milliseconds_is_too_short_to_tell() {
        let of = |window_ms: u64| {
            let mut found = result();
            found.client.window = Duration::from_millis(window_ms);
            found.client.worker_cpu = vec![Duration::from_millis(window_ms)];
            found.client.run_delay = Some(Duration::from_millis(window_ms / 2));
            let measured = &mut found.phases[0];
            measured.end = measured.start + Duration::from_millis(window_ms);
            let measured = measured.clone();
            (validity(&plan(), &found, &measured, None), found.client.busy_max())
        };
        let (brief, busy) = of(6);
        assert_eq!((brief.limit.as_str(), busy), ("unknown", None));
        let of_the_machine = ["worker_busy", "run_delay", "steal"];
        assert!(brief.reasons.iter().all(|it| !of_the_machine.contains(&it.name.as_str())));
        let (long, busy) = of(600);
        assert_eq!(busy, Some(1.0));
        assert!(long.reasons.iter().any(|it| it.name == "worker_busy"));
    }

    #[test]
    fn a_run_that_ended_before_its_measurement_says_so() {
        let mut found = result();
        found.phases.clear();
        let nothing = PhaseResult::default();
        let validity = validity(&plan(), &found, &nothing, None);
        let text = &validity.reasons[0].text;
        assert_eq!(text, "the run ended before its measurement began: nothing was measured");
        assert!(validity.limited_by.contains("before its measurement began"));
    }
}
