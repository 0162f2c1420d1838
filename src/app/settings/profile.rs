//! Profiles: what a run does where no flag says otherwise, in a file that people share. Cost class:
//! once a process.
//!
//! A profile is the layer under every flag, file and variable. It is read whole, and everything
//! that is wrong with it is said at once. Without any flag the built-in `default` holds.

use core::time::Duration;
use std::path::{Path, PathBuf};

use super::key_rules;
use super::problems::Problems;
use super::yaml::{Document, Node, read_text};
use crate::base::units::{parse_count, parse_duration};
use crate::kafka::partitioner::KeyRules;
use crate::load::schedule::Rate;
use crate::load::source::KeyPlan;

/// A profile, read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Profile {
    /// Its name, for the first line.
    pub name: String,
    /// Where it stands, for messages.
    pub file: String,
    /// Kafka keys in Java's form, each with the line it stands in.
    pub producer: Vec<(String, String, u32)>,
    /// Its load.
    pub load: LoadDefaults,
    /// Its keys.
    pub key: Option<KeyPlan>,
    /// Its key rules and the name of their file.
    pub key_rules: Option<(String, KeyRules)>,
}

/// What holds for a load flag that isn't given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct LoadDefaults {
    /// `None`: as fast as the producer takes records.
    pub rate: Option<Rate>,
    /// Of the measurement, unless a number of records is asked for.
    pub duration: Duration,
    /// Before the measurement, unless a number of records is asked for.
    pub warmup: Duration,
}

impl Default for LoadDefaults {
    /// What holds without a profile.
    fn default() -> Self {
        Self { rate: None, duration: Duration::from_secs(30), warmup: Duration::from_secs(5) }
    }
}

impl Profile {
    /// The profile of a run without any flag.
    #[must_use]
    pub(super) fn builtin() -> Self {
        let mut problems = Problems::default();
        Self::load("default", &mut problems).expect("the built-in profile is checked by a test")
    }

    /// The built-in profile of that name, or the one in that file.
    pub(super) fn load(name: &str, problems: &mut Problems) -> Option<Self> {
        if let Some((_, file, text)) = BUILT_IN.iter().find(|(known, ..)| *known == name) {
            return Self::parse(file, (*text).to_owned(), &Beside::BuiltIn, problems);
        }
        match read_text(Path::new(name)) {
            Ok(text) => {
                let folder = Path::new(name).parent().unwrap_or_else(|| Path::new(""));
                Self::parse(name, text, &Beside::Folder(folder.to_owned()), problems)
            }
            Err(error) => {
                let names: Vec<_> = BUILT_IN.iter().map(|(name, ..)| *name).collect();
                let expected =
                    format!("can't read it: {error}; expected a file, or {}", names.join(" or "));
                problems.flag("profile", name, expected);
                None
            }
        }
    }

    fn parse(file: &str, text: String, beside: &Beside, problems: &mut Problems) -> Option<Self> {
        let document = Document::parse(file, text, problems)?;
        let root = document.root();
        let known = ["version", "name", "producer", "generator", "load"];
        if !root.check_fields(&known, problems) {
            return None;
        }
        if let Some(version) = root.needed("version", problems)
            && version.number() != Some(1)
        {
            version.problem("1", problems);
        }
        let generator = root.field("generator");
        if let Some(generator) = &generator {
            generator.check_fields(&["key", "key-rules"], problems);
        }
        let inside = |name: &str| generator.as_ref().and_then(|node| node.field(name));
        Some(Self {
            name: text_of(root.needed("name", problems), "a name", problems),
            file: file.to_owned(),
            producer: root.field("producer").map(|it| keys(&it, problems)).unwrap_or_default(),
            load: root.field("load").map(|it| load(&it, problems)).unwrap_or_default(),
            key: inside("key").and_then(|key| key_plan(&key, problems)),
            key_rules: inside("key-rules").and_then(|node| rules(&node, beside, problems)),
        })
    }
}

/// Where the files are that a profile names.
enum Beside {
    /// In this program.
    BuiltIn,
    /// In this folder.
    Folder(PathBuf),
}

/// The key rules in the file that `node` names, beside the profile.
fn rules(node: &Node<'_>, beside: &Beside, problems: &mut Problems) -> Option<(String, KeyRules)> {
    let Some(name) = node.text() else {
        node.problem("the name of a file of key rules", problems);
        return None;
    };
    let (path, text) = match beside {
        Beside::BuiltIn => {
            let found = BESIDE.iter().find(|(known, _)| *known == name);
            let (_, text) = found.expect("the built-in profiles are checked by a test");
            (format!("profiles/{name}"), Ok((*text).to_owned()))
        }
        Beside::Folder(folder) => {
            let path = folder.join(name);
            (path.display().to_string(), read_text(&path))
        }
    };
    match text {
        Ok(text) => Some((path.clone(), key_rules::read(&path, text, problems)?)),
        Err(error) => {
            node.problem(format_args!("a file that can be read; {path}: {error}"), problems);
            None
        }
    }
}

