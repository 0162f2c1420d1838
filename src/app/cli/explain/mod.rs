//! `kprod-bench explain`: every Kafka key, its value and source, and Java's verdict on them all.
//! Cost class: once a process. Contacts nobody and looks up no name.

mod model;
mod text;

use std::io::Write as _;

use super::args::{ExplainArgs, OutputFormat};
use crate::app::report::exit::Exit;
use crate::app::settings::{self, Explanation, Problems};
use crate::kafka::config::keys::{self, Key};
use crate::kafka::config::nearest;

/// Explains what the flags come to: 0 when Java's producer and a run take it, else 2.
#[must_use]
pub(super) fn run(mut args: ExplainArgs) -> Exit {
    take_keys(&mut args);
    let variable = |name: &str| std::env::var(name).ok();
    let mut explanation = settings::explain(&args.run, &variable);
    let keys = find(&args.keys, &mut explanation.problems);
    let complaints = complaints(&explanation);
    let accepted = complaints.is_empty();
    match args.run.output.forms.output_format.unwrap_or_default() {
        OutputFormat::Json => print(&model::json(&explanation, &keys)),
        // With a flag misread the verdict would be about something else.
        OutputFormat::Text if explanation.problems.is_empty() => {
            print(&text::page(&explanation.cells, &keys));
            if let (true, Some((name, rows))) = (keys.is_empty(), &explanation.profile) {
                print(&text::profile(name, rows));
            }
        }
        OutputFormat::Text | OutputFormat::Quiet => {}
    }
    for complaint in &complaints {
        drop(writeln!(std::io::stderr().lock(), "error: {complaint}"));
    }
    if accepted { Exit::Passed } else { Exit::BadInput }
}

/// What is wrong with these flags.
#[must_use]
pub(super) fn problems(args: &ExplainArgs) -> Vec<String> {
    let mut args = args.clone();
    take_keys(&mut args);
    let mut explanation = settings::explain(&args.run, &|name: &str| std::env::var(name).ok());
    find(&args.keys, &mut explanation.problems);
    complaints(&explanation)
}

/// `-X` takes words up to the next flag, so keys behind it land there; a setting has a `=`.
fn take_keys(args: &mut ExplainArgs) {
    let producer = &mut args.run.producer;
    for words in [&mut producer.command_property, &mut producer.producer_props] {
        args.keys.extend(words.extract_if(.., |word| keys::find(word).is_some()));
    }
}

/// The rows of the table that were asked for.
fn find(names: &[String], problems: &mut Problems) -> Vec<&'static Key> {
    let mut found = Vec::new();
    for name in names {
        match (keys::find(name), nearest(name)) {
            (Some(key), _) => found.push(key),
            (None, Some(near)) => problems.add(format!(
                "{name}: expected the name of a Kafka producer setting; the nearest is {near}"
            )),
            (None, None) => {
                problems.add(format!("{name}: expected the name of a Kafka producer setting"));
            }
        }
    }
    found
}

/// What ends with 2: wrong flags, what Java refuses, and what else a run does.
fn complaints(explanation: &Explanation) -> Vec<String> {
    let mut all = explanation.problems.clone();
    let cells = explanation.cells.iter();
    for problem in cells.flat_map(|cell| cell.judgement.refused_by_java()) {
        all.add(problem.to_string());
    }
    explanation.refused.iter().for_each(|line| all.add(line.clone()));
    all.lines().to_vec()
}

/// Standard output; a reader that went away is no error of ours.
fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    drop(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
}
