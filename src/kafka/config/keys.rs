//! Every key of Java's producer 4.3.1: name, type, default, valid values, and what it does here.
//!
//! Cost class: once per run. Invariant: [`KEYS`] holds one row per key of
//! `tests/data/producer-config-4.3.1.tsv`, with the same type, default, range and importance.
//! Help texts and the documentation's table are made from these rows.

use core::fmt;

use super::Codec;

mod client;
mod producer;
mod security;

/// One key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Key {
    /// As Java spells it, such as `linger.ms`.
    pub name: &'static str,
    /// What its value is parsed as.
    pub kind: Kind,
    /// What holds when it isn't given.
    pub default: Preset,
    /// Which values of that type are accepted.
    pub valid: Valid,
    /// How likely a user is to need it, in the Java documentation's judgement.
    pub importance: Importance,
    /// What giving it does here.
    pub effect: Effect,
    /// One or two sentences for help texts.
    pub doc: &'static str,
}

/// The types of Java's `ConfigDef`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// `true` or `false` in any case.
    Boolean,
    /// 16 bits.
    Short,
    /// 32 bits.
    Int,
    /// 64 bits.
    Long,
    /// A double.
    Double,
    /// Text without the white space around it.
    String,
    /// Texts between commas.
    List,
    /// A Java class name.
    Class,
    /// Text that no output shows.
    Password,
}

impl Kind {
    /// Java's name for it, in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Short => "short",
            Self::Int => "int",
            Self::Long => "long",
            Self::Double => "double",
            Self::String => "string",
            Self::List => "list",
            Self::Class => "class",
            Self::Password => "password",
        }
    }

    /// The largest number of an integer type; `None` for the others.
    #[must_use]
    pub const fn max(self) -> Option<i64> {
        match self {
            Self::Short => Some(i16::MAX as i64),
            Self::Int => Some(i32::MAX as i64),
            Self::Long => Some(i64::MAX),
            _ => None,
        }
    }

    /// The smallest number of an integer type; `None` for the others.
    #[must_use]
    pub const fn min(self) -> Option<i64> {
        match self {
            Self::Short => Some(i16::MIN as i64),
            Self::Int => Some(i32::MIN as i64),
            Self::Long => Some(i64::MIN),
            _ => None,
        }
    }
}

/// A default.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Preset {
    /// Java refuses to start without the key; here there is a substitute.
    Required,
    /// No value.
    Null,
    /// This text, which parses to a valid value.
    Text(&'static str),
}

impl fmt::Display for Preset {
    /// As Kafka's documentation writes it; empty text as `""`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Required => "(required)",
            Self::Null => "null",
            Self::Text("") => "\"\"",
            Self::Text(text) => text,
        })
    }
}

/// Which values of a type are accepted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Valid {
    /// Every one. In a list no element may be empty.
    Any,
    /// Numbers from this one on.
    AtLeast(i64),
    /// Numbers between these, both included.
    Between(i64, i64),
    /// Doubles between these, both included.
    Within(f64, f64),
    /// Exactly one of these words.
    OneOf(&'static [&'static str]),
    /// One of these words, whatever its case.
    OneOfAnyCase(&'static [&'static str]),
    /// −1 (zlib's default) or 1 to 9.
    GzipLevel,
    /// Text of at least one character.
    NonEmpty,
}

impl fmt::Display for Valid {
    /// As Kafka's documentation writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => Ok(()),
            Self::AtLeast(min) => write!(f, "[{min},...]"),
            Self::Between(min, max) => write!(f, "[{min},...,{max}]"),
            Self::Within(min, max) => write!(f, "[{min:?},...,{max:?}]"),
            Self::OneOf(words) => write!(f, "[{}]", words.join(", ")),
            Self::OneOfAnyCase(words) => write!(f, "(case insensitive) [{}]", words.join(", ")),
            Self::GzipLevel => f.write_str("[1,...,9] or -1"),
            Self::NonEmpty => f.write_str("non-empty string"),
        }
    }
}

/// Kafka's judgement of how likely a user is to need a key.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Importance {
    /// Leave it alone unless you know why.
    Low,
    /// Tuning.
    Medium,
    /// Nearly everyone sets it.
    High,
}