/// Kafka keys with their values as Java reads them.
fn keys(producer: &Node<'_>, problems: &mut Problems) -> Vec<(String, String, u32)> {
    let mut keys = Vec::new();
    if producer.fields().len() > MAX_KEYS {
        producer.problem(format_args!("at most {MAX_KEYS} Kafka keys"), problems);
        return keys;
    }
    for (name, node) in producer.fields() {
        match node.scalar() {
            Some(value) => keys.push((name.to_owned(), value, node.line())),
            None => node.problem("a text, a number, true or false", problems),
        }
    }
    if keys.is_empty() && producer.fields().is_empty() {
        producer.problem("Kafka keys, such as {acks: all, linger.ms: 5}", problems);
    }
    keys.sort();
    keys
}

/// Kafka's producer has about a hundred.
const MAX_KEYS: usize = 300;

fn load(section: &Node<'_>, problems: &mut Problems) -> LoadDefaults {
    let mut load = LoadDefaults::default();
    if !section.check_fields(&["warmup", "stages"], problems) {
        return load;
    }
    if let Some(warmup) = section.field("warmup") {
        load.warmup = span(&warmup, problems).unwrap_or(load.warmup);
    }
    let Some(stages) = section.field("stages") else { return load };
    let expected = "a list of one stage, such as [{rate: 200k, for: 30s}]";
    let items = stages.items(expected, problems);
    match &*items {
        [stage] if stage.check_fields(&["rate", "for"], problems) => {
            let time = stage.needed("for", problems).and_then(|it| span(&it, problems));
            load.duration = time.unwrap_or(load.duration);
            load.rate = stage.field("rate").and_then(|it| rate(&it, problems));
        }
        [] | [_] => {}
        [_, second, ..] => second.problem("no second stage: one rate holds for a run", problems),
    }
    load
}

fn rate(node: &Node<'_>, problems: &mut Problems) -> Option<Rate> {
    let rate = node.scalar().and_then(|text| parse_count(&text).ok());
    let rate = rate.and_then(|rate| Rate::per_second(rate).ok());
    if rate.is_none() {
        node.problem("records/s above 0, such as 200k", problems);
    }
    rate
}

fn span(node: &Node<'_>, problems: &mut Problems) -> Option<Duration> {
    let second = Duration::from_secs(1);
    let span = node.scalar().and_then(|text| parse_duration(&text, second).ok());
    if span.is_none() {
        node.problem("a time, such as 30s", problems);
    }
    span
}

/// `{kind: list, values: [a, b, ~]}`, or a kind that has no list.
fn key_plan(node: &Node<'_>, problems: &mut Problems) -> Option<KeyPlan> {
    if !node.check_fields(&["kind", "values", "cardinality"], problems) {
        return None;
    }
    let kind = node.needed("kind", problems)?;
    match kind.text() {
        Some("none") => Some(KeyPlan::None),
        Some("list") => {
            let values = node.needed("values", problems)?;
            let items = values.items("a list of keys, such as [Pangyo, Seoul]", problems);
            let keys: Vec<_> = items.iter().filter_map(|item| listed_key(item, problems)).collect();
            if items.is_empty() {
                values.problem("one key or more", problems);
            }
            (!keys.is_empty()).then(|| KeyPlan::List(keys.into()))
        }
        Some("uniform") => {
            let number = node.needed("cardinality", problems)?;
            let cardinality = number.number().filter(|cardinality| *cardinality > 0);
            if cardinality.is_none() {
                number.problem("how many keys there are, 1 or more", problems);
            }
            cardinality.map(|cardinality| KeyPlan::Uniform { cardinality })
        }
        _ => {
            kind.problem("none, uniform or list", problems);
            None
        }
    }
}

/// A key, `~` for a record without one; `None` for what is neither, which is reported.
fn listed_key(item: &Node<'_>, problems: &mut Problems) -> Option<Option<Vec<u8>>> {
    match (item.text(), item.is_null()) {
        (Some(text), _) => Some(Some(text.as_bytes().to_vec())),
        (None, true) => Some(None),
        (None, false) => {
            item.problem("a text (numbers in quotes), or ~ for no key", problems);
            None
        }
    }
}

fn text_of(node: Option<Node<'_>>, expected: &str, problems: &mut Problems) -> String {
    let Some(node) = node else { return String::new() };
    node.text().map(str::to_owned).unwrap_or_else(|| {
        node.problem(expected, problems);
        String::new()
    })
}

