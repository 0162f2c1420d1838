//! `--rate-file`: a recorded rate, replayed. Cost class: once a process, per line.
//!
//! Lines are `time,rate`: the time in seconds or with a unit, counted from the first line's, the
//! rate in records or bytes a second. A first line of names says which columns those are; what
//! stands in others, and lines that begin with `#`, is passed over. Held, a rate lasts until the
//! next line's time, the last one as long as the one before it; linear, it changes evenly from line
//! to line, and the last line is the end.

use core::time::Duration;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use super::speed::{self, Speed};
use crate::app::settings::problems::Problems;
use crate::base::units::parse_duration;
use crate::load::schedule::{Curve, Line, Stage};

/// Reads a recorded rate; everything that is wrong with it goes to `problems`, by line and column.
pub(in crate::app::settings) fn recorded(
    path: &str,
    text: &str,
    linear: bool,
    problems: &mut Problems,
) -> Option<Stage<Speed>> {
    let mut reading =
        Reading { path, columns: None, named: false, points: Vec::new(), wrong: false, problems };
    let lines = text.trim_start_matches('\u{feff}').lines();
    for (number, line) in (1..).zip(lines) {
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        reading.line(number, line);
        if reading.points.len() > Curve::MOST_LINES {
            let most = Curve::MOST_LINES;
            problems.add(format!("{path}:{number}: expected at most {most} lines"));
            return None;
        }
    }
    let (points, wrong) = (reading.points, reading.wrong);
    if !wrong && points.len() < 2 {
        problems.add(format!("{path}: expected two lines of time,rate or more, such as 0,200k"));
    }
    (!wrong && points.len() >= 2).then(|| Stage::Recorded(lines_of(&points, linear)))
}

/// The text of a file that isn't larger than a recorded rate can be.
pub(super) fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(MAX_FILE + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_FILE {
        return Err(io::Error::other(format!("it has more than {MAX_FILE} bytes")));
    }
    Ok(text)
}

/// Bytes of a file: the most lines, and long ones.
const MAX_FILE: u64 = 64 << 20;

type Point = (Duration, Speed);

fn lines_of(points: &[Point], linear: bool) -> Vec<Line<Speed>> {
    let mut lines: Vec<_> = points
        .windows(2)
        .map(|pair| {
            let ((from, rate), (to, next)) = (pair[0], pair[1]);
            Line { from: rate, to: if linear { next } else { rate }, span: to - from }
        })
        .collect();
    if let (false, Some((_, rate)), Some(before)) = (linear, points.last(), lines.last()) {
        lines.push(Line { from: *rate, to: *rate, span: before.span });
    }
    lines
}

/// A file half read.
struct Reading<'a> {
    path: &'a str,
    /// Where time and rate stand, from 0; `None` before the first line.
    columns: Option<(usize, usize)>,
    /// The first line had names: other columns may stand beside.
    named: bool,
    points: Vec<Point>,
    wrong: bool,
    problems: &'a mut Problems,
}

impl Reading<'_> {
    fn line(&mut self, number: usize, line: &str) {
        let fields: Vec<&str> = line.split(',').collect();
        let (time, rate) = match self.columns {
            Some(columns) => columns,
            None => {
                if self.names(number, line, &fields) {
                    return;
                }
                self.columns = Some((0, 1));
                (0, 1)
            }
        };
        let most = if self.named { usize::MAX } else { 2 };
        if fields.len() <= time.max(rate) || fields.len() > most {
            return self.wrong(number, 1, line, "time,rate such as 5,200k or 500ms,20MB");
        }
        let second = Duration::from_secs(1);
        let at = parse_duration(fields[time], second);
        let speed = Speed::parse(fields[rate].trim());
        if at.is_err() {
            let place = column(&fields, time);
            self.wrong(number, place, fields[time], "seconds such as 5 or 0.5, or 5ms");
        }
        if speed.is_none() {
            self.wrong(number, column(&fields, rate), fields[rate], speed::EXPECTED);
        }
        let (Ok(at), Some(speed)) = (at, speed) else { return };
        if self.points.last().is_some_and(|(before, _)| *before >= at) {
            let place = column(&fields, time);
            return self.wrong(number, place, fields[time], "a time after the line's before it");
        }
        self.points.push((at, speed));
    }

    /// Takes a first line of names for what it is.
    fn names(&mut self, number: usize, line: &str, fields: &[&str]) -> bool {
        let is_name = |field: &&str| field.trim().starts_with(|c: char| c.is_ascii_alphabetic());
        if !fields.iter().all(is_name) {
            return false;
        }
        let find = |name: &str| fields.iter().position(|field| field.trim() == name);
        self.columns = find("time").zip(find("rate"));
        if self.columns.is_none() {
            self.wrong(number, 1, line, "columns named time and rate");
            self.columns = Some((0, 1));
        }
        self.named = true;
        true
    }

    fn wrong(&mut self, line: usize, column: usize, given: &str, expected: &str) {
        self.wrong = true;
        let (path, given) = (self.path, given.trim());
        self.problems.add(format!("\"{given}\" ({path}:{line}:{column}): expected {expected}"));
    }
}

