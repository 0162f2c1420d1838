//! Every key with its typed value and source, as the rules between keys see them.
//!
//! Cost class: once per run. A key whose text was wrong has no value; rules that need it are left
//! out, so that one mistake gives one message.

use std::collections::BTreeMap;

use super::keys::{self, Effect, KEYS, Key, Kind, Preset};
use super::nearest::nearest;
use super::problem::{HIDDEN, masked};
use super::source::Given;
use super::values::{self, Value};
use super::{Note, NoteKind, Overridden, Problem, Raw, RefusedBy, Source};

/// The values, and what is to be said about them so far.
pub(super) struct Settings {
    rows: BTreeMap<&'static str, Row>,
    pub(super) problems: Vec<Problem>,
    pub(super) notes: Vec<Note>,
}

struct Row {
    /// `None`: wrong, and reported.
    value: Option<Value>,
    /// The value as text; passwords hidden.
    shown: String,
    source: Source,
}

impl Settings {
    /// Parses everything that was given and fills in the defaults.
    pub(super) fn new(raw: &Raw) -> Self {
        let rows = KEYS.iter().map(|key| (key.name, preset(key))).collect();
        let mut settings = Self { rows, problems: Vec::new(), notes: Vec::new() };
        for (name, given) in &raw.given {
            match keys::find(name) {
                Some(key) => settings.take(key, given),
                None => settings.unknown(name, given),
            }
        }
        raw.overridden.iter().for_each(|it| settings.say_if_overridden(it));
        settings
    }

    /// One who writes `-X` and a flag by hand and gets one of them is told. Layers are there to be
    /// overridden.
    fn say_if_overridden(&mut self, it: &Overridden) {
        if it.source != Source::CommandProperty {
            return;
        }
        let by = match &it.by {
            Source::CommandProperty => "a later -X".to_owned(),
            by => by.to_string(),
        };
        let text = format!("-X {}={} is overridden by {by}", it.key, it.value);
        self.note(NoteKind::Overridden, &it.key, text);
    }

    fn take(&mut self, key: &'static Key, given: &Given) {
        let Given { value: text, source } = given;
        let value = match values::parse(key, text, source) {
            Ok(value) => Some(value),
            Err(fault) => {
                let problem = Problem::new(key.name, text, source, fault.expected);
                self.problems.push(problem.advise(fault.advice));
                None
            }
        };
        let shown = value.as_ref().map_or_else(|| text.clone(), |value| show(key, value));
        if source.is_given() && value.is_some() {
            self.say_if_without_effect(key, source);
        }
        self.rows.insert(key.name, Row { value, shown, source: source.clone() });
    }

    fn say_if_without_effect(&mut self, key: &Key, source: &Source) {
        let name = key.name;
        let text = match key.effect {
            Effect::None(why) => format!("{name} ({source}) has no effect here: {why}"),
            // What the protocol decides is a rule between keys.
            Effect::Works | Effect::Security | Effect::NotBuilt(_) => return,
        };
        self.note(NoteKind::NoEffect, name, text);
    }

    fn unknown(&mut self, name: &str, given: &Given) {
        let hint = nearest(name);
        if given.source.is_strict() {
            let text = format!(
                "{name} ({}) is no Kafka producer setting: Java's producer ignores it, with a line \
                 in its log",
                given.source
            );
            self.note(NoteKind::UnknownKey, name, text);
            let expected = "the name of a Kafka producer setting".to_owned();
            let advice = hint.map_or_else(
                || "Kafka's documentation lists them under Producer Configs".to_owned(),
                |hint| format!("the nearest is {hint}"),
            );
            let problem = Problem::new(name, &given.value, &given.source, expected);
            self.problems.push(problem.advise(advice).by(RefusedBy::Hand));
        } else {
            let hint = hint.map(|hint| format!("; the nearest is {hint}")).unwrap_or_default();
            let text = format!(
                "{name} ({}) is no Kafka producer setting and is ignored{hint}",
                given.source
            );
            self.note(NoteKind::UnknownKey, name, text);
        }
    }

    pub(super) fn note(&mut self, kind: NoteKind, key: &str, text: String) {
        self.notes.push(Note { kind, key: key.to_owned(), text });
    }