impl Importance {
    /// In lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// What giving a key does here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Effect {
    /// The engine follows it.
    Works,
    /// Accepted, has no effect, for this reason; the user is told.
    None(&'static str),
    /// Concerns TLS or SASL: no effect with `security.protocol=PLAINTEXT`, as in Java.
    Security,
    /// Asks for this, which isn't built: any value but the default is an error.
    NotBuilt(&'static str),
}

/// What a key's number counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unit {
    /// Nothing with a unit.
    Plain,
    /// Milliseconds.
    Milliseconds,
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
}

impl Key {
    /// What its number counts; Java says so in the name, except for three sizes.
    #[must_use]
    pub fn unit(&self) -> Unit {
        match self.name {
            "batch.size" | "buffer.memory" | "max.request.size" => Unit::Bytes,
            name if name.ends_with(".bytes") => Unit::Bytes,
            name if name.ends_with(".ms") => Unit::Milliseconds,
            name if name.ends_with(".seconds") => Unit::Seconds,
            _ => Unit::Plain,
        }
    }

    /// The same word as a flag: `--linger-ms`.
    #[must_use]
    pub fn flag(&self) -> String {
        format!("--{}", self.name.replace('.', "-"))
    }
}

/// The row of `name`, if it is a producer key.
#[must_use]
pub fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

/// The key that holds the level of `codec`; `None` for codecs without levels.
#[must_use]
pub const fn level_key(codec: Codec) -> Option<&'static str> {
    match codec {
        Codec::Gzip => Some("compression.gzip.level"),
        Codec::Lz4 => Some("compression.lz4.level"),
        Codec::Zstd => Some("compression.zstd.level"),
        Codec::None | Codec::Snappy => None,
    }
}

/// Every key: the producer's own, those all clients share, then TLS and SASL; by name within each.
pub const KEYS: &[Key] = &joined();

const COUNT: usize = producer::KEYS.len() + client::KEYS.len() + security::KEYS.len();

/// The three tables as one.
const fn joined() -> [Key; COUNT] {
    let tables = [producer::KEYS, client::KEYS, security::KEYS];
    let mut all = [producer::KEYS[0]; COUNT];
    let (mut filled, mut table) = (0, 0);
    while table < tables.len() {
        let mut row = 0;
        while row < tables[table].len() {
            all[filled] = tables[table][row];
            filled += 1;
            row += 1;
        }
        table += 1;
    }
    all
}

/// A row; keeps the tables one key a paragraph.
const fn key(
    name: &'static str,
    (kind, default, valid): (Kind, Preset, Valid),
    importance: Importance,
    effect: Effect,
    doc: &'static str,
) -> Key {
    Key { name, kind, default, valid, importance, effect, doc }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Read from the Java client 4.3.1 itself.
    const TSV: &str = include_str!("../../../tests/data/producer-config-4.3.1.tsv");

    #[test]
    fn rows_are_those_of_the_java_client() {
        let mut ours: Vec<String> = KEYS
            .iter()
            .map(|key| {
                format!(
                    "{}\t{}\t{}\t{}\t{}",
                    key.name,
                    key.kind.name(),
                    key.default,
                    key.valid,
                    key.importance.name()
                )
            })
            .collect();
        ours.sort();
        let mut javas: Vec<&str> =
            TSV.lines().filter(|line| !line.starts_with('#')).skip(1).collect();
        javas.sort_unstable();
        for (our, java) in ours.iter().zip(&javas) {
            assert_eq!(our, java);
        }
        assert_eq!(ours.len(), javas.len());
    }

    #[test]
    fn docs_are_sentences_that_fit_a_help_text() {
        for key in KEYS {
            assert!(key.doc.ends_with('.') && key.doc.len() <= 240, "{}: {}", key.name, key.doc);
            assert!(key.doc.starts_with(|c: char| c.is_ascii_uppercase()), "{}", key.name);
        }
    }

    #[test]
    fn each_table_is_sorted_by_name() {
        for table in [producer::KEYS, client::KEYS, security::KEYS] {
            assert!(table.is_sorted_by_key(|key| key.name));
        }
    }

    #[test]
    fn names_say_units() {
        let unit = |name| find(name).unwrap().unit();
        assert_eq!(unit("linger.ms"), Unit::Milliseconds);
        assert_eq!(unit("batch.size"), Unit::Bytes);
        assert_eq!(unit("send.buffer.bytes"), Unit::Bytes);
        assert_eq!(unit("sasl.oauthbearer.clock.skew.seconds"), Unit::Seconds);
        assert_eq!(unit("retries"), Unit::Plain);
        assert_eq!(find("linger.ms").unwrap().flag(), "--linger-ms");
        assert!(find("linger").is_none());
    }

    #[test]
    fn codecs_with_levels_have_a_key() {
        for codec in [Codec::None, Codec::Gzip, Codec::Snappy, Codec::Lz4, Codec::Zstd] {
            if let Some(name) = level_key(codec) {
                assert_eq!(find(name).unwrap().effect, Effect::Works);
            }
        }
    }
}
