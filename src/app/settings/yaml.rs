//! YAML files in which every mistake is found at once, each with its line and column. Cost class:
//! once a file.
//!
//! The parser keeps no positions, but names the place where a reader gave up. So a file is read as
//! a whole first; the place of a value that turns out to be wrong is found by reading the file
//! again with a reader that gives up there. Files that people write are short; what is long, deep
//! or wrong in a thousand places is bounded in time and memory all the same.

use core::cell::Cell;
use core::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_yaml::Value;

use super::problems::Problems;
use crate::kafka::config::nearest_of;

/// A file that is YAML.
#[derive(Clone, Debug)]
pub(super) struct Document {
    /// As the user named it.
    name: String,
    text: String,
    root: Value,
    /// How many places were looked for.
    searches: Cell<usize>,
}

/// A value of a document and the way to it.
#[derive(Clone, Debug)]
pub(super) struct Node<'a> {
    document: &'a Document,
    value: &'a Value,
    path: Vec<Step>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Step {
    /// The value of a field.
    Field(String),
    /// The name of a field.
    Name(String),
    Item(usize),
}

impl Document {
    /// Reads a text; what isn't YAML at all is a problem.
    pub(super) fn parse(name: &str, text: String, problems: &mut Problems) -> Option<Self> {
        // The parser takes time by the square of the depth before it counts it.
        if is_deep(&text) {
            problems.add(format!(
                "{name}: more than {MAX_DEPTH} brackets are open at once; expected brackets that \
                 are closed"
            ));
            return None;
        }
        match serde_yaml::from_str(&text) {
            Ok(root) => Some(Self { name: name.to_owned(), text, root, searches: Cell::new(0) }),
            Err(error) => {
                problems.add(format!("{name}: this is no YAML: {error}"));
                None
            }
        }
    }

    /// Its outermost value.
    pub(super) const fn root(&self) -> Node<'_> {
        Node { document: self, value: &self.root, path: Vec::new() }
    }

    /// `file:line:column` of what stands at the end of `path`, both from 1; of the file alone once
    /// places have been looked for so often that it would take too long.
    fn place(&self, path: &[Step]) -> String {
        let searches = self.searches.get() + 1;
        self.searches.set(searches);
        if searches > MIN_SEARCHES && searches.saturating_mul(self.text.len()) > SEARCHED_BYTES {
            return self.name.clone();
        }
        let found = Seek(path).deserialize(serde_yaml::Deserializer::from_str(&self.text));
        match found.err().and_then(|error| error.location()) {
            Some(at) => format!("{}:{}:{}", self.name, at.line(), at.column()),
            None => self.name.clone(),
        }
    }
}

impl<'a> Node<'a> {
    /// Its fields; a problem where it is no mapping, and for each field that isn't `known`.
    pub(super) fn check_fields(&self, known: &[&str], problems: &mut Problems) -> bool {
        let Value::Mapping(fields) = self.value else {
            self.problem(format_args!("fields: {}", known.join(", ")), problems);
            return false;
        };
        for name in fields.keys() {
            let text = name.as_str().map_or_else(|| shown(name), str::to_owned);
            if known.contains(&text.as_str()) {
                continue;
            }
            let hint = nearest_of(&text, known.iter().copied());
            let hint = hint.map(|hint| format!("; the nearest is {hint}")).unwrap_or_default();
            let place = self.document.place(&self.step(Step::Name(text.clone())).path);
            problems.add(format!("{text:?} ({place}): expected one of {}{hint}", known.join(", ")));
        }
        true
    }

    /// The value of a field, if it is there.
    pub(super) fn field(&self, name: &str) -> Option<Self> {
        let value = self.value.as_mapping()?.get(name)?;
        Some(Self { value, ..self.step(Step::Field(name.to_owned())) })
    }

    /// The value of a field; a problem where it isn't there.
    pub(super) fn needed(&self, name: &str, problems: &mut Problems) -> Option<Self> {
        let found = self.field(name);
        if found.is_none() && self.value.is_mapping() {
            let place = self.document.place(&self.path);
            problems.add(format!("{place}: {name} is missing"));
        }
        found
    }

    /// The names and values of all fields, in the file's order; names that are no texts are left
    /// out, [`Node::check_fields`] reports them.
    pub(super) fn fields(&self) -> Vec<(&'a str, Self)> {
        let fields = self.value.as_mapping().into_iter().flat_map(|fields| fields.iter());
        let named = fields.filter_map(|(name, value)| Some((name.as_str()?, value)));
        let node = |(name, value): (&'a str, &'a Value)| {
            (name, Self { value, ..self.step(Step::Field(name.to_owned())) })
        };
        named.map(node).collect()
    }

    /// Its items; a problem where it is no list.
    pub(super) fn items(&self, expected: &str, problems: &mut Problems) -> Vec<Self> {
        let Value::Sequence(items) = self.value else {
            self.problem(expected, problems);
            return Vec::new();
        };
        let items = items.iter().enumerate();
        items.map(|(at, value)| Self { value, ..self.step(Step::Item(at)) }).collect()
    }

