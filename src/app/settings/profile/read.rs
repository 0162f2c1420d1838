//! A document into a [`Profile`]. Cost class: once a process.

use super::super::matrix;
use super::super::problems::Problems;
use super::super::yaml::{Document, Node};
use super::flags::{Flag, Flags, Shape};
use super::sections::{SECTIONS, Section, flag_of};
use super::{Beside, Profile, Said, Value, forms};
use crate::app::settings::layers::flag_of_key;
use crate::kafka::config::keys::{self, KEYS};
use crate::kafka::config::nearest_of;

/// Reads `text`, the contents of `file`.
pub(super) fn read(
    file: &str,
    text: String,
    beside: Beside,
    variable: &dyn Fn(&str) -> Option<String>,
    problems: &mut Problems,
) -> Option<Profile> {
    let mut document = Document::parse(file, text, problems)?;
    document.expand(variable);
    let root = document.root();
    let sections = SECTIONS.iter().map(|section| section.name);
    let known: Vec<&str> = HEAD.into_iter().chain(sections).chain(TAIL).collect();
    if !root.check_fields(&known, problems) {
        return None;
    }
    if let Some(version) = root.needed("version", "version: 1", problems)
        && version.scalar().as_deref() != Some("1")
    {
        version.problem("1", problems);
    }
    let name = root.needed("name", "name: orders", problems);
    let empty = Profile {
        name: name.map(|it| text_of(&it, "a name", problems)).unwrap_or_default(),
        servers: None,
        producer: Vec::new(),
        axes: Vec::new(),
        said: Vec::new(),
        key: None,
        streams: Vec::new(),
        beside,
    };
    let mut reader = Reader { flags: Flags::of_run(), profile: empty, problems };
    reader.all(&root);
    Some(reader.profile)
}

/// Fields before the sections and behind them.
const HEAD: [&str; 3] = ["version", "name", "producer"];
const TAIL: [&str; 5] = ["streams", "matrix", "repeat", "cooldown", "labels"];

fn text_of(node: &Node<'_>, expected: &str, problems: &mut Problems) -> String {
    let text = node.text().filter(|_| node.unset().is_none()).map(str::to_owned);
    text.unwrap_or_else(|| {
        node.problem(expected, problems);
        String::new()
    })
}

/// Fills a profile.
pub(super) struct Reader<'p> {
    /// What it may say.
    pub flags: Flags,
    /// As far as it is read.
    pub profile: Profile,
    /// What is wrong with it.
    pub problems: &'p mut Problems,
}