/// In which character of its line a field begins, from 1.
fn column(fields: &[&str], index: usize) -> usize {
    let before = fields[..index].iter().map(|field| field.chars().count() + 1).sum::<usize>();
    let blank = fields[index].chars().take_while(|c| c.is_whitespace()).count();
    before + blank + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, linear: bool) -> (Option<Vec<Line<Speed>>>, Vec<String>) {
        let mut problems = Problems::default();
        let stage = recorded("r.csv", text, linear, &mut problems);
        let lines = stage.map(|stage| match stage {
            Stage::Recorded(lines) => lines,
            other => panic!("{other:?}"),
        });
        (lines, problems.lines().to_vec())
    }

    fn line(from: f64, to: f64, millis: u64) -> Line<Speed> {
        let span = Duration::from_millis(millis);
        Line { from: Speed::Records(from), to: Speed::Records(to), span }
    }

    #[test]
    fn held_rates_last_until_the_next_and_the_last_as_long_as_the_one_before() {
        let (lines, problems) = read("# a day\n100,1k\n101.5,2k\n\n102s,0\n", false);
        assert_eq!(problems, [""; 0]);
        let expected = [line(1e3, 1e3, 1_500), line(2e3, 2e3, 500), line(0.0, 0.0, 500)];
        assert_eq!(lines.unwrap(), expected);
        let (lines, _) = read("0,1k\n5ms,2k\n1,0\n", true);
        assert_eq!(lines.unwrap(), [line(1e3, 2e3, 5), line(2e3, 0.0, 995)]);
    }

    #[test]
    fn named_columns_may_stand_anywhere() {
        let (lines, problems) = read("\u{feff}due,rate,time\n7,5,0\n8,6MB,2\n", true);
        assert_eq!(problems, [""; 0]);
        let span = Duration::from_secs(2);
        let expected = Line { from: Speed::Records(5.0), to: Speed::Bytes(6e6), span };
        assert_eq!(lines.unwrap(), [expected]);
    }

    #[test]
    fn every_mistake_is_said_at_once_with_its_place() {
        let (lines, problems) = read("0,1k\nsoon, fast\n3\n5,1,2\n4,1k\n4,2k\n", false);
        assert_eq!(lines, None);
        assert_eq!(
            problems,
            [
                "\"soon\" (r.csv:2:1): expected seconds such as 5 or 0.5, or 5ms",
                "\"fast\" (r.csv:2:7): expected records/s such as 200k, or payload bytes/s such as \
                 150MB",
                "\"3\" (r.csv:3:1): expected time,rate such as 5,200k or 500ms,20MB",
                "\"5,1,2\" (r.csv:4:1): expected time,rate such as 5,200k or 500ms,20MB",
                "\"4\" (r.csv:6:1): expected a time after the line's before it",
            ]
        );
        assert_eq!(
            read("when,what\n1,2\n", false).1,
            ["\"when,what\" (r.csv:1:1): expected columns named time and rate"]
        );
        let (none, problems) = read("0,5\n", false);
        assert_eq!(none, None);
        assert_eq!(problems, ["r.csv: expected two lines of time,rate or more, such as 0,200k"]);
    }
}