    /// Its text, if it is one; `42` and `true` are none.
    pub(super) const fn text(&self) -> Option<&'a str> {
        match self.value {
            Value::String(text) => Some(text.as_str()),
            _ => None,
        }
    }

    /// Its text, or the number or truth value that it is, as written without quotes.
    pub(super) fn scalar(&self) -> Option<String> {
        match self.value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(value) => Some(value.to_string()),
            _ => None,
        }
    }

    /// Whether nothing stands there, or `null`.
    pub(super) const fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// Its number, if it is one of 0 or more.
    pub(super) fn number(&self) -> Option<u64> {
        self.value.as_u64()
    }

    /// The line it stands in, from 1.
    pub(super) fn line(&self) -> u32 {
        let place = self.place();
        let mut parts = place.rsplit(':');
        parts.nth(1).and_then(|line| line.parse().ok()).unwrap_or(1)
    }

    /// `file:line:column`.
    pub(super) fn place(&self) -> String {
        self.document.place(&self.path)
    }

    /// Says that it isn't what was `expected`.
    pub(super) fn problem(&self, expected: impl fmt::Display, problems: &mut Problems) {
        let name = self.path.iter().rev().find_map(|step| match step {
            Step::Field(name) | Step::Name(name) => Some(name.as_str()),
            Step::Item(_) => None,
        });
        let value = shown(self.value);
        let place = self.place();
        problems.add(match name {
            Some(name) => format!("{name} = {value} ({place}): expected {expected}"),
            None => format!("{value} ({place}): expected {expected}"),
        });
    }

    fn step(&self, step: Step) -> Self {
        let mut path = self.path.clone();
        path.push(step);
        Self { path, ..self.clone() }
    }
}

/// The text of a file; one that is larger than anybody writes by hand, or without end, is refused.
pub(super) fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(MAX_FILE + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_FILE {
        return Err(io::Error::other(format!("it has more than {MAX_FILE} bytes")));
    }
    Ok(text)
}

/// Whether more brackets are open at once than the parser would take. Those in quotes count too.
fn is_deep(text: &str) -> bool {
    let mut depth = 0_usize;
    text.bytes().any(|byte| {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > MAX_DEPTH
    })
}

/// Brackets open at once; the parser takes 128 levels, and quoted texts may hold single ones.
const MAX_DEPTH: usize = 1_000;
/// Bytes of a file; tens of thousands of key rules.
const MAX_FILE: u64 = 4 << 20;
/// Places that are always looked for: more than a producer has settings.
const MIN_SEARCHES: usize = 100;
/// Beyond those, bytes of a file that may be read again for places, all in all: about a second.
const SEARCHED_BYTES: usize = 16 << 20;

/// A value for a message: a text in quotes, a number bare, a name for the rest.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("{text:?}"),
        Value::Sequence(_) => "a list".to_owned(),
        Value::Mapping(_) => "fields".to_owned(),
        Value::Tagged(tagged) => tagged.tag.to_string(),
    }
}

/// A reader that gives up at the end of its path, so that the parser names the place.
struct Seek<'p>(&'p [Step]);

impl<'de> DeserializeSeed<'de> for Seek<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<(), D::Error> {
        source.deserialize_any(self)
    }
}

/// Each kind of value ends the search when the path ends there.
macro_rules! found {
    ($($visit:ident($value:ty)),*) => {
        $(fn $visit<E: Error>(self, _: $value) -> Result<(), E> {
            Err(E::custom("here"))
        })*
    };
}

impl<'de> Visitor<'de> for Seek<'_> {
    type Value = ();

    found!(visit_bool(bool), visit_i64(i64), visit_u64(u64), visit_f64(f64), visit_str(&str));

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("here")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Some((Step::Item(wanted), rest)) = self.0.split_first() else {
            return Err(A::Error::custom("here"));
        };
        for _ in 0..*wanted {
            items.next_element::<IgnoredAny>()?;
        }
        items.next_element_seed(Seek(rest))?;
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let Some((step, rest)) = self.0.split_first() else {
            return Err(A::Error::custom("here"));
        };
        while let Some(is_it) = fields.next_key_seed(SeekName(step))? {
            if is_it {
                return fields.next_value_seed(Seek(rest));
            }
            fields.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

/// Compares a field's name with the one that is looked for, and gives up at it when the name itself
/// is wanted.
struct SeekName<'p>(&'p Step);

impl<'de> DeserializeSeed<'de> for SeekName<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<bool, D::Error> {
        source.deserialize_any(self)
    }
}

impl SeekName<'_> {
    fn compare<E: Error>(&self, found: &str) -> Result<bool, E> {
        match self.0 {
            Step::Name(name) if name == found => Err(E::custom("here")),
            Step::Field(name) => Ok(name == found),
            Step::Name(_) | Step::Item(_) => Ok(false),
        }
    }
}

