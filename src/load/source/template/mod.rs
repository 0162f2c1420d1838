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

use op::{Op, Pick};

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
}

/// A field with a name.
#[derive(Clone, Debug)]
struct FieldName {
    name: Box<str>,
    /// It stands in a repeat, so that a record has none or many of it.
    repeated: bool,
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

    /// The mean length in bytes of the records of a seed, or of one of their fields: of the first
    /// thousand, or of as many as surely take no more than a moment where they may be large.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "at most 2^31 bytes, a thousand records")]
    pub fn mean_len(&self, seed: u64, field: Option<FieldId>) -> f64 {
        let mut rendering = self.rendering();
        let count = (SAMPLE_BYTES / u64::from(self.largest.max(1))).clamp(1, 1_000);
        let mut bytes = 0;
        for number in 0..count {
            self.render(seed, number, SAMPLE_TIME, &mut rendering);
            bytes += field.map_or_else(|| rendering.bytes(), |it| rendering.field(it)).len();
        }
        bytes as f64 / count as f64
    }
}

impl PartialEq for Template {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Template {}

/// What a sample writes at most, unless a single record is larger.
const SAMPLE_BYTES: u64 = 64 << 20;
/// Some time of this century, 2026-01-01: its forms are as long as those of any other.
const SAMPLE_TIME: i64 = 1_767_225_600_000_000_000;
