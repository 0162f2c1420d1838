//! A file of key rules into rules, and those into a plan. Cost class: once a file.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::data::FIXED_PARTITION;
use super::problems::Problems;
use super::profile::Given;
use super::yaml::{Document, Node};
use crate::kafka::config::{
    Effective, Judgement, Note, NoteKind, Problem, RefusedBy, Resolved, Source, nearest_of,
};
use crate::kafka::partitioner::{Among, KeyHash, KeyRules, NoKey, Over, Pin, Rules};
use crate::load::source::SourcePlan;

/// Rules as given, by a flag or by the profile.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct GivenRules {
    /// Their file, as the user or the profile names it.
    pub file: String,
    rules: Arc<KeyRules>,
    /// By the flag, which stands above the profile.
    by_flag: bool,
}

impl GivenRules {
    /// The rules of `--key-rules`, or else the profile's.
    pub(super) fn read(given: &Given, problems: &mut Problems) -> Option<Self> {
        let path = given.args.data.key_rules.as_ref()?;
        match given.text_of_file("key-rules", path) {
            Ok(text) => {
                let rules = Arc::new(read(path, text, problems)?);
                let by_flag = !given.is_from_profile("key-rules");
                Some(Self { file: path.clone(), rules, by_flag })
            }
            Err(error) => {
                problems.flag("key-rules", path, format_args!("can't read it: {error}"));
                None
            }
        }
    }

    /// Puts them in the place of the partitioner. Two that both choose partitions are a problem,
    /// since nobody could tell which of them was measured.
    pub(super) fn apply(
        &self,
        resolved: &mut Resolved,
        source: &SourcePlan,
        problems: &mut Problems,
    ) {
        if let Some(rival) = self.rival(&resolved.effective, source) {
            problems.add(rival.to_string());
        }
        resolved.notes.extend(idle(&resolved.effective));
        resolved.config.key_rules = Some(Arc::clone(&self.rules));
    }

    /// Who else chooses partitions, as the problem that this is to a run. Java's producer knows no
    /// key rules and takes it.
    fn rival(&self, effective: &[Effective], source: &SourcePlan) -> Option<Problem> {
        let (value, source) = match (source.partition, given(effective, CLASS)) {
            (Some(partition), _) => {
                let flag = Source::Flag("--partitioner".to_owned());
                (format!("{FIXED_PARTITION}{partition}"), flag)
            }
            (None, Some(row)) => (row.value.clone(), row.source.clone()),
            (None, None) => return None,
        };
        let me = self.named();
        Some(Problem {
            key: CLASS.to_owned(),
            value,
            source,
            expected: format!("nothing beside {me}, which chooses partitions already"),
            advice: Some("leave one of the two out".to_owned()),
            refused_by: RefusedBy::Run,
        })
    }

    /// Says in a judgement what the rules do, for Java has no key for them, and who is in their
    /// way.
    pub(super) fn explain(&self, judgement: &mut Judgement, source: &SourcePlan) {
        if let Some(rival) = self.rival(&judgement.effective, source) {
            judgement.config = None;
            judgement.problems.push(rival);
        } else {
            let text = format!(
                "{} chooses partitions in a run here; for Java's producer that takes a class of \
                 your own in {CLASS}",
                self.named()
            );
            judgement.notes.push(Note { kind: NoteKind::Limited, key: CLASS.to_owned(), text });
        }
        judgement.notes.extend(idle(&judgement.effective));
    }

    /// Whose they are, and their file.
    fn named(&self) -> String {
        let name = if self.by_flag { "--key-rules" } else { "the profile's key-rules" };
        format!("{name} {}", self.file)
    }
}

/// What key rules leave without effect.
fn idle(effective: &[Effective]) -> Option<Note> {
    let row = given(effective, IGNORE)?;
    let text = format!("{IGNORE} ({}) has no effect beside --key-rules", row.source);
    Some(Note { kind: NoteKind::NoEffect, key: IGNORE.to_owned(), text })
}

