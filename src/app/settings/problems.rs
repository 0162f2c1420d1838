//! Collecting what is wrong, so that all of it is said at once. Cost class: once a process.

use core::fmt;

/// Problems found so far, in the order found, each once.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Problems(Vec<String>);

impl Problems {
    /// Adds a problem unless it is known already: the cells of a matrix share most of theirs.
    /// Beyond a thousand one line says that there are more.
    pub fn add(&mut self, problem: String) {
        if self.0.len() > MOST || self.0.contains(&problem) {
            return;
        }
        let is_full = self.0.len() == MOST;
        self.0.push(if is_full { format!("more than {MOST} problems") } else { problem });
    }

    /// Adds the problem of a flag's value, in the form that all messages about values have.
    pub fn flag(&mut self, flag: &str, value: &str, expected: impl fmt::Display) {
        self.add(format!("--{flag} = \"{value}\": {expected}"));
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The problems, one sentence each.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

/// Nobody reads more at once.
const MOST: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

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
