//! Templates: JSON, or any text, with fields that differ from record to record.
//!
//! ```text
//! {"id":"{{uuid}}","ts":{{timestamp_ms}},"n":{{int 1..100}},"user":"{{user:zipf 1000000 0.99}}"}
//! ```
//!
//! What stands between `{{` and `}}` names a function and what it needs; all else is written as it
//! stands. `docs/templates.md` is the language for its users, `functions.rs` the table behind it.
//!
//! A text is parsed once into a flat program (`op.rs`), and all that is wrong with it is said at
//! once. Cost class of rendering: per record. It runs over that program without allocation, text
//! formatting or indirect calls, into a [`Rendering`] that is kept. Invariants: a rendered record
//! depends on seed, number and payload clock alone; it is never longer than [`Template::largest`].
//! Nothing here knows JSON: who wants to be sure renders some records and parses them.

mod error;
mod extent;
mod functions;
mod lex;
mod lists;
mod numbers;
mod op;
mod parse;
mod render;
#[cfg(test)]
mod tests;
mod write;

pub use error::TemplateError;
pub use functions::{FUNCTIONS, Function};
pub use render::Rendering;

use extent::Extent;
use op::{Op, Pick, Value};

/// A parsed template. Two are equal when their texts are.
#[derive(Clone, Debug)]
pub struct Template {
    text: Box<str>,
    ops: Box<[Op]>,
    /// All text that is written as it stands.
    pool: Box<[u8]>,
    picks: Box<[Pick]>,
    fields: Box<[FieldName]>,
    largest: u32,
    extent: Extent,
}

/// A field with a name.
#[derive(Clone, Debug)]
struct FieldName {
    name: Box<str>,
    /// It stands in a repeat, so that a record has none or many of it.
    repeated: bool,
    extent: Extent,
}

/// A field of one template, to be asked for in what it rendered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FieldId(u32);

/// Why a template has no such field.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum FieldError {
    /// None is called so.
    #[error("the template names no field {name:?}; {known}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is instead, or how a field gets a name.
        known: String,
    },
    /// A record may have none or many of it.
    #[error("the field {name:?} stands in a repeat, so a record has none or many of it")]
    Repeated {
        /// What was asked for.
        name: String,
    },
}

impl Template {
    /// The longest record, in bytes, that a template may make: what Kafka's lengths can say.
    pub const LONGEST_RECORD: u32 = i32::MAX as u32;

    /// The most steps that a record may take, what stands in a repeat counted in each of its turns:
    /// half a second, since turns may well write nothing.
    pub const MOST_STEPS: u64 = 100_000_000;

    /// Reads a template. A line break at its very end is left out, since editors put it there.
    ///
    /// # Errors
    /// All that is wrong with it, a hundred at most, in the order of the text.
    pub fn parse(text: &str) -> Result<Self, Vec<TemplateError>> {
        parse::parse(text)
    }

    /// What it was parsed from.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// An upper bound of a record's length in bytes, at most [`Template::LONGEST_RECORD`].
    #[must_use]
    pub const fn largest(&self) -> u32 {
        self.largest
    }

    /// The field of this name.
    ///
    /// # Errors
    /// When there is none, or it stands in a repeat.
    pub fn field(&self, name: &str) -> Result<FieldId, FieldError> {
        let Some(at) = self.fields.iter().position(|field| &*field.name == name) else {
            let names: Vec<&str> = self.fields.iter().map(|field| &*field.name).collect();
            let known = if names.is_empty() {
                "a field is named by a word in front of it, such as {{user:zipf 1000}}".to_owned()
            } else {
                format!("it names {}", names.join(", "))
            };
            return Err(FieldError::Unknown { name: name.to_owned(), known });
        };
        if self.fields[at].repeated {
            return Err(FieldError::Repeated { name: name.to_owned() });
        }
        Ok(FieldId(u32::try_from(at).expect("a template has fewer fields than bytes")))
    }

    /// The mean length of a record in bytes, or of one of its fields. Exact, but for numbers of
    /// normal, lognormal, exponential and zipfian distributions, which some thousand draws stand
    /// for, and sequences, which have the digits of a run of some million records.
    #[must_use]
    pub fn mean_len(&self, field: Option<FieldId>) -> f64 {
        self.extent_of(field).mean
    }

    /// An upper bound of the length of a field in bytes.
    #[must_use]
    pub fn largest_field(&self, field: FieldId) -> u32 {
        u32::try_from(self.extent_of(Some(field)).most).unwrap_or(u32::MAX)
    }

    /// The most steps that a record takes, at most [`Template::MOST_STEPS`].
    #[must_use]
    pub const fn most_steps(&self) -> u64 {
        self.extent.steps
    }

    /// Whether the payload clock stands in its records.
    #[must_use]
    pub fn tells_time(&self) -> bool {
        self.ops
            .iter()
            .any(|op| matches!(op, Op::Value(Value::Time(_)) | Op::Field(_, Value::Time(_))))
    }

    fn extent_of(&self, field: Option<FieldId>) -> Extent {
        field.map_or(self.extent, |field| self.fields[field.0 as usize].extent)
    }
}

impl PartialEq for Template {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Template {}
