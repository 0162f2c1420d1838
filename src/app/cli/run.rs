//! `kprod-bench run`: settings, runs, results. Cost class: once a process.

use std::io::IsTerminal as _;

use super::args::RunArgs;
use super::calibrate;
use super::publish::{Texts, prepare, publish};
use super::say::{columns, complain, refuse, warn};
use crate::app::report::assemble::{self, Origin};
use crate::app::report::exit::{Demands, Exit};
use crate::app::report::matrix::{self, Asked, CellRun};
use crate::app::report::metrics::metrics;
use crate::app::report::model::{
    AxisModel, CalibrationModel, ComparisonModel, ConfigModel, MatrixReport, Report,
};
use crate::app::report::outcome::Outcome;
use crate::app::report::paint::Paint;
use crate::app::report::perf_test::final_lines;
use crate::app::report::progress::{Style, Watcher};
use crate::app::settings::{self, Ceilings, Cell, Settings};
use crate::base::Instant;
use crate::host::driver;
use crate::host::shell::clock;

/// Carries out what the flags ask for. `command` is the command line, for the result, and `begun`
/// when the program first looked at the clock.
#[must_use]
pub(super) fn run(args: &RunArgs, command: Vec<String>, begun: Instant) -> Exit {
    let variable = |name: &str| std::env::var(name).ok();
    let settings = match settings::build(args, &variable) {
        Ok(settings) => settings,
        Err(problems) => return refuse(&problems),
    };
    if let Err(exit) = prepare(&settings.output) {
        return exit;
    }
    announce(&settings);
    let demands = Demands { strict: settings.strict, measured: settings.gates.are_asked_for() };
    let origin = Origin { command, labels: settings.labels.clone(), demands };
    let asked = clock::now();
    let ceilings = match ceilings(&settings) {
        Ok(ceilings) => ceilings,
        Err(exit) => return exit,
    };
    // Whoever asks for a calibration doesn't wait for the first record meanwhile.
    let begun = begun + clock::now().since(asked);
    let (runs, exit) = all(&settings, &origin, &ceilings, begun);
    if runs.is_empty() {
        return exit;
    }
    let (comparison, exit) = compared(&settings, &runs, exit);
    exit.max(show(&settings, runs, comparison, exit))
}

/// The runs against the baseline, and how the process ends with that.
fn compared(settings: &Settings, runs: &[CellRun], exit: Exit) -> (Option<ComparisonModel>, Exit) {
    match settings.gates.compare(runs) {
        Ok(None) => (None, exit),
        Ok(Some((comparison, ended))) => (Some(comparison), exit.max(ended)),
        Err(problems) => {
            problems.iter().for_each(|problem| complain(&format!("--baseline: {problem}")));
            (None, exit.max(Exit::BadInput))
        }
    }
}

/// What the client can do, by cell; nothing where nobody asked.
fn ceilings(settings: &Settings) -> Result<Vec<CalibrationModel>, Exit> {
    match &settings.ceilings {
        Ceilings::None => Ok(Vec::new()),
        Ceilings::Measured => calibrate::measure(&settings.cells, settings.output.log),
        Ceilings::Given(given) => Ok(given.clone()),
    }
}

/// The runs in their order, up to the first that says that there is no point in going on.
fn all(
    settings: &Settings,
    origin: &Origin,
    ceilings: &[CalibrationModel],
    begun: Instant,
) -> (Vec<CellRun>, Exit) {
    let mut exit = Exit::Passed;
    let mut runs = Vec::new();
    for (number, &(cell, repetition)) in settings.order.iter().enumerate() {
        let before = clock::now().since(begun);
        match one(settings, origin, ceilings, number) {
            Ok((mut report, ended)) => {
                if let Some(seconds) = report.client.first_record_seconds.as_mut()
                    && number == 0
                {
                    // Who waits for the first run waited for the program's start, too.
                    *seconds += before.as_secs_f64();
                }
                exit = exit.max(ended);
                let values = settings.cells[cell].values.iter();
                let values = values.map(|(flag, value)| ((*flag).to_owned(), value.clone()));
                let values = values.collect();
                // A run without a measurement is no row beside others, but better than nothing.
                let measured = report.phases.iter().any(|phase| phase.name == "measure");
                if measured || runs.is_empty() {
                    runs.push(CellRun { cell, values, repetition, report });
                } else if let Some(why) = &report.partial {
                    complain(&format!("{}{why}", title(settings, &settings.cells[cell], number)));
                }
            }
            Err(ended) => exit = exit.max(ended),
        }
        if exit.ends_everything() {
            break;
        }
    }
    (runs, exit)
}

