//! Ceilings into results and pages. Cost class: once a configuration.

use std::collections::BTreeMap;

use super::assemble::{environment, tool};
use super::dates::rfc3339;
use super::figures::{plural, rate, whole, whole_percent};
use super::model::{
    CalibrationModel, CalibrationReport, CeilingsModel, PaceModel, RunCalibrationModel,
    SCHEMA_VERSION,
};
use super::page::{field, fold};
use super::secrets;
use crate::host::driver::{Calibration, Environment, Pace};
use crate::load::recorder::verdict::LEAST_HEADROOM;

/// A calibration as files hold it.
#[must_use]
pub fn model(found: &Calibration, configuration: BTreeMap<String, String>) -> CalibrationModel {
    CalibrationModel {
        started_at: rfc3339(found.started_unix_ms),
        configuration,
        ceilings: CeilingsModel {
            generator: pace(&found.generator),
            engine: pace(&found.engine),
            busy_max: found.busy_max,
            brokers: found.brokers,
            cores: found.cores,
        },
    }
}

fn pace(found: &Pace) -> PaceModel {
    PaceModel {
        records: found.records,
        seconds: found.span.as_secs_f64(),
        records_per_second: found.per_second(),
        mb_s: found.bytes_per_second() / 1e6,
        cpu_ns_per_record: found.cpu_nanos(),
    }
}

/// The result of `calibrate`.
#[must_use]
pub fn report(
    command: &[String],
    calibrations: Vec<CalibrationModel>,
    unused: Vec<String>,
) -> CalibrationReport {
    CalibrationReport {
        schema_version: SCHEMA_VERSION.to_owned(),
        tool: tool(),
        command: secrets::command(command),
        environment: environment(&Environment::read()),
        calibrations,
        unused,
    }
}

/// A run of `rate` records/s against its ceiling.
#[must_use]
pub(super) fn of_run(calibration: &CalibrationModel, rate: f64) -> RunCalibrationModel {
    let ceiling = calibration.ceilings.engine.records_per_second;
    RunCalibrationModel {
        started_at: calibration.started_at.clone(),
        ceilings: calibration.ceilings.clone(),
        rate,
        headroom: (rate > 0.0).then(|| ceiling / rate),
    }
}

/// What a person reads.
#[must_use]
pub fn page(report: &CalibrationReport) -> String {
    let mut lines = Vec::new();
    for calibration in &report.calibrations {
        lines.extend(one(report, calibration));
        lines.push(String::new());
    }
    if !report.unused.is_empty() {
        let text = format!(
            "{}: a ceiling is that of the client, as fast as it goes, without a cluster",
            report.unused.join(" ")
        );
        lines.push(field("not used", &text));
    }
    let text = "kprod-bench run … --calibration FILE holds a run against what --json FILE writes \
                here; run --calibrate does both at once";
    lines.push(field("next", text));
    fold(&lines)
}

/// The lines of one configuration.
fn one(report: &CalibrationReport, calibration: &CalibrationModel) -> Vec<String> {
    let (generator, engine) = (&calibration.ceilings.generator, &calibration.ceilings.engine);
    let configuration = calibration.configuration.iter();
    let configuration: Vec<_> =
        configuration.map(|(name, value)| format!("{name}={value}")).collect();
    let most = engine.records_per_second / LEAST_HEADROOM;
    vec![
        format!("{} {}   calibration", report.tool.name, report.tool.version),
        field("configuration", &configuration.join("  ")),
        String::new(),
        field("generator alone", &figures(generator)),
        field("with engine", &figures(engine)),
        field("brokers", &brokers(report, &calibration.ceilings)),
        field(
            "ceiling",
            &if calibration.ceilings.is_least() {
                format!("at least {}; no run is doubted for its sake", rate_s(engine))
            } else {
                format!(
                    "{}; a run above {} is told that it has little headroom",
                    rate_s(engine),
                    rate(most)
                )
            },
        ),
    ]
}

fn rate_s(pace: &PaceModel) -> String {
    format!("{} records/s", rate(pace.records_per_second))
}

fn figures(pace: &PaceModel) -> String {
    let cpu = pace.cpu_ns_per_record.map(|nanos| format!("   {} ns of CPU a record", whole(nanos)));
    format!("{}   {:.1} MB/s{}", rate_s(pace), pace.mb_s, cpu.unwrap_or_default())
}

