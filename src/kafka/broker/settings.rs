//! What can be configured for a topic: the keys that mean something to a broker in memory, under
//! Kafka's names.
//!
//! Cost class: per topic. Keys that this broker couldn't honour are refused rather than accepted
//! and ignored.

/// A topic's effective settings.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TopicSettings {
    /// `min.insync.replicas`: replicas in sync below which acks=all is refused, 1 or more.
    pub min_insync_replicas: i32,
    /// `max.message.bytes`: the largest batch, its header included, in bytes; 0 or more.
    pub max_message_bytes: i32,
    /// `message.timestamp.after.max.ms`: how far ahead of the broker's clock a record may be, in
    /// milliseconds.
    pub timestamp_after_max_ms: i64,
    /// `retention.bytes`: bytes kept per partition; −1: as many as the broker's plan says, which is
    /// the most anyway.
    pub retention_bytes: i64,
    /// `retention.ms`: records older than this go, a chunk at a time; −1: never.
    pub retention_ms: i64,
}

impl Default for TopicSettings {
    /// Kafka 4's defaults.
    fn default() -> Self {
        Self {
            min_insync_replicas: 1,
            max_message_bytes: 1_048_588,
            timestamp_after_max_ms: 3_600_000,
            retention_bytes: -1,
            retention_ms: 604_800_000,
        }
    }
}

/// A key with its value, as `DescribeConfigs` and `CreateTopics` tell it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Setting {
    pub(super) name: &'static str,
    pub(super) value: String,
    pub(super) kind: Kind,
}

/// The type of a key, by its number on the wire (`DescribeConfigsResponse.ConfigType`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// True or false.
    Bool = 1,
    /// A text.
    Text = 2,
    /// A 32-bit number.
    Int = 3,
    /// A 64-bit number.
    Long = 5,
    /// Texts with commas between them.
    List = 7,
}

impl Kind {
    /// The number on the wire.
    pub(super) const fn code(self) -> i8 {
        self as i8
    }
}

impl TopicSettings {
    /// Sets one key.
    ///
    /// # Errors
    /// In words for the client, when the key isn't known, or the value isn't one that this broker
    /// can honour.
    pub(super) fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "min.insync.replicas" => self.min_insync_replicas = number(name, value, 1)?,
            "max.message.bytes" => self.max_message_bytes = number(name, value, 0)?,
            "message.timestamp.after.max.ms" => {
                self.timestamp_after_max_ms = number(name, value, 0)?;
            }
            "retention.bytes" => self.retention_bytes = number(name, value, -1)?,
            "retention.ms" => self.retention_ms = number(name, value, -1)?,
            _ => return fixed(name, value),
        }
        Ok(())
    }

    /// All keys with their values, by name.
    pub(super) fn list(&self) -> Vec<Setting> {
        let setting = |name, value, kind| Setting { name, value, kind };
        let mut all: Vec<Setting> = FIXED
            .iter()
            .map(|&(name, value, kind)| setting(name, value.to_owned(), kind))
            .collect();
        all.extend([
            setting("max.message.bytes", self.max_message_bytes.to_string(), Kind::Int),
            setting(
                "message.timestamp.after.max.ms",
                self.timestamp_after_max_ms.to_string(),
                Kind::Long,
            ),
            setting("min.insync.replicas", self.min_insync_replicas.to_string(), Kind::Int),
            setting("retention.bytes", self.retention_bytes.to_string(), Kind::Long),
            setting("retention.ms", self.retention_ms.to_string(), Kind::Long),
        ]);
        all.sort_unstable_by_key(|setting| setting.name);
        all
    }

    /// The bytes that a partition's log holds, where the broker allows `most`.
    pub(super) fn log_bytes(&self, most: usize) -> usize {
        usize::try_from(self.retention_bytes).map_or(most, |bytes| bytes.min(most))
    }
}

/// A whole number of `least` or more.
fn number<T: TryFrom<i64>>(name: &str, value: &str, least: i64) -> Result<T, String> {
    value
        .trim()
        .parse()
        .ok()
        .filter(|&number: &i64| number >= least)
        .and_then(|number| T::try_from(number).ok())
        .ok_or_else(|| format!("Invalid value {value} for configuration {name}"))
}

/// Accepts a key that has one value only.
fn fixed(name: &str, value: &str) -> Result<(), String> {
    match FIXED.iter().find(|(fixed, ..)| *fixed == name) {
        None => Err(format!("Unknown topic config name: {name}")),
        Some((_, only, _)) if *only == value.trim() => Ok(()),
        Some((_, only, _)) => Err(format!("The in-memory broker supports only {name}={only}")),
    }
}

/// Keys that people set and that this broker knows one way to follow.
const FIXED: [(&str, &str, Kind); 3] = [
    ("cleanup.policy", "delete", Kind::List),
    ("compression.type", "producer", Kind::Text),
    ("message.timestamp.type", "CreateTime", Kind::Text),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_key_can_be_set_to_its_own_value() {
        let defaults = TopicSettings::default();
        for setting in defaults.list() {
            let mut settings = TopicSettings::default();
            assert_eq!(settings.set(setting.name, &setting.value), Ok(()));
            assert_eq!(settings, defaults);
        }
        assert!(defaults.list().is_sorted_by_key(|setting| setting.name));
    }

    #[test]
    fn what_cannot_be_honoured_is_refused_in_words() {
        let mut settings = TopicSettings::default();
        let mut refusal = |name, value| settings.set(name, value).unwrap_err();
        assert_eq!(refusal("min.insync", "1"), "Unknown topic config name: min.insync");
        assert_eq!(
            refusal("min.insync.replicas", "0"),
            "Invalid value 0 for configuration min.insync.replicas"
        );
        assert_eq!(
            refusal("max.message.bytes", "3000000000"),
            "Invalid value 3000000000 for configuration max.message.bytes"
        );
        assert_eq!(
            refusal("cleanup.policy", "compact"),
            "The in-memory broker supports only cleanup.policy=delete"
        );
    }

    #[test]
    fn retention_only_lowers_the_log() {
        let mut settings = TopicSettings::default();
        assert_eq!(settings.log_bytes(1_000), 1_000);
        settings.set("retention.bytes", "400").unwrap();
        assert_eq!(settings.log_bytes(1_000), 400);
        settings.set("retention.bytes", "4000").unwrap();
        assert_eq!(settings.log_bytes(1_000), 1_000);
    }
}
