//! Everything of a result in a folder of its own: what `--out` writes. Cost class: once a process.
//!
//! The folder appears whole or not at all: it is filled under another name first.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{csv, hgrm, hlog, markdown};
use crate::app::judge::group::Group;
use crate::app::judge::{figures, junit};
use crate::app::report::html::html;
use crate::app::report::model::Report;
use crate::app::report::outcome::{Outcome, RunOf};
use crate::app::report::output::{json, write_whole};

/// The folder of an outcome below that of `--out`: by the instant at which it began and its run's
/// id, so that folders sort by time and none is written twice.
#[must_use]
pub fn name(outcome: &Outcome) -> String {
    let Some(first) = outcome.first() else { return "no-runs".to_owned() };
    let second = first.started_at.split('.').next().unwrap_or_default();
    let process = first.run_id.rsplit('-').next().unwrap_or_default();
    format!("{}Z-{}", legal(second, LONGEST_PART), legal(process, LONGEST_PART))
}

/// A text as far as every file system takes it for a name within a folder: a stored result may hold
/// anything, a way out of the folder among that.
fn legal(text: &str, longest: usize) -> String {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '=');
    text.chars().take(longest).map(|c| if legal(c) { c } else { '-' }).collect()
}

/// The files, by their path in the folder.
#[must_use]
pub fn files(outcome: &Outcome) -> Vec<(PathBuf, String)> {
    let mut files = vec![("result.json".into(), outcome.json())];
    files.push(("latency.hlog".into(), hlog::hlog(outcome)));
    files.push(("report.html".into(), html(outcome)));
    match outcome {
        Outcome::Run(report) => files.extend(of_run(Path::new(""), report)),
        Outcome::Matrix(_) => {
            files.push(("runs.csv".into(), csv::csv(outcome)));
            for run in outcome.runs() {
                let folder = Path::new("runs").join(run_name(&run));
                let page = html(&Outcome::Run(run.report.clone().into()));
                files.push((folder.join("report.html"), page));
                files.extend(of_run(&folder, run.report));
            }
        }
    }
    files.push(("summary.md".into(), markdown::markdown(outcome)));
    let gated = outcome.runs().iter().any(|run| !run.report.gates.is_empty());
    if gated || outcome.comparison().is_some() {
        files.push(("junit.xml".into(), junit::of(outcome)));
    }
    let figures = figures::of_runs(&Group::of(outcome));
    files.push(("bmf.json".into(), json(&figures::bmf(&figures))));
    files.push(("github-benchmark.json".into(), json(&figures::github(&figures))));
    let command = outcome.first().map(|first| command(&first.command));
    files.push(("command.txt".into(), command.unwrap_or_default()));
    files
}

/// What each run has for itself.
fn of_run(folder: &Path, report: &Report) -> Vec<(PathBuf, String)> {
    let latency = &report.latency;
    let family = |family: &Option<_>| family.as_ref().and_then(hgrm::hgrm);
    let mut files = Vec::new();
    for (name, text) in [
        ("response.hgrm", family(&latency.response)),
        ("service.hgrm", family(&latency.service)),
        ("intervals.csv", Some(csv::intervals(report))),
    ] {
        files.extend(text.map(|text| (folder.join(name), text)));
    }
    files
}

/// A run's folder in that of its matrix: its number, and its cell as far as file systems take it.
fn run_name(run: &RunOf<'_>) -> String {
    let mut name = format!("{:02}", run.number);
    let (cell, repetition) = run.place.map_or((None, 0), |(cell, at)| (Some(cell), at));
    for (flag, value) in cell.into_iter().flatten() {
        name.push_str(&format!("_{flag}={value}"));
    }
    format!("{}_{repetition}", legal(&name, LONGEST_NAME))
}

/// A command line that a shell takes as it is.
#[must_use]
pub fn command(words: &[String]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,@%+".contains(c);
    let quoted = words.iter().map(|word| {
        if !word.is_empty() && word.chars().all(plain) {
            word.clone()
        } else {
            format!("'{}'", word.replace('\'', r"'\''"))
        }
    });
    quoted.collect::<Vec<_>>().join(" ") + "\n"
}