/// Who took the records, and what that makes of the ceiling.
fn brokers(report: &CalibrationReport, ceilings: &CeilingsModel) -> String {
    let place = format!(
        "{} in another process on the same {}",
        plural(ceilings.brokers.into(), "embedded broker"),
        plural(report.environment.cores.into(), "core"),
    );
    match ceilings.busy_max {
        Some(busy) if ceilings.is_least() => format!(
            "{place}; the busiest producer used {} of a core, so that brokers or cores were the \
             limit: the client can do that much at least",
            whole_percent(busy)
        ),
        Some(_) => format!("{place}; the client's own CPU was the limit, helper threads included"),
        None => format!("{place}: the client can do that much at least"),
    }
}

/// The line of a run's summary; `None` where no ceiling is known.
#[must_use]
pub(super) fn line(calibration: Option<&RunCalibrationModel>) -> Option<String> {
    let calibration = calibration?;
    let engine = rate_s(&calibration.ceilings.engine);
    let is_least = calibration.ceilings.is_least();
    let least = if is_least { "at least " } else { "" };
    let part =
        calibration.headroom.map(|headroom| format!("; {headroom:.1} times this run's rate"));
    let part = part.unwrap_or_default();
    let near = calibration.headroom.is_some_and(|headroom| headroom < LEAST_HEADROOM);
    let note = if is_least && near {
        ", which says nothing of this run: brokers or cores gave out before the client did when it \
         was measured; a machine with more cores tells"
    } else {
        ""
    };
    let text = format!("{least}{engine} by this client without a cluster{part}{note}");
    Some(field("ceiling", &text))
}

#[cfg(test)]
pub(super) mod tests {
    use core::time::Duration;

    use super::*;

    pub(in crate::app::report) fn calibration(busy: f64) -> CalibrationModel {
        let pace = |records, cpu| Pace {
            records,
            payload_bytes: records * 100,
            span: Duration::from_secs(2),
            cpu: Duration::from_millis(cpu),
        };
        let found = Calibration {
            started_unix_ms: 1_706_702_400_000,
            generator: pace(60_000_000, 1_980),
            engine: pace(12_000_000, 1_990),
            busy_max: Some(busy),
            brokers: 3,
            cores: 2,
        };
        let rows = [("acks", "all"), ("batch.size", "16384"), ("producers", "1")];
        let rows = rows.map(|(name, value)| (name.to_owned(), value.to_owned()));
        model(&found, rows.into())
    }

    fn words(text: &str) -> String {
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_page_has_both_ceilings_and_says_what_they_rest_on() {
        let mut report =
            report(&[], vec![calibration(0.99)], vec!["--rate".into(), "--topic".into()]);
        report.environment.cores = 2;
        let text = page(&report);
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
        let said = words(&text);
        for expected in [
            "configuration acks=all batch.size=16384 producers=1",
            "generator alone 30,000,000 records/s 3000.0 MB/s 33 ns of CPU a record",
            "with engine 6,000,000 records/s 600.0 MB/s 166 ns of CPU a record",
            "brokers 3 embedded brokers in another process on the same 2 cores; the client's own \
             CPU was the limit",
            "ceiling 6,000,000 records/s; a run above 4,000,000 is told that it has little \
             headroom",
            "not used --rate --topic: a ceiling is",
        ] {
            assert!(said.contains(expected), "{expected}\n{text}");
        }
        report.calibrations = vec![calibration(0.6)];
        let said = words(&page(&report));
        assert!(said.contains("used 60 % of a core, so that brokers or cores"), "{said}");
        assert!(said.contains("ceiling at least 6,000,000 records/s; no run is doubted"), "{said}");
    }

    #[test]
    fn a_run_is_held_against_the_engines_ceiling() {
        let found = of_run(&calibration(0.99), 200_000.0);
        assert_eq!(found.headroom, Some(30.0));
        assert_eq!(
            words(&line(Some(&found)).unwrap()),
            "ceiling 6,000,000 records/s by this client without a cluster; 30.0 times this \
             run's rate"
        );
        assert_eq!(line(None), None);
        // A lower bound that is near proves nothing; one that is far proves reserve.
        let near = line(Some(&of_run(&calibration(0.6), 5_000_000.0))).unwrap();
        assert!(words(&near).contains("1.2 times this run's rate, which says nothing"), "{near}");
        let far = line(Some(&of_run(&calibration(0.6), 200_000.0))).unwrap();
        assert!(words(&far).ends_with("30.0 times this run's rate"), "{far}");
        let nothing = of_run(&calibration(0.5), 0.0);
        assert_eq!(nothing.headroom, None);
        assert!(words(&line(Some(&nothing)).unwrap()).ends_with("without a cluster"));
    }
}