    /// Reports the value that `name` has, which Java refuses.
    pub(super) fn refuse(
        &mut self,
        name: &str,
        expected: String,
        advice: impl Into<Option<String>>,
    ) {
        self.refuse_by(RefusedBy::Java, name, expected, advice);
    }

    /// Reports the value that `name` has.
    pub(super) fn refuse_by(
        &mut self,
        by: RefusedBy,
        name: &str,
        expected: String,
        advice: impl Into<Option<String>>,
    ) {
        let row = self.row(name);
        let problem = Problem::new(name, &row.shown, &row.source, expected).advise(advice);
        self.problems.push(problem.by(by));
    }

    /// Replaces a value because of the value of `because`; not given any more.
    pub(super) fn derive(&mut self, name: &'static str, value: Value, because: &'static str) {
        let key = keys::find(name).expect("rules name keys of the table");
        let shown = show(key, &value);
        let source = Source::Derived(because);
        self.rows.insert(name, Row { value: Some(value), shown, source });
    }

    /// Whether somebody gave `name`.
    pub(super) fn is_given(&self, name: &str) -> bool {
        self.row(name).source.is_given()
    }

    /// `acks = "1" (-X)`, for use in a message about another key.
    pub(super) fn cite(&self, name: &str) -> String {
        let row = self.row(name);
        format!("{name} = {:?} ({})", row.shown, row.source)
    }

    /// The number of an integer key; `None` if it was wrong or has no value.
    pub(super) fn int(&self, name: &str) -> Option<i64> {
        match self.row(name).value {
            Some(Value::Int(number)) => Some(number),
            _ => None,
        }
    }

    /// The value of a boolean key; `None` if it was wrong.
    pub(super) fn bool(&self, name: &str) -> Option<bool> {
        match self.row(name).value {
            Some(Value::Bool(value)) => Some(value),
            _ => None,
        }
    }

    /// The text of a string, class or password key; `None` if it was wrong or has no value.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match &self.row(name).value {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The elements of a list key; `None` if it was wrong.
    pub(super) fn list(&self, name: &str) -> Option<&[String]> {
        match &self.row(name).value {
            Some(Value::List(elements)) => Some(elements),
            _ => None,
        }
    }

    /// Whether `name` has a value that is neither wrong nor its default.
    pub(super) fn differs_from_default(&self, key: &'static Key) -> bool {
        let (now, default) = (self.row(key.name), preset(key));
        match (&now.value, &default.value) {
            // The case of a word doesn't matter where it isn't checked.
            (Some(Value::Text(now)), Some(Value::Text(default))) => {
                !now.eq_ignore_ascii_case(default)
            }
            (Some(now), Some(default)) => now != default,
            _ => false,
        }
    }

    /// Name, value as text and source of every key, by name.
    pub(super) fn into_rows(self) -> impl Iterator<Item = (&'static str, String, Source)> {
        self.rows.into_iter().map(|(name, row)| (name, row.shown, row.source))
    }

    /// Source of `name`.
    pub(super) fn source(&self, name: &str) -> &Source {
        &self.row(name).source
    }

    fn row(&self, name: &str) -> &Row {
        self.rows.get(name).expect("rules name keys of the table")
    }
}

/// The row of a key that nobody gave.
fn preset(key: &'static Key) -> Row {
    let value = match key.default {
        Preset::Null => Value::Null,
        Preset::Required if key.kind == Kind::List => Value::List(Vec::new()),
        Preset::Required => Value::Text(BYTES.to_owned()),
        Preset::Text(text) => values::parse(key, text, &Source::Default)
            .expect("every default of the table is valid, as a test checks"),
    };
    Row { shown: show(key, &value), value: Some(value), source: Source::Default }
}

/// A value as Java would read it back.
fn show(key: &Key, value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Text(_) if key.kind == Kind::Password => HIDDEN.to_owned(),
        Value::Text(text) => masked(key.name, text).to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Double(number) => number.to_string(),
        Value::List(elements) => elements.join(","),
    }
}

/// What keys and values are here, whatever serializer a file names.
pub(super) const BYTES: &str = "org.apache.kafka.common.serialization.ByteArraySerializer";
