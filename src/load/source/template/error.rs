//! What is wrong with a template, and where.

use core::fmt;

/// One thing that is wrong. Its text is `what: expected`; the place is for whoever knows the file's
/// name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TemplateError {
    /// The line, from 1.
    pub line: usize,
    /// The character within its line, from 1.
    pub column: usize,
    /// What stands there.
    pub what: String,
    /// What was expected, and what to do.
    pub expected: String,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.expected)
    }
}

impl std::error::Error for TemplateError {}

/// The same before its place was counted out: `at` is a byte of the text.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) at: usize,
    pub(super) what: String,
    pub(super) expected: String,
}

impl Wrong {
    pub(super) fn new(at: usize, what: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { at, what: what.into(), expected: expected.into() }
    }

    pub(super) fn placed(self, text: &str) -> TemplateError {
        let before = &text[..self.at];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        TemplateError {
            line: 1 + before.matches('\n').count(),
            column: 1 + before[line_start..].chars().count(),
            what: self.what,
            expected: self.expected,
        }
    }
}

/// A word in quotes, as far as one wants to read it in a message.
pub(super) fn quoted(word: &str) -> String {
    const LONGEST: usize = 40;
    if word.chars().count() <= LONGEST {
        return format!("{word:?}");
    }
    let start: String = word.chars().take(LONGEST).collect();
    format!("{start:?}…")
}
