//! Collecting what is wrong, so that all of it is said at once. Cost class: once a process.

use core::fmt;
use std::collections::BTreeMap;

use super::yaml::Place;

/// Problems found so far, in the order found, each once.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Problems {
    lines: Vec<String>,
    /// What the user should know and that stops nothing, each once.
    notes: Vec<String>,
    /// The stream that is looked at.
    stream: Option<String>,
    /// Values of flags that nobody typed, by flag.
    origins: BTreeMap<String, Vec<Origin>>,
}

/// Where a flag's value really stands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Origin {
    /// What the flag was given.
    pub value: String,
    /// The name of the field that gave it.
    pub field: String,
    /// Where.
    pub place: Place,
}

impl Problems {
    /// Adds a problem unless it is known already: the cells of a matrix share most of theirs.
    /// Beyond a thousand one line says that there are more.
    ///
    /// What is wrong with a stream names it; what is wrong with several alike, the first of them.
    pub fn add(&mut self, problem: String) {
        let is_known = |line: &String| {
            let rest = line.strip_suffix(&problem);
            rest.is_some_and(|it| it.is_empty() || it.starts_with(STREAM) && it.ends_with(": "))
        };
        if self.lines.len() > MOST || self.lines.iter().any(is_known) {
            return;
        }
        let problem = match &self.stream {
            Some(stream) => format!("{STREAM}{stream}: {problem}"),
            None => problem,
        };
        let is_full = self.lines.len() == MOST;
        self.lines.push(if is_full { format!("more than {MOST} problems") } else { problem });
    }

    /// Adds the problem of a flag's value, in the form that all messages about values have. A value
    /// from a profile is named as it stands there.
    pub fn flag(&mut self, flag: &str, value: &str, expected: impl fmt::Display) {
        self.add(match self.origin(flag, value) {
            Some(Origin { field, place, .. }) => {
                format!("{field} = \"{value}\" ({place}): {expected}")
            }
            None => format!("--{flag} = \"{value}\": {expected}"),
        });
    }

    /// How to name a flag that may stand in a profile: `--rate`, or `rate (p.yaml:7:10)`.
    #[must_use]
    pub fn named(&self, flag: &str) -> String {
        match self.origin(flag, "") {
            Some(Origin { field, place, .. }) => format!("{field} ({place})"),
            None => format!("--{flag}"),
        }
    }

    /// From now on the flag's values are known to stand elsewhere.
    pub(super) fn stand_elsewhere(&mut self, flag: &str, origins: Vec<Origin>) {
        self.origins.insert(flag.to_owned(), origins);
    }

    /// Does something about a stream, if there is one, whose own values stand elsewhere than the
    /// run's.
    pub(super) fn within<T>(
        &mut self,
        stream: Option<&str>,
        origins: &[(String, Vec<Origin>)],
        then: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let before = (self.origins.clone(), self.stream.take());
        self.origins.extend(origins.iter().cloned());
        self.stream = stream.map(str::to_owned);
        let done = then(self);
        (self.origins, self.stream) = before;
        done
    }

    /// From now on a stream is looked at, or none; gives back which one was before.
    pub(super) fn look_at(&mut self, stream: Option<String>) -> Option<String> {
        core::mem::replace(&mut self.stream, stream)
    }

    /// Adds what the user should know and that stops nothing.
    pub(super) fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// What the user should know, one sentence each.
    pub(super) fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Where that value of the flag stands, or one that it was made of.
    pub(super) fn origin(&self, flag: &str, value: &str) -> Option<&Origin> {
        let origins = self.origins.get(flag)?;
        origins.iter().find(|origin| origin.value == value).or_else(|| origins.first())
    }

    /// Whether a profile says what the flag would say, so that a message speaks its language.
    pub(super) fn is_of_profile(&self, flag: &str) -> bool {
        self.origin(flag, "").is_some()
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The problems, one sentence each.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        &self.lines
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines.join("\n"))
    }
}

/// What stands before a stream's name.
const STREAM: &str = "stream ";
/// Nobody reads more at once.
const MOST: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_profile_gave_is_named_as_it_stands_there() {
        let mut problems = Problems::default();
        let origin = |value: &str, column| Origin {
            value: value.to_owned(),
            field: "linger.ms".to_owned(),
            place: Place { file: "p.yaml".to_owned(), line: 3, column },
        };
        problems.stand_elsewhere("linger-ms", vec![origin("1", 7), origin("2", 9)]);
        problems.flag("linger-ms", "2", "expected less");
        problems.flag("linger-ms", "1,2", "expected one");
        problems.flag("acks", "2", "expected all");
        assert_eq!(
            problems.lines(),
            [
                "linger.ms = \"2\" (p.yaml:3:9): expected less",
                "linger.ms = \"1,2\" (p.yaml:3:7): expected one",
                "--acks = \"2\": expected all",
            ]
        );
        assert_eq!(problems.named("linger-ms"), "linger.ms (p.yaml:3:7)");
        assert_eq!(problems.named("acks"), "--acks");
        let others = [("linger-ms".to_owned(), vec![origin("7", 99)])];
        problems.within(Some("s"), &others, |problems| {
            problems.flag("linger-ms", "7", "expected less")
        });
        assert_eq!(problems.lines()[3], "stream s: linger.ms = \"7\" (p.yaml:3:99): expected less");
        assert_eq!(problems.named("linger-ms"), "linger.ms (p.yaml:3:7)");
        // What is wrong with all streams alike is said once.
        problems.within(Some("t"), &others, |problems| {
            problems.flag("linger-ms", "7", "expected less");
        });
        assert_eq!(problems.lines().len(), 4);
    }

    #[test]
    fn each_is_said_once_and_endless_ones_end() {
        let mut problems = Problems::default();
        for nth in (0..5_000).flat_map(|nth| [nth, nth]) {
            problems.add(format!("problem {nth}"));
        }
        let lines = problems.lines();
        assert_eq!(lines.len(), MOST + 1);
        assert_eq!(lines[MOST - 1..], ["problem 999", "more than 1000 problems"]);
    }
}