/// Writes an outcome's folder below `parent`, and says where it is.
///
/// # Errors
/// When it can't be written, or is there already; nothing of it is left then.
pub fn write(parent: &Path, outcome: &Outcome) -> io::Result<(PathBuf, Vec<PathBuf>)> {
    let name = name(outcome);
    let folder = parent.join(&name);
    let beside = parent.join(format!(".{name}.partial"));
    if folder.exists() {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "the run's folder is there"));
    }
    let mut names = Vec::new();
    let written = files(outcome).into_iter().try_for_each(|(path, text)| {
        let place = beside.join(&path);
        names.push(path);
        place.parent().map_or(Ok(()), fs::create_dir_all)?;
        write_whole(&place, &text)
    });
    let moved = written.and_then(|()| fs::rename(&beside, &folder));
    if moved.is_err() {
        // What is left over would only be in the way; the first error is the one to report.
        let _ = fs::remove_dir_all(&beside);
    }
    moved.map(|()| (folder, names))
}

/// Of a run's folder, so that its path stays below what file systems take.
const LONGEST_NAME: usize = 120;
/// Of either part of an outcome's folder.
const LONGEST_PART: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::report::sample;

    fn listed(folder: &Path) -> Vec<String> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            let name = entry.file_name().into_string().unwrap();
            if path.is_dir() {
                found.extend(listed(&path).iter().map(|below| format!("{name}/{below}")));
            } else {
                found.push(name);
            }
        }
        found.sort();
        found
    }

    #[test]
    fn a_run_has_its_folder_with_every_form_in_it() {
        let parent = tempfile::tempdir().unwrap();
        let (folder, names) = write(parent.path(), &sample::outcome()).unwrap();
        assert!(folder.ends_with("2024-01-31T12-00-00Z-00000001"), "{}", folder.display());
        let found = listed(&folder);
        let expected = [
            "bmf.json",
            "command.txt",
            "github-benchmark.json",
            "intervals.csv",
            "latency.hlog",
            "report.html",
            "response.hgrm",
            "result.json",
            "service.hgrm",
            "summary.md",
        ];
        assert_eq!(found, expected);
        assert_eq!(names.len(), found.len());
        let stored = crate::app::report::stored::read(&folder).unwrap();
        assert_eq!(Outcome::from(stored[0].clone()), sample::outcome());
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 1);
        assert!(write(parent.path(), &sample::outcome()).is_err());
    }

    #[test]
    fn a_matrix_has_a_folder_a_run() {
        let parent = tempfile::tempdir().unwrap();
        let (folder, _) = write(parent.path(), &sample::matrix()).unwrap();
        let found = listed(&folder);
        assert!(found.contains(&"runs/02_acks=1_linger-ms=5_0/response.hgrm".to_owned()));
        assert!(found.contains(&"runs.csv".to_owned()), "{found:?}");
    }

    #[test]
    fn a_folder_that_cannot_be_written_leaves_nothing() {
        let parent = tempfile::tempdir().unwrap();
        let file = parent.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(write(&file, &sample::outcome()).is_err());
        assert_eq!(listed(parent.path()), ["file"]);
    }

    /// A stored result whose start was `../../x/y` was written outside of `--out`, or left half a
    /// folder there.
    #[test]
    fn a_stored_result_does_not_choose_its_folder() {
        let above = tempfile::tempdir().unwrap();
        let parent = above.path().join("out");
        fs::create_dir(&parent).unwrap();
        let mut report = sample::report();
        report.started_at = "/../../x\\y:z\u{7f}é".to_owned();
        report.run_id = "1-../../../q/r".to_owned();
        let (folder, _) = write(&parent, &Outcome::Run(report.clone().into())).unwrap();
        assert_eq!(folder.parent(), Some(&*parent));
        report.started_at = "x".repeat(9_000) + "/";
        report.run_id = "/".repeat(9_000);
        write(&parent, &Outcome::Run(report.into())).unwrap();
        assert_eq!(fs::read_dir(&parent).unwrap().count(), 2);
        assert_eq!(fs::read_dir(above.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_command_is_quoted_where_a_shell_wants_it() {
        let words = ["kprod-bench", "--acks", "1,all", "--label", "who=it's me", ""];
        let words = words.map(str::to_owned);
        assert_eq!(command(&words), "kprod-bench --acks 1,all --label 'who=it'\\''s me' ''\n");
    }
}