/// One run of the order; why it gave no result is printed.
fn one(
    settings: &Settings,
    origin: &Origin,
    ceilings: &[CalibrationModel],
    number: usize,
) -> Result<(Report, Exit), Exit> {
    let at = settings.order[number].0;
    let cell = &settings.cells[at];
    let mut plan = cell.plan.clone();
    if number > 0 {
        plan.cooldown = settings.cooldown;
    }
    let style = match settings.output.perf_test {
        true => Style::PerfTest,
        false if std::io::stderr().is_terminal() => Style::Bar,
        false => Style::Lines,
    };
    let title = title(settings, cell, number);
    let mut watcher = Watcher::new(style, settings.output.log, title.clone());
    let result = driver::run(&plan, &mut watcher).map_err(|error| {
        complain(&format!("{title}{error}"));
        Exit::from(&error)
    })?;
    drop(watcher);
    let (mut report, exit) =
        assemble::report(origin, config(cell), &plan, &result, ceilings.get(at));
    let exit = exit.max(settings.gates.hold(&mut report));
    report.exit = exit.model();
    Ok((report, exit))
}

/// What stands before a run's progress: nothing for a single run.
fn title(settings: &Settings, cell: &Cell, number: usize) -> String {
    if settings.order.len() == 1 {
        return String::new();
    }
    let values = cell.values.iter().map(|(flag, value)| format!(" {flag}={value}"));
    let values: String = values.collect();
    format!("[{} of {}{values}] ", number + 1, settings.order.len())
}

/// The producer's configuration for the result.
fn config(cell: &Cell) -> ConfigModel {
    let rows = || cell.effective.iter();
    ConfigModel {
        effective: rows().map(|row| (row.key.to_owned(), row.value.clone())).collect(),
        source: rows().map(|row| (row.key.to_owned(), row.source.to_string())).collect(),
        partitioner: cell.partitioner.clone(),
        notes: cell.notes.clone(),
    }
}

/// What the user should know before the first record is sent.
fn announce(settings: &Settings) {
    if settings.embedded_unasked {
        warn(
            "no --bootstrap-server: embedded brokers in this process stand in for a cluster \
             (a real one: scripts/cluster up)",
        );
    }
    settings.warnings.iter().for_each(|warning| warn(warning));
    let mut said: Vec<&str> = Vec::new();
    for note in settings.cells.iter().flat_map(|cell| &cell.notes) {
        if !said.contains(&note.as_str()) {
            warn(&format!("note: {note}"));
            said.push(note);
        }
    }
}

/// Writes the results where they were asked for.
fn show(
    settings: &Settings,
    mut runs: Vec<CellRun>,
    comparison: Option<ComparisonModel>,
    exit: Exit,
) -> Exit {
    let paint = Paint::for_stream(
        std::io::stdout().is_terminal(),
        std::env::var("NO_COLOR").ok().as_deref(),
    );
    let outcome = if settings.order.len() == 1 {
        let report = runs.remove(0).report;
        Outcome::Run(Report { comparison, exit: exit.model(), ..report }.into())
    } else {
        let axes = settings
            .axes
            .iter()
            .map(|axis| AxisModel { flag: axis.flag.to_owned(), values: axis.values.clone() });
        let asked = Asked {
            axes: axes.collect(),
            repeat: settings.repeat,
            runs: settings.order.len() as u64,
        };
        let joined = matrix::join(asked, runs, exit);
        Outcome::Matrix(MatrixReport { comparison, ..joined }.into())
    };
    publish(&settings.output, &outcome, &texts(settings, &outcome, paint))
}

/// What standard output gets.
fn texts(settings: &Settings, outcome: &Outcome, paint: Paint) -> Texts {
    let mut page = outcome.text(paint, columns());
    let mut quiet = String::new();
    if let Outcome::Run(report) = outcome {
        if settings.output.print_metrics {
            // Metrics were asked for by a flag of their own: quiet leaves out the summary alone.
            quiet = metrics(report);
            page.push('\n');
            page.push_str(&quiet);
        }
        if settings.output.perf_test {
            page.push('\n');
            page.push_str(&final_lines(report));
            page.push('\n');
        }
    }
    Texts { page, quiet }
}
