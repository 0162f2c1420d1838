//! Results to where they were asked for. Cost class: once a process.

use std::io;
use std::path::{Path, PathBuf};

use super::args::OutputFormat;
use super::say::{complain, print};
use crate::app::judge::group::Group;
use crate::app::judge::{figures, junit};
use crate::app::report::exit::Exit;
use crate::app::report::files::{csv, folder, hgrm, hlog, markdown};
use crate::app::report::html::html;
use crate::app::report::outcome::Outcome;
use crate::app::report::output::{json, make_way, write_whole};
use crate::app::settings::{Form, JsonTarget, Output};

/// What standard output gets.
pub(super) struct Texts {
    /// For people.
    pub(super) page: String,
    /// Where they want no summary.
    pub(super) quiet: String,
}

/// Makes sure, before anything is measured, that results can be written; why not is printed.
pub(super) fn prepare(output: &Output) -> Result<(), Exit> {
    prepare_json(output)?;
    for (form, path) in &output.files {
        make_way(path).map_err(|error| refused(form.flag(), path, &error))?;
    }
    let Some(folder) = &output.out else { return Ok(()) };
    let probe = folder.join(".kprod-bench");
    let ready = std::fs::create_dir_all(folder).and_then(|()| make_way(&probe));
    ready.map_err(|error| refused("out", folder, &error))
}

/// The same where JSON is all that there is to write.
pub(super) fn prepare_json(output: &Output) -> Result<(), Exit> {
    let Some(JsonTarget::File(path)) = &output.json else { return Ok(()) };
    make_way(path).map_err(|error| refused("json", path, &error))
}

fn refused(flag: &str, path: &Path, error: &io::Error) -> Exit {
    complain(&format!("--{flag} = \"{}\": can't write there: {error}", path.display()));
    Exit::BadInput
}

/// Writes a result in every form that was asked for.
pub(super) fn publish(output: &Output, outcome: &Outcome, texts: &Texts) -> Exit {
    let mut exit = publish_json(output, &texts.page, &texts.quiet, &outcome.json());
    for (form, path) in &output.files {
        let written = write_whole(path, &rendered(*form, outcome)).map(|()| vec![path.clone()]);
        exit = exit.max(told(output, form.flag(), path, written));
    }
    if let Some(parent) = &output.out {
        let written = folder::write(parent, outcome);
        let written = written.map(|(folder, names)| summed_up(&folder, &names));
        exit = exit.max(told(output, "out", parent, written));
    }
    exit
}

/// One form of a result.
fn rendered(form: Form, outcome: &Outcome) -> String {
    match form {
        Form::Html => html(outcome),
        Form::Hlog => hlog::hlog(outcome),
        Form::Csv => csv::csv(outcome),
        Form::Markdown => markdown::markdown(outcome),
        Form::Junit => junit::of(outcome),
        Form::Bmf => json(&figures::bmf(&figures::of_runs(&Group::of(outcome)))),
        Form::GithubBenchmark => json(&figures::github(&figures::of_runs(&Group::of(outcome)))),
        // Settings refuse several runs; one in which nothing was delivered has no percentiles.
        Form::Hgrm => outcome.first().and_then(hgrm::headline).unwrap_or_default(),
    }
}

/// The files of a result's folder for one line: the first with its path, the others of the folder
/// itself by name.
fn summed_up(folder: &Path, names: &[PathBuf]) -> Vec<PathBuf> {
    let near = names.iter().filter(|name| name.components().count() == 1);
    near.enumerate()
        .map(|(at, name)| if at == 0 { folder.join(name) } else { name.clone() })
        .collect()
}

/// Writes a result: `text` for people, or `quiet` where they want no summary; `machine` as JSON.
pub(super) fn publish_json(output: &Output, text: &str, quiet: &str, machine: &str) -> Exit {
    let to_stdout = output.format == OutputFormat::Json || output.json == Some(JsonTarget::Stdout);
    print(match output.format {
        _ if to_stdout => machine,
        OutputFormat::Quiet => quiet,
        _ => text,
    });
    let Some(JsonTarget::File(path)) = &output.json else { return Exit::Passed };
    told(output, "json", path, write_whole(path, machine).map(|()| vec![path.clone()]))
}

/// Says what was written, or why it wasn't.
fn told(output: &Output, flag: &str, path: &Path, written: io::Result<Vec<PathBuf>>) -> Exit {
    match written {
        Ok(paths) => {
            let to_stdout = output.json == Some(JsonTarget::Stdout);
            if output.format == OutputFormat::Text && !to_stdout {
                let paths = paths.iter().map(|path| path.display().to_string());
                print(&format!("{:<17}{}\n", "written", paths.collect::<Vec<_>>().join("  ")));
            }
            Exit::Passed
        }
        Err(error) => {
            complain(&format!("--{flag} = \"{}\": {error}", path.display()));
            Exit::Internal
        }
    }
}
