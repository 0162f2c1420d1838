//! Collecting what is wrong, so that all of it is said at once. Cost class: once a process.

use core::fmt;

/// Problems found so far, in the order found, each once.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Problems(Vec<String>);

impl Problems {
    /// Adds a problem unless it is known already: the cells of a matrix share most of theirs.
    pub fn add(&mut self, problem: String) {
        if !self.0.contains(&problem) {
            self.0.push(problem);
        }
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
