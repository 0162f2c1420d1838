//! What a user gave, and where. Cost class: once per run.
//!
//! Invariant: of two values for one key the one whose source ranks higher stays, of equals the
//! later one.

use core::fmt;
use std::collections::BTreeMap;

/// Where a value came from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Source {
    /// Nobody gave it: Java's default, or the tool's own. Doesn't count as given.
    Default,
    /// A rule between keys changed it; because of this key. Only [`super::resolve`] makes it.
    Derived(&'static str),
    /// A profile.
    Profile {
        /// As the user named it.
        file: String,
        /// From 1.
        line: u32,
    },
    /// A `.properties` file.
    File {
        /// As the user named it.
        path: String,
        /// From 1.
        line: u32,
    },
    /// This environment variable.
    Environment(String),
    /// perf-test's `--producer-props`, which like a file tolerates unknown keys.
    ProducerProps,
    /// `-X`, `--command-property`.
    CommandProperty,
    /// A flag of the key's own, with its dashes. Its number may carry a unit (`5ms`, `16KiB`).
    Flag(String),
}

impl Source {
    /// Flag and `-X` over environment over files over profile over default.
    const fn rank(&self) -> u8 {
        match self {
            Self::Default | Self::Derived(_) => 0,
            Self::Profile { .. } => 1,
            Self::File { .. } => 2,
            Self::Environment(_) => 3,
            Self::ProducerProps | Self::CommandProperty | Self::Flag(_) => 4,
        }
    }

    /// Whether a key that doesn't exist is an error: not in what was written for other clients.
    #[must_use]
    pub const fn is_strict(&self) -> bool {
        !matches!(self, Self::File { .. } | Self::ProducerProps)
    }

    /// Whether somebody gave the value, which Java's rules between keys ask.
    #[must_use]
    pub const fn is_given(&self) -> bool {
        self.rank() > 0
    }
}

impl fmt::Display for Source {
    /// As messages show it: `--linger-ms`, `-X`, `client.properties:3`, `environment KAFKA`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Derived(key) => write!(f, "because of {key}"),
            Self::Profile { file: path, line } | Self::File { path, line } => {
                write!(f, "{path}:{line}")
            }
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::ProducerProps => f.write_str("--producer-props"),
            Self::CommandProperty => f.write_str("-X"),
            Self::Flag(name) => f.write_str(name),
        }
    }
}

/// Every key that was given, as text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Raw {
    pub(super) given: BTreeMap<String, Given>,
    pub(super) producer_number: u32,
}

/// One value as text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Given {
    pub(super) value: String,
    pub(super) source: Source,
}

impl Raw {
    /// Nothing given. `producer_number` counts the producers of this process from 1 and makes the
    /// default client id.
    #[must_use]
    pub const fn new(producer_number: u32) -> Self {
        Self { given: BTreeMap::new(), producer_number }
    }

    /// The same values for another producer of this process.
    #[must_use]
    pub fn for_producer(&self, producer_number: u32) -> Self {
        Self { producer_number, ..self.clone() }
    }

    /// Records `value`, unless `key` has one from a source that ranks higher.
    pub fn set(&mut self, key: &str, value: &str, source: Source) {
        let kept = self.given.get(key).is_some_and(|old| old.source.rank() > source.rank());
        if !kept {
            self.given.insert(key.to_owned(), Given { value: value.to_owned(), source });
        }
    }

    /// The text that stands for `key` so far.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<&str> {
        self.given.get(key).map(|given| given.value.as_str())
    }

    /// Where the text that stands for `key` so far came from.
    #[must_use]
    pub fn source(&self, key: &str) -> Option<&Source> {
        self.given.get(key).map(|given| &given.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_higher_source_stays_and_of_equals_the_later() {
        let file = || Source::File { path: "c.properties".to_owned(), line: 3 };
        let mut raw = Raw::new(1);
        raw.set("acks", "0", Source::CommandProperty);
        raw.set("acks", "1", file());
        assert_eq!(raw.value("acks"), Some("0"));
        raw.set("acks", "all", Source::Flag("--acks".to_owned()));
        assert_eq!(raw.value("acks"), Some("all"));
        raw.set("acks", "-1", Source::CommandProperty);
        assert_eq!(raw.source("acks"), Some(&Source::CommandProperty));
        raw.set("retries", "1", file());
        raw.set("retries", "2", file());
        assert_eq!(raw.value("retries"), Some("2"));
        raw.set("retries", "3", Source::Environment("R".to_owned()));
        raw.set("retries", "4", Source::Profile { file: "p.yaml".to_owned(), line: 1 });
        assert_eq!(raw.value("retries"), Some("3"));
        assert_eq!(raw.for_producer(2).value("retries"), Some("3"));
    }

    #[test]
    fn sources_print_as_messages_show_them() {
        let shown = [
            Source::Default,
            Source::Derived("acks"),
            Source::Profile { file: "p.yaml".to_owned(), line: 7 },
            Source::File { path: "c.properties".to_owned(), line: 3 },
            Source::Environment("KAFKA".to_owned()),
            Source::ProducerProps,
            Source::CommandProperty,
            Source::Flag("--acks".to_owned()),
        ]
        .map(|source| source.to_string());
        assert_eq!(
            shown,
            [
                "default",
                "because of acks",
                "p.yaml:7",
                "c.properties:3",
                "environment KAFKA",
                "--producer-props",
                "-X",
                "--acks"
            ]
        );
    }
}
