//! What is said to the user about a configuration. Cost class: once per run.
//!
//! Invariant: no text shows a password.

use core::fmt;

use super::keys::{self, Kind};
use super::{Acks, Source, nearest};

/// A value that can't be accepted. Shown as one line:
/// `linger.ms = "5s" (client.properties:3): expected milliseconds, 0 or more; write 5000`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Problem {
    /// The key as given.
    pub key: String,
    /// The value as given; a password is replaced.
    pub value: String,
    /// Where it was given.
    pub source: Source,
    /// What would have been right, as the end of the sentence "expected …".
    pub expected: String,
    /// What to do, as a clause of its own, where that can be told.
    pub advice: Option<String>,
    /// Who refuses it.
    pub refused_by: RefusedBy,
}

/// Who refuses a configuration.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RefusedBy {
    /// Java's producer 4.3.1 doesn't start with it, and so nothing here does.
    Java,
    /// Java's producer 4.3.1 doesn't start with it. A run here does what older versions or other
    /// clients do: a partitioner that Java has no class for.
    JavaAlone,
    /// A run here, which takes a key that doesn't exist, given by hand, for a typing error. Java's
    /// producer ignores it and says so in its log.
    Hand,
    /// Java's producer starts with it. A run here doesn't: it asks for what isn't built, or for
    /// what can't work (a batch above `buffer.memory`, a port 0, no time to connect).
    Run,
}

impl Problem {
    /// A problem with the value of `key`; hides passwords.
    pub(super) fn new(key: &str, value: &str, source: &Source, expected: String) -> Self {
        Self {
            key: key.to_owned(),
            value: masked(key, value).to_owned(),
            source: source.clone(),
            expected,
            advice: None,
            refused_by: RefusedBy::Java,
        }
    }

    /// The same, refused by somebody else.
    pub(super) fn by(self, refused_by: RefusedBy) -> Self {
        Self { refused_by, ..self }
    }

    /// The same with advice, if there is any.
    pub(super) fn advise(self, advice: impl Into<Option<String>>) -> Self {
        Self { advice: advice.into(), ..self }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, value, source, expected, advice, .. } = self;
        write!(f, "{key} = {value:?} ({source}): expected {expected}")?;
        advice.iter().try_for_each(|advice| write!(f, "; {advice}"))
    }
}

// By hand: thiserror takes a field named `source` for the error's cause.
impl core::error::Error for Problem {}

/// Something the user should know although the configuration is accepted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Note {
    /// Which sort.
    pub kind: NoteKind,
    /// The key that it is about.
    pub key: String,
    /// A clause without a full stop; shows no password.
    pub text: String,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Sorts of [`Note`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NoteKind {
    /// No producer key has that name; it is ignored, as in Java.
    UnknownKey,
    /// The key exists but changes nothing, here or beside the other values.
    NoEffect,
    /// A rule changed a value that wasn't given, as in Java.
    Changed,
    /// A value is followed but does less than it seems to.
    Limited,
    /// A value by `-X` doesn't hold, since another was given.
    Overridden,
}

/// Why idempotence is on or off.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum IdempotenceReason {
    /// On: it is the default and nothing speaks against it.
    Default,
    /// On: `enable.idempotence=true` was given.
    Asked,
    /// Off: `enable.idempotence=false` was given.
    Refused,
    /// Off: not given, and `retries` is 0.
    NoRetries,
    /// Off: not given, and acks isn't `all` but this.
    Acks(Acks),
}

impl IdempotenceReason {
    /// Whether idempotence is on.
    #[must_use]
    pub const fn is_on(self) -> bool {
        matches!(self, Self::Default | Self::Asked)
    }
}

impl fmt::Display for IdempotenceReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("on by default"),
            Self::Asked => f.write_str("on because enable.idempotence=true"),
            Self::Refused => f.write_str("off because enable.idempotence=false"),
            Self::NoRetries => f.write_str("off because retries=0"),
            Self::Acks(acks) => write!(f, "off because acks={}", acks.name()),
        }
    }
}

/// `value`, unless `key` holds a secret: `[hidden]` then. An unknown key is judged by its name, and
/// by the key that it may be a misspelling of.
#[must_use]
pub fn masked<'a>(key: &str, value: &'a str) -> &'a str {
    let secret = match keys::find(key) {
        Some(key) => key.kind == Kind::Password,
        None => {
            sounds_secret(key)
                || nearest(key).and_then(keys::find).is_some_and(|key| key.kind == Kind::Password)
        }
    };
    if secret { HIDDEN } else { value }
}

/// Whether a name is one of those that people give to secrets, however its words are joined:
/// `api-key`, `apiKey`, `API_KEY`.
fn sounds_secret(name: &str) -> bool {
    const WORDS: [&str; 12] = [
        "passw",
        "passphrase",
        "pwd",
        "secret",
        "jaas",
        "token",
        "credential",
        "authoriz",
        "authoris",
        "bearer",
        "private",
        "apikey",
    ];
    let name: String = name.chars().filter(|c| c.is_alphanumeric()).collect();
    let name = name.to_ascii_lowercase();
    WORDS.iter().any(|word| name.contains(word))
}

/// What stands in place of a password, as in Java's logs.
pub(super) const HIDDEN: &str = "[hidden]";
