//! YAML files in which every mistake is found at once, each with its line and column. Cost class:
//! once a file.
//!
//! The parser keeps no positions, but names the place where a reader gave up. So a file is read as
//! a whole first; the place of a value that turns out to be wrong is found by reading the file
//! again with a reader that gives up there. Files that people write are short; what is long, deep
//! or wrong in a thousand places is bounded in time and memory all the same.

mod seek;

use core::cell::Cell;
use core::fmt;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use serde::de::DeserializeSeed as _;
use serde_yaml::Value;

use self::seek::Seek;
use super::problems::Problems;
use super::variables::{Expanded, LONGEST, expand};
use crate::kafka::config::nearest_of;

/// A file that is YAML.
#[derive(Clone, Debug)]
pub(super) struct Document {
    /// As the user named it.
    name: String,
    text: String,
    root: Value,
    /// Values that name variables which stand for nothing, and what was expected there.
    unset: BTreeMap<Vec<Step>, String>,
    /// Values that variables left without a letter.
    empty: BTreeSet<Vec<Step>>,
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

#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Step {
    /// The value of a field.
    Field(String),
    /// The name of a field.
    Name(String),
    Item(usize),
}

/// Where a value stands.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Place {
    /// As the user named it.
    pub file: String,
    /// From 1; 0: nobody knows.
    pub line: u32,
    /// From 1; 0: nobody knows.
    pub column: u32,
}

impl fmt::Display for Place {
    /// `file:line:column`, as far as it is known.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.file),
            line => write!(f, "{}:{line}:{}", self.file, self.column),
        }
    }
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
            Ok(root) => Some(Self {
                name: name.to_owned(),
                text,
                root,
                unset: BTreeMap::new(),
                empty: BTreeSet::new(),
                searches: Cell::new(0),
            }),
            Err(error) => {
                problems.add(no_yaml(name, &text, &error));
                None
            }
        }
    }

    /// Puts the values of environment variables into its texts; names of fields stay as they are.
    /// A value that names a variable which isn't there is nobody's text any more: see
    /// [`Node::unset`]. `variable` looks an environment variable up.
    pub(super) fn expand(&mut self, variable: &dyn Fn(&str) -> Option<String>) {
        let mut expansion = Expansion { document: self, path: Vec::new(), variable, room: LONGEST };
        let mut root = core::mem::take(&mut expansion.document.root);
        expansion.of(&mut root);
        self.root = root;
    }

    /// Its outermost value.
    pub(super) const fn root(&self) -> Node<'_> {
        Node { document: self, value: &self.root, path: Vec::new() }
    }

    /// What stands at the end of `path`; the file alone once places have been looked for so often
    /// that it would take too long.
    fn place(&self, path: &[Step]) -> Place {
        let searches = self.searches.get() + 1;
        self.searches.set(searches);
        let nowhere = Place { file: self.name.clone(), line: 0, column: 0 };
        if searches > MIN_SEARCHES && searches.saturating_mul(self.text.len()) > SEARCHED_BYTES {
            return nowhere;
        }
        let found = Seek(path).deserialize(serde_yaml::Deserializer::from_str(&self.text));
        let Some(at) = found.err().and_then(|error| error.location()) else { return nowhere };
        let number = |number| u32::try_from(number).unwrap_or(0);
        Place { line: number(at.line()), column: number(at.column()), ..nowhere }
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
            let text = name_of(name);
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

    /// The value of a field; a problem where it isn't there, which shows an `example` that has it.
    pub(super) fn needed(
        &self,
        name: &str,
        example: impl fmt::Display,
        problems: &mut Problems,
    ) -> Option<Self> {
        let found = self.field(name);
        if found.is_none() && self.value.is_mapping() {
            let place = self.document.place(&self.path);
            problems.add(format!("{place}: {name} is missing: expected it as in {example}"));
        }
        found
    }

    /// The names and values of all fields, in the file's order.
    pub(super) fn fields(&self) -> Vec<(String, Self)> {
        let fields = self.value.as_mapping().into_iter().flat_map(|fields| fields.iter());
        let node = |(name, value): (&Value, &'a Value)| {
            let name = name_of(name);
            (name.clone(), Self { value, ..self.step(Step::Field(name)) })
        };
        fields.map(node).collect()
    }

    /// Whether it has fields.
    pub(super) const fn is_mapping(&self) -> bool {
        matches!(self.value, Value::Mapping(_))
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
        self.place().line.max(1)
    }

    /// Where it stands.
    pub(super) fn place(&self) -> Place {
        self.document.place(&self.path)
    }

    /// Whether it is a list without items.
    pub(super) fn is_empty_list(&self) -> bool {
        matches!(self.value, Value::Sequence(items) if items.is_empty())
    }

    /// Where the name of the field stands that it is.
    pub(super) fn name_place(&self) -> Place {
        let mut path = self.path.clone();
        if let Some(Step::Field(name)) = path.pop() {
            path.push(Step::Name(name));
        }
        self.document.place(&path)
    }

    /// The name of the field that it is, or is in.
    pub(super) fn name(&self) -> &str {
        let names = self.path.iter().rev().find_map(|step| match step {
            Step::Field(name) | Step::Name(name) => Some(name.as_str()),
            Step::Item(_) => None,
        });
        names.unwrap_or_default()
    }

    /// What was expected in the place of a variable that stands for nothing.
    pub(super) fn unset(&self) -> Option<&str> {
        self.document.unset.get(&self.path).map(String::as_str)
    }

    /// Whether it is a text that variables left without a letter.
    pub(super) fn is_emptied(&self) -> bool {
        self.document.empty.contains(&self.path)
    }

    /// Says that it isn't what was `expected`, or that its variable isn't there.
    pub(super) fn problem(&self, expected: impl fmt::Display, problems: &mut Problems) {
        problems.add(match self.unset() {
            Some(expected) => self.wrong(expected),
            None => self.wrong(expected),
        });
    }

    /// Says that the name of the field that it is isn't what was `expected`.
    pub(super) fn name_problem(&self, expected: impl fmt::Display, problems: &mut Problems) {
        let (name, place) = (self.name(), self.name_place());
        problems.add(format!("{name:?} ({place}): expected {expected}"));
    }

    /// The sentence that says so.
    pub(super) fn wrong(&self, expected: impl fmt::Display) -> String {
        let value = shown(self.value);
        let place = self.place();
        match self.name() {
            "" => format!("{value} ({place}): expected {expected}"),
            name => format!("{name} = {value} ({place}): expected {expected}"),
        }
    }

    fn step(&self, step: Step) -> Self {
        let mut path = self.path.clone();
        path.push(step);
        Self { path, ..self.clone() }
    }
}

