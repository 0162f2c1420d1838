//! What a user gave, and where. Cost class: once per run.
//!
//! Invariant: of two values for one key the one whose source ranks higher stays, of equals the
//! later one; what doesn't stay is remembered, so that it can be told.

use core::fmt;
use std::collections::BTreeMap;

use super::problem::masked;

/// Where a value came from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Source {
    /// Nobody gave it: Java's default, or the tool's own. Doesn't count as given.
    Default,
    /// A rule between keys changed it; because of this key. Only [`super::resolve()`] makes it.
    Derived(&'static str),
    /// A profile.
    Profile {
        /// As the user named it.
        file: String,
        /// From 1; 0: nobody knows.
        line: u32,
        /// From 1.
        column: u32,
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
    /// As messages show it: `--linger-ms`, `-X`, `client.properties:3`, `load.yaml:3:12`,
    /// `environment KAFKA`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Derived(key) => write!(f, "because of {key}"),
            Self::Profile { file, line: 0, .. } => f.write_str(file),
            Self::Profile { file, line, column } => write!(f, "{file}:{line}:{column}"),
            Self::File { path, line } => write!(f, "{path}:{line}"),
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
    pub(super) overridden: Vec<Overridden>,
    pub(super) producer_number: u32,
}

/// One value as text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Given {
    pub(super) value: String,
    pub(super) source: Source,
}

/// A value that was given and doesn't hold, since somebody else gave another.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Overridden {
    /// The key as given.
    pub key: String,
    /// The value as given; a password is replaced.
    pub value: String,
    /// Where it was given.
    pub source: Source,
    /// Whose value stood in its place when both were known.
    pub by: Source,
}

impl Raw {
    /// Nothing given. `producer_number` counts the producers of this process from 1 and makes the
    /// default client id.
    #[must_use]
    pub const fn new(producer_number: u32) -> Self {
        Self { given: BTreeMap::new(), overridden: Vec::new(), producer_number }
    }

    /// The same values for another producer of this process.
    #[must_use]
    pub fn for_producer(&self, producer_number: u32) -> Self {
        Self { producer_number, ..self.clone() }
    }

    /// Records `value`, unless `key` has one from a source that ranks higher.
    pub fn set(&mut self, key: &str, value: &str, source: Source) {
        let new = Given { value: value.to_owned(), source };
        let Some(stands) = self.given.get_mut(key) else {
            self.given.insert(key.to_owned(), new);
            return;
        };
        let differs = stands.value != new.value;
        let lost = if stands.source.rank() > new.source.rank() {
            new
        } else {
            core::mem::replace(stands, new)
        };
        if differs {
            let by = stands.source.clone();
            self.override_by(key, lost, by);
        }
    }

    /// Takes back what was given for `key`, because of something that leaves the key no value.
    pub fn unset(&mut self, key: &str, because: Source) {
        if let Some(lost) = self.given.remove(key) {
            self.override_by(key, lost, because);
        }
    }

    fn override_by(&mut self, key: &str, lost: Given, by: Source) {
        if lost.source.is_given() {
            let value = masked(key, &lost.value).to_owned();
            self.overridden.push(Overridden {
                key: key.to_owned(),
                value,
                source: lost.source,
                by,
            });
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
        raw.set("retries", "4", Source::Profile { file: "p.yaml".to_owned(), line: 1, column: 1 });
        assert_eq!(raw.value("retries"), Some("3"));
        assert_eq!(raw.for_producer(2).value("retries"), Some("3"));
    }

    #[test]
    fn what_does_not_stand_is_remembered() {
        let flag = || Source::Flag("--acks".to_owned());
        let mut raw = Raw::new(1);
        raw.set("acks", "0", Source::Default);
        raw.set("acks", "1", Source::CommandProperty);
        raw.set("acks", "all", flag());
        raw.set("acks", "all", Source::CommandProperty);
        raw.set("acks", "0", Source::Environment("A".to_owned()));
        raw.set("ssl.key.password", "one", Source::ProducerProps);
        raw.unset("ssl.key.password", flag());
        raw.unset("retries", flag());
        let shown = raw.overridden.iter().map(|it| (it.value.as_str(), it.source.to_string()));
        let shown: Vec<_> = shown.collect();
        let expected = [
            ("1", "-X".to_owned()),
            ("0", "environment A".to_owned()),
            ("[hidden]", "--producer-props".to_owned()),
        ];
        assert_eq!(shown, expected);
        assert_eq!(raw.overridden[0].by, flag());
        assert_eq!(raw.overridden[1].by, Source::CommandProperty);
        assert_eq!(raw.value("ssl.key.password"), None);
    }

    #[test]
    fn sources_print_as_messages_show_them() {
        let shown = [
            Source::Default,
            Source::Derived("acks"),
            Source::Profile { file: "p.yaml".to_owned(), line: 7, column: 3 },
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
                "p.yaml:7:3",
                "c.properties:3",
                "environment KAFKA",
                "--producer-props",
                "-X",
                "--acks"
            ]
        );
    }
}