/// The row of a key, if somebody gave it.
fn given<'a>(effective: &'a [Effective], key: &str) -> Option<&'a Effective> {
    effective.iter().find(|row| row.key == key).filter(|row| row.source.is_given())
}

/// Reads rules from `text`, the contents of the file `name`.
pub(super) fn read(name: &str, text: String, problems: &mut Problems) -> Option<KeyRules> {
    let document = Document::parse(name, text, problems)?;
    let root = document.root();
    if !root.check_fields(&FIELDS, problems) {
        return None;
    }
    if let Some(version) = root.needed("version", "version: 1", problems)
        && version.number() != Some(1)
    {
        version.problem("1", problems);
    }
    let message = root.field("message");
    if let Some(message) = message.as_ref().filter(|message| message.text().is_none()) {
        message.problem("a text in quotes", problems);
    }
    let pins = root.needed("rules", RULES, problems);
    Some(KeyRules::new(Rules {
        pins: pins.map(|rules| pins_of(&rules, problems)).unwrap_or_default(),
        hash: word(&root, "hash", &HASHES, problems).unwrap_or(KeyHash::Murmur2),
        over: word(&root, "over", &OVERS, problems).unwrap_or_default(),
        among: word(&root, "among", &AMONGS, problems).unwrap_or_default(),
        no_key: root.field("no-key").map(|node| no_key(&node, problems)).unwrap_or_default(),
        message: message.and_then(|it| it.text()).unwrap_or(DEFAULT_MESSAGE).to_owned(),
    }))
}

/// What is shown to somebody who left something out.
const RULES: &str = "rules: [{key: Pangyo, partition: 0}]";
const RULE: &str = "{key: Pangyo, partition: 0}";

/// The rules, each a key and its partition.
fn pins_of(rules: &Node<'_>, problems: &mut Problems) -> Vec<(Vec<u8>, Pin)> {
    let mut seen: BTreeMap<Vec<u8>, Node<'_>> = BTreeMap::new();
    let mut pins = Vec::new();
    for rule in rules.items("a list of rules, such as [{key: Pangyo, partition: 0}]", problems) {
        if !rule.check_fields(&["key", "hex", "base64", "partition"], problems) {
            continue;
        }
        let key = key(&rule, problems);
        let pin = rule.needed("partition", RULE, problems).and_then(|node| pin(&node, problems));
        let Some((node, key)) = key else { continue };
        if let Some(first) = seen.get(&key) {
            let line = first.line();
            node.problem(format_args!("a key without a rule; line {line} has one"), problems);
            continue;
        }
        seen.insert(key.clone(), node);
        pins.extend(pin.map(|pin| (key, pin)));
    }
    pins
}

/// The key of a rule: a text, or bytes in one of two writings.
fn key<'a>(rule: &Node<'a>, problems: &mut Problems) -> Option<(Node<'a>, Vec<u8>)> {
    let writings = ["key", "hex", "base64"];
    let mut given = writings.iter().filter_map(|name| rule.field(name).map(|node| (*name, node)));
    let Some((writing, node)) = given.next() else {
        problems.add(format!("{}: expected one of key, hex and base64", rule.place()));
        return None;
    };
    if let Some((other, second)) = given.next() {
        second.problem(format_args!("either {writing} or {other}, not both"), problems);
    }
    let bytes = match (writing, node.text()) {
        ("key", Some(text)) => Some(text.as_bytes().to_vec()),
        // Digits alone are a number to YAML, which may not come back as they were written.
        ("hex", Some(text)) => hex(text),
        (_, Some(text)) => STANDARD.decode(text).ok(),
        _ => None,
    };
    if bytes.is_none() {
        let expected = match writing {
            "key" => "a text; write numbers in quotes",
            "hex" => "hexadecimal digits in pairs, in quotes, such as \"00ff\"",
            _ => "base64 with its padding, such as \"AAE=\"",
        };
        node.problem(expected, problems);
    }
    bytes.map(|bytes| (node, bytes))
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    let pairs = digits.chunks_exact(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]));
    pairs.collect::<Result<_, _>>().ok()
}

