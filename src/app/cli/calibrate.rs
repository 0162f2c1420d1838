//! `kprod-bench calibrate`: what this client can do at most with a run's flags. Cost class: once a
//! process.

use std::io::IsTerminal as _;

use super::args::RunArgs;
use super::publish::{prepare_json, publish_json};
use super::say::{complain, refuse, warn};
use crate::app::report::calibration::{model, page, report};
use crate::app::report::exit::Exit;
use crate::app::report::model::CalibrationModel;
use crate::app::report::output::json;
use crate::app::report::progress::{Style, Watcher};
use crate::app::settings::{self, Cell, Problems, Settings, configuration};
use crate::host::driver::plan::{Target, Verify};
use crate::host::driver::{self, Environment, LogLevel};

/// Calibrates every configuration that the flags name. `command` is the command line.
#[must_use]
pub(super) fn run(args: &RunArgs, command: &[String]) -> Exit {
    let settings = match read(args) {
        Ok(settings) => settings,
        Err(problems) => return refuse(&problems),
    };
    if let Err(exit) = prepare_json(&settings.output) {
        return exit;
    }
    let mut found: Vec<CalibrationModel> = Vec::new();
    let all = match measure(&settings.cells, settings.output.log) {
        Ok(all) => all,
        Err(exit) => return exit,
    };
    for calibration in all {
        // Cells that differ in rate or duration alone share one.
        if !found.contains(&calibration) {
            found.push(calibration);
        }
    }
    let report = report(command, found, unused(args, &settings));
    publish_json(&settings.output, &page(&report), "", &json(&report))
}

/// What is wrong with these flags.
#[must_use]
pub(super) fn problems(args: &RunArgs) -> Vec<String> {
    read(args).map_or_else(|found| found.lines().to_vec(), |_| Vec::new())
}

fn read(args: &RunArgs) -> Result<Settings, Problems> {
    settings::build_unjudged(args, &|name: &str| std::env::var(name).ok())
}

/// The ceilings of these cells, in their order; each configuration is measured once. Why there are
/// none is printed.
pub(super) fn measure(cells: &[Cell], log: LogLevel) -> Result<Vec<CalibrationModel>, Exit> {
    let machine = Environment::read();
    let mut found: Vec<CalibrationModel> = Vec::new();
    for cell in cells {
        let configuration = configuration(cell, &machine);
        let known = found.iter().find(|one| one.configuration == configuration).cloned();
        let calibration = match known {
            Some(known) => known,
            None => model(&one(cell, log)?, configuration),
        };
        found.push(calibration);
    }
    Ok(found)
}

/// Calibrates one cell.
fn one(cell: &Cell, log: LogLevel) -> Result<driver::Calibration, Exit> {
    let values: String =
        cell.values.iter().map(|(flag, value)| format!(" {flag}={value}")).collect();
    warn(&format!(
        "calibrating{values}: the generator alone, then with the engine against embedded brokers \
         in another process"
    ));
    let style = if std::io::stderr().is_terminal() { Style::Bar } else { Style::Lines };
    let mut watcher = Watcher::new(style, log, "[calibrating] ".to_owned());
    let program = std::env::current_exe().map_err(|error| {
        complain(&format!("the calibration's brokers need this program's path: {error}"));
        Exit::Internal
    })?;
    driver::calibrate(&cell.plan, &program, &mut watcher).map_err(|error| {
        complain(&format!("calibration{values}: {error}"));
        Exit::from(&error)
    })
}

/// Flags that were given and that a ceiling doesn't depend on: nobody is to take them for heeded.
fn unused(args: &RunArgs, settings: &Settings) -> Vec<String> {
    let RunArgs { target, load, judgement, output, .. } = args;
    let any = |is: fn(&Cell) -> bool| settings.cells.iter().any(is);
    let cluster = any(|cell| cell.plan.target == Target::Cluster);
    let marks = any(|cell| cell.plan.verify == Verify::Sequence);
    let flags = [
        ("bootstrap.servers", cluster),
        ("--topic", target.topic.is_some()),
        ("--replication-factor", target.replication_factor.is_some()),
        ("--topic-config", !target.topic_config.is_empty()),
        ("--no-create-topic", target.no_create_topic),
        ("--fresh-topic", target.fresh_topic),
        ("--keep-topic", target.keep_topic),
        ("--wait-balanced-leaders", target.wait_balanced_leaders.is_some()),
        ("--rate", load.rate.is_some()),
        ("--throughput", load.throughput.is_some()),
        ("--stage", !load.stage.is_empty()),
        ("--rate-file", load.rate_file.is_some()),
        ("--rate-file-linear", load.rate_file_linear),
        ("--pacing", load.pacing.is_some()),
        ("--duration", load.duration.is_some()),
        ("--num-records", load.num_records.is_some()),
        ("--warmup", load.warmup.is_some()),
        ("--warmup-records", load.warmup_records.is_some()),
        ("--pacing-quantum", load.pacing_quantum.is_some()),
        ("--on-late", load.on_late.is_some()),
        ("--on-full", load.on_full.is_some()),
        ("--repeat", load.repeat.is_some()),
        ("--cooldown", load.cooldown.is_some()),
        ("--abort-on", !load.abort_on.is_empty()),
        ("--verify", judgement.verify.is_some() && !marks),
        ("--strict", judgement.strict),
        ("--assert", !judgement.assert.is_empty()),
        ("--slo", !judgement.slo.is_empty()),
        ("--baseline", judgement.baseline.is_some()),
        ("--metric", !judgement.terms.metric.is_empty()),
        ("--min-effect", judgement.terms.min_effect.is_some()),
        ("--alpha", judgement.terms.alpha.is_some()),
        ("--vary", !judgement.terms.vary.is_empty()),
        ("--fail-on-inconclusive", judgement.terms.fail_on_inconclusive),
        ("--label", !judgement.label.is_empty()),
        ("--calibrate", judgement.calibrate),
        ("--calibration", judgement.calibration.is_some()),
        ("--print-metrics", output.print_metrics),
        ("--out", output.forms.out.is_some()),
        ("--html", output.forms.html.is_some()),
        ("--hlog", output.forms.hlog.is_some()),
        ("--hgrm", output.forms.hgrm.is_some()),
        ("--csv", output.forms.csv.is_some()),
        ("--markdown", output.forms.markdown.is_some()),
    ];
    flags.iter().filter(|(_, given)| *given).map(|(flag, _)| (*flag).to_owned()).collect()
}