impl Reader<'_> {
    fn all(&mut self, root: &Node<'_>) {
        if let Some(producer) = root.field("producer") {
            self.producer(&producer);
        }
        for section in &SECTIONS {
            if let Some(node) = root.field(section.name) {
                self.section(&node, section);
            }
        }
        if let Some(streams) = root.field("streams") {
            self.streams(&streams);
        }
        for name in ["repeat", "cooldown"] {
            if let Some(node) = root.field(name) {
                self.flag(name, name, &node);
            }
        }
        if let Some(labels) = root.field("labels") {
            self.pairs("label", &labels, "labels, such as {commit: 1a2b3c}");
        }
        if let Some(matrix) = root.field("matrix") {
            self.matrix(&matrix);
        }
    }

    /// Kafka keys with their values as Java reads them.
    fn producer(&mut self, producer: &Node<'_>) {
        let fields = producer.fields();
        if fields.len() > MAX_KEYS {
            producer.problem(format_args!("at most {MAX_KEYS} Kafka keys"), self.problems);
            return;
        }
        if fields.is_empty() {
            let expected = "Kafka keys, such as {acks: all, linger.ms: 5}";
            producer.problem(expected, self.problems);
        }
        for (name, node) in fields {
            if let Some(value) = self.value(&node) {
                self.profile.producer.push((name, value));
            }
        }
    }

    /// The fields of a section: flags under their names, and those with a form of their own.
    pub(super) fn section(&mut self, node: &Node<'_>, section: &Section) {
        let flags = self.flags.clone();
        let fields = section.fields(&flags);
        let named = fields.iter().map(|(name, _)| *name);
        let known: Vec<&str> = section.forms.iter().copied().chain(named).collect();
        if !node.check_fields(&known, self.problems) {
            return;
        }
        for (name, flag) in fields {
            if let Some(field) = node.field(name) {
                self.flag(name, &flag.name, &field);
            }
        }
        for name in section.forms {
            if let Some(field) = node.field(name) {
                forms::form(self, section.name, name, &field);
            }
        }
    }

    /// A field that stands for a flag.
    pub(super) fn flag(&mut self, field: &str, name: &str, node: &Node<'_>) {
        let flag = self.flags.get(name).expect("a section names flags that exist").clone();
        let values = match flag.shape {
            Shape::Switch => return self.switch(field, &flag.name, node, true),
            Shape::One => self.single(&flag, node).into_iter().collect(),
            Shape::Many => self.several(node),
        };
        self.say(field, &flag, values);
    }

    /// True or false in the place of a flag that is given when it is `on`.
    pub(super) fn switch(&mut self, field: &str, name: &str, node: &Node<'_>, on: bool) {
        let Some(value) = self.value(node) else { return };
        match value.text.as_str() {
            _ if value.missing.is_some() => self.put(field, name, vec![value]),
            "true" | "false" if (value.text == "true") == on => {
                self.put(field, name, vec![value]);
            }
            "true" | "false" => {}
            _ => node.problem("true or false", self.problems),
        }
    }

    /// The one value of a flag.
    fn single(&mut self, flag: &Flag, node: &Node<'_>) -> Option<Value> {
        let value = self.value(node)?;
        if matrix::names().contains(&flag.name.as_str()) && value.text.contains(',') {
            let list = value.text.split(',').map(str::trim).collect::<Vec<_>>().join(", ");
            let name = node.name();
            let expected = format!("one value; for several write matrix: {{{name}: [{list}]}}");
            node.problem(expected, self.problems);
            return None;
        }
        Some(value)
    }

    /// A list of values, or one alone.
    fn several(&mut self, node: &Node<'_>) -> Vec<Value> {
        if node.scalar().is_some() {
            return self.value(node).into_iter().collect();
        }
        let items = node.items("a list of texts", self.problems);
        items.iter().filter_map(|item| self.value(item)).collect()
    }

    /// Fields whose names and values are a flag's `KEY=VALUE`.
    pub(super) fn pairs(&mut self, flag: &str, node: &Node<'_>, expected: &str) {
        let fields = node.fields();
        if fields.is_empty() {
            node.problem(expected, self.problems);
        }
        let mut values = Vec::new();
        for (name, node) in fields {
            let value = self.value(&node);
            values.extend(value.map(|it| Value { text: format!("{name}={}", it.text), ..it }));
        }
        self.put(node.name(), flag, values);
    }

    /// Axes: Kafka keys in Java's form, and flags in theirs.
    fn matrix(&mut self, matrix: &Node<'_>) {
        let fields = matrix.fields();
        if fields.is_empty() {
            let expected = "axes, such as {acks: [1, all], linger.ms: [0, 5]}";
            matrix.problem(expected, self.problems);
        }
        for (name, node) in fields {
            let items = node.items("a list of values, such as [1, 2]", self.problems);
            if node.is_empty_list() {
                node.problem("one value or more", self.problems);
            }
            let values = items.iter().filter_map(|item| self.axis_value(&name, item)).collect();
            self.axis(&name, &node, values);
        }
    }

    /// One value of an axis.
    fn axis_value(&mut self, name: &str, item: &Node<'_>) -> Option<Value> {
        let value = match forms::text(self, name, item) {
            Some(text) => Value { text, place: item.place(), missing: None },
            None => self.value(item)?,
        };
        if value.text.contains(',') {
            item.problem("a value without a comma", self.problems);
            return None;
        }
        Some(value)
    }

    fn axis(&mut self, name: &str, node: &Node<'_>, values: Vec<Value>) {
        if values.is_empty() {
            return;
        }
        let flag = flag_of_key(name).or_else(|| {
            let flag = flag_of(name, &self.flags)?;
            matrix::names().into_iter().find(|known| *known == flag.name)
        });
        let field = name.to_owned();
        match (flag, keys::find(name)) {
            (Some(flag), _) => {
                let said = Said { flag: flag.to_owned(), field, values, is_axis: true };
                self.profile.said.push(said);
            }
            (None, Some(key)) => self.profile.axes.push((key.name, values)),
            (None, None) => {
                let keys = KEYS.iter().map(|key| key.name).chain(matrix::names());
                let hint = nearest_of(name, keys);
                let hint = match hint {
                    Some(hint) => format!("; the nearest is {hint}"),
                    None => ", such as acks, linger.ms, rate, record-size or key".to_owned(),
                };
                let place = node.name_place();
                self.problems.add(format!(
                    "{name:?} ({place}): expected a Kafka producer setting or a flag of which a \
                     comma list makes a matrix{hint}"
                ));
            }
        }
    }

    /// A text, a number, true or false; a problem where it is none.
    pub(super) fn value(&mut self, node: &Node<'_>) -> Option<Value> {
        let place = node.place();
        if let Some(expected) = node.unset() {
            let missing = Some(node.wrong(expected));
            return Some(Value { text: String::new(), place, missing });
        }
        let text = node.scalar();
        if text.is_none() {
            node.problem("a text, a number, true or false", self.problems);
        }
        text.map(|text| Value { text, place, missing: None })
    }

    /// Says values in the place of a flag, after a look at its words.
    fn say(&mut self, field: &str, flag: &Flag, mut values: Vec<Value>) {
        for value in values.iter_mut().filter(|value| value.missing.is_none()) {
            if !flag.words.is_empty() && !flag.words.contains(&value.text) {
                let words = flag.words.join(", ");
                let hint = nearest_of(&value.text, flag.words.iter().map(String::as_str));
                let hint = hint.map(|hint| format!("; the nearest is {hint}")).unwrap_or_default();
                let Value { text, place, .. } = &value;
                self.problems
                    .add(format!("{field} = \"{text}\" ({place}): expected one of {words}{hint}"));
                return;
            }
            // Results are written where the run is made, and read from where they were.
            if flag.is_file && !flag.heading.starts_with("Output") {
                value.text = self.profile.beside.path(&value.text);
            }
        }
        self.put(field, &flag.name, values);
    }

    /// Says values in the place of a flag as they are.
    pub(super) fn put(&mut self, field: &str, flag: &str, values: Vec<Value>) {
        let (field, flag) = (field.to_owned(), flag.to_owned());
        if !values.is_empty() {
            self.profile.said.push(Said { flag, field, values, is_axis: false });
        }
    }
}

/// Kafka's producer has about a hundred.
const MAX_KEYS: usize = 300;