fn pin(node: &Node<'_>, problems: &mut Problems) -> Option<Pin> {
    // As many as a signed number of 32 bits counts, Kafka's own limit.
    let number = node.number().and_then(|number| u32::try_from(number).ok());
    let pin = match (number, node.text()) {
        (Some(number), _) if number < 1 << 31 => Some(Pin::To(number)),
        (_, Some("last")) => Some(Pin::Last),
        _ => None,
    };
    if pin.is_none() {
        node.problem("a partition's number, 0 or more, or last", problems);
    }
    pin
}

fn no_key(node: &Node<'_>, problems: &mut Problems) -> NoKey {
    match node.text() {
        Some("refuse") => NoKey::Refuse,
        Some("random") => NoKey::Random,
        Some("sticky") => NoKey::Sticky,
        Some("last") => NoKey::To(Pin::Last),
        _ => match node.number().and_then(|number| u32::try_from(number).ok()) {
            Some(number) if number < 1 << 31 => NoKey::To(Pin::To(number)),
            _ => {
                node.problem("refuse, random, sticky, last, or a partition's number", problems);
                NoKey::Refuse
            }
        },
    }
}

/// One of several words; `None` when the field isn't there or is none of them.
fn word<T: Copy>(
    root: &Node<'_>,
    field: &str,
    words: &[(&str, T)],
    problems: &mut Problems,
) -> Option<T> {
    let node = root.field(field)?;
    let found = words.iter().find(|(word, _)| node.text() == Some(word));
    if found.is_none() {
        let names: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        let hint = node.text().and_then(|text| nearest_of(text, names.iter().copied()));
        let hint = hint.map(|hint| format!("; the nearest is {hint}")).unwrap_or_default();
        node.problem(format_args!("{}{hint}", names.join(", ")), problems);
    }
    found.map(|(_, value)| *value)
}

const CLASS: &str = "partitioner.class";
const IGNORE: &str = "partitioner.ignore.keys";
const FIELDS: [&str; 7] = ["version", "hash", "over", "among", "no-key", "message", "rules"];
const HASHES: [(&str, KeyHash); 4] = [
    ("murmur2", KeyHash::Murmur2),
    ("crc32", KeyHash::Crc32),
    ("fnv1a", KeyHash::Fnv1a),
    ("fnv1a-masked", KeyHash::Fnv1aMasked),
];
const OVERS: [(&str, Over); 2] = [("key", Over::Key), ("key+value", Over::KeyAndValue)];
const AMONGS: [(&str, Among); 2] = [("all", Among::All), ("rest", Among::Rest)];
const DEFAULT_MESSAGE: &str = "Need message key";

#[cfg(test)]
mod tests {
    use super::*;

    fn problems_of(text: &str) -> Vec<String> {
        let mut problems = Problems::default();
        read("r.yaml", text.to_owned(), &mut problems);
        problems.lines().to_vec()
    }

