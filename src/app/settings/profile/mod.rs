//! Profiles: what a run does where no flag says otherwise, in a file that people share. Cost class:
//! once a process.
//!
//! A profile is read into flags: each of its fields stands for one, and the flags' own readers
//! judge its values, so that a profile can say what a command line can and nothing else. Kafka keys
//! are the exception: they take Java's form. It is read whole, and everything that is wrong with it
//! is said at once. Without any flag the built-in `first-look` holds.

mod builtin;
mod flags;
mod forms;
mod kinds;
mod merge;
mod read;
mod schema;
mod sections;
mod streams;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

pub use builtin::{BUILT_IN, BuiltIn, built_in, built_in_file};
pub(super) use kinds::{FROM_CORPUS, FROM_TEMPLATE};
pub(super) use merge::Given;
pub use merge::ProfileRow;
pub use schema::profile_schema;
pub(super) use streams::{GivenStream, StreamSaid};

use super::problems::{Origin, Problems};
use super::yaml::{Place, read_text};
use crate::kafka::config::Source;
use crate::load::source::KeyPlan;

/// A profile, read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Profile {
    /// Its name, for the first line.
    pub name: String,
    /// Where to start, in Java's form.
    servers: Option<Value>,
    /// Kafka keys in Java's form.
    producer: Vec<(String, Value)>,
    /// Kafka keys that have no flag and several values.
    pub axes: Vec<(&'static str, Vec<Value>)>,
    /// What it says in the place of flags.
    said: Vec<Said>,
    /// Its keys, where it lists them, and what to call them.
    key: Option<(KeyPlan, Value)>,
    /// Its streams; none where it is one without a word.
    streams: Vec<StreamSaid>,
    beside: Beside,
}

/// What stands in the place of a flag.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Said {
    /// Without dashes.
    pub flag: String,
    /// What the profile calls it.
    pub field: String,
    /// One, unless the flag may be given again.
    pub values: Vec<Value>,
    /// Whether each of its values is a cell's.
    pub is_axis: bool,
}

/// A value and where it stands.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Value {
    /// As written, variables replaced.
    pub text: String,
    /// Where.
    pub place: Place,
    /// Why there is none after all, as a sentence: to be told unless somebody else gives one.
    missing: Option<String>,
}

impl Said {
    /// Where its values stand, for messages.
    fn origins(&self) -> Vec<Origin> {
        let origin = |value: &Value| Origin {
            value: value.text.clone(),
            field: self.field.clone(),
            place: value.place.clone(),
        };
        self.values.iter().map(origin).collect()
    }
}

impl Value {
    /// As a layer of Kafka keys names it.
    pub(super) fn source(&self) -> Source {
        let Place { file, line, column } = self.place.clone();
        Source::Profile { file, line, column }
    }
}

/// Where the files are that a profile names.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Beside {
    /// In this program.
    BuiltIn,
    /// In this folder.
    Folder(PathBuf),
}

impl Beside {
    /// The way to a file that stands beside the profile.
    fn path(&self, name: &str) -> String {
        match self {
            Self::BuiltIn => format!("{BUILT_IN_FOLDER}{name}"),
            Self::Folder(folder) => folder.join(name).display().to_string(),
        }
    }

    /// Its text, where this program carries it.
    fn carried(&self, path: &str) -> Option<&'static str> {
        match self {
            Self::BuiltIn => path.strip_prefix(BUILT_IN_FOLDER).and_then(builtin::beside),
            Self::Folder(_) => None,
        }
    }
}

impl Profile {
    /// The built-in profile of that name, or the one in that file. `variable` looks an environment
    /// variable up.
    fn load(
        name: &str,
        variable: &dyn Fn(&str) -> Option<String>,
        problems: &mut Problems,
    ) -> Option<Self> {
        if let Some(known) = built_in(name) {
            let text = known.text.to_owned();
            return read::read(known.file, text, Beside::BuiltIn, variable, problems);
        }
        match read_text(Path::new(name)) {
            Ok(text) => {
                let folder = Path::new(name).parent().unwrap_or_else(|| Path::new(""));
                read::read(name, text, Beside::Folder(folder.to_owned()), variable, problems)
            }
            Err(error) => {
                let names: Vec<_> = BUILT_IN.iter().map(|known| known.name).collect();
                let hint = crate::kafka::config::nearest_of(name, names.iter().copied());
                let hint = hint.map(|hint| format!("; the nearest is {hint}")).unwrap_or_default();
                let expected = format!(
                    "can't read it: {error}; expected a file or one of {}{hint}",
                    names.join(", ")
                );
                problems.flag("profile", name, expected);
                None
            }
        }
    }
}

/// The folder of the built-in profiles, for messages.
const BUILT_IN_FOLDER: &str = "profiles/";
