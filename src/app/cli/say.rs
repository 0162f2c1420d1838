//! Lines to people. Cost class: once a process. A reader that went away is no error of ours.

use std::io::{IsTerminal as _, Write as _};

use crate::app::report::exit::Exit;
use crate::app::settings::Problems;

/// Columns of the terminal that standard output is; plenty where it is none.
pub(super) fn columns() -> usize {
    let known = std::io::stdout().is_terminal().then(crossterm::terminal::size);
    known.and_then(Result::ok).map_or(usize::MAX, |(columns, _)| columns.into())
}

/// To standard output.
pub(super) fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    drop(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
}

/// A line to standard error.
pub(super) fn warn(text: &str) {
    drop(writeln!(std::io::stderr().lock(), "{text}"));
}

/// A line to standard error about what is wrong.
pub(super) fn complain(text: &str) {
    warn(&format!("error: {text}"));
}

/// Every problem with what was given, and the exit that goes with it.
pub(super) fn refuse(problems: &Problems) -> Exit {
    problems.lines().iter().for_each(|problem| complain(problem));
    Exit::BadInput
}