    #[test]
    fn everything_that_can_be_said_is_read() {
        let text = "\
version: 1
hash: crc32
over: key+value
among: rest
no-key: 3
message: no key, no record
rules:
  - {key: Pangyo, partition: 0}
  - {hex: \"00fF\", partition: last}
  - {hex: \"12\", partition: 1}
  - {base64: AAE=, partition: 2}
  - {key: \"\", partition: 1}
";
        let mut problems = Problems::default();
        let rules = read("r.yaml", text.to_owned(), &mut problems);
        assert_eq!(problems.lines(), [""; 0]);
        let rules = rules.unwrap();
        let rules = rules.rules();
        let pins: Vec<_> = rules.pins.iter().map(|(key, pin)| (key.as_slice(), *pin)).collect();
        let expected: [(&[u8], Pin); 5] = [
            (b"", Pin::To(1)),
            (&[0, 1], Pin::To(2)),
            (&[0, 255], Pin::Last),
            (&[0x12], Pin::To(1)),
            (b"Pangyo", Pin::To(0)),
        ];
        assert_eq!(pins, expected);
        assert_eq!((rules.hash, rules.over), (KeyHash::Crc32, Over::KeyAndValue));
        assert_eq!((rules.among, rules.no_key), (Among::Rest, NoKey::To(Pin::To(3))));
        assert_eq!(rules.message, "no key, no record");
    }

    #[test]
    fn the_defaults_are_the_textbook_s() {
        let mut problems = Problems::default();
        let rules = read("r.yaml", "{version: 1, rules: []}".to_owned(), &mut problems).unwrap();
        let rules = rules.rules();
        assert_eq!((rules.hash, rules.over), (KeyHash::Murmur2, Over::Key));
        assert_eq!((rules.among, rules.no_key), (Among::All, NoKey::Refuse));
        assert_eq!(rules.message, "Need message key");
        for (word, no_key) in
            [("random", NoKey::Random), ("sticky", NoKey::Sticky), ("last", NoKey::To(Pin::Last))]
        {
            let text = format!("{{version: 1, rules: [], no-key: {word}}}");
            let rules = read("r.yaml", text, &mut problems).unwrap();
            assert_eq!(rules.rules().no_key, no_key);
        }
        assert!(problems.is_empty());
    }

    #[test]
    fn every_mistake_is_said_at_once_with_its_place() {
        let said = problems_of(
            "\
version: 2
hash: murmur3
amog: rest
no-key: maybe
message: 5
rules:
  - {key: a, partition: 0}
  - {key: 7, partition: -1}
  - {hex: abc, partitoin: 1}
  - {key: a, partition: 3000000000}
  - {key: b, base64: AA==, partition: 1}
  - {base64: \"*\", partition: first}
  - 5
  - {partition: 1}
",
        );
        let expected = [
            "\"amog\" (r.yaml:3:1): expected one of version, hash, over, among, no-key, message, \
             rules; the nearest is among",
            "version = 2 (r.yaml:1:10): expected 1",
            "message = 5 (r.yaml:5:10): expected a text in quotes",
            "key = 7 (r.yaml:8:11): expected a text; write numbers in quotes",
            "partition = -1 (r.yaml:8:25): expected a partition's number, 0 or more, or last",
            "\"partitoin\" (r.yaml:9:16): expected one of key, hex, base64, partition; the nearest \
             is partition",
            "hex = \"abc\" (r.yaml:9:11): expected hexadecimal digits in pairs, in quotes, such as \
             \"00ff\"",
            "r.yaml:9:5: partition is missing: expected it as in {key: Pangyo, partition: 0}",
            "partition = 3000000000 (r.yaml:10:25): expected a partition's number, 0 or more, or \
             last",
            "key = \"a\" (r.yaml:10:11): expected a key without a rule; line 7 has one",
            "base64 = \"AA==\" (r.yaml:11:22): expected either key or base64, not both",
            "base64 = \"*\" (r.yaml:12:14): expected base64 with its padding, such as \"AAE=\"",
            "partition = \"first\" (r.yaml:12:30): expected a partition's number, 0 or more, or \
             last",
            "rules = 5 (r.yaml:13:5): expected fields: key, hex, base64, partition",
            "r.yaml:14:5: expected one of key, hex and base64",
            "hash = \"murmur3\" (r.yaml:2:7): expected murmur2, crc32, fnv1a, fnv1a-masked; the \
             nearest is murmur2",
            "no-key = \"maybe\" (r.yaml:4:9): expected refuse, random, sticky, last, or a \
             partition's number",
        ];
        assert_eq!(said, expected);
    }

    #[test]
    fn a_file_without_rules_says_what_is_missing() {
        assert_eq!(
            problems_of("{}"),
            [
                "r.yaml:1:1: version is missing: expected it as in version: 1",
                "r.yaml:1:1: rules is missing: expected it as in rules: [{key: Pangyo, partition: \
                 0}]"
            ]
        );
        assert_eq!(
            problems_of("[]"),
            ["a list (r.yaml:1:1): expected fields: version, hash, over, among, no-key, message, \
              rules"]
        );
        assert_eq!(
            problems_of("{version: 1, rules: {a: 1}}"),
            ["rules = fields (r.yaml:1:21): expected a list of rules, such as \
              [{key: Pangyo, partition: 0}]"]
        );
    }
}