/// Name, file and text of the profiles that this program carries.
const BUILT_IN: [(&str, &str, &str); 2] = [
    ("default", "profiles/default.yaml", include_str!("../../../profiles/default.yaml")),
    ("key-rules", "profiles/key-rules.yaml", include_str!("../../../profiles/key-rules.yaml")),
];

/// The files that they name.
const BESIDE: [(&str, &str); 1] =
    [("pangyo.rules.yaml", include_str!("../../../profiles/pangyo.rules.yaml"))];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::partitioner::Ruled;

    fn problems_of(text: &str) -> Vec<String> {
        let mut problems = Problems::default();
        Profile::parse("p.yaml", text.to_owned(), &Beside::Folder(PathBuf::new()), &mut problems);
        problems.lines().to_vec()
    }

    #[test]
    fn the_builtin_profile_is_the_main_job() {
        let profile = Profile::builtin();
        assert_eq!(profile.name, "default");
        assert_eq!(profile.load.rate, Rate::per_second(200_000.0).ok());
        assert_eq!(profile.load.duration, Duration::from_secs(30));
        let keys: Vec<_> = profile.producer.iter().map(|(k, v, _)| format!("{k}={v}")).collect();
        assert_eq!(keys, ["acks=all", "linger.ms=5"]);
        assert!(profile.producer.iter().all(|(.., line)| *line == 5), "{:?}", profile.producer);
    }

    #[test]
    fn every_builtin_profile_is_without_fault_and_found_by_its_own_name() {
        for (name, file, _) in BUILT_IN {
            let mut problems = Problems::default();
            let profile = Profile::load(name, &mut problems).unwrap();
            assert_eq!(problems.lines(), [""; 0]);
            assert_eq!((profile.name.as_str(), profile.file.as_str()), (name, file));
        }
    }

    /// The shipped rules are the textbook's: Pangyo to 0, the rest by murmur2, no key refused.
    #[test]
    fn the_key_rules_profile_has_the_textbook_s_partitioner() {
        let mut problems = Problems::default();
        let profile = Profile::load("key-rules", &mut problems).unwrap();
        let (_, rules) = profile.key_rules.unwrap();
        let rule = |key| rules.rule(key, None, 12, &mut Vec::new());
        assert_eq!(rule(Some(b"Pangyo")), Ruled::To(0));
        assert_eq!(rule(Some(b"foobar")), Ruled::To(6));
        assert!(
            matches!(rule(None), Ruled::Refused(why) if rules.reason(why) == "Need message key")
        );
        let Some(KeyPlan::List(keys)) = profile.key else { panic!() };
        assert!(keys.contains(&Some(b"Pangyo".to_vec())));
        assert!(keys.iter().all(Option::is_some));
    }

    #[test]
    fn thousands_of_kafka_keys_are_one_mistake() {
        let keys: String = (0..3_000).map(|nth| format!("  key{nth}: 1\n")).collect();
        assert_eq!(
            problems_of(&format!("version: 1\nname: x\nproducer:\n{keys}")),
            ["producer = fields (p.yaml:4:3): expected at most 300 Kafka keys"]
        );
    }

    #[test]
    fn every_mistake_in_a_profile_is_said_at_once() {
        let said = problems_of(
            "\
version: 2
nmae: x
producer: {acks: [1]}
generator:
  key: {kind: list, values: [a, 5, ~]}
  key-rules: missing.yaml
load:
  warm-up: 5s
  warmup: soon
  stages: [{rate: fast, for: 1s}, {rate: 5}]
",
        );
        let expected = [
            "\"nmae\" (p.yaml:2:1): expected one of version, name, producer, generator, load; the \
             nearest is name",
            "version = 2 (p.yaml:1:10): expected 1",
            "p.yaml:1:1: name is missing",
            "acks = a list (p.yaml:3:18): expected a text, a number, true or false",
            "\"warm-up\" (p.yaml:8:3): expected one of warmup, stages; the nearest is warmup",
            "warmup = \"soon\" (p.yaml:9:11): expected a time, such as 30s",
            "stages = fields (p.yaml:10:35): expected no second stage: one rate holds for a run",
            "values = 5 (p.yaml:5:33): expected a text (numbers in quotes), or ~ for no key",
            "key-rules = \"missing.yaml\" (p.yaml:6:14): expected a file that can be read; \
             missing.yaml: No such file or directory (os error 2)",
        ];
        assert_eq!(said, expected);
        let default = BUILT_IN[0].2;
        assert_eq!(problems_of(default), [""; 0]);
        assert!(!problems_of(&default.replace("200k", "fast")).is_empty());
    }
}
