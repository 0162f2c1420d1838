//! Colour, where a terminal reads. Cost class: once a run.

use super::model::{OutcomeModel, Status};

/// Whether to colour. `NO_COLOR` and what isn't a terminal mean no.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Paint {
    /// Plain text.
    #[default]
    Off,
    /// ANSI sequences.
    On,
}

impl Paint {
    /// For a stream that is (or isn't) a terminal, under the given value of `NO_COLOR`.
    #[must_use]
    pub fn for_stream(terminal: bool, no_color: Option<&str>) -> Self {
        if terminal && no_color.is_none_or(str::is_empty) { Self::On } else { Self::Off }
    }

    /// A verdict's word.
    #[must_use]
    pub fn status(self, status: Status) -> String {
        let colour = match status {
            Status::Valid => "1;32",
            Status::Suspect => "1;33",
            Status::Overloaded | Status::Invalid => "1;31",
        };
        self.wrap(colour, status.shout())
    }

    /// What a comparison says, in these letters.
    #[must_use]
    pub fn outcome(self, outcome: OutcomeModel, text: &str) -> String {
        let colour = match outcome {
            OutcomeModel::Better | OutcomeModel::Same => "1;32",
            OutcomeModel::Inconclusive => "1;33",
            OutcomeModel::Worse => "1;31",
        };
        self.wrap(colour, text)
    }

    /// What must not be overlooked.
    #[must_use]
    pub fn warn(self, text: &str) -> String {
        self.wrap("1;33", text)
    }

    /// The best figure of a column.
    #[must_use]
    pub fn best(self, text: &str) -> String {
        self.wrap("1;32", text)
    }

    /// A stage's block, each stage in a colour of its own.
    #[must_use]
    pub fn stage(self, index: usize, text: &str) -> String {
        const COLOURS: [&str; 6] = ["35", "31", "33", "95", "36", "34"];
        self.wrap(COLOURS[index % COLOURS.len()], text)
    }

    fn wrap(self, code: &str, text: &str) -> String {
        match self {
            Self::Off => text.to_owned(),
            Self::On => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        }
    }
}