impl Visitor<'_> for SeekName<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<bool, E> {
        self.compare(name)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<bool, E> {
        self.compare(&number.to_string())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<bool, E> {
        self.compare(&number.to_string())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<bool, E> {
        self.compare(&number.to_string())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<bool, E> {
        self.compare(&value.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# a comment
name: one
list:
  - {a: 1, b: two}
  - a: 3
    bee: 4
deep: {er: {still: [x, y]}}
";

    fn document(text: &str) -> Document {
        let mut problems = Problems::default();
        let document = Document::parse("f.yaml", text.to_owned(), &mut problems);
        document.unwrap_or_else(|| panic!("{problems}"))
    }

    #[test]
    fn every_value_has_its_place() {
        let document = document(TEXT);
        let root = document.root();
        let mut problems = Problems::default();
        let items = root.field("list").unwrap().items("a list", &mut problems);
        let deep = root.field("deep").and_then(|deep| deep.field("er")).unwrap();
        let still = deep.field("still").unwrap().items("a list", &mut problems);
        let places: Vec<_> = [
            root.field("name").unwrap(),
            items[0].field("b").unwrap(),
            items[1].clone(),
            items[1].field("a").unwrap(),
            still[1].clone(),
        ]
        .iter()
        .map(Node::place)
        .collect();
        assert_eq!(
            places,
            ["f.yaml:2:7", "f.yaml:4:15", "f.yaml:5:5", "f.yaml:5:8", "f.yaml:7:24"]
        );
        assert_eq!(items[1].field("a").unwrap().line(), 5);
        assert!(problems.is_empty());
    }

    #[test]
    fn unknown_fields_are_named_with_the_nearest() {
        let document = document(TEXT);
        let mut problems = Problems::default();
        let items = document.root().field("list").unwrap().items("a list", &mut problems);
        assert!(items[1].check_fields(&["a", "been"], &mut problems));
        assert!(!items[1].field("a").unwrap().check_fields(&["c", "d"], &mut problems));
        items[1].needed("been", &mut problems);
        assert_eq!(
            problems.lines(),
            [
                "\"bee\" (f.yaml:6:5): expected one of a, been; the nearest is been",
                "a = 3 (f.yaml:5:8): expected fields: c, d",
                "f.yaml:5:5: been is missing",
            ]
        );
    }

    #[test]
    fn what_is_no_yaml_is_said_with_the_parser_s_place() {
        let mut problems = Problems::default();
        assert!(Document::parse("f.yaml", "a: [1".to_owned(), &mut problems).is_none());
        let said = &problems.lines()[0];
        assert!(said.starts_with("f.yaml: this is no YAML: "), "{said}");
        assert!(said.contains("line 1"), "{said}");
    }

    #[test]
    fn thousands_of_mistakes_and_endless_files_take_no_time() {
        let items: String = (0..20_000).map(|item| format!("- [{item}, an item]\n")).collect();
        let document = document(&items);
        let mut problems = Problems::default();
        for item in document.root().items("a list", &mut problems) {
            item.problem("a text", &mut problems);
        }
        let lines = problems.lines();
        assert_eq!(lines[0], "a list (f.yaml:1:3): expected a text");
        assert_eq!(lines[99], "a list (f.yaml:100:3): expected a text");
        assert_eq!(lines[100..], ["a list (f.yaml): expected a text"]);
        #[cfg(unix)]
        assert!(read_text(Path::new("/dev/zero")).is_err());
    }

    #[test]
    fn depth_and_aliases_of_aliases_are_refused() {
        let aliases = (b'b'..b'k').map(|name| {
            let (name, before) = (char::from(name), char::from(name - 1));
            format!("{name}: &{name} [{}*{before}]\n", format!("*{before}, ").repeat(8))
        });
        let bomb = format!("a: &a [x]\n{}", aliases.collect::<String>());
        for (text, why) in [
            ("[".repeat(200_000), "more than 1000 brackets"),
            ("{a: ".repeat(200_000), "more than 1000 brackets"),
            ("[".repeat(900), "recursion limit"),
            ("- ".repeat(20_000), "recursion limit"),
            (bomb, "repetition limit"),
        ] {
            let mut problems = Problems::default();
            assert!(Document::parse("f.yaml", text, &mut problems).is_none());
            assert!(problems.lines()[0].contains(why), "no {why} in {problems}");
        }
    }

    #[test]
    fn texts_numbers_and_nothing_are_told_apart() {
        let document = document("{a: 7, b: '007', c: ~, d: true}");
        let field = |name| document.root().field(name).unwrap();
        assert_eq!((field("a").text(), field("b").text()), (None, Some("007")));
        assert!(field("c").is_null());
        assert_eq!(field("d").scalar().as_deref(), Some("true"));
        assert_eq!(field("a").number(), Some(7));
    }
}
