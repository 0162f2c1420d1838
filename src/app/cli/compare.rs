//! `kprod-bench compare`: two sets of stored results. Cost class: once a process.

use std::io::IsTerminal as _;
use std::path::Path;

use super::args::OutputFormat;
use super::judge_args::CompareArgs;
use super::say::{complain, print, refuse, warn};
use crate::app::judge::compare::compare;
use crate::app::judge::figures::{bmf, github, of_candidate};
use crate::app::judge::group::Group;
use crate::app::judge::junit::junit;
use crate::app::judge::text::page;
use crate::app::judge::verdicts::cases;
use crate::app::judge::{exit_of, markdown};
use crate::app::report::assemble::tool;
use crate::app::report::exit::Exit;
use crate::app::report::html;
use crate::app::report::model::{ComparisonModel, ComparisonReport, SCHEMA_VERSION};
use crate::app::report::output::{json, make_way, write_whole};
use crate::app::report::paint::Paint;
use crate::app::report::secrets;
use crate::app::settings::{self, Places, Problems};

/// Compares what the flags name.
#[must_use]
pub(super) fn run(args: &CompareArgs, command: &[String]) -> Exit {
    let comparison = match judged(args) {
        Ok(comparison) => comparison,
        Err(problems) => return refuse(&problems),
    };
    [&args.baseline, &args.candidate]
        .into_iter()
        .flat_map(|source| settings::passed_over(source))
        .for_each(|warning| warn(&warning));
    let exit = exit_of(&comparison, args.terms.fail_on_inconclusive);
    show(args, command, comparison, exit)
}

/// What is wrong with the flags' values.
pub(super) fn problems(args: &CompareArgs) -> Vec<String> {
    let mut problems = Problems::default();
    let _ = settings::question(&args.terms, &mut problems);
    places(args).check(&mut problems);
    problems.lines().to_vec()
}

/// What is read, and written.
fn places(args: &CompareArgs) -> Places {
    let mut places = Places::default();
    places.reads_results("compare", &args.baseline);
    places.reads_results("compare", &args.candidate);
    for (flag, path) in [
        ("json", &args.json),
        ("markdown", &args.markdown),
        ("html", &args.html),
        ("junit", &args.verdict.junit),
        ("bmf", &args.verdict.bmf),
        ("github-benchmark", &args.verdict.github_benchmark),
    ] {
        places.writes(flag, path.as_deref());
    }
    places
}

fn judged(args: &CompareArgs) -> Result<ComparisonModel, Problems> {
    let mut problems = Problems::default();
    let question = settings::question(&args.terms, &mut problems);
    places(args).check(&mut problems);
    let mut side = |source: &str| {
        let group = Group::read(source);
        group.map_err(|found| found.into_iter().for_each(|one| problems.add(one))).ok()
    };
    let (base, new) = (side(&args.baseline), side(&args.candidate));
    let (Some(base), Some(new), true) = (base, new, problems.is_empty()) else {
        return Err(problems);
    };
    compare(&base, &new, &question).map_err(|found| {
        found.into_iter().for_each(|one| problems.add(one));
        problems
    })
}

/// Writes the comparison to where it was asked for.
fn show(args: &CompareArgs, command: &[String], comparison: ComparisonModel, exit: Exit) -> Exit {
    let paint = Paint::for_stream(
        std::io::stdout().is_terminal(),
        std::env::var("NO_COLOR").ok().as_deref(),
    );
    let text = page(&comparison, paint);
    let mut forms = forms(args, &comparison);
    let report = report(command, comparison, exit);
    if let Some(path) = &args.html {
        forms.push(("html", path, html::comparison(&report)));
    }
    let machine = json(&report);
    if let Some(path) = args.json.as_deref().filter(|path| *path != "-") {
        forms.push(("json", path, machine.clone()));
    }
    let format = args.output_format.unwrap_or_default();
    let to_stdout = format == OutputFormat::Json || args.json.as_deref() == Some("-");
    print(match format {
        _ if to_stdout => &machine,
        OutputFormat::Quiet => "",
        _ => &text,
    });
    forms.into_iter().map(|(flag, path, text)| written(flag, path, &text)).fold(exit, Exit::max)
}

/// What is written as JSON, and as a page.
fn report(command: &[String], comparison: ComparisonModel, exit: Exit) -> ComparisonReport {
    ComparisonReport {
        schema_version: SCHEMA_VERSION.to_owned(),
        tool: tool(),
        command: secrets::command(command),
        comparison,
        exit: exit.model(),
    }
}

/// What flags ask for but JSON: flag, file and contents.
fn forms<'a>(
    args: &'a CompareArgs,
    comparison: &ComparisonModel,
) -> Vec<(&'static str, &'a str, String)> {
    let verdict = &args.verdict;
    let figures = of_candidate(comparison);
    let mut forms = Vec::new();
    if let Some(path) = &args.markdown {
        forms.push(("markdown", path.as_str(), markdown::comparison(comparison)));
    }
    if let Some(path) = &verdict.junit {
        let cases = cases(None, Some(comparison));
        forms.push(("junit", path, junit(&cases, args.terms.fail_on_inconclusive)));
    }
    if let Some(path) = &verdict.bmf {
        forms.push(("bmf", path, json(&bmf(&figures))));
    }
    if let Some(path) = &verdict.github_benchmark {
        forms.push(("github-benchmark", path, json(&github(&figures))));
    }
    forms
}

fn written(flag: &str, path: &str, text: &str) -> Exit {
    let file = Path::new(path);
    let failed = |exit: Exit| {
        move |error| {
            complain(&format!("--{flag} = \"{path}\": can't write there: {error}"));
            exit
        }
    };
    let result = make_way(file).map_err(failed(Exit::BadInput));
    let result = result.and_then(|()| write_whole(file, text).map_err(failed(Exit::Internal)));
    result.err().unwrap_or(Exit::Passed)
}