/// Variables on their way into a document.
struct Expansion<'a> {
    document: &'a mut Document,
    path: Vec<Step>,
    variable: &'a dyn Fn(&str) -> Option<String>,
    /// Bytes that they may still bring.
    room: usize,
}

impl Expansion<'_> {
    fn of(&mut self, value: &mut Value) {
        match value {
            Value::String(text) => self.text(text),
            Value::Sequence(items) => {
                for (at, item) in items.iter_mut().enumerate() {
                    self.below(Step::Item(at), item);
                }
            }
            Value::Mapping(fields) => {
                for (name, field) in fields.iter_mut() {
                    self.below(Step::Field(name_of(name)), field);
                }
            }
            _ => {}
        }
    }

    fn below(&mut self, step: Step, value: &mut Value) {
        self.path.push(step);
        self.of(value);
        self.path.pop();
    }

    fn text(&mut self, text: &mut String) {
        match expand(text, self.variable) {
            Expanded::Plain => {}
            Expanded::Text(with) if with.len() <= self.room => {
                self.room -= with.len();
                if with.is_empty() {
                    self.document.empty.insert(self.path.clone());
                }
                *text = with;
            }
            Expanded::Text(_) => {
                let expected = format!("variables of less than {LONGEST} bytes, all together");
                self.document.unset.insert(self.path.clone(), expected);
            }
            Expanded::Wrong(expected) => {
                self.document.unset.insert(self.path.clone(), expected);
            }
        }
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

/// The name of a field, which need not be a text.
fn name_of(name: &Value) -> String {
    name.as_str().map_or_else(|| shown(name), str::to_owned)
}

/// What the parser says of a text that is no YAML. A bare `${NAME}` among braces is a likely reason
/// that it doesn't see.
fn no_yaml(name: &str, text: &str, error: &serde_yaml::Error) -> String {
    let place = match error.location() {
        Some(at) => format!("{name}:{}:{}", at.line(), at.column()),
        None => name.to_owned(),
    };
    let said = error.to_string();
    if let Some((_, twice)) = said.split_once("duplicate entry with key ") {
        let twice = twice.split(" at line").next().unwrap_or(twice);
        // The parser places it where its fields begin.
        let second = seek::second(text).map(|(line, column)| format!("{name}:{line}:{column}"));
        let place = second.unwrap_or(place);
        return format!("{place}: expected each name once; {twice} stands twice in these fields");
    }
    let line = error.location().and_then(|at| text.lines().nth(at.line().saturating_sub(1)));
    let quotes = match line.is_some_and(|line| line.contains("${")) {
        true => "; write \"${NAME}\" in quotes",
        false => "",
    };
    format!("{place}: this is no YAML: {said}{quotes}")
}

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
        .map(|node| node.place().to_string())
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
        items[1].needed("been", "{been: 4}", &mut problems);
        assert_eq!(
            problems.lines(),
            [
                "\"bee\" (f.yaml:6:5): expected one of a, been; the nearest is been",
                "a = 3 (f.yaml:5:8): expected fields: c, d",
                "f.yaml:5:5: been is missing: expected it as in {been: 4}",
            ]
        );
    }

    #[test]
    fn what_is_no_yaml_is_said_with_the_parser_s_place() {
        let mut problems = Problems::default();
        assert!(Document::parse("f.yaml", "a: [1".to_owned(), &mut problems).is_none());
        let said = &problems.lines()[0];
        assert!(said.starts_with("f.yaml:2:1: "), "{said}");
        assert!(said.contains(": this is no YAML: "), "{said}");
        let bare = "a: 1\nb: {c: ${D}, d: 1}".to_owned();
        assert!(Document::parse("f.yaml", bare, &mut problems).is_none());
        assert!(problems.lines()[1].ends_with("; write \"${NAME}\" in quotes"), "{problems}");
    }

    #[test]
    fn a_name_that_stands_twice_is_placed_where_it_stands_again() {
        for (text, place) in [
            ("a: 1\nb: {a: 2, b: 3}\n# c\na: 4\n", "f.yaml:4:1"),
            ("a:\n- {x: 1}\n- {x: 1, y: ~, z: [1, !t 2], x: 3}\na: 1\n", "f.yaml:3:30"),
            ("a: &a {b: 1}\nc: *a\nd: {5: 1, '5': 2, 5: 3}\n", "f.yaml:3:19"),
            ("!x {a: 1, b: 2.5, true: 1, a: 3}", "f.yaml:1:28"),
        ] {
            let mut problems = Problems::default();
            assert!(Document::parse("f.yaml", text.to_owned(), &mut problems).is_none(), "{text}");
            let said = &problems.lines()[0];
            let expected = format!("{place}: expected each name once; ");
            assert!(said.starts_with(&expected), "{place}: {said}");
        }
    }

    #[test]
    fn variables_are_put_into_texts_and_those_that_are_missing_have_a_place() {
        let mut document = document("a: ${ONE}\nb: [x, \"${TWO}\"]\n${ONE}: ${NONE}\n");
        document.expand(&|name| match name {
            "ONE" => Some("1".to_owned()),
            "NONE" => Some(String::new()),
            _ => None,
        });
        let root = document.root();
        assert_eq!(root.field("a").unwrap().scalar().as_deref(), Some("1"));
        assert!(root.field("${ONE}").unwrap().is_emptied());
        let mut problems = Problems::default();
        let items = root.field("b").unwrap().items("a list", &mut problems);
        assert_eq!((items[0].unset(), items[0].is_emptied()), (None, false));
        items[1].problem("whatever", &mut problems);
        assert_eq!(
            problems.lines(),
            ["b = \"${TWO}\" (f.yaml:2:8): expected the environment variable TWO to be set; set \
              it, or write ${TWO:-default}"]
        );
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
