//! The built-in default profile: what a run does when nothing is asked of it. Cost class: once a
//! process.
//!
//! A profile is the layer under every flag, file and variable. Only the built-in one can be chosen
//! so far, so a profile that can't be read is a bug of this program, found by its tests.

use core::time::Duration;
use std::collections::BTreeMap;

use serde::Deserialize;

use crate::base::units::{parse_count, parse_duration};
use crate::load::schedule::Rate;

/// A profile as its file has it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    name: String,
    #[serde(default)]
    producer: BTreeMap<String, Scalar>,
    load: LoadSection,
}

/// The load of a profile.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LoadSection {
    warmup: String,
    stages: [Stage; 1],
}

/// A constant rate for a time.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stage {
    rate: String,
    #[serde(rename = "for")]
    span: String,
}

/// A value of a Kafka key.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Scalar {
    Bool(bool),
    Number(i64),
    Text(String),
}

/// A profile, read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Profile {
    /// Its name, for the first line.
    pub name: String,
    /// Kafka keys in Java's form.
    pub producer: BTreeMap<String, String>,
    /// Its load.
    pub load: LoadDefaults,
}

/// What holds for a load flag that isn't given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct LoadDefaults {
    /// `None`: as fast as the producer takes records.
    pub rate: Option<Rate>,
    /// Of the measurement, unless a number of records is asked for.
    pub duration: Duration,
    /// Before the measurement, unless a number of records is asked for.
    pub warmup: Duration,
}

impl Default for LoadDefaults {
    /// What holds without a profile.
    fn default() -> Self {
        Self { rate: None, duration: Duration::from_secs(30), warmup: Duration::from_secs(5) }
    }
}

impl Profile {
    /// Where the built-in one stands, for messages.
    pub(super) const FILE: &'static str = "profiles/default.yaml";

    /// Its Kafka keys, each with the line it stands in.
    pub(super) fn keys(&self) -> impl Iterator<Item = (&str, &str, u32)> {
        self.producer.iter().map(|(key, value)| (key.as_str(), value.as_str(), line_of(key)))
    }

    /// The profile of a run without any flag.
    #[must_use]
    pub(super) fn builtin() -> Self {
        Self::parse(TEXT).expect("the built-in profile is checked by a test")
    }

    fn parse(text: &str) -> Result<Self, String> {
        let file: File = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
        if file.version != 1 {
            return Err(format!("version {} of profiles isn't known", file.version));
        }
        let [stage] = &file.load.stages;
        let rate = parse_count(&stage.rate).map_err(|error| error.to_string())?;
        let seconds =
            |text| parse_duration(text, Duration::from_secs(1)).map_err(|error| error.to_string());
        Ok(Self {
            name: file.name,
            producer: file.producer.into_iter().map(|(key, value)| (key, value.text())).collect(),
            load: LoadDefaults {
                rate: Some(Rate::per_second(rate).map_err(|error| error.to_string())?),
                duration: seconds(&stage.span)?,
                warmup: seconds(&file.load.warmup)?,
            },
        })
    }
}

/// The line of the built-in profile in which `key` stands, from 1.
fn line_of(key: &str) -> u32 {
    let at = TEXT.lines().position(|line| !line.starts_with('#') && line.contains(key));
    u32::try_from(at.map_or(1, |at| at + 1)).unwrap_or(1)
}

impl Scalar {
    fn text(self) -> String {
        match self {
            Self::Bool(value) => value.to_string(),
            Self::Number(value) => value.to_string(),
            Self::Text(value) => value,
        }
    }
}

const TEXT: &str = include_str!("../../../profiles/default.yaml");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_builtin_profile_is_the_main_job() {
        let profile = Profile::builtin();
        assert_eq!(profile.name, "default");
        assert_eq!(profile.load.rate, Rate::per_second(200_000.0).ok());
        assert_eq!(profile.load.duration, Duration::from_secs(30));
        let keys: Vec<_> = profile.producer.iter().map(|(k, v)| format!("{k}={v}")).collect();
        assert_eq!(keys, ["acks=all", "linger.ms=5"]);
    }

    #[test]
    fn a_misspelt_or_unknown_field_is_not_ignored() {
        assert!(Profile::parse(&TEXT.replace("warmup:", "warm-up:")).is_err());
        assert!(Profile::parse(&TEXT.replace("version: 1", "version: 2")).is_err());
        assert!(Profile::parse(&TEXT.replace("200k", "fast")).is_err());
    }
}
